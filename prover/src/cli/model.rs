//! `tessera model`: a lender's model file to a quantised package, and what it says.

use super::{
    Failure, Outcome,
    args::{Force, ProfileArg, Shape},
    talk::{data, hint, json, talk},
};
use serde_json::json;
use std::path::{Path, PathBuf};
use tessera::pipeline::{Choice, Expectation, Machine, Profile, choose};
use tessera_artifact::sha256;
use tessera_import::{
    Assumption, ImportOptions, SOURCE_FILE, import as import_model, import_again, import_unsettled,
    read_source, save_source, score_csv,
};
use tessera_model::{
    Package, Scaling, Schema, Score,
    package::{DIRECT, FILE},
    schema::Rounding,
};
use tessera_report::{
    Between, Calibration, CalibrationError, Digests, Expected, Monotone, PAGE_FILE, Report, Sample,
    ScoreKind,
};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Turn a model file (XGBoost, LightGBM, CatBoost, ONNX, PMML or a scorecard, detected) into a model package.
    ///
    /// The package is secret: it holds the model and the salt that hides its digest.
    #[command(after_help = "\
Example:
  tessera model import model.json --schema schema.json --points \"600@50:1,pdo=20\" \\
      --sample golden.csv --expected margin --label bad --threshold 600 --out package")]
    Import(Import),
    /// Say what proofs of a package are expected to take on this machine, by number of segments.
    #[command(after_help = "Example:\n  tessera model plan package")]
    Plan(PlanArgs),
    /// Compare a package with the file it was imported from on other rows; write the report.
    ///
    /// The folder gets report.json, and report.html with plots: one page that needs nothing else.
    #[command(after_help = "\
Example:
  tessera model report package --data holdout.csv --label bad --threshold 600 \\
      --out holdout-report

Example: the bands of a policy with three tiers
  tessera model report package --data holdout.csv --label bad --threshold 560,600,640")]
    Report(ReportArgs),
    /// Print what a package holds, without its weights.
    #[command(after_help = "Example:\n  tessera model show package")]
    Show(Show),
    /// Say which threshold stands for a probability that a calibration makes of the score.
    ///
    /// A calibration that keeps the order of scores, such as an isotonic one, is no part of the model: a bound
    /// on the calibrated probability is a bound on the score, and that is what is proven.
    #[command(after_help = "\
