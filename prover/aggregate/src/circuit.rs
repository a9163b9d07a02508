//! The aggregation circuit: field work of N verifications, and what ties the segments together.

use crate::chip::{Base, DeferredChip, DeferredPoint, Loader};
use crate::layout::{SEGMENT_WORDS, SegmentPoint, instance_words};
use crate::transcript::CircuitTranscript;
use halo2curves::{bn256::G1Affine, ff::Field, group::GroupEncoding};
use snark_verifier::{
    loader::halo2::{EcPoint, Halo2Loader},
    pcs::kzg::KzgSuccinctVerifyingKey,
    verifier::{SnarkVerifier, plonk::PlonkSuccinctVerifier},
};
use std::collections::BTreeMap;
use tessera_circuit::{Builder, Cell, ColumnCircuit, Gates};
use tessera_core::{
    Context, FixedPoint, Fr, MAGNITUDE_BITS, STATEMENT_WORDS, SchemaDigest, Secret, StatementWords,
    poseidon::Domain, to_be_bytes,
};
use tessera_segment::{
    Instances, Proof, Verified, VerifyingKey,
    key::KEY_POINTS,
    proof::{PROOF_EVALUATIONS, PROOF_POINTS, Pcs},
};
use zeroize::Zeroizing;

/// What the circuit proves of the threshold and of the score's distance from it: one bit more than
/// either has.
pub const SCORE_BITS: u32 = MAGNITUDE_BITS + 1;

/// A segment's proof as the circuit takes it. There are two ways to one: from a [`Proof`] that was
/// verified, and, in tests alone, by hand.
#[derive(Clone, Debug)]
pub struct SegmentProof {
    /// The segment's key.
    pub key: VerifyingKey,
    /// Its instances.
    pub instances: Instances,
    /// The proof's bytes.
    pub bytes: Vec<u8>,
}

impl From<&Proof<Verified>> for SegmentProof {
    fn from(proof: &Proof<Verified>) -> Self {
        let (key, instances) = (*proof.key(), *proof.instances());
        SegmentProof { key, instances, bytes: proof.bytes().to_vec() }
    }
}

impl SegmentProof {
    /// A well-formed proof of nothing, for key generation.
    fn blank() -> Self {
        let mut bytes = Vec::new();
        let generator = G1Affine::generator().to_bytes();
        let zero = [0; 32];
        // Advice, product, random, quotient; evaluations; W, W'.
        for point in
            [true; PROOF_POINTS - 2].into_iter().chain([false; PROOF_EVALUATIONS]).chain([true; 2])
        {
            bytes.extend_from_slice(if point { generator.as_ref() } else { &zero });
        }
        SegmentProof {
            key: VerifyingKey {
                k: 16,
                points: [G1Affine::generator(); KEY_POINTS],
                initial_state: Fr::ONE,
            },
            instances: Instances::from_array([Fr::ZERO; Instances::COUNT]),
            bytes,
        }
    }
}

/// A segment's share of the score and the blinding of its commitment. Wiped when dropped.
#[derive(Clone)]
pub struct Partial {
    /// Its points.
    pub score: Zeroizing<FixedPoint>,
    /// Uniform.
    pub blinding: Secret,
}

/// All that the aggregation circuit is given.
///
/// A false proof satisfies the circuit, and only the pairing at the very end refuses it. So none gets
/// in that was not verified:
///
/// ```compile_fail,E0308
/// # use tessera_aggregate::circuit::{Partial, Witness};
/// # use tessera_segment::{Proof, Unverified};
/// fn take(witness: &mut Witness, proof: Proof<Unverified>, partial: Partial) {
///     witness.push(&proof, partial);
/// }
/// ```
#[derive(Clone)]
pub struct Witness {
    proofs: Vec<SegmentProof>,
    /// One for each segment, in order.
    pub partials: Vec<Partial>,
    /// `hash(Features, packed ‖ blinding)`, which the commitment is made of.
    pub features_digest: Fr,
    /// Digest of the schema.
    pub schema: SchemaDigest,
    /// The score to reach.
    pub threshold: FixedPoint,
    /// What the proof is bound to.
    pub context: Context,
}

