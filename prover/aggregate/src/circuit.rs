//! The aggregation circuit: field work of N verifications, and what ties the segments together.

use crate::chip::{Base, DeferredChip, DeferredPoint, Loader, Size};
use crate::layout::{K_INSTANCE, SEGMENT_WORDS, SegmentPoint, SegmentScalar, instance_words};
use crate::transcript::CircuitTranscript;
use halo2curves::{bn256::G1Affine, ff::Field, group::GroupEncoding};
use snark_verifier::{
    loader::halo2::{EcPoint, Halo2Loader},
    pcs::kzg::KzgSuccinctVerifyingKey,
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProtocol, PlonkSuccinctVerifier},
    },
};
use std::collections::BTreeMap;
use tessera_circuit::{Builder, Cell, ColumnCircuit, Gates};
use tessera_core::{
    Context, FixedPoint, Fr, MAGNITUDE_BITS, ModelDigest, SchemaDigest, Secret, SegmentIndex,
    StatementWords, mutant, poseidon::Domain, to_be_bytes,
};
use tessera_segment::{
    Instances, Proof, Verified, VerifyingKey,
    key::KEY_POINTS,
    plan::MIN_K,
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
    /// Digest of the keys and the schema: [`tessera_segment::key::model_digest`].
    pub model_digest: ModelDigest,
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
        model_digest: ModelDigest,
        schema: SchemaDigest,
        threshold: FixedPoint,
        context: Context,
    ) -> Self {
        Witness { proofs: vec![], partials: vec![], model_digest, schema, threshold, context }
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
            model_digest: ModelDigest(Fr::ZERO),
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
        segment: SegmentIndex,
        /// What is wrong.
        fault: String,
    },
    /// The segments' circuits have one size, which is public.
    #[error("segment {segment} has a circuit of 2^{found} rows, the first one of 2^{expected}")]
    Size {
        /// Position of the segment.
        segment: SegmentIndex,
        /// Of the first segment.
        expected: u32,
        /// Of this one.
        found: u32,
    },
}

/// Builds the circuit.
pub fn build(witness: &Witness) -> Result<Builder, CircuitError> {
    let segments = witness.proofs.len();
    let k = witness.proofs.first().map_or(MIN_K, |proof| proof.key.k);
    for (segment, proof) in SegmentIndex::all(segments).zip(&witness.proofs) {
        if proof.key.k != k {
            return Err(CircuitError::Size { segment, expected: k, found: proof.key.k });
        }
    }
    let mut builder = Builder::new(Gates::Full, instance_words(segments));
    let size = Size::new(&mut builder, k);
    let loader = Halo2Loader::new(DeferredChip::new(size.clone()), builder);

    let mut verified = Vec::with_capacity(segments);
    for (segment, proof) in SegmentIndex::all(segments).zip(&witness.proofs) {
        let result = verify_segment(&loader, &size, proof)
            .map_err(|fault| CircuitError::Segment { segment, fault })?;
        verified.push(result);
    }

    let mut builder = loader.take_ctx();
    let builder_mut = &mut builder;
    builder_mut.expose(K_INSTANCE, size.k);
    for (index, segment) in verified.iter().enumerate() {
        let first = K_INSTANCE + 1 + index * SEGMENT_WORDS;
        for (i, word) in segment.words(builder_mut).into_iter().enumerate() {
            builder_mut.expose(first + i, word);
        }
    }
    let instances: Vec<_> = verified.iter().map(|segment| segment.instances).collect();
    let features = join(builder_mut, &instances);
    let schema = builder_mut.witness(witness.schema.to_element());
    let commitment = builder_mut.hash(Domain::Commitment, &[schema, features]);
    let commitment = match mutant("statement.commitment") {
        true => builder_mut.witness(builder_mut.value(commitment)),
        false => commitment,
    };
    let threshold = compare_score(builder_mut, witness, &instances);
    // Bound by being instances: every challenge of the proof depends on them, and the contract compares
    // the digest with the hash of the keys.
    let model_digest = builder_mut.witness(witness.model_digest.to_element());
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
    /// First scalar that the transcript absorbed.
    initial_state: Cell,
    /// Points of the accumulator and their scalars, in the order of [`SegmentPoint::ALL`].
    points: Vec<DeferredTerm>,
    /// The generator's scalar.
    generator: Cell,
}

impl VerifiedSegment {
    fn scalar(&self, point: SegmentPoint) -> Cell {
        let (_, scalar) = self.points[point as usize];
        scalar.expect("all points but the advice have a scalar")
    }

