//! A pool with all that it stands on, from compiled contracts.

use super::{
    Artifacts, ChainError, Client, LOCAL_CHAIN, Receipt,
    abi::{self, ICredentialRegistry, ITesseraPool, ITesseraVerifier},
};
use alloy::{
    primitives::{Address, B256, U256, keccak256},
    sol_types::SolValue,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{ArtifactError, Secrecy, write_json};
use tessera_core::{ModelDigest, SchemaDigest};

const KIND: &str = "tessera.deployment";
const VERSION: u32 = 1;
const LIMIT: u64 = 64 << 10;
const DAY: u32 = 86_400;

/// What to deploy.
#[derive(Clone, Debug)]
pub struct Plan {
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
    /// Deposits and loans.
    pub pool: Placed,
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

/// Creates verifier, manager, registry, token, underwriter and pool from the client's account,
/// registers the attesters and lets the pool lock. `report` hears of every transaction.
///
/// # Errors
/// A verifier of a development SRS off [`LOCAL_CHAIN`], contracts that are not compiled, and what
/// the node says. What was deployed until then stays.
pub async fn deploy(
    client: &Client,
    artifacts: &Artifacts,
    plan: &Plan,
    report: &(dyn Fn(&str, &Receipt) + Sync),
) -> Result<Deployment, ChainError> {
    let from = client.account().ok_or(ChainError::NoAccount { action: "deploying".into() })?;
    let create = async |file: &str, arguments: Vec<u8>| {
        let code = artifacts.creation_code(file, file)?;
        let (address, receipt) = client.create(file, code, arguments).await?;
        report(file, &receipt);
        Ok::<_, ChainError>(address)
    };

    // First, so that a development verifier is refused before anything else is there.
    let verifier = create(&plan.verifier, vec![]).await?;
    let insecure_srs = client.read(verifier, &ITesseraVerifier::INSECURE_SRSCall {}).await?;
    if insecure_srs && client.chain_id() != LOCAL_CHAIN {
        return Err(ChainError::Insecure { verifier, chain_id: client.chain_id() });
    }
    let manager = create("AccessManager", from.abi_encode()).await?;
    let registry = create("CredentialRegistry", manager.abi_encode()).await?;
    let asset = match &plan.token {
        TokenPlan::Existing(token) => *token,
        TokenPlan::Demo { name, symbol, decimals } => {
            let arguments = (name, symbol, U256::from(*decimals)).abi_encode_params();
            create("DemoToken", arguments).await?
        }
    };
    let policy = policy_config(&plan.policy, verifier);
    let arguments = (registry, manager, policy).abi_encode_params();
    let underwriter = create("Underwriter", arguments).await?;
    let config = abi::PoolConfig {
        asset,
        name: plan.shares.0.clone(),
        symbol: plan.shares.1.clone(),
        underwriter,
        delinquencyPeriod: plan.delinquency_days.saturating_mul(DAY),
        authority: manager,
    };
    let pool = create("TesseraPool", config.abi_encode()).await?;

    let valid_from = client.now().await?;
    for attester in &plan.attesters {
        let (attester, issuer) = (*attester, *attester);
        let call = ICredentialRegistry::addAttesterCall { attester, issuer, validFrom: valid_from };
        report("addAttester", &client.send(registry, &call).await?);
    }
    let call = ICredentialRegistry::allowPoolCall { pool };
    report("allowPool", &client.send(registry, &call).await?);

    let placed = async |address: Address| {
        let code_hash = keccak256(client.code(address).await?);
        Ok::<_, ChainError>(Placed { address, code_hash })
    };
    Ok(Deployment {
        chain_id: client.chain_id(),
        verifier_name: plan.verifier.clone(),
        verifier_key_digest: client.read(verifier, &ITesseraVerifier::KEY_DIGESTCall {}).await?,
        srs_digest: client.read(verifier, &ITesseraVerifier::SRS_DIGESTCall {}).await?,
        insecure_srs,
        policy_id: client.read(pool, &ITesseraPool::policyIdCall {}).await?,
        asset: placed(asset).await?,
        manager: placed(manager).await?,
        registry: placed(registry).await?,
        verifier: placed(verifier).await?,
        underwriter: placed(underwriter).await?,
        pool: placed(pool).await?,
    })
}

fn policy_config(policy: &PolicyPlan, verifier: Address) -> abi::PolicyConfig {
    let tier = |tier: &TierPlan| abi::Tier {
        threshold: tier.threshold,
        maxAmount: tier.max_amount,
        premium: tier.premium,
        term: tier.term_days.saturating_mul(DAY),
    };
    abi::PolicyConfig {
        verifier,
        modelDigest: U256::from_be_bytes(policy.model_digest.to_be_bytes()),
        schema: U256::from_be_bytes(policy.schema.to_be_bytes()),
        pricing: abi::Pricing {
            baseRate: policy.base_rate,
            lateRate: policy.late_rate,
            grace: policy.grace_days.saturating_mul(DAY),
        },
        tiers: policy.tiers.iter().map(tier).collect(),
    }
}
