//! Who goes first: priorities, tenants in turn, a tenant's oldest run, and keys that make room for others.

use crate::{
    faults::jobs_of,
    liar::{Answer, Liar},
    world::{SEGMENTS, Said, World, another_prover, prover, secrets, wait_for},
};
use std::{
    sync::{Arc, Mutex},
    thread::Scope,
};
use tessera_farm::{FarmOptions, FarmProver, Notice, Priority, Status};

/// Labels of runs, in the order in which their segments were proven.
type Order = Arc<Mutex<Vec<&'static str>>>;

/// Starts a run in the name of `tenant`, and waits until its jobs are in the queue.
fn start<'scope, 'env>(
    world: &World,
    scope: &'scope Scope<'scope, 'env>,
    (label, tenant, priority): (&'static str, &str, Priority),
    order: &Order,
) {
    let before = jobs_of(world, tenant);
    let options = FarmOptions { tenant: tenant.parse().unwrap(), priority, ..World::options() };
    let order = order.clone();
    let listener = Arc::new(move |notice| {
        if let Notice::Proven { .. } = notice {
            order.lock().unwrap().push(label);
        }
    });
    let srs = prover().verifier().unwrap().srs;
    let farm = world.coordinator_with(prover(), srs, options, listener);
    scope.spawn(move || prover().prove_segments(&secrets(), &farm, &|_| ()).unwrap());
    let full = before + SEGMENTS as u64;
    wait_for("the jobs", || (jobs_of(world, tenant) == full).then_some(()));
}

#[test]
fn urgent_jobs_then_tenants_in_turn_then_the_oldest_run() {
    let world = World::new();
    let order = Order::default();
    std::thread::scope(|scope| {
        for run in [
            ("late", "bank", Priority::Batch),
            ("first", "bank", Priority::Normal),
            ("second", "bank", Priority::Normal),
            ("other", "shop", Priority::Normal),
            ("urgent", "shop", Priority::Urgent),
        ] {
            start(&world, scope, run, &order);
        }
        let worker = world.inner_worker(|_| ());
        wait_for("all runs", || (order.lock().unwrap().len() == 5 * SEGMENTS).then_some(()));
        drop(worker);
    });
    let order = order.lock().unwrap();
    assert_eq!(order[..SEGMENTS], ["urgent"; SEGMENTS]);
    let turns = &order[SEGMENTS..3 * SEGMENTS];
    for pair in turns.chunks(2) {
        assert!(pair.contains(&"first") && pair.contains(&"other"), "{turns:?}");
    }
    assert_eq!(order[3 * SEGMENTS..4 * SEGMENTS], ["second"; SEGMENTS]);
    assert_eq!(order[4 * SEGMENTS..], ["late"; SEGMENTS]);
}

/// A run that is nearly done and has to do one segment again does not wait behind runs that came later.
#[test]
fn what_is_done_again_goes_before_later_runs() {
    let world = World::new();
    let order = Order::default();
    std::thread::scope(|scope| {
        start(&world, scope, ("first", "default", Priority::Normal), &order);
        start(&world, scope, ("second", "default", Priority::Normal), &order);
        // The oldest job is taken out of the queue, and nothing comes of it.
        let mut taken = false;
        let mut liar = Liar::start(&world, move |_, _| {
            let acknowledge = !std::mem::replace(&mut taken, true);
            Answer { results: vec![], acknowledge }
        });
        let all = 2 * SEGMENTS as u64;
        wait_for("a job that is gone", || (jobs_of(&world, "default") == all - 1).then_some(()));
        liar.stop();
        wait_for("the job again", || (jobs_of(&world, "default") == all).then_some(()));
        let worker = world.inner_worker(|_| ());
        wait_for("both runs", || (order.lock().unwrap().len() == 2 * SEGMENTS).then_some(()));
        drop(worker);
    });
    let order = order.lock().unwrap();
    let last = order.iter().rposition(|label| *label == "first").unwrap();
    let before = order[..last].iter().filter(|label| **label == "second").count();
    // What the liar held comes back when its lease is over, whoever's it is.
    assert!(before <= 1, "{order:?}");
}

#[test]
fn keys_that_were_not_used_for_longest_make_room() {
    let world = World::new();
    let other = another_prover();
    let srs = other.verifier().unwrap().srs;
    let said = Said::default();
    let one = world.coordinator(World::options(), &said);
    let two = world.coordinator_with(&other, srs, World::options(), Arc::new(|_| ()));
    let run = |prover: &tessera_proving::Prover, farm: &FarmProver| {
        prover.prove_segments(&secrets(), farm, &|_| ()).unwrap();
        let Status { workers, .. } = farm.status().unwrap();
        (workers[0].warm, workers[0].warm_bytes)
    };
    let worker = world.inner_worker(|_| ());
    let (models, bytes) = run(prover(), &one);
    assert_eq!(models, 1);
    assert!(bytes > 1 << 20, "{bytes}");
    let (models, both) = run(&other, &two);
    assert_eq!(models, 2, "there is room for both");
    assert!(both > bytes);
    drop(worker);

    let limit = bytes + bytes / 2;
    let _worker = world.inner_worker(|options| options.keys_bytes = limit);
    for _ in 0..2 {
        for (prover, farm) in [(prover(), &one), (&other, &two)] {
            let (models, bytes) = run(prover, farm);
            assert_eq!(models, 1, "the other one made room");
            assert!(bytes <= limit, "{bytes} of {limit}");
        }
    }
}
