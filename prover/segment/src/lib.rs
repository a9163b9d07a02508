//! A segment: a share of a model, proven on the committed features.
//!
//! ```text
//! package ──plan──▶ shares ──circuit──▶ keys ──proof──▶ Proof<Unverified> ──verify──▶ Proof<Verified>
//! ```
//!
//! Every segment has the same four instances ([`Instances`]); none of them is low-entropy.

pub mod circuit;
pub mod features;
pub mod key;
pub mod network;
pub mod plan;
pub mod proof;
pub mod salt;
pub mod transcript;
pub mod trees;

pub use circuit::{Instances, SegmentWitness, Share, Work};
pub use key::{KeyError, ProvingKey, VerifyingKey};
pub use plan::{Plan, PlanError};
pub use proof::{Proof, ProofError, Unverified, Verified};
