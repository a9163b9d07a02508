//! The direct proof: a model that one circuit holds, proven with a transcript that a contract runs itself.
//!
//! ```text
//! package ──plan──▶ size, rows of salt ──key──▶ DirectKey ──prove──▶ what the contract takes
//!                                                                   ──verify──▶ the contract's native twin
//! ```
//!
//! It takes half the time and two thirds of the gas of an aggregated proof. The price: values of the key's
//! polynomials are public, so after more than [`DirectPlan::proofs`] proofs somebody who already holds the whole
//! model can confirm that it is the one. Docs: `docs/direct.md`, `docs/security.md`.

pub mod circuit;
pub mod key;
pub mod plan;
pub mod proof;
pub mod spec;
pub mod verify;

pub use circuit::Claim;
pub use key::{DirectKey, KeyError};
pub use plan::{DirectPlan, PlanError};
pub use proof::{Direct, ProofError, prove};
pub use spec::DirectSpec;
pub use verify::{VerifyError, verify};
