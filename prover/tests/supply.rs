//! What is built in: where it comes from, under which licence, and that none of ours is unsafe. The
//! part of `make audit` that needs neither the network nor another tool.

mod common;

use common::root;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// What is built here, so that nothing has to be fetched for other platforms.
fn here() -> [String; 3] {
    let host = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    ["--offline".into(), "--filter-platform".into(), host.into()]
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--locked"]).args(here());
    serde_json::from_slice(&output(&mut command)).unwrap()
}

/// Licences that deny.toml allows.
fn allowed() -> BTreeSet<String> {
    let text = read("deny.toml");
    let list = text.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    list.split('"').skip(1).step_by(2).map(Into::into).collect()
}

/// Whether an SPDX expression can be fulfilled with the licences allowed.
fn fulfilled(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = text.split_whitespace().collect();
    let (value, rest) = any(&tokens, allowed);
    assert!(rest.is_empty(), "{expression}");
    value
}

fn any<'a>(tokens: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut value, mut rest) = all(tokens, allowed);
    while let ["OR", tail @ ..] = rest {
        let (next, tail) = all(tail, allowed);
        (value, rest) = (value | next, tail);
    }
    (value, rest)
}

fn all<'a>(tokens: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    let (mut value, mut rest) = one(tokens, allowed);
    while let ["AND", tail @ ..] = rest {
        let (next, tail) = one(tail, allowed);
        (value, rest) = (value & next, tail);
    }
    (value, rest)
}

fn one<'a>(tokens: &'a [&'a str], allowed: &BTreeSet<String>) -> (bool, &'a [&'a str]) {
    match tokens {
        ["(", tail @ ..] => {
            let (value, rest) = any(tail, allowed);
            assert_eq!(rest.first(), Some(&")"));
            (value, &rest[1..])
        }
        [licence, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{licence} WITH {exception}")), rest)
        }
        [licence, rest @ ..] => (allowed.contains(*licence), rest),
        [] => panic!("an expression without a licence"),
    }
}

#[test]
fn licences_are_read_as_spdx_means_them() {
    let allowed: BTreeSet<String> = ["MIT", "A WITH x"].map(Into::into).into();
    for (text, value) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("A WITH x", true),
        ("A WITH y OR GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND (GPL-3.0 OR A WITH x)", true),
        ("GPL-3.0 AND (MIT OR A WITH x)", false),
    ] {
        assert_eq!(fulfilled(text, &allowed), value, "{text}");
    }
}

#[test]
fn crates_come_from_one_registry_under_licences_that_are_allowed() {
    let (metadata, allowed) = (metadata(), allowed());
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    let mut wrong = Vec::new();
    for package in packages {
        let (name, source) = (&package["name"], &package["source"]);
        match package["license"].as_str() {
            Some(licence) if fulfilled(licence, &allowed) => {}
            licence => wrong.push(format!("{name}: licence {licence:?}")),
        }
        match source.as_str() {
            None => {
                let path = package["manifest_path"].as_str().unwrap();
                assert!(path.starts_with(root().to_str().unwrap()), "{path}");
            }
            Some("registry+https://github.com/rust-lang/crates.io-index") => {}
            Some(source) => wrong.push(format!("{name}: {source}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn lock_files_have_a_digest_for_everything_that_is_fetched() {
    let lock = read("Cargo.lock");
    let fetched = lock.split("[[package]]").filter(|package| package.contains("\nsource = "));
    for package in fetched {
        assert!(package.contains("\nchecksum = \""), "{package}");
    }
    let lock: Value = serde_json::from_str(&read("package-lock.json")).unwrap();
    for (at, package) in lock["packages"].as_object().unwrap() {
        let integrity = package["integrity"].as_str().unwrap_or_default();
        assert!(at.is_empty() || integrity.starts_with("sha512-"), "{at}");
        let from = package["resolved"].as_str().unwrap_or("https://registry.npmjs.org/");
        assert!(from.starts_with("https://registry.npmjs.org/"), "{at}: {from}");
    }
}

/// Every crate and npm package once, each that is fetched with its digest; the same twice.
#[test]
fn the_bill_of_materials_has_everything() {
    let bill = || output(Command::new(root().join("tools/sbom")).args(here()));
    let bytes = bill();
    assert!(bytes == bill());
    let bill: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));

    let mut expected = BTreeSet::new();
    let own = |package: &Value| package["source"].is_null();
    for package in metadata()["packages"].as_array().unwrap() {
        let text = |field: &str| package[field].as_str().unwrap().to_string();
        let reference = format!("pkg:cargo/{}@{}", text("name"), text("version"));
        assert!(expected.insert((reference, !own(package))));
    }
    let lock: Value = serde_json::from_str(&read("package-lock.json")).unwrap();
    for (at, package) in
        lock["packages"].as_object().unwrap().iter().filter(|(at, _)| !at.is_empty())
    {
        let name = at.rsplit("node_modules/").next().unwrap().replace('@', "%40");
        let version = package["version"].as_str().unwrap();
        assert!(expected.insert((format!("pkg:npm/{name}@{version}"), true)));
    }
    let found = bill["components"].as_array().unwrap().iter().map(|component| {
        let digest = component["hashes"][0]["content"].as_str().map_or(0, str::len);
        assert!([0, 64, 128].contains(&digest), "{component}");
        (component["purl"].as_str().unwrap().to_string(), digest > 0)
    });
    assert_eq!(found.clone().count(), expected.len());
    assert_eq!(found.collect::<BTreeSet<_>>(), expected);
}

/// The lint is the workspace's, and every crate takes it over.
#[test]
fn no_crate_of_ours_may_be_unsafe() {
    assert!(read("Cargo.toml").contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""));
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert!(members.len() >= 10);
    for package in metadata["packages"].as_array().unwrap() {
        if members.contains(package["id"].as_str().unwrap()) {
            let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
            let text = fs::read_to_string(&manifest).unwrap();
            assert!(text.contains("[lints]\nworkspace = true"), "{}", manifest.display());
        }
    }
}
