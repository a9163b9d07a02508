//! A model in four segments, a borrower, a coordinator in this process, workers in processes of their own.

use crate::{broker::Broker, tiny};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ExitStatus, Stdio},
    sync::{Arc, LazyLock, Mutex},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tessera_artifact::Sha256Digest;
use tessera_core::{Fr, Secret, SegmentIndex};
use tessera_farm::{Access, FarmKey, FarmOptions, FarmProver, Identity, Notice, WorkerOptions};
use tessera_import::{ImportOptions, import};
use tessera_model::{Features, Package, Schema};
use tessera_proving::{Prover, ProvingError, Secrets};
use tessera_setup::SrsStore;

pub const SEGMENTS: usize = 4;
/// So long a worker may be silent in these tests.
pub const LEASE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(90);

/// As many trees as segments, each three leaves.
pub fn model() -> String {
    let one = tiny::model(&["1", "0.5", "-1"]);
    let start = one.find("\"trees\":[").unwrap() + "\"trees\":[".len();
    let end = one.find("]},\n\"name\":\"gbtree\"").unwrap();
    let tree = &one[start..end];
    let trees = vec![tree; SEGMENTS].join(",");
    let zeros = vec!["0"; SEGMENTS].join(",");
    let steps: Vec<_> = (0..=SEGMENTS).map(|step| step.to_string()).collect();
    format!("{}{trees}{}", &one[..start], &one[end..])
        .replace("\"num_trees\":\"1\"", &format!("\"num_trees\":\"{SEGMENTS}\""))
        .replace("\"tree_info\":[0]", &format!("\"tree_info\":[{zeros}]"))
        .replace(
            "\"iteration_indptr\":[0,1]",
            &format!("\"iteration_indptr\":[{}]", steps.join(",")),
        )
}

/// `few` in `make test-farm`, `many` with FARM_TESTS=all.
pub fn times(few: usize, many: usize) -> usize {
    match std::env::var_os("TESSERA_FARM_TESTS").is_some_and(|which| which == "all") {
        true => many,
        false => few,
    }
}

pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/srs")
}

fn package() -> Package {
    let dir = TempDir::new().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("model.json"), model()).unwrap();
    std::fs::write(path("schema.json"), tiny::SCHEMA).unwrap();
    let schema = Schema::load(&path("schema.json")).unwrap();
    let scaling = "600@50:1,pdo=20".parse().unwrap();
    import(&path("model.json"), &schema, &scaling, None, &ImportOptions::default()).unwrap().package
}

/// The coordinator's prover, with all its keys.
pub fn prover() -> &'static Prover {
    static PROVER: LazyLock<Prover> = LazyLock::new(another_prover);
    &PROVER
}

/// A prover of the same model under another salt: another package, with keys of its own.
pub fn another_prover() -> Prover {
    let srs = Arc::new(SrsStore::new(cache()));
    let prover = Prover::new(package(), SEGMENTS, srs).unwrap();
    prover.warm(&|_| ()).unwrap();
    prover
}

pub fn secrets() -> Secrets {
    let schema = &prover().package().schema;
    let features = Features::new(schema, vec![31_415_926, 27_182_818]).unwrap();
    Secrets { features, blinding: Secret::new(Fr::from(77)) }
}

/// Waits until `what` gives something.
#[track_caller]
pub fn wait_for<T>(name: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = what() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{name}: not within {PATIENCE:?}");
        sleep(Duration::from_millis(5));
    }
}

/// With this variable, a process of this program is a worker of the farm that it names.
const WORKER: &str = "TESSERA_TEST_WORKER_OF";

/// What `World::worker` starts: in the tests' own process it does nothing.
#[test]
fn worker_process() {
    let Ok(url) = std::env::var(WORKER) else { return };
    let variable = |name| PathBuf::from(std::env::var_os(name).unwrap());
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    let identity = Identity::load(&variable("WORKER_IDENTITY")).unwrap();
    let key = FarmKey::load(&variable("WORKER_KEY")).unwrap();
    let mut options = WorkerOptions::new(identity, key, Arc::new(SrsStore::new(cache())));
    options.grace = Duration::from_secs(std::env::var("WORKER_GRACE").unwrap().parse().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).unwrap();
        let access = Access { url, ..Access::default() };
        let worker = tessera_farm::Worker::connect(&access, options).await?;
        worker
            .run(async {
                let _ = terminate.recv().await;
            })
            .await
    });
    runtime.shutdown_background();
    if let Err(error) = ended {
        eprintln!("{error}");
        std::process::exit(1);
    }
    std::process::exit(0);
}

/// The repository.
pub fn root() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.filter(|folder| folder.join("tools/nats-server").exists()).last().unwrap().into()
}

/// A broker and the farm's keys.
pub struct World {
    pub broker: Broker,
    pub dir: TempDir,
    pub key: FarmKey,
}

/// What a coordinator said so far.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<Vec<Notice>>>);

impl Said {
    pub fn all(&self) -> Vec<Notice> {
        self.0.lock().unwrap().clone()
    }

    #[track_caller]
    pub fn wait_for(&self, name: &str, wanted: impl Fn(&Notice) -> bool) -> Notice {
        wait_for(name, || self.all().into_iter().find(&wanted))
    }

    pub fn count(&self, wanted: impl Fn(&Notice) -> bool) -> usize {
        self.all().iter().filter(|notice| wanted(notice)).count()
    }

    pub fn proven(&self) -> usize {
        self.count(|notice| matches!(notice, Notice::Proven { .. }))
    }
}

