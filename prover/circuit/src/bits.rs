//! Booleans and ranges.

use crate::builder::{Builder, Cell, Gate, Operand};
use halo2curves::ff::{Field, PrimeField};
use tessera_core::{Fr, mutant, to_be_bytes};

impl Builder {
    /// A new cell that is 0 or 1: the row `[0, b, b, b]` says `b·b = b`, its last three cells tied.
    pub fn boolean(&mut self, value: bool) -> Cell {
        let zero = self.push(Operand::Constant(Fr::ZERO));
        self.gate(zero, Gate::MulAdd, None);
        let value = Fr::from(u64::from(value));
        let bit = self.witness(value);
        let tied = |name| if mutant(name) { Operand::Witness(value) } else { bit.into() };
        self.push(tied("boolean.factor"));
        self.push(tied("boolean.square"));
        bit
    }

    /// Makes `cell` 0 or 1: the row `[0, b, b, b]` says `b·b = b`.
    pub fn assert_boolean(&mut self, cell: Cell) {
        let [_, _, _, square] = self.mul_add(Operand::Constant(Fr::ZERO), cell, cell);
        if !mutant("assert-boolean.square") {
            self.equal(square, cell);
        }
    }

    /// The low `count` bits of `cell`, least significant first, proven to be all of it:
    /// `cell = Σ bitᵢ·2^i`, hence `cell < 2^count`. `count` ≤ 253, so that the sum can't wrap.
    /// The witness of a cell that is out of range does not satisfy the constraints.
    pub fn bits(&mut self, cell: Cell, count: u32) -> Vec<Cell> {
        assert!(count <= Fr::CAPACITY, "2^{count} wraps around the field");
        let bytes = to_be_bytes(&self.value(cell));
        let bits: Vec<_> = (0..count as usize)
            .map(|i| self.boolean(bytes[31 - i / 8] >> (i % 8) & 1 == 1))
            .collect();
        let terms: Vec<_> = bits
            .iter()
            .enumerate()
            .map(|(i, bit)| (Fr::from(2).pow_vartime([i as u64]), *bit))
            .collect();
        let sum = self.linear_combination(Fr::ZERO, &terms);
        if !mutant("bits.sum") {
            self.equal(sum, cell);
        }
        bits
    }

    /// Proves `−2^bits ≤ cell < 2^bits`, as a signed number, and takes it apart: with
    /// `cell + 2^bits = top·2^bits + high·2^shift + low`, `low < 2^shift`, returns `top`, which says
    /// whether the number is not negative, and `high < 2^(bits − shift)`. For a number that is not
    /// negative `high` is `cell >> shift`. `shift ≤ bits ≤ 252`, so that no sum can wrap.
    pub fn signed_parts(&mut self, cell: Cell, bits: u32, shift: u32) -> SignedParts {
        assert!(bits < Fr::CAPACITY && shift <= bits, "{shift} of {bits} bits");
        let power = |i: u32| Fr::from(2).pow_vartime([u64::from(i)]);
        let shifted = self.linear_combination(power(bits), &[(Fr::ONE, cell)]);
        let bytes = to_be_bytes(&self.value(shifted));
        let cells: Vec<_> = (0..=bits)
            .map(|i| self.boolean(bytes[31 - i as usize / 8] >> (i % 8) & 1 == 1))
            .collect();
        let terms = |from: u32, to: u32, unit: u32| -> Vec<_> {
            (from..to).map(|i| (power(i - unit), cells[i as usize])).collect()
        };
        let high = self.linear_combination(Fr::ZERO, &terms(shift, bits, shift));
        let top = cells[bits as usize];
        let mut all = terms(0, shift, 0);
        all.extend([(power(shift), high), (power(bits), top)]);
        let sum = self.linear_combination(Fr::ZERO, &all);
        if !mutant("signed-parts.sum") {
            self.equal(sum, shifted);
        }
        SignedParts { top, high }
    }

    /// Proves `cell < 2^count`.
    pub fn assert_bits(&mut self, cell: Cell, count: u32) {
        self.bits(cell, count);
    }
}

/// A signed number taken apart; see [`Builder::signed_parts`].
#[derive(Clone, Copy, Debug)]
pub struct SignedParts {
    /// 1 where the number is not negative, else 0.
    pub top: Cell,
    /// The bits from `shift` up to the top one.
    pub high: Cell,
}
