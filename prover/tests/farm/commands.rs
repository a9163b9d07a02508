//! The commands, on a broker with TLS and members, as `docs/farm.md` sets it up.

use crate::{
    broker::Broker,
    common::{
        self, Said,
        planted::{Planted, files},
    },
    world::{SEGMENTS, Worker, cache, model, wait_for},
};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const INCOME: u64 = 48_271_828;
const DEBT: u64 = 73_141_592;

/// A lender's desk and a farm beside it.
pub struct Desk {
    dir: TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { dir: TempDir::new().unwrap() };
        fs::write(desk.path("model.json"), model()).unwrap();
        fs::write(desk.path("schema.json"), common::tiny::SCHEMA).unwrap();
        fs::write(desk.path("borrowers.csv"), format!("income,debt\n{INCOME},{DEBT}\n")).unwrap();
        let import = "model import model.json --schema schema.json --points 600@50:1,pdo=20";
        desk.run(&format!("{import} --out package")).ended(0);
        desk.run("attester new --out attester.key").ended(0);
        desk.issue("ada");
        desk.run("farm keys --out farm --worker one two --tenant lender").ended(0);
        desk
    }

    /// A credential in a folder.
    pub fn issue(&self, out: &str) {
        let issue = format!(
            "attester issue --key attester.key --schema schema.json --csv borrowers.csv --chain-id 1 \
             --registry 0x{:040x} --subject 0x{:040x} --person Ada --max-exposure 5000 --out {out}",
            0xaa, 0xbb
        );
        self.run(&issue).ended(0);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = common::tessera();
        command.args(line.split_whitespace()).current_dir(self.dir.path());
        command.env("TESSERA_CACHE", cache().parent().unwrap());
        command
    }

    pub fn run(&self, line: &str) -> Said {
        self.command(line).output().unwrap().into()
    }

    /// A broker whose certificate this desk's own authority has signed.
    fn broker(&self) -> Broker {
        let openssl = |line: &str| {
            let command = Command::new("openssl")
                .args(line.split_whitespace())
                .current_dir(self.dir.path())
                .output()
                .expect("openssl");
            assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
        };
        let curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(&format!(
            "req -x509 {curve} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"
        ));
        openssl(&format!("req -new {curve} -keyout tls.key -out tls.csr -subj /CN=localhost"));
        fs::write(self.path("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
        openssl(
            "x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
             -out tls.pem",
        );
        let broker = Broker::configured(|store, port| {
            let line = format!(
                "farm serve-config --members farm/members.json --listen 127.0.0.1:{port} \
                 --store {store} --tls-cert tls.pem --tls-key tls.key"
            );
            self.run(&line).ended(0).out
        });
        let setup = format!(
            "farm setup --members farm/members.json --farm {} --farm-ca ca.pem \
             --farm-identity farm/operator.nk",
            url(&broker)
        );
        assert_eq!(self.run(&setup).ended(0).out, "lender\n");
        broker
    }
}

fn url(broker: &Broker) -> String {
    format!("tls://localhost:{}", broker.port())
}

fn metrics(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_proof_on_a_farm_with_tls_and_members() {
    let desk = Desk::new();
    let broker = desk.broker();
    let farm = format!("--farm {} --farm-ca ca.pem", url(&broker));
    let lender = format!("{farm} --farm-identity farm/lender.nk");
    let worker = |name: &str, more: &str| {
        let line = format!(
            "worker {farm} --farm-identity farm/{name}.nk --farm-key farm/farm.key --threads 1 {more}"
        );
        let mut worker = Worker::spawn(desk.command(&line));
        worker.until("\"ready\"");
        worker
    };
    let (mut one, _two) = (worker("one", "--metrics 127.0.0.1:0"), worker("two", ""));
    let prove = format!(
        "prove --model package --opening ada/opening.json --segments {SEGMENTS} --threshold 300 \
         --context 0x{:064x} {lender} --farm-key farm/farm.pub --tenant lender --out proof.json",
        0xc0
    );
    let said = desk.run(&prove).ended(0);
    assert!(said.talk.contains("bytes of proof for 4 segments"), "{}", said.talk);
    let verifier = common::root().join("contracts/generated/TesseraVerifier4.json");
    desk.run(&format!("verify proof.json --verifier {}", verifier.display())).ended(0);

    let status = desk.run(&format!("farm status {lender} --json")).ended(0).json();
    assert_eq!(status["workers"].as_array().unwrap().len(), 2);
    let proven =
        status["workers"].as_array().unwrap().iter().map(|w| w["proven"].as_u64().unwrap());
    assert_eq!(proven.sum::<u64>(), SEGMENTS as u64);
    assert_eq!(status["queues"][0]["tenant"], "lender");
    assert!(status["queues"].as_array().unwrap().iter().all(|queue| queue["waiting"] == 0));
    assert_eq!(status["deadLetters"], 0);
    let said = desk.run(&format!("farm status {lender}")).ended(0);
    assert!(said.out.contains("2 workers") && said.out.contains("lender normal: 0 waiting"));

    let log = one.log();
    let address = log.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(metrics(address, "/healthz").starts_with("HTTP/1.1 200 OK"));
    let text = metrics(address, "/metrics");
    assert!(
        text.contains("# TYPE tessera_worker_proofs_total counter\ntessera_worker_proofs_total")
    );
    assert!(metrics(address, "/").starts_with("HTTP/1.1 404"));

    nothing_is_readable(&desk, &broker, &log);
    one.terminate();
    assert_eq!(one.ended().code(), Some(0), "{}", one.log());
}

/// Features, blinding, salt and leaves are nowhere on the broker's disk, nor in a worker's log.
fn nothing_is_readable(desk: &Desk, broker: &Broker, log: &str) {
    let json = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(desk.path(path)).unwrap()).unwrap()
    };
    let (opening, package) = (json("ada/opening.json"), json("package/package.json"));
    let planted = [
        Planted::number("the income", INCOME),
        Planted::number("the debt", DEBT),
        Planted::word("the blinding", opening["blinding"].as_str().unwrap()),
        Planted::word("the salt", package["salt"].as_str().unwrap()),
        Planted::text("the package", "\"trees\""),
    ];
    let stored = files(&broker.store());
    assert!(stored.len() > 5, "{stored:?}");
    let read = |path: &PathBuf| (path.display().to_string(), fs::read(path).unwrap_or_default());
    let places = stored.iter().map(read).chain([("the log".into(), log.into())]);
    let mut bytes = 0;
    for (place, content) in places {
        bytes += content.len();
        for planted in &planted {
            assert!(!planted.is_in(&content), "{} in {place}", planted.what);
        }
    }
    assert!(bytes > 10_000, "{bytes} bytes on the broker's disk: is that all of it?");
}

