//! Poseidon over bn254's scalar field: width 3, rate 2, 8 full and 57 partial rounds, `x^5`.
//!
//! The permutation is the one of the reference implementation (and of circomlib's two-input hash),
//! with Grain constants. The sponge starts from a capacity element that carries a domain tag and
//! the number of elements, so no two domains or lengths share a state, and no padding is needed:
//!
//! ```text
//! state = [tag · 2^64 + length, 0, 0]
//! for each pair (a, b) of the input, the last one completed with 0:
//!     state[1] += a;  state[2] += b;  state = permute(state)
//! digest = state[1]
//! ```
//!
//! The permutation is written once, over [`Arithmetic`]: natively here, on cells in the circuits.

use crate::{Fr, mutant};
use halo2_base::poseidon::hasher::spec::OptimizedPoseidonSpec;
use halo2curves::ff::{Field, PrimeField};
use std::sync::LazyLock;

/// Elements in the state.
pub const WIDTH: usize = 3;
/// Elements absorbed by a permutation.
pub const RATE: usize = 2;
/// Rounds with an S-box on every element.
pub const FULL_ROUNDS: usize = 8;
/// Rounds with one S-box.
pub const PARTIAL_ROUNDS: usize = 57;

/// Constants and matrices, in the optimised form with sparse matrices
/// (supplementary material B of <https://eprint.iacr.org/2019/458>).
pub type Spec = OptimizedPoseidonSpec<Fr, WIDTH, RATE>;

/// The one specification in use; made on first use.
pub fn spec() -> &'static Spec {
    static SPEC: LazyLock<Spec> = LazyLock::new(Spec::new::<FULL_ROUNDS, PARTIAL_ROUNDS, 0>);
    &SPEC
}

/// What a digest is of. Two domains never share a sponge state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Domain {
    /// The packed features and the blinding of a credential.
    Features = 1,
    /// A schema with a [`Domain::Features`] digest: the credential's commitment.
    Commitment = 2,
    /// A segment's share of the score, with its blinding.
    Partial = 3,
    /// Activations handed from a segment to the next one, with their blinding.
    Link = 4,
}

impl Domain {
    /// First element of the sponge's state for `length` inputs.
    pub fn initial(self, length: usize) -> Fr {
        let tag = if mutant("hash.tag") { 1 } else { self as u64 };
        let length = if mutant("hash.length") { 0 } else { length as u64 };
        Fr::from(tag) * Fr::from_u128(1 << 64) + Fr::from(length)
    }
}

/// What the permutation needs of a representation of field elements.
pub trait Arithmetic {
    /// A field element in this representation.
    type Element: Clone;
    /// A sum that grows by one term a round.
    type Sum;

    /// `Σ coefficient · element + constant`; `terms` is not empty.
    fn linear(&mut self, terms: &[(Fr, &Self::Element)], constant: Fr) -> Self::Element;

    /// `element^5 + constant`.
    fn sbox(&mut self, element: &Self::Element, constant: Fr) -> Self::Element;

    /// A sum of `start` and at most `terms` terms to come.
    fn sum(&mut self, start: &Self::Element, terms: usize) -> Self::Sum;

    /// Adds `coefficient · element` to `sum`; returns the sum so far.
    fn accumulate(
        &mut self,
        sum: &mut Self::Sum,
        coefficient: Fr,
        element: &Self::Element,
    ) -> Self::Element;
}

/// Adds up to [`RATE`] `inputs` to the state and permutes it. `offset` is added to the first
/// element that has no input (0, or the 1 of a padding rule).
pub fn absorb<A: Arithmetic>(
    arithmetic: &mut A,
    state: [A::Element; WIDTH],
    inputs: &[A::Element],
    offset: Fr,
) -> [A::Element; WIDTH] {
    assert!(inputs.len() <= RATE);
    let constants = &spec().constants().start()[0];
    let state = std::array::from_fn(|i| {
        let input = i.checked_sub(1).and_then(|i| inputs.get(i));
        let pad = if i == inputs.len() + 1 { offset } else { Fr::ZERO };
        let terms: Vec<_> = [&state[i]].into_iter().chain(input).map(|x| (Fr::ONE, x)).collect();
        arithmetic.linear(&terms, constants[i] + pad)
    });
    rounds(arithmetic, state)
}

