//! `tessera prove --requests`: proofs for many borrowers, with keys that are made once.

use super::{
    Failure, Outcome, Progress,
    args::SetupWithSrs,
    failure::Exit,
    prove::check,
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use tessera::{chain::Request, pipeline::Warm};
use tessera_credential::Opening;
use tessera_model::Package;
use tessera_proving::Secrets;

/// What a borrower's folder holds.
const OPENING: &str = "opening.json";
const REQUEST: &str = "request.json";
const PROOF: &str = "proof.json";

/// Many requests to one model.
pub struct Batch<'a> {
    /// Has a folder for each borrower.
    pub folder: &'a Path,
    pub package: Package,
    pub segments: usize,
    pub setup: &'a SetupWithSrs,
    pub json: bool,
}

impl Batch<'_> {
    /// Proves one after another, each with all of this machine. One that can't be proven is named and does not keep
    /// the others from theirs; exit code 1 if there was one.
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
        let start = Instant::now();
        let (mut proven, mut failed) = (0, vec![]);
        for (index, borrower) in todo.iter().enumerate() {
            let name = borrower.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match prove(&prover, borrower) {
                Ok(()) => proven += 1,
                Err(failure) if failure.exit == Exit::Fault => return Err(failure),
                Err(failure) => failed.push((name.clone(), failure.message().to_owned())),
            }
            progress.line(format_args!(
                "  {} of {}: {name}{}, {:.0} proofs a minute",
                index + 1,
                todo.len(),
                if failed.last().is_some_and(|(last, _)| *last == name) {
                    " not proven"
                } else {
                    ""
                },
                60.0 * f64::from(proven) / start.elapsed().as_secs_f64(),
            ));
        }
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

/// The proof of the borrower whose folder this is.
fn prove(prover: &Warm, folder: &Path) -> Outcome {
    let opening = Opening::load(&folder.join(OPENING), &prover.package().schema)?;
    let statement = Request::load(&folder.join(REQUEST))?.statement;
    check("commitment", statement.commitment, opening.commitment())?;
    check("schema", statement.schema, opening.schema())?;
    check("model", statement.model_digest, prover.model_digest()?)?;
    let secrets =
        Secrets { features: opening.features().clone(), blinding: opening.blinding().clone() };
    let proof = prover.prove(&secrets, statement.threshold, statement.context, &|_| ())?;
    Ok(proof.save(&folder.join(PROOF))?)
}
