//! `tessera demo`: the whole story on a chain of its own.
//!
//! ```text
//! anvil ── import ── keys ── deploy ── issue ── prove ── verify ── borrow ── repay ── report
//!                                                 └────── what is refused ──────┘
//! ```

mod anvil;
mod report;
mod steps;
mod story;
mod world;

use crate::cli::{Failure, OnFarm, Progress};
use anvil::Anvil;
pub use report::DemoReport;
use std::{
    fs::{File, TryLockError},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};
use story::Story;
use tessera::pipeline::{PipelineError, Warm};
use tessera_artifact::{Secrecy, write_json};
use tessera_model::{Package, Scaling, Score, package::DIRECT};
use tessera_proving::ProvingError;
use tessera_setup::SrsStore;
use tokio::task::block_in_place;
use world::World;

/// Where everything is, and what is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder for what the run leaves behind.
    pub out: PathBuf,
    /// Folder with `model.json`, `schema.json` and `golden.csv`.
    pub example: PathBuf,
    /// Folder that forge compiled into.
    pub contracts: PathBuf,
    /// The anvil executable.
    pub anvil: PathBuf,
    /// How odds become points.
    pub points: Scaling,
    /// Points that the tier asks for.
    pub threshold: Score,
    /// Segments that the model is cut into.
    pub segments: usize,
    /// SRS and its cache.
    pub store: SrsStore,
    /// Where the segments are proven.
    pub on_farm: OnFarm,
}

/// Runs it. Whatever happens, anvil is gone afterwards.
pub async fn run(options: &Options, progress: &Progress) -> Result<DemoReport, Failure> {
    std::fs::create_dir_all(&options.out).map_err(|error| {
        Failure::input(format!("cannot make the folder {}: {error}", options.out.display()))
    })?;
    let _lock = lock(options)?;
    let anvil = block_in_place(|| {
        progress.stage("anvil", || Anvil::start(&options.anvil, options.out.join("anvil.log")))
    })?;
    anvil.end_on_signal();

    let package = block_in_place(|| progress.stage("import", || world::import(options)))?;
    let start = Instant::now();
    let prover = block_in_place(|| {
        let report = |event| progress.event(event);
        let store = Arc::new(options.store.clone());
        Warm::new(package.clone(), options.segments, store, &report)
    })?;
    let keys_seconds = start.elapsed().as_secs_f64();
    let farm = block_in_place(|| match &prover {
        Warm::Aggregated(prover) => options.on_farm.prover(prover),
        Warm::Direct(_) => Ok(None),
    })?;

    let world = progress
        .stage_async("deploy", World::build(options, &anvil, &prover, "deployment.json", progress))
        .await?;
    let story = Story { options, world: &world, prover: &prover, farm: farm.as_ref(), progress };
    let told = story.tell().await?;
    let mut report = told.report(&story, keys_seconds)?;
    if prover.segments() != DIRECT {
        report.direct = direct(options, &anvil, package, progress).await?;
    }
    report.verifier_code_bytes = world.client.code(world.deployment.verifier.address).await?.len();
    let path = options.out.join("report.json");
    write_json(&path, "tessera.demo", 1, &report, Secrecy::Public)?;
    Ok(report)
}

/// The output folder, for this run alone: two would overwrite each other's package, keys and log. The lock goes
/// with the process.
fn lock(options: &Options) -> Result<File, Failure> {
    let path = options.out.join("demo.lock");
    let failed = |error| Failure::input(format!("cannot lock {}: {error}", path.display()));
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let message = format!("another demonstration is running in {}", options.out.display());
            Err(Failure::input(message).hint("--out DIR gives this one a folder of its own"))
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// A loan to the same borrower from a second pool, whose policy takes direct proofs of the same package; none
/// where one circuit can't hold it.
async fn direct(
    options: &Options,
    anvil: &Anvil,
    package: Package,
    progress: &Progress,
) -> Result<Option<report::Bill>, Failure> {
    let silent = Progress::silent();
    let made = block_in_place(|| {
        let report = |event| silent.event(event);
        progress.stage("direct key", || {
            match Warm::new(package, DIRECT, Arc::new(options.store.clone()), &report) {
                Ok(prover) => Ok(Some(prover)),
                Err(PipelineError::Proving(ProvingError::DirectKey(
                    tessera_direct::KeyError::Plan(_),
                ))) => Ok(None),
                Err(error) => Err(Failure::from(error)),
            }
        })
    })?;
    let Some(prover) = made else {
        progress.note(format_args!("  the model is too large for a direct proof"));
        return Ok(None);
    };
    let record = "deployment-direct.json";
    let world = World::build(options, anvil, &prover, record, &silent);
    let world = progress.stage_async("direct pool", world).await?;
    let story = Story { options, world: &world, prover: &prover, farm: None, progress: &silent };
    Ok(Some(progress.stage_async("direct loan", story.bill()).await?))
}
