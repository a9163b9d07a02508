//! For tests of gadgets and circuits: build, run, overwrite a cell, expect the verdict; cheat as a
//! prover would; find cells that nothing binds.

use crate::builder::{Builder, Cell, Gate};
use crate::layout::ColumnCircuit;
use halo2_proofs::dev::{MockProver, VerifyFailure};
use halo2curves::ff::Field;
use tessera_core::Fr;

/// What the constraints say of the builder's values, with the instances as exposed.
pub fn check(builder: &Builder) -> Result<(), Vec<VerifyFailure>> {
    check_instances(builder, builder.instance_values())
}

/// What the constraints say of the builder's values under other instances.
pub fn check_instances(builder: &Builder, instances: Vec<Fr>) -> Result<(), Vec<VerifyFailure>> {
    let circuit = ColumnCircuit::new(builder.clone());
    MockProver::run(circuit.smallest_k(), &circuit, vec![instances])
        .expect("the circuit fits")
        .verify()
}

/// Cells that few constraints mention.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// In no gate's window, copy or pin: a prover may put anything there.
    pub unused: Vec<Cell>,
    /// Cells tied together by copies, or single ones, of which one gate or pin in all says
    /// something: an input that one gate reads, or a result that nobody does.
    pub once: Vec<Vec<Cell>>,
}

impl Builder {
    /// Overwrites the value of one cell, as a cheating prover can.
    pub fn overwrite(&mut self, cell: Cell, value: Fr) {
        self.values[cell.row()] = value;
    }

    /// The cell in `row`.
    pub fn cell(&self, row: usize) -> Cell {
        assert!(row < self.rows());
        Cell(row as u32)
    }

    /// Counts the constraints on each cell.
    pub fn usage(&self) -> Usage {
        let mut uses = vec![0usize; self.rows() + 4];
        for (row, gate) in self.gates.iter().enumerate() {
            uses[row..row + window(*gate)].iter_mut().for_each(|count| *count += 1);
            uses[row] += usize::from(self.pinned(row));
        }
        let (mut unused, mut once) = (Vec::new(), Vec::new());
        for class in self.classes() {
            match (class.iter().map(|cell| uses[cell.row()]).sum(), class.as_slice()) {
                (0, [cell]) => unused.push(*cell),
                (1, _) => once.push(class),
                _ => {}
            }
        }
        Usage { unused, once }
    }

    /// Whether the pin gate holds the cell in `row` to a constant or an instance.
    fn pinned(&self, row: usize) -> bool {
        let coefficient = matches!(self.gates[row], Gate::Linear | Gate::Sbox);
        row < self.instances || (self.constants[row].is_some() && !coefficient)
    }

    /// Whether the gate that starts in `row` holds, and the pin there.
    fn row_holds(&self, row: usize, instances: &[Fr]) -> bool {
        let a = |i: usize| self.values.get(row + i).copied().unwrap_or(Fr::ZERO);
        let constant = self.constants[row].unwrap_or(Fr::ZERO);
        let gate = match self.gates[row] {
            Gate::None => true,
            Gate::MulAdd => a(0) + a(1) * a(2) == a(3),
            Gate::Linear => a(0) + constant * a(1) == a(2),
            Gate::Sbox => {
                a(1) == a(0).square() && a(2) == a(1).square() && a(3) == a(0) * a(2) + constant
            }
        };
        let pin = match instances.get(row) {
            Some(instance) => a(0) == *instance,
            None => !self.pinned(row) || a(0) == constant,
        };
        gate && pin
    }

    /// The verdict of [`check_instances`], by evaluating gates, pins and copies directly.
    pub fn holds(&self, instances: &[Fr]) -> bool {
        (0..self.rows()).all(|row| self.row_holds(row, instances))
            && self.copies.iter().all(|(a, b)| self.value(*a) == self.value(*b))
    }

    /// Cells that can be given `delta` more, each alone, with no constraint to refuse it.
    pub fn unbound_cells(&self, delta: Fr) -> Vec<Cell> {
        let instances = self.instance_values();
        // Another value than the cells it is tied to have.
        let mut tied = vec![false; self.rows()];
        for (a, b) in self.copies.iter().filter(|(a, b)| a != b) {
            tied[a.row()] = true;
            tied[b.row()] = true;
        }
        let mut changed = self.clone();
        let mut unbound = Vec::new();
        for row in (0..self.rows()).filter(|row| !tied[*row]) {
            changed.values[row] += delta;
            if (row.saturating_sub(3)..=row).all(|row| changed.row_holds(row, &instances)) {
                unbound.push(self.cell(row));
            }
            changed.values[row] = self.values[row];
        }
        unbound
    }

