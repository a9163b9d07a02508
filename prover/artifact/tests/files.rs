//! Reading and writing at paths.

use proptest::prelude::*;
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use tessera_artifact::{
    ArtifactError, HEADER_LEN, Secrecy, read, read_binary, sha256, write, write_binary,
};

const KIND: [u8; 8] = *b"SAMPLE\0\0";

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/file.bin");
    (folder, path)
}

/// What [`read_binary`] makes of `bytes` as a file.
fn parse(bytes: &[u8]) -> Result<Vec<u8>, ArtifactError> {
    let (_folder, path) = folder();
    write(&path, bytes, Secrecy::Public).unwrap();
    read_binary(&path, KIND, 3, 1000)
}

fn binary(body: &[u8]) -> Vec<u8> {
    let (_folder, path) = folder();
    let digest = write_binary(&path, KIND, 3, body, Secrecy::Public).unwrap();
    assert_eq!(digest, sha256(body));
    fs::read(path).unwrap()
}

#[test]
fn replaces_the_file_and_leaves_nothing_else() {
    let (_folder, path) = folder();
    for text in ["one", "two"] {
        write(&path, text.as_bytes(), Secrecy::Public).unwrap();
        assert_eq!(read(&path, 3).unwrap(), text.as_bytes());
    }
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn secrets_are_their_owners() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    write(&path, b"x", Secrecy::Secret).unwrap();
    assert_eq!(mode(), 0o600);
    write(&path, b"x", Secrecy::Public).unwrap();
    assert_eq!(mode() & 0o077, mode() & 0o044, "nobody else writes");
    write(&path, b"x", Secrecy::Secret).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_failed_write_keeps_the_old_file() {
    let (folder, path) = folder();
    write(&path, b"old", Secrecy::Public).unwrap();
    // A file where a folder is needed, and a folder where the file is to go.
    let error = write(&path.join("below"), b"new", Secrecy::Public).unwrap_err();
    assert!(matches!(error, ArtifactError::Io { .. }), "{error}");
    let error = write(path.parent().unwrap(), b"new", Secrecy::Public).unwrap_err();
    assert!(error.to_string().contains("cannot write"), "{error}");
    assert_eq!(read(&path, 100).unwrap(), b"old");
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "no temporary is left");
}

#[test]
fn reading_stops_at_the_limit() {
    let (_folder, path) = folder();
    assert!(matches!(read(&path, 10).unwrap_err(), ArtifactError::Missing { .. }));
    write(&path, &[7; 11], Secrecy::Public).unwrap();
    assert_eq!(read(&path, 11).unwrap(), [7; 11]);
    let error = read(&path, 10).unwrap_err();
    assert!(matches!(error, ArtifactError::TooLarge { size: Some(11), limit: 10, .. }));
    let error = read(path.parent().unwrap(), 1 << 20).unwrap_err();
    assert!(matches!(error, ArtifactError::Io { .. }), "a folder is not a file: {error}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_endless_file_is_too_large() {
    let error = read(std::path::Path::new("/dev/zero"), 1000).unwrap_err();
    assert!(matches!(error, ArtifactError::TooLarge { size: None, .. }), "{error}");
}

#[test]
fn header_is_as_documented() {
    let bytes = binary(b"body");
    let mut expected = b"TESSERA\0SAMPLE\0\0\x03\0\0\0\x04\0\0\0\0\0\0\0".to_vec();
    expected.extend(sha256(b"body").0);
    expected.extend(b"body");
    assert_eq!(bytes, expected);
    assert_eq!(parse(&bytes).unwrap(), b"body");
}

#[test]
fn each_fault_has_its_error() {
    let good = binary(b"body");
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        parse(&bytes).unwrap_err()
    };
    assert!(matches!(with(0, b'X'), ArtifactError::Kind { .. }));
    let error = with(8, b'X');
    assert!(error.to_string().contains("is not a SAMPLE file, but a XAMPLE file"), "{error}");
    assert!(matches!(with(16, 4), ArtifactError::Version { expected: 3, found: 4, .. }));
    assert!(matches!(with(20, 3), ArtifactError::Trailing { expected: 63, .. }));
    assert!(matches!(with(20, 5), ArtifactError::Truncated { expected: 65, found: 64, .. }));
    assert!(matches!(with(27, 0xff), ArtifactError::TooLarge { limit: 1000, .. }));
    assert!(matches!(with(28, 0), ArtifactError::Digest { .. }));
    assert!(matches!(with(HEADER_LEN, b'B'), ArtifactError::Digest { .. }));
    assert!(matches!(parse(b"").unwrap_err(), ArtifactError::Kind { .. }));
    assert!(matches!(parse(b"{}").unwrap_err(), ArtifactError::Kind { .. }));
}

#[test]
fn every_shortening_is_refused() {
    let good = binary(b"body");
    for length in 1..good.len() {
        let error = parse(&good[..length]).unwrap_err();
        assert!(matches!(error, ArtifactError::Truncated { .. }), "{length}: {error}");
    }
}

proptest! {
    #[test]
    fn every_changed_bit_is_noticed(at in 0usize..64, bit in 0u8..8) {
        let mut bytes = binary(b"body");
        bytes[at] ^= 1 << bit;
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(parse(&bytes).is_err());
        // With a header that passes for ours, so that length and digest are reached.
        let mut headed = b"TESSERA\0SAMPLE\0\0\x03\0\0\0".to_vec();
        headed.extend(bytes);
        prop_assert!(parse(&headed).is_err());
    }
}

/// Whatever a command is told to write over it: an opening is the only copy of its blinding.
#[test]
fn what_cannot_be_made_again_is_replaced_by_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("opening.json");
    for kind in ["deployment", "key", "model", "opening", "schema"] {
        let there = format!("{{\n  \"kind\": \"tessera.{kind}\",\n  \"version\": 1\n}}\n");
        std::fs::write(&path, &there).unwrap();
        let proof = br#"{"kind": "tessera.proof"}"#;
        for bytes in [&proof[..], b"", b"bytes of a reference string"] {
            let error = write(&path, bytes, Secrecy::Public).unwrap_err();
            assert!(matches!(error, ArtifactError::Exists { .. }), "{kind}: {error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), there);
        }
        // A deployment's record is written on, and a package's folder written again.
        let again = there.replace(": 1", ": 2");
        write(&path, again.as_bytes(), Secrecy::Public).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), again);
    }
    // A proof is made again.
    std::fs::write(&path, br#"{"kind": "tessera.proof"}"#).unwrap();
    write(&path, b"anything", Secrecy::Public).unwrap();
}