Example: the scores of which the calibrated chance of being bad is at most 5 %
  tessera model threshold package --calibration isotonic.csv --at-most 0.05")]
    Threshold(Threshold),
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
    /// How odds become points: POINTS@GOOD:BAD,pdo=POINTS[,target=bad|good]; or, for a model that adds up
    /// probabilities, probability=POINTS: what a borrower has who is good for certain.
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
    /// The points at which the lender decides, or those of a policy's tiers, for the report.
    #[arg(long, value_name = "POINTS,…", requires = "sample", value_parser = Score::from_points, value_delimiter = ',')]
    threshold: Vec<Score>,
    /// Column of the sample with the scores that your own system gave: import compares them with the
    /// file's, and refuses if they differ by more than float noise.
    #[arg(long, value_name = "COLUMN", requires = "sample")]
    expected: Option<String>,
    /// What the expected scores are [default: what agrees best].
    #[arg(long, value_name = "KIND", requires = "expected")]
    expected_kind: Option<KindArg>,
    /// Largest difference from the expected scores that is accepted [default: float noise].
    #[arg(long, value_name = "POINTS", requires = "expected")]
    tolerance: Option<f64>,
    /// Round numbers of the sample to the schema's grids; decisions that this changes are counted.
    #[arg(long, requires = "sample")]
    round: bool,
    /// Take as settled what the file leaves open: categories-by-place, categories-by-number,
    /// edges-as-printed, no-special-values, one-tree-per-round, base-categories, no-intercept,
    /// coefficients-as-printed, output-is-log-odds, output-is-probability, doubled-log-odds.
    #[arg(long, value_name = "WHAT,…", value_delimiter = ',')]
    assume: Vec<Assumption>,
    /// Columns of the lists of categories in a LightGBM file, in the lists' order.
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',')]
    category_lists: Vec<String>,
    /// Match features by position instead of by name.
    #[arg(long)]
    by_position: bool,
    /// The number that stood for a missing value in training, besides NaN.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    missing: Option<f32>,
    /// Use all trees, also those after the best iteration of early stopping.
    #[arg(long)]
    all_trees: bool,
    /// Number of segments that the model is proven in, 1, 2, 4, 8 or 16 [default: the planner's choice, see
    /// `tessera model plan`].
    #[arg(long, value_name = "N")]
    segments: Option<usize>,
    /// How the model is proven [default: directly if one small circuit can hold it].
    #[arg(long, value_enum)]
    profile: Option<ProfileArg>,
    /// Folder of an earlier package whose salt to take, to make the very same one [default: a fresh salt,
    /// or that of the package in the folder if it was imported from the same file].
    #[arg(long, value_name = "DIR")]
    salt_of: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct PlanArgs {
    /// Folder of the package.
    dir: PathBuf,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct ReportArgs {
    /// Folder of the package.
    dir: PathBuf,
    /// Rows to compare on, with a header line.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Column of the data with the model's class, 0 or 1.
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// The points at which the lender decides, or those of a policy's tiers: the report counts the
    /// rows of every band between them.
    #[arg(long, value_name = "POINTS,…", value_parser = Score::from_points, value_delimiter = ',')]
    threshold: Vec<Score>,
    /// Column of the data with the scores that your own system gave.
    #[arg(long, value_name = "COLUMN")]
    expected: Option<String>,
    /// What the expected scores are [default: what agrees best].
    #[arg(long, value_name = "KIND", requires = "expected")]
    expected_kind: Option<KindArg>,
    /// Largest difference from the expected scores that is accepted [default: float noise].
    #[arg(long, value_name = "POINTS", requires = "expected")]
    tolerance: Option<f64>,
    /// Round numbers to the schema's grids; decisions that this changes are counted.
    #[arg(long)]
    round: bool,
    /// Other rows, such as those of training: how stable the spread of scores is (PSI).
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The file that was imported [default: the copy in the package's folder].
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// Folder of the report [default: the package's].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
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
pub struct Threshold {
    /// Folder of the package.
    dir: PathBuf,
    /// The calibration as a table, ascending: a column "margin" or "probability" with what the model says of
    /// class 1, and "calibrated" with the probability that is made of it.
    #[arg(long, value_name = "FILE")]
    calibration: PathBuf,
    /// Largest calibrated chance of being bad, from 0 to 1.
    #[arg(long, value_name = "CHANCE,…", value_delimiter = ',', required = true)]
    at_most: Vec<f64>,
    /// The calibrated probability is that of the row before, not on a straight line between two rows.
    #[arg(long)]
    steps: bool,
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
    /// Round numbers to the schema's grids.
    #[arg(long)]
    round: bool,
    /// Print scores in points and in units of 2^-32 points as JSON.
    #[arg(long)]
    json: bool,
}

/// What expected scores are counted in.
#[derive(Clone, Copy, clap::ValueEnum)]
enum KindArg {
    Probability,
    Margin,
    Points,
}

impl From<KindArg> for ScoreKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Probability => Self::Probability,
            KindArg::Margin => Self::Margin,
            KindArg::Points => Self::Points,
        }
    }
}

fn rounding(round: bool) -> Rounding {
    if round { Rounding::Nearest } else { Rounding::Refused }
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Import(args) => import(args),
        Command::Plan(args) => plan(args),
        Command::Report(args) => report(args),
        Command::Show(args) => show(args),
        Command::Threshold(args) => threshold(args),
        Command::Score(args) => score(args),
    }
}

