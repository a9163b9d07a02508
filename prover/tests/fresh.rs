//! Randomness of the pipeline: one borrower, one model, proven twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use tempfile::TempDir;
use tessera::pipeline::{local, warm};
use tessera_artifact::Sha256Digest;
use tessera_core::{Fr, Secret, random, to_be_bytes};
use tessera_model::{
    Computation, Feature, Features, Format, ImportOptions, Model, Network, Package, Schema, Source,
    network::{Input, Layer, Neuron},
};
use tessera_proving::Secrets;
use tessera_setup::SrsStore;

/// Wide enough a network to be cut in two, which a link ties: each of twenty neurons reads income and
/// debt fifty times over.
fn package() -> Package {
    let features = ["income", "debt"].map(|name| Feature::numeric(name, 0, 0, 5000));
    let schema = Schema { name: "test".into(), features: features.into() };
    let inputs = (0..100).map(|i| Input::Code { feature: i % 2, missing: None }).collect();
    let neuron = |bias, weights: usize| Neuron {
        bias,
        weights: (0..weights as i64).map(|i| i * i % 7 - 2).collect(),
    };
    let layers = [((0..20).map(|bias| neuron(bias, 100)).collect(), 1), (vec![neuron(5, 20)], 2)];
    let layers = layers.map(|(neurons, shift)| Layer { neurons, shift });
    let network = Network { inputs, layers: layers.into() };
    let tops = schema.features.iter().map(Feature::top).collect();
    let model = Model { computation: Computation::Network(network), offset: 600 << 32, tops };
    model.validate(&schema).expect("a valid model");
    let zero = Sha256Digest([0; 32]);
    Package {
        model,
        segments: 2,
        salt: [7; 32],
        scaling: "600@50:1,pdo=20".parse().unwrap(),
        source: Source {
            format: Format::Onnx,
            library: None,
            sha256: zero,
            objective: String::new(),
            trees: 0,
            features: schema.features.iter().map(|feature| feature.name.clone()).collect(),
            options: ImportOptions::default(),
        },
        schema,
    }
}

/// Blindings of partial scores and links, and every word of the segments' proofs, are new in each run and
/// each segment: a number twice would be one that somebody else may know.
#[test]
fn nothing_that_blinds_occurs_twice() {
    let package = package();
    let folder = TempDir::new().expect("a folder");
    let secrets = Secrets {
        features: Features::new(&package.schema, vec![2500, 400]).expect("in range"),
        blinding: Secret::new(random().expect("randomness")),
    };
    let store = Arc::new(SrsStore::new(folder.path()));
    let prover = warm(package, 2, store, &|_| ()).expect("keys");
    let mut seen = BTreeSet::<[u8; 32]>::new();
    let mut fresh = |what: &str, word: [u8; 32]| assert!(seen.insert(word), "{what} occurs twice");
    let mut digests = BTreeSet::new();
    for _ in 0..2 {
        let segments = prover.prove_segments(&secrets, &local(&prover), &|_| ()).expect("proofs");
        let instances: Vec<_> = segments.iter().map(|(proof, _)| *proof.instances()).collect();
        let [first, second] = instances.as_slice() else { panic!("two segments") };
        assert_eq!(first.link_out, second.link_in);
        assert_ne!(first.link_out, Fr::from(0));
        fresh("a link", to_be_bytes(&first.link_out));
        for (proof, partial) in &segments {
            digests.insert(to_be_bytes(&proof.instances().features));
            fresh("a partial score's commitment", to_be_bytes(&proof.instances().partial));
            fresh("a partial score's blinding", to_be_bytes(&partial.blinding.expose()));
            for word in proof.bytes().chunks_exact(32) {
                fresh("a word of a proof", word.try_into().expect("32 bytes"));
            }
        }
    }
    assert_eq!(digests.len(), 1, "the features' digest is what it is");
}
