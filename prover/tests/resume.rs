//! A deployment that is cut off after any of its transactions goes on where it stopped, also if the last
//! one was sent and not noted.

mod common;

use alloy::primitives::{Address, U256};
use common::root;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tessera::chain::{
    Artifacts, ChainError, Client, Deployment, DeploymentPlan, Journal, LimitsPlan, PolicyPlan,
    Receipt, TierPlan, TokenPlan,
    abi::{ICredentialRegistry, ITesseraPool, ITesseraVault, IToken},
    deploy,
};
use tessera_credential::AccountKey;
use tokio::sync::Notify;

/// The first of anvil's accounts, whose key everybody knows.
const DEPLOYER: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/// A chain of its own, gone with the test.
struct Chain {
    anvil: Child,
    dir: TempDir,
    client: Client,
}

impl Drop for Chain {
    fn drop(&mut self) {
        let _ = self.anvil.kill();
        let _ = self.anvil.wait();
    }
}

impl Chain {
    async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let log = dir.path().join("anvil.log");
        let anvil = Command::new(root().join("tools/anvil"))
            .args(["--port", "0", "--enable-tx-gas-limit"])
            .stdin(Stdio::null())
            .stdout(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let url = loop {
            assert!(start.elapsed() < Duration::from_secs(60), "anvil did not start");
            let said = fs::read_to_string(&log).unwrap();
            if let Some(address) = said.lines().find_map(|l| l.strip_prefix("Listening on ")) {
                break format!("http://{}", address.trim());
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let key = AccountKey::from_hex(DEPLOYER, "anvil's accounts").unwrap();
        let client = Client::connect(&url, Some(&key)).await.unwrap();
        Self { anvil, dir, client }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn journal(&self, path: &Path) -> Journal {
        Journal::open(path, &self.client, &plan()).unwrap()
    }

    /// Deploys, and stops right after transaction number `last`.
    async fn cut_off(&self, path: &Path, last: usize) {
        let (sent, cut) = (AtomicUsize::new(0), Notify::new());
        let report = |_: &str, _: &Receipt| {
            if sent.fetch_add(1, Ordering::Relaxed) + 1 == last {
                cut.notify_one();
            }
        };
        let (artifacts, plan, journal) = (artifacts(), plan(), self.journal(path));
        tokio::select! {
            biased;
            () = cut.notified() => {}
            ended = deploy(&self.client, &artifacts, &plan, &journal, &report) => {
                ended.unwrap();
            }
        }
    }

    /// Goes on to the end: what was deployed, and how many transactions that took.
    async fn go_on(&self, path: &Path) -> Result<(Deployment, usize), ChainError> {
        let sent = AtomicUsize::new(0);
        let report = |_: &str, _: &Receipt| {
            sent.fetch_add(1, Ordering::Relaxed);
        };
        let made =
            deploy(&self.client, &artifacts(), &plan(), &self.journal(path), &report).await?;
        Ok((made, sent.into_inner()))
    }

    /// Everything is there, and belongs together.
    async fn check(&self, made: &Deployment) {
        let (client, plan) = (&self.client, plan());
        let (pool, vault) = (made.pool.address, made.vault.address);
        assert_eq!(client.read(pool, &ITesseraPool::vaultCall {}).await.unwrap(), vault);
        assert_eq!(client.read(pool, &ITesseraPool::bookCall {}).await.unwrap(), made.book.address);
        assert_eq!(
            client.read(pool, &ITesseraPool::assetCall {}).await.unwrap(),
            made.asset.address
        );
        let limits = client.read(vault, &ITesseraVault::limitsCall {}).await.unwrap();
        assert_eq!(U256::from(limits.deposits), U256::from(plan.limits.deposits));
        assert_eq!(limits.utilisation, plan.limits.utilisation);
        let registry = made.registry.address;
        for attester in plan.attesters {
            let call = ICredentialRegistry::attesterKeyCall { attester };
            assert_eq!(client.read(registry, &call).await.unwrap().issuer, attester);
        }
    }
}

fn artifacts() -> Artifacts {
    Artifacts::new(&root().join("out"))
}

fn plan() -> DeploymentPlan {
    let digest = |last: u64| format!("0x{last:064x}");
    DeploymentPlan {
        token: TokenPlan::Demo { name: "Dollar".into(), symbol: "D".into(), decimals: 6 },
        verifier: "TesseraVerifier2".into(),
        policy: PolicyPlan {
            model_digest: digest(7).parse().unwrap(),
            schema: digest(8).parse().unwrap(),
            segments: 2,
            base_rate: 80_000_000_000_000_000,
            late_rate: 0,
            grace_days: 10,
            tiers: vec![TierPlan { threshold: 1, max_amount: 1000, premium: 0, term_days: 90 }],
        },
        attesters: vec![Address::repeat_byte(1), Address::repeat_byte(2)],
        shares: ("Share".into(), "S".into()),
        delinquency_days: 60,
        notice_days: 3,
        limits: LimitsPlan { deposits: 5000, utilisation: 900_000_000_000_000_000, cover: 0 },
    }
}

/// Names of the steps that a journal holds.
fn steps(path: &Path) -> BTreeSet<String> {
    let journal: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    journal["steps"].as_object().unwrap().keys().cloned().collect()
}

fn strike_out(path: &Path, step: &str) {
    let mut journal: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    journal["steps"].as_object_mut().unwrap().remove(step).unwrap();
    fs::write(path, serde_json::to_vec(&journal).unwrap()).unwrap();
}

#[tokio::test]
async fn goes_on_after_every_transaction() {
    let chain = Chain::start().await;
    let (whole, all) = chain.go_on(&chain.path("whole.json")).await.unwrap();
    chain.check(&whole).await;
    assert_eq!(steps(&chain.path("whole.json")).len(), all);
    for last in 1..=all {
        let path = chain.path(&format!("{last}.json"));
        chain.cut_off(&path, last).await;
        assert_eq!(steps(&path).len(), last);
        let (made, sent) = chain.go_on(&path).await.unwrap();
        assert_eq!(last + sent, all, "cut off after transaction {last}");
        chain.check(&made).await;
    }
}

/// Killed between sending and noting: the journal lacks the newest step.
#[tokio::test]
async fn goes_on_after_a_transaction_that_was_not_noted() {
    let chain = Chain::start().await;
    let (_, all) = chain.go_on(&chain.path("whole.json")).await.unwrap();
    let mut before = BTreeSet::new();
    for last in 1..=all {
        let path = chain.path(&format!("{last}.json"));
        chain.cut_off(&path, last).await;
        let now = steps(&path);
        let newest = now.difference(&before).next().unwrap();
        strike_out(&path, newest);
        let (made, _) = chain.go_on(&path).await.unwrap();
        chain.check(&made).await;
        before = now;
    }
}

/// The vault has to come right after its pool, or that pool gets none: both are made anew.
#[tokio::test]
async fn a_pool_without_its_vault_is_made_anew() {
    let chain = Chain::start().await;
    let (_, all) = chain.go_on(&chain.path("whole.json")).await.unwrap();
    let path = chain.path("journal.json");
    let pool = 6;
    chain.cut_off(&path, pool).await;
    assert!(steps(&path).contains("TesseraPool") && !steps(&path).contains("TesseraVault"));
    let journal: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let token: Address = journal["steps"]["DemoToken"].as_str().unwrap().parse().unwrap();
    let call = IToken::mintCall { to: token, amount: U256::from(1) };
    chain.client.send(token, &call).await.unwrap();
    let (made, sent) = chain.go_on(&path).await.unwrap();
    assert_eq!(pool + sent, all + 1);
    chain.check(&made).await;
}

#[tokio::test]
async fn another_chains_or_plans_journal_is_refused() {
    let chain = Chain::start().await;
    let path = chain.path("journal.json");
    let fresh = chain.client.raw("evm_snapshot", serde_json::json!([])).await.unwrap();
    chain.cut_off(&path, 3).await;
    let kept = fs::read(&path).unwrap();
    chain.client.raw("evm_revert", serde_json::json!([fresh])).await.unwrap();
    match chain.go_on(&path).await {
        Err(ChainError::NotOnChain { path: named, contract, .. }) => {
            assert_eq!((named.as_path(), contract.as_str()), (path.as_path(), "TesseraVerifier2"));
        }
        other => panic!("{other:?}"),
    }
    let mut dearer = plan();
    dearer.policy.base_rate += 1;
    let opened = Journal::open(&path, &chain.client, &dearer);
    assert!(matches!(opened, Err(ChainError::OtherPlan { .. })));
    assert_eq!(fs::read(&path).unwrap(), kept);
}
