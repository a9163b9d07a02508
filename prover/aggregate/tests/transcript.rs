//! Everything public is absorbed before the first challenge: whatever word of the statement, of the
//! deferred points and scalars, or of the key's hash is changed, no challenge stays the same.

mod common;

use common::{Lender, aggregate, aggregation, borrower, package, witness};
use halo2curves::{bn256::G1Affine, ff::Field};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::kzg::KzgSuccinctVerifyingKey,
    system::halo2::transcript::evm::EvmTranscript,
    util::{
        arithmetic::{Domain, root_of_unity},
        transcript::Transcript as _,
    },
    verifier::{
        SnarkVerifier,
        plonk::{PlonkProtocol, PlonkSuccinctVerifier},
    },
};
use tessera_aggregate::layout::{PROOF_WORDS, deferred_words, instance_words};
use tessera_circuit::Gates;
use tessera_core::{Fr, from_be_bytes};
use tessera_segment::{key::protocol_template, proof::Pcs, transcript::Transcript};

type Verifier = PlonkSuccinctVerifier<Pcs>;

fn svk() -> KzgSuccinctVerifyingKey<G1Affine> {
    KzgSuccinctVerifyingKey { g: G1Affine::generator() }
}

/// Challenges of the aggregation proof's transcript, and ρ after it.
fn outer(protocol: &PlonkProtocol<G1Affine>, instances: &[Fr], proof: &[u8]) -> Vec<Fr> {
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(proof);
    let instances = [instances.to_vec()];
    let parsed =
        Verifier::read_proof(&svk(), protocol, &instances, &mut transcript).expect("well-formed");
    let mut challenges = parsed.challenges;
    challenges.extend([parsed.z, transcript.squeeze_challenge()]);
    challenges
}

/// Challenges of a segment's transcript.
fn inner(protocol: &PlonkProtocol<G1Affine>, instances: &[Fr], proof: &[u8]) -> Vec<Fr> {
    let mut transcript = Transcript::new(proof);
    let instances = [instances.to_vec()];
    let parsed =
        Verifier::read_proof(&svk(), protocol, &instances, &mut transcript).expect("well-formed");
    // θ is not drawn: there is no lookup.
    let [theta, challenges @ ..] = parsed.challenges.as_slice() else { panic!("no θ") };
    assert_eq!(*theta, Fr::ZERO);
    [challenges, &[parsed.z]].concat()
}

fn all_differ(before: &[Fr], after: &[Fr], what: &str) {
    assert_eq!(before.len(), after.len());
    for (index, (a, b)) in before.iter().zip(after).enumerate() {
        assert_ne!(a, b, "{what}: challenge {index} is the same");
    }
}

#[test]
fn every_public_word_changes_every_challenge() {
    let lender = Lender::new(package(1), 2);
    let witness = witness(&lender, &borrower(&lender.package), 0);
    let aggregated = aggregate(&witness);
    let made = aggregation(2);
    let spec = &made.1;

    let mut protocol = protocol_template(Gates::Full, 1);
    protocol.domain = Domain::new(spec.k as usize, root_of_unity(spec.k as usize));
    protocol.num_instance = vec![instance_words(2)];
    protocol.preprocessed = spec.key.to_vec();
    protocol.transcript_initial_state = Some(spec.initial_state);
    let (deferred, proof) = aggregated.bytes.split_at(32 * deferred_words(2));
    let proof = &proof[..32 * PROOF_WORDS];
    let mut instances = aggregated.statement.into_array().to_vec();
    instances.extend(
        deferred
            .chunks_exact(32)
            .map(|word| from_be_bytes(word.try_into().expect("32 bytes")).expect("canonical")),
    );
    let honest = outer(&protocol, &instances, proof);
    assert_eq!(honest.len(), 6, "θ, β, γ, y, x, ρ");
    assert_eq!(outer(&protocol, &instances, proof), honest, "nothing but the words decides");
    for index in 0..instances.len() {
        let mut changed = instances.clone();
        changed[index] += Fr::ONE;
        all_differ(&honest, &outer(&protocol, &changed, proof), &format!("word {index}"));
    }
    let mut other = protocol.clone();
    other.transcript_initial_state = Some(spec.initial_state + Fr::ONE);
    all_differ(&honest, &outer(&other, &instances, proof), "the key's hash");

    // A segment's own transcript, as the circuit runs it.
    let segment = &witness.proofs()[0];
    let protocol = segment.key.protocol();
    let instances = segment.instances.to_array();
    let honest = inner(&protocol, &instances, &segment.bytes);
    for index in 0..instances.len() {
        let mut changed = instances;
        changed[index] += Fr::ONE;
        let after = inner(&protocol, &changed, &segment.bytes);
        all_differ(&honest, &after, &format!("instance {index}"));
    }
    let mut other = segment.key;
    other.initial_state += Fr::ONE;
    let after = inner(&other.protocol(), &instances, &segment.bytes);
    all_differ(&honest, &after, "the segment key's hash");
}
