//! JSON artifacts.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use tessera_artifact::{
    ArtifactError, Secrecy, Sha256Digest, create_json, read_json, sha256, write_json,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    name: String,
    values: Vec<u64>,
    digest: Sha256Digest,
    note: Option<String>,
}

fn sample() -> Sample {
    let digest = sha256(b"abc");
    Sample { name: "a".into(), values: vec![0, u64::MAX], digest, note: None }
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sample.json");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(text: &str) -> Result<Sample, ArtifactError> {
    let (_folder, path) = file(text);
    read_json(&path, "tessera.sample", 1, 10_000)
}

#[test]
fn text_is_as_documented_and_reads_back() {
    let (_folder, path) = file("");
    write_json(&path, "tessera.sample", 1, &sample(), Secrecy::Public).unwrap();
    let expected = r#"{
  "kind": "tessera.sample",
  "version": 1,
  "name": "a",
  "values": [
    0,
    18446744073709551615
  ],
  "digest": "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  "note": null
}
"#;
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(read_json::<Sample>(&path, "tessera.sample", 1, 10_000).unwrap(), sample());
}

#[test]
fn another_kind_or_version_is_named_before_its_fields() {
    let error = read(r#"{"kind":"tessera.proof","version":1}"#).unwrap_err();
    assert!(matches!(&error, ArtifactError::Kind { found, .. } if found.contains("tessera.proof")));
    let error = read(r#"{"name":"a"}"#).unwrap_err();
    assert!(matches!(&error, ArtifactError::Kind { .. }), "{error}");
    let error = read(r#"{"kind":"tessera.sample","version":2}"#).unwrap_err();
    assert!(matches!(error, ArtifactError::Version { expected: 1, found: 2, .. }));
    let error = read(r#"{"kind":"tessera.sample"}"#).unwrap_err();
    assert!(matches!(error, ArtifactError::Version { found: 0, .. }));
}

#[test]
fn faults_have_a_place_and_quote_no_value() {
    let text = r#"{"kind":"tessera.sample","version":1,
        "name":"a", "values":["hunter2, expected x"], "digest":"0x"}"#;
    let error = read(text).unwrap_err();
    let ArtifactError::Json { line: 2, reason, .. } = &error else { panic!("{error}") };
    assert_eq!(reason, "invalid type, expected u64");
    assert!(error.to_string().contains("sample.json, line 2 column"), "{error}");

    for (text, part) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "invalid"),
        ("7", "invalid"),
        (r#"{"kind":"tessera.sample","version":1}"#, "missing field `name`"),
        (r#"{"kind":"tessera.sample","version":1,"extra":1}"#, "unknown field `extra`"),
        (r#"{"kind":"tessera.sample","version":1,"kind":"x"}"#, "duplicate field `kind`"),
        (r#"{"kind":"tessera.sample","version":-1}"#, "invalid value"),
        (r#"{"kind":"tessera.sample","version":1,"digest":"0x12"}"#, "64 hexadecimal"),
        (r#"{"kind":"tessera.sample","version":1} x"#, "trailing"),
    ] {
        let error = read(text).unwrap_err();
        let ArtifactError::Json { reason, .. } = &error else { panic!("{text}: {error}") };
        assert!(reason.contains(part), "{text}: {error}");
    }
}

#[test]
fn reserved_fields_and_bare_values_are_refused() {
    #[derive(Serialize)]
    struct Clash {
        version: u32,
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("never");
    let error = write_json(&path, "k", 1, &Clash { version: 7 }, Secrecy::Public).unwrap_err();
    assert!(matches!(error, ArtifactError::Encode { .. }));
    let error = write_json(&path, "k", 1, &7, Secrecy::Public).unwrap_err();
    assert!(matches!(error, ArtifactError::Encode { .. }));
    assert!(!path.exists());
}

#[test]
fn digests_are_read_strictly() {
    let digest = sha256(b"abc");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    for bad in ["", "0x", &digest.to_string()[2..], &format!("{digest}0"), &format!("0{digest}")] {
        assert!(bad.parse::<Sha256Digest>().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_value_or_an_error(text in ".{0,200}") {
        let _ = read(&text);
        let _ = read(&format!(r#"{{"kind":"tessera.sample","version":1,{text}}}"#));
    }

    #[test]
    fn every_value_reads_back(name in ".{0,40}", values: Vec<u64>, note: Option<String>) {
        let value = Sample { name, values, note, ..sample() };
        let (_folder, path) = file("");
        write_json(&path, "tessera.sample", 1, &value, Secrecy::Secret).unwrap();
        let back: Sample = read_json(&path, "tessera.sample", 1, 1 << 20).unwrap();
        prop_assert_eq!(back, value);
    }
}

#[test]
fn an_unknown_field_is_named_unless_it_may_be_a_value() {
    let reason = |field: &str| {
        let text = format!(r#"{{"kind":"tessera.sample","version":1,"{field}":1}}"#);
        match read(&text).unwrap_err() {
            ArtifactError::Json { reason, .. } => reason,
            error => panic!("{error}"),
        }
    };
    assert!(reason("colour").starts_with("unknown field `colour`, expected one of"));
    for value in ["0x12ab34cd", "48371926", "hunter2, expected", "`colour", &"a".repeat(41)] {
        assert!(reason(value).starts_with("unknown field, expected"), "{}", reason(value));
    }
}

#[test]
fn creating_replaces_nothing() {
    let (_folder, path) = file("here before");
    let create = || create_json(&path, "tessera.sample", 1, &sample(), Secrecy::Secret);
    let error = create().unwrap_err();
    assert!(matches!(error, ArtifactError::Exists { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "here before");

    // Of many that create it at once, one does.
    fs::remove_file(&path).unwrap();
    let made = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results.filter(Result::is_ok).count()
    });
    assert_eq!(made, 1);
    assert_eq!(read_json::<Sample>(&path, "tessera.sample", 1, 10_000).unwrap(), sample());
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary is left");
}
