//! `tessera explain`: reason codes, for the borrower alone.

use super::{
    Outcome,
    talk::{data, hint, json},
};
use serde_json::json;
use std::path::PathBuf;
use tessera_credential::Opening;
use tessera_model::{Explanation, Method, Package, Reason, Score};

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tessera explain --model package --opening ada/opening.json --threshold 600")]
pub struct Args {
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The borrower's secret half of the credential.
    #[arg(long, value_name = "FILE")]
    opening: PathBuf,
    /// The points to reach, to say how far the score is from them.
    #[arg(long, value_name = "POINTS", value_parser = Score::from_points)]
    threshold: Option<Score>,
    /// How many features to list.
    #[arg(long, value_name = "N", default_value_t = 4)]
    top: usize,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Outcome {
    let package = Package::load(&args.model)?;
    let opening = Opening::load(&args.opening, &package.schema)?;
    let score = package.score(opening.features())?;
    let explanation = package.explain(opening.features())?;
    match args.json {
        true => json(&json!({
            "points": score.points(), "threshold": args.threshold.map(Score::points),
            "method": explanation.method, "reasons": explanation.reasons,
        })),
        false => data(describe(&args, score, &explanation).trim_end()),
    }
    hint("this is for you alone: no proof, file or log of tessera has any of it");
    Ok(())
}

fn describe(args: &Args, score: Score, explanation: &Explanation) -> String {
    let mut text = format!("score   {score} points\n");
    if let Some(threshold) = args.threshold {
        let distance = Score((score.0 - threshold.0).abs());
        let side = if score >= threshold { "above" } else { "below" };
        text += &format!("        {distance} {side} {threshold}\n");
    }
    text += &format!("method  {}\n\n  points  feature\n", explanation.method);
    // What would be shown as 0.0 is not listed.
    let costly = |reason: &&Reason| reason.cost >= 0.05;
    let listed: Vec<&Reason> = explanation.reasons.iter().filter(costly).take(args.top).collect();
    for Reason { feature, answer, description, cost } in &listed {
        // A cost is shown as what it took away.
        text += &format!("{:>8.1}  {feature}: {answer}\n", -cost);
        if let Some(description) = description {
            text += &format!("          {description}\n");
        }
    }
    if listed.is_empty() {
        text += "          nothing took points away\n";
    }
    if explanation.method == Method::Exact {
        let all: f64 = explanation.reasons.iter().map(|reason| reason.cost).sum();
        text += &format!("\nall answers together: {all:.1} points below the best possible score\n");
    }
    text
}
