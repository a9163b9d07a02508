//! Segments proven on other machines, over NATS JetStream.
//!
//! ```text
//! coordinator                           broker                              worker
//! FarmProver ──sealed job────▶ a work queue per tenant ─────lease──▶ opens, proves, signs
//!     │      ──sealed package▶ an object store per tenant ──────────▶ checks, keeps keys warm
//!     ◀── verifies ◀────────── TESSERA_RESULTS, a subject a run ◀──── sealed to the coordinator
//! ```
//!
//! Neither side believes the other. A job is sealed to the farm's key, so the broker and its disk hold
//! nothing readable; a result is signed by the worker that made it and verified by the coordinator. A
//! worker whose signature is under a false proof is refused from then on.
//!
//! The queue is treated as lossy: what has not come and is not in the queue any more is published again.
//! Jobs can be done any number of times, and the first valid proof of a segment counts.

#![warn(missing_docs)]

mod access;
mod coordinator;
mod ears;
mod error;
mod keys;
pub mod layout;
mod metrics;
mod packages;
mod queues;
mod refusals;
mod run;
mod seal;
mod serve_config;
mod setup;
mod status;
mod text;
mod warm;
pub mod wire;
mod worker;

pub use access::{Access, Farm};
pub use coordinator::{FarmOptions, FarmProver, Notice};
pub use error::FarmError;
pub use keys::{FarmKey, FarmPublicKey, Identity};
pub use layout::Priority;
pub use seal::Purpose;
pub use serve_config::{Member, Members, Role, ServeConfig};
pub use setup::set_up;
pub use status::{QueueStatus, Status, WorkerStatus, status};
pub use text::WireText;
pub use worker::{StandIn, Worker, WorkerOptions};

/// What coordinator and worker have to agree on: the messages' form, and the version of the circuits,
/// which is the program's.
pub const VERSION: &str = concat!("1/", env!("CARGO_PKG_VERSION"));
