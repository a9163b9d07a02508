//! One run: the jobs of one proof, from the first publication to the last valid result.

use crate::{
    FarmError, FarmKey, Notice, WireText,
    coordinator::Coordinator,
    ears::Ears,
    layout::{
        JOB_HEADER, PING, Queue, RUN_HEADER, VERSION_HEADER, WAKE, dead_subject, refused_subject,
        wanted_subject,
    },
    refusals::{self, Refusal},
    wire::{JobId, Order, Outcome, Report},
};
use async_nats::{
    Message,
    jetstream::{message::PublishMessage, stream::RawMessageErrorKind},
};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    path::Path,
    time::{Duration, Instant},
};
use tessera_artifact::{Sha256Digest, sha256};
use tessera_core::SegmentIndex;
use tessera_proving::{Delivery, ProvingError, SegmentJob};
use tessera_segment::Proof;

/// Results of one segment that may be false before the run is given up.
const MOST_FALSE: u32 = 32;
/// Times that one segment's job is published before the run is given up.
const MOST_ATTEMPTS: u32 = 1000;
/// Between two looks at the queue.
const SWEEP: Duration = Duration::from_millis(500);
/// How long a job may be out of the queue before its result is missed.
const GRACE: Duration = Duration::from_secs(1);
/// A package is not stored again more often.
const STORE_AGAIN: Duration = Duration::from_secs(2);

/// A segment whose proof is waited for.
struct Task {
    job: SegmentJob,
    attempt: u32,
    /// Where it is in the queue; none while it could not be published.
    sequence: Option<u64>,
    published: Instant,
    /// When it was first seen to be out of the queue.
    gone: Option<Instant>,
    false_results: u32,
    last_reason: Option<WireText>,
}

/// Why a run ended without its proofs.
pub(crate) struct GivenUp {
    segment: SegmentIndex,
    reason: String,
}

impl From<GivenUp> for ProvingError {
    fn from(GivenUp { segment, reason }: GivenUp) -> Self {
        Self::Elsewhere { segment, reason }
    }
}

pub(crate) struct Run<'a> {
    coordinator: &'a Coordinator,
    id: String,
    /// Results are sealed to it; it is gone with the run.
    key: FarmKey,
    open: BTreeMap<usize, Task>,
    done: HashSet<usize>,
    /// Results that were looked at, by digest: each comes twice, as it is sent and as it is stored.
    seen: HashSet<Sha256Digest>,
    refused: BTreeMap<String, bool>,
    handed_back: BTreeSet<WireText>,
    progress: Instant,
    stored: Instant,
}

impl<'a> Run<'a> {
    pub fn new(coordinator: &'a Coordinator, jobs: Vec<SegmentJob>) -> Self {
        let now = Instant::now();
        let task = |job: SegmentJob| {
            let task = Task {
                job,
                attempt: 0,
                sequence: None,
                published: now,
                gone: None,
                false_results: 0,
                last_reason: None,
            };
            (task.job.index().0, task)
        };
        Self {
            coordinator,
            id: hex::encode(rand::random::<[u8; 16]>()),
            key: FarmKey::generate(),
            open: jobs.into_iter().map(task).collect(),
            done: HashSet::new(),
            seen: HashSet::new(),
            refused: BTreeMap::new(),
            handed_back: BTreeSet::new(),
            progress: now,
            stored: now,
        }
    }

    pub async fn prove(mut self, deliver: Delivery<'_>) -> Result<(), ProvingError> {
        let first = SegmentIndex(*self.open.keys().next().unwrap_or(&0));
        let broken = |reason: String| GivenUp { segment: first, reason };
        let coordinator = self.coordinator;
        let mut ears = Ears::listen(&coordinator.farm, &self.id, &coordinator.own.tenant)
            .await
            .map_err(broken)?;
        let wanted = self.say_that_it_is_wanted().await.map_err(broken)?;
        let workers = self.look_for_workers();
        let ended = self.until_done(&mut ears, deliver).await;
        wanted.abort();
        workers.abort();
        self.clear_queue().await;
        Ok(ended?)
    }

