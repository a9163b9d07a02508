//! What a proof is expected to take on a farm, and the number of segments that is best there.

use super::plan::{Expectation, Machine, SEGMENT, aggregation_seconds};
use serde::Serialize;
use tessera_model::Package;
use tessera_proving::ProvingError;
use tessera_segment::{Plan, plan::SEGMENT_COUNTS};

/// Seconds of a job that are not proving: queue, sealing, network. As much as a farm may take.
const OVERHEAD: f64 = 0.02;

/// What is wanted of a farm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// One proof, as soon as possible.
    Latency,
    /// As many proofs as possible.
    Throughput,
}

/// What proving in one number of segments is expected to take.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FarmExpectation {
    /// Number of segments.
    pub segments: usize,
    /// Each has a circuit of `2^k` rows.
    pub segment_k: u32,
    /// Seconds until the workers have proven all segments of one proof, if they have nothing else to do.
    pub farm_seconds: f64,
    /// Seconds to aggregate them here.
    pub aggregation_seconds: f64,
    /// Proofs a minute, if there is always another one to make.
    pub per_minute: f64,
    /// Gas of a verification, about.
    pub gas: u64,
    /// Whether half the free memory here holds the keys and the aggregation.
    pub fits: bool,
}

impl FarmExpectation {
    /// Seconds from features to proof.
    pub fn prove_seconds(&self) -> f64 {
        self.farm_seconds + self.aggregation_seconds
    }

    /// `here` aggregates; `workers` has the seconds of the kernel on each worker.
    fn of(plan: &Plan, here: &Machine, workers: &[f64]) -> Result<Self, ProvingError> {
        let alone = Expectation::of(plan, here)?;
        let segments = plan.segments();
        let job = |kernel: &f64| kernel * SEGMENT.of(plan.k) + OVERHEAD;
        let jobs: Vec<f64> = workers.iter().map(job).collect();
        // Each job goes to whoever would be done with it first.
        let mut busy: Vec<f64> = vec![0.0; jobs.len()];
        for _ in 0..segments {
            let first = (0..jobs.len())
                .min_by(|a, b| (busy[*a] + jobs[*a]).total_cmp(&(busy[*b] + jobs[*b])));
            if let Some(first) = first {
                busy[first] += jobs[first];
            }
        }
        let aggregation_seconds = aggregation_seconds(segments, here)?;
        let jobs_a_second: f64 = jobs.iter().map(|job| 1.0 / job).sum();
        let proofs_a_second = (jobs_a_second / segments as f64).min(1.0 / aggregation_seconds);
        Ok(Self {
            segments,
            segment_k: plan.k,
            farm_seconds: busy.into_iter().fold(0.0, f64::max),
            aggregation_seconds,
            per_minute: 60.0 * proofs_a_second,
            gas: alone.gas,
            fits: alone.fits(here),
        })
    }
}

/// Every number of segments, and the best one.
#[derive(Clone, Debug)]
pub struct FarmChoice {
    /// By number of segments.
    pub all: Vec<FarmExpectation>,
    /// Index of the best.
    pub best: usize,
    /// Why it is, for people.
    pub why: String,
}

/// What `package` is expected to take on a farm in every number of segments, and which is best: the fastest
/// for one proof, or the one with the most proofs a minute, as far as `here` has the memory; of those within
/// two per cent of each other, the smallest, which costs the least gas. `workers` has the seconds of the kernel
/// on each worker and is not empty.
pub fn choose_for_farm(
    package: &Package,
    here: &Machine,
    workers: &[f64],
    goal: Goal,
) -> Result<FarmChoice, ProvingError> {
    let mut all = vec![];
    for segments in SEGMENT_COUNTS {
        all.push(FarmExpectation::of(&Plan::new(package, segments)?, here, workers)?);
    }
    // The smaller, the better.
    let cost = |expected: &FarmExpectation| match goal {
        Goal::Latency => expected.prove_seconds(),
        Goal::Throughput => 1.0 / expected.per_minute,
    };
    let fitting = || all.iter().filter(|expected| expected.fits);
    let least = fitting().map(cost).fold(f64::INFINITY, f64::min);
    let best = all.iter().position(|expected| expected.fits && cost(expected) <= least * 1.02);
    let best = best.unwrap_or(0);
    let why = why(&all, best, workers.len(), goal);
    Ok(FarmChoice { all, best, why })
}

fn why(all: &[FarmExpectation], best: usize, workers: usize, goal: Goal) -> String {
    let chosen = &all[best];
    let n = chosen.segments;
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    let mut why = format!(
        "{workers} worker{} prove{} {n} segment{} in {:.1} s, and aggregating takes {:.1} s here",
        plural(workers),
        if workers == 1 { "s" } else { "" },
        plural(n),
        chosen.farm_seconds,
        chosen.aggregation_seconds,
    );
    let (less, more) = (best.checked_sub(1).and_then(|i| all.get(i)), all.get(best + 1));
    for other in less.into_iter().chain(more) {
        let m = other.segments;
        why += &match goal {
            Goal::Latency => format!("; in {m} it would be {:.1} s in all", other.prove_seconds()),
            Goal::Throughput => {
                format!("; in {m} it would be {:.1} proofs a minute", other.per_minute)
            }
        };
    }
    if goal == Goal::Throughput {
        why = format!("{:.1} proofs a minute: {why}", chosen.per_minute);
    }
    if !chosen.fits {
        why += "; the keys of any number are more than half the free memory here";
    }
    why
}
