//! Models in segments that are aggregated.

use crate::{case::Case, gas::Gas, kernels::kernels};
use eyre::eyre;
use halo2curves::bn256::Fr;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};
use tessera::{
    memory,
    pipeline::{Expectation, Machine, Profile, choose, local, warm},
};
use tessera_core::{Context, FixedPoint, Secret, random};
use tessera_model::Features;
use tessera_proving::{Event, ProofFile, Prover, Secrets};
use tessera_segment::Plan;
use tessera_setup::SrsStore;
use verifier_gen::{compile, generate, generate::contract_name};

/// A model's figures.
#[derive(Serialize)]
pub struct Row {
    pub model: &'static str,
    /// Comparisons, or weights of a network.
    pub size: usize,
    pub expected: Expectation,
    pub segments: usize,
    pub segment_k: u32,
    pub segment_rows: Vec<usize>,
    pub aggregation_k: u32,
    pub keys_seconds: f64,
    pub prove_seconds: f64,
    pub ratio: f64,
    pub stages: BTreeMap<&'static str, f64>,
    pub aggregation: Breakdown,
    pub peak_memory_bytes: Option<u64>,
    pub proof_bytes: usize,
    pub gas: Gas,
    pub verifier_code_bytes: usize,
}

/// Where the aggregation proof's time goes: kernels timed alone, times how often they run.
#[derive(Serialize)]
pub struct Breakdown {
    pub msm_seconds: f64,
    pub fft_seconds: f64,
    /// Witness, quotient, evaluations, openings, transcript: what is left.
    pub other_seconds: f64,
}

/// Proves for `case` in `segments` segments, or in as many as the planner chooses; the best of `runs`.
pub fn measure(
    case: &Case,
    store: &SrsStore,
    segments: Option<usize>,
    runs: usize,
) -> eyre::Result<Row> {
    let machine = Machine::measure();
    let expected = match segments {
        Some(segments) => Expectation::of(&Plan::new(&case.package, segments)?, &machine)?,
        None => choose(&case.package, Some(Profile::Aggregated), &machine)?.best(),
    };
    eprintln!("{}, N = {}", case.name, expected.segments);
    let (package, segments) = (&case.package, expected.segments);
    // Reference strings are made once and kept: not part of the keys' time.
    store.get(expected.segment_k)?;
    if let Some(k) = expected.aggregation_k {
        store.get(k)?;
    }
    package.model.validate(&package.schema)?;
    memory::reset();
    let start = Instant::now();
    let prover = warm(package.clone(), segments, Arc::new(store.clone()), &|_| {})?;
    let keys_seconds = start.elapsed().as_secs_f64();

    let (mut prove_seconds, mut stages, mut proof) = (f64::INFINITY, BTreeMap::new(), None);
    for _ in 0..runs {
        let (seconds, run, made) = run(&prover, &case.features)?;
        if seconds < prove_seconds {
            (prove_seconds, stages) = (seconds, run);
        }
        proof = Some(made);
    }
    let peak_memory_bytes = memory::peak();
    let proof = proof.ok_or_else(|| eyre!("no run"))?;
    let spec = prover.verifier()?;
    let name = contract_name(spec.segments);
    let compiled = compile(Path::new("tools/solc"), &name, &generate(&spec))?;
    let gas = Gas::of(&compiled.creation, &proof)?;
    let (segment_k, aggregation_k) = (prover.segment_k(), prover.aggregation_k()?);
    let [msm_seconds, fft_seconds] = kernels(aggregation_k, store)?;
    let other_seconds = (stages["aggregate"] - msm_seconds - fft_seconds).max(0.0);
    Ok(Row {
        model: case.name,
        size: case.size(),
        expected,
        segments,
        segment_k,
        segment_rows: prover.rows().to_vec(),
        aggregation_k,
        keys_seconds,
        prove_seconds,
        ratio: 0.0,
        stages,
        aggregation: Breakdown { msm_seconds, fft_seconds, other_seconds },
        peak_memory_bytes,
        proof_bytes: proof.proof.len(),
        gas,
        verifier_code_bytes: compiled.runtime.len(),
    })
}

/// One proof from features to what is sent: seconds in all and by stage.
fn run(
    prover: &Prover,
    features: &Features,
) -> eyre::Result<(f64, BTreeMap<&'static str, f64>, ProofFile)> {
    let secrets = Secrets { features: features.clone(), blinding: Secret::new(random()?) };
    let start = Instant::now();
    // A stage has its start until it is finished, and its length from then on.
    let stages = Mutex::new(BTreeMap::new());
    let report = |event| {
        let (now, mut stages) = (start.elapsed().as_secs_f64(), stages.lock().expect("no panic"));
        match event {
            Event::Started { stage, .. } => drop(stages.insert(stage.name(), now)),
            Event::Finished { stage } => *stages.entry(stage.name()).or_default() -= now,
            Event::Advanced { .. } => {}
        }
    };
    let (threshold, context) = (FixedPoint::ZERO, Context(Fr::from(1)));
    let proof = prover.prove(&secrets, threshold, context, &local(prover), &report)?;
    let seconds = start.elapsed().as_secs_f64();
    let lengths =
        stages.into_inner()?.into_iter().map(|(stage, negative): (_, f64)| (stage, -negative));
    Ok((seconds, lengths.collect(), proof))
}
