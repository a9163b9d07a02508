//! The contract's text: the template with every number that depends on the specification.

use crate::{mutants, parts};
use halo2curves::{
    bn256::{Fr, G2Affine},
    ff::{Field, PrimeField},
};
use sha3::{Digest, Keccak256};
use std::fmt::Write;
use tessera_aggregate::{
    VerifierSpec,
    layout::{
        KEY_POINTS, PROOF_EVALUATIONS, PROOF_WORDS, SEGMENT_KEY_WORDS, SEGMENT_WORDS, SegmentPoint,
        SegmentScalar, deferred_words, instance_words, proof_length,
    },
    spec::literal,
};
use tessera_artifact::Sha256Digest;
use tessera_core::{STATEMENT_WORDS, StatementWords, statement};

/// Where `proof`'s bytes begin in the call data: selector, statement, offset, length.
pub(crate) const DATA: usize = 4 + 32 * (STATEMENT_WORDS + 2);

const TEMPLATE: &str = include_str!("../templates/Verifier.sol");

/// Names of the aggregation key's points, in the layout's order.
const KEY_NAMES: [&str; KEY_POINTS] = ["MUL_ADD", "CONSTANTS", "LINEAR", "SBOX", "SIGMA"];

/// Names of the evaluations, in the proof's order.
const EVALUATION_NAMES: [&str; PROOF_EVALUATIONS] = [
    "A_0",
    "A_1",
    "A_2",
    "A_3",
    "MUL_ADD",
    "CONSTANTS",
    "LINEAR",
    "SBOX",
    "RANDOM",
    "SIGMA",
    "Z_0",
    "Z_1",
];

/// Name of the contract, and of its file without `.sol`.
pub fn contract_name(segments: usize) -> String {
    format!("TesseraVerifier{segments}")
}

/// Solidity of the verifier: equal specifications give equal bytes.
pub fn generate(spec: &VerifierSpec) -> String {
    let mut values = Values::default();
    header(spec, &mut values);
    key(spec, &mut values);
    domain(spec, &mut values);
    call_data(spec, &mut values);
    memory(spec, &mut values);
    values.errors();
    parts::differences(
        &mut values,
        str::to_string,
        ["EVALUATION_BYTES", "EVALUATION_HASH_BYTES"].map(str::to_string),
        ["mload(DEFERRED_RIGHT)", "mod(sub(Q, mload(add(DEFERRED_RIGHT, 0x20))), Q)"],
    );
    mutants::apply(values.fill(&parts::assemble(TEMPLATE)), mutants::AGGREGATED)
}

/// Placeholders and what stands for them.
#[derive(Default)]
pub(crate) struct Values(Vec<(String, String)>);

impl Values {
    pub(crate) fn set(&mut self, name: &str, value: impl ToString) {
        self.0.push((name.to_string(), value.to_string()));
    }

    /// Selectors of the contract's errors.
    pub(crate) fn errors(&mut self) {
        for (name, signature) in [
            ("WORD_NOT_IN_FIELD", "WordNotInField(uint256)"),
            ("POINT_NOT_ON_CURVE", "PointNotOnCurve(uint256)"),
            ("PROOF_REJECTED", "ProofRejected()"),
        ] {
            let hash = Keccak256::digest(signature);
            self.set(name, format!("0x{}", hex::encode(&hash[..4])));
        }
    }

    /// The reference string and the verifier's digest.
    pub(crate) fn srs(&mut self, srs: &Sha256Digest, insecure: bool, digest: &Sha256Digest) {
        self.set("SRS_DIGEST", srs);
        self.set("KEY_DIGEST", digest);
        self.set("INSECURE", insecure);
        let note = " (INSECURE: its secret is published)";
        self.set("SRS_NOTE", if insecure { note } else { "" });
    }

