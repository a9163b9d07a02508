//! The contract's verification, natively: same words, same checks, same verdict.

use crate::layout::{
    PROOF_WORDS, SEGMENT_KEY_WORDS, SEGMENT_WORDS, SegmentPoint, SegmentScalar, deferred_words,
    instance_words, proof_length,
};
use crate::spec::VerifierSpec;
use halo2curves::{
    CurveAffine,
    bn256::{Bn256, Fq, G1, G1Affine, G2Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
    pairing::{MillerLoopResult, MultiMillerLoop},
};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::kzg::{KzgAccumulator, KzgSuccinctVerifyingKey},
    system::halo2::transcript::evm::EvmTranscript,
    util::{
        arithmetic::{Domain, root_of_unity},
        transcript::Transcript,
    },
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProof, PlonkProtocol, PlonkSuccinctVerifier},
    },
};
use std::sync::LazyLock;
use tessera_circuit::Gates;
use tessera_core::{Fr, StatementWords, from_be_bytes, mutant};
use tessera_segment::{
    key::{Form, digest_of_words, protocol_template},
    proof::Pcs,
};

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another length than a proof of so many segments has.
    #[error("a proof of {segments} segments has {expected} bytes, this one has {found}")]
    Length {
        /// Segments of the verifier.
        segments: usize,
        /// Bytes of such a proof.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// A deferred word is not below the scalar modulus.
    #[error("word {0} of the proof is not below the scalar modulus")]
    WordNotInField(usize),
    /// A deferred point is not on the curve, or it is the identity.
    #[error("the deferred point at word {0} is not on the curve")]
    PointNotOnCurve(usize),
    /// The keys and the schema are not those that the digest is of.
    #[error("the segments' keys and the schema are not those of the model digest")]
    OtherModel,
    /// The aggregation proof can't be read.
    #[error("the aggregation proof is malformed: {0}")]
    Encoding(String),
    /// Well-formed, and false.
    #[error("the proof does not prove this statement")]
    Rejected,
}

/// The full layout's description, up to size, instances, key points and initial state.
static TEMPLATE: LazyLock<PlonkProtocol<G1Affine>> =
    LazyLock::new(|| protocol_template(Gates::Full, 1));

/// The aggregation circuit's description.
pub(crate) fn protocol(
    segments: usize,
    k: u32,
    key: &[G1Affine],
    initial_state: Fr,
) -> PlonkProtocol<G1Affine> {
    let mut protocol = TEMPLATE.clone();
    protocol.domain = Domain::new(k as usize, root_of_unity(k as usize));
    protocol.num_instance = vec![instance_words(segments)];
    protocol.preprocessed = key.to_vec();
    protocol.transcript_initial_state = Some(initial_state);
    protocol
}

type Keccak<'a> = EvmTranscript<G1Affine, NativeLoader, &'a [u8], Vec<u8>>;
type Parsed = PlonkProof<G1Affine, NativeLoader, Pcs>;

/// Reads an aggregation proof; the transcript is left behind it.
pub(crate) fn read<'a>(
    protocol: &PlonkProtocol<G1Affine>,
    instances: &[Fr],
    proof: &'a [u8],
) -> Result<(Keccak<'a>, Parsed), snark_verifier::Error> {
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(proof);
    let parsed = Verifier::read_proof(&svk(), protocol, &[instances.to_vec()], &mut transcript)?;
    Ok((transcript, parsed))
}

fn svk() -> KzgSuccinctVerifyingKey<G1Affine> {
    KzgSuccinctVerifyingKey { g: G1Affine::generator() }
}

type Verifier = PlonkSuccinctVerifier<Pcs>;

/// The product of all that the contract divides by: `x`, `x^n − 1`, `x − 1`, and `x − ω^i` for each
/// instance's row and each of the last rows. The prover sends its inverse.
pub fn denominators(x: &Fr, k: u32, instances: usize, last_rows: u32) -> Fr {
    let omega: Fr = root_of_unity(k as usize);
    let inverse = omega.invert().expect("a root of unity");
    let powers =
        |omega: Fr| std::iter::successors(Some(Fr::ONE), move |power| Some(*power * omega));
    let first = powers(omega).take(instances);
    let last = powers(inverse).skip(1).take(last_rows as usize);
    let rows: Fr = first.chain(last).map(|power| *x - power).product();
    rows * x * (*x - Fr::ONE) * (x.pow_vartime([1 << k]) - Fr::ONE)
}