impl Witness {
    /// Without any segment yet.
    pub fn new(
        features_digest: Fr,
        schema: SchemaDigest,
        threshold: FixedPoint,
        context: Context,
    ) -> Self {
        Witness { proofs: vec![], partials: vec![], features_digest, schema, threshold, context }
    }

    /// Adds the next segment's proof, and what opens its share of the score.
    pub fn push(&mut self, proof: &Proof<Verified>, partial: Partial) {
        self.proofs.push(proof.into());
        self.partials.push(partial);
    }

    /// The segments' proofs, in order.
    pub fn proofs(&self) -> &[SegmentProof] {
        &self.proofs
    }

    /// The segments' proofs, to be changed. Nobody verifies what is put there.
    #[cfg(feature = "testing")]
    pub fn proofs_unchecked(&mut self) -> &mut Vec<SegmentProof> {
        &mut self.proofs
    }

    /// Values for key generation, where only the structure counts.
    pub fn blank(segments: usize) -> Self {
        Witness {
            proofs: vec![SegmentProof::blank(); segments],
            partials: vec![
                Partial {
                    score: Zeroizing::new(FixedPoint::ZERO),
                    blinding: Secret::new(Fr::ZERO)
                };
                segments
            ],
            features_digest: Fr::ZERO,
            schema: SchemaDigest(Fr::ZERO),
            threshold: FixedPoint::ZERO,
            context: Context(Fr::ZERO),
        }
    }
}

/// The circuit could not be built around these proofs.
#[derive(Debug, thiserror::Error)]
pub enum CircuitError {
    /// snark-verifier could not read or verify a proof.
    #[error("segment {segment}: {fault}")]
    Segment {
        /// Position of the segment.
        segment: usize,
        /// What is wrong.
        fault: String,
    },
}

/// Builds the circuit.
pub fn build(witness: &Witness) -> Result<Builder, CircuitError> {
    let segments = witness.proofs.len();
    let builder = Builder::new(Gates::Full, instance_words(segments));
    let loader = Halo2Loader::new(DeferredChip, builder);

    let mut verified = Vec::with_capacity(segments);
    for (segment, proof) in witness.proofs.iter().enumerate() {
        let result = verify_segment(&loader, proof)
            .map_err(|fault| CircuitError::Segment { segment, fault })?;
        verified.push(result);
    }

    let mut builder = loader.take_ctx();
    let builder_mut = &mut builder;
    expose_deferred(builder_mut, &verified);
    let keys: Vec<Cell> = verified.iter().flat_map(|segment| segment.key).collect();
    let model_digest = builder_mut.hash(Domain::Model, &keys);
    let instances: Vec<_> = verified.iter().map(|segment| segment.instances).collect();
    let commitment = join(builder_mut, &instances);
    let schema = open_schema(builder_mut, witness, commitment);
    let threshold = compare_score(builder_mut, witness, &instances);
    // Bound by being an instance: every challenge of the proof depends on it.
    let context = builder_mut.witness(witness.context.to_element());

    let statement = StatementWords { commitment, schema, model_digest, threshold, context };
    for (index, cell) in statement.into_array().into_iter().enumerate() {
        builder_mut.expose(index, cell);
    }
    Ok(builder)
}

/// [`build`] as a circuit.
pub fn circuit(witness: &Witness) -> Result<ColumnCircuit, CircuitError> {
    Ok(ColumnCircuit::new(build(witness)?))
}

/// A segment after its verification's field work.
struct VerifiedSegment {
    instances: [Cell; Instances::COUNT],
    /// What the model digest absorbs: [`VerifyingKey::words`].
    key: [Cell; VerifyingKey::WORDS],
    deferred: Deferred,
}

