//! `tessera pool quote`: what a loan would cost.

use super::amount::{percent, tokens, units};
use crate::cli::{
    Failure, Outcome,
    args::{RpcArgs, Which},
    talk::{data, json},
};
use alloy::primitives::U256;
use serde_json::json;
use tessera::chain::Pool;

const YEAR: u64 = 365 * 86_400;
const DAY: u64 = 86_400;

#[derive(clap::Args)]
pub struct Quote {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    node: RpcArgs,
    /// How much, in tokens.
    #[arg(long)]
    amount: String,
    /// The pool's tier (see `tessera pool show`).
    #[arg(long, value_name = "N", default_value_t = 0)]
    tier: u32,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

/// Simple interest in the token's smallest unit, rounded up as the pool does.
fn interest(principal: U256, rate: u64, seconds: u64) -> U256 {
    let scaled = principal.saturating_mul(U256::from(rate)).saturating_mul(U256::from(seconds));
    scaled.div_ceil(U256::from(1_000_000_000_000_000_000_u64) * U256::from(YEAR))
}

pub async fn quote(args: Quote) -> Outcome {
    let client = args.node.connect().await?;
    let address = args.which.address(&client)?;
    let now = client.clock().await?;
    let pool = Pool::new(client, address);
    let state = pool.state().await?;
    let Some(offer) = state.offers.iter().find(|offer| offer.tier == args.tier) else {
        return Err(Failure::no(format!("the pool has no tier {}", args.tier))
            .hint("`tessera pool show` lists them"));
    };
    let amount = units(&args.amount, state.decimals)?;
    if amount > offer.max_amount {
        let most = tokens(offer.max_amount, state.decimals);
        return Err(Failure::no(format!("tier {} pays out up to {most}", args.tier)));
    }
    // A term ends with its last day.
    let due = (now + u64::from(offer.term)).div_ceil(DAY) * DAY;
    let interest = interest(amount, offer.rate, due - now);
    if args.json {
        json(&json!({
            "amount": amount.to_string(), "tier": offer.tier, "rate": offer.rate.to_string(), "dueAt": due,
            "interest": interest.to_string(), "total": (amount + interest).to_string(),
        }));
        return Ok(());
    }
    let shown = |units| format!("{} {}", tokens(units, state.decimals), state.symbol);
    data(format_args!("rate      {} a year", percent(offer.rate)));
    data(format_args!("due       {}", tessera_credential::date(due)));
    data(format_args!("interest  {}", shown(interest)));
    data(format_args!("total     {}", shown(amount + interest)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interest_is_simple_and_rounded_up() {
        let rate = 80_000_000_000_000_000; // 8 %
        assert_eq!(interest(U256::from(1_000_000), rate, YEAR), U256::from(80_000));
        assert_eq!(interest(U256::from(1_000_000), rate, 1), U256::from(1));
        assert_eq!(interest(U256::from(1_000_000), rate, 0), U256::ZERO);
    }
}
