//! `tessera farm plan`: how many segments are best on a farm.

use super::{
    Failure, Outcome, block_on,
    farm::Entry,
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::path::PathBuf;
use tessera::pipeline::{FarmChoice, Goal, Machine, choose_for_farm};
use tessera_model::Package;

#[derive(clap::Args)]
#[command(after_help = "\
Example: for one borrower at a time
  tessera farm plan package --farm tls://broker.example:4222 --farm-identity farm/lender.nk

Example: for as many borrowers as possible
  tessera farm plan package --farm tls://broker.example:4222 --farm-identity farm/lender.nk --throughput")]
pub struct Args {
    /// Folder of the package.
    dir: PathBuf,
    /// Address of the farm's broker, nats:// or tls://.
    #[arg(long, value_name = "URL")]
    farm: String,
    #[command(flatten)]
    entry: Entry,
    /// As many proofs as possible, instead of one as soon as possible.
    #[arg(long)]
    throughput: bool,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Outcome {
    let package = Package::load(&args.dir)?;
    let status = block_on(async {
        let farm = args.entry.access(&args.farm)?.connect("tessera farm plan").await?;
        Ok(tessera_farm::status(&farm).await?)
    })?;
    let refused = |worker: &str| status.refused.iter().any(|refusal| &*refusal.worker == worker);
    let able = status
        .workers
        .iter()
        .filter(|worker| &*worker.version == tessera_farm::VERSION && !refused(&worker.worker));
    let seconds = |micros: u64| micros as f64 / 1e6;
    let workers: Vec<f64> = able.filter_map(|w| w.kernel_micros).map(seconds).collect();
    if workers.is_empty() {
        return Err(Failure::no("no worker of this version is on the farm to plan for")
            .hint("`tessera farm status` shows which workers answer"));
    }
    let goal = if args.throughput { Goal::Throughput } else { Goal::Latency };
    let here = Machine::measure();
    let FarmChoice { all, best, why } = choose_for_farm(&package, &here, &workers, goal)?;
    let chosen = all[best].segments;
    if args.json {
        json(&json!({
            "segments": package.segments, "best": chosen, "why": why, "goal": goal,
            "workers": workers, "machine": here, "expected": all,
        }));
        return Ok(());
    }
    data("segments   rows each   on the farm   aggregation   a minute         gas");
    for expected in &all {
        let mut notes = vec![];
        if expected.segments == chosen {
            notes.push("best here");
        }
        if expected.segments == package.segments {
            notes.push("the package's");
        }
        if !expected.fits {
            notes.push("more than half the free memory");
        }
        let line = format!(
            "{:>8}        2^{:<2}      {:>7.1} s     {:>7.1} s   {:>8.1}   {:>9}   {}",
            expected.segments,
            expected.segment_k,
            expected.farm_seconds,
            expected.aggregation_seconds,
            expected.per_minute,
            expected.gas,
            notes.join(", ")
        );
        data(line.trim_end());
    }
    talk(&why);
    if chosen != package.segments {
        hint(format_args!(
            "`tessera model import --segments {chosen}` makes the package so; pools know a model by its number of segments, too"
        ));
    }
    Ok(())
}
