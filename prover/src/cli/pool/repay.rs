//! `tessera pool repay`.

use super::amount::{tokens, units};
use crate::cli::{
    Failure, Outcome,
    args::{Sender, Which, word},
    talk::{data, json, talk},
};
use alloy::primitives::B256;
use serde_json::json;
use tessera::chain::Pool;

#[derive(clap::Args)]
#[group(id = "how_much", required = true, multiple = false, args = ["amount", "all"])]
pub struct Repay {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    sender: Sender,
    /// Id of the loan (`tessera pool borrow` prints it); anybody may pay for anybody.
    #[arg(long, value_name = "ID", value_parser = word)]
    loan: B256,
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

pub async fn repay(args: Repay) -> Outcome {
    let client = args.sender.connect().await?;
    let address = args.which.address(&client)?;
    let pool = Pool::new(client, address);
    let state = pool.state().await?;
    let amount = args.amount.map(|amount| units(&amount, state.decimals)).transpose()?;
    let Some((loan, _)) = pool.loan(args.loan).await? else {
        return Err(Failure::no(format!("the pool has made no loan {}", args.loan)));
    };
    let repaid = pool.repay(&loan, amount).await?;
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
