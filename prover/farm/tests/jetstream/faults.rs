//! Machines that end at the wrong moment. Nothing is lost, and all segments are proven each time.

use crate::world::{LEASE, SEGMENTS, Said, World, prover, secrets, times, wait_for};
use async_nats::jetstream;
use std::time::{Duration, Instant};
use tessera_core::SegmentIndex;
use tessera_farm::{FarmOptions, Notice, Priority, layout};
use tessera_proving::ProvingError;

/// Runs `work` with a connection to the broker of `world`.
pub fn on_the_broker<T>(world: &World, work: impl AsyncFnOnce(jetstream::Context) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(world.broker.url()).await.unwrap();
        work(jetstream::new(client)).await
    })
}

/// Jobs in the queues of a tenant.
pub fn jobs_of(world: &World, tenant: &str) -> u64 {
    let tenant: layout::Tenant = tenant.parse().unwrap();
    on_the_broker(world, async |context| {
        let stream = context.get_stream(tenant.jobs_stream()).await;
        stream.map_or(0, |stream| stream.cached_info().state.messages)
    })
}

fn jobs(world: &World) -> u64 {
    jobs_of(world, "default")
}

fn dead_letters(world: &World) -> Vec<String> {
    on_the_broker(world, async |context| {
        let stream = context.get_stream(layout::DEAD).await.unwrap();
        let last = stream.get_last_raw_message_by_subject("tessera.dead.default").await;
        last.into_iter().map(|m| String::from_utf8(m.payload.to_vec()).unwrap()).collect()
    })
}

#[test]
fn a_worker_killed_in_the_middle_of_a_proof() {
    for _ in 0..times(1, 10) {
        kill_one_in_the_middle();
    }
}