impl World {
    pub fn new() -> Self {
        prover();
        Self::with(Broker::start())
    }

    pub fn with(broker: Broker) -> Self {
        let (dir, key) = (TempDir::new().unwrap(), FarmKey::generate());
        key.create(&dir.path().join("farm.key")).unwrap();
        key.public().create(&dir.path().join("farm.pub")).unwrap();
        Self { broker, dir, key }
    }

    pub fn access(&self) -> Access {
        Access { url: self.broker.url(), ..Access::default() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn options() -> FarmOptions {
        FarmOptions { lease: LEASE, patience: PATIENCE, ..FarmOptions::default() }
    }

    pub fn coordinator(&self, options: FarmOptions, said: &Said) -> FarmProver {
        self.coordinator_of(prover().verifier().unwrap().srs, options, said)
    }

    /// One that says it has the reference string `srs`.
    pub fn coordinator_of(
        &self,
        srs: Sha256Digest,
        options: FarmOptions,
        said: &Said,
    ) -> FarmProver {
        let said = said.clone();
        let listener = Arc::new(move |notice| said.0.lock().unwrap().push(notice));
        self.coordinator_with(prover(), srs, options, listener)
    }

    pub fn coordinator_with(
        &self,
        prover: &Prover,
        srs: Sha256Digest,
        options: FarmOptions,
        listener: Arc<dyn Fn(Notice) + Send + Sync>,
    ) -> FarmProver {
        let (package, key) = (prover.package(), self.key.public());
        FarmProver::connect(&self.access(), key, package, srs, options, listener).unwrap()
    }

    /// Proves on the farm while `meanwhile` happens; all segments' proofs are verified.
    pub fn prove(&mut self, meanwhile: impl FnOnce(&mut Self, &Said)) -> Said {
        let (said, ended) = self.try_prove(Self::options(), meanwhile);
        ended.unwrap();
        assert_eq!(said.proven(), SEGMENTS);
        said
    }

    pub fn try_prove(
        &mut self,
        options: FarmOptions,
        meanwhile: impl FnOnce(&mut Self, &Said),
    ) -> (Said, Result<(), ProvingError>) {
        let said = Said::default();
        let farm = self.coordinator(options, &said);
        let ended = std::thread::scope(|scope| {
            let proving = scope.spawn(|| {
                let proofs = prover().prove_segments(&secrets(), &farm, &|_| ())?;
                assert_eq!(proofs.len(), SEGMENTS);
                Ok(())
            });
            meanwhile(self, &said);
            proving.join().unwrap()
        });
        (said, ended)
    }

    /// A worker as a process, with a name of its own.
    pub fn worker(&self) -> Worker {
        self.worker_named(&Identity::generate(), Duration::from_secs(60))
    }

    pub fn worker_named(&self, identity: &Identity, grace: Duration) -> Worker {
        let file = self.path(&format!("{}.nk", identity.name()));
        if !file.exists() {
            identity.create(&file).unwrap();
        }
        // This program again, as `worker_process`.
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "world::worker_process", "--nocapture"]);
        command.env(WORKER, self.broker.url()).env("RAYON_NUM_THREADS", "1");
        command.env("WORKER_KEY", self.path("farm.key")).env("WORKER_IDENTITY", file);
        command.env("WORKER_GRACE", grace.as_secs().to_string());
        Worker::spawn(command)
    }

    /// A worker in this process, set up as `change` wants it, until it is dropped.
    pub fn inner_worker(&self, change: impl FnOnce(&mut WorkerOptions)) -> InnerWorker {
        let key = FarmKey::load(&self.path("farm.key")).unwrap();
        let srs = Arc::new(SrsStore::new(cache()));
        let mut options = WorkerOptions::new(Identity::generate(), key, srs);
        change(&mut options);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let access = self.access();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let worker = tessera_farm::Worker::connect(&access, options).await.unwrap();
                worker
                    .run(async {
                        let _ = stopped.await;
                    })
                    .await
                    .unwrap();
            });
        });
        InnerWorker { stop: Some(stop), thread: Some(thread) }
    }
}

pub struct InnerWorker {
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for InnerWorker {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A `tessera worker`, killed when dropped.
pub struct Worker {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
}

impl Worker {
    pub fn spawn(mut command: std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(vec![]));
        let (lines, kept) = (BufReader::new(child.stderr.take().unwrap()).lines(), log.clone());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push(line);
            }
        });
        Self { child, log }
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Until it has logged `text`.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        wait_for(&format!("a worker that logs {text:?}"), || {
            let ended = self.child.try_wait().unwrap();
            let logged = self.log().contains(text);
            assert!(logged || ended.is_none(), "the worker ended: {}", self.log());
            logged.then_some(())
        });
    }

    /// As `kill -9` does.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log()
    }

    /// Bytes of memory that it has now; `None` off Linux.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    }

    /// As an operator does it.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let kill = std::process::Command::new("kill").arg(format!("-{name}")).arg(pid).status();
        assert!(kill.unwrap().success());
    }

    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        wait_for("the worker's end", || self.child.try_wait().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn segment_of(notice: &Notice) -> Option<SegmentIndex> {
    match notice {
        Notice::Proven { segment, .. }
        | Notice::Refused { segment, .. }
        | Notice::Garbage { segment, .. }
        | Notice::Failed { segment, .. }
        | Notice::Again { segment, .. } => Some(*segment),
        Notice::NoWorkers | Notice::HandedBack { .. } => None,
    }
}
