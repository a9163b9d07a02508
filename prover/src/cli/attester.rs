//! `tessera attester`: keys, issuing and checking credentials.

use super::{
    Failure, Outcome,
    args::{Force, RpcArgs, address, duration, now, time, word},
    block_on,
    pool::units,
    talk::{data, hint, json, talk},
};
use alloy::primitives::{Address, B256};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tessera::chain::abi::ICredentialRegistry;
use tessera_credential::{
    AccountKey, Exposure, Grant, Home, Opening, SignedCredential, date, issue,
};
use tessera_import::Table;
use tessera_model::{
    Features, Schema,
    schema::{CellFault, Rounding},
};

/// Names of the two halves of a credential in their folder.
pub const CREDENTIAL: &str = "credential.json";
pub const OPENING: &str = "opening.json";

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a key: an attester's, or any account's that sends transactions.
    #[command(after_help = "Example:\n  tessera attester new --out attester.key")]
    New(New),
    /// Commit to a borrower's features and sign the commitment.
    ///
    /// Writes credential.json, which is public, and opening.json, which is the borrower's secret.
    #[command(after_help = "\
Example: a credential for row 7 of a table, good for 90 days
  tessera attester issue --key attester.key --schema schema.json --csv borrowers.csv --row 7 \\
      --chain-id 31337 --registry 0x5FbDB2315678afecb367f032d93F642f64180aa3 \\
      --subject 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --person \"ID 4711\" \\
      --asset 0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0 --max-exposure 5000 --out ada")]
    Issue(Box<Issue>),
    /// Check a credential: form, signature, dates; with the opening, that it fits.
    #[command(after_help = "\
Example:
  tessera attester check ada/credential.json --opening ada/opening.json --schema schema.json")]
    Check(Check),
}

#[derive(clap::Args)]
pub struct New {
    /// The key file; an existing one is never overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Print the address as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Issue {
    /// The attester's key file.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The schema of the features.
    #[arg(long, value_name = "FILE")]
    schema: PathBuf,
    /// A table with the borrower's features.
    #[arg(long, value_name = "FILE")]
    csv: PathBuf,
    /// The borrower's row, counted from 1 without the header.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    row: u64,
    /// Round numbers to the schema's grids, and say which were rounded.
    #[arg(long)]
    round: bool,
    /// Chain on which the credential is valid.
    #[arg(long)]
    chain_id: u64,
    /// Registry at which it is valid.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    registry: Address,
    /// The borrower's address.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    subject: Address,
    #[command(flatten)]
    holder: Holder,
    /// How long it is valid.
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = duration)]
    valid: Duration,
    /// From when it is valid [default: a minute ago].
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<u64>,
    /// The token that may be lent against it; a pool takes no credential without it.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    asset: Option<Address>,
    /// Decimals of that token.
    #[arg(long, value_name = "N", default_value_t = 6)]
    decimals: u8,
    /// The most that one loan may pay out, in tokens.
    #[arg(long, value_name = "AMOUNT")]
    max_exposure: String,
    /// Folder for both files.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    force: Force,
    /// Print the credential's uid and files as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[group(id = "who", required = true, multiple = true, args = ["holder", "person"])]
pub struct Holder {
    /// The issuer's pseudonym for the person behind the address, made elsewhere.
    #[arg(long, value_name = "HEX", value_parser = word, conflicts_with_all = ["person", "pseudonym_key"])]
    holder: Option<B256>,
    /// Who the person is to you; a pseudonym is derived from it, the same for all their addresses.
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    person: Option<String>,
    /// Key file that pseudonyms are derived with, if the signing key has changed since.
    #[arg(long, value_name = "FILE", requires = "person")]
    pseudonym_key: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Check {
    /// The credential.
    credential: PathBuf,
    /// The borrower's secret half.
    #[arg(long, value_name = "FILE", requires = "schema")]
    opening: Option<PathBuf>,
    /// The schema that the opening follows.
    #[arg(long, value_name = "FILE", requires = "opening")]
    schema: Option<PathBuf>,
    /// Check the dates for this time [default: now].
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<u64>,
    /// Ask the registry too: is the attester known there, was anything revoked?
    #[arg(long)]
    on_chain: bool,
    #[command(flatten)]
    node: RpcArgs,
    /// Print the credential as JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::New(args) => new(args),
        Command::Issue(args) => issue_one(*args),
        Command::Check(args) => check(args),
    }
}

fn new(args: New) -> Outcome {
    let key = AccountKey::random()?;
    args.force.clear(&args.out, "a key that is lost can't be made again")?;
    key.save(&args.out)?;
    match args.json {
        true => json(&json!({ "address": key.address(), "key": args.out })),
        false => data(key.address()),
    }
    talk(format_args!("wrote {}", args.out.display()));
    hint("whoever has this file can sign in your name: keep it to yourself, and keep a copy");
    Ok(())
}

