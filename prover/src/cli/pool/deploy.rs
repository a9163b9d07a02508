//! `tessera pool deploy`.

use super::amount::{percent, tokens, units};
use crate::cli::{
    Failure, Outcome,
    args::{Sender, SetupWithSrs, Shape, address, rate},
    talk::{data, hint, json, talk},
};
use alloy::primitives::{Address, U256};
use std::{path::PathBuf, str::FromStr, sync::Arc};
use tessera::{
    chain::{
        Artifacts, Client, DeploymentPlan, Journal, LOCAL_CHAIN, LimitsPlan, PolicyPlan, TierPlan,
        TokenPlan, abi::IToken, deploy,
    },
    pipeline::{Warm, verifier_name},
};
use tessera_core::{ModelDigest, SchemaDigest};
use tessera_model::{Package, Score};

/// Decimals of the demonstration's token.
const DEMO_DECIMALS: u8 = 6;

#[derive(clap::Args)]
pub struct Deploy {
    #[command(flatten)]
    sender: Sender,
    /// The package of the model that decides: it gives digest, schema, profile and segments.
    #[arg(long, value_name = "DIR", required_unless_present = "model_digest",
        conflicts_with_all = ["model_digest", "schema_digest"])]
    model: Option<PathBuf>,
    #[command(flatten)]
    setup: SetupWithSrs,
    #[command(flatten)]
    shape: Shape,
    /// Name of the generated verifier [default: the one for that many segments, or for direct proofs].
    #[arg(long, value_name = "NAME")]
    verifier: Option<String>,
    /// Folder that forge compiled into.
    #[arg(long, value_name = "DIR", default_value = "out")]
    contracts: PathBuf,
    /// The token to lend; a new demonstration token on a local chain if it is not given.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    asset: Option<Address>,
    /// Instead of a package: digest of the model (see `tessera keys build`).
    #[arg(long, value_name = "HEX", requires = "schema_digest")]
    model_digest: Option<ModelDigest>,
    /// Digest of the schema that it reads (see `tessera model show`).
    #[arg(long, value_name = "HEX")]
    schema_digest: Option<SchemaDigest>,
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
    /// Days from a redemption request until it may be settled; 0 redeems shares at once.
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    notice: u32,
    /// Most that the pool takes in, in tokens.
    #[arg(long, value_name = "AMOUNT")]
    deposits: String,
    /// Most of it that may be lent at a time.
    #[arg(long, value_name = "PERCENT", default_value = "95%", value_parser = rate)]
    utilisation: u64,
    /// Least first-loss cover for lending, as a share of the loans.
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = rate)]
    cover: u64,
    /// A band of scores, POINTS:MOST:PREMIUM:DAYS, the amount in tokens; may be repeated.
    #[arg(long, value_name = "TIER", required = true)]
    tier: Vec<TierArg>,
    /// Where the addresses go; an existing file is never overwritten.
    #[arg(long, value_name = "FILE", default_value = "deployment.json")]
    out: PathBuf,
    /// Print the addresses as JSON.
    #[arg(long)]
    json: bool,
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
        let days = days.parse().map_err(|_| format!("{days:?} is not a number of days"))?;
        Ok(Self { threshold, most: most.into(), premium: rate(premium)?, days })
    }
}

/// The model that decides, from its package or from the digests given.
struct Model {
    digest: ModelDigest,
    schema: SchemaDigest,
    segments: usize,
}

fn model(args: &Deploy) -> Result<Model, Failure> {
    if let (Some(digest), Some(schema)) = (args.model_digest, args.schema_digest) {
        let segments = args.shape.asked()?.ok_or_else(|| {
            Failure::input("how is the model proven? its digest does not say")
                .hint("--segments N, or --profile direct, as the keys were made")
        })?;
        return Ok(Model { digest, schema, segments });
    }
    let Some(folder) = &args.model else {
        return Err(Failure::input("which model decides? --model DIR names its package"));
    };
    let package = Package::load(folder)?;
    let segments = args.shape.of(&package)?;
    let progress = args.setup.progress()?;
    let store = Arc::new(args.setup.store()?);
    let schema = package.schema.digest();
    let prover = Warm::new(package, segments, store, &|event| progress.event(event))?;
    Ok(Model { digest: prover.model_digest()?, schema, segments })
}

