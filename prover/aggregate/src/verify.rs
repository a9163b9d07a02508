//! The contract's verification, natively: same words, same checks, same verdict.

use crate::layout::{SEGMENT_WORDS, SegmentPoint, instance_words, proof_length};
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
        plonk::{PlonkProtocol, PlonkSuccinctVerifier},
    },
};
use std::sync::LazyLock;
use tessera_circuit::Gates;
use tessera_core::{Fr, StatementWords, from_be_bytes};
use tessera_segment::{key::protocol_template, proof::Pcs};

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

fn protocol(spec: &VerifierSpec) -> PlonkProtocol<G1Affine> {
    let mut protocol = TEMPLATE.clone();
    protocol.domain = Domain::new(spec.k as usize, root_of_unity(spec.k as usize));
    protocol.num_instance = vec![instance_words(spec.segments)];
    protocol.preprocessed = spec.key.to_vec();
    protocol.transcript_initial_state = Some(spec.initial_state);
    protocol
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
    if proof.len() != expected {
        let (segments, found) = (spec.segments, proof.len());
        return Err(VerifyError::Length { segments, expected, found });
    }
    let (deferred, outer) = proof.split_at(32 * SEGMENT_WORDS * spec.segments);
    let words: Vec<Fr> = deferred
        .chunks_exact(32)
        .enumerate()
        .map(|(index, word)| {
            let word = word.try_into().expect("32 bytes");
            from_be_bytes(word).ok_or(VerifyError::WordNotInField(index))
        })
        .collect::<Result<_, _>>()?;

    let instances = [[statement.into_array().as_slice(), &words].concat()];
    let protocol = protocol(spec);
    let svk = KzgSuccinctVerifyingKey { g: G1Affine::generator() };
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(outer);
    type Verifier = PlonkSuccinctVerifier<Pcs>;
    let encoding = |error| VerifyError::Encoding(format!("{error:?}"));
    let parsed =
        Verifier::read_proof(&svk, &protocol, &instances, &mut transcript).map_err(encoding)?;
    let accumulators = Verifier::verify(&svk, &protocol, &instances, &parsed)
        .map_err(|_| VerifyError::Rejected)?;
    let [KzgAccumulator { lhs, rhs }] = accumulators.as_slice() else {
        return Err(VerifyError::Rejected);
    };

    let rho = transcript.squeeze_challenge();
    let (mut lhs, mut rhs, mut power) = (lhs.to_curve(), rhs.to_curve(), Fr::ONE);
    for (index, segment) in words.chunks_exact(SEGMENT_WORDS).enumerate() {
        let (left, right) = accumulator(segment)
            .map_err(|word| VerifyError::PointNotOnCurve(index * SEGMENT_WORDS + word))?;
        power *= rho;
        lhs += left * power;
        rhs += right * power;
    }
    if pairing_holds(&lhs, &rhs, &spec.tau_g2) { Ok(()) } else { Err(VerifyError::Rejected) }
}

/// Evaluates a segment's deferred accumulator; fails with the position of a bad point's word.
fn accumulator(words: &[Fr]) -> Result<(G1, G1Affine), usize> {
    let mut lhs = G1::identity();
    let mut at = 0;
    let mut last = G1Affine::identity();
    for point in SegmentPoint::ALL {
        last = curve_point(&words[at], &words[at + 1]).ok_or(at)?;
        at += 2;
        if point == SegmentPoint::Advice {
            lhs += last;
        } else {
            lhs += last * words[at];
            at += 1;
        }
    }
    Ok((lhs + G1::generator() * words[at], last))
}

fn curve_point(x: &Fr, y: &Fr) -> Option<G1Affine> {
    let base = |x: &Fr| Option::<Fq>::from(Fq::from_repr(x.to_repr()));
    let point = Option::<G1Affine>::from(G1Affine::from_xy(base(x)?, base(y)?))?;
    (!bool::from(point.is_identity())).then_some(point)
}

fn pairing_holds(lhs: &G1, rhs: &G1, tau_g2: &G2Affine) -> bool {
    let lhs = lhs.to_affine();
    let minus_rhs = (-*rhs).to_affine();
    let terms = [(&lhs, &G2Affine::generator().into()), (&minus_rhs, &(*tau_g2).into())];
    Bn256::multi_miller_loop(&terms).final_exponentiation().is_identity().into()
}