    /// The segment's instances. Ten scalars are made of seven words: those of the polynomials that are
    /// opened at one point are the first one's times powers of μ, and the second half of the quotient's is
    /// the first half's times x^n. Both factors are found by division, and proven by multiplying: where
    /// the divisor is 0, both sides are 0 whatever the factor.
    fn words(&self, builder: &mut Builder) -> [Cell; SEGMENT_WORDS] {
        let [selector, low] =
            [SegmentPoint::Selector, SegmentPoint::QuotientLow].map(|p| self.scalar(p));
        let mu = quotient(builder, self.scalar(SegmentPoint::Constants), selector);
        let mut power = selector;
        for point in [
            SegmentPoint::Constants,
            SegmentPoint::Permutation,
            SegmentPoint::QuotientLow,
            SegmentPoint::Random,
        ] {
            power = builder.mul(power, mu);
            if !mutant("scalars.mu") {
                builder.equal(power, self.scalar(point));
            }
        }
        let high = self.scalar(SegmentPoint::QuotientHigh);
        let x_n = quotient(builder, high, low);
        let product = builder.mul(low, x_n);
        if !mutant("scalars.x-to-n") {
            builder.equal(product, high);
        }

        let mut words = [self.initial_state; SEGMENT_WORDS];
        for (point, (coordinates, _)) in SegmentPoint::ALL.iter().zip(&self.points) {
            words[point.word()..][..2].copy_from_slice(coordinates);
        }
        for (name, cell) in [
            (SegmentScalar::Product, self.scalar(SegmentPoint::Product)),
            (SegmentScalar::Selector, selector),
            (SegmentScalar::Mu, mu),
            (SegmentScalar::XToN, x_n),
            (SegmentScalar::Opening, self.scalar(SegmentPoint::Opening)),
            (SegmentScalar::OpeningPrime, self.scalar(SegmentPoint::OpeningPrime)),
            (SegmentScalar::Generator, self.generator),
        ] {
            words[name.word()] = cell;
        }
        words
    }
}

/// A free cell with `a / b`, or 0.
fn quotient(builder: &mut Builder, a: Cell, b: Cell) -> Cell {
    let inverse = builder.value(b).invert().unwrap_or(Fr::ZERO);
    builder.witness(builder.value(a) * inverse)
}

/// Runs snark-verifier's verification of one proof, its key and size as witnesses.
fn verify_segment(
    loader: &Loader,
    size: &Size,
    proof: &SegmentProof,
) -> Result<VerifiedSegment, String> {
    type Verifier = PlonkSuccinctVerifier<Pcs>;
    let protocol = load(loader, size, &proof.key);
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
    let (points, generator) = name_terms(accumulator.lhs.into_assigned(), &named);
    let initial = protocol.transcript_initial_state.ok_or("no initial state")?;
    let initial_state = *initial.assigned();
    let instances = instances.map(|scalar| *scalar.assigned());
    Ok(VerifiedSegment { instances, initial_state, points, generator })
}

/// A key as a witness of the circuit, for segments of this size.
fn load(loader: &Loader, size: &Size, key: &VerifyingKey) -> PlonkProtocol<G1Affine, Loader> {
    let native = key.protocol();
    let mut protocol = native.loaded_preprocessed_as_witness(loader, false);
    // snark-verifier keeps its type of a domain to itself: one is made aside, over cells that are thrown
    // away, and filled with ours.
    let mut aside = Builder::default();
    let chip = DeferredChip::new(Size::new(&mut aside, key.k));
    let aside = native.loaded_preprocessed_as_witness(&Halo2Loader::new(chip, aside), true);
    protocol.domain_as_witness = aside.domain_as_witness.map(|mut domain| {
        let scalar = |cell| loader.scalar_from_assigned(cell);
        domain.k = scalar(size.k);
        domain.n = scalar(size.rows);
        domain.r#gen = scalar(size.generator);
        domain.gen_inv = scalar(size.generator_inverse);
        domain
    });
    protocol
}

/// The coordinates of a point that is a witness.
fn single(point: &EcPoint<G1Affine, DeferredChip>) -> [Cell; 2] {
    DeferredChip::coordinates(&point.assigned()).expect("a witness point has one term")
}

/// Coordinates of a point and its scalar; the advice has none.
type DeferredTerm = ([Cell; 2], Option<Cell>);

/// Puts the accumulator's terms into the layout's order. Every named point must occur exactly
/// once, and the one point left is W: a point that the transcript absorbed and the accumulator
/// left out would be free, and key points that are not in it would not bind the key.
fn name_terms(
    lhs: DeferredPoint,
    named: &[(SegmentPoint, [Cell; 2])],
) -> (Vec<DeferredTerm>, Cell) {
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
    (points, generator.expect("the generator occurs"))
}

/// One borrower, one chain of links from nothing to nothing. Returns the features' digest.
fn join(builder: &mut Builder, instances: &[[Cell; Instances::COUNT]]) -> Cell {
    let zero = builder.constant(Fr::ZERO);
    let [features, ..] = instances[0];
    let mut link = zero;
    for [other, link_in, link_out, _] in instances {
        if !mutant("join.features") {
            builder.equal(*other, features);
        }
        if !mutant("join.links") {
            builder.equal(*link_in, link);
        }
        link = *link_out;
    }
    if !mutant("join.end") {
        builder.equal(link, zero);
    }
    features
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
        if !mutant("score.opening") {
            builder.equal(opened, *commitment);
        }
        shares.push((Fr::ONE, score));
    }
    let threshold = builder.witness(witness.threshold.to_element());
    if !mutant("score.threshold") {
        builder.assert_bits(threshold, SCORE_BITS);
    }
    shares.push((-Fr::ONE, threshold));
    let difference = builder.linear_combination(Fr::ZERO, &shares);
    if !mutant("score.difference") {
        builder.assert_bits(difference, SCORE_BITS);
    }
    threshold
}

/// The instances of a circuit as 32-byte big-endian words.
pub fn instance_bytes(instances: &[Fr]) -> Vec<u8> {
    instances.iter().flat_map(to_be_bytes).collect()
}
