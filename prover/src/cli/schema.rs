//! `tessera schema`: what a lender asks about a borrower.

use super::{
    Outcome,
    args::Force,
    talk::{hint, json, talk},
};
use serde_json::json;
use std::path::PathBuf;
use tessera_import::{Decimals, InferOptions, Inferred, infer};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a schema from sample data: names, kinds, decimals, ranges, codes, missing values.
    ///
    /// Read it before you use it: a sample does not know the values that it happens to lack.
    #[command(after_help = "\
Example:
  tessera schema infer --csv golden.csv --skip bad --skip margin --out schema.json")]
    Infer(Infer),
}

#[derive(clap::Args)]
pub struct Infer {
    /// Sample data with a header line.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// Where the schema goes.
    #[arg(long, value_name = "FILE", default_value = "schema.json")]
    out: PathBuf,
    /// Name of the schema; the data file's name if it is not given.
    #[arg(long)]
    name: Option<String>,
    /// A column that is not a feature, such as the label; may be repeated.
    #[arg(long, value_name = "COLUMN")]
    skip: Vec<String>,
    /// Keep the sample's ranges as they are, without room for larger and smaller values.
    #[arg(long)]
    exact: bool,
    /// Decimals of numbers: at most this many, or auto, which keeps six digits of each column's largest
    /// number [default: as they are written].
    #[arg(long, value_name = "N|auto")]
    decimals: Option<Decimals>,
    #[command(flatten)]
    force: Force,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: Command) -> Outcome {
    let Command::Infer(args) = command;
    let Infer { name, skip, exact, .. } = args;
    let decimals = args.decimals.unwrap_or_default();
    let Inferred { schema, notes } =
        infer(&args.csv, &InferOptions { name, skip, exact, decimals })?;
    args.force.clear(&args.out, "a schema may have been edited by hand since it was made")?;
    schema.save(&args.out)?;

    let width = schema.features.iter().map(|f| f.name.chars().count()).max().unwrap_or(0).min(48);
    for feature in &schema.features {
        let bits = feature.bits();
        talk(format_args!("{:<width$}  {bits:>2} bits  {}", feature.name, feature.allowed()));
    }
    let (digest, elements) = (schema.digest(), schema.packing().len());
    let count = schema.features.len();
    let elements_text = match elements {
        1 => "1 field element".into(),
        _ => format!("{elements} field elements"),
    };
    talk(format_args!("{count} features, packed into {elements_text}, digest {digest}"));
    notes.iter().for_each(hint);
    talk(format_args!("wrote {}", args.out.display()));
    if args.json {
        json(&json!({
            "out": args.out, "name": schema.name, "digest": digest,
            "features": count, "fieldElements": elements,
        }));
    }
    Ok(())
}
