//! The file that a proof is.

use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest, read_json, write_json};
use tessera_core::Statement;

const KIND: &str = "tessera.proof";
const VERSION: u32 = 1;
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
    /// Number of segments that were aggregated.
    pub segments: usize,
    /// Key digest of the verifier that accepts it.
    pub verifier: Sha256Digest,
    /// Digest of the SRS.
    pub srs: Sha256Digest,
    /// Whether the SRS's secret is published.
    pub insecure_srs: bool,
}

impl ProofFile {
    /// Writes the file.
    pub fn save(&self, path: &Path) -> Result<(), ArtifactError> {
        write_json(path, KIND, VERSION, self, Secrecy::Public)
    }

    /// Reads the file; whether it proves anything, `verify` says.
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        read_json(path, KIND, VERSION, LIMIT)
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
