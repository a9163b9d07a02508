//! A pool with all that it stands on, from compiled contracts.

use super::{
    Artifacts, ChainError, Client, LOCAL_CHAIN, Receipt,
    abi::{self, ICredentialRegistry, ITesseraVault, ITesseraVerifier, IToken, IUnderwriter},
};
use alloy::{
    primitives::{
        Address, B256, U256,
        aliases::{U40, U96},
        keccak256,
    },
    sol_types::SolValue,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};
use tessera_artifact::{ArtifactError, Secrecy, read_json, write_json};
use tessera_core::{ModelDigest, SchemaDigest};

const KIND: &str = "tessera.deployment";
const VERSION: u32 = 1;
const LIMIT: u64 = 64 << 10;
const DAY: u32 = 86_400;
const JOURNAL_KIND: &str = "tessera.deployment-journal";
const POOL: &str = "TesseraPool";
const VAULT: &str = "TesseraVault";

/// What of a deployment was done already, in a file that is written after every transaction: an
/// interrupted deployment goes on where it stopped.
#[derive(Debug)]
pub struct Journal {
    path: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    /// What is deployed, where and by whom.
    plan: B256,
    /// Address of each contract made, and whom each call went to.
    steps: BTreeMap<String, Address>,
}

impl Journal {
    /// One that nothing is written of.
    pub fn in_memory() -> Self {
        let kept = Kept { plan: B256::ZERO, steps: BTreeMap::new() };
        Self { path: None, kept: Mutex::new(kept) }
    }

    /// Opens the journal at `path`, or starts it there: the file is written before anything is sent.
    ///
    /// # Errors
    /// A file that cannot be written, and one of another plan, chain or account.
    pub fn open(path: &Path, client: &Client, plan: &DeploymentPlan) -> Result<Self, ChainError> {
        let what = format!("{} {:?} {plan:?}", client.chain_id(), client.account());
        let plan = keccak256(what);
        let kept = if path.exists() {
            let kept: Kept = read_json(path, JOURNAL_KIND, VERSION, LIMIT)?;
            // One that says of no transaction keeps nobody from starting otherwise.
            match kept.plan == plan {
                true => kept,
                false if kept.steps.is_empty() => Kept { plan, steps: BTreeMap::new() },
                false => return Err(ChainError::OtherPlan { path: path.into() }),
            }
        } else {
            Kept { plan, steps: BTreeMap::new() }
        };
        let journal = Self { path: Some(path.into()), kept: Mutex::new(kept) };
        journal.change(|_| ())?;
        Ok(journal)
    }

    /// How many transactions went through before.
    pub fn steps(&self) -> usize {
        self.lock().steps.len()
    }

    /// Removes the file: the deployment is complete.
    pub fn finish(self) {
        if let Some(path) = self.path {
            // What is left of it says only what the record says better.
            let _ = std::fs::remove_file(path);
        }
    }

    fn get(&self, step: &str) -> Option<Address> {
        self.lock().steps.get(step).copied()
    }

    fn note(&self, step: &str, address: Address) -> Result<(), ChainError> {
        self.change(|kept| {
            kept.steps.insert(step.into(), address);
        })
    }

