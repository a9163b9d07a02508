//! Cheating provers: what the aggregation circuit refuses, what the digest shows, and what only the
//! pairing at the end refuses.

mod common;

use common::{
    Lender, POINT, aggregate, aggregation, borrower, compiled, complete, links, package,
    segment_proof, witness,
};
use std::sync::LazyLock;
use tessera_aggregate::{
    VerifyError, Witness,
    circuit::CircuitError,
    circuit::SegmentProof,
    circuit::build,
    layout::{K_INSTANCE, SEGMENT_KEY_WORDS, SEGMENT_WORDS, SegmentPoint},
    proof::Aggregated,
    verify,
};
use tessera_circuit::testing::check;
use tessera_core::{
    Fr, ModelDigest, SchemaDigest, Secret, SegmentIndex, StatementWords, random, to_be_bytes,
};
use tessera_model::Features;
use tessera_segment::{
    circuit::commit_partial,
    key::{Form, digest_of_words, model_digest},
};
use verifier_gen::{Evm, Outcome, generate};

const SCORE: i64 = 647 * POINT;

static LENDER: LazyLock<Lender> = LazyLock::new(|| Lender::new(package(1), 2));

fn honest(threshold: i64) -> Witness {
    witness(&LENDER, &borrower(&LENDER.package), threshold)
}

fn satisfied(witness: &Witness) -> bool {
    check(&build(witness).expect("builds")).is_ok()
}

/// The digest that the contract computes from the keys that the circuit verified with.
fn digest(witness: &Witness) -> ModelDigest {
    let instances = build(witness).expect("builds").instance_values();
    let segments = instances[K_INSTANCE + 1..].chunks(SEGMENT_WORDS);
    let keys: Vec<Fr> = segments.flat_map(|words| &words[..SEGMENT_KEY_WORDS]).copied().collect();
    let form = Form::Segments(witness.proofs().len());
    let schema = instances[StatementWords::positions().schema];
    digest_of_words(form, &schema, &instances[K_INSTANCE], &keys)
}

#[test]
fn the_threshold_is_exact() {
    assert!(satisfied(&honest(SCORE)), "equal");
    assert!(satisfied(&honest(0)), "zero");
    assert!(!satisfied(&honest(SCORE + 1)), "one unit above the score");
    assert!(!satisfied(&honest(-1)), "no threshold, though every score is above it");
    assert!(!satisfied(&honest(1 << 63)), "one past the bound");
}

#[test]
fn a_score_that_the_segments_did_not_prove_is_refused() {
    // More than was proven, under the proven commitment.
    let mut more = honest(SCORE);
    more.partials[0].score.0 += 1;
    assert!(!satisfied(&more));
    // Moved from one segment to the other.
    let mut moved = honest(SCORE);
    moved.partials[0].score.0 += 1;
    moved.partials[1].score.0 -= 1;
    assert!(!satisfied(&moved));
    // Another blinding.
    let mut blinded = honest(SCORE);
    blinded.partials[1].blinding = Secret::new(Fr::from(1));
    assert!(!satisfied(&blinded));
}

/// The schema is the prover's choice, and makes another commitment and another model of it.
#[test]
fn another_schema_is_another_statement() {
    let (before, mut changed) = (honest(SCORE), honest(SCORE));
    changed.proofs_unchecked().clone_from_slice(before.proofs());
    changed.schema.0 += Fr::from(1);
    let [before_values, values] =
        [&before, &changed].map(|witness| build(witness).expect("builds").instance_values());
    let StatementWords { commitment, schema, .. } = StatementWords::positions();
    assert_ne!(before_values[commitment], values[commitment]);
    assert_ne!(digest(&before), digest(&changed));
    // Neither can be kept under the other schema.
    let builder = build(&before).expect("builds");
    assert!(builder.holds(&before_values));
    let mut forged = before_values.clone();
    forged[schema] = values[schema];
    assert!(!builder.holds(&forged));
}

