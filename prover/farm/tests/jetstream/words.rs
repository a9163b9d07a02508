//! What others write is shown and not obeyed: no text from the network has a control character when it gets to a
//! terminal, whoever sent it and on whichever way.

use crate::{
    faults::on_the_broker,
    liar::{Answer, Liar},
    world::{SEGMENTS, World, wait_for},
};
use futures_util::StreamExt;
use tessera_farm::{
    Identity, Notice, layout,
    wire::{Outcome, Report},
};

/// Clears the screen, sets the title, turns the direction of writing, and forges a line.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}\r\nerror: pay 0xabc\u{9b}1m";

#[track_caller]
fn harmless(text: &str) {
    let bad = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!text.contains(bad), "{text:?}");
    assert!(text.chars().count() < 1000, "{text:?}");
}

#[test]
fn what_workers_say_to_a_coordinator() {
    let mut world = World::new();
    let identity = Identity::generate();
    let said = world.prove(|world, said| {
        let reason = format!("{EVIL}{}", "x".repeat(100_000));
        let outcome = serde_json::json!({ "outcome": "failed", "reason": reason, "last": false });
        let outcome: Outcome = serde_json::from_value(outcome).unwrap();
        let mut liar = Liar::start(world, move |id, order| Answer {
            results: vec![Report::seal(id, &identity, &order.reply_to, &outcome).unwrap()],
            acknowledge: false,
        });
        said.wait_for("a complaint", |n| matches!(n, Notice::Failed { .. }));
        // What is handed back is in no seal: anybody could say it.
        on_the_broker(world, async |context| {
            let client = context.client();
            let stream = layout::Tenant::default().jobs_stream();
            let stream = context.get_stream(stream).await.unwrap();
            let job = stream.get_first_raw_message_by_subject("tessera.jobs.default.normal", 1);
            let job = job.await.unwrap();
            let run = job.headers.get(layout::RUN_HEADER).unwrap().as_str().to_owned();
            client.publish(layout::handed_back_subject(&run), EVIL.into()).await.unwrap();
            client.flush().await.unwrap();
        });
        said.wait_for("a job handed back", |n| matches!(n, Notice::HandedBack { .. }));
        liar.stop();
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    for notice in said.all() {
        harmless(&notice.to_string());
    }
    assert!(said.all().iter().any(|notice| notice.to_string().contains("owned")));
}

#[test]
fn what_status_shows() {
    let world = World::new();
    let farm = world.coordinator(World::options(), &Default::default());
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (done, is_done) = tokio::sync::oneshot::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            on_the_broker(&world, async |context| {
                let client = context.client();
                let name = Identity::generate().name();
                let refusal = serde_json::json!({
                    "worker": EVIL, "tenant": EVIL, "reason": EVIL, "job": EVIL,
                });
                let subject = layout::refused_subject("default", &name);
                let sent = context.publish(subject, refusal.to_string().into()).await.unwrap();
                sent.await.unwrap();
                let mut pings = client.subscribe(layout::PING).await.unwrap();
                client.flush().await.unwrap();
                ready.send(()).unwrap();
                let answer = serde_json::json!({
                    "worker": EVIL, "version": EVIL, "seconds": 1, "busy": 0, "proven": 0,
                    "lastMinute": 0, "failed": 0, "handedBack": 0, "warm": 0, "warmBytes": 0,
                });
                let ping = pings.next().await.unwrap();
                let reply = ping.reply.unwrap();
                client.publish(reply, answer.to_string().into()).await.unwrap();
                client.flush().await.unwrap();
                is_done.await.unwrap();
            });
        });
        is_ready.recv().unwrap();
        let status = farm.status().unwrap();
        done.send(()).unwrap();
        let (worker, refusal) = (&status.workers[0], &status.refused[0]);
        for text in [&worker.worker, &worker.version, &refusal.reason, &refusal.job] {
            harmless(text);
            assert!(text.contains("owned"), "{text}");
        }
        // Who refuses whom is in the subject, which the broker checks.
        assert_eq!(&*refusal.tenant, "default");
        assert!(refusal.worker.starts_with('U'), "{}", refusal.worker);
    });
}
