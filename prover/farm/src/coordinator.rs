//! The coordinator: gives jobs to a farm, and believes none of what comes back.

use crate::{
    Access, FarmError, FarmPublicKey, Priority, WireText,
    access::Farm,
    layout::{Queue, Tenant, TenantStreams},
    run::Run,
};
use std::{fmt, sync::Arc, time::Duration};
use tessera_artifact::Sha256Digest;
use tessera_core::SegmentIndex;
use tessera_model::Package;
use tessera_proving::{Delivery, ProvingError, SegmentJob, SegmentProver};
use tokio::runtime::Runtime;

/// What a coordinator chooses.
#[derive(Clone, Debug)]
pub struct FarmOptions {
    /// Whose jobs they are.
    pub tenant: Tenant,
    /// Which go first.
    pub priority: Priority,
    /// How long a worker may be silent before its job goes to another one. Counts when the tenant's queue
    /// is made for the first time.
    pub lease: Duration,
    /// How long one job may take, however alive its worker is; then it is published again.
    pub job_limit: Duration,
    /// How long to go on without any progress.
    pub patience: Duration,
}

impl Default for FarmOptions {
    fn default() -> Self {
        Self {
            tenant: Tenant::default(),
            priority: Priority::default(),
            lease: Duration::from_secs(15),
            job_limit: Duration::from_secs(15 * 60),
            patience: Duration::from_secs(30 * 60),
        }
    }
}

/// What an operator may want to hear. Nothing secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// No worker has answered; the jobs wait.
    NoWorkers,
    /// A valid proof came.
    Proven {
        /// Of which segment.
        segment: SegmentIndex,
        /// From whom.
        worker: String,
    },
    /// A false proof came, or none that can be read; the worker is refused from now on.
    Refused {
        /// Of which segment.
        segment: SegmentIndex,
        /// Whose signature is under it.
        worker: String,
        /// What was wrong.
        reason: WireText,
    },
    /// Something came that no worker has signed.
    Garbage {
        /// Of which segment.
        segment: SegmentIndex,
        /// What was wrong.
        reason: WireText,
    },
    /// A worker could not.
    Failed {
        /// Of which segment.
        segment: SegmentIndex,
        /// Which worker.
        worker: String,
        /// What it says.
        reason: WireText,
    },
    /// A job is in the queue again.
    Again {
        /// Of which segment.
        segment: SegmentIndex,
        /// Why.
        reason: WireText,
    },
    /// A worker of another version, or with another reference string, handed a job back.
    HandedBack {
        /// What it says.
        reason: WireText,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |worker: &str| worker.chars().take(8).collect::<String>();
        match self {
            Self::NoWorkers => f.write_str("no worker answers yet; the jobs wait in the queue"),
            Self::Proven { segment, worker } => {
                write!(f, "segment {segment}: proven by {}", short(worker))
            }
            Self::Refused { segment, worker, reason } => {
                write!(
                    f,
                    "segment {segment}: a false proof, {reason}; {worker} is refused from now on"
                )
            }
            Self::Garbage { segment, reason } => {
                write!(f, "segment {segment}: a result that nobody signed: {reason}")
            }
            Self::Failed { segment, worker, reason } => {
                write!(f, "segment {segment}: {} could not: {reason}", short(worker))
            }
            Self::Again { segment, reason } => {
                write!(f, "segment {segment}: published again: {reason}")
            }
            Self::HandedBack { reason } => write!(f, "a worker handed a job back: {reason}"),
        }
    }
}

/// Who hears of [`Notice`]s.
pub type Listener = Arc<dyn Fn(Notice) + Send + Sync>;

/// Proves segments on a farm. Not for use on the threads of a tokio runtime: it blocks.
pub struct FarmProver {
    /// There until it is dropped.
    runtime: Option<Runtime>,
    coordinator: Coordinator,
}

impl Drop for FarmProver {
    /// Also where blocking is not allowed.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What all runs of a coordinator have in common.
#[derive(Clone)]
pub(crate) struct Coordinator {
    pub farm: Farm,
    pub own: TenantStreams,
    pub key: FarmPublicKey,
    pub package: Arc<Package>,
    pub srs: Sha256Digest,
    pub options: FarmOptions,
    pub listener: Listener,
}

impl FarmProver {
    /// Connects, and puts `package` into the store. `srs` is the digest of the reference string that the
    /// coordinator's own keys are made from.
    pub fn connect(
        access: &Access,
        key: FarmPublicKey,
        package: &Package,
        srs: Sha256Digest,
        options: FarmOptions,
        listener: Listener,
    ) -> Result<Self, FarmError> {
        let runtime = runtime()?;
        let package = Arc::new(package.clone());
        let (farm, own) = runtime.block_on(async {
            let farm = access.connect("tessera coordinator").await?;
            let (asking, tenant) = (&farm.asking, options.tenant.clone());
            let own = TenantStreams::open(&farm.context, asking, &tenant).await?;
            for queue in Queue::all_of(&tenant).filter(|queue| queue.priority == options.priority) {
                own.queue(asking, &queue, options.lease).await?;
            }
            own.packages.put(asking, &key, &package, false).await?;
            Ok::<_, FarmError>((farm, own))
        })?;
        let coordinator = Coordinator { farm, own, key, package, srs, options, listener };
        Ok(Self { runtime: Some(runtime), coordinator })
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.as_ref().expect("it is there until the drop").block_on(work)
    }

    /// What is on the farm now.
    pub fn status(&self) -> Result<crate::Status, FarmError> {
        self.block_on(crate::status(&self.coordinator.farm))
    }
}

/// Threads of its own for the connection, so that it lives on between runs and while proofs are verified.
fn runtime() -> Result<Runtime, FarmError> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("farm")
        .enable_all()
        .build();
    built.map_err(|source| FarmError::System { action: "start a thread", source })
}

impl SegmentProver for FarmProver {
    fn prove(&self, jobs: Vec<SegmentJob>, deliver: Delivery) -> Result<(), ProvingError> {
        if jobs.is_empty() {
            return Ok(());
        }
        self.block_on(Run::new(&self.coordinator, jobs).prove(deliver))
    }
}
