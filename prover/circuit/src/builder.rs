//! The cells of a circuit, in the order of the one advice column, and what binds them.

use crate::layout::Gates;
use halo2curves::ff::Field;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tessera_core::{Fr, SecretVec, hide, mutant};

/// A cell of the advice column: its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(pub(crate) u32);

impl Cell {
    /// Row of the cell in the advice column.
    pub fn row(self) -> usize {
        self.0 as usize
    }

    /// The cell below.
    pub(crate) fn next(self) -> Cell {
        Cell(self.0 + 1)
    }
}

/// What a row's gate asks of this row and the next ones; `a0` is this row's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Gate {
    /// Nothing.
    #[default]
    None,
    /// `a0 + a1·a2 = a3`.
    MulAdd,
    /// `a0 + constant·a1 = a2`. Only with [`Gates::Full`].
    Linear,
    /// `a1 = a0²`, `a2 = a1²`, `a0·a2 + constant = a3`. Only with [`Gates::Full`].
    Sbox,
}

/// A value to put into the next cell.
#[derive(Clone, Copy)]
pub enum Operand {
    /// The value of another cell, tied to it by a copy constraint.
    Copy(Cell),
    /// A constant, pinned by the constants column.
    Constant(Fr),
    /// A free value: something else must bind it.
    Witness(Fr),
}

impl From<Cell> for Operand {
    fn from(cell: Cell) -> Self {
        Operand::Copy(cell)
    }
}

/// Cells, gates, constants and copy constraints of a circuit under construction.
///
/// The structure (all but the values) must not depend on the values: the same code builds the
/// circuit for key generation and for proving. Values are wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Builder {
    pub(crate) gates_available: Gates,
    pub(crate) values: SecretVec,
    pub(crate) gates: Vec<Gate>,
    /// Pinned value ([`Gate::None`], [`Gate::MulAdd`]) or coefficient of the row's gate.
    pub(crate) constants: Vec<Option<Fr>>,
    pub(crate) copies: Vec<(Cell, Cell)>,
    /// Rows whose gate selector is this number instead of 1; see [`Builder::salt`].
    pub(crate) selector_salts: Vec<(usize, Fr)>,
    pub(crate) instances: usize,
    /// Cells in the order in which they got their content, with what they are a copy of.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fills: Vec<(Cell, Option<Cell>)>,
    pooled_constants: HashMap<[u8; 32], Cell>,
}

hide!(Builder, Operand);

/// An empty [`Gates::Full`] circuit without instances; what a loader leaves in place of the builder
/// that is taken from it.
impl Default for Builder {
    fn default() -> Self {
        Builder::new(Gates::Full, 0)
    }
}

impl Builder {
    /// An empty circuit whose first `instances` rows are the instances, to be tied to cells by
    /// [`Builder::expose`].
    pub fn new(gates_available: Gates, instances: usize) -> Self {
        Builder {
            gates_available,
            values: vec![Fr::ZERO; instances].into(),
            gates: vec![Gate::None; instances],
            constants: vec![None; instances],
            copies: Vec::new(),
            selector_salts: Vec::new(),
            instances,
            #[cfg(any(test, feature = "testing"))]
            fills: Vec::new(),
            pooled_constants: HashMap::new(),
        }
    }

    /// Cells so far: rows of the advice column in use.
    pub fn rows(&self) -> usize {
        self.values.len()
    }

    /// Gates that the layout offers.
    pub fn gates_available(&self) -> Gates {
        self.gates_available
    }

    /// The value in `cell`.
    pub fn value(&self, cell: Cell) -> Fr {
        self.values[cell.row()]
    }

    /// Values of the instances; all must have been exposed.
    pub fn instance_values(&self) -> Vec<Fr> {
        self.values[..self.instances].to_vec()
    }

    /// Makes instance `index` equal to `cell`.
    pub fn expose(&mut self, index: usize, cell: Cell) {
        assert!(index < self.instances, "instance {index} of {}", self.instances);
        self.values[index] = self.value(cell);
        if !mutant("instance.copy") {
            self.copies.push((Cell(index as u32), cell));
        }
    }

    /// Appends one cell.
    pub fn push(&mut self, operand: impl Into<Operand>) -> Cell {
        let cell = Cell(u32::try_from(self.values.len()).expect("fewer than 2^32 cells"));
        self.values.push(Fr::ZERO);
        self.gates.push(Gate::None);
        self.constants.push(None);
        self.fill(cell, operand.into());
        cell
    }

    /// Gives a cell that was appended as a placeholder its content.
    pub(crate) fn fill(&mut self, cell: Cell, operand: Operand) {
        #[cfg(any(test, feature = "testing"))]
        self.fills
            .push((cell, if let Operand::Copy(source) = operand { Some(source) } else { None }));
        let value = match operand {
            Operand::Copy(source) => {
                if !mutant("cell.copy") {
                    self.copies.push((source, cell));
                }
                self.value(source)
            }
            Operand::Constant(value) => {
                if !mutant("cell.constant") {
                    self.constants[cell.row()] = Some(value);
                }
                value
            }
            Operand::Witness(value) => value,
        };
        self.values[cell.row()] = value;
    }

    /// `cell` itself if a row that starts with it can be continued there, else a copy: it must be
    /// the last cell, and its row's constant must be free for a coefficient.
    pub(crate) fn at_end(&mut self, cell: Cell) -> Cell {
        let last = cell.row() + 1 == self.rows();
        if last && self.constants[cell.row()].is_none() { cell } else { self.push(cell) }
    }

