//! Which crate may know which: the proving core stands on nothing of a host's.
//!
//! A crate may depend on those that its line names, and on no other of ours. What is below the line builds
//! without files, network, chain, processes and clocks; where it reads a path at all, a feature that is off
//! by default has to be asked for it. `make wasm` builds it for a target that has none of these.

mod common;

use common::root;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// Below the line, in order: each with what it may depend on.
const CORE: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("artifact", &[]),
    ("model", &["core", "artifact"]),
    ("circuit", &["core"]),
    ("kzg", &[]),
    ("setup", &["core", "artifact", "kzg"]),
    ("segment", &["core", "artifact", "model", "circuit", "kzg", "setup"]),
    ("aggregate", &["core", "artifact", "circuit", "kzg", "segment"]),
    ("direct", &["core", "artifact", "model", "circuit", "kzg", "setup", "segment", "aggregate"]),
    ("credential", &["core", "artifact", "model"]),
    ("proving", &["core", "artifact", "model", "setup", "segment", "aggregate", "direct"]),
];

/// Above it.
const HOSTS: &[(&str, &[&str])] = &[
    ("import", &["core", "artifact", "model"]),
    ("report", &["core", "artifact", "model", "import"]),
    ("farm", &["core", "artifact", "model", "setup", "segment", "proving"]),
    ("verifier-gen", &["core", "artifact", "circuit", "segment", "aggregate", "direct"]),
];

/// The crate that may depend on everything.
const TOP: &str = "prover";

/// What the core is built of besides itself. A new one is a decision: does it need a host?
const FOREIGN: &[&str] = &[
    "blake2b_simd",
    "halo2-axiom",
    "halo2-base",
    "halo2curves-axiom",
    "hex",
    "humantime",
    "libm",
    "rand",
    "rand_core",
    "rayon",
    "serde",
    "serde_json",
    "sha2",
    "sha3",
    "snark-verifier",
    "thiserror",
    "tracing",
    "zeroize",
];

/// Modules that the feature `files` turns on, and where paths may be opened.
const FILES: &[&str] =
    &["artifact/src/file.rs", "artifact/src/binary.rs", "setup/src/ptau.rs", "setup/src/store.rs"];

/// Reads the environment with the feature `mutants`, which no program has that people run.
const MUTANTS: &str = "core/src/mutants.rs";

/// A host's business.
const HOSTED: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "File::open",
    "available_parallelism",
    "println!",
    "eprintln!",
];

fn packages() -> BTreeMap<String, Value> {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--locked"]);
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let named = |package: &Value| {
        let name = package["name"].as_str().unwrap().strip_prefix("tessera-").unwrap();
        (name.to_owned(), package.clone())
    };
    metadata["packages"].as_array().unwrap().iter().map(named).collect()
}

/// Names of a package's dependencies, those for tests left out, and whether each is optional.
fn dependencies(package: &Value) -> Vec<(String, bool)> {
    let all = package["dependencies"].as_array().unwrap().iter();
    let normal = all.filter(|d| d["kind"].is_null() && d["target"].is_null());
    normal
        .map(|d| (d["name"].as_str().unwrap().to_owned(), d["optional"].as_bool().unwrap()))
        .collect()
}

#[test]
fn crates_depend_on_those_below_them() {
    let packages = packages();
    let listed: Vec<&str> = CORE.iter().chain(HOSTS).map(|(name, _)| *name).collect();
    for name in packages.keys().filter(|name| *name != TOP) {
        assert!(listed.contains(&name.as_str()), "tessera-{name}: add it to the layers");
    }
    for (name, allowed) in CORE.iter().chain(HOSTS) {
        for (dependency, _) in dependencies(&packages[*name]) {
            let Some(ours) = dependency.strip_prefix("tessera-") else { continue };
            assert!(allowed.contains(&ours), "tessera-{name} may not depend on {dependency}");
        }
    }
}

#[test]
fn the_core_needs_no_host() {
    let packages = packages();
    for (name, _) in CORE {
        let package = &packages[*name];
        assert!(package["features"]["default"].is_null(), "tessera-{name} has default features");
        for (dependency, optional) in dependencies(package) {
            let ours = dependency.starts_with("tessera-");
            assert!(
                ours || optional || FOREIGN.contains(&dependency.as_str()),
                "tessera-{name} depends on {dependency}: is it a host's business?"
            );
        }
    }
}

#[test]
fn the_core_opens_nothing_and_asks_no_clock() {
    for (name, _) in CORE {
        sources(&root().join("prover").join(name).join("src"), &mut |path, text| {
            let path = path.strip_prefix(root().join("prover")).unwrap();
            if FILES.iter().chain([&MUTANTS]).any(|file| Path::new(file) == path) {
                return;
            }
            let code = text.split("#[cfg(test)]").next().unwrap();
            for word in HOSTED {
                assert!(!code.contains(word), "{}: {word}", path.display());
            }
        });
    }
}

fn sources(folder: &Path, visit: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