#[test]
fn segments_of_two_sizes_do_not_join() {
    let mut mixed = honest(0);
    mixed.proofs_unchecked()[1].key.k += 1;
    let error = build(&mixed).expect_err("refused");
    assert!(matches!(error, CircuitError::Size { segment: SegmentIndex(1), .. }), "{error}");
}

#[test]
fn segments_of_two_borrowers_do_not_join() {
    let features = borrower(&LENDER.package);
    let poor = Features::new(&LENDER.package.schema, vec![0, 0, 0]).expect("in range");
    let mut mixed = witness(&LENDER, &features, 0);
    let (other, partial) = LENDER.prove(1, &poor, random().expect("randomness"), &links(2));
    mixed.proofs_unchecked()[1] = segment_proof(&other);
    mixed.partials[1] = partial;
    assert!(!satisfied(&mixed), "another person's features");
    // The same features under another blinding are another credential.
    let (other, partial) = LENDER.prove(1, &features, random().expect("randomness"), &links(2));
    mixed.proofs_unchecked()[1] = segment_proof(&other);
    mixed.partials[1] = partial;
    assert!(!satisfied(&mixed), "another credential");
}

#[test]
fn links_lead_from_nothing_to_nothing() {
    let link = Fr::from(5);
    for (segment, incoming) in [(0, true), (0, false), (1, true), (1, false)] {
        let mut witness = honest(0);
        let instances = &mut witness.proofs_unchecked()[segment].instances;
        if incoming {
            instances.link_in = link;
        } else {
            instances.link_out = link;
        }
        assert!(!satisfied(&witness), "segment {segment}, incoming {incoming}");
    }
}

/// The circuit takes any keys: what they are is in the digest, which the lender's policy names.
#[test]
fn other_segments_give_another_digest() {
    let model = LENDER.model_digest();
    let honest = honest(0);
    assert_eq!(digest(&honest), model);

    let swap = |i: usize, j: usize| {
        let mut other = honest.clone();
        let [first, second] = [i, j].map(|index| honest.proofs()[index].clone());
        *other.proofs_unchecked() = vec![first, second];
        other.partials = vec![honest.partials[i].clone(), honest.partials[j].clone()];
        other
    };
    for (what, other) in
        [("swapped", swap(1, 0)), ("duplicated", swap(0, 0)), ("duplicated", swap(1, 1))]
    {
        assert_ne!(digest(&other), model, "{what}");
    }

    // Another salt, or other trees: another model.
    let salted = Lender::new(package(2), 2);
    assert_ne!(salted.model_digest(), model);
    let mut changed = package(1);
    changed.model.offset += 1;
    let changed = Lender::new(changed, 2);
    assert_ne!(changed.model_digest(), model);
}

/// All that the segments are verified with is in the digest: form, schema, k, and of each key three
/// points and the initial state.
#[test]
fn every_part_of_a_key_is_bound() {
    let keys = LENDER.verifying_keys();
    let schema = LENDER.package.schema.digest();
    let form = Form::Segments(2);
    let model = LENDER.model_digest();
    let other = keys[1].points;
    for part in 0..4 {
        let mut changed = keys.clone();
        match part {
            point @ 0..3 => changed[0].points[point] = -other[point],
            _ => changed[0].initial_state += Fr::from(1),
        }
        assert_ne!(model_digest(form, schema, &changed).expect("a digest"), model, "part {part}");
    }
    let mut larger = keys.clone();
    larger[0].k += 1;
    assert!(model_digest(form, schema, &larger).is_err(), "two sizes");
    larger[1].k += 1;
    assert_ne!(model_digest(form, schema, &larger).expect("a digest"), model, "k");
    let schema_changed =
        model_digest(form, SchemaDigest(schema.0 + Fr::from(1)), &keys).expect("a digest");
    assert_ne!(schema_changed, model, "schema");
    assert_ne!(model_digest(Form::Segments(1), schema, &keys).expect("a digest"), model, "form");
}

