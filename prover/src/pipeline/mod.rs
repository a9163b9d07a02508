//! From features to a proof ready to send.

mod error;
mod file;
mod keys;
mod plan;
mod prove;

pub use error::{PipelineError, VerifyError};
pub use file::ProofFile;
pub use keys::Keys;
pub use plan::{Expectation, Machine, compare};
pub use prove::{aggregate_segments, check_score, prove, prove_segments, verify};

use std::time::Instant;
use tessera_core::Secret;
use tessera_model::Features;

/// What a long computation says about itself while it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A stage of `items` equal parts begins.
    Started {
        /// Its name.
        stage: &'static str,
        /// Parts, at least 1.
        items: usize,
    },
    /// One more part is done.
    Advanced {
        /// Its name.
        stage: &'static str,
    },
    /// The stage is done.
    Finished {
        /// Its name.
        stage: &'static str,
        /// From its start.
        seconds: f64,
    },
}

/// Who hears of [`Event`]s; called from any thread.
pub type Report<'a> = &'a (dyn Fn(Event) + Sync);

/// What the prover knows and nobody else.
pub struct Secrets {
    /// The borrower's features.
    pub features: Features,
    /// The blinding of their commitment.
    pub blinding: Secret,
}

/// Runs `work` as a stage of `items` parts; `work` calls its argument after each part.
fn stage<T, E>(
    report: Report,
    stage: &'static str,
    items: usize,
    work: impl FnOnce(&(dyn Fn() + Sync)) -> Result<T, E>,
) -> Result<T, PipelineError>
where
    PipelineError: From<E>,
{
    report(Event::Started { stage, items });
    let start = Instant::now();
    let result = work(&|| report(Event::Advanced { stage }))?;
    report(Event::Finished { stage, seconds: start.elapsed().as_secs_f64() });
    Ok(result)
}
