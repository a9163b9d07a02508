//! How a model is proven: the planner's choice, the flags that override it, and what each command makes of
//! it. Many borrowers at once.

mod common;

use alloy::primitives::{Address, U256};
use common::{
    Said, root, tessera,
    tiny::{SCHEMA, model},
};
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use tessera::chain::{LoanTerms, Request};
use tessera_core::FixedPoint;
use tessera_credential::SignedCredential;
use tessera_proving::ProofFile;

const CONTEXT: &str = "0x00000000000000000000000000000000000000000000000000000000000000c0";

/// A lender's folder; credentials are of a borrower who scores 466.06 points.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::write(desk.path("model.json"), model(&["0.73", "-1.9", "-0.39"])).unwrap();
        fs::write(desk.path("schema.json"), SCHEMA).unwrap();
        fs::write(desk.path("rows.csv"), "income,debt\n48371926,73914582\n").unwrap();
        desk.run("attester new --out attester.key", 0);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn run(&self, line: &str, code: i32) -> Said {
        let mut command = tessera();
        command.current_dir(self.0.path());
        Said::from(command.args(line.split_whitespace()).output().unwrap()).ended(code)
    }

    #[track_caller]
    fn import(&self, options: &str) -> Said {
        self.run(
            &format!(
                "model import model.json --schema schema.json --points 600@50:1,pdo=20 {options}"
            ),
            0,
        )
    }

    /// A credential and its opening, in the folder `out`.
    fn issue(&self, out: &str) {
        let (registry, subject) = (format!("0x{:040x}", 0xaa), format!("0x{:040x}", 0xbb));
        self.run(
            &format!(
                "attester issue --key attester.key --schema schema.json --csv rows.csv --person {out} \
                 --chain-id 31337 --registry {registry} --subject {subject} --max-exposure 9 \
                 --out {out}"
            ),
            0,
        );
    }

    /// A proof of at least 440 points for a use of one's own.
    fn prove(&self, options: &str, out: &str) -> ProofFile {
        self.run(
            &format!(
                "prove --opening ada/opening.json --threshold 440 --context {CONTEXT} {options} \
                 --out {out}"
            ),
            0,
        );
        ProofFile::load(&self.path(out)).unwrap()
    }
}

#[test]
fn the_planner_chooses_and_is_overruled() {
    let desk = Desk::new();
    desk.issue("ada");
    // A small model is proven directly, and it is said why.
    let said = desk.import("--out small");
    assert!(said.talk.contains("directly, in one circuit"), "{}", said.talk);
    assert!(said.talk.contains("because one circuit"), "{}", said.talk);
    let plan = desk.run("model plan small", 0);
    assert!(plan.out.lines().nth(1).unwrap().contains("best here, the package's"), "{}", plan.out);
    assert!(plan.talk.contains("direct: one circuit"), "{}", plan.talk);

    // The package says how it is proven; flags overrule it.
    for (options, segments) in [
        ("--model small", 0),
        ("--model small --profile aggregated", 1),
        ("--model small --segments 2", 2),
    ] {
        assert_eq!(desk.prove(options, "proof.json").segments, segments, "{options}");
    }
    let said = desk.import("--segments 2 --out cut");
    assert!(said.talk.contains("aggregated, in 2 segments"), "{}", said.talk);
    assert_eq!(desk.prove("--model cut", "proof.json").segments, 2);
    assert_eq!(desk.prove("--model cut --profile direct", "proof.json").segments, 0);
    let said = desk.run("keys build --model small --profile direct --segments 2", 2);
    assert!(said.talk.contains("a direct proof has no segments"), "{}", said.talk);
    let keep = "prove --model small --opening ada/opening.json --threshold 1 --keep-segments kept";
    let said = desk.run(&format!("{keep} --context {CONTEXT}"), 2);
    assert!(said.talk.contains("no segments to keep"), "{}", said.talk);
}

