//! What the chain sees of a segment lets nobody confirm a guess of its partial score.
//!
//! One of the deferred words is `x^n`, and `x` is a hash of the transcript, instances included. Whoever knows everything but one instance can try its values.
//! The attack is run as the lender could, who knows the keys: it finds a partial score whose
//! commitment is not blinded, and does not find one that is.

mod common;
mod deferred;

use common::{Lender, POINT, aggregate, borrower, package};
use deferred::{Deferred, confirms_partial};
use halo2curves::ff::Field;
use tessera_aggregate::{Witness, circuit::Partial, proof::Aggregated};
use tessera_core::{Context, FixedPoint, Fr, Secret, random};
use tessera_segment::{Proof, SegmentWitness, Unverified, circuit::commit_partial};
use zeroize::Zeroizing;

/// A proof in one segment whose partial score is committed to under `blinding`, and the digest of the
/// features, which the guesser has been told.
fn public(lender: &Lender, blinding: Secret) -> (Aggregated, Fr) {
    let features = borrower(&lender.package);
    let opening = random().expect("randomness");
    let share = lender.share(0);
    let srs = common::srs(lender.plan.k);
    let unused = [Fr::ZERO, Fr::ZERO].map(Secret::new);
    let secrets = SegmentWitness::new(&features, Secret::new(opening), blinding.clone(), unused);
    let proof = Proof::<Unverified>::create(srs.params(), &lender.keys[0], &share, &secrets)
        .expect("a proof")
        .verify(srs.params())
        .expect("it verifies");
    let partial = Partial { score: Zeroizing::new(share.partial(&features)), blinding };
    let schema = lender.package.schema.digest();
    let context = Context(Fr::ONE);
    let mut witness = Witness::new(lender.model_digest(), schema, FixedPoint::ZERO, context);
    witness.push(&proof, partial);
    (aggregate(&witness), proof.instances().features)
}

/// The whole points that a guesser finds, under the blinding that they assume.
fn guess(lender: &Lender, (proof, told): &(Aggregated, Fr)) -> Vec<i64> {
    let deferred = Deferred::of(proof);
    let key = lender.keys[0].verifying_key();
    let assumed = Secret::new(Fr::ZERO);
    (630..660)
        .filter(|points| {
            let partial = commit_partial(FixedPoint(points * POINT), &assumed);
            confirms_partial(key, &deferred, *told, partial)
        })
        .collect()
}

#[test]
fn only_an_unblinded_partial_score_can_be_guessed() {
    let lender = Lender::new(package(4), 1);
    let unblinded = public(&lender, Secret::new(Fr::ZERO));
    assert_eq!(guess(&lender, &unblinded), [647], "the attack works");
    let blinded = public(&lender, Secret::new(random().expect("randomness")));
    assert_eq!(guess(&lender, &blinded), [0; 0]);
}
