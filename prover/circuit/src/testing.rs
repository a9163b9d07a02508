//! For tests of gadgets: build, run, overwrite a cell, expect the verdict.

use crate::builder::{Builder, Cell};
use crate::layout::ColumnCircuit;
use halo2_proofs::dev::{MockProver, VerifyFailure};
use tessera_field::Fr;

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
}
