//! The worker: takes jobs, proves them, hands the proofs back.
//!
//! All that talks to the broker runs on one thread that proves nothing: a prover that uses every core
//! must not lose its lease. A job is in this process's memory only; nothing of it is written to a disk.

use crate::{
    Access, FarmError, FarmKey, Identity, VERSION, WireText,
    access::Farm,
    layout::{
        JOB_HEADER, PING, Queue, RUN_HEADER, VERSION_HEADER, WAKE, dead_subject,
        handed_back_subject, refused_subject, results_subject, wanted_subject,
    },
    metrics::{self, Figures},
    queues::{Held, Left, Queues},
    refusals,
    warm::{Strings, Warm},
    wire::{JobId, Order, Outcome, Report},
};
use async_nats::{
    RequestErrorKind, Subscriber,
    jetstream::{self, AckKind, message::PublishMessage},
};
use futures_util::{FutureExt, StreamExt};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tessera_artifact::Sha256Digest;
use tessera_proving::{Prover, SegmentJob};
use tessera_setup::SrsSource;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// Between two looks at empty queues, if nothing wakes the worker.
const LOOK: Duration = Duration::from_millis(500);
/// After a job of another version, its tenant's queue is left to others for so long.
const LEAVE: Duration = Duration::from_secs(10);
/// How often a result is offered to a broker that does not take it.
const OFFERS: u32 = 60;
/// Until whoever waits for a result has to answer.
const WANTED: Duration = Duration::from_secs(2);

/// Gives the text of a proof for a job.
pub type StandIn = Arc<dyn Fn(&SegmentJob) -> String + Send + Sync>;

/// What a worker is set up with.
pub struct WorkerOptions {
    /// Its name; results are signed with it.
    pub identity: Identity,
    /// What jobs are opened with.
    pub key: FarmKey,
    /// Where keys are made from.
    pub srs: Arc<dyn SrsSource>,
    /// Jobs at once.
    pub jobs: usize,
    /// Bytes of keys that are kept warm.
    pub keys_bytes: u64,
    /// After so long a job is let go, and counts as failed.
    pub job_limit: Duration,
    /// How long jobs in hand may go on once the worker is asked to end; then they are handed back.
    pub grace: Duration,
    /// Where `/metrics` and `/healthz` are served.
    pub metrics: Option<SocketAddr>,
    /// How long the planner's unit of work takes here, with the threads that prove one job.
    pub kernel: Option<Duration>,
    /// Makes what is sent as a proof, where everything but proving is to be measured. May sleep.
    pub stand_in: Option<StandIn>,
    /// [`VERSION`], where it is not a test of others.
    pub version: String,
}

impl WorkerOptions {
    /// As usual, for `identity`.
    pub fn new(identity: Identity, key: FarmKey, srs: Arc<dyn SrsSource>) -> Self {
        Self {
            identity,
            key,
            srs,
            jobs: 1,
            keys_bytes: 1 << 30,
            job_limit: Duration::from_secs(15 * 60),
            grace: Duration::from_secs(60),
            metrics: None,
            kernel: None,
            stand_in: None,
            version: VERSION.into(),
        }
    }
}

/// A worker that is connected.
pub struct Worker {
    inner: Arc<Inner>,
    wake: Subscriber,
    refused: Subscriber,
    pings: Subscriber,
    /// Who refuses it, and why.
    refused_by: BTreeMap<String, WireText>,
}

struct Inner {
    farm: Farm,
    options: WorkerOptions,
    name: String,
    strings: Arc<Strings>,
    warm: Mutex<Warm>,
    figures: Arc<Figures>,
    /// Set when jobs in hand are to be handed back.
    hand_back: watch::Sender<bool>,
    left: Left,
}

/// What is done with a job that is not finished.
enum Rest {
    /// Nobody waits for it, or it is not one.
    Drop(&'static str),
    /// Another worker may do it.
    HandBack { reason: String, leave_queue: bool, say: bool },
    /// It could not be done here.
    Failed(Outcome),
}

impl Worker {
    /// Connects.
    pub async fn connect(access: &Access, options: WorkerOptions) -> Result<Self, FarmError> {
        let farm = access.connect("tessera worker").await?;
        let name = options.identity.name();
        let subscribe = async |subject: String| {
            let subscribed = farm.client.subscribe(subject).await;
            subscribed.map_err(FarmError::broker("cannot subscribe"))
        };
        let (wake, pings) = (subscribe(WAKE.into()).await?, subscribe(PING.into()).await?);
        let refused = subscribe(refused_subject("*", &name)).await?;
        let told = refusals::all_of(&farm, &name).await?.into_iter();
        let refused_by = told.map(|((tenant, _), refusal)| (tenant, refusal.reason)).collect();
        let inner = Arc::new(Inner {
            strings: Arc::new(Strings::new(options.srs.clone())),
            warm: Mutex::new(Warm::new(options.keys_bytes)),
            figures: Arc::new(Figures::new(&name, &options)),
            hand_back: watch::Sender::new(false),
            left: Left::default(),
            farm,
            options,
            name,
        });
        Ok(Self { inner, wake, refused, pings, refused_by })
    }

