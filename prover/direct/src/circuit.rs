//! The circuit: a segment's, and what aggregation proves of one segment.

use crate::plan::DirectPlan;
use tessera_circuit::{Builder, Cell, ColumnCircuit, Gates, Operand};
use tessera_core::{
    Context, FixedPoint, Fr, MAGNITUDE_BITS, ModelDigest, STATEMENT_WORDS, StatementWords, mutant,
    poseidon::Domain,
};
use tessera_segment::{SegmentWitness, Share, circuit::compute};

/// Scores and thresholds, in 2^-32 points, are below `2^SCORE_BITS`.
pub const SCORE_BITS: u32 = MAGNITUDE_BITS + 1;

/// What is proven of the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The score to reach.
    pub threshold: FixedPoint,
    /// What the proof is bound to.
    pub context: Context,
    /// The model, as the chain knows it; the circuit says nothing of it.
    pub model_digest: ModelDigest,
}

impl Claim {
    /// For key generation, where only the structure counts.
    pub fn blank() -> Self {
        Claim {
            threshold: FixedPoint::ZERO,
            context: Context(Fr::from(0)),
            model_digest: ModelDigest(Fr::from(0)),
        }
    }
}

/// The circuit with its salt, which is drawn from `salt`.
pub fn build(
    share: &Share,
    secrets: &SegmentWitness,
    claim: &Claim,
    plan: &DirectPlan,
    salt: impl FnMut() -> Fr,
) -> Builder {
    let mut builder = build_unsalted(share, secrets, claim);
    builder.salt_rows(plan.constants(), plan.selectors(), plan.cycle(), salt);
    builder
}

/// [`build`] without the salt: its key would give the model away.
pub fn build_unsalted(share: &Share, secrets: &SegmentWitness, claim: &Claim) -> Builder {
    let mut builder = Builder::new(Gates::Lean, STATEMENT_WORDS);
    let computed = compute(&mut builder, share, secrets);
    assert_eq!(computed.links, [None, None], "a whole model has no links");
    let schema = share.schema.digest().to_element();
    let schema = match mutant("direct.schema") {
        true => builder.witness(schema),
        false => builder.push(Operand::Constant(schema)),
    };
    let commitment = builder.hash(Domain::Commitment, &[schema, computed.features]);
    let threshold = compare_score(&mut builder, computed.score, claim.threshold);
    // Bound by being instances: every challenge of the proof depends on them, and the contract compares the
    // digest with the hash of the key.
    let model_digest = builder.witness(claim.model_digest.to_element());
    let context = builder.witness(claim.context.to_element());
    let statement = StatementWords { commitment, schema, model_digest, threshold, context };
    for (index, cell) in statement.into_array().into_iter().enumerate() {
        builder.expose(index, cell);
    }
    builder
}

/// `threshold < 2^63` and `score − threshold < 2^63`, so `score` is the integer
/// `threshold + difference < 2^64`: nothing wraps. A negative score, or one below the threshold, makes the
/// difference an element above `r − 2^64`. Returns the threshold.
fn compare_score(builder: &mut Builder, score: Cell, threshold: FixedPoint) -> Cell {
    let threshold = builder.witness(threshold.to_element());
    if !mutant("direct.threshold") {
        builder.assert_bits(threshold, SCORE_BITS);
    }
    let difference = builder.sub(score, threshold);
    if !mutant("direct.difference") {
        builder.assert_bits(difference, SCORE_BITS);
    }
    threshold
}

/// [`build`] as a circuit.
pub fn circuit(
    share: &Share,
    secrets: &SegmentWitness,
    claim: &Claim,
    plan: &DirectPlan,
    salt: impl FnMut() -> Fr,
) -> ColumnCircuit {
    ColumnCircuit::new(build(share, secrets, claim, plan, salt))
}
