//! `tessera prove`: a proof ready to send.

use super::{
    Failure, Outcome,
    args::{SetupWithSrs, Shape, context, now},
    batch::Batch,
    farm::{OnFarm, not_proven},
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::{fmt::Display, path::PathBuf, str::FromStr, sync::Arc};
use tessera::{
    chain::Request,
    pipeline::{Warm, local},
};
use tessera_core::{Context, FixedPoint};
use tessera_credential::{Opening, date};
use tessera_model::{Package, Score, package::DIRECT};
use tessera_proving::{ProofFile, Secrets, check_score};

#[derive(clap::Args)]
#[command(after_help = "\
Example: for a request to a pool
  tessera prove --model package --opening ada/opening.json --request request.json --out proof.json

Example: for the best of a pool's tiers that the score reaches. Whoever knows that it was made so also
learns that the next tier was not reached; `--tier N` says only that tier N is reached
  tessera pool request --deployment deployment.json --credential ada/credential.json \\
      --amount 1500 --tier all --out request.json
  tessera prove --model package --opening ada/opening.json --tier best \\
      --request request-0.json request-1.json --out proof.json

Example: for many borrowers, one folder each, with warm keys
  tessera prove --model package --requests borrowers

Example: with the segments proven by a farm's workers; for many borrowers with --requests
  tessera prove --model package --opening ada/opening.json --request request.json \\
      --farm tls://broker.example:4222 --farm-key farm/farm.pub --farm-identity farm/lender.nk \\
      --tenant lender --out proof.json

Example: for a use of your own
  tessera prove --model package --opening ada/opening.json --threshold 600 \\
      --context 0x01 --out proof.json")]
pub struct Args {
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Proves for many borrowers with keys that are made once: each folder in this one that has an
    /// opening.json and a request.json gets a proof.json, unless it has one.
    #[arg(long, value_name = "DIR",
        conflicts_with_all = ["opening", "request", "tier", "threshold", "context", "keep_segments", "out"])]
    requests: Option<PathBuf>,
    /// The borrower's secret half of the credential.
    #[arg(long, value_name = "FILE", required_unless_present = "requests")]
    opening: Option<PathBuf>,
    /// What is to be proven (see `tessera pool request`); several with `--tier`.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["threshold", "context"])]
    request: Vec<PathBuf>,
    /// Which of several requests: a tier's number, or `best` for the highest threshold that the score
    /// reaches, which tells whoever knows of it that the next tier was not reached.
    #[arg(long, value_name = "N|best", requires = "request")]
    tier: Option<Tier>,
    /// The points to reach, if there is no request.
    #[arg(long, value_name = "POINTS", value_parser = Score::from_points, requires = "context")]
    threshold: Option<Score>,
    /// What the proof may be used for, if there is no request.
    #[arg(long, value_name = "HEX", value_parser = context, requires = "threshold")]
    context: Option<Context>,
    #[command(flatten)]
    shape: Shape,
    /// Keep the proof of each segment in this folder; each can be verified alone, by those who may know
    /// the model.
    #[arg(long, value_name = "DIR")]
    keep_segments: Option<PathBuf>,
    #[command(flatten)]
    on_farm: OnFarm,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Where the proof goes.
    #[arg(long, value_name = "FILE", default_value = "proof.json")]
    out: PathBuf,
    /// Print a summary as JSON.
    #[arg(long)]
    json: bool,
}

/// Which of several requests is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    Best,
    Number(u32),
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self::Best),
            _ => text.parse().map(Self::Number).map_err(|_| "a tier's number, or `best`".into()),
        }
    }
}

