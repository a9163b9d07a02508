//! `tessera demo`: the whole story, told on a terminal.

use super::{
    Failure, Outcome,
    args::SetupWithSrs,
    block_on,
    farm::OnFarm,
    progress::timeline,
    talk::{data, json, style, talk},
};
use crate::demo::{self, DemoReport, Options};
use std::{path::PathBuf, time::Instant};
use tessera_model::{Scaling, Score};

const TIMELINE: usize = 40; // columns

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tessera demo
  tessera demo --segments 4 --threshold 560 --out target/demo4")]
pub struct Args {
    /// Folder for what the run leaves behind.
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    out: PathBuf,
    /// Folder with the example's model.json, schema.json and golden.csv.
    #[arg(long, value_name = "DIR", default_value = "examples/german-credit")]
    example: PathBuf,
    /// Folder that forge compiled into.
    #[arg(long, value_name = "DIR", default_value = "out")]
    contracts: PathBuf,
    /// The anvil executable.
    #[arg(
        long,
        value_name = "FILE",
        env = "TESSERA_ANVIL",
        hide_env_values = true,
        default_value = "tools/anvil"
    )]
    anvil: PathBuf,
    /// How odds become points.
    #[arg(long, value_name = "SCALING", default_value = "600@50:1,pdo=20")]
    points: Scaling,
    /// The points that the pool asks for.
    #[arg(long, value_name = "POINTS", value_parser = Score::from_points, default_value = "540")]
    threshold: Score,
    /// Number of segments that the model is cut into.
    #[arg(long, value_name = "N", default_value_t = 2)]
    segments: usize,
    #[command(flatten)]
    on_farm: OnFarm,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Outcome {
    let progress = args.setup.progress()?;
    let options = Options {
        store: args.setup.store()?,
        out: args.out,
        example: args.example,
        contracts: args.contracts,
        anvil: args.anvil,
        points: args.points,
        threshold: args.threshold,
        segments: args.segments,
        on_farm: args.on_farm,
    };
    if options.threshold.0 < 0 {
        return Err(Failure::input("a threshold below 0 cannot be proven"));
    }
    let start = Instant::now();
    let report = block_on(demo::run(&options, &progress))?;
    match args.json {
        true => json(&report),
        false => summary(&report),
    }
    let seconds = start.elapsed().as_secs_f64();
    talk(format_args!(
        "{seconds:.1} s in all; everything that was used is in {}",
        options.out.display()
    ));
    Ok(())
}

fn summary(report: &DemoReport) {
    talk("");
    timeline(&report.stages, TIMELINE).iter().for_each(talk);
    talk("");
    let megabytes = |bytes: Option<u64>| match bytes {
        Some(bytes) => format!("{} MB", bytes / 1_000_000),
        None => "unknown".into(),
    };
    data(format_args!(
        "features to proof     {:.2} s, {} at most",
        report.prove_seconds,
        megabytes(report.prove_peak_memory_bytes)
    ));
    data(format_args!("keys and SRS          {:.2} s", report.keys_seconds));
    data(format_args!(
        "proof                 {} bytes, {} of call data",
        report.proof_bytes, report.calldata_bytes
    ));
    data(format_args!(
        "verifier              {} bytes of code, {} gas a verification",
        report.verifier_code_bytes, report.verify_gas
    ));
    data(format_args!(
        "loan                  {} gas to borrow, {} to repay",
        report.borrow_gas, report.repay_gas
    ));
    data(match report.k.aggregation {
        Some(k) => format!(
            "segments              {}, 2^{} rows each, aggregated in 2^{k}",
            report.segments, report.k.segment
        ),
        None => format!("one circuit           2^{} rows, without aggregation", report.k.segment),
    });
    if let Some(direct) = &report.direct {
        data("the same loan against a direct proof:");
        data(format_args!(
            "  features to proof   {:.2} s, {} at most",
            direct.prove_seconds,
            megabytes(direct.prove_peak_memory_bytes)
        ));
        data(format_args!(
            "  proof               {} bytes, {} of call data",
            direct.proof_bytes, direct.calldata_bytes
        ));
        data(format_args!(
            "  gas                 {} a verification, {} to borrow",
            direct.verify_gas, direct.borrow_gas
        ));
    }
    data("refused:");
    let dim = style::DIM;
    for refused in &report.refused {
        data(format_args!(
            "  {}\n    {dim}{}: {}{dim:#}",
            refused.what, refused.error, refused.message
        ));
    }
}
