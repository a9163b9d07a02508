//! `tessera srs`: where proofs get their structured reference string from.

use super::{
    Outcome,
    args::{Setup, cache_folder},
    talk::{data, hint, json, talk},
};
use std::{path::PathBuf, time::Instant};
use tessera_setup::{Provenance, SrsStore, check_file, import_ptau};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make the development SRS, whose secret is published: for local chains only.
    #[command(after_help = "Example:\n  tessera srs dev --k 17 --out dev17.srs")]
    Dev(Dev),
    /// Import the file of a public ceremony (.ptau) and verify it.
    #[command(after_help = "\
Example:
  tessera srs import powersOfTau28_hez_final_17.ptau --k 17 --out hermez17.srs")]
    Import(Import),
    /// Check that an SRS file holds the powers of one secret, and say whose.
    #[command(after_help = "Example:\n  tessera srs check hermez17.srs")]
    Check(Check),
}

#[derive(clap::Args)]
pub struct Dev {
    /// For circuits of up to 2^K rows.
    #[arg(long)]
    k: u32,
    /// Where it goes; the cache if it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    setup: Setup,
}

#[derive(clap::Args)]
pub struct Import {
    /// The ceremony's file.
    file: PathBuf,
    /// For circuits of up to 2^K rows.
    #[arg(long)]
    k: u32,
    /// Where it goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Check {
    /// The SRS file.
    file: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Dev(args) => dev(args),
        Command::Import(args) => import(args),
        Command::Check(args) => check(args),
    }
}

fn dev(args: Dev) -> Outcome {
    let start = Instant::now();
    let srs = SrsStore::new(cache_folder(&args.setup.cache)?).development(args.k)?;
    if let Some(out) = &args.out {
        srs.save(out)?;
        talk(format_args!("wrote {}", out.display()));
    }
    data(srs.digest());
    talk(format_args!("k = {}, {:.1} s", srs.k(), start.elapsed().as_secs_f64()));
    hint("anybody can forge proofs for this SRS: it is refused on every chain but a local one");
    Ok(())
}

fn import(args: Import) -> Outcome {
    let srs = import_ptau(&args.file, args.k)?;
    let report = srs.check()?;
    srs.save(&args.out)?;
    match args.json {
        true => json(&report),
        false => data(report.digest),
    }
    let published = match srs.provenance() {
        Provenance::Ceremony(file) => file.published(),
        Provenance::Development => None,
    };
    match (published, report.ceremony) {
        (Some(name), _) => talk(format_args!("this is the published file {name}")),
        (None, Some(ceremony)) => talk(format_args!("by its secret this is of {ceremony}")),
        (None, None) => {
            hint("this is none of the published files that we know: do you know where it is from?")
        }
    }
    talk(format_args!("wrote {}", args.out.display()));
    Ok(())
}

fn check(args: Check) -> Outcome {
    let report = check_file(&args.file)?;
    if args.json {
        json(&report);
        return Ok(());
    }
    let origin = match report.ceremony {
        _ if report.insecure => "development: the secret is published, anybody can forge proofs",
        Some(ceremony) => ceremony,
        None => "a ceremony that we do not know",
    };
    data(format_args!("digest  {}\nk       {}\norigin  {origin}", report.digest, report.k));
    Ok(())
}
