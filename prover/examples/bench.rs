//! `make bench`: what proofs cost: of the German-credit model by number of segments, and of larger
//! models in the number that the planner chooses, with what the planner expects beside it. With `--all`
//! every model in every number of segments, which is what the planner's constants are fitted to.
//!
//! Baseline, in the same run: the German-credit model as one segment's proof, not aggregated: what a
//! chain would have to verify by itself, with no model digest and no score kept secret. Ratios are
//! to it. Times are the best of the runs; sizes and gas are the same in each.

use eyre::{WrapErr, eyre};
use halo2_proofs::{
    arithmetic::best_multiexp,
    poly::{EvaluationDomain, commitment::ParamsProver},
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::PrimeField,
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Instant,
};
use tessera::{
    memory,
    pipeline::{Expectation, Machine, Profile, choose, local, warm, warm_direct},
};
use tessera_artifact::{Secrecy, write_json};
use tessera_core::{Context, FixedPoint, Secret, random};
use tessera_import::{ImportOptions, import};
use tessera_model::{Features, Package, Scaling, Schema};
use tessera_proving::{Event, ProofFile, Prover, Secrets};
use tessera_segment::{Plan, plan::SEGMENT_COUNTS};
use tessera_setup::SrsStore;
use verifier_gen::{Evm, Outcome, compile, generate, generate::contract_name};

const RUNS: usize = 3;
/// Runs of models that take long.
const LARGE_RUNS: usize = 1;
/// Direct proofs, one after another.
const DIRECT_RUNS: u32 = 5;
const SEGMENTS: [usize; 3] = [1, 2, 4];
/// Trained by `examples/sba-loans/train.py`; `make bench` calls it.
const FOREST: &str = "../../target/bench/forest.json";
const OUT: &str = "target/bench/report.json";

/// Polynomials that the aggregation prover commits to: advice, product, random, two quotient
/// pieces, W, W'.
const COMMITMENTS: f64 = 7.0;
/// Inverse transforms of size n: advice, instance, product.
const SMALL_TRANSFORMS: f64 = 3.0;
/// Transforms of size 2n: those three, five key columns, three Lagrange polynomials, the quotient.
const LARGE_TRANSFORMS: f64 = 12.0;

#[derive(Serialize)]
struct Bench {
    tessera: &'static str,
    cores: usize,
    runs: usize,
    baseline_seconds: f64,
    rows: Vec<Row>,
    direct: Vec<DirectRow>,
}

/// A model proven in one circuit, without aggregation.
#[derive(Serialize)]
struct DirectRow {
    model: &'static str,
    k: u32,
    /// Proofs that confirm nothing.
    proofs: usize,
    keys_seconds: f64,
    prove_seconds: f64,
    /// One after another, with the key at hand.
    proofs_a_minute: f64,
    peak_memory_bytes: Option<u64>,
    gas: Gas,
    verifier_code_bytes: usize,
}

/// Where the gas of a verification goes.
#[derive(Serialize)]
struct Gas {
    total: u64,
    base: u64,
    call_data: u64,
    pairing: u64,
    multiplications: u64,
    rest: u64,
}

impl Gas {
    /// `multiplications` on the curve are made by a verification with this call data.
    fn of(total: u64, data: &[u8], multiplications: u64) -> Self {
        // EIP-2028, EIP-1108.
        let byte = |byte: &u8| if *byte == 0 { 4 } else { 16 };
        let (base, call_data) = (21_000, data.iter().map(byte).sum());
        let (pairing, multiplications) = (45_000 + 2 * 34_000, 6_000 * multiplications);
        let rest = total - base - call_data - pairing - multiplications;
        Gas { total, base, call_data, pairing, multiplications, rest }
    }
}

#[derive(Serialize)]
struct Row {
    model: &'static str,
    /// Comparisons, or weights of a network.
    size: usize,
    expected: Expectation,
    segments: usize,
    segment_k: u32,
    segment_rows: Vec<usize>,
    aggregation_k: u32,
    keys_seconds: f64,
    prove_seconds: f64,
    ratio: f64,
    stages: BTreeMap<&'static str, f64>,
    aggregation: Breakdown,
    peak_memory_bytes: Option<u64>,
    proof_bytes: usize,
    verify_gas: u64,
    verifier_code_bytes: usize,
}

/// Where the aggregation proof's time goes: kernels timed alone, times how often they run.
#[derive(Serialize)]
struct Breakdown {
    msm_seconds: f64,
    fft_seconds: f64,
    /// Witness, quotient, evaluations, openings, transcript: what is left.
    other_seconds: f64,
}

