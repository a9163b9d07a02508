//! `tessera pool`: deploy, look at, borrow from and repay a pool.

use super::{
    Failure, Outcome,
    args::{Node, Sender, Which, address, duration, rate},
    block_on,
    talk::{data, hint, json, talk},
};
use alloy::primitives::{
    Address, U256,
    utils::{format_units, parse_units},
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};
use tessera::chain::{
    Artifacts, LOCAL_CHAIN, Plan, PolicyPlan, Pool, PoolState, Request, Terms, TierPlan, TokenPlan,
    deploy,
};
use tessera_core::{ModelDigest, SchemaDigest};
use tessera_credential::{SignedCredential, date};
use tessera_model::Score;
use tessera_proving::ProofFile;

/// Decimals of the demonstration's token.
const DEMO_DECIMALS: u8 = 6;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Deploy a pool with registry, verifier and underwriter from compiled contracts.
    #[command(after_help = "\
Example: a pool of a demonstration token on a local chain, for two bands of scores
  tessera pool deploy --key deployer.key --verifier TesseraVerifier2 \\
      --model-digest 0x1d…9f --schema-digest 0x00…7a --attester 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 \\
      --rate 8% --tier 620:5000:0%:90 --tier 580:1000:6%:30 --out deployment.json")]
    Deploy(Box<Deploy>),
    /// Show a pool: token, cash, tiers with their thresholds, models and prices.
    #[command(after_help = "Example:\n  tessera pool show --deployment deployment.json")]
    Show(Show),
    /// Write down what a loan asks to be proven, for `tessera prove`.
    #[command(after_help = "\
Example:
  tessera pool request --deployment deployment.json --credential ada/credential.json \\
      --amount 1500 --tier 0 --out request.json")]
    Request(RequestArgs),
    /// Send a request with its proof; the pool pays out or says why not.
    #[command(after_help = "\
Example:
  tessera pool borrow --key ada.key --request request.json --proof proof.json")]
    Borrow(Borrow),
    /// Pay back part or all of a loan.
    #[command(after_help = "\
Example: all that is owed
  tessera pool repay --deployment deployment.json --key ada.key --loan 1 --all")]
    Repay(Repay),
}

#[derive(clap::Args)]
pub struct Deploy {
    #[command(flatten)]
    sender: Sender,
    /// Name of the generated verifier.
    #[arg(long, value_name = "NAME")]
    verifier: String,
    /// Folder that forge compiled into.
    #[arg(long, value_name = "DIR", default_value = "out")]
    contracts: PathBuf,
    /// The token to lend; a new demonstration token on a local chain if it is not given.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    asset: Option<Address>,
    /// Decimals of that token, for the tiers' amounts.
    #[arg(long, value_name = "N", default_value_t = DEMO_DECIMALS, requires = "asset")]
    decimals: u8,
    /// Digest of the model that decides (see `tessera keys build`).
    #[arg(long, value_name = "HEX")]
    model_digest: ModelDigest,
    /// Digest of the schema that it reads (see `tessera model show`).
    #[arg(long, value_name = "HEX")]
    schema_digest: SchemaDigest,
    /// An attester whose credentials count; may be repeated.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    attester: Vec<Address>,
    /// A year's interest before a tier's premium.
    #[arg(long, value_name = "PERCENT", default_value = "8%", value_parser = rate)]
    rate: u64,
    /// Added to the rate of a loan that is late.
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = rate)]
    late_rate: u64,
    /// Days from due date to delinquency.
    #[arg(long, value_name = "DAYS", default_value_t = 10)]
    grace: u32,
    /// Days from delinquency to default.
    #[arg(long, value_name = "DAYS", default_value_t = 60)]
    delinquency: u32,
    /// A band of scores, POINTS:MOST:PREMIUM:DAYS, the amount in whole tokens; may be repeated.
    #[arg(long, value_name = "TIER", required = true)]
    tier: Vec<TierArg>,
    /// Where the addresses go.
    #[arg(long, value_name = "FILE", default_value = "deployment.json")]
    out: PathBuf,
    /// Print the addresses as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    node: Node,
    /// Show this loan instead.
    #[arg(long, value_name = "NUMBER")]
    loan: Option<U256>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct RequestArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    node: Node,
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

