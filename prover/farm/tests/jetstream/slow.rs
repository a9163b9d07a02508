//! Workers that are there and hardly work: stopped, or many times slower than others.

use crate::world::{LEASE, SEGMENTS, World, wait_for};
use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread::sleep,
    time::Duration,
};
use tessera_farm::Notice;

/// Stopped in the middle of a proof, with its connection open: the lease runs out, and another one proves.
/// What it sends when it goes on is late and changes nothing.
#[test]
fn a_worker_that_hangs() {
    let mut world = World::new();
    let said = world.prove(|world, said| {
        let mut hung = world.worker();
        hung.until("\"taken\"");
        hung.signal("STOP");
        let mut other = world.worker();
        other.until("\"taken\"");
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
        hung.signal("CONT");
        // It goes on and finds out that nobody waits for what it has.
        hung.until("\"proven\"");
        let mut next = world.worker();
        next.until("\"ready\"");
    });
    assert_eq!(said.count(|n| matches!(n, Notice::Refused { .. } | Notice::Garbage { .. })), 0);
    assert_eq!(said.proven(), SEGMENTS);
}

/// It runs for a tenth of the time. It keeps its lease, and nothing is done twice.
#[test]
fn a_worker_ten_times_slower() {
    let mut world = World::new();
    let (slice, ended) = (LEASE / 50, AtomicBool::new(false));
    let said = world.prove(|world, said| {
        let mut slow = world.worker();
        slow.until("\"taken\"");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(Relaxed) {
                    slow.signal("STOP");
                    sleep(slice * 9);
                    slow.signal("CONT");
                    sleep(slice);
                }
            });
            let mut fast = world.worker();
            fast.until("\"taken\"");
            wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
            ended.store(true, Relaxed);
        });
        // Its last proof is on the way, or the log of it.
        slow.until("\"proven\"");
        let count = |what: &str| slow.log().matches(what).count();
        wait_for("its last proof", || (count("\"proven\"") == count("\"taken\"")).then_some(()));
    });
    let again = said.count(|n| matches!(n, Notice::Again { .. } | Notice::Refused { .. }));
    assert_eq!(again, 0, "{:?}", said.all());
}

/// All alone for longer than its lease between two words to the broker: the job is handed out again and again,
/// and the proof counts as soon as there is one.
#[test]
fn a_worker_that_is_stopped_for_longer_than_its_lease_again_and_again() {
    let mut world = World::new();
    world.prove(|world, said| {
        let mut worker = world.worker();
        worker.until("\"taken\"");
        for _ in 0..2 {
            worker.signal("STOP");
            sleep(LEASE + Duration::from_millis(500));
            worker.signal("CONT");
            sleep(Duration::from_millis(100));
        }
        wait_for("all segments", || (said.proven() == SEGMENTS).then_some(()));
    });
}
