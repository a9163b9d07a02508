//! A broker that loses what it acknowledged, as in a power cut before its last writes were on the disk.

use crate::{
    faults::jobs_of,
    world::{SEGMENTS, Said, World, wait_for},
};
use tessera_farm::Notice;

/// All jobs were acknowledged, and none is there any more. New ones get the sequence numbers of the lost.
#[test]
fn the_jobs_are_lost() {
    let mut world = World::new();
    // Streams and queues are there, as after the first run of a farm.
    drop(world.coordinator(World::options(), &Default::default()));
    let kept = world.broker.keep();
    let said = world.prove(|world, said| {
        wait_for("the jobs", || (jobs_of(world, "default") == SEGMENTS as u64).then_some(()));
        world.broker.restart_from(&kept);
        said.wait_for("a job that is missed", |n| matches!(n, Notice::Again { .. }));
        let mut worker = world.worker();
        worker.until("\"proven\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    assert!(said.count(|n| matches!(n, Notice::Again { .. })) >= SEGMENTS);
}

/// The jobs come back that were done already: whoever gets them asks, and drops what nobody waits for.
#[test]
fn acknowledgements_are_lost() {
    let mut world = World::new();
    let mut kept = None;
    world.prove(|world, said| {
        wait_for("the jobs", || (jobs_of(world, "default") == SEGMENTS as u64).then_some(()));
        kept = Some(world.broker.keep());
        let mut worker = world.worker();
        worker.until("\"proven\"");
        // In the middle: some results are in, and their jobs come back.
        world.broker.restart_from(kept.as_ref().unwrap());
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
    world.broker.restart_from(&kept.unwrap());
    let mut worker = world.worker();
    worker.until("nobody waits");
    wait_for("empty queues", || (jobs_of(&world, "default") == 0).then_some(()));
}

/// Streams, queues and packages are gone with the disk. A new coordinator makes them anew, and a worker of before
/// finds them.
#[test]
fn everything_is_lost_between_two_proofs() {
    let mut world = World::new();
    let empty = world.broker.keep();
    let mut worker = world.worker();
    worker.until("\"ready\"");
    let all = |said: &Said| wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    world.prove(|_, said| all(said));
    world.broker.restart_from(&empty);
    world.prove(|_, said| all(said));
    assert_eq!(worker.log().matches("\"proven\"").count(), 2 * SEGMENTS, "{}", worker.log());
}
