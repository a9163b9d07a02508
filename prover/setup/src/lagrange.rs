//! The Lagrange form of powers whose secret nobody knows: an inverse Fourier transform of points.

use crate::{
    affine::{add_each, multiply_each},
    development::{powers, root_of_unity},
};
use halo2curves::{
    bn256::{Fr, G1Affine},
    ff::{Field, PrimeField},
};
use rayon::prelude::*;

/// Butterflies that share their inversions: their tables fit the cache.
const LANES: usize = 256;

/// `[L_i(tau)]` over halo2's roots of unity from `[tau^i]`, of which there are `2^k`:
/// `L_i = 1/n · Σ_j ω^(−ij) · tau^j`.
pub(crate) fn lagrange_from_powers(powers_of_tau: &[G1Affine], k: u32) -> Vec<G1Affine> {
    let n = powers_of_tau.len();
    let mut points: Vec<G1Affine> =
        (0..n).map(|i| powers_of_tau[i.reverse_bits() >> (usize::BITS - k)]).collect();
    // root^0 … root^(n/2 − 1) with root = ω^−1
    let roots = powers(root_of_unity(k).invert().unwrap_or(Fr::ONE), n / 2);
    let scale = Fr::TWO_INV.pow_vartime([u64::from(k)]);

    for half in (0..k).map(|level| 1usize << level) {
        let stride = n / 2 / half;
        // The division by n is part of the last level's factors.
        let scale = if half == n / 2 { scale } else { Fr::ONE };
        let factors = |from: usize, count: usize| -> Vec<Fr> {
            (from..from + count).map(|i| roots[i % half * stride] * scale).collect()
        };
        if half < LANES {
            points.par_chunks_mut(2 * LANES).for_each(|blocks| {
                let split = |blocks: &[G1Affine], end: usize| -> Vec<G1Affine> {
                    blocks
                        .chunks_exact(2 * half)
                        .flat_map(|b| &b[end * half..][..half])
                        .copied()
                        .collect()
                };
                let (mut low, mut high) = (split(blocks, 0), split(blocks, 1));
                let count = low.len();
                butterflies(&mut low, &mut high, factors(0, count), scale);
                for (i, block) in blocks.chunks_exact_mut(2 * half).enumerate() {
                    block[..half].copy_from_slice(&low[i * half..][..half]);
                    block[half..].copy_from_slice(&high[i * half..][..half]);
                }
            });
        } else {
            for block in points.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                let lanes = low.par_chunks_mut(LANES).zip(high.par_chunks_mut(LANES));
                lanes.enumerate().for_each(|(i, (low, high))| {
                    let count = low.len();
                    butterflies(low, high, factors(i * LANES, count), scale);
                });
            }
        }
    }
    points
}

/// `(low, high)` becomes `(scale·low + factor·high, scale·low − factor·high)`.
fn butterflies(low: &mut [G1Affine], high: &mut [G1Affine], factors: Vec<Fr>, scale: Fr) {
    multiply(high, &factors);
    multiply(low, &vec![scale; low.len()]);
    let negated: Vec<G1Affine> = high.iter().map(|point| -point).collect();
    let scratch = &mut Vec::with_capacity(low.len());
    let products = high.to_vec();
    high.copy_from_slice(low);
    add_each(high, &negated, scratch);
    add_each(low, &products, scratch);
}

/// [`multiply_each`] where the factor is not 1.
fn multiply(points: &mut [G1Affine], factors: &[Fr]) {
    let (places, factors): (Vec<usize>, Vec<Fr>) =
        factors.iter().copied().enumerate().filter(|(_, factor)| *factor != Fr::ONE).unzip();
    let mut multiples: Vec<G1Affine> = places.iter().map(|i| points[*i]).collect();
    multiply_each(&mut multiples, &factors);
    for (place, multiple) in places.into_iter().zip(multiples) {
        points[place] = multiple;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::development;
    use halo2_proofs::{
        arithmetic::g_to_lagrange,
        poly::{
            commitment::{Params, ParamsProver},
            kzg::commitment::ParamsKZG,
        },
    };
    use halo2curves::{bn256::Bn256, group::prime::PrimeCurveAffine};

    #[test]
    fn equals_the_librarys_transform() {
        for k in 1..=7 {
            let srs = development(k).unwrap();
            let powers = srs.params().get_g();
            let expected = g_to_lagrange(powers.iter().map(|point| point.to_curve()).collect(), k);
            assert_eq!(lagrange_from_powers(powers, k), expected, "k = {k}");
        }
    }

    /// More lanes than one task has, on both sides of the way they are shared out.
    #[test]
    fn equals_what_the_secret_gives() {
        for k in [9, 11] {
            let srs = development(k).unwrap();
            let lagrange = lagrange_from_powers(srs.params().get_g(), k);
            let bytes = |params: &ParamsKZG<Bn256>| {
                let mut bytes = Vec::new();
                params.write(&mut bytes).unwrap();
                bytes
            };
            let (powers, g2, tau) =
                (srs.params().get_g().to_vec(), srs.params().g2(), srs.params().s_g2());
            let made = crate::srs::params_from_parts(k, powers, lagrange, g2, tau);
            assert!(bytes(&made) == bytes(srs.params()), "k = {k}");
        }
    }

    #[test]
    fn infinity_and_equal_points_are_transformed() {
        // All powers of 1: every L_i but the first is 0.
        let one = vec![G1Affine::generator(); 16];
        let lagrange = lagrange_from_powers(&one, 4);
        assert_eq!(lagrange[0], G1Affine::generator());
        assert!(lagrange[1..].iter().all(|point| bool::from(point.is_identity())));
    }
}
