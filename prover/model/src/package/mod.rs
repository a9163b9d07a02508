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
use std::{collections::BTreeSet, path::Path};
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

/// For a number of segments: the whole model in one circuit, whose proof is verified without aggregation. Proof
/// files, policies and contracts say it so, too.
pub const DIRECT: usize = 0;

/// A quantised model with what it was made of.
#[derive(Clone, PartialEq)]
pub struct Package {
    /// What the model asks.
    pub schema: Schema,
    /// The model of record.
    pub model: Model,
    /// Number of segments that the model is proven in, or [`DIRECT`]; the model's digest depends on it.
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
    /// Which columns LightGBM's lists of categories belong to, in the lists' order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category_lists: Vec<String>,
    /// What the file leaves open, and somebody who knows has settled.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub assume: BTreeSet<Assumption>,
}

/// A way to read what a file leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assumption {
    /// The numbers 0, 1, 2 … of a model stand for the schema's codes in their order.
    CategoriesByPlace,
    /// The numbers of a model are the schema's codes themselves.
    CategoriesByNumber,
    /// The edges of bins are exactly the numbers that a scorecard shows.
    EdgesAsPrinted,
    /// No value is one of those that a scorecard calls special.
    NoSpecialValues,
    /// Each round of boosting made one tree.
    OneTreePerRound,
    /// The one category without a coefficient is that which the others are compared with.
    BaseCategories,
    /// A table of coefficients without an intercept is of a model without one.
    NoIntercept,
    /// Coefficients are exactly the numbers that a table shows.
    CoefficientsAsPrinted,
    /// An output without a logistic function is the log-odds of class 1.
    OutputIsLogOdds,
    /// The same is the probability of class 1.
    OutputIsProbability,
    /// Log-odds are the difference of two scores that are opposites of each other: twice the one.
    DoubledLogOdds,
}

impl Assumption {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::CategoriesByPlace,
        Self::CategoriesByNumber,
        Self::EdgesAsPrinted,
        Self::NoSpecialValues,
        Self::OneTreePerRound,
        Self::BaseCategories,
        Self::NoIntercept,
        Self::CoefficientsAsPrinted,
        Self::OutputIsLogOdds,
        Self::OutputIsProbability,
        Self::DoubledLogOdds,
    ];

    /// Its name, as options and files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CategoriesByPlace => "categories-by-place",
            Self::CategoriesByNumber => "categories-by-number",
            Self::EdgesAsPrinted => "edges-as-printed",
            Self::NoSpecialValues => "no-special-values",
            Self::OneTreePerRound => "one-tree-per-round",
            Self::BaseCategories => "base-categories",
            Self::NoIntercept => "no-intercept",
            Self::CoefficientsAsPrinted => "coefficients-as-printed",
            Self::OutputIsLogOdds => "output-is-log-odds",
            Self::OutputIsProbability => "output-is-probability",
            Self::DoubledLogOdds => "doubled-log-odds",
        }
    }
}

impl std::fmt::Display for Assumption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Assumption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|assumption| assumption.name() == text);
        found.ok_or_else(|| format!("one of {}", names()))
    }
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
    /// What XGBoost's `save_model` writes to a name ending in `.ubj`, and by default.
    XgboostUbjson,
    /// What CatBoost's `save_model` writes with `format="json"`.
    CatboostJson,
    /// What LightGBM's `save_model` writes.
    LightgbmText,
    /// What skl2onnx, torch and others export.
    Onnx,
    /// A table of bins with points, or with weights of evidence and coefficients.
    ScorecardCsv,
    /// A table of a logistic regression's coefficients.
    Coefficients,
    /// Predictive Model Markup Language, version 4.
    Pmml,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::XgboostJson => "XGBoost JSON",
            Self::XgboostUbjson => "XGBoost UBJSON",
            Self::CatboostJson => "CatBoost JSON",
            Self::LightgbmText => "LightGBM text",
            Self::Onnx => "ONNX",
            Self::ScorecardCsv => "scorecard CSV",
            Self::Coefficients => "table of coefficients",
            Self::Pmml => "PMML",
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
    /// A file that is not as it was written.
    #[error("{path} was changed after it was written: import the model again")]
    Changed {
        /// The package file.
        path: String,
    },
}

impl Package {
    /// The bytes of `package.json`.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, ArtifactError> {
        let mut body = json::PackageJson::from(self);
        body.digest = Some(self.digest());
        tessera_artifact::encode_json(Path::new(FILE), KIND, VERSION, &body)
    }

    /// The package in the bytes of a `package.json`, which `origin` names in errors. The model is checked
    /// against the schema, and the bytes against the digest that they state.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, PackageError> {
        let body: json::PackageJson = tessera_artifact::decode_json(origin, KIND, VERSION, bytes)?;
        let text = || origin.display().to_string();
        let digest = body.digest;
        let package =
            body.into_package().map_err(|source| PackageError::Model { path: text(), source })?;
        match digest.is_none_or(|digest| digest == package.digest()) {
            true => Ok(package),
            false => Err(PackageError::Changed { path: text() }),
        }
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
