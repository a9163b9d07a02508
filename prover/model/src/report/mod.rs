//! What an import did to a model, for the people who answer for it.

mod calibration;
pub(crate) mod html;
mod statistics;
mod text;

pub use calibration::{Calibration, Decisions, Flip, Refused, Sample, SampleError};
pub use statistics::{Band, Bin, Errors, Separation};

use crate::{Schema, import::quantise::Quantised};
use serde::{Deserialize, Serialize};
use tessera_artifact::Sha256Digest;

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

/// What the report is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// SHA-256 of the imported file.
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
    /// Largest magnitude of a partial sum, in 2^-32 points.
    pub bound: u64,
    /// Bits of `bound`; the limit is 62.
    pub bound_bits: u32,
    /// Most that rounding leaves can move a score, in points.
    pub rounding: f64,
}

impl Structure {
    pub(crate) fn of(quantised: &Quantised, schema: &Schema) -> Self {
        let model = &quantised.model;
        let (splits, leaves) = model.size();
        let thresholds = model.thresholds(schema.features.len());
        let bound = model.bound();
        let sums = model.trees.len() + quantised.constant_trees + 1;
        Self {
            trees: model.trees.len(),
            constant_trees: quantised.constant_trees,
            splits,
            leaves,
            depth: model.trees.iter().map(crate::Tree::depth).max().unwrap_or(0),
            thresholds: thresholds.iter().map(Vec::len).sum(),
            features_used: thresholds.iter().filter(|of| !of.is_empty()).count(),
            features: schema.features.len(),
            folded_splits: quantised.folded_splits,
            bound,
            bound_bits: u64::BITS - bound.leading_zeros(),
            rounding: statistics::tidy(sums as f64 * 0.5 / crate::points::ONE as f64),
        }
    }
}