    /// Works until `stop` is ready, then finishes what it has in hand.
    ///
    /// # Errors
    /// [`FarmError::WorkerRefused`] when there is no tenant that does not refuse this worker.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), FarmError> {
        if let Some(address) = self.inner.options.metrics {
            metrics::serve(address, self.inner.figures.clone()).await?;
        }
        let slots = Arc::new(Semaphore::new(self.inner.options.jobs));
        let mut queues = Queues::default();
        queues.look(&self.inner.farm).await;
        self.check_refusals(&queues)?;
        tracing::info!(worker = %self.inner.name, version = %self.inner.options.version, "ready");
        let mut stop = std::pin::pin!(stop);
        let ended = loop {
            if let Err(refused) = self.check_refusals(&queues) {
                break Err(refused);
            }
            let slot = tokio::select! {
                () = &mut stop => break Ok(()),
                Some(refusal) = self.refused.next() => { self.refuse(&refusal); continue }
                Some(ping) = self.pings.next() => { self.pong(ping).await; continue }
                Ok(slot) = slots.clone().acquire_owned() => slot,
            };
            if let Some(held) =
                queues.next(&self.inner.farm, &self.inner.left, &self.refused_by).await
            {
                self.inner.clone().start(held, slot);
                continue;
            }
            drop(slot);
            tokio::select! {
                () = &mut stop => break Ok(()),
                Some(refusal) = self.refused.next() => self.refuse(&refusal),
                Some(ping) = self.pings.next() => self.pong(ping).await,
                Some(wake) = self.wake.next() => {
                    queues.wake(&wake.payload);
                    // Those that came while it was busy say nothing new.
                    while let Some(Some(wake)) = self.wake.next().now_or_never() {
                        queues.wake(&wake.payload);
                    }
                }
                () = tokio::time::sleep(LOOK) => {}
            }
        };
        tracing::info!("ending: what is in hand is finished or handed back");
        let all = slots.acquire_many(self.inner.options.jobs as u32);
        if tokio::time::timeout(self.inner.options.grace, all).await.is_err() {
            let _ = self.inner.hand_back.send(true);
            let all = slots.acquire_many(self.inner.options.jobs as u32);
            let _ = tokio::time::timeout(Duration::from_secs(5), all).await;
        }
        let _ = self.inner.farm.client.flush().await;
        ended
    }

    /// A tenant refuses this worker: its jobs are for others from now on.
    fn refuse(&mut self, message: &async_nats::Message) {
        let refusal = refusals::read(&message.subject, &message.payload);
        let (tenant, reason) = (refusal.tenant, refusal.reason);
        tracing::error!(%tenant, %reason, "refused: this worker takes no more of the tenant's jobs");
        self.refused_by.insert(tenant.to_string(), reason);
    }

    /// Fails where no tenant is left to work for.
    fn check_refusals(&self, queues: &Queues) -> Result<(), FarmError> {
        let reasons = queues.tenants().map(|name| self.refused_by.get(&name.to_string()));
        let reasons: Option<Vec<_>> = reasons.collect();
        match reasons.as_deref() {
            None | Some([]) => Ok(()),
            Some([reason, ..]) => {
                let worker = self.inner.name.clone();
                Err(FarmError::WorkerRefused { worker, reason: (*reason).clone() })
            }
        }
    }

    async fn pong(&self, ping: async_nats::Message) {
        let (provers, bytes) = self.inner.warm().size();
        let status = self.inner.figures.status(provers, bytes);
        if let (Some(reply), Ok(bytes)) = (ping.reply, serde_json::to_vec(&status)) {
            let _ = self.inner.farm.client.publish(reply, bytes.into()).await;
        }
    }
}

impl Inner {
    fn warm(&self) -> std::sync::MutexGuard<'_, Warm> {
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(self: Arc<Self>, held: Held, slot: OwnedSemaphorePermit) {
        tokio::spawn(async move {
            self.figures.taken();
            tracing::info!(job = id_of(&held.message), "taken");
            let beat = heartbeat(&held, self.options.job_limit);
            let started = Instant::now();
            let mut hand_back = self.hand_back.subscribe();
            let ended = tokio::select! {
                ended = self.work(&held) => ended,
                _ = hand_back.wait_for(|now| *now) => Err(Rest::HandBack {
                    reason: "the worker was asked to end".into(),
                    leave_queue: false,
                    say: false,
                }),
                () = tokio::time::sleep(self.options.job_limit) => Err(Rest::Failed(Outcome::Failed {
                    reason: format!("it took longer than {:?}", self.options.job_limit).into(),
                    last: false,
                })),
            };
            self.end(&held, ended, started.elapsed()).await;
            beat.abort();
            self.figures.let_go();
            drop(slot);
        });
    }