/// All rounds, after the first round's constants were added.
fn rounds<A: Arithmetic>(a: &mut A, mut state: [A::Element; WIDTH]) -> [A::Element; WIDTH] {
    let (constants, matrices) = (spec().constants(), spec().mds_matrices());
    let mds = matrices.mds().as_ref();

    let (last, first) = constants.start()[1..].split_last().expect("half of the full rounds");
    for constants in first {
        state = full_round(a, &state, constants, mds);
    }
    state = full_round(a, &state, last, matrices.pre_sparse_mds().as_ref());

    // The second and the third element only ever grow by a multiple of the first.
    let [mut head, second, third] = state;
    let mut sums = [&second, &third].map(|element| a.sum(element, PARTIAL_ROUNDS));
    let mut tail = [second, third];
    for (constant, sparse) in constants.partial().iter().zip(matrices.sparse_matrices()) {
        let boxed = a.sbox(&head, *constant);
        let row = sparse.row();
        let terms = [(row[0], &boxed), (row[1], &tail[0]), (row[2], &tail[1])];
        head = a.linear(&terms, Fr::ZERO);
        for i in 0..RATE {
            tail[i] = a.accumulate(&mut sums[i], sparse.col_hat()[i], &boxed);
        }
    }
    let [second, third] = tail;
    state = [head, second, third];

    for constants in constants.end().iter().chain([&[Fr::ZERO; WIDTH]]) {
        state = full_round(a, &state, constants, mds);
    }
    state
}

/// S-boxes, the next round's `constants`, then `matrix`.
fn full_round<A: Arithmetic>(
    a: &mut A,
    state: &[A::Element; WIDTH],
    constants: &[Fr; WIDTH],
    matrix: &[[Fr; WIDTH]; WIDTH],
) -> [A::Element; WIDTH] {
    let state: [_; WIDTH] = std::array::from_fn(|i| a.sbox(&state[i], constants[i]));
    std::array::from_fn(|i| {
        let terms: [_; WIDTH] = std::array::from_fn(|j| (matrix[i][j], &state[j]));
        a.linear(&terms, Fr::ZERO)
    })
}

/// Field elements as they are.
pub struct Native;

impl Arithmetic for Native {
    type Element = Fr;
    type Sum = Fr;

    fn linear(&mut self, terms: &[(Fr, &Fr)], constant: Fr) -> Fr {
        terms.iter().fold(constant, |sum, (c, x)| sum + *c * *x)
    }

    fn sbox(&mut self, x: &Fr, constant: Fr) -> Fr {
        x.square().square() * x + constant
    }

    fn sum(&mut self, start: &Fr, _: usize) -> Fr {
        *start
    }

    fn accumulate(&mut self, sum: &mut Fr, coefficient: Fr, x: &Fr) -> Fr {
        *sum += coefficient * x;
        *sum
    }
}

/// Digest of `input` in `domain`; see the module for the construction.
pub fn hash(domain: Domain, input: &[Fr]) -> Fr {
    hash_with(&mut Native, domain.initial(input.len()), Fr::ZERO, input)
}

/// The sponge of [`hash`] over any [`Arithmetic`]: `initial` is [`Domain::initial`], `zero` is 0.
pub fn hash_with<A: Arithmetic>(
    arithmetic: &mut A,
    initial: A::Element,
    zero: A::Element,
    input: &[A::Element],
) -> A::Element {
    let mut state = [initial, zero.clone(), zero];
    for chunk in input.chunks(RATE) {
        state = absorb(arithmetic, state, chunk, Fr::ZERO);
    }
    let [_, digest, _] = state;
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::to_hex;

    /// circomlib's `poseidon([1, 2])` is element 0 of the permuted state `[0, 1, 2]`.
    #[test]
    fn permutation_is_circomlibs() {
        let state = absorb(&mut Native, [Fr::ZERO; 3], &[Fr::from(1), Fr::from(2)], Fr::ZERO);
        let expected = Fr::from_str_vartime(
            "7853200120776062878684798364095072458815029376092732009249414926327459813530",
        );
        assert_eq!(Some(state[0]), expected);
    }

    #[test]
    fn domains_and_lengths_are_apart() {
        let f = Fr::from(7);
        let digests = [
            hash(Domain::Features, &[f]),
            hash(Domain::Features, &[f, Fr::ZERO]),
            hash(Domain::Features, &[f, Fr::ZERO, Fr::ZERO]),
            hash(Domain::Partial, &[f, Fr::ZERO]),
            hash(Domain::Commitment, &[f, Fr::ZERO]),
        ];
        for (i, a) in digests.iter().enumerate() {
            assert!(digests[..i].iter().all(|b| a != b), "{}", to_hex(a));
        }
    }
}
