//! What is on the broker: streams, subjects, consumers.
//!
//! What belongs to one tenant is in streams of its own, so that the broker can keep tenants apart: its
//! permissions are by the names of streams.

use crate::{FarmError, access::Asking, packages::Store};
use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, PullConsumer, pull},
    stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
};
use std::{fmt, str::FromStr, time::Duration};

/// What came of jobs.
pub const RESULTS: &str = "TESSERA_RESULTS";
/// Jobs that nobody could do, and the broker's word that it gave one up.
pub const DEAD: &str = "TESSERA_DEAD";
/// Workers whose proofs were false.
pub const REFUSED: &str = "TESSERA_REFUSED";

/// The broker says that a consumer has delivered a job as often as it may.
const GIVEN_UP: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES";
/// Says that there is work; the payload is the subject of its queue.
pub const WAKE: &str = "tessera.wake";
/// Asks every worker what it is doing.
pub const PING: &str = "tessera.ping";

/// Header of a job: [`VERSION`](crate::VERSION) of whoever made it.
pub const VERSION_HEADER: &str = "Tessera-Version";
/// Header of a job: the run it belongs to.
pub const RUN_HEADER: &str = "Tessera-Run";
/// Header of a result: the job it is of.
pub const JOB_HEADER: &str = "Tessera-Job";

const HOUR: Duration = Duration::from_secs(3600);
const MAX_MESSAGE: i32 = 1 << 20;
const JOBS_PREFIX: &str = "TESSERA_JOBS_";
const PACKAGES_PREFIX: &str = "tessera-packages-";
/// Times that the broker hands out one job before it gives it up.
pub const MAX_DELIVER: i64 = 5;

/// Where the results of a run go.
pub fn results_subject(run: &str) -> String {
    format!("tessera.results.{run}")
}

/// Who answers here waits for the run's results.
pub fn wanted_subject(run: &str) -> String {
    format!("tessera.wanted.{run}")
}

/// Where workers say why they handed a job of the run back.
pub fn handed_back_subject(run: &str) -> String {
    format!("tessera.back.{run}")
}

/// The record of a worker that `tenant` refuses; `*` for any tenant, or any worker.
pub fn refused_subject(tenant: impl fmt::Display, worker: &str) -> String {
    format!("tessera.refused.{tenant}.{worker}")
}

/// A tenant's dead letters.
pub fn dead_subject(tenant: &Tenant) -> String {
    format!("tessera.dead.{tenant}")
}

/// Which jobs go first. All of a higher priority go before any of a lower one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Somebody waits at a counter.
    Urgent,
    /// Everything else.
    #[default]
    Normal,
    /// Whatever can wait for the night.
    Batch,
}

impl Priority {
    /// All, the first to go first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Batch];

    /// As in subjects and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Batch => "batch",
        }
    }
}

impl FromStr for Priority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|priority| priority.name() == text);
        found.ok_or_else(|| "urgent, normal or batch expected".into())
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whose jobs they are: a part of a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(String);

impl FromStr for Tenant {
    type Err = FarmError;

    fn from_str(text: &str) -> Result<Self, FarmError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        match (1..=32).contains(&text.len()) && text.bytes().all(good) {
            true => Ok(Self(text.into())),
            false => Err(FarmError::Tenant(text.chars().take(40).collect())),
        }
    }
}

impl Tenant {
    /// The stream of its jobs, each removed when it is acknowledged.
    pub fn jobs_stream(&self) -> String {
        format!("{JOBS_PREFIX}{self}")
    }

    /// Whose jobs are in the stream of this name; the inverse of [`Self::jobs_stream`].
    pub fn of_jobs_stream(name: &str) -> Option<Self> {
        name.strip_prefix(JOBS_PREFIX)?.parse().ok()
    }

    /// The object store of its sealed packages.
    pub fn packages_bucket(&self) -> String {
        format!("{PACKAGES_PREFIX}{self}")
    }