#[derive(clap::Args)]
pub struct Borrow {
    #[command(flatten)]
    sender: Sender,
    /// The request that the proof was made for.
    #[arg(long, value_name = "FILE")]
    request: PathBuf,
    /// The proof.
    #[arg(long, value_name = "FILE")]
    proof: PathBuf,
    /// Print the call data for another wallet, and send nothing.
    #[arg(long)]
    calldata: bool,
    /// Print the loan as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
#[group(id = "how_much", required = true, multiple = false, args = ["amount", "all"])]
pub struct Repay {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    sender: Sender,
    /// Number of the loan.
    #[arg(long, value_name = "NUMBER")]
    loan: U256,
    /// How much, in tokens.
    #[arg(long)]
    amount: Option<String>,
    /// All that is owed.
    #[arg(long)]
    all: bool,
    /// Print the payment as JSON.
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

/// `620:5000:0%:90`.
#[derive(Clone, Debug)]
struct TierArg {
    threshold: u64,
    most: String,
    premium: u64,
    days: u32,
}

impl FromStr for TierArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<_> = text.split(':').collect();
        let [points, most, premium, days] = parts[..] else {
            return Err("POINTS:MOST:PREMIUM:DAYS expected, such as 620:5000:2%:90".into());
        };
        let score = Score::from_points(points).map_err(|error| error.to_string())?;
        let threshold = u64::try_from(score.0).map_err(|_| "points below 0 cannot be asked for")?;
        let days = days.parse().map_err(|_| format!("{days:?} is no number of days"))?;
        Ok(Self { threshold, most: most.into(), premium: rate(premium)?, days })
    }
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Deploy(args) => block_on(deploy_pool(*args)),
        Command::Show(args) => block_on(show(args)),
        Command::Request(args) => block_on(request(args)),
        Command::Borrow(args) => borrow(args),
        Command::Repay(args) => block_on(repay(args)),
    }
}

/// Tokens in decimal to the smallest unit; more decimals than the token has are refused.
fn units(amount: &str, decimals: u8) -> Result<U256, Failure> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = [whole, fraction].concat();
    let plain = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && fraction.len() <= usize::from(decimals);
    // Only then: alloy's parser panics on a decimal point before a character of several bytes.
    let parsed = plain.then(|| parse_units(amount, decimals).ok()).flatten();
    parsed.map(|units| units.get_absolute()).ok_or_else(|| {
        Failure::input(format!("{amount:?} is no amount of up to {decimals} decimals"))
    })
}

/// The smallest unit to tokens in decimal.
pub fn tokens(units: U256, decimals: u8) -> String {
    let text = format_units(units, decimals).unwrap_or_else(|_| units.to_string());
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}

/// A yearly rate in units of 1e-18, in per cent.
fn percent(rate: u64) -> String {
    format!("{}%", tokens(U256::from(rate), 16))
}

async fn deploy_pool(args: Deploy) -> Outcome {
    let client = args.sender.connect().await?;
    if args.asset.is_none() && client.chain_id() != LOCAL_CHAIN {
        return Err(Failure::input("a pool on this chain needs a token to lend")
            .hint("--asset ADDRESS names it; demonstration tokens are for local chains"));
    }
    let mut tiers = Vec::new();
    for tier in &args.tier {
        let most = units(&tier.most, args.decimals)?;
        let max_amount =
            u128::try_from(most).map_err(|_| Failure::input("a tier's amount is above 2^128"))?;
        let TierArg { threshold, premium, days, .. } = *tier;
        tiers.push(TierPlan { threshold, max_amount, premium, term_days: days });
    }
    let token = match args.asset {
        Some(token) => TokenPlan::Existing(token),
        None => TokenPlan::Demo {
            name: "Demo Dollar".into(),
            symbol: "DUSD".into(),
            decimals: DEMO_DECIMALS,
        },
    };
    let policy = PolicyPlan {
        model_digest: args.model_digest,
        schema: args.schema_digest,
        base_rate: args.rate,
        late_rate: args.late_rate,
        grace_days: args.grace,
        tiers,
    };
    let plan = Plan {
        token,
        verifier: args.verifier,
        policy,
        attesters: args.attester,
        shares: ("Tessera Pool Share".into(), "TESS".into()),
        delinquency_days: args.delinquency,
    };
    let artifacts = Artifacts::new(&args.contracts);
    let deployment = deploy(&client, &artifacts, &plan, &|what, receipt| {
        talk(format_args!("{what:<20} {} gas", receipt.gas_used));
    })
    .await?;
    deployment.save(&args.out)?;
    match args.json {
        true => json(&deployment),
        false => data(deployment.pool.address),
    }
    talk(format_args!("wrote {}", args.out.display()));
    if plan.attesters.is_empty() {
        hint("no attester is registered: no credential counts yet");
    }
    Ok(())
}

