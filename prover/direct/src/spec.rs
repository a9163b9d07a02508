//! What the verifier of direct proofs is made of, and the layout of what it takes.
//!
//! ```text
//! proof: k
//!        the key: initial state, selector, constants, permutation
//!        advice, product, random, two quotient pieces        x, y each
//!        evaluations: advice at rows 0 to 3; selector, constants; random; permutation; product at rows 0, 1
//!        W, W'
//!        the inverse
//! ```

use halo2curves::{
    bn256::{Fr, G2Affine},
    group::GroupEncoding,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_aggregate::spec::{MAX_K, SpecError, in_subgroup, read_point};
use tessera_artifact::{Sha256Digest, decode_json, encode_json, sha256};
use tessera_core::to_be_bytes;

const KIND: &str = "tessera.direct-verifier";
const VERSION: u32 = 1;
#[cfg(feature = "files")]
const FILE_LIMIT: u64 = 64 << 10;

/// Words of the key, k in front.
pub const KEY_WORDS: usize = 8;
/// Evaluations in a proof.
pub const EVALUATIONS: usize = 10;
/// Words of the circuit's proof.
pub const CIRCUIT_PROOF_WORDS: usize = 2 * 7 + EVALUATIONS;
/// Bytes of the contract's `proof`.
pub const PROOF_LENGTH: usize = 32 * (KEY_WORDS + CIRCUIT_PROOF_WORDS + 1);

/// Everything that the contract's text depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectSpec {
    /// Sizes of circuits, as powers of two of their rows.
    pub sizes: (u32, u32),
    /// Rows at the end of a circuit: the permutation's last one and the blinding.
    pub last_rows: u32,
    /// Shift of pinned constants in the circuit's layout.
    pub pin_shift: Fr,
    /// `[τ]₂` of the reference string.
    pub tau_g2: G2Affine,
    /// Digest of the reference string.
    pub srs: Sha256Digest,
    /// Whether the reference string's secret is known.
    pub insecure_srs: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sizes: (u32, u32),
    last_rows: u32,
    #[serde(with = "tessera_core::serde_hex")]
    pin_shift: Fr,
    tau_g2: String,
    srs: Sha256Digest,
    insecure_srs: bool,
    digest: Sha256Digest,
}

impl DirectSpec {
    /// Writes [`Self::to_bytes`].
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), SpecError> {
        let secrecy = tessera_artifact::Secrecy::Public;
        Ok(tessera_artifact::write(path, &self.to_bytes()?, secrecy)?)
    }

    /// The specification as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, SpecError> {
        let file = File {
            sizes: self.sizes,
            last_rows: self.last_rows,
            pin_shift: self.pin_shift,
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

    /// Inverse of [`Self::to_bytes`], checked against its digest. `origin` names it in errors.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, SpecError> {
        let file: File = decode_json(origin, KIND, VERSION, bytes)?;
        let malformed = |field, fault: String| SpecError::Malformed {
            path: origin.to_path_buf(),
            field,
            fault,
        };
        let (min, max) = file.sizes;
        if !(4..=max).contains(&min) || max > MAX_K {
            return Err(malformed("sizes", format!("not a range within 4..={MAX_K}")));
        }
        if !(1..=16).contains(&file.last_rows) {
            return Err(malformed("last_rows", "not in 1..=16".into()));
        }
        let tau_g2 = read_point::<G2Affine>(&file.tau_g2)
            .filter(in_subgroup)
            .ok_or_else(|| malformed("tau_g2", "not a compressed point of G2".into()))?;
        let spec = DirectSpec {
            sizes: file.sizes,
            last_rows: file.last_rows,
            pin_shift: file.pin_shift,
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

    /// Names the verifier: SHA-256 of a label, the numbers and the reference string.
    pub fn digest(&self) -> Sha256Digest {
        let mut bytes = b"tessera direct verifier v1".to_vec();
        for number in [self.sizes.0, self.sizes.1, self.last_rows] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(to_be_bytes(&self.pin_shift));
        bytes.extend(self.tau_g2.to_bytes().as_ref());
        bytes.extend(self.srs.0);
        bytes.push(self.insecure_srs.into());
        sha256(&bytes)
    }
}
