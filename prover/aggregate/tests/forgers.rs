//! Provers who do not keep to the transcript: each makes a proof that a contract with one fault
//! accepts, and is refused by the contract as it is.

mod common;
mod forger;

use common::{Lender, aggregation, borrower, compiled, complete, package, witness};
use forger::{Call, Forger, accepts, error, plus_modulus, refusal};
use halo2_proofs::{
    plonk::{ProvingKey, create_proof, keygen_pk2},
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
};
use halo2curves::{
    bn256::{Bn256, G1Affine},
    ff::Field,
    group::{Curve, GroupEncoding},
};
use rand_core_06::OsRng;
use tessera_aggregate::{
    VerifierSpec, VerifyError, Witness,
    circuit::circuit,
    layout::{
        PROOF_POINTS, PROOF_WORDS, SEGMENT_KEY_WORDS, SEGMENT_WORDS, SegmentPoint, SegmentScalar,
        deferred_words, instance_words, proof_length,
    },
    verify,
};
use tessera_core::{Fr, STATEMENT_WORDS, StatementWords, from_be_bytes, from_digest, to_be_bytes};
use tessera_segment::{
    key::{Form, digest_of_words},
    proof::PROOF_LENGTH,
};
use tessera_setup::DEVELOPMENT_SECRET;
use verifier_gen::{Evm, generate};

/// halo2's key of an aggregation, for provers of our own.
fn key(segments: usize) -> ProvingKey<G1Affine> {
    let circuit = circuit(&Witness::blank(segments)).expect("a circuit");
    keygen_pk2(common::srs(circuit.smallest_k()).params(), &circuit, false).expect("a key")
}

/// The aggregation proof of `witness`, by a forger.
fn forge(key: &ProvingKey<G1Affine>, witness: &Witness, mut forger: Forger) -> Call {
    let circuit = circuit(witness).expect("a circuit");
    let srs = common::srs(circuit.smallest_k());
    let instances = circuit.instances();
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
        srs.params(),
        key,
        &[circuit],
        &[&[&instances]],
        OsRng,
        &mut forger,
    )
    .expect("a proof");
    let mut words: Vec<[u8; 32]> = instances.iter().map(to_be_bytes).collect();
    if let Some(word) = forger.raised.and_then(|index| words.get_mut(index - 1)) {
        *word = plus_modulus(*word);
    }
    let (statement, deferred) = words.split_at(STATEMENT_WORDS);
    let statement = statement.try_into().expect("the statement's words");
    let mut call =
        Call { statement, proof: [deferred.as_flattened(), &forger.proof, &[0; 32]].concat() };
    complete(&aggregation(witness.proofs().len()).1, &call.statement, &mut call.proof);
    call
}

/// The contract's text with each of these lines replaced, which it has once.
fn careless(spec: &VerifierSpec, changes: &[(&str, &str)]) -> Evm {
    let mut text = generate(spec);
    for (from, to) in changes {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text = text.replace(from, to);
    }
    Evm::deploy(&compiled(spec, &text)).expect("it deploys")
}

fn native(spec: &VerifierSpec, call: &Call) -> Option<Result<(), VerifyError>> {
    let words: Option<Vec<Fr>> = call.statement.iter().map(|word| from_be_bytes(*word)).collect();
    let words: [Fr; STATEMENT_WORDS] = words?.try_into().expect("as many as were given");
    Some(verify(spec, StatementWords::from_array(words), &call.proof))
}

fn honest(segments: usize) -> Witness {
    let lender = Lender::new(package(1), segments);
    witness(&lender, &borrower(&lender.package), 0)
}

/// `word + r` is the same number to whoever computes modulo r. The prover draws the challenges from the
/// words as they are sent, so that nothing but the comparison with r stands in the way.
#[test]
fn words_above_the_modulus_are_refused_though_the_transcript_has_them() {
    let (made, key) = (aggregation(1), key(1));
    let spec = &made.1;
    let mut contract = careless(spec, &[]);
    let mut reducing =
        careless(spec, &[("iszero(lt(word, r))", "0"), ("iszero(lt(mload(at), R))", "0")]);
    let witness = honest(1);
    let kept = forge(&key, &witness, Forger::default());
    assert!(accepts(&mut contract, &kept));
    assert_eq!(native(spec, &kept), Some(Ok(())));

    // Commitment, threshold, context; the first deferred scalar; the first evaluation.
    let evaluation = instance_words(1);
    let StatementWords { commitment, threshold, context, .. } = StatementWords::positions();
    let scalar = STATEMENT_WORDS + 1 + SegmentScalar::Product.word();
    for index in [commitment, threshold, context, scalar, evaluation] {
        let call = forge(&key, &witness, Forger::raising(Some(index + 1)));
        assert!(accepts(&mut reducing, &call), "the attack works: word {index}");
        // Five points come between the instances and the evaluations.
        let at = if index < evaluation { index } else { index + 10 };
        let expected = error("WordNotInField(uint256)", Some(at));
        assert_eq!(refusal(&mut contract, &call), expected, "word {index}");
        assert!(!matches!(native(spec, &call), Some(Ok(()))), "word {index}");
    }
}

