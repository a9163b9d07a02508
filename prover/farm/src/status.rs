//! What is on a farm now.

use crate::{
    FarmError, WireText,
    access::Farm,
    layout::{PING, Queue, Tenant, TenantStreams, dead_subject},
    refusals::{self, Refusal},
};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

/// Workers have so long to answer.
const ANSWERS: Duration = Duration::from_millis(700);
/// Answers that are read.
const MOST: usize = 10_000;

/// What a worker says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerStatus {
    /// Its public key.
    pub worker: WireText,
    /// [`VERSION`](crate::VERSION) of its program.
    pub version: WireText,
    /// Since its start.
    pub seconds: u64,
    /// Jobs that it takes at once.
    #[serde(default = "one")]
    pub jobs: u64,
    /// Microseconds of the planner's unit of work (see `tessera model plan`) with all threads that prove one
    /// job; unknown where it was not measured.
    #[serde(default)]
    pub kernel_micros: Option<u64>,
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

fn one() -> u64 {
    1
}

/// Jobs that wait in a tenant's queues of one priority.
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
    /// The tenants' queues, as far as this key may see them: all for the operator, its own for a tenant.
    pub queues: Vec<QueueStatus>,
    /// Dead letters of the last 30 days in these tenants' name.
    pub dead_letters: u64,
    /// Workers that are refused.
    pub refused: Vec<Refusal>,
}

/// Asks the broker and everybody on it. What this key may not see is left out.
pub async fn status(farm: &Farm) -> Result<Status, FarmError> {
    let workers = workers(farm).await?;
    let names = farm.context.stream_names().try_collect::<Vec<String>>();
    let names = farm.asking.ask("cannot list the tenants", names).await?;
    let (mut queues, mut dead_letters) = (vec![], 0);
    for tenant in names.iter().filter_map(|name| Tenant::of_jobs_stream(name)) {
        match queues_of(farm, &tenant).await {
            Err(FarmError::NotAllowed { .. }) => continue,
            found => queues.extend(found?),
        }
        let dead = farm.streams.dead.info_with_subjects(dead_subject(&tenant));
        let mut dead = farm.asking.ask("cannot count the dead letters", dead).await?;
        while let Ok(Some((_, count))) = dead.try_next().await {
            dead_letters += count as u64;
        }
    }
    let refused = refusals::all_of(farm, "*").await?.into_values().collect();
    Ok(Status { workers, queues, dead_letters, refused })
}

/// The queues of `tenant`, those for what is done again among the others.
async fn queues_of(farm: &Farm, tenant: &Tenant) -> Result<Vec<QueueStatus>, FarmError> {
    let action = "cannot list the queues of a tenant";
    let streams = TenantStreams::find(&farm.context, &farm.asking, tenant).await?;
    let consumers = streams.jobs.consumers().try_collect::<Vec<_>>();
    let mut queues = BTreeMap::new();
    for info in farm.asking.ask(action, consumers).await? {
        let Some(queue) = Queue::of_consumer(tenant, &info.name) else { continue };
        let first = streams.jobs.get_first_raw_message_by_subject(queue.subject(), 1).await;
        let age = |time| SystemTime::now().duration_since(time).map_or(0, |age| age.as_secs());
        let oldest = first.ok().map(|message| age(SystemTime::from(message.time)));
        let status = queues.entry(queue.priority).or_insert_with(|| QueueStatus {
            tenant: tenant.to_string(),
            priority: queue.priority.to_string(),
            waiting: 0,
            in_hand: 0,
            oldest_seconds: None,
        });
        status.waiting += info.num_pending;
        status.in_hand += info.num_ack_pending as u64;
        status.oldest_seconds = status.oldest_seconds.max(oldest);
    }
    Ok(queues.into_values().collect())
}

/// The workers that answer.
pub(crate) async fn workers(farm: &Farm) -> Result<Vec<WorkerStatus>, FarmError> {
    let inbox = farm.client.new_inbox();
    let answers = farm.client.subscribe(inbox.clone()).await;
    let mut answers = answers.map_err(FarmError::broker("cannot ask the workers"))?;
    let asked = farm.client.publish_with_reply(PING, inbox, "".into()).await;
    asked.map_err(FarmError::broker("cannot ask the workers"))?;
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
