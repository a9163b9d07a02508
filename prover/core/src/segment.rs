use serde::{Deserialize, Serialize};
use std::fmt;

/// Position of a segment among those that a model is cut into, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SegmentIndex(pub usize);

impl SegmentIndex {
    /// The segment whose part includes the model's offset.
    pub const FIRST: SegmentIndex = SegmentIndex(0);

    /// All positions of a model in `segments` segments.
    pub fn all(segments: usize) -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        (0..segments).map(Self)
    }
}

impl fmt::Display for SegmentIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