/// Key commitments of one model under two salts share nothing; under one salt, everything.
#[test]
fn keys_are_hiding_and_reproducible() {
    let again = Lender::new(package(1), 2).verifying_keys();
    assert_eq!(again, LENDER.verifying_keys());
    for (a, b) in LENDER.verifying_keys().iter().zip(Lender::new(package(9), 2).verifying_keys()) {
        for (p, q) in a.points.iter().zip(b.points) {
            assert_ne!(*p, q);
        }
    }
}

/// What library and contract say of a proof: the same.
fn verdict_on(proof: &Aggregated) -> Result<(), VerifyError> {
    static CONTRACT: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let spec = &aggregation(2).1;
        compiled(spec, &generate(spec))
    });
    let native = verify(&aggregation(2).1, proof.statement, &proof.bytes);
    let mut evm = Evm::deploy(&CONTRACT).expect("it deploys");
    let statement = proof.statement.into_array().map(|word| to_be_bytes(&word));
    let outcome = evm.verify(&statement, &proof.bytes).expect("the EVM runs");
    assert_eq!(matches!(outcome, Outcome::Accepted { .. }), native.is_ok(), "{outcome:?}");
    native
}

/// Each check of the native verification alone, by what it says. (The contract's: `mutations.rs`.)
#[test]
fn native_verification_names_what_is_wrong() {
    let proof = aggregate(&honest(0));
    let spec = &aggregation(2).1;
    let statement = proof.statement.into_array().map(|word| to_be_bytes(&word));
    let said = |bytes: &[u8]| verify(spec, proof.statement, bytes);
    assert_eq!(said(&proof.bytes), Ok(()));
    let longer = [&proof.bytes[..], &[0; 32]].concat();
    assert!(matches!(said(&longer), Err(VerifyError::Length { .. })));
    let mut inverse = proof.bytes.clone();
    *inverse.last_mut().expect("bytes") ^= 1;
    assert_eq!(said(&inverse), Err(VerifyError::Rejected));

    // The first segment's advice: it is not part of the key, so the digest is not concerned.
    let at = 1 + SegmentPoint::Advice.word();
    let with = |x: [u8; 32], y: [u8; 32]| {
        let mut bytes = proof.bytes.clone();
        bytes[32 * at..][..64].copy_from_slice([x, y].as_flattened());
        complete(spec, &statement, &mut bytes);
        said(&bytes)
    };
    let [one, two] = [1, 2].map(|x| to_be_bytes(&Fr::from(x)));
    assert_eq!(with([0xff; 32], one), Err(VerifyError::WordNotInField(at)));
    assert_eq!(with(one, one), Err(VerifyError::PointNotOnCurve(at)));
    assert_eq!(with([0; 32], [0; 32]), Err(VerifyError::PointNotOnCurve(at)), "the identity");
    assert_eq!(with(one, two), Err(VerifyError::Rejected), "another point");
}

/// A valid aggregation proof over changed segment proofs, and what is said of it.
fn verdict(change: impl FnOnce(&mut Witness)) -> Result<(), VerifyError> {
    let mut witness = honest(0);
    change(&mut witness);
    // Of whatever keys there are now: that they are not the lender's is for the next test.
    witness.model_digest = digest(&witness);
    assert!(satisfied(&witness), "the circuit can't see this");
    verdict_on(&aggregate(&witness))
}

fn bytes(proof: &mut SegmentProof, at: usize) -> &mut [u8] {
    &mut proof.bytes[32 * at..][..32]
}

