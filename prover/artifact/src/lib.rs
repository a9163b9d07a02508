//! Files that say what they are, are hashed, and are written whole or not at all.
//!
//! Bytes come first: [`encode_json`], [`decode_json`], [`encode_binary`] and [`decode_binary`] know no
//! file system and build for every target. With the feature `files`, every file that Tessera writes goes
//! through this crate:
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
#[cfg(feature = "files")]
mod file;
mod json;

pub use binary::{HEADER_LEN, decode_binary, encode_binary};
#[cfg(feature = "files")]
pub use binary::{read_binary, write_binary};
pub use digest::{DigestError, Sha256Digest, sha256};
pub use error::ArtifactError;
#[cfg(feature = "files")]
pub use file::{Secrecy, create, read, set_aside, write};
#[cfg(feature = "files")]
pub use json::{create_json, read_json, write_json};
pub use json::{decode_json, encode_json};
