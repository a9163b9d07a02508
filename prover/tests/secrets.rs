//! Nothing secret is said, logged or left behind. Recognisable values are planted as features,
//! weights, salt, blinding and keys; everything that a run prints and writes is then searched for
//! them, as decimal and hexadecimal digits, base64, and bytes of both orders.

mod common;

use common::{
    Said,
    planted::{Planted, base64, files, fingerprints, leaves, sums_of_leaves},
    tessera,
    tiny::{SCHEMA, model},
};
use serde_json::Value;
use std::{fs, path::PathBuf, process::Stdio};
use tempfile::TempDir;

const CONTEXT: &str = "0x00000000000000000000000000000000000000000000000000000000000000c0";
/// Features of the borrower.
const INCOME: u64 = 48_371_926;
const DEBT: u64 = 73_914_582;
/// Leaves of the lender's model.
const LEAVES: [&str; 3] = ["-0.7319482", "1.9174635", "0.39182747"];
/// What the borrower scores is between these, in points.
const BELOW: &str = "480";
const ABOVE: &str = "800";

/// Files that hold secrets, by design and for their owner alone.
const SECRET_FILES: [&str; 4] =
    ["package/package.json", "package/source", "ada/opening.json", "attester.key"];
/// Files that are for their owner alone although nothing secret is in them: with the sample at hand,
/// a report's figures confirm a guess of the model.
const OWN_FILES: [&str; 4] =
    ["package/report.json", "package/report.html", "report/report.json", "report/report.html"];
/// What the test itself writes.
const INPUTS: [&str; 4] = ["model.json", "schema.json", "borrowers.csv", "rows.csv"];

#[test]
fn the_search_finds_what_is_there() {
    assert_eq!(base64(b"Tessera"), "VGVzc2VyYQ");
    let planted = Planted::number("income", INCOME);
    for text in ["income 48371926.", "48,371,926", "0x2E218D6", "2e218d6", "AAAAAALiGNY="] {
        assert!(planted.is_in(text.as_bytes()), "{text}");
    }
    assert!(planted.is_in(&[&[9][..], &INCOME.to_le_bytes()].concat()));
    assert!(!planted.is_in(b"48371927 0000000002e218d7"));
    let word = Planted::word("key", CONTEXT);
    assert!(word.is_in(CONTEXT.as_bytes()) && !word.is_in(CONTEXT.replace("c0", "c1").as_bytes()));
}

