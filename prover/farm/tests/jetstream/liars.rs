//! Workers that return what is false. It never counts, it costs them their name, and the rest is proven.

use crate::{
    liar::{Answer, Liar, report},
    world::{SEGMENTS, Said, World, prover, secrets, segment_of, wait_for},
};
use std::{sync::Arc, time::Duration};
use tessera_farm::{
    FarmKey, Identity, Notice,
    wire::{JobId, Order},
};
use tessera_segment::{Proof, Unverified};

/// The honest proof of an order, as the file that a worker sends.
fn honest(order: &Order) -> String {
    text(&prover().prove_segment(&order.job).unwrap(), order)
}

fn text<State>(proof: &Proof<State>, order: &Order) -> String {
    String::from_utf8(proof.to_bytes(order.srs).unwrap().to_vec()).unwrap()
}

/// Runs with a liar alone until its first result was looked at, then with an honest worker as well.
fn with_a_liar(
    identity: Arc<Identity>,
    result: impl Fn(&Identity, &JobId, &Order) -> Vec<u8> + Send + 'static,
    wanted: impl Fn(&Notice) -> bool,
) -> (World, Said, Notice) {
    let mut world = World::new();
    let mut found = None;
    let said = world.prove(|world, said| {
        let mut liar = Liar::start(world, move |id, order| Answer {
            results: vec![result(&identity, id, order)],
            acknowledge: true,
        });
        found = Some(said.wait_for("the lie", &wanted));
        liar.stop();
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    (world, said, found.unwrap())
}

/// The liar of `with_a_liar` must be refused by its name.
#[track_caller]
fn costs_its_name(result: impl Fn(&Identity, &JobId, &Order) -> Vec<u8> + Send + 'static) -> World {
    let liar = Arc::new(Identity::generate());
    let name = liar.name();
    let refused = |notice: &Notice| matches!(notice, Notice::Refused { .. });
    let (world, said, notice) = with_a_liar(liar, result, refused);
    let Notice::Refused { worker, segment, .. } = notice else { panic!("{notice}") };
    assert_eq!(worker, name);
    let again = |n: &Notice| matches!(n, Notice::Again { .. }) && segment_of(n) == Some(segment);
    assert!(said.count(again) >= 1, "its job was published again");
    let honest = said.all().into_iter().filter_map(|notice| match notice {
        Notice::Proven { worker, .. } => Some(worker),
        _ => None,
    });
    assert!(honest.into_iter().all(|worker| worker != name), "nothing of the liar's counts");
    world
}

#[test]
fn a_false_proof_costs_the_worker_its_name() {
    let liar = Arc::new(Identity::generate());
    let (false_proof, identity) = (
        |identity: &Identity, id: &JobId, order: &Order| {
            let proof = prover().prove_segment(&order.job).unwrap();
            let mut bytes = proof.bytes().to_vec();
            bytes[40] ^= 1;
            let proof: Proof<Unverified> =
                Proof::from_parts(*proof.key(), *proof.instances(), bytes);
            report(identity, id, order, text(&proof, order))
        },
        liar.clone(),
    );
    let refused = |notice: &Notice| matches!(notice, Notice::Refused { .. });
    let (mut world, _, _) = with_a_liar(identity, false_proof, refused);

    // With this name it does not get in again, and what it sends does not count, right or wrong.
    let mut worker = world.worker_named(&liar, Duration::from_secs(60));
    assert_ne!(worker.ended().code(), Some(0), "{}", worker.log());
    assert!(worker.log().contains("is refused by every tenant"), "{}", worker.log());
    let name = liar.name();
    let said = world.prove(|world, said| {
        let mut reformed = Liar::start(world, move |id, order| Answer {
            results: vec![report(&liar, id, order, honest(order))],
            acknowledge: true,
        });
        said.wait_for("a result that does not count", |n| {
            n.to_string().contains("a worker that is refused")
        });
        reformed.stop();
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    let by_it = |n: &Notice| matches!(n, Notice::Proven { worker, .. } if *worker == name);
    assert_eq!(said.count(by_it), 0);
    let farm = world.coordinator(World::options(), &Said::default());
    let status = farm.status().unwrap();
    assert_eq!(status.refused.len(), 1);
    assert_eq!(*status.refused[0].worker, *name);
    assert_eq!(&*status.refused[0].tenant, "default");
}

#[test]
fn another_segments_proof_costs_the_worker_its_name() {
    costs_its_name(|identity, id, order| {
        let other = (order.job.index().0 + 1) % SEGMENTS;
        let jobs = prover().jobs(&secrets()).unwrap();
        let proof = prover().prove_segment(&jobs[other]).unwrap();
        report(identity, id, order, text(&proof, order))
    });
}

#[test]
fn another_runs_proof_costs_the_worker_its_name() {
    costs_its_name(|identity, id, order| {
        let jobs = prover().jobs(&secrets()).unwrap();
        let proof = prover().prove_segment(&jobs[order.job.index().0]).unwrap();
        report(identity, id, order, text(&proof, order))
    });
}

#[test]
fn signed_garbage_costs_the_worker_its_name() {
    costs_its_name(|identity, id, order| report(identity, id, order, "{}".into()));
}

/// Nobody's name is under it, so nobody can be refused for it, least of all the one that it names.
#[test]
fn unsigned_garbage_costs_nobody_anything() {
    let garbage = |notice: &Notice| matches!(notice, Notice::Garbage { .. });
    let (_, said, _) =
        with_a_liar(Arc::new(Identity::generate()), |_, _, _| b"garbage".to_vec(), garbage);
    assert_eq!(said.count(|n| matches!(n, Notice::Refused { .. })), 0);
}

#[test]
fn a_worker_that_says_it_is_done_and_sends_nothing() {
    let mut world = World::new();
    let said = world.prove(|world, said| {
        let mut liar = Liar::start(world, |_, _| Answer { results: vec![], acknowledge: true });
        said.wait_for("a job that is missed", |n| matches!(n, Notice::Again { .. }));
        liar.stop();
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    assert!(said.count(|n| matches!(n, Notice::Again { .. })) >= SEGMENTS);
}

/// The same job done twice, each result sent twice, and after its proof counted a false one.
#[test]
fn one_job_delivered_twice() {
    let mut world = World::new();
    let identity = Identity::generate();
    let said = world.prove(|world, said| {
        let liar = Liar::start(world, move |id, order| {
            let result = report(&identity, id, order, honest(order));
            let late = report(&identity, id, order, "{}".into());
            let results = vec![result.clone(), result, late];
            Answer { results, acknowledge: false }
        });
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
        drop(liar);
    });
    assert_eq!(said.proven(), SEGMENTS);
    let other = said.count(|n| !matches!(n, Notice::Proven { .. } | Notice::NoWorkers));
    assert_eq!(other, 0, "a completion is never taken back: {:?}", said.all());
}

/// Sealed to another farm: nobody here can read it, and the coordinator hears why.
#[test]
fn a_job_sealed_to_another_farm() {
    let mut world = World::new();
    world.key = FarmKey::generate();
    let options = tessera_farm::FarmOptions {
        patience: std::time::Duration::from_secs(4),
        ..World::options()
    };
    let (said, ended) = world.try_prove(options, |world, said| {
        let worker = world.worker();
        said.wait_for("a job handed back", |n| matches!(n, Notice::HandedBack { .. }));
        drop(worker);
    });
    let reason = ended.unwrap_err().to_string();
    assert!(reason.contains("cannot be read with this farm's key"), "{reason}");
    assert_eq!(said.proven(), 0);
}
