//! Why there is no proof, or none that holds.

use crate::JobError;
use tessera_artifact::Sha256Digest;
use tessera_core::{FixedPoint, SegmentIndex};
use tessera_model::FeaturesError;

/// Why keys or a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProvingError {
    /// By how much is not said: with the threshold, which is public, it would be the score.
    #[error("the score is below the threshold")]
    ScoreTooLow,
    /// No score can reach it.
    #[error("a threshold of {0} points is not in the range of scores, 0 to 2^30")]
    Threshold(FixedPoint),
    /// Features of another schema.
    #[error(transparent)]
    Features(#[from] FeaturesError),
    /// The package can't be cut as asked.
    #[error(transparent)]
    Plan(#[from] tessera_segment::PlanError),
    /// A reference string could not be had.
    #[error(transparent)]
    Srs(#[from] tessera_setup::SrsError),
    /// Reference strings of two secrets.
    #[error("segments and aggregation need one reference string; these are {found} and {expected}")]
    MixedSrs {
        /// Digest of the aggregation's.
        expected: Sha256Digest,
        /// Digest of the segments'.
        found: Sha256Digest,
    },
    /// Keys of segments.
    #[error(transparent)]
    SegmentKey(#[from] tessera_segment::KeyError),
    /// The aggregation key.
    #[error(transparent)]
    AggregationKey(#[from] tessera_aggregate::KeyError),
    /// A job that is not for this prover.
    #[error(transparent)]
    Job(#[from] JobError),
    /// A segment's proof.
    #[error(transparent)]
    Segment(#[from] tessera_segment::ProofError),
    /// Whoever proves the segments came back without one.
    #[error("segment {segment}: no valid proof of it was delivered")]
    Undelivered {
        /// Position of the segment.
        segment: SegmentIndex,
    },
    /// Whoever proves the segments gave up.
    #[error("segment {segment}: {reason}")]
    Elsewhere {
        /// Position of the segment.
        segment: SegmentIndex,
        /// What they say.
        reason: String,
    },
    /// The aggregation proof.
    #[error(transparent)]
    Aggregation(#[from] tessera_aggregate::ProofError),
    /// A direct proof's key.
    #[error(transparent)]
    DirectKey(#[from] tessera_direct::KeyError),
    /// A direct proof.
    #[error(transparent)]
    Direct(#[from] tessera_direct::ProofError),
    /// The finished proof does not hold: a fault of this program.
    #[error("the finished proof does not hold: {0}")]
    Verify(#[from] VerifyError),
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(std::io::Error),
}

/// Why a proof file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Made for another verifier.
    #[error("the proof is for the verifier {found}, this one is {expected}")]
    OtherVerifier {
        /// Key digest of this verifier.
        expected: Sha256Digest,
        /// Key digest in the file.
        found: Sha256Digest,
    },
    /// Not of the verifier's kind: direct, or aggregated.
    #[error("{}", match .direct {
        true => "this is a direct proof, and the verifier is for aggregated ones",
        false => "this is an aggregated proof, and the verifier is for direct ones",
    })]
    OtherProfile {
        /// Whether the proof is a direct one.
        direct: bool,
    },
    /// What the contract would say.
    #[error(transparent)]
    Proof(#[from] tessera_aggregate::VerifyError),
    /// What the contract for direct proofs would say.
    #[error(transparent)]
    Direct(#[from] tessera_direct::VerifyError),
}
