//! From a model file to a verified proof, by the command line, without a chain.

mod common;

use common::{Said, root, tessera};
use serde_json::Value;
use std::{fs, path::Path};
use tempfile::TempDir;

/// Held-out row that scores above 550 points.
const ROW: &str = "6";
const CONTEXT: &str = "0x00000000000000000000000000000000000000000000000000000000000000c0";

/// A folder with package, credential, opening; and all that was said so far.
struct Desk {
    dir: TempDir,
    said: String,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self { dir: TempDir::new().unwrap(), said: String::new() };
        let example = "examples/german-credit";
        desk.run(&format!(
            "model import {example}/model.json --schema {example}/schema.json --points 600@50:1,pdo=20 --segments 2 --out @/package"
        ))
        .ended(0);
        desk.run("attester new --out @/attester.key").ended(0);
        desk.run(&format!(
            "attester issue --key @/attester.key --schema {example}/schema.json --csv {example}/golden.csv \
             --row {ROW} --chain-id 31337 --registry 0x{:040x} --subject 0x{:040x} --person Ada \
             --max-exposure 5000000000 --out @/ada",
            0xaa, 0xbb
        ))
        .ended(0);
        desk
    }

    /// `@/` stands for the folder.
    fn run(&mut self, line: &str) -> Said {
        let folder = format!("{}/", self.dir.path().display());
        let words = line.split_whitespace().map(|word| word.replace("@/", &folder));
        let said = Said::from(tessera().args(words).output().unwrap());
        self.said += &said.out;
        self.said += &said.talk;
        said
    }

    fn prove(&mut self, more: &str) -> Said {
        self.run(&format!(
            "prove --model @/package --opening @/ada/opening.json --context {CONTEXT} {more}"
        ))
    }

    fn edit(&self, name: &str, change: impl Fn(&mut Value)) {
        let path = self.dir.path().join(name);
        let mut value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(path, value.to_string()).unwrap();
    }

    fn read(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.dir.path().join(name)).unwrap()).unwrap()
    }
}

