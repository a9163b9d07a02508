//! Quantised trees against the reference evaluator, on random trees and every code near an edge.

use super::{
    ensemble::{Ensemble, Missing, Output, Precision, Rule, SourceNode, SourceSplit, SourceTree},
    quantise::{Quantised, quantise_trees as quantise},
};
use proptest::prelude::*;
use tessera_model::{Feature, FeatureKind, Features, Format, ModelError, Node, Scaling, Schema};

fn ensemble(features: usize, trees: Vec<SourceTree>) -> Ensemble {
    Ensemble {
        format: Format::XgboostJson,
        library: None,
        objective: "binary:logistic".into(),
        feature_count: features,
        features: Vec::new(),
        categories: Vec::new(),
        demands: Vec::new(),
        trees,
        base: 0.25,
        exact_base: 0.25,
        output: Output::Margin,
        sigmoid: 1.0,
        sum: Precision::F64,
        notes: Vec::new(),
        guesses: Vec::new(),
        printed_edges: Vec::new(),
        frame: None,
    }
}

fn scaling() -> Scaling {
    "600@50:1,pdo=20".parse().unwrap()
}

fn split(feature: usize, rule: Rule, missing: Missing, missing_left: bool) -> SourceSplit {
    SourceSplit { feature, rule, missing, missing_left, left: 1, right: 2 }
}

fn stump(split: SourceSplit) -> SourceTree {
    let nodes = vec![SourceNode::Split(split), SourceNode::Leaf(-0.5), SourceNode::Leaf(0.75)];
    SourceTree { nodes, weight: 1.0 }
}

fn schema(features: Vec<Feature>) -> Schema {
    let schema = Schema { name: "test".into(), features };
    schema.validate().unwrap();
    schema
}

/// Both models must end in the same leaf of every tree.
fn assert_same_leaves(quantised: &Quantised, source: &Ensemble, schema: &Schema, codes: Vec<u64>) {
    let features = Features::new(schema, codes).unwrap();
    let values = features.values(schema);
    for ((tree, origin), leaf) in quantised.origins.iter().zip(quantised.model.leaves(&features)) {
        let (expected, _) = source.trees[*tree].leaf(&values);
        assert_eq!(origin[leaf], expected, "{:?} at {:?}", source.trees[*tree], values);
    }
}

#[test]
fn thresholds_at_exact_edges() {
    // 0.1 + 0.2 in steps of 0.1 is where naive scaling goes wrong: f32(0.3) is above 0.3.
    let schema = schema(vec![Feature::numeric("x", 1, -10, 10)]);
    for step in -9..=10i64 {
        let value = step as f64 / 10.0;
        let threshold = value as f32;
        for (threshold, first_right) in
            [(threshold, step), (threshold.next_up(), step + 1), (threshold.next_down(), step)]
        {
            let tree = stump(split(0, Rule::Below(threshold), Missing::Nan, false));
            let source = ensemble(1, vec![tree]);
            let found = quantise(&source, &schema, &[0], &scaling());
            if first_right > 10 {
                assert!(matches!(found, Err(ModelError::Constant)));
                continue;
            }
            let found = found.unwrap();
            let expected = Node::Split {
                feature: 0,
                threshold: (first_right + 10) as u64,
                missing_left: false,
                left: 1,
                right: 2,
            };
            assert_eq!(found.model.trees()[0].nodes[0], expected, "{threshold}");
        }
    }
}

#[test]
fn single_precision_merges_neighbouring_grid_points() {
    // Above 2^24 an f32 has no odd integers: the comparison must follow the cast, not the number.
    let base = 1i64 << 24;
    let schema = schema(vec![Feature::numeric("x", 0, base - 4, base + 8)]);
    for threshold in [base as f32, (base + 2) as f32, (base + 4) as f32] {
        let tree = stump(split(0, Rule::Below(threshold), Missing::Nan, false));
        let source = ensemble(1, vec![tree]);
        let found = quantise(&source, &schema, &[0], &scaling()).unwrap();
        for code in 0..=schema.features[0].top() {
            assert_same_leaves(&found, &source, &schema, vec![code]);
        }
    }
}

