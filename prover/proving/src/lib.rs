//! From a model package and a borrower's secrets to a proof, on whatever host.
//!
//! ```text
//! Package, SRS ──▶ Prover ──jobs──▶ SegmentJob ──SegmentProver──▶ Proof<Unverified>
//!                    │                                                │ verified by Prover
//!                    └────────────── aggregate ◀── Proof<Verified> ◀──┘ ──▶ ProofFile
//! ```
//!
//! A [`Prover`] owns a package and the keys of its segments. What one segment is proven from is a
//! [`SegmentJob`], which owns all it needs and can travel. Who proves the jobs is behind
//! [`SegmentProver`]: [`Local`] does it in this process, a farm does it elsewhere; neither is believed.
//!
//! A model that one circuit holds has a [`DirectProver`] as well: no segments, no aggregation.
//!
//! This crate reads no file, asks no clock and takes no view on memory or threads: its host does.

#![warn(missing_docs)]

mod direct;
mod error;
mod event;
mod file;
mod job;
mod local;
mod prover;

pub use direct::DirectProver;
pub use error::{ProvingError, VerifyError};
pub use event::{Event, Report, Stage};
pub use file::{ProofFile, verify, verify_direct};
pub use job::{JobError, Secrets, SegmentJob};
pub use local::Local;
pub use prover::{Delivery, Prover, Refused, SegmentProver, check_score};
