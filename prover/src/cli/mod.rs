//! The command line: one module a command. Data goes to stdout, talk to stderr.

mod args;
mod attester;
mod batch;
mod completions;
mod demo;
mod explain;
mod failure;
mod farm;
mod farm_plan;
mod keys;
mod model;
mod pool;
mod progress;
mod prove;
mod schema;
mod srs;
mod talk;
mod verifier;
mod verify;
mod worker;

pub use attester::row;
pub use failure::{Failure, Outcome};
pub use farm::OnFarm;
pub use pool::tokens;
pub use progress::{Progress, Stage};
pub use talk::talk;

use clap::{CommandFactory, Parser, Subcommand};
use std::{error::Error, io::Write, process::ExitCode};

/// Private credit on chain: prove that attested features score high enough in a lender's private
/// model, and borrow with the proof.
#[derive(Parser)]
#[command(name = "tessera", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Example: a loan from model to repayment on a local chain
  tessera demo

Exit codes: 0 done, 1 the answer is no, 2 something is wrong with the input, 3 a bug.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a schema: what a lender asks about a borrower.
    #[command(subcommand)]
    Schema(schema::Command),
    /// Import, inspect and score a lender's credit model.
    #[command(subcommand)]
    Model(model::Command),
    /// Make, import and check the reference strings that keys are made from.
    #[command(subcommand)]
    Srs(srs::Command),
    /// Make and check proving and verifying keys.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Make keys; issue and check credentials for borrowers' features.
    #[command(subcommand)]
    Attester(attester::Command),
    /// Prove that a credential's features score at least a threshold.
    Prove(prove::Args),
    /// Prove segments for a farm until told to stop.
    Worker(worker::Args),
    /// Make a farm's keys, configure its broker, and show what is on it.
    #[command(subcommand)]
    Farm(farm::Command),
    /// Show a borrower what cost points, for the borrower's eyes only.
    Explain(explain::Args),
    /// Check a proof without a chain.
    Verify(verify::Args),
    /// Generate the contract that checks proofs, and try it out.
    #[command(subcommand)]
    Verifier(verifier::Command),
    /// Deploy a pool, look at it, borrow from it and repay.
    #[command(subcommand)]
    Pool(pool::Command),
    /// Run a loan from model to repayment, and what is refused, on a local chain.
    Demo(demo::Args),
    /// Print a script that makes a shell complete this command's words.
    Completions(completions::Args),
}

impl Command {
    /// Threads that compute, if the command line says how many, else 0.
    fn threads(&self) -> usize {
        match self {
            Self::Worker(args) => args.threads(),
            _ => 0,
        }
    }

    fn run(self) -> Outcome {
        match self {
            Self::Schema(command) => schema::run(command),
            Self::Model(command) => model::run(command),
            Self::Srs(command) => srs::run(command),
            Self::Keys(command) => keys::run(command),
            Self::Attester(command) => attester::run(command),
            Self::Prove(args) => prove::run(args),
            Self::Worker(args) => worker::run(args),
            Self::Farm(command) => farm::run(command),
            Self::Explain(args) => explain::run(args),
            Self::Verify(args) => verify::run(args),
            Self::Verifier(command) => verifier::run(command),
            Self::Pool(command) => pool::run(command),
            Self::Demo(args) => demo::run(args),
            Self::Completions(args) => completions::run(args, Cli::command()),
        }
    }
}

/// Parses, runs, reports. A bad command line ends with 2, as clap has it; a panic with 3.
pub fn main() -> ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(told) => {
            // Help and version are data, and may fail to be written like any other.
            let printed = told.print();
            if !told.use_stderr() {
                talk::written(printed.and_then(|()| std::io::stdout().flush()));
            }
            return ExitCode::from(told.exit_code() as u8);
        }
    };
    if let Err(fault) = tessera_kzg::check_processor() {
        Failure::fault(fault).print();
        return ExitCode::from(3);
    }
    let outcome =
        std::panic::catch_unwind(|| start_threads(command.threads()).and_then(|()| command.run()));
    let failure = match outcome {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(failure)) => failure,
        Err(_) => Failure::fault("an internal error, described above")
            .hint("this is a bug; please report it with the message above"),
    };
    failure.print();
    failure.exit.into()
}

/// Starts `number` threads that compute; with 0 as many as `RAYON_NUM_THREADS` says, or as there are cores.
/// Rayon would do it at the first use, and panic where there is no room for their stacks.
fn start_threads(number: usize) -> Outcome {
    rayon::ThreadPoolBuilder::new().num_threads(number).build_global().map_err(|error| {
        let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        Failure::input(format!("cannot start the threads that compute: {reason}")).hint(
            "there is too little memory, or a limit is too low (`ulimit -v`, `ulimit -u`); \
             RAYON_NUM_THREADS=1 takes the least",
        )
    })
}

/// Runs a command that talks to a chain.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format!("cannot start: {error}")))?
        .block_on(future)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            for sub in command.get_subcommands() {
                check(sub);
            }
            if !command.has_subcommands() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.starts_with("Example"), "{} has no example", command.get_name());
            }
        }
        check(&Cli::command());
    }
}
