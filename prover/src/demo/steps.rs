//! The steps of the story, each for itself.

use super::{
    report::{Refused, Transaction},
    story::Story,
    world::{DECIMALS, MOST},
};
use crate::cli::{Failure, Progress, row, tokens};
use alloy::primitives::{Address, Bytes, U256};
use std::time::Instant;
use tessera::{
    chain::{
        Borrowed, ChainError, Client, LoanTerms, Pool, Receipt, Repaid, Request,
        abi::{ITesseraVerifier, Loan},
    },
    memory,
    pipeline::Warm,
};
use tessera_artifact::{Secrecy, write};
use tessera_credential::{AccountKey, Exposure, Grant, Home, Issued, issue};
use tessera_model::schema::Rounding;
use tessera_proving::{ProofFile, ProvingError, Secrets};

pub const DAY: u64 = 86_400;
/// How long the attester vouches.
const VALID: u64 = 90 * DAY;
/// Gas for transactions that are sent though they will fail; EIP-7825's limit for one.
const GAS: u64 = 16_777_216;

/// A proof and what it cost.
pub struct Proven {
    pub proof: ProofFile,
    pub seconds: f64,
    pub peak_memory: Option<u64>,
    /// Of everything before it.
    pub peak_before: Option<u64>,
}

impl Story<'_> {
    /// The pool as `key` sees it.
    pub async fn pool(&self, key: &AccountKey) -> Result<Pool, Failure> {
        let client = Client::connect(&self.world.url, Some(key)).await?;
        Ok(Pool::new(client, self.world.deployment.pool.address))
    }

    /// A credential for row number `number` of the held-out data.
    pub async fn issue(
        &self,
        number: u64,
        subject: Address,
        person: &str,
    ) -> Result<Issued, Failure> {
        let schema = &self.prover.package().schema;
        let features =
            row(&self.options.example.join("golden.csv"), schema, number, Rounding::Refused)?;
        let deployment = &self.world.deployment;
        let home = Home { chain_id: deployment.chain_id, registry: deployment.registry.address };
        let attester = &self.world.people.attester;
        let issued_at = self.world.client.now().await?;
        let grant = Grant {
            subject,
            holder: attester.pseudonym(&home, person),
            issued_at,
            expires_at: issued_at + VALID,
            exposure: Exposure { asset: deployment.asset.address, max: MOST.into() },
        };
        Ok(issue(attester, home, schema, features, grant)?)
    }

    /// What the borrower asks for, good until `deadline`.
    pub fn terms(&self, receiver: Address, deadline: u64) -> LoanTerms {
        LoanTerms { receiver, amount: U256::from(MOST), tier: 0, deadline }
    }

    /// The proof for `request`.
    pub fn prove(
        &self,
        issued: &Issued,
        request: &Request,
        progress: &Progress,
    ) -> Result<Proven, ProvingError> {
        let opening = &issued.opening;
        let secrets =
            Secrets { features: opening.features().clone(), blinding: opening.blinding().clone() };
        let statement = &request.statement;
        let before = memory::peak();
        memory::reset();
        let start = Instant::now();
        let proof = tokio::task::block_in_place(|| {
            let report = |event| progress.event(event);
            let (threshold, context) = (statement.threshold, statement.context);
            match (self.prover, self.farm) {
                (Warm::Aggregated(prover), Some(farm)) => {
                    prover.prove(&secrets, threshold, context, farm, &report)
                }
                (prover, _) => prover.prove(&secrets, threshold, context, &report),
            }
        })?;
        let (seconds, peak_memory) = (start.elapsed().as_secs_f64(), memory::peak());
        Ok(Proven { proof, seconds, peak_memory, peak_before: before })
    }

    /// Leaves what was used in the folder.
    pub fn keep(
        &self,
        issued: &Issued,
        request: &Request,
        proof: &ProofFile,
    ) -> Result<(), Failure> {
        let path = |name| self.options.out.join(name);
        issued.credential.save(&path("credential.json"))?;
        write(&path("opening.json"), &issued.opening.to_bytes()?, Secrecy::Secret)?;
        request.save(&path("request.json"))?;
        proof.save(&path("proof.json"))?;
        let public = |name, text: String| write(&path(name), text.as_bytes(), Secrecy::Public);
        let statement = serde_json::to_string_pretty(&request.statement);
        let statement =
            statement.map_err(|error| Failure::fault(format!("the statement: {error}")))?;
        public("statement.json", statement + "\n")?;
        public("calldata.hex", format!("{}\n", request.calldata(&proof.proof)))?;
        Ok(())
    }

    /// A transaction that does nothing but call the verifier.
    pub async fn verify(&self, request: &Request, proof: &ProofFile) -> Result<Receipt, Failure> {
        let call = ITesseraVerifier::verifyCall {
            statement: (&request.statement).into(),
            proof: Bytes::copy_from_slice(&proof.proof),
        };
        let verifier = self.world.deployment.verifier.address;
        let receipt = self.world.client.send(verifier, &call).await?;
        self.world.note(Transaction::new("verify", &receipt));
        Ok(receipt)
    }

    /// The loan.
    pub async fn borrow(&self, request: &Request, proof: &ProofFile) -> Result<Borrowed, Failure> {
        let pool = self.pool(&self.world.people.borrower).await?;
        let borrowed = pool.borrow(request, &proof.proof).await?;
        self.world.note(Transaction::new("borrow", &borrowed.receipt));
        let amount = tokens(request.terms.amount, DECIMALS);
        self.say(format_args!("loan {} paid out: {amount} DUSD", borrowed.id));
        Ok(borrowed)
    }

    /// Half of the loan, and a month later the rest.
    pub async fn repay(&self, loan: &Loan) -> Result<Repaid, Failure> {
        let pool = self.pool(&self.world.people.borrower).await?;
        let mut part = pool.repay(loan, Some(U256::from(MOST / 2))).await?;
        self.world.note(Transaction::new("repay a part", &part.receipt));
        while !part.left.is_zero() {
            self.world.wait_until(self.world.client.now().await? + 30 * DAY).await?;
            part = pool.repay(loan, None).await?;
            self.world.note(Transaction::new("repay the rest", &part.receipt));
        }
        let interest = tokens(part.interest, DECIMALS);
        self.say(format_args!(
            "half repaid at once, the rest after 30 days with {interest} DUSD of interest"
        ));
        Ok(part)
    }

    /// The prover says that the score is too low, and not by how much.
    pub async fn too_low(&self, number: u64) -> Result<Refused, Failure> {
        let thief = &self.world.people.thief;
        let issued = self.issue(number, thief.address(), "Bob").await?;
        let deadline = self.world.client.now().await? + DAY;
        let terms = self.terms(thief.address(), deadline);
        let pool = self.pool(thief).await?;
        let request = pool.request(issued.credential.clone(), terms).await?;
        match self.prove(&issued, &request, &Progress::silent()) {
            Err(error @ ProvingError::ScoreTooLow) => Ok(Refused {
                what: "a score that is too low",
                by: "prover",
                error: "ScoreTooLow".into(),
                message: error.to_string(),
                transaction: None,
            }),
            Err(error) => Err(error.into()),
            Ok(_) => Err(Failure::fault("a score below the threshold was proven to reach it")),
        }
    }

    /// Sends `request` with `proof` as `sender`; the chain has to refuse with the error `expected`.
    pub async fn refused(
        &self,
        what: &'static str,
        sender: &AccountKey,
        request: &Request,
        proof: &[u8],
        expected: &[&str],
    ) -> Result<Refused, Failure> {
        let pool = self.pool(sender).await?;
        let sent = pool.client().send_regardless(pool.address(), &request.call(proof), GAS).await;
        match sent {
            Err(ChainError::Refused { refusal, transaction, .. })
                if expected.contains(&refusal.name.as_str()) =>
            {
                Ok(Refused {
                    what,
                    by: "chain",
                    error: refusal.name,
                    message: refusal.message,
                    transaction,
                })
            }
            Err(error) => Err(Failure::fault(format!("{what}: {error}, instead of {expected:?}"))),
            Ok(receipt) => Err(Failure::fault(format!(
                "{what} was not refused: transaction {}",
                receipt.transaction
            ))),
        }
    }

    /// A line of the story.
    pub fn say(&self, line: impl std::fmt::Display) {
        self.progress.line(format_args!("  {line}"));
    }
}
