//! `tessera srs`: where proofs get their structured reference string from.

use super::{
    Failure, Outcome,
    args::{Force, Setup, cache_folder},
    talk::{data, hint, json, talk},
};
use serde::Serialize;
use std::{path::PathBuf, time::Instant};
use tessera::rehearsal::{MAX_POWER, is_rehearsal, rehearse};
use tessera_artifact::{Secrecy, write};
use tessera_setup::{CheckReport, Provenance, Srs, SrsStore, check_file, import_ptau};

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
    /// Make a .ptau file alone, to rehearse a deployment: it convinces nobody else.
    ///
    /// The secret is drawn and wiped. Nobody can know that you did not keep it, so what is imported from the
    /// file counts as secure and says that it is a rehearsal.
    #[command(after_help = "\
Example: a rehearsal for models of up to 2^15 rows
  tessera srs rehearse --k 15 --out rehearsal.ptau
  tessera srs import rehearsal.ptau --k 15 --out rehearsal.srs")]
    Rehearse(Rehearse),
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
pub struct Rehearse {
    /// For circuits of up to 2^K rows.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_POWER)))]
    k: u32,
    /// Where it goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
}

#[derive(clap::Args)]
pub struct Check {
    /// The SRS file.
    file: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

const REHEARSAL: &str = "a rehearsal: whoever made it may know its secret, so nobody else has a reason to trust its proofs";

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    check: &'a CheckReport,
    /// Made by `tessera srs rehearse`.
    rehearsal: bool,
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Dev(args) => dev(args),
        Command::Import(args) => import(args),
        Command::Rehearse(args) => rehearsal(args),
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
    let rehearsal = is_rehearsal(&srs);
    match args.json {
        true => json(&Report { check: &report, rehearsal }),
        false => data(report.digest),
    }
    let published = match srs.provenance() {
        Provenance::Ceremony(file) => file.published(),
        Provenance::Development => None,
    };
    match (published, report.ceremony) {
        (Some(name), _) => talk(format_args!("this is the published file {name}")),
        (None, Some(ceremony)) => talk(format_args!("by its secret, this comes from {ceremony}")),
        (None, None) if rehearsal => hint(REHEARSAL),
        (None, None) => hint(
            "this is not one of the published files that we know: do you know where it is from?",
        ),
    }
    talk(format_args!("wrote {}", args.out.display()));
    Ok(())
}

fn rehearsal(args: Rehearse) -> Outcome {
    let start = Instant::now();
    // Its secret is gone, and so would be what was made with it.
    args.force
        .clear(&args.out, "no other file has its secret: what was made with it would be lost")?;
    let file = rehearse(args.k).map_err(Failure::fault)?;
    write(&args.out, &file, Secrecy::Public)?;
    data(args.out.display());
    talk(format_args!("k = {}, {:.1} s", args.k, start.elapsed().as_secs_f64()));
    hint(REHEARSAL);
    Ok(())
}

fn check(args: Check) -> Outcome {
    let report = check_file(&args.file)?;
    let rehearsal = is_rehearsal(&Srs::load(&args.file)?);
    if args.json {
        json(&Report { check: &report, rehearsal });
        return Ok(());
    }
    let origin = match report.ceremony {
        _ if report.insecure => "development: the secret is published, anybody can forge proofs",
        Some(ceremony) => ceremony,
        None if rehearsal => "a rehearsal: its maker may know the secret, and could forge proofs",
        None => "a ceremony that we do not know",
    };
    data(format_args!("digest  {}\nk       {}\norigin  {origin}", report.digest, report.k));
    Ok(())
}
