//! What a verifier contract is made of.

use crate::layout::KEY_POINTS;
use halo2curves::bn256::{Fr, G1Affine, G2Affine};

/// Everything that the contract's text depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSpec {
    /// Segments that a proof aggregates.
    pub segments: usize,
    /// The aggregation circuit has `2^k` rows.
    pub k: u32,
    /// Commitments of the aggregation key, in the layout's order.
    pub key: [G1Affine; KEY_POINTS],
    /// First word that the transcript absorbs: halo2's hash of the key.
    pub initial_state: Fr,
    /// `[τ]₂` of the reference string.
    pub tau_g2: G2Affine,
    /// Digest of the reference string.
    pub srs: [u8; 32],
    /// Whether the reference string's secret is known.
    pub insecure_srs: bool,
}