fn kill_one_in_the_middle() {
    let mut world = World::new();
    let mut killed = Instant::now();
    let said = world.prove(|world, said| {
        let mut first = world.worker();
        first.until("\"taken\"");
        let log = first.kill();
        assert!(!log.contains("\"proven\""), "killed too late: {log}");
        killed = Instant::now();
        let mut second = world.worker();
        second.until("\"taken\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
        // Every lease ran out once, and no job waited for longer than that and the proofs before it.
        let took = killed.elapsed();
        assert!(took < LEASE + Duration::from_secs(20), "{took:?}");
    });
    assert_eq!(said.count(|n| matches!(n, Notice::Refused { .. } | Notice::Garbage { .. })), 0);
    assert_eq!(jobs(&world), 0, "nothing is left in the queue");
}

#[test]
fn every_worker_killed_and_new_ones_later() {
    let mut world = World::new();
    world.prove(|world, said| {
        let mut workers = [world.worker(), world.worker()];
        workers[0].until("\"taken\"");
        for worker in workers {
            worker.kill();
        }
        std::thread::sleep(LEASE * 2);
        world.worker().until("\"proven\"");
        // That one is gone as well.
        let _last = world.worker();
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
}

#[test]
fn the_broker_killed_and_restarted() {
    for _ in 0..times(1, 10) {
        kill_the_broker();
    }
}

fn kill_the_broker() {
    let mut world = World::new();
    world.prove(|world, said| {
        let mut worker = world.worker();
        worker.until("\"taken\"");
        world.broker.kill();
        std::thread::sleep(Duration::from_secs(1));
        world.broker.restart();
        worker.until("\"proven\"");
        drop(worker);
        // Before anybody takes the rest, once more.
        world.broker.kill();
        world.broker.restart();
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
}

/// The broker ends between a worker's question for a job and its answer. Nobody else will ask for it.
#[test]
fn a_question_that_the_broker_never_answered() {
    let mut world = World::new();
    drop(world.coordinator(World::options(), &Said::default()));
    let mut worker = world.worker();
    worker.until("\"ready\"");
    for _ in 0..3 {
        // Woken all the time, it asks all the time.
        on_the_broker(&world, async |context| {
            let subject = "tessera.jobs.default.normal";
            for _ in 0..50 {
                for _ in 0..20 {
                    context.client().publish(layout::WAKE, subject.into()).await.unwrap();
                }
                context.client().flush().await.unwrap();
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        world.broker.kill();
        world.broker.restart();
    }
    world.prove(|_, said| {
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
}

/// What a broker acknowledges and loses in a power cut: jobs are out of the queue without a result.
#[test]
fn jobs_that_the_broker_has_lost() {
    let mut world = World::new();
    let said = world.prove(|world, said| {
        wait_for("the jobs", || (jobs(world) == SEGMENTS as u64).then_some(()));
        on_the_broker(world, async |context| {
            let stream = layout::Tenant::default().jobs_stream();
            context.get_stream(stream).await.unwrap().purge().await.unwrap();
        });
        said.wait_for("a job that is missed", |n| matches!(n, Notice::Again { .. }));
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    assert_eq!(said.count(|n| matches!(n, Notice::Again { .. })), SEGMENTS);
}

#[test]
fn a_package_damaged_in_the_store() {
    let mut world = World::new();
    world.prove(|world, said| {
        let name = prover().package().digest().to_string();
        on_the_broker(world, async |context| {
            let store = context.get_object_store(bucket()).await.unwrap();
            store.put(name.as_str(), &mut &b"not a package"[..]).await.unwrap();
        });
        let mut worker = world.worker();
        let failed = said.wait_for("a complaint", |n| matches!(n, Notice::Failed { .. }));
        assert!(failed.to_string().contains("damaged in the store"), "{failed}");
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
}

fn bucket() -> String {
    layout::Tenant::default().packages_bucket()
}

/// A reader that waits for the parts of a package that is being replaced would wait for ever.
#[test]
fn a_package_replaced_all_the_time() {
    let mut world = World::new();
    // One that keeps no keys reads the package for every job.
    let start = Instant::now();
    world.prove(|world, said| {
        let worker = world.inner_worker(|options| options.keys_bytes = 0);
        let name = prover().package().digest().to_string();
        on_the_broker(world, async |context| {
            let store = context.get_object_store(bucket()).await.unwrap();
            let mut whole = vec![];
            let mut object = store.get(&name).await.unwrap();
            tokio::io::AsyncReadExt::read_to_end(&mut object, &mut whole).await.unwrap();
            while said.proven() < SEGMENTS && start.elapsed() < Duration::from_secs(80) {
                store.put(name.as_str(), &mut whole.as_slice()).await.unwrap();
            }
        });
        drop(worker);
    });
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_worker_of_another_version() {
    let mut world = World::new();
    let said = world.prove(|world, said| {
        let other = world.inner_worker(|options| options.version = "0/old".into());
        let back = said.wait_for("a job handed back", |n| matches!(n, Notice::HandedBack { .. }));
        let text = back.to_string();
        assert!(text.contains(tessera_farm::VERSION) && text.contains("0/old"), "{text}");
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
        drop(other);
    });
    assert_eq!(said.count(|n| matches!(n, Notice::Refused { .. })), 0, "it did nothing wrong");
}

#[test]
fn a_worker_with_another_reference_string_hands_jobs_back() {
    let world = World::new();
    let said = Said::default();
    let options = FarmOptions { patience: Duration::from_secs(4), ..World::options() };
    let other = tessera_artifact::Sha256Digest([7; 32]);
    let farm = world.coordinator_of(other, options, &said);
    let _worker = world.worker();
    let ended = prover().prove_segments(&secrets(), &farm, &|_| ());
    let Err(ProvingError::Elsewhere { reason, .. }) = ended else { panic!("it ended well") };
    assert!(reason.contains(&other.to_string()) && reason.contains("--srs"), "{reason}");
    assert_eq!(said.count(|n| matches!(n, Notice::Refused { .. })), 0, "it did nothing wrong");
}

#[test]
fn a_job_that_ends_every_worker_is_a_dead_letter() {
    let mut world = World::new();
    let (_, ended) = world.try_prove(World::options(), |world, _| {
        // Each takes a job and is gone; more than the broker hands out any one of them.
        let mut workers = crate::liar::Takers::start(world);
        wait_for("a dead letter", || (!dead_letters(world).is_empty()).then_some(()));
        workers.stop();
    });
    let Err(ProvingError::Elsewhere { segment, reason }) = ended else { panic!("{ended:?}") };
    assert!(segment.0 < SEGMENTS, "{segment}");
    assert!(reason.contains("none came back"), "{reason}");
    let letter = dead_letters(&world).pop().unwrap();
    assert!(letter.contains("none came back"), "{letter}");
    assert!(letter.contains(&format!("\"segment\":{}", segment.0)), "{letter}");
    assert_eq!(jobs(&world), 0, "nothing is left in the queue");
}

#[test]
fn nobody_there() {
    let mut world = World::new();
    let options = FarmOptions { patience: Duration::from_secs(2), ..World::options() };
    let (said, ended) = world.try_prove(options, |_, _| ());
    let Err(ProvingError::Elsewhere { segment, reason }) = ended else { panic!("{ended:?}") };
    assert_eq!(segment, SegmentIndex(0));
    assert!(reason.contains("2s"), "{reason}");
    assert_eq!(said.count(|n| *n == Notice::NoWorkers), 1);
    assert_eq!(jobs(&world), 0);
}

#[test]
fn two_coordinators_with_one_model() {
    let mut world = World::new();
    let _worker = world.worker();
    let other = Said::default();
    let second = world.coordinator(
        FarmOptions {
            tenant: "another".parse().unwrap(),
            priority: Priority::Batch,
            ..World::options()
        },
        &other,
    );
    world.prove(|_, _| {
        let proofs = prover().prove_segments(&secrets(), &second, &|_| ()).unwrap();
        assert_eq!(proofs.len(), SEGMENTS);
    });
    assert_eq!(other.proven(), SEGMENTS);
}

/// One run after the other, and no worker's memory grows with them.
#[test]
fn many_jobs_through_few_workers() {
    let world = World::new();
    let workers: Vec<_> = (0..times(2, 4)).map(|_| world.worker()).collect();
    let (said, runs) = (Said::default(), times(5, 250));
    let farm = world.coordinator(World::options(), &said);
    let memory = || workers.iter().filter_map(|worker| worker.memory()).max();
    let mut early = None;
    for run in 0..runs {
        let proofs = prover().prove_segments(&secrets(), &farm, &|_| ()).unwrap();
        assert_eq!(proofs.len(), SEGMENTS);
        if run == runs / 5 {
            early = memory();
        }
    }
    assert_eq!(said.proven(), runs * SEGMENTS);
    println!("{} jobs: at most {early:?} bytes early, {:?} at the end", said.proven(), memory());
    if let (Some(early), Some(late)) = (early, memory()) {
        assert!(late < early + early / 4 + (16 << 20), "{early} bytes became {late}");
    }
}

#[test]
fn a_worker_that_is_asked_to_end_finishes_its_job() {
    let mut world = World::new();
    world.prove(|world, said| {
        let mut worker = world.worker();
        worker.until("\"taken\"");
        worker.terminate();
        assert_eq!(worker.ended().code(), Some(0), "{}", worker.log());
        let log = worker.log();
        assert_eq!(log.matches("\"taken\"").count(), 1, "{log}");
        assert_eq!(log.matches("\"proven\"").count(), 1, "{log}");
        assert_eq!(said.proven(), 1);
        // One that may not finish hands it back, and others need not wait for the lease.
        let hasty = tessera_farm::Identity::generate();
        let mut hasty = world.worker_named(&hasty, Duration::ZERO);
        hasty.until("\"taken\"");
        hasty.terminate();
        assert_eq!(hasty.ended().code(), Some(0), "{}", hasty.log());
        let mut last = world.worker();
        last.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
}

#[test]
fn jobs_of_a_coordinator_that_is_gone_are_dropped() {
    let world = World::new();
    let farm = world.coordinator(World::options(), &Said::default());
    drop(farm);
    on_the_broker(&world, async |context| {
        use jetstream::message::PublishMessage;
        let run = "0".repeat(32);
        let message = PublishMessage::build()
            .payload("sealed".into())
            .message_id(format!("{run}-0-0"))
            .header(layout::VERSION_HEADER, tessera_farm::VERSION)
            .header(layout::RUN_HEADER, run.as_str());
        let sent = context.send_publish("tessera.jobs.default.normal", message).await.unwrap();
        sent.await.unwrap();
    });
    let mut worker = world.worker();
    worker.until("nobody waits");
    wait_for("an empty queue", || (jobs(&world) == 0).then_some(()));
}
