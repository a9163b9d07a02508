//! The chain's side: what a pool asks to be proven, and how a request reaches it.
//!
//! ```text
//! terms, credential, nonce ── context ── statement ── (prover) ── proof ── borrow ── repay
//! ```
//!
//! [`Client`] sends and reads; [`Pool`] knows the pool's own calls; [`Refusal`] turns a revert into
//! words. All of it is asynchronous and runs on tokio.

// The interfaces in `contracts` have the documentation; the number of an event's fields is theirs.
#[allow(missing_docs, clippy::too_many_arguments)]
pub mod abi;
mod artifact;
mod client;
mod context;
mod deploy;
mod error;
mod pool;
mod refusal;
mod request;

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
