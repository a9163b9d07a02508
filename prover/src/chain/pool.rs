//! A pool: what it offers, what it asks to be proven, borrowing and repaying.

use super::{
    ChainError, Client, LOCAL_CHAIN, Receipt, Use,
    abi::{
        self, ICredentialRegistry, ILoanBook, ITesseraPool, ITesseraVault, ITesseraVerifier,
        IToken, IUnderwriter,
    },
    context,
    request::{LoanTerms, Request},
};
use alloy::primitives::{Address, B256, U256};
use serde::Serialize;
use tessera_core::{FixedPoint, ModelDigest, SchemaDigest, Statement, StatementWords, statement};
use tessera_credential::SignedCredential;

/// A pool seen through a node.
#[derive(Clone, Debug)]
pub struct Pool {
    client: Client,
    address: Address,
}

/// One tier, with the policy that it belongs to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Index at the pool.
    pub tier: u32,
    /// The score to reach, in points × 2^32.
    #[serde(serialize_with = "super::decimal")]
    pub threshold: u64,
    /// The most that one loan pays out, in the token's smallest unit.
    #[serde(serialize_with = "super::decimal")]
    pub max_amount: U256,
    /// A year's interest in 1e-18.
    #[serde(serialize_with = "super::decimal")]
    pub rate: u64,
    /// Seconds until it is due.
    pub term: u32,
    /// The tier's policy.
    pub policy_id: B256,
    /// No new loans.
    pub retired: bool,
    /// Digest of the model that decides.
    pub model_digest: ModelDigest,
    /// Digest of the schema that it reads.
    pub schema: SchemaDigest,
    /// The verifier of proofs.
    pub verifier: Address,
}

/// A pool at a glance.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PoolState {
    /// The pool's address.
    pub pool: Address,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Registry of credentials and locks.
    pub registry: Address,
    /// Who decides.
    pub underwriter: Address,
    /// The money and the depositors' shares.
    pub vault: Address,
    /// Seconds from a redemption request until it may be settled; 0 if shares are redeemed at once.
    pub notice: u32,
    /// The token that is lent.
    pub asset: Address,
    /// Its symbol.
    pub symbol: String,
    /// Its decimals.
    pub decimals: u8,
    /// In hand, in the smallest unit.
    #[serde(serialize_with = "super::decimal")]
    pub cash: U256,
    /// What the loans that are not written off owe, with the interest booked so far.
    #[serde(serialize_with = "super::decimal")]
    pub loans: U256,
    /// Every tier of every policy.
    pub offers: Vec<Offer>,
    /// A verifier of the newest policy whose proofs anybody can forge.
    pub insecure: bool,
}

/// A loan paid out.
#[derive(Clone, Debug)]
pub struct Borrowed {
    /// The loan's id: the hash of its record.
    pub id: B256,
    /// What was agreed on.
    pub loan: abi::Loan,
    /// Unix seconds.
    pub due_at: u64,
    /// Of the transaction.
    pub receipt: Receipt,
}

/// A payment made.
#[derive(Clone, Debug)]
pub struct Repaid {
    /// Paid, of the interest.
    pub interest: U256,
    /// Paid, of the principal.
    pub principal: U256,
    /// Still owed after it, principal and interest.
    pub left: U256,
    /// Of the transaction.
    pub receipt: Receipt,
}

impl Offer {
    /// The score to reach.
    ///
    /// # Errors
    /// When no score reaches it.
    pub fn threshold(&self) -> Result<FixedPoint, ChainError> {
        i64::try_from(self.threshold).map(FixedPoint).map_err(|_| ChainError::Statement {
            field: "threshold",
            expected: "below 2^63".into(),
            found: self.threshold.to_string(),
        })
    }
}

impl Pool {
    /// The pool at `address`.
    pub fn new(client: Client, address: Address) -> Self {
        Self { client, address }
    }

