//! The whole story on a chain. Needs foundry's binaries (`npm ci`) and compiled contracts
//! (`tools/forge build`), as `make test` has them.

mod common;

use common::{
    Said,
    planted::{Planted, files, fingerprints, leaves, sums_of_leaves},
    root, tessera,
};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Where the demonstration's anvil listened.
fn address(out: &Path) -> Option<String> {
    let log = fs::read_to_string(out.join("anvil.log")).ok()?;
    log.lines().find_map(|line| line.strip_prefix("Listening on ")).map(Into::into)
}

fn nobody_listens(address: &str) -> bool {
    TcpStream::connect(address).is_err()
}

#[test]
fn it_ends_well_with_the_usual_port_taken_and_leaves_its_files() {
    // Taken by somebody else already: as good.
    let _taken = TcpListener::bind("127.0.0.1:8545");
    let dir = TempDir::new().unwrap();
    let said: Said =
        tessera().args(["demo", "--json", "--out"]).arg(dir.path()).output().unwrap().into();
    let printed = said.ended(0).json();
    assert!(nobody_listens(&address(dir.path()).unwrap()));

    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    let report: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    for (field, value) in printed.as_object().unwrap() {
        assert_eq!(report[field], *value, "{field}");
    }
    let number = |field: &str| report[field].as_f64().unwrap_or_else(|| panic!("{field}"));
    for field in ["prove_seconds", "keys_seconds", "proof_bytes", "calldata_bytes", "repay_gas"] {
        assert!(number(field) > 0.0, "{field}");
    }
    assert!(number("verify_gas") <= 450_000.0, "{}", number("verify_gas"));
    assert!(number("borrow_gas") > number("verify_gas"));
    assert!((1.0..=12_000.0).contains(&number("verifier_code_bytes")));
    if cfg!(target_os = "linux") {
        assert!(number("peak_memory_bytes") >= number("prove_peak_memory_bytes"));
    }

    let refused: Vec<_> = report["refused"].as_array().unwrap().iter().collect();
    let errors: Vec<_> = refused.iter().map(|r| r["error"].as_str().unwrap()).collect();
    assert_eq!(errors[..2], ["ScoreTooLow", "NotTheSubject"]);
    assert!(["ProofRejected", "PointNotOnCurve"].contains(&errors[2]));
    assert_eq!(errors[3..], ["WrongNonce", "HolderAlreadyLocked", "CredentialExpired"]);
    for refusal in &refused[1..] {
        assert!(refusal["transaction"].is_string(), "{refusal}");
    }

    // The same loan against a direct proof: cheaper, and of another digest.
    let direct = &report["direct"];
    let gas = |bill: &serde_json::Value, what: &str| bill[what].as_u64().unwrap();
    assert!(gas(direct, "verify_gas") < gas(&report, "verify_gas"), "{direct}");
    assert!(gas(direct, "borrow_gas") < gas(&report, "borrow_gas"), "{direct}");
    assert_ne!(direct["model_digest"], report["model_digest"]);
    for figure in ["proof_bytes", "calldata_bytes", "prove_seconds"] {
        assert!(direct[figure].as_f64().unwrap() > 0.0, "{figure}: {direct}");
    }

    // While one runs in it, the folder is not another's.
    let held = fs::File::open(dir.path().join("demo.lock")).unwrap();
    held.lock().unwrap();
    let said: Said = tessera().args(["demo", "--out"]).arg(dir.path()).output().unwrap().into();
    assert!(said.ended(2).talk.contains("another demonstration is running in"));
    drop(held);

    let calldata = read("calldata.hex");
    assert_eq!(number("calldata_bytes") as usize, calldata.trim().len() / 2 - 1);
    let statement: serde_json::Value = serde_json::from_str(&read("statement.json")).unwrap();
    assert_eq!(statement["modelDigest"], report["model_digest"]);
    for name in ["credential.json", "opening.json", "request.json", "proof.json", "deployment.json"]
    {
        assert!(dir.path().join(name).exists(), "{name}");
    }

    nothing_secret_is_left(dir.path(), &printed.to_string());

    // What it left is good for the other commands.
    let request = dir.path().join("request.json");
    let verify = tessera()
        .arg("verify")
        .arg(dir.path().join("proof.json"))
        .args(["--verifier", "contracts/generated/TesseraVerifier2.json", "--request"])
        .arg(&request)
        .output();
    Said::from(verify.unwrap()).ended(0);
}

/// Blinding, salt, leaves and score are in the files that are for them alone.
fn nothing_secret_is_left(out: &Path, printed: &str) {
    const SECRET_FILES: [&str; 3] = ["opening.json", "package/package.json", "package/source"];
    let json = |name: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(out.join(name)).unwrap()).unwrap()
    };
    let (opening, package) = (json("opening.json"), json("package/package.json"));
    let mut explain = tessera();
    explain.args(["explain", "--json", "--model"]).arg(out.join("package"));
    let said: Said =
        explain.arg("--opening").arg(out.join("opening.json")).output().unwrap().into();
    let points = said.ended(0).json()["points"].as_f64().unwrap();
    let mut planted = vec![
        Planted::word("the blinding", opening["blinding"].as_str().unwrap()),
        Planted::word("the salt", package["salt"].as_str().unwrap()),
        Planted::number("the score", (points * 2f64.powi(32)) as u64),
        Planted::text("the score", &points.to_string()),
    ];
    planted.extend(leaves(&package).into_iter().step_by(50));
    for name in SECRET_FILES {
        // A demonstration keeps no copy of its source.
        let bytes = fs::read(out.join(name))
            .or_else(|_| fs::read(root().join("examples/german-credit/model.json")));
        planted.extend(fingerprints(name, &bytes.unwrap()));
    }
    planted.extend(sums_of_leaves(&package));
    assert!(planted.len() > 20, "{}", planted.len());

    let files = files(out)
        .into_iter()
        .filter(|path| SECRET_FILES.iter().all(|name| *path != out.join(name)));
    let texts = files.map(|path| (path.display().to_string(), fs::read(path).unwrap()));
    for (place, bytes) in texts.chain([("stdout".into(), printed.into())]) {
        for planted in &planted {
            assert!(!planted.is_in(&bytes), "{} in {place}", planted.what);
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_chain() {
    let dir = TempDir::new().unwrap();
    let mut demo = tessera().arg("demo").arg("--out").arg(dir.path()).spawn().unwrap();
    let start = Instant::now();
    let address = loop {
        assert!(start.elapsed() < Duration::from_secs(60), "anvil did not start");
        match address(dir.path()) {
            Some(address) => break address,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    // Into the middle of its work.
    std::thread::sleep(Duration::from_millis(500));
    let kill = std::process::Command::new("kill").arg("-INT").arg(demo.id().to_string()).status();
    assert!(kill.unwrap().success());
    assert_eq!(demo.wait().unwrap().code(), Some(130));
    assert!(start.elapsed() < Duration::from_secs(60));
    assert!(nobody_listens(&address));
}

#[test]
fn a_failure_stops_the_chain() {
    let (dir, none) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut command = tessera();
    command.args(["demo", "--segments", "1", "--out"]).arg(dir.path());
    let said: Said = command.arg("--contracts").arg(none.path()).output().unwrap().into();
    assert!(said.ended(2).talk.contains("forge build"));
    assert!(nobody_listens(&address(dir.path()).unwrap()));
    assert!(root().join("tools/anvil").exists());
}