#[test]
fn a_proof_is_tried_on_its_own_verifier_only() {
    let desk = Desk::new();
    desk.issue("ada");
    desk.import("--out package");
    desk.prove("--model package", "direct.json");
    desk.prove("--model package --segments 1", "one.json");
    let verifier = |name: &str| {
        root().join(format!("contracts/generated/TesseraVerifier{name}.json")).display().to_string()
    };
    for (proof, own, other) in [("direct.json", "Direct", "1"), ("one.json", "1", "Direct")] {
        desk.run(&format!("verify {proof} --verifier {}", verifier(own)), 0);
        let said = desk.run(&format!("verify {proof} --verifier {}", verifier(other)), 2);
        assert!(said.talk.contains("verifier"), "{}", said.talk);
        let solc = root().join("tools/solc").display().to_string();
        let tried = desk
            .run(&format!("verifier try {proof} --verifier {} --solc {solc}", verifier(own)), 0);
        assert!(tried.out.starts_with("accepted: "), "{}", tried.out);
        assert!(tried.talk.contains("refused with any one of its"), "{}", tried.talk);
        desk.run(&format!("verifier try {proof} --verifier {}", verifier(other)), 2);
    }
    // A false claim is refused by both.
    let path = desk.path("direct.json");
    let mut proof = ProofFile::load(&path).unwrap();
    proof.statement.threshold = FixedPoint(proof.statement.threshold.0 + 1);
    proof.save(&path).unwrap();
    desk.run(&format!("verify direct.json --verifier {}", verifier("Direct")), 1);
    let solc = root().join("tools/solc").display().to_string();
    desk.run(
        &format!("verifier try direct.json --verifier {} --solc {solc}", verifier("Direct")),
        1,
    );
}

#[test]
fn many_borrowers_are_proven_with_one_set_of_keys() {
    let desk = Desk::new();
    desk.issue("ada");
    desk.import("--out package");
    let model_digest = desk.prove("--model package", "proof.json").statement.model_digest;
    for (borrower, points) in [("a", 440), ("b", 460), ("c", 470)] {
        let folder = format!("borrowers/{borrower}");
        fs::create_dir_all(desk.path("borrowers")).unwrap();
        desk.issue(&folder);
        let credential = SignedCredential::load(&desk.path(&format!("{folder}/credential.json")));
        let credential = credential.unwrap();
        let terms =
            LoanTerms { receiver: Address::ZERO, amount: U256::from(9), tier: 0, deadline: 9 };
        let mut statement = ProofFile::load(&desk.path("proof.json")).unwrap().statement;
        statement.threshold = FixedPoint(points << 32);
        statement.commitment = credential.commitment().unwrap();
        let (pool, subject) = (Address::ZERO, credential.credential.subject);
        let nonce = U256::ZERO;
        Request { pool, borrower: subject, terms, nonce, statement, credential }
            .save(&desk.path(&format!("{folder}/request.json")))
            .unwrap();
    }
    fs::create_dir(desk.path("borrowers/empty")).unwrap();

    // One does not reach its threshold: named, without a number, and the others have their proofs.
    let batch = "prove --model package --requests borrowers";
    let said = desk.run(batch, 1);
    assert_eq!(said.out, "c: the score is below the threshold\n");
    assert!(said.talk.contains("2 proven in "), "{}", said.talk);
    assert!(!said.talk.contains("466"), "{}", said.talk);
    for borrower in ["a", "b"] {
        let path = format!("borrowers/{borrower}/proof.json");
        assert_eq!(
            ProofFile::load(&desk.path(&path)).unwrap().statement.model_digest,
            model_digest
        );
        let verifier = root().join("contracts/generated/TesseraVerifierDirect.json");
        let request = format!("borrowers/{borrower}/request.json");
        desk.run(
            &format!("verify {path} --verifier {} --request {request}", verifier.display()),
            0,
        );
    }
    assert!(!desk.path("borrowers/c/proof.json").exists());

    // Again: what is there is kept.
    let before = fs::read(desk.path("borrowers/a/proof.json")).unwrap();
    let again = desk.run(&format!("{batch} --json"), 1).json();
    assert_eq!((again["proven"].as_u64(), again["already"].as_u64()), (Some(0), Some(2)));
    assert_eq!(fs::read(desk.path("borrowers/a/proof.json")).unwrap(), before);
    // A request to another model is not proven.
    let said = desk.run(&format!("{batch} --segments 1"), 1);
    assert!(said.out.contains("the request asks for the model"), "{}", said.out);
    desk.run("prove --model package --requests package", 2);
}