/// False segment proofs satisfy the circuit, which does no curve arithmetic: the deferred
/// accumulator is false, and the pairing says so.
#[test]
fn false_segment_proofs_are_refused_at_the_end() {
    assert_eq!(verdict(|_| {}), Ok(()));
    // An evaluation (the proof's sixth to fifteenth word).
    let evaluation = verdict(|witness| bytes(&mut witness.proofs_unchecked()[0], 5)[0] ^= 1);
    assert_eq!(evaluation, Err(VerifyError::Rejected));
    // W' of the other segment.
    let foreign = verdict(|witness| {
        let other = witness.proofs()[1].bytes[32 * 16..].to_vec();
        bytes(&mut witness.proofs_unchecked()[0], 16).copy_from_slice(&other);
    });
    assert_eq!(foreign, Err(VerifyError::Rejected));
    // A partial score that was not proven, under a commitment of its own.
    let forged = verdict(|witness| {
        let partial = &mut witness.partials[0];
        partial.score.0 += 100 * POINT;
        let partial = commit_partial(*partial.score, &partial.blinding);
        witness.proofs_unchecked()[0].instances.partial = partial;
    });
    assert_eq!(forged, Err(VerifyError::Rejected));
    // Links that fit each other and were not proven.
    let links = verdict(|witness| {
        witness.proofs_unchecked()[0].instances.link_out = Fr::from(5);
        witness.proofs_unchecked()[1].instances.link_in = Fr::from(5);
    });
    assert_eq!(links, Err(VerifyError::Rejected));
    // The key of another model's segment under this one's proof.
    let keys = verdict(|witness| {
        let other = Lender::new(package(3), 2);
        witness.proofs_unchecked()[1].key = other.verifying_keys()[1];
    });
    assert_eq!(keys, Err(VerifyError::Rejected));
    // Each segment's key under the other's proof.
    let swapped = verdict(|witness| {
        let [first, second] = [0, 1].map(|index| witness.proofs()[index].key);
        let proofs = witness.proofs_unchecked();
        (proofs[0].key, proofs[1].key) = (second, first);
    });
    assert_eq!(swapped, Err(VerifyError::Rejected));
}

/// A model of the forger's own, generous and honestly proven, under the digest of the lender's.
#[test]
fn keys_that_are_not_in_the_digest_are_refused() {
    let model = LENDER.model_digest();
    let mut generous = package(1);
    generous.model.offset += 100 * POINT;
    let generous = Lender::new(generous, 2);
    let own = witness(&generous, &borrower(&generous.package), SCORE + 100 * POINT);
    let mut proof = aggregate(&own);
    assert_eq!(verdict_on(&proof), Ok(()), "it proves the forger's model");
    proof.statement.model_digest = model.to_element();
    assert_eq!(verdict_on(&proof), Err(VerifyError::OtherModel));

    // The lender's keys written over the forger's: the digest is right, and the proof is not of them.
    for (index, key) in LENDER.verifying_keys().iter().enumerate() {
        let words = key.words().expect("expressible").map(|word| to_be_bytes(&word));
        let at = 32 * (1 + index * SEGMENT_WORDS);
        proof.bytes[at..][..32 * SEGMENT_KEY_WORDS].copy_from_slice(words.as_flattened());
    }
    let spec = &aggregation(2).1;
    let statement = proof.statement.into_array().map(|word| to_be_bytes(&word));
    complete(spec, &statement, &mut proof.bytes);
    assert_eq!(verdict_on(&proof), Err(VerifyError::Rejected));
}

#[test]
fn two_proofs_of_one_statement_share_no_word_but_the_key() {
    let (features, blinding) = (borrower(&LENDER.package), Fr::from(5));
    let [a, b] = [0, 1].map(|_| LENDER.prove(0, &features, blinding, &links(2)).0);
    assert_eq!(a.instances().features, b.instances().features);
    assert_ne!(a.instances().partial, b.instances().partial, "fresh blinding");
    for (word, (x, y)) in a.bytes().chunks(32).zip(b.bytes().chunks(32)).enumerate() {
        // Evaluations of key polynomials too: the point of evaluation differs.
        assert_ne!(x, y, "word {word}");
    }
}
