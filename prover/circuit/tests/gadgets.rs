//! Each gadget: honest, at the boundary, and past it, by the gate that refuses. With cells overwritten:
//! `overwrite.rs`.

use halo2_proofs::dev::VerifyFailure;
use halo2curves::ff::{Field, PrimeField};
use std::collections::BTreeSet;
use tessera_circuit::{
    Builder, Cell, Gates, Operand,
    builder::SALT_ROWS,
    layout::{ColumnCircuit, PIN_SHIFT},
    testing::{check, check_instances},
};
use tessera_core::{Fr, poseidon::Domain, poseidon::hash};

const LAYOUTS: [Gates; 2] = [Gates::Lean, Gates::Full];

/// What refuses: gates by their names, and copies; each once, in alphabetical order.
fn refused_by(verdict: Result<(), Vec<VerifyFailure>>) -> Vec<String> {
    let name = |failure: VerifyFailure| match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
            // `Constraint 0 in gate 2 ('pin')`
            let text = constraint.to_string();
            text.rsplit('\'').nth(1).unwrap_or(&text).to_string()
        }
        VerifyFailure::Permutation { .. } => "copy".into(),
        other => panic!("{other}"),
    };
    let names: BTreeSet<String> = verdict.err().into_iter().flatten().map(name).collect();
    names.into_iter().collect()
}

/// Names of the gates that refuse, and whether a copy constraint does.
fn refusals(builder: &Builder) -> (Vec<String>, bool) {
    let Err(failures) = check(builder) else { return (vec![], false) };
    let mut gates = Vec::new();
    let mut copies = false;
    for failure in failures {
        match failure {
            VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
                gates.push(constraint.to_string());
            }
            VerifyFailure::Permutation { .. } => copies = true,
            other => panic!("{other}"),
        }
    }
    (gates, copies)
}

fn refused_by_gate(builder: &Builder, name: &str) {
    let (gates, _) = refusals(builder);
    assert!(gates.iter().any(|gate| gate.contains(name)), "{gates:?}, expected {name}");
}

#[test]
fn multiply_add_is_exact() {
    for gates in LAYOUTS {
        let mut builder = Builder::new(gates, 1);
        let [a, b, c] = [5, 6, 7].map(|x| builder.witness(Fr::from(x)));
        let [_, _, _, out] = builder.mul_add(a, b, c);
        builder.expose(0, out);
        assert_eq!(builder.value(out), Fr::from(47));
        assert!(check(&builder).is_ok());
        let another = check_instances(&builder, vec![Fr::from(46)]);
        assert_eq!(refused_by(another), ["pin"], "another instance");
        builder.overwrite(out, Fr::from(46));
        refused_by_gate(&builder, "multiply-add");
    }
}

#[test]
fn constants_and_instances_are_pinned() {
    for gates in LAYOUTS {
        for value in [Fr::ZERO, Fr::ONE, -Fr::ONE, *PIN_SHIFT] {
            let mut builder = Builder::new(gates, 1);
            let cell = builder.push(Operand::Constant(value));
            builder.expose(0, cell);
            assert!(check(&builder).is_ok());
            builder.overwrite(cell, value + Fr::ONE);
            refused_by_gate(&builder, "pin");
        }
        let mut builder = Builder::new(gates, 2);
        let cell = builder.witness(Fr::from(9));
        builder.expose(0, cell);
        builder.expose(1, cell);
        assert!(check(&builder).is_ok());
        let instances = builder.instance_values();
        builder.overwrite(builder.cell(1), Fr::from(8));
        assert_eq!(refused_by(check_instances(&builder, instances)), ["copy", "pin"]);
    }
}

/// A prover who gives the instance's own cell another value, and the verifier that instance.
#[test]
fn an_instance_is_its_cell() {
    for gates in LAYOUTS {
        let mut builder = Builder::new(gates, 1);
        let cell = builder.push(Operand::Constant(Fr::from(47)));
        builder.expose(0, cell);
        let own = builder.cell(0);
        builder.overwrite(own, Fr::from(46));
        let (refused, copies) = refusals(&builder);
        assert!(refused.is_empty(), "the pin is of the instance: {refused:?}");
        assert!(copies, "the instance is tied to its cell");
    }
}

#[test]
#[should_panic(expected = "negative of the pin shift")]
fn the_one_constant_that_cannot_be_pinned_is_refused() {
    let mut builder = Builder::new(Gates::Lean, 0);
    builder.push(Operand::Constant(-*PIN_SHIFT));
    ColumnCircuit::new(builder);
}