/// The accumulator's points and scalars.
struct Deferred {
    /// In the order of [`SegmentPoint::ALL`].
    points: Vec<([Cell; 2], Option<Cell>)>,
    generator: Cell,
}

/// Runs snark-verifier's verification of one proof, its key and size as witnesses.
fn verify_segment(loader: &Loader, proof: &SegmentProof) -> Result<VerifiedSegment, String> {
    type Verifier = PlonkSuccinctVerifier<Pcs>;
    let protocol = proof.key.protocol().loaded_preprocessed_as_witness(loader, true);
    let instances = proof.instances.to_array().map(|x| loader.assign_scalar(x));
    let instances_column = [instances.to_vec()];
    let svk = KzgSuccinctVerifyingKey { g: G1Affine::generator() };
    let mut transcript = CircuitTranscript::new(loader, &proof.bytes);
    let fault = |error| format!("{error:?}");
    let parsed =
        Verifier::read_proof(&svk, &protocol, &instances_column, &mut transcript).map_err(fault)?;
    if !transcript.rest().is_empty() {
        return Err(format!("{} bytes after the proof", transcript.rest().len()));
    }
    let [accumulator] = Verifier::verify(&svk, &protocol, &instances_column, &parsed)
        .map_err(fault)?
        .try_into()
        .map_err(|_| "more than one accumulator".to_string())?;

    let preprocessed: [_; KEY_POINTS] =
        protocol.preprocessed.try_into().map_err(|_| "another key layout".to_string())?;
    let key_points = preprocessed.each_ref().map(single);
    let [advice, product, random] = parsed.witnesses.as_slice() else {
        return Err("another proof layout".into());
    };
    let [low, high] = parsed.quotients.as_slice() else {
        return Err("another quotient layout".into());
    };
    let [advice, product, random, low, high] = [advice, product, random, low, high].map(single);
    let opening_prime = single(&accumulator.rhs);
    let named = [
        (SegmentPoint::Advice, advice),
        (SegmentPoint::Selector, key_points[0]),
        (SegmentPoint::Constants, key_points[1]),
        (SegmentPoint::Permutation, key_points[2]),
        (SegmentPoint::Product, product),
        (SegmentPoint::Random, random),
        (SegmentPoint::QuotientLow, low),
        (SegmentPoint::QuotientHigh, high),
        (SegmentPoint::OpeningPrime, opening_prime),
    ];
    let deferred = name_terms(accumulator.lhs.into_assigned(), &named);

    let domain = protocol.domain_as_witness.ok_or("k is not a witness")?;
    let initial = protocol.transcript_initial_state.ok_or("no initial state")?;
    let mut key = [advice[0]; VerifyingKey::WORDS];
    key[..2 * KEY_POINTS].copy_from_slice(key_points.as_flattened());
    key[2 * KEY_POINTS] = *initial.assigned();
    key[2 * KEY_POINTS + 1] = *domain.k.assigned();
    let instances = instances.map(|scalar| *scalar.assigned());
    Ok(VerifiedSegment { instances, key, deferred })
}

/// The coordinates of a point that is a witness.
fn single(point: &EcPoint<G1Affine, DeferredChip>) -> [Cell; 2] {
    DeferredChip::coordinates(&point.assigned()).expect("a witness point has one term")
}

