//! `make bench`: what proofs cost. Models directly and in segments, whole commands, gas by part, the
//! multi-scalar multiplication, and snark-verifier's stock aggregation beside ours.
//!
//! With `--all` every model in every number of segments, which is what the planner's constants are fitted
//! to. Times are the best of the runs; sizes and gas are the same in each. Figures are printed as Markdown,
//! written to `target/bench/report.json`, and drawn in `docs/images/figures.svg`.

mod aggregated;
mod case;
mod commands;
mod direct;
mod gas;
mod kernels;
mod picture;
mod stock;
mod tables;

use aggregated::Row;
use case::Case;
use commands::CommandRow;
use direct::DirectRow;
use eyre::WrapErr;
use kernels::MsmRow;
use picture::{Bar, From, PEERS_GAS, PEERS_SECONDS};
use serde::Serialize;
use std::{fs, path::Path};
use stock::Stock;
use tessera::pipeline::Machine;
use tessera_artifact::{Secrecy, write_json};
use tessera_segment::plan::SEGMENT_COUNTS;
use tessera_setup::SrsStore;

const RUNS: usize = 3;
/// Runs of models that take long.
const LARGE_RUNS: usize = 1;
const SEGMENTS: [usize; 3] = [1, 2, 4];
/// Powers of two of the points that multi-scalar multiplications are compared on.
const POINTS: [u32; 2] = [14, 16];
/// Trained by `examples/sba-loans/train.py`; `make bench` calls it.
const FOREST: &str = "../../target/bench/forest.json";
const CACHE: &str = "target/cache";
const OUT: &str = "target/bench/report.json";
const PICTURE: &str = "docs/images/figures.svg";

#[derive(Serialize)]
struct Bench {
    tessera: &'static str,
    cores: usize,
    runs: usize,
    baseline_seconds: f64,
    rows: Vec<Row>,
    direct: Vec<DirectRow>,
    commands: Vec<CommandRow>,
    multiplications: Vec<MsmRow>,
    stock: Option<Stock>,
}

fn main() -> eyre::Result<()> {
    let all = std::env::args().skip(1).any(|argument| argument == "--all");
    let german = Case::example("German credit, 100 × 4", "examples/german-credit", "model.json")?;
    let sba = Case::example("SBA loans, 500 × 6", "examples/sba-loans", "model.json")?;
    let network =
        Case::example("network of torch, 22-64-32-1", "examples/torch-mlp", "model.onnx")?;
    let forest = Case::example("SBA loans, 2000 × 8", "examples/sba-loans", FOREST)
        .wrap_err("the large forest: `make bench` trains it")?;
    let store = SrsStore::new(Path::new(CACHE).join("srs"));
    // The first measurement of a process finds cold caches and resting cores.
    Machine::measure();

    let mut rows = Vec::new();
    for segments in if all { SEGMENT_COUNTS.as_slice() } else { &SEGMENTS } {
        rows.push(aggregated::measure(&german, &store, Some(*segments), RUNS)?);
    }
    let baseline = rows[0].stages["segments"];
    let planned: Vec<Option<usize>> =
        if all { SEGMENT_COUNTS.map(Some).to_vec() } else { vec![None] };
    for case in [&sba, &network, &forest] {
        for segments in &planned {
            rows.push(aggregated::measure(case, &store, *segments, LARGE_RUNS)?);
        }
    }
    for row in &mut rows {
        row.ratio = row.prove_seconds / baseline;
    }
    let direct = [&german, &sba, &network].map(|case| direct::measure(case, &store));
    let bench = Bench {
        tessera: env!("CARGO_PKG_VERSION"),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        runs: RUNS,
        baseline_seconds: baseline,
        rows,
        direct: direct.into_iter().collect::<eyre::Result<_>>()?,
        commands: commands::measure(Path::new(CACHE))?,
        multiplications: POINTS.map(|k| kernels::multiplications(k, &store)).into_iter().try_fold(
            Vec::new(),
            |mut all, rows| {
                all.extend(rows?);
                eyre::Ok(all)
            },
        )?,
        stock: Stock::load()?,
    };
    print(&bench);
    write_json(Path::new(OUT), "tessera.bench", 1, &bench, Secrecy::Public)?;
    fs::write(PICTURE, picture(&bench)).wrap_err(PICTURE)?;
    eprintln!("written to {OUT} and {PICTURE}");
    Ok(())
}

/// German credit in as many segments as the demonstration's loan.
fn in_two(bench: &Bench) -> &Row {
    bench.rows.iter().find(|row| row.segments == 2).unwrap_or(&bench.rows[0])
}

fn print(bench: &Bench) {
    tables::aggregated(&bench.rows, bench.baseline_seconds);
    tables::direct(&bench.direct);
    let mut gas = vec![("direct".to_owned(), bench.direct[0].gas.today, bench.direct[0].gas.next)];
    for row in bench.rows.iter().filter(|row| row.model == bench.rows[0].model) {
        gas.push((format!("{} segments", row.segments), row.gas.today, row.gas.next));
    }
    tables::gas(&gas);
    tables::commands(&bench.commands);
    tables::multiplications(&bench.multiplications);
    match &bench.stock {
        Some(stock) => tables::stock(stock, in_two(bench)),
        None => eprintln!("without snark-verifier's aggregation: `make bench` runs it first"),
    }
}

fn picture(bench: &Bench) -> String {
    let two = in_two(bench);
    let ours = |name: &str, value| Bar { name: name.into(), value, from: From::Tessera };
    let elsewhere =
        |(name, value): (&str, f64)| Bar { name: name.into(), value, from: From::Elsewhere };
    let mut seconds = vec![
        ours("Tessera, direct", bench.direct[0].prove_seconds),
        ours("Tessera, two segments", two.prove_seconds),
    ];
    let mut gas = vec![
        ours("Tessera, direct", bench.direct[0].gas.today.total as f64),
        ours("Tessera, two segments", two.gas.today.total as f64),
    ];
    if let Some(stock) = &bench.stock {
        let name = "snark-verifier, two segments";
        let bar = |value| Bar { name: name.into(), value, from: From::Baseline };
        seconds.push(bar(stock.prove_seconds()));
        gas.push(bar(stock.gas as f64));
    }
    seconds.extend(PEERS_SECONDS.map(elsewhere));
    gas.extend(PEERS_GAS.map(elsewhere));
    for bars in [&mut seconds, &mut gas] {
        bars.sort_by(|a, b| a.value.total_cmp(&b.value));
    }
    picture::draw(&seconds, &gas)
}
