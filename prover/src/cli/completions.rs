//! `tessera completions`: words for a shell.

use super::{Outcome, talk::written};
use clap_complete::{Shell, generate};
use std::io::Write;

#[derive(clap::Args)]
#[command(after_help = "\
Example:
  tessera completions bash > ~/.local/share/bash-completion/completions/tessera")]
pub struct Args {
    /// Which shell.
    shell: Shell,
}

pub fn run(args: Args, mut command: clap::Command) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "tessera", &mut script);
    let mut stdout = std::io::stdout();
    written(stdout.write_all(&script).and_then(|()| stdout.flush()));
    Ok(())
}
