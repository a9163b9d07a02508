//! Many borrowers through a farm, and how many segments are best on it.

use crate::{
    broker::Broker,
    commands::Desk,
    common::root,
    world::{SEGMENTS, Worker},
};
use alloy::primitives::{Address, U256};
use std::fs;
use tessera::chain::{LoanTerms, Request};
use tessera_core::FixedPoint;
use tessera_credential::SignedCredential;
use tessera_proving::ProofFile;

fn worker(desk: &Desk, name: &str, farm: &str) -> Worker {
    let line = format!(
        "worker {farm} --farm-identity farm/{name}.nk --farm-key farm/farm.key --threads 1"
    );
    let mut worker = Worker::spawn(desk.command(&line));
    worker.until("\"ready\"");
    worker
}

/// A folder for a borrower who wants a proof of so many points.
fn borrower(desk: &Desk, name: &str, points: i64, proven: &ProofFile) {
    fs::create_dir_all(desk.path("borrowers")).unwrap();
    let folder = format!("borrowers/{name}");
    desk.issue(&folder);
    let credential = SignedCredential::load(&desk.path(&format!("{folder}/credential.json")));
    let credential = credential.unwrap();
    let terms = LoanTerms { receiver: Address::ZERO, amount: U256::from(9), tier: 0, deadline: 9 };
    let mut statement = proven.statement;
    statement.threshold = FixedPoint(points << 32);
    statement.commitment = credential.commitment().unwrap();
    let (pool, nonce, subject) = (Address::ZERO, U256::ZERO, credential.credential.subject);
    Request { pool, borrower: subject, terms, nonce, statement, credential }
        .save(&desk.path(&format!("{folder}/request.json")))
        .unwrap();
}

#[test]
fn many_borrowers_through_a_farm() {
    let desk = Desk::new();
    let broker = Broker::start();
    let farm = format!("--farm {}", broker.url());
    let how = format!("--model package --segments {SEGMENTS} {farm} --farm-key farm/farm.pub");
    let (one, two) = (worker(&desk, "one", &farm), worker(&desk, "two", &farm));
    let context = format!("0x{:064x}", 0xc0);
    let single =
        format!("prove {how} --opening ada/opening.json --threshold 300 --context {context}");
    desk.run(&single).ended(0);
    let proven = ProofFile::load(&desk.path("proof.json")).unwrap();
    for (name, points) in [("a", 300), ("b", 310), ("c", 100_000), ("d", 320)] {
        borrower(&desk, name, points, &proven);
    }

    let batch = format!("prove {how} --requests borrowers");
    let said = desk.run(&batch).ended(1);
    assert_eq!(said.out, "c: the score is below the threshold\n");
    assert!(said.talk.contains("2 workers on the farm, so 2 borrowers at once"), "{}", said.talk);
    assert!(said.talk.contains("3 proven in "), "{}", said.talk);
    let verifier = root().join("contracts/generated/TesseraVerifier4.json");
    for name in ["a", "b", "d"] {
        let folder = format!("borrowers/{name}");
        desk.run(&format!(
            "verify {folder}/proof.json --verifier {} --request {folder}/request.json",
            verifier.display()
        ))
        .ended(0);
    }
    assert!(!desk.path("borrowers/c/proof.json").exists());
    for worker in [&one, &two] {
        assert!(worker.log().contains("\"proven\""), "both work: {}", worker.log());
    }
    let again = desk.run(&format!("{batch} --json")).ended(1).json();
    assert_eq!((again["proven"].as_u64(), again["already"].as_u64()), (Some(0), Some(3)));
    // Without a farm, it is what a direct proof is made by; with one, it has no segments.
    let direct = batch.replace(&format!("--segments {SEGMENTS}"), "--profile direct");
    let said = desk.run(&direct).ended(2);
    assert!(said.talk.contains("a direct proof has no segments for a farm"), "{}", said.talk);
}

#[test]
fn the_planner_knows_the_farm() {
    let desk = Desk::new();
    let broker = Broker::start();
    let farm = format!("--farm {}", broker.url());
    let plan = format!("farm plan package {farm}");
    let said = desk.run(&plan).ended(1);
    assert!(said.talk.contains("no worker of this version is on the farm"), "{}", said.talk);
    let _workers = [worker(&desk, "one", &farm), worker(&desk, "two", &farm)];
    let said = desk.run(&plan).ended(0);
    assert!(said.out.contains("best here"), "{}", said.out);
    assert!(said.talk.contains("2 workers prove"), "{}", said.talk);
    for more in ["", " --throughput"] {
        let said = desk.run(&format!("{plan} --json{more}")).ended(0).json();
        let (all, best) = (said["expected"].as_array().unwrap(), said["best"].as_u64().unwrap());
        assert_eq!(all.len(), 5);
        assert!(all.iter().any(|expected| expected["segments"] == best));
        assert_eq!(said["workers"].as_array().unwrap().len(), 2, "{said}");
        for seconds in said["workers"].as_array().unwrap() {
            assert!(seconds.as_f64().is_some_and(|s| s > 1e-4 && s < 10.0), "{seconds}");
        }
    }
}
