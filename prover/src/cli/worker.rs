//! `tessera worker`: proves segments for a farm.

use super::{
    Failure, Outcome,
    args::{SetupWithSrs, duration},
    farm::Entry,
};
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tessera::pipeline::Machine;
use tessera_farm::{FarmKey, Identity, Worker, WorkerOptions};

#[derive(clap::Args)]
#[command(after_help = "\
Example: on as many machines as there are
  tessera worker --farm tls://broker.example:4222 --farm-key farm/farm.key --farm-identity farm/one.nk

What it does is logged to stderr, one JSON object a line. SIGTERM or Ctrl-C ends it: it takes no more jobs,
finishes those in hand, and hands back what is not done after --grace.")]
pub struct Args {
    /// Address of the farm's broker, nats:// or tls://.
    #[arg(long, value_name = "URL")]
    farm: String,
    /// The farm's secret key, which opens jobs and packages.
    #[arg(long, value_name = "FILE")]
    farm_key: PathBuf,
    #[command(flatten)]
    entry: Entry,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Jobs at once.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Threads that prove [default: one for each core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Megabytes of keys that are kept for the next job.
    #[arg(long, value_name = "MB", default_value = "1024")]
    keys_memory: u32,
    /// How long jobs in hand may go on after SIGTERM.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s")]
    grace: Duration,
    /// How long one job may take.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "15m")]
    job_limit: Duration,
    /// Serve /metrics (Prometheus) and /healthz here.
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
}

impl Args {
    /// Threads that prove, or 0 for one per core.
    pub fn threads(&self) -> usize {
        self.threads.map_or(0, Into::into)
    }
}

pub fn run(args: Args) -> Outcome {
    let Some(identity) = &args.entry.farm_identity else {
        return Err(Failure::input("a worker needs a name to sign its proofs with")
            .hint("--farm-identity FILE; `tessera farm keys` makes one"));
    };
    if let Some(threads) = args.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
        pool.build_global().map_err(|error| Failure::fault(format!("cannot start: {error}")))?;
    }
    let srs = Arc::new(args.setup.store()?);
    let options = WorkerOptions {
        jobs: args.jobs.into(),
        keys_bytes: u64::from(args.keys_memory) << 20,
        grace: args.grace,
        job_limit: args.job_limit,
        metrics: args.metrics,
        kernel: Some(Duration::from_secs_f64(Machine::measure().kernel)),
        ..WorkerOptions::new(Identity::load(identity)?, FarmKey::load(&args.farm_key)?, srs)
    };
    let access = args.entry.access(&args.farm)?;
    tracing_subscriber::fmt().json().with_writer(std::io::stderr).init();
    // One thread for all that talks to the broker, which proves nothing: proofs have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::fault(format!("cannot start: {error}")))?;
    let ended = runtime.block_on(async {
        let worker = Worker::connect(&access, options).await?;
        worker.run(crate::signal::asked_to_end()).await
    });
    // A proof that was handed back is not waited for.
    runtime.shutdown_background();
    Ok(ended?)
}
