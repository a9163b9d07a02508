//! What a proof is expected to take, and the profile and number of segments that are best.
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
use tessera_model::{Package, package::DIRECT};
use tessera_proving::ProvingError;
use tessera_segment::{Plan, plan::SEGMENT_COUNTS};

/// Power of two of the kernel's points.
const KERNEL_K: u32 = 14;
/// Times that the kernel is timed; the best counts, so that what else runs for a moment does not.
const KERNEL_RUNS: usize = 12;

/// Kernels that a circuit takes: `fixed + rows · 2^(k − 14)`.
pub(super) struct Cost {
    fixed: f64,
    rows: f64,
}

impl Cost {
    pub(super) fn of(&self, k: u32) -> f64 {
        self.fixed + self.rows * (f64::from(k) - f64::from(KERNEL_K)).exp2()
    }
}

/// A segment's proof, witness and native verification included.
pub(super) const SEGMENT: Cost = Cost { fixed: 1.1, rows: 7.4 };
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

/// A model whose one circuit has at most `2^SMALL` rows is proven directly: a browser can do that, too.
/// Above, segments let cores and machines share the work.
const SMALL: u32 = 15;

/// Gas of a direct proof's verification, of an aggregated one's, and more for each of its segments: as
/// `make bench` measures them, to two digits.
const DIRECT_GAS: u64 = 230_000;
const AGGREGATION_GAS: u64 = 240_000;
const SEGMENT_GAS: u64 = 97_000;

/// How a model is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// In segments that are aggregated.
    Aggregated,
    /// In one circuit that the contract verifies itself.
    Direct,
}

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

/// Seconds of the aggregation of so many segments on `machine`.
pub(super) fn aggregation_seconds(segments: usize, machine: &Machine) -> Result<f64, ProvingError> {
    Ok(machine.kernel * AGGREGATION.of(circuit_size(segments)?))
}

/// What proving is expected to take.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// Number of segments, or [`DIRECT`].
    pub segments: usize,
    /// Each has a circuit of `2^k` rows.
    pub segment_k: u32,
    /// Rows that each uses.
    pub rows: Vec<usize>,
    /// The aggregation circuit has `2^k` rows; a direct proof has none.
    pub aggregation_k: Option<u32>,
    /// Proofs under one key after which somebody who holds the whole model can confirm that it is the one;
    /// of direct proofs only.
    pub proofs: Option<usize>,
    /// Gas of a verification, about.
    pub gas: u64,
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
            aggregation_k: Some(aggregation_k),
            proofs: None,
            gas: AGGREGATION_GAS + SEGMENT_GAS * segments as u64,
            keys_seconds: keys,
            prove_seconds: prove,
            memory: BASE_BYTES + held + proving,
        })
    }

    /// For a direct proof on a machine.
    pub fn direct(plan: &tessera_direct::DirectPlan, machine: &Machine) -> Self {
        let k = plan.k;
        let share = machine.kernel * if machine.cores > 1 { ALONE } else { 1.0 };
        let held = (KEY_POLYNOMIALS + SRS_POLYNOMIALS + PROVER_POLYNOMIALS) * (ELEMENT << k);
        Expectation {
            segments: DIRECT,
            segment_k: k,
            rows: vec![plan.rows],
            aggregation_k: None,
            proofs: Some(plan.proofs),
            gas: DIRECT_GAS,
            keys_seconds: share * SEGMENT_KEY.of(k),
            prove_seconds: share * SEGMENT.of(k),
            memory: BASE_BYTES + held,
        }
    }

    /// What `segments` says, for `package`.
    pub fn of_package(
        package: &Package,
        segments: usize,
        machine: &Machine,
    ) -> Result<Self, ProvingError> {
        match segments {
            DIRECT => {
                let plan = tessera_direct::DirectPlan::new(package);
                Ok(Self::direct(&plan.map_err(tessera_direct::KeyError::from)?, machine))
            }
            _ => Self::of(&Plan::new(package, segments)?, machine),
        }
    }

    /// Whether half the free memory of `machine` holds it.
    pub fn fits(&self, machine: &Machine) -> bool {
        machine.memory.is_none_or(|free| self.memory <= free / 2)
    }
}

/// Every way to prove a package, and the best one.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Direct first, where one circuit can hold the package; then by number of segments.
    pub all: Vec<Expectation>,
    /// Index of the best.
    pub best: usize,
    /// Why it is, for people.
    pub why: String,
}

impl Choice {
    /// The best one.
    pub fn best(mut self) -> Expectation {
        self.all.swap_remove(self.best)
    }
}

/// What `package` is expected to take in every way, or in every way of one profile, and which is best: direct
/// where one circuit of 2^15 rows does, otherwise the fastest number of segments that fits into memory, and the
/// smallest if none does.
pub fn choose(
    package: &Package,
    profile: Option<Profile>,
    machine: &Machine,
) -> Result<Choice, ProvingError> {
    let mut all = Vec::new();
    let direct = tessera_direct::DirectPlan::new(package);
    match (profile, direct) {
        (Some(Profile::Aggregated), _) => {}
        (_, Ok(plan)) => all.push(Expectation::direct(&plan, machine)),
        (Some(Profile::Direct), Err(error)) => {
            return Err(tessera_direct::KeyError::from(error).into());
        }
        (None, Err(_)) => {}
    }
    if profile != Some(Profile::Direct) {
        for segments in SEGMENT_COUNTS {
            all.push(Expectation::of(&Plan::new(package, segments)?, machine)?);
        }
    }
    let asked = profile.is_some();
    if let Some(Expectation { segments: DIRECT, segment_k: k, gas, .. }) = all.first()
        && (asked || *k <= SMALL)
    {
        let least = AGGREGATION_GAS + SEGMENT_GAS;
        let why = format!(
            "one circuit of 2^{k} rows needs no aggregation, which saves time and {} gas a verification",
            least - gas
        );
        return Ok(Choice { all, best: 0, why });
    }
    let segments = || (0..all.len()).filter(|i| all[*i].segments != DIRECT);
    let fastest = segments()
        .filter(|i| all[*i].fits(machine))
        .min_by(|a, b| all[*a].prove_seconds.total_cmp(&all[*b].prove_seconds));
    let best = fastest.or_else(|| segments().min_by_key(|i| all[*i].memory)).unwrap_or(0);
    let large = match all.first() {
        Some(first) if !asked && first.segments == DIRECT => {
            format!("one circuit would have 2^{} rows, more than 2^{SMALL}; ", first.segment_k)
        }
        _ => String::new(),
    };
    let least = if fastest.is_some() { "takes the least time" } else { "needs the least memory" };
    let why = format!("{large}this number of segments {least} here");
    Ok(Choice { all, best, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine { cores: 2, memory: Some(8 << 30), kernel: 1.0 }
    }

    fn direct(rows: usize, k: u32) -> Expectation {
        Expectation::direct(&tessera_direct::DirectPlan { k, rows, proofs: 300 }, &machine())
    }

    #[test]
    fn a_direct_proof_is_expected_to_take_less() {
        let (small, large) = (direct(14_000, 14), direct(60_000, 16));
        assert!(small.prove_seconds < large.prove_seconds && small.memory < large.memory);
        assert_eq!((small.aggregation_k, small.proofs), (None, Some(300)));
        assert!(small.gas < AGGREGATION_GAS + SEGMENT_GAS);
    }
}