fn import(args: Import) -> Outcome {
    let schema = Schema::load(&args.schema)?;
    let options = ImportOptions {
        by_position: args.by_position,
        missing: args.missing,
        all_trees: args.all_trees,
        category_lists: args.category_lists,
        assume: args.assume.into_iter().collect(),
    };
    let (kind, tolerance) = (args.expected_kind.map(ScoreKind::from), args.tolerance);
    let expected = args.expected.map(|column| Expected { column, kind, tolerance });
    let settles = expected.is_some();
    let sample = args.sample.map(|path| Sample {
        path,
        label: args.label,
        thresholds: args.threshold,
        expected,
        rounding: rounding(args.round),
        against: None,
    });
    let here = package_at(&args.out, args.force)?;
    let salt = match (args.salt_of, &here) {
        (Some(folder), _) => Some(Package::load(&folder)?.salt),
        // The same file again is the same model, as far as the salt decides.
        (None, Some(here)) if here.source.sha256 == sha256(&read_source(&args.file)?) => {
            Some(here.salt)
        }
        (None, _) => None,
    };
    // Expected scores settle what the file leaves open; without them it is refused.
    let read = if settles { import_unsettled } else { import_model };
    let mut imported = read(&args.file, &schema, &args.points, salt, &options)?;
    let calibration = sample.map(|sample| Calibration::measure(&imported, &sample)).transpose()?;
    imported.settle();
    let report = Report { calibration, ..Report::of(&imported)? };
    let package = &mut imported.package;
    // The same package stays in as many segments as it was, whatever this machine is like now.
    let same = |here: &&Package| Package { segments: 1, ..(*here).clone() } == *package;
    let segments = here.as_ref().filter(same).map(|here| here.segments);
    // What is the fastest does not depend on how fast the machine is.
    let machine = Machine::unmeasured();
    let shape = Shape { segments: args.segments, profile: args.profile };
    let kept = if args.profile.is_none() { segments } else { None };
    let (expected, why) = match shape.asked()?.or(kept) {
        Some(segments) => (Expectation::of_package(package, segments, &machine)?, None),
        None => {
            let choice = choose(package, args.profile.map(Profile::from), &machine)?;
            let why = choice.why.clone();
            (choice.best(), Some(why))
        }
    };
    package.segments = expected.segments;
    if args.out.join(FILE).exists() && here.as_ref() != Some(package) {
        let why = "a package can't be made again without its salt, and a pool that names its model \
            takes proofs of no other";
        args.force.clear(&args.out, why)?;
    }
    let digests = Digests { package: package.digest(), ..report.digests };
    let report = Report { digests, ..report };
    // The package comes last: a folder without it is not one, whatever else a full disk has left there.
    save_source(&args.out, &args.file)?;
    report.save(package, &args.out)?;
    package.save(&args.out)?;
    match args.json {
        true => json(&report),
        false => data(report.to_string().trim_end()),
    }
    talk(format_args!("proven {}", describe(&expected)));
    if let Some(why) = why {
        talk(format_args!("because {why}"));
    }
    hint(format_args!("`tessera model plan {}` says how long a proof takes", args.out.display()));
    talk(format_args!("wrote {}", args.out.display()));
    Ok(())
}

