//! The Fiat–Shamir transcript of segment proofs, as a duplex sponge over Poseidon's permutation.
//!
//! It is written once, over [`Arithmetic`]: the prover and the native verification run it on field
//! elements, the aggregation circuit on cells.
//!
//! ```text
//! state = [first scalar, 0, 0]                    the hash of the verifying key, in the capacity
//! a message m₁ … mₗ: for each pair (a, b), the last one completed with 0:
//!     state[1] += a;  state[2] += b;  state = permute(state)
//! the first challenge after a message is state[1], the second one state[2]
//! ```
//!
//! The key's hash decides the layout, and with it the number of scalars in each message. So equal states
//! have absorbed equal messages without any padding, up to a collision of the permutation's capacity, and
//! no sponge of [`crate::poseidon::hash`] starts from such a state: its capacity is a number below 2^67.
//!
//! The first challenge of halo2's protocol, θ, is for lookups, of which our circuits have none. It is drawn
//! before anything else and costs nothing: [`Sponge::squeeze`] returns `None` for it.

use crate::Fr;
use crate::poseidon::{Arithmetic, RATE, WIDTH, absorb};
use halo2curves::ff::Field;

/// Challenges that one message gives.
const CHALLENGES: usize = RATE;

/// The transcript's state, in the representation `E` of field elements.
#[derive(Clone, Debug)]
pub struct Sponge<E> {
    state: [E; WIDTH],
    started: bool,
    theta_drawn: bool,
    /// Scalars of the message that is not absorbed yet.
    message: Vec<E>,
    /// Challenges drawn since the last permutation.
    drawn: usize,
}

impl<E: Clone> Sponge<E> {
    /// An empty transcript; `zero` is 0.
    pub fn new(zero: E) -> Self {
        Sponge {
            state: std::array::from_fn(|_| zero.clone()),
            started: false,
            theta_drawn: false,
            message: Vec::new(),
            drawn: CHALLENGES,
        }
    }

    /// Adds one scalar to the message; the first one of all is the capacity element.
    pub fn absorb(&mut self, scalar: E) {
        if self.started {
            self.message.push(scalar);
        } else {
            self.state[0] = scalar;
            self.started = true;
        }
    }

    /// The next challenge; `None` for θ, which is 0.
    ///
    /// # Panics
    ///
    /// When a message is asked for a third challenge: the protocol has no such message, and a third element
    /// would be the capacity.
    pub fn squeeze<A: Arithmetic<Element = E>>(&mut self, arithmetic: &mut A) -> Option<E> {
        if !self.theta_drawn {
            self.theta_drawn = true;
            return None;
        }
        if !self.message.is_empty() {
            for pair in std::mem::take(&mut self.message).chunks(RATE) {
                self.state = absorb(arithmetic, self.state.clone(), pair, Fr::ZERO);
            }
            self.drawn = 0;
        }
        assert!(self.drawn < CHALLENGES, "a message gives {CHALLENGES} challenges");
        self.drawn += 1;
        Some(self.state[self.drawn].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poseidon::Native;

    fn challenges(key: u64, messages: &[&[u64]]) -> Vec<Fr> {
        let mut sponge = Sponge::new(Fr::ZERO);
        sponge.absorb(Fr::from(key));
        let mut drawn = vec![];
        for (index, message) in messages.iter().enumerate() {
            message.iter().for_each(|scalar| sponge.absorb(Fr::from(*scalar)));
            if index == 0 {
                assert_eq!(sponge.squeeze(&mut Native), None, "θ");
            }
            drawn.extend((0..2).map(|_| sponge.squeeze(&mut Native).expect("a challenge")));
        }
        drawn
    }

    #[test]
    fn every_scalar_changes_every_later_challenge_and_no_earlier_one() {
        let messages: [&[u64]; 3] = [&[1, 2, 3], &[4, 5], &[6]];
        let honest = challenges(7, &messages);
        for (i, a) in honest.iter().enumerate() {
            assert!(honest[..i].iter().all(|b| a != b), "challenges {i} repeats");
        }
        let other_key = challenges(8, &messages);
        assert!(honest.iter().zip(&other_key).all(|(a, b)| a != b));
        for (index, message) in messages.iter().enumerate() {
            for at in 0..message.len() {
                let mut changed = message.to_vec();
                changed[at] += 1;
                let mut all = messages;
                all[index] = &changed;
                let drawn = challenges(7, &all);
                for (i, (a, b)) in honest.iter().zip(&drawn).enumerate() {
                    assert_eq!(
                        a == b,
                        i < 2 * index,
                        "message {index}, scalar {at}, challenge {i}"
                    );
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "a message gives 2 challenges")]
    fn the_capacity_is_never_drawn() {
        let mut sponge = Sponge::new(Fr::ZERO);
        sponge.absorb(Fr::from(1));
        sponge.absorb(Fr::from(2));
        for _ in 0..4 {
            sponge.squeeze(&mut Native);
        }
    }

    #[test]
    #[should_panic(expected = "a message gives 2 challenges")]
    fn nothing_is_drawn_before_a_message() {
        let mut sponge = Sponge::new(Fr::ZERO);
        sponge.absorb(Fr::from(1));
        sponge.squeeze(&mut Native);
        sponge.squeeze(&mut Native);
    }
}