fn issue_one(args: Issue) -> Outcome {
    let key = AccountKey::load(&args.key)?;
    let schema = Schema::load(&args.schema)?;
    let rounding = if args.round { Rounding::Nearest } else { Rounding::Refused };
    let features = row(&args.csv, &schema, args.row, rounding)?;
    let home = Home { chain_id: args.chain_id, registry: args.registry };
    let Holder { holder, person, pseudonym_key } = args.holder;
    let holder = match (holder, person) {
        (Some(holder), _) => holder,
        (None, Some(person)) if person.trim().is_empty() => {
            return Err(Failure::input(
                "--person is empty: every borrower would be the same person",
            ));
        }
        (None, Some(person)) => {
            let key = pseudonym_key
                .map(|path| AccountKey::load(&path))
                .transpose()?
                .unwrap_or(key.clone());
            key.pseudonym(&home, &person)
        }
        (None, None) => {
            return Err(Failure::input("whose credential is it? --person TEXT says so"));
        }
    };
    // A minute back by itself: the chain's clock is that of its last block.
    let issued_at = args.from.map_or_else(|| now().map(|now| now.saturating_sub(60)), Ok)?;
    let expires_at = issued_at.saturating_add(args.valid.as_secs());
    let max = u128::try_from(units(&args.max_exposure, args.decimals)?).map_err(|_| {
        Failure::input("--max-exposure is above 2^128 of the token's smallest unit")
    })?;
    let exposure = Exposure { asset: args.asset.unwrap_or_default(), max };
    let grant = Grant { subject: args.subject, holder, issued_at, expires_at, exposure };
    let issued = issue(&key, home, &schema, features, grant)?;

    let [public, secret] = [CREDENTIAL, OPENING].map(|name| args.out.join(name));
    let why = "a credential is worth nothing without its opening, which can't be made again";
    for path in [&secret, &public] {
        args.force.clear(path, why)?;
    }
    issued.opening.save(&secret)?;
    issued.credential.save(&public)?;
    let uid = issued.credential.uid();
    match args.json {
        true => json(&json!({ "uid": uid, "credential": public, "opening": secret })),
        false => data(uid),
    }
    talk(format_args!("wrote {} and {}", public.display(), secret.display()));
    if args.asset.is_none() {
        hint(
            "the amount has no unit, so no pool takes this credential: --asset ADDRESS names the token",
        );
    }
    hint(format_args!(
        "{} is the borrower's secret: whoever has it can read the features",
        secret.display()
    ));
    Ok(())
}

/// The features in row number `row` of a table. Says which numbers were rounded, by name: their values are the
/// borrower's secret.
pub fn row(csv: &Path, schema: &Schema, row: u64, rounding: Rounding) -> Result<Features, Failure> {
    let mut table = Table::open(csv)?;
    let in_file =
        |error: &dyn std::fmt::Display| Failure::input(format!("{}: {error}", csv.display()));
    let columns = schema.columns(table.header()).map_err(|error| in_file(&error))?;
    let index = usize::try_from(row - 1).unwrap_or(usize::MAX);
    let Some(record) = table.nth(index) else {
        return Err(Failure::input(format!("{} has no row {row}", csv.display()))
            .hint("rows are counted from 1, without the header"));
    };
    let record = record?;
    let cells: Vec<&str> = record.iter().collect();
    let row = usize::try_from(row).unwrap_or(usize::MAX);
    let features = schema.encode_row_rounded(&columns, row, &cells, rounding).map_err(|error| {
        let failure = in_file(&error);
        match (rounding, error.fault) {
            (Rounding::Refused, CellFault::OffGrid) => {
                failure.hint("--round takes the nearest number with so many decimals")
            }
            _ => failure,
        }
    })?;
    let rounded: Vec<_> = schema
        .features
        .iter()
        .enumerate()
        .filter(|(index, feature)| {
            columns.cell(*index, &cells).is_some_and(|cell| feature.encode(cell).is_err())
        })
        .map(|(_, feature)| feature.name.as_str())
        .collect();
    if !rounded.is_empty() {
        talk(format_args!("rounded to the schema's grid: {}", rounded.join(", ")));
    }
    Ok(features)
}

fn check(args: Check) -> Outcome {
    let credential = SignedCredential::load(&args.credential)?;
    credential.check(args.at.map_or_else(now, Ok)?)?;
    if let (Some(opening), Some(schema)) = (&args.opening, &args.schema) {
        let opening = Opening::load(opening, &Schema::load(schema)?)?;
        credential.check_opening(&opening)?;
    }
    if args.on_chain {
        block_on(check_on_chain(&credential, &args.node))?;
    }
    if args.json {
        json(&credential);
        return Ok(());
    }
    let c = &credential.credential;
    data(format_args!("uid           {}", credential.uid()));
    data(format_args!("attester      {}", credential.attester));
    data(format_args!("borrower      {}", c.subject));
    data(format_args!("valid         {} to {}", date(c.issuedAt), date(c.expiresAt)));
    let exposure = &credential.exposure;
    data(format_args!("max exposure  {} units of token {}", exposure.max, exposure.asset));
    data(format_args!(
        "registry      {} on chain {}",
        credential.home.registry, credential.home.chain_id
    ));
    if !args.on_chain {
        hint("whether the registry trusts the attester is not checked here: --on-chain asks it");
    }
    Ok(())
}

async fn check_on_chain(credential: &SignedCredential, node: &RpcArgs) -> Outcome {
    let client = node.connect().await?;
    let home = credential.home;
    if client.chain_id() != home.chain_id {
        let here = client.chain_id();
        let message =
            format!("the credential is for chain {}, the node's is {here}", home.chain_id);
        return Err(Failure::input(message).hint("--rpc URL names another node"));
    }
    let call = ICredentialRegistry::checkCall {
        credential: (&credential.credential).into(),
        attester: credential.attester,
        signature: credential.signature.clone(),
    };
    client.read(home.registry, &call).await?;
    Ok(())
}