struct Desk {
    dir: TempDir,
    /// Everything printed, with the command that printed it.
    said: Vec<(String, Vec<u8>)>,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { dir: TempDir::new().unwrap(), said: vec![] };
        fs::create_dir(desk.path("tmp")).unwrap();
        fs::write(desk.path("model.json"), model(&LEAVES)).unwrap();
        fs::write(desk.path("schema.json"), SCHEMA).unwrap();
        let table = format!("income,debt\n{INCOME},{DEBT}\n{INCOME}x,{DEBT}\n{INCOME}7,{DEBT}.5\n");
        fs::write(desk.path("borrowers.csv"), table).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command in the folder, and watches the process while it runs.
    #[track_caller]
    fn run(&mut self, line: &str, code: i32) -> Said {
        let words: Vec<&str> = line.split_whitespace().collect();
        let child = tessera()
            .args(&words)
            .current_dir(self.dir.path())
            .env("TESSERA_CACHE", self.path("cache"))
            .env("TMPDIR", self.path("tmp"))
            .env("HOME", self.path("home"))
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // What others see of the process: arguments and names of threads.
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        let watch = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while let Ok(arguments) = fs::read(process.join("cmdline")) {
                if arguments.is_empty() {
                    break;
                }
                seen.extend(arguments);
                let threads = fs::read_dir(process.join("task")).into_iter().flatten().flatten();
                threads.for_each(|thread| {
                    seen.extend(fs::read(thread.path().join("comm")).unwrap_or_default());
                });
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            seen
        });
        let output = child.wait_with_output().unwrap();
        let seen = watch.join().unwrap();
        self.said.push((format!("process of {line}"), seen));
        self.said.push((format!("stdout of {line}"), output.stdout.clone()));
        self.said.push((format!("stderr of {line}"), output.stderr.clone()));
        Said::from(output).ended(code)
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }

    /// Digests of secrets that no other secret keys, and sums of leaves: whoever has one can try guesses.
    fn fingerprints(&self, package: &Value) -> Vec<Planted> {
        let mut secrets: Vec<(String, Vec<u8>)> = SECRET_FILES
            .iter()
            .chain(&["model.json", "borrowers.csv", "rows.csv"])
            .map(|name| (name.to_string(), fs::read(self.path(name)).unwrap()))
            .collect();
        secrets.push(("the model".into(), serde_json::to_vec(&package["model"]).unwrap()));
        let numbers = [("income", INCOME), ("debt", DEBT)];
        for (name, number) in numbers {
            secrets.push((name.into(), number.to_string().into_bytes()));
            secrets.push((name.into(), number.to_be_bytes().into()));
            secrets.push((name.into(), number.to_le_bytes().into()));
        }
        let mut planted: Vec<Planted> =
            secrets.iter().flat_map(|(name, bytes)| fingerprints(name, bytes)).collect();
        planted.extend(sums_of_leaves(package));
        planted
    }

    /// What is secret, now that packages, openings and keys have been made.
    fn planted(&self) -> Vec<Planted> {
        let mut planted =
            vec![Planted::number("the income", INCOME), Planted::number("the debt", DEBT)];
        planted.extend(LEAVES.map(|leaf| Planted::text("a leaf", leaf.trim_start_matches('-'))));
        let package = self.json("package/package.json");
        planted.push(Planted::word("the salt", package["salt"].as_str().unwrap()));
        planted.extend(leaves(&package));
        let opening = self.json("ada/opening.json");
        planted.push(Planted::word("the blinding", opening["blinding"].as_str().unwrap()));
        let key = self.json("attester.key");
        planted.push(Planted::word("the attester's key", key["privateKey"].as_str().unwrap()));
        planted.extend(self.fingerprints(&package));
        planted
    }
}

/// The same without aggregation, where values of the key's own polynomials are public.
fn directly(desk: &mut Desk) {
    desk.run("keys build --model package --profile direct --verifier direct.json --json", 0);
    let prove = "prove --model package --opening ada/opening.json --profile direct";
    let claim = format!("--context {CONTEXT} --threshold {BELOW} --out direct-proof.json --json");
    desk.run(&format!("{prove} {claim}"), 0);
    desk.run("verify direct-proof.json --verifier direct.json --json", 0);
    let low = format!("--context {CONTEXT} --threshold {ABOVE} --out never.json");
    desk.run(&format!("{prove} {low}"), 1);
}

const PROVE: &str = "prove --model package --opening ada/opening.json --segments 1";

fn issue(row: u32, out: &str) -> String {
    format!(
        "attester issue --key attester.key --schema schema.json --csv borrowers.csv --row {row} \
         --chain-id 31337 --registry 0x{:040x} --subject 0x{:040x} --person Ada \
         --max-exposure 5000 --out {out} --json",
        0xaa, 0xbb
    )
}

