//! Sums and products of cells.

use crate::builder::{Builder, Cell, Gate, Operand};
use crate::layout::Gates;
use halo2curves::ff::Field;
use tessera_core::{Fr, mutant};

impl Builder {
    fn operand_value(&self, operand: Operand) -> Fr {
        match operand {
            Operand::Copy(cell) => self.value(cell),
            Operand::Constant(value) | Operand::Witness(value) => value,
        }
    }

    /// A row `[a, b, c, a + b·c]`; returns its cells.
    pub fn mul_add(
        &mut self,
        a: impl Into<Operand>,
        b: impl Into<Operand>,
        c: impl Into<Operand>,
    ) -> [Cell; 4] {
        let [a, b, c] = [a.into(), b.into(), c.into()];
        let first = self.push(a);
        let [_, b, c, out] = self.continue_mul_add(first, b, c);
        [first, b, c, out]
    }

    /// Appends `[b, c, a + b·c]` behind `a`, which must be the last cell: chains share a cell.
    fn continue_mul_add(&mut self, a: Cell, b: Operand, c: Operand) -> [Cell; 4] {
        debug_assert_eq!(a.row() + 1, self.rows());
        let value = self.value(a) + self.operand_value(b) * self.operand_value(c);
        self.gate(a, Gate::MulAdd, None);
        let (b, c) = (self.push(b), self.push(c));
        [a, b, c, self.push(Operand::Witness(value))]
    }

    /// Appends `[b, a + coefficient·b]` behind `a`, which must be the last cell.
    fn continue_linear(&mut self, a: Cell, b: Operand, coefficient: Fr) -> Cell {
        debug_assert_eq!(a.row() + 1, self.rows());
        let value = self.value(a) + coefficient * self.operand_value(b);
        self.gate(a, Gate::Linear, Some(coefficient));
        self.push(b);
        self.push(Operand::Witness(value))
    }

    /// `start + Σ bᵢ·cᵢ`, as a chain of multiply-add rows.
    pub fn sum_of_products(
        &mut self,
        start: impl Into<Operand>,
        products: impl IntoIterator<Item = (Operand, Operand)>,
    ) -> Cell {
        let mut sum = self.push(start);
        for (b, c) in products {
            [_, _, _, sum] = self.continue_mul_add(sum, b, c);
        }
        sum
    }

    /// `constant + Σ coefficient·cell`.
    pub fn linear_combination(&mut self, constant: Fr, terms: &[(Fr, Cell)]) -> Cell {
        // A term with coefficient 1 can be the start, which saves the constant's cell.
        let start = if constant == Fr::ZERO {
            terms.iter().position(|(coefficient, _)| *coefficient == Fr::ONE)
        } else {
            None
        };
        let mut sum = match start {
            Some(i) => self.at_end(terms[i].1),
            // With the linear gate a row's constant is its coefficient, so the start is a copy.
            None if self.gates_available() == Gates::Full => {
                let constant = self.constant(constant);
                self.push(constant)
            }
            None => self.push(Operand::Constant(constant)),
        };
        for (i, (coefficient, cell)) in terms.iter().enumerate() {
            if Some(i) != start {
                sum = match self.gates_available() {
                    Gates::Lean => {
                        let [_, _, _, sum] = self.continue_mul_add(
                            sum,
                            Operand::Constant(*coefficient),
                            (*cell).into(),
                        );
                        sum
                    }
                    Gates::Full => self.continue_linear(sum, (*cell).into(), *coefficient),
                };
            }
        }
        sum
    }

    /// `a + b`.
    pub fn add(&mut self, a: Cell, b: Cell) -> Cell {
        self.linear_combination(Fr::ZERO, &[(Fr::ONE, a), (Fr::ONE, b)])
    }

    /// `a − b`.
    pub fn sub(&mut self, a: Cell, b: Cell) -> Cell {
        self.linear_combination(Fr::ZERO, &[(Fr::ONE, a), (-Fr::ONE, b)])
    }

    /// `a·b`.
    pub fn mul(&mut self, a: Cell, b: Cell) -> Cell {
        let [_, _, _, out] = self.mul_add(Operand::Constant(Fr::ZERO), a, b);
        out
    }

    /// `1/a`, constrained by `a·inverse = 1`; unsatisfiable when `a` is 0, whose inverse is then
    /// taken to be 0.
    pub fn invert(&mut self, a: Cell) -> Cell {
        let inverse = self.value(a).invert().unwrap_or(Fr::ZERO);
        let [_, _, inverse, product] =
            self.mul_add(Operand::Constant(Fr::ZERO), a, Operand::Witness(inverse));
        if !mutant("invert.product") {
            self.equal_constant(product, Fr::ONE);
        }
        inverse
    }

    /// `bit·on + (1 − bit)·off`; `bit` must be boolean.
    pub fn select(&mut self, bit: Cell, on: Cell, off: Cell) -> Cell {
        let difference = self.sub(on, off);
        let [_, _, _, out] = self.mul_add(off, bit, difference);
        out
    }
}