/// What is lent, and its decimals as the token itself says.
async fn token(args: &Deploy, client: &Client) -> Result<(TokenPlan, u8), Failure> {
    match args.asset {
        Some(token) => {
            let decimals = client.read(token, &IToken::decimalsCall {}).await?;
            Ok((TokenPlan::Existing(token), decimals))
        }
        None if client.chain_id() != LOCAL_CHAIN => {
            Err(Failure::input("a pool on this chain needs a token to lend")
                .hint("--asset ADDRESS names it; demonstration tokens are for local chains"))
        }
        None => {
            let (name, symbol) = ("Demo Dollar".into(), "DUSD".into());
            Ok((TokenPlan::Demo { name, symbol, decimals: DEMO_DECIMALS }, DEMO_DECIMALS))
        }
    }
}

fn tiers(args: &Deploy, decimals: u8) -> Result<Vec<TierPlan>, Failure> {
    let mut tiers = Vec::new();
    for tier in &args.tier {
        let TierArg { threshold, premium, days, .. } = *tier;
        if days == 0 {
            return Err(Failure::input("a tier of 0 days would be due when it is paid out"));
        }
        let most = units(&tier.most, decimals)?;
        let max_amount = u128::try_from(most)
            .ok()
            .filter(|most| (1..1 << 96).contains(most))
            .ok_or_else(|| Failure::input("a tier's amount is zero or above 2^96 units"))?;
        tiers.push(TierPlan { threshold, max_amount, premium, term_days: days });
    }
    Ok(tiers)
}

/// Rates read as per cent: said back before anything is sent.
fn say(plan: &DeploymentPlan, decimals: u8) {
    let base = plan.policy.base_rate;
    for tier in &plan.policy.tiers {
        let points = Score(tier.threshold.min(i64::MAX as u64) as i64);
        talk(format_args!(
            "from {points} points: up to {} tokens for {} days at {} a year, {} when late",
            tokens(U256::from(tier.max_amount), decimals),
            tier.term_days,
            percent(base.saturating_add(tier.premium)),
            percent(base.saturating_add(tier.premium).saturating_add(plan.policy.late_rate)),
        ));
    }
    let limits = &plan.limits;
    talk(format_args!(
        "takes {} tokens, lends {} of them, with {} of first-loss cover",
        tokens(U256::from(limits.deposits), decimals),
        percent(limits.utilisation),
        percent(limits.cover),
    ));
}

pub async fn deploy_pool(args: Deploy) -> Outcome {
    if args.out.exists() {
        let out = args.out.display();
        return Err(Failure::input(format!("{out}: there is a record already"))
            .hint("a deployment's record is never overwritten: --out FILE names another"));
    }
    let client = args.sender.connect().await?;
    let (token, decimals) = token(&args, &client).await?;
    let tiers = tiers(&args, decimals)?;
    let deposits = u128::try_from(units(&args.deposits, decimals)?).unwrap_or(u128::MAX);
    let model = tokio::task::block_in_place(|| model(&args))?;
    let policy = PolicyPlan {
        model_digest: model.digest,
        schema: model.schema,
        segments: model.segments as u64,
        base_rate: args.rate,
        late_rate: args.late_rate,
        grace_days: args.grace,
        tiers,
    };
    let verifier = args.verifier.unwrap_or_else(|| verifier_name(model.segments));
    let plan = DeploymentPlan {
        token,
        verifier,
        policy,
        attesters: args.attester,
        shares: ("Tessera Pool Share".into(), "TESS".into()),
        delinquency_days: args.delinquency,
        notice_days: args.notice,
        limits: LimitsPlan { deposits, utilisation: args.utilisation, cover: args.cover },
    };
    say(&plan, decimals);
    let artifacts = Artifacts::new(&args.contracts);
    // Written before anything is sent, so a record that cannot be kept is noticed now.
    let journal = Journal::open(&args.out.with_extension("journal.json"), &client, &plan)?;
    if journal.steps() != 0 {
        talk(format_args!("going on after {} transactions of an earlier run", journal.steps()));
    }
    let deployment = deploy(&client, &artifacts, &plan, &journal, &|what, receipt| {
        talk(format_args!("{what:<20} {} gas", receipt.gas_used));
    })
    .await?;
    deployment.save(&args.out)?;
    journal.finish();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_read() {
        let tier: TierArg = "620.5:5000:2%:90".parse().unwrap();
        assert_eq!((tier.threshold, tier.days), (1241 << 31, 90));
        for bad in ["", "620", "620:1:2%", "-1:1:2%:3", "620:1:2%:x", "620:1:y:3"] {
            assert!(bad.parse::<TierArg>().is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        /// Any text: a tier, or an error.
        #[test]
        fn any_tier(
            text in proptest::prop_oneof![
                proptest::prelude::any::<String>(), "-?[0-9]{0,90}[.]?[0-9]{0,30}",
            ],
        ) {
            let _ = text.parse::<TierArg>();
            let _ = format!("{text}:{text}:{text}%:{text}").parse::<TierArg>();
        }
    }
}
