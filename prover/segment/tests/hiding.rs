//! What a segment's key says of the model to somebody without the salt: nothing.
//!
//! A key is three commitments, the transcript's initial state, which is a hash of them and of the
//! layout, and k. Two models of one shape share layout and k. So it is enough that each commitment can be
//! any point, whatever the model is.

mod common;

use common::{salts, schema, trees};
use halo2_proofs::{
    plonk::keygen_pk2,
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params},
        kzg::commitment::ParamsKZG,
    },
};
use halo2curves::{
    bn256::{Bn256, G1, G1Affine},
    ff::Field,
    group::Curve,
};
use std::{path::Path, sync::LazyLock};
use tessera_artifact::Sha256Digest;
use tessera_circuit::{Builder, ColumnCircuit, builder::SALT_ROWS};
use tessera_core::{Fr, SegmentIndex, random};
use tessera_model::{Node, Schema, Tree};
use tessera_segment::{
    ProvingKey, SegmentWitness,
    circuit::{Share, Work, build_unsalted},
    key::{Form, model_digest},
    salt::SaltSource,
};
use tessera_setup::{Srs, development, import_ptau};

static SCHEMA: LazyLock<Schema> = LazyLock::new(schema);
static SRS: LazyLock<Srs> = LazyLock::new(|| development(13).expect("a valid size"));

/// Two models of one shape: other features asked, other thresholds, other leaves.
fn models() -> [Vec<Tree>; 2] {
    let mut other = trees();
    for node in other.iter_mut().flat_map(|tree| &mut tree.nodes) {
        match node {
            Node::Leaf { value } => *value = 17 - *value,
            Node::Split { feature: 1, threshold, .. } => *threshold += 5,
            Node::Split { .. } => {}
        }
    }
    [trees(), other]
}

fn unsalted(trees: &[Tree]) -> Builder {
    let work = Work::Trees(trees);
    let share = Share { index: SegmentIndex::FIRST, schema: &SCHEMA, offset: 600, work };
    build_unsalted(&share, &SegmentWitness::blank(&SCHEMA))
}

/// Rows of the salted constant and of the salted selector.
fn salted_rows(trees: &[Tree]) -> [usize; 2] {
    let rows = unsalted(trees).rows();
    [rows, rows + 1]
}

/// Commitments to selector, constants and permutation under these numbers as salt: the constant, the
/// selector, and the order of the cycle.
fn commitments(trees: &[Tree], constant: Fr, selector: Fr, order: &[Fr]) -> [G1Affine; 3] {
    let mut builder = unsalted(trees);
    let mut numbers = [constant, selector].into_iter().chain(order.iter().copied());
    builder.salt(|| numbers.next().expect("as many as a salt takes"));
    assert!(numbers.next().is_none(), "all of the salt is used");
    let params: &ParamsKZG<Bn256> = SRS.params();
    let key = keygen_pk2(params, &ColumnCircuit::new(builder), false).expect("a key");
    let vk = key.get_vk();
    let points = vk.fixed_commitments().iter().chain(vk.permutation().commitments());
    points.copied().collect::<Vec<_>>().try_into().expect("three commitments")
}

/// `number·[L]`, with the Lagrange point of `row`.
fn lagrange(row: usize, number: Fr) -> G1 {
    let params: &ParamsKZG<Bn256> = SRS.params();
    let mut values = vec![Fr::ZERO; params.n() as usize];
    values[row] = number;
    let values = EvaluationDomain::new(1, params.k()).lagrange_from_vec(values);
    params.commit_lagrange(&values, Blind::default())
}

fn numbers(count: usize) -> Vec<Fr> {
    (0..count).map(|_| random().expect("randomness")).collect()
}

#[test]
fn models_of_one_shape_have_circuits_of_one_size() {
    let [a, b] = models().map(|trees| unsalted(&trees).rows());
    assert_eq!(a, b);
}

/// Whatever the model, the commitment is `rest + s·[L]` with a fixed point `[L]` that is not the
/// identity: as `s` runs through the field, it runs through the whole group, once. So a uniform `s`
/// gives a uniform point, and both models the same distribution.
#[test]
fn constants_and_selector_are_uniform_for_every_model() {
    let order = numbers(SALT_ROWS);
    for trees in models() {
        let at = |constant: Fr, selector: Fr| commitments(&trees, constant, selector, &order);
        let [constant, selector, more, other] = numbers(4).try_into().expect("four");
        let [before, after] = [at(constant, selector), at(constant + more, selector + other)];
        let [constant_row, selector_row] = salted_rows(&trees);
        assert_eq!(after[0], (before[0] + lagrange(selector_row, other)).to_affine());
        assert_eq!(after[1], (before[1] + lagrange(constant_row, more)).to_affine());
        assert_eq!(after[2], before[2], "the permutation has a salt of its own");
    }
}

