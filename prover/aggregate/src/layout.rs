//! The words between the aggregation circuit, the proof file and the contract: defined here once, but
//! for the statement's, which are [`tessera_core::statement`]'s.
//!
//! Instances of the aggregation circuit, and at the same time the contract's input, in this order:
//!
//! ```text
//! the statement's words
//! for each segment, its deferred accumulator:
//!     advice.x, advice.y                      scalar 1
//!     for each other point: x, y, scalar      in the order of SegmentPoint
//!     scalar of the generator
//! ```
//!
//! The accumulator says `e(Σ scalar·point + g·G, [1]₂) = e(W', [τ]₂)`; `W'` is the last point.
//! `proof` in the contract's `verify(statement, proof)` is the deferred words and then the
//! aggregation proof ([`PROOF_POINTS`] points of two words, [`PROOF_EVALUATIONS`] evaluations).

use tessera_core::STATEMENT_WORDS;

/// Points of a segment's deferred accumulator, in the layout's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentPoint {
    /// The advice column; its scalar is always 1 and not written.
    Advice,
    /// Key: multiply-add selector.
    Selector,
    /// Key: constants.
    Constants,
    /// Key: permutation.
    Permutation,
    /// Permutation product.
    Product,
    /// Blinding of the vanishing argument.
    Random,
    /// Low half of the quotient.
    QuotientLow,
    /// High half of the quotient.
    QuotientHigh,
    /// First opening, W.
    Opening,
    /// Second opening, W': also the accumulator's right side.
    OpeningPrime,
}

impl SegmentPoint {
    /// All points, in order.
    pub const ALL: [SegmentPoint; 10] = [
        SegmentPoint::Advice,
        SegmentPoint::Selector,
        SegmentPoint::Constants,
        SegmentPoint::Permutation,
        SegmentPoint::Product,
        SegmentPoint::Random,
        SegmentPoint::QuotientLow,
        SegmentPoint::QuotientHigh,
        SegmentPoint::Opening,
        SegmentPoint::OpeningPrime,
    ];
}

/// Words of a segment's deferred accumulator: ten points, nine scalars, the generator's scalar.
pub const SEGMENT_WORDS: usize = 2 * SegmentPoint::ALL.len() + (SegmentPoint::ALL.len() - 1) + 1;

/// Instances of the aggregation circuit of `segments` segments.
pub const fn instance_words(segments: usize) -> usize {
    STATEMENT_WORDS + segments * SEGMENT_WORDS
}

/// Points in an aggregation proof: advice, product, random, two quotient pieces, W, W'.
pub const PROOF_POINTS: usize = 7;

/// Evaluations in an aggregation proof: advice at rows 0 to 3; multiply-add selector, constants,
/// linear selector, S-box selector; random; permutation; product at rows 0 and 1.
pub const PROOF_EVALUATIONS: usize = 12;

/// Words of an aggregation proof.
pub const PROOF_WORDS: usize = 2 * PROOF_POINTS + PROOF_EVALUATIONS;

/// Key points of the aggregation circuit: multiply-add selector, constants, linear selector, S-box
/// selector, permutation.
pub const KEY_POINTS: usize = 5;

/// Bytes of the contract's `proof`.
pub const fn proof_length(segments: usize) -> usize {
    32 * (segments * SEGMENT_WORDS + PROOF_WORDS)
}