    /// The stream that this store is.
    pub fn packages_stream(&self) -> String {
        format!("OBJ_{}", self.packages_bucket())
    }

    /// Where the broker says that it gave up one of its jobs.
    pub fn given_up_subject(&self) -> String {
        format!("{GIVEN_UP}.{}.*", self.jobs_stream())
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("default".into())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A tenant's queue of one priority. A job that has to be done again goes into a queue of its own, before
/// the others of its priority: its run is older than theirs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queue {
    /// Which priority.
    pub priority: Priority,
    /// Whether its jobs were published before.
    pub again: bool,
    /// Whose.
    pub tenant: Tenant,
}

const AGAIN: &str = "-again";

impl Queue {
    /// All queues of `tenant`, the first to go first.
    pub fn all_of(tenant: &Tenant) -> impl Iterator<Item = Self> {
        let both = |priority| [true, false].map(|again| (priority, again));
        let all = Priority::ALL.into_iter().flat_map(both);
        all.map(|(priority, again)| Self { priority, again, tenant: tenant.clone() })
    }

    /// The consumer that hands its jobs out.
    pub fn consumer(&self) -> String {
        format!("{}{}", self.priority, if self.again { AGAIN } else { "" })
    }

    /// Inverse of [`Self::consumer`].
    pub fn of_consumer(tenant: &Tenant, name: &str) -> Option<Self> {
        let first = name.strip_suffix(AGAIN);
        let priority = first.unwrap_or(name).parse().ok()?;
        Some(Self { priority, again: first.is_some(), tenant: tenant.clone() })
    }

    /// Where its jobs are published.
    pub fn subject(&self) -> String {
        format!("tessera.jobs.{}.{}", self.tenant, self.consumer())
    }

    /// Inverse of [`Self::subject`].
    pub fn of_subject(subject: &str) -> Option<Self> {
        let (tenant, consumer) = subject.strip_prefix("tessera.jobs.")?.split_once('.')?;
        Self::of_consumer(&tenant.parse().ok()?, consumer)
    }

    /// A job that is not acknowledged within `lease` is handed out again; once it has failed twice, later.
    fn config(&self, lease: Duration) -> pull::Config {
        pull::Config {
            durable_name: Some(self.consumer()),
            filter_subject: self.subject(),
            ack_policy: AckPolicy::Explicit,
            ack_wait: lease,
            max_deliver: MAX_DELIVER,
            backoff: vec![lease, lease, lease * 2, lease * 4],
            max_ack_pending: 100_000,
            ..Default::default()
        }
    }
}

/// The streams that all have in common.
#[derive(Clone)]
pub struct Streams {
    /// [`RESULTS`].
    pub results: Stream,
    /// [`DEAD`].
    pub dead: Stream,
    /// [`REFUSED`].
    pub refused: Stream,
}

/// Opens a stream; one that is not there is made.
async fn stream(
    context: &jetstream::Context,
    asking: &Asking,
    config: Config,
) -> Result<Stream, FarmError> {
    let opened = context.get_or_create_stream(config);
    asking.ask("cannot open a stream", opened).await
}

impl Streams {
    /// Those that are there; those that are not are made.
    pub(crate) async fn open(
        context: &jetstream::Context,
        asking: &Asking,
    ) -> Result<Self, FarmError> {
        Ok(Self {
            results: stream(context, asking, results()).await?,
            dead: stream(context, asking, dead()).await?,
            refused: stream(context, asking, refused()).await?,
        })
    }
}

/// A tenant's own streams.
#[derive(Clone)]
pub(crate) struct TenantStreams {
    pub tenant: Tenant,
    pub jobs: Stream,
    pub packages: Store,
}

impl TenantStreams {
    /// Those of `tenant`; made, if they are not there.
    pub async fn open(
        context: &jetstream::Context,
        asking: &Asking,
        tenant: &Tenant,
    ) -> Result<Self, FarmError> {
        let jobs = stream(context, asking, jobs(tenant)).await?;
        let packages = Store::open(context, asking, tenant).await?;
        Ok(Self { tenant: tenant.clone(), jobs, packages })
    }

