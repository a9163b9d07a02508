//! Keys that are related, seen by somebody who has neither salt nor witness: the same model in
//! another number of segments, the segments of one model, a changed model under the same secret.
//!
//! Two keys that share a salt give the model away: the guess is subtracted from each, and what is
//! left is the same number times two Lagrange points, or nothing at all. Each attack is first shown
//! to work on keys that do share one.

mod common;

use common::{Lender, POINT, package, srs};
use halo2_proofs::{arithmetic::g_to_lagrange, plonk::keygen_pk2, poly::commitment::ParamsProver};
use halo2curves::{
    bn256::{G1, G1Affine, G2Affine, pairing},
    ff::Field,
    group::Curve,
};
use snark_verifier::util::arithmetic::root_of_unity;
use tessera_circuit::{Builder, ColumnCircuit};
use tessera_core::{Fr, SegmentIndex, random};
use tessera_model::{Computation, Node, Package};
use tessera_segment::{SegmentWitness, circuit::Share, circuit::build_unsalted, key::KEY_POINTS};
use tessera_setup::Srs;

/// Positions among a key's points, which are those of the salted columns.
const SELECTOR: usize = 0;
const CONSTANTS: usize = 1;
const PERMUTATION: usize = 2;

type Points = [G1Affine; KEY_POINTS];

fn points(circuit: Builder, srs: &Srs) -> Points {
    let key = keygen_pk2(srs.params(), &ColumnCircuit::new(circuit), false).expect("a key");
    let vk = key.get_vk();
    let points = vk.fixed_commitments().iter().chain(vk.permutation().commitments());
    points.copied().collect::<Vec<_>>().try_into().expect("three commitments")
}

fn unsalted(share: &Share) -> Builder {
    build_unsalted(share, &SegmentWitness::blank(share.schema))
}

/// What the lender publishes of segment `index`.
fn published(lender: &Lender, index: usize) -> Points {
    lender.keys[index].verifying_key().points
}

/// The same key with `salt` for a stream.
fn published_under(lender: &Lender, index: usize, salt: &[Fr]) -> Points {
    let mut circuit = unsalted(&lender.share(index));
    let mut numbers = salt.iter().copied();
    circuit.salt(|| numbers.next().expect("as many as a salt takes"));
    points(circuit, &srs(lender.plan.k))
}

fn some_salt() -> Vec<Fr> {
    (0..200).map(|_| random().expect("randomness")).collect()
}

/// What is left of a key's constants without those of a guessed model, and the row that it belongs to.
struct Residue {
    left: G1,
    row: usize,
}

fn residue(published: &Points, guess: &Lender, index: usize) -> Residue {
    let circuit = unsalted(&guess.share(index));
    // The salted constant is the first row behind the circuit.
    let row = circuit.rows();
    let guessed = points(circuit, &srs(guess.plan.k));
    Residue { left: published[CONSTANTS] - guessed[CONSTANTS], row }
}

/// Whether both are one number times the Lagrange points of their rows. With
/// `L_i = ω^i·(X^n − 1)/(n·(X − ω^i))`: `e(ω^-i·a, [τ − ω^i]₂) = e(ω^-j·b, [τ − ω^j]₂)`.
fn share_a_salt(a: &Residue, b: &Residue, srs: &Srs) -> bool {
    let omega: Fr = root_of_unity(srs.k() as usize);
    let side = |residue: &Residue| {
        let power = omega.pow_vartime([residue.row as u64]);
        let left = residue.left * power.invert().expect("a root of unity");
        let right = srs.params().s_g2() - G2Affine::generator() * power;
        pairing(&left.to_affine(), &right.to_affine())
    };
    side(a) == side(b)
}

/// The model with one leaf moved by the smallest step.
fn off_by_one(mut package: Package) -> Package {
    let Computation::Trees(trees) = &mut package.model.computation else {
        unreachable!("the model is made of trees")
    };
    trees[1].nodes[1] = Node::Leaf { value: -5 * POINT + 1 };
    package
}