#[test]
fn missing_values_take_one_comparison() {
    let schema = schema(vec![Feature::numeric("x", 0, 0, 9).or_missing()]);
    for (threshold, missing_left, expected) in [
        (4.0, true, Some((4, true))),
        (4.0, false, Some((4, false))),
        // All values one way, missing the other: "is it missing".
        (100.0, false, Some((10, false))),
        (-5.0, true, Some((10, false))),
        // All one way.
        (100.0, true, None),
        (-5.0, false, None),
    ] {
        let tree = stump(split(0, Rule::Below(threshold), Missing::Nan, missing_left));
        let source = ensemble(1, vec![tree]);
        match (quantise(&source, &schema, &[0], &scaling()), expected) {
            (Err(ModelError::Constant), None) => {}
            (Ok(found), Some((threshold, missing_left))) => {
                assert!(matches!(found.model.trees()[0].nodes[..], [
                    Node::Split { threshold: t, missing_left: m, .. }, _, _
                ] if (t, m) == (threshold, missing_left)));
                for code in 0..=10 {
                    assert_same_leaves(&found, &source, &schema, vec![code]);
                }
            }
            other => panic!("{other:?}", other = other.1),
        }
    }
}

#[test]
fn scores_are_rounded_to_nearest() {
    let schema = schema(vec![Feature::numeric("x", 0, 0, 1)]);
    let source = ensemble(1, vec![stump(split(0, Rule::Below(1.0), Missing::Nan, false))]);
    let found = quantise(&source, &schema, &[0], &scaling()).unwrap();
    for code in [0, 1] {
        let features = Features::new(&schema, vec![code]).unwrap();
        let exact = source.points(&features.values(&schema), &scaling());
        let units = exact * 2f64.powi(32);
        assert!((found.model.score(&features).0 as f64 - units).abs() <= 1.0);
    }
}

#[test]
fn scores_that_need_too_many_bits_are_refused() {
    let schema = schema(vec![Feature::numeric("x", 0, 0, 1)]);
    for leaf in [f64::from(f32::MAX), 4e7, 1e308, -1e308] {
        let mut tree = stump(split(0, Rule::Below(1.0), Missing::Nan, false));
        tree.nodes[1] = SourceNode::Leaf(leaf);
        let found = quantise(&ensemble(1, vec![tree]), &schema, &[0], &scaling());
        assert!(matches!(found, Err(ModelError::TooLarge { .. })), "{leaf}");
    }
}

/// A feature with few enough codes to try each.
fn feature() -> impl Strategy<Value = Feature> {
    let numeric = (0u32..4, -30i64..10, 0i64..40, any::<bool>()).prop_map(
        |(decimals, min, span, missing)| Feature {
            missing,
            ..Feature::numeric("", decimals, min, min + span)
        },
    );
    let category = (1usize..20, any::<bool>()).prop_map(|(count, missing)| Feature {
        kind: FeatureKind::Category { codes: (0..count).map(|i| format!("c{i}")).collect() },
        missing,
        ..Feature::numeric("", 0, 0, 0)
    });
    prop_oneof![3 => numeric, 1 => category]
}

/// A rule with its edges on and around the grid of small decimals.
fn rule() -> impl Strategy<Value = Rule> {
    let near = (-320i32..320, 0u32..4, -1i32..=1);
    let set = proptest::collection::btree_set(0u32..20, 0..8);
    prop_oneof![
        near.clone().prop_map(|(step, decimals, nudge)| {
            let value = (f64::from(step) / 10f64.powi(decimals.cast_signed())) as f32;
            Rule::Below(match nudge {
                -1 => value.next_down(),
                0 => value,
                _ => value.next_up(),
            })
        }),
        (near.clone(), any::<bool>()).prop_map(|((step, decimals, nudge), equal)| {
            let value = (f64::from(step) / 10f64.powi(decimals.cast_signed())) as f32;
            let value = match nudge {
                -1 => value.next_down(),
                0 => value,
                _ => value.next_up(),
            };
            if equal { Rule::SingleEqual(value) } else { Rule::SingleAtMost(value) }
        }),
        (near, any::<bool>()).prop_map(|((step, decimals, nudge), less)| {
            let value = f64::from(step) / 10f64.powi(decimals.cast_signed());
            let value = match nudge {
                -1 => value.next_down(),
                0 => value,
                _ => value.next_up(),
            };
            if less { Rule::Less(value) } else { Rule::AtMost(value) }
        }),
        Just(Rule::AtMost(f64::INFINITY)),
        set.clone().prop_map(|set| Rule::Among(set.into_iter().collect())),
        set.prop_map(|set| Rule::NotAmong(set.into_iter().collect())),
    ]
}

