//! `tessera pool borrow`.

use crate::cli::{
    Failure, Outcome,
    args::Sender,
    block_on,
    talk::{data, json, talk},
};
use serde_json::json;
use std::path::PathBuf;
use tessera::chain::{Pool, Request};
use tessera_credential::date;
use tessera_proving::ProofFile;

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

pub fn borrow(args: Borrow) -> Outcome {
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
    let Some(sends) = client.account() else {
        return Err(Failure::input("borrowing needs the borrower's account")
            .hint("--key FILE names its key; --calldata prints the call for another wallet"));
    };
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
            "loan": borrowed.id, "dueAt": borrowed.due_at,
            "transaction": receipt.transaction, "gas": receipt.gas_used,
        }));
        return Ok(());
    }
    data(borrowed.id);
    talk(format_args!("loan {}, due {}", borrowed.id, date(borrowed.due_at)));
    talk(format_args!("{} gas, transaction {}", receipt.gas_used, receipt.transaction));
    Ok(())
}
