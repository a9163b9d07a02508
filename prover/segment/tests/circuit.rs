//! The segment circuit against the integer evaluator, at its edges, and under cheating provers.

mod common;

use common::{refused_by, salt};
use halo2curves::ff::Field;
use proptest::prelude::*;
use std::collections::BTreeSet;
use tessera_circuit::{Builder, Gates, Operand, testing::check, testing::check_instances};
use tessera_core::{
    FixedPoint, Fr, Secret, SegmentIndex, poseidon::Domain, poseidon::hash, signed,
};
use tessera_model::{Computation, Feature, FeatureKind, Features, Model, Node, Schema, Tree};
use tessera_segment::{
    Instances, SegmentWitness, Share, Work,
    circuit::{build, commit_partial},
    features::compare,
};

const BLINDING: u64 = 77;
const PARTIAL_BLINDING: u64 = 99;

fn schema() -> Schema {
    Schema {
        name: "test".into(),
        features: vec![
            Feature::numeric("income", 0, 0, 5000).or_missing(),
            Feature::numeric("age", 0, 18, 99),
            Feature::numeric("home", 0, 0, 1),
            Feature::numeric("children", 0, 0, 2),
        ],
    }
}

fn split(feature: usize, threshold: u64, missing_left: bool, left: usize, right: usize) -> Node {
    Node::Split { feature, threshold, missing_left, left, right }
}

fn trees() -> Vec<Tree> {
    let leaf = |value| Node::Leaf { value };
    vec![
        Tree {
            nodes: vec![
                split(0, 2000, true, 1, 2),
                split(2, 1, false, 3, 4),
                split(3, 2, false, 3, 4),
                leaf(-250),
                leaf(1 << 40),
            ],
        },
        Tree { nodes: vec![split(1, 12, false, 1, 2), leaf(-5), leaf(7)] },
        Tree { nodes: vec![split(3, 1, false, 1, 2), leaf(3), leaf(-(1 << 41))] },
    ]
}

fn secrets(schema: &Schema, codes: Vec<u64>) -> (SegmentWitness, Features) {
    let features = Features::new(schema, codes).expect("in range");
    let secret = |x| Secret::new(Fr::from(x));
    (
        SegmentWitness::new(
            &features,
            secret(BLINDING),
            secret(PARTIAL_BLINDING),
            [secret(1), secret(2)],
        ),
        features,
    )
}

fn expected(schema: &Schema, features: &Features, partial: FixedPoint) -> Instances {
    let mut preimage = features.packed(schema);
    preimage.push(Fr::from(BLINDING));
    Instances {
        features: hash(Domain::Features, &preimage),
        link_in: Fr::ZERO,
        link_out: Fr::ZERO,
        partial: commit_partial(partial, &Secret::new(Fr::from(PARTIAL_BLINDING))),
    }
}

fn model(schema: &Schema) -> Model {
    let tops = schema.features.iter().map(Feature::top).collect();
    Model { computation: Computation::Trees(trees()), offset: 600, tops }
}

fn agrees(codes: Vec<u64>) {
    let (schema, trees) = (schema(), trees());
    let share = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(&trees),
    };
    let (secrets, features) = secrets(&schema, codes);
    let partial = share.partial(&features);
    assert_eq!(partial, model(&schema).score(&features));
    let builder = build(&share, &secrets, &salt());
    let instances = expected(&schema, &features, partial);
    assert_eq!(builder.instance_values(), instances.to_array());
    assert!(check(&builder).is_ok(), "{:?}", features.codes());
}

/// Zero, both ends of every range, each threshold, one below it, and the missing value.
#[test]
fn edges_agree_with_the_evaluator() {
    for income in [0, 1, 1999, 2000, 2001, 5000, 5001] {
        for age in [0, 11, 12, 81] {
            agrees(vec![income, age, 0, 1]);
        }
    }
    for home in [0, 1] {
        for children in [0, 1, 2] {
            agrees(vec![5001, 81, home, children]);
        }
    }
}

