//! What is on a farm now.

use crate::{
    FarmError,
    access::Farm,
    layout::{PING, Queue},
    refusals::{self, Refusal},
};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// Workers have so long to answer.
const ANSWERS: Duration = Duration::from_millis(700);
/// Answers and refusals that are read.
const MOST: usize = 10_000;

/// What a worker says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatus {
    /// Its public key.
    pub worker: String,
    /// [`VERSION`](crate::VERSION) of its program.
    pub version: String,
    /// Since its start.
    pub seconds: u64,
    /// Jobs in hand.
    pub busy: u64,
    /// Proofs since its start.
    pub proven: u64,
    /// Proofs in the last minute.
    pub last_minute: u64,
    /// Jobs that it could not do.
    pub failed: u64,
    /// Jobs that were not for it.
    pub handed_back: u64,
    /// Models whose keys it has in memory.
    pub warm: u64,
    /// About how much memory they take.
    pub warm_bytes: u64,
}

/// Jobs that wait in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueStatus {
    /// Whose.
    pub tenant: String,
    /// Of which priority.
    pub priority: String,
    /// Jobs that no worker has.
    pub waiting: u64,
    /// Jobs that workers have.
    pub in_hand: u64,
    /// Age of the oldest job, in seconds.
    pub oldest_seconds: Option<u64>,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Those that answered.
    pub workers: Vec<WorkerStatus>,
    /// The tenants' queues.
    pub queues: Vec<QueueStatus>,
    /// Dead letters of the last 30 days.
    pub dead_letters: u64,
    /// Workers that are refused.
    pub refused: Vec<Refusal>,
}

/// Asks the broker and everybody on it.
pub async fn status(farm: &Farm) -> Result<Status, FarmError> {
    let workers = workers(farm).await?;
    let mut queues = vec![];
    let mut consumers = farm.streams.jobs.consumers();
    while let Some(info) =
        consumers.try_next().await.map_err(FarmError::broker("cannot list the queues"))?
    {
        let Some(queue) = Queue::of_consumer(&info.name) else { continue };
        let first = farm.streams.jobs.get_first_raw_message_by_subject(queue.subject(), 1).await;
        let age = |time| SystemTime::now().duration_since(time).map_or(0, |age| age.as_secs());
        queues.push(QueueStatus {
            tenant: queue.tenant.to_string(),
            priority: queue.priority.to_string(),
            waiting: info.num_pending,
            in_hand: info.num_ack_pending as u64,
            oldest_seconds: first.ok().map(|message| age(SystemTime::from(message.time))),
        });
    }
    queues.sort_by(|a, b| (&a.tenant, &a.priority).cmp(&(&b.tenant, &b.priority)));
    let dead = farm.streams.dead.info_with_subjects("tessera.dead.*").await;
    let mut dead = dead.map_err(FarmError::broker("cannot count the dead letters"))?;
    let mut dead_letters = 0;
    while let Ok(Some((_, count))) = dead.try_next().await {
        dead_letters += count as u64;
    }
    Ok(Status { workers, queues, dead_letters, refused: refused(farm).await? })
}

async fn workers(farm: &Farm) -> Result<Vec<WorkerStatus>, FarmError> {
    let failed = || FarmError::broker("cannot ask the workers");
    let inbox = farm.client.new_inbox();
    let mut answers = farm.client.subscribe(inbox.clone()).await.map_err(failed())?;
    let asked = farm.client.publish_with_reply(PING, inbox, "".into()).await;
    asked.map_err(|error| FarmError::broker("cannot ask the workers")(error))?;
    let mut workers = vec![];
    let end = tokio::time::Instant::now() + ANSWERS;
    while let Ok(Some(answer)) = tokio::time::timeout_at(end, answers.next()).await {
        // Nobody is there: the broker says so itself, in a message without content.
        if answer.status.is_some() {
            break;
        }
        if let Ok(worker) = serde_json::from_slice::<WorkerStatus>(&answer.payload)
            && workers.len() < MOST
        {
            workers.push(worker);
        }
    }
    workers.sort_by(|a, b| a.worker.cmp(&b.worker));
    Ok(workers)
}

async fn refused(farm: &Farm) -> Result<Vec<Refusal>, FarmError> {
    let stream = &farm.streams.refused;
    let info = stream.info_with_subjects("tessera.refused.*").await;
    let mut info = info.map_err(FarmError::broker("cannot read who is refused"))?;
    let mut refused = vec![];
    while let Ok(Some((subject, _))) = info.try_next().await {
        let worker = subject.rsplit('.').next().unwrap_or_default();
        if let Ok(Some(refusal)) = refusals::of(farm, worker).await
            && refused.len() < MOST
        {
            refused.push(refusal);
        }
    }
    refused.sort_by(|a: &Refusal, b| a.worker.cmp(&b.worker));
    Ok(refused)
}
