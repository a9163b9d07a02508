//! A package with its keys: what proofs of one model are made with.

use crate::{
    ProofFile, ProvingError, Report, Secrets, SegmentJob, Stage, event::stage, job::JobError,
    verify,
};
use rayon::prelude::*;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tessera_aggregate::{
    AggregationKey, VerifierSpec, Witness, circuit::Partial, key::circuit_size, prove as aggregate,
};
use tessera_artifact::Sha256Digest;
use tessera_core::{
    Context, FeatureCommitment, FixedPoint, Fr, ModelDigest, Secret, SegmentIndex, Statement,
    commitment::features_digest, mutant, random,
};
use tessera_model::Package;
use tessera_segment::{
    Plan, Proof, ProofError, ProvingKey, Unverified, Verified, VerifyingKey,
    circuit::commit_partial,
    key::{Form, model_digest},
    salt::SaltSource,
};
use tessera_setup::{Srs, SrsSource};
use zeroize::Zeroizing;

/// Proves segments, in this process or elsewhere.
///
/// What is delivered is verified by whoever gave the jobs, so a prover need not be trusted with anything
/// but the secrets in its jobs.
pub trait SegmentProver {
    /// Proves all `jobs`, in any order, and hands each proof to `deliver` as soon as it is there.
    ///
    /// # Errors
    /// When a job can't be done at all. One whose proof was [`Refused`] may be tried again.
    fn prove(&self, jobs: Vec<SegmentJob>, deliver: Delivery) -> Result<(), ProvingError>;
}

/// Takes the proof of a segment: verifies it, keeps it, and says whether it counts. The first valid proof
/// of a segment counts; later ones are accepted and dropped.
pub type Delivery<'a> = &'a (dyn Fn(SegmentIndex, Proof<Unverified>) -> Result<(), Refused> + Sync);

/// Why a delivered proof does not count.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such segment among the jobs.
    #[error("there is no segment {0}")]
    NoSuchSegment(SegmentIndex),
    /// Under another key than the segment's: of another segment, package or cut.
    #[error("the proof is under another key than the segment's")]
    OtherKey,
    /// Of other secrets than the job's.
    #[error("the proof is of other secrets than the job's")]
    OtherSecrets,
    /// It does not hold.
    #[error(transparent)]
    Invalid(ProofError),
}

/// A package, cut into segments, with the keys of those that were needed so far. Keys stay warm from one
/// proof to the next.
///
/// Keys are made anew in each process: that takes about as long as reading them from a disk would, and a
/// key can't be stale.
pub struct Prover {
    package: Package,
    digest: Sha256Digest,
    plan: Plan,
    salts: SaltSource,
    srs: Arc<dyn SrsSource>,
    segment_srs: OnceLock<Srs>,
    keys: Vec<OnceLock<ProvingKey>>,
    aggregation: OnceLock<(Srs, AggregationKey)>,
}

/// What is in `cell`, made if nothing is. Two threads may both make it, and one of the results is dropped:
/// a lock would block threads that rayon needs for the making.
fn warm<T, E>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    match cell.get() {
        Some(made) => Ok(made),
        None => make().map(|made| cell.get_or_init(|| made)),
    }
}

impl Prover {
    /// Plans `package` in `segments` segments. Makes no key yet.
    pub fn new(
        package: Package,
        segments: usize,
        srs: Arc<dyn SrsSource>,
    ) -> Result<Self, ProvingError> {
        let plan = Plan::new(&package, segments)?;
        let keys = (0..plan.segments()).map(|_| OnceLock::new()).collect();
        let digest = package.digest();
        let salts = SaltSource::new(&package, plan.segments());
        let (segment_srs, aggregation) = Default::default();
        Ok(Self { package, digest, plan, salts, srs, segment_srs, keys, aggregation })
    }

