//! What a long computation says about itself while it runs.

use std::fmt;

/// A part of the work, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Reference strings are read or made.
    Srs,
    /// Keys of all segments.
    SegmentKeys,
    /// The key of the aggregation.
    AggregationKey,
    /// The key of a direct proof.
    DirectKey,
    /// The score is computed, to see whether there is anything to prove.
    Evaluate,
    /// Segments are proven and their proofs verified.
    Segments,
    /// The segments' proofs become one.
    Aggregate,
    /// The one circuit of a direct proof is proven.
    Direct,
    /// The finished proof is verified as the contract will.
    Verify,
}

impl Stage {
    /// Its name, for people and for reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Srs => "srs",
            Self::SegmentKeys => "segment keys",
            Self::AggregationKey => "aggregation key",
            Self::DirectKey => "key",
            Self::Evaluate => "evaluate",
            Self::Segments => "segments",
            Self::Aggregate => "aggregate",
            Self::Direct => "prove",
            Self::Verify => "verify",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Something happened. There is no time in it: whoever listens has a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A stage of `items` equal parts begins.
    Started {
        /// Which one.
        stage: Stage,
        /// Parts, at least 1.
        items: usize,
    },
    /// One more part is done.
    Advanced {
        /// Which one.
        stage: Stage,
    },
    /// The stage is done.
    Finished {
        /// Which one.
        stage: Stage,
    },
}

/// Who hears of [`Event`]s; called from any thread.
pub type Report<'a> = &'a (dyn Fn(Event) + Sync);

/// Runs `work` as a stage of `items` parts, in a span of its own; `work` calls its argument after each
/// part. Nothing secret is in the span.
pub(crate) fn stage<T, E>(
    report: Report,
    stage: Stage,
    items: usize,
    work: impl FnOnce(&(dyn Fn() + Sync)) -> Result<T, E>,
) -> Result<T, E> {
    let _span = tracing::info_span!("stage", name = stage.name(), items).entered();
    report(Event::Started { stage, items });
    let result = work(&|| report(Event::Advanced { stage }))?;
    report(Event::Finished { stage });
    Ok(result)
}