fn main() -> eyre::Result<()> {
    let all = std::env::args().skip(1).any(|argument| argument == "--all");
    let german = Case::example("German credit, 100 × 4", "examples/german-credit", "model.json")?;
    let sba = Case::example("SBA loans, 500 × 6", "examples/sba-loans", "model.json")?;
    let network =
        Case::example("network of torch, 22-64-32-1", "examples/torch-mlp", "model.onnx")?;
    let forest = Case::example("SBA loans, 2000 × 8", "examples/sba-loans", FOREST)
        .wrap_err("the large forest: `make bench` trains it")?;
    let store = SrsStore::new("target/cache/srs");
    // The first measurement of a process finds cold caches and resting cores.
    Machine::measure();

    let mut rows = Vec::new();
    let mut baseline = f64::INFINITY;
    for segments in if all { SEGMENT_COUNTS.as_slice() } else { &SEGMENTS } {
        let row = german.measure(&store, Some(*segments), RUNS)?;
        if *segments == 1 {
            baseline = row.stages["segments"];
        }
        rows.push(row);
    }
    let planned: Vec<Option<usize>> =
        if all { SEGMENT_COUNTS.map(Some).to_vec() } else { vec![None] };
    for case in [&sba, &network, &forest] {
        for segments in &planned {
            rows.push(case.measure(&store, *segments, LARGE_RUNS)?);
        }
    }
    let mut direct = Vec::new();
    for case in [&german, &sba, &network] {
        direct.push(case.measure_direct(&store)?);
    }
    for row in &mut rows {
        row.ratio = row.prove_seconds / baseline;
    }
    table(&rows, baseline);
    direct_table(&direct);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let tessera = env!("CARGO_PKG_VERSION");
    let bench = Bench { tessera, cores, runs: RUNS, baseline_seconds: baseline, rows, direct };
    write_json(Path::new(OUT), "tessera.bench", 1, &bench, Secrecy::Public)?;
    eprintln!("written to {OUT}");
    Ok(())
}

/// A model and somebody to prove a score of.
struct Case {
    name: &'static str,
    package: Package,
    features: Features,
}

impl Case {
    fn example(name: &'static str, folder: &str, model: &str) -> eyre::Result<Self> {
        let folder = Path::new(folder);
        let schema = Schema::load(&folder.join("schema.json"))?;
        let scaling: Scaling = "600@50:1,pdo=20".parse().wrap_err("the scaling")?;
        let model = folder.join(model);
        // A network's file names no features.
        let by_position = model.extension().is_some_and(|extension| extension == "onnx");
        let options = ImportOptions { by_position, ..ImportOptions::default() };
        let package = import(&model, &schema, &scaling, Some([7; 32]), &options)?.package;
        let features = first_row(folder, &package.schema)?;
        Ok(Case { name, package, features })
    }

    /// Comparisons, or weights of a network.
    fn size(&self) -> usize {
        match self.package.model.network() {
            Some(network) => network.weights(),
            None => self.package.model.size().0,
        }
    }

    /// In `segments` segments, or in as many as the planner chooses.
    fn measure(&self, store: &SrsStore, segments: Option<usize>, runs: usize) -> eyre::Result<Row> {
        let machine = Machine::measure();
        let expected = match segments {
            Some(segments) => Expectation::of(&Plan::new(&self.package, segments)?, &machine)?,
            None => choose(&self.package, Some(Profile::Aggregated), &machine)?.best(),
        };
        eprintln!("{}, N = {}", self.name, expected.segments);
        measure(self, store, expected, runs)
    }
}

impl Case {
    /// In one circuit, without aggregation.
    fn measure_direct(&self, store: &SrsStore) -> eyre::Result<DirectRow> {
        eprintln!("{}, direct", self.name);
        let package = &self.package;
        store.get(tessera_direct::DirectPlan::new(package)?.k)?;
        memory::reset();
        let start = Instant::now();
        let keys = warm_direct(package.clone(), store, &|_| ())?;
        let keys_seconds = start.elapsed().as_secs_f64();
        let (mut prove_seconds, mut last) = (f64::INFINITY, None);
        let begin = Instant::now();
        for _ in 0..DIRECT_RUNS {
            let blinding = Secret::new(random()?);
            let secrets = Secrets { features: self.features.clone(), blinding };
            let start = Instant::now();
            last = Some(keys.prove(&secrets, FixedPoint::ZERO, Context(Fr::from(1)), &|_| ())?);
            prove_seconds = prove_seconds.min(start.elapsed().as_secs_f64());
        }
        let proofs_a_minute = 60.0 * f64::from(DIRECT_RUNS) / begin.elapsed().as_secs_f64();
        let peak_memory_bytes = memory::peak();
        let proof = last.ok_or_else(|| eyre!("no run"))?;
        let compiled = compile(
            Path::new("tools/solc"),
            verifier_gen::direct::CONTRACT,
            &verifier_gen::direct::generate_direct(&keys.verifier()),
        )?;
        let words = proof.statement.to_bytes();
        let outcome = Evm::deploy(&compiled.creation)?.verify(&words, &proof.proof)?;
        let Outcome::Accepted { gas } = outcome else { return Err(eyre!("refused: {outcome:?}")) };
        let data = verifier_gen::exercise::calldata(&words, &proof.proof);
        Ok(DirectRow {
            model: self.name,
            k: keys.plan().k,
            proofs: keys.plan().proofs,
            keys_seconds,
            prove_seconds,
            proofs_a_minute,
            peak_memory_bytes,
            // Product, three of the key, two of the quotient, random, W, W', generator.
            gas: Gas::of(gas, &data, 10),
            verifier_code_bytes: compiled.runtime.len(),
        })
    }
}

