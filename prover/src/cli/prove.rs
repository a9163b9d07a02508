//! `tessera prove`: a proof ready to send.

use super::{
    Failure, Outcome,
    args::{SetupWithSrs, element},
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::path::PathBuf;
use tessera::{
    chain::Request,
    pipeline::{Keys, ProofFile, Secrets, aggregate_segments, check_score, prove_segments},
};
use tessera_credential::Opening;
use tessera_field::{Fr, to_hex};
use tessera_model::{Package, Score};

#[derive(clap::Args)]
#[command(after_help = "\
Example: for a request to a pool
  tessera prove --model package --opening ada/opening.json --request request.json --out proof.json

Example: for a use of your own
  tessera prove --model package --opening ada/opening.json --threshold 600 \\
      --context 0x0000000000000000000000000000000000000000000000000000000000000001 --out proof.json")]
pub struct Args {
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The borrower's secret half of the credential.
    #[arg(long, value_name = "FILE")]
    opening: PathBuf,
    /// What is to be proven (see `tessera pool request`).
    #[arg(long, value_name = "FILE", required_unless_present_all = ["threshold", "context"], conflicts_with_all = ["threshold", "context"])]
    request: Option<PathBuf>,
    /// The points to reach, if there is no request.
    #[arg(long, value_name = "POINTS", value_parser = Score::from_points, requires = "context")]
    threshold: Option<Score>,
    /// What the proof may be used for, if there is no request.
    #[arg(long, value_name = "HEX", value_parser = element, requires = "threshold")]
    context: Option<Fr>,
    /// Number of segments that the model is cut into.
    #[arg(long, value_name = "N", default_value_t = 2)]
    segments: usize,
    /// Keep the proof of each segment in this folder; each can be verified alone.
    #[arg(long, value_name = "DIR")]
    keep_segments: Option<PathBuf>,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Where the proof goes.
    #[arg(long, value_name = "FILE", default_value = "proof.json")]
    out: PathBuf,
    /// Print a summary as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Outcome {
    let package = Package::load(&args.model)?;
    let opening = Opening::load(&args.opening, &package.schema)?;
    let request = args.request.as_deref().map(Request::load).transpose()?;
    let (threshold, context) = match (&request, args.threshold, args.context) {
        (Some(Request { statement, .. }), ..) => {
            check("commitment", &statement.commitment, &opening.commitment())?;
            check("schema", &statement.schema, &opening.schema())?;
            (statement.threshold, statement.context)
        }
        (None, Some(threshold), Some(context)) => {
            let units = u64::try_from(threshold.0)
                .map_err(|_| Failure::input("a threshold below 0 cannot be proven"))?;
            (units, context)
        }
        _ => return Err(Failure::input("either --request, or --threshold and --context")),
    };
    let secrets =
        Secrets { features: opening.features().clone(), blinding: opening.blinding().clone() };
    check_score(&package, &secrets, threshold)?;

    let progress = args.setup.progress()?;
    let report = |event| progress.event(event);
    let keys = Keys::build(&package, args.segments, &args.setup.store()?, &report)?;
    if let Some(request) = &request {
        check("model", &request.statement.model_digest, &keys.model_digest())?;
    }
    let segments = prove_segments(&keys, &package, &secrets, &report)?;
    if let Some(folder) = &args.keep_segments {
        for (index, (proof, _)) in segments.iter().enumerate() {
            proof.write(&folder.join(format!("segment-{index}.json")), keys.verifier().srs)?;
        }
    }
    let proof =
        aggregate_segments(&keys, &package, &secrets, segments, threshold, context, &report)?;
    proof.save(&args.out)?;
    summary(&args, &proof);
    Ok(())
}

/// What the request asks for has to be what these files can prove.
fn check(what: &str, wanted: &Fr, given: &Fr) -> Outcome {
    if wanted == given {
        return Ok(());
    }
    let (wanted, given) = (to_hex(wanted), to_hex(given));
    let failure =
        Failure::input(format!("the request asks for the {what} {wanted}, this is {given}"));
    Err(failure.hint(match what {
        "commitment" => "the opening is of another credential than the request",
        "schema" => "the pool's model reads other features than the credential has",
        _ => "the pool decides by another version of the model, or in another number of segments",
    }))
}

fn summary(args: &Args, proof: &ProofFile) {
    match args.json {
        true => json(&json!({
            "proof": args.out, "bytes": proof.proof.len(), "segments": proof.segments,
            "statement": proof.statement, "insecureSrs": proof.insecure_srs,
        })),
        false => data(args.out.display()),
    }
    talk(format_args!("{} bytes of proof for {} segments", proof.proof.len(), proof.segments));
    if proof.insecure_srs {
        hint("made with the development SRS: good for a local chain only");
    }
}
