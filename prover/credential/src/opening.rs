//! The borrower's secret half: features and blinding.

use crate::CredentialError;
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};
use tessera_artifact::{decode_json, encode_json};
use tessera_core::{FeatureCommitment, SchemaDigest, Secret, commitment::commit, from_hex, to_hex};
use tessera_model::{Features, Schema};
use zeroize::Zeroizing;

const KIND: &str = "tessera.opening";
const VERSION: u32 = 1;
#[cfg(feature = "files")]
const LIMIT: u64 = 4 << 20;

/// What a commitment hides: features that their schema admits, and blinding. Zeroised when dropped;
/// `Debug` shows public digests alone.
#[derive(Clone)]
pub struct Opening {
    schema: SchemaDigest,
    features: Features,
    blinding: Secret,
    commitment: FeatureCommitment,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OpeningFile {
    schema: SchemaDigest,
    #[serde(with = "crate::zeroizing")]
    codes: Zeroizing<Vec<u64>>,
    #[serde(with = "crate::zeroizing")]
    blinding: Zeroizing<String>,
}

impl Opening {
    /// The opening of `features` under `schema`.
    ///
    /// # Errors
    /// When `schema` does not admit them.
    pub fn new(
        schema: &Schema,
        features: Features,
        blinding: Secret,
    ) -> Result<Self, CredentialError> {
        Self::checked(schema, features, blinding, "the opening")
    }

    /// [`Self::new`], with the name of the file for errors.
    fn checked(
        schema: &Schema,
        features: Features,
        blinding: Secret,
        of: &str,
    ) -> Result<Self, CredentialError> {
        let unfit = |source| CredentialError::Features { of: of.into(), source };
        features.check(schema).map_err(unfit)?;
        let digest = schema.digest();
        let commitment = commit(digest, &features.packed(schema), &blinding);
        Ok(Self { schema: digest, features, blinding, commitment })
    }

    /// Digest of the schema that encoded the features.
    pub fn schema(&self) -> SchemaDigest {
        self.schema
    }

    /// The features, for the prover.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The blinding, for the prover.
    pub fn blinding(&self) -> &Secret {
        &self.blinding
    }

    /// The commitment that this opens.
    pub fn commitment(&self) -> FeatureCommitment {
        self.commitment
    }

    /// Writes [`Self::to_bytes`] to a secret file, mode 0600, where none may be yet: without its blinding
    /// a credential can't be used.
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), CredentialError> {
        let secrecy = tessera_artifact::Secrecy::Secret;
        Ok(tessera_artifact::create(path, &self.to_bytes()?, secrecy)?)
    }

    /// The opening as JSON. Secret.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
        let file = OpeningFile {
            schema: self.schema,
            codes: Zeroizing::new(self.features.codes().to_vec()),
            blinding: Zeroizing::new(to_hex(&self.blinding.expose())),
        };
        Ok(encode_json(Path::new("opening"), KIND, VERSION, &file)?)
    }

    /// [`Self::from_bytes`] of the file at `path`.
    #[cfg(feature = "files")]
    pub fn load(path: &Path, schema: &Schema) -> Result<Self, CredentialError> {
        Self::from_bytes(path, &Zeroizing::new(tessera_artifact::read(path, LIMIT)?), schema)
    }

    /// An opening; `schema` has to be the one it was made for, and `origin` names it in errors.
    pub fn from_bytes(
        origin: &Path,
        bytes: &[u8],
        schema: &Schema,
    ) -> Result<Self, CredentialError> {
        let path = origin;
        let mut file: OpeningFile = decode_json(path, KIND, VERSION, bytes)?;
        let found = schema.digest();
        if found != file.schema {
            let (expected, found) = (file.schema.to_string(), found.to_string());
            let of = path.display().to_string();
            return Err(CredentialError::Schema { of, expected, found });
        }
        let blinding = from_hex(&file.blinding).map_err(|_| CredentialError::Field {
            path: path.into(),
            field: "blinding",
            expected: "0x and 64 hexadecimal digits below the bn254 scalar modulus",
        })?;
        let features = Features::new_unchecked(std::mem::take(&mut *file.codes));
        Self::checked(schema, features, Secret::new(blinding), &path.display().to_string())
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { schema, commitment, .. } = self;
        write!(f, "Opening(schema {schema}, commitment {commitment}, secret)")
    }
}
