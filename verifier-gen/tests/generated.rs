//! The files in `contracts/generated` are what this generator writes.

use std::{fs, path::PathBuf};
use tessera_aggregate::VerifierSpec;
use tessera_core::statement::WORDS;
use verifier_gen::{generate, generate::contract_name, statement};

fn generated(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contracts/generated").join(name)
}

/// A statement whose words were moved fails here until `make verifiers` was run.
#[test]
fn the_struct_is_the_statements() {
    let text = fs::read_to_string(generated(statement::FILE)).unwrap();
    assert_eq!(text, statement::solidity());
    let members: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("    uint256 ")).collect();
    assert_eq!(members, WORDS.map(|word| format!("{};", word.name)));
}

#[test]
fn the_contracts_are_their_specifications() {
    for segments in [1, 2, 4] {
        let name = contract_name(segments);
        let spec = VerifierSpec::load(&generated(&format!("{name}.json"))).unwrap();
        let text = fs::read_to_string(generated(&format!("{name}.sol"))).unwrap();
        assert!(text == generate(&spec), "{name}: run `make verifiers`");
    }
}
