//! The header of binary files, 60 bytes, numbers little-endian:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | `TESSERA\0` |
//! | 8 | 8 | kind |
//! | 16 | 4 | version of the kind |
//! | 20 | 8 | length of the body |
//! | 28 | 32 | SHA-256 of the body |

use crate::{
    ArtifactError, Secrecy, Sha256Digest,
    file::{Existing, read_up_to, write_parts},
    sha256,
};
use std::{fs::File, path::Path};

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

/// Writes `body` behind its header (see [`write()`](crate::write()) for how) and returns its digest.
pub fn write_binary(
    path: &Path,
    kind: [u8; 8],
    version: u32,
    body: &[u8],
    secrecy: Secrecy,
) -> Result<Sha256Digest, ArtifactError> {
    let digest = sha256(body);
    let header = Header { kind, version, length: body.len() as u64, digest };
    write_parts(path, &[&header.to_bytes(), body], secrecy, Existing::Replaced)?;
    Ok(digest)
}

/// The body of a binary file of this kind and version, of at most `limit` bytes, after its length
/// and digest were found right.
///
/// Errors: [`ArtifactError::Kind`], [`ArtifactError::Version`], [`ArtifactError::TooLarge`],
/// [`ArtifactError::Truncated`], [`ArtifactError::Trailing`], [`ArtifactError::Digest`] and those
/// of [`read`](crate::read).
pub fn read_binary(
    path: &Path,
    kind: [u8; 8],
    version: u32,
    limit: u64,
) -> Result<Vec<u8>, ArtifactError> {
    let file = File::open(path).map_err(ArtifactError::io("read", path))?;
    let head = read_up_to(&file, path, HEADER_LEN as u64, HEADER_LEN as u64)?;
    let wrong_kind =
        |found| ArtifactError::Kind { path: path.into(), expected: kind_name(&kind), found };
    let Some(header) = Header::parse(&head) else {
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
    let truncated = |found: u64| ArtifactError::Truncated {
        path: path.into(),
        expected: (HEADER_LEN as u64).saturating_add(header.length),
        found: HEADER_LEN as u64 + found,
    };
    // The claimed length is believed (and memory reserved) only as far as the file reaches.
    let size = file.metadata().map_err(ArtifactError::io("read", path))?.len();
    let expected = header.length.min(size.saturating_sub(HEADER_LEN as u64));
    let body = read_up_to(&file, path, expected, header.length.saturating_add(1))?;
    let found = body.len() as u64;
    if found < header.length {
        return Err(truncated(found));
    }
    if found > header.length {
        let expected = HEADER_LEN as u64 + header.length;
        return Err(ArtifactError::Trailing { path: path.into(), expected });
    }
    let found = sha256(&body);
    if found != header.digest {
        return Err(ArtifactError::Digest { path: path.into(), expected: header.digest, found });
    }
    Ok(body)
}

/// A kind as text: trailing zeros dropped, unprintable bytes escaped.
fn kind_name(kind: &[u8; 8]) -> String {
    let end = kind.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    kind[..end].escape_ascii().to_string()
}
