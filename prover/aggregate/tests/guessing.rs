//! What the chain sees of a segment lets nobody confirm a guess of its partial score.
//!
//! The deferred scalars of the two quotient pieces have the ratio `x^n`, and `x` is a hash of the
//! transcript, instances included. Whoever knows everything but one instance can try its values.
//! The attack is run as the lender could, who knows the keys: it finds a partial score whose
//! commitment is not blinded, and does not find one that is.

mod common;

use common::{Lender, POINT, aggregate, borrower, package, segment_proof};
use halo2curves::{
    CurveAffine,
    bn256::{Fq, G1Affine},
    ff::{Field, PrimeField},
};
use snark_verifier::util::transcript::Transcript as _;
use tessera_aggregate::{Witness, circuit::Partial, proof::Aggregated};
use tessera_field::{Fr, Secret, from_be_bytes, poseidon, random};
use tessera_segment::{
    Instances, Proof, Secrets, Unverified, VerifyingKey, circuit::commit_partial, proof::Transcript,
};
use verifier_gen::layout::SegmentPoint;
use zeroize::Zeroizing;

/// A proof in one segment whose partial score is committed to under `blinding`.
fn public(lender: &Lender, blinding: Secret) -> Aggregated {
    let features = borrower(&lender.package);
    let opening = random().expect("randomness");
    let share = lender.share(0);
    let srs = common::srs(lender.plan.k);
    let unused = [Fr::ZERO, Fr::ZERO].map(Secret::new);
    let secrets = Secrets::new(&features, Secret::new(opening), blinding.clone(), unused);
    let proof = Proof::<Unverified>::create(srs.params(), &lender.keys[0], &share, &secrets)
        .expect("a proof");
    aggregate(&Witness {
        proofs: vec![segment_proof(&proof)],
        partials: vec![Partial { score: Zeroizing::new(share.partial(&features)), blinding }],
        features_digest: common::features_digest(&lender.package.schema, &features, opening),
        schema: lender.package.schema.digest(),
        threshold: 0,
        context: Fr::ONE,
    })
}

/// Words of the segment's accumulator, as the call data has them.
struct Deferred(Vec<Fr>);

impl Deferred {
    fn of(proof: &Aggregated) -> Self {
        let word = |bytes: &[u8]| from_be_bytes(bytes.try_into().expect("32 bytes"));
        let words = proof.bytes.chunks_exact(32).map(|bytes| word(bytes).expect("canonical"));
        Deferred(words.take(verifier_gen::layout::SEGMENT_WORDS).collect())
    }

    fn at(point: SegmentPoint) -> usize {
        let index = SegmentPoint::ALL.iter().position(|other| *other == point).expect("listed");
        if index == 0 { 0 } else { 3 * index - 1 }
    }

    fn point(&self, point: SegmentPoint) -> G1Affine {
        let at = Self::at(point);
        let [x, y] = [0, 1].map(|i| Fq::from_repr(self.0[at + i].to_repr()).expect("below r"));
        G1Affine::from_xy(x, y).expect("on the curve")
    }

    fn scalar(&self, point: SegmentPoint) -> Fr {
        self.0[Self::at(point) + 2]
    }
}

/// Whether the public words are those of a segment with this partial commitment.
fn confirms(key: &VerifyingKey, deferred: &Deferred, commitment: Fr, partial: Fr) -> bool {
    let mut transcript = Transcript::<Vec<u8>>::from_spec(vec![], poseidon::spec().clone());
    let instances = Instances { commitment, link_in: Fr::ZERO, link_out: Fr::ZERO, partial };
    for scalar in [key.initial_state].into_iter().chain(instances.to_array()) {
        transcript.common_scalar(&scalar).expect("absorbed");
    }
    let absorb = |transcript: &mut Transcript<Vec<u8>>, points: &[SegmentPoint]| {
        for point in points {
            transcript.common_ec_point(&deferred.point(*point)).expect("absorbed");
        }
    };
    absorb(&mut transcript, &[SegmentPoint::Advice]);
    transcript.squeeze_n_challenges(3);
    absorb(&mut transcript, &[SegmentPoint::Product, SegmentPoint::Random]);
    transcript.squeeze_challenge();
    absorb(&mut transcript, &[SegmentPoint::QuotientLow, SegmentPoint::QuotientHigh]);
    let x: Fr = transcript.squeeze_challenge();
    let low = deferred.scalar(SegmentPoint::QuotientLow);
    low * x.pow_vartime([1 << key.k]) == deferred.scalar(SegmentPoint::QuotientHigh)
}

/// The whole points that a guesser finds, under the blinding that they assume.
fn guess(lender: &Lender, proof: &Aggregated) -> Vec<i64> {
    let deferred = Deferred::of(proof);
    let [commitment, ..] = proof.statement;
    let key = lender.keys[0].verifying_key();
    let assumed = Secret::new(Fr::ZERO);
    (630..660)
        .filter(|points| {
            let partial = commit_partial(points * POINT, &assumed);
            confirms(key, &deferred, commitment, partial)
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