#[test]
fn copies_hold() {
    for gates in LAYOUTS {
        let mut builder = Builder::new(gates, 0);
        let source = builder.witness(Fr::from(3));
        let copy = builder.push(source);
        assert!(check(&builder).is_ok());
        builder.overwrite(copy, Fr::from(4));
        let (gates, copies) = refusals(&builder);
        assert!(gates.is_empty() && copies);
    }
}

#[test]
fn linear_combinations_and_sums_of_products() {
    for gates in LAYOUTS {
        let mut builder = Builder::new(gates, 0);
        let [x, y] = [11, 13].map(|value| builder.witness(Fr::from(value)));
        let [two, three] = [2, 3].map(Fr::from);
        let cases = [
            builder.linear_combination(Fr::ZERO, &[(two, x), (three, y)]),
            builder.linear_combination(Fr::ONE, &[(Fr::ONE, x), (-Fr::ONE, y)]),
            builder.linear_combination(Fr::ZERO, &[(two, x), (Fr::ONE, y)]),
            builder.sub(x, y),
            builder.mul(x, y),
        ];
        let expected = [two * Fr::from(11) + three * Fr::from(13), -Fr::ONE, Fr::from(35)];
        for (cell, value) in cases.iter().zip(expected) {
            assert_eq!(builder.value(*cell), value);
        }
        assert_eq!(builder.value(cases[3]), -two);
        assert_eq!(builder.value(cases[4]), Fr::from(143));
        assert!(check(&builder).is_ok());
        for cell in cases {
            let mut changed = builder.clone();
            changed.overwrite(cell, builder.value(cell) + Fr::ONE);
            assert!(check(&changed).is_err());
        }
    }
}

/// Each gate of the full layout alone, by name, under a witness that only it refuses.
#[test]
fn the_full_layout_gates_refuse_by_name() {
    let linear = |builder: &mut Builder| {
        let [x, y] = [11, 13].map(|value| builder.witness(Fr::from(value)));
        builder.linear_combination(Fr::ZERO, &[(Fr::ONE, x), (Fr::from(5), y)])
    };
    let mut builder = Builder::new(Gates::Full, 0);
    let sum = linear(&mut builder);
    assert!(check(&builder).is_ok());
    builder.overwrite(sum, builder.value(sum) + Fr::ONE);
    refused_by_gate(&builder, "linear");

    // A permutation has S-boxes `[x, x², x⁴, x⁵ + c]`: wherever one is, each of its last three
    // cells is bound by it.
    let mut honest = Builder::new(Gates::Full, 0);
    let x = honest.witness(Fr::from(3));
    honest.hash(Domain::Partial, &[x]);
    assert!(check(&honest).is_ok());
    let first = (0..honest.rows() - 3)
        .find(|row| {
            let [a, b, c] = [0, 1, 2].map(|i| honest.value(honest.cell(row + i)));
            a != Fr::ZERO && a != Fr::ONE && b == a.square() && c == b.square()
        })
        .expect("an S-box");
    for (offset, name) in [(1, "a1 = a0²"), (2, "a2 = a1²"), (3, "a3 = a0·a2 + c")] {
        let mut changed = honest.clone();
        let cell = changed.cell(first + offset);
        changed.overwrite(cell, changed.value(cell) + Fr::ONE);
        refused_by_gate(&changed, name);
    }
}

#[test]
fn bits_at_the_boundary() {
    for gates in LAYOUTS {
        for count in [1u32, 8, 63, 253] {
            let bound = Fr::from(2).pow_vartime([count as u64]);
            for (value, holds) in [(Fr::ZERO, true), (bound - Fr::ONE, true), (bound, false)] {
                let mut builder = Builder::new(gates, 0);
                let cell = builder.witness(value);
                builder.assert_bits(cell, count);
                assert_eq!(check(&builder).is_ok(), holds, "{count} bits");
            }
            let mut builder = Builder::new(gates, 0);
            let cell = builder.witness(-Fr::ONE);
            builder.assert_bits(cell, count);
            assert_eq!(refused_by(check(&builder)), ["copy"], "−1 in {count} bits");
        }
    }
}

/// The field element of a small signed number.
fn signed(x: i64) -> Fr {
    if x < 0 { -Fr::from(x.unsigned_abs()) } else { Fr::from(x as u64) }
}

