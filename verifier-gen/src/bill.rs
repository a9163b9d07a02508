//! What a verification's gas is spent on, at the prices of today and at those of the next upgrade's drafts.

use revm::{
    Inspector,
    interpreter::{CallInputs, CallOutcome},
    primitives::Address,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The prices that a transaction pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prices {
    /// Those in force: Osaka.
    #[default]
    Today,
    /// Those proposed for Amsterdam, as revm has them: EIP-2780 (base), 7976 (floor of call data), 8037 (new
    /// state) and 8038 (access to state).
    Next,
}

/// Gas of one call of the contract, by what it is spent on; the parts add up to [`Self::total`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// Of the whole transaction.
    pub total: u64,
    /// What any transaction pays before it does anything, without its data.
    pub base: u64,
    /// Bytes of call data: 4 for a zero byte, 16 for another (EIP-2028).
    pub call_data: u64,
    /// The pairing precompile (EIP-1108).
    pub pairing: u64,
    /// Multiplications on the curve (EIP-1108).
    pub multiplications: u64,
    /// Additions on the curve (EIP-1108).
    pub additions: u64,
    /// Exponentiations, which invert (EIP-2565, 7883).
    pub exponentiations: u64,
    /// The contract's own arithmetic, hashing and memory.
    pub rest: u64,
}

impl Bill {
    /// The bill of a transaction with this `data` that used `total` gas, as `meter` saw it.
    pub(crate) fn new(total: u64, data: &[u8], meter: &Meter) -> Self {
        let byte = |byte: &u8| if *byte == 0 { 4 } else { 16 };
        let call_data = data.iter().map(byte).sum();
        let spent = |precompile| meter.precompiles.get(&precompile).copied().unwrap_or_default();
        let [exponentiations, additions, multiplications, pairing] = [5, 6, 7, 8].map(spent);
        let base = total.saturating_sub(meter.contract + call_data);
        let rest = meter.contract - meter.precompiles.values().sum::<u64>();
        Self { total, base, call_data, pairing, multiplications, additions, exponentiations, rest }
    }
}

/// Adds up what calls use.
#[derive(Default)]
pub(crate) struct Meter {
    /// Gas of each precompile, by its number.
    precompiles: BTreeMap<u8, u64>,
    /// Gas of the outermost call, which ends last: what it calls is in it.
    contract: u64,
}

/// The number of a precompile; there are fewer than 256 in one byte.
fn number(address: Address) -> Option<u8> {
    let (number, zeros) = address.as_slice().split_last()?;
    (zeros.iter().all(|byte| *byte == 0) && *number != 0).then_some(*number)
}

impl<C> Inspector<C> for Meter {
    fn call_end(&mut self, _: &mut C, inputs: &CallInputs, outcome: &mut CallOutcome) {
        let gas = outcome.result.gas.total_gas_spent();
        match number(inputs.bytecode_address) {
            Some(number) => *self.precompiles.entry(number).or_default() += gas,
            None => self.contract = gas,
        }
    }
}