    /// A free cell. The caller binds it.
    pub fn witness(&mut self, value: Fr) -> Cell {
        self.push(Operand::Witness(value))
    }

    /// A cell pinned to `value`; one cell a value, shared.
    pub fn constant(&mut self, value: Fr) -> Cell {
        let key = tessera_core::to_be_bytes(&value);
        if let Some(cell) = self.pooled_constants.get(&key) {
            return *cell;
        }
        let cell = self.push(Operand::Constant(value));
        self.pooled_constants.insert(key, cell);
        cell
    }

    /// Switches `gate` on at `cell` and the cells after it, which must exist by the end.
    /// `constant` is the gate's coefficient where it has one.
    pub fn gate(&mut self, cell: Cell, gate: Gate, constant: Option<Fr>) {
        let row = cell.row();
        assert_eq!(self.gates[row], Gate::None, "one gate a row");
        if matches!(gate, Gate::Linear | Gate::Sbox) {
            assert_eq!(self.gates_available, Gates::Full, "gate of the other layout");
            assert!(self.constants[row].is_none(), "a pinned cell can't carry a coefficient");
            self.constants[row] = constant;
        } else {
            assert!(constant.is_none());
        }
        self.gates[row] = gate;
    }

    /// Makes two cells equal.
    pub fn equal(&mut self, a: Cell, b: Cell) {
        if !mutant("cell.equal") {
            self.copies.push((a, b));
        }
    }

    /// Pins a cell to a constant.
    pub fn equal_constant(&mut self, cell: Cell, value: Fr) {
        let constant = self.constant(value);
        self.equal(cell, constant);
    }

    /// SHA-256 of all that a key depends on: the layout, gates, pinned constants and copy
    /// constraints, salts included, in the order in which they were added. Values are left out.
    pub fn structure_digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        let mut word = |word: u64| hasher.update(word.to_le_bytes());
        word(self.gates_available as u64);
        word(self.instances as u64);
        word(self.rows() as u64);
        for gate in &self.gates {
            word(*gate as u64);
        }
        word(self.copies.len() as u64);
        for (a, b) in &self.copies {
            word(a.0 as u64);
            word(b.0 as u64);
        }
        for (row, constant) in self.constants.iter().enumerate() {
            if let Some(constant) = constant {
                hasher.update((row as u64).to_le_bytes());
                hasher.update(tessera_core::to_be_bytes(constant));
            }
        }
        // Salts come last, behind a row that no constant can have.
        hasher.update(u64::MAX.to_le_bytes());
        for (row, selector) in &self.selector_salts {
            hasher.update((*row as u64).to_le_bytes());
            hasher.update(tessera_core::to_be_bytes(selector));
        }
        hasher.finalize().into()
    }

    /// Adds a block that makes the verifying key's commitments say nothing about the circuit: a
    /// random constant, a random selector and a random cycle of [`SALT_ROWS`] cells, none of which
    /// binds anything else. All of it is drawn from `salt`, so equal salts give equal keys.
    ///
    /// The constants' commitment gets `s·[L_i]`, the selector's `s'·[L_j]`, with `s`, `s'` uniform:
    /// perfectly hiding. The cycle is one of `(SALT_ROWS − 1)! > 2^491`, for about 2^254 points:
    /// uniform up to 2^-118, if the point behaves like a random function of the cycle.
    pub fn salt(&mut self, salt: impl FnMut() -> Fr) {
        self.salt_rows(1, 1, SALT_ROWS, salt);
    }

    /// [`Builder::salt`] with so many random constants and selectors and a cycle of so many cells, for keys
    /// whose polynomials' values become public: with `n + 1` constants and selectors, the commitment and `n`
    /// values of a polynomial are uniform and independent, whatever the circuit is.
    ///
    /// # Panics
    ///
    /// When the cycle does not have three cells more than there are selectors.
    pub fn salt_rows(
        &mut self,
        constants: usize,
        selectors: usize,
        cycle: usize,
        mut salt: impl FnMut() -> Fr,
    ) {
        assert!(selectors + 3 <= cycle, "{selectors} gates over {cycle} cells");
        for _ in 0..constants {
            let constant = salt();
            self.push(Operand::Constant(if mutant("salt.constant") { Fr::ONE } else { constant }));
        }
        // 0 + 0·0 = 0 holds under any selector.
        let zeros: Vec<_> = (0..cycle).map(|_| self.witness(Fr::ZERO)).collect();
        for zero in &zeros[..selectors] {
            self.gate(*zero, Gate::MulAdd, None);
            let selector = salt();
            if !mutant("salt.selector") {
                self.selector_salts.push((zero.row(), selector));
            }
        }

        // The merge order of the cycle decides the permutation.
        let mut order: Vec<_> = zeros.into_iter().map(|cell| (salt(), cell)).collect();
        if !mutant("salt.cycle") {
            order.sort_by_key(|(key, _)| tessera_core::to_be_bytes(key));
        }
        let (_, first) = order[0];
        self.copies.extend(order[1..].iter().map(|(_, cell)| (first, *cell)));
    }
}

/// Cells in a salt block's cycle: `95! > 2^491`.
pub const SALT_ROWS: usize = 96;

/// Cells that [`Builder::salt`] appends: the salted constant and the cycle.
pub const SALT_CELLS: usize = 1 + SALT_ROWS;
