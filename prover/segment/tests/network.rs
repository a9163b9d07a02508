//! Networks in segments: against the integer evaluator, at edges, cut anywhere, and under cheating
//! provers.

mod common;

use common::{refused_by, salt};
use halo2curves::ff::Field;
use proptest::prelude::*;
use tessera_circuit::{
    Builder, Gates,
    testing::{check, check_instances},
};
use tessera_core::{FixedPoint, Fr, Secret, SegmentIndex};
use tessera_model::{
    Computation, Feature, FeatureKind, Features, Model, Network, Schema,
    network::{Input, Layer, Neuron},
};
use tessera_segment::{
    Instances, SegmentWitness, Share, Work,
    circuit::{build, commit_partial},
    network::Layers,
};

fn schema() -> Schema {
    let mut home = Feature::numeric("home", 0, 0, 0);
    home.kind = FeatureKind::Category { codes: ["own", "rent", "other"].map(String::from).into() };
    Schema {
        name: "test".into(),
        features: vec![
            Feature::numeric("income", 0, 0, 5000).or_missing(),
            Feature::numeric("age", 0, 18, 99),
            home.or_missing(),
        ],
    }
}

fn inputs() -> Vec<Input> {
    vec![
        Input::Code { feature: 0, missing: Some(-77) },
        Input::Is { feature: 0, code: 5001 },
        Input::Code { feature: 1, missing: None },
        Input::Is { feature: 2, code: 0 },
        Input::Is { feature: 2, code: 1 },
        Input::Is { feature: 2, code: 3 },
    ]
}

/// Three layers of 3, 2 and 1 neurons, weights from `numbers` in turn.
fn network(numbers: &[i64]) -> Network {
    let mut numbers = numbers.iter().copied().cycle();
    let mut layer = |inputs: usize, outputs: usize, shift| Layer {
        neurons: (0..outputs)
            .map(|_| Neuron {
                bias: i128::from(numbers.next().unwrap()) << 20,
                weights: numbers.by_ref().take(inputs).collect(),
            })
            .collect(),
        shift,
    };
    Network { inputs: inputs(), layers: vec![layer(6, 3, 10), layer(3, 2, 5), layer(2, 1, 3)] }
}

fn some() -> Network {
    network(&[12_345, -9_876, 55_555, 3, 0, -40_000, 7_654])
}

fn model(network: Network) -> Model {
    let schema = schema();
    let tops = schema.features.iter().map(Feature::top).collect();
    let model = Model { computation: Computation::Network(network), offset: 600, tops };
    model.validate(&schema).expect("a valid model");
    model
}

fn secret(x: u64) -> Secret {
    Secret::new(Fr::from(x))
}

fn secrets(codes: &[u64], index: u64) -> (SegmentWitness, Features) {
    let features = Features::new(&schema(), codes.to_vec()).expect("in range");
    let links = [secret(100 + index), secret(101 + index)];
    (SegmentWitness::new(&features, secret(1), secret(50 + index), links), features)
}

fn share<'a>(
    schema: &'a Schema,
    network: &'a Network,
    index: usize,
    range: [usize; 2],
) -> Share<'a> {
    let [from, to] = range;
    let offset = if index == 0 { 600 } else { 0 };
    Share { index: SegmentIndex(index), schema, offset, work: Work::Neurons { network, from, to } }
}

/// All segments between `cuts` hold, pass on what the next one opens, and add up to the score.
fn agrees(network: &Network, codes: &[u64], cuts: &[usize]) {
    let schema = schema();
    let ends: Vec<usize> = [0].into_iter().chain(cuts.iter().copied()).chain([6]).collect();
    let (mut link, mut sum) = (Fr::ZERO, 0);
    let features = Features::new(&schema, codes.to_vec()).expect("in range");
    for (index, ends) in ends.windows(2).enumerate() {
        let share = share(&schema, network, index, [ends[0], ends[1]]);
        let (secrets, features) = secrets(codes, index as u64);
        let builder = build(&share, &secrets, &salt());
        assert!(check(&builder).is_ok(), "{codes:?} cut at {cuts:?}, segment {index}");
        let instances: [Fr; 4] = builder.instance_values().try_into().expect("four");
        let Instances { link_in, link_out, partial, .. } = Instances::from_array(instances);
        assert_eq!(link_in, link, "{cuts:?}, segment {index}");
        let expected = share.partial(&features);
        assert_eq!(partial, commit_partial(expected, &secret(50 + index as u64)));
        link = link_out;
        sum += expected.0;
    }
    assert_eq!(link, Fr::ZERO);
    assert_eq!(sum, model(network.clone()).score(&features).0);
}

