//! Prove that attested features, run through a lender's committed credit model, score at least a
//! threshold; and borrow with the proof.

#![warn(missing_docs)]

pub mod chain;
pub mod memory;
pub mod pipeline;
pub mod rehearsal;