fn missing() -> impl Strategy<Value = Missing> {
    prop_oneof![
        3 => Just(Missing::Nan),
        1 => (-20i32..20).prop_map(|mark| Missing::NanOr(mark as f32 / 10.0)),
        1 => Just(Missing::NanOrZero),
        1 => Just(Missing::Never),
    ]
}

/// A tree of up to `2^depth` leaves: node `i` has the children `2i + 1` and `2i + 2`.
fn tree(features: usize, depth: u32) -> impl Strategy<Value = SourceTree> {
    let node = (0..features, rule(), missing(), any::<bool>(), -2f32..2f32, 0u32..8);
    let nodes = proptest::collection::vec(node, (1 << (depth + 1)) - 1);
    (nodes, 0.1f32..1.5).prop_map(move |(nodes, weight)| {
        let inner = (1 << depth) - 1;
        let make = |(index, (feature, rule, missing, missing_left, leaf, stop))| {
            if index >= inner || stop == 0 {
                return SourceNode::Leaf(f64::from(leaf));
            }
            let (left, right) = (2 * index + 1, 2 * index + 2);
            SourceNode::Split(SourceSplit { feature, rule, missing, missing_left, left, right })
        };
        SourceTree { nodes: nodes.into_iter().enumerate().map(make).collect(), weight }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_code_of_a_split_goes_where_it_went(
        feature in feature(), rule in rule(), missing in missing(), left in any::<bool>(),
    ) {
        let schema = schema(vec![Feature { name: "x".into(), ..feature }]);
        let source = ensemble(1, vec![stump(split(0, rule, missing, left))]);
        let top = schema.features[0].top();
        match quantise(&source, &schema, &[0], &scaling()) {
            Ok(found) => {
                for code in 0..=top {
                    assert_same_leaves(&found, &source, &schema, vec![code]);
                }
            }
            Err(error) => {
                prop_assert_eq!(error, ModelError::Constant);
                let SourceNode::Split(split) = &source.trees[0].nodes[0] else { unreachable!() };
                let answer = |code| split.goes_left(schema.features[0].value(code));
                prop_assert!((0..=top).all(|code| answer(code) == answer(0)));
            }
        }
    }

    #[test]
    fn random_forests_agree(
        features in proptest::collection::vec(feature(), 3),
        trees in proptest::collection::vec(tree(3, 4), 1..5),
        rows in proptest::collection::vec(proptest::array::uniform3(any::<u64>()), 30),
    ) {
        let named = features.into_iter().zip(["a", "b", "c"]);
        let schema = schema(named.map(|(f, name)| Feature { name: name.into(), ..f }).collect());
        let source = ensemble(3, trees);
        let Ok(found) = quantise(&source, &schema, &[0, 1, 2], &scaling()) else {
            return Ok(());
        };
        for row in rows {
            let codes = row.iter().zip(&schema.features).map(|(x, f)| x % (f.top() + 1)).collect();
            let features = Features::new(&schema, codes).unwrap();
            let values = features.values(&schema);
            assert_same_leaves(&found, &source, &schema, features.codes().to_vec());
            let leaf = |tree: &SourceTree| tree.leaf(&values).1 * f64::from(tree.weight);
            let sum: f64 = source.trees.iter().map(leaf).sum();
            let units = scaling().points_of(source.exact_base + sum) * 2f64.powi(32);
            // Half a unit a leaf and one for the offset, and the f64 noise of this sum itself.
            let allowed = source.trees.len() as f64 / 2.0 + 1.0;
            let score = found.model.score(&features).0;
            prop_assert!((score as f64 - units).abs() < allowed, "{score} for {units}");
            prop_assert!(score.unsigned_abs() <= found.model.bound(&schema).unwrap());
        }
    }
}