#[test]
fn edges_agree_with_the_evaluator() {
    for income in [0, 1, 5000, 5001] {
        for (age, home) in [(0, 0), (81, 1), (40, 2), (0, 3)] {
            agrees(&some(), &[income, age, home], &[]);
        }
    }
}

#[test]
fn a_network_can_be_cut_anywhere() {
    for cut in 1..6 {
        agrees(&some(), &[2500, 22, 1], &[cut]);
    }
    agrees(&some(), &[5001, 22, 3], &[1, 2, 3, 4, 5]);
    // A null segment at the end.
    agrees(&some(), &[5001, 22, 3], &[4, 6]);
}

/// A sum of exactly 0, one unit below, and one that is rounded down to 0.
#[test]
fn the_turn_of_the_activation_function() {
    for bias in [-1i128, 0, 1, 1023, 1024, -1024] {
        let neuron = |bias, weights: &[i64]| Neuron { bias, weights: weights.to_vec() };
        let hidden = Layer { neurons: vec![neuron(bias - 40, &[0, 0, 1, 0, 0, 0])], shift: 10 };
        let last = Layer { neurons: vec![neuron(-1, &[8])], shift: 2 };
        let network = Network { inputs: inputs(), layers: vec![hidden, last] };
        let schema = schema();
        let (secrets, features) = secrets(&[0, 40, 0], 0);
        let share = share(&schema, &network, 0, [0, 2]);
        let builder = build(&share, &secrets, &salt());
        assert!(check(&builder).is_ok(), "{bias}");
        // floor((8·(max(bias, 0) >> 10) − 1) / 4)
        let expected = ((bias.max(0) >> 10) * 8 - 1) >> 2;
        assert_eq!(share.partial(&features), FixedPoint(600 + expected as i64));
        assert_eq!(
            builder.instance_values()[3],
            commit_partial(FixedPoint(600 + expected as i64), &secret(50))
        );
    }
}

/// A prover of the second segment who opens other activations than the first committed to has
/// another link, which aggregation refuses; forcing the link breaks the segment.
#[test]
fn other_activations_are_another_link() {
    let (schema, network) = (schema(), some());
    let first = share(&schema, &network, 0, [0, 3]);
    let second = share(&schema, &network, 1, [3, 6]);
    let (honest, _) = secrets(&[2500, 22, 1], 0);
    let (other, _) = secrets(&[2501, 22, 1], 1);
    let link = build(&first, &honest, &salt()).instance_values()[2];
    let builder = build(&second, &other, &salt());
    let mut instances = builder.instance_values();
    assert_ne!(instances[1], link);
    instances[1] = link;
    assert_eq!(refused_by(check_instances(&builder, instances)), ["pin"]);
}

/// The packing has one reading: an activation of `a + 2^width` with the next one lowered by 1 packs
/// to the same element, so to the same link, and only the proven widths refuse it.
#[test]
fn activations_out_of_their_width_are_refused() {
    let (schema, network) = (schema(), network(&[12_345, 9_876, 55_555, 3, 40_000]));
    let (_, features) = secrets(&[2500, 22, 1], 1);
    let tops: Vec<u64> = schema.features.iter().map(Feature::top).collect();
    let ranges = network.accumulators(&schema).expect("bounds");
    let width = network.layers[0].activation(ranges[0][0]).bits();
    let open = |change: i128| {
        let mut run = network.run(features.codes(), &tops);
        run.activations[0][0] += change << width;
        run.activations[0][1] -= change;
        assert!(run.activations[0][1] >= 0);
        let mut builder = Builder::new(Gates::Lean, 1);
        let link = Layers::new(&network, &schema).open(&mut builder, 3, &run, &secret(5));
        builder.expose(0, link.expect("activations are alive"));
        (builder.instance_values(), check(&builder).is_ok())
    };
    let (honest, accepted) = open(0);
    assert!(accepted);
    assert_eq!(open(1), (honest, false));
}

/// Another activation, carried on through all gates, is corrected on the way: there is no other link.
/// Of all that a prover may choose, blindings are free and nothing else is: weights are not, nor bits.
#[test]
fn only_blindings_change_an_honest_statement() {
    let (schema, network) = (schema(), some());
    let share = share(&schema, &network, 1, [3, 6]);
    let (secrets, _) = secrets(&[2500, 22, 1], 1);
    let honest = build(&share, &secrets, &salt());
    assert!(honest.holds(&honest.instance_values()));
    let mut free = Vec::new();
    for cell in honest.choices() {
        let mut changed = honest.clone();
        changed.overwrite(cell, honest.value(cell) + Fr::ONE);
        changed.carry_on();
        if changed.holds(&changed.instance_values()) {
            free.push(honest.value(cell));
        }
    }
    // The salt's zeros apart: commitment, link in, link out or none, partial.
    free.retain(|value| *value != Fr::ZERO);
    let blindings = [1, 101, 51].map(Fr::from);
    assert!(free.iter().all(|value| blindings.contains(value)), "{free:?}");
}

