//! A network in two segments, a borrower, and development strings made on the spot.
#![allow(dead_code)]

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};
use tessera_artifact::Sha256Digest;
use tessera_core::{Fr, Secret};
use tessera_model::{
    Computation, Feature, Features, Format, ImportOptions, Model, Network, Package, Schema, Source,
    network::{Input, Layer, Neuron},
};
use tessera_proving::{Prover, Secrets};
use tessera_setup::{Srs, SrsError, SrsSource, development};

/// Wide enough to be cut in two: each of twenty neurons reads income and debt fifty times over.
pub fn package(salt: u8) -> Package {
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
    Package {
        model,
        segments: 2,
        salt: [salt; 32],
        scaling: "600@50:1,pdo=20".parse().unwrap(),
        source: Source {
            format: Format::Onnx,
            library: None,
            sha256: Sha256Digest([0; 32]),
            objective: String::new(),
            trees: 0,
            features: schema.features.iter().map(|feature| feature.name.clone()).collect(),
            options: ImportOptions::default(),
        },
        schema,
    }
}

/// A borrower of this income.
pub fn secrets(income: u64) -> Secrets {
    let schema = package(0).schema;
    let features = Features::new(&schema, vec![income, 400]).expect("in range");
    Secrets { features, blinding: Secret::new(Fr::from(77)) }
}

/// Development strings, each size made once.
struct Development;

impl SrsSource for Development {
    fn srs(&self, k: u32) -> Result<Srs, SrsError> {
        static MADE: LazyLock<Mutex<HashMap<u32, Srs>>> = LazyLock::new(Default::default);
        let mut made = MADE.lock().expect("no poisoning");
        if let Some(srs) = made.get(&k) {
            return Ok(srs.clone());
        }
        let srs = development(k)?;
        made.insert(k, srs.clone());
        Ok(srs)
    }
}

/// A prover of `package` in two segments, without any key yet.
pub fn prover(package: Package) -> Prover {
    Prover::new(package, 2, Arc::new(Development)).expect("a plan")
}
