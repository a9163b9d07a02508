//! From an aggregation verifying key to a Solidity contract that was compiled, measured and
//! exercised with a real proof.

pub mod layout;
pub mod spec;

pub use spec::VerifierSpec;
