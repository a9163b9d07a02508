//! The `tessera` command.

mod cli;
mod demo;
mod signal;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
