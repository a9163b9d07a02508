//! Poseidon on cells: the permutation is [`tessera_field::poseidon`]'s own.

use crate::builder::{Builder, Cell, Gate, Operand};
use crate::layout::Gates;
use halo2curves::ff::Field;
use tessera_field::Fr;
use tessera_field::poseidon::{Arithmetic, Domain, hash_with};

impl Arithmetic for Builder {
    type Element = Cell;

    fn linear(&mut self, terms: &[(Fr, &Cell)], constant: Fr) -> Cell {
        let terms: Vec<_> =
            terms.iter().map(|(coefficient, cell)| (*coefficient, **cell)).collect();
        self.linear_combination(constant, &terms)
    }

    fn sbox(&mut self, cell: &Cell, constant: Fr) -> Cell {
        match self.gates_available() {
            Gates::Lean => {
                let square = self.mul(*cell, *cell);
                let fourth = self.mul(square, square);
                let [_, _, _, out] = self.mul_add(Operand::Constant(constant), *cell, fourth);
                out
            }
            Gates::Full => {
                let x = self.value(*cell);
                // Where the input is the last cell, the row starts there.
                let first = if cell.row() + 1 == self.rows() { *cell } else { self.push(*cell) };
                self.gate(first, Gate::Sbox, Some(constant));
                let square = x.square();
                let fourth = square.square();
                self.witness(square);
                self.witness(fourth);
                self.witness(x * fourth + constant)
            }
        }
    }
}

impl Builder {
    /// [`tessera_field::poseidon::hash`] of cells.
    pub fn hash(&mut self, domain: Domain, input: &[Cell]) -> Cell {
        let initial = self.constant(domain.initial(input.len()));
        let zero = self.constant(Fr::ZERO);
        hash_with(self, initial, zero, input)
    }
}