#[test]
fn who_may_do_what() {
    let desk = Desk::new();
    let broker = desk.broker();
    let url = url(&broker);
    let status = |more: &str| desk.run(&format!("farm status --farm {url} {more}"));
    status("--farm-ca ca.pem --farm-identity farm/lender.nk").ended(0);
    // Without a name, with one that nobody knows, without trust in the certificate.
    let refused = status("--farm-ca ca.pem").ended(2);
    assert!(refused.talk.contains("cannot connect to the farm"), "{}", refused.talk);
    desk.run("farm keys --out strangers --worker stranger").ended(0);
    status("--farm-ca ca.pem --farm-identity strangers/stranger.nk").ended(2);
    status("--farm-identity farm/lender.nk").ended(2);
    // A worker gives no jobs.
    let said = desk.run(&format!(
        "prove --model package --opening ada/opening.json --segments {SEGMENTS} --threshold 300 \
         --context 0x{:064x} --farm {url} --farm-ca ca.pem --farm-identity farm/one.nk \
         --farm-key farm/farm.pub --out none.json",
        0xc0
    ));
    let said = said.ended(2);
    assert!(said.talk.contains("does not allow it to this key"), "{}", said.talk);
    assert!(said.talk.contains("hint: --tenant is the name"), "{}", said.talk);
    assert!(!desk.path("none.json").exists());
}

#[test]
fn keys_are_their_owners_alone_and_never_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let mode = |name: &str| fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777;
    for name in
        ["farm/farm.key", "farm/one.nk", "farm/two.nk", "farm/lender.nk", "farm/operator.nk"]
    {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    let before = fs::read(desk.path("farm/farm.key")).unwrap();
    let said = desk.run("farm keys --out farm --worker one").ended(2);
    assert!(said.talk.contains("are not replaced"), "{}", said.talk);
    assert_eq!(fs::read(desk.path("farm/farm.key")).unwrap(), before);
    desk.run("farm keys --out other --worker one --tenant one").ended(2);
    desk.run("farm keys --out other --worker one --operator one").ended(2);
    for line in [
        "farm serve-config --members farm/farm.key --store s --no-tls",
        "farm serve-config --members farm/members.json --store s --no-tls --listen nowhere",
        "farm serve-config --members farm/members.json --store s",
        "worker --farm nats://127.0.0.1:1 --farm-key farm/farm.key",
        "worker --farm nats://127.0.0.1:1 --farm-key farm/farm.pub --farm-identity farm/one.nk",
        "worker --farm nats://127.0.0.1:1 --farm-key farm/farm.key --farm-identity farm/one.nk",
        "farm status --farm not-a-url:x:y",
    ] {
        let said = desk.run(line).ended(2);
        assert!(said.talk.starts_with("error:"), "{line}: {}", said.talk);
        assert!(!said.talk.contains("SU"), "{line}: {}", said.talk);
    }
}

/// The coordinator is a process, killed while its jobs are out; the next one proves.
#[test]
fn a_coordinator_killed_and_started_again() {
    let desk = Desk::new();
    let broker = Broker::start();
    let farm = format!("--farm {}", broker.url());
    let prove = format!(
        "prove --model package --opening ada/opening.json --segments {SEGMENTS} --threshold 300 \
         --context 0x{:064x} {farm} --farm-key farm/farm.pub --lease 1s --out proof.json",
        0xc0
    );
    let mut first = desk.command(&prove).spawn().unwrap();
    wait_for("the jobs", || {
        let said = desk.run(&format!("farm status {farm} --json")).ended(0).json();
        (said["queues"][0]["waiting"] == SEGMENTS).then_some(())
    });
    first.kill().unwrap();
    first.wait().unwrap();
    let line =
        format!("worker {farm} --farm-identity farm/one.nk --farm-key farm/farm.key --threads 1");
    let mut worker = Worker::spawn(desk.command(&line));
    worker.until("nobody waits");
    desk.run(&prove).ended(0);
    assert!(Path::new(&desk.path("proof.json")).exists());
    assert_eq!(worker.log().matches("\"proven\"").count(), SEGMENTS, "{}", worker.log());
}
