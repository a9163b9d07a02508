//! Files that say what they are, are hashed, and are written whole or not at all.
//!
//! Every file that Tessera writes goes through this crate:
//!
//! * [`write()`] puts the bytes into a temporary file of the same folder, flushes it to the disk and
//!   renames it, so a reader sees the old file or the new one. [`Secrecy`] decides who may read it.
//! * [`read`] never takes more than the caller's limit, whatever the file claims.
//! * [`write_json`] and [`read_json`] wrap a value in an object that names its `kind` and `version`.
//! * [`write_binary`] and [`read_binary`] put a header with kind, version, length and SHA-256
//!   before the body; the digest is checked before anybody parses the body.

mod binary;
mod digest;
mod error;
mod file;
mod json;

pub use binary::{HEADER_LEN, read_binary, write_binary};
pub use digest::{DigestError, Sha256Digest, sha256};
pub use error::ArtifactError;
pub use file::{Secrecy, read, write};
pub use json::{create_json, read_json, write_json};
