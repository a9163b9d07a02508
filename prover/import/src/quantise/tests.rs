//! Quantised networks against the double-precision reference.

use super::quantise_network;
use crate::{
    Category, Output, ResolvedInput, ResolvedNetwork, SourceInput, SourceInputKind, SourceLayer,
    SourceNetwork,
};
use proptest::prelude::*;
use tessera_model::{Feature, FeatureKind, Features, ModelError, Scaling, Schema, package::Format};

fn scaling() -> Scaling {
    "600@50:1,pdo=20".parse().unwrap()
}

fn schema() -> Schema {
    let codes = ["A", "B", "10"].map(String::from).to_vec();
    let mut home = Feature::numeric("home", 0, 0, 0);
    home.kind = FeatureKind::Category { codes };
    let features = vec![
        Feature::numeric("income", 2, -5000, 9_000_000).or_missing(),
        Feature::numeric("age", 0, 18, 99),
        home.or_missing(),
    ];
    let schema = Schema { name: "test".into(), features };
    schema.validate().unwrap();
    schema
}

fn inputs() -> Vec<SourceInput> {
    let value = |missing, offset, scale| SourceInputKind::Value { missing, offset, scale };
    let is = |category| SourceInputKind::Is(category);
    [
        (0, value(Some(31_234.567), 30_000.0, 1.0 / 12_000.0)),
        (1, value(None, 41.5, 1.0 / 11.0)),
        (2, is(Category::Text("A".into()))),
        (2, is(Category::Text("unknown".into()))),
        (2, is(Category::Number(10.0))),
    ]
    .map(|(feature, kind)| SourceInput { feature, kind })
    .to_vec()
}

fn network(layers: Vec<SourceLayer>) -> ResolvedNetwork {
    let source = SourceNetwork {
        format: Format::XgboostJson,
        library: None,
        objective: "test".into(),
        feature_count: 3,
        features: vec![],
        inputs: inputs(),
        layers,
        demands: vec![],
        output: Output::Margin,
        notes: vec![],
        guesses: vec![],
    };
    let (resolved, notes) = source.resolve(&schema(), &[0, 1, 2]).unwrap();
    assert_eq!(notes.len(), 1, "the unknown category is noted");
    assert_eq!(resolved.inputs.len(), 4);
    resolved
}

fn layers(numbers: &[f64], relu: bool) -> Vec<SourceLayer> {
    let mut numbers = numbers.iter().copied().cycle();
    let mut layer = |inputs: usize, outputs: usize, relu| SourceLayer {
        weights: (0..outputs).map(|_| numbers.by_ref().take(inputs).collect()).collect(),
        biases: numbers.by_ref().take(outputs).collect(),
        relu,
    };
    vec![layer(5, 6, relu), layer(6, 4, true), layer(4, 1, false)]
}

/// The quantised model is off by no more than it says, and its bounds hold.
fn agrees(source: &ResolvedNetwork, codes: Vec<u64>) {
    let schema = schema();
    let quantised = quantise_network(source, &schema, &scaling()).unwrap();
    let features = Features::new(&schema, codes.clone()).unwrap();
    let expected = scaling().points_of(source.margin(&features.values(&schema), &codes));
    let found = quantised.model.score(&features);
    let error = (found.points() - expected).abs();
    // The reference rounds too.
    assert!(error <= quantised.rounding + 1e-9 * expected.abs().max(1.0), "{error} {expected}");
    assert!(quantised.rounding < 0.05, "{}", quantised.rounding);
    assert!(found.0.unsigned_abs() <= quantised.model.bound(&schema).unwrap());

    let network = quantised.model.network().unwrap();
    let run = network.run(&codes, &quantised.model.tops);
    let ranges = network.accumulators(&schema).unwrap();
    for (layer, (of, activations)) in network.layers.iter().zip(ranges.iter().zip(run.activations))
    {
        for (range, activation) in of.iter().zip(activations.iter()) {
            let allowed = layer.activation(*range);
            assert!((allowed.low..=allowed.high).contains(activation));
        }
    }
}

#[test]
fn a_linear_model_is_one_layer_without_rounding_down() {
    let linear = SourceLayer {
        weights: vec![vec![0.7, -0.3, 0.25, 9.0, -1.5]],
        biases: vec![0.125],
        relu: false,
    };
    let source = network(vec![linear]);
    for income in [0, 4999, 5000, 9_005_000, 9_005_001] {
        for home in 0..4 {
            agrees(&source, vec![income, 0, home]);
            agrees(&source, vec![income, 81, home]);
        }
    }
}

#[test]
fn a_missing_value_without_an_imputer_is_refused_by_name() {
    let mut inputs = inputs();
    inputs[0].kind = SourceInputKind::Value { missing: None, offset: 0.0, scale: 1.0 };
    let source = SourceNetwork {
        format: Format::XgboostJson,
        library: None,
        objective: "test".into(),
        feature_count: 3,
        features: vec![],
        inputs,
        layers: layers(&[0.5], true),
        demands: vec![],
        output: Output::Margin,
        notes: vec![],
        guesses: vec![],
    };
    let error = source.resolve(&schema(), &[0, 1, 2]).unwrap_err().to_string();
    assert!(error.contains("income"), "{error}");
}

#[test]
fn sums_that_could_pass_the_limit_are_refused() {
    let large = |number| {
        let one = |weight, inputs, relu| SourceLayer {
            weights: vec![vec![weight; inputs]],
            biases: vec![0.0],
            relu,
        };
        let first = [one(2f64.powi(14), 5, true), one(2f64.powi(24), 1, true)];
        let layers = first.into_iter().chain([one(number, 1, true), one(1e-9, 1, false)]).collect();
        quantise_network(&network(layers), &schema(), &scaling())
    };
    // The second activation can reach 2^62 units, and weights after it are kept in 2^-61.
    assert_eq!(large(0.25).err(), Some(ModelError::Accumulator { layer: 2, neuron: 0 }));
    assert!(large(0.0625).is_ok());
    let Err(ModelError::Network(fault)) = large(1e18) else { panic!("a weight of 120 bits") };
    assert!(fault.starts_with("layer 2, neuron 0: a weight is too large"), "{fault}");
}

/// Finite numbers that become `NaN` when scaler and weights are multiplied.
#[test]
fn folded_numbers_that_overflow_are_refused() {
    let mut source = network(layers(&[0.5], true));
    for (input, sign) in [(0, 1.0), (1, -1.0)] {
        let ResolvedInput::Value { offset, missing, .. } = &mut source.inputs[input] else {
            panic!()
        };
        (*offset, *missing) = (sign * 1e308, missing.map(|_| 0.0));
        source.layers[0].weights.iter_mut().for_each(|row| row[input] = 1e5);
    }
    let found = quantise_network(&source, &schema(), &scaling());
    assert!(matches!(found, Err(ModelError::Accumulator { layer: 0, .. })), "{:?}", found.err());
}

proptest! {
    #[test]
    fn random_networks_agree(
        numbers in proptest::collection::vec(-2.0f64..2.0, 71),
        relu: bool,
        income in prop_oneof![Just(0u64), Just(9_005_001), 0u64..=9_005_001],
        age in 0u64..=81,
        home in 0u64..=3,
    ) {
        agrees(&network(layers(&numbers, relu)), vec![income, age, home]);
    }
}
