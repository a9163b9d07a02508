//! `tessera pool proofs`.

use crate::cli::{
    Failure, Outcome,
    args::{RpcArgs, SetupWithSrs, Which},
    block_on,
    talk::{data, hint, json},
};
use serde_json::json;
use std::path::PathBuf;
use tessera::{chain::Pool, pipeline::warm_direct};
use tessera_core::ModelDigest;
use tessera_model::Package;

/// Share of the proofs, in per cent, from which a warning says what to do.
const WARN_PERCENT: usize = 80;

#[derive(clap::Args)]
pub struct Proofs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    node: RpcArgs,
    /// Folder of the model package.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    #[command(flatten)]
    setup: SetupWithSrs,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
}

/// How far a model's proofs have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Good,
    /// The number is nearly reached.
    Nearly,
    /// More would confirm the model to who holds the whole of it.
    Reached,
}

impl Standing {
    fn of(made: usize, most: usize) -> Self {
        match made {
            _ if made >= most => Self::Reached,
            _ if made * 100 >= most * WARN_PERCENT => Self::Nearly,
            _ => Self::Good,
        }
    }
}

pub fn proofs(args: Proofs) -> Outcome {
    let package = Package::load(&args.model)?;
    let progress = args.setup.progress()?;
    let prover = warm_direct(package, &args.setup.store()?, &|event| progress.event(event))?;
    drop(progress);
    let (model, most) = (prover.model_digest(), prover.plan().proofs);
    let made = block_on(count(&args, model))?;
    match args.json {
        true => json(&json!({ "modelDigest": model, "made": made, "most": most })),
        false => data(format_args!("{made} of {most} direct proofs of {model}")),
    }
    let again = "import the model again, with another salt, and add a policy for its digest";
    match Standing::of(made, most) {
        Standing::Good => Ok(()),
        Standing::Nearly => {
            hint(format_args!("{again}, before the number is reached"));
            Ok(())
        }
        Standing::Reached => Err(Failure::no(
            "with one more proof, anybody who holds the whole model can confirm that it is this one",
        )
        .hint(again)),
    }
}

async fn count(args: &Proofs, model: ModelDigest) -> Result<usize, Failure> {
    let client = args.node.connect().await?;
    let address = args.which.address(&client)?;
    Ok(Pool::new(client, address).proofs(model).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_before_the_bound() {
        use Standing::{Good, Nearly, Reached};
        let cases =
            [(0, Good), (639, Good), (640, Nearly), (798, Nearly), (799, Reached), (900, Reached)];
        for (made, standing) in cases {
            assert_eq!(Standing::of(made, 799), standing, "{made}");
        }
    }
}
