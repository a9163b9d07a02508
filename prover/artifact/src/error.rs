use crate::Sha256Digest;
use std::{io, path::PathBuf};

/// Why a file could not be read or written. Every variant names the file, none quotes its content.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// No such file.
    #[error("there is no file {}", path.display())]
    Missing {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
    },
    /// Something is there that can't be made again, so it is not replaced.
    #[error("{} is there already, and it is not overwritten", path.display())]
    Exists {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
    },
    /// Bigger than anything of its kind may be.
    #[error("{} has {} bytes, at most {limit} are read", path.display(), or_more(*size))]
    TooLarge {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// Most bytes.
        limit: u64,
        /// Bytes of the file, or what its header claims; `None` when reading stopped at the limit.
        size: Option<u64>,
    },
    /// A file of another kind, or not one of Tessera's.
    #[error("{} is not a {expected} file, but {found}", path.display())]
    Kind {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// The kind that was asked for.
        expected: String,
        /// What it is instead.
        found: String,
    },
    /// The right kind, in a version of the format that this build does not read.
    #[error(
        "{} is version {found} of {kind}, this build reads version {expected}: make the file again",
        path.display()
    )]
    Version {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// Its kind.
        kind: String,
        /// The version that is read.
        expected: u32,
        /// Found.
        found: u64,
    },
    /// Not JSON, or not the fields that the kind has.
    #[error("{}, line {line} column {column}: {reason}", path.display())]
    Json {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// The body is not what was written.
    #[error(
        "{} is damaged or was altered: its header says SHA-256 {expected}, its content has {found}",
        path.display()
    )]
    Digest {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// In the header.
        expected: Sha256Digest,
        /// Of the content.
        found: Sha256Digest,
    },
    /// Fewer bytes than the format needs.
    #[error("{} is cut short: {expected} bytes expected, {found} found", path.display())]
    Truncated {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// Expected, in bytes.
        expected: u64,
        /// Found.
        found: u64,
    },
    /// More bytes than the header says.
    #[error("{} goes on after its {expected} bytes", path.display())]
    Trailing {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// Expected, in bytes.
        expected: u64,
    },
    /// The value has no JSON form that can be read again.
    #[error("cannot write {}: {reason}", path.display())]
    Encode {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

fn or_more(size: Option<u64>) -> String {
    size.map_or("too many".into(), |size| size.to_string())
}

impl ArtifactError {
    /// For `map_err`: an I/O error with its path, [`ArtifactError::Missing`] when nothing is there.
    pub fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::NotFound if action == "read" => Self::Missing { path },
            io::ErrorKind::AlreadyExists if action == "write" => Self::Exists { path },
            _ => Self::Io { action, path, source },
        }
    }
}
