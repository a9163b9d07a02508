//! Workers that are not what they should be: they have the farm's key, and do as they like.

use crate::world::World;
use async_nats::jetstream::{
    self, AckKind, Context, consumer::PullConsumer, message::PublishMessage,
};
use futures_util::StreamExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};
use tessera_farm::{
    FarmKey, Identity, layout,
    wire::{JobId, Order, Outcome, Report},
};

/// What it does with a job: results to publish, and whether it says that the job is done.
pub struct Answer {
    pub results: Vec<Vec<u8>>,
    pub acknowledge: bool,
}

/// Takes jobs until it is stopped.
pub struct Liar {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Liar {
    pub fn start(
        world: &World,
        answer: impl FnMut(&JobId, &Order) -> Answer + Send + 'static,
    ) -> Self {
        let key = FarmKey::load(&world.path("farm.key")).unwrap();
        let (url, stop) = (world.broker.url(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(lie(url, key, stopped, answer));
        });
        Self { stop, thread: Some(thread) }
    }

    pub fn stop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
    }
}

async fn lie(
    url: String,
    key: FarmKey,
    stop: Arc<AtomicBool>,
    mut answer: impl FnMut(&JobId, &Order) -> Answer,
) {
    let context = jetstream::new(async_nats::connect(url).await.unwrap());
    let stream = context.get_stream(layout::Tenant::default().jobs_stream()).await.unwrap();
    let consumer: PullConsumer = stream.get_consumer("normal").await.unwrap();
    let again: PullConsumer = stream.get_consumer("normal-again").await.unwrap();
    while !stop.load(Relaxed) {
        let mut first = again.fetch().max_messages(1).messages().await.unwrap();
        let mut batch = consumer.fetch().max_messages(1).messages().await.unwrap();
        let next = match first.next().await {
            Some(message) => Some(message),
            None => batch.next().await,
        };
        let Some(Ok(message)) = next else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let id = message.headers.as_ref().unwrap().get(async_nats::header::NATS_MESSAGE_ID);
        let id: JobId = id.unwrap().as_str().parse().unwrap();
        let order = Order::open(&id, &key, &message.payload).unwrap();
        let Answer { results, acknowledge } = answer(&id, &order);
        for result in results {
            publish(&context, &id, result).await;
        }
        if acknowledge {
            message.double_ack_with(AckKind::Ack).await.unwrap();
        }
    }
}

async fn publish(context: &Context, id: &JobId, result: Vec<u8>) {
    let message =
        PublishMessage::build().payload(result.into()).header(layout::JOB_HEADER, id.to_string());
    let sent = context.send_publish(layout::results_subject(&id.run), message).await.unwrap();
    sent.await.unwrap();
}

/// The report that `identity` would send of `proof`.
pub fn report(identity: &Identity, id: &JobId, order: &Order, proof: String) -> Vec<u8> {
    Report::seal(id, identity, &order.reply_to, &Outcome::Proof { proof }).unwrap()
}

/// Workers that a job ends before they can say anything.
pub struct Takers(Liar);

impl Takers {
    pub fn start(world: &World) -> Self {
        Self(Liar::start(world, |_, _| Answer { results: vec![], acknowledge: false }))
    }

    pub fn stop(&mut self) {
        self.0.stop();
    }
}