    /// Makes all keys that are not there yet.
    ///
    /// Stages: [`Stage::Srs`], [`Stage::SegmentKeys`], [`Stage::AggregationKey`].
    pub fn warm(&self, report: Report) -> Result<(), ProvingError> {
        let aggregation_srs = stage(report, Stage::Srs, 2, |advance| {
            self.segment_srs()?;
            advance();
            let srs = match self.aggregation.get() {
                Some((srs, _)) => srs.clone(),
                None => self.srs.srs(circuit_size(self.segments())?)?,
            };
            advance();
            Ok::<_, ProvingError>(srs)
        })?;
        stage(report, Stage::SegmentKeys, self.segments(), |advance| {
            let indices: Vec<_> = SegmentIndex::all(self.segments()).collect();
            indices.into_par_iter().try_for_each(|index| {
                self.key(index)?;
                advance();
                Ok::<_, ProvingError>(())
            })
        })?;
        stage(report, Stage::AggregationKey, 1, |_| {
            self.aggregation_with(|| Ok(aggregation_srs)).map(|_| ())
        })
    }

    fn segment_srs(&self) -> Result<&Srs, ProvingError> {
        let srs = warm(&self.segment_srs, || self.srs.srs(self.plan.k))?;
        let (needed, found) = (self.plan.k, srs.k());
        match needed == found {
            true => Ok(srs),
            false => Err(tessera_segment::KeyError::WrongSize { needed, found }.into()),
        }
    }

    fn key(&self, index: SegmentIndex) -> Result<&ProvingKey, ProvingError> {
        warm(&self.keys[index.0], || {
            let share = self.plan.share(&self.package, index);
            Ok(ProvingKey::new(self.segment_srs()?, &share, &self.salts)?)
        })
    }

    fn aggregation(&self) -> Result<&(Srs, AggregationKey), ProvingError> {
        self.aggregation_with(|| Ok(self.srs.srs(circuit_size(self.segments())?)?))
    }

    fn aggregation_with(
        &self,
        srs: impl FnOnce() -> Result<Srs, ProvingError>,
    ) -> Result<&(Srs, AggregationKey), ProvingError> {
        warm(&self.aggregation, || {
            let srs = srs()?;
            // One pairing decides over segments and aggregation: they must share the secret.
            let [expected, found] = [srs.digest(), self.segment_srs()?.digest()];
            if expected != found && !mutant("pipeline.mixed-srs") {
                return Err(ProvingError::MixedSrs { expected, found });
            }
            let key = AggregationKey::new(srs.params(), self.segments())?;
            Ok((srs, key))
        })
    }