    /// Proves the job and delivers the proof.
    async fn work(&self, held: &Held) -> Result<(), Rest> {
        let id = self.check(held).await?;
        let order =
            Order::open(&id, &self.options.key, &held.message.payload).map_err(|error| {
                let reason = format!("the job cannot be read with this farm's key: {error}");
                Rest::HandBack { reason, leave_queue: true, say: true }
            })?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        if order.job.expires_at().is_some_and(|end| end < now) {
            return Err(Rest::Drop("it has expired"));
        }
        let failed =
            |reason: String| Rest::Failed(Outcome::Failed { reason: reason.into(), last: false });
        let reply_to = order.reply_to.clone();
        let delivered = held.message.info().map_or(0, |info| info.delivered);
        let outcome = match self.options.stand_in.clone() {
            Some(stand_in) => {
                let made = tokio::task::spawn_blocking(move || stand_in(&order.job));
                made.await.map_err(|error| failed(error.to_string()))
            }
            None => self.proof(held, order).await,
        };
        match outcome {
            Ok(proof) => {
                let outcome = Outcome::Proof { proof };
                let delivered = self.report(&id, delivered, &reply_to, &outcome).await;
                delivered.map_err(|reason| Rest::HandBack {
                    reason,
                    leave_queue: false,
                    say: false,
                })
            }
            Err(Rest::Failed(mut outcome)) => {
                if let Outcome::Failed { last, .. } = &mut outcome {
                    *last = delivered >= crate::layout::MAX_DELIVER;
                }
                let _ = self.report(&id, delivered, &reply_to, &outcome).await;
                Err(Rest::Failed(outcome))
            }
            Err(rest) => Err(rest),
        }
    }

    /// The proof of `order` as text.
    async fn proof(&self, held: &Held, order: Order) -> Result<String, Rest> {
        let name = (order.job.package(), order.job.segments());
        let (prover, bytes) = self
            .prover(held, name)
            .await
            .map_err(|reason| Rest::Failed(Outcome::NoPackage { reason: reason.into() }))?;
        self.warm().keep(name, &prover, bytes, order.job.index());
        let (strings, span) = (self.strings.clone(), tracing::Span::current());
        let proving = tokio::task::spawn_blocking(move || {
            let _in = span.entered();
            prove(&prover, &strings, &order)
        });
        proving.await.unwrap_or_else(|error| {
            let reason = error.to_string().into();
            Err(Rest::Failed(Outcome::Failed { reason, last: false }))
        })
    }

