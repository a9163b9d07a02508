//! A whole segment circuit: which of its cells nothing binds.

mod common;

use common::{BLINDING, PARTIAL_BLINDING, model, salt, schema, secrets};
use halo2curves::ff::Field;
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use std::sync::LazyLock;
use tessera_circuit::{Builder, builder::SALT_ROWS, testing::check_instances};
use tessera_core::{Fr, SegmentIndex};
use tessera_segment::{Share, Work, circuit::build};

static HONEST: LazyLock<Builder> = LazyLock::new(|| circuit(vec![10, 20, 1, 0]));

fn circuit(codes: Vec<u64>) -> Builder {
    let (schema, model) = (schema(), model());
    let share = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(model.trees()),
    };
    build(&share, &secrets(&schema, codes).0, &salt())
}

/// The salt block is the last `1 + SALT_ROWS` cells: a pinned constant and a cycle of copies, held
/// by nothing else. Every other cell is in a gate.
#[test]
fn no_cell_is_unused_and_no_value_free_but_the_salts() {
    for codes in [vec![10, 20, 1, 0], vec![5001, 0, 0, 2], vec![4000, 81, 0, 1]] {
        let builder = circuit(codes);
        let salt = builder.rows() - SALT_ROWS;
        let usage = builder.usage();
        println!("{} cells, {} values used once", builder.rows(), usage.once.len());
        assert!(usage.unused.is_empty(), "{:?}", usage.unused);
        for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
            // The cycle of zeros: a gate with a salted selector reads four of them.
            let free = builder.free_classes(delta);
            assert!(free.iter().flatten().all(|cell| cell.row() >= salt), "{free:?}");
        }
    }
}

/// Of what a prover chooses, one gate alone reads the blindings; the rest is read by more.
#[test]
fn only_blindings_are_read_once() {
    let choices = HONEST.choices();
    let once = HONEST.usage().once.into_iter().flatten();
    let read_once: Vec<_> =
        once.filter(|cell| choices.contains(cell)).map(|cell| HONEST.value(cell)).collect();
    assert_eq!(read_once, [BLINDING, PARTIAL_BLINDING].map(Fr::from));
}

#[test]
fn each_cell_overwritten_alone_is_noticed() {
    for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
        assert_eq!(HONEST.unbound_cells(delta), []);
    }
}

/// Failures are remembered in a file beside this one, and tried first.
fn config(cases: u32) -> ProptestConfig {
    let memory = FileFailurePersistence::Direct("tests/cells.proptest-regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(memory)), ..Default::default() }
}

proptest! {
    #![proptest_config(config(64))]

    /// The same by halo2's own verdict, several cells at a time.
    #[test]
    fn overwritten_cells_are_noticed(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 1u64..), 1..4),
    ) {
        let mut builder = HONEST.clone();
        let instances = builder.instance_values();
        for (index, delta) in changes {
            let cell = builder.cell(index.index(builder.rows()));
            let value = HONEST.value(cell) + Fr::from(delta);
            builder.overwrite(cell, value);
        }
        prop_assert!(check_instances(&builder, instances).is_err());
    }
}
