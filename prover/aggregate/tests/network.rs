//! A network over two segments: its proof, and what holds its halves together.

mod common;

use common::{Lender, aggregate, aggregation, links, package, segment_proof, witness};
use std::sync::LazyLock;
use tessera_aggregate::{circuit::build, verify};
use tessera_circuit::testing::check;
use tessera_field::random;
use tessera_model::{
    Features, Network,
    network::{Input, Layer, Neuron},
};
use tessera_segment::Plan;

/// Income (100 stands for a missing one), age and home through three neurons, and their sum.
static LENDER: LazyLock<Lender> = LazyLock::new(|| {
    let mut package = package(3);
    let inputs = vec![
        Input::Code { feature: 0, missing: Some(100) },
        Input::Code { feature: 1, missing: None },
        Input::Is { feature: 2, code: 1 },
    ];
    let neuron = |bias, weights: [i64; 3]| Neuron { bias, weights: weights.to_vec() };
    let hidden = Layer {
        neurons: vec![neuron(-1000, [1, 0, 0]), neuron(50, [0, -1, 20]), neuron(7, [2, 3, 1000])],
        shift: 1,
    };
    let last = Layer { neurons: vec![neuron(5, [1 << 31, -(1 << 30), 1 << 20])], shift: 2 };
    package.model.trees = vec![];
    package.model.network = Some(Network { inputs, layers: vec![hidden, last] });
    package.model.validate(&package.schema).expect("a valid model");
    // In the middle of the first layer.
    let plan = Plan::with_ranges(&package, vec![0..2, 2..4]).expect("a valid plan");
    Lender::with_plan(package, plan)
});

fn features(codes: [u64; 3]) -> Features {
    Features::new(&LENDER.package.schema, codes.to_vec()).expect("in range")
}

#[test]
fn a_score_that_is_reached_is_proven() {
    for codes in [[2500, 22, 1], [5001, 0, 0]] {
        let features = features(codes);
        let score = LENDER.package.model.score(&features).0;
        let witness = witness(&LENDER, &features, u64::try_from(score).expect("positive"));
        let instances = witness.proofs.iter().map(|proof| proof.instances);
        let [first, second]: [_; 2] = instances.collect::<Vec<_>>().try_into().expect("two");
        assert_eq!(first.link_out, second.link_in);
        let aggregated = aggregate(&witness);
        let made = aggregation(2);
        verify(&made.1, &aggregated.statement, &aggregated.bytes).expect("it holds");
    }
}

#[test]
fn one_point_more_is_refused() {
    let features = features([2500, 22, 1]);
    let score = LENDER.package.model.score(&features).0;
    let witness = witness(&LENDER, &features, score as u64 + 1);
    assert!(check(&build(&witness).expect("builds")).is_err());
}

/// The last layer over a richer borrower's activations: a valid proof of its segment, whose link is
/// not the one that the first segment made.
#[test]
fn activations_of_another_borrower_are_refused() {
    let (poor, rich) = (features([100, 22, 0]), features([5000, 22, 1]));
    let mut mixed = witness(&LENDER, &poor, 0);
    assert!(check(&build(&mixed).expect("builds")).is_ok());
    let (proof, partial) = LENDER.prove(1, &rich, random().expect("randomness"), &links(2));
    let commitment = mixed.proofs[1].instances.commitment;
    mixed.proofs[1] = segment_proof(&proof);
    mixed.partials[1] = partial;
    assert!(check(&build(&mixed).expect("builds")).is_err(), "another borrower");
    // Claiming the poor borrower's commitment and link does not help: the proof is not of them.
    mixed.proofs[1].instances.commitment = commitment;
    mixed.proofs[1].instances.link_in = mixed.proofs[0].instances.link_out;
    let aggregated = aggregate(&mixed);
    let made = aggregation(2);
    assert!(verify(&made.1, &aggregated.statement, &aggregated.bytes).is_err());
}

/// Both halves of one borrower, but from two runs: the blindings of the link differ.
#[test]
fn links_of_two_runs_do_not_meet() {
    let features = features([2500, 22, 1]);
    let mut mixed = witness(&LENDER, &features, 0);
    let again = witness(&LENDER, &features, 0);
    assert_ne!(mixed.proofs[0].instances.link_out, again.proofs[0].instances.link_out);
    mixed.proofs[1] = again.proofs.into_iter().nth(1).expect("two");
    mixed.partials[1] = again.partials.into_iter().nth(1).expect("two");
    mixed.proofs[1].instances.commitment = mixed.proofs[0].instances.commitment;
    assert!(check(&build(&mixed).expect("builds")).is_err());
}
