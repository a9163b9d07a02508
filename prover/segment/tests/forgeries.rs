//! Cheating provers of a segment: each chooses the cells that a prover is free to choose, carries
//! the choice on through all gates and copies ([`Builder::carry_on`]), and is refused by what is
//! left: ranges, indicators, the pinned constants, the instances.

mod common;

use common::{BLINDING, PARTIAL_BLINDING, model, refused_by, salt, salts, schema, secrets};
use halo2curves::ff::{Field, PrimeField};
use std::collections::BTreeSet;
use tessera_circuit::{Builder, Cell, Gates, Operand, testing::check};
use tessera_core::{FixedPoint, Fr, Secret, SegmentIndex, signed};
use tessera_model::Features;
use tessera_segment::{
    Proof, ProofError, ProvingKey, Share, Unverified, Work,
    circuit::{build, commit_partial},
    features::compare,
};
use tessera_setup::development;

/// Puts `values` into the prover's choices that come first and carries on.
fn choose(builder: &mut Builder, cells: &[Cell], values: &[Fr]) {
    for (cell, value) in cells.iter().zip(values) {
        builder.overwrite(*cell, *value);
    }
    builder.carry_on();
}

/// Every assignment of 0 and 1 to all that a prover of `compare` chooses: for each code the only
/// one that holds is the honest one, and for a code out of range none does.
#[test]
fn no_choice_of_bits_proves_a_wrong_comparison() {
    for (top, thresholds) in [(3u64, vec![1u64, 3]), (4, vec![2]), (3, vec![]), (2, vec![1, 2])] {
        let thresholds: BTreeSet<u64> = thresholds.into_iter().collect();
        let codes = (0..=top + 4).map(Fr::from).chain([-Fr::ONE, -Fr::from(top), Fr::TWO_INV]);
        for code in codes {
            let mut builder = Builder::new(Gates::Lean, 0);
            let cell = builder.push(Operand::Witness(code));
            let comparisons = compare(&mut builder, cell, top, &thresholds);
            let below: Vec<Cell> = thresholds.iter().map(|t| comparisons.below(*t)).collect();
            let choices: Vec<Cell> =
                builder.choices().into_iter().filter(|choice| *choice != cell).collect();
            assert!((1..14).contains(&choices.len()), "{} choices", choices.len());

            let mut accepted = 0;
            for bits in 0..1u64 << choices.len() {
                let values: Vec<Fr> = (0..choices.len()).map(|i| Fr::from(bits >> i & 1)).collect();
                choose(&mut builder, &choices, &values);
                if !builder.holds(&[]) {
                    continue;
                }
                accepted += 1;
                for (threshold, cell) in thresholds.iter().zip(&below) {
                    let honest = (0..*threshold).any(|c| code == Fr::from(c));
                    assert_eq!(builder.value(*cell), Fr::from(u64::from(honest)), "{code:?}");
                }
            }
            let in_range = (0..=top).any(|c| code == Fr::from(c));
            assert_eq!(accepted > 0, in_range, "{code:?} of {top}, {accepted} accepted");
        }
    }
}

/// The circuit of a share with the real secrets, and its cells in order of choice: codes first.
fn circuit(codes: Vec<u64>) -> (Builder, Features) {
    let (schema, model) = (schema(), model());
    let share = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(model.trees()),
    };
    let (secrets, features) = secrets(&schema, codes);
    (build(&share, &secrets, &salt()), features)
}

/// A richer borrower's code under one's own indicators, bits and commitment, and the other way
/// round: whatever set of choices is taken from an honest witness of other features, the mixture
/// fails, unless the score and the commitment are those of the features taken.
#[test]
fn a_mixture_of_two_honest_witnesses_is_refused() {
    let (poor, _) = circuit(vec![10, 20, 1, 0]);
    let (rich, _) = circuit(vec![4000, 20, 1, 0]);
    let choices = poor.choices();
    let different: Vec<Cell> =
        choices.into_iter().filter(|cell| poor.value(*cell) != rich.value(*cell)).collect();
    assert!(different.len() > 5, "code, indicators and bits: {}", different.len());
    let values = |of: &Builder| different.iter().map(|cell| of.value(*cell)).collect::<Vec<_>>();
    // All of them: simply the other borrower.
    let mut all = poor.clone();
    choose(&mut all, &different, &values(&rich));
    assert!(all.holds(&all.instance_values()));
    assert_eq!(all.instance_values(), rich.instance_values());
    // Any one kept, or any one taken.
    for (index, cell) in different.iter().enumerate() {
        let mut kept = poor.clone();
        let mut mixed = values(&rich);
        mixed[index] = poor.value(*cell);
        choose(&mut kept, &different, &mixed);
        assert!(!kept.holds(&kept.instance_values()), "all but choice {index}");

        let mut taken = poor.clone();
        choose(&mut taken, &[*cell], &[rich.value(*cell)]);
        assert!(!taken.holds(&taken.instance_values()), "choice {index} alone");
    }
}

