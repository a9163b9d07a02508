//! The keys of a package in a number of segments.

use super::{PipelineError, Report, plan::check_memory, stage};
use tessera_aggregate::{AggregationKey, VerifierSpec, key::circuit_size};
use tessera_artifact::Sha256Digest;
use tessera_core::ModelDigest;
use tessera_model::Package;
use tessera_segment::{Plan, ProvingKey, VerifyingKey, key::model_digest};
use tessera_setup::{Srs, SrsStore};

/// What proofs of one package in one number of segments are made with: keys of its segments, and
/// the aggregation key, which is the same for every package.
///
/// Keys are made anew in each process: that takes about as long as reading them from a disk would,
/// and a key can't be stale.
pub struct Keys {
    pub(super) plan: Plan,
    pub(super) segments: Vec<ProvingKey>,
    pub(super) aggregation: AggregationKey,
    pub(super) segment_srs: Srs,
    pub(super) aggregation_srs: Srs,
    model_digest: ModelDigest,
}

impl Keys {
    /// Plans `package` in `segments` segments and makes all keys. Reference strings come from
    /// `store`.
    ///
    /// Stages: `srs`, `segment keys`, `aggregation key`.
    pub fn build(
        package: &Package,
        segments: usize,
        store: &SrsStore,
        report: Report,
    ) -> Result<Self, PipelineError> {
        let plan = Plan::new(package, segments)?;
        check_memory(plan.k.max(circuit_size(segments)?))?;
        let (segment_srs, aggregation_srs) = stage(report, "srs", 2, |advance| {
            let segment_srs = store.get(plan.k)?;
            advance();
            let aggregation_srs = store.get(circuit_size(segments)?)?;
            advance();
            Ok::<_, PipelineError>((segment_srs, aggregation_srs))
        })?;
        // One pairing decides over both: they must share the secret.
        let [expected, found] = [aggregation_srs.digest(), segment_srs.digest()];
        if expected != found {
            return Err(PipelineError::MixedSrs { expected, found });
        }
        let segments_keys = stage(report, "segment keys", plan.segments(), |advance| {
            ProvingKey::for_plan(&segment_srs, package, &plan, advance)
        })?;
        let aggregation = stage(report, "aggregation key", 1, |_| {
            AggregationKey::new(aggregation_srs.params(), segments)
        })?;
        let verifying: Vec<VerifyingKey> =
            segments_keys.iter().map(|key| *key.verifying_key()).collect();
        Ok(Keys {
            model_digest: model_digest(&verifying)?,
            plan,
            segments: segments_keys,
            aggregation,
            segment_srs,
            aggregation_srs,
        })
    }

    /// Digest of the model in this number of segments, as statements name it.
    pub fn model_digest(&self) -> ModelDigest {
        self.model_digest
    }

    /// Digest of the verifier's key.
    pub fn key_digest(&self) -> Sha256Digest {
        self.verifier().digest()
    }

    /// Number of segments.
    pub fn segments(&self) -> usize {
        self.plan.segments()
    }

    /// Powers of two of the rows of a segment's circuit and of the aggregation circuit.
    pub fn k(&self) -> (u32, u32) {
        (self.plan.k, self.aggregation.k())
    }

    /// Rows that each segment uses.
    pub fn rows(&self) -> &[usize] {
        &self.plan.rows
    }

    /// What the contract and [`super::verify`] are made of.
    pub fn verifier(&self) -> VerifierSpec {
        let srs = &self.aggregation_srs;
        self.aggregation.verifier(srs.params(), srs.digest(), srs.is_insecure())
    }
}
