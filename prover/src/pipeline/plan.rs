//! What a proof is expected to take, and the number of segments that takes least.
//!
//! The work of a proof is counted in *kernels*: a kernel is one multi-scalar multiplication of 2^14
//! points on all cores, timed on the machine at hand. Proving and key generation of a circuit of
//! `2^k` rows take so many kernels a row; the constants are fitted to `make bench-all`, which prints
//! the expectation beside each measurement.

use super::PipelineError;
use crate::memory;
use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::{
    bn256::{G1, G1Affine},
    ff::PrimeField,
    group::{Curve, Group},
};
use serde::Serialize;
use std::time::Instant;
use tessera_aggregate::key::circuit_size;
use tessera_core::Fr;
use tessera_model::Package;
use tessera_proving::ProvingError;
use tessera_segment::{Plan, plan::SEGMENT_COUNTS};

/// Power of two of the kernel's points.
const KERNEL_K: u32 = 14;
/// Times that the kernel is timed; the best counts, so that what else runs for a moment does not.
const KERNEL_RUNS: usize = 12;

/// Kernels that a circuit takes: `fixed + rows · 2^(k − 14)`.
struct Cost {
    fixed: f64,
    rows: f64,
}

impl Cost {
    fn of(&self, k: u32) -> f64 {
        self.fixed + self.rows * (f64::from(k) - f64::from(KERNEL_K)).exp2()
    }
}

/// A segment's proof, witness and native verification included.
const SEGMENT: Cost = Cost { fixed: 1.1, rows: 7.4 };
/// A segment's key.
const SEGMENT_KEY: Cost = Cost { fixed: 0.0, rows: 1.6 };
/// The aggregation proof, witness and native verification included.
const AGGREGATION: Cost = Cost { fixed: 0.0, rows: 9.0 };
/// The aggregation key.
const AGGREGATION_KEY: Cost = Cost { fixed: 0.0, rows: 3.4 };
/// A circuit that is alone on several cores leaves some of them idle some of the time.
const ALONE: f64 = 1.12;

/// Polynomials of a circuit's size in a segment's proving key, extended ones counted as two.
const KEY_POLYNOMIALS: u64 = 15;
/// The same of the aggregation's, which has two columns more.
const AGGREGATION_KEY_POLYNOMIALS: u64 = 26;
/// Polynomials that a prover holds besides the key.
const PROVER_POLYNOMIALS: u64 = 25;
/// Polynomials' worth of points in a reference string: two bases of points of two coordinates.
const SRS_POLYNOMIALS: u64 = 4;
/// Bytes that a process has before it proves anything.
const BASE_BYTES: u64 = 24 << 20;
/// Bytes of a field element.
const ELEMENT: u64 = 32;

/// What proofs are made on.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Machine {
    /// Threads that work at once.
    pub cores: usize,
    /// Bytes that are free; `None` where that is not known.
    pub memory: Option<u64>,
    /// Seconds of the kernel on all cores.
    pub kernel: f64,
}

impl Machine {
    /// This one, now: takes under a second.
    pub fn measure() -> Self {
        let points = 1usize << KERNEL_K;
        let doubled = std::iter::successors(Some(G1::generator()), |point| Some(point.double()));
        let projective: Vec<G1> = doubled.take(points).collect();
        let mut bases = vec![G1Affine::default(); points];
        G1::batch_normalize(&projective, &mut bases);
        // Dense scalars, as the prover's polynomials have.
        let next = |x: &Fr| Some(x.square() + Fr::MULTIPLICATIVE_GENERATOR);
        let scalars: Vec<Fr> =
            std::iter::successors(Some(Fr::MULTIPLICATIVE_GENERATOR), next).take(points).collect();
        let run = |_| {
            let start = Instant::now();
            std::hint::black_box(best_multiexp(&scalars, &bases));
            start.elapsed().as_secs_f64()
        };
        let kernel = (0..KERNEL_RUNS).map(run).fold(f64::INFINITY, f64::min);
        Machine { cores: rayon::current_num_threads(), memory: memory::available(), kernel }
    }

    /// This one, its speed left open: enough to compare plans, whose times are all counted in kernels. Takes no
    /// time.
    pub fn unmeasured() -> Self {
        Machine { cores: rayon::current_num_threads(), memory: memory::available(), kernel: 1.0 }
    }