async fn show(args: Show) -> Outcome {
    let client = args.node.connect().await?;
    let address = args.which.address(&client)?;
    let pool = Pool::new(client, address);
    if let Some(loan) = args.loan {
        return show_loan(&pool, loan, args.json).await;
    }
    let state = pool.state().await?;
    match args.json {
        true => json(&state),
        false => data(describe(&state)),
    }
    if state.insecure {
        hint("the verifier is of a development SRS: anybody can forge proofs for this pool");
    }
    Ok(())
}

fn describe(state: &PoolState) -> String {
    let amount = |units| format!("{} {}", tokens(units, state.decimals), state.symbol);
    let mut text = format!(
        "pool         {} on chain {}\nregistry     {}\ncash         {}\noutstanding  {}\nloans        {}",
        state.pool,
        state.chain_id,
        state.registry,
        amount(state.cash),
        amount(state.outstanding),
        state.loans
    );
    for offer in &state.offers {
        let points = Score(offer.threshold.min(i64::MAX as u64) as i64);
        text += &format!(
            "\ntier {:<3}     from {points} points: up to {} for {} days at {} a year{}\n             model {}\n             schema {}",
            offer.tier,
            amount(offer.max_amount),
            offer.term / 86_400,
            percent(offer.rate),
            if offer.retired { " (retired)" } else { "" },
            offer.model_digest,
            offer.schema,
        );
    }
    text
}

async fn show_loan(pool: &Pool, loan: U256, as_json: bool) -> Outcome {
    let (record, status) = pool.loan(loan).await?;
    if record.borrower.is_zero() {
        return Err(Failure::no(format!("the pool has made no loan {loan}")));
    }
    let owed = pool.debt(loan).await?;
    let status = format!("{status:?}").to_lowercase();
    let due_at: u64 = record.dueAt.to();
    if as_json {
        json(&json!({
            "loan": loan.to_string(), "borrower": record.borrower, "tier": record.tier, "status": status,
            "owed": owed.to_string(), "dueAt": due_at, "rate": record.rate.to_string(),
        }));
        return Ok(());
    }
    let state = pool.state().await?;
    data(format_args!("borrower  {}\nstatus    {status}", record.borrower));
    data(format_args!("owed      {} {}", tokens(owed, state.decimals), state.symbol));
    data(format_args!("due       {}\nrate      {} a year", date(due_at), percent(record.rate)));
    Ok(())
}

