//! The tenants' queues as a worker sees them: which there are, and whose turn it is.

use crate::{
    access::Farm,
    layout::{Priority, Queue},
};
use async_nats::jetstream::{self, consumer::PullConsumer};
use futures_util::{StreamExt, TryStreamExt};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Between two looks for new tenants.
const LOOK_FOR_TENANTS: Duration = Duration::from_secs(5);

/// A job in hand.
pub(crate) struct Held {
    pub message: jetstream::Message,
    pub queue: Queue,
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
    known: BTreeMap<Queue, PullConsumer>,
    looked: Option<Instant>,
    /// The tenant served last, by priority: the next one in the order is served next.
    served: BTreeMap<Priority, Queue>,
}

impl Queues {
    /// A queue that has work now; one that is not known is looked for at once.
    pub fn wake(&mut self, consumer: &[u8]) {
        let named = std::str::from_utf8(consumer).ok().and_then(Queue::of_consumer);
        if named.is_some_and(|queue| !self.known.contains_key(&queue)) {
            self.looked = None;
        }
    }

    async fn look(&mut self, farm: &Farm) {
        if self.looked.is_some_and(|at| at.elapsed() < LOOK_FOR_TENANTS) {
            return;
        }
        let jobs = &farm.streams.jobs;
        let Ok(names) = jobs.consumer_names().try_collect::<Vec<String>>().await else { return };
        self.looked = Some(Instant::now());
        let queues: Vec<Queue> = names.iter().filter_map(|n| Queue::of_consumer(n)).collect();
        self.known.retain(|queue, _| queues.contains(queue));
        for queue in queues {
            if !self.known.contains_key(&queue)
                && let Ok(consumer) = jobs.get_consumer(&queue.consumer()).await
            {
                self.known.insert(queue, consumer);
            }
        }
    }

    /// A job: of the highest priority that has one, the tenants in turn, a tenant's oldest first.
    pub async fn next(&mut self, farm: &Farm, left: &Left) -> Option<Held> {
        self.look(farm).await;
        for priority in Priority::ALL {
            let all: Vec<Queue> =
                self.known.keys().filter(|queue| queue.priority == priority).cloned().collect();
            let last = self.served.get(&priority);
            let after = all.iter().position(|queue| last.is_some_and(|last| queue > last));
            let start = after.unwrap_or(0);
            for queue in all[start..].iter().chain(&all[..start]) {
                if let Some(held) = self.take(left, queue).await {
                    self.served.insert(priority, queue.clone());
                    return Some(held);
                }
            }
        }
        None
    }

    async fn take(&mut self, left: &Left, queue: &Queue) -> Option<Held> {
        if left.has(queue) {
            return None;
        }
        let consumer = self.known.get(queue)?;
        let fetched = consumer.fetch().max_messages(1).messages().await;
        let message = match fetched {
            Ok(mut batch) => batch.next().await?.ok(),
            Err(_) => {
                // The consumer may be gone with a broker that was set up anew.
                self.looked = None;
                None
            }
        }?;
        let config = &consumer.cached_info().config;
        let lease = config.backoff.first().copied().unwrap_or(config.ack_wait);
        Some(Held { message, queue: queue.clone(), lease })
    }
}
