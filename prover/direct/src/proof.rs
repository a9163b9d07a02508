//! The proof, and what the contract takes.

use crate::circuit::{Claim, circuit};
use crate::key::{DirectKey, last_rows};
use crate::plan::DirectPlan;
use crate::verify::{denominators, protocol, read};
use halo2_proofs::plonk::{self, create_proof};
use halo2curves::bn256::G1Affine;
use snark_verifier::{
    loader::native::NativeLoader,
    system::halo2::transcript::evm::{ChallengeEvm, EvmTranscript},
};
use tessera_core::{Fr, STATEMENT_WORDS, StatementWords, to_be_bytes};
use tessera_kzg::{Opening, Parameters, Scheme};
use tessera_model::Package;
use tessera_segment::SegmentWitness;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// halo2 refused the witness or the key.
    #[error("the proof failed: {0}")]
    Proving(#[from] plonk::Error),
    /// The key can't be written in words.
    #[error(transparent)]
    Key(#[from] tessera_segment::KeyError),
}

/// A direct proof: statement words, and the bytes that the contract takes with them.
#[derive(Clone, Debug)]
pub struct Direct {
    /// The statement's words.
    pub statement: StatementWords<Fr>,
    /// k, key, the circuit's proof, the inverse.
    pub bytes: Vec<u8>,
}

/// Proves that the score of `secrets` reaches the claim's threshold. `params` must be those of the key,
/// `package` the one that it was made of. A score that does not reach it gives a proof of nothing.
pub fn prove(
    params: &Parameters,
    key: &DirectKey,
    package: &Package,
    secrets: &SegmentWitness,
    claim: &Claim,
) -> Result<Direct, ProofError> {
    let plan = key.plan();
    let circuit = circuit(&DirectPlan::share(package), secrets, claim, plan, key.salt.stream());
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
    let proof = transcript.finalize();

    let verifying = key.verifying_key();
    let parsed = read(&protocol(verifying), &instances, &proof).expect("what was just written");
    let inverse = denominators(&parsed.z, plan.k, last_rows()).invert().expect("no root of unity");
    let mut bytes = to_be_bytes(&Fr::from(u64::from(plan.k))).to_vec();
    verifying.words()?.iter().for_each(|word| bytes.extend(to_be_bytes(word)));
    bytes.extend(proof);
    bytes.extend(to_be_bytes(&inverse));
    let statement: [Fr; STATEMENT_WORDS] = instances.try_into().expect("the statement's words");
    Ok(Direct { statement: StatementWords::from_array(statement), bytes })
}
