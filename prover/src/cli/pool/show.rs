//! `tessera pool show`.

use super::amount::{percent, tokens};
use crate::cli::{
    Failure, Outcome,
    args::{RpcArgs, Which, word},
    talk::{data, hint, json},
};
use alloy::primitives::B256;
use serde_json::json;
use tessera::chain::{Pool, PoolState};
use tessera_credential::date;
use tessera_model::Score;

#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    node: RpcArgs,
    /// Show the loan with this id instead (`tessera pool borrow` prints it).
    #[arg(long, value_name = "ID", value_parser = word)]
    loan: Option<B256>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn show(args: Show) -> Outcome {
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
        "pool         {} on chain {}\nregistry     {}\ncash         {}\nloans        {}\nvault        {}",
        state.pool,
        state.chain_id,
        state.registry,
        amount(state.cash),
        amount(state.loans),
        state.vault,
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

async fn show_loan(pool: &Pool, loan: B256, as_json: bool) -> Outcome {
    let Some((record, status)) = pool.loan(loan).await? else {
        return Err(Failure::no(format!("the pool has made no loan {loan}")));
    };
    let owed = pool.debt(&record).await?;
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
