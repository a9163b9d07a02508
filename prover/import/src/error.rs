//! What can be wrong with a model file.

use crate::Guess;
use std::path::PathBuf;
use tessera_artifact::ArtifactError;
use tessera_model::{ModelError, SchemaError};

/// A model that could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] ArtifactError),
    /// The file is no model that is imported.
    #[error("{path}: {fault}")]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: Fault,
    },
    /// The model asks for a feature that the schema has not.
    #[error("{path}: the model's feature {feature:?} is not in schema {schema:?}")]
    UnknownFeature {
        /// The file.
        path: PathBuf,
        /// Name of the feature.
        feature: String,
        /// Name of the schema.
        schema: String,
    },
    /// A file without names of features.
    #[error(
        "{path}: the file does not name its features; if the schema lists them in the order of \
         training, match them by position (--by-position)"
    )]
    Unnamed {
        /// The file.
        path: PathBuf,
    },
    /// Features are to be matched by position, but the numbers differ.
    #[error(
        "{path}: the model has {model} features and schema {schema:?} has {found}: features are matched by position only when their numbers agree"
    )]
    FeatureCount {
        /// The file.
        path: PathBuf,
        /// Features of the model.
        model: usize,
        /// Name of the schema.
        schema: String,
        /// Features of the schema.
        found: usize,
    },
    /// The quantised model breaks a limit.
    #[error("{path}: {source}")]
    Quantised {
        /// The file.
        path: PathBuf,
        /// Which limit.
        source: ModelError,
    },
    /// The schema breaks its own rules.
    #[error("the schema: {0}")]
    Schema(#[from] SchemaError),
    /// The file can be read in more than one way.
    #[error("{path}: {}", guesses.iter().map(Guess::to_string).collect::<Vec<_>>().join("\n"))]
    Guess {
        /// The file.
        path: PathBuf,
        /// How it would be read, and what settles it.
        guesses: Vec<Guess>,
    },
    /// The operating system gave no random bytes for the salt.
    #[error("the operating system gave no random bytes for the salt")]
    NoRandomness,
    /// Another file than the one that a package was imported from.
    #[error("{path} is not the file that the package was imported from")]
    OtherSource {
        /// The file.
        path: PathBuf,
    },
}

/// What is wrong with the contents of a model file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not a format that is imported.
    #[error("this is {found}; {hint}")]
    Format {
        /// What the file looks like.
        found: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// Not JSON, or not with the right fields.
    #[error("line {line}, column {column}: {reason}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A kind of model that is not imported.
    #[error("{what} is not supported: {hint}")]
    Unsupported {
        /// What the model has, with its place.
        what: String,
        /// Why not, or what to do.
        hint: &'static str,
    },
    /// A contradiction in the file.
    #[error("{place}: {fault}")]
    Malformed {
        /// Where.
        place: String,
        /// What is wrong.
        fault: String,
    },
}

impl Fault {
    pub(crate) fn malformed(place: impl Into<String>, fault: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), fault: fault.into() }
    }

    pub(crate) fn unsupported(what: impl Into<String>, hint: &'static str) -> Self {
        Self::Unsupported { what: what.into(), hint }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let position = format!(" at line {line} column {column}");
        let reason = message.strip_suffix(&position).unwrap_or(&message);
        Self::Json { line, column, reason: reason.chars().take(300).collect() }
    }
}
