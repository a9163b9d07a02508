//! Many multiples of one point of G1 at once: window tables, and additions that share inversions.

use crate::affine::{add_each, limbs};
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::PrimeField,
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use rayon::prelude::*;

/// Lanes that share an inversion; their points and intermediate values fit the cache.
const LANES: usize = 1024;

/// Tables of multiples of one point.
pub(crate) struct FixedBase {
    /// Bits of a window.
    width: u32,
    /// `windows[i][d]` = `d · 2^(width·i) · base` for every digit `d < 2^width`.
    windows: Vec<Vec<G1Affine>>,
}

impl FixedBase {
    /// Tables for multiplying `base` by about `count` scalars.
    pub(crate) fn new(base: G1Affine, count: usize) -> Self {
        // One bit more saves some additions for every scalar and doubles the tables: they should
        // stay smaller than the work, and one window's table (512 KiB at 13 bits) in the cache.
        let width = count.max(2).ilog2().saturating_sub(3).clamp(4, 13);
        let bases = std::iter::successors(Some(G1::from(base)), |base| {
            Some((0..width).fold(*base, |point, _| point.double()))
        });
        let bases: Vec<G1> = bases.take(Fr::NUM_BITS.div_ceil(width) as usize).collect();
        let windows = bases.into_par_iter().map(|base| multiples(base, width)).collect();
        Self { width, windows }
    }

    /// `scalar · base` for every scalar.
    pub(crate) fn multiply(&self, scalars: &[Fr]) -> Vec<G1Affine> {
        let mut products = vec![G1Affine::identity(); scalars.len()];
        let chunks = products.par_chunks_mut(LANES).zip(scalars.par_chunks(LANES));
        chunks.for_each(|(products, scalars)| {
            let scalars: Vec<[u64; 4]> = scalars.iter().map(limbs).collect();
            let mut addends = vec![G1Affine::identity(); products.len()];
            let mut scratch = Vec::with_capacity(products.len());
            for (window, start) in self.windows.iter().zip((0..).step_by(self.width as usize)) {
                for (addend, scalar) in addends.iter_mut().zip(&scalars) {
                    *addend = window[digit(scalar, start, self.width)];
                }
                add_each(products, &addends, &mut scratch);
            }
        });
        products
    }
}

/// `d · base` for every `d < 2^width`, by doubling the table `width` times.
fn multiples(base: G1, width: u32) -> Vec<G1Affine> {
    let mut table = Vec::with_capacity(1 << width);
    table.push(G1Affine::identity());
    let (mut power, mut scratch) = (base, Vec::new());
    for _ in 0..width {
        let lower = table.len();
        table.extend_from_within(..);
        add_each(&mut table[lower..], &vec![power.to_affine(); lower], &mut scratch);
        power = power.double();
    }
    table
}

/// `width` bits of `limbs` from bit `start`; zeros follow the last limb.
fn digit(limbs: &[u64; 4], start: u32, width: u32) -> usize {
    let (limb, shift) = ((start / 64) as usize, start % 64);
    let low = u128::from(limbs[limb]);
    let high = limbs.get(limb + 1).map_or(0, |&limb| u128::from(limb) << 64);
    (((low | high) >> shift) & ((1 << width) - 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::ff::Field;

    #[test]
    fn equals_the_librarys_multiplication() {
        let base = (G1Affine::generator() * Fr::from(12345)).to_affine();
        let scalars: Vec<Fr> = (0..300)
            .map(|i| Fr::from(i).pow([7]) * Fr::TWO_INV)
            .chain([Fr::ZERO, Fr::ONE, -Fr::ONE, -Fr::from(2), Fr::TWO_INV, Fr::from(1 << 40)])
            .collect();
        let expected: Vec<G1Affine> = scalars.iter().map(|s| (base * s).to_affine()).collect();
        for count in [0, 100, 10_000, 100_000] {
            assert_eq!(FixedBase::new(base, count).multiply(&scalars), expected, "{count}");
        }
    }

    #[test]
    fn more_lanes_than_share_an_inversion() {
        let scalars: Vec<Fr> = (0..2 * LANES as u64 + 5).map(|i| Fr::from(i * i)).collect();
        let products = FixedBase::new(G1Affine::generator(), 1).multiply(&scalars);
        for i in [0, 1, LANES - 1, LANES, 2 * LANES + 4] {
            assert_eq!(products[i], (G1Affine::generator() * scalars[i]).to_affine(), "{i}");
        }
    }
}
