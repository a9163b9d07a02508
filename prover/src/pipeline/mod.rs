//! Proving on this machine: how much memory and how many threads there are decides here.

mod direct;
mod plan;

pub use direct::{DIRECT, DirectError, DirectKeys, prove_direct, verify_direct};
pub use plan::{Expectation, Machine, compare};

use crate::memory;
use plan::{at_once, check_memory};
use std::sync::Arc;
use tessera_aggregate::key::circuit_size;
use tessera_model::Package;
use tessera_proving::{Local, Prover, ProvingError, Report};
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
    /// The key of a direct proof.
    #[error(transparent)]
    DirectKey(#[from] tessera_direct::KeyError),
    /// A direct proof.
    #[error(transparent)]
    Direct(#[from] tessera_direct::ProofError),
    /// The finished direct proof does not hold: a fault of this program.
    #[error("the finished proof does not hold: {0}")]
    DirectVerify(#[from] DirectError),
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
