//! What a worker counts, and where others read it.

use crate::{FarmError, WorkerOptions, WorkerStatus};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const MINUTE: Duration = Duration::from_secs(60);
/// A request's head; more is not read.
const HEAD: usize = 4096;

/// Counts since the start.
pub(crate) struct Figures {
    worker: String,
    version: String,
    jobs: u64,
    kernel_micros: Option<u64>,
    started: Instant,
    busy: AtomicU64,
    proven: AtomicU64,
    failed: AtomicU64,
    handed_back: AtomicU64,
    milliseconds: AtomicU64,
    /// When proofs of the last minute were made.
    recent: Mutex<VecDeque<Instant>>,
}

impl Figures {
    pub fn new(worker: &str, options: &WorkerOptions) -> Self {
        let (busy, proven, failed, handed_back, milliseconds) = Default::default();
        Self {
            worker: worker.into(),
            version: options.version.clone(),
            jobs: options.jobs as u64,
            kernel_micros: options.kernel.map(|kernel| kernel.as_micros() as u64),
            started: Instant::now(),
            busy,
            proven,
            failed,
            handed_back,
            milliseconds,
            recent: Mutex::default(),
        }
    }

    pub fn taken(&self) {
        self.busy.fetch_add(1, Relaxed);
    }

    pub fn let_go(&self) {
        self.busy.fetch_sub(1, Relaxed);
    }

    pub fn proven(&self, took: Duration) {
        self.proven.fetch_add(1, Relaxed);
        self.milliseconds.fetch_add(took.as_millis() as u64, Relaxed);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_back(Instant::now());
    }

    pub fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub fn handed_back(&self) {
        self.handed_back.fetch_add(1, Relaxed);
    }

    fn last_minute(&self) -> u64 {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|at| at.elapsed() > MINUTE) {
            recent.pop_front();
        }
        recent.len() as u64
    }

    pub fn status(&self, warm: usize, warm_bytes: u64) -> WorkerStatus {
        WorkerStatus {
            worker: self.worker.as_str().into(),
            version: self.version.as_str().into(),
            jobs: self.jobs,
            kernel_micros: self.kernel_micros,
            seconds: self.started.elapsed().as_secs(),
            busy: self.busy.load(Relaxed),
            proven: self.proven.load(Relaxed),
            last_minute: self.last_minute(),
            failed: self.failed.load(Relaxed),
            handed_back: self.handed_back.load(Relaxed),
            warm: warm as u64,
            warm_bytes,
        }
    }

    /// In Prometheus' text form.
    fn text(&self) -> String {
        let seconds = self.milliseconds.load(Relaxed) as f64 / 1000.0;
        let lines = [
            ("tessera_worker_up_seconds", "gauge", self.started.elapsed().as_secs_f64()),
            ("tessera_worker_jobs_in_hand", "gauge", self.busy.load(Relaxed) as f64),
            ("tessera_worker_proofs_total", "counter", self.proven.load(Relaxed) as f64),
            ("tessera_worker_proof_seconds_total", "counter", seconds),
            ("tessera_worker_failures_total", "counter", self.failed.load(Relaxed) as f64),
            ("tessera_worker_handed_back_total", "counter", self.handed_back.load(Relaxed) as f64),
        ];
        let line = |(name, kind, value)| format!("# TYPE {name} {kind}\n{name} {value}\n");
        lines.map(line).concat()
    }
}

/// Serves `/metrics` and `/healthz` until the runtime ends.
pub(crate) async fn serve(address: SocketAddr, figures: Arc<Figures>) -> Result<(), FarmError> {
    let listener = TcpListener::bind(address).await;
    let listener = listener
        .map_err(|source| FarmError::System { action: "listen where --metrics says", source })?;
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "serving /metrics and /healthz");
    }
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let figures = figures.clone();
            tokio::spawn(async move {
                let _ =
                    tokio::time::timeout(Duration::from_secs(5), answer(stream, &figures)).await;
            });
        }
    });
    Ok(())
}

async fn answer(mut stream: TcpStream, figures: &Figures) -> std::io::Result<()> {
    let mut head = vec![];
    let mut part = [0; 512];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < HEAD {
        match stream.read(&mut part).await? {
            0 => break,
            n => head.extend_from_slice(&part[..n]),
        }
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let (status, body) = match line.split(|byte| *byte == b' ').nth(1) {
        Some(b"/metrics") => ("200 OK", figures.text()),
        Some(b"/healthz") => ("200 OK", "ok\n".into()),
        _ => ("404 Not Found", "there are /metrics and /healthz\n".into()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
