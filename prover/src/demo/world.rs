//! Who and what is there before the borrower comes: accounts, model, contracts, money.

use super::{Options, anvil::Anvil, report::Transaction};
use crate::cli::{Failure, Progress};
use alloy::primitives::U256;
use std::sync::Mutex;
use tessera::chain::{
    Artifacts, Client, Deployment, DeploymentPlan, Journal, LimitsPlan, PolicyPlan, Pool, TierPlan,
    TokenPlan, abi::IToken, deploy,
};
use tessera::pipeline::{Warm, verifier_name};
use tessera_credential::AccountKey;
use tessera_import::{ImportOptions, import as import_model};
use tessera_model::{Package, Schema, Score};
use tessera_report::Report;

/// Anvil's first accounts, whose keys everybody knows.
const DEPLOYER: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const LENDER: &str = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const BORROWER: &str = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a";
const THIEF: &str = "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

/// Decimals of the demonstration's token.
pub const DECIMALS: u8 = 6;
const UNIT: u64 = 1_000_000;
const LIQUIDITY: u64 = 100_000 * UNIT;
/// The most that the tier pays out.
pub const MOST: u64 = 5_000 * UNIT;
const RATE: u64 = 80_000_000_000_000_000; // 8 % a year
const LATE_RATE: u64 = 50_000_000_000_000_000;
const TERM_DAYS: u32 = 90;

/// Everybody with a key.
pub struct People {
    pub deployer: AccountKey,
    pub lender: AccountKey,
    pub borrower: AccountKey,
    pub thief: AccountKey,
    pub attester: AccountKey,
}

impl People {
    /// Anvil's accounts, and a fresh attester, who needs no money.
    pub fn new() -> Result<Self, Failure> {
        let known = |key| AccountKey::from_hex(key, "anvil's accounts");
        Ok(Self {
            deployer: known(DEPLOYER)?,
            lender: known(LENDER)?,
            borrower: known(BORROWER)?,
            thief: known(THIEF)?,
            attester: AccountKey::random()?,
        })
    }
}

/// The example's model as a package. Imported again with the salt of an earlier run, so that the
/// keys made then still fit.
pub fn import(options: &Options) -> Result<Package, Failure> {
    let folder = options.out.join("package");
    let salt = Package::load(&folder).ok().map(|package| package.salt);
    let schema = Schema::load(&options.example.join("schema.json"))?;
    let model = options.example.join("model.json");
    let scaling = &options.points;
    let imported = import_model(&model, &schema, scaling, salt, &ImportOptions::default())?;
    imported.package.save(&folder)?;
    Report::of(&imported)?.save(&imported.package, &folder)?;
    Ok(imported.package)
}

/// The chain with a pool on it.
pub struct World {
    pub anvil_version: String,
    pub people: People,
    pub deployment: Deployment,
    pub url: String,
    /// As the deployer.
    pub client: Client,
    transactions: Mutex<Vec<Transaction>>,
}

impl World {
    /// Deploys everything for the model of `prover`, lets the lender deposit, and leaves the record `record`.
    pub async fn build(
        options: &Options,
        anvil: &Anvil,
        prover: &Warm,
        record: &str,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let people = People::new()?;
        let client = Client::connect(anvil.url(), Some(&people.deployer)).await?;
        let transactions: Mutex<Vec<Transaction>> = Mutex::default();
        let note = |transaction: Transaction| lock(&transactions).push(transaction);

        let artifacts = Artifacts::new(&options.contracts);
        let plan = plan(options, prover, &people)?;
        let deployment =
            deploy(&client, &artifacts, &plan, &Journal::in_memory(), &|what, receipt| {
                progress.note(format_args!("  {what:<20} {:>9} gas", receipt.gas_used));
                note(Transaction::new(what, receipt));
            })
            .await?;
        deployment.save(&options.out.join(record))?;

        let lender = Client::connect(anvil.url(), Some(&people.lender)).await?;
        let (token, pool) = (deployment.asset.address, deployment.pool.address);
        let liquidity = U256::from(LIQUIDITY);
        let receiver = people.lender.address();
        // The borrower gets a little of their own, to pay interest from.
        for (to, amount) in
            [(receiver, liquidity), (people.borrower.address(), U256::from(MOST / 10))]
        {
            client.send(token, &IToken::mintCall { to, amount }).await?;
        }
        note(Transaction::new("deposit", &Pool::new(lender, pool).deposit(liquidity).await?));

        let version = client.raw("web3_clientVersion", serde_json::json!([])).await?;
        let anvil_version = version.as_str().unwrap_or("unknown").to_owned();
        let url = anvil.url().to_owned();
        Ok(Self { anvil_version, people, deployment, url, client, transactions })
    }

    /// All that went through, in order.
    pub fn transactions(&self) -> Vec<Transaction> {
        lock(&self.transactions).clone()
    }

    /// Keeps a transaction for the report.
    pub fn note(&self, transaction: Transaction) {
        lock(&self.transactions).push(transaction);
    }

    /// The chain's clock, forward to `time`.
    pub async fn wait_until(&self, time: u64) -> Result<(), Failure> {
        self.client.raw("evm_setNextBlockTimestamp", serde_json::json!([time])).await?;
        self.client.raw("evm_mine", serde_json::json!([])).await?;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn plan(options: &Options, prover: &Warm, people: &People) -> Result<DeploymentPlan, Failure> {
    let threshold = u64::try_from(options.threshold.0).unwrap_or(0);
    Ok(DeploymentPlan {
        token: TokenPlan::Demo {
            name: "Demo Dollar".into(),
            symbol: "DUSD".into(),
            decimals: DECIMALS,
        },
        verifier: verifier_name(prover.segments()),
        policy: PolicyPlan {
            model_digest: prover.model_digest()?,
            schema: prover.package().schema.digest(),
            segments: prover.segments() as u64,
            base_rate: RATE,
            late_rate: LATE_RATE,
            grace_days: 10,
            tiers: vec![TierPlan {
                threshold,
                max_amount: MOST.into(),
                premium: 0,
                term_days: TERM_DAYS,
            }],
        },
        attesters: vec![people.attester.address()],
        shares: ("Tessera Demo Dollar".into(), "tDUSD".into()),
        delinquency_days: 60,
        notice_days: 0,
        limits: LimitsPlan {
            deposits: u128::from(10 * LIQUIDITY),
            utilisation: 950_000_000_000_000_000,
            cover: 0,
        },
    })
}

/// The first row that clears `threshold` by `margin`, and the first below it; rows from 1.
pub fn choose(scores: &[Score], threshold: Score, margin: Score) -> Option<(u64, u64)> {
    let find = |wanted: &dyn Fn(i64) -> bool| {
        scores.iter().position(|score| wanted(score.0)).map(|index| index as u64 + 1)
    };
    let comfortable = threshold.0.saturating_add(margin.0);
    Some((find(&|score| score >= comfortable)?, find(&|score| score < threshold.0)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_one_who_passes_and_one_who_does_not() {
        let scores: Vec<Score> = [12, 8, 30, 9].map(Score).into();
        assert_eq!(choose(&scores, Score(10), Score(5)), Some((3, 2)));
        assert_eq!(choose(&scores, Score(10), Score(50)), None);
        assert_eq!(choose(&scores, Score(1), Score(1)), None);
    }
}
