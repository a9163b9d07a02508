//! One borrower's story, from credential to repayment; and what is refused on the way.

use super::{
    Options,
    report::{Bill, Contracts, DemoReport, Refused, Rows, Versions},
    steps::{DAY, Proven},
    world::{World, choose},
};
use crate::cli::{Failure, Progress};
use tessera::{chain::Request, memory, pipeline::Warm};
use tessera_credential::Issued;
use tessera_farm::FarmProver;
use tessera_model::Score;

/// Points above the threshold that the borrower has at least.
const COMFORTABLE: Score = Score(10 << 32);

/// Everything that the steps share.
pub struct Story<'a> {
    pub options: &'a Options,
    pub world: &'a World,
    pub prover: &'a Warm,
    /// Proves the segments; if there is none, this process does.
    pub farm: Option<&'a FarmProver>,
    pub progress: &'a Progress,
}

/// What happened.
pub struct Told {
    proven: Proven,
    calldata_bytes: usize,
    verify_gas: u64,
    borrow_gas: u64,
    repay_gas: u64,
    refused: Vec<Refused>,
}

impl Story<'_> {
    /// Tells it. Attempts that must fail are made at the moment at which nothing but what they show
    /// is wrong with them, and count only with the right error.
    pub async fn tell(&self) -> Result<Told, Failure> {
        let people = &self.world.people;
        let (passing, failing) = self.rows()?;
        let issued = self.issue(passing, people.borrower.address(), "Ada").await?;
        self.say(format_args!("credential {} for held-out row {passing}", issued.credential.uid()));

        let request = self.request(&issued, self.world.client.now().await? + DAY).await?;
        let proven = self.prove(&issued, &request, self.progress)?;
        let proof = &proven.proof;
        self.keep(&issued, &request, proof)?;
        let (bytes, seconds) = (proof.proof.len(), proven.seconds);
        self.say(format_args!("proven in {seconds:.2} s: {bytes} bytes"));
        let verify_gas = self.verify(&request, proof).await?.gas_used;

        let mut refused = vec![self.too_low(failing).await?];
        let what = "the proof sent by another address";
        let error = &["NotTheSubject"];
        refused.push(self.refused(what, &people.thief, &request, &proof.proof, error).await?);
        let mut changed = proof.proof.clone();
        let middle = (changed.len() / 2) | 31; // the last byte of a word
        changed[middle] ^= 1;
        let what = "the proof with one byte changed";
        let errors = &["ProofRejected", "PointNotOnCurve"];
        refused.push(self.refused(what, &people.borrower, &request, &changed, errors).await?);

        let borrowed = self.borrow(&request, proof).await?;
        let what = "the same proof again";
        let error = &["WrongNonce"];
        refused.push(self.refused(what, &people.borrower, &request, &proof.proof, error).await?);

        // A second proof, with nothing wrong but that the first loan is open; good for longer than
        // the credential, so that later nothing is wrong with it but the credential's date.
        let expires = issued.credential.credential.expiresAt;
        let second = self.request(&issued, expires + 30 * DAY).await?;
        let again = self
            .progress
            .stage("second proof", || self.prove(&issued, &second, &Progress::silent()))?;
        let what = "the same credential for a second loan";
        let error = &["HolderAlreadyLocked"];
        let proof = &again.proof.proof;
        refused.push(self.refused(what, &people.borrower, &second, proof, error).await?);

        let repaid = self.repay(&borrowed.loan).await?;
        self.world.wait_until(expires).await?;
        let what = "an expired credential";
        let error = &["CredentialExpired"];
        refused.push(self.refused(what, &people.borrower, &second, proof, error).await?);

        Ok(Told {
            calldata_bytes: request.calldata(&proven.proof.proof).len(),
            proven,
            verify_gas,
            borrow_gas: borrowed.receipt.gas_used,
            repay_gas: repaid.receipt.gas_used,
            refused,
        })
    }

    /// A loan and nothing else, for what it costs.
    pub async fn bill(&self) -> Result<Bill, Failure> {
        let people = &self.world.people;
        let (passing, _) = self.rows()?;
        let issued = self.issue(passing, people.borrower.address(), "Ada").await?;
        let request = self.request(&issued, self.world.client.now().await? + DAY).await?;
        let proven = self.prove(&issued, &request, self.progress)?;
        let proof = &proven.proof;
        let verify_gas = self.verify(&request, proof).await?.gas_used;
        let borrowed = self.borrow(&request, proof).await?;
        self.repay(&borrowed.loan).await?;
        Ok(Bill {
            model_digest: self.prover.model_digest()?.to_string(),
            prove_seconds: proven.seconds,
            prove_peak_memory_bytes: proven.peak_memory,
            proof_bytes: proof.proof.len(),
            calldata_bytes: request.calldata(&proof.proof).len(),
            verify_gas,
            borrow_gas: borrowed.receipt.gas_used,
        })
    }

    /// Held-out rows of somebody who passes and of somebody who does not.
    fn rows(&self) -> Result<(u64, u64), Failure> {
        let path = self.options.example.join("golden.csv");
        let package = self.prover.package();
        let scores: Vec<Score> = tessera_import::score_csv(package, &path, Default::default())?
            .into_iter()
            .collect::<Result<_, _>>()?;
        choose(&scores, self.options.threshold, COMFORTABLE).ok_or_else(|| {
            Failure::input(format!(
                "{}: no rows on both sides of {} points",
                path.display(),
                self.options.threshold
            ))
            .hint("--threshold POINTS asks for others")
        })
    }

    /// What the pool asks to be proven for a loan to the credential's subject.
    async fn request(&self, issued: &Issued, deadline: u64) -> Result<Request, Failure> {
        let pool = self.pool(&self.world.people.borrower).await?;
        let terms = self.terms(issued.credential.credential.subject, deadline);
        Ok(pool.request(issued.credential.clone(), terms).await?)
    }
}