/// A segment's proof with something added to its W', which no challenge of its own follows.
fn with_opening(witness: &mut Witness, segment: usize, added: impl Into<halo2curves::bn256::G1>) {
    let bytes = &mut witness.proofs_unchecked()[segment].bytes[PROOF_LENGTH - 32..];
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    repr.as_mut().copy_from_slice(bytes);
    let point = G1Affine::from_bytes(&repr).expect("a point of the proof");
    let changed = (added.into() + point).to_affine();
    bytes.copy_from_slice(changed.to_bytes().as_ref());
}

/// z' of a segment's proof: W' has it for a scalar.
fn z_prime(call: &Call, segment: usize) -> Fr {
    let at = 1 + segment * SEGMENT_WORDS + SegmentScalar::OpeningPrime.word();
    from_be_bytes(call.proof[32 * at..][..32].try_into().expect("32 bytes")).expect("canonical")
}

/// Two false segment proofs whose errors add up to nothing: each W' is moved by what the other's error
/// is a multiple of. No secret is needed, `[τ]` is in every reference string.
#[test]
fn errors_that_cancel_each_other_are_refused() {
    let (made, key) = (aggregation(2), key(2));
    let spec = &made.1;
    let mut contract = careless(spec, &[]);
    let mut adding = careless(spec, &[("mstore(RHO, mod(state, R))", "mstore(RHO, 1)")]);

    let mut witness = honest(2);
    let call = forge(&key, &witness, Forger::default());
    let [first, second] = [0, 1].map(|segment| z_prime(&call, segment));
    // The error of W' + P is (z' − τ)·P.
    let tau = from_digest(tessera_artifact::sha256(DEVELOPMENT_SECRET.as_bytes()).0);
    let generator = G1Affine::generator();
    with_opening(&mut witness, 0, generator * (second - tau));
    let alone = forge(&key, &witness, Forger::default());
    assert!(!accepts(&mut adding, &alone), "one error alone is noticed by both");
    with_opening(&mut witness, 1, generator * (tau - first));
    let call = forge(&key, &witness, Forger::default());
    assert!(accepts(&mut adding, &call), "the attack works");
    assert_eq!(refusal(&mut contract, &call), error("ProofRejected()", None));
    assert_eq!(native(spec, &call), Some(Err(VerifyError::Rejected)));
}

/// A false segment proof, whose error the aggregation's own W' takes back: possible to who knows ρ
/// before W' is sent, and τ.
#[test]
fn rho_is_drawn_after_the_last_message() {
    let (made, key) = (aggregation(1), key(1));
    let spec = &made.1;
    let mut contract = careless(spec, &[]);
    let early = ("state := absorb(state, PROOF_W_PRIME, 0x40)", "state := squeeze(state)");
    let mut hasty = careless(spec, &[early]);

    let mut witness = honest(1);
    let inner = z_prime(&forge(&key, &witness, Forger::default()), 0);
    let generator = G1Affine::generator();
    with_opening(&mut witness, 0, generator);
    let tau = from_digest(tessera_artifact::sha256(DEVELOPMENT_SECRET.as_bytes()).0);
    let correction = |z_prime: Fr, rho: Fr| {
        let inverse = (z_prime - tau).invert().expect("z' is not τ");
        (generator * (-rho * (inner - tau) * inverse)).to_affine()
    };
    let call = forge(&key, &witness, Forger::correcting(&correction));
    assert!(accepts(&mut hasty, &call), "the attack works");
    assert_eq!(refusal(&mut contract, &call), error("ProofRejected()", None));
    assert_eq!(native(spec, &call), Some(Err(VerifyError::Rejected)));
}

/// A forger's own model, proven under the digest of another: the circuit takes any digest, and whoever does
/// not hash the keys accepts it.
#[test]
fn another_models_digest_is_refused() {
    let (made, key) = (aggregation(1), key(1));
    let spec = &made.1;
    let mut contract = careless(spec, &[]);
    let check = "if iszero(eq(shr(8, keccak256(SCRATCH, sub(to, SCRATCH))), mload(MODEL_DIGEST))) { reject() }";
    let mut trusting = careless(spec, &[(check, "")]);
    let mut witness = honest(1);
    assert!(accepts(&mut contract, &forge(&key, &witness, Forger::default())));
    witness.model_digest = Lender::new(package(2), 1).model_digest();
    let call = forge(&key, &witness, Forger::default());
    assert!(accepts(&mut trusting, &call), "the attack works");
    assert_eq!(refusal(&mut contract, &call), error("ProofRejected()", None));
    assert_eq!(native(spec, &call), Some(Err(VerifyError::OtherModel)));
}

