//! The walkthrough's commands, word for word, on a chain of their own.
#![cfg(unix)]

mod common;

use common::root;
use std::{fs, os::unix::fs::symlink, path::Path, process::Command};
use tempfile::TempDir;

/// The page's shell blocks, as one script. A block that is to fail fails the script if it does not.
fn script(page: &str) -> String {
    let mut script = String::from("set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null' EXIT\n");
    for block in page.split("```").skip(1).step_by(2) {
        let (kind, commands) = block.split_once('\n').expect("a language and commands");
        match kind {
            // What `make test` has done before.
            "sh setup" => {}
            "sh fails" => script.push_str(&format!("if ({commands}); then exit 99; fi\n")),
            "sh" => script.push_str(commands),
            _ => panic!("a block of {kind}"),
        }
    }
    script
}

/// A folder that looks like the repository's after `make contracts` and `cargo build --release`, so that
/// nothing is left in the real one. Beside it, so that what is only read is linked: forge takes up what it
/// compiled only where the libraries are below the same folder.
fn repository() -> TempDir {
    let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let copy = |how: &str, names: &[&str]| {
        let from = names.iter().map(|name| root().join(name));
        let done = Command::new("cp").arg(how).args(from).arg(folder.path()).status();
        assert!(done.unwrap().success(), "{names:?}");
    };
    copy("-al", &["examples", "node_modules", "tools"]);
    // The second part writes a verifier and compiles it.
    copy("-Rp", &["cache", "contracts", "foundry.toml", "out", "script", "tests"]);
    let binaries = folder.path().join("target/release");
    fs::create_dir_all(&binaries).unwrap();
    symlink(env!("CARGO_BIN_EXE_tessera"), binaries.join("tessera")).unwrap();
    folder
}

fn run(folder: &Path, script: &str) -> (bool, String) {
    let mut command = Command::new("bash");
    command.args(["-c", script]).current_dir(folder).env("NO_COLOR", "1");
    for name in ["TESSERA_SRS", "TESSERA_KEY", "ETH_RPC_URL"] {
        command.env_remove(name);
    }
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_loan_by_hand() {
    let page = fs::read_to_string(root().join("docs/walkthrough.md")).unwrap();
    let folder = repository();
    let (done, said) = run(folder.path(), &script(&page));
    assert!(done, "{said}");
    assert!(said.contains("WrongNonce"), "the second use of the proof is refused as such:\n{said}");
    assert!(said.contains("1 of 799 direct proofs of"), "one was counted:\n{said}");
    let made = ["package/package.json", "ada/opening.json", "proof.json", "deployment.json"];
    for name in made.into_iter().chain(["rehearsal.ptau", "deployments/4242.json"]) {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    // The second part's reference string is what it says, down to the contract.
    assert!(said.contains("origin  a rehearsal"), "{said}");
    let verifier = folder.path().join("contracts/generated/TesseraVerifierDirect.sol");
    let verifier = fs::read_to_string(verifier).unwrap();
    assert!(verifier.contains("INSECURE_SRS = false"), "of the rehearsal's string");
    // The third part: refused without the role, without the delay and once called off; else done.
    for (error, selector) in [
        ("AccessManagedUnauthorized", "068ca9d8"),
        ("AccessManagerNotReady", "18cb6b7a"),
        ("AccessManagerNotScheduled", "60a299b0"),
    ] {
        assert!(said.contains(error) || said.contains(selector), "{error}:\n{said}");
    }
    let shown = &said[said.rfind("tier 0").expect("the pool is shown at the end")..];
    assert!(shown.contains("from 540.0000 points") && shown.contains("7% a year"), "{shown}");
    assert!(shown.contains("(retired)"), "the first policy makes no new loans:\n{shown}");
    // Everything that is secret is ignored.
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    for rule in ["/*.key", "/package/", "/ada/", "/rehearsal.*"] {
        assert!(ignored.lines().any(|line| line == rule), "{rule}");
    }
}
