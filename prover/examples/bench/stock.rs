//! The baseline: snark-verifier's own aggregation of two proofs, made by `tools/stock` in the same `make bench`.

use eyre::{WrapErr, eyre};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path, time::SystemTime};
use verifier_gen::{Evm, compile};

/// Where `tools/stock` leaves its figures.
const FILE: &str = "target/bench/stock.json";
/// Figures of an earlier run are not compared with: another load, another machine.
const HOURS: u64 = 3;

/// What `tools/stock` measured.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stock {
    /// Proofs that are aggregated.
    pub segments: usize,
    pub segment_k: u32,
    pub aggregation_k: u32,
    /// Advice cells of the aggregation circuit.
    pub cells: usize,
    pub keys_seconds: f64,
    pub segments_seconds: f64,
    pub aggregate_seconds: f64,
    pub peak_memory_bytes: Option<u64>,
    pub proof_bytes: usize,
    #[serde(skip_deserializing)]
    pub gas: u64,
    /// Text of its contract, and a call that the contract accepts.
    #[serde(skip_serializing)]
    contract: String,
    #[serde(skip_serializing)]
    call_data: String,
}

/// The contract's name in what snark-verifier generates.
const CONTRACT: &str = "Halo2Verifier";

impl Stock {
    /// From the inner proofs' witnesses to what the chain verifies.
    pub fn prove_seconds(&self) -> f64 {
        self.segments_seconds + self.aggregate_seconds
    }

    /// `None` where it was not run lately.
    pub fn load() -> eyre::Result<Option<Self>> {
        let path = Path::new(FILE);
        let fresh = fs::metadata(path).and_then(|data| data.modified()).is_ok_and(|time| {
            SystemTime::now().duration_since(time).is_ok_and(|age| age.as_secs() < 3600 * HOURS)
        });
        if !fresh {
            return Ok(None);
        }
        let text = fs::read_to_string(path).wrap_err(FILE)?;
        let mut stock: Self = serde_json::from_str(&text).wrap_err(FILE)?;
        // It asks for one old compiler; the text is good for ours, too.
        let contract =
            stock.contract.replace("pragma solidity 0.8.19;", "pragma solidity ^0.8.19;");
        let compiled = compile(Path::new("tools/solc"), CONTRACT, &contract)?;
        let call = hex::decode(&stock.call_data).wrap_err(FILE)?;
        let gas = Evm::deploy(&compiled.creation)?.gas(call)?;
        stock.gas = gas.ok_or_else(|| eyre!("{FILE}: its contract refuses its proof"))?;
        Ok(Some(stock))
    }
}
