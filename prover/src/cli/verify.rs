//! `tessera verify`: a proof, checked without a chain.

use super::{
    Failure, Outcome,
    args::SetupWithSrs,
    talk::{data, json},
};
use serde_json::json;
use std::path::{Path, PathBuf};
use tessera::chain::Request;
use tessera_aggregate::VerifierSpec;
use tessera_artifact::ArtifactError;
use tessera_core::{ModelDigest, to_hex};
use tessera_direct::DirectSpec;
use tessera_model::package::DIRECT;
use tessera_proving::{ProofFile, verify, verify_direct};
use tessera_segment::Proof;

/// The smallest SRS there is room for on a screen: a segment's proof needs its last point alone.
const SMALL: u32 = 4;

#[derive(clap::Args)]
#[command(after_help = "\
Example: does this proof hold, and is it for this request?
  tessera verify proof.json --verifier contracts/generated/TesseraVerifier2.json --request request.json

Example: a segment's proof alone
  tessera verify segment-0.json")]
pub struct Args {
    /// The proof, or the proof of one segment.
    proof: PathBuf,
    /// The verifier's specification (see `tessera verifier generate`); for a whole proof.
    #[arg(long, value_name = "FILE")]
    verifier: Option<PathBuf>,
    /// The request that it has to be for.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The model that it has to be of.
    #[arg(long, value_name = "HEX")]
    model_digest: Option<ModelDigest>,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Print what was proven as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Outcome {
    match ProofFile::load(&args.proof) {
        Ok(proof) => whole(&args, &proof),
        // Perhaps a segment's; a file of neither kind is called by what was asked for first.
        Err(error @ ArtifactError::Kind { .. }) => match Proof::read(&args.proof) {
            Ok((proof, srs)) => segment(&args, proof, srs),
            Err(tessera_segment::ProofError::Artifact(ArtifactError::Kind { .. })) => {
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

fn whole(args: &Args, proof: &ProofFile) -> Outcome {
    let Some(path) = &args.verifier else {
        return Err(Failure::input("which verifier is it for? --verifier FILE says so")
            .hint("`tessera verifier generate` writes the file beside the contract"));
    };
    let insecure_srs = match proof.segments {
        DIRECT => {
            let spec = DirectSpec::load(path)?;
            verify_direct(proof, &spec)?;
            spec.insecure_srs
        }
        _ => {
            let spec = VerifierSpec::load(path)?;
            verify(proof, &spec)?;
            spec.insecure_srs
        }
    };
    let statement = &proof.statement;
    if let Some(path) = &args.request {
        let request = Request::load(path)?;
        if request.statement != *statement {
            let path = path.display();
            return Err(Failure::no(format!("the proof holds, and is not for {path}")));
        }
    }
    if let Some(model) = &args.model_digest {
        check_model(statement.model_digest, *model)?;
    }
    if args.json {
        json(&json!({
            "valid": true, "statement": statement, "segments": proof.segments,
            "insecureSrs": insecure_srs,
        }));
        return Ok(());
    }
    data("valid");
    for (name, word) in [
        ("commitment", statement.commitment.to_string()),
        ("schema", statement.schema.to_string()),
        ("model", statement.model_digest.to_string()),
        ("context", statement.context.to_string()),
    ] {
        data(format_args!("{name:<11} {word}"));
    }
    data(format_args!("threshold   {} points", statement.threshold));
    if insecure_srs {
        data("srs         development: anybody could have forged it");
    }
    Ok(())
}

fn check_model(found: ModelDigest, wanted: ModelDigest) -> Outcome {
    match found == wanted {
        true => Ok(()),
        false => {
            Err(Failure::no(format!("the proof holds, for the model {found}, not for {wanted}")))
        }
    }
}

fn segment(
    args: &Args,
    proof: Proof<tessera_segment::Unverified>,
    made_with: tessera_artifact::Sha256Digest,
) -> Outcome {
    let given: [(&str, Option<&Path>); 2] =
        [("--verifier", args.verifier.as_deref()), ("--request", args.request.as_deref())];
    if let Some((flag, _)) = given.iter().find(|(_, path)| path.is_some()) {
        return Err(Failure::input(format!("{flag} is for whole proofs, this is a segment's")));
    }
    let srs = args.setup.store()?.get(SMALL)?;
    if srs.digest() != made_with {
        let found = srs.digest();
        return Err(Failure::input(format!(
            "{}: made with the SRS {made_with}, checked with {found}",
            args.proof.display()
        ))
        .hint("--srs FILE names the SRS"));
    }
    let proof = proof.verify(srs.params())?;
    let instances = proof.instances().to_array().map(|word| to_hex(&word));
    match args.json {
        true => json(&json!({ "valid": true, "instances": instances })),
        false => {
            data("valid");
            for (name, word) in ["features", "link in", "link out", "partial"].iter().zip(instances)
            {
                data(format_args!("{name:<11} {word}"));
            }
        }
    }
    Ok(())
}