/// The inverse is checked before anything is computed from it: beside a wrong one, a point off the curve
/// is not looked at.
#[test]
fn a_wrong_inverse_is_refused_first() {
    let (made, key) = (aggregation(1), key(1));
    let spec = &made.1;
    let mut contract = careless(spec, &[]);
    let mut call = forge(&key, &honest(1), Forger::default());
    let inverse = 32 * (deferred_words(1) + PROOF_WORDS);
    let selector = 32 * (1 + SegmentPoint::Selector.word());
    call.proof[selector + 63] ^= 1;
    let index = STATEMENT_WORDS + selector / 32;
    call.statement[StatementWords::positions().model_digest] = digest_in(&call);
    complete(spec, &call.statement, &mut call.proof);
    let off_curve = error("PointNotOnCurve(uint256)", Some(index));
    assert_eq!(refusal(&mut contract, &call), off_curve, "with the right inverse");
    let right: [u8; 32] = call.proof[inverse..].try_into().expect("32 bytes");
    for wrong in [[0; 32], to_be_bytes(&Fr::ONE), plus_modulus([0; 32]), plus_modulus(right)] {
        call.proof[inverse..].copy_from_slice(&wrong);
        let refused = match from_be_bytes(wrong) {
            Some(_) => error("ProofRejected()", None),
            None => error("WordNotInField(uint256)", Some(STATEMENT_WORDS + inverse / 32)),
        };
        assert_eq!(refusal(&mut contract, &call), refused);
    }
}

/// The digest of the keys that a call in one segment has.
fn digest_in(call: &Call) -> [u8; 32] {
    let words: Vec<Fr> = call
        .proof
        .chunks_exact(32)
        .map(|word| from_be_bytes(word.try_into().expect("32 bytes")).expect("canonical"))
        .take(1 + SEGMENT_KEY_WORDS)
        .collect();
    let schema = call.statement[StatementWords::positions().schema];
    let schema = from_be_bytes(schema).expect("canonical");
    digest_of_words(Form::Segments(1), &schema, &words[0], &words[1..]).to_be_bytes()
}

/// Where a chain lacks the precompiles of the curve, calls to them succeed and answer nothing. Then nothing is
/// computed: with the generator for each point, the pairing's answer is its 1.
#[test]
fn a_proof_of_nothing_without_precompiles_is_refused() {
    let spec = &aggregation(1).1;
    // The same contract on such a chain: it calls accounts without code.
    let elsewhere = |text: String| {
        let lacking = [("gas(), 0x06", "gas(), 0xf06"), ("gas(), 0x07", "gas(), 0xf07")];
        let lacking = lacking.into_iter().chain([("gas(), 0x08", "gas(), 0xf08")]);
        let text = lacking.fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        Evm::deploy(&compiled(spec, &text)).expect("it deploys")
    };
    let unmeasured = ["eq(returndatasize(), 0x40)", "eq(returndatasize(), 0x20)"];
    let mut trusting =
        elsewhere(unmeasured.iter().fold(generate(spec), |text, check| text.replace(check, "1")));
    let mut contract = elsewhere(generate(spec));

    let mut nothing = vec![Fr::ZERO; proof_length(1) / 32];
    let (first, proof) = (1, deferred_words(1));
    let points = (0..SegmentPoint::ALL.len()).map(|i| first + 1 + 2 * i);
    let of_the_proof = (0..PROOF_POINTS - 2).map(|i| proof + 2 * i);
    let openings = [proof + PROOF_WORDS - 4, proof + PROOF_WORDS - 2];
    for at in points.chain(of_the_proof).chain(openings) {
        (nothing[at], nothing[at + 1]) = (Fr::ONE, Fr::from(2));
    }
    let proof = nothing.iter().flat_map(to_be_bytes).collect();
    let mut call = Call { statement: [[0; 32]; STATEMENT_WORDS], proof };
    call.statement[StatementWords::positions().model_digest] = digest_in(&call);
    complete(spec, &call.statement, &mut call.proof);
    assert!(accepts(&mut trusting, &call), "the attack works");
    assert_eq!(refusal(&mut contract, &call), [0u8; 0], "at the first call");
}
