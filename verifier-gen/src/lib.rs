//! From an aggregation verifying key to a Solidity contract that was compiled, measured and
//! exercised with a real proof.
//!
//! ```text
//! VerifierSpec ──generate──▶ Solidity ──compile──▶ runtime code ──exercise──▶ gas, verdicts
//! ```

#[cfg(feature = "toolchain")]
pub mod bill;
#[cfg(feature = "toolchain")]
pub mod compile;
pub mod direct;
#[cfg(feature = "toolchain")]
pub mod exercise;
pub mod generate;
mod mutants;
mod parts;
pub mod statement;

#[cfg(feature = "toolchain")]
pub use bill::{Bill, Prices};
#[cfg(feature = "toolchain")]
pub use compile::{CompileError, Compiled, compile};
#[cfg(feature = "toolchain")]
pub use exercise::{Evm, ExerciseError, Outcome};
pub use generate::generate;
