//! The size of the circuit, and the rows that are left for salt.

use crate::circuit::{Claim, build_unsalted};
use tessera_circuit::layout::{RESERVED_ROWS, smallest_k};
use tessera_core::SegmentIndex;
use tessera_model::Package;
use tessera_segment::{
    SegmentWitness, Share,
    plan::{MAX_K, MIN_K},
};

/// A circuit that leaves fewer proofs than this gets twice the rows.
pub const FEWEST_PROOFS: usize = 256;
/// More are not salted for: the salt takes time to commit to.
pub const MOST_PROOFS: usize = 4096;

/// How a package is proven in one circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectPlan {
    /// The circuit has `2^k` rows.
    pub k: u32,
    /// Rows without salt.
    pub rows: usize,
    /// Proofs under one key that confirm nothing, not even to somebody who holds the whole model.
    pub proofs: usize,
}

/// The package needs more than one circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one circuit would need 2^{k} rows, at most 2^{MAX_K} are possible: prove it in segments")]
pub struct PlanError {
    /// Size that it would need.
    pub k: u32,
}

impl DirectPlan {
    /// The smallest circuit that holds the package and salt for [`FEWEST_PROOFS`] proofs.
    pub fn new(package: &Package) -> Result<Self, PlanError> {
        let blank = SegmentWitness::blank(&package.schema);
        let rows = build_unsalted(&DirectPlan::share(package), &blank, &Claim::blank()).rows();
        let k = smallest_k(rows + salt_rows(FEWEST_PROOFS)).max(MIN_K);
        if k > MAX_K {
            return Err(PlanError { k });
        }
        let spare = (1 << k) - RESERVED_ROWS - rows;
        // The inverse of `salt_rows`.
        let proofs = ((spare - 3) / 3 - 1).min(MOST_PROOFS);
        Ok(DirectPlan { k, rows, proofs })
    }

    /// The whole package.
    pub fn share(package: &Package) -> Share<'_> {
        let parts = match package.model.network() {
            Some(network) => network.neurons(),
            None => package.model.trees().len(),
        };
        Share::of(package, SegmentIndex::FIRST, 0..parts)
    }

    /// Random constants of the key.
    pub fn constants(&self) -> usize {
        self.proofs + 1
    }

    /// Random selectors of the key.
    pub fn selectors(&self) -> usize {
        self.proofs + 1
    }

    /// Cells of the random cycle.
    pub fn cycle(&self) -> usize {
        2 * (self.proofs + 1) + 3
    }
}

/// Rows of salt for so many proofs.
fn salt_rows(proofs: usize) -> usize {
    3 * (proofs + 1) + 3
}
