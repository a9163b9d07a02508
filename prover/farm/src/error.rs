//! Why a farm can't be used.

use crate::WireText;
use std::path::PathBuf;
use tessera_artifact::ArtifactError;

/// Why a farm can't be used, or a worker ended.
#[derive(Debug, thiserror::Error)]
pub enum FarmError {
    /// No connection.
    #[error("cannot connect to the farm at {url}: {reason}")]
    Connect {
        /// The broker's address.
        url: String,
        /// What the client says.
        reason: WireText,
    },
    /// The broker answered, with an error, or not in time.
    #[error("the farm's broker: {action}: {reason}")]
    Broker {
        /// What was asked of it.
        action: &'static str,
        /// What it says.
        reason: WireText,
    },
    /// The broker's configuration does not let this key do it.
    #[error("{action}: the farm's broker does not allow it to this key: {what}")]
    NotAllowed {
        /// What was to be done.
        action: &'static str,
        /// What the broker says.
        what: WireText,
    },
    /// A key file.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A key file whose content is not a key.
    #[error("{path}: {reason}", path = .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Coordinators of all tenants refused proofs under this worker's name.
    #[error("the worker {worker} is refused by every tenant of the farm: {reason}")]
    WorkerRefused {
        /// Its public key.
        worker: String,
        /// What the coordinator said.
        reason: WireText,
    },
    /// A name that can't be part of a subject.
    #[error("{0:?} cannot name a tenant: letters, digits, - and _ are allowed, 1 to 32 of them")]
    Tenant(String),
    /// A thread or a socket.
    #[error("cannot {action}: {source}")]
    System {
        /// What was to be done.
        action: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Keys or the reference string.
    #[error(transparent)]
    Proving(#[from] tessera_proving::ProvingError),
}

impl FarmError {
    /// An answer of the broker that is an error.
    pub(crate) fn broker<E: std::fmt::Display>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Broker { action, reason: error.to_string().into() }
    }
}