    /// Whether it is a job for this worker that somebody waits for.
    async fn check(&self, held: &Held) -> Result<JobId, Rest> {
        let headers = held.message.headers.as_ref();
        let header = |name: &str| Some(headers?.get(name)?.as_str().to_owned());
        let id: Option<JobId> = id_of(&held.message).parse().ok();
        let Some(id) = id.filter(|id| header(RUN_HEADER).as_ref() == Some(&id.run)) else {
            return Err(Rest::Drop("it is not a job"));
        };
        let version = header(VERSION_HEADER).unwrap_or_default();
        if version != self.options.version {
            let reason = format!("it is of version {version}, this is {}", self.options.version);
            return Err(Rest::HandBack { reason, leave_queue: true, say: true });
        }
        let question = self.farm.client.request(wanted_subject(&id.run), "".into());
        match tokio::time::timeout(WANTED, question).await {
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                Err(Rest::Drop("nobody waits for it any more"))
            }
            _ => Ok(id),
        }
    }

    /// The prover of a package, with the package's size where it was fetched now.
    async fn prover(
        &self,
        held: &Held,
        name: (Sha256Digest, usize),
    ) -> Result<(Arc<Prover>, u64), String> {
        let (package, segments) = name;
        if let Some(prover) = self.warm().get(package, segments) {
            return Ok((prover, 0));
        }
        let package = held.packages.get(&self.options.key, package).await?;
        let bytes = package.to_bytes().map_or(0, |bytes| bytes.len() as u64);
        let prover = Prover::new(package, segments, self.strings.clone());
        prover.map(|prover| (Arc::new(prover), bytes)).map_err(|error| error.to_string())
    }

    /// Signs, seals and publishes; returns when the broker has it. A job that the broker has `delivered`
    /// before may have another outcome now, so that number is in the message's id, too.
    async fn report(
        &self,
        id: &JobId,
        delivered: i64,
        reply_to: &crate::FarmPublicKey,
        outcome: &Outcome,
    ) -> Result<(), String> {
        let sealed = Report::seal(id, &self.options.identity, reply_to, outcome);
        let sealed = sealed.map_err(|error| error.to_string())?;
        let mut reason = String::new();
        for _ in 0..OFFERS {
            let message = PublishMessage::build()
                .payload(sealed.clone().into())
                .message_id(format!("{id}-{delivered}-{}", self.name))
                .header(JOB_HEADER, id.to_string());
            let published = self.farm.context.send_publish(results_subject(&id.run), message).await;
            let acknowledged = match published {
                Ok(future) => future.await,
                Err(error) => Err(error),
            };
            match acknowledged {
                Ok(_) => return Ok(()),
                Err(error) => reason = format!("the broker does not take the result: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Err(reason)
    }

    async fn end(&self, held: &Held, ended: Result<(), Rest>, took: Duration) {
        let job = id_of(&held.message);
        let seconds = took.as_secs_f64();
        let message = &held.message;
        let acknowledged = match ended {
            Ok(()) => {
                self.figures.proven(took);
                tracing::info!(job, seconds, "proven");
                // Unacknowledged it would only be done twice.
                message.double_ack().await
            }
            Err(Rest::Drop(reason)) => {
                tracing::info!(job, reason, "dropped");
                message.ack_with(AckKind::Term).await
            }
            Err(Rest::HandBack { reason, leave_queue, say }) => {
                self.figures.handed_back();
                tracing::warn!(job, reason, "handed back");
                if leave_queue {
                    self.left.leave(&held.queue, LEAVE);
                }
                let run = job.parse::<JobId>().ok().filter(|_| say);
                if let Some(JobId { run, .. }) = run {
                    let subject = handed_back_subject(&run);
                    let _ = self.farm.client.publish(subject, reason.into()).await;
                }
                let delay = leave_queue.then_some(Duration::from_secs(1));
                message.ack_with(AckKind::Nak(delay)).await
            }
            Err(Rest::Failed(Outcome::Failed { reason, last: true })) => {
                self.figures.failed();
                tracing::error!(job, %reason, "failed for the last time: a dead letter");
                self.dead_letter(&held.queue, &job, &reason).await;
                message.ack_with(AckKind::Term).await
            }
            Err(Rest::Failed(outcome)) => {
                self.figures.failed();
                tracing::error!(job, ?outcome, "failed");
                message.ack_with(AckKind::Nak(Some(Duration::from_secs(1)))).await
            }
        };
        if let Err(error) = acknowledged {
            tracing::warn!(job, %error, "the broker did not hear what became of a job");
        }
    }

    async fn dead_letter(&self, queue: &Queue, job: &str, reason: &str) {
        let letter = serde_json::json!({ "job": job, "worker": self.name, "reason": reason });
        let subject = dead_subject(&queue.tenant);
        let published = self.farm.context.publish(subject, letter.to_string().into()).await;
        if let Ok(acknowledged) = published {
            let _ = acknowledged.await;
        }
    }
}

/// The id in a message's header, whatever it is.
fn id_of(message: &jetstream::Message) -> String {
    let headers = message.headers.as_ref();
    let id = headers.and_then(|headers| headers.get(async_nats::header::NATS_MESSAGE_ID));
    id.map(|id| id.as_str().to_owned()).unwrap_or_default()
}

/// Says that the job is being worked on, three times a lease, until `limit`.
fn heartbeat(held: &Held, limit: Duration) -> tokio::task::JoinHandle<()> {
    let (message, pause) = (held.message.clone(), held.lease / 3);
    tokio::spawn(async move {
        let start = Instant::now();
        while start.elapsed() < limit {
            tokio::time::sleep(pause).await;
            let _ = message.ack_with(AckKind::Progress).await;
        }
    })
}

/// The proof of `order` as text. A bug is a failed job, not the end of the worker.
fn prove(prover: &Prover, strings: &Strings, order: &Order) -> Result<String, Rest> {
    let failed =
        |reason: String| Rest::Failed(Outcome::Failed { reason: reason.into(), last: false });
    let proven = catch_unwind(AssertUnwindSafe(|| {
        let srs = strings.srs(prover.segment_k()).map_err(|error| failed(error.to_string()))?;
        if srs.digest() != order.srs {
            let (wanted, here) = (order.srs, srs.digest());
            let reason =
                format!("it is for the reference string {wanted}, this worker has {here} (--srs)");
            return Err(Rest::HandBack { reason, leave_queue: true, say: true });
        }
        let proof = prover.prove_segment(&order.job).map_err(|error| failed(error.to_string()))?;
        let bytes = proof.to_bytes(order.srs).map_err(|error| failed(error.to_string()))?;
        String::from_utf8(bytes.to_vec()).map_err(|error| failed(error.to_string()))
    }));
    proven.unwrap_or_else(|_| Err(failed("a bug in the worker; its log has the message".into())))
}