    /// Those of `tenant`, if they are there.
    pub async fn find(
        context: &jetstream::Context,
        asking: &Asking,
        tenant: &Tenant,
    ) -> Result<Self, FarmError> {
        let jobs = context.get_stream(tenant.jobs_stream());
        let jobs = asking.ask("cannot open a tenant's stream", jobs).await?;
        let packages = Store::find(context, asking, tenant).await?;
        Ok(Self { tenant: tenant.clone(), jobs, packages })
    }

    /// The consumer of `queue`; made, if it is not there.
    pub async fn queue(
        &self,
        asking: &Asking,
        queue: &Queue,
        lease: Duration,
    ) -> Result<PullConsumer, FarmError> {
        let name = queue.consumer();
        let opened = self.jobs.get_or_create_consumer(&name, queue.config(lease));
        asking.ask("cannot open a tenant's queue", opened).await
    }

    /// The consumer of `queue` with this lease, whatever it had before.
    pub async fn set_up(
        &self,
        asking: &Asking,
        queue: &Queue,
        lease: Duration,
    ) -> Result<PullConsumer, FarmError> {
        let made = self.jobs.create_consumer(queue.config(lease));
        asking.ask("cannot make a tenant's queue", made).await
    }
}

/// A full queue refuses jobs, it loses none.
fn jobs(tenant: &Tenant) -> Config {
    Config {
        name: tenant.jobs_stream(),
        subjects: vec![format!("tessera.jobs.{tenant}.*")],
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        max_age: 24 * HOUR,
        duplicate_window: HOUR,
        ..stored(256 << 20)
    }
}

fn results() -> Config {
    Config {
        name: RESULTS.into(),
        subjects: vec!["tessera.results.*".into()],
        max_age: HOUR,
        duplicate_window: HOUR,
        ..stored(1 << 30)
    }
}

fn dead() -> Config {
    Config {
        name: DEAD.into(),
        subjects: vec!["tessera.dead.*".into(), format!("{GIVEN_UP}.*.*")],
        max_age: 30 * 24 * HOUR,
        ..stored(64 << 20)
    }
}

fn refused() -> Config {
    Config {
        name: REFUSED.into(),
        subjects: vec!["tessera.refused.*.*".into()],
        max_messages_per_subject: 1,
        // Who writes down many refusals pushes out nobody else's.
        discard: DiscardPolicy::New,
        ..stored(64 << 20)
    }
}

fn stored(max_bytes: i64) -> Config {
    Config {
        storage: StorageType::File,
        num_replicas: 1,
        max_bytes,
        max_message_size: MAX_MESSAGE,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_found_by_its_consumer_and_by_its_subject() {
        for tenant in ["default", "a_b-C_9", "x-again"] {
            let tenant: Tenant = tenant.parse().unwrap();
            assert_eq!(Tenant::of_jobs_stream(&tenant.jobs_stream()), Some(tenant.clone()));
            assert_eq!(Queue::all_of(&tenant).count(), 6);
            for queue in Queue::all_of(&tenant) {
                assert_eq!(Queue::of_consumer(&tenant, &queue.consumer()), Some(queue.clone()));
                assert_eq!(Queue::of_subject(&queue.subject()), Some(queue));
            }
        }
        for bad in ["", "later", "normal-", "-again", "normal-again-again"] {
            assert_eq!(Queue::of_consumer(&Tenant::default(), bad), None, "{bad}");
        }
        for bad in ["tessera.jobs.default", "tessera.jobs.a b.normal", "tessera.jobs.a.b.normal"] {
            assert_eq!(Queue::of_subject(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tenant_is_one_token_of_a_subject() {
        for bad in ["", "a.b", "*", ">", "a b", "é", &"x".repeat(33)] {
            assert!(bad.parse::<Tenant>().is_err(), "{bad}");
        }
    }
}
