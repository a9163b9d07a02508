//! `tessera model`: a lender's model file to a quantised package, and what it says.

use super::{
    Failure, Outcome,
    args::salt,
    talk::{data, json, talk},
};
use serde_json::json;
use std::path::PathBuf;
use tessera_model::{ImportOptions, Package, Sample, Scaling, Schema, Score, import::import_with};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Turn a model file (XGBoost JSON or LightGBM text, detected) into a model package.
    ///
    /// The package is secret: it holds the model and the salt that hides its digest.
    #[command(after_help = "\
Example:
  tessera model import model.json --schema schema.json --points \"600@50:1,pdo=20\" \\
      --sample golden.csv --label bad --threshold 600 --out package")]
    Import(Import),
    /// Print what a package holds, without its weights.
    #[command(after_help = "Example:\n  tessera model show package")]
    Show(Show),
    /// Score rows with the integer evaluator, one score a line.
    #[command(after_help = "Example:\n  tessera model score package --csv golden.csv")]
    Score(ScoreArgs),
}

#[derive(clap::Args)]
pub struct Import {
    /// The model, as the library saved it.
    file: PathBuf,
    /// The schema of its features.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// How odds become points: POINTS@GOOD:BAD,pdo=POINTS[,target=bad|good].
    #[arg(long, value_name = "SCALING")]
    points: Scaling,
    /// Folder of the package.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Rows to compare the package with the library's model on.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Column of the sample with the model's class, 0 or 1.
    #[arg(long, value_name = "COLUMN", requires = "sample")]
    label: Option<String>,
    /// The points at which the lender decides, for the report.
    #[arg(long, value_name = "POINTS", requires = "sample", value_parser = Score::from_points)]
    threshold: Option<Score>,
    /// Match features by position instead of by name.
    #[arg(long)]
    by_position: bool,
    /// The number that stood for a missing value in training, besides NaN.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    missing: Option<f32>,
    /// Use all trees, also those after the best iteration of early stopping.
    #[arg(long)]
    all_trees: bool,
    /// The salt of an earlier package, to make the very same one; a fresh one if it is not given.
    #[arg(long, value_name = "HEX", value_parser = salt)]
    salt: Option<[u8; 32]>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Show {
    /// Folder of the package.
    dir: PathBuf,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct ScoreArgs {
    /// Folder of the package.
    dir: PathBuf,
    /// Rows to score, with a header line.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// Print scores in points and in units of 2^-32 points as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Import(args) => import(args),
        Command::Show(args) => show(args),
        Command::Score(args) => score(args),
    }
}

fn import(args: Import) -> Outcome {
    let schema = Schema::load(&args.schema)?;
    let options = ImportOptions {
        by_position: args.by_position,
        missing: args.missing,
        all_trees: args.all_trees,
    };
    let (label, threshold) = (args.label, args.threshold);
    let sample = args.sample.map(|path| Sample { path, label, threshold });
    let package =
        import_with(&args.file, &schema, &args.points, args.salt, &options, sample.as_ref())?;
    package.save(&args.out)?;
    match args.json {
        true => json(&package.report),
        false => data(package.report.to_string().trim_end()),
    }
    talk(format_args!("wrote {}", args.out.display()));
    Ok(())
}

fn show(args: Show) -> Outcome {
    let package = Package::load(&args.dir)?;
    match args.json {
        true => json(&json!({
            "schema": package.schema.name, "scaling": package.scaling,
            "source": package.source, "report": package.report,
        })),
        false => data(package.show().trim_end()),
    }
    Ok(())
}

fn score(args: ScoreArgs) -> Outcome {
    let package = Package::load(&args.dir)?;
    let scores = package.score_csv(&args.csv)?;
    if args.json {
        let rows = scores.iter().enumerate().map(|(i, score)| match score {
            Ok(score) => json!({
                "row": i + 1, "points": score.points(), "units": score.0.to_string(),
            }),
            Err(error) => json!({ "row": i + 1, "error": error.to_string() }),
        });
        json(&rows.collect::<Vec<_>>());
    } else {
        for score in &scores {
            data(score.as_ref().map_or_else(|_| "refused".into(), Score::to_string));
        }
    }
    let refused: Vec<_> = scores.iter().filter_map(|score| score.as_ref().err()).collect();
    match refused.first() {
        None => Ok(()),
        Some(first) => Err(Failure::input(format!(
            "{}: {} of {} rows do not fit the schema; {first}",
            args.csv.display(),
            refused.len(),
            scores.len()
        ))),
    }
}
