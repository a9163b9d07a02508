//! Running the command in tests.

#![allow(dead_code)] // each test file uses its part

pub mod planted;
pub mod tiny;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().into()
}

/// The command, in the repository's folder, its SRS cached between test runs.
pub fn tessera() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tessera"));
    command
        .current_dir(root())
        .env("TESSERA_CACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
        .env("NO_COLOR", "1")
        .env_remove("ETH_RPC_URL")
        .env_remove("TESSERA_KEY")
        .env_remove("TESSERA_SRS");
    command
}

/// What it said on both channels, and its exit code.
pub struct Said {
    pub out: String,
    pub talk: String,
    pub code: Option<i32>,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            out: String::from_utf8(output.stdout).unwrap(),
            talk: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code(),
        }
    }
}

impl Said {
    /// Must have ended with `code`.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.talk);
        self
    }

    /// What it printed as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}