fn direct_table(rows: &[DirectRow]) {
    println!("\ndirect, without aggregation\n");
    println!(
        "| model | k | keys | features → proof | proofs a minute | memory | proofs that confirm nothing | gas: pairing / multiplications / call data / base / rest | code |"
    );
    println!("|{}", "---|".repeat(9));
    for row in rows {
        let memory = row.peak_memory_bytes.map_or("–".into(), |b| format!("{} MB", b >> 20));
        let gas = &row.gas;
        println!(
            "| {} | {} | {:.2} s | {:.2} s | {:.0} | {memory} | {} | {}: {} / {} / {} / {} / {} | {} B |",
            row.model,
            row.k,
            row.keys_seconds,
            row.prove_seconds,
            row.proofs_a_minute,
            row.proofs,
            gas.total,
            gas.pairing,
            gas.multiplications,
            gas.call_data,
            gas.base,
            gas.rest,
            row.verifier_code_bytes,
        );
    }
}

fn first_row(example: &Path, schema: &Schema) -> eyre::Result<Features> {
    let mut table = csv::Reader::from_path(example.join("golden.csv"))?;
    let header: Vec<String> = table.headers()?.iter().map(str::to_owned).collect();
    let columns = schema.columns(&header)?;
    let record = table.records().next().ok_or_else(|| eyre!("golden.csv is empty"))??;
    let cells: Vec<&str> = record.iter().collect();
    Ok(schema.encode_row(&columns, 1, &cells)?)
}

fn measure(case: &Case, store: &SrsStore, expected: Expectation, runs: usize) -> eyre::Result<Row> {
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
    let (verify_gas, verifier_code_bytes) = verify(&prover, &proof)?;
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
        verify_gas,
        verifier_code_bytes,
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

/// Gas of a whole bare transaction, and the verifier's runtime code.
fn verify(prover: &Prover, proof: &ProofFile) -> eyre::Result<(u64, usize)> {
    let spec = prover.verifier()?;
    let name = contract_name(spec.segments);
    let compiled = compile(Path::new("tools/solc"), &name, &generate(&spec))?;
    match Evm::deploy(&compiled.creation)?.verify(&proof.statement.to_bytes(), &proof.proof)? {
        Outcome::Accepted { gas } => Ok((gas, compiled.runtime.len())),
        Outcome::Refused(error) => Err(eyre!("refused: 0x{}", hex::encode(error))),
    }
}

/// Seconds of the commitments and of the transforms of one proof of `2^k` rows.
fn kernels(k: u32, store: &SrsStore) -> eyre::Result<[f64; 2]> {
    let n = 1usize << k;
    // Dense scalars, as the prover's polynomials have.
    let generator = Fr::MULTIPLICATIVE_GENERATOR;
    let scalars: Vec<Fr> =
        std::iter::successors(Some(generator), |x| Some(x.square() + generator)).take(n).collect();
    let srs = store.get(k)?;
    let bases: Vec<G1Affine> = srs.params().get_g().to_vec();
    let domain = EvaluationDomain::<Fr>::new(3, k);
    let msm = best_of(|| {
        std::hint::black_box(best_multiexp(&scalars, &bases));
    });
    let values = || domain.lagrange_from_vec(scalars.clone());
    let small = best_of(|| drop(domain.lagrange_to_coeff(values())));
    let polynomial = domain.lagrange_to_coeff(values());
    let large = best_of(|| drop(domain.coeff_to_extended(&polynomial)));
    Ok([COMMITMENTS * msm, SMALL_TRANSFORMS * small + LARGE_TRANSFORMS * large])
}

fn best_of(mut work: impl FnMut()) -> f64 {
    let seconds = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}

fn table(rows: &[Row], baseline: f64) {
    println!("baseline: German credit as one proof, not aggregated: {baseline:.2} s\n");
    println!(
        "| model | size | N | k | keys | segments | aggregation: MSM / FFT / rest | features → proof | expected | ratio | memory | expected | gas | code |"
    );
    println!("|{}", "---|".repeat(14));
    for row in rows {
        let memory = row.peak_memory_bytes.map_or("–".into(), |b| format!("{} MB", b >> 20));
        let (parts, expected) = (&row.aggregation, &row.expected);
        println!(
            "| {} | {} | {} | {} + {} | {:.2} s | {:.2} s | {:.2} s: {:.2} / {:.2} / {:.2} | {:.2} s | {:.2} s ({:+.0} %) | {:.2} | {memory} | {} MB | {} | {} B |",
            row.model,
            row.size,
            row.segments,
            row.segment_k,
            row.aggregation_k,
            row.keys_seconds,
            row.stages["segments"],
            row.stages["aggregate"],
            parts.msm_seconds,
            parts.fft_seconds,
            parts.other_seconds,
            row.prove_seconds,
            expected.prove_seconds,
            100.0 * (expected.prove_seconds / row.prove_seconds - 1.0),
            row.ratio,
            expected.memory >> 20,
            row.verify_gas,
            row.verifier_code_bytes,
        );
    }
}
