//! What verifications cost, at the prices of today and of the next upgrade's drafts.

use eyre::eyre;
use serde::Serialize;
use tessera_proving::ProofFile;
use verifier_gen::{Bill, Evm, Prices};

/// Gas of a bare transaction that verifies a proof.
#[derive(Clone, Copy, Serialize)]
pub struct Gas {
    pub today: Bill,
    pub next: Bill,
}

impl Gas {
    /// Of verifying `proof` by the contract with this `creation` code.
    pub fn of(creation: &[u8], proof: &ProofFile) -> eyre::Result<Self> {
        let words = proof.statement.to_bytes();
        let bill = |prices| {
            let bill = Evm::deploy_at(creation, prices)?.bill(&words, &proof.proof)?;
            bill.ok_or_else(|| eyre!("the contract refuses a proof of the benchmark"))
        };
        Ok(Gas { today: bill(Prices::Today)?, next: bill(Prices::Next)? })
    }
}
