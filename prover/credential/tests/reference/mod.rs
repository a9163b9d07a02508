//! Poseidon straight from the paper (<https://eprint.iacr.org/2019/458>, sections 4 and 5 and
//! appendix E): constants from the Grain LFSR, full matrix in every round. It shares no code with
//! the optimised permutation that the prover uses.

use halo2curves::ff::{Field, PrimeField};
use tessera_core::{Fr, from_be_bytes};

const WIDTH: usize = 3;
const FULL: usize = 8;
const PARTIAL: usize = 57;
const BITS: usize = 254; // of the modulus

/// The Grain LFSR in self-shrinking mode.
struct Grain([bool; 80]);

impl Grain {
    fn new() -> Self {
        // (value, width): prime field, S-box x^5, then the instance's parameters, then ones.
        let description: [(u64, usize); 7] = [
            (1, 2),
            (0, 4),
            (BITS as u64, 12),
            (WIDTH as u64, 12),
            (FULL as u64, 10),
            (PARTIAL as u64, 10),
            ((1 << 30) - 1, 30),
        ];
        let bits = description
            .iter()
            .flat_map(|&(value, width)| (0..width).rev().map(move |i| value >> i & 1 == 1));
        let mut state = [false; 80];
        state.iter_mut().zip(bits).for_each(|(slot, bit)| *slot = bit);
        let mut grain = Self(state);
        (0..160).for_each(|_| {
            grain.step();
        });
        grain
    }

    fn step(&mut self) -> bool {
        let s = &self.0;
        let bit = s[62] ^ s[51] ^ s[38] ^ s[23] ^ s[13] ^ s[0];
        self.0.rotate_left(1);
        self.0[79] = bit;
        bit
    }

    fn bit(&mut self) -> bool {
        loop {
            let (keep, bit) = (self.step(), self.step());
            if keep {
                return bit;
            }
        }
    }

    /// 254 bits, big-endian.
    fn word(&mut self) -> [u8; 32] {
        let mut bytes = [0u8; 32];
        for i in 256 - BITS..256 {
            bytes[i / 8] |= u8::from(self.bit()) << (7 - i % 8);
        }
        bytes
    }

    /// Drawn again until below the modulus.
    fn element(&mut self) -> Fr {
        loop {
            if let Some(x) = from_be_bytes(self.word()) {
                return x;
            }
        }
    }

    /// Reduced modulo the modulus.
    fn reduced(&mut self) -> Fr {
        let radix = Fr::from(256);
        self.word().iter().fold(Fr::ZERO, |x, byte| x * radix + Fr::from(u64::from(*byte)))
    }
}

/// The permutation of circomlib and of the reference implementation.
pub fn permute(mut state: [Fr; WIDTH]) -> [Fr; WIDTH] {
    let mut grain = Grain::new();
    let constants: Vec<[Fr; WIDTH]> =
        (0..FULL + PARTIAL).map(|_| std::array::from_fn(|_| grain.element())).collect();
    let [x, y]: [[Fr; WIDTH]; 2] = [(); 2].map(|()| std::array::from_fn(|_| grain.reduced()));
    let matrix = x.map(|x| y.map(|y| (x + y).invert().expect("no such pair sums to 0")));

    for (round, constants) in constants.iter().enumerate() {
        state = std::array::from_fn(|i| state[i] + constants[i]);
        let full = !(FULL / 2..FULL / 2 + PARTIAL).contains(&round);
        for element in &mut state[..if full { WIDTH } else { 1 }] {
            *element = element.pow_vartime([5]);
        }
        state = matrix.map(|row| row.iter().zip(&state).map(|(m, x)| *m * x).sum());
    }
    state
}

/// The sponge that `docs/credential.md` describes.
pub fn hash(domain: u64, input: &[Fr]) -> Fr {
    let capacity = Fr::from_u128((u128::from(domain) << 64) + input.len() as u128);
    let mut state = [capacity, Fr::ZERO, Fr::ZERO];
    for pair in input.chunks(2) {
        state[1] += pair[0];
        state[2] += pair.get(1).unwrap_or(&Fr::ZERO);
        state = permute(state);
    }
    state[1]
}
