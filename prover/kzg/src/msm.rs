//! Multi-scalar multiplication by buckets, whose sums are made in affine coordinates.
//!
//! Scalars are cut into signed digits of `c` bits. For each place the points are sorted by their digit, and
//! the points of each digit are added up pairwise, in rounds that share one inversion: an addition takes
//! six multiplications instead of eleven, and it makes no difference whether the points are spread over
//! all buckets or lie in one, as those of a column of booleans do. `Σ digit·bucket` then follows from
//! sums of sums.
//!
//! Additions in affine coordinates have exceptions: equal points, opposite points, the identity. All are
//! told apart before the division, so bases of any structure are summed rightly.

use halo2curves::{
    bn256::{Fq, Fr, G1, G1Affine},
    ff::{Field, PrimeField},
    group::{Group, prime::PrimeCurveAffine},
};
use rayon::prelude::*;

/// A scalar or its negative is below 2^253, and gets less than that added.
const BITS: usize = 254;

/// Largest number of bits of a digit.
const MAX_DIGIT_BITS: usize = 16;

/// An affine addition in a sum of pairs, against one in the sum of sums.
const SUM_OF_SUMS: usize = 5;

/// `Σ scalarᵢ·baseᵢ`. The bases may be equal, opposite or the identity.
///
/// # Panics
///
/// When there are more scalars than bases; bases without a scalar are left out.
pub fn msm(scalars: &[Fr], bases: &[G1Affine]) -> G1 {
    assert!(scalars.len() <= bases.len(), "{} scalars, {} bases", scalars.len(), bases.len());
    let bases = &bases[..scalars.len()];
    if scalars.is_empty() {
        return G1::identity();
    }
    let digits = Digits::new(scalars);
    // From the lowest place up; each place's sum is then multiplied by its weight.
    let sums: Vec<G1> = (0..digits.places())
        .into_par_iter()
        .map_init(Workspace::default, |space, place| space.sum(&digits, place, bases))
        .collect();
    sums.iter().rev().fold(G1::identity(), |sum, place| {
        (0..digits.bits).fold(sum, |sum, _| sum.double()) + place
    })
}

/// Scalars in signed digits: `Σ digit·2^(bits·place)`, with digits from `−2^(bits − 1)` up to below
/// `2^(bits − 1)`, but for the last place, which is not negative.
struct Digits {
    bits: usize,
    /// The magnitudes with half a digit added in each place but the last; the top bit is the sign.
    words: Vec<[u64; 4]>,
}

const SIGN: u64 = 1 << 63;

impl Digits {
    fn new(scalars: &[Fr]) -> Self {
        let cost =
            |bits: &usize| BITS.div_ceil(*bits) * (scalars.len() + (SUM_OF_SUMS << (bits - 1)));
        let bits = (1..=MAX_DIGIT_BITS).min_by_key(cost).expect("not empty");
        let mut offset = [0u64; 4];
        for place in 0..BITS.div_ceil(bits) - 1 {
            let bit = place * bits + bits - 1;
            offset[bit / 64] |= 1 << (bit % 64);
        }
        let words = scalars
            .par_iter()
            .with_min_len(1 << 10)
            .map(|scalar| {
                let (number, negated) = (limbs(scalar), limbs(&-scalar));
                let less = negated.iter().rev().lt(number.iter().rev());
                let mut magnitude = add(if less { &negated } else { &number }, &offset);
                magnitude[3] |= if less { SIGN } else { 0 };
                magnitude
            })
            .collect();
        Digits { bits, words }
    }

    fn places(&self) -> usize {
        BITS.div_ceil(self.bits)
    }

    /// The scalar's digit in a place: magnitude, and whether it is negative.
    fn digit(&self, words: &[u64; 4], place: usize) -> (usize, bool) {
        let (first, negative) = (place * self.bits, words[3] & SIGN != 0);
        let (word, shift) = (first / 64, first % 64);
        let word_at = |i: usize| words.get(i).map_or(0, |w| if i == 3 { w & !SIGN } else { *w });
        let mut raw = word_at(word) >> shift;
        if shift > 0 {
            raw |= word_at(word + 1) << (64 - shift);
        }
        let raw = (raw & ((1 << self.bits) - 1)) as usize;
        if place + 1 == self.places() {
            return (raw, negative);
        }
        let half = 1 << (self.bits - 1);
        (raw.abs_diff(half), negative ^ (raw < half))
    }
}

fn limbs(scalar: &Fr) -> [u64; 4] {
    let bytes = scalar.to_repr();
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
        *limb = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    }
    limbs
}

/// The sum, which is below 2^256.
fn add(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut carry = false;
    std::array::from_fn(|i| {
        let (sum, first) = a[i].overflowing_add(b[i]);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first || second;
        sum
    })
}

