//! The whole aggregation circuit: which of its cells nothing binds, and what a prover who chooses
//! them freely can prove.

mod common;

use common::{Lender, POINT, borrower, package, witness};
use halo2curves::ff::Field;
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use std::sync::LazyLock;
use tessera_aggregate::{
    circuit::{SCORE_BITS, build},
    layout::{SEGMENT_WORDS, instance_words},
};
use tessera_circuit::{Builder, Cell, testing::check_instances};
use tessera_core::{Fr, STATEMENT_WORDS, to_be_bytes};

const SCORE: i64 = 647 * POINT;

/// Honest, at a threshold that is the score exactly.
static HONEST: LazyLock<Builder> = LazyLock::new(|| circuit(SCORE));

fn circuit(threshold: i64) -> Builder {
    static LENDER: LazyLock<Lender> = LazyLock::new(|| Lender::new(package(1), 2));
    build(&witness(&LENDER, &borrower(&LENDER.package), threshold)).expect("builds")
}

#[test]
fn no_cell_is_unused_and_only_the_context_is_free() {
    let builder = &*HONEST;
    assert!(builder.holds(&builder.instance_values()));
    let usage = builder.usage();
    println!("{} cells, {} values used once", builder.rows(), usage.once.len());
    assert!(usage.unused.is_empty(), "{:?}", usage.unused);
    for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
        // An instance is a pin, so even the context is bound, once it is public.
        assert_eq!(builder.free_classes(delta), [[]; 0], "{delta:?}");
    }
}

/// Of what a prover chooses, one gate or pin alone reads: the context and each segment's W', which
/// are public words (no challenge of a segment's transcript comes after W'); each partial score's
/// blinding and the digest of the features, which are hashed.
#[test]
fn only_public_words_and_blindings_are_read_once() {
    let choices = HONEST.choices();
    let once = HONEST.usage().once.into_iter();
    let read_once: Vec<Fr> = once
        .flatten()
        .filter(|cell| choices.binary_search(cell).is_ok())
        .map(|cell| HONEST.value(cell))
        .collect();
    let instances = HONEST.instance_values();
    let opening_prime = |segment: usize| {
        let generator = STATEMENT_WORDS + SEGMENT_WORDS * (segment + 1) - 1;
        [generator - 3, generator - 2]
    };
    let public =
        [4].into_iter().chain((0..2).flat_map(opening_prime)).map(|index| instances[index]);
    let (words, blindings) = read_once.split_at(5);
    assert_eq!(words, public.collect::<Vec<_>>());
    assert_eq!(blindings.len(), 3);
}

#[test]
fn each_cell_overwritten_alone_is_noticed() {
    for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
        assert_eq!(HONEST.unbound_cells(delta), []);
    }
}

/// What the choices of a prover do to the public words: each one changes them, or is refused.
#[test]
fn every_choice_is_public_or_refused() {
    let honest = &*HONEST;
    let instances = honest.instance_values();
    let choices = honest.choices();
    println!("{} cells are the prover's choice", choices.len());
    for cell in &choices {
        let mut changed = honest.clone();
        changed.overwrite(*cell, honest.value(*cell) + Fr::ONE);
        changed.carry_on();
        let public = changed.instance_values() != instances;
        assert!(public || !changed.holds(&instances), "{cell:?} makes no difference");
    }
}

/// A score one unit below the threshold, by a prover who chooses the bits of the difference: those of
/// 2^63 − 1, of −1 modulo 2^63, of r − 1 as far as they go, and of the honest difference.
#[test]
fn no_bits_prove_a_score_below_the_threshold() {
    let honest = circuit(SCORE - 5);
    let below = circuit(SCORE + 1);
    assert!(honest.holds(&honest.instance_values()));
    assert!(!below.holds(&below.instance_values()));
    // The bits of the difference are the last SCORE_BITS choices but the context.
    let choices = below.choices();
    let bits = &choices[choices.len() - 1 - SCORE_BITS as usize..choices.len() - 1];
    let read = |builder: &Builder, cells: &[Cell]| {
        cells.iter().rev().fold(Fr::ZERO, |sum, bit| sum.double() + builder.value(*bit))
    };
    let honest_choices = honest.choices();
    let start = honest_choices.len() - 1 - SCORE_BITS as usize;
    assert_eq!(read(&honest, &honest_choices[start..honest_choices.len() - 1]), Fr::from(5));

    let minus_one = to_be_bytes(&-Fr::ONE);
    let numbers: [[u8; 8]; 4] = [
        [0xff; 8],
        0u64.to_be_bytes(),
        minus_one[24..].try_into().expect("8 bytes"),
        5u64.to_be_bytes(),
    ];
    for number in numbers {
        let mut forged = below.clone();
        for (i, bit) in bits.iter().enumerate() {
            let value = number[7 - i / 8] >> (i % 8) & 1;
            forged.overwrite(*bit, Fr::from(u64::from(value)));
        }
        forged.carry_on();
        assert!(!forged.holds(&forged.instance_values()), "{number:?}");
    }
    // Bits that are no bits: −1 as the lowest one makes the sum right, and is no boolean.
    let mut forged = below.clone();
    bits.iter().for_each(|bit| forged.overwrite(*bit, Fr::ZERO));
    forged.overwrite(bits[0], -Fr::ONE);
    forged.carry_on();
    assert!(!forged.holds(&forged.instance_values()));
}

/// Every public word is bound: the circuit holds for its own instances and for no others.
#[test]
fn another_instance_is_refused() {
    let honest = &*HONEST;
    let instances = honest.instance_values();
    assert_eq!(instances.len(), instance_words(2));
    for index in 0..instances.len() {
        for other in [instances[index] + Fr::ONE, Fr::ZERO, -instances[index]] {
            let mut changed = instances.clone();
            changed[index] = other;
            assert!(!honest.holds(&changed) || other == instances[index], "instance {index}");
        }
    }
}

/// Failures are remembered in a file beside this one, and tried first.
fn config(cases: u32) -> ProptestConfig {
    let memory = FileFailurePersistence::Direct("tests/cells.proptest-regressions");
    ProptestConfig { cases, failure_persistence: Some(Box::new(memory)), ..Default::default() }
}

proptest! {
    #![proptest_config(config(12))]

    /// By halo2's own verdict, several cells at a time.
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
        prop_assert!(!builder.holds(&instances));
        prop_assert!(check_instances(&builder, instances).is_err());
    }
}