/// The score of another leaf, with everything that follows from it, under one's own features: the
/// prover overwrites the mux's result and carries on to a partial commitment of its own.
#[test]
fn another_leaf_is_refused_by_its_gate() {
    let (honest, features) = circuit(vec![10, 20, 1, 0]);
    let (schema, model) = (schema(), model());
    let share = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(model.trees()),
    };
    let FixedPoint(partial) = share.partial(&features);
    let target = signed(partial);
    let blinding = Secret::new(Fr::from(PARTIAL_BLINDING));
    let sum = (0..honest.rows())
        .map(|row| honest.cell(row))
        .find(|cell| honest.value(*cell) == target)
        .expect("the sum is a cell");
    for forged in [partial + 1, partial + (1 << 41), -partial] {
        // The last choice of all: the sum, and what is computed from it.
        let mut cheat = honest.clone();
        let value = signed(forged);
        for row in 0..cheat.rows() {
            let cell = cheat.cell(row);
            if cheat.value(cell) == target {
                cheat.overwrite(cell, value);
            }
        }
        let mut later = cheat.clone();
        later.carry_on();
        // `carry_on` corrects the sum again: with the gates obeyed there is no other score.
        assert_eq!(later.value(sum), target);
        let instance = later.instance_values()[3];
        assert_eq!(instance, commit_partial(FixedPoint(partial), &blinding));
        assert_ne!(instance, commit_partial(FixedPoint(forged), &blinding));
        // Not corrected, the gate that makes the sum says no.
        let refusals = refused_by(check(&cheat));
        assert!(refusals.iter().any(|name| name.contains("multiply-add")), "{refusals:?}");
    }
}

/// A blinding is free, and nothing else is: another one gives another commitment.
#[test]
fn only_blindings_change_an_honest_statement() {
    let (honest, _) = circuit(vec![10, 20, 1, 0]);
    let mut free = Vec::new();
    for cell in honest.choices() {
        let mut changed = honest.clone();
        choose(&mut changed, &[cell], &[honest.value(cell) + Fr::ONE]);
        if changed.holds(&changed.instance_values()) {
            free.push(honest.value(cell));
            let (a, b) = (changed.instance_values(), honest.instance_values());
            let differ = (0..4).filter(|i| a[*i] != b[*i]).count();
            assert!(honest.value(cell) == Fr::ZERO || differ == 1);
        }
    }
    let blindings = [BLINDING, PARTIAL_BLINDING].map(Fr::from);
    // The salt's zeros apart.
    free.retain(|value| *value != Fr::ZERO);
    assert_eq!(free, blindings);
}

/// Proofs under the lender's key of a circuit that is not the lender's: other leaves, another
/// threshold of a split, another offset. The prover is halo2's, the witness satisfies
/// the forger's own circuit; the key does not know it.
#[test]
fn a_proof_of_another_model_is_refused_by_the_key() {
    let (schema, model) = (schema(), model());
    let honest = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(model.trees()),
    };
    let rows = build(&honest, &secrets(&schema, vec![10, 20, 1, 0]).0, &salt()).rows();
    let k = tessera_circuit::layout::smallest_k(rows);
    let srs = development(k).expect("a size");
    let key = ProvingKey::new(&srs, &honest, &salts([5; 32])).expect("a key");
    let prove = |share: &Share| {
        let (secrets, _) = secrets(&schema, vec![10, 20, 1, 0]);
        Proof::<Unverified>::create(srs.params(), &key, share, &secrets)
            .expect("a proof")
            .verify(srs.params())
    };
    assert!(prove(&honest).is_ok());

    let mut leaf = model.trees().to_vec();
    leaf[1].nodes[1] = tessera_model::Node::Leaf { value: 1 << 40 };
    let mut threshold = model.trees().to_vec();
    threshold[1].nodes[0] = common::split(1, 21, false, 1, 2);
    let forgeries = [
        ("a leaf", Share { work: Work::Trees(&leaf), ..honest }),
        ("a threshold", Share { work: Work::Trees(&threshold), ..honest }),
        ("the offset", Share { offset: 601, ..honest }),
    ];
    for (what, share) in forgeries {
        assert!(matches!(prove(&share), Err(ProofError::Rejected)), "{what}");
    }
}
