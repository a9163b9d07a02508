//! Booleans and ranges.

use crate::builder::{Builder, Cell, Operand};
use halo2curves::ff::{Field, PrimeField};
use tessera_field::{Fr, to_be_bytes};

impl Builder {
    /// A new cell that is 0 or 1: the row `[0, b, b, b]` says `b·b = b`.
    pub fn boolean(&mut self, value: bool) -> Cell {
        let bit = self.witness(Fr::from(value as u64));
        self.assert_boolean(bit);
        bit
    }

    /// Makes `cell` 0 or 1: the row `[0, b, b, b]` says `b·b = b`.
    pub fn assert_boolean(&mut self, cell: Cell) {
        let [_, _, _, square] = self.mul_add(Operand::Constant(Fr::ZERO), cell, cell);
        self.equal(square, cell);
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
        self.equal(sum, cell);
        bits
    }

    /// Proves `cell < 2^count`.
    pub fn assert_bits(&mut self, cell: Cell, count: u32) {
        self.bits(cell, count);
    }
}