    fn forget(&self, step: &str) -> Result<(), ChainError> {
        self.change(|kept| {
            kept.steps.remove(step);
        })
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), ChainError> {
        let mut kept = self.lock();
        change(&mut kept);
        match &self.path {
            Some(path) => Ok(write_json(path, JOURNAL_KIND, VERSION, &*kept, Secrecy::Public)?),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What to deploy.
#[derive(Clone, Debug)]
pub struct DeploymentPlan {
    /// What is lent.
    pub token: TokenPlan,
    /// Name of the generated verifier's contract and file.
    pub verifier: String,
    /// Who decides, and at what price.
    pub policy: PolicyPlan,
    /// Keys whose credentials count from now on; each is its own issuer.
    pub attesters: Vec<Address>,
    /// Name and symbol of the depositors' shares.
    pub shares: (String, String),
    /// Days from the end of grace until a loan is in default.
    pub delinquency_days: u32,
    /// Days from a redemption request until it may be settled; 0 redeems shares at once.
    pub notice_days: u32,
    /// How far the pool is open from the start.
    pub limits: LimitsPlan,
}

/// How far a pool may be filled and lent out.
#[derive(Clone, Copy, Debug)]
pub struct LimitsPlan {
    /// Most that cash and loans may come to, in the token's smallest unit.
    pub deposits: u128,
    /// Most of it that may be lent, in 1e-18.
    pub utilisation: u64,
    /// Least first-loss cover as a share of the loans, in 1e-18.
    pub cover: u64,
}

/// What is lent.
#[derive(Clone, Debug)]
pub enum TokenPlan {
    /// A token that is there.
    Existing(Address),
    /// A new one that anybody may mint; for local chains.
    Demo {
        /// Its name.
        name: String,
        /// Its symbol.
        symbol: String,
        /// Its decimals.
        decimals: u8,
    },
}

/// The first policy of a pool.
#[derive(Clone, Debug)]
pub struct PolicyPlan {
    /// Digest of the model that decides.
    pub model_digest: ModelDigest,
    /// Digest of the schema that it reads.
    pub schema: SchemaDigest,
    /// Segments of the model, which the verifier has to be made for.
    pub segments: u64,
    /// A year's interest, in 1e-18.
    pub base_rate: u64,
    /// Added after the due date.
    pub late_rate: u64,
    /// Days from due date to delinquency.
    pub grace_days: u32,
    /// Bands of scores.
    pub tiers: Vec<TierPlan>,
}

/// One band of scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierPlan {
    /// The score to reach, in points × 2^32.
    pub threshold: u64,
    /// The most that one loan pays out, in the token's smallest unit.
    pub max_amount: u128,
    /// Added to the base rate.
    pub premium: u64,
    /// Days until a loan is due.
    pub term_days: u32,
}

/// Where everything is; the same fields as the deployment script's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Name of the verifier's contract.
    pub verifier_name: String,
    /// Identifies the aggregation verifying key.
    pub verifier_key_digest: B256,
    /// Identifies the structured reference string.
    pub srs_digest: B256,
    /// Its secret is published.
    pub insecure_srs: bool,
    /// The first policy.
    pub policy_id: B256,
    /// The token that is lent.
    pub asset: Placed,
    /// OpenZeppelin AccessManager; its administrator is the account that deployed.
    pub manager: Placed,
    /// Credentials and locks.
    pub registry: Placed,
    /// Proofs.
    pub verifier: Placed,
    /// Policies and decisions.
    pub underwriter: Placed,
    /// Requests and repayments.
    pub pool: Placed,
    /// Loans and their value.
    pub book: Placed,
    /// Deposits, cash and cover.
    pub vault: Placed,
}

/// A contract in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    /// Where it is.
    pub address: Address,
    /// Keccak-256 of its code.
    pub code_hash: B256,
}

impl Deployment {
    /// Writes the file.
    pub fn save(&self, path: &Path) -> Result<(), ChainError> {
        Ok(write_json(path, KIND, VERSION, self, Secrecy::Public)?)
    }

    /// Reads a file of [`Self::save`] or of the deployment script.
    pub fn load(path: &Path) -> Result<Self, ChainError> {
        let bytes = tessera_artifact::read(path, LIMIT)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column, reason) = (error.line(), error.column(), error.to_string());
            ArtifactError::Json { path: path.into(), line, column, reason }.into()
        })
    }
}

