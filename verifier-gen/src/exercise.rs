//! The compiled contract in an EVM: what it says of a proof, and what that costs.

use crate::bill::{Bill, Meter, Prices};
use revm::{
    Context, ExecuteCommitEvm, ExecuteEvm, InspectEvm, MainBuilder, MainContext, MainnetEvm,
    context::{
        TxEnv,
        result::{ExecutionResult, ResultAndState},
    },
    database::{CacheDB, EmptyDB},
    primitives::{Address, Bytes, TxKind, hardfork::SpecId},
};
use sha3::{Digest, Keccak256};
use tessera_core::STATEMENT_WORDS;

type Database = CacheDB<EmptyDB>;
type MainnetContext = revm::handler::MainnetContext<Database>;

/// An EVM with the contract on it.
pub struct Evm {
    evm: MainnetEvm<MainnetContext, Meter>,
    contract: Address,
}

/// What the contract answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned `true`.
    Accepted {
        /// Gas of the whole transaction, its base cost and call data included.
        gas: u64,
    },
    /// It reverted, with these bytes.
    Refused(Vec<u8>),
}

/// Why the contract could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ExerciseError {
    /// The deployment failed.
    #[error("the verifier can't be deployed: {0}")]
    Deployment(String),
    /// The transaction is not one.
    #[error("the EVM refused a transaction: {0}")]
    Transaction(String),
    /// It did not revert and did not return `true`.
    #[error("the verifier returned 0x{}", hex::encode(.0))]
    Answer(Vec<u8>),
}

/// EIP-7825: what one transaction may use.
const GAS_LIMIT: u64 = 16_777_216;

impl Evm {
    /// Deploys `creation` code.
    pub fn deploy(creation: &[u8]) -> Result<Self, ExerciseError> {
        Self::deploy_at(creation, Prices::Today)
    }

    /// Deploys `creation` code where gas has these prices.
    pub fn deploy_at(creation: &[u8], prices: Prices) -> Result<Self, ExerciseError> {
        let spec = match prices {
            Prices::Today => SpecId::OSAKA,
            Prices::Next => SpecId::AMSTERDAM,
        };
        let mut evm = Context::mainnet()
            .with_db(Database::default())
            .modify_cfg_chained(|cfg| cfg.set_spec_and_mainnet_gas_params(spec))
            .build_mainnet_with_inspector(Meter::default());
        let transaction = TxEnv::builder()
            .kind(TxKind::Create)
            .data(Bytes::copy_from_slice(creation))
            .gas_limit(GAS_LIMIT)
            .build()
            .map_err(|error| ExerciseError::Transaction(format!("{error:?}")))?;
        let result = evm
            .transact_commit(transaction)
            .map_err(|error| ExerciseError::Transaction(error.to_string()))?;
        let contract = result
            .created_address()
            .ok_or_else(|| ExerciseError::Deployment(format!("{result:?}")))?;
        Ok(Evm { evm, contract })
    }

    /// Calls `verify(statement, proof)`.
    pub fn verify(
        &mut self,
        statement: &[[u8; 32]; STATEMENT_WORDS],
        proof: &[u8],
    ) -> Result<Outcome, ExerciseError> {
        self.call(calldata(statement, proof))
    }

    /// Calls the contract with any data.
    pub fn call(&mut self, data: Vec<u8>) -> Result<Outcome, ExerciseError> {
        let transaction = self.transaction(data)?;
        // Not committed: the next call starts from the same state.
        outcome(self.evm.transact(transaction))
    }

    /// Gas of a transaction with any data that succeeds, whatever it returns; `None` if it is refused.
    pub fn gas(&mut self, data: Vec<u8>) -> Result<Option<u64>, ExerciseError> {
        let transaction = self.transaction(data)?;
        let result = self.evm.transact(transaction);
        let result = result.map_err(|error| ExerciseError::Transaction(error.to_string()))?.result;
        Ok(result.is_success().then(|| result.tx_gas_used()))
    }

    /// Calls `verify(statement, proof)` and says what its gas is spent on; `None` if it is refused.
    pub fn bill(
        &mut self,
        statement: &[[u8; 32]; STATEMENT_WORDS],
        proof: &[u8],
    ) -> Result<Option<Bill>, ExerciseError> {
        let data = calldata(statement, proof);
        let transaction = self.transaction(data.clone())?;
        self.evm.inspector = Meter::default();
        Ok(match outcome(self.evm.inspect_tx(transaction))? {
            Outcome::Accepted { gas } => Some(Bill::new(gas, &data, &self.evm.inspector)),
            Outcome::Refused(_) => None,
        })
    }

    fn transaction(&self, data: Vec<u8>) -> Result<TxEnv, ExerciseError> {
        TxEnv::builder()
            .kind(TxKind::Call(self.contract))
            .data(data.into())
            .gas_limit(GAS_LIMIT)
            .nonce(1)
            .build()
            .map_err(|error| ExerciseError::Transaction(format!("{error:?}")))
    }
}

/// What the contract said in a transaction.
fn outcome<E: std::fmt::Display>(run: Result<ResultAndState, E>) -> Result<Outcome, ExerciseError> {
    let result = run.map_err(|error| ExerciseError::Transaction(error.to_string()))?.result;
    match result {
        ExecutionResult::Success { ref output, .. } => {
            let mut yes = [0; 32];
            yes[31] = 1;
            match output.data().as_ref() == yes {
                true => Ok(Outcome::Accepted { gas: result.tx_gas_used() }),
                false => Err(ExerciseError::Answer(output.data().to_vec())),
            }
        }
        ExecutionResult::Revert { output, .. } => Ok(Outcome::Refused(output.to_vec())),
        ExecutionResult::Halt { .. } => Ok(Outcome::Refused(Vec::new())),
    }
}

/// The canonical ABI encoding of `verify(Statement, bytes)`.
pub fn calldata(statement: &[[u8; 32]; STATEMENT_WORDS], proof: &[u8]) -> Vec<u8> {
    let signature = format!("verify(({}),bytes)", ["uint256"; STATEMENT_WORDS].join(","));
    let mut data = Keccak256::digest(signature)[..4].to_vec();
    data.extend(statement.as_flattened());
    for number in [32 * (STATEMENT_WORDS + 1), proof.len()] {
        data.extend([0; 24]);
        data.extend((number as u64).to_be_bytes());
    }
    data.extend(proof);
    data.extend(vec![0; proof.len().next_multiple_of(32) - proof.len()]);
    data
}
