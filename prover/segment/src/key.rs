//! Keys of segments, and the digest that names a model on chain.

use crate::circuit::{Instances, SegmentWitness, Share, build_unsalted, salted};
use crate::plan::Plan;
use crate::salt::{Salt, SaltSource};
use halo2_proofs::{
    plonk::{self, keygen_pk2},
    poly::{commitment::ParamsProver, kzg::commitment::ParamsKZG},
};
use halo2curves::{
    bn256::{Bn256, Fq, G1Affine},
    ff::PrimeField,
    group::prime::PrimeCurveAffine,
};
use rayon::prelude::*;
use sha3::{Digest, Keccak256};
use snark_verifier::{
    system::halo2::{Config, compile},
    util::arithmetic::{Domain, root_of_unity},
    verifier::plonk::PlonkProtocol,
};
use std::sync::LazyLock;
use tessera_circuit::{Builder, ColumnCircuit, Gates};
use tessera_core::{Fr, ModelDigest, SchemaDigest, SegmentIndex, from_digest, to_be_bytes};
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
        segment: SegmentIndex,
        /// halo2's reason.
        source: plonk::Error,
    },
    /// Probability 2^-126 a point; another salt gives other points.
    #[error("a key point's coordinate is not below the scalar modulus: import the model again")]
    Coordinate,
    /// One k is in the model's digest for all of them.
    #[error("the segments' circuits are of different sizes")]
    Sizes,
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
    /// The parts of halo2's key of a circuit in the lean layout.
    pub fn of(k: u32, vk: &plonk::VerifyingKey<G1Affine>) -> Self {
        // θ, which lookups would use, is not drawn.
        assert!(vk.cs().lookups().is_empty(), "the layout has no lookups");
        let points: Vec<G1Affine> =
            vk.fixed_commitments().iter().chain(vk.permutation().commitments()).copied().collect();
        VerifyingKey {
            k,
            points: points.try_into().expect("the lean layout has three key points"),
            initial_state: vk.transcript_repr(),
        }
    }

    /// Words of a key besides k: initial state, coordinates of its points.
    pub const WORDS: usize = 1 + 2 * KEY_POINTS;

    /// The key without k, in the order of the digest and of the call data.
    pub fn words(&self) -> Result<[Fr; Self::WORDS], KeyError> {
        let mut words = [self.initial_state; Self::WORDS];
        for (pair, point) in words[1..].chunks_mut(2).zip(&self.points) {
            let [x, y] = coordinates(point).ok_or(KeyError::Coordinate)?;
            pair.copy_from_slice(&[x, y]);
        }
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

/// Which circuit a key is of: what the model's digest starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The whole model in one circuit, verified without aggregation.
    Direct,
    /// So many segments, to be aggregated.
    Segments(usize),
}

impl Form {
    fn word(self) -> Fr {
        match self {
            Form::Direct => Fr::from(0),
            Form::Segments(count) => Fr::from(count as u64),
        }
    }
}

/// The model, as the chain knows it: Keccak-256 of form, schema, k, and each key's
/// [`VerifyingKey::words`], in order; all but the last of its bytes, so that it is a field element.
///
/// The schema is in it because the keys alone do not say how the features are packed and what their
/// ranges are; the verifier contract hashes the statement's.
pub fn model_digest(
    form: Form,
    schema: SchemaDigest,
    keys: &[VerifyingKey],
) -> Result<ModelDigest, KeyError> {
    let k = keys.first().map_or(0, |key| key.k);
    if keys.iter().any(|key| key.k != k) {
        return Err(KeyError::Sizes);
    }
    let words = keys.iter().map(VerifyingKey::words).collect::<Result<Vec<_>, _>>()?;
    Ok(digest_of_words(form, &schema.to_element(), &Fr::from(u64::from(k)), words.as_flattened()))
}

/// [`model_digest`] of the keys' words.
pub fn digest_of_words(form: Form, schema: &Fr, k: &Fr, keys: &[Fr]) -> ModelDigest {
    let mut hasher = Keccak256::new();
    for word in [&form.word(), schema, k].into_iter().chain(keys) {
        hasher.update(to_be_bytes(word));
    }
    ModelDigest(from_digest(hasher.finalize().into()))
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
        let keys: Vec<_> = SegmentIndex::all(plan.segments())
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|index| Self::new(srs, &plan.share(package, index), &salts).inspect(|_| each()))
            .collect();
        keys.into_iter().collect()
    }

    /// The key of one segment, a circuit of `2^k` rows with the `k` of `srs`.
    pub fn new(srs: &Srs, share: &Share, salts: &SaltSource) -> Result<Self, KeyError> {
        let segment = share.index;
        let params = srs.params();
        let blank = build_unsalted(share, &SegmentWitness::blank(share.schema));
        let salt = salts.salt(srs, segment, &blank);
        let circuit = ColumnCircuit::new(salted(blank, &salt));
        let key = keygen_pk2(params, &circuit, false)
            .map_err(|source| KeyError::Keygen { segment, source })?;
        let verifying = VerifyingKey::of(srs.k(), key.get_vk());
        verifying.words()?;
        Ok(ProvingKey { key, salt, verifying })
    }

    /// The public part.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }
}