#[test]
fn another_number_of_segments_confirms_no_guess() {
    let [one, two] = [1, 2].map(|segments| Lender::new(package(3), segments));
    let [wrong_one, wrong_two] =
        [1, 2].map(|segments| Lender::new(off_by_one(package(3)), segments));
    assert_eq!(one.plan.k, two.plan.k);
    let srs = srs(one.plan.k);
    for index in [0, 1] {
        let confirms = |keys: [&Points; 2], guess: [&Lender; 2]| {
            let [a, b] = [residue(keys[0], guess[0], 0), residue(keys[1], guess[1], index)];
            share_a_salt(&a, &b, &srs)
        };
        let salt = some_salt();
        let shared = [published_under(&one, 0, &salt), published_under(&two, index, &salt)];
        assert!(confirms(shared.each_ref(), [&one, &two]), "the attack works");
        assert!(!confirms(shared.each_ref(), [&wrong_one, &wrong_two]), "and tells 2^-32 points");

        let keys = [published(&one, 0), published(&two, index)];
        assert!(!confirms(keys.each_ref(), [&one, &two]), "segment {index}");
    }
}

#[test]
fn the_segments_of_one_model_confirm_no_guess() {
    let lender = Lender::new(package(3), 2);
    let srs = srs(lender.plan.k);
    let confirms = |keys: [Points; 2]| {
        let [a, b] = [0, 1].map(|index| residue(&keys[index], &lender, index));
        share_a_salt(&a, &b, &srs)
    };
    let salt = some_salt();
    assert!(
        confirms([0, 1].map(|index| published_under(&lender, index, &salt))),
        "the attack works"
    );
    assert!(!confirms([0, 1].map(|index| published(&lender, index))));
}

#[test]
fn a_change_under_the_same_secret_is_not_found() {
    let [before, after] = [package(3), off_by_one(package(3))].map(|p| Lender::new(p, 1));
    assert_eq!(before.package.salt, after.package.salt);
    let srs = srs(before.plan.k);
    let powers = srs.params().get_g().iter().map(|point| point.into()).collect();
    let lagrange: Vec<G1Affine> = g_to_lagrange(powers, srs.k());
    // Where the constants differ, and by how much, of all rows and some small steps.
    let find = |a: &Points, b: &Points| {
        let difference = b[CONSTANTS] - a[CONSTANTS];
        (0..lagrange.len()).find_map(|row| {
            let mut step = G1::from(lagrange[row]);
            (1..=4).find_map(|number| {
                let found = [(number, step), (-number, -step)];
                step += lagrange[row];
                found.iter().find(|(_, point)| *point == difference).map(|(n, _)| (row, *n))
            })
        })
    };
    let salt = some_salt();
    let shared = [&before, &after].map(|lender| published_under(lender, 0, &salt));
    assert_eq!(shared[0][SELECTOR], shared[1][SELECTOR]);
    assert_eq!(shared[0][PERMUTATION], shared[1][PERMUTATION]);
    assert!(matches!(find(&shared[0], &shared[1]), Some((_, 1 | -1))), "the attack works");

    let keys = [&before, &after].map(|lender| published(lender, 0));
    assert!(keys[0].iter().zip(&keys[1]).all(|(a, b)| a != b), "every point has another salt");
    assert_eq!(find(&keys[0], &keys[1]), None);
}

/// A later version of the circuits is another circuit: its keys have salts of their own although
/// package, number of segments, size and reference string are the same.
#[test]
fn another_circuit_has_another_salt() {
    use tessera_segment::salt::SaltSource;
    let lender = Lender::new(package(3), 1);
    let srs = srs(lender.plan.k);
    let source = SaltSource::new(&lender.package, 1);
    let circuit = unsalted(&lender.share(0));
    let mut longer = circuit.clone();
    longer.constant(Fr::from(0xc0ffee));
    let first = |circuit: &Builder| source.salt(&srs, SegmentIndex::FIRST, circuit).stream()();
    assert_eq!(first(&circuit), first(&circuit));
    assert_ne!(first(&circuit), first(&longer));
}