/// Creates verifier, manager, registry, token, underwriter, pool and vault from the client's account,
/// opens the vault as far as `plan` says, registers the attesters and lets the pool lock. `report` hears
/// of every transaction.
///
/// # Errors
/// A verifier of a development SRS off [`LOCAL_CHAIN`] or of another number of segments than the
/// policy's model, contracts that are not compiled, and what the node says. What was deployed until
/// then stays; all that can be checked before the first transaction is.
pub async fn deploy(
    client: &Client,
    artifacts: &Artifacts,
    plan: &DeploymentPlan,
    journal: &Journal,
    report: &(dyn Fn(&str, &Receipt) + Sync),
) -> Result<Deployment, ChainError> {
    let from = client.account().ok_or(ChainError::NoAccount { action: "deploying".into() })?;
    check(client, artifacts, plan).await?;
    let create = async |file: &str, arguments: Vec<u8>| {
        if let Some(address) = journal.get(file) {
            if client.code(address).await?.is_empty() {
                let path = journal.path.clone().unwrap_or_default();
                return Err(ChainError::NotOnChain { path, contract: file.into(), address });
            }
            return Ok(address);
        }
        let code = artifacts.creation_code(file, file)?;
        let (address, receipt) = client.create(file, code, arguments).await?;
        journal.note(file, address)?;
        report(file, &receipt);
        Ok::<_, ChainError>(address)
    };

    // First, so that a wrong verifier is refused before anything else is there.
    let verifier = create(&plan.verifier, vec![]).await?;
    let insecure_srs = check_verifier(client, verifier, plan).await?;
    let manager = create("AccessManager", from.abi_encode()).await?;
    let registry = create("CredentialRegistry", manager.abi_encode()).await?;
    let asset = match &plan.token {
        TokenPlan::Existing(token) => *token,
        TokenPlan::Demo { name, symbol, decimals } => {
            let arguments = (name, symbol, U256::from(*decimals)).abi_encode_params();
            create("DemoToken", arguments).await?
        }
    };
    let policy = policy_config(&plan.policy, verifier, asset);
    let arguments = (registry, manager, policy).abi_encode_params();
    let underwriter = create("Underwriter", arguments).await?;
    // Pool and vault name each other: the vault comes right after the pool.
    let mut vault = from.create(client.nonce().await? + 1);
    if let Some(pool) = journal.get(POOL) {
        vault = client.read(pool, &abi::ITesseraPool::vaultCall {}).await?;
        // Interrupted between the two, and another transaction sent since: that pool gets no vault.
        if journal.get(VAULT).is_none() && vault != from.create(client.nonce().await?) {
            journal.forget(POOL)?;
            vault = from.create(client.nonce().await? + 1);
        }
    }
    let config = abi::PoolConfig {
        asset,
        underwriter,
        delinquencyPeriod: plan.delinquency_days.saturating_mul(DAY),
        authority: manager,
        vault,
    };
    let pool = create(POOL, config.abi_encode()).await?;
    let config = abi::VaultConfig {
        pool,
        name: plan.shares.0.clone(),
        symbol: plan.shares.1.clone(),
        notice: plan.notice_days.saturating_mul(DAY),
    };
    let placed_vault = create(VAULT, config.abi_encode()).await?;
    if placed_vault != vault {
        return Err(ChainError::Answer { action: "the vault's creation".into(), to: placed_vault });
    }

    let valid_from = client.now().await?;
    for attester in &plan.attesters {
        let (attester, issuer) = (*attester, *attester);
        // A credential is dated back a minute, for clocks.
        let valid_from = U40::saturating_from(valid_from.saturating_sub(3600));
        let call = ICredentialRegistry::addAttesterCall { attester, issuer, validFrom: valid_from };
        let step = format!("addAttester {attester}");
        if journal.get(&step).is_some() {
            continue;
        }
        // An earlier run may have been cut off before it noted what it had sent, and a key is
        // registered once.
        let known =
            client.read(registry, &ICredentialRegistry::attesterKeyCall { attester }).await?;
        if known.issuer.is_zero() {
            report("addAttester", &client.send(registry, &call).await?);
        }
        journal.note(&step, registry)?;
    }
    if journal.get("allowPool").is_none() {
        let call = ICredentialRegistry::allowPoolCall { pool };
        report("allowPool", &client.send(registry, &call).await?);
        journal.note("allowPool", registry)?;
    }
    let LimitsPlan { deposits, utilisation, cover } = plan.limits;
    let deposits = U96::saturating_from(deposits);
    if journal.get("setLimits").is_none() {
        let next = abi::Limits { deposits, utilisation, cover };
        report("setLimits", &client.send(vault, &ITesseraVault::setLimitsCall { next }).await?);
        journal.note("setLimits", vault)?;
    }

    let placed = async |address: Address| {
        let code_hash = keccak256(client.code(address).await?);
        Ok::<_, ChainError>(Placed { address, code_hash })
    };
    let book = client.read(pool, &abi::ITesseraPool::bookCall {}).await?;
    Ok(Deployment {
        chain_id: client.chain_id(),
        verifier_name: plan.verifier.clone(),
        verifier_key_digest: client.read(verifier, &ITesseraVerifier::KEY_DIGESTCall {}).await?,
        srs_digest: client.read(verifier, &ITesseraVerifier::SRS_DIGESTCall {}).await?,
        insecure_srs,
        policy_id: client.read(underwriter, &IUnderwriter::policyIdCall {}).await?,
        asset: placed(asset).await?,
        manager: placed(manager).await?,
        registry: placed(registry).await?,
        verifier: placed(verifier).await?,
        underwriter: placed(underwriter).await?,
        pool: placed(pool).await?,
        book: placed(book).await?,
        vault: placed(vault).await?,
    })
}