    /// The gates whose windows hold a cell, and its place in each, for messages.
    pub fn describe(&self, cell: Cell) -> String {
        let row = cell.row();
        let gates = (row.saturating_sub(3)..=row)
            .filter(|first| row < first + window(self.gates[*first]))
            .map(|first| format!("a{} of {:?} in row {first}", row - first, self.gates[first]));
        let pin = self.pinned(row).then(|| "pinned".to_string());
        format!("row {row} of {}: {}", self.rows(), gates.chain(pin).collect::<Vec<_>>().join(", "))
    }

    /// Cells that are tied together by copies, each class once; a cell without copies is its own.
    pub fn classes(&self) -> Vec<Vec<Cell>> {
        let mut parent: Vec<usize> = (0..self.rows()).collect();
        fn root(parent: &mut [usize], mut row: usize) -> usize {
            while parent[row] != row {
                parent[row] = parent[parent[row]];
                row = parent[row];
            }
            row
        }
        for (a, b) in &self.copies {
            let (a, b) = (root(&mut parent, a.row()), root(&mut parent, b.row()));
            parent[a.max(b)] = a.min(b);
        }
        let mut classes = vec![Vec::new(); self.rows()];
        for row in 0..self.rows() {
            let root = root(&mut parent, row);
            classes[root].push(self.cell(row));
        }
        classes.retain(|class| !class.is_empty());
        classes
    }

    /// Classes of [`Builder::classes`] that can be given `delta` more, in all their cells at once,
    /// with no gate or pin to refuse it: values that nothing binds.
    pub fn free_classes(&self, delta: Fr) -> Vec<Vec<Cell>> {
        let instances = self.instance_values();
        let mut changed = self.clone();
        let mut classes = self.classes();
        classes.retain(|class| {
            let set = |changed: &mut Builder, delta: Fr| {
                for cell in class {
                    changed.values[cell.row()] = self.value(*cell) + delta;
                }
            };
            set(&mut changed, delta);
            let free = class.iter().all(|cell| {
                let first = cell.row().saturating_sub(3);
                (first..=cell.row()).all(|row| changed.row_holds(row, &instances))
            });
            set(&mut changed, Fr::ZERO);
            free
        });
        classes
    }

    /// Carries overwritten values on, as a cheating prover would: every cell that is a copy or a
    /// gate's result gets the value that follows from the cells it depends on. What is left
    /// unsatisfied is what refuses the cheat. Instances are set to what they expose.
    pub fn carry_on(&mut self) {
        let results = self.results();
        for (cell, source) in self.fills.clone() {
            if let Some(source) = source {
                self.values[cell.row()] = self.value(source);
            } else if let Some((start, offset)) = results[cell.row()]
                && !self.pinned(cell.row())
            {
                let a = |i: usize| self.values[start + i];
                let constant = self.constants[start].unwrap_or(Fr::ZERO);
                self.values[cell.row()] = match (self.gates[start], offset) {
                    (Gate::MulAdd, _) => a(0) + a(1) * a(2),
                    (Gate::Linear, _) => a(0) + constant * a(1),
                    (_, 1 | 2) => a(offset - 1).square(),
                    _ => a(0) * a(2) + constant,
                };
            }
        }
        for (instance, cell) in &self.copies {
            if instance.row() < self.instances {
                self.values[instance.row()] = self.values[cell.row()];
            }
        }
    }

    /// Cells that a prover chooses: neither an instance, nor pinned, nor a copy, nor a gate's
    /// result.
    pub fn choices(&self) -> Vec<Cell> {
        let results = self.results();
        let mut chosen = vec![false; self.rows()];
        for (cell, source) in &self.fills {
            let row = cell.row();
            chosen[row] = source.is_none() && results[row].is_none() && !self.pinned(row);
        }
        (0..self.rows()).filter(|row| chosen[*row]).map(|row| self.cell(row)).collect()
    }

    /// The gate, by its row and the cell's place in it, whose result a cell is.
    fn results(&self) -> Vec<Option<(usize, usize)>> {
        let mut results = vec![None; self.rows() + 4];
        for (row, gate) in self.gates.iter().enumerate() {
            let places = match gate {
                Gate::None => 0..0,
                Gate::MulAdd => 3..4,
                Gate::Linear => 2..3,
                Gate::Sbox => 1..4,
            };
            places.for_each(|place| results[row + place] = Some((row, place)));
        }
        results
    }
}

/// Cells that a gate reads, from its row on.
fn window(gate: Gate) -> usize {
    match gate {
        Gate::None => 0,
        Gate::Linear => 3,
        Gate::MulAdd | Gate::Sbox => 4,
    }
}