pub fn run(args: Args) -> Outcome {
    let package = Package::load(&args.model)?;
    if let Some(folder) = &args.requests {
        let segments = args.shape.of(&package)?;
        let (setup, on_farm, json) = (&args.setup, &args.on_farm, args.json);
        let batch = Batch { folder, package, segments, setup, on_farm, json };
        return batch.run();
    }
    let Some(opening) = &args.opening else {
        return Err(Failure::input("whose features? --opening FILE says so"));
    };
    let opening = Opening::load(opening, &package.schema)?;
    let requests = args.request.iter().map(|path| Request::load(path));
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    let score = package.score(opening.features())?;
    let request = choose(requests, args.tier, score)?;
    let (threshold, context) = match (&request, args.threshold, args.context) {
        (Some(Request { statement, .. }), ..) => {
            check("commitment", statement.commitment, opening.commitment())?;
            check("schema", statement.schema, opening.schema())?;
            (statement.threshold, statement.context)
        }
        (None, Some(threshold), Some(context)) => {
            if threshold < FixedPoint::ZERO {
                return Err(Failure::input("a threshold below 0 cannot be proven"));
            }
            (threshold, context)
        }
        _ => return Err(Failure::input("either --request, or --threshold and --context")),
    };
    let secrets =
        Secrets { features: opening.features().clone(), blinding: opening.blinding().clone() };
    check_score(&package, &secrets, threshold)?;
    if let Some(Request { terms, .. }) = &request
        && terms.deadline <= now()?
    {
        hint(format_args!(
            "the request was good until {}: the pool will refuse it, whatever is proven",
            date(terms.deadline)
        ));
    }

    let progress = args.setup.progress()?;
    let report = |event| progress.event(event);
    let segments = args.shape.of(&package)?;
    if segments == DIRECT && args.keep_segments.is_some() {
        return Err(Failure::input("a direct proof has no segments to keep")
            .hint("leave out --keep-segments, or choose --profile aggregated"));
    }
    if segments == DIRECT {
        args.on_farm.none_for_direct()?;
    }
    let prover = Warm::new(package, segments, Arc::new(args.setup.store()?), &report)?;
    if let Some(request) = &request {
        check("model", request.statement.model_digest, prover.model_digest()?)?;
    }
    let proof = match &prover {
        Warm::Aggregated(prover) => {
            let segments = match args.on_farm.prover(prover)? {
                Some(farm) => {
                    prover.prove_segments(&secrets, &farm, &report).map_err(not_proven)?
                }
                None => prover.prove_segments(&secrets, &local(prover), &report)?,
            };
            if let Some(folder) = &args.keep_segments {
                let srs = prover.verifier()?.srs;
                for (index, (proof, _)) in segments.iter().enumerate() {
                    proof.write(&folder.join(format!("segment-{index}.json")), srs)?;
                }
            }
            prover.aggregate(segments, threshold, context, &report)?
        }
        Warm::Direct(prover) => prover.prove(&secrets, threshold, context, &report)?,
    };
    proof.save(&args.out)?;
    summary(&args, &proof, request.as_ref());
    Ok(())
}

/// The request of `tier`.
fn choose(
    mut requests: Vec<Request>,
    tier: Option<Tier>,
    score: Score,
) -> Result<Option<Request>, Failure> {
    let index = match tier {
        None if requests.len() > 1 => {
            return Err(Failure::input("several requests, and a proof is for one of them").hint(
                "--tier best proves the best one that the score reaches, --tier N that of tier N",
            ));
        }
        None => 0,
        Some(Tier::Number(tier)) => requests
            .iter()
            .position(|request| request.terms.tier == tier)
            .ok_or_else(|| Failure::input(format!("none of the requests is for tier {tier}")))?,
        Some(Tier::Best) => {
            let thresholds: Vec<_> =
                requests.iter().map(|request| request.statement.threshold).collect();
            best(&thresholds, score)
        }
    };
    Ok((index < requests.len()).then(|| requests.swap_remove(index)))
}

/// The highest of `thresholds` that `score` reaches; if there is none, the lowest, which will be
/// refused in the words of any low score.
fn best(thresholds: &[FixedPoint], score: FixedPoint) -> usize {
    let indices = || 0..thresholds.len();
    let reached = indices().filter(|i| thresholds[*i] <= score).max_by_key(|i| thresholds[*i]);
    reached.or_else(|| indices().min_by_key(|i| thresholds[*i])).unwrap_or(0)
}

/// What the request asks for has to be what these files can prove.
pub(super) fn check<T: PartialEq + Display>(what: &str, wanted: T, given: T) -> Outcome {
    if wanted == given {
        return Ok(());
    }
    let failure =
        Failure::input(format!("the request asks for the {what} {wanted}, this is {given}"));
    Err(failure.hint(match what {
        "commitment" => "the opening is of another credential than the request",
        "schema" => "the pool's model reads other features than the credential has",
        _ => {
            "the pool decides by another version of the model, by another profile (--profile) or number of \
             segments (--segments), or with another reference string (--srs)"
        }
    }))
}

fn summary(args: &Args, proof: &ProofFile, request: Option<&Request>) {
    match args.json {
        true => json(&json!({
            "proof": args.out, "tier": request.map(|request| request.terms.tier), "bytes": proof.proof.len(), "segments": proof.segments,
            "statement": proof.statement, "insecureSrs": proof.insecure_srs,
        })),
        false => data(args.out.display()),
    }
    if let (Some(request), Some(Tier::Best)) = (request, args.tier) {
        talk(format_args!("for tier {}", request.terms.tier));
        hint(
            "a best tier also says that the next one was not reached; --tier N says no more than \"at least\"",
        );
    }
    match proof.segments {
        DIRECT => talk(format_args!("{} bytes of direct proof", proof.proof.len())),
        n => talk(format_args!("{} bytes of proof for {n} segments", proof.proof.len())),
    }
    if proof.insecure_srs {
        hint("made with the development SRS: good for a local chain only");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tier_is_the_highest_that_is_reached() {
        let thresholds = [620, 580, 660].map(FixedPoint);
        for (score, index) in [(700, 2), (660, 2), (659, 0), (620, 0), (619, 1), (580, 1)] {
            assert_eq!(best(&thresholds, Score(score)), index, "{score}");
        }
        // None is reached: the nearest one is refused.
        for score in [579, 0, -1] {
            assert_eq!(best(&thresholds, Score(score)), 1);
        }
        assert_eq!("best".parse(), Ok(Tier::Best));
        assert_eq!("2".parse(), Ok(Tier::Number(2)));
        assert!("any".parse::<Tier>().is_err());
    }
}
