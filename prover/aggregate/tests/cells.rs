//! The whole aggregation circuit: which of its cells nothing binds, and what a prover who chooses
//! them freely can prove.

mod common;

use common::{Lender, POINT, borrower, package, witness};
use halo2curves::ff::Field;
use proptest::{prelude::*, test_runner::FileFailurePersistence};
use std::sync::LazyLock;
use tessera_aggregate::{
    circuit::{SCORE_BITS, build},
    layout::{K_INSTANCE, SEGMENT_WORDS, SegmentPoint, SegmentScalar, instance_words},
};
use tessera_circuit::{Builder, Cell, testing::check_instances};
use tessera_core::{Fr, StatementWords, to_be_bytes};
use tessera_segment::plan::{MAX_K, MIN_K};

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

/// Of what a prover chooses, one gate or pin alone reads: the model's digest, the context and, of each segment, the key's points
/// and W', all of which are public words (no challenge of a segment's transcript comes after W', and the key
/// is hashed by the contract); each partial score's blinding, which is hashed.
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
    let coordinates = |segment: usize| {
        let first = K_INSTANCE + 1 + SEGMENT_WORDS * segment;
        let points = [
            SegmentPoint::Selector,
            SegmentPoint::Constants,
            SegmentPoint::Permutation,
            SegmentPoint::OpeningPrime,
        ];
        points.into_iter().flat_map(move |point| [0, 1].map(|i| first + point.word() + i))
    };
    let StatementWords { model_digest, context, .. } = StatementWords::positions();
    let public = [model_digest, context]
        .into_iter()
        .chain((0..2).flat_map(coordinates))
        .map(|at| instances[at]);
    let (words, blindings) = read_once.split_at(18);
    assert_eq!(words, public.collect::<Vec<_>>());
    assert_eq!(blindings.len(), 2);
}

/// The factors that the contract multiplies scalars by: no others are accepted, whatever is public.
#[test]
fn other_factors_of_the_scalars_are_refused() {
    let honest = &*HONEST;
    let choices = honest.choices();
    for segment in 0..2 {
        for scalar in [SegmentScalar::Mu, SegmentScalar::XToN] {
            let at = K_INSTANCE + 1 + SEGMENT_WORDS * segment + scalar.word();
            let value = honest.instance_values()[at];
            let factors: Vec<_> =
                choices.iter().filter(|cell| honest.value(**cell) == value).collect();
            let [factor] = factors.as_slice() else { panic!("{factors:?}") };
            let mut forged = honest.clone();
            forged.overwrite(**factor, value + Fr::ONE);
            forged.carry_on();
            assert_ne!(forged.instance_values()[at], value);
            assert!(!forged.holds(&forged.instance_values()), "{scalar:?}");
        }
    }
}

/// k decides which boolean is set: neither two sizes nor parts of sizes pass for another one.
#[test]
fn other_sizes_are_refused() {
    let honest = &*HONEST;
    let bits = &honest.choices()[..(MAX_K - MIN_K + 1) as usize];
    let k = honest.instance_values()[K_INSTANCE];
    let set = |sizes: &[(u32, Fr)]| {
        let mut forged = honest.clone();
        for bit in bits {
            forged.overwrite(*bit, Fr::ZERO);
        }
        for (size, value) in sizes {
            forged.overwrite(bits[(size - MIN_K) as usize], *value);
        }
        forged.carry_on();
        forged
    };
    let size = (MIN_K..=MAX_K).find(|size| Fr::from(u64::from(*size)) == k).expect("in range");
    assert!(set(&[(size, Fr::ONE)]).holds(&honest.instance_values()), "as it is");
    let half = Fr::from(2).invert().expect("odd");
    let mixed = set(&[(MIN_K, half), (2 * size - MIN_K, half)]);
    assert_eq!(mixed.instance_values()[K_INSTANCE], k);
    assert!(!mixed.holds(&mixed.instance_values()), "two halves");
    // Of booleans, no set but the one has the same sum.
    for a in MIN_K..=MAX_K {
        for b in a + 1..=MAX_K {
            let both = set(&[(a, Fr::ONE), (b, Fr::ONE)]);
            assert!(!(MIN_K..=MAX_K).contains(&(a + b)) && both.instance_values()[K_INSTANCE] != k);
        }
    }
    let none = set(&[]);
    assert_ne!(none.instance_values()[K_INSTANCE], k);
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
    // The bits of the difference are the last SCORE_BITS choices but the model's digest and the context.
    let choices = below.choices();
    let bits = &choices[choices.len() - 2 - SCORE_BITS as usize..choices.len() - 2];
    let read = |builder: &Builder, cells: &[Cell]| {
        cells.iter().rev().fold(Fr::ZERO, |sum, bit| sum.double() + builder.value(*bit))
    };
    let honest_choices = honest.choices();
    let start = honest_choices.len() - 2 - SCORE_BITS as usize;
    assert_eq!(read(&honest, &honest_choices[start..honest_choices.len() - 2]), Fr::from(5));

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

/// A threshold of r − 1, below which no score seems to be: the difference is the score and 1, a fine
/// number. Only the range of the threshold itself stands in the way.
#[test]
fn a_threshold_that_wraps_is_refused() {
    let mut forged = circuit(SCORE - 5);
    let threshold = forged.instance_values()[StatementWords::positions().threshold];
    let choices = forged.choices();
    let difference = &choices[choices.len() - 2 - SCORE_BITS as usize..choices.len() - 2];
    for cell in
        choices.iter().filter(|cell| forged.value(**cell) == threshold).copied().collect::<Vec<_>>()
    {
        forged.overwrite(cell, -Fr::ONE);
    }
    for (i, bit) in difference.iter().enumerate() {
        forged.overwrite(*bit, Fr::from((SCORE as u64 + 1) >> i & 1));
    }
    forged.carry_on();
    let public = forged.instance_values();
    assert_eq!(public[StatementWords::positions().threshold], -Fr::ONE);
    assert!(!forged.holds(&public));
}

/// The commitment is the hash of the schema and of the features that the segments proved: no choice of a
/// prover changes it alone.
#[test]
fn no_choice_changes_the_commitment_alone() {
    let honest = &*HONEST;
    let instances = honest.instance_values();
    let commitment = StatementWords::positions().commitment;
    for cell in honest.choices() {
        let mut changed = honest.clone();
        changed.overwrite(cell, honest.value(cell) + Fr::ONE);
        changed.carry_on();
        let public = changed.instance_values();
        let differ: Vec<usize> =
            (0..public.len()).filter(|i| public[*i] != instances[*i]).collect();
        assert!(differ != [commitment] || !changed.holds(&public), "{cell:?}");
    }
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
