//! What every part of Tessera agrees on: the statement, the digests that it names, numbers, packing,
//! commitments and hashing. No files, no network, no clock.
//!
//! [`Statement`] is defined here once. Its order is the order of the circuit's public words, of the
//! Solidity struct, of the call data and of the proof file: see [`statement`].
//!
//! Everything that is committed to is a list of [`Fr`]; everything that is hashed inside a circuit
//! is hashed with [`poseidon::hash`].

#![warn(missing_docs)]

pub mod commitment;
pub mod decimal;
mod digest;
mod field;
mod fixed;
pub mod mutants;
pub mod packing;
pub mod poseidon;
mod secret;
mod segment;
pub mod statement;
pub mod transcript;

pub use digest::{Context, FeatureCommitment, ModelDigest, SchemaDigest};
pub use field::{
    FieldError, Fr, from_be_bytes, from_digest, from_hex, random, serde_hex, signed, to_be_bytes,
    to_hex,
};
pub use fixed::{FixedPoint, FixedPointError};
pub use mutants::mutant;
pub use secret::{Secret, SecretVec};
pub use segment::SegmentIndex;
pub use statement::{STATEMENT_WORDS, Statement, StatementWords};

/// Bits of the largest integer that a circuit is given, in magnitude.
pub const MAGNITUDE_BITS: u32 = 62;

/// Codes, scores and thresholds are below this in magnitude, so that a sum or a difference of two
/// of them fits into 64 signed bits and never wraps around the field.
pub const MAGNITUDE_LIMIT: u64 = 1 << MAGNITUDE_BITS;