/// The same activations under another blinding are another link.
#[test]
fn a_link_is_blinded() {
    let (schema, network) = (schema(), some());
    let features = Features::new(&schema, vec![2500, 22, 1]).expect("in range");
    let link = |blinding: u64| {
        let links = [secret(3), secret(blinding)];
        let secrets = SegmentWitness::new(&features, secret(1), secret(2), links);
        build(&share(&schema, &network, 0, [0, 3]), &secrets, &salt()).instance_values()[2]
    };
    assert_eq!(link(5), link(5));
    assert_ne!(link(5), link(6));
}

#[test]
fn an_activation_is_what_its_sum_says() {
    let (schema, network) = (schema(), network(&[12_345, 9_876, 55_555, 3, 40_000]));
    let (secrets, features) = secrets(&[2500, 22, 1], 0);
    let tops: Vec<u64> = schema.features.iter().map(Feature::top).collect();
    let activation = network.run(features.codes(), &tops).activations[0][0];
    let activation = Fr::from(u64::try_from(activation).expect("positive"));
    let honest = build(&share(&schema, &network, 0, [0, 3]), &secrets, &salt());
    let cells = (0..honest.rows()).map(|row| honest.cell(row));
    let places: Vec<_> = cells.filter(|cell| honest.value(*cell) == activation).collect();
    assert!(places.len() > 1, "the activation was found");
    for place in places {
        let mut forged = honest.clone();
        forged.overwrite(place, activation + Fr::ONE);
        forged.carry_on();
        let same = forged.instance_values() == honest.instance_values();
        let refused = refused_by(check(&forged));
        assert!(same || !refused.is_empty(), "row {}: {refused:?}", place.row());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_networks_agree(
        numbers in proptest::collection::vec(-1i64 << 17..1 << 17, 29),
        income in prop_oneof![Just(0u64), Just(5000), Just(5001), 0u64..=5001],
        age in 0u64..=81, home in 0u64..=3, cut in 0usize..6,
    ) {
        let cuts: Vec<usize> = [cut].into_iter().filter(|cut| *cut > 0).collect();
        agrees(&network(&numbers), &[income, age, home], &cuts);
    }

    /// Every cell but the salt block's and the padding is bound.
    #[test]
    fn an_overwritten_cell_is_noticed(row in 0usize..1_000_000, delta in 1u64..u64::MAX) {
        let (schema, network) = (schema(), some());
        let share = share(&schema, &network, 1, [2, 5]);
        let (secrets, _) = secrets(&[10, 20, 1], 1);
        let mut builder = build(&share, &secrets, &salt());
        let instances = builder.instance_values();
        let bound = builder.rows() - tessera_circuit::builder::SALT_ROWS - 1;
        let cell = builder.cell(row % bound);
        let value = builder.value(cell) + Fr::from(delta);
        builder.overwrite(cell, value);
        prop_assert!(check_instances(&builder, instances).is_err(), "row {}", row % bound);
    }
}

/// As `cells.rs` has it for trees.
#[test]
fn no_cell_is_unused_and_no_value_free_but_the_salts() {
    let (schema, network) = (schema(), some());
    for (index, range) in [(0, [0, 6]), (0, [0, 4]), (1, [4, 6]), (1, [2, 5])] {
        for codes in [[2500, 40, 1], [5001, 0, 3]] {
            let builder = build(
                &share(&schema, &network, index, range),
                &secrets(&codes, index as u64).0,
                &salt(),
            );
            let salt = builder.rows() - tessera_circuit::builder::SALT_ROWS;
            let usage = builder.usage();
            println!("{range:?}: {} cells, {} values used once", builder.rows(), usage.once.len());
            let describe = |cells: &[tessera_circuit::Cell]| {
                cells.iter().map(|cell| builder.describe(*cell)).collect::<Vec<_>>()
            };
            assert!(usage.unused.is_empty(), "{:?}", describe(&usage.unused));
            for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
                let unbound = builder.unbound_cells(delta);
                assert!(unbound.is_empty(), "{:?}", describe(&unbound));
                let free = builder.free_classes(delta).concat();
                let free: Vec<_> = free.into_iter().filter(|cell| cell.row() < salt).collect();
                assert!(free.is_empty(), "{range:?} {codes:?}: {:?}", describe(&free));
            }
        }
    }
}
