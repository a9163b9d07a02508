//! What an import did to a model, for the people who answer for it.

mod calibration;
mod decisions;
pub(crate) mod html;
mod sample;
mod statistics;
mod text;

pub use calibration::Calibration;
pub use decisions::{Band, Decisions, Flip};
pub use sample::{Refused, Sample, SampleError};
pub use statistics::{Bin, ErrorBin, Errors, Separation, Step, Tenth};

use crate::{ModelError, Schema, import::quantise::Quantised};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
    /// Bits of the largest sum of a neuron; the limit is [`crate::network::ACCUMULATOR_BITS`].
    pub accumulator_bits: u32,
}

impl Structure {
    pub(crate) fn of(quantised: &Quantised, schema: &Schema) -> Result<Self, ModelError> {
        let model = &quantised.model;
        let (splits, leaves) = model.size();
        let thresholds = model.thresholds(schema);
        let bound = model.bound(schema)?;
        let mut used: BTreeSet<usize> =
            (0..thresholds.len()).filter(|feature| !thresholds[*feature].is_empty()).collect();
        let mut layers = Vec::new();
        if let Some(network) = &model.network {
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
            trees: model.trees.len(),
            constant_trees: quantised.constant_trees,
            splits,
            leaves,
            depth: model.trees.iter().map(crate::Tree::depth).max().unwrap_or(0),
            thresholds: thresholds.iter().map(Vec::len).sum(),
            features_used: used.len(),
            features: schema.features.len(),
            folded_splits: quantised.folded_splits,
            bound,
            bound_bits: u64::BITS - bound.leading_zeros(),
            rounding: statistics::tidy(quantised.rounding),
            layers,
        })
    }
}
