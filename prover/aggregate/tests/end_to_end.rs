//! Honest proofs of small models are accepted, for every number of segments in use.

mod common;

use common::{Lender, POINT, aggregate, aggregation, borrower, package, witness};
use std::time::Instant;
use tessera_aggregate::{circuit::build, verify};

fn honest(segments: usize) {
    let package = package(1);
    let features = borrower(&package);
    let score = package.score(&features).expect("in range").0;
    assert_eq!(score, 647 * POINT);
    let lender = Lender::new(package, segments);
    let witness = witness(&lender, &features, score);
    let start = Instant::now();
    let made = aggregation(segments);
    let (key, spec) = &*made;
    let rows = build(&witness).expect("builds").rows();
    println!("N = {segments}: {rows} rows, k = {}, keys in {:.2?}", key.k(), start.elapsed());
    let start = Instant::now();
    let proof = aggregate(&witness);
    println!("proof of {} bytes in {:.2?}", proof.bytes.len(), start.elapsed());
    assert_eq!(proof.statement.model_digest, lender.model_digest().to_element());
    assert_eq!(verify(spec, proof.statement, &proof.bytes), Ok(()));
}

#[test]
fn one_segment() {
    honest(1);
}

#[test]
fn two_segments() {
    honest(2);
}

#[test]
fn four_segments_of_three_trees() {
    honest(4);
}
