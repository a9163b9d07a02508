//! Keys of the aggregation circuit: one pair for each number of segments, for all models.

use crate::circuit::{CircuitError, Witness, circuit};
use crate::layout::KEY_POINTS;
use crate::spec::VerifierSpec;
use halo2_proofs::{
    plonk::{self, keygen_pk2},
    poly::commitment::Params,
};
use halo2curves::bn256::G1Affine;
use tessera_artifact::Sha256Digest;
use tessera_circuit::layout::PIN_SHIFT;
use tessera_kzg::Parameters;

/// Why the keys could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The reference string is for other circuit sizes.
    #[error(
        "aggregating {segments} segments needs a reference string for k = {needed}, this one is for k = {found}"
    )]
    WrongSize {
        /// Number of segments.
        segments: usize,
        /// Circuit size.
        needed: u32,
        /// Circuit size of the reference string.
        found: u32,
    },
    /// halo2 refused the circuit.
    #[error("aggregation of {segments} segments: key generation failed: {source}")]
    Keygen {
        /// Number of segments.
        segments: usize,
        /// halo2's reason.
        source: plonk::Error,
    },
    /// The circuit could not be built.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
}

/// What aggregation proofs are made and verified with.
pub struct AggregationKey {
    pub(crate) key: plonk::ProvingKey<G1Affine>,
    segments: usize,
    k: u32,
}

/// Circuit size for `segments` segments.
pub fn circuit_size(segments: usize) -> Result<u32, KeyError> {
    Ok(circuit(&Witness::blank(segments))?.smallest_k())
}

impl AggregationKey {
    /// Makes the keys; `params` must be of size [`circuit_size`].
    pub fn new(params: &Parameters, segments: usize) -> Result<Self, KeyError> {
        let circuit = circuit(&Witness::blank(segments))?;
        let k = circuit.smallest_k();
        if params.k() != k {
            return Err(KeyError::WrongSize { segments, needed: k, found: params.k() });
        }
        let key = keygen_pk2(params, &circuit, false)
            .map_err(|source| KeyError::Keygen { segments, source })?;
        Ok(AggregationKey { key, segments, k })
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// The circuit has `2^k` rows.
    pub fn k(&self) -> u32 {
        self.k
    }

    /// What the contract and the native verification are made of.
    pub fn verifier(&self, params: &Parameters, srs: Sha256Digest, insecure: bool) -> VerifierSpec {
        let vk = self.key.get_vk();
        VerifierSpec {
            segments: self.segments,
            k: self.k,
            last_rows: last_rows(vk),
            pin_shift: *PIN_SHIFT,
            key: points(vk),
            initial_state: vk.transcript_repr(),
            tau_g2: params.s_g2(),
            srs,
            insecure_srs: insecure,
        }
    }
}

/// Commitments of a key, in the layout's order.
pub(crate) fn points(vk: &plonk::VerifyingKey<G1Affine>) -> [G1Affine; KEY_POINTS] {
    let points = vk.fixed_commitments().iter().chain(vk.permutation().commitments());
    points.copied().collect::<Vec<_>>().try_into().expect("the full layout has five key points")
}

/// Rows at the end of the circuit: the permutation's last one and the blinding.
pub(crate) fn last_rows(vk: &plonk::VerifyingKey<G1Affine>) -> u32 {
    vk.cs().blinding_factors() as u32 + 1
}
