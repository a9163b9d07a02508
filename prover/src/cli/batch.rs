//! `tessera prove --requests`: proofs for many borrowers, with keys that are made once.

use super::{
    Failure, OnFarm, Outcome, Progress,
    args::SetupWithSrs,
    failure::Exit,
    farm::not_proven,
    prove::check,
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
        mpsc,
    },
    time::Instant,
};
use tessera::{chain::Request, pipeline::Warm};
use tessera_credential::Opening;
use tessera_farm::FarmProver;
use tessera_model::Package;
use tessera_proving::{ProofFile, Secrets};

/// What a borrower's folder holds.
const OPENING: &str = "opening.json";
const REQUEST: &str = "request.json";
const PROOF: &str = "proof.json";
/// Borrowers whose segments are on a farm at once.
const MOST_AT_ONCE: usize = 32;

/// Many requests to one model.
pub struct Batch<'a> {
    /// Has a folder for each borrower.
    pub folder: &'a Path,
    pub package: Package,
    pub segments: usize,
    pub setup: &'a SetupWithSrs,
    pub on_farm: &'a OnFarm,
    pub json: bool,
}

impl Batch<'_> {
    /// Proves one after another, each with all of this machine; on a farm as many at once as keep its workers
    /// busy. One that can't be proven is named and does not keep the others from theirs; exit code 1 if there
    /// was one.
    pub fn run(self) -> Outcome {
        let folders = self.borrowers()?;
        let (folder, json_wanted) = (self.folder, self.json);
        let (todo, done): (Vec<_>, Vec<_>) =
            folders.into_iter().partition(|folder| !folder.join(PROOF).exists());
        let progress = self.setup.progress()?;
        let store = Arc::new(self.setup.store()?);
        let prover = Warm::new(self.package, self.segments, store, &|event| progress.event(event))?;
        if let Warm::Direct(prover) = &prover
            && todo.len() > prover.plan().proofs
        {
            hint(format_args!(
                "{} direct proofs are more than the {} that say nothing to who holds the whole model: \
                 --profile aggregated, or another salt for some of them",
                todo.len(),
                prover.plan().proofs
            ));
        }
        let hands = Hands::new(&prover, self.on_farm)?;
        let start = Instant::now();
        let (mut proven, mut failed) = (0, vec![]);
        hands.prove_all(&todo, |borrower, ended| {
            let name = borrower.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let not = match ended {
                Ok(()) => {
                    proven += 1;
                    ""
                }
                Err(failure) if failure.exit == Exit::Fault => return Err(failure),
                Err(failure) => {
                    failed.push((name.clone(), failure.message().to_owned()));
                    " not proven"
                }
            };
            progress.line(format_args!(
                "  {} of {}: {name}{not}, {:.0} proofs a minute",
                proven as usize + failed.len(),
                todo.len(),
                60.0 * f64::from(proven) / start.elapsed().as_secs_f64(),
            ));
            Ok(())
        })?;
        failed.sort();
        drop::<Progress>(progress);
        let seconds = start.elapsed().as_secs_f64();
        match json_wanted {
            true => json(&json!({
                "proven": proven, "already": done.len(), "seconds": seconds,
                "failed": failed.iter().map(|(name, why)| json!({ "borrower": name, "error": why }))
                    .collect::<Vec<_>>(),
            })),
            false => {
                for (name, why) in &failed {
                    data(format_args!("{name}: {why}"));
                }
            }
        }
        talk(format_args!(
            "{proven} proven in {seconds:.1} s, {} had a proof already, {} not proven",
            done.len(),
            failed.len()
        ));
        match failed.len() {
            0 => Ok(()),
            n => Err(Failure::no(format!(
                "{n} of {} in {} not proven",
                todo.len(),
                folder.display()
            ))),
        }
    }

    /// Folders with an opening and a request, by name.
    fn borrowers(&self) -> Result<Vec<PathBuf>, Failure> {
        let unreadable = |error| {
            Failure::input(format!("cannot read the folder {}: {error}", self.folder.display()))
        };
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(self.folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.join(OPENING).is_file() && path.join(REQUEST).is_file() {
                folders.push(path);
            }
        }
        if folders.is_empty() {
            let folder = self.folder.display();
            return Err(Failure::input(format!(
                "{folder}: no folder in it has an {OPENING} and a {REQUEST}"
            )));
        }
        folders.sort();
        Ok(folders)
    }
}

/// Who proves a batch.
struct Hands<'a> {
    prover: &'a Warm,
    farm: Option<FarmProver>,
    at_once: usize,
    /// Whoever aggregates uses all of this machine.
    aggregating: Mutex<()>,
}

impl<'a> Hands<'a> {
    fn new(prover: &'a Warm, on_farm: &OnFarm) -> Result<Self, Failure> {
        let farm = match prover {
            Warm::Aggregated(prover) => on_farm.prover(prover)?,
            Warm::Direct(_) => on_farm.none_for_direct().map(|()| None)?,
        };
        let mut at_once = 1;
        if let Some(farm) = &farm {
            // One that waits for its turn to be aggregated, and jobs for every worker twice over.
            let workers = farm.status()?.workers.len();
            at_once = (1 + (2 * workers).div_ceil(prover.segments())).clamp(2, MOST_AT_ONCE);
            talk(format_args!("{workers} workers on the farm, so {at_once} borrowers at once"));
        }
        Ok(Self { prover, farm, at_once, aggregating: Mutex::new(()) })
    }

    /// Proves for all `borrowers`; `each` hears how it ended, one after the other, and can end it all.
    fn prove_all(
        &self,
        borrowers: &[PathBuf],
        mut each: impl FnMut(&Path, Outcome) -> Outcome,
    ) -> Outcome {
        let next = AtomicUsize::new(0);
        let (say, heard) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..self.at_once.min(borrowers.len()) {
                let (say, next) = (say.clone(), &next);
                scope.spawn(move || {
                    while let Some(borrower) = borrowers.get(next.fetch_add(1, Relaxed)) {
                        // Nobody listens any more once something went wrong.
                        if say.send((borrower, self.prove(borrower))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(say);
            for (borrower, ended) in heard {
                each(borrower, ended)?;
            }
            Ok(())
        })
    }

    /// The proof of the borrower whose folder this is.
    fn prove(&self, folder: &Path) -> Outcome {
        let opening = Opening::load(&folder.join(OPENING), &self.prover.package().schema)?;
        let statement = Request::load(&folder.join(REQUEST))?.statement;
        check("commitment", statement.commitment, opening.commitment())?;
        check("schema", statement.schema, opening.schema())?;
        check("model", statement.model_digest, self.prover.model_digest()?)?;
        let secrets =
            Secrets { features: opening.features().clone(), blinding: opening.blinding().clone() };
        let (threshold, context) = (statement.threshold, statement.context);
        let proof: ProofFile = match (self.prover, &self.farm) {
            (Warm::Aggregated(prover), Some(farm)) => {
                prover.check_score(&secrets, threshold)?;
                let segments =
                    prover.prove_segments(&secrets, farm, &|_| ()).map_err(not_proven)?;
                let _turn = self.aggregating.lock().unwrap_or_else(PoisonError::into_inner);
                prover.aggregate(segments, threshold, context, &|_| ())?
            }
            (prover, _) => prover.prove(&secrets, threshold, context, &|_| ())?,
        };
        Ok(proof.save(&folder.join(PROOF))?)
    }
}
