//! What the documents point at is there: each file, and in it each test and each function named.
//!
//! `path/file.rs::name` is a test of that file, `::name` one of the file named last, and in
//! `` `path/file.rs`, `name` `` the second is something in the first.

mod common;

use common::root;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Every source file of the project by its path from the top, with its text.
fn sources() -> BTreeMap<String, String> {
    const OTHERS: [&str; 5] = [".git", "target", "node_modules", "out", "cache"];
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true if OTHERS.iter().any(|name| entry.file_name() == *name) => {}
                true => walk(&entry.path(), found),
                false => found.push(entry.path()),
            }
        }
    }
    let mut found = vec![];
    walk(&root(), &mut found);
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap_or_default())
    };
    found.into_iter().map(named).collect()
}

/// Spans of code in `document`, each with the text between the one before and itself.
fn spans(document: &str) -> Vec<(String, String)> {
    let prose: String = document.split("```").step_by(2).collect();
    let parts: Vec<&str> = prose.split('`').collect();
    parts.chunks_exact(2).map(|pair| (pair[0].into(), pair[1].into())).collect()
}

/// Whether `text` has the test `name`, of Rust (also inside `proptest!`) or of Solidity.
fn has_test(text: &str, name: &str) -> bool {
    let is_it = |rest: &str| rest.starts_with(name) && rest[name.len()..].starts_with(['(', '<']);
    let kind = name.starts_with("test") || name.starts_with("invariant");
    let solidity = kind && text.split("function ").skip(1).any(is_it);
    let rust = text.split("#[test]").skip(1).any(|rest| {
        let attributes = rest.split_once("fn ");
        attributes.is_some_and(|(before, name)| !before.contains(['{', '}']) && is_it(name))
    });
    solidity || rust
}

/// What `document` names and the project has not.
fn dangling(document: &str, sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = vec![];
    let mut last: Vec<&String> = vec![];
    let mut file_before = false;
    for (between, span) in spans(document) {
        let (file, name) = span.split_once("::").map_or((&*span, None), |(f, n)| (f, Some(n)));
        let is_file =
            [".rs", ".sol", ".md", ".json", ".toml"].iter().any(|end| file.ends_with(end))
                && !file.starts_with(['.', '*'])
                && file.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
        if is_file {
            // `cli` is short for the folder of the command's tests.
            let path = file.strip_prefix("cli/").map(|rest| format!("prover/tests/{rest}"));
            let path = path.unwrap_or(file.into());
            let here = |name: &&String| **name == path || name.ends_with(&format!("/{path}"));
            let found = sources.iter().filter(|(name, _)| here(name));
            last = found.map(|(_, text)| text).collect();
        }
        let exists = match name {
            // Of the notation itself.
            Some("") => true,
            None if is_file => !last.is_empty(),
            None => {
                let word = span.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                let inside = file_before && word && between == ", ";
                !inside || last.iter().any(|text| text.contains(&span))
            }
            Some(name) if is_file || file.is_empty() => {
                last.iter().any(|text| has_test(text, name))
            }
            // A function of a type.
            Some(name) => {
                let name = name.split('(').next().unwrap_or(name);
                let items =
                    [format!("fn {name}("), format!("fn {name}<"), format!("struct {name}")];
                let has = |text: &String| items.iter().any(|item| text.contains(item));
                sources.iter().any(|(path, text)| path.ends_with(".rs") && has(text))
            }
        };
        if !exists {
            wrong.push(span.clone());
        }
        file_before = is_file && name.is_none();
    }
    wrong
}

#[test]
fn documents_name_what_is_there() {
    let sources = sources();
    let mut pages = 0;
    for (name, text) in &sources {
        if name.ends_with(".md") && (name.starts_with("docs/") || !name.contains('/')) {
            let wrong = dangling(text, &sources);
            assert!(wrong.is_empty(), "{name} points at nothing: {wrong:#?}");
            pages += 1;
        }
    }
    assert!(pages >= 8, "{pages} documents");
}

#[test]
fn what_is_not_there_is_noticed() {
    let file = "#[test]\n#[cfg(unix)]\nfn here() {}\nfn helper() {}\n".to_string();
    let solidity = "function testFuzz_it(uint256 x) public {}".to_string();
    let sources =
        [("prover/tests/a.rs".to_string(), file), ("tests/B.t.sol".to_string(), solidity)].into();
    let good =
        "`cli/a.rs::here`, `::here`; `tests/a.rs`, `helper`; `B.t.sol::testFuzz_it`, `x::y`\n";
    assert_eq!(dangling(good, &sources), ["x::y"]);
    for bad in [
        "`b.rs`",
        "`a.rs::gone`",
        "`a.rs::her`",
        "`a.rs::helper`",
        "`a.rs` and `::gone`",
        "`a.rs`, `gone`",
        "`B.t.sol::testFuzz`",
        "`Type::gone`",
    ] {
        assert_eq!(dangling(&format!("{bad} "), &sources).len(), 1, "{bad}");
    }
}
