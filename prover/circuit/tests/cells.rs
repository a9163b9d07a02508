//! The tools that look for cells nothing binds agree with halo2's own verdict.

use halo2curves::ff::Field;
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use tessera_circuit::{Builder, Gates, Operand, testing::check_instances};
use tessera_core::{Fr, poseidon::Domain};

/// A circuit with every gate of its layout.
fn sample(gates: Gates) -> Builder {
    let mut builder = Builder::new(gates, 2);
    let [x, y] = [41, 17].map(|value| builder.witness(Fr::from(value)));
    builder.assert_bits(x, 6);
    let bit = builder.boolean(true);
    let selected = builder.select(bit, x, y);
    let digest = builder.hash(Domain::Features, &[x, y]);
    builder.expose(0, digest);
    builder.expose(1, selected);
    builder
}

#[test]
fn an_honest_circuit_has_no_free_cell_and_is_carried_on_to_itself() {
    for gates in [Gates::Lean, Gates::Full] {
        let builder = sample(gates);
        assert!(builder.holds(&builder.instance_values()));
        assert!(builder.usage().unused.is_empty());
        assert!(builder.free_classes(Fr::ONE).is_empty());
        let mut again = builder.clone();
        again.carry_on();
        for row in 0..builder.rows() {
            assert_eq!(again.value(again.cell(row)), builder.value(builder.cell(row)), "row {row}");
        }
        // x, its 6 bits, y and the boolean.
        assert_eq!(builder.choices().len(), 9);
    }
}

#[test]
fn a_free_cell_is_found() {
    for gates in [Gates::Lean, Gates::Full] {
        let mut builder = sample(gates);
        let once = builder.usage().once.len();
        let free = builder.witness(Fr::from(5));
        assert_eq!(builder.usage().unused, [free]);
        assert_eq!(builder.free_classes(Fr::ONE), [vec![free]]);
        // Tied to another free cell, it is used, and still nothing binds the two.
        let other = builder.push(free);
        assert!(builder.usage().unused.is_empty());
        assert_eq!(builder.usage().once.len(), once);
        assert_eq!(builder.free_classes(Fr::ONE), [vec![free, other]]);
        // A factor of 0 hides a change.
        let zero = builder.push(Operand::Constant(Fr::ZERO));
        builder.mul(free, zero);
        assert_eq!(builder.usage().once.len(), once + 2, "the two cells, and the product");
        assert_eq!(builder.free_classes(Fr::ONE)[0][..2], [free, other]);
    }
}

/// Failures are remembered in a file beside this one, and tried first.
fn config(cases: u32) -> ProptestConfig {
    let memory = FileFailurePersistence::Direct("tests/cells.proptest-regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(memory)), ..Default::default() }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn direct_evaluation_is_halo2s_verdict(
        full: bool, row in 0usize..100_000, delta in prop_oneof![Just(0u64), any::<u64>()], carried: bool,
    ) {
        let mut builder = sample([Gates::Lean, Gates::Full][usize::from(full)]);
        let cell = builder.cell(row % builder.rows());
        builder.overwrite(cell, builder.value(cell) + Fr::from(delta));
        let mut instances = builder.instance_values();
        if carried {
            builder.carry_on();
            instances = builder.instance_values();
        }
        let verdict = check_instances(&builder, instances.clone()).is_ok();
        prop_assert_eq!(builder.holds(&instances), verdict);
    }
}
