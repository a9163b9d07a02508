//! The baseline of `make bench`: two proofs of a one-column circuit as large as a segment of the
//! German-credit model, aggregated by snark-verifier-sdk's `AggregationCircuit`, which verifies them with
//! curve arithmetic in the circuit. Leaves figures, contract and call data in `target/bench/`.
//!
//! Wants some 4 GB of memory and some minutes.

use eyre::{WrapErr, eyre};
use halo2_base::{
    gates::{
        GateInstructions,
        circuit::{CircuitBuilderStage, builder::BaseCircuitBuilder},
    },
    halo2_proofs::{halo2curves::bn256::Fr, plonk::Circuit, poly::commitment::Params},
};
use serde_json::json;
use snark_verifier_sdk::{
    CircuitExt, SHPLONK, Snark,
    evm::{gen_evm_proof_shplonk, gen_evm_verifier_sol_code},
    gen_pk,
    halo2::{
        aggregation::{AggregationCircuit, AggregationConfigParams, VerifierUniversality},
        gen_snark_shplonk,
    },
    snark_verifier::loader::evm::encode_calldata,
};
use std::{fs, path::Path, time::Instant};
use tessera_setup::SrsStore;

/// As many proofs as the demonstration's loan has segments.
const SEGMENTS: usize = 2;
/// Rows of a segment: 2^14, of which so many are used.
const SEGMENT_K: u32 = 14;
const SEGMENT_CELLS: usize = 15_000;
/// The size that proves fastest here: 2^20 rows, five advice columns.
const AGGREGATION_K: u32 = 20;
/// Rows that blinding takes.
const RESERVED_ROWS: usize = 10;
const OUT: &str = "target/bench";

/// A chain of products and sums of `SEGMENT_CELLS` cells that begins with `seed`; its end is public.
fn segment(stage: CircuitBuilderStage, seed: u64) -> BaseCircuitBuilder<Fr> {
    let mut builder =
        BaseCircuitBuilder::from_stage(stage).use_k(SEGMENT_K as usize).use_instance_columns(1);
    let gate = halo2_base::gates::GateChip::<Fr>::default();
    let context = builder.main(0);
    let start = context.load_witness(Fr::from(seed));
    let mut value = start;
    // Each step takes four cells.
    for _ in 0..SEGMENT_CELLS / 4 {
        value = gate.mul_add(context, value, start, start);
    }
    builder.assigned_instances[0].push(value);
    builder.calculate_params(Some(RESERVED_ROWS));
    builder
}

/// Largest resident set of this process, in bytes.
fn peak_memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn main() -> eyre::Result<()> {
    let store = SrsStore::new("target/cache/srs");
    let small = store.get(SEGMENT_K)?;
    let large = store.get(AGGREGATION_K)?;
    let (small, large) = (small.params().halo2(), large.params().halo2());

    eprintln!("keys of {SEGMENTS} segments of 2^{SEGMENT_K} rows");
    let start = Instant::now();
    let circuit = segment(CircuitBuilderStage::Keygen, 1);
    let key = gen_pk(small, &circuit, None);
    let (parameters, breaks) = (circuit.params(), circuit.break_points());
    let segment_keys = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let snarks: Vec<Snark> = (0..SEGMENTS)
        .map(|index| {
            let circuit = segment(CircuitBuilderStage::Prover, 2 + index as u64)
                .use_params(parameters.clone())
                .use_break_points(breaks.clone());
            gen_snark_shplonk(small, &key, circuit, None::<&str>)
        })
        .collect();
    let segments_seconds = start.elapsed().as_secs_f64();

    eprintln!("aggregation key of 2^{AGGREGATION_K} rows");
    let start = Instant::now();
    let mut circuit = AggregationCircuit::new::<SHPLONK>(
        CircuitBuilderStage::Keygen,
        AggregationConfigParams {
            degree: AGGREGATION_K,
            lookup_bits: AGGREGATION_K as usize - 1,
            ..Default::default()
        },
        large,
        snarks.clone(),
        VerifierUniversality::None,
    );
    circuit.expose_previous_instances(false);
    let parameters = circuit.calculate_params(Some(RESERVED_ROWS));
    let key = gen_pk(large, &circuit, None);
    let breaks = circuit.break_points();
    let cells = circuit.builder.statistics().gate.total_advice_per_phase.iter().sum::<usize>();
    drop(circuit);
    let keys_seconds = segment_keys + start.elapsed().as_secs_f64();

    eprintln!("aggregation of {cells} cells");
    let start = Instant::now();
    let mut circuit = AggregationCircuit::new::<SHPLONK>(
        CircuitBuilderStage::Prover,
        parameters,
        large,
        snarks,
        VerifierUniversality::None,
    )
    .use_break_points(breaks);
    circuit.expose_previous_instances(false);
    let (number, instances) = (circuit.num_instance(), circuit.instances());
    // Verifies the proof, too.
    let proof = gen_evm_proof_shplonk(large, &key, circuit, instances.clone());
    let aggregate_seconds = start.elapsed().as_secs_f64();

    let contract =
        gen_evm_verifier_sol_code::<AggregationCircuit, SHPLONK>(large, key.get_vk(), number);
    let out = Path::new(OUT);
    fs::create_dir_all(out).wrap_err(OUT)?;
    let figures = json!({
        "segments": SEGMENTS,
        "segmentK": SEGMENT_K,
        "aggregationK": large.k(),
        "cells": cells,
        "keysSeconds": keys_seconds,
        "segmentsSeconds": segments_seconds,
        "aggregateSeconds": aggregate_seconds,
        "peakMemoryBytes": peak_memory(),
        "proofBytes": proof.len(),
        "contract": contract,
        "callData": hex::encode(encode_calldata(&instances, &proof)),
    });
    let file = out.join("stock.json");
    fs::write(&file, figures.to_string()).map_err(|error| eyre!("{}: {error}", file.display()))?;
    eprintln!("written to {}", file.display());
    Ok(())
}
