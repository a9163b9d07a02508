//! One node, and perhaps an account that signs.

use super::{ChainError, Refusal};
use alloy::{
    eips::BlockId,
    network::TransactionBuilder,
    primitives::{Address, B256, Bytes},
    providers::{DynProvider, PendingTransactionError, Provider, ProviderBuilder},
    rpc::types::{Filter, Log, TransactionReceipt, TransactionRequest},
    sol_types::{SolCall, SolEvent},
    transports::TransportError,
};
use serde_json::Value;
use std::time::Duration;
use tessera_credential::AccountKey;

/// Chain id of anvil and its like: the one chain that takes a development verifier.
pub const LOCAL_CHAIN: u64 = 31337;

/// How long a transaction may take to get into a block.
const PATIENCE: Duration = Duration::from_secs(180);
/// A local node mines at once.
const LOCAL_POLL: Duration = Duration::from_millis(50);

/// A connection. Each transaction takes the account's next nonce from the node, pending ones
/// counted, and is waited for, so that a failed one leaves no gap behind.
#[derive(Clone, Debug)]
pub struct Client {
    provider: DynProvider,
    chain_id: u64,
    account: Option<Address>,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Its hash.
    pub transaction: B256,
    /// Number of its block.
    pub block: u64,
    /// Gas of the whole transaction.
    pub gas_used: u64,
    /// The contract that it created.
    pub created: Option<Address>,
    logs: Vec<Log>,
}

impl Receipt {
    /// The first event `E` that `contract` emitted.
    pub fn event<E: SolEvent>(&self, contract: Address) -> Option<E> {
        let of_contract = self.logs.iter().filter(|log| log.address() == contract);
        of_contract.flat_map(|log| log.log_decode::<E>()).next().map(|log| log.inner.data)
    }
}

