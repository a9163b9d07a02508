//! Provers and callers who do not keep to the rules of the contract for direct proofs: each attack works
//! on a contract with one fault, or is named by the check that is there for it.

mod common;
#[path = "../../aggregate/tests/forger/mod.rs"]
mod forger;

use common::{Lender, SCORE, borrower, compiled, package, secrets};
use forger::{Call, Forger, accepts, error, plus_modulus, refusal};
use halo2_proofs::{
    plonk::{create_proof, keygen_pk2},
    poly::kzg::{commitment::KZGCommitmentScheme, multiopen::ProverSHPLONK},
    transcript::EncodedChallenge,
};
use halo2curves::{
    bn256::{Bn256, Fq, G1Affine},
    ff::{Field, PrimeField},
};
use rand_core_06::OsRng;
use sha3::{Digest, Keccak256};
use snark_verifier::system::halo2::transcript::evm::ChallengeEvm;
use std::sync::LazyLock;
use tessera_core::{
    Context, FixedPoint, Fr, ModelDigest, STATEMENT_WORDS, StatementWords, from_be_bytes,
    to_be_bytes,
};
use tessera_direct::{
    Claim, DirectPlan, VerifyError,
    circuit::circuit,
    spec::{EVALUATIONS, KEY_WORDS, PROOF_LENGTH},
    verify,
    verify::denominators,
};
use tessera_segment::VerifyingKey;
use verifier_gen::{Evm, Outcome, direct::generate_direct, exercise::calldata};

static LENDER: LazyLock<Lender> = LazyLock::new(|| Lender::new(package(1)));

/// The proof's words behind the key: advice, product, random, quotient (two points), evaluations, W, W'.
const ADVICE: usize = KEY_WORDS;
const EVALUATION: usize = ADVICE + 10;
const OPENING: usize = EVALUATION + EVALUATIONS;

/// The contract's text with each of these replaced, wherever it is.
fn careless(changes: &[(&str, &str)]) -> Evm {
    let mut text = generate_direct(&LENDER.spec());
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Evm::deploy(&compiled(&text)).expect("it deploys")
}

fn contract() -> Evm {
    careless(&[])
}

fn native(call: &Call) -> Option<Result<(), VerifyError>> {
    let words: Option<Vec<Fr>> = call.statement.iter().map(|word| from_be_bytes(*word)).collect();
    let words: [Fr; STATEMENT_WORDS] = words?.try_into().expect("as many as were given");
    Some(verify(&LENDER.spec(), StatementWords::from_array(words), &call.proof))
}

/// A proof by a library's rules, as a call.
fn honest(threshold: i64) -> Call {
    let proof = LENDER.prove(threshold);
    Call {
        statement: proof.statement.into_array().map(|word| to_be_bytes(&word)),
        proof: proof.bytes,
    }
}

/// The inverse that belongs to the call's words, as they are.
fn complete(call: &mut Call) {
    let word = |index: usize| &call.proof[32 * index..][..32];
    let mut state =
        [word(1), call.statement.as_flattened(), &call.proof[32 * ADVICE..][..64]].concat();
    // θ, β, γ
    for _ in 0..3 {
        state = Forger::squeeze(&state).to_vec();
    }
    // y and x
    for at in [ADVICE + 2, ADVICE + 6] {
        state = Keccak256::digest([&state, &call.proof[32 * at..][..128]].concat()).to_vec();
    }
    let digest: [u8; 32] = state.try_into().expect("a digest");
    let x = ChallengeEvm::<G1Affine>::new(&digest).get_scalar();
    let k = u32::from_be_bytes(word(0)[28..].try_into().expect("4 bytes"));
    let product = denominators(&x, k.clamp(1, 28), LENDER.spec().last_rows);
    let inverse = product.invert().expect("x is no root of unity");
    call.proof[PROOF_LENGTH - 32..].copy_from_slice(&to_be_bytes(&inverse));
}

/// Puts the digest of the call's own key in its statement.
fn with_own_digest(call: &mut Call) {
    let schema = call.statement[StatementWords::positions().schema];
    let key = &call.proof[..32 * KEY_WORDS];
    let hash = Keccak256::digest([&[0; 32], &schema, key].concat());
    let word = &mut call.statement[StatementWords::positions().model_digest];
    *word = [0; 32];
    word[1..].copy_from_slice(&hash[..31]);
}