/// A cycle moves the commitment by the same difference in every model, and other cycles by other ones.
/// There are `(SALT_ROWS − 1)! > 2^491` of them for about 2^254 points: if the point behaves like a random
/// function of the cycle, it is uniform up to 2^-118.
#[test]
fn the_permutation_is_moved_alike_in_every_model() {
    let orders: Vec<Vec<Fr>> = (0..3).map(|_| numbers(SALT_ROWS)).collect();
    let points = models().map(|trees| {
        let at = |order: &Vec<Fr>| commitments(&trees, Fr::ONE, Fr::ONE, order)[2];
        orders.iter().map(at).collect::<Vec<_>>()
    });
    let moved = |points: &[G1Affine]| -> Vec<G1Affine> {
        points[1..].iter().map(|point| (*point - points[0]).to_affine()).collect()
    };
    assert_eq!(moved(&points[0]), moved(&points[1]));
    assert_ne!(points[0][0], points[0][1]);
    assert_ne!(points[0][0], points[0][2]);
    assert_ne!(points[0][1], points[0][2]);
    // Two neighbours in the cycle exchanged.
    let mut order: Vec<Fr> = (0..SALT_ROWS as u64).map(Fr::from).collect();
    let before = commitments(&trees(), Fr::ONE, Fr::ONE, &order)[2];
    order.swap(SALT_ROWS - 2, SALT_ROWS - 1);
    assert_ne!(commitments(&trees(), Fr::ONE, Fr::ONE, &order)[2], before);
}

/// The guesser knows both models, and that it is one of them.
#[test]
fn no_commitment_tells_two_models_apart_without_the_salt() {
    let salt = numbers(2 + SALT_ROWS);
    let [a, b] = models();
    let key = |trees: &[Tree], salt: &[Fr]| commitments(trees, salt[0], salt[1], &salt[2..]);
    let made = key(&a, &salt);
    assert_eq!(key(&a, &salt), made, "with the salt, the guess is confirmed,");
    assert_ne!(key(&b, &salt)[1], made[1], "and the other one refused");
    for guessed in [vec![Fr::ZERO; 2 + SALT_ROWS], numbers(2 + SALT_ROWS)] {
        for trees in [&a, &b] {
            let points = key(trees, &guessed);
            assert!(points.iter().zip(&made).all(|(guess, point)| guess != point));
        }
    }
}

/// Pinned: a lender's second machine, or another year's, makes the same keys.
#[test]
fn a_salt_gives_one_digest_on_every_machine() {
    let trees = trees();
    let digest = |salt: &[u8; 32]| {
        let work = Work::Trees(&trees);
        let share = Share { index: SegmentIndex::FIRST, schema: &SCHEMA, offset: 600, work };
        let key = ProvingKey::new(&SRS, &share, &salts(*salt)).expect("a key");
        let digest = model_digest(Form::Segments(1), SCHEMA.digest(), &[*key.verifying_key()]);
        digest.expect("a digest").to_string()
    };
    let expected = "0x00dc12f2d7a8b6944275598d4e25c1ca4d56189b70264a5fed826c467f48c17c";
    assert_eq!(digest(&[7; 32]), expected);
    assert_ne!(digest(&[7; 32]), digest(&[8; 32]));
}

/// Each of what a salt is bound to, changed alone.
#[test]
fn everything_that_tells_keys_apart_changes_the_salt() {
    let circuit = unsalted(&trees());
    let [package, other] = [Sha256Digest([3; 32]), Sha256Digest([4; 32])];
    let first = |source: &SaltSource, srs: &Srs, index: usize, circuit: &Builder| {
        source.salt(srs, SegmentIndex(index), circuit).stream()()
    };
    let source = SaltSource::from_parts(&[7; 32], package, 1);
    // A real ceremony's is small: the salt depends on digest and size alone.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../setup/tests/data/snarkjs-3.ptau");
    let ceremony = import_ptau(&file, 3).expect("a reference string");
    let [three, four] = [3, 4].map(|k| development(k).expect("a valid size"));
    let honest = first(&source, &three, 0, &circuit);
    assert_eq!(first(&source.clone(), &three, 0, &circuit), honest);
    let mut longer = circuit.clone();
    longer.constant(Fr::from(0xc0ffee));
    let changed = [
        ("secret", first(&SaltSource::from_parts(&[8; 32], package, 1), &three, 0, &circuit)),
        ("package", first(&SaltSource::from_parts(&[7; 32], other, 1), &three, 0, &circuit)),
        ("segments", first(&SaltSource::from_parts(&[7; 32], package, 2), &three, 0, &circuit)),
        ("k", first(&source, &four, 0, &circuit)),
        ("reference string", first(&source, &ceremony, 0, &circuit)),
        ("index", first(&source, &three, 1, &circuit)),
        ("circuit", first(&source, &three, 0, &longer)),
    ];
    for (i, (what, salt)) in changed.iter().enumerate() {
        assert_ne!(*salt, honest, "{what}");
        assert!(changed[..i].iter().all(|(_, other)| other != salt), "{what}");
    }
}
