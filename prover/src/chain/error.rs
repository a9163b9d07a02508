//! What can go wrong between here and the chain.

use super::Refusal;
use alloy::{
    primitives::{Address, B256},
    transports::TransportError,
};
use std::path::PathBuf;
use tessera_artifact::ArtifactError;
use tessera_credential::CredentialError;

/// Errors of [`crate::chain`].
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Not an address of a node.
    #[error("{url:?} is not the address of a node: {fault}")]
    Url {
        /// As given.
        url: String,
        /// What is wrong with it.
        fault: String,
    },
    /// Nothing answers there, or not a node.
    #[error("no answer from the node at {url}: {source}")]
    Unreachable {
        /// The node.
        url: String,
        /// Of the transport.
        source: TransportError,
    },
    /// The node answered with an error that is not a revert.
    #[error("{action}: the node refused: {source}")]
    Node {
        /// What was asked.
        action: String,
        /// Of the node.
        source: TransportError,
    },
    /// The account has too little ether for what it sends.
    #[error(
        "{action}: the account {account} has too little ether to pay for the gas: send it some"
    )]
    Broke {
        /// What was asked.
        action: String,
        /// The account.
        account: Address,
    },
    /// A contract reverted.
    #[error("{action} was refused: {refusal}")]
    Refused {
        /// What was asked.
        action: String,
        /// What the contract said.
        refusal: Refusal,
        /// The transaction, when it was mined all the same.
        transaction: Option<B256>,
    },
    /// The transaction was sent and did not appear in a block in time.
    #[error("{action}: the transaction {transaction} is not in a block yet; it may still come")]
    Pending {
        /// What was asked.
        action: String,
        /// Its hash.
        transaction: B256,
    },
    /// A transaction was to be sent, and there is no key to sign it.
    #[error("{action} needs an account: give its key file")]
    NoAccount {
        /// What was asked.
        action: String,
    },
    /// The answer has another form than the contract's.
    #[error("{to} did not answer {action} as the contract would; is it the right address?")]
    Answer {
        /// What was asked.
        action: String,
        /// The contract.
        to: Address,
    },
    /// A compiled contract could not be used.
    #[error("{path}: {fault}; run `tools/forge build`")]
    Compiled {
        /// File of the compiler's output.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// The credential is for another chain or another registry than the pool's.
    #[error("the credential is for {field} {expected}, the pool's is {found}")]
    Home {
        /// "chain" or "registry".
        field: &'static str,
        /// The credential's.
        expected: String,
        /// The pool's.
        found: String,
    },
    /// The pool asks for something else than its documentation says.
    #[error(
        "the pool's {field} is {found}, and by its published rules it would be {expected}: don't borrow there"
    )]
    Statement {
        /// Word of the statement.
        field: &'static str,
        /// Computed here.
        expected: String,
        /// Computed by the pool.
        found: String,
    },
    /// A development verifier where money is real.
    #[error(
        "the verifier at {verifier} is of a development SRS: anybody can forge its proofs, so it is refused on chain {chain_id}"
    )]
    Insecure {
        /// The verifier.
        verifier: Address,
        /// Any but [`super::LOCAL_CHAIN`].
        chain_id: u64,
    },
    /// A journal of another deployment.
    #[error(
        "{path}: the journal of a deployment with other options, by another account or on another chain; finish that one, or move the file away"
    )]
    OtherPlan {
        /// The file.
        path: PathBuf,
    },
    /// A journal of a chain that is gone.
    #[error(
        "{path}: the journal names {contract} at {address}, and the chain has no code there; if the chain was started anew, move the file away"
    )]
    NotOnChain {
        /// The file.
        path: PathBuf,
        /// What should be there.
        contract: String,
        /// Where.
        address: Address,
    },
    /// The verifier is for other models.
    #[error(
        "{verifier} verifies models of {found} segments, and the policy's model has {expected}: TesseraVerifier{expected} fits"
    )]
    Segments {
        /// Its name.
        verifier: String,
        /// Of the model.
        expected: u64,
        /// Of the verifier.
        found: alloy::primitives::U256,
    },
    /// Of a file.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// Of the credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
}
