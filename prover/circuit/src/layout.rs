//! A [`Builder`] as a halo2 circuit.
//!
//! Columns: one advice column `a` in the permutation, the selector `q`, the constants `c`, one
//! instance column `i`; with [`Gates::Full`] also the selectors `l` and `p`. Gates, with `a0..a3`
//! for the cells of this row and the next three:
//!
//! | gate | constraint |
//! |---|---|
//! | multiply-add | `q·(a0 + a1·a2 − a3) = 0` |
//! | pin | `c·(a0 + κ − c − i) = 0`, times `(1 − l − p)` with [`Gates::Full`] |
//! | linear | `l·(a0 + c·a1 − a2) = 0` |
//! | S-box | `p·(a0² − a1) = 0`, `p·(a1² − a2) = 0`, `p·(a0·a2 + c − a3) = 0` |
//!
//! The pin gate makes a cell the constant `v` where `c = v + κ` (there `i = 0`: instances end
//! before the first constant) and the instance where `c = κ`. So neither constants nor instances
//! are part of the permutation: one sigma and one product polynomial in all. Degree 3: two
//! quotient pieces.

use crate::builder::{Builder, Gate};
use halo2_proofs::{
    circuit::{Layouter, SimpleFloorPlanner, Value},
    plonk::{
        Advice, Circuit, Column, ConstraintSystem, Constraints, Error, Expression, Fixed, Instance,
    },
    poly::Rotation,
};
use halo2curves::ff::Field;
use std::sync::LazyLock;
use tessera_core::{Fr, mutant};

/// Which gates a layout has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Gates {
    /// Multiply-add and pin: three commitments in the key, each paid for again in aggregation.
    #[default]
    Lean,
    /// The linear and the S-box gate too: half the rows of a Poseidon permutation.
    Full,
}

/// Shift of pinned constants, so that a pinned 0 differs from "not pinned". No circuit may pin
/// `−κ`, which [`ColumnCircuit::new`] asserts. The number is the ASCII text `tessera pin`.
pub static PIN_SHIFT: LazyLock<Fr> = LazyLock::new(|| {
    let mut bytes = [0; 32];
    if mutant("pin.shift") {
        return Fr::ZERO;
    }
    bytes[21..].copy_from_slice(b"tessera pin");
    tessera_core::from_be_bytes(bytes).expect("88 bits")
});

/// Columns of the layout.
#[derive(Clone, Debug)]
pub struct Columns {
    advice: Column<Advice>,
    selector: Column<Fixed>,
    constants: Column<Fixed>,
    /// Selectors of the linear and the S-box gate.
    full: Option<(Column<Fixed>, Column<Fixed>)>,
}

impl Columns {
    fn configure(meta: &mut ConstraintSystem<Fr>, gates: Gates) -> Self {
        let advice = meta.advice_column();
        let selector = meta.fixed_column();
        let constants = meta.fixed_column();
        let full = (gates == Gates::Full).then(|| (meta.fixed_column(), meta.fixed_column()));
        let instance: Column<Instance> = meta.instance_column();
        meta.enable_equality(advice);

        let cell = |meta: &mut halo2_proofs::plonk::VirtualCells<Fr>, i| {
            meta.query_advice(advice, Rotation(i))
        };
        meta.create_gate("multiply-add", |meta| {
            let q = meta.query_fixed(selector, Rotation::cur());
            let [a0, a1, a2, a3] = [0, 1, 2, 3].map(|i| cell(meta, i));
            let rule = without("gate.multiply-add", a0 + a1 * a2 - a3);
            Constraints::with_selector(q, [("a0 + a1·a2 = a3", rule)])
        });
        meta.create_gate("pin", |meta| {
            let c = meta.query_fixed(constants, Rotation::cur());
            let i = meta.query_instance(instance, Rotation::cur());
            let a0 = cell(meta, 0);
            let pin = a0 + Expression::Constant(*PIN_SHIFT) - c.clone() - i;
            let on = match full {
                None => c,
                Some((l, p)) => {
                    let [l, p] = [l, p].map(|column| meta.query_fixed(column, Rotation::cur()));
                    c * (Expression::Constant(Fr::ONE) - l - p)
                }
            };
            let pin = without("gate.pin", pin);
            Constraints::with_selector(on, [("a0 = c − κ + instance", pin)])
        });
        if let Some((linear, sbox)) = full {
            meta.create_gate("linear", |meta| {
                let l = meta.query_fixed(linear, Rotation::cur());
                let c = meta.query_fixed(constants, Rotation::cur());
                let [a0, a1, a2] = [0, 1, 2].map(|i| cell(meta, i));
                let rule = without("gate.linear", a0 + c * a1 - a2);
                Constraints::with_selector(l, [("a0 + c·a1 = a2", rule)])
            });
            meta.create_gate("S-box", |meta| {
                let p = meta.query_fixed(sbox, Rotation::cur());
                let c = meta.query_fixed(constants, Rotation::cur());
                let [a0, a1, a2, a3] = [0, 1, 2, 3].map(|i| cell(meta, i));
                let square = without("gate.s-box.square", a0.clone() * a0.clone() - a1.clone());
                let fourth = without("gate.s-box.fourth", a1.clone() * a1 - a2.clone());
                let fifth = without("gate.s-box.fifth", a0 * a2 + c - a3);
                Constraints::with_selector(
                    p,
                    [("a1 = a0²", square), ("a2 = a1²", fourth), ("a3 = a0·a2 + c", fifth)],
                )
            });
        }
        Columns { advice, selector, constants, full }
    }
}