/// Puts the accumulator's terms into the layout's order. Every named point must occur exactly
/// once, and the one point left is W: a point that the transcript absorbed and the accumulator
/// left out would be free, and key points that are not in it would not bind the key.
fn name_terms(lhs: DeferredPoint, named: &[(SegmentPoint, [Cell; 2])]) -> Deferred {
    let mut points = BTreeMap::new();
    let mut generator = None;
    for term in lhs.terms {
        match term.base {
            Base::Generator => {
                let scalar = term.scalar.expect("the generator has a scalar");
                assert!(generator.replace(scalar).is_none(), "the generator occurs twice");
            }
            Base::Point { x, y } => {
                let name = named.iter().find(|(_, cells)| *cells == [x, y]);
                let name = name.map_or(SegmentPoint::Opening, |(name, _)| *name);
                let scalar = term.scalar;
                assert_eq!(scalar.is_none(), name == SegmentPoint::Advice, "{name:?}'s scalar");
                let before = points.insert(name, ([x, y], scalar));
                assert!(before.is_none(), "{name:?} occurs twice");
            }
        }
    }
    let points = SegmentPoint::ALL
        .iter()
        .map(|name| points.remove(name).unwrap_or_else(|| panic!("{name:?} does not occur")))
        .collect();
    Deferred { points, generator: generator.expect("the generator occurs") }
}

/// Exposes each segment's points and scalars behind the statement.
fn expose_deferred(builder: &mut Builder, segments: &[VerifiedSegment]) {
    for (index, segment) in segments.iter().enumerate() {
        let deferred = &segment.deferred;
        let words: Vec<Cell> = deferred
            .points
            .iter()
            .flat_map(|(coordinates, scalar)| coordinates.iter().copied().chain(*scalar))
            .chain([deferred.generator])
            .collect();
        assert_eq!(words.len(), SEGMENT_WORDS);
        for (i, word) in words.into_iter().enumerate() {
            builder.expose(STATEMENT_WORDS + index * SEGMENT_WORDS + i, word);
        }
    }
}

/// One borrower, one chain of links from nothing to nothing. Returns the commitment.
fn join(builder: &mut Builder, instances: &[[Cell; Instances::COUNT]]) -> Cell {
    let zero = builder.constant(Fr::ZERO);
    let [commitment, ..] = instances[0];
    let mut link = zero;
    for [other, link_in, link_out, _] in instances {
        builder.equal(*other, commitment);
        builder.equal(*link_in, link);
        link = *link_out;
    }
    builder.equal(link, zero);
    commitment
}

/// Opens the commitment as far as the schema: `commitment = hash(Commitment, [schema, ·])`.
fn open_schema(builder: &mut Builder, witness: &Witness, commitment: Cell) -> Cell {
    let schema = builder.witness(witness.schema.to_element());
    let features = builder.witness(witness.features_digest);
    let opened = builder.hash(Domain::Commitment, &[schema, features]);
    builder.equal(opened, commitment);
    schema
}

/// Opens and adds the partial scores and compares the sum. Returns the threshold.
///
/// `threshold < 2^63` and `score − threshold < 2^63`, so `score` is the integer
/// `threshold + difference < 2^64`: nothing wraps. A negative score, or one below the threshold,
/// makes the difference an element above `r − 2^64`.
fn compare_score(
    builder: &mut Builder,
    witness: &Witness,
    instances: &[[Cell; Instances::COUNT]],
) -> Cell {
    let mut shares = Vec::with_capacity(instances.len());
    for (partial, [_, _, _, commitment]) in witness.partials.iter().zip(instances) {
        let score = builder.witness(partial.score.to_element());
        let blinding = builder.witness(partial.blinding.expose());
        let opened = builder.hash(Domain::Partial, &[score, blinding]);
        builder.equal(opened, *commitment);
        shares.push((Fr::ONE, score));
    }
    let threshold = builder.witness(witness.threshold.to_element());
    builder.assert_bits(threshold, SCORE_BITS);
    shares.push((-Fr::ONE, threshold));
    let difference = builder.linear_combination(Fr::ZERO, &shares);
    builder.assert_bits(difference, SCORE_BITS);
    threshold
}

/// The instances of a circuit as 32-byte big-endian words.
pub fn instance_bytes(instances: &[Fr]) -> Vec<u8> {
    instances.iter().flat_map(to_be_bytes).collect()
}
