//! The text of the contract that verifies direct proofs.

use crate::{
    generate::{DATA, Values, lay_out},
    mutants, parts,
};
use halo2curves::{bn256::Fr, ff::PrimeField};
use tessera_aggregate::spec::literal;
use tessera_core::{STATEMENT_WORDS, StatementWords, statement};
use tessera_direct::spec::{DirectSpec, EVALUATIONS, PROOF_LENGTH};

const TEMPLATE: &str = include_str!("../templates/Direct.sol");

/// Name of the contract, and of its file without `.sol`.
pub const CONTRACT: &str = "TesseraVerifierDirect";

/// Solidity of the verifier: equal specifications give equal bytes.
pub fn generate_direct(spec: &DirectSpec) -> String {
    let mut values = Values::default();
    values.set("VERSION", env!("CARGO_PKG_VERSION"));
    values.set("NAME", CONTRACT);
    values.set("STATEMENT", statement::WORDS.map(|word| word.name).join(", "));
    values.set("PROOF_LENGTH", PROOF_LENGTH);
    values.set("LAST_ROWS", spec.last_rows);
    values.set("PIN_SHIFT", literal(&spec.pin_shift));
    values.srs(&spec.srs, spec.insecure_srs, &spec.digest());
    values.g2(&spec.tau_g2);
    values.errors();
    let (min, max) = spec.sizes;
    values.set("MIN_K", min);
    values.set("MAX_K", max);
    let root = (max..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square());
    values.set("ROOT", literal(&root));
    let inverse = Option::<Fr>::from(root.invert()).expect("a root of unity");
    values.set("ROOT_INVERSE", literal(&inverse));
    let StatementWords { schema, model_digest, .. } = StatementWords::positions();
    values.set("DATA", format!("0x{DATA:x}"));
    values.set("STATEMENT_BYTES", format!("0x{:x}", 32 * STATEMENT_WORDS));
    values.set("SCHEMA", format!("0x{:x}", 32 * (1 + schema)));
    values.set("MODEL_DIGEST", format!("0x{:x}", 32 * (1 + model_digest)));
    values.set("CALL_DATA", call_data());
    values.set("MEMORY", memory());
    parts::differences(
        &mut values,
        |name| format!("mload({name})"),
        [EVALUATIONS, 1 + EVALUATIONS].map(|words| format!("0x{:x}", 32 * words)),
        ["calldataload(PROOF_W_PRIME)", "sub(Q, calldataload(add(PROOF_W_PRIME, 0x20)))"],
    );
    mutants::apply(values.fill(&parts::assemble(TEMPLATE)), mutants::DIRECT)
}

fn call_data() -> String {
    // Behind k and the initial state.
    let parts = [
        ("KEY_SELECTOR", 2),
        ("KEY_CONSTANTS", 2),
        ("KEY_PERMUTATION", 2),
        ("PROOF", 2),
        ("PROOF_Z", 2),
        ("PROOF_RANDOM", 2),
        ("PROOF_QUOTIENT", 4),
        ("PROOF_EVALUATIONS", EVALUATIONS),
        ("PROOF_W", 2),
        ("PROOF_W_PRIME", 2),
        ("INVERSE", 1),
    ];
    let (text, end) = constants(DATA + 64, &parts);
    assert_eq!(end, DATA + PROOF_LENGTH);
    text
}

fn memory() -> String {
    let mut parts = vec![("ADVICE", 2)];
    let single = |names: &[&'static str]| names.iter().map(|name| (*name, 1)).collect::<Vec<_>>();
    parts.extend(single(&["BETA", "GAMMA", "Y", "X", "MU", "NU", "Z_PRIME", "TRANSCRIPT_STATE"]));
    parts.push(("EVALUATIONS", 0));
    parts.extend(single(&[
        "A_0",
        "A_1",
        "A_2",
        "A_3",
        "SELECTOR",
        "CONSTANTS",
        "RANDOM",
        "SIGMA",
        "Z_0",
        "Z_1",
    ]));
    parts.extend(single(&[
        "OMEGA",
        "OMEGA_INVERSE",
        "WEIGHTS",
        "WEIGHT_0",
        "WEIGHT_1",
        "WEIGHT_2",
        "WEIGHT_3",
        "PAIR_WEIGHT",
        "X_N",
        "X_INVERSE",
        "INSTANCE",
        "L_FIRST",
        "L_LAST",
        "L_ACTIVE",
        "QUOTIENT",
    ]));
    parts.extend([("LEFT", 5), ("SCRATCH", 12)]);
    constants(32 * (1 + STATEMENT_WORDS), &parts).0
}

/// Declarations of each part's offset, and the end.
fn constants(start: usize, parts: &[(&str, usize)]) -> (String, usize) {
    let mut text = String::new();
    let end = lay_out(start, parts, |name, offset| {
        text += &format!("    uint256 private constant {name} = 0x{offset:x};\n");
    });
    (text, end)
}
