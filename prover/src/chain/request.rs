//! A borrower's request, from the moment its statement is fixed until it is sent.

use super::{ChainError, abi};
use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{Secrecy, read_json, write_json};
use tessera_core::Statement;
use tessera_credential::SignedCredential;

const KIND: &str = "tessera.request";
const VERSION: u32 = 2;
const LIMIT: u64 = 1 << 20;

/// What a proof is made for, and all that `borrow` needs besides it. Public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The pool; its chain and registry are the credential's.
    pub pool: Address,
    /// Who the proof is made for: the account that sends it.
    pub borrower: Address,
    /// What is asked.
    pub terms: LoanTerms,
    /// How many loans the person took out before.
    #[serde(serialize_with = "super::decimal")]
    pub nonce: U256,
    /// What has to be proven.
    pub statement: Statement,
    /// The attester's word.
    pub credential: SignedCredential,
}

/// The terms of a loan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoanTerms {
    /// Who gets the money.
    pub receiver: Address,
    /// In the token's smallest unit.
    #[serde(serialize_with = "super::decimal")]
    pub amount: U256,
    /// Index of the pool's tier.
    pub tier: u32,
    /// Unix seconds; last second at which the request may be carried out.
    pub deadline: u64,
}

impl From<&LoanTerms> for abi::Terms {
    fn from(terms: &LoanTerms) -> Self {
        let LoanTerms { receiver, amount, tier, deadline } = *terms;
        Self { receiver, amount, tier: U256::from(tier), deadline }
    }
}

impl Request {
    /// As the contracts take it.
    pub fn to_abi(&self) -> abi::BorrowRequest {
        abi::BorrowRequest {
            credential: (&self.credential.credential).into(),
            attester: self.credential.attester,
            signature: self.credential.signature.clone(),
            exposure: (&self.credential.exposure).into(),
            terms: (&self.terms).into(),
            nonce: self.nonce,
        }
    }

    /// The call `borrow(request, proof)`.
    pub fn call(&self, proof: &[u8]) -> abi::ITesseraPool::borrowCall {
        let proof = Bytes::copy_from_slice(proof);
        abi::ITesseraPool::borrowCall { request: self.to_abi(), proof }
    }

    /// [`Self::call`], encoded: for a wallet of any kind.
    pub fn calldata(&self, proof: &[u8]) -> Bytes {
        self.call(proof).abi_encode().into()
    }

    /// Writes the file.
    pub fn save(&self, path: &Path) -> Result<(), ChainError> {
        Ok(write_json(path, KIND, VERSION, self, Secrecy::Public)?)
    }

    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self, ChainError> {
        Ok(read_json(path, KIND, VERSION, LIMIT)?)
    }
}