/// `rule`, or one of the same degree that always holds where it is taken out.
fn without(name: &str, rule: Expression<Fr>) -> Expression<Fr> {
    if mutant(name) { rule.clone() - rule } else { rule }
}

/// A finished [`Builder`], ready for key generation and proving.
#[derive(Clone, Debug)]
pub struct ColumnCircuit {
    builder: Builder,
}

/// Rows that halo2 keeps at the end of every column for blinding and the permutation's end, for
/// four rotations of one column (`max(4, 3) + 2` blinding factors and one row more), with a margin.
pub const RESERVED_ROWS: usize = 10;

impl ColumnCircuit {
    /// Takes over `builder`. A last gate may not reach past the last cell, so cells are added.
    pub fn new(mut builder: Builder) -> Self {
        while builder.gates.iter().rev().take(3).any(|gate| *gate != Gate::None) {
            builder.witness(Fr::ZERO);
        }
        assert!(
            mutant("pin.refused-constant")
                || builder.constants.iter().flatten().all(|c| *c + *PIN_SHIFT != Fr::ZERO),
            "a constant is the negative of the pin shift"
        );
        ColumnCircuit { builder }
    }

    /// The cells.
    pub fn builder(&self) -> &Builder {
        &self.builder
    }

    /// Smallest `k` whose `2^k` rows hold the circuit.
    pub fn smallest_k(&self) -> u32 {
        smallest_k(self.builder.rows())
    }

    /// The instance column.
    pub fn instances(&self) -> Vec<Fr> {
        self.builder.instance_values()
    }
}

/// Smallest `k` whose `2^k` rows hold `rows` cells and the rows that halo2 keeps.
pub fn smallest_k(rows: usize) -> u32 {
    (rows + RESERVED_ROWS).next_power_of_two().ilog2().max(4)
}

impl Circuit<Fr> for ColumnCircuit {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Gates;

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn params(&self) -> Gates {
        self.builder.gates_available
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, gates: Gates) -> Columns {
        Columns::configure(meta, gates)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Columns {
        Columns::configure(meta, Gates::default())
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let builder = &self.builder;
        layouter.assign_region(
            || "column",
            |mut region| {
                let mut cells = Vec::with_capacity(builder.values.len());
                for (row, value) in builder.values.iter().enumerate() {
                    let assigned = region.assign_advice(columns.advice, row, Value::known(*value));
                    cells.push(assigned.cell());
                }
                for (row, gate) in builder.gates.iter().enumerate() {
                    let constant = builder.constants[row];
                    match (gate, columns.full) {
                        (Gate::None, _) => {}
                        (Gate::MulAdd, _) => {
                            region.assign_fixed(columns.selector, row, Fr::ONE);
                        }
                        (Gate::Linear, Some((linear, _))) => {
                            region.assign_fixed(linear, row, Fr::ONE);
                        }
                        (Gate::Sbox, Some((_, sbox))) => {
                            region.assign_fixed(sbox, row, Fr::ONE);
                        }
                        (Gate::Linear | Gate::Sbox, None) => return Err(Error::Synthesis),
                    }
                    let fixed = match gate {
                        Gate::None | Gate::MulAdd if row < builder.instances => Some(*PIN_SHIFT),
                        Gate::None | Gate::MulAdd => constant.map(|value| value + *PIN_SHIFT),
                        Gate::Linear | Gate::Sbox => constant,
                    };
                    if let Some(value) = fixed {
                        region.assign_fixed(columns.constants, row, value);
                    }
                }
                for (row, salt) in &builder.selector_salts {
                    region.assign_fixed(columns.selector, *row, *salt);
                }
                for (a, b) in &builder.copies {
                    region.constrain_equal(cells[a.row()], cells[b.row()]);
                }
                Ok(())
            },
        )
    }
}
