//! `tessera pool`: deploy, look at, deposit into, borrow from and repay a pool.

mod amount;
mod borrow;
mod deploy;
mod deposit;
mod proofs;
mod quote;
mod repay;
mod request;
mod show;

use super::{Outcome, block_on};
pub use amount::{tokens, units};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Deploy a pool with vault, registry, verifier and underwriter from compiled contracts.
    ///
    /// Writes a journal next to the record after every transaction; the same command again goes on where
    /// it stopped.
    #[command(after_help = "\
Example: a pool of a demonstration token on a local chain, for two bands of scores
  tessera pool deploy --key deployer.key --model package --deposits 1000000 \\
      --attester 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 \\
      --rate 8% --tier 620:5000:0%:90 --tier 580:1000:6%:30 --out deployment.json")]
    Deploy(Box<deploy::Deploy>),
    /// Show a pool: token, cash, tiers with their thresholds, models and prices; or a loan.
    #[command(after_help = "Example:\n  tessera pool show --deployment deployment.json")]
    Show(show::Show),
    /// Count the direct proofs of a model that a pool has made public, against the number that confirm nothing.
    ///
    /// A direct proof says a little about its model: after more proofs than its key has rows of salt, somebody
    /// who already holds the whole model can confirm that it is this one. Exit code 1 once that is so.
    #[command(after_help = "\
Example:
  tessera pool proofs --deployment deployment.json --model package")]
    Proofs(proofs::Proofs),
    /// Deposit tokens for shares of the pool's vault.
    #[command(after_help = "\
Example:
  tessera pool deposit --deployment deployment.json --key lender.key --amount 100000")]
    Deposit(deposit::Deposit),
    /// Say what a loan would cost, without asking for it.
    #[command(after_help = "\
Example:
  tessera pool quote --deployment deployment.json --amount 1500 --tier 0")]
    Quote(quote::Quote),
    /// Write down what a loan asks to be proven, for `tessera prove`.
    #[command(after_help = "\
Example:
  tessera pool request --deployment deployment.json --credential ada/credential.json \\
      --amount 1500 --tier 0 --out request.json")]
    Request(request::RequestArgs),
    /// Send a request with its proof; the pool pays out or says why not. Prints the loan's id.
    #[command(after_help = "\
Example:
  tessera pool borrow --key ada.key --request request.json --proof proof.json")]
    Borrow(borrow::Borrow),
    /// Pay back part or all of a loan.
    #[command(after_help = "\
Example: all that is owed
  tessera pool repay --deployment deployment.json --key ada.key --loan 0x52…e1 --all")]
    Repay(repay::Repay),
}

pub fn run(command: Command) -> Outcome {
    match command {
        Command::Deploy(args) => block_on(deploy::deploy_pool(*args)),
        Command::Show(args) => block_on(show::show(args)),
        Command::Proofs(args) => proofs::proofs(args),
        Command::Deposit(args) => block_on(deposit::deposit(args)),
        Command::Quote(args) => block_on(quote::quote(args)),
        Command::Request(args) => block_on(request::request(args)),
        Command::Borrow(args) => borrow::borrow(args),
        Command::Repay(args) => block_on(repay::repay(args)),
    }
}