    /// How many segments of `2^k` rows are proven at once: one a core, as far as half the free memory
    /// holds their polynomials, and at least one.
    pub fn at_once(&self, k: u32) -> usize {
        at_once(k, self.cores, self.memory)
    }
}

/// Bytes of the key and the prover of one circuit of `2^k` rows.
fn bytes(k: u32) -> u64 {
    ((AGGREGATION_KEY_POLYNOMIALS + PROVER_POLYNOMIALS) * ELEMENT) << k
}

/// Fails before anything is made, where a circuit of `2^k` rows alone is too much for this machine.
pub(super) fn check_memory(k: u32) -> Result<(), PipelineError> {
    let needed = bytes(k);
    match memory::available() {
        Some(free) if free < needed => Err(PipelineError::Memory { k, needed, free }),
        _ => Ok(()),
    }
}

/// [`Machine::at_once`] for a machine whose speed does not matter.
pub(super) fn at_once(k: u32, cores: usize, memory: Option<u64>) -> usize {
    let held = memory.map_or(u64::MAX, |free| free / 2 / bytes(k));
    usize::try_from(held).unwrap_or(usize::MAX).clamp(1, cores)
}

/// What proving is expected to take.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// Number of segments.
    pub segments: usize,
    /// Each has a circuit of `2^k` rows.
    pub segment_k: u32,
    /// Rows that each uses.
    pub rows: Vec<usize>,
    /// The aggregation circuit has `2^k` rows.
    pub aggregation_k: u32,
    /// Seconds to make all keys, without the reference string.
    pub keys_seconds: f64,
    /// Seconds from features to proof.
    pub prove_seconds: f64,
    /// Most bytes in use.
    pub memory: u64,
}

impl Expectation {
    /// For a plan on a machine.
    pub fn of(plan: &Plan, machine: &Machine) -> Result<Self, ProvingError> {
        let (segments, k) = (plan.segments(), plan.k);
        let aggregation_k = circuit_size(segments)?;
        let together = machine.at_once(k).min(segments);
        let alone = |at_once: usize| if at_once < machine.cores { ALONE } else { 1.0 };
        let share = machine.kernel * segments as f64 * alone(together);
        let keys = share * SEGMENT_KEY.of(k) + machine.kernel * AGGREGATION_KEY.of(aggregation_k);
        let prove = share * SEGMENT.of(k) + machine.kernel * AGGREGATION.of(aggregation_k);
        let rows = |k: u32| ELEMENT << k;
        let held = (KEY_POLYNOMIALS * segments as u64 + SRS_POLYNOMIALS) * rows(k)
            + (AGGREGATION_KEY_POLYNOMIALS + SRS_POLYNOMIALS) * rows(aggregation_k);
        let proving = PROVER_POLYNOMIALS * (together as u64 * rows(k)).max(rows(aggregation_k));
        Ok(Expectation {
            segments,
            segment_k: k,
            rows: plan.rows.clone(),
            aggregation_k,
            keys_seconds: keys,
            prove_seconds: prove,
            memory: BASE_BYTES + held + proving,
        })
    }

    /// Whether half the free memory of `machine` holds it.
    pub fn fits(&self, machine: &Machine) -> bool {
        machine.memory.is_none_or(|free| self.memory <= free / 2)
    }
}

/// What `package` is expected to take in every number of segments, and the index of the best: the
/// fastest of those that fit into memory, and the smallest if none does.
pub fn compare(
    package: &Package,
    machine: &Machine,
) -> Result<(Vec<Expectation>, usize), ProvingError> {
    let mut all = Vec::new();
    for segments in SEGMENT_COUNTS {
        all.push(Expectation::of(&Plan::new(package, segments)?, machine)?);
    }
    let indices = || 0..all.len();
    let fastest = indices()
        .filter(|i| all[*i].fits(machine))
        .min_by(|a, b| all[*a].prove_seconds.total_cmp(&all[*b].prove_seconds));
    let best = fastest.or_else(|| indices().min_by_key(|i| all[*i].memory)).unwrap_or(0);
    Ok((all, best))
}
