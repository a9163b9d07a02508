//! Additions, doublings and multiples of many points of G1 at once, in affine coordinates that share
//! one inversion (Montgomery's trick): about 6 field multiplications an addition.

use halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::{Field, PrimeField, WithSmallOrderMulGroup},
    group::{Curve, prime::PrimeCurveAffine},
};

/// Bits of a digit of [`multiply_each`]; digits are signed, `±2^(WIDTH−1)` at most.
const WIDTH: u32 = 4;
/// Digits of a number below 2^128, with room for the last carry.
const DIGITS: usize = 128 / WIDTH as usize + 1;

/// `sums[i] += addends[i]` for every `i`, whatever the points are.
pub(crate) fn add_each(sums: &mut [G1Affine], addends: &[G1Affine], scratch: &mut Vec<Fq>) {
    let denominator = |i: usize, sums: &[G1Affine]| chord(&sums[i], &addends[i]);
    share_inversion(sums, denominator, scratch, |i, sum, inverse| {
        let addend = &addends[i];
        let Some(inverse) = inverse else {
            *sum = match (is_infinite(sum), is_infinite(addend)) {
                (_, true) => *sum,
                (true, _) => *addend,
                _ => (sum.to_curve() + addend).to_affine(),
            };
            return;
        };
        let slope = (addend.y - sum.y) * inverse;
        let x = slope.square() - sum.x - addend.x;
        *sum = G1Affine { x, y: slope * (sum.x - x) - sum.y };
    });
}

/// `points[i] += points[i]` for every `i`, whatever the points are.
fn double_each(points: &mut [G1Affine], scratch: &mut Vec<Fq>) {
    // No point has y = 0: the order of the group is odd. (0, 0) stands for infinity.
    let denominator = |i: usize, points: &[G1Affine]| {
        let y = points[i].y;
        (y != Fq::ZERO).then(|| y.double())
    };
    share_inversion(points, denominator, scratch, |_, point, inverse| {
        let Some(inverse) = inverse else { return };
        let square = point.x.square();
        let slope = (square.double() + square) * inverse;
        let x = slope.square() - point.x.double();
        *point = G1Affine { x, y: slope * (point.x - x) - point.y };
    });
}

/// Calls `change` for every point with the inverse of its `denominator`, from the last to the first.
/// A denominator is of its own point alone, and not 0.
fn share_inversion(
    points: &mut [G1Affine],
    denominator: impl Fn(usize, &[G1Affine]) -> Option<Fq>,
    scratch: &mut Vec<Fq>,
    mut change: impl FnMut(usize, &mut G1Affine, Option<Fq>),
) {
    // scratch[i] = denominators before i, multiplied.
    scratch.clear();
    let mut product = Fq::ONE;
    for i in 0..points.len() {
        scratch.push(product);
        if let Some(denominator) = denominator(i, points) {
            product *= denominator;
        }
    }
    // Invariant below: inverse = 1 / (denominators up to and including i). Never 1/0.
    let mut inverse = product.invert().unwrap_or(Fq::ZERO);
    for i in (0..points.len()).rev() {
        let denominator = denominator(i, points);
        change(i, &mut points[i], denominator.map(|_| inverse * scratch[i]));
        if let Some(denominator) = denominator {
            inverse *= denominator;
        }
    }
}

/// The denominator of the slope through both points; `None` where the chord's formula does not
/// hold (a point at infinity, or one x for both).
fn chord(a: &G1Affine, b: &G1Affine) -> Option<Fq> {
    let denominator = b.x - a.x;
    let regular = denominator != Fq::ZERO && !is_infinite(a) && !is_infinite(b);
    regular.then_some(denominator)
}

fn is_infinite(point: &G1Affine) -> bool {
    point.x == Fq::ZERO && point.y == Fq::ZERO
}

