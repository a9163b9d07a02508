//! Proving on this machine: how much memory and how many threads there are decides here.

mod farm;
mod plan;

pub use farm::{FarmChoice, FarmExpectation, Goal, choose_for_farm};
pub use plan::{Choice, Expectation, Machine, Profile, choose};

use crate::memory;
use plan::{at_once, check_memory};
use std::sync::Arc;
use tessera_aggregate::key::circuit_size;
use tessera_core::{Context, FixedPoint, ModelDigest};
use tessera_model::{Package, package::DIRECT};
use tessera_proving::{DirectProver, Local, ProofFile, Prover, ProvingError, Report, Secrets};
use tessera_segment::Plan;
use tessera_setup::SrsSource;

/// Why nothing was proven on this machine.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// Not even one circuit can be proven.
    #[error(
        "not enough memory: a circuit of 2^{k} rows needs about {} MB, {} MB are free",
        .needed / 1_000_000,
        .free / 1_000_000
    )]
    Memory {
        /// Size of the largest circuit.
        k: u32,
        /// Bytes for its polynomials.
        needed: u64,
        /// Bytes that this process can have.
        free: u64,
    },
    /// Neither keys nor proof.
    #[error(transparent)]
    Proving(#[from] ProvingError),
}

/// A prover of `package` in `segments` segments with all its keys, if this machine has the memory.
///
/// Stages: those of [`Prover::warm`].
pub fn warm(
    package: Package,
    segments: usize,
    srs: Arc<dyn SrsSource>,
    report: Report,
) -> Result<Prover, PipelineError> {
    let plan = Plan::new(&package, segments).map_err(ProvingError::from)?;
    let aggregation_k = circuit_size(segments).map_err(ProvingError::from)?;
    check_memory(plan.k.max(aggregation_k))?;
    let prover = Prover::new(package, segments, srs)?;
    prover.warm(report)?;
    Ok(prover)
}

/// Proves segments in this process, as many at once as there are threads and memory for.
pub fn local(prover: &Prover) -> Local<'_> {
    let threads = rayon::current_num_threads();
    Local::new(prover, at_once(prover.segment_k(), threads, memory::available()))
}

/// A prover of `package` in one circuit, without aggregation, if this machine has the memory.
///
/// Stages: those of [`DirectProver::new`].
pub fn warm_direct(
    package: Package,
    srs: &dyn SrsSource,
    report: Report,
) -> Result<DirectProver, PipelineError> {
    let plan = tessera_direct::DirectPlan::new(&package);
    let plan = plan.map_err(|error| ProvingError::from(tessera_direct::KeyError::from(error)))?;
    check_memory(plan.k)?;
    Ok(DirectProver::new(package, srs, report)?)
}

/// A package with all its keys, in the profile that it is proven in.
pub enum Warm {
    /// In segments that are aggregated.
    Aggregated(Box<Prover>),
    /// In one circuit.
    Direct(Box<DirectProver>),
}

impl Warm {
    /// Makes the keys of `package` in `segments` segments, or for direct proofs with [`DIRECT`].
    pub fn new(
        package: Package,
        segments: usize,
        srs: Arc<dyn SrsSource>,
        report: Report,
    ) -> Result<Self, PipelineError> {
        match segments {
            DIRECT => Ok(Self::Direct(Box::new(warm_direct(package, &*srs, report)?))),
            _ => Ok(Self::Aggregated(Box::new(warm(package, segments, srs, report)?))),
        }
    }

    /// The package.
    pub fn package(&self) -> &Package {
        match self {
            Self::Aggregated(prover) => prover.package(),
            Self::Direct(prover) => prover.package(),
        }
    }

    /// Number of segments, or [`DIRECT`].
    pub fn segments(&self) -> usize {
        match self {
            Self::Aggregated(prover) => prover.segments(),
            Self::Direct(_) => DIRECT,
        }
    }

    /// Digest of the model, as statements name it.
    pub fn model_digest(&self) -> Result<ModelDigest, ProvingError> {
        match self {
            Self::Aggregated(prover) => prover.model_digest(),
            Self::Direct(prover) => Ok(prover.model_digest()),
        }
    }

    /// Proves that the score reaches `threshold`, bound to `context`, with all of this machine.
    pub fn prove(
        &self,
        secrets: &Secrets,
        threshold: FixedPoint,
        context: Context,
        report: Report,
    ) -> Result<ProofFile, ProvingError> {
        match self {
            Self::Aggregated(prover) => {
                prover.prove(secrets, threshold, context, &local(prover), report)
            }
            Self::Direct(prover) => prover.prove(secrets, threshold, context, report),
        }
    }
}

/// Name of the generated contract that verifies proofs of so many segments, or direct ones.
pub fn verifier_name(segments: usize) -> String {
    match segments {
        DIRECT => verifier_gen::direct::CONTRACT.into(),
        _ => format!("TesseraVerifier{segments}"),
    }
}
