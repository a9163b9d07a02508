//! The aggregation proof, and what the contract takes.

use crate::circuit::{CircuitError, Witness, circuit, instance_bytes};
use crate::key::AggregationKey;
use halo2_proofs::{
    plonk::{self, create_proof},
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::ProverSHPLONK,
    },
};
use halo2curves::bn256::{Bn256, G1Affine};
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};
use tessera_core::{Fr, STATEMENT_WORDS, StatementWords};

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
    /// Deferred words and aggregation proof.
    pub bytes: Vec<u8>,
}

/// Proves the circuit of `witness`. `params` must be those of the key.
pub fn prove(
    params: &ParamsKZG<Bn256>,
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
        KZGCommitmentScheme<Bn256>,
        ProverSHPLONK<Bn256>,
        ChallengeEvm<G1Affine>,
        _,
        EvmTranscript<G1Affine, NativeLoader, Vec<u8>, Vec<u8>>,
        _,
    >(params, &key.key, &[circuit], &[&[&instances]], rand_core_06::OsRng, &mut transcript)?;
    let (statement, deferred) = instances.split_at(STATEMENT_WORDS);
    let mut bytes = instance_bytes(deferred);
    bytes.extend(transcript.finalize());
    let statement: [Fr; STATEMENT_WORDS] =
        statement.try_into().expect("split after the statement's words");
    Ok(Aggregated { statement: StatementWords::from_array(statement), bytes })
}