/// `points[i] *= scalars[i]` for every `i`.
///
/// With `λ` the cube root of one for which `λ·(x, y) = (ζx, y)`, every scalar is `a + b·λ` with
/// numbers half as long, which halves the doublings (Gallant, Lambert, Vanstone 2001).
pub(crate) fn multiply_each(points: &mut [G1Affine], scalars: &[Fr]) {
    let scratch = &mut Vec::with_capacity(points.len());
    // tables[d − 1][i] = d · points[i]
    let mut tables = vec![points.to_vec()];
    for d in 2..=1usize << (WIDTH - 1) {
        let mut multiples = tables[d / 2 - 1].clone();
        match d % 2 {
            0 => double_each(&mut multiples, scratch),
            _ => {
                multiples.copy_from_slice(&tables[d - 2]);
                add_each(&mut multiples, points, scratch);
            }
        }
        tables.push(multiples);
    }
    let digits: Vec<[[i8; DIGITS]; 2]> = scalars.iter().map(|s| halves(s).map(digits)).collect();

    points.fill(G1Affine::identity());
    let mut addends = points.to_vec();
    for position in (0..DIGITS).rev() {
        if position + 1 < DIGITS {
            (0..WIDTH).for_each(|_| double_each(points, scratch));
        }
        for half in [0, 1] {
            for (i, addend) in addends.iter_mut().enumerate() {
                let digit = digits[i][half][position];
                let Some(multiple) = usize::from(digit.unsigned_abs()).checked_sub(1) else {
                    *addend = G1Affine::identity();
                    continue;
                };
                let G1Affine { x, y } = tables[multiple][i];
                let x = if half == 1 { x * Fq::ZETA } else { x };
                *addend = G1Affine { x, y: if digit < 0 { -y } else { y } };
            }
            add_each(points, &addends, scratch);
        }
    }
}

/// A number with its sign.
type Signed = (u128, bool);

/// `[a, b]` with `scalar = a + b·λ`, both below 2^128 in magnitude.
///
/// `(s, t)` and `(t − s, −s)` are short vectors of the lattice of all `(a, b)` with `a + b·λ = 0`:
/// `s = 2x + 1`, `t = 6x² + 4x + 1` with the number x that bn254 is made from. What is subtracted is
/// the lattice's point near to `(scalar, 0)`.
fn halves(scalar: &Fr) -> [Signed; 2] {
    const S: u128 = 0x89d3256894d213e3;
    const T: u128 = 0x6f4d8248eeb859fd0be4e1541221250b;
    /// `s · 2^256 / r` and `t · 2^256 / r`, rounded.
    const QUOTIENTS: [[u64; 3]; 2] =
        [[0xd91d232ec7e0b3d7, 2, 0], [0x5398fd0300ff6565, 0x4ccef014a773d2d2, 2]];

    let scalar_limbs = limbs(scalar);
    let [first, second] = QUOTIENTS.map(|quotient| Fr::from_u128(high(&scalar_limbs, &quotient)));
    let (s, t) = (Fr::from_u128(S), Fr::from_u128(T));
    let a = scalar - first * s - second * (t - s);
    let b = second * s - first * t;
    [a, b].map(|number| match low(&number) {
        Some(magnitude) => (magnitude, false),
        None => (low(&-number).unwrap_or_default(), true),
    })
}

/// `(a · b) >> 256`; less than 2^128 for what [`halves`] multiplies.
fn high(a: &[u64; 4], b: &[u64; 3]) -> u128 {
    let mut product = [0u64; 7];
    for (i, a) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, b) in b.iter().enumerate() {
            carry += u128::from(product[i + j]) + u128::from(*a) * u128::from(*b);
            product[i + j] = carry as u64;
            carry >>= 64;
        }
        product[i + 3] = carry as u64;
    }
    u128::from(product[4]) | u128::from(product[5]) << 64
}

/// The number if it is below 2^128.
fn low(number: &Fr) -> Option<u128> {
    match limbs(number) {
        [low, high, 0, 0] => Some(u128::from(low) | u128::from(high) << 64),
        _ => None,
    }
}

