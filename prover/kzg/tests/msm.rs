//! The multi-scalar multiplication against halo2's, and where halo2's own terms are exceptions of the
//! affine addition.

use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::Field,
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use proptest::prelude::*;
use std::sync::LazyLock;
use tessera_kzg::msm;

/// Multiples of the generator that nothing connects.
static POINTS: LazyLock<Vec<G1Affine>> = LazyLock::new(|| {
    let next = |point: &G1| Some(*point * Fr::from(0x7e55e7a5e) + G1::generator());
    let points: Vec<G1> = std::iter::successors(Some(G1::generator()), next).take(3000).collect();
    let mut affine = vec![G1Affine::identity(); points.len()];
    G1::batch_normalize(&points, &mut affine);
    affine
});

/// Term by term.
fn slow(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    scalars.iter().zip(bases).map(|(scalar, base)| base * scalar).sum()
}

fn dense(seed: u64) -> impl Iterator<Item = Fr> {
    let next = |x: &Fr| Some(x.square() + Fr::from(0x9e37_79b9_7f4a_7c15));
    std::iter::successors(Some(Fr::from(seed) + Fr::from(3).invert().unwrap()), next)
}

/// Scalars at the edges of the signed digits.
fn edge() -> impl Strategy<Value = Fr> {
    let power = (0u64..254).prop_map(|bit| Fr::from(2).pow_vartime([bit]));
    let near = (power, -2i64..=2).prop_map(|(power, by)| {
        power + if by < 0 { -Fr::from(by.unsigned_abs()) } else { Fr::from(by as u64) }
    });
    let dense_one = any::<u64>().prop_map(|seed| dense(seed).nth(3).expect("endless"));
    let half = Fr::from(2).invert().unwrap();
    let signed =
        |x: BoxedStrategy<Fr>| (x, any::<bool>()).prop_map(|(x, n)| if n { -x } else { x });
    prop_oneof![
        Just(Fr::ZERO),
        Just(Fr::ONE),
        Just(-Fr::ONE),
        Just(half),
        Just(half - Fr::ONE),
        signed(near.boxed()),
        signed((0u64..70_000).prop_map(Fr::from).boxed()),
        dense_one,
    ]
}

/// A few bases, many times, with either sign: all exceptions of the addition.
fn base() -> impl Strategy<Value = G1Affine> {
    let some = prop_oneof![3 => 0..4usize, 2 => 0..POINTS.len()];
    (some, 0..5u8).prop_map(|(index, kind)| match kind {
        0 => G1Affine::identity(),
        1 | 2 => -POINTS[index],
        _ => POINTS[index],
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn equals_the_sum_of_its_terms(terms in prop::collection::vec((edge(), base()), 0..120)) {
        let (scalars, bases): (Vec<_>, Vec<_>) = terms.into_iter().unzip();
        prop_assert_eq!(msm(&scalars, &bases), slow(&scalars, &bases));
    }

    #[test]
    fn equals_halo2s(scalars in prop::collection::vec(edge(), 1..700), from in 0..2000usize) {
        let bases = &POINTS[from..from + scalars.len()];
        prop_assert_eq!(msm(&scalars, bases), best_multiexp(&scalars, bases));
    }
}

#[test]
fn columns_as_circuits_have_them() {
    let n = POINTS.len();
    let columns: [(&str, Vec<Fr>); 6] = [
        ("zeros", vec![Fr::ZERO; n]),
        ("ones", vec![Fr::ONE; n]),
        ("booleans", (0..n as u64).map(|i| Fr::from(i * i % 7 / 4)).collect()),
        ("small", (0..n as u64).map(Fr::from).collect()),
        ("negative", (0..n as u64).map(|i| -Fr::from(i % 50)).collect()),
        ("dense", dense(5).take(n).collect()),
    ];
    for (what, column) in columns {
        assert_eq!(msm(&column, &POINTS), best_multiexp(&column, &POINTS), "{what}");
    }
}

/// Each step of a sum over equal or opposite points is an exception: doublings all the way up, and
/// identities that are added on.
#[test]
fn structured_bases() {
    let point = POINTS[7];
    for n in [1, 2, 3, 4, 5, 255, 256, 257] {
        let scalars: Vec<Fr> = dense(9).take(n).collect();
        for scalars in [vec![Fr::ONE; n], scalars] {
            let equal = vec![point; n];
            assert_eq!(msm(&scalars, &equal), slow(&scalars, &equal), "{n} equal");
            let opposite: Vec<_> =
                (0..n).map(|i| if i % 2 == 0 { point } else { -point }).collect();
            assert_eq!(msm(&scalars, &opposite), slow(&scalars, &opposite), "{n} opposite");
            let identities = vec![G1Affine::identity(); n];
            assert_eq!(msm(&scalars, &identities), G1::identity(), "{n} identities");
            // Multiples of one point, so that sums meet.
            let multiples: Vec<_> =
                (1..=n as u64).map(|i| (point * Fr::from(i % 5)).to_affine()).collect();
            assert_eq!(msm(&scalars, &multiples), slow(&scalars, &multiples), "{n} multiples");
        }
    }
}

#[test]
fn no_terms_and_bases_left_over() {
    assert_eq!(msm(&[], &POINTS), G1::identity());
    assert_eq!(msm(&[], &[]), G1::identity());
    let one = [Fr::from(5)];
    assert_eq!(msm(&one, &POINTS), slow(&one, &POINTS));
}

#[test]
#[should_panic(expected = "2 scalars, 1 bases")]
fn more_scalars_than_bases() {
    msm(&[Fr::ONE; 2], &POINTS[..1]);
}
