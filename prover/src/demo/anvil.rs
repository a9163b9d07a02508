//! A chain of its own for the demonstration, gone when the demonstration is.

use crate::{
    cli::{Failure, talk},
    signal::asked_to_end,
};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(30);
/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
const POLL: Duration = Duration::from_millis(20);

/// A running anvil on a port that the system chose. Killed when dropped (at the end, on an error,
/// on a panic) and when the process is asked to end.
pub struct Anvil {
    child: Arc<Mutex<Child>>,
    url: String,
}

impl Anvil {
    /// Starts `binary`; what it says goes to the file `log`.
    pub fn start(binary: &Path, log: PathBuf) -> Result<Self, Failure> {
        let failed = |fault: String| {
            Failure::input(format!("cannot start {}: {fault}", binary.display())).hint(
                "`npm ci` at the root of the repository installs it; --anvil FILE names another",
            )
        };
        let file = File::create(&log)
            .map_err(|error| Failure::input(format!("cannot write {}: {error}", log.display())))?;
        let errors = file.try_clone().map_err(|error| failed(error.to_string()))?;
        // EIP-7825 limits a transaction's gas; anvil leaves that out unless asked.
        let child = Command::new(binary)
            .args(["--port", "0", "--enable-tx-gas-limit"])
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut anvil = Self { child: Arc::new(Mutex::new(child)), url: String::new() };
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if let Some(address) = said.lines().find_map(|l| l.strip_prefix("Listening on ")) {
                anvil.url = format!("http://{}", address.trim());
                return Ok(anvil);
            }
            if let Ok(Some(status)) = lock(&anvil.child).try_wait() {
                let last = said.lines().last().unwrap_or("it said nothing").to_owned();
                return Err(failed(format!("{status}: {last}")));
            }
            std::thread::sleep(POLL);
        }
        Err(failed(format!("no port after {PATIENCE:?}; see {}", log.display())))
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on an interrupt stops anvil and ends the process at once, whatever it is busy with.
    /// Needs a tokio runtime.
    pub fn end_on_signal(&self) {
        let child = self.child.clone();
        tokio::spawn(async move {
            asked_to_end().await;
            kill(&child);
            talk("interrupted; anvil is stopped");
            std::process::exit(INTERRUPTED);
        });
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        kill(&self.child);
    }
}

fn lock(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills it and waits, so that nothing is left. Both fail only if it is gone already.
fn kill(child: &Mutex<Child>) {
    let mut child = lock(child);
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn script(folder: &Path, text: &str) -> PathBuf {
        let path = folder.join("anvil");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn reads_the_port_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let binary = script(dir.path(), "echo Listening on 127.0.0.1:4711; exec sleep 1000");
        let anvil = Anvil::start(&binary, dir.path().join("log")).unwrap();
        assert_eq!(anvil.url(), "http://127.0.0.1:4711");
        let process = PathBuf::from(format!("/proc/{}", lock(&anvil.child).id()));
        if cfg!(target_os = "linux") {
            assert!(process.exists());
        }
        drop(anvil);
        assert!(!process.exists());
    }

    #[test]
    fn says_why_it_did_not_start() {
        let dir = tempfile::tempdir().unwrap();
        let binary = script(dir.path(), "echo no such binary >&2; exit 2");
        let error = Anvil::start(&binary, dir.path().join("log")).err().unwrap();
        assert!(format!("{error:?}").contains("no such binary"), "{error:?}");
        let missing = Anvil::start(&dir.path().join("none"), dir.path().join("log"));
        assert!(format!("{:?}", missing.err().unwrap()).contains("npm ci"));
    }
}