/// A proof with a salt of the forger's own, by its transcript. `raised` counts the initial state, the
/// statement's words and the evaluations.
fn forge(raised: Option<usize>) -> Call {
    let srs = common::srs(LENDER.key.plan().k);
    let plan = DirectPlan { proofs: 3, ..*LENDER.key.plan() };
    let secrets = secrets(&borrower(&LENDER.package), Fr::from(5));
    let made = |model_digest| {
        let claim =
            Claim { threshold: FixedPoint(SCORE), context: Context(Fr::from(9)), model_digest };
        let mut next = Fr::from(7);
        let salt = move || {
            next = next.square() + Fr::ONE;
            next
        };
        circuit(&DirectPlan::share(&LENDER.package), &secrets, &claim, &plan, salt)
    };
    let key = keygen_pk2(srs.params(), &made(ModelDigest(Fr::ZERO)), false).expect("a key");
    let verifying = VerifyingKey::of(plan.k, key.get_vk());
    let mut words = vec![to_be_bytes(&Fr::from(u64::from(plan.k)))];
    words.extend(verifying.words().expect("words").iter().map(to_be_bytes));
    if raised == Some(0) {
        words[1] = plus_modulus(words[1]);
    }
    // The digest of these words, also where one of them is not canonical.
    let mut call =
        Call { statement: [[0; 32]; STATEMENT_WORDS], proof: words.as_flattened().to_vec() };
    let positions = StatementWords::positions();
    call.statement[positions.schema] = to_be_bytes(&LENDER.package.schema.digest().to_element());
    with_own_digest(&mut call);
    let digest = from_be_bytes(call.statement[positions.model_digest]).expect("below 2^248");

    let circuit = made(ModelDigest(digest));
    let instances = circuit.instances();
    let mut forger = Forger::raising(raised);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<Bn256>, _, _, _, _>(
        srs.params(),
        &key,
        &[circuit],
        &[&[&instances]],
        OsRng,
        &mut forger,
    )
    .expect("a proof");
    for (index, value) in instances.iter().enumerate() {
        let word = to_be_bytes(value);
        call.statement[index] = if raised == Some(index + 1) { plus_modulus(word) } else { word };
    }
    call.proof.extend(&forger.proof);
    call.proof.extend([0; 32]);
    assert_eq!(call.proof.len(), PROOF_LENGTH);
    complete(&mut call);
    call
}

/// `word + r` is the same number to whoever computes modulo r, and the challenges are drawn from the words as
/// they are sent: nothing but the comparison with r stands in the way.
#[test]
fn words_above_the_modulus_are_refused_though_the_transcript_has_them() {
    let mut contract = contract();
    let mut reducing = careless(&[
        ("iszero(lt(word, r))", "0"),
        ("iszero(lt(mload(at), R))", "0"),
        ("iszero(lt(mload(0x00), R))", "0"),
    ]);
    let kept = forge(None);
    assert!(accepts(&mut contract, &kept));
    assert_eq!(native(&kept), Some(Ok(())));

    // The digest's and the schema's words are hashed, and so are compared as they are.
    let StatementWords { commitment, threshold, context, .. } = StatementWords::positions();
    let statement = [commitment, threshold, context].map(|word| (word + 1, word));
    let evaluations =
        (0..EVALUATIONS).map(|i| (1 + STATEMENT_WORDS + i, STATEMENT_WORDS + EVALUATION + i));
    let words = [(0, STATEMENT_WORDS + 1)].into_iter().chain(statement).chain(evaluations);
    for (raised, word) in words {
        let call = forge(Some(raised));
        // Two evaluations are subtracted from r as they are: raised, they become other numbers.
        let subtracted = [3, 8].map(|i| STATEMENT_WORDS + EVALUATION + i).contains(&word);
        assert_eq!(accepts(&mut reducing, &call), !subtracted, "the attack: word {word}");
        let expected = error("WordNotInField(uint256)", Some(word));
        assert_eq!(refusal(&mut contract, &call), expected, "word {word}");
        assert!(!matches!(native(&call), Some(Ok(()))), "word {word}");
    }
}

/// A forger's own model, proven under the digest of another.
#[test]
fn another_models_digest_is_refused() {
    let mut trusting =
        careless(&[("iszero(eq(shr(8, keccak256(SCRATCH, 0x140)), mload(MODEL_DIGEST)))", "0")]);
    let other = Lender::new(package(2)).key.model_digest();
    let proof = LENDER.prove_of(SCORE, other);
    let statement = proof.statement.into_array().map(|word| to_be_bytes(&word));
    let call = Call { statement, proof: proof.bytes };
    assert!(accepts(&mut trusting, &call), "the attack works");
    assert_eq!(refusal(&mut contract(), &call), error("ProofRejected()", None));
    assert_eq!(native(&call), Some(Err(VerifyError::OtherModel)));
}

