//! What an import did to a model, for the people who answer for it.

mod calibration;
mod decisions;
mod expected;
mod html;
mod monotone;
mod sample;
mod show;
mod statistics;
mod text;

pub use calibration::{Calibration, Unit};
pub use decisions::{Band, Decisions, Flip};
pub use expected::{Agreement, AgreementError, Difference, Expected, ScoreKind};
pub use monotone::{Between, CalibrationError, Monotone};
pub use sample::{Refused, Sample, SampleError};
pub use show::show;
pub use statistics::{Bin, ErrorBin, Errors, Part, Separation, Stability, Step, Tenth};

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest};
use tessera_import::Imported;
use tessera_model::{ModelError, Package, Tree};

/// `kind` of `report.json`.
pub const KIND: &str = "tessera.report";
/// Version of the report.
pub const VERSION: u32 = 2;
/// Name of the report file in its folder.
pub const FILE: &str = "report.json";
/// Name of the report's page in its folder.
pub const PAGE_FILE: &str = "report.html";
/// Largest report file, in bytes.
const MAX_FILE: u64 = 512 << 20;

/// The report of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Of what was read and made.
    pub digests: Digests,
    /// What the model is made of.
    pub structure: Structure,
    /// What a reader should know before trusting the model, in sentences.
    pub notes: Vec<String>,
    /// How the model compares with its source on a sample, if one was given.
    pub calibration: Option<Calibration>,
}

/// A report that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A report of another package, or a package changed since.
    #[error("{} is about another package: import the model again", path.display())]
    OtherPackage {
        /// The report file.
        path: PathBuf,
    },
}

impl Report {
    /// The report of an import, without a calibration.
    pub fn of(imported: &Imported) -> Result<Self, ModelError> {
        let Package { schema, .. } = &imported.package;
        let digests = Digests {
            source: imported.package.source_fingerprint(),
            package: imported.package.digest(),
            schema: schema.digest().to_string(),
        };
        let structure = Structure::of(imported)?;
        Ok(Self { digests, structure, notes: imported.notes.clone(), calibration: None })
    }

    /// Writes the report of `package` into `folder`, as JSON and as a page that only the owner reads:
    /// with the sample at hand, its figures confirm or refute a guess of the model.
    pub fn save(&self, package: &Package, folder: &Path) -> Result<(), ArtifactError> {
        let mut report = self.clone();
        report.digests.package = package.digest();
        tessera_artifact::write_json(&folder.join(FILE), KIND, VERSION, &report, Secrecy::Secret)?;
        let page = html::page(package, &report);
        tessera_artifact::write(&folder.join(PAGE_FILE), page.as_bytes(), Secrecy::Secret)
    }

    /// Reads the report in `folder`, which must be about `package`.
    pub fn load(folder: &Path, package: &Package) -> Result<Self, ReportError> {
        let path = folder.join(FILE);
        let report: Self = tessera_artifact::read_json(&path, KIND, VERSION, MAX_FILE)?;
        match report.digests.package == package.digest() {
            true => Ok(report),
            false => Err(ReportError::OtherPackage { path }),
        }
    }
}

/// What the report is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Of the imported file, keyed by the package's salt ([`Package::source_fingerprint`]): a plain
    /// digest would let anybody try files.
    pub source: Sha256Digest,
    /// Digest of the package.
    pub package: Sha256Digest,
    /// Digest of the schema, as it is in statements.
    pub schema: String,
}

/// Counts and bounds of a quantised model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Trees in use.
    pub trees: usize,
    /// Trees that the schema's ranges leave one leaf of; they are part of the offset.
    pub constant_trees: usize,
    /// Comparisons of all trees.
    pub splits: usize,
    /// Leaves of all trees.
    pub leaves: usize,
    /// Longest way from a root to a leaf, in comparisons.
    pub depth: usize,
    /// Different pairs of feature and threshold.
    pub thresholds: usize,
    /// Features that some comparison asks for.
    pub features_used: usize,
    /// Features of the schema.
    pub features: usize,
    /// Splits of the source that the schema's ranges decide alone.
    pub folded_splits: usize,
    /// Bits of the largest magnitude of a partial sum, in 2^-32 points; the limit is 62. The number
    /// itself is a sum of leaves, and would confirm a guess of them.
    pub bound_bits: u32,
    /// Most that rounding can move a score, in points.
    pub rounding: f64,
    /// Layers of a network.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerStructure>,
}

/// Counts and bounds of a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerStructure {
    /// Weights a neuron.
    pub inputs: usize,
    /// Outputs.
    pub neurons: usize,
    /// Bits of the largest sum of a neuron; the limit is [`tessera_model::network::ACCUMULATOR_BITS`].
    pub accumulator_bits: u32,
}

impl Structure {
    /// Of an import.
    pub fn of(imported: &Imported) -> Result<Self, ModelError> {
        let Package { model, schema, .. } = &imported.package;
        let (splits, leaves) = model.size();
        let thresholds = model.thresholds(schema);
        let bound = model.bound(schema)?;
        let mut used: BTreeSet<usize> =
            (0..thresholds.len()).filter(|feature| !thresholds[*feature].is_empty()).collect();
        let mut layers = Vec::new();
        if let Some(network) = model.network() {
            used.extend(network.inputs.iter().map(|input| input.feature()));
            for (layer, ranges) in network.layers.iter().zip(network.accumulators(schema)?) {
                layers.push(LayerStructure {
                    inputs: layer.neurons.first().map_or(0, |neuron| neuron.weights.len()),
                    neurons: layer.neurons.len(),
                    accumulator_bits: ranges.iter().map(|range| range.bits()).max().unwrap_or(0),
                });
            }
        }
        Ok(Self {
            trees: model.trees().len(),
            constant_trees: imported.constant_trees,
            splits,
            leaves,
            depth: model.trees().iter().map(Tree::depth).max().unwrap_or(0),
            thresholds: thresholds.iter().map(Vec::len).sum(),
            features_used: used.len(),
            features: schema.features.len(),
            folded_splits: imported.folded_splits,
            bound_bits: u64::BITS - bound.leading_zeros(),
            rounding: statistics::size(imported.rounding),
            layers,
        })
    }
}
