//! Keys of segments, and the digest that names a model on chain.

use crate::circuit::{Instances, Secrets, Share, build_unsalted, salted};
use crate::plan::Plan;
use crate::salt::{Salt, SaltSource};
use halo2_proofs::{
    plonk::{self, keygen_pk2},
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use halo2curves::{
    bn256::{Bn256, Fq, G1Affine},
    ff::{Field, PrimeField},
    group::prime::PrimeCurveAffine,
};
use rayon::prelude::*;
use snark_verifier::{
    system::halo2::{Config, compile},
    util::arithmetic::{Domain, root_of_unity},
    verifier::plonk::PlonkProtocol,
};
use std::sync::LazyLock;
use tessera_circuit::{Builder, ColumnCircuit, Gates};
use tessera_core::{Fr, ModelDigest, poseidon, poseidon::hash};
use tessera_model::Package;
use tessera_setup::Srs;

/// Why keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The reference string is for other circuit sizes.
    #[error("the segments need a reference string for k = {needed}, this one is for k = {found}")]
    WrongSize {
        /// Circuit size of the plan.
        needed: u32,
        /// Circuit size of the reference string.
        found: u32,
    },
    /// halo2 refused the circuit.
    #[error("segment {segment}: key generation failed: {source}")]
    Keygen {
        /// Position of the segment.
        segment: usize,
        /// halo2's reason.
        source: plonk::Error,
    },
    /// Probability 2^-126 a point; another salt gives other points.
    #[error("a key point's coordinate is not below the scalar modulus: import the model again")]
    Coordinate,
    /// Not a point of the curve, or the identity.
    #[error("a key point is not a point of bn254 other than the identity")]
    Point,
}

/// Commitments in a segment's key: selector, constants, permutation.
pub const KEY_POINTS: usize = 3;

/// What a segment's proof is verified with. It hides the segment; see [`Builder::salt`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    /// The circuit has `2^k` rows.
    pub k: u32,
    /// Commitments to the selector, the constants and the permutation.
    pub points: [G1Affine; KEY_POINTS],
    /// First element that the proof's transcript absorbs: halo2's hash of the key.
    pub initial_state: Fr,
}

impl VerifyingKey {
    /// What the digest absorbs of a key: coordinates of its points, initial state, k.
    pub const WORDS: usize = 2 * KEY_POINTS + 2;

    /// The key as field elements, in the digest's order.
    pub fn words(&self) -> Result<[Fr; Self::WORDS], KeyError> {
        let mut words = [Fr::ZERO; Self::WORDS];
        for (pair, point) in words.chunks_mut(2).zip(&self.points) {
            let [x, y] = coordinates(point).ok_or(KeyError::Coordinate)?;
            pair.copy_from_slice(&[x, y]);
        }
        words[2 * KEY_POINTS] = self.initial_state;
        words[2 * KEY_POINTS + 1] = Fr::from(self.k as u64);
        Ok(words)
    }

    /// The proof system's description of the segment, as snark-verifier reads it.
    pub fn protocol(&self) -> PlonkProtocol<G1Affine> {
        let mut protocol = TEMPLATE.clone();
        protocol.domain = Domain::new(self.k as usize, root_of_unity(self.k as usize));
        protocol.preprocessed = self.points.to_vec();
        protocol.transcript_initial_state = Some(self.initial_state);
        protocol
    }
}

/// All lean circuits have one description, up to size, key points and initial state.
static TEMPLATE: LazyLock<PlonkProtocol<G1Affine>> =
    LazyLock::new(|| protocol_template(Gates::Lean, Instances::COUNT));

/// The proof system's description of any circuit with these gates, but for its size, key points and
/// initial state, which are those of an empty circuit.
pub fn protocol_template(gates: Gates, instances: usize) -> PlonkProtocol<G1Affine> {
    let circuit = ColumnCircuit::new(Builder::new(gates, instances));
    // Only the shape of the key is used, so any reference string serves.
    let params = ParamsKZG::<Bn256>::new(circuit.smallest_k());
    let pk = keygen_pk2(&params, &circuit, false).expect("the size is the circuit's");
    compile(&params, pk.get_vk(), Config::kzg().with_num_instance(vec![instances]))
}

/// Coordinates as elements of the scalar field; `None` for the identity and where one is not below
/// the scalar modulus (probability 2^-126).
pub fn coordinates(point: &G1Affine) -> Option<[Fr; 2]> {
    if bool::from(point.is_identity()) {
        return None;
    }
    let native = |x: &Fq| Option::<Fr>::from(Fr::from_repr(x.to_repr()));
    Some([native(&point.x)?, native(&point.y)?])
}

/// Digest of the keys of all segments, in order: the model, as the chain knows it.
pub fn model_digest(keys: &[VerifyingKey]) -> Result<ModelDigest, KeyError> {
    let words: Vec<Fr> =
        keys.iter().map(VerifyingKey::words).collect::<Result<Vec<_>, _>>()?.concat();
    Ok(ModelDigest(hash(poseidon::Domain::Model, &words)))
}

/// What a segment is proven with.
pub struct ProvingKey {
    pub(crate) key: plonk::ProvingKey<G1Affine>,
    pub(crate) salt: Salt,
    verifying: VerifyingKey,
}

impl ProvingKey {
    /// Keys of all segments of a plan, made in parallel; `each` is called when one is done. `srs`
    /// must be of size `plan.k`.
    pub fn for_plan(
        srs: &Srs,
        package: &Package,
        plan: &Plan,
        each: impl Fn() + Sync,
    ) -> Result<Vec<Self>, KeyError> {
        if srs.k() != plan.k {
            return Err(KeyError::WrongSize { needed: plan.k, found: srs.k() });
        }
        let salts = SaltSource::new(package, plan.segments());
        let keys: Vec<_> = (0..plan.segments())
            .into_par_iter()
            .map(|index| Self::new(srs, &plan.share(package, index), &salts).inspect(|_| each()))
            .collect();
        keys.into_iter().collect()
    }

    /// The key of one segment, a circuit of `2^k` rows with the `k` of `srs`.
    pub fn new(srs: &Srs, share: &Share, salts: &SaltSource) -> Result<Self, KeyError> {
        let segment = share.index;
        let params = srs.params();
        let blank = build_unsalted(share, &Secrets::blank(share.schema));
        let salt = salts.salt(srs, segment, &blank);
        let circuit = ColumnCircuit::new(salted(blank, &salt));
        let key = keygen_pk2(params, &circuit, false)
            .map_err(|source| KeyError::Keygen { segment, source })?;
        let vk = key.get_vk();
        let points: Vec<G1Affine> =
            vk.fixed_commitments().iter().chain(vk.permutation().commitments()).copied().collect();
        let verifying = VerifyingKey {
            k: srs.k(),
            points: points.try_into().expect("the lean layout has three key points"),
            initial_state: vk.transcript_repr(),
        };
        verifying.words()?;
        Ok(ProvingKey { key, salt, verifying })
    }

    /// The public part.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }
}
