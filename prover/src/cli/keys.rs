//! `tessera keys`: proving and verifying keys of a model.

use super::{
    Failure, Outcome,
    args::{SetupWithSrs, Shape},
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::{path::PathBuf, sync::Arc, time::Instant};
use tessera::pipeline::Warm;
use tessera_core::ModelDigest;
use tessera_model::{Package, package::DIRECT};
use tessera_proving::{DirectProver, Prover};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make the keys of a model and print the model's digest.
    ///
    /// The digest is what a pool's policy names. It is hiding: it says nothing about the model.
    #[command(after_help = "Example:\n  tessera keys build --model package")]
    Build(Build),
    /// Make the keys anew and say whether a digest is that of the model.
    ///
    /// For an auditor who is shown the package: a digest on chain hides the model, so nothing but
    /// making it again from the package, with its salt, tells what it stands for. Exit code 1 if the
    /// digest is another model's.
    #[command(after_help = "Example:\n  tessera keys check --model package \\
    --digest 0x2fa5e1a4d1d3ca9d5d1d3b2fae2d8be3bd5fd9bd9c6c6d5c1c8e2b3cf1b9d0aa")]
    Check(Check),
}

#[derive(clap::Args)]
pub struct Build {
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    #[command(flatten)]
    shape: Shape,
    /// Where the verifier's specification goes, for `tessera verifier try` and `tessera verify`.
    #[arg(long, value_name = "FILE")]
    verifier: Option<PathBuf>,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Print digests and sizes as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Check {
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The digest to check, as a policy or a proof has it.
    #[arg(long, value_name = "DIGEST")]
    digest: ModelDigest,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    setup: SetupWithSrs,
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Build(args) => build(args),
        Command::Check(args) => check(args),
    }
}

fn check(args: Check) -> Outcome {
    let package = Package::load(&args.model)?;
    let segments = args.shape.of(&package)?;
    let progress = args.setup.progress()?;
    let store = Arc::new(args.setup.store()?);
    let found =
        Warm::new(package, segments, store, &|event| progress.event(event))?.model_digest()?;
    drop(progress);
    if found == args.digest {
        data("the digest is that of this model");
        return Ok(());
    }
    let form = match segments {
        DIRECT => "in one direct circuit".into(),
        n => format!("in {n} segments"),
    };
    Err(Failure::no(format!(
        "the digest is not that of {} {form}, which is {found}",
        args.model.display()
    ))
    .hint(
        "a digest also depends on the number of segments (--segments), on how proofs are made \
         (--profile) and on the reference string (--srs)",
    ))
}

fn build(args: Build) -> Outcome {
    let package = Package::load(&args.model)?;
    let segments = args.shape.of(&package)?;
    let progress = args.setup.progress()?;
    let start = Instant::now();
    let store = Arc::new(args.setup.store()?);
    let prover = Warm::new(package, segments, store, &|event| progress.event(event))?;
    let seconds = start.elapsed().as_secs_f64();
    match &prover {
        Warm::Aggregated(prover) => aggregated(&args, prover, seconds),
        Warm::Direct(prover) => direct(&args, prover, seconds),
    }
}

fn aggregated(args: &Build, prover: &Prover, seconds: f64) -> Outcome {
    let verifier = prover.verifier()?;
    if let Some(path) = &args.verifier {
        verifier.save(path)?;
    }
    let (segment_k, aggregation_k) = (prover.segment_k(), prover.aggregation_k()?);
    let (model, schema) = (prover.model_digest()?, prover.package().schema.digest());
    match args.json {
        true => json(&json!({
            "modelDigest": model, "schemaDigest": schema, "keyDigest": verifier.digest(),
            "segments": prover.segments(), "k": { "segment": segment_k, "aggregation": aggregation_k },
            "seconds": seconds,
        })),
        false => data(model),
    }
    talk(format_args!("schema digest   {schema}"));
    talk(format_args!("verifier key    {}", verifier.digest()));
    talk(format_args!(
        "{} segments of 2^{segment_k} rows, aggregation of 2^{aggregation_k} rows, {seconds:.1} s",
        prover.segments()
    ));
    Ok(())
}

fn direct(args: &Build, prover: &DirectProver, seconds: f64) -> Outcome {
    let spec = prover.verifier();
    if let Some(path) = &args.verifier {
        spec.save(path)?;
    }
    let plan = prover.plan();
    let (model, schema) = (prover.model_digest(), prover.package().schema.digest());
    match args.json {
        true => json(&json!({
            "modelDigest": model, "schemaDigest": schema, "keyDigest": spec.digest(),
            "segments": DIRECT, "k": plan.k, "proofs": plan.proofs, "seconds": seconds,
        })),
        false => data(model),
    }
    talk(format_args!("schema digest   {schema}"));
    talk(format_args!("verifier key    {}", spec.digest()));
    talk(format_args!("one circuit of 2^{} rows, {seconds:.1} s", plan.k));
    talk(format_args!(
        "good for {} proofs: after more, anybody who holds the whole model can confirm that it is this one",
        plan.proofs
    ));
    hint(
        "`tessera pool proofs` counts them; import the model again, with another salt, before that many",
    );
    Ok(())
}