    /// Answers workers that ask whether anybody waits for this run.
    async fn say_that_it_is_wanted(&self) -> Result<tokio::task::JoinHandle<()>, String> {
        let client = self.coordinator.farm.client.clone();
        let subscribed = client.subscribe(wanted_subject(&self.id)).await;
        let mut questions = subscribed.map_err(|error| error.to_string())?;
        Ok(tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                if let Some(reply) = question.reply {
                    let _ = client.publish(reply, "".into()).await;
                }
            }
        }))
    }

    fn look_for_workers(&self) -> tokio::task::JoinHandle<()> {
        let client = self.coordinator.farm.client.clone();
        let listener = self.coordinator.listener.clone();
        tokio::spawn(async move {
            let nobody = client.request(PING, "".into()).await.is_err();
            if nobody {
                listener(Notice::NoWorkers);
            }
        })
    }

    fn say(&self, notice: Notice) {
        tracing::info!("{notice}");
        (self.coordinator.listener)(notice);
    }

    async fn until_done(&mut self, ears: &mut Ears, deliver: Delivery<'_>) -> Result<(), GivenUp> {
        for segment in self.segments() {
            self.publish(segment).await?;
        }
        let mut sweep = tokio::time::interval(SWEEP);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !self.open.is_empty() {
            tokio::select! {
                Some(message) = ears.results.next() => self.result(&message, deliver).await?,
                Some(message) = ears.given_up.next() => self.given_up(&message.payload).await?,
                Some(message) = ears.handed_back.next() => self.handed_back(&message.payload),
                _ = sweep.tick() => self.sweep(ears, deliver).await?,
            }
        }
        Ok(())
    }

    fn segments(&self) -> Vec<SegmentIndex> {
        self.open.keys().copied().map(SegmentIndex).collect()
    }

    fn id_of(&self, segment: SegmentIndex, attempt: u32) -> JobId {
        JobId { run: self.id.clone(), segment, attempt }
    }

    /// Where the job goes that was published `attempt` times before.
    fn queue(&self, attempt: u32) -> Queue {
        let Coordinator { options, own, .. } = self.coordinator;
        Queue { priority: options.priority, again: attempt > 0, tenant: own.tenant.clone() }
    }

    /// Publishes the job of `segment` under its present id. One that the broker has already counts as
    /// published; one that it does not take now is published by a later sweep.
    async fn publish(&mut self, segment: SegmentIndex) -> Result<(), GivenUp> {
        let (farm, key) = (&self.coordinator.farm, self.key.public());
        let Some(task) = self.open.get(&segment.0) else { return Ok(()) };
        let id = self.id_of(segment, task.attempt);
        let order = Order { job: task.job.clone(), reply_to: key, srs: self.coordinator.srs };
        let sealed = order.seal(&id, &self.coordinator.key).map_err(|error| GivenUp {
            segment,
            reason: format!("cannot seal the job: {error}"),
        })?;
        let message = PublishMessage::build()
            .payload(sealed.into())
            .message_id(id.to_string())
            .header(VERSION_HEADER, crate::VERSION)
            .header(RUN_HEADER, self.id.as_str());
        let subject = self.queue(task.attempt).subject();
        let published = async { farm.context.send_publish(subject.clone(), message).await?.await };
        let sequence = match farm.asking.ask("cannot publish a job", published).await {
            Ok(ack) => Some(ack.sequence),
            Err(error @ FarmError::NotAllowed { .. }) => {
                return Err(GivenUp { segment, reason: error.to_string() });
            }
            Err(error) => {
                tracing::warn!(%segment, %error, "the broker did not take a job");
                None
            }
        };
        if sequence.is_some() {
            let _ = farm.client.publish(WAKE, subject.into()).await;
        }
        if let Some(task) = self.open.get_mut(&segment.0) {
            (task.sequence, task.published, task.gone) = (sequence, Instant::now(), None);
        }
        Ok(())
    }

    /// Publishes the job of `segment` under a new id.
    async fn again(
        &mut self,
        segment: SegmentIndex,
        reason: impl Into<WireText>,
    ) -> Result<(), GivenUp> {
        let reason = reason.into();
        let Some(task) = self.open.get_mut(&segment.0) else { return Ok(()) };
        task.attempt += 1;
        task.last_reason = Some(reason.clone());
        if task.attempt >= MOST_ATTEMPTS {
            let reason = format!("published {MOST_ATTEMPTS} times; the last time because {reason}");
            return Err(GivenUp { segment, reason });
        }
        if let Some(sequence) = task.sequence.take() {
            let _ = self.coordinator.own.jobs.delete_message(sequence).await;
        }
        self.say(Notice::Again { segment, reason });
        self.publish(segment).await
    }

    /// Looks at a result, as it was sent or as it was stored.
    async fn result(&mut self, message: &Message, deliver: Delivery<'_>) -> Result<(), GivenUp> {
        let id = message.headers.as_ref().and_then(|headers| headers.get(JOB_HEADER));
        let id = id.map(|id| id.as_str().to_owned()).unwrap_or_default();
        self.look_at(&id, &message.payload, deliver).await
    }

    async fn look_at(
        &mut self,
        id: &str,
        payload: &[u8],
        deliver: Delivery<'_>,
    ) -> Result<(), GivenUp> {
        let Ok(id) = id.parse::<JobId>() else { return Ok(()) };
        let segment = id.segment;
        if id.run != self.id || !self.seen.insert(sha256(payload)) {
            return Ok(());
        }
        // What is done stays done, whatever comes later.
        if !self.open.contains_key(&segment.0) {
            return Ok(());
        }
        match Report::open(&id, &self.key.0, payload) {
            Err(error) => {
                self.say(Notice::Garbage { segment, reason: error.to_string().into() });
                self.false_result(segment, "a result that nobody signed").await
            }
            Ok(report) if self.is_refused(&report.worker).await => {
                self.false_result(segment, "a result of a worker that is refused").await
            }
            Ok(Report { worker, outcome }) => self.outcome(id, worker, outcome, deliver).await,
        }
    }

    async fn outcome(
        &mut self,
        id: JobId,
        worker: String,
        outcome: Outcome,
        deliver: Delivery<'_>,
    ) -> Result<(), GivenUp> {
        let segment = id.segment;
        match outcome {
            Outcome::Proof { proof } => {
                let read = Proof::from_bytes(Path::new("the worker's proof"), proof.as_bytes());
                let accepted = match read {
                    Ok((proof, _)) => {
                        deliver(segment, proof).map_err(|error| error.to_string().into())
                    }
                    Err(_) => Err("it cannot be read".into()),
                };
                match accepted {
                    Ok(()) => {
                        self.open.remove(&segment.0);
                        self.done.insert(segment.0);
                        self.progress = Instant::now();
                        self.say(Notice::Proven { segment, worker });
                        Ok(())
                    }
                    Err(reason) => self.refuse(id, worker, reason).await,
                }
            }
            Outcome::Failed { reason, last: false } => {
                if let Some(task) = self.open.get_mut(&segment.0) {
                    task.last_reason = Some(reason.clone());
                }
                self.say(Notice::Failed { segment, worker, reason });
                Ok(())
            }
            Outcome::Failed { reason, last: true } => {
                let reason = format!("no worker could prove it: {reason}");
                Err(GivenUp { segment, reason })
            }
            Outcome::NoPackage { reason } => {
                self.say(Notice::Failed { segment, worker, reason });
                if self.stored.elapsed() >= STORE_AGAIN {
                    self.stored = Instant::now();
                    let Coordinator { farm, own, key, package, .. } = self.coordinator;
                    let put = own.packages.put(&farm.asking, key, package, true);
                    if let Err(error) = put.await {
                        tracing::warn!(%error, "the package could not be stored again");
                    }
                }
                Ok(())
            }
        }
    }

    /// A false proof costs its worker its name.
    async fn refuse(&mut self, id: JobId, worker: String, reason: WireText) -> Result<(), GivenUp> {
        let segment = id.segment;
        let Coordinator { farm, own, .. } = self.coordinator;
        let refusal = Refusal {
            worker: worker.as_str().into(),
            tenant: own.tenant.to_string().into(),
            reason: reason.clone(),
            job: id.to_string().into(),
        };
        if let Err(error) = refusals::record(farm, &own.tenant, &refusal).await {
            tracing::warn!(%error, "a refusal is not written down, but holds for this run");
        }
        self.refused.insert(worker.clone(), true);
        self.say(Notice::Refused { segment, worker, reason });
        self.false_result(segment, "the proof of it was false").await
    }

    async fn false_result(&mut self, segment: SegmentIndex, reason: &str) -> Result<(), GivenUp> {
        let Some(task) = self.open.get_mut(&segment.0) else { return Ok(()) };
        task.false_results += 1;
        if task.false_results >= MOST_FALSE {
            let reason = format!("{MOST_FALSE} results of it were false");
            return Err(GivenUp { segment, reason });
        }
        self.again(segment, reason).await
    }

    async fn is_refused(&mut self, worker: &str) -> bool {
        if let Some(refused) = self.refused.get(worker) {
            return *refused;
        }
        // A broker that does not answer now is asked again with the next result.
        let Coordinator { farm, own, .. } = self.coordinator;
        let subject = refused_subject(&own.tenant, worker);
        let Ok(found) = refusals::under(farm, &subject).await else { return false };
        self.refused.insert(worker.into(), found.is_some());
        found.is_some()
    }

    fn handed_back(&mut self, payload: &[u8]) {
        let reason = WireText::from_bytes(payload);
        if self.handed_back.len() < 100 && self.handed_back.insert(reason.clone()) {
            self.say(Notice::HandedBack { reason });
        }
    }

    /// The broker has handed a job out as often as it may, and nobody finished it.
    async fn given_up(&mut self, payload: &[u8]) -> Result<(), GivenUp> {
        #[derive(Deserialize)]
        struct Advisory {
            stream_seq: u64,
            deliveries: u64,
        }
        let Ok(advisory) = serde_json::from_slice::<Advisory>(payload) else { return Ok(()) };
        let of = |task: &&Task| task.sequence == Some(advisory.stream_seq);
        let Some(task) = self.open.values().find(of) else { return Ok(()) };
        let segment = task.job.index();
        if let Some(reason) = self.handed_back.pop_last() {
            return self.again(segment, format!("workers handed it back: {reason}")).await;
        }
        let mut reason = format!(
            "{} workers took it and none came back with a result: it may be what ended them",
            advisory.deliveries
        );
        if let Some(last) = &task.last_reason {
            reason = format!("{reason}; before that, {last}");
        }
        let id = self.id_of(segment, task.attempt).to_string();
        let letter = json!({ "job": id, "segment": segment.0, "reason": reason });
        let subject = dead_subject(&self.coordinator.own.tenant);
        let published =
            self.coordinator.farm.context.publish(subject, letter.to_string().into()).await;
        if let Ok(acknowledged) = published {
            let _ = acknowledged.await;
        }
        Err(GivenUp { segment, reason })
    }

    /// Finds what went by unheard, and publishes again what the broker no longer has.
    async fn sweep(&mut self, ears: &mut Ears, deliver: Delivery<'_>) -> Result<(), GivenUp> {
        let mut missing = vec![];
        for segment in self.segments() {
            if !self.is_in_the_queue(segment).await {
                missing.push(segment);
            }
        }
        while let Some(message) = ears.stored_results.next().await {
            let id = message.headers.get(JOB_HEADER).map(|id| id.as_str().to_owned());
            self.look_at(&id.unwrap_or_default(), &message.payload, deliver).await?;
        }
        while let Some(message) = ears.stored_given_up.next().await {
            self.given_up(&message.payload).await?;
        }
        for segment in missing {
            let Some(task) = self.open.get_mut(&segment.0) else { continue };
            let gone = *task.gone.get_or_insert_with(Instant::now);
            if task.sequence.is_none() {
                self.publish(segment).await?;
            } else if gone.elapsed() >= GRACE {
                self.again(segment, "it left the queue without a result").await?;
            }
        }
        for segment in self.segments() {
            let limit = self.coordinator.options.job_limit;
            if self.open[&segment.0].published.elapsed() >= limit && self.is_held(segment).await {
                self.again(segment, format!("no result within {limit:?}")).await?;
            }
        }
        self.check_patience()
    }

    /// Whether the broker still has the job of `segment`; yes, if it does not answer.
    async fn is_in_the_queue(&self, segment: SegmentIndex) -> bool {
        let Some(task) = self.open.get(&segment.0) else { return true };
        let Some(sequence) = task.sequence else { return false };
        let id = self.id_of(segment, task.attempt).to_string();
        match self.coordinator.own.jobs.get_raw_message(sequence).await {
            Ok(message) => {
                let named = message.headers.get(async_nats::header::NATS_MESSAGE_ID);
                named.is_some_and(|name| name.as_str() == id)
            }
            Err(error) => !matches!(error.kind(), RawMessageErrorKind::NoMessageFound),
        }
    }

    /// Whether a worker has it: what only waits for one is not late.
    async fn is_held(&self, segment: SegmentIndex) -> bool {
        let Some(task) = self.open.get(&segment.0) else { return false };
        let Some(sequence) = task.sequence else { return false };
        let jobs = &self.coordinator.own.jobs;
        let info = jobs.consumer_info(self.queue(task.attempt).consumer()).await;
        info.is_ok_and(|info| info.delivered.stream_sequence >= sequence)
    }

    fn check_patience(&self) -> Result<(), GivenUp> {
        let patience = self.coordinator.options.patience;
        let Some((&segment, task)) = self.open.first_key_value() else { return Ok(()) };
        if self.progress.elapsed() < patience {
            return Ok(());
        }
        let mut reason = format!("no segment was proven for {patience:?}");
        let reasons = task.last_reason.iter().chain(self.handed_back.last());
        for last in reasons {
            reason = format!("{reason}; {last}");
        }
        Err(GivenUp { segment: SegmentIndex(segment), reason })
    }

    /// Takes what nobody waits for any more out of the queue, one by one: a filtered purge has lost
    /// other jobs in some versions of the broker.
    async fn clear_queue(&self) {
        for sequence in self.open.values().filter_map(|task| task.sequence) {
            let _ = self.coordinator.own.jobs.delete_message(sequence).await;
        }
    }
}