/// A size out of range is refused before anything is computed from it; the largest would use all gas.
#[test]
fn sizes_out_of_range_are_refused_by_name() {
    let mut contract = contract();
    let (min, max) = LENDER.spec().sizes;
    for k in [0, 1, min - 1, max + 1, 28, 255].map(u64::from).into_iter().chain([1 << 40, u64::MAX])
    {
        let mut call = honest(SCORE);
        call.proof[..32].copy_from_slice(&to_be_bytes(&Fr::from(k)));
        with_own_digest(&mut call);
        assert_eq!(refusal(&mut contract, &call), error("ProofRejected()", None), "k = {k}");
        assert_eq!(native(&call), Some(Err(VerifyError::Rejected)), "k = {k}");
    }
}

/// The inverse is checked before anything is computed from it: beside a wrong one, a point off the curve is
/// not looked at.
#[test]
fn a_wrong_inverse_is_refused_first() {
    let mut contract = contract();
    let mut call = honest(SCORE);
    call.proof[32 * ADVICE + 63] ^= 1;
    complete(&mut call);
    let at = STATEMENT_WORDS + ADVICE;
    let off_curve = error("PointNotOnCurve(uint256)", Some(at));
    assert_eq!(refusal(&mut contract, &call), off_curve, "with the right inverse");
    let right: [u8; 32] = call.proof[PROOF_LENGTH - 32..].try_into().expect("32 bytes");
    for wrong in [[0; 32], to_be_bytes(&Fr::ONE), plus_modulus([0; 32]), plus_modulus(right)] {
        call.proof[PROOF_LENGTH - 32..].copy_from_slice(&wrong);
        let refused = match from_be_bytes(wrong) {
            Some(_) => error("ProofRejected()", None),
            None => error("WordNotInField(uint256)", Some(STATEMENT_WORDS + PROOF_LENGTH / 32 - 1)),
        };
        assert_eq!(refusal(&mut contract, &call), refused);
    }
    // The last one is the right inverse, written otherwise.
    let raised = VerifyError::WordNotInField(PROOF_LENGTH / 32 - 1);
    assert_eq!(native(&call), Some(Err(raised)));
    let mut zero = honest(SCORE);
    zero.proof[PROOF_LENGTH - 32..].fill(0);
    assert_eq!(native(&zero), Some(Err(VerifyError::Rejected)));
}

/// Every point, of the key and of the proof: off the curve, on another one, the identity, and itself with
/// coordinates that are not reduced.
#[test]
fn points_off_the_curve_are_named() {
    let mut contract = contract();
    let kept = honest(SCORE);
    let q = plus_one((-Fq::ONE).to_repr());
    let key = (2..KEY_WORDS).step_by(2);
    let proof = (ADVICE..EVALUATION).step_by(2).chain([OPENING, OPENING + 2]);
    for at in key.chain(proof) {
        let coordinate = |axis: usize| -> [u8; 32] {
            kept.proof[32 * (at + axis)..][..32].try_into().expect("32 bytes")
        };
        let (x, y) = (coordinate(0), coordinate(1));
        let changes = [
            ([0; 32], [0; 32], "the identity"),
            (x, [0; 32], "on another curve"),
            (x, plus(y, to_be_bytes(&Fr::ONE)), "off the curve"),
            (plus(x, q), y, "x raised by q"),
            (x, plus(y, q), "y raised by q"),
        ];
        for (x, y, what) in changes {
            let mut call = Call { statement: kept.statement, proof: kept.proof.clone() };
            call.proof[32 * at..][..64].copy_from_slice(&[x, y].concat());
            with_own_digest(&mut call);
            complete(&mut call);
            let expected = error("PointNotOnCurve(uint256)", Some(STATEMENT_WORDS + at));
            assert_eq!(refusal(&mut contract, &call), expected, "{what}: word {at}");
            match at < KEY_WORDS && !what.contains("raised") {
                true => {
                    let named = Some(Err(VerifyError::PointNotOnCurve(at)));
                    assert_eq!(native(&call), named, "{what}: word {at}");
                }
                // In the proof the library's reader refuses it, and a coordinate above q is no word of a key.
                false => assert!(!matches!(native(&call), Some(Ok(()))), "{what}: word {at}"),
            }
        }
    }
}

