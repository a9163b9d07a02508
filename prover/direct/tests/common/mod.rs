//! A small model, a borrower, and everything up to a direct proof.
#![allow(dead_code)]

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};
use tessera_artifact::Sha256Digest;
use tessera_core::{Context, FixedPoint, Fr, ModelDigest, Secret, random};
use tessera_direct::DirectSpec;
use tessera_direct::{Claim, Direct, DirectKey, DirectPlan, key::verifier, prove};
use tessera_model::{
    Computation, Feature, Features, Format, ImportOptions, Model, Node, Package, Schema, Source,
    Tree,
};
use tessera_segment::SegmentWitness;
use tessera_setup::{Srs, development};
use verifier_gen::{compile, direct::CONTRACT};

/// One point, in the unit of scores.
pub const POINT: i64 = 1 << 32;

/// What the borrower scores: 600 + 40 + 7 + 0 points.
pub const SCORE: i64 = 647 * POINT;

/// Income (may be missing), age, owns a home; three trees.
pub fn package(salt: u8) -> Package {
    let schema = Schema {
        name: "test".into(),
        features: vec![
            Feature::numeric("income", 0, 0, 5000).or_missing(),
            Feature::numeric("age", 0, 18, 99),
            Feature::numeric("home", 0, 0, 1),
        ],
    };
    let split = |feature, threshold, missing_left, left, right| Node::Split {
        feature,
        threshold,
        missing_left,
        left,
        right,
    };
    let leaf = |points: i64| Node::Leaf { value: points * POINT };
    let trees = vec![
        Tree {
            nodes: vec![
                split(0, 2000, true, 1, 2),
                split(2, 1, false, 3, 4),
                leaf(40),
                leaf(-25),
                leaf(10),
            ],
        },
        Tree { nodes: vec![split(1, 12, false, 1, 2), leaf(-5), leaf(7)] },
        Tree { nodes: vec![split(0, 4000, false, 1, 2), leaf(0), leaf(11)] },
    ];
    let tops = schema.features.iter().map(Feature::top).collect();
    Package {
        model: Model { computation: Computation::Trees(trees), offset: 600 * POINT, tops },
        segments: 1,
        salt: [salt; 32],
        scaling: "600@50:1,pdo=20".parse().unwrap(),
        source: Source {
            format: Format::XgboostJson,
            library: None,
            sha256: Sha256Digest([0; 32]),
            objective: "binary:logistic".into(),
            trees: 3,
            features: schema.features.iter().map(|feature| feature.name.clone()).collect(),
            options: ImportOptions::default(),
        },
        schema,
    }
}

/// Income 2500, age 40, owns a home.
pub fn borrower(package: &Package) -> Features {
    Features::new(&package.schema, vec![2500, 22, 1]).expect("in range")
}

/// The development reference string of size `k`, made once.
pub fn srs(k: u32) -> Arc<Srs> {
    static MADE: LazyLock<Mutex<HashMap<u32, Arc<Srs>>>> = LazyLock::new(Default::default);
    let mut made = MADE.lock().expect("no poisoning");
    made.entry(k).or_insert_with(|| Arc::new(development(k).expect("a valid size"))).clone()
}

pub fn secrets(features: &Features, blinding: Fr) -> SegmentWitness {
    let unused = || Secret::new(Fr::from(0));
    SegmentWitness::new(features, Secret::new(blinding), unused(), [unused(), unused()])
}

/// A lender's key, and what proofs are made with.
pub struct Lender {
    pub package: Package,
    pub key: DirectKey,
}

impl Lender {
    pub fn new(package: Package) -> Self {
        let plan = DirectPlan::new(&package).expect("one circuit");
        Self::with_plan(package, plan)
    }

    pub fn with_plan(package: Package, plan: DirectPlan) -> Self {
        let srs = srs(plan.k);
        let key = DirectKey::new(&srs, &package, plan).expect("a key");
        Lender { package, key }
    }

    pub fn spec(&self) -> DirectSpec {
        let srs = srs(self.key.plan().k);
        verifier(&srs)
    }

    /// A proof of the borrower's score, whether or not it reaches the threshold.
    pub fn prove(&self, threshold: i64) -> Direct {
        self.prove_of(threshold, self.key.model_digest())
    }

    /// The same, under another model's digest.
    pub fn prove_of(&self, threshold: i64, model_digest: ModelDigest) -> Direct {
        let srs = srs(self.key.plan().k);
        let secrets = secrets(&borrower(&self.package), random().expect("randomness"));
        let claim = Claim {
            threshold: FixedPoint(threshold),
            context: Context(Fr::from(0xc0ffee)),
            model_digest,
        };
        prove(srs.params(), &self.key, &self.package, &secrets, &claim).expect("a proof")
    }
}

/// Creation code of the contract with this text.
pub fn compiled(text: &str) -> Vec<u8> {
    let solc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/solc");
    compile(&solc, CONTRACT, text).expect("it compiles").creation
}
