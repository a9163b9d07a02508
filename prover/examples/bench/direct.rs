//! Models in one circuit, verified without aggregation.

use crate::{case::Case, gas::Gas};
use eyre::eyre;
use halo2curves::bn256::Fr;
use serde::Serialize;
use std::{path::Path, time::Instant};
use tessera::{memory, pipeline::warm_direct};
use tessera_core::{Context, FixedPoint, Secret, random};
use tessera_proving::Secrets;
use tessera_setup::SrsStore;
use verifier_gen::compile;

/// Proofs, one after another.
const PROOFS: u32 = 12;

/// A model proven in one circuit, without aggregation.
#[derive(Serialize)]
pub struct DirectRow {
    pub model: &'static str,
    pub k: u32,
    /// Proofs that confirm nothing.
    pub proofs: usize,
    pub keys_seconds: f64,
    pub prove_seconds: f64,
    /// One after another, with the key at hand.
    pub proofs_a_minute: f64,
    pub peak_memory_bytes: Option<u64>,
    /// By how much the peak grew between the second proof and the last.
    pub memory_growth_bytes: Option<u64>,
    pub gas: Gas,
    pub verifier_code_bytes: usize,
}

/// Proves for `case` again and again with one key.
pub fn measure(case: &Case, store: &SrsStore) -> eyre::Result<DirectRow> {
    eprintln!("{}, direct", case.name);
    let package = &case.package;
    store.get(tessera_direct::DirectPlan::new(package)?.k)?;
    memory::reset();
    let start = Instant::now();
    let keys = warm_direct(package.clone(), store, &|_| ())?;
    let keys_seconds = start.elapsed().as_secs_f64();
    let (mut prove_seconds, mut last) = (f64::INFINITY, None);
    let begin = Instant::now();
    let mut early = None;
    for run in 0..PROOFS {
        let blinding = Secret::new(random()?);
        let secrets = Secrets { features: case.features.clone(), blinding };
        let start = Instant::now();
        last = Some(keys.prove(&secrets, FixedPoint::ZERO, Context(Fr::from(1)), &|_| ())?);
        prove_seconds = prove_seconds.min(start.elapsed().as_secs_f64());
        if run == 1 {
            early = memory::peak();
        }
    }
    let proofs_a_minute = 60.0 * f64::from(PROOFS) / begin.elapsed().as_secs_f64();
    let peak_memory_bytes = memory::peak();
    let proof = last.ok_or_else(|| eyre!("no run"))?;
    let compiled = compile(
        Path::new("tools/solc"),
        verifier_gen::direct::CONTRACT,
        &verifier_gen::direct::generate_direct(&keys.verifier()),
    )?;
    let gas = Gas::of(&compiled.creation, &proof)?;
    Ok(DirectRow {
        model: case.name,
        k: keys.plan().k,
        proofs: keys.plan().proofs,
        keys_seconds,
        prove_seconds,
        proofs_a_minute,
        peak_memory_bytes,
        memory_growth_bytes: peak_memory_bytes.zip(early).map(|(late, early)| late - early),
        gas,
        verifier_code_bytes: compiled.runtime.len(),
    })
}
