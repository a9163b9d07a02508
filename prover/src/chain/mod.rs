//! The chain's side: what a pool asks to be proven, and how a request reaches it.
//!
//! ```text
//! terms, credential, nonce ── context ── statement ── (prover) ── proof ── borrow ── repay
//! ```
//!
//! [`Client`] sends and reads; [`Pool`] knows the pool's own calls; [`Refusal`] turns a revert into
//! words. All of it is asynchronous and runs on tokio.

pub mod abi;
mod artifact;
mod client;
mod context;
// The interfaces in `contracts` have the documentation; the number of an event's fields is theirs.
#[allow(missing_docs, clippy::too_many_arguments)]
mod contracts;
mod deploy;
mod error;
mod pool;
mod refusal;
mod request;

/// For quantities that may be above 2^53, which JSON readers round: decimal text.
fn decimal<T: std::fmt::Display, S: serde::Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

pub use artifact::Artifacts;
pub use client::{Client, LOCAL_CHAIN, Receipt};
pub use context::{Use, context};
pub use deploy::{
    Deployment, DeploymentPlan, Journal, LimitsPlan, Placed, PolicyPlan, TierPlan, TokenPlan,
    deploy,
};
pub use error::ChainError;
pub use pool::{Borrowed, Offer, Pool, PoolState, Repaid};
pub use refusal::Refusal;
pub use request::{LoanTerms, Request};