    /// Its address.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The node.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn read<C: alloy::sol_types::SolCall>(&self, call: C) -> Result<C::Return, ChainError> {
        self.client.read(self.address, &call).await
    }

    /// Everything about it.
    pub async fn state(&self) -> Result<PoolState, ChainError> {
        let asset = self.read(ITesseraPool::assetCall {}).await?;
        let underwriter = self.read(ITesseraPool::underwriterCall {}).await?;
        let vault = self.vault().await?;
        let count = self.client.read(underwriter, &IUnderwriter::classCountCall {}).await?;
        let mut offers = Vec::new();
        for tier in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            offers.push(self.offer_of(underwriter, tier).await?);
        }
        let mut insecure = false;
        if let Some(newest) = offers.last() {
            let call = ITesseraVerifier::INSECURE_SRSCall {};
            insecure = self.client.read(newest.verifier, &call).await?;
        }
        Ok(PoolState {
            pool: self.address,
            chain_id: self.client.chain_id(),
            registry: self.read(ITesseraPool::registryCall {}).await?,
            underwriter,
            vault,
            notice: self.client.read(vault, &ITesseraVault::noticeCall {}).await?,
            asset,
            symbol: self.client.read(asset, &IToken::symbolCall {}).await?,
            decimals: self.client.read(asset, &IToken::decimalsCall {}).await?,
            cash: self.client.read(vault, &ITesseraVault::cashCall {}).await?,
            loans: self.client.read(vault, &ITesseraVault::loansValueCall {}).await?,
            offers,
            insecure,
        })
    }

    /// How many loans were paid out against proofs of `model`: each has published one.
    pub async fn proofs(&self, model: ModelDigest) -> Result<usize, ChainError> {
        let underwriter = self.read(ITesseraPool::underwriterCall {}).await?;
        // Also policies that were retired or replaced: their proofs are as public as any.
        let added = self.client.events::<IUnderwriter::PolicyAdded>(underwriter).await?;
        let digest = U256::from_be_bytes(model.to_be_bytes());
        let of_model = added.iter().filter(|policy| policy.modelDigest == digest);
        let policies: Vec<B256> = of_model.map(|policy| policy.policyId).collect();
        let loans = self.client.events::<ITesseraPool::Borrowed>(self.address).await?;
        Ok(loans.iter().filter(|loan| policies.contains(&loan.policyId)).count())
    }

    /// What tier number `tier` offers and asks for.
    pub async fn offer(&self, tier: u32) -> Result<Offer, ChainError> {
        self.offer_of(self.read(ITesseraPool::underwriterCall {}).await?, tier).await
    }

    async fn offer_of(&self, underwriter: Address, tier: u32) -> Result<Offer, ChainError> {
        let index = U256::from(tier);
        let read = &self.client;
        let terms = read.read(underwriter, &IUnderwriter::tiersCall { tier: index }).await?;
        let id = read.read(underwriter, &IUnderwriter::policyOfCall { class: index }).await?;
        let policy = read.read(underwriter, &IUnderwriter::policyByIdCall { id }).await?;
        let pricing = read.read(underwriter, &IUnderwriter::termsOfCall { id }).await?.pricing;
        let overflow = |field: &'static str, value: U256| ChainError::Statement {
            field,
            expected: "below the field's modulus".into(),
            found: format!("{value:#x}"),
        };
        let (model, schema) = (policy.modelDigest, policy.schema);
        Ok(Offer {
            tier,
            threshold: terms.threshold,
            max_amount: U256::from(terms.maxAmount),
            rate: pricing.baseRate.saturating_add(terms.premium),
            term: terms.term,
            policy_id: id,
            retired: policy.retired,
            model_digest: ModelDigest::from_be_bytes(model.to_be_bytes())
                .ok_or_else(|| overflow("model digest", model))?,
            schema: SchemaDigest::from_be_bytes(schema.to_be_bytes())
                .ok_or_else(|| overflow("schema", schema))?,
            verifier: policy.verifier,
        })
    }

    /// The request of the credential's subject for `terms`, with the statement to prove.
    ///
    /// The statement is computed here and compared with the pool's own, so that a proof is never
    /// made for something else than what the borrower sees.
    ///
    /// # Errors
    /// A credential of another chain or registry, an insecure verifier off a local chain, a pool
    /// whose statement is another one, and what the node says.
    pub async fn request(
        &self,
        credential: SignedCredential,
        terms: LoanTerms,
    ) -> Result<Request, ChainError> {
        let registry = self.read(ITesseraPool::registryCall {}).await?;
        let (attester, holder) = (credential.attester, credential.credential.holder);
        let call = ICredentialRegistry::personOfCall { attester, holder };
        let nonce = U256::from(self.client.read(registry, &call).await?.loans);
        self.request_at(credential, terms, nonce).await
    }

    /// [`Self::request`] for a nonce that the pool may not have reached yet.
    pub async fn request_at(
        &self,
        credential: SignedCredential,
        terms: LoanTerms,
        nonce: U256,
    ) -> Result<Request, ChainError> {
        self.check_home(&credential).await?;
        let borrower = credential.credential.subject;
        let offer = self.offer(terms.tier).await?;
        let insecure =
            self.client.read(offer.verifier, &ITesseraVerifier::INSECURE_SRSCall {}).await?;
        if insecure && self.client.chain_id() != LOCAL_CHAIN {
            let (verifier, chain_id) = (offer.verifier, self.client.chain_id());
            return Err(ChainError::Insecure { verifier, chain_id });
        }

        let of = Use {
            chain_id: self.client.chain_id(),
            pool: self.address,
            verifier: offer.verifier,
            policy_id: offer.policy_id,
            borrower,
            credential_uid: credential.uid(),
            nonce,
        };
        let statement = Statement {
            commitment: credential.commitment()?,
            schema: offer.schema,
            model_digest: offer.model_digest,
            threshold: offer.threshold()?,
            context: context(&of, &(&terms).into()),
        };
        let request = Request { pool: self.address, borrower, terms, nonce, statement, credential };
        let call = ITesseraPool::statementCall { borrower, request: request.to_abi() };
        check_statement(&request.statement, self.read(call).await?.into())?;
        Ok(request)
    }

    /// Asks the pool for every check of `request` but the proof: its nonce, cash, dates, attester,
    /// amounts, and whether the person has a loan already.
    pub async fn preview(&self, request: &Request) -> Result<(), ChainError> {
        let (borrower, request) = (request.borrower, request.to_abi());
        let call = ITesseraPool::previewBorrowCall { borrower, request };
        self.client.read_pending(self.address, &call).await?;
        Ok(())
    }

    /// The credential must be of this pool's chain and registry.
    async fn check_home(&self, credential: &SignedCredential) -> Result<(), ChainError> {
        let registry = self.read(ITesseraPool::registryCall {}).await?;
        let home = &credential.home;
        let home_error = |field, expected: String, found: String| {
            Err(ChainError::Home { field, expected, found })
        };
        if home.chain_id != self.client.chain_id() {
            let found = self.client.chain_id().to_string();
            return home_error("chain", home.chain_id.to_string(), found);
        }
        if home.registry != registry {
            return home_error("registry", home.registry.to_string(), registry.to_string());
        }
        Ok(())
    }

    /// Sends `request` with its `proof` from the client's account.
    pub async fn borrow(&self, request: &Request, proof: &[u8]) -> Result<Borrowed, ChainError> {
        let receipt = self.client.send(self.address, &request.call(proof)).await?;
        let event = receipt.event::<ITesseraPool::Borrowed>(self.address);
        let event = event.ok_or_else(|| self.no_event("borrow"))?;
        let due_at = event.loan.dueAt.to();
        Ok(Borrowed { id: event.loanId, loan: event.loan, due_at, receipt })
    }

    /// Pays `amount` of `loan` from the client's account, or all of it; allows the vault to take that much
    /// first.
    pub async fn repay(
        &self,
        loan: &abi::Loan,
        amount: Option<U256>,
    ) -> Result<Repaid, ChainError> {
        let payer = self.client.account().unwrap_or_default();
        let (token, vault) = (self.read(ITesseraPool::assetCall {}).await?, self.vault().await?);
        let owed = self.debt(loan).await?;
        // Interest accrues until the payment's block: allow a day of it, at 1000 % a year.
        let margin = owed / U256::from(36) + U256::from(1);
        self.allow(token, payer, vault, amount.unwrap_or(owed + margin)).await?;
        let call =
            ITesseraPool::repayCall { loan: loan.clone(), amount: amount.unwrap_or(U256::MAX) };
        let receipt = self.client.send(self.address, &call).await?;
        let event = receipt.event::<ITesseraPool::Repaid>(self.address);
        let event = event.ok_or_else(|| self.no_event("repay"))?;
        let left = event.principalLeft + event.interestLeft;
        Ok(Repaid { interest: event.interest, principal: event.principal, left, receipt })
    }

    /// Deposits `assets` for the client's account.
    pub async fn deposit(&self, assets: U256) -> Result<Receipt, ChainError> {
        let receiver = self.client.account().unwrap_or_default();
        let (token, vault) = (self.read(ITesseraPool::assetCall {}).await?, self.vault().await?);
        self.allow(token, receiver, vault, assets).await?;
        self.client.send(vault, &ITesseraVault::depositCall { assets, receiver }).await
    }

    /// Shares that a deposit of `assets` would buy now.
    pub async fn preview_deposit(&self, assets: U256) -> Result<U256, ChainError> {
        let vault = self.vault().await?;
        self.client.read(vault, &ITesseraVault::previewDepositCall { assets }).await
    }

    /// The vault of the pool.
    pub async fn vault(&self) -> Result<Address, ChainError> {
        self.read(ITesseraPool::vaultCall {}).await
    }

    async fn allow(
        &self,
        token: Address,
        owner: Address,
        spender: Address,
        most: U256,
    ) -> Result<(), ChainError> {
        let allowance = IToken::allowanceCall { owner, spender };
        if self.client.read(token, &allowance).await? < most {
            self.client.send(token, &IToken::approveCall { spender, value: most }).await?;
        }
        Ok(())
    }

    /// Principal and interest owed on `loan` now.
    pub async fn debt(&self, loan: &abi::Loan) -> Result<U256, ChainError> {
        let book = self.read(ITesseraPool::bookCall {}).await?;
        let owed = self.client.read(book, &ILoanBook::debtOfCall { loan: loan.clone() }).await?;
        Ok(owed.principal.saturating_add(owed.interest))
    }

    /// The record of the loan with this id, from the event that it was made with, and where it stands; none
    /// if the pool made no such loan.
    pub async fn loan(&self, id: B256) -> Result<Option<(abi::Loan, abi::LoanStatus)>, ChainError> {
        let event = self.client.event::<ITesseraPool::Borrowed>(self.address, id).await?;
        let Some(event) = event else { return Ok(None) };
        let book = self.read(ITesseraPool::bookCall {}).await?;
        let call = ILoanBook::statusOfCall { loan: event.loan.clone() };
        Ok(Some((event.loan, self.client.read(book, &call).await?)))
    }

    fn no_event(&self, action: &str) -> ChainError {
        ChainError::Answer { action: action.into(), to: self.address }
    }
}

fn check_statement(here: &Statement, there: StatementWords<U256>) -> Result<(), ChainError> {
    let here = here.to_bytes().map(U256::from_be_bytes);
    let words = statement::WORDS.iter().zip(here.into_iter().zip(there.into_array()));
    match words.into_iter().find(|(_, (here, there))| here != there) {
        None => Ok(()),
        Some((word, (here, there))) => {
            let [expected, found] = [here, there].map(|word| format!("{word:#066x}"));
            Err(ChainError::Statement { field: word.name, expected, found })
        }
    }
}