impl Told {
    /// The report, but for the size of the verifier's code, which the chain knows.
    pub fn report(self, story: &Story, keys_seconds: f64) -> Result<DemoReport, Failure> {
        let (world, prover) = (story.world, story.prover);
        let k = match prover {
            Warm::Aggregated(prover) => {
                Rows { segment: prover.segment_k(), aggregation: Some(prover.aggregation_k()?) }
            }
            Warm::Direct(prover) => Rows { segment: prover.plan().k, aggregation: None },
        };
        let place = &world.deployment;
        let peaks = [self.proven.peak_before, self.proven.peak_memory, memory::peak()];
        Ok(DemoReport {
            versions: Versions {
                tessera: env!("CARGO_PKG_VERSION"),
                anvil: world.anvil_version.clone(),
            },
            model_digest: prover.model_digest()?.to_string(),
            schema_digest: prover.package().schema.digest().to_string(),
            key_digest: self.proven.proof.verifier,
            srs_digest: self.proven.proof.srs,
            insecure_srs: self.proven.proof.insecure_srs,
            segments: prover.segments(),
            k,
            stages: story.progress.stages(),
            prove_seconds: self.proven.seconds,
            keys_seconds,
            peak_memory_bytes: peaks.into_iter().flatten().max(),
            prove_peak_memory_bytes: self.proven.peak_memory,
            proof_bytes: self.proven.proof.proof.len(),
            calldata_bytes: self.calldata_bytes,
            verifier_code_bytes: 0,
            verify_gas: self.verify_gas,
            borrow_gas: self.borrow_gas,
            repay_gas: self.repay_gas,
            contracts: Contracts {
                token: place.asset.address,
                registry: place.registry.address,
                verifier: place.verifier.address,
                underwriter: place.underwriter.address,
                pool: place.pool.address,
            },
            transactions: world.transactions(),
            refused: self.refused,
            direct: None,
        })
    }
}
