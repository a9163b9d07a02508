//! A package in one circuit, with its key: what direct proofs of a model are made with.

use crate::{
    ProofFile, ProvingError, Report, Secrets, Stage, event::stage, prover::check_score,
    verify_direct,
};
use tessera_core::{Context, FeatureCommitment, FixedPoint, Fr, ModelDigest, Secret, Statement};
use tessera_direct::{Claim, DirectKey, DirectPlan, DirectSpec, key::verifier};
use tessera_model::{Package, package::DIRECT};
use tessera_setup::{Srs, SrsSource};

/// A package that is proven in one circuit, with its key.
pub struct DirectProver {
    package: Package,
    key: DirectKey,
    srs: Srs,
}

impl DirectProver {
    /// Plans `package` in one circuit and makes the key.
    ///
    /// Stages: [`Stage::Srs`], [`Stage::DirectKey`].
    ///
    /// # Errors
    /// [`ProvingError::DirectKey`] where one circuit can't hold the package.
    pub fn new(
        package: Package,
        srs: &dyn SrsSource,
        report: Report,
    ) -> Result<Self, ProvingError> {
        let plan = DirectPlan::new(&package).map_err(tessera_direct::KeyError::from)?;
        let srs = stage(report, Stage::Srs, 1, |_| srs.srs(plan.k))?;
        let key = stage(report, Stage::DirectKey, 1, |_| DirectKey::new(&srs, &package, plan))?;
        Ok(Self { package, key, srs })
    }

    /// The package.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Size of the circuit, and how many proofs confirm nothing.
    pub fn plan(&self) -> &DirectPlan {
        self.key.plan()
    }

    /// Digest of the model, as statements name it.
    pub fn model_digest(&self) -> ModelDigest {
        self.key.model_digest()
    }

    /// What the contract and [`verify_direct`] are made of.
    pub fn verifier(&self) -> DirectSpec {
        verifier(&self.srs)
    }

    /// Proves that the score reaches `threshold`, bound to `context`; the result is verified as the contract
    /// will.
    ///
    /// Stages: [`Stage::Evaluate`], [`Stage::Direct`], [`Stage::Verify`].
    pub fn prove(
        &self,
        secrets: &Secrets,
        threshold: FixedPoint,
        context: Context,
        report: Report,
    ) -> Result<ProofFile, ProvingError> {
        let _span = tracing::info_span!("prove", segments = DIRECT).entered();
        stage(report, Stage::Evaluate, 1, |_| check_score(&self.package, secrets, threshold))?;
        let unused = || Secret::new(Fr::from(0));
        let witness = tessera_segment::SegmentWitness::new(
            &secrets.features,
            secrets.blinding.clone(),
            unused(),
            [unused(), unused()],
        );
        let model_digest = self.model_digest();
        let claim = Claim { threshold, context, model_digest };
        let direct = stage(report, Stage::Direct, 1, |_| {
            tessera_direct::prove(self.srs.params(), &self.key, &self.package, &witness, &claim)
        })?;
        let spec = self.verifier();
        let proof = ProofFile {
            statement: Statement {
                commitment: FeatureCommitment(direct.statement.commitment),
                schema: self.package.schema.digest(),
                model_digest,
                threshold,
                context,
            },
            proof: direct.bytes,
            segments: DIRECT,
            verifier: spec.digest(),
            srs: spec.srs,
            insecure_srs: spec.insecure_srs,
        };
        stage(report, Stage::Verify, 1, |_| verify_direct(&proof, &spec))?;
        Ok(proof)
    }
}
