//! A small model, a borrower, and everything up to an aggregated proof.
#![allow(dead_code)]

use halo2_proofs::dev::VerifyFailure;
use halo2curves::ff::FromUniformBytes;
use sha3::{Digest, Keccak256};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use tessera_aggregate::{
    AggregationKey, VerifierSpec, Witness,
    circuit::{Partial, SegmentProof},
    key::circuit_size,
    layout::{PROOF_WORDS, deferred_words, instance_words},
    proof::Aggregated,
    prove,
    verify::denominators,
};
use tessera_artifact::Sha256Digest;
use tessera_core::{
    Context, FixedPoint, Fr, ModelDigest, STATEMENT_WORDS, Secret, SegmentIndex, random,
    to_be_bytes,
};
use tessera_model::{
    Computation, Feature, Features, Format, ImportOptions, Model, Network, Node, Package, Schema,
    Source, Tree,
    network::{Input, Layer, Neuron},
};
use tessera_segment::{
    Plan, Proof, ProvingKey, SegmentWitness, Unverified, Verified, VerifyingKey,
    circuit::Share,
    key::{Form, model_digest},
};
use tessera_setup::{Srs, development};
use verifier_gen::{compile, generate::contract_name};
use zeroize::Zeroizing;

/// One point, in the unit of scores.
pub const POINT: i64 = 1 << 32;

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
    let zero = Sha256Digest([0; 32]);
    Package {
        model: Model { computation: Computation::Trees(trees), offset: 600 * POINT, tops },
        segments: 2,
        salt: [salt; 32],
        scaling: "600@50:1,pdo=20".parse().unwrap(),
        source: Source {
            format: Format::XgboostJson,
            library: None,
            sha256: zero,
            objective: "binary:logistic".into(),
            trees: 3,
            features: schema.features.iter().map(|feature| feature.name.clone()).collect(),
            options: ImportOptions::default(),
        },
        schema,
    }
}

/// Income 2500, age 40, owns a home: 600 + 40 + 7 + 0 points.
pub fn borrower(package: &Package) -> Features {
    Features::new(&package.schema, vec![2500, 22, 1]).expect("in range")
}

/// The development reference string of size `k`, made once.
pub fn srs(k: u32) -> Arc<Srs> {
    static MADE: LazyLock<Mutex<HashMap<u32, Arc<Srs>>>> = LazyLock::new(Default::default);
    let mut made = MADE.lock().expect("no poisoning");
    made.entry(k).or_insert_with(|| Arc::new(development(k).expect("a valid size"))).clone()
}

/// A lender's keys.
pub struct Lender {
    pub package: Package,
    pub plan: Plan,
    pub keys: Vec<ProvingKey>,
}

impl Lender {
    pub fn new(package: Package, segments: usize) -> Self {
        let plan = Plan::new(&package, segments).expect("a valid plan");
        Self::with_plan(package, plan)
    }

    pub fn with_plan(package: Package, plan: Plan) -> Self {
        let keys = ProvingKey::for_plan(&srs(plan.k), &package, &plan, || ()).expect("keys");
        Lender { package, plan, keys }
    }

    pub fn share(&self, index: usize) -> Share<'_> {
        self.plan.share(&self.package, SegmentIndex(index))
    }

    pub fn model_digest(&self) -> ModelDigest {
        let form = Form::Segments(self.plan.segments());
        let schema = self.package.schema.digest();
        model_digest(form, schema, &self.verifying_keys()).expect("a digest")
    }

    pub fn verifying_keys(&self) -> Vec<VerifyingKey> {
        self.keys.iter().map(|key| *key.verifying_key()).collect()
    }

    /// A proof of segment `index`, verified, and what opens its partial score. `links` are the
    /// blindings of all links, those before the first and after the last segment included.
    pub fn prove(
        &self,
        index: usize,
        features: &Features,
        blinding: Fr,
        links: &[Secret],
    ) -> (Proof<Verified>, Partial) {
        let partial_blinding = Secret::new(random().expect("randomness"));
        let share = self.share(index);
        let partial = Partial {
            score: Zeroizing::new(share.partial(features)),
            blinding: partial_blinding.clone(),
        };
        let links = [links[index].clone(), links[index + 1].clone()];
        let secrets = SegmentWitness::new(features, Secret::new(blinding), partial_blinding, links);
        let srs = srs(self.plan.k);
        let proof = Proof::<Unverified>::create(srs.params(), &self.keys[index], &share, &secrets)
            .expect("a proof")
            .verify(srs.params())
            .expect("it verifies");
        (proof, partial)
    }
}

