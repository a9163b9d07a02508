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
/// nothing is left in the real one.
fn repository() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["contracts", "examples", "node_modules", "out", "tools"] {
        symlink(root().join(name), folder.path().join(name)).unwrap();
    }
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
    for name in ["package/package.json", "ada/opening.json", "proof.json", "deployment.json"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    // Everything that is secret is ignored.
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    for rule in ["/*.key", "/package/", "/ada/"] {
        assert!(ignored.lines().any(|line| line == rule), "{rule}");
    }
}