#[test]
fn another_partial_score_is_refused() {
    let (schema, trees) = (schema(), trees());
    let share = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(&trees),
    };
    let (secrets, features) = secrets(&schema, vec![10, 20, 1, 0]);
    let builder = build(&share, &secrets, &salt());
    let FixedPoint(partial) = share.partial(&features);
    for other in [partial + 1, partial - 1, -partial, 0].map(FixedPoint) {
        let instances = expected(&schema, &features, other).to_array().to_vec();
        assert_eq!(refused_by(check_instances(&builder, instances)), ["pin"], "{other}");
    }
    for index in 0..Instances::COUNT {
        let mut instances = builder.instance_values();
        instances[index] += Fr::ONE;
        assert_eq!(refused_by(check_instances(&builder, instances)), ["pin"], "instance {index}");
    }
}

/// `compare` alone, on any code and thresholds: what the cells say, and whether they hold.
fn comparisons(code: Fr, top: u64, thresholds: &[u64]) -> (Builder, Vec<Fr>) {
    let mut builder = Builder::new(Gates::Lean, 0);
    let cell = builder.push(Operand::Witness(code));
    let thresholds: BTreeSet<u64> = thresholds.iter().copied().collect();
    let comparisons = compare(&mut builder, cell, top, &thresholds);
    let below = thresholds.iter().map(|t| builder.value(comparisons.below(*t))).collect();
    (builder, below)
}

#[test]
fn a_code_out_of_range_is_refused() {
    for (top, thresholds) in [
        // A constant.
        (0, vec![]),
        (1, vec![]),
        (1, vec![1]),
        (2, vec![1, 2]),
        (7, vec![]),
        (100, vec![3, 50]),
        (5001, vec![2000]),
    ] {
        for code in [Fr::ZERO, Fr::from(top)] {
            assert!(check(&comparisons(code, top, &thresholds).0).is_ok(), "top {top}");
        }
        let wrapped = Fr::from(2).pow_vartime([253]);
        let others = [Fr::from(top + 1), -Fr::ONE, -Fr::from(top), Fr::from(1 << 20), wrapped];
        for code in others.into_iter().filter(|code| *code != Fr::ZERO) {
            assert!(check(&comparisons(code, top, &thresholds).0).is_err(), "top {top}");
        }
    }
}

/// A prover who builds the circuit around a wrong interval: every indicator vector but the honest
/// one is refused, whatever it says of the comparisons.
#[test]
fn wrong_comparison_vectors_are_refused() {
    let thresholds = [10, 20, 30];
    for code in [0u64, 9, 10, 19, 20, 29, 30, 40] {
        let (honest, below) = comparisons(Fr::from(code), 40, &thresholds);
        let expected: Vec<Fr> = thresholds.map(|t| Fr::from((code < t) as u64)).to_vec();
        assert_eq!(below, expected);
        assert!(check(&honest).is_ok());
        // The witnesses of a code in another interval, claimed of this one.
        for other in [5u64, 15, 25, 35] {
            let (mut forged, below) = comparisons(Fr::from(other), 40, &thresholds);
            if below == expected {
                continue;
            }
            let code_cell = forged.cell(0);
            for row in 0..forged.rows() {
                // The code wherever it is copied to.
                let cell = forged.cell(row);
                if forged.value(cell) == Fr::from(other) {
                    forged.overwrite(cell, Fr::from(code));
                }
            }
            forged.overwrite(code_cell, Fr::from(code));
            assert!(check(&forged).is_err(), "{code} taken for {other}");
        }
    }
}

/// [`schema`] with categories, of which a tree need not ask for each.
fn wider_schema() -> Schema {
    let mut schema = schema();
    let codes = ('a'..='i').map(String::from).collect();
    let kind = FeatureKind::Category { codes };
    schema.features.push(Feature { kind, ..Feature::numeric("job", 0, 0, 0) }.or_missing());
    schema
}