/// The package that is in `folder`, if one is. One that can't be read is an error, unless it will be moved
/// out of the way.
fn package_at(folder: &Path, Force { force }: Force) -> Result<Option<Package>, Failure> {
    match Package::load(folder) {
        Ok(package) => Ok(Some(package)),
        Err(_) if force || !folder.join(FILE).exists() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn describe(expected: &Expectation) -> String {
    let Expectation { segments, segment_k, memory, .. } = expected;
    let how = match *segments {
        DIRECT => "directly, in one circuit".into(),
        1 => "aggregated, in 1 segment".into(),
        n => format!("aggregated, in {n} segments"),
    };
    format!("{how} of 2^{segment_k} rows, in about {} MB", memory >> 20)
}

fn plan(args: PlanArgs) -> Outcome {
    let package = Package::load(&args.dir)?;
    let machine = Machine::measure();
    let Choice { all, best, why } = choose(&package, None, &machine)?;
    if args.json {
        json(&json!({
            "segments": package.segments, "best": all[best].segments, "why": why, "machine": machine,
            "expected": all,
        }));
        return Ok(());
    }
    data("segments   rows each   aggregation      keys     proof    memory         gas");
    for (index, expected) in all.iter().enumerate() {
        let mut notes = vec![];
        if index == best {
            notes.push("best here");
        }
        if expected.segments == package.segments {
            notes.push("the package's");
        }
        if !expected.fits(&machine) {
            notes.push("more than half the free memory");
        }
        let segments = match expected.segments {
            DIRECT => "direct".into(),
            n => n.to_string(),
        };
        let line = format!(
            "{segments:>8}        2^{:<2}          {:<4}  {:>6.1} s  {:>6.1} s  {:>5} MB   {:>9}   {}",
            expected.segment_k,
            expected.aggregation_k.map_or("–".into(), |k| format!("2^{k}")),
            expected.keys_seconds,
            expected.prove_seconds,
            expected.memory >> 20,
            expected.gas,
            notes.join(", ")
        );
        data(line.trim_end());
    }
    let profile = if all[best].segments == DIRECT { "direct" } else { "aggregated" };
    talk(format_args!("{profile}: {why}"));
    if let Some(proofs) = all.iter().find_map(|expected| expected.proofs) {
        talk(format_args!(
            "after more than {proofs} direct proofs, who holds the whole model can confirm that it is this one; \
             aggregated ones say nothing about it"
        ));
    }
    talk(format_args!("expected on {} cores, as fast as they are now", machine.cores));
    Ok(())
}

fn report(args: ReportArgs) -> Outcome {
    let package = Package::load(&args.dir)?;
    let source = args.source.unwrap_or_else(|| args.dir.join(SOURCE_FILE));
    let (kind, tolerance) = (args.expected_kind.map(ScoreKind::from), args.tolerance);
    let sample = Sample {
        path: args.data,
        label: args.label,
        thresholds: args.threshold,
        expected: args.expected.map(|column| Expected { column, kind, tolerance }),
        rounding: rounding(args.round),
        against: args.against,
    };
    let imported = import_again(&package, &source)?;
    let mut report = Report::of(&imported)?;
    report.calibration = Some(Calibration::measure(&imported, &sample)?);
    let folder = args.out.unwrap_or(args.dir);
    report.save(&package, &folder)?;
    match args.json {
        true => json(&report),
        false => data(report.to_string().trim_end()),
    }
    talk(format_args!("wrote {}", folder.join(PAGE_FILE).display()));
    Ok(())
}

fn show(args: Show) -> Outcome {
    let package = Package::load(&args.dir)?;
    let report = Report::load(&args.dir, &package)?;
    // Output is passed on: the plain digest of the source would let others try files.
    let mut source = serde_json::to_value(&package.source).expect("a source has a JSON form");
    if let Some(fields) = source.as_object_mut() {
        fields.remove("sha256");
        fields.insert("fingerprint".into(), json!(package.source_fingerprint()));
    }
    match args.json {
        true => json(&json!({
            "schema": package.schema.name, "scaling": package.scaling,
            "segments": package.segments, "source": source, "report": report,
        })),
        false => data(tessera_report::show(&package, &report).trim_end()),
    }
    Ok(())
}

fn threshold(args: Threshold) -> Outcome {
    let Package { scaling, .. } = Package::load(&args.dir)?;
    let between = if args.steps { Between::Step } else { Between::Line };
    let calibration = Monotone::load(&args.calibration, &scaling, between)?;
    let find = |bad: &f64| Ok((*bad, calibration.threshold(*bad, scaling.target)?));
    let found: Vec<(f64, String)> =
        args.at_most.iter().map(find).collect::<Result<_, CalibrationError>>()?;
    if args.json {
        let rows = found.iter().map(|(bad, points)| json!({ "at_most": bad, "points": points }));
        json(&rows.collect::<Vec<_>>());
        return Ok(());
    }
    found.iter().for_each(|(_, points)| data(points));
    talk("a proof of so many points is one of the calibrated probability, if the table is right");
    Ok(())
}

fn score(args: ScoreArgs) -> Outcome {
    let package = Package::load(&args.dir)?;
    let scores = score_csv(&package, &args.csv, rounding(args.round))?;
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