/// What summing a place needs, kept from place to place.
#[derive(Default)]
struct Workspace {
    /// Points in the order of their digits.
    points: Vec<G1Affine>,
    /// Where each bucket's points begin, and one past the last one's end.
    starts: Vec<usize>,
    denominators: Vec<Fq>,
    products: Vec<Fq>,
}

impl Workspace {
    /// `Σ digit·base` of one place.
    fn sum(&mut self, digits: &Digits, place: usize, bases: &[G1Affine]) -> G1 {
        self.sort(digits, place, bases);
        while self.starts.windows(2).any(|pair| pair[1] - pair[0] > 1) {
            self.add_pairs();
        }
        // Σ digit·bucket is the sum of all sums from the highest bucket down.
        let (mut sum, mut sums) = (G1::identity(), G1::identity());
        for pair in self.starts.windows(2).rev() {
            if let Some(point) = self.points[pair[0]..pair[1]].first() {
                sum += point;
            }
            sums += sum;
        }
        sums
    }

    /// Puts the points into buckets, those of digit 1 first; 0 has none.
    fn sort(&mut self, digits: &Digits, place: usize, bases: &[G1Affine]) {
        let digit = |i: usize| match bool::from(bases[i].is_identity()) {
            true => (0, false),
            false => digits.digit(&digits.words[i], place),
        };
        self.starts.clear();
        for i in 0..bases.len() {
            let (magnitude, _) = digit(i);
            if magnitude >= self.starts.len() {
                self.starts.resize(magnitude + 1, 0);
            }
            self.starts[magnitude] += 1;
        }
        // From numbers of points to places behind them: filled from there down to the bucket's start.
        let mut end = 0;
        for (bucket, count) in self.starts.iter_mut().enumerate() {
            end += if bucket == 0 { 0 } else { *count };
            *count = end;
        }
        self.points.clear();
        self.points.resize(end, G1Affine::identity());
        for (i, base) in bases.iter().enumerate() {
            let (magnitude, negative) = digit(i);
            if magnitude > 0 {
                self.starts[magnitude] -= 1;
                self.points[self.starts[magnitude]] = if negative { -base } else { *base };
            }
        }
        self.starts.push(end);
        self.starts.remove(0);
    }

    /// Halves every bucket: neighbours are added, an odd one out stays.
    fn add_pairs(&mut self) {
        self.denominators.clear();
        for pair in self.starts.windows(2) {
            for two in self.points[pair[0]..pair[1]].chunks_exact(2) {
                self.denominators.push(denominator(&two[0], &two[1]));
            }
        }
        invert(&mut self.denominators, &mut self.products);
        let mut inverses = self.denominators.iter();
        let (mut from, mut to) = (0, 0);
        for bucket in 1..self.starts.len() {
            let end = self.starts[bucket];
            while from < end {
                self.points[to] = if from + 1 < end {
                    let inverse = inverses.next().expect("one for each pair");
                    sum(&self.points[from], &self.points[from + 1], inverse)
                } else {
                    self.points[from]
                };
                from += 2;
                to += 1;
            }
            from = end;
            self.starts[bucket] = to;
        }
        self.points.truncate(to);
    }
}

/// What the slope of the line through two points is divided by; 1 where no line is needed.
fn denominator(a: &G1Affine, b: &G1Affine) -> Fq {
    let difference = b.x - a.x;
    if !bool::from(difference.is_zero() | a.is_identity() | b.is_identity()) {
        difference
    } else if doubles(a, b) {
        a.y.double()
    } else {
        Fq::ONE
    }
}

/// Equal points other than the identity. No point of the curve has y = 0: its order is odd.
fn doubles(a: &G1Affine, b: &G1Affine) -> bool {
    a == b && !bool::from(a.is_identity())
}

/// `a + b`, with the inverse of their [`denominator`].
fn sum(a: &G1Affine, b: &G1Affine, inverse: &Fq) -> G1Affine {
    let numerator = if a.x != b.x {
        if bool::from(a.is_identity()) {
            return *b;
        }
        if bool::from(b.is_identity()) {
            return *a;
        }
        b.y - a.y
    } else if doubles(a, b) {
        let square = a.x.square();
        square.double() + square
    } else {
        // Opposite, or both the identity.
        return G1Affine::identity();
    };
    let slope = numerator * inverse;
    let x = slope.square() - a.x - b.x;
    G1Affine { x, y: slope * (a.x - x) - a.y }
}

/// Inverts all of them, none of which is 0, by one inversion.
fn invert(elements: &mut [Fq], products: &mut Vec<Fq>) {
    products.clear();
    let mut product = Fq::ONE;
    for element in elements.iter() {
        products.push(product);
        product *= element;
    }
    let mut inverse = product.invert().expect("a product of numbers that are not 0");
    for (element, before) in elements.iter_mut().zip(products.iter()).rev() {
        let next = inverse * *element;
        *element = inverse * before;
        inverse = next;
    }
}
