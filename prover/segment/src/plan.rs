//! How a package is cut into segments.

use crate::circuit::{SegmentWitness, Share, build_unsalted};
use crate::network::Cuts;
use std::ops::Range;
use tessera_circuit::{builder::SALT_CELLS, layout::smallest_k};
use tessera_core::SegmentIndex;
use tessera_model::{Computation, Package, Tree};

/// Numbers of segments for which there are verifiers.
pub const SEGMENT_COUNTS: [usize; 5] = [1, 2, 4, 8, 16];

/// Smallest size of a segment's circuit, `2^k` rows: its hashes alone take more than half of them.
pub const MIN_K: u32 = 12;

/// Largest size: that of the largest reference string. The field's roots of unity and degree 3 would
/// allow 2^27.
pub const MAX_K: u32 = tessera_setup::MAX_K;

/// Contiguous groups of trees or of neurons, one a segment, and the circuit size that holds each of
/// them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Trees or neurons of each segment; an empty range is a null segment.
    pub ranges: Vec<Range<usize>>,
    /// Rows that each segment uses.
    pub rows: Vec<usize>,
    /// Every segment circuit has `2^k` rows.
    pub k: u32,
}

/// Why a package can't be cut as asked.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// No verifier for that number.
    #[error("{0} segments: choose one of 1, 2, 4, 8, 16")]
    SegmentCount(usize),
    /// Even so cut, a segment is too large.
    #[error("a segment would need 2^{k} rows, at most 2^{MAX_K} are possible: use more segments")]
    TooLarge {
        /// Circuit size of the largest segment.
        k: u32,
    },
}

impl Plan {
    /// Cuts `package` into `segments` groups of about equally many nodes or rows.
    pub fn new(package: &Package, segments: usize) -> Result<Self, PlanError> {
        if !SEGMENT_COUNTS.contains(&segments) {
            return Err(PlanError::SegmentCount(segments));
        }
        let ranges = match &package.model.computation {
            Computation::Network(network) => Cuts::new(network, &package.schema).balance(segments),
            Computation::Trees(trees) => balance(trees, segments),
        };
        Self::with_ranges(package, ranges)
    }

    /// Cuts `package` into these groups, one a segment, together all of its trees or neurons.
    pub fn with_ranges(package: &Package, ranges: Vec<Range<usize>>) -> Result<Self, PlanError> {
        let blank = SegmentWitness::blank(&package.schema);
        let rows: Vec<usize> = ranges
            .iter()
            .enumerate()
            .map(|(index, range)| {
                let share = Share::of(package, SegmentIndex(index), range.clone());
                build_unsalted(&share, &blank).rows() + SALT_CELLS
            })
            .collect();
        let k = smallest_k(rows.iter().copied().max().unwrap_or(0)).max(MIN_K);
        if k > MAX_K {
            return Err(PlanError::TooLarge { k });
        }
        Ok(Plan { ranges, rows, k })
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.ranges.len()
    }

    /// The share of segment `index`.
    pub fn share<'a>(&self, package: &'a Package, index: SegmentIndex) -> Share<'a> {
        Share::of(package, index, self.ranges[index.0].clone())
    }
}

/// Ends a group where the nodes so far reach its proportion of all nodes.
fn balance(trees: &[Tree], segments: usize) -> Vec<Range<usize>> {
    let total: usize = trees.iter().map(|tree| tree.nodes.len()).sum();
    let (mut start, mut seen) = (0, 0);
    (1..=segments)
        .map(|group| {
            let mut end = start;
            while end < trees.len() && seen * segments < total * group {
                seen += trees[end].nodes.len();
                end += 1;
            }
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}
