//! One proof out of all segments' proofs, with no curve arithmetic in the circuit.
//!
//! ```text
//! Proof<Verified> of each segment ──circuit──▶ field work of N verifications
//!                                               ├▶ statement words
//!                                               └▶ deferred accumulators: points and scalars
//! ──key, proof──▶ what the contract takes ──verify──▶ the native twin of the contract
//! ```
//!
//! Docs: `docs/aggregation.md`.

pub mod chip;
pub mod circuit;
pub mod key;
pub mod layout;
pub mod proof;
pub mod spec;
pub mod transcript;
pub mod verify;

pub use circuit::Witness;
pub use key::{AggregationKey, KeyError};
pub use proof::{ProofError, prove};
pub use spec::{SpecError, VerifierSpec};
pub use verify::{VerifyError, verify};
