//! The words between the aggregation circuit, the proof file and the contract: defined here once, but
//! for the statement's, which are [`tessera_core::statement`]'s.
//!
//! Instances of the aggregation circuit, in this order:
//!
//! ```text
//! the statement's words
//! k of the segments' circuits
//! for each segment:
//!     its key: initial state, points of the key      x, y each, in the order of SegmentPoint
//!     its proof's points                             x, y each, in the order of SegmentPoint
//!     what the accumulator's scalars are made of     in the order of SegmentScalar
//! ```
//!
//! The accumulator says `e(Σ scalar·point + g·G, [1]₂) = e(W', [τ]₂)`; `W'` is the last point.
//! `proof` in the contract's `verify(statement, proof)` is the *deferred words* (k and the segments'),
//! then the aggregation proof ([`PROOF_POINTS`] points of two words, [`PROOF_EVALUATIONS`] evaluations),
//! then the inverse that spares the contract a modular exponentiation.
//!
//! The circuit says nothing of the model's digest: the contract hashes the keys' words and the schema.

use tessera_core::STATEMENT_WORDS;

/// Points of a segment's deferred accumulator, in the layout's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentPoint {
    /// Key: multiply-add selector.
    Selector,
    /// Key: constants.
    Constants,
    /// Key: permutation.
    Permutation,
    /// The advice column; its scalar is 1.
    Advice,
    /// Permutation product.
    Product,
    /// Low half of the quotient.
    QuotientLow,
    /// High half of the quotient.
    QuotientHigh,
    /// Blinding of the vanishing argument.
    Random,
    /// First opening, W.
    Opening,
    /// Second opening, W': also the accumulator's right side.
    OpeningPrime,
}

impl SegmentPoint {
    /// All points, in order.
    pub const ALL: [SegmentPoint; 10] = [
        SegmentPoint::Selector,
        SegmentPoint::Constants,
        SegmentPoint::Permutation,
        SegmentPoint::Advice,
        SegmentPoint::Product,
        SegmentPoint::QuotientLow,
        SegmentPoint::QuotientHigh,
        SegmentPoint::Random,
        SegmentPoint::Opening,
        SegmentPoint::OpeningPrime,
    ];

    /// Points of the key: the first ones.
    pub const KEY: usize = 3;

    /// Position of the point's first word among the segment's words.
    pub const fn word(self) -> usize {
        1 + 2 * self as usize
    }
}

/// Words that the scalars of a segment's accumulator are made of, in the layout's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SegmentScalar {
    /// The product's.
    Product,
    /// The selector's. Constants, permutation, low quotient and random have it times powers 1 to 4 of
    /// the next one.
    Selector,
    /// μ, which joins the polynomials that are opened at one point only.
    Mu,
    /// `x^n`: the high quotient's scalar is the low one's times this.
    XToN,
    /// W's.
    Opening,
    /// W''s.
    OpeningPrime,
    /// The generator's.
    Generator,
}

impl SegmentScalar {
    /// Number of them.
    pub const COUNT: usize = 7;

    /// Position among the segment's words.
    pub const fn word(self) -> usize {
        1 + 2 * SegmentPoint::ALL.len() + self as usize
    }
}

/// Words of a segment's key: initial state and three points.
pub const SEGMENT_KEY_WORDS: usize = 1 + 2 * SegmentPoint::KEY;

/// Words of a segment: initial state, ten points, seven scalars.
pub const SEGMENT_WORDS: usize = 1 + 2 * SegmentPoint::ALL.len() + SegmentScalar::COUNT;

/// Position of k among the instances, and of the first segment's words behind it.
pub const K_INSTANCE: usize = STATEMENT_WORDS;

/// Instances of the aggregation circuit of `segments` segments.
pub const fn instance_words(segments: usize) -> usize {
    STATEMENT_WORDS + deferred_words(segments)
}

/// Words of the contract's `proof` that are instances: k, and the segments'.
pub const fn deferred_words(segments: usize) -> usize {
    1 + segments * SEGMENT_WORDS
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
    32 * (deferred_words(segments) + PROOF_WORDS + 1)
}
