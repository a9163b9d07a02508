//! `tessera pool deposit`.

use super::amount::{tokens, units};
use crate::cli::{
    Outcome,
    args::{Sender, Which},
    talk::{data, json, talk},
};
use serde_json::json;
use tessera::chain::Pool;

#[derive(clap::Args)]
pub struct Deposit {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    sender: Sender,
    /// How much, in tokens.
    #[arg(long)]
    amount: String,
    /// Print the deposit as JSON.
    #[arg(long)]
    json: bool,
}

pub async fn deposit(args: Deposit) -> Outcome {
    let client = args.sender.connect().await?;
    let address = args.which.address(&client)?;
    let pool = Pool::new(client, address);
    let state = pool.state().await?;
    let assets = units(&args.amount, state.decimals)?;
    let shares = pool.preview_deposit(assets).await?;
    let amount = format!("{} {}", tokens(assets, state.decimals), state.symbol);
    talk(format_args!("{amount} into the vault {}", state.vault));
    let receipt = pool.deposit(assets).await?;
    if args.json {
        json(&json!({
            "assets": assets.to_string(), "shares": shares.to_string(), "vault": state.vault,
            "transaction": receipt.transaction,
        }));
        return Ok(());
    }
    data(tokens(shares, state.decimals.saturating_add(6)));
    talk("shares for it are above");
    Ok(())
}