    /// `[τ]₂` and the generator.
    pub(crate) fn g2(&mut self, tau_g2: &G2Affine) {
        let mut points = String::new();
        for (name, point) in [("TAU", *tau_g2), ("G2", G2Affine::generator())] {
            for (axis, x) in [("X", point.x), ("Y", point.y)] {
                constant(&mut points, &format!("{name}_{axis}_IMAGINARY"), &literal(&x.c1));
                constant(&mut points, &format!("{name}_{axis}_REAL"), &literal(&x.c0));
            }
        }
        self.set("G2_POINTS", points);
    }

    pub(crate) fn fill(&self, template: &str) -> String {
        let mut text = template.to_string();
        for (name, value) in &self.0 {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        assert!(!text.contains("{{"), "a placeholder of the template has no value");
        text
    }
}

fn header(spec: &VerifierSpec, values: &mut Values) {
    values.set("VERSION", env!("CARGO_PKG_VERSION"));
    values.set("NAME", contract_name(spec.segments));
    values.set("SEGMENTS", spec.segments);
    values.set("K", spec.k);
    values.set("INSTANCE_WORDS", instance_words(spec.segments));
    values.set("DEFERRED_WORDS", deferred_words(spec.segments));
    values.set("PROOF_WORDS", PROOF_WORDS);
    values.set("PROOF_LENGTH", proof_length(spec.segments));
    values.set("STATEMENT", statement::WORDS.map(|word| word.name).join(", "));
    values.srs(&spec.srs, spec.insecure_srs, &spec.digest());
}

fn key(spec: &VerifierSpec, values: &mut Values) {
    values.set("INITIAL_STATE", literal(&spec.initial_state));
    let mut points = String::new();
    for (name, point) in KEY_NAMES.iter().zip(&spec.key) {
        for (axis, x) in [("X", &point.x), ("Y", &point.y)] {
            constant(&mut points, &format!("{name}_{axis}"), &literal(x));
        }
    }
    values.set("KEY_POINTS", points);
    values.g2(&spec.tau_g2);
}

fn constant(text: &mut String, name: &str, value: &str) {
    writeln!(text, "    uint256 private constant {name} = {value};").expect("a string takes text");
}

fn domain(spec: &VerifierSpec, values: &mut Values) {
    let omega = (spec.k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    let inverse = |x: Fr| Option::<Fr>::from(x.invert()).expect("different roots of unity");
    values.set("OMEGA", literal(&omega));
    values.set("OMEGA_2", literal(&omega.square()));
    values.set("OMEGA_3", literal(&(omega.square() * omega)));
    values.set("OMEGA_INVERSE", literal(&inverse(omega)));
    values.set("N_INVERSE", literal(&inverse(Fr::from(1 << spec.k))));
    values.set("LAST_ROWS", spec.last_rows);
    values.set("PIN_SHIFT", literal(&spec.pin_shift));
    let powers: [Fr; 4] = std::array::from_fn(|i| omega.pow_vartime([i as u64]));
    for (j, power) in powers.iter().enumerate() {
        let others = powers.iter().enumerate().filter(|(i, _)| *i != j);
        let product: Fr = others.map(|(_, other)| power - other).product();
        values.set(&format!("WEIGHT_{j}"), literal(&inverse(product)));
    }
    values.set("PAIR_WEIGHT", literal(&inverse(omega - Fr::ONE)));
}

fn hexadecimal(offset: usize) -> String {
    format!("0x{offset:x}")
}

fn call_data(spec: &VerifierSpec, values: &mut Values) {
    values.set("DATA", hexadecimal(DATA));
    values.set("STATEMENT_BYTES", hexadecimal(32 * STATEMENT_WORDS));
    values.set("SEGMENT_BYTES", hexadecimal(32 * SEGMENT_WORDS));
    values.set("EVALUATION_BYTES", hexadecimal(32 * PROOF_EVALUATIONS));
    values.set("EVALUATION_HASH_BYTES", hexadecimal(32 * (1 + PROOF_EVALUATIONS)));
    values.set("SEGMENT_KEY_BYTES", hexadecimal(32 * SEGMENT_KEY_WORDS));
    for (name, point) in [
        ("SELECTOR", SegmentPoint::Selector),
        ("CONSTANTS", SegmentPoint::Constants),
        ("PERMUTATION", SegmentPoint::Permutation),
        ("ADVICE", SegmentPoint::Advice),
        ("PRODUCT", SegmentPoint::Product),
        ("QUOTIENT_LOW", SegmentPoint::QuotientLow),
        ("QUOTIENT_HIGH", SegmentPoint::QuotientHigh),
        ("RANDOM", SegmentPoint::Random),
        ("W", SegmentPoint::Opening),
        ("W_PRIME", SegmentPoint::OpeningPrime),
    ] {
        values.set(&format!("POINT_{name}"), hexadecimal(32 * point.word()));
    }
    for (name, scalar) in [
        ("PRODUCT", SegmentScalar::Product),
        ("SELECTOR", SegmentScalar::Selector),
        ("MU", SegmentScalar::Mu),
        ("X_TO_N", SegmentScalar::XToN),
        ("W", SegmentScalar::Opening),
        ("W_PRIME", SegmentScalar::OpeningPrime),
        ("GENERATOR", SegmentScalar::Generator),
    ] {
        values.set(&format!("SCALAR_{name}"), hexadecimal(32 * scalar.word()));
    }
    let proof = DATA + 32 * deferred_words(spec.segments);
    // Words of each part of the aggregation proof, in order.
    let parts = [
        ("PROOF", 2),
        ("PROOF_Z", 2),
        ("PROOF_RANDOM", 2),
        ("PROOF_QUOTIENT", 4),
        ("PROOF_EVALUATIONS", PROOF_EVALUATIONS),
        ("PROOF_W", 2),
        ("PROOF_W_PRIME", 2),
        ("INVERSE", 1),
    ];
    let end = lay_out(proof, &parts, |name, offset| values.set(name, hexadecimal(offset)));
    assert_eq!(end, DATA + proof_length(spec.segments));
}

fn memory(spec: &VerifierSpec, values: &mut Values) {
    // The transcript's initial state takes the first word.
    let instances = 32;
    let parts = [
        ("INSTANCES", STATEMENT_WORDS),
        ("SEGMENT_K", 1),
        ("DEFERRED", spec.segments * SEGMENT_WORDS),
    ];
    let advice = lay_out(instances, &parts, |name, offset| values.set(name, hexadecimal(offset)));
    let StatementWords { schema, model_digest, .. } = StatementWords::positions();
    values.set("SCHEMA", hexadecimal(instances + 32 * schema));
    values.set("MODEL_DIGEST", hexadecimal(instances + 32 * model_digest));
    assert_eq!(advice, instances + 32 * instance_words(spec.segments));
    let mut parts = vec![("ADVICE", 2)];
    parts.extend(["BETA", "GAMMA", "Y", "X", "MU", "NU", "Z_PRIME", "RHO"].map(|name| (name, 1)));
    parts.push(("TRANSCRIPT_STATE", 1));
    let evaluations = lay_out(advice, &parts, |name, offset| values.set(name, hexadecimal(offset)));
    values.set("EVALUATIONS", hexadecimal(evaluations));
    let mut parts = EVALUATION_NAMES.map(|name| (name, 1)).to_vec();
    parts.extend(
        [
            "X_N",
            "X_INVERSE",
            "INSTANCE",
            "L_FIRST",
            "L_LAST",
            "L_ACTIVE",
            "QUOTIENT",
            "GENERATOR_SCALAR",
        ]
        .map(|name| (name, 1)),
    );
    parts.extend(["LEFT", "DEFERRED_LEFT", "DEFERRED_RIGHT"].map(|name| (name, 5)));
    parts.push(("SCRATCH", 12));
    lay_out(evaluations, &parts, |name, offset| values.set(name, hexadecimal(offset)));
}

/// Gives each name its offset; `parts` are names and sizes in words. Returns the end.
pub(crate) fn lay_out(
    start: usize,
    parts: &[(&str, usize)],
    mut set: impl FnMut(&str, usize),
) -> usize {
    parts.iter().fold(start, |offset, (name, words)| {
        set(name, offset);
        offset + 32 * words
    })
}