    /// The package.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.plan.segments()
    }

    /// A segment's circuit has `2^k` rows.
    pub fn segment_k(&self) -> u32 {
        self.plan.k
    }

    /// The aggregation circuit has `2^k` rows.
    pub fn aggregation_k(&self) -> Result<u32, ProvingError> {
        Ok(circuit_size(self.segments())?)
    }

    /// Rows that each segment uses.
    pub fn rows(&self) -> &[usize] {
        &self.plan.rows
    }

    /// Digest of the model in this number of segments, as statements name it.
    pub fn model_digest(&self) -> Result<ModelDigest, ProvingError> {
        let indices = SegmentIndex::all(self.segments());
        let keys: Result<Vec<VerifyingKey>, ProvingError> =
            indices.map(|index| Ok(*self.key(index)?.verifying_key())).collect();
        let form = Form::Segments(self.segments());
        Ok(model_digest(form, self.package.schema.digest(), &keys?)?)
    }

    /// What the contract and [`verify`] are made of.
    pub fn verifier(&self) -> Result<VerifierSpec, ProvingError> {
        let (srs, key) = self.aggregation()?;
        Ok(key.verifier(srs.params(), srs.digest(), srs.is_insecure()))
    }

    /// A score below the threshold has no proof; how far below is not said.
    pub fn check_score(
        &self,
        secrets: &Secrets,
        threshold: FixedPoint,
    ) -> Result<(), ProvingError> {
        check_score(&self.package, secrets, threshold)
    }

    /// The jobs of one proof, one for each segment, with fresh blindings.
    pub fn jobs(&self, secrets: &Secrets) -> Result<Vec<SegmentJob>, ProvingError> {
        secrets.features.check(&self.package.schema)?;
        let fresh = || random().map(Secret::new).map_err(ProvingError::Randomness);
        // One for each link between neighbours; those before the first and after the last are not used.
        let links = (0..=self.segments()).map(|_| fresh()).collect::<Result<Vec<_>, _>>()?;
        let job = |index: SegmentIndex| {
            Ok(SegmentJob {
                package: self.digest,
                segments: self.segments(),
                index,
                secrets: secrets.clone(),
                partial_blinding: fresh()?,
                link_blindings: [links[index.0].clone(), links[index.0 + 1].clone()],
                expires_at: None,
            })
        };
        SegmentIndex::all(self.segments()).map(job).collect()
    }

    /// Proves one job, with this prover's key of its segment.
    ///
    /// # Errors
    /// [`ProvingError::Job`] where the job is of another package or cut.
    pub fn prove_segment(&self, job: &SegmentJob) -> Result<Proof<Unverified>, ProvingError> {
        let _span = tracing::info_span!("segment", index = job.index.0).entered();
        if job.package != self.digest {
            let (expected, found) = (job.package, self.digest);
            return Err(JobError::OtherPackage { expected, found }.into());
        }
        let (index, segments, found) = (job.index, job.segments, self.segments());
        if segments != found || index.0 >= found {
            return Err(JobError::OtherCut { index, segments, found }.into());
        }
        job.secrets.features.check(&self.package.schema)?;
        let share = self.plan.share(&self.package, index);
        let witness = tessera_segment::SegmentWitness::new(
            &job.secrets.features,
            job.secrets.blinding.clone(),
            job.partial_blinding.clone(),
            job.link_blindings.clone(),
        );
        let params = self.segment_srs()?.params();
        Ok(Proof::<Unverified>::create(params, self.key(index)?, &share, &witness)?)
    }

    /// All segments, proven by `segments` and verified here, with what opens their shares of the score.
    ///
    /// Stage: [`Stage::Segments`].
    pub fn prove_segments(
        &self,
        secrets: &Secrets,
        segments: &dyn SegmentProver,
        report: Report,
    ) -> Result<Vec<(Proof<Verified>, Partial)>, ProvingError> {
        let jobs = self.jobs(secrets)?;
        let opened: Vec<Partial> = jobs.iter().map(|job| self.partial(job)).collect();
        let packed = secrets.features.packed(&self.package.schema);
        let features = features_digest(&packed, &secrets.blinding);
        // Whoever proves them, what they deliver is held against these.
        let indices: Vec<_> = SegmentIndex::all(jobs.len()).collect();
        indices.into_par_iter().try_for_each(|index| self.key(index).map(|_| ()))?;
        let proven = Mutex::new(vec![None; jobs.len()]);
        stage(report, Stage::Segments, jobs.len(), |advance| {
            segments.prove(jobs, &|index, proof| {
                let partial = opened.get(index.0).ok_or(Refused::NoSuchSegment(index))?;
                let proof = self.accept(index, proof, features, partial)?;
                let mut proven = proven.lock().unwrap_or_else(PoisonError::into_inner);
                if proven[index.0].is_none() {
                    proven[index.0] = Some(proof);
                    advance();
                }
                Ok(())
            })
        })?;
        let proven = proven.into_inner().unwrap_or_else(PoisonError::into_inner);
        let missing = |index| move || ProvingError::Undelivered { segment: SegmentIndex(index) };
        let proven = proven.into_iter().enumerate();
        let proofs = proven.map(|(index, proof)| proof.ok_or_else(missing(index)));
        Ok(proofs.collect::<Result<Vec<_>, _>>()?.into_iter().zip(opened).collect())
    }

    /// What opens the share of the score that the proof of `job` commits to.
    fn partial(&self, job: &SegmentJob) -> Partial {
        let share = self.plan.share(&self.package, job.index);
        Partial {
            score: Zeroizing::new(share.partial(&job.secrets.features)),
            blinding: job.partial_blinding.clone(),
        }
    }

    /// A delivered proof, if it is of segment `index` and of the job's secrets.
    fn accept(
        &self,
        index: SegmentIndex,
        proof: Proof<Unverified>,
        features: Fr,
        partial: &Partial,
    ) -> Result<Proof<Verified>, Refused> {
        let key = self.keys[index.0].get().map(ProvingKey::verifying_key);
        if key != Some(proof.key()) {
            return Err(Refused::OtherKey);
        }
        let instances = proof.instances();
        let expected: [Fr; 2] = [features, commit_partial(*partial.score, &partial.blinding)];
        if [instances.features, instances.partial] != expected {
            return Err(Refused::OtherSecrets);
        }
        let srs = self.segment_srs.get().ok_or(Refused::OtherKey)?;
        proof.verify(srs.params()).map_err(Refused::Invalid)
    }

    /// One proof out of `segments`, all of them in order.
    ///
    /// Stages: [`Stage::Aggregate`], [`Stage::Verify`].
    pub fn aggregate(
        &self,
        segments: Vec<(Proof<Verified>, Partial)>,
        threshold: FixedPoint,
        context: Context,
        report: Report,
    ) -> Result<ProofFile, ProvingError> {
        let schema = self.package.schema.digest();
        let model_digest = self.model_digest()?;
        let mut witness = Witness::new(model_digest, schema, threshold, context);
        for (proof, partial) in segments {
            witness.push(&proof, partial);
        }
        let (srs, key) = self.aggregation()?;
        let aggregated =
            stage(report, Stage::Aggregate, 1, |_| aggregate(srs.params(), key, &witness))?;
        let spec = self.verifier()?;
        let proof = ProofFile {
            statement: Statement {
                commitment: FeatureCommitment(aggregated.statement.commitment),
                schema,
                model_digest,
                threshold,
                context,
            },
            proof: aggregated.bytes,
            segments: self.segments(),
            verifier: spec.digest(),
            srs: spec.srs,
            insecure_srs: spec.insecure_srs,
        };
        stage(report, Stage::Verify, 1, |_| verify(&proof, &spec))?;
        Ok(proof)
    }

    /// Proves that the score reaches `threshold`, bound to `context`: segments by `segments`, their
    /// proofs verified, then aggregated, and the result verified as the contract will.
    ///
    /// Stages: [`Stage::Evaluate`], [`Stage::Segments`], [`Stage::Aggregate`], [`Stage::Verify`].
    pub fn prove(
        &self,
        secrets: &Secrets,
        threshold: FixedPoint,
        context: Context,
        segments: &dyn SegmentProver,
        report: Report,
    ) -> Result<ProofFile, ProvingError> {
        let _span = tracing::info_span!("prove", segments = self.segments()).entered();
        stage(report, Stage::Evaluate, 1, |_| self.check_score(secrets, threshold))?;
        let proven = self.prove_segments(secrets, segments, report)?;
        self.aggregate(proven, threshold, context, report)
    }
}

/// [`Prover::check_score`], where no prover is needed for it.
pub fn check_score(
    package: &Package,
    secrets: &Secrets,
    threshold: FixedPoint,
) -> Result<(), ProvingError> {
    if threshold < FixedPoint::ZERO || !threshold.in_bounds() {
        return Err(ProvingError::Threshold(threshold));
    }
    if package.score(&secrets.features)? < threshold {
        return Err(ProvingError::ScoreTooLow);
    }
    Ok(())
}
