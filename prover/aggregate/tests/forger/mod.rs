//! A prover who runs the contract's transcript by hand, and calls of the contract.
#![allow(dead_code)]

use halo2_proofs::transcript::{EncodedChallenge, Transcript, TranscriptWrite};
use halo2curves::{
    bn256::G1Affine,
    ff::{Field, PrimeField},
    group::Curve,
};
use sha3::{Digest, Keccak256};
use snark_verifier::system::halo2::transcript::evm::ChallengeEvm;
use std::io;
use tessera_core::{Fr, STATEMENT_WORDS, to_be_bytes};
use verifier_gen::{Evm, Outcome, exercise::calldata};

/// What is added to W', when z' is known and the ρ of a contract that draws it before W'.
pub type Correction<'a> = &'a dyn Fn(Fr, Fr) -> G1Affine;

/// The contract's transcript, as the prover runs it.
#[derive(Default)]
pub struct Forger<'a> {
    absorbed: Vec<u8>,
    pub proof: Vec<u8>,
    /// Scalars so far: the key's hash, the instances, the evaluations.
    scalars: usize,
    /// Points so far: advice, product, random, two quotient pieces, W, W'.
    points: usize,
    challenge: Fr,
    /// The scalar that is written as its residue plus r.
    pub raised: Option<usize>,
    correction: Option<Correction<'a>>,
}

impl<'a> Forger<'a> {
    /// One who writes a scalar as its residue plus r: of those in the transcript, the one with this number.
    pub fn raising(scalar: Option<usize>) -> Self {
        Self { raised: scalar, ..Self::default() }
    }

    /// One who changes W' once z' is known.
    pub fn correcting(correction: Correction<'a>) -> Self {
        Self { correction: Some(correction), ..Self::default() }
    }

    fn word(&mut self, scalar: Fr) -> [u8; 32] {
        self.scalars += 1;
        let word = to_be_bytes(&scalar);
        if self.raised == Some(self.scalars - 1) { plus_modulus(word) } else { word }
    }

    pub fn squeeze(absorbed: &[u8]) -> [u8; 32] {
        let more: &[u8] = if absorbed.len() == 32 { &[1] } else { &[] };
        Keccak256::digest([absorbed, more].concat()).into()
    }
}

impl Transcript<G1Affine, ChallengeEvm<G1Affine>> for Forger<'_> {
    fn squeeze_challenge(&mut self) -> ChallengeEvm<G1Affine> {
        let digest = Self::squeeze(&self.absorbed);
        self.absorbed = digest.to_vec();
        let challenge = ChallengeEvm::new(&digest);
        self.challenge = challenge.get_scalar();
        challenge
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.absorbed.extend(coordinates(&point));
        Ok(())
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let word = self.word(scalar);
        self.absorbed.extend(word);
        Ok(())
    }
}

impl TranscriptWrite<G1Affine, ChallengeEvm<G1Affine>> for Forger<'_> {
    fn write_point(&mut self, mut point: G1Affine) -> io::Result<()> {
        if let (7, Some(correction)) = (self.points + 1, self.correction) {
            let early = ChallengeEvm::<G1Affine>::new(&Self::squeeze(&self.absorbed)).get_scalar();
            point = (point + correction(self.challenge, early)).to_affine();
        }
        self.points += 1;
        self.proof.extend(coordinates(&point));
        self.common_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        let word = self.word(scalar);
        self.absorbed.extend(word);
        self.proof.extend(word);
        Ok(())
    }
}

pub fn coordinates(point: &G1Affine) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (word, x) in bytes.chunks_exact_mut(32).zip([point.x, point.y]) {
        word.copy_from_slice(&x.to_repr());
        word.reverse();
    }
    bytes
}

/// The same residue, written otherwise: twice r is below 2^256.
pub fn plus_modulus(mut word: [u8; 32]) -> [u8; 32] {
    let mut carry = 1u16;
    for (byte, of) in word.iter_mut().zip(to_be_bytes(&-Fr::ONE)).rev() {
        carry += u16::from(*byte) + u16::from(of);
        *byte = carry as u8;
        carry >>= 8;
    }
    word
}

/// Statement and proof as call data has them.
pub struct Call {
    pub statement: [[u8; 32]; STATEMENT_WORDS],
    pub proof: Vec<u8>,
}

pub fn accepts(evm: &mut Evm, call: &Call) -> bool {
    let outcome = evm.call(calldata(&call.statement, &call.proof)).expect("the EVM runs");
    matches!(outcome, Outcome::Accepted { .. })
}

/// What the contract says of a call that it refuses.
pub fn refusal(evm: &mut Evm, call: &Call) -> Vec<u8> {
    match evm.call(calldata(&call.statement, &call.proof)).expect("the EVM runs") {
        Outcome::Refused(error) => error,
        accepted => panic!("{accepted:?}"),
    }
}

pub fn error(signature: &str, argument: Option<usize>) -> Vec<u8> {
    let mut bytes = Keccak256::digest(signature)[..4].to_vec();
    bytes.extend(argument.into_iter().flat_map(|index| to_be_bytes(&Fr::from(index as u64))));
    bytes
}