fn plus_one(mut little_endian: [u8; 32]) -> [u8; 32] {
    little_endian.reverse();
    plus(little_endian, to_be_bytes(&Fr::ONE))
}

/// The sum of two words modulo 2^256.
fn plus(mut word: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    let mut carry = 0u16;
    for (byte, of) in word.iter_mut().zip(other).rev() {
        carry += u16::from(*byte) + u16::from(of);
        *byte = carry as u8;
        carry >>= 8;
    }
    word
}

/// The call data has one form for each call, and the proof has one length.
#[test]
fn other_layouts_of_the_call_are_refused_by_name() {
    let mut contract = contract();
    let mut said = |data: Vec<u8>| match contract.call(data).expect("the EVM runs") {
        Outcome::Refused(error) => error,
        accepted => panic!("{accepted:?}"),
    };
    let layout = error("CalldataLayout()", None);
    let start = 4 + 32 * (STATEMENT_WORDS + 2);
    let StatementWords { threshold, .. } = StatementWords::positions();

    // A threshold that is the proof's length can be taken for it.
    let call = honest(PROOF_LENGTH as i64);
    assert!(accepts(&mut self::contract(), &call));
    let data = calldata(&call.statement, &call.proof);
    let mut inside = data.clone();
    inside[start - 64..][..32].copy_from_slice(&to_be_bytes(&Fr::from(32 * threshold as u64)));
    assert_eq!(said(inside), layout);
    // Behind zeros, and with something behind it.
    let mut shifted = data.clone();
    let moved = (32 * (STATEMENT_WORDS + 2)) as u64;
    shifted[start - 64..][..32].copy_from_slice(&to_be_bytes(&Fr::from(moved)));
    shifted.splice(start - 32..start - 32, [0; 32]);
    assert_eq!(said(shifted), layout);
    for by in [1, 32] {
        let mut longer = data.clone();
        longer.extend(vec![0; by]);
        assert_eq!(said(longer), layout, "{by} bytes behind it");
    }
    // Another length, admitted.
    let wrong = |length: usize| {
        let mut bytes = error("ProofLength(uint256,uint256)", Some(PROOF_LENGTH));
        bytes.extend(to_be_bytes(&Fr::from(length as u64)));
        bytes
    };
    for length in [0, 32, PROOF_LENGTH - 32, PROOF_LENGTH + 32] {
        let mut proof = call.proof.clone();
        proof.resize(length, 0);
        assert_eq!(said(calldata(&call.statement, &proof)), wrong(length));
    }
}

/// Where a chain lacks the precompiles of the curve, calls to them succeed and answer nothing: with the
/// generator for each point, the pairing's answer is its 1.
#[test]
fn a_proof_of_nothing_without_precompiles_is_refused() {
    let lacking = [
        ("gas(), 0x06", "gas(), 0xf06"),
        ("gas(), 0x07", "gas(), 0xf07"),
        ("gas(), 0x08", "gas(), 0xf08"),
    ];
    let mut trusting = careless(&[
        lacking[0],
        lacking[1],
        lacking[2],
        ("eq(returndatasize(), 0x40)", "1"),
        ("eq(returndatasize(), 0x20)", "1"),
    ]);
    let mut contract = careless(&lacking);
    let mut call = Call { statement: [[0; 32]; STATEMENT_WORDS], proof: vec![0; PROOF_LENGTH] };
    call.proof[..32].copy_from_slice(&to_be_bytes(&Fr::from(u64::from(LENDER.key.plan().k))));
    let points = (2..EVALUATION).step_by(2).chain([OPENING, OPENING + 2]);
    for at in points {
        call.proof[32 * at + 31] = 1;
        call.proof[32 * at + 63] = 2;
    }
    with_own_digest(&mut call);
    complete(&mut call);
    assert!(accepts(&mut trusting, &call), "the attack works");
    assert_eq!(refusal(&mut contract, &call), [0u8; 0], "at the first call");
}

/// A false claim gets as far as the pairing, and no further.
#[test]
fn the_pairing_decides() {
    let mut contract = contract();
    let mut accepting = careless(&[("iszero(eq(mload(SCRATCH), 1))", "0")]);
    let call = honest(SCORE + 1);
    assert!(accepts(&mut accepting, &call), "the attack works");
    assert_eq!(refusal(&mut contract, &call), error("ProofRejected()", None));
    assert_eq!(native(&call), Some(Err(VerifyError::Rejected)));
}