async fn request(args: RequestArgs) -> Outcome {
    let credential = SignedCredential::load(&args.credential)?;
    let client = args.node.connect().await?;
    let address = args.which.address(&client)?;
    let now = client.now().await?;
    credential.check(now)?;
    let pool = Pool::new(client, address);
    let state = pool.state().await?;
    let terms = Terms {
        receiver: args.receiver.unwrap_or(credential.credential.subject),
        amount: units(&args.amount, state.decimals)?,
        tier: 0,
        deadline: now.saturating_add(args.valid.as_secs()),
    };
    let ask = async |tier| {
        let request = pool.request(credential.clone(), Terms { tier, ..terms.clone() }).await?;
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

fn borrow(args: Borrow) -> Outcome {
    let request = Request::load(&args.request)?;
    let proof = ProofFile::load(&args.proof)?;
    if proof.statement != request.statement {
        return Err(Failure::input(format!(
            "{} was not made for {}",
            args.proof.display(),
            args.request.display()
        ))
        .hint("`tessera prove --request` makes the proof for a request"));
    }
    if args.calldata {
        data(request.calldata(&proof.proof));
        return Ok(());
    }
    block_on(send(args.sender, request, proof, args.json))
}

async fn send(sender: Sender, request: Request, proof: ProofFile, as_json: bool) -> Outcome {
    let client = sender.connect().await?;
    let sends = client.account().unwrap_or_default();
    if sends != request.borrower {
        let borrower = request.borrower;
        return Err(Failure::input(format!(
            "the request is {borrower}'s, and the key is that of {sends}"
        )));
    }
    let borrowed = Pool::new(client, request.pool).borrow(&request, &proof.proof).await?;
    let receipt = &borrowed.receipt;
    if as_json {
        json(&json!({
            "loan": borrowed.loan.to_string(), "dueAt": borrowed.due_at,
            "transaction": receipt.transaction, "gas": receipt.gas_used,
        }));
        return Ok(());
    }
    data(borrowed.loan);
    talk(format_args!("loan {}, due {}", borrowed.loan, date(borrowed.due_at)));
    talk(format_args!("{} gas, transaction {}", receipt.gas_used, receipt.transaction));
    Ok(())
}

async fn repay(args: Repay) -> Outcome {
    let client = args.sender.connect().await?;
    let address = args.which.address(&client)?;
    let pool = Pool::new(client, address);
    let state = pool.state().await?;
    let amount = args.amount.map(|amount| units(&amount, state.decimals)).transpose()?;
    let repaid = pool.repay(args.loan, amount).await?;
    if args.json {
        json(&json!({
            "interest": repaid.interest.to_string(), "principal": repaid.principal.to_string(),
            "left": repaid.left.to_string(), "transaction": repaid.receipt.transaction,
        }));
        return Ok(());
    }
    let amount = |units| format!("{} {}", tokens(units, state.decimals), state.symbol);
    data(amount(repaid.left));
    let (interest, principal) = (amount(repaid.interest), amount(repaid.principal));
    talk(format_args!(
        "paid {interest} of interest and {principal} of principal; left to pay is above"
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_print() {
        assert_eq!(units("1500.5", 6).unwrap(), U256::from(1_500_500_000));
        for bad in ["", "-1", "1.0000001", "1e3", "x", "1,5"] {
            assert!(units(bad, 6).is_err(), "{bad}");
        }
        assert!(units(".\u{115d7}", 1).is_err(), "several bytes, cut in the middle");
        assert_eq!(tokens(U256::from(1_500_500_000), 6), "1500.5");
        assert_eq!(tokens(U256::from(2_000_000), 6), "2");
        assert_eq!(tokens(U256::from(200), 0), "200");
        assert_eq!(percent(85_000_000_000_000_000), "8.5%");
    }

    #[test]
    fn every_tier_has_a_file_of_its_own() {
        assert_eq!(numbered(Path::new("a/request.json"), 2), Path::new("a/request-2.json"));
        assert_eq!(numbered(Path::new("request"), 0), Path::new("request-0"));
        assert_eq!("all".parse(), Ok(Tiers::All));
        assert_eq!("3".parse(), Ok(Tiers::One(3)));
        assert!("best".parse::<Tiers>().is_err());
    }

    #[test]
    fn tiers_read() {
        let tier: TierArg = "620.5:5000:2%:90".parse().unwrap();
        assert_eq!((tier.threshold, tier.days), (1241 << 31, 90));
        for bad in ["", "620", "620:1:2%", "-1:1:2%:3", "620:1:2%:x", "620:1:y:3"] {
            assert!(bad.parse::<TierArg>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        /// Any text and any token's decimals: a value that reads back, or an error.
        #[test]
        fn any_amount(
            text in proptest::prop_oneof![
                proptest::prelude::any::<String>(), "-?[0-9]{0,90}[.]?[0-9]{0,30}",
            ],
            decimals: u8,
        ) {
            if let Ok(amount) = units(&text, decimals) {
                let printed = tokens(amount, decimals);
                proptest::prop_assert_eq!(units(&printed, decimals).unwrap(), amount);
            }
            let _ = text.parse::<TierArg>();
            let _ = format!("{text}:{text}:{text}%:{text}").parse::<TierArg>();
        }
    }
}