#[test]
fn signed_numbers_are_taken_apart() {
    for gates in LAYOUTS {
        for (bits, shift) in [(4, 0), (4, 2), (4, 4), (40, 7)] {
            let end = 1i64 << bits;
            for x in [-end, 1 - end, -1, 0, 1, (1 << shift) - 1, 1 << shift, end - 1] {
                if !(-end..end).contains(&x) {
                    continue;
                }
                let mut builder = Builder::new(gates, 0);
                let cell = builder.witness(signed(x));
                let parts = builder.signed_parts(cell, bits, shift);
                assert_eq!(builder.value(parts.top), Fr::from(u64::from(x >= 0)), "{x}");
                let high = if x < 0 { x + end } else { x } >> shift;
                assert_eq!(builder.value(parts.high), signed(high), "{x} of {bits}, {shift}");
                assert!(check(&builder).is_ok(), "{x} of {bits} bits, shift {shift}");
                // Another top bit or another high part of the same number.
                for (cell, value) in [(parts.top, Fr::from(2)), (parts.high, signed(high + 1))] {
                    let mut changed = builder.clone();
                    changed.overwrite(cell, value);
                    assert!(check(&changed).is_err(), "{x}");
                }
            }
            for x in [-end - 1, end, 3 * end] {
                let mut builder = Builder::new(gates, 0);
                let cell = builder.witness(signed(x));
                builder.signed_parts(cell, bits, shift);
                let (_, copies) = refusals(&builder);
                assert!(copies, "{x} is not of {bits} bits: the bits add up to another number");
            }
        }
    }
}

/// Carried on to all copies and to the square, so that nothing but `b·b = b` stands in the way.
#[test]
fn what_is_no_bit_is_refused() {
    for gates in LAYOUTS {
        for (value, holds) in [
            (Fr::ZERO, true),
            (Fr::ONE, true),
            (Fr::from(2), false),
            (-Fr::ONE, false),
            (Fr::TWO_INV, false),
        ] {
            let mut builder = Builder::new(gates, 0);
            let bit = builder.boolean(true);
            builder.overwrite(bit, value);
            builder.carry_on();
            assert_eq!(check(&builder).is_ok(), holds, "{value:?}");
            let mut builder = Builder::new(gates, 0);
            let cell = builder.witness(value);
            builder.assert_boolean(cell);
            assert_eq!(check(&builder).is_ok(), holds, "{value:?}, asserted");
        }
    }
}

#[test]
fn inverses() {
    for gates in LAYOUTS {
        let mut builder = Builder::new(gates, 0);
        let cell = builder.witness(Fr::from(7));
        let inverse = builder.invert(cell);
        assert_eq!(builder.value(inverse) * Fr::from(7), Fr::ONE);
        assert!(check(&builder).is_ok());
        let mut builder = Builder::new(gates, 0);
        let zero = builder.witness(Fr::ZERO);
        builder.invert(zero);
        assert_eq!(refused_by(check(&builder)), ["copy"], "0 has no inverse");
    }
}

#[test]
fn hashes_are_the_native_ones() {
    for gates in LAYOUTS {
        for length in 0..5u64 {
            let values: Vec<Fr> = (0..length).map(|i| Fr::from(i * i + 3)).collect();
            let mut builder = Builder::new(gates, 1);
            let cells: Vec<Cell> = values.iter().map(|value| builder.witness(*value)).collect();
            let digest = builder.hash(Domain::Partial, &cells);
            builder.expose(0, digest);
            assert_eq!(builder.value(digest), hash(Domain::Partial, &values), "length {length}");
            assert!(check(&builder).is_ok());
        }
    }
}

/// `H([x])` is not `H([x, 0])`, nor the same input's hash for another use.
#[test]
fn hashes_of_other_domains_and_lengths_are_others() {
    let x = Fr::from(7);
    let mut seen = Vec::new();
    for domain in [Domain::Features, Domain::Commitment, Domain::Partial, Domain::Link] {
        for length in 1..4 {
            let input: Vec<Fr> = [x].into_iter().chain(vec![Fr::ZERO; length - 1]).collect();
            let digest = hash(domain, &input);
            assert!(!seen.contains(&digest), "{domain:?}, length {length}");
            seen.push(digest);
        }
    }
}

#[test]
fn the_salt_binds_nothing_and_changes_no_verdict() {
    let mut builder = Builder::new(Gates::Lean, 0);
    let cell = builder.witness(Fr::from(5));
    builder.assert_bits(cell, 3);
    let before = builder.rows();
    let mut counter = 0;
    builder.salt(|| {
        counter += 1;
        Fr::from(counter)
    });
    assert_eq!(builder.rows(), before + 1 + SALT_ROWS);
    assert!(check(&builder).is_ok());
    builder.overwrite(cell, Fr::from(8));
    assert_eq!(refused_by(check(&builder)), ["copy"]);
}