/// Income (100 stands for a missing one), age and home through three neurons, and their sum; cut in
/// the middle of the first layer.
pub fn network() -> Lender {
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
    let network = Network { inputs, layers: vec![hidden, last] };
    package.model.computation = Computation::Network(network);
    package.model.validate(&package.schema).expect("a valid model");
    let plan = Plan::with_ranges(&package, vec![0..2, 2..4]).expect("a valid plan");
    Lender::with_plan(package, plan)
}

pub fn segment_proof<State>(proof: &Proof<State>) -> SegmentProof {
    SegmentProof { key: *proof.key(), instances: *proof.instances(), bytes: proof.bytes().to_vec() }
}

/// Fresh blindings of the links of `segments` segments.
pub fn links(segments: usize) -> Vec<Secret> {
    (0..=segments).map(|_| Secret::new(random().expect("randomness"))).collect()
}

/// An honest witness of the aggregation circuit.
pub fn witness(lender: &Lender, features: &Features, threshold: i64) -> Witness {
    let blinding = random().expect("randomness");
    let links = links(lender.plan.segments());
    let (threshold, context) = (FixedPoint(threshold), Context(Fr::from(0xc0ffee)));
    let schema = lender.package.schema.digest();
    let mut witness = Witness::new(lender.model_digest(), schema, threshold, context);
    for index in 0..lender.plan.segments() {
        let (proof, partial) = lender.prove(index, features, blinding, &links);
        witness.push(&proof, partial);
    }
    witness
}

/// The aggregation key of `segments` and its verifier, made once.
pub fn aggregation(segments: usize) -> Arc<(AggregationKey, VerifierSpec)> {
    type Made = HashMap<usize, Arc<(AggregationKey, VerifierSpec)>>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Default::default);
    let mut made = MADE.lock().expect("no poisoning");
    let make = || {
        let srs = srs(circuit_size(segments).expect("a circuit"));
        let key = AggregationKey::new(srs.params(), segments).expect("keys");
        let spec = key.verifier(srs.params(), srs.digest(), srs.is_insecure());
        Arc::new((key, spec))
    };
    made.entry(segments).or_insert_with(make).clone()
}

/// Proves without asking whether the witness is honest.
pub fn aggregate(witness: &Witness) -> Aggregated {
    let segments = witness.proofs().len();
    let made = aggregation(segments);
    let (key, _) = &*made;
    prove(srs(key.k()).params(), key, witness).expect("a proof")
}

/// Creation code of the contract with this text.
pub fn compiled(spec: &VerifierSpec, text: &str) -> Vec<u8> {
    let solc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/solc");
    compile(&solc, &contract_name(spec.segments), text).expect("it compiles").creation
}

/// A number of 32 bytes, reduced.
fn reduced(mut bytes: [u8; 32]) -> Fr {
    bytes.reverse();
    let mut wide = [0; 64];
    wide[..32].copy_from_slice(&bytes);
    Fr::from_uniform_bytes(&wide)
}

/// The inverse that goes with a changed proof: every forger can compute it, from the call's own words.
pub fn inverse(
    spec: &VerifierSpec,
    statement: &[[u8; 32]; STATEMENT_WORDS],
    proof: &[u8],
) -> [u8; 32] {
    let (deferred, proof) = proof.split_at(32 * deferred_words(spec.segments));
    let initial = to_be_bytes(&spec.initial_state);
    let words = [&initial, statement.as_flattened(), deferred, &proof[..64]];
    let mut state: [u8; 32] = Keccak256::digest(words.concat()).into();
    // β and γ; then product and random; then the quotient's two pieces.
    for message in [&[1][..], &[1], &proof[64..192], &proof[192..320]] {
        state = Keccak256::digest([&state, message].concat()).into();
    }
    let product =
        denominators(&reduced(state), spec.k, instance_words(spec.segments), spec.last_rows);
    to_be_bytes(&product.invert().expect("no root of unity"))
}

/// Puts the right inverse behind a changed proof.
pub fn complete(spec: &VerifierSpec, statement: &[[u8; 32]; STATEMENT_WORDS], proof: &mut [u8]) {
    let end = 32 * (deferred_words(spec.segments) + PROOF_WORDS);
    let word = inverse(spec, statement, proof);
    proof[end..].copy_from_slice(&word);
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