#[test]
fn nothing_secret_is_said_or_left_behind() {
    let mut desk = Desk::new();
    desk.run("model import model.json --schema schema.json --points 600@50:1,pdo=20 --out package --json", 0);
    desk.run("model show package --json", 0);
    desk.run("attester new --out attester.key --json", 0);
    desk.run(&issue(1, "ada"), 0);
    desk.run(
        "attester check ada/credential.json --opening ada/opening.json --schema schema.json --json",
        0,
    );
    desk.run("keys build --model package --segments 1 --verifier verifier.json --json", 0);
    desk.run(
        &format!("{PROVE} --context {CONTEXT} --threshold {BELOW} --keep-segments segments --out proof.json --json"),
        0,
    );
    desk.run("verify proof.json --verifier verifier.json --json", 0);
    desk.run("verify segments/segment-0.json --json", 0);
    directly(&mut desk);

    let (units, points) = score(&desk);
    reasons_and_reports(&mut desk);
    refusals(&mut desk);
    spoilt_openings(&mut desk);
    spoilt_models(&mut desk);
    spoilt_keys(&mut desk);

    let mut planted = desk.planted();
    planted.push(Planted::number("the score", units));
    planted.push(Planted::text("the score", &points));
    let mut found = Vec::new();
    for (place, bytes) in &desk.said {
        let there = planted.iter().filter(|planted| planted.is_in(bytes));
        found.extend(there.map(|planted| format!("{} in the {place}", planted.what)));
    }
    let own: Vec<PathBuf> =
        SECRET_FILES.iter().chain(&INPUTS).map(|name| desk.path(name)).collect();
    let written = files(desk.dir.path());
    assert!(written.len() > 12, "{written:?}");
    for path in written.iter().filter(|path| !own.contains(path)) {
        let bytes = fs::read(path).unwrap();
        // Reference strings are megabytes of curve points that hold no secret.
        if path.extension().is_some_and(|extension| extension == "srs") {
            continue;
        }
        let there = planted.iter().filter(|planted| planted.is_in(&bytes));
        found.extend(there.map(|planted| format!("{} in {}", planted.what, path.display())));
    }
    assert!(found.is_empty(), "{found:#?}");

    assert!(files(&desk.path("tmp")).is_empty(), "temporary files are left");
    assert!(!written.iter().any(|path| path.to_string_lossy().contains("never")));
    assert!(!written.iter().any(|path| path.extension().is_some_and(|end| end == "tmp")));
    #[cfg(unix)]
    for name in SECRET_FILES.iter().chain(&OWN_FILES) {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// The score in units of 2^-32 points, without its sign, and in points: of another run, whose purpose is to print
/// it. Its own words are not searched.
fn score(desk: &Desk) -> (u64, String) {
    let scores = Said::from(
        tessera()
            .current_dir(desk.dir.path())
            .args(["model", "score", "package", "--csv", "borrowers.csv", "--json"])
            .output()
            .unwrap(),
    );
    let scores = scores.ended(2).json();
    let units: i64 = scores[0]["units"].as_str().unwrap().parse().unwrap();
    assert!(scores[1]["error"].is_string() && scores[2]["error"].is_string());
    for error in [&scores[1]["error"], &scores[2]["error"]] {
        assert!(!error.as_str().unwrap().contains(&INCOME.to_string()), "{error}");
    }
    (units.unsigned_abs(), scores[0]["points"].to_string().trim_matches('"').to_string())
}

/// What is said beside a report, a plan and the reasons of a score, whose purpose is to print them.
fn reasons_and_reports(desk: &mut Desk) {
    for more in ["", "--json"] {
        let line = format!("explain --model package --opening ada/opening.json {more}");
        desk.run(&line, 0);
        let (place, words) = desk.said.remove(desk.said.len() - 2);
        assert!(place.starts_with("stdout of explain"), "{place}");
        assert!(String::from_utf8(words).unwrap().contains("method"));
    }
    // The lender's own rows: in the report and its page there is none of them.
    let rows = format!("income,debt,bad\n{INCOME},{DEBT},1\n1,2,0\n{INCOME},3,0\n4,{DEBT},1\n");
    fs::write(desk.path("rows.csv"), rows).unwrap();
    let report = "model report package --data rows.csv --label bad --threshold 480 --out report";
    desk.run(report, 0);
    desk.run(&format!("{report} --json"), 0);
    desk.run("model plan package --json", 0);
    desk.run("verifier generate --segments 1 --out generated", 0);
}

/// What goes wrong, one way after another.
fn refusals(desk: &mut Desk) {
    let low =
        desk.run(&format!("{PROVE} --context {CONTEXT} --threshold {ABOVE} --out never.json"), 1);
    let lower = desk
        .run(&format!("{PROVE} --context {CONTEXT} --threshold 900 --out never.json --json"), 1);
    assert_eq!(low.talk, lower.talk, "by how much is not said");
    desk.run(
        &format!("{PROVE} --context {CONTEXT} --threshold {BELOW} --segments 3 --out never.json"),
        2,
    );
    desk.run(&format!("{PROVE} --context {CONTEXT} --threshold {BELOW} --out proof.json/below"), 2);
    desk.run(&issue(2, "bob"), 2);
    desk.run(&issue(3, "bob"), 2);
    desk.run("verify ada/opening.json --verifier verifier.json", 2);
    desk.run("verify attester.key --verifier verifier.json", 2);
    desk.run("model show ada", 2);
    desk.run("attester check ada/opening.json", 2);
}

/// Openings that cannot be read, each at the secret part of it.
fn spoilt_openings(desk: &mut Desk) {
    let opening = fs::read_to_string(desk.path("ada/opening.json")).unwrap();
    let code = format!("{INCOME}");
    let blinding = desk.json("ada/opening.json")["blinding"].as_str().unwrap().to_string();
    let spoilt = [
        opening.replace(&code, &format!("\"{INCOME}\"")),
        opening.replace(&code, &format!("{INCOME}{INCOME}")),
        opening.replace(&code, &format!("-{INCOME}")),
        opening.replace(&code, &format!("{INCOME}{INCOME}{INCOME}")),
        opening.replace(&blinding, &blinding[..60]),
        opening.replace(&blinding, &format!("{blinding}0")),
        opening.replace(&format!("\"{blinding}\""), &format!("[\"{blinding}\"]")),
        opening.replace(&format!("\"{blinding}\""), &format!("\"x\", \"{blinding}\": 1")),
        opening[..opening.len() / 2].to_string(),
    ];
    for (i, text) in spoilt.iter().enumerate() {
        fs::write(desk.path("spoilt-opening.json"), text).unwrap();
        let line = format!(
            "prove --model package --opening spoilt-opening.json --context {CONTEXT} --threshold {BELOW} --segments 1 --out never{i}.json"
        );
        desk.run(&line, 2);
    }
    fs::remove_file(desk.path("spoilt-opening.json")).unwrap();
}

/// Packages and model files that cannot be read.
fn spoilt_models(desk: &mut Desk) {
    let package = fs::read_to_string(desk.path("package/package.json")).unwrap();
    let leaf = package.split('=').nth(1).unwrap().split([' ', '"']).next().unwrap().to_string();
    fs::create_dir(desk.path("spoilt")).unwrap();
    fs::copy(desk.path("package/report.json"), desk.path("spoilt/report.json")).unwrap();
    for text in [
        package.replace(&leaf, &format!("{leaf}.5")),
        package.replace(&leaf, &format!("{leaf}{leaf}{leaf}")),
        package.replace(&leaf, &leaf[1..]),
        package[..package.len() - 30].to_string(),
    ] {
        fs::write(desk.path("spoilt/package.json"), text).unwrap();
        desk.run("keys build --model spoilt --segments 1", 2);
    }
    fs::remove_dir_all(desk.path("spoilt")).unwrap();
    for spoilt in ["1.9174635e39", "\"1.9174635\"", "1.9174635x"] {
        fs::write(desk.path("model.json"), model(&[LEAVES[0], spoilt, LEAVES[2]])).unwrap();
        desk.run(
            "model import model.json --schema schema.json --points 600@50:1,pdo=20 --out never",
            2,
        );
    }
}

/// Key files that cannot be read.
fn spoilt_keys(desk: &mut Desk) {
    let key = fs::read_to_string(desk.path("attester.key")).unwrap();
    let secret = desk.json("attester.key")["privateKey"].as_str().unwrap().to_string();
    for text in [
        key.replace(&secret, &secret[..64]),
        key.replace(&secret, &format!("{secret}00")),
        key.replace(&format!("\"{secret}\""), &format!("{{\"{secret}\": 1}}")),
    ] {
        fs::write(desk.path("spoilt.key"), text).unwrap();
        let line = issue(1, "bob").replace("attester.key", "spoilt.key");
        desk.run(&line, 2);
    }
    fs::remove_file(desk.path("spoilt.key")).unwrap();
}

/// `{:?}` of everything that holds a secret shows none.
#[test]
fn debug_output_shows_nothing() {
    use tessera_core::{Fr, Secret};
    use tessera_credential::{AccountKey, Opening};
    use tessera_model::{
        Features, Network, Package, Schema,
        network::{Layer, Neuron},
    };

    let mut desk = Desk::new();
    desk.run(
        "model import model.json --schema schema.json --points 600@50:1,pdo=20 --out package",
        0,
    );
    let key = AccountKey::random().unwrap();
    let path = desk.path("a.key");
    key.save(&path).unwrap();
    let secret = desk.json("a.key")["privateKey"].as_str().unwrap().to_string();

    let schema = Schema::load(&desk.path("schema.json")).unwrap();
    let features = Features::new(&schema, vec![INCOME, DEBT]).unwrap();
    let blinding = Secret::new(Fr::from(918_273_645_546_372_819));
    let opening = Opening::new(&schema, features.clone(), blinding.clone()).unwrap();
    let package = Package::load(&desk.path("package")).unwrap();
    let model = &package.model;
    let share = tessera_segment::Share::of(
        &package,
        tessera_core::SegmentIndex::FIRST,
        0..model.trees().len(),
    );
    let [first, second, incoming, outgoing] = std::array::from_fn(|_| blinding.clone());
    let links = [incoming, outgoing];
    let witness = tessera_segment::SegmentWitness::new(&features, first, second, links);
    let cells = tessera_segment::circuit::build_unsalted(&share, &witness);
    let packed = features.packed(&schema);
    let score = package.score(&features).unwrap();
    let reasons = package.explain(&features).unwrap();
    let file = fs::read(desk.path("model.json")).unwrap();
    let source = tessera_import::read(&file, &Default::default()).unwrap();
    let neuron = Neuron { bias: 192_837_465, weights: vec![564_738_291] };
    let network =
        Network { inputs: vec![], layers: vec![Layer { neurons: vec![neuron], shift: 0 }] };
    let debug = format!(
        "{key:?} {features:?} {blinding:?} {opening:?} {package:?} {package:#?} {model:?} {:?} {:?} \
         {cells:?} {packed:?} {score:?} {reasons:?} {:?} {source:?} {network:?} {:?} {:?}",
        model.trees()[0],
        model.trees()[0].nodes,
        reasons.reasons,
        network.layers,
        network.layers[0].neurons,
    )
    .into_bytes();

    let mut planted = vec![
        Planted::number("income", INCOME),
        Planted::number("debt", DEBT),
        Planted::number("blinding", 918_273_645_546_372_819),
        Planted::word("key", &secret),
        Planted::bytes("salt", &package.salt),
        Planted::number("score", score.0.unsigned_abs()),
        Planted::number("bias", 192_837_465),
        Planted::number("weight", 564_738_291),
        Planted::text("answer", &INCOME.to_string()),
    ];
    planted.extend(LEAVES.map(|leaf| Planted::text("leaf", &leaf.trim_start_matches('-')[..8])));
    planted.extend(
        reasons
            .reasons
            .iter()
            .filter(|reason| reason.cost != 0.0)
            .map(|reason| Planted::text("cost", &reason.cost.to_string())),
    );
    let leaves =
        package.model.trees().iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node {
            tessera_model::Node::Leaf { value } => Some(value.unsigned_abs()),
            tessera_model::Node::Split { .. } => None,
        });
    planted.extend(leaves.map(|leaf| Planted::number("leaf", leaf)));
    for planted in planted {
        assert!(!planted.is_in(&debug), "{}", planted.what);
    }
}
