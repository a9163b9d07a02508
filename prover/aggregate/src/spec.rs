//! What a verifier contract is made of.

use crate::layout::KEY_POINTS;
use halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::{Field, PrimeField},
    group::{Group, GroupEncoding, cofactor::CofactorCurveAffine},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tessera_artifact::{ArtifactError, Sha256Digest, decode_json, encode_json, sha256};

const KIND: &str = "tessera.verifier";
const VERSION: u32 = 1;
#[cfg(feature = "files")]
const FILE_LIMIT: u64 = 64 << 10;

/// Largest number of segments of a verifier.
pub const MAX_SEGMENTS: usize = 16;
/// Largest aggregation circuit, as the power of two of its rows.
pub const MAX_K: u32 = 24;

/// Everything that the contract's text depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSpec {
    /// Segments that a proof aggregates.
    pub segments: usize,
    /// The aggregation circuit has `2^k` rows.
    pub k: u32,
    /// Rows at the end of the circuit: the permutation's last one and the blinding.
    pub last_rows: u32,
    /// Shift of pinned constants in the circuit's layout.
    pub pin_shift: Fr,
    /// Commitments of the aggregation key, in the layout's order.
    pub key: [G1Affine; KEY_POINTS],
    /// First word that the transcript absorbs: halo2's hash of the key.
    pub initial_state: Fr,
    /// `[τ]₂` of the reference string.
    pub tau_g2: G2Affine,
    /// Digest of the reference string.
    pub srs: Sha256Digest,
    /// Whether the reference string's secret is known.
    pub insecure_srs: bool,
}

/// A specification that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// Neither read nor written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A field of the file is not what it should be.
    #[error("{path}: {field}: {fault}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
}

impl VerifierSpec {
    /// Names the verifier: SHA-256 of a label, the numbers, the key and the reference string.
    pub fn digest(&self) -> Sha256Digest {
        let mut bytes = b"tessera verifier v2".to_vec();
        for number in [self.segments as u64, self.k as u64, self.last_rows as u64] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(word(&self.pin_shift));
        for point in &self.key {
            bytes.extend([&point.x, &point.y].map(word).concat());
        }
        bytes.extend(word(&self.initial_state));
        let tau = &self.tau_g2;
        bytes.extend([&tau.x.c0, &tau.x.c1, &tau.y.c0, &tau.y.c1].map(word).concat());
        bytes.extend(self.srs.0);
        bytes.push(self.insecure_srs.into());
        sha256(&bytes)
    }

    /// Writes [`Self::to_bytes`].
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), SpecError> {
        let secrecy = tessera_artifact::Secrecy::Public;
        Ok(tessera_artifact::write(path, &self.to_bytes()?, secrecy)?)
    }

    /// The specification as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SpecError> {
        let file = File {
            segments: self.segments,
            k: self.k,
            last_rows: self.last_rows,
            pin_shift: self.pin_shift,
            key: self.key.map(|point| hex::encode(point.to_bytes())),
            initial_state: self.initial_state,
            tau_g2: hex::encode(self.tau_g2.to_bytes()),
            srs: self.srs,
            insecure_srs: self.insecure_srs,
            digest: self.digest(),
        };
        Ok(encode_json(Path::new("verifier"), KIND, VERSION, &file)?.to_vec())
    }

    /// [`Self::from_bytes`] of the file at `path`.
    #[cfg(feature = "files")]
    pub fn load(path: &Path) -> Result<Self, SpecError> {
        Self::from_bytes(path, &tessera_artifact::read(path, FILE_LIMIT)?)
    }

    /// A specification, checked against its digest; `origin` names it in errors.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, SpecError> {
        let path = origin;
        let file: File = decode_json(path, KIND, VERSION, bytes)?;
        let malformed =
            |field, fault: String| SpecError::Malformed { path: path.to_path_buf(), field, fault };
        if !(1..=MAX_SEGMENTS).contains(&file.segments) {
            return Err(malformed("segments", format!("not in 1..={MAX_SEGMENTS}")));
        }
        if !(4..=MAX_K).contains(&file.k) {
            return Err(malformed("k", format!("not in 4..={MAX_K}")));
        }
        if !(1..=16).contains(&file.last_rows) {
            return Err(malformed("last_rows", "not in 1..=16".into()));
        }
        let mut key = [G1Affine::default(); KEY_POINTS];
        for (point, text) in key.iter_mut().zip(&file.key) {
            *point = read_point(text)
                .ok_or_else(|| malformed("key", "not a compressed point of G1".into()))?;
        }
        let tau_g2 = read_point::<G2Affine>(&file.tau_g2)
            .filter(in_subgroup)
            .ok_or_else(|| malformed("tau_g2", "not a compressed point of G2".into()))?;
        let spec = VerifierSpec {
            segments: file.segments,
            k: file.k,
            last_rows: file.last_rows,
            pin_shift: file.pin_shift,
            key,
            initial_state: file.initial_state,
            tau_g2,
            srs: file.srs,
            insecure_srs: file.insecure_srs,
        };
        if spec.digest() != file.digest {
            let fault =
                format!("the content's is {}, the file says {}", spec.digest(), file.digest);
            return Err(malformed("digest", fault));
        }
        Ok(spec)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    segments: usize,
    k: u32,
    last_rows: u32,
    #[serde(with = "tessera_core::serde_hex")]
    pin_shift: Fr,
    key: [String; KEY_POINTS],
    #[serde(with = "tessera_core::serde_hex")]
    initial_state: Fr,
    tau_g2: String,
    srs: Sha256Digest,
    insecure_srs: bool,
    digest: Sha256Digest,
}

/// A point other than the identity.
pub fn read_point<P: GroupEncoding + CofactorCurveAffine>(text: &str) -> Option<P> {
    let mut repr = <P as GroupEncoding>::Repr::default();
    hex::decode_to_slice(text, repr.as_mut()).ok()?;
    let point = Option::<P>::from(P::from_bytes(&repr))?;
    (!bool::from(point.is_identity())).then_some(point)
}

/// `[r − 1]P + P = 0`: the twist has points of other orders too.
pub fn in_subgroup(point: &G2Affine) -> bool {
    (*point * -Fr::ONE + point).is_identity().into()
}

/// Big-endian bytes of a field element.
fn word<F: PrimeField<Repr: AsRef<[u8]>>>(x: &F) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(x.to_repr().as_ref());
    bytes.reverse();
    bytes
}

/// A coordinate as a Solidity literal.
pub fn literal<F: PrimeField<Repr: AsRef<[u8]>>>(x: &F) -> String {
    format!("0x{}", hex::encode(word(x)))
}
