//! Each gadget by name: whatever cells a prover overwrites, the constraints refuse; and none of its
//! cells is left out of them.

use halo2curves::ff::{Field, PrimeField};
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use tessera_circuit::{Builder, Cell, Gates, Operand, testing::check_instances};
use tessera_core::{Fr, poseidon::Domain};

/// A gadget on the inputs 41, 17 and 5, each tied to an instance.
type Gadget = fn(&mut Builder, [Cell; 3]);

const GADGETS: [(&str, Gadget); 18] = [
    ("nothing", |_, _| {}),
    ("mul_add", |builder, [x, y, z]| {
        builder.mul_add(x, y, z);
    }),
    ("sum_of_products", |builder, [x, y, z]| {
        let products = [(x.into(), y.into()), (Operand::Constant(Fr::from(3)), z.into())];
        builder.sum_of_products(Operand::Constant(Fr::ONE), products);
    }),
    ("linear_combination", |builder, [x, y, z]| {
        let [two, three] = [2, 3].map(Fr::from);
        builder.linear_combination(Fr::ZERO, &[(two, x), (Fr::ONE, y), (three, z)]);
        builder.linear_combination(two, &[(three, z), (-Fr::ONE, x)]);
    }),
    ("add", |builder, [x, y, _]| {
        builder.add(x, y);
    }),
    ("sub", |builder, [x, y, _]| {
        builder.sub(x, y);
    }),
    ("mul", |builder, [x, y, _]| {
        builder.mul(x, y);
    }),
    ("invert", |builder, [x, ..]| {
        builder.invert(x);
    }),
    ("select", |builder, [x, y, _]| {
        let bit = builder.boolean(true);
        builder.select(bit, x, y);
        builder.equal_constant(bit, Fr::ONE);
    }),
    ("boolean", |builder, _| {
        let bits = [true, false].map(|bit| builder.boolean(bit));
        bits.iter().zip([Fr::ONE, Fr::ZERO]).for_each(|(bit, is)| builder.equal_constant(*bit, is));
    }),
    ("assert_boolean", |builder, _| {
        let bit = builder.constant(Fr::ONE);
        builder.assert_boolean(bit);
    }),
    ("bits", |builder, [x, ..]| {
        builder.bits(x, 6);
    }),
    ("assert_bits", |builder, [x, y, _]| {
        builder.assert_bits(x, 6);
        builder.assert_bits(y, 40);
    }),
    ("signed_parts", |builder, [x, y, _]| {
        let difference = builder.sub(y, x);
        builder.signed_parts(difference, 6, 2);
        builder.signed_parts(x, 6, 0);
    }),
    ("equal", |builder, [x, ..]| {
        let same = builder.witness(builder.value(x));
        builder.equal(same, x);
    }),
    ("constant", |builder, _| {
        builder.constant(Fr::from(7));
        builder.push(Operand::Constant(Fr::ZERO));
    }),
    ("hash", |builder, [x, y, z]| {
        builder.hash(Domain::Features, &[x, y, z]);
    }),
    ("hash of one", |builder, [x, ..]| {
        builder.hash(Domain::Partial, &[x]);
    }),
];

fn build(gates: Gates, gadget: Gadget) -> Builder {
    let mut builder = Builder::new(gates, 3);
    let inputs = [41, 17, 5].map(|value| builder.witness(Fr::from(value)));
    inputs.iter().enumerate().for_each(|(index, cell)| builder.expose(index, *cell));
    gadget(&mut builder, inputs);
    builder
}

const LAYOUTS: [Gates; 2] = [Gates::Lean, Gates::Full];

/// Exhaustive: each cell alone, and each value in all the cells that are tied to it.
#[test]
fn no_gadget_leaves_a_cell_free() {
    for (name, gadget) in GADGETS {
        for gates in LAYOUTS {
            let builder = build(gates, gadget);
            assert!(builder.holds(&builder.instance_values()), "{name}");
            assert_eq!(builder.usage().unused, [], "{name}");
            for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
                assert_eq!(builder.unbound_cells(delta), [], "{name}");
                assert_eq!(builder.free_classes(delta), [[]; 0], "{name}");
            }
        }
    }
}

/// What a prover chooses, carried on to all that follows from it, has one value that holds.
#[test]
fn no_choice_has_a_second_value() {
    for (name, gadget) in GADGETS {
        for gates in LAYOUTS {
            let honest = build(gates, gadget);
            let instances = honest.instance_values();
            for cell in honest.choices() {
                for value in [Fr::ZERO, Fr::ONE, Fr::from(2), -Fr::ONE, Fr::TWO_INV] {
                    let mut builder = honest.clone();
                    builder.overwrite(cell, value);
                    builder.carry_on();
                    let same = value == honest.value(cell);
                    assert_eq!(builder.holds(&instances), same, "{name}, {cell:?}, {value:?}");
                }
            }
        }
    }
}

/// The salt leaves no cell free either: its gate holds for zeros alone, and its cycle ties them.
#[test]
fn the_salt_leaves_no_cell_free() {
    let mut builder = build(Gates::Lean, |_, _| {});
    let mut numbers = 1..;
    builder.salt(|| Fr::from(numbers.next().expect("endless")));
    assert_eq!(builder.usage().unused, []);
    for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
        assert_eq!(builder.unbound_cells(delta), []);
        assert_eq!(builder.free_classes(delta), [[]; 0]);
    }
}

/// Failures are remembered in a file beside this one, and tried first.
fn config(cases: u32) -> ProptestConfig {
    let memory = FileFailurePersistence::Direct("tests/overwrite.proptest-regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(memory)), ..Default::default() }
}

/// What a cell is overwritten with: likely numbers, or any.
fn value() -> impl Strategy<Value = Fr> {
    prop_oneof![
        prop_oneof![Just(0u64), Just(1), Just(2), Just(17), Just(41)].prop_map(Fr::from),
        any::<u64>().prop_map(Fr::from),
        any::<u64>().prop_map(|x| -Fr::from(x)),
    ]
}

proptest! {
    #![proptest_config(config(400))]

    /// By halo2's own verdict: one to three cells, with or without what follows from them
    /// ([`Builder::carry_on`]).
    #[test]
    fn overwritten_cells_are_noticed(
        gadget in 0..GADGETS.len(), full: bool, carried: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), value()), 1..4),
    ) {
        let honest = build(LAYOUTS[usize::from(full)], GADGETS[gadget].1);
        let instances = honest.instance_values();
        let mut builder = honest.clone();
        for (index, value) in changes {
            let cell = builder.cell(index.index(builder.rows()));
            builder.overwrite(cell, value);
        }
        if carried {
            builder.carry_on();
        }
        let same = (0..builder.rows()).all(|row| {
            builder.value(builder.cell(row)) == honest.value(honest.cell(row))
        });
        let holds = check_instances(&builder, instances).is_ok();
        prop_assert_eq!(holds, same, "{}", GADGETS[gadget].0);
    }
}
