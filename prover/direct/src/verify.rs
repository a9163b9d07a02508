//! The contract's verification, natively: same words, same checks, same verdict.

use crate::spec::{CIRCUIT_PROOF_WORDS, DirectSpec, KEY_WORDS, PROOF_LENGTH};
use halo2curves::{
    CurveAffine,
    bn256::{Bn256, Fq, G1Affine, G2Affine},
    ff::{Field, PrimeField},
    group::prime::PrimeCurveAffine,
};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::kzg::{KzgDecidingKey, KzgSuccinctVerifyingKey},
    system::halo2::transcript::evm::EvmTranscript,
    util::arithmetic::root_of_unity,
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProof, PlonkProtocol, PlonkSuccinctVerifier, PlonkVerifier},
    },
};
use tessera_core::{Fr, STATEMENT_WORDS, StatementWords, from_be_bytes, mutant};
use tessera_segment::{
    VerifyingKey,
    key::{Form, digest_of_words},
    proof::Pcs,
};

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Another length than a proof has.
    #[error("a direct proof has {PROOF_LENGTH} bytes, this one has {0}")]
    Length(usize),
    /// A word is not below the scalar modulus.
    #[error("word {0} of the proof is not below the scalar modulus")]
    WordNotInField(usize),
    /// A point of the key is not on the curve, or it is the identity.
    #[error("the point at word {0} of the proof is not on the curve")]
    PointNotOnCurve(usize),
    /// The key and the schema are not those that the digest is of.
    #[error("the key and the schema are not those of the model digest")]
    OtherModel,
    /// The circuit's proof can't be read.
    #[error("the proof is malformed: {0}")]
    Encoding(String),
    /// Well-formed, and false.
    #[error("the proof does not prove this statement")]
    Rejected,
}

type Parsed = PlonkProof<G1Affine, NativeLoader, Pcs>;

/// The circuit's description: a segment's, with the statement for instances.
pub(crate) fn protocol(key: &VerifyingKey) -> PlonkProtocol<G1Affine> {
    let mut protocol = key.protocol();
    protocol.num_instance = vec![STATEMENT_WORDS];
    protocol
}

/// Reads a circuit's proof.
pub(crate) fn read(
    protocol: &PlonkProtocol<G1Affine>,
    instances: &[Fr],
    proof: &[u8],
) -> Result<Parsed, snark_verifier::Error> {
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(proof);
    let svk = KzgSuccinctVerifyingKey { g: G1Affine::generator() };
    PlonkSuccinctVerifier::<Pcs>::read_proof(&svk, protocol, &[instances.to_vec()], &mut transcript)
}

/// The product of all that the contract divides by: `x`, `x^n − 1`, `x − 1`, `x − ω^i` for each instance's
/// row and each of the last rows, and `(1 − ω)²·(1 − ω²)·(1 − ω³)`. The prover sends its inverse.
pub fn denominators(x: &Fr, k: u32, last_rows: u32) -> Fr {
    let omega: Fr = root_of_unity(k as usize);
    let inverse = omega.invert().expect("a root of unity");
    let powers =
        |omega: Fr| std::iter::successors(Some(Fr::ONE), move |power| Some(*power * omega));
    let first = powers(omega).take(STATEMENT_WORDS);
    let last = powers(inverse).skip(1).take(last_rows as usize);
    let rows: Fr = first.chain(last).map(|power| *x - power).product();
    let [one, two, three] = [1, 2, 3].map(|i| Fr::ONE - omega.pow_vartime([i]));
    let weights = one.square() * two * three;
    rows * x * (*x - Fr::ONE) * (x.pow_vartime([1 << k]) - Fr::ONE) * weights
}

/// Accepts what the contract accepts.
pub fn verify(
    spec: &DirectSpec,
    statement: StatementWords<Fr>,
    proof: &[u8],
) -> Result<(), VerifyError> {
    if proof.len() != PROOF_LENGTH && !mutant("direct-native.length") {
        return Err(VerifyError::Length(proof.len()));
    }
    let (key, rest) = proof.split_at(32 * KEY_WORDS);
    let (circuit, inverse) = rest.split_at(32 * CIRCUIT_PROOF_WORDS);
    let word = |bytes: &[u8]| {
        let canonical = from_be_bytes(bytes.try_into().expect("32 bytes"));
        canonical.or(mutant("direct-native.word").then_some(Fr::ZERO))
    };
    let words: Vec<Fr> = key
        .chunks_exact(32)
        .enumerate()
        .map(|(index, bytes)| word(bytes).ok_or(VerifyError::WordNotInField(index)))
        .collect::<Result<_, _>>()?;
    let inverse = word(inverse).ok_or(VerifyError::WordNotInField(PROOF_LENGTH / 32 - 1))?;
    let digest = digest_of_words(Form::Direct, &statement.schema, &words[0], &words[1..]);
    if digest.to_element() != statement.model_digest && !mutant("direct-native.model-digest") {
        return Err(VerifyError::OtherModel);
    }
    let (min, max) = spec.sizes;
    let k =
        (min..=max).find(|k| Fr::from(u64::from(*k)) == words[0]).ok_or(VerifyError::Rejected)?;
    let mut points = [G1Affine::default(); 3];
    for (index, point) in points.iter_mut().enumerate() {
        let at = 2 + 2 * index;
        *point = curve_point(&words[at], &words[at + 1]).ok_or(VerifyError::PointNotOnCurve(at))?;
    }
    let protocol = protocol(&VerifyingKey { k, points, initial_state: words[1] });

    let instances = statement.into_array();
    let parsed = read(&protocol, &instances, circuit)
        .map_err(|error| VerifyError::Encoding(format!("{error:?}")))?;
    let product = denominators(&parsed.z, k, spec.last_rows);
    if product * inverse != Fr::ONE && !mutant("direct-native.inverse") {
        return Err(VerifyError::Rejected);
    }
    let deciding =
        KzgDecidingKey::<Bn256>::new(G1Affine::generator(), G2Affine::generator(), spec.tau_g2);
    let verdict =
        PlonkVerifier::<Pcs>::verify(&deciding, &protocol, &[instances.to_vec()], &parsed);
    match verdict {
        Err(_) if !mutant("direct-native.pairing") => Err(VerifyError::Rejected),
        _ => Ok(()),
    }
}

fn curve_point(x: &Fr, y: &Fr) -> Option<G1Affine> {
    let base = |x: &Fr| Option::<Fq>::from(Fq::from_repr(x.to_repr()));
    let point = Option::<G1Affine>::from(G1Affine::from_xy(base(x)?, base(y)?))
        .or(mutant("direct-native.point").then(G1Affine::generator))?;
    (!bool::from(point.is_identity())).then_some(point)
}
