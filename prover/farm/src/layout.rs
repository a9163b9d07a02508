//! What is on the broker: streams, subjects, consumers.

use crate::FarmError;
use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
    object_store::{self, ObjectStore},
    stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream},
};
use std::{fmt, str::FromStr, time::Duration};

/// Jobs, each removed when it is acknowledged.
pub const JOBS: &str = "TESSERA_JOBS";
/// What came of them.
pub const RESULTS: &str = "TESSERA_RESULTS";
/// Jobs that nobody could do, and the broker's word that it gave one up.
pub const DEAD: &str = "TESSERA_DEAD";
/// Workers whose proofs were false.
pub const REFUSED: &str = "TESSERA_REFUSED";
/// Sealed packages.
pub const PACKAGES: &str = "tessera-packages";

/// The broker says that a consumer has delivered a job as often as it may.
pub const GIVEN_UP: &str = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.TESSERA_JOBS";
/// Says that there is work; the payload is the consumer that has it.
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

/// The record of a refused worker.
pub fn refused_subject(worker: &str) -> String {
    format!("tessera.refused.{worker}")
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

/// A tenant's queue of one priority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queue {
    /// Which priority.
    pub priority: Priority,
    /// Whose.
    pub tenant: Tenant,
}

impl Queue {
    /// Where its jobs are published.
    pub fn subject(&self) -> String {
        format!("tessera.jobs.{}.{}", self.tenant, self.priority)
    }

    /// The consumer that hands them out.
    pub fn consumer(&self) -> String {
        format!("{}_{}", self.priority, self.tenant)
    }

    /// Inverse of [`Self::consumer`].
    pub fn of_consumer(name: &str) -> Option<Self> {
        let (priority, tenant) = name.split_once('_')?;
        Some(Self { priority: priority.parse().ok()?, tenant: tenant.parse().ok()? })
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

/// The broker's streams.
#[derive(Clone)]
pub struct Streams {
    /// [`JOBS`].
    pub jobs: Stream,
    /// [`RESULTS`].
    pub results: Stream,
    /// [`DEAD`].
    pub dead: Stream,
    /// [`REFUSED`].
    pub refused: Stream,
    /// [`PACKAGES`].
    pub packages: ObjectStore,
}

impl Streams {
    /// Those that are there; those that are not are made.
    pub async fn open(context: &jetstream::Context) -> Result<Self, FarmError> {
        let stream = async |config: Config| {
            let opened = context.get_or_create_stream(config).await;
            opened.map_err(FarmError::broker("cannot open a stream; is JetStream on?"))
        };
        Ok(Self {
            jobs: stream(jobs()).await?,
            results: stream(results()).await?,
            dead: stream(dead()).await?,
            refused: stream(refused()).await?,
            packages: packages(context).await?,
        })
    }

    /// The consumer of `queue`, made if it is not there.
    pub async fn queue(
        &self,
        queue: &Queue,
        lease: Duration,
    ) -> Result<jetstream::consumer::PullConsumer, FarmError> {
        let opened = self.jobs.get_or_create_consumer(&queue.consumer(), queue.config(lease)).await;
        opened.map_err(FarmError::broker("cannot open a tenant's queue"))
    }
}

/// A full queue refuses jobs, it loses none.
fn jobs() -> Config {
    Config {
        name: JOBS.into(),
        subjects: vec!["tessera.jobs.*.*".into()],
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        max_age: 24 * HOUR,
        duplicate_window: HOUR,
        ..stored(1 << 30)
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
        subjects: vec!["tessera.dead.*".into(), format!("{GIVEN_UP}.*")],
        max_age: 30 * 24 * HOUR,
        ..stored(64 << 20)
    }
}

fn refused() -> Config {
    Config {
        name: REFUSED.into(),
        subjects: vec!["tessera.refused.*".into()],
        max_messages_per_subject: 1,
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

async fn packages(context: &jetstream::Context) -> Result<ObjectStore, FarmError> {
    if let Ok(store) = context.get_object_store(PACKAGES).await {
        return Ok(store);
    }
    let config = object_store::Config {
        bucket: PACKAGES.into(),
        max_age: 30 * 24 * HOUR,
        max_bytes: 1 << 30,
        storage: StorageType::File,
        num_replicas: 1,
        ..Default::default()
    };
    let made = context.create_object_store(config).await;
    made.map_err(FarmError::broker("cannot open the store of packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_found_by_its_consumer() {
        for priority in Priority::ALL {
            for tenant in ["default", "a_b-C_9"] {
                let queue = Queue { priority, tenant: tenant.parse().unwrap() };
                assert_eq!(Queue::of_consumer(&queue.consumer()), Some(queue));
            }
        }
        for bad in ["", "normal", "later_default", "normal_", "normal_a.b"] {
            assert_eq!(Queue::of_consumer(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_tenant_is_one_token_of_a_subject() {
        for bad in ["", "a.b", "*", ">", "a b", "é", &"x".repeat(33)] {
            assert!(bad.parse::<Tenant>().is_err(), "{bad}");
        }
    }
}
