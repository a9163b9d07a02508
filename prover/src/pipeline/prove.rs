//! From secrets to a proof ready to send.

use super::{Keys, PipelineError, ProofFile, Report, Secrets, VerifyError, plan::at_once, stage};
use crate::memory;
use rayon::prelude::*;
use tessera_aggregate::{VerifierSpec, Witness, circuit::Partial, prove as aggregate};
use tessera_core::{
    Context, FeatureCommitment, FixedPoint, ModelDigest, Secret, Statement,
    commitment::features_digest, random,
};
use tessera_model::Package;
use tessera_segment::{Proof, Unverified, Verified};
use zeroize::Zeroizing;

/// Times that a segment is proven again because a coordinate of its proof is not below the scalar
/// modulus (probability 2^-126 a point).
const ATTEMPTS: usize = 3;

/// Proves that the score reaches `threshold`, bound to `context`.
///
/// Segments are proven in parallel, each proof is verified, then all are aggregated and the
/// result is verified as the contract will. `keys` must be those of `package`.
///
/// Stages: `evaluate`, `segments`, `aggregate`, `verify`.
pub fn prove(
    keys: &Keys,
    package: &Package,
    secrets: &Secrets,
    threshold: FixedPoint,
    context: Context,
    report: Report,
) -> Result<ProofFile, PipelineError> {
    stage(report, "evaluate", 1, |_| check_score(package, secrets, threshold))?;
    let segments = prove_segments(keys, package, secrets, report)?;
    aggregate_segments(keys, package, secrets, segments, threshold, context, report)
}

/// The second half of [`prove`]: one proof out of `segments`, all of them in order.
///
/// Stages: `aggregate`, `verify`.
pub fn aggregate_segments(
    keys: &Keys,
    package: &Package,
    secrets: &Secrets,
    segments: Vec<(Proof<Verified>, Partial)>,
    threshold: FixedPoint,
    context: Context,
    report: Report,
) -> Result<ProofFile, PipelineError> {
    let packed = secrets.features.packed(&package.schema);
    let features_digest = features_digest(&packed, &secrets.blinding);
    let mut witness = Witness::new(features_digest, package.schema.digest(), threshold, context);
    for (proof, partial) in segments {
        witness.push(&proof, partial);
    }
    let aggregated = stage(report, "aggregate", 1, |_| {
        aggregate(keys.aggregation_srs.params(), &keys.aggregation, &witness)
    })?;
    let spec = keys.verifier();
    let proof = ProofFile {
        statement: Statement {
            commitment: FeatureCommitment(aggregated.statement.commitment),
            schema: package.schema.digest(),
            model_digest: ModelDigest(aggregated.statement.model_digest),
            threshold,
            context,
        },
        proof: aggregated.bytes,
        segments: keys.segments(),
        verifier: spec.digest(),
        srs: spec.srs,
        insecure_srs: spec.insecure_srs,
    };
    stage(report, "verify", 1, |_| verify(&proof, &spec))?;
    Ok(proof)
}

/// A score below the threshold has no proof; how far below is not said.
///
/// The first step of [`prove`].
pub fn check_score(
    package: &Package,
    secrets: &Secrets,
    threshold: FixedPoint,
) -> Result<(), PipelineError> {
    if threshold < FixedPoint::ZERO || !threshold.in_bounds() {
        return Err(PipelineError::Threshold(threshold));
    }
    if package.score(&secrets.features)? < threshold {
        return Err(PipelineError::ScoreTooLow);
    }
    Ok(())
}

/// All segments of the plan, proven and verified in parallel, with what opens their partial scores.
pub fn prove_segments(
    keys: &Keys,
    package: &Package,
    secrets: &Secrets,
    report: Report,
) -> Result<Vec<(Proof<Verified>, Partial)>, PipelineError> {
    let fresh = || random().map(Secret::new).map_err(PipelineError::Randomness);
    // One a link between neighbours; those before the first and after the last are not used.
    let links = (0..=keys.segments()).map(|_| fresh()).collect::<Result<Vec<_>, _>>()?;
    let prove_one = |index: usize| {
        let links = [links[index].clone(), links[index + 1].clone()];
        prove_segment(keys, package, secrets, index, links)
    };
    stage(report, "segments", keys.segments(), |advance| {
        let indices: Vec<usize> = (0..keys.segments()).collect();
        let together = at_once(keys.k().0, rayon::current_num_threads(), memory::available());
        let mut proven = Vec::with_capacity(indices.len());
        for together in indices.chunks(together) {
            let batch: Result<Vec<_>, PipelineError> =
                together.par_iter().map(|index| prove_one(*index).inspect(|_| advance())).collect();
            proven.extend(batch?);
        }
        Ok::<_, PipelineError>(proven)
    })
}

fn prove_segment(
    keys: &Keys,
    package: &Package,
    secrets: &Secrets,
    index: usize,
    links: [Secret; 2],
) -> Result<(Proof<Verified>, Partial), PipelineError> {
    let share = keys.plan.share(package, index);
    let params = keys.segment_srs.params();
    let score = Zeroizing::new(share.partial(&secrets.features));
    for _ in 0..ATTEMPTS {
        let blinding = Secret::new(random().map_err(PipelineError::Randomness)?);
        let witness = tessera_segment::Secrets::new(
            &secrets.features,
            secrets.blinding.clone(),
            blinding.clone(),
            links.clone(),
        );
        let proof = Proof::<Unverified>::create(params, &keys.segments[index], &share, &witness)?
            .verify(params)?;
        if proof.is_expressible() {
            return Ok((proof, Partial { score, blinding }));
        }
    }
    Err(PipelineError::Coordinate { segment: index })
}

/// Accepts what the contract accepts; `spec` is the verifier's.
pub fn verify(proof: &ProofFile, spec: &VerifierSpec) -> Result<(), VerifyError> {
    let expected = spec.digest();
    if proof.verifier != expected {
        return Err(VerifyError::OtherVerifier { expected, found: proof.verifier });
    }
    Ok(tessera_aggregate::verify(spec, proof.statement.words(), &proof.proof)?)
}