/// All that can be known before anything is sent: that every contract is compiled, and the token there.
async fn check(
    client: &Client,
    artifacts: &Artifacts,
    plan: &DeploymentPlan,
) -> Result<(), ChainError> {
    let ours = [&plan.verifier, "AccessManager", "CredentialRegistry", "Underwriter", POOL, VAULT];
    for name in ours {
        artifacts.creation_code(name, name)?;
    }
    match &plan.token {
        TokenPlan::Existing(token) => {
            client.read(*token, &IToken::decimalsCall {}).await?;
        }
        TokenPlan::Demo { .. } => {
            artifacts.creation_code("DemoToken", "DemoToken")?;
        }
    }
    Ok(())
}

/// Whether its reference string is insecure, which local chains take.
async fn check_verifier(
    client: &Client,
    verifier: Address,
    plan: &DeploymentPlan,
) -> Result<bool, ChainError> {
    let insecure = client.read(verifier, &ITesseraVerifier::INSECURE_SRSCall {}).await?;
    if insecure && client.chain_id() != LOCAL_CHAIN {
        return Err(ChainError::Insecure { verifier, chain_id: client.chain_id() });
    }
    let segments = client.read(verifier, &ITesseraVerifier::SEGMENTSCall {}).await?;
    let expected = plan.policy.segments;
    if segments != U256::from(expected) {
        let verifier = plan.verifier.clone();
        return Err(ChainError::Segments { verifier, expected, found: segments });
    }
    Ok(insecure)
}

fn policy_config(policy: &PolicyPlan, verifier: Address, asset: Address) -> abi::PolicyConfig {
    let tier = |tier: &TierPlan| abi::Tier {
        threshold: tier.threshold,
        maxAmount: U96::saturating_from(tier.max_amount),
        premium: tier.premium,
        term: tier.term_days.saturating_mul(DAY),
    };
    abi::PolicyConfig {
        rule: abi::Rule {
            verifier,
            modelDigest: U256::from_be_bytes(policy.model_digest.to_be_bytes()),
            schema: U256::from_be_bytes(policy.schema.to_be_bytes()),
            segments: U256::from(policy.segments),
            thresholds: vec![],
            issuers: vec![],
            maxAge: 0,
            from: 0,
            to: 0,
        },
        asset,
        pricing: abi::Pricing {
            baseRate: policy.base_rate,
            lateRate: policy.late_rate,
            grace: policy.grace_days.saturating_mul(DAY),
            line: false,
        },
        tiers: policy.tiers.iter().map(tier).collect(),
    }
}
