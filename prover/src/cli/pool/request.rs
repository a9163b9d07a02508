//! `tessera pool request`: what a loan asks to be proven.

use super::amount::units;
use crate::cli::{
    Failure, Outcome,
    args::{RpcArgs, Which, address, duration},
    talk::{data, json, talk},
};
use alloy::primitives::Address;
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};
use tessera::chain::{LoanTerms, Pool};
use tessera_credential::{SignedCredential, date};

#[derive(clap::Args)]
pub struct RequestArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    node: RpcArgs,
    /// The borrower's credential.
    #[arg(long, value_name = "FILE")]
    credential: PathBuf,
    /// How much, in tokens.
    #[arg(long)]
    amount: String,
    /// The pool's tier (see `tessera pool show`), or `all` for a request each: `tessera prove --tier
    /// best` then picks the best one that is reached.
    #[arg(long, value_name = "N|all", default_value = "0")]
    tier: Tiers,
    /// Who gets the money [default: the borrower].
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    receiver: Option<Address>,
    /// How long the request may be carried out.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    valid: Duration,
    /// Where the request goes; with `--tier all` the tier's number is added to the name.
    #[arg(long, value_name = "FILE", default_value = "request.json")]
    out: PathBuf,
    /// Print the request as JSON.
    #[arg(long)]
    json: bool,
}

/// For which tiers to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tiers {
    All,
    One(u32),
}

impl FromStr for Tiers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::One).map_err(|_| "a tier's number, or `all`".into()),
        }
    }
}

pub async fn request(args: RequestArgs) -> Outcome {
    let credential = SignedCredential::load(&args.credential)?;
    let client = args.node.connect().await?;
    let address = args.which.address(&client)?;
    let now = client.clock().await?;
    credential.check(now)?;
    let pool = Pool::new(client, address);
    let state = pool.state().await?;
    let terms = LoanTerms {
        receiver: args.receiver.unwrap_or(credential.credential.subject),
        amount: units(&args.amount, state.decimals)?,
        tier: 0,
        deadline: now.saturating_add(args.valid.as_secs()),
    };
    let ask = async |tier| {
        let request = pool.request(credential.clone(), LoanTerms { tier, ..terms.clone() }).await?;
        pool.preview(&request).await?;
        Ok::<_, Failure>(request)
    };
    let mut requests = Vec::new();
    match args.tier {
        Tiers::One(tier) => requests.push((args.out.clone(), ask(tier).await?)),
        Tiers::All => {
            let mut refused = None;
            for offer in state.offers.iter().filter(|offer| !offer.retired) {
                match ask(offer.tier).await {
                    Ok(request) => requests.push((numbered(&args.out, offer.tier), request)),
                    Err(failure) => {
                        let (tier, message) = (offer.tier, failure.message());
                        talk(format_args!("tier {tier} is left out: {message}"));
                        refused.get_or_insert(failure);
                    }
                }
            }
            if requests.is_empty() {
                let none = || Failure::input("the pool makes no new loans");
                return Err(refused.unwrap_or_else(none));
            }
        }
    }
    for (path, request) in &requests {
        request.save(path)?;
    }
    match args.json {
        true if args.tier == Tiers::All => {
            json(&requests.iter().map(|(_, request)| request).collect::<Vec<_>>());
        }
        true => requests.iter().for_each(|(_, request)| json(request)),
        false => requests.iter().for_each(|(path, _)| data(path.display())),
    }
    talk(format_args!("to be proven and sent before {}", date(terms.deadline)));
    Ok(())
}

/// `request.json` for tier 2 is `request-2.json`.
fn numbered(path: &Path, tier: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let end = path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{tier}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tier_has_a_file_of_its_own() {
        assert_eq!(numbered(Path::new("a/request.json"), 2), Path::new("a/request-2.json"));
        assert_eq!(numbered(Path::new("request"), 0), Path::new("request-0"));
        assert_eq!("all".parse(), Ok(Tiers::All));
        assert_eq!("3".parse(), Ok(Tiers::One(3)));
        assert!("best".parse::<Tiers>().is_err());
    }
}
