//! An SRS as a file: a binary artifact (see `tessera-artifact`) of the kind `SRS`, version 1, with
//! this body, numbers little-endian, points as in [`points`](crate::points):
//!
//! | bytes | |
//! |---|---|
//! | 4 | length of the provenance |
//! | … | provenance, JSON |
//! | 4 | k |
//! | 64 · 2^k | `[tau^i]` in G1 |
//! | 64 · 2^k | Lagrange form in G1, over halo2's roots of unity |
//! | 2 · 128 | `[1]`, `[tau]` in G2 |
//!
//! From k on, it is what halo2's `ParamsKZG::write` writes.

use crate::{
    MAX_K, Provenance, Srs, SrsError, SrsFault,
    points::{G1_BYTES, G2_BYTES, g1_points, g2_points},
    srs::params_from_parts,
};
use halo2_proofs::poly::commitment::Params;
use std::path::Path;
use tessera_artifact::{ArtifactError, decode_binary, encode_binary};
#[cfg(feature = "files")]
use tessera_artifact::{Secrecy, Sha256Digest, read_binary, sha256, write_binary};

/// A ceremony's description is some hundred bytes.
const MAX_PROVENANCE: u32 = 1 << 12;

impl Srs {
    /// The kind of its files.
    pub const KIND: [u8; 8] = *b"SRS\0\0\0\0\0";
    /// The version of their format.
    pub const VERSION: u32 = 1;

    /// The SRS in the bytes of its file, which `origin` names in errors. The checks are [`Self::load`]'s.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, SrsError> {
        let body = decode_binary(origin, Self::KIND, Self::VERSION, bytes)?;
        parse(body).map_err(SrsError::file(origin))
    }

    /// The bytes of its file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SrsError> {
        Ok(encode_binary(Self::KIND, Self::VERSION, &self.encode(Path::new("srs"))?))
    }

    /// Reads the SRS at `path`: its digest, its layout and that every point is on the curve are
    /// checked. Whether the points are powers of one secret is for [`Srs::check`], once, when a
    /// file comes from somebody else.
    ///
    /// Errors: [`SrsError::Artifact`], [`SrsError::File`].
    #[cfg(feature = "files")]
    pub fn load(path: &Path) -> Result<Self, SrsError> {
        parse(&Self::body(path)?).map_err(SrsError::file(path))
    }

    /// [`Srs::load`], with the SHA-256 of all that the file holds.
    #[cfg(feature = "files")]
    pub(crate) fn load_hashed(path: &Path) -> Result<(Self, Sha256Digest), SrsError> {
        let body = Self::body(path)?;
        let srs = parse(&body).map_err(SrsError::file(path))?;
        Ok((srs, sha256(&body)))
    }

    #[cfg(feature = "files")]
    fn body(path: &Path) -> Result<Vec<u8>, SrsError> {
        let limit = 8 + u64::from(MAX_PROVENANCE) + points_len(MAX_K);
        Ok(read_binary(path, Self::KIND, Self::VERSION, limit)?)
    }

    /// Writes the SRS to `path`, whole or not at all.
    ///
    /// Errors: [`SrsError::Artifact`].
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), SrsError> {
        let body = self.encode(path)?;
        write_binary(path, Self::KIND, Self::VERSION, &body, Secrecy::Public)?;
        Ok(())
    }

    /// What stands behind the header.
    fn encode(&self, path: &Path) -> Result<Vec<u8>, SrsError> {
        let provenance = serde_json::to_vec(self.provenance()).map_err(|error| {
            ArtifactError::Encode { path: path.into(), reason: error.to_string() }
        })?;
        let mut body = (provenance.len() as u32).to_le_bytes().to_vec();
        body.reserve_exact(provenance.len() + 4 + points_len(self.k()) as usize);
        body.extend(provenance);
        self.params().write(&mut body).map_err(ArtifactError::io("write", path))?;
        Ok(body)
    }
}

/// Bytes of all points; `k` at most [`MAX_K`].
fn points_len(k: u32) -> u64 {
    ((2 * G1_BYTES as u64) << k) + 2 * G2_BYTES as u64
}

fn parse(body: &[u8]) -> Result<Srs, SrsFault> {
    let cut = |section, expected: u64, found: usize| {
        move || SrsFault::Length { section, expected, found: found as u64 }
    };
    let (length, body) =
        body.split_first_chunk().ok_or_else(cut("length of the provenance", 4, body.len()))?;
    let length = u32::from_le_bytes(*length);
    if length > MAX_PROVENANCE {
        let reason = format!("{length} bytes, more than {MAX_PROVENANCE}");
        return Err(SrsFault::Description { reason });
    }
    let (provenance, body) = body.split_at_checked(length as usize).ok_or_else(cut(
        "provenance",
        length.into(),
        body.len(),
    ))?;
    let provenance: Provenance = serde_json::from_slice(provenance)
        .map_err(|error| SrsFault::Description { reason: error.to_string() })?;

    let (k, body) = body.split_first_chunk().ok_or_else(cut("k", 4, body.len()))?;
    let k = u32::from_le_bytes(*k);
    if !(1..=MAX_K).contains(&k) {
        return Err(SrsFault::Size { k });
    }
    if body.len() as u64 != points_len(k) {
        return Err(cut("points", points_len(k), body.len())());
    }
    let (powers, body) = body.split_at(G1_BYTES << k);
    let (lagrange, g2) = body.split_at(G1_BYTES << k);
    let powers = g1_points(powers, "powers in G1")?;
    let lagrange = g1_points(lagrange, "Lagrange form")?;
    let g2 = g2_points(g2, "powers in G2")?;
    Srs::new(params_from_parts(k, powers, lagrange, g2[0], g2[1]), provenance)
}
