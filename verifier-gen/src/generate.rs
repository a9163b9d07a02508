//! The contract's text: the template with every number that depends on the specification.

use halo2curves::{
    bn256::{Fr, G2Affine},
    ff::{Field, PrimeField},
};
use sha3::{Digest, Keccak256};
use std::fmt::Write;
use tessera_aggregate::{
    VerifierSpec,
    layout::{
        KEY_POINTS, PROOF_EVALUATIONS, PROOF_WORDS, SEGMENT_WORDS, instance_words, proof_length,
    },
    spec::literal,
};
use tessera_core::{STATEMENT_WORDS, statement};

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

/// Where `proof`'s bytes begin in the call data: selector, statement, offset, length.
const DATA: usize = 4 + 32 * (STATEMENT_WORDS + 2);

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
    for (name, signature) in [
        ("WORD_NOT_IN_FIELD", "WordNotInField(uint256)"),
        ("POINT_NOT_ON_CURVE", "PointNotOnCurve(uint256)"),
        ("PROOF_REJECTED", "ProofRejected()"),
    ] {
        let hash = Keccak256::digest(signature);
        values.set(name, format!("0x{}", hex::encode(&hash[..4])));
    }
    values.fill(TEMPLATE)
}

/// Placeholders and what stands for them.
#[derive(Default)]
struct Values(Vec<(String, String)>);

impl Values {
    fn set(&mut self, name: &str, value: impl ToString) {
        self.0.push((name.to_string(), value.to_string()));
    }

    fn fill(&self, template: &str) -> String {
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
    values.set("DEFERRED_WORDS", spec.segments * SEGMENT_WORDS);
    values.set("PROOF_WORDS", PROOF_WORDS);
    values.set("PROOF_LENGTH", proof_length(spec.segments));
    values.set("STATEMENT", statement::WORDS.map(|word| word.name).join(", "));
    values.set("SRS_DIGEST", spec.srs);
    values.set("KEY_DIGEST", spec.digest());
    values.set("INSECURE", spec.insecure_srs);
    let note = " (INSECURE: its secret is published)";
    values.set("SRS_NOTE", if spec.insecure_srs { note } else { "" });
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
    let mut points = String::new();
    for (name, point) in [("TAU", spec.tau_g2), ("G2", G2Affine::generator())] {
        for (axis, x) in [("X", point.x), ("Y", point.y)] {
            constant(&mut points, &format!("{name}_{axis}_IMAGINARY"), &literal(&x.c1));
            constant(&mut points, &format!("{name}_{axis}_REAL"), &literal(&x.c0));
        }
    }
    values.set("G2_POINTS", points);
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
    let proof = DATA + 32 * SEGMENT_WORDS * spec.segments;
    // Words of each part of the aggregation proof, in order.
    let parts = [
        ("PROOF", 2),
        ("PROOF_Z", 2),
        ("PROOF_RANDOM", 2),
        ("PROOF_QUOTIENT", 4),
        ("PROOF_EVALUATIONS", PROOF_EVALUATIONS),
        ("PROOF_W", 2),
        ("PROOF_W_PRIME", 2),
    ];
    let end = lay_out(proof, &parts, values);
    assert_eq!(end, DATA + proof_length(spec.segments));
}

fn memory(spec: &VerifierSpec, values: &mut Values) {
    // The transcript's initial state takes the first word.
    let instances = 32;
    let parts = [("INSTANCES", STATEMENT_WORDS), ("DEFERRED", spec.segments * SEGMENT_WORDS)];
    let advice = lay_out(instances, &parts, values);
    assert_eq!(advice, instances + 32 * instance_words(spec.segments));
    let mut parts = vec![("ADVICE", 2)];
    parts.extend(["BETA", "GAMMA", "Y", "X", "MU", "NU", "Z_PRIME", "RHO"].map(|name| (name, 1)));
    parts.push(("TRANSCRIPT_STATE", 1));
    let evaluations = lay_out(advice, &parts, values);
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
    lay_out(evaluations, &parts, values);
}

/// Gives each name its offset; `parts` are names and sizes in words. Returns the end.
fn lay_out(start: usize, parts: &[(&str, usize)], values: &mut Values) -> usize {
    parts.iter().fold(start, |offset, (name, words)| {
        values.set(name, hexadecimal(offset));
        offset + 32 * words
    })
}
