//! What everything public lets a guesser confirm: nothing, as long as the prover is random; and with
//! the randomness known, all of it, so that the attack is known to work.
//!
//! The guesser is as strong as can be: knows the model, its salt and its keys, all features but one,
//! and tries the values of that one. Public are statement, proof, the deferred points and scalars
//! (they are words of the proof), and the model's digest.

mod common;
mod deferred;

use common::{Lender, POINT, aggregate, borrower, package};
use deferred::{Deferred, confirms, confirms_partial};
use halo2_proofs::{
    plonk::{ProvingKey, create_proof, keygen_pk2},
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
};
use halo2curves::{
    bn256::{Bn256, G1Affine},
    ff::Field,
    group::GroupEncoding,
};
use rand_core_06::{CryptoRng, OsRng, RngCore};
use std::collections::BTreeSet;
use tessera_aggregate::{
    Witness,
    circuit::Partial,
    layout::{SEGMENT_KEY_WORDS, SEGMENT_WORDS, SegmentPoint},
    proof::Aggregated,
};
use tessera_core::{
    Context, FixedPoint, Fr, ModelDigest, Secret, SegmentIndex, StatementWords, poseidon, random,
    to_be_bytes,
};
use tessera_model::{Computation, Features, Node};
use tessera_segment::{
    Instances, Proof, SegmentWitness, Unverified,
    circuit::{build_unsalted, circuit, commit_partial},
    proof::{PROOF_EVALUATIONS, PROOF_POINTS},
    salt::{Salt, SaltSource},
    transcript::{Challenge, Transcript},
};
use zeroize::Zeroizing;

/// A generator whose numbers everybody knows.
#[derive(Clone)]
struct Known(u64);

impl RngCore for Known {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }
    fn next_u64(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 ^ self.0 >> 29
    }
    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let number = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&number[..chunk.len()]);
        }
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Known {}

/// What of the prover's randomness is switched off.
#[derive(Clone, Copy, Default)]
struct Off {
    credential: bool,
    partial: bool,
    prover: bool,
}

impl Off {
    fn blinding(off: bool) -> Fr {
        if off { Fr::ZERO } else { random().expect("randomness") }
    }
}

/// The salt of the lender's only segment.
fn salt(lender: &Lender) -> Salt {
    let unsalted = build_unsalted(&lender.share(0), &SegmentWitness::blank(&lender.package.schema));
    SaltSource::new(&lender.package, 1).salt(
        &common::srs(lender.plan.k),
        SegmentIndex::FIRST,
        &unsalted,
    )
}

/// halo2's key of the lender's only segment, for provers of our own.
fn key(lender: &Lender) -> ProvingKey<G1Affine> {
    let circuit =
        circuit(&lender.share(0), &SegmentWitness::blank(&lender.package.schema), &salt(lender));
    keygen_pk2(common::srs(lender.plan.k).params(), &circuit, false).expect("a key")
}

/// The segment's proof with the randomness of `rng`, as [`Proof::create`] makes it.
fn prove_with(
    lender: &Lender,
    key: &ProvingKey<G1Affine>,
    features: &Features,
    blindings: [Fr; 2],
    rng: impl RngCore + Send + Sync + Clone + CryptoRng,
) -> Proof<Unverified> {
    let [credential, partial] = blindings.map(Secret::new);
    let unused = [Fr::ZERO, Fr::ZERO].map(Secret::new);
    let share = lender.share(0);
    let srs = common::srs(lender.plan.k);
    let secrets = SegmentWitness::new(features, credential, partial, unused);
    let circuit = circuit(&share, &secrets, &salt(lender));
    let instances = circuit.instances();
    let mut transcript = Transcript::new(vec![]);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, Challenge, _, _, _>(
        srs.params(),
        key,
        &[circuit],
        &[&[&instances]],
        rng,
        &mut transcript,
    )
    .expect("a proof");
    let instances = Instances::from_array(instances.try_into().expect("four instances"));
    Proof::from_parts(*lender.keys[0].verifying_key(), instances, transcript.finalize())
}

/// A borrower's proof in one segment, as the chain sees it, and the digest of the features, which the chain
/// does not see: the guesser has been told it.
fn public(
    lender: &Lender,
    key: &ProvingKey<G1Affine>,
    features: &Features,
    off: Off,
) -> (Aggregated, Fr) {
    let blindings = [Off::blinding(off.credential), Off::blinding(off.partial)];
    let proof = match off.prover {
        true => prove_with(lender, key, features, blindings, Known(1)),
        false => prove_with(lender, key, features, blindings, OsRng),
    };
    let proof = proof.verify(common::srs(lender.plan.k).params()).expect("it verifies");
    let partial = Partial {
        score: Zeroizing::new(lender.share(0).partial(features)),
        blinding: Secret::new(blindings[1]),
    };
    let mut witness = without_segments(lender);
    witness.push(&proof, partial);
    (aggregate(&witness), proof.instances().features)
}

