//! What only the borrower learns: what cost points, and which of several tiers are reached.

mod common;

use alloy::primitives::{Address, U256};
use common::{
    Said, tessera,
    tiny::{SCHEMA, model},
};
use serde_json::Value;
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use tessera::chain::{LoanTerms, Request};
use tessera_core::FixedPoint;
use tessera_credential::SignedCredential;
use tessera_proving::ProofFile;

const CONTEXT: &str = "0x00000000000000000000000000000000000000000000000000000000000000c0";

struct Desk(TempDir);

impl Desk {
    /// A package and a credential. The borrower scores 466.06 points.
    fn new() -> Self {
        let desk = Self(TempDir::new().unwrap());
        fs::write(desk.path("model.json"), model(&["0.73", "-1.9", "-0.39"])).unwrap();
        let described =
            SCHEMA.replacen("\"debt\",", "\"debt\",\"description\":\"What is owed\",", 1);
        fs::write(desk.path("schema.json"), described).unwrap();
        fs::write(desk.path("rows.csv"), "income,debt\n48371926,73914582\n").unwrap();
        desk.run("model import model.json --schema schema.json --points 600@50:1,pdo=20 --segments 1 --out package", 0);
        desk.run("attester new --out attester.key", 0);
        let (registry, subject) = (format!("0x{:040x}", 0xaa), format!("0x{:040x}", 0xbb));
        desk.run(
            &format!(
                "attester issue --key attester.key --schema schema.json --csv rows.csv --person Ada \
                 --chain-id 31337 --registry {registry} --subject {subject} --max-exposure 9 --out ada"
            ),
            0,
        );
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    #[track_caller]
    fn run(&self, line: &str, code: i32) -> Said {
        let mut command = tessera();
        command.current_dir(self.0.path()).env("RUST_LOG", "trace");
        Said::from(command.args(line.split_whitespace()).output().unwrap()).ended(code)
    }

    /// Every file with what is in it.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut found) = (vec![self.0.path().to_path_buf()], vec![]);
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                match path.is_dir() {
                    true => folders.push(path),
                    false => found.push((path.clone(), fs::read(&path).unwrap())),
                }
            }
        }
        found.sort();
        found
    }
}

#[test]
fn reasons_are_printed_and_nothing_else() {
    let desk = Desk::new();
    let before = desk.files();
    let explain = "explain --model package --opening ada/opening.json --threshold 520";
    let text = desk.run(explain, 0);
    for word in
        ["path contributions", "debt: 73914582", "What is owed", "income: 48371926", "below 520"]
    {
        assert!(text.out.contains(word), "{word}: {}", text.out);
    }
    let json = desk.run(&format!("{explain} --json"), 0);
    let found = json.json();
    let reasons = found["reasons"].as_array().unwrap();
    assert_eq!((found["method"].as_str(), reasons.len()), (Some("path-contributions"), 2));
    for said in [&text, &json] {
        for secret in ["73914582", "48371926", "debt", "income", "466"] {
            assert!(!said.talk.contains(secret), "{secret}: {}", said.talk);
        }
    }
    assert!(desk.files() == before, "explaining leaves files behind");
}

#[test]
fn full_precision_is_rounded_where_that_is_asked_for() {
    let desk = Desk::new();
    fs::write(desk.path("rows.csv"), "income,debt\n48371926.4375,73914582\n").unwrap();
    let (registry, subject) = (format!("0x{:040x}", 0xaa), format!("0x{:040x}", 0xbb));
    let issue = format!(
        "attester issue --key attester.key --schema schema.json --csv rows.csv --person Eve \
         --chain-id 31337 --registry {registry} --subject {subject} --max-exposure 9 --out eve"
    );
    let refused = desk.run(&issue, 2);
    assert!(refused.talk.contains("hint: --round takes the nearest"), "{}", refused.talk);
    assert!(!desk.path("eve").exists());
    let said = desk.run(&format!("{issue} --round"), 0);
    assert!(said.talk.contains("rounded to the schema's grid: income\n"), "{}", said.talk);
    assert!(!said.talk.contains("48371926"), "a number of the borrower's: {}", said.talk);
    let explained = desk.run("explain --model package --opening eve/opening.json", 0).out;
    assert!(explained.contains("income: 48371926"), "{explained}");
}

#[test]
fn the_best_tier_is_proven_and_no_more() {
    let desk = Desk::new();
    let prove = "prove --model package --opening ada/opening.json";
    desk.run(&format!("{prove} --threshold 440 --context {CONTEXT} --out first.json"), 0);
    let first = ProofFile::load(&desk.path("first.json")).unwrap();
    let request = |tier: u32, points: i64| {
        let terms = LoanTerms { receiver: Address::ZERO, amount: U256::from(9), tier, deadline: 9 };
        let mut statement = first.statement;
        statement.threshold = FixedPoint(points << 32);
        let credential = SignedCredential::load(&desk.path("ada/credential.json")).unwrap();
        let (pool, borrower) = (Address::ZERO, credential.credential.subject);
        let request = Request { pool, borrower, terms, nonce: U256::ZERO, statement, credential };
        request.save(&desk.path(&format!("tier{tier}.json"))).unwrap();
    };
    for (tier, points) in [(0, 640), (1, 460), (2, 440), (3, 480)] {
        request(tier, points);
    }
    let best = format!("{prove} --tier best --json --out best.json");
    let said =
        desk.run(&format!("{best} --request tier0.json tier1.json tier2.json tier3.json"), 0);
    let summary: Value = said.json();
    assert_eq!(summary["tier"], 1);
    let proof = ProofFile::load(&desk.path("best.json")).unwrap();
    assert_eq!(proof.statement.threshold, FixedPoint(460 << 32));
    // Which tiers were asked for besides, and the score, are in neither words nor file.
    let file = fs::read_to_string(desk.path("best.json")).unwrap();
    let units = |points: i64| (points << 32).to_string();
    for text in [&said.out, &said.talk, &file] {
        for other in [units(640), units(440), units(480), "tier 0".into(), "466.".into()] {
            assert!(!text.contains(&other), "{other}: {text}");
        }
    }
    // The same bytes but for what is random: a proof for one tier looks like any other.
    let alone = format!("{prove} --request tier1.json --json --out alone.json");
    assert_eq!(desk.run(&alone, 0).json()["bytes"], summary["bytes"]);

    // None is reached: the answer is no, in the words of any score that is too low.
    let none = desk.run(&format!("{best} --request tier0.json tier3.json"), 1);
    let low = desk.run(&format!("{prove} --request tier0.json --out never.json"), 1);
    assert_eq!(none.talk, low.talk, "by how much, and for which tier, is not said");
    assert!(!none.talk.contains("466"), "{}", none.talk);
}
