//! The circuits' common ground: one advice column, vertical gates, constants in one fixed column.
//!
//! [`builder::Builder`] collects cells and what binds them; [`layout`] turns a builder into a
//! halo2 circuit; [`arithmetic`], [`bits`] and [`hash`] are the gadgets. Docs: `docs/circuits.md`.

pub mod arithmetic;
pub mod bits;
pub mod builder;
pub mod hash;
pub mod layout;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use builder::{Builder, Cell, Operand};
pub use layout::{ColumnCircuit, Gates};