/// A witness that the segments' proofs are still to be added to; its threshold is 0.
fn without_segments(lender: &Lender) -> Witness {
    let schema = lender.package.schema.digest();
    Witness::new(lender.model_digest(), schema, FixedPoint::ZERO, Context(Fr::ONE))
}

/// Incomes that lead to four scores.
const INCOMES: [u64; 4] = [1500, 2500, 4500, 5001];

fn with_income(lender: &Lender, income: u64) -> Features {
    let mut codes = borrower(&lender.package).codes().to_vec();
    codes[0] = income;
    Features::new(&lender.package.schema, codes).expect("in range")
}

/// Incomes that each way of checking a guess confirms: by the commitment, by the score, and by making
/// the proof again.
fn guess(
    lender: &Lender,
    key: &ProvingKey<G1Affine>,
    (public, told): &(Aggregated, Fr),
) -> [Vec<u64>; 3] {
    let deferred = Deferred::of(public);
    let StatementWords { commitment, schema, .. } = public.statement;
    assert_eq!(schema, lender.package.schema.digest().to_element());
    let assumed = [Fr::ZERO; 2];

    let by_commitment = |features: &Features| {
        let packed = features.packed(&lender.package.schema);
        let preimage = [&packed[..], &assumed[..1]].concat();
        let body = poseidon::hash(poseidon::Domain::Features, &preimage);
        poseidon::hash(poseidon::Domain::Commitment, &[schema, body]) == commitment
    };
    let by_score = |features: &Features| {
        let score = lender.share(0).partial(features);
        let partial = commit_partial(score, &Secret::new(assumed[1]));
        confirms_partial(lender.keys[0].verifying_key(), &deferred, *told, partial)
    };
    let by_proof = |features: &Features| {
        let again = prove_with(lender, key, features, assumed, Known(1));
        // Every point that the prover makes: advice, product, random, two quotient pieces, W, W'.
        let made: Vec<&[u8]> = again.bytes().chunks_exact(32).collect();
        [
            (SegmentPoint::Advice, 0),
            (SegmentPoint::Product, 1),
            (SegmentPoint::Random, 2),
            (SegmentPoint::QuotientLow, 3),
            (SegmentPoint::QuotientHigh, 4),
            (SegmentPoint::Opening, 15),
            (SegmentPoint::OpeningPrime, 16),
        ]
        .iter()
        .any(|(point, index)| deferred.point(*point).to_bytes().as_ref() == made[*index])
    };
    let tries: [&dyn Fn(&Features) -> bool; 3] = [&by_commitment, &by_score, &by_proof];
    tries.map(|confirms| {
        let found = INCOMES.iter().filter(|income| confirms(&with_income(lender, **income)));
        found.copied().collect()
    })
}

#[test]
fn a_guessed_feature_or_score_is_confirmed_only_without_blinding() {
    let lender = Lender::new(package(4), 1);
    let truth = 2500;
    let features = with_income(&lender, truth);
    let scores = INCOMES.map(|income| lender.share(0).partial(&with_income(&lender, income)));
    assert!(scores.contains(&FixedPoint(647 * POINT)));
    let key = key(&lender);
    let guess = |off: Off| guess(&lender, &key, &public(&lender, &key, &features, off));
    let none: Vec<u64> = vec![];

    assert_eq!(guess(Off::default()), [none.clone(), none.clone(), none.clone()]);

    // Each blinding alone is what stops its way. Two incomes of one score look the same.
    let same_score: Vec<u64> = INCOMES
        .iter()
        .zip(scores)
        .filter(|(_, score)| *score == FixedPoint(647 * POINT))
        .map(|(i, _)| *i)
        .collect();
    let [commitment, score, proof] = guess(Off { credential: true, ..Off::default() });
    assert_eq!((commitment, score, proof), (vec![truth], none.clone(), none.clone()));
    let [commitment, score, proof] = guess(Off { partial: true, ..Off::default() });
    assert_eq!((commitment, score, proof), (none.clone(), same_score.clone(), none.clone()));
    // The prover's randomness, if the blindings are unknown, gives nothing away by itself.
    let [commitment, score, proof] = guess(Off { prover: true, ..Off::default() });
    assert_eq!((commitment, score), (none.clone(), none.clone()));
    // The vanishing argument's random polynomial has nothing of the witness in it.
    assert!(proof.is_empty() || proof == INCOMES);
    let all = Off { credential: true, partial: true, prover: true };
    let [commitment, score, proof] = guess(all);
    assert_eq!((commitment, score), (vec![truth], same_score));
    assert!(proof.contains(&truth));
}

