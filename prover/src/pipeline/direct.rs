//! From features to a direct proof: one circuit, and no aggregation.

use super::{PipelineError, plan::check_memory};
use tessera_core::{Context, FeatureCommitment, FixedPoint, Fr, ModelDigest, Secret, Statement};
use tessera_direct::{Claim, DirectKey, DirectSpec, Plan, key::verifier};
use tessera_model::Package;
use tessera_proving::{ProofFile, ProvingError, Secrets, VerifyError, check_score};
use tessera_setup::{Srs, SrsStore};

/// Segments of a direct proof, as proof files and contracts say it.
pub const DIRECT: usize = 0;

/// What direct proofs of one package are made with.
pub struct DirectKeys {
    key: DirectKey,
    srs: Srs,
}

impl DirectKeys {
    /// Plans `package` in one circuit and makes the key. The reference string comes from `store`.
    pub fn build(package: &Package, store: &SrsStore) -> Result<Self, PipelineError> {
        let plan = Plan::new(package).map_err(tessera_direct::KeyError::from)?;
        check_memory(plan.k)?;
        let srs = store.get(plan.k).map_err(ProvingError::from)?;
        let key = DirectKey::new(&srs, package, plan)?;
        Ok(DirectKeys { key, srs })
    }

    /// Digest of the model, as statements name it.
    pub fn model_digest(&self) -> ModelDigest {
        self.key.model_digest()
    }

    /// Size of the circuit, and how many proofs confirm nothing.
    pub fn plan(&self) -> &Plan {
        self.key.plan()
    }

    /// What the contract and [`verify_direct`] are made of.
    pub fn verifier(&self) -> DirectSpec {
        verifier(&self.srs)
    }
}

/// Proves that the score reaches `threshold`, bound to `context`; the result is verified as the contract
/// will. `keys` must be those of `package`.
pub fn prove_direct(
    keys: &DirectKeys,
    package: &Package,
    secrets: &Secrets,
    threshold: FixedPoint,
    context: Context,
) -> Result<ProofFile, PipelineError> {
    check_score(package, secrets, threshold)?;
    let unused = || Secret::new(Fr::from(0));
    let witness = tessera_segment::Secrets::new(
        &secrets.features,
        secrets.blinding.clone(),
        unused(),
        [unused(), unused()],
    );
    let claim = Claim { threshold, context, model_digest: keys.model_digest() };
    let direct = tessera_direct::prove(keys.srs.params(), &keys.key, package, &witness, &claim)?;
    let spec = keys.verifier();
    let statement = Statement {
        commitment: FeatureCommitment(direct.statement.commitment),
        schema: package.schema.digest(),
        model_digest: keys.model_digest(),
        threshold,
        context,
    };
    let proof = ProofFile {
        statement,
        proof: direct.bytes,
        segments: DIRECT,
        verifier: spec.digest(),
        srs: spec.srs,
        insecure_srs: spec.insecure_srs,
    };
    verify_direct(&proof, &spec)?;
    Ok(proof)
}

/// Why a direct proof is refused.
#[derive(Debug, thiserror::Error)]
pub enum DirectError {
    /// Made for another verifier.
    #[error(transparent)]
    Verifier(#[from] VerifyError),
    /// What the contract would say.
    #[error(transparent)]
    Proof(#[from] tessera_direct::VerifyError),
}

/// Accepts what the contract for direct proofs accepts; `spec` is that contract's.
pub fn verify_direct(proof: &ProofFile, spec: &DirectSpec) -> Result<(), DirectError> {
    let expected = spec.digest();
    if proof.verifier != expected {
        return Err(VerifyError::OtherVerifier { expected, found: proof.verifier }.into());
    }
    Ok(tessera_direct::verify(spec, proof.statement.words(), &proof.proof)?)
}
