//! The tenants' queues as a worker sees them: which there are, and whose turn it is.

use crate::{
    WireText,
    access::Farm,
    layout::{Priority, Queue, Tenant, TenantStreams},
    packages::Store,
};
use async_nats::jetstream::{self, consumer::PullConsumer};
use futures_util::{StreamExt, TryStreamExt};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The broker has so long to say whether there is a job. The client would wait for ever: a broker that ends
/// between question and answer says nothing, and nobody asks again.
const ANSWER: Duration = Duration::from_secs(5);
/// Between two looks for new tenants.
const LOOK_FOR_TENANTS: Duration = Duration::from_secs(5);

/// A job in hand.
pub(crate) struct Held {
    pub message: jetstream::Message,
    pub queue: Queue,
    /// Where its package is.
    pub packages: Store,
    /// How long the broker waits for a word about it.
    pub lease: Duration,
}

/// Queues that are left to others, until when.
#[derive(Default)]
pub(crate) struct Left(Mutex<HashMap<Queue, Instant>>);

impl Left {
    pub fn leave(&self, queue: &Queue, time: Duration) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.insert(queue.clone(), Instant::now() + time);
    }

    fn has(&self, queue: &Queue) -> bool {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.get(queue).is_some_and(|until| Instant::now() < *until)
    }
}

/// The tenants' queues, and who is next.
#[derive(Default)]
pub(crate) struct Queues {
    tenants: BTreeMap<Tenant, TenantStreams>,
    /// With the lease of each, which the operator can change.
    known: BTreeMap<Queue, (PullConsumer, Duration)>,
    looked: Option<Instant>,
    /// The tenant served last, by priority: the next one in the order is served next.
    served: BTreeMap<Priority, Tenant>,
}

impl Queues {
    /// A queue that has work now; one that is not known is looked for at once.
    pub fn wake(&mut self, subject: &[u8]) {
        let named = std::str::from_utf8(subject).ok().and_then(Queue::of_subject);
        if named.is_some_and(|queue| !self.known.contains_key(&queue)) {
            self.looked = None;
        }
    }

    /// The tenants that there are, as far as this was looked up.
    pub fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.keys()
    }

    /// Finds out which tenants and queues there are, if that is not known or was found out too long ago.
    pub async fn look(&mut self, farm: &Farm) {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK_FOR_TENANTS) {
            return;
        }
        let names = farm.context.stream_names().try_collect::<Vec<String>>();
        let Ok(names) = farm.asking.ask("cannot list the tenants", names).await else { return };
        let tenants: Vec<_> = names.iter().filter_map(|n| Tenant::of_jobs_stream(n)).collect();
        self.tenants.retain(|tenant, _| tenants.contains(tenant));
        for tenant in tenants {
            if !self.tenants.contains_key(&tenant)
                && let Ok(found) = TenantStreams::find(&farm.context, &farm.asking, &tenant).await
            {
                self.tenants.insert(tenant, found);
            }
        }
        self.looked = Some(Instant::now());
        let mut known = BTreeMap::new();
        for (tenant, streams) in &self.tenants {
            let found = streams.jobs.consumers().try_collect::<Vec<_>>().await;
            for info in found.unwrap_or_default() {
                let Some(queue) = Queue::of_consumer(tenant, &info.name) else { continue };
                let lease = info.config.backoff.first().copied().unwrap_or(info.config.ack_wait);
                if let Some((consumer, _)) = self.known.remove(&queue) {
                    known.insert(queue, (consumer, lease));
                } else if let Ok(consumer) = streams.jobs.get_consumer(&queue.consumer()).await {
                    known.insert(queue, (consumer, lease));
                }
            }
        }
        self.known = known;
    }

    /// A job: of the highest priority that has one, the tenants in turn; of a tenant's those that have to be
    /// done again, then the oldest.
    pub async fn next(
        &mut self,
        farm: &Farm,
        left: &Left,
        refused_by: &BTreeMap<String, WireText>,
    ) -> Option<Held> {
        self.look(farm).await;
        for priority in Priority::ALL {
            let served = |tenant: &&Tenant| !refused_by.contains_key(&tenant.to_string());
            let all: Vec<Tenant> = self.tenants.keys().filter(served).cloned().collect();
            let last = self.served.get(&priority);
            let after = all.iter().position(|tenant| last.is_some_and(|last| tenant > last));
            let start = after.unwrap_or(0);
            for tenant in all[start..].iter().chain(&all[..start]) {
                for again in [true, false] {
                    let queue = Queue { priority, again, tenant: tenant.clone() };
                    if let Some(held) = self.take(left, &queue).await {
                        self.served.insert(priority, tenant.clone());
                        return Some(held);
                    }
                }
            }
        }
        None
    }

    async fn take(&mut self, left: &Left, queue: &Queue) -> Option<Held> {
        if left.has(queue) {
            return None;
        }
        let (consumer, lease) = self.known.get(queue)?;
        let lease = *lease;
        let packages = self.tenants.get(&queue.tenant)?.packages.clone();
        let fetched = tokio::time::timeout(ANSWER, async {
            let mut batch = consumer.fetch().max_messages(1).messages().await.map_err(drop)?;
            batch.next().await.transpose().map_err(drop)
        });
        let Ok(Ok(message)) = fetched.await else {
            // The consumer may be gone with a broker that was set up anew.
            self.looked = None;
            self.known.remove(queue);
            return None;
        };
        let message = message?;
        Some(Held { message, queue: queue.clone(), packages, lease })
    }
}