/// What one segment hands on to the next: guessed through the first segment's scalars, by somebody who
/// has been told its other instances.
#[test]
fn guessed_activations_are_confirmed_only_without_blinding() {
    let lender = common::network();
    let (truth, blinding) = (2500, random().expect("randomness"));
    let public = |link: Fr| {
        let features = with_income(&lender, truth);
        let links = [Fr::ZERO, link, Fr::ZERO].map(Secret::new);
        let mut witness = without_segments(&lender);
        for index in 0..2 {
            let (proof, partial) = lender.prove(index, &features, blinding, &links);
            witness.push(&proof, partial);
        }
        let (aggregated, told) = (aggregate(&witness), witness.proofs()[0].instances);
        (Deferred::of(&aggregated), told)
    };
    let guess = |(deferred, told): (Deferred, Instances)| -> Vec<u64> {
        let confirmed = |income: &&u64| {
            let zero = || Secret::new(Fr::ZERO);
            let secrets = SegmentWitness::new(
                &with_income(&lender, **income),
                zero(),
                zero(),
                [zero(), zero()],
            );
            let link_out = build_unsalted(&lender.share(0), &secrets).instance_values()[2];
            confirms(lender.keys[0].verifying_key(), &deferred, Instances { link_out, ..told })
        };
        INCOMES.iter().filter(confirmed).copied().collect()
    };
    assert_eq!(guess(public(Fr::ZERO)), [truth], "the attack works");
    assert_eq!(guess(public(random().expect("randomness"))), [0; 0]);
}

/// The model's digest confirms a guessed weight to who knows the salt, and to nobody else.
#[test]
fn a_guessed_weight_is_confirmed_only_with_the_salt() {
    let with_leaf = |salt: u8, points: i64| {
        let mut package = package(salt);
        let Computation::Trees(trees) = &mut package.model.computation else {
            panic!("a model of trees")
        };
        *trees[1].nodes.last_mut().expect("a node") = Node::Leaf { value: points * POINT };
        Lender::new(package, 1).model_digest()
    };
    let guess = |digest: ModelDigest| -> Vec<i64> {
        [6, 7, 8].into_iter().filter(|points| with_leaf(0, *points) == digest).collect()
    };
    assert_eq!(guess(with_leaf(0, 7)), [7], "the attack works");
    assert_eq!(guess(with_leaf(0xa7, 7)), [0; 0]);
}

/// One credential, one statement, two proofs: equal are the words that the key decides, and no others.
#[test]
fn two_proofs_of_one_statement_share_no_word_that_the_prover_chooses() {
    let lender = Lender::new(package(4), 2);
    let features = borrower(&lender.package);
    let blinding = random().expect("randomness");
    let [a, b] = [(); 2].map(|()| {
        let links = common::links(2);
        let mut witness = without_segments(&lender);
        witness.threshold = FixedPoint(1);
        for index in 0..2 {
            let (proof, partial) = lender.prove(index, &features, blinding, &links);
            witness.push(&proof, partial);
        }
        aggregate(&witness)
    });
    assert_eq!(a.statement, b.statement);
    // k, and initial state and points of each key.
    let of_key: Vec<usize> = [0]
        .into_iter()
        .chain((0..2).flat_map(|segment| {
            let first = 1 + segment * SEGMENT_WORDS;
            first..first + SEGMENT_KEY_WORDS
        }))
        .collect();
    let words = a.bytes.chunks_exact(32).zip(b.bytes.chunks_exact(32));
    let equal: Vec<usize> =
        words.enumerate().filter(|(_, (a, b))| a == b).map(|(index, _)| index).collect();
    assert_eq!(equal, of_key);
}

/// Values of a key's polynomials would confirm a guessed model (`segment/tests/kept.rs`), and the other
/// values say something of the borrower: a segment's proof has them, the aggregated one has not.
#[test]
fn no_evaluation_of_a_segments_proof_is_public() {
    let lender = Lender::new(package(4), 2);
    let witness = common::witness(&lender, &borrower(&lender.package), 0);
    let public = aggregate(&witness);
    let deferred = public.bytes.chunks_exact(32).map(<[u8]>::to_vec);
    let words: BTreeSet<Vec<u8>> = deferred
        .chain(public.statement.into_array().map(|word| to_be_bytes(&word).to_vec()))
        .collect();
    for proof in witness.proofs() {
        let [_, selector, ..] = proof.key.words().expect("expressible");
        assert!(words.contains(to_be_bytes(&selector).as_slice()), "words are found");
        let evaluations = &proof.bytes[32 * (PROOF_POINTS - 2)..][..32 * PROOF_EVALUATIONS];
        for evaluation in evaluations.chunks_exact(32) {
            let word: Vec<u8> = evaluation.iter().rev().copied().collect();
            assert!(!words.contains(&word));
        }
    }
}