impl Client {
    /// Connects to the node at `url`; `key` signs transactions.
    pub async fn connect(url: &str, key: Option<&AccountKey>) -> Result<Self, ChainError> {
        let fault = |fault: &str| ChainError::Url { url: url.into(), fault: fault.into() };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(fault("it has to start with http:// or https://"));
        }
        let endpoint = url.parse().map_err(|_| fault("not a URL"))?;
        let builder = ProviderBuilder::default()
            .fetch_chain_id()
            .with_gas_estimation()
            .with_simple_nonce_management();
        let provider = match key {
            Some(key) => builder.wallet(key.signer().clone()).connect_http(endpoint).erased(),
            None => builder.connect_http(endpoint).erased(),
        };
        let chain_id = (provider.get_chain_id().await)
            .map_err(|source| ChainError::Unreachable { url: url.into(), source })?;
        if chain_id == LOCAL_CHAIN {
            provider.client().set_poll_interval(LOCAL_POLL);
        }
        Ok(Self { provider, chain_id, account: key.map(AccountKey::address) })
    }

    /// EIP-155 id of the node's chain.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The account that signs.
    pub fn account(&self) -> Option<Address> {
        self.account
    }

    /// Timestamp of the newest block, in unix seconds: what contracts take for the time.
    pub async fn now(&self) -> Result<u64, ChainError> {
        let node = |source| ChainError::Node { action: "reading the newest block".into(), source };
        let block = self.provider.get_block(BlockId::latest()).await.map_err(node)?;
        block.map(|block| block.header.timestamp).ok_or_else(|| {
            let fault = std::io::Error::other("there is none");
            node(TransportError::local_usage(fault))
        })
    }

    /// What to take for the time: the later of the newest block's and this machine's clock, in unix
    /// seconds. A quiet chain's last block may be old, and the next one is not.
    pub async fn clock(&self) -> Result<u64, ChainError> {
        let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Ok(self.now().await?.max(wall.map_or(0, |time| time.as_secs())))
    }

    /// The account's next nonce, pending transactions counted.
    pub async fn nonce(&self) -> Result<u64, ChainError> {
        let action = "reading the account's nonce".to_owned();
        let account = self.account.ok_or(ChainError::NoAccount { action: action.clone() })?;
        let node = |source| ChainError::Node { action, source };
        self.provider.get_transaction_count(account).pending().await.map_err(node)
    }

    /// The first event `E` of `contract` whose first indexed field is `topic`.
    pub async fn event<E: SolEvent>(
        &self,
        contract: Address,
        topic: B256,
    ) -> Result<Option<E>, ChainError> {
        let node = |source| ChainError::Node { action: "looking for an event".into(), source };
        let filter = Filter::new()
            .address(contract)
            .event_signature(E::SIGNATURE_HASH)
            .topic1(topic)
            .from_block(0);
        let logs = self.provider.get_logs(&filter).await.map_err(node)?;
        Ok(logs.iter().flat_map(|log| log.log_decode::<E>()).next().map(|log| log.inner.data))
    }

    /// All events `E` of `contract`, in order.
    pub async fn events<E: SolEvent>(&self, contract: Address) -> Result<Vec<E>, ChainError> {
        let node = |source| ChainError::Node { action: "looking for events".into(), source };
        let filter =
            Filter::new().address(contract).event_signature(E::SIGNATURE_HASH).from_block(0);
        let logs = self.provider.get_logs(&filter).await.map_err(node)?;
        Ok(logs.iter().flat_map(|log| log.log_decode::<E>()).map(|log| log.inner.data).collect())
    }

    /// Code at `address`.
    pub async fn code(&self, address: Address) -> Result<Bytes, ChainError> {
        let action = format!("reading the code of {address}");
        self.provider
            .get_code_at(address)
            .await
            .map_err(|source| ChainError::Node { action, source })
    }

    /// Asks `to` for the answer to `call`.
    pub async fn read<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return, ChainError> {
        self.read_as(self.account.unwrap_or_default(), to, call).await
    }

    /// [`Self::read`] as if `from` asked.
    pub async fn read_as<C: SolCall>(
        &self,
        from: Address,
        to: Address,
        call: &C,
    ) -> Result<C::Return, ChainError> {
        let action = action::<C>();
        let request = TransactionRequest::default().from(from).to(to).input(encode(call));
        let data = self.provider.call(request).await.map_err(|e| refused(&action, e))?;
        C::abi_decode_returns(&data).map_err(|_| ChainError::Answer { action, to })
    }

    /// [`Self::read`] as of the next block: a quiet chain's last one is old, and what is dated today is not
    /// valid yet in it.
    pub async fn read_pending<C: SolCall>(
        &self,
        to: Address,
        call: &C,
    ) -> Result<C::Return, ChainError> {
        let action = action::<C>();
        let from = self.account.unwrap_or_default();
        let request = TransactionRequest::default().from(from).to(to).input(encode(call));
        let data = self.provider.call(request).block(BlockId::pending()).await;
        let data = data.map_err(|e| refused(&action, e))?;
        C::abi_decode_returns(&data).map_err(|_| ChainError::Answer { action, to })
    }

    /// Sends `call` to `to` and waits for its block.
    ///
    /// # Errors
    /// [`ChainError::Refused`] when it would revert: the node says so while it estimates the gas,
    /// and nothing is sent.
    pub async fn send<C: SolCall>(&self, to: Address, call: &C) -> Result<Receipt, ChainError> {
        let request = TransactionRequest::default().to(to).input(encode(call));
        self.submit(action::<C>(), request).await
    }

    /// Sends `call` with a limit of `gas` even if it is going to revert, and waits for its block.
    ///
    /// # Errors
    /// [`ChainError::Refused`], with the transaction's hash, when it did revert.
    pub async fn send_regardless<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        gas: u64,
    ) -> Result<Receipt, ChainError> {
        let request = TransactionRequest::default().to(to).input(encode(call)).with_gas_limit(gas);
        self.submit(action::<C>(), request).await
    }

    /// Creates a contract from `code` and its constructor's encoded `arguments`.
    pub async fn create(
        &self,
        name: &str,
        code: Bytes,
        arguments: Vec<u8>,
    ) -> Result<(Address, Receipt), ChainError> {
        let action = format!("creating {name}");
        let code = [code.as_ref(), &arguments].concat();
        let request = TransactionRequest::default().with_deploy_code(code);
        let receipt = self.submit(action.clone(), request).await?;
        let created = receipt.created.ok_or(ChainError::Answer { action, to: Address::ZERO })?;
        Ok((created, receipt))
    }

    /// A JSON-RPC call that is no contract's: a local node's own.
    pub async fn raw(&self, method: &'static str, parameters: Value) -> Result<Value, ChainError> {
        let node = |source| ChainError::Node { action: method.into(), source };
        self.provider.raw_request(method.into(), parameters).await.map_err(node)
    }

    async fn submit(
        &self,
        action: String,
        request: TransactionRequest,
    ) -> Result<Receipt, ChainError> {
        let Some(account) = self.account else {
            return Err(ChainError::NoAccount { action });
        };
        let request = request.from(account);
        let sent = self.provider.send_transaction(request.clone()).await;
        let failed = |error: TransportError| match is_broke(&error) {
            true => ChainError::Broke { action: action.clone(), account },
            false => refused(&action, error),
        };
        let pending = sent.map_err(failed)?.with_timeout(Some(PATIENCE));
        let transaction = *pending.tx_hash();
        let receipt = match pending.get_receipt().await {
            Ok(receipt) => receipt,
            Err(PendingTransactionError::TransportError(e)) => return Err(refused(&action, e)),
            Err(_) => return Err(ChainError::Pending { action, transaction }),
        };
        if !receipt.status() {
            return Err(self.why(action, request, &receipt).await);
        }
        Ok(Receipt {
            transaction,
            block: receipt.block_number.unwrap_or_default(),
            gas_used: receipt.gas_used,
            created: receipt.contract_address,
            logs: receipt.inner.logs().to_vec(),
        })
    }

    /// What a mined transaction reverted with: a receipt does not say, so it is asked again, on the
    /// state that its block left.
    async fn why(
        &self,
        action: String,
        request: TransactionRequest,
        receipt: &TransactionReceipt,
    ) -> ChainError {
        let block = BlockId::number(receipt.block_number.unwrap_or_default());
        let refusal = match self.provider.call(request).block(block).await {
            Err(error) => revert(&error).unwrap_or_else(|| Refusal::decode(&[])),
            Ok(_) => Refusal {
                name: "unknown".into(),
                message: "it reverted, and no longer does: the gas ran out, or the state changed"
                    .into(),
            },
        };
        ChainError::Refused { action, refusal, transaction: Some(receipt.transaction_hash) }
    }
}

/// Name of the function, for people: `borrow`.
fn action<C: SolCall>() -> String {
    C::SIGNATURE.split('(').next().unwrap_or_default().into()
}

fn encode<C: SolCall>(call: &C) -> alloy::rpc::types::TransactionInput {
    Bytes::from(call.abi_encode()).into()
}

/// The refusal inside a node's answer, if it is one.
fn revert(error: &TransportError) -> Option<Refusal> {
    let payload = error.as_error_resp()?;
    match payload.as_revert_data() {
        Some(data) => Some(Refusal::decode(&data)),
        None if payload.message.contains("revert") => Some(Refusal::decode(&[])),
        None => None,
    }
}

/// Whether a node says that the sender can't pay: all do in these words.
fn is_broke(error: &TransportError) -> bool {
    let message = error.as_error_resp().map(|payload| payload.message.to_lowercase());
    message.is_some_and(|message| message.contains("insufficient funds"))
}

fn refused(action: &str, error: TransportError) -> ChainError {
    let action = action.into();
    match revert(&error) {
        Some(refusal) => ChainError::Refused { action, refusal, transaction: None },
        None => ChainError::Node { action, source: error },
    }
}
