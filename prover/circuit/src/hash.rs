//! Poseidon on cells: the permutation is [`tessera_core::poseidon`]'s own.
//!
//! Elements are kept up to a known factor ([`Scaled`]): a linear combination is divided by its
//! first coefficient, so its first term needs neither a coefficient nor a row of its own, and the
//! S-box carries the factor's fifth power on. The factors are constants of the circuit.

use crate::builder::{Builder, Cell, Gate, Operand};
use crate::layout::Gates;
use halo2curves::ff::Field;
use tessera_core::Fr;
use tessera_core::poseidon::{Arithmetic, Domain, hash_with};

/// The element `factor · cell`; `factor` is not 0.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    cell: Cell,
    factor: Fr,
}

impl From<Cell> for Scaled {
    fn from(cell: Cell) -> Self {
        Scaled { cell, factor: Fr::ONE }
    }
}

/// Rows reserved for a sum, `[start, term, sum, term, sum, …]`, and how far it has come.
#[derive(Debug)]
pub struct Chain {
    last: Cell,
    factor: Fr,
}

impl Arithmetic for Builder {
    type Element = Scaled;
    type Sum = Chain;

    fn linear(&mut self, terms: &[(Fr, &Scaled)], constant: Fr) -> Scaled {
        let factor = terms[0].0 * terms[0].1.factor;
        let inverse = factor.invert().expect("no coefficient of the permutation is 0");
        let mut scaled: Vec<_> =
            terms.iter().map(|(c, x)| (*c * x.factor * inverse, x.cell)).collect();
        scaled[0].0 = Fr::ONE;
        if constant != Fr::ZERO {
            scaled.push((constant * inverse, self.constant(Fr::ONE)));
        }
        Scaled { cell: self.linear_combination(Fr::ZERO, &scaled), factor }
    }

    /// `(f·x)^5 + c = f^5·(x^5 + c/f^5)`
    fn sbox(&mut self, element: &Scaled, constant: Fr) -> Scaled {
        let factor = element.factor.square().square() * element.factor;
        let constant = constant * factor.invert().expect("a factor is not 0");
        Scaled { cell: self.fifth_power(element.cell, constant), factor }
    }

    fn sum(&mut self, start: &Scaled, terms: usize) -> Chain {
        let last = self.push(start.cell);
        let step = match self.gates_available() {
            Gates::Lean => 3,
            Gates::Full => 2,
        };
        for _ in 0..terms * step {
            self.witness(Fr::ZERO);
        }
        Chain { last, factor: start.factor }
    }

    fn accumulate(&mut self, sum: &mut Chain, coefficient: Fr, element: &Scaled) -> Scaled {
        let inverse = sum.factor.invert().expect("a factor is not 0");
        let coefficient = coefficient * element.factor * inverse;
        let value = self.value(sum.last) + coefficient * self.value(element.cell);
        let gates = self.gates_available();
        let mut cells = std::iter::successors(Some(sum.last), |cell| Some(cell.next())).skip(1);
        let mut next = || cells.next().expect("rows without end");
        match gates {
            Gates::Lean => {
                self.gate(sum.last, Gate::MulAdd, None);
                self.fill(next(), Operand::Constant(coefficient));
            }
            Gates::Full => self.gate(sum.last, Gate::Linear, Some(coefficient)),
        }
        self.fill(next(), Operand::Copy(element.cell));
        sum.last = next();
        self.fill(sum.last, Operand::Witness(value));
        Scaled { cell: sum.last, factor: sum.factor }
    }
}

impl Builder {
    /// `x^5 + constant`.
    fn fifth_power(&mut self, x: Cell, constant: Fr) -> Cell {
        match self.gates_available() {
            Gates::Lean => {
                let square = self.mul(x, x);
                let fourth = self.mul(square, square);
                let [_, _, _, out] = self.mul_add(Operand::Constant(constant), x, fourth);
                out
            }
            Gates::Full => {
                let first = self.at_end(x);
                self.gate(first, Gate::Sbox, Some(constant));
                let x = self.value(x);
                let square = x.square();
                let fourth = square.square();
                self.witness(square);
                self.witness(fourth);
                self.witness(x * fourth + constant)
            }
        }
    }

    /// The cell that holds the element itself.
    pub fn unscale(&mut self, element: Scaled) -> Cell {
        if element.factor == Fr::ONE {
            return element.cell;
        }
        self.linear_combination(Fr::ZERO, &[(element.factor, element.cell)])
    }

    /// [`tessera_core::poseidon::hash`] of cells.
    pub fn hash(&mut self, domain: Domain, input: &[Cell]) -> Cell {
        let initial = self.constant(domain.initial(input.len()));
        let zero = self.constant(Fr::ZERO);
        let input: Vec<Scaled> = input.iter().map(|cell| (*cell).into()).collect();
        let digest = hash_with(self, initial.into(), zero.into(), &input);
        self.unscale(digest)
    }
}