/// A tree from a list of numbers: every shape of children, shared ones too.
fn random_tree(schema: &Schema, numbers: &[u64]) -> Tree {
    let splits = numbers.len();
    let leaf = |x: u64| Node::Leaf { value: (x as i64 >> 20) - (1 << 42) };
    let split = |(index, x): (usize, &u64)| {
        let feature = (x % schema.features.len() as u64) as usize;
        let of = &schema.features[feature];
        let threshold = 1 + (x >> 8) % of.top();
        let missing_left = of.missing && threshold < of.top() && x >> 40 & 1 == 1;
        // Any later node, often the next one: splits come first, then as many leaves.
        let child = |bits: u64| index + 1 + (bits as usize % 3).min(2 * splits - index - 2);
        let far = |bits: u64| splits + bits as usize % splits;
        let left = if x >> 41 & 1 == 1 { child(x >> 42) } else { far(x >> 44) };
        let right = if x >> 50 & 1 == 1 { child(x >> 51) } else { far(x >> 54) };
        Node::Split { feature, threshold, missing_left, left, right }
    };
    let leaves = numbers.iter().map(|x| leaf(x.rotate_left(17)));
    let nodes = numbers.iter().enumerate().map(split).chain(leaves).collect();
    Tree { nodes }
}

/// A code of each feature from a number each: half of them an end of the range, the missing value,
/// a threshold, or one below it.
fn edges_and_others(schema: &Schema, model: &Model, numbers: &[u64]) -> Vec<u64> {
    let thresholds = model.thresholds(schema);
    let of = |((feature, thresholds), x): ((&Feature, &Vec<u64>), &u64)| {
        if x & 1 == 0 {
            return (x >> 1) % (feature.top() + 1);
        }
        let near = thresholds.iter().flat_map(|threshold| [threshold - 1, *threshold]);
        let edges: Vec<u64> = near.chain([0, feature.last(), feature.top()]).collect();
        edges[(x >> 1) as usize % edges.len()]
    };
    schema.features.iter().zip(&thresholds).zip(numbers).map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_trees_agree_with_the_evaluator(
        numbers in proptest::collection::vec(proptest::collection::vec(any::<u64>(), 1..9), 1..4),
        row in proptest::array::uniform5(any::<u64>()),
    ) {
        let schema = wider_schema();
        let trees: Vec<Tree> =
            numbers.iter().map(|numbers| random_tree(&schema, numbers)).collect();
        let tops = schema.features.iter().map(Feature::top).collect();
        let model = Model { computation: Computation::Trees(trees.clone()), offset: -3, tops };
        prop_assert_eq!(model.validate(&schema), Ok(()));
        let work = Work::Trees(&trees);
        let share = Share { index: SegmentIndex::FIRST, schema: &schema, offset: -3, work };
        let (secrets, features) = secrets(&schema, edges_and_others(&schema, &model, &row));
        let score = model.score(&features);
        prop_assert_eq!(share.partial(&features), score);
        let builder = build(&share, &secrets, &salt());
        let instances = expected(&schema, &features, score);
        prop_assert_eq!(builder.instance_values(), instances.to_array());
        prop_assert!(check(&builder).is_ok());
    }

    #[test]
    fn random_rows_agree_with_the_evaluator(
        income in 0u64..=5001, age in 0u64..=81, home in 0u64..=1, children in 0u64..=2,
    ) {
        agrees(vec![income, age, home, children]);
    }

    /// Every cell but the salt block's and the padding is bound.
    #[test]
    fn an_overwritten_cell_is_noticed(row in 0usize..100_000, delta in 1u64..u64::MAX) {
        let (schema, trees) = (schema(), trees());
        let share = Share { index: SegmentIndex::FIRST, schema: &schema, offset: 0, work: Work::Trees(&trees) };
        let (secrets, _) = secrets(&schema, vec![10, 20, 1, 0]);
        let mut builder = build(&share, &secrets, &salt());
        let instances = builder.instance_values();
        let bound = builder.rows() - tessera_circuit::builder::SALT_ROWS - 1;
        let cell = builder.cell(row % bound);
        let value = builder.value(cell) + signed(delta as i64 >> 1) + Fr::ONE;
        builder.overwrite(cell, value);
        prop_assert!(check_instances(&builder, instances).is_err(), "row {}", row % bound);
    }
}
