//! From what a library computes in floating point to the integers of the model of record.

mod network;
mod trees;

#[cfg(test)]
mod tests;

pub(super) use network::quantise as quantise_network;
pub(super) use trees::{quantise as quantise_trees, runs};

use tessera_model::{Model, ModelError, SCORE_LIMIT};

/// A quantised model with where it comes from.
pub(crate) struct Quantised {
    /// The model of record.
    pub model: Model,
    /// Which source tree each tree is, and which source node each of its nodes stands for.
    pub origins: Vec<(usize, Vec<usize>)>,
    /// Splits that the schema's ranges decide alone.
    pub folded_splits: usize,
    /// Trees that were left with one leaf, which went into the offset.
    pub constant_trees: usize,
    /// Most that rounding can move a score, in points.
    pub rounding: f64,
}

/// To the nearest unit.
fn rounded(units: f64) -> Result<i64, ModelError> {
    let nearest = units.round();
    if nearest.abs() < SCORE_LIMIT as f64 {
        return Ok(nearest as i64);
    }
    // Of products that overflow. A number below 2^1024 has at most that many bits.
    let bits = if nearest.is_finite() { nearest.abs().log2() as u32 + 1 } else { 1024 };
    Err(ModelError::TooLarge { bits })
}
