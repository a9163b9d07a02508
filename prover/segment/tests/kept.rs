//! Why a segment's proof is not for everybody, and an aggregated one is: the segment's has evaluations
//! of the key's polynomials, which confirm a guessed model to somebody without its salt.

mod common;

use common::{model, salt, salts, schema, secrets};
use halo2_proofs::{
    dev::{CellValue, MockProver},
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params},
    },
};
use halo2curves::{bn256::G1Affine, ff::Field, group::Curve};
use snark_verifier::{
    pcs::kzg::KzgSuccinctVerifyingKey,
    util::arithmetic::root_of_unity,
    verifier::{SnarkVerifier, plonk::PlonkSuccinctVerifier},
};
use tessera_circuit::{ColumnCircuit, builder::SALT_ROWS, layout::smallest_k};
use tessera_core::{Fr, SegmentIndex};
use tessera_model::{Node, Schema, Tree};
use tessera_segment::{
    Proof, ProvingKey, Share, Unverified, Work, circuit::build, proof::Pcs, transcript::Transcript,
};
use tessera_setup::development;

/// Position of the constants column among the key's points, and of its evaluation in a proof.
const CONSTANTS: usize = 1;
const CONSTANTS_EVALUATION: usize = 5;

fn share<'a>(schema: &'a Schema, trees: &'a [Tree]) -> Share<'a> {
    Share { index: SegmentIndex::FIRST, schema, offset: 600, work: Work::Trees(trees) }
}

#[test]
fn a_guessed_model_is_confirmed_by_a_segments_proof() {
    let (schema, model) = (schema(), model());
    let (secret, _) = secrets(&schema, vec![10, 20, 1, 0]);
    let truth = share(&schema, model.trees());
    let rows = build(&truth, &secret, &salt()).rows();
    let srs = development(smallest_k(rows)).expect("a size");
    let params = srs.params();
    let key = ProvingKey::new(&srs, &truth, &salts([0xa5; 32])).expect("a key");
    let proof = Proof::<Unverified>::create(params, &key, &truth, &secret)
        .and_then(|proof| proof.verify(params))
        .expect("a proof");

    // The point that the proof is opened at, and the constants' value there.
    let protocol = proof.key().protocol();
    let instances = [proof.instances().to_array().to_vec()];
    let mut transcript = Transcript::new(proof.bytes());
    let svk = KzgSuccinctVerifyingKey { g: G1Affine::generator() };
    let parsed =
        PlonkSuccinctVerifier::<Pcs>::read_proof(&svk, &protocol, &instances, &mut transcript)
            .expect("well-formed");
    let (x, value) = (parsed.z, parsed.evaluations[CONSTANTS_EVALUATION]);

    // All constants but the salted one, and the polynomial's factor there, are known to a guesser.
    let omega: Fr = root_of_unity(params.k() as usize);
    let salted = rows - SALT_ROWS - 1;
    let domain = EvaluationDomain::new(1, params.k());
    let commit = |values: Vec<Fr>| {
        params.commit_lagrange(&domain.lagrange_from_vec(values), Blind::default())
    };
    let mut unit = vec![Fr::ZERO; params.n() as usize];
    unit[salted] = Fr::ONE;
    let lagrange = commit(unit);
    let confirms = |trees: &[Tree]| {
        let circuit = ColumnCircuit::new(build(&share(&schema, trees), &secret, &salt()));
        let mock = MockProver::run(params.k(), &circuit, vec![circuit.instances()]).expect("fits");
        let constants: Vec<Fr> = mock.fixed()[CONSTANTS]
            .iter()
            .enumerate()
            .map(|(row, cell)| match cell {
                CellValue::Assigned(value) if row != salted => *value,
                _ => Fr::ZERO,
            })
            .collect();
        let scale =
            (x.pow_vartime([params.n()]) - Fr::ONE) * Fr::from(params.n()).invert().unwrap();
        let basis = |power: Fr| scale * power * (x - power).invert().unwrap();
        let powers = std::iter::successors(Some(Fr::ONE), |power| Some(*power * omega));
        let guessed: Fr = powers.zip(&constants).map(|(power, c)| basis(power) * c).sum();
        let salt = (value - guessed) * basis(omega.pow_vartime([salted as u64])).invert().unwrap();
        (commit(constants) + lagrange * salt).to_affine() == proof.key().points[CONSTANTS]
    };
    assert!(confirms(model.trees()), "the attack works");
    let mut other = model.trees().to_vec();
    other[1].nodes[1] = Node::Leaf { value: -6 };
    assert!(!confirms(&other));
}
