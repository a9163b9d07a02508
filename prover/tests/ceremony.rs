//! Verifiers made from an SRS whose secret nobody knows: they carry its digest and are not insecure;
//! and a file that is not sound is refused by every command that would use it.

mod common;

use common::{Said, tessera};
use halo2_proofs::poly::{commitment::Params, kzg::commitment::ParamsKZG};
use halo2curves::bn256::Bn256;
use std::{fs, path::Path};
use tempfile::TempDir;
use tessera_aggregate::VerifierSpec;
use tessera_artifact::{HEADER_LEN, Secrecy, write_binary};
use tessera_setup::{Srs, development_digest};

/// Size of the aggregation circuit of one segment.
const K: u32 = 15;

fn run(folder: &Path, line: &str) -> Said {
    let words = line.split_whitespace();
    let cache = folder.join("cache");
    Said::from(
        tessera().args(words).current_dir(folder).env("TESSERA_CACHE", cache).output().unwrap(),
    )
}

/// An SRS file with a fresh secret, and its body. Its note says that it is a published file.
fn fresh(path: &Path) -> Vec<u8> {
    let params = ParamsKZG::<Bn256>::setup(K, rand_core_06::OsRng);
    let published = include_str!("../setup/src/hermez.b2sum");
    let (digest, name) = published.lines().next().unwrap().split_once("  ").unwrap();
    let provenance =
        format!(r#"{{"origin":"ceremony","file":"{name}","power":{K},"blake2b":"{digest}"}}"#);
    let mut body = (provenance.len() as u32).to_le_bytes().to_vec();
    body.extend(provenance.as_bytes());
    params.write(&mut body).unwrap();
    write_binary(path, Srs::KIND, Srs::VERSION, &body, Secrecy::Public).unwrap();
    body
}

#[test]
fn a_verifier_carries_the_digest_of_its_srs() {
    let dir = TempDir::new().unwrap();
    let given = dir.path().join("given.srs");
    let mut body = fresh(&given);
    let digest = Srs::load(&given).unwrap().digest();
    assert_ne!(digest, development_digest());
    assert!(run(dir.path(), "srs check given.srs").ended(0).out.contains("that we do not know"));
    let report = run(dir.path(), "srs check given.srs --json").ended(0).json();
    assert!(report["ceremony"].is_null() && report["published"].is_null(), "{report}");

    let generate = "verifier generate --segments 1 --out generated";
    run(dir.path(), &format!("{generate} --srs given.srs")).ended(0);
    let solidity = |folder: &Path| fs::read_to_string(folder.join("TesseraVerifier1.sol")).unwrap();
    let text = solidity(&dir.path().join("generated"));
    assert!(text.contains("bool public constant INSECURE_SRS = false;"));
    assert!(text.contains(&format!("bytes32 public constant SRS_DIGEST = {digest};")));
    assert!(!text.contains("INSECURE: "));
    let spec = VerifierSpec::load(&dir.path().join("generated/TesseraVerifier1.json")).unwrap();
    assert_eq!((spec.srs, spec.insecure_srs), (digest, false));

    let development = solidity(&common::root().join("contracts/generated"));
    assert!(development.contains("bool public constant INSECURE_SRS = true;"));
    assert!(development.contains("INSECURE: its secret is published"));

    // The same file with two powers exchanged: whole by its own digest, on the curve, of the same
    // secret by its first points; and not the powers of it.
    let powers = fs::read(&given).unwrap().len() - HEADER_LEN - ((2 * 64) << K) - 256;
    let at = |power: usize| powers + 64 * power;
    let fifth = body[at(5)..at(6)].to_vec();
    body.copy_within(at(9)..at(10), at(5));
    body[at(9)..at(10)].copy_from_slice(&fifth);
    let spoilt = dir.path().join("spoilt.srs");
    write_binary(&spoilt, Srs::KIND, Srs::VERSION, &body, Secrecy::Public).unwrap();
    assert_eq!(Srs::load(&spoilt).unwrap().digest(), digest);
    let example = common::root().join("examples/german-credit");
    let import = format!(
        "model import {0}/model.json --schema {0}/schema.json --points 600@50:1,pdo=20 --out package",
        example.display()
    );
    run(dir.path(), &import).ended(0);
    for line in [generate, "keys build --model package --segments 1", "srs check spoilt.srs"] {
        let srs = if line.starts_with("srs") { "" } else { "--srs spoilt.srs" };
        let said = run(dir.path(), &format!("{line} {srs}")).ended(2);
        assert!(said.talk.contains("spoilt.srs"), "{}", said.talk);
        assert!(said.talk.contains("not the powers of one secret"), "{}", said.talk);
    }
}
