//! A network over two segments: its proof, and what holds its halves together.

mod common;

use common::{Lender, aggregate, aggregation, links, refused_by, segment_proof, witness};
use std::sync::LazyLock;
use tessera_aggregate::{circuit::build, verify};
use tessera_circuit::testing::check;
use tessera_core::random;
use tessera_model::Features;

static LENDER: LazyLock<Lender> = LazyLock::new(common::network);

fn features(codes: [u64; 3]) -> Features {
    Features::new(&LENDER.package.schema, codes.to_vec()).expect("in range")
}

#[test]
fn a_score_that_is_reached_is_proven() {
    for codes in [[2500, 22, 1], [5001, 0, 0]] {
        let features = features(codes);
        let score = LENDER.package.model.score(&features).0;
        let witness = witness(&LENDER, &features, score);
        let instances = witness.proofs().iter().map(|proof| proof.instances);
        let [first, second]: [_; 2] = instances.collect::<Vec<_>>().try_into().expect("two");
        assert_eq!(first.link_out, second.link_in);
        let aggregated = aggregate(&witness);
        let made = aggregation(2);
        verify(&made.1, aggregated.statement, &aggregated.bytes).expect("it holds");
    }
}

#[test]
fn one_point_more_is_refused() {
    let features = features([2500, 22, 1]);
    let score = LENDER.package.model.score(&features).0;
    let witness = witness(&LENDER, &features, score + 1);
    assert_eq!(refused_by(check(&build(&witness).expect("builds"))), ["copy"]);
}

/// The last layer over a richer borrower's activations: a valid proof of its segment, whose link is
/// not the one that the first segment made.
#[test]
fn activations_of_another_borrower_are_refused() {
    let (poor, rich) = (features([100, 22, 0]), features([5000, 22, 1]));
    let mut mixed = witness(&LENDER, &poor, 0);
    assert!(check(&build(&mixed).expect("builds")).is_ok());
    let (proof, partial) = LENDER.prove(1, &rich, random().expect("randomness"), &links(2));
    let features = mixed.proofs()[1].instances.features;
    mixed.proofs_unchecked()[1] = segment_proof(&proof);
    mixed.partials[1] = partial;
    let refused = refused_by(check(&build(&mixed).expect("builds")));
    assert_eq!(refused, ["copy"], "another borrower");
    // Claiming the poor borrower's features and link does not help: the proof is not of them.
    let proofs = mixed.proofs_unchecked();
    proofs[1].instances.features = features;
    proofs[1].instances.link_in = proofs[0].instances.link_out;
    let aggregated = aggregate(&mixed);
    let made = aggregation(2);
    assert!(verify(&made.1, aggregated.statement, &aggregated.bytes).is_err());
}

/// Both halves of one borrower, but from two runs: the blindings of the link differ.
#[test]
fn links_of_two_runs_do_not_meet() {
    let features = features([2500, 22, 1]);
    let mut mixed = witness(&LENDER, &features, 0);
    let again = witness(&LENDER, &features, 0);
    assert_ne!(mixed.proofs()[0].instances.link_out, again.proofs()[0].instances.link_out);
    mixed.partials[1] = again.partials[1].clone();
    let proofs = mixed.proofs_unchecked();
    proofs[1] = again.proofs()[1].clone();
    proofs[1].instances.features = proofs[0].instances.features;
    assert_eq!(refused_by(check(&build(&mixed).expect("builds"))), ["copy"]);
}