/// Accepts what the contract accepts: `e(L, [1]₂) = e(R, [τ]₂)` with `L = L₀ + Σ ρ^i·Lᵢ` and
/// `R = R₀ + Σ ρ^i·Rᵢ`, where `(L₀, R₀)` is the aggregation proof's accumulator, `(Lᵢ, Rᵢ)` the
/// deferred ones, and ρ a challenge drawn after everything else was absorbed.
pub fn verify(
    spec: &VerifierSpec,
    statement: StatementWords<Fr>,
    proof: &[u8],
) -> Result<(), VerifyError> {
    let expected = proof_length(spec.segments);
    if proof.len() != expected && !mutant("native.length") {
        let (segments, found) = (spec.segments, proof.len());
        return Err(VerifyError::Length { segments, expected, found });
    }
    let (deferred, outer) = proof.split_at(32 * deferred_words(spec.segments));
    let (outer, rest) = outer.split_at(32 * PROOF_WORDS);
    let (inverse, _) = rest.split_at(32);
    let words: Vec<Fr> = deferred
        .chunks_exact(32)
        .enumerate()
        .map(|(index, bytes)| word(bytes).ok_or(VerifyError::WordNotInField(index)))
        .collect::<Result<_, _>>()?;
    let last = expected / 32 - 1;
    let inverse = word(inverse).ok_or(VerifyError::WordNotInField(last))?;

    let (k, segments) = words.split_first().expect("k is the first word");
    let keys: Vec<Fr> = segments
        .chunks_exact(SEGMENT_WORDS)
        .flat_map(|segment| &segment[..SEGMENT_KEY_WORDS])
        .copied()
        .collect();
    let form = Form::Segments(spec.segments);
    let digest = digest_of_words(form, &statement.schema, k, &keys).to_element();
    if digest != statement.model_digest && !mutant("native.model-digest") {
        return Err(VerifyError::OtherModel);
    }

    let instances = [statement.into_array().as_slice(), &words].concat();
    let protocol = protocol(spec.segments, spec.k, &spec.key, spec.initial_state);
    let (mut transcript, parsed) = read(&protocol, &instances, outer)
        .map_err(|error| VerifyError::Encoding(format!("{error:?}")))?;
    let product = denominators(&parsed.z, spec.k, instances.len(), spec.last_rows);
    if product * inverse != Fr::ONE && !mutant("native.inverse") {
        return Err(VerifyError::Rejected);
    }
    let accumulators = Verifier::verify(&svk(), &protocol, &[instances], &parsed)
        .map_err(|_| VerifyError::Rejected)?;
    let [KzgAccumulator { lhs, rhs }] = accumulators.as_slice() else {
        return Err(VerifyError::Rejected);
    };

    let rho = transcript.squeeze_challenge();
    let (mut lhs, mut rhs, mut power) = (lhs.to_curve(), rhs.to_curve(), Fr::ONE);
    for (index, segment) in segments.chunks_exact(SEGMENT_WORDS).enumerate() {
        let (left, right) = accumulator(segment)
            .map_err(|word| VerifyError::PointNotOnCurve(1 + index * SEGMENT_WORDS + word))?;
        power *= if mutant("native.rho") { Fr::ONE } else { rho };
        lhs += left * power;
        rhs += right * power;
    }
    let holds = pairing_holds(&lhs, &rhs, &spec.tau_g2) || mutant("native.pairing");
    if holds { Ok(()) } else { Err(VerifyError::Rejected) }
}

fn word(bytes: &[u8]) -> Option<Fr> {
    let canonical = from_be_bytes(bytes.try_into().expect("32 bytes"));
    canonical.or(mutant("native.word").then_some(Fr::ZERO))
}

/// Evaluates a segment's deferred accumulator; fails with the position of a bad point's word.
fn accumulator(words: &[Fr]) -> Result<(G1, G1Affine), usize> {
    let scalar = |name: SegmentScalar| words[name.word()];
    let (mut at_one_point, mu) = (scalar(SegmentScalar::Selector), scalar(SegmentScalar::Mu));
    let mut next = || {
        let scalar = at_one_point;
        at_one_point *= mu;
        scalar
    };
    // In the order of SegmentPoint::ALL.
    let [selector, constants, permutation, low, random] = std::array::from_fn(|_| next());
    let scalars = [
        selector,
        constants,
        permutation,
        Fr::ONE,
        scalar(SegmentScalar::Product),
        low,
        low * scalar(SegmentScalar::XToN),
        random,
        scalar(SegmentScalar::Opening),
        scalar(SegmentScalar::OpeningPrime),
    ];
    let mut lhs = G1::generator() * scalar(SegmentScalar::Generator);
    let mut last = G1Affine::identity();
    for (point, scalar) in SegmentPoint::ALL.iter().zip(scalars) {
        let at = point.word();
        last = curve_point(&words[at], &words[at + 1]).ok_or(at)?;
        lhs += last * scalar;
    }
    Ok((lhs, last))
}

fn curve_point(x: &Fr, y: &Fr) -> Option<G1Affine> {
    let base = |x: &Fr| Option::<Fq>::from(Fq::from_repr(x.to_repr()));
    let point = Option::<G1Affine>::from(G1Affine::from_xy(base(x)?, base(y)?))
        .or(mutant("native.point").then(G1Affine::generator))?;
    (mutant("native.identity") || !bool::from(point.is_identity())).then_some(point)
}

fn pairing_holds(lhs: &G1, rhs: &G1, tau_g2: &G2Affine) -> bool {
    let lhs = lhs.to_affine();
    let minus_rhs = (-*rhs).to_affine();
    let terms = [(&lhs, &G2Affine::generator().into()), (&minus_rhs, &(*tau_g2).into())];
    Bn256::multi_miller_loop(&terms).final_exponentiation().is_identity().into()
}
