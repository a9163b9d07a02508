//! The aggregation proof, and what the contract takes.

use crate::circuit::{CircuitError, Witness, circuit, instance_bytes};
use crate::key::{AggregationKey, last_rows, points};
use crate::verify::{denominators, protocol, read};
use halo2_proofs::plonk::{self, create_proof};
use halo2curves::bn256::G1Affine;
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};
use tessera_core::{Fr, STATEMENT_WORDS, StatementWords, to_be_bytes};
use tessera_kzg::{Opening, Parameters, Scheme};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// As many proofs and partial scores are needed as the key has segments.
    #[error("the aggregation key is for {expected} segments, there are {found}")]
    Segments {
        /// Segments of the key.
        expected: usize,
        /// Proofs given.
        found: usize,
    },
    /// The circuit could not be built.
    #[error(transparent)]
    Circuit(#[from] CircuitError),
    /// halo2 refused the witness or the key.
    #[error("the aggregation proof failed: {0}")]
    Proving(#[from] plonk::Error),
}

/// An aggregated proof: statement words, and the bytes that the contract takes with them.
#[derive(Clone, Debug)]
pub struct Aggregated {
    /// The statement's words.
    pub statement: StatementWords<Fr>,
    /// Deferred words, aggregation proof, and the inverse.
    pub bytes: Vec<u8>,
}

/// Proves the circuit of `witness`. `params` must be those of the key.
pub fn prove(
    params: &Parameters,
    key: &AggregationKey,
    witness: &Witness,
) -> Result<Aggregated, ProofError> {
    let (expected, found) = (key.segments(), witness.proofs().len());
    if expected != found || expected != witness.partials.len() {
        return Err(ProofError::Segments { expected, found });
    }
    let circuit = circuit(witness)?;
    let instances = circuit.instances();
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(Vec::new());
    create_proof::<
        Scheme,
        Opening,
        ChallengeEvm<G1Affine>,
        _,
        EvmTranscript<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>,
        _,
    >(params, &key.key, &[circuit], &[&[&instances]], rand_core_06::OsRng, &mut transcript)?;
    let (statement, deferred) = instances.split_at(STATEMENT_WORDS);
    let statement: [Fr; STATEMENT_WORDS] =
        statement.try_into().expect("split after the statement's words");
    let proof = transcript.finalize();
    let vk = key.key.get_vk();
    let protocol = protocol(found, key.k(), &points(vk), vk.transcript_repr());
    let (_, parsed) = read(&protocol, &instances, &proof).expect("what was just written");
    let inverse = denominators(&parsed.z, key.k(), instances.len(), last_rows(vk))
        .invert()
        .expect("the challenge is no root of unity");
    let bytes = [instance_bytes(deferred), proof, to_be_bytes(&inverse).to_vec()].concat();
    Ok(Aggregated { statement: StatementWords::from_array(statement), bytes })
}
