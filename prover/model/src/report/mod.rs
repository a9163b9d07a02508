//! What an import did to a model, for the people who answer for it.

use serde::{Deserialize, Serialize};

/// The report of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// What the model is made of.
    pub structure: Structure,
    /// What a reader should know before trusting the model, in sentences.
    pub notes: Vec<String>,
}

/// Counts and bounds of a quantised model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Structure {
    /// Trees in use.
    pub trees: usize,
    /// Splits of all trees.
    pub splits: usize,
    /// Leaves of all trees.
    pub leaves: usize,
    /// Different pairs of feature and threshold.
    pub thresholds: usize,
    /// Features that some split asks for.
    pub features_used: usize,
    /// Splits of the source that the schema's ranges decide alone.
    pub folded_splits: usize,
    /// Largest magnitude of a partial sum, in 2^-32 points.
    pub bound: u64,
    /// Bits of `bound`.
    pub bound_bits: u32,
}
