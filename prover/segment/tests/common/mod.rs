//! A small schema with trees, a borrower's secrets.
#![allow(dead_code)]

use halo2_proofs::dev::VerifyFailure;
use std::{collections::BTreeSet, sync::LazyLock};
use tessera_artifact::Sha256Digest;
use tessera_circuit::{Builder, Gates};
use tessera_core::{Fr, Secret, SegmentIndex};
use tessera_model::{Computation, Feature, Features, Model, Node, Schema, Tree};
use tessera_segment::{
    SegmentWitness,
    salt::{Salt, SaltSource},
};
use tessera_setup::{Srs, development};

pub const BLINDING: u64 = 77;
pub const PARTIAL_BLINDING: u64 = 99;

pub fn schema() -> Schema {
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

pub fn split(
    feature: usize,
    threshold: u64,
    missing_left: bool,
    left: usize,
    right: usize,
) -> Node {
    Node::Split { feature, threshold, missing_left, left, right }
}

pub fn trees() -> Vec<Tree> {
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

pub fn model() -> Model {
    let tops = schema().features.iter().map(Feature::top).collect();
    Model { computation: Computation::Trees(trees()), offset: 600, tops }
}

pub fn secrets(schema: &Schema, codes: Vec<u64>) -> (SegmentWitness, Features) {
    let features = Features::new(schema, codes).expect("in range");
    let secret = |x| Secret::new(Fr::from(x));
    let links = [secret(1), secret(2)];
    (SegmentWitness::new(&features, secret(BLINDING), secret(PARTIAL_BLINDING), links), features)
}

/// Salts of a package with this secret, in one segment.
pub fn salts(secret: [u8; 32]) -> SaltSource {
    SaltSource::from_parts(&secret, Sha256Digest([3; 32]), 1)
}

/// A salt for circuits of which no key is made.
pub fn salt() -> Salt {
    static SRS: LazyLock<Srs> = LazyLock::new(|| development(2).expect("a valid size"));
    salts([5; 32]).salt(&SRS, SegmentIndex::FIRST, &Builder::new(Gates::Lean, 0))
}

/// What refuses: gates by their names, and copies; each once, in alphabetical order.
pub fn refused_by(verdict: Result<(), Vec<VerifyFailure>>) -> Vec<String> {
    let name = |failure: VerifyFailure| match failure {
        VerifyFailure::ConstraintNotSatisfied { constraint, .. } => {
            // `Constraint 0 in gate 2 ('pin')`
            let text = constraint.to_string();
            text.rsplit('\'').nth(1).unwrap_or(&text).to_string()
        }
        VerifyFailure::Permutation { .. } => "copy".into(),
        other => panic!("{other}"),
    };
    let names: BTreeSet<String> = verdict.err().into_iter().flatten().map(name).collect();
    names.into_iter().collect()
}
