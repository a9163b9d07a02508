//! `tessera keys`: proving and verifying keys of a model.

use super::{
    Outcome,
    args::SetupWithSrs,
    talk::{data, json, talk},
};
use serde_json::json;
use std::{path::PathBuf, time::Instant};
use tessera::pipeline::Keys;
use tessera_field::to_hex;
use tessera_model::Package;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make the keys of a model and print the model's digest.
    ///
    /// The digest is what a pool's policy names. It is hiding: it says nothing about the model.
    #[command(after_help = "Example:\n  tessera keys build --model package")]
    Build(Build),
}

#[derive(clap::Args)]
pub struct Build {
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Number of segments that the model is cut into: 1, 2, 4, 8 or 16 [default: the package's].
    #[arg(long, value_name = "N")]
    segments: Option<usize>,
    /// Where the verifier's specification goes, for `verifier-gen` and `tessera verify`.
    #[arg(long, value_name = "FILE")]
    verifier: Option<PathBuf>,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Print digests and sizes as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: Command) -> Outcome {
    let Command::Build(args) = command;
    let package = Package::load(&args.model)?;
    let segments = args.segments.unwrap_or(package.segments);
    let progress = args.setup.progress()?;
    let start = Instant::now();
    let store = args.setup.store()?;
    let keys = Keys::build(&package, segments, &store, &|e| progress.event(e))?;
    if let Some(path) = &args.verifier {
        keys.verifier().save(path)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let (segment_k, aggregation_k) = keys.k();
    let model = to_hex(&keys.model_digest());
    let schema = to_hex(&package.schema.digest());
    match args.json {
        true => json(&json!({
            "modelDigest": model, "schemaDigest": schema, "keyDigest": keys.key_digest(),
            "segments": keys.segments(), "k": { "segment": segment_k, "aggregation": aggregation_k },
            "seconds": seconds,
        })),
        false => data(&model),
    }
    talk(format_args!("schema digest   {schema}"));
    talk(format_args!("verifier key    {}", keys.key_digest()));
    talk(format_args!(
        "{} segments of 2^{segment_k} rows, aggregation of 2^{aggregation_k} rows, {seconds:.1} s",
        keys.segments()
    ));
    Ok(())
}
