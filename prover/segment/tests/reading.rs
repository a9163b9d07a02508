//! A segment's proof as a file: what is wrong with a spoilt one is said by name.

mod common;

use common::{model, salt, salts, schema, secrets};
use halo2curves::{
    bn256::G1Affine,
    group::{GroupEncoding, prime::PrimeCurveAffine},
};
use std::{fs, path::Path};
use tessera_circuit::layout::smallest_k;
use tessera_core::SegmentIndex;
use tessera_segment::{Proof, ProofError, ProvingKey, Share, Unverified, Work, circuit::build};
use tessera_setup::development;

/// Replaces the text of a field, given as JSON.
fn with(text: &str, field: &str, value: &str) -> String {
    let mut file: serde_json::Value = serde_json::from_str(text).expect("JSON");
    file[field] = serde_json::from_str(value).expect("JSON");
    file.to_string()
}

fn read(path: &Path, text: &str) -> Result<Proof<Unverified>, ProofError> {
    fs::write(path, text).expect("room on the disk");
    Proof::read(path).map(|(proof, _)| proof)
}

#[test]
fn a_spoilt_proof_is_refused_by_what_is_wrong() {
    let (schema, model) = (schema(), model());
    let share = Share {
        index: SegmentIndex::FIRST,
        schema: &schema,
        offset: 600,
        work: Work::Trees(model.trees()),
    };
    let (secrets, _) = secrets(&schema, vec![10, 20, 1, 0]);
    let srs = development(smallest_k(build(&share, &secrets, &salt()).rows())).expect("a size");
    let key = ProvingKey::new(&srs, &share, &salts([5; 32])).expect("a key");
    let proof = Proof::<Unverified>::create(srs.params(), &key, &share, &secrets)
        .and_then(|proof| proof.verify(srs.params()))
        .expect("a proof");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("segment-0.json");
    proof.write(&path, srs.digest()).expect("written");
    let text = fs::read_to_string(&path).expect("read");
    assert!(read(&path, &text).and_then(|proof| proof.verify(srs.params())).is_ok());

    for k in ["0", "3", "25", "28", "64"] {
        let error = read(&path, &with(&text, "k", k)).expect_err("no such size");
        assert!(matches!(error, ProofError::Malformed { field: "k", .. }), "{k}: {error}");
    }
    let identity = hex::encode(G1Affine::identity().to_bytes());
    let points = format!("[\"{identity}\", \"{identity}\", \"{identity}\"]");
    let error = read(&path, &with(&text, "key", &points)).expect_err("the identity");
    assert!(matches!(error, ProofError::Malformed { field: "key", .. }), "{error}");

    let bytes = hex::encode(proof.bytes());
    for changed in [format!("\"{bytes}00\""), format!("\"{}\"", &bytes[..bytes.len() - 2])] {
        let longer = read(&path, &with(&text, "proof", &changed)).expect("well-formed JSON");
        let error = longer.verify(srs.params()).expect_err("another length");
        assert!(matches!(error, ProofError::Length(_)), "{error}");
    }
}
