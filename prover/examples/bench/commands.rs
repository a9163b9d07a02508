//! What a person waits for: `tessera prove` from a cold process, with its parts as it prints them.

use eyre::{WrapErr, ensure, eyre};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// Runs of each command; the best counts.
const RUNS: usize = 3;
const EXAMPLE: &str = "examples/german-credit";
const SOMEBODY: &str = "0x00000000000000000000000000000000000000aa";
const CONTEXT: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

/// A command from its start to its end.
#[derive(Serialize)]
pub struct CommandRow {
    pub command: &'static str,
    pub seconds: f64,
    /// Stages that it names, and what is left: start, files, the check of the package.
    pub parts: Vec<(String, f64)>,
}

/// `tessera`, which is built beside this benchmark, in a folder of its own.
struct Desk {
    tessera: PathBuf,
    folder: tempfile::TempDir,
    cache: PathBuf,
}

impl Desk {
    fn new(cache: &Path) -> eyre::Result<Self> {
        let here = std::env::current_exe()?;
        let release = here.parent().and_then(Path::parent).ok_or_else(|| eyre!("no folder"))?;
        let tessera = release.join("tessera");
        ensure!(tessera.exists(), "`tessera` is not built: `make bench` does that first");
        Ok(Desk { tessera, folder: tempfile::tempdir()?, cache: std::path::absolute(cache)? })
    }

    /// Runs a line of arguments; what it says.
    fn run(&self, line: &str) -> eyre::Result<String> {
        let mut command = Command::new(&self.tessera);
        command.args(line.split_whitespace()).current_dir(self.folder.path());
        command.env("TESSERA_CACHE", &self.cache).env("NO_COLOR", "1").env_remove("TESSERA_SRS");
        let output = command.output().wrap_err("tessera")?;
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "tessera {line}: {}\n{talk}", output.status);
        Ok(talk)
    }
}

/// Times the commands, with reference strings in the cache below `cache`.
pub fn measure(cache: &Path) -> eyre::Result<Vec<CommandRow>> {
    eprintln!("whole commands");
    let desk = Desk::new(cache)?;
    let example = std::path::absolute(EXAMPLE)?;
    let example = example.display();
    desk.run(&format!(
        "model import {example}/model.json --schema {example}/schema.json \
         --points 600@50:1,pdo=20 --out package"
    ))?;
    desk.run("attester new --out key")?;
    desk.run(&format!(
        "attester issue --key key --schema {example}/schema.json --csv {example}/golden.csv --row 3 \
         --chain-id 1 --registry {SOMEBODY} --subject {SOMEBODY} --person Ada --max-exposure 5000 \
         --out ada"
    ))?;
    let prove = "prove --model package --opening ada/opening.json --threshold 300 --out proof.json";
    [
        ("tessera prove, direct", "--profile direct"),
        ("tessera prove, one segment", "--segments 1"),
        ("tessera prove, two segments", "--segments 2"),
    ]
    .into_iter()
    .map(|(name, shape)| best(&desk, name, &format!("{prove} --context {CONTEXT} {shape}")))
    .collect()
}

fn best(desk: &Desk, command: &'static str, line: &str) -> eyre::Result<CommandRow> {
    let mut best = CommandRow { command, seconds: f64::INFINITY, parts: Vec::new() };
    for _ in 0..RUNS {
        let start = Instant::now();
        let talk = desk.run(line)?;
        let seconds = start.elapsed().as_secs_f64();
        if seconds < best.seconds {
            let mut parts: Vec<_> = talk.lines().filter_map(stage).collect();
            let named: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
            parts.push(("the rest".into(), (seconds - named).max(0.0)));
            best = CommandRow { command, seconds, parts };
        }
    }
    Ok(best)
}

/// A line such as `aggregate          0.71 s`.
fn stage(line: &str) -> Option<(String, f64)> {
    let (name, seconds) = line.strip_suffix(" s")?.trim_end().rsplit_once(' ')?;
    Some((name.trim().to_owned(), seconds.parse().ok()?))
}