/// Digits of `magnitude`, the lowest first, with its sign.
fn digits((mut magnitude, negative): Signed) -> [i8; DIGITS] {
    let mut carry = 0;
    std::array::from_fn(|_| {
        let digit = (magnitude & ((1 << WIDTH) - 1)) as i8 + carry;
        magnitude >>= WIDTH;
        carry = i8::from(digit > 1 << (WIDTH - 1));
        let digit = digit - (carry << WIDTH);
        if negative { -digit } else { digit }
    })
}

/// `scalar` as 64-bit limbs, the lowest first.
pub(crate) fn limbs(scalar: &Fr) -> [u64; 4] {
    let bytes = scalar.to_repr();
    let (limbs, _) = bytes.as_ref().as_chunks::<8>();
    std::array::from_fn(|i| u64::from_le_bytes(limbs[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Near the ends of the field, of a half, of a digit.
    fn edges() -> Vec<Fr> {
        let two = Fr::from(2);
        let near = |x: Fr| [x - Fr::ONE, x, x + Fr::ONE, -x];
        let powers = [3, 4, 63, 64, 65, 126, 127, 128, 129, 253].map(|i| two.pow([i]));
        let others = [Fr::ZERO, Fr::ZETA, Fr::ZETA.square(), Fr::TWO_INV, Fr::ROOT_OF_UNITY];
        powers.into_iter().chain(others).flat_map(near).collect()
    }

    fn value((magnitude, negative): Signed) -> Fr {
        if negative { -Fr::from_u128(magnitude) } else { Fr::from_u128(magnitude) }
    }

    fn check_halves(scalar: Fr) {
        let [a, b] = halves(&scalar);
        assert_eq!(value(a) + value(b) * Fr::ZETA, scalar);
        for half in [a, b] {
            let digits = digits(half);
            let sum = digits.iter().rev().fold(Fr::ZERO, |sum, digit| {
                let magnitude = Fr::from(u64::from(digit.unsigned_abs()));
                sum * Fr::from(1 << WIDTH) + if *digit < 0 { -magnitude } else { magnitude }
            });
            assert_eq!(sum, value(half));
            assert!(digits.iter().all(|digit| digit.unsigned_abs() <= 1 << (WIDTH - 1)));
        }
    }

    #[test]
    fn halves_and_digits_at_the_edges() {
        edges().into_iter().for_each(check_halves);
        for magnitude in [0, 8, 9, u128::MAX, u128::MAX - 7, 1 << 127] {
            let sum = digits((magnitude, false)).iter().rev().fold(Fr::ZERO, |sum, digit| {
                let magnitude = Fr::from(u64::from(digit.unsigned_abs()));
                sum * Fr::from(16) + if *digit < 0 { -magnitude } else { magnitude }
            });
            assert_eq!(sum, Fr::from_u128(magnitude));
        }
    }

    proptest! {
        #[test]
        fn halves_of_any_scalar(limbs: [u64; 4]) {
            check_halves(Fr::from_raw(limbs));
        }
    }

    #[test]
    fn multiples_equal_the_librarys() {
        let scalars = edges();
        let mut points: Vec<G1Affine> = (1..=scalars.len() as u64)
            .map(|i| (G1Affine::generator() * Fr::from(i * i)).into())
            .collect();
        points[7] = G1Affine::identity();
        let expected: Vec<G1Affine> = points
            .iter()
            .zip(&scalars)
            .map(|(point, scalar)| (point * scalar).to_affine())
            .collect();
        multiply_each(&mut points, &scalars);
        assert_eq!(points, expected);
    }

    #[test]
    fn exceptional_pairs_are_added_too() {
        let g = G1Affine::generator();
        let (two, zero) = ((g + g).to_affine(), G1Affine::identity());
        let mut sums = [g, g, g, zero, zero, two];
        add_each(&mut sums, &[g, -g, zero, g, zero, g], &mut Vec::new());
        assert_eq!(sums, [two, zero, g, g, zero, (two + g).to_affine()]);
        let mut points = [g, zero, two];
        double_each(&mut points, &mut Vec::new());
        assert_eq!(points, [two, zero, (two + two).to_affine()]);
    }
}