#[test]
fn a_proof_is_made_and_checked() {
    let mut desk = Desk::new();
    let keys = desk.run("keys build --model @/package --json").ended(0).json();
    let model = keys["modelDigest"].as_str().unwrap();
    desk.run("verifier generate --segments 2 --out @/generated").ended(0);
    let verifier = "--verifier @/generated/TesseraVerifier2.json";

    desk.prove("--threshold 540 --keep-segments @/segments --out @/proof.json").ended(0);
    let valid = desk.run(&format!("verify @/proof.json {verifier} --model-digest {model} --json"));
    let valid = valid.ended(0).json();
    assert_eq!(valid["statement"]["threshold"], (540u64 << 32).to_string());
    assert_eq!(valid["statement"]["context"], CONTEXT);
    let commitment = &desk.read("ada/credential.json")["credential"]["commitment"];
    assert_eq!(valid["statement"]["commitment"], *commitment);

    let other = desk.run(&format!("verify @/proof.json {verifier} --model-digest {CONTEXT}"));
    assert!(other.ended(1).talk.contains("for the model"));
    desk.run("verify @/proof.json").ended(2);

    // Segments stand alone, over the same features.
    let [first, second] = [0, 1].map(|index| {
        let said = desk.run(&format!("verify @/segments/segment-{index}.json --json")).ended(0);
        said.json()["instances"][0].clone()
    });
    assert_eq!(first, second);
    desk.edit("segments/segment-0.json", |proof| proof["instances"][3] = CONTEXT.into());
    desk.run("verify @/segments/segment-0.json").ended(1);

    // A higher threshold than was proven, and one digit of the proof.
    desk.edit("proof.json", |proof| {
        proof["statement"]["threshold"] = (541u64 << 32).to_string().into();
    });
    desk.run(&format!("verify @/proof.json {verifier}")).ended(1);
    desk.edit("proof.json", |proof| {
        proof["statement"]["threshold"] = (540u64 << 32).to_string().into();
    });
    desk.run(&format!("verify @/proof.json {verifier}")).ended(0);
    desk.edit("proof.json", |proof| {
        let text = proof["proof"].as_str().unwrap();
        let last = if text.ends_with('0') { "1" } else { "0" };
        proof["proof"] = format!("{}{last}", &text[..text.len() - 1]).into();
    });
    desk.run(&format!("verify @/proof.json {verifier}")).ended(1);

    // Nothing secret was said on the way.
    let opening = desk.read("ada/opening.json");
    let package = desk.read("package/package.json");
    let key = desk.read("attester.key");
    for secret in [&opening["blinding"], &package["salt"], &key["privateKey"]] {
        let digits = &secret.as_str().unwrap()[2..];
        assert!(digits.len() == 64 && !desk.said.contains(digits));
    }
    #[cfg(unix)]
    for name in ["ada/opening.json", "package/package.json", "attester.key"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_direct_proof_is_made_and_checked() {
    let mut desk = Desk::new();
    let keys = desk.run("keys build --profile direct --model @/package --json").ended(0).json();
    let model = keys["modelDigest"].as_str().unwrap();
    assert!(keys["proofs"].as_u64().unwrap() >= 256);
    desk.run("verifier generate --profile direct --out @/generated").ended(0);
    let verifier = "--verifier @/generated/TesseraVerifierDirect.json";

    desk.prove("--threshold 540 --profile direct --out @/proof.json").ended(0);
    let verify = format!("verify @/proof.json {verifier} --model-digest {model}");
    let valid = desk.run(&format!("{verify} --json")).ended(0).json();
    assert_eq!((&valid["segments"], &valid["statement"]["context"]), (&0.into(), &CONTEXT.into()));
    // The other profile's digest is of another model.
    let aggregated = desk.run("keys build --model @/package --segments 1 --json").ended(0).json();
    assert_ne!(aggregated["modelDigest"], keys["modelDigest"]);
    desk.edit("proof.json", |proof| {
        proof["statement"]["threshold"] = (541u64 << 32).to_string().into();
    });
    desk.run(&verify).ended(1);
}

#[test]
fn what_cannot_be_proven_is_said_before_keys_are_made() {
    let mut desk = Desk::new();
    let said = desk.prove("--threshold 700 --out @/proof.json").ended(1);
    assert!(said.talk.contains("the score is below the threshold"), "{}", said.talk);
    assert!(!said.talk.contains("aggregation key"), "{}", said.talk);
    assert!(!desk.dir.path().join("proof.json").exists());

    let said = desk.prove("--threshold 540 --segments 3 --out @/proof.json").ended(2);
    assert!(said.talk.contains("segments"), "{}", said.talk);

    // The opening of another schema, and codes that its schema does not admit.
    desk.edit("ada/opening.json", |opening| opening["codes"][0] = u64::MAX.into());
    let said = desk.prove("--threshold 540 --out @/proof.json").ended(2);
    assert!(said.talk.contains("opening.json does not fit the schema"), "{}", said.talk);
    desk.edit("ada/opening.json", |opening| opening["schema"] = CONTEXT.into());
    let said = desk.prove("--threshold 540 --out @/proof.json").ended(2);
    assert!(said.talk.contains("opening.json is for the schema"), "{}", said.talk);
}

/// The checked-in verifiers are what their generator makes of the development SRS.
#[test]
fn checked_in_verifiers_are_up_to_date() {
    let mut desk = Desk { dir: TempDir::new().unwrap(), said: String::new() };
    for (name, arguments) in [
        ("1", "--segments 1"),
        ("2", "--segments 2"),
        ("4", "--segments 4"),
        ("Direct", "--profile direct"),
    ] {
        desk.run(&format!("verifier generate {arguments} --out @/")).ended(0);
        for end in ["sol", "json"] {
            let name = format!("TesseraVerifier{name}.{end}");
            let read = |folder: &Path| fs::read_to_string(folder.join(&name)).unwrap();
            let checked_in = read(&root().join("contracts/generated"));
            assert!(read(desk.dir.path()) == checked_in, "{name}: `make verifiers` makes it anew");
        }
    }
}
