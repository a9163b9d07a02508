//! The file that a proof is.

use crate::VerifyError;
use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_aggregate::VerifierSpec;
use tessera_artifact::{ArtifactError, Sha256Digest, decode_json, encode_json};
use tessera_core::Statement;
use tessera_direct::DirectSpec;
use tessera_model::package::DIRECT;

const KIND: &str = "tessera.proof";
const VERSION: u32 = 1;
#[cfg(feature = "files")]
const LIMIT: u64 = 4 << 20;

/// A proof ready to send, with what it is of. Public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProofFile {
    /// What it proves.
    pub statement: Statement,
    /// What the contract takes.
    #[serde(with = "bytes")]
    pub proof: Vec<u8>,
    /// Number of segments that were aggregated; [`DIRECT`] of a direct proof.
    pub segments: usize,
    /// Key digest of the verifier that accepts it.
    pub verifier: Sha256Digest,
    /// Digest of the SRS.
    pub srs: Sha256Digest,
    /// Whether the SRS's secret is published.
    pub insecure_srs: bool,
}

impl ProofFile {
    /// The proof as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ArtifactError> {
        Ok(encode_json(Path::new("proof"), KIND, VERSION, self)?.to_vec())
    }

    /// Inverse of [`Self::to_bytes`]; whether it proves anything, [`verify`] says. `origin` names it in
    /// errors.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, ArtifactError> {
        decode_json(origin, KIND, VERSION, bytes)
    }

    /// Writes the file.
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), ArtifactError> {
        tessera_artifact::write(path, &self.to_bytes()?, tessera_artifact::Secrecy::Public)
    }

    /// [`Self::from_bytes`] of the file at `path`.
    #[cfg(feature = "files")]
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        Self::from_bytes(path, &tessera_artifact::read(path, LIMIT)?)
    }
}

/// Accepts what the contract accepts; `spec` is the verifier's.
pub fn verify(proof: &ProofFile, spec: &VerifierSpec) -> Result<(), VerifyError> {
    made_for(proof, false, spec.digest())?;
    Ok(tessera_aggregate::verify(spec, proof.statement.words(), &proof.proof)?)
}

/// Accepts what the contract for direct proofs accepts; `spec` is that contract's.
pub fn verify_direct(proof: &ProofFile, spec: &DirectSpec) -> Result<(), VerifyError> {
    made_for(proof, true, spec.digest())?;
    Ok(tessera_direct::verify(spec, proof.statement.words(), &proof.proof)?)
}

fn made_for(proof: &ProofFile, direct: bool, expected: Sha256Digest) -> Result<(), VerifyError> {
    if (proof.segments == DIRECT) != direct {
        return Err(VerifyError::OtherProfile { direct: !direct });
    }
    match proof.verifier == expected {
        true => Ok(()),
        false => Err(VerifyError::OtherVerifier { expected, found: proof.verifier }),
    }
}

/// Bytes as `0x` and hexadecimal digits.
mod bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{}", hex::encode(bytes)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        digits
            .ok_or_else(|| D::Error::custom("0x and an even number of hexadecimal digits expected"))
    }
}
