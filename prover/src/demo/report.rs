//! `report.json`: what happened, in figures.

use crate::cli::Stage;
use alloy::primitives::{Address, B256};
use serde::{Serialize, Serializer, ser::SerializeMap};
use tessera::chain::Receipt;
use tessera_artifact::Sha256Digest;

/// All of it; names are those of the file.
#[derive(Clone, Debug, Serialize)]
pub struct DemoReport {
    pub versions: Versions,
    pub model_digest: String,
    pub schema_digest: String,
    pub key_digest: Sha256Digest,
    pub srs_digest: Sha256Digest,
    pub insecure_srs: bool,
    pub segments: usize,
    pub k: Rows,
    /// Seconds a stage.
    #[serde(serialize_with = "by_name")]
    pub stages: Vec<Stage>,
    /// From features to a proof ready to send, keys in memory.
    pub prove_seconds: f64,
    /// Keys and SRS; the SRS is read if an earlier run has made it.
    pub keys_seconds: f64,
    /// Of the whole run, keys included; none off Linux.
    pub peak_memory_bytes: Option<u64>,
    /// While proving.
    pub prove_peak_memory_bytes: Option<u64>,
    pub proof_bytes: usize,
    /// Of the whole call to `borrow`.
    pub calldata_bytes: usize,
    pub verifier_code_bytes: usize,
    /// A transaction that does nothing but call the verifier.
    pub verify_gas: u64,
    pub borrow_gas: u64,
    pub repay_gas: u64,
    pub contracts: Contracts,
    pub transactions: Vec<Transaction>,
    pub refused: Vec<Refused>,
    /// The same borrower's loan from a pool that takes direct proofs, where one circuit can hold the model.
    pub direct: Option<Bill>,
}

/// What a loan against a direct proof cost.
#[derive(Clone, Debug, Serialize)]
pub struct Bill {
    pub model_digest: String,
    pub prove_seconds: f64,
    pub prove_peak_memory_bytes: Option<u64>,
    pub proof_bytes: usize,
    /// Of the whole call to `borrow`.
    pub calldata_bytes: usize,
    pub verify_gas: u64,
    pub borrow_gas: u64,
}

/// What took part.
#[derive(Clone, Debug, Serialize)]
pub struct Versions {
    pub tessera: &'static str,
    pub anvil: String,
}

/// Circuits have `2^k` rows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rows {
    pub segment: u32,
    /// A direct proof has none.
    pub aggregation: Option<u32>,
}

/// Where the contracts were.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Contracts {
    pub token: Address,
    pub registry: Address,
    pub verifier: Address,
    pub underwriter: Address,
    pub pool: Address,
}

/// One transaction that went through.
#[derive(Clone, Debug, Serialize)]
pub struct Transaction {
    pub what: String,
    pub hash: B256,
    pub gas: u64,
}

impl Transaction {
    pub fn new(what: impl Into<String>, receipt: &Receipt) -> Self {
        Self { what: what.into(), hash: receipt.transaction, gas: receipt.gas_used }
    }
}

/// One attempt that did not.
#[derive(Clone, Debug, Serialize)]
pub struct Refused {
    pub what: &'static str,
    /// "prover" or "chain".
    pub by: &'static str,
    /// Name of the error.
    pub error: String,
    pub message: String,
    /// The reverted transaction.
    pub transaction: Option<B256>,
}

fn by_name<S: Serializer>(stages: &[Stage], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(stages.len()))?;
    for stage in stages {
        map.serialize_entry(stage.name, &((stage.seconds * 1000.0).round() / 1000.0))?;
    }
    map.end()
}
