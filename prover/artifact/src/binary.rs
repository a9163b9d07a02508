//! The header of binary files, 60 bytes, numbers little-endian:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | `TESSERA\0` |
//! | 8 | 8 | kind |
//! | 16 | 4 | version of the kind |
//! | 20 | 8 | length of the body |
//! | 28 | 32 | SHA-256 of the body |

use crate::{ArtifactError, Sha256Digest, sha256};
#[cfg(feature = "files")]
use crate::{
    Secrecy,
    file::{Existing, read_up_to, write_parts},
};
#[cfg(feature = "files")]
use std::fs::File;
use std::path::Path;

const MAGIC: &[u8; 8] = b"TESSERA\0";

/// Bytes before the body of a binary file.
pub const HEADER_LEN: usize = 60;

struct Header {
    kind: [u8; 8],
    version: u32,
    length: u64,
    digest: Sha256Digest,
}

impl Header {
    fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.kind);
        bytes[16..20].copy_from_slice(&self.version.to_le_bytes());
        bytes[20..28].copy_from_slice(&self.length.to_le_bytes());
        bytes[28..].copy_from_slice(&self.digest.0);
        bytes
    }

    /// `None` without the magic bytes or with fewer than [`HEADER_LEN`].
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (magic, bytes) = bytes.split_first_chunk::<8>()?;
        let (kind, bytes) = bytes.split_first_chunk()?;
        let (version, bytes) = bytes.split_first_chunk()?;
        let (length, bytes) = bytes.split_first_chunk()?;
        let (digest, _) = bytes.split_first_chunk()?;
        (magic == MAGIC).then_some(Self {
            kind: *kind,
            version: u32::from_le_bytes(*version),
            length: u64::from_le_bytes(*length),
            digest: Sha256Digest(*digest),
        })
    }
}

/// The header of `body`.
fn header(kind: [u8; 8], version: u32, body: &[u8]) -> Header {
    Header { kind, version, length: body.len() as u64, digest: sha256(body) }
}

/// `body` behind its header.
pub fn encode_binary(kind: [u8; 8], version: u32, body: &[u8]) -> Vec<u8> {
    [&header(kind, version, body).to_bytes(), body].concat()
}

/// Writes `body` behind its header (see [`write()`](crate::write()) for how) and returns its digest.
#[cfg(feature = "files")]
pub fn write_binary(
    path: &Path,
    kind: [u8; 8],
    version: u32,
    body: &[u8],
    secrecy: Secrecy,
) -> Result<Sha256Digest, ArtifactError> {
    let header = header(kind, version, body);
    write_parts(path, &[&header.to_bytes(), body], secrecy, Existing::Replaced)?;
    Ok(header.digest)
}

/// The body of a binary file of this kind and version, of at most `limit` bytes, after its length
/// and digest were found right.
///
/// Errors: [`ArtifactError::Kind`], [`ArtifactError::Version`], [`ArtifactError::TooLarge`],
/// [`ArtifactError::Truncated`], [`ArtifactError::Trailing`], [`ArtifactError::Digest`] and those
/// of [`read`](crate::read).
#[cfg(feature = "files")]
pub fn read_binary(
    path: &Path,
    kind: [u8; 8],
    version: u32,
    limit: u64,
) -> Result<Vec<u8>, ArtifactError> {
    let file = File::open(path).map_err(ArtifactError::io("read", path))?;
    let head = read_up_to(&file, path, HEADER_LEN as u64, HEADER_LEN as u64)?;
    let header = expect_header(path, &head, kind, version, limit)?;
    // The claimed length is believed (and memory reserved) only as far as the file reaches.
    let size = file.metadata().map_err(ArtifactError::io("read", path))?.len();
    let expected = header.length.min(size.saturating_sub(HEADER_LEN as u64));
    let body = read_up_to(&file, path, expected, header.length.saturating_add(1))?;
    check_body(path, &header, &body)?;
    Ok(body)
}

/// The body of what [`encode_binary`] made, of this kind and version, after its length and digest were
/// found right. `origin` names the artifact in errors.
///
/// Errors: those of [`read_binary`] that are not of reading.
pub fn decode_binary<'a>(
    origin: &Path,
    kind: [u8; 8],
    version: u32,
    bytes: &'a [u8],
) -> Result<&'a [u8], ArtifactError> {
    let (head, body) = bytes.split_at(bytes.len().min(HEADER_LEN));
    let header = expect_header(origin, head, kind, version, u64::MAX)?;
    check_body(origin, &header, body)?;
    Ok(body)
}

/// The header in `head`, which has to be of this kind and version.
fn expect_header(
    path: &Path,
    head: &[u8],
    kind: [u8; 8],
    version: u32,
    limit: u64,
) -> Result<Header, ArtifactError> {
    let wrong_kind =
        |found| ArtifactError::Kind { path: path.into(), expected: kind_name(&kind), found };
    let Some(header) = Header::parse(head) else {
        return Err(if !head.is_empty() && head.starts_with(&MAGIC[..head.len().min(8)]) {
            let (expected, found) = (HEADER_LEN as u64, head.len() as u64);
            ArtifactError::Truncated { path: path.into(), expected, found }
        } else {
            wrong_kind("no binary file of Tessera".into())
        });
    };
    if header.kind != kind {
        return Err(wrong_kind(format!("a {} file", kind_name(&header.kind))));
    }
    if header.version != version {
        return Err(ArtifactError::Version {
            path: path.into(),
            kind: kind_name(&kind),
            expected: version,
            found: header.version.into(),
        });
    }
    if header.length > limit {
        return Err(ArtifactError::TooLarge {
            path: path.into(),
            limit,
            size: Some(header.length),
        });
    }
    Ok(header)
}

/// Whether `body` has the length and the digest that its header says.
fn check_body(path: &Path, header: &Header, body: &[u8]) -> Result<(), ArtifactError> {
    let (path, found) = (path.into(), body.len() as u64);
    let expected = (HEADER_LEN as u64).saturating_add(header.length);
    if found < header.length {
        let found = HEADER_LEN as u64 + found;
        return Err(ArtifactError::Truncated { path, expected, found });
    }
    if found > header.length {
        return Err(ArtifactError::Trailing { path, expected });
    }
    match sha256(body) {
        found if found == header.digest => Ok(()),
        found => Err(ArtifactError::Digest { path, expected: header.digest, found }),
    }
}

/// A kind as text: trailing zeros dropped, unprintable bytes escaped.
fn kind_name(kind: &[u8; 8]) -> String {
    let end = kind.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    kind[..end].escape_ascii().to_string()
}
