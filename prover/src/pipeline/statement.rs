//! What a proof says, and the file that a proof is.

use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest, read_json, write_json};
use tessera_field::{Fr, serde_hex, to_be_bytes};

const KIND: &str = "tessera.proof";
const VERSION: u32 = 1;
const LIMIT: u64 = 4 << 20;

/// *The features inside `commitment`, in range for `schema`, put through the model behind
/// `model_digest`, score at least `threshold`*; `context` ties the proof to one use of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// Hiding commitment to the features.
    #[serde(with = "serde_hex")]
    pub commitment: Fr,
    /// Digest of the schema.
    #[serde(with = "serde_hex")]
    pub schema: Fr,
    /// Hiding digest of the quantised model.
    #[serde(with = "serde_hex")]
    pub model_digest: Fr,
    /// The score to reach, in points × 2^32, below 2^62. Decimal text in files.
    #[serde(with = "decimal")]
    pub threshold: u64,
    /// What the proof may be used for.
    #[serde(with = "serde_hex")]
    pub context: Fr,
}

impl Statement {
    /// The words in the order of the circuit's instances and of the contract's struct.
    pub fn words(&self) -> [[u8; 32]; 5] {
        let threshold = Fr::from(self.threshold);
        [self.commitment, self.schema, self.model_digest, threshold, self.context]
            .map(|word| to_be_bytes(&word))
    }
}

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

/// A `u64` as decimal text: JSON readers round numbers above 2^53.
mod decimal {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(x: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(x)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("a decimal number as a string expected"))
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
