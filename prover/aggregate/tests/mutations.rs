//! Changed calls of the generated contract, by the ten thousand: none is accepted, and the native
//! verification gives the same verdict on each. Where one check stands for a kind of change, the
//! contract must name it.
//!
//! `TESSERA_MUTATIONS=all` flips every bit (`make mutations`); otherwise two bits of every byte in one
//! and two segments and one in four.

mod common;
mod mutation;

use common::{
    Lender, POINT, aggregate, aggregation, borrower, compiled, complete, package, witness,
};
use mutation::{Layout, Mutation, PROOF_START};
use rayon::prelude::*;
use sha3::{Digest, Keccak256};
use std::{collections::BTreeMap, io::Write, sync::Mutex, time::Instant};
use tessera_aggregate::{VerifierSpec, layout::proof_length, verify};
use tessera_core::{Fr, STATEMENT_WORDS, StatementWords, from_be_bytes, to_be_bytes};
use verifier_gen::{Evm, Outcome, exercise::calldata, generate};

/// An accepted call of the contract of `segments` segments, and the contract's creation code.
fn accepted(segments: usize, threshold: i64) -> (Vec<u8>, Vec<u8>, VerifierSpec) {
    let package = package(1);
    let features = borrower(&package);
    let lender = Lender::new(package, segments);
    let proof = aggregate(&witness(&lender, &features, threshold));
    let spec = aggregation(segments).1.clone();
    let creation = compiled(&spec, &generate(&spec));
    let data = calldata(&proof.statement.into_array().map(|word| to_be_bytes(&word)), &proof.bytes);
    (data, creation, spec)
}

/// The native verdict on call data: its layout, as the contract's interface has it, and the proof.
fn native(spec: &VerifierSpec, honest: &[u8], data: &[u8]) -> bool {
    let layout = [0..4, 4 + 32 * STATEMENT_WORDS..PROOF_START];
    if data.len() != PROOF_START + proof_length(spec.segments)
        || layout.into_iter().any(|range| data[range.clone()] != honest[range])
    {
        return false;
    }
    let word = |index: usize| data[4 + 32 * index..][..32].try_into().expect("32 bytes");
    let statement: Option<Vec<Fr>> =
        (0..STATEMENT_WORDS).map(|index| from_be_bytes(word(index))).collect();
    let Some(statement) = statement else { return false };
    let statement = statement.try_into().expect("as many as the range has");
    verify(spec, StatementWords::from_array(statement), &data[PROOF_START..]).is_ok()
}

/// The contract's errors.
const ERRORS: [&str; 5] = [
    "WordNotInField(uint256)",
    "PointNotOnCurve(uint256)",
    "ProofRejected()",
    "ProofLength(uint256,uint256)",
    "CalldataLayout()",
];

/// What the contract said: the error, or how it ended without one.
fn reason(outcome: &Outcome) -> String {
    let is = |error: &[u8], signature: &str| error.starts_with(&Keccak256::digest(signature)[..4]);
    match outcome {
        Outcome::Accepted { .. } => "accepted".into(),
        Outcome::Refused(error) if error.is_empty() => "no reason".into(),
        Outcome::Refused(error) => match ERRORS.iter().find(|signature| is(error, signature)) {
            Some(signature) => signature.to_string(),
            None => hex::encode(error),
        },
    }
}

/// What every forger does: the inverse that belongs to the changed words, unless it is what was changed.
fn repair(spec: &VerifierSpec, honest: &[u8], data: &mut [u8]) {
    let inverse = honest.len() - 32;
    if data.len() != honest.len() || data[inverse..] != honest[inverse..] {
        return;
    }
    let statement =
        std::array::from_fn(|index| data[4 + 32 * index..][..32].try_into().expect("32 bytes"));
    complete(spec, &statement, &mut data[PROOF_START..]);
}

/// Said even where a test's output is not shown.
fn say(text: String) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).expect("stderr takes text");
}

fn exercise(segments: usize, bits: u8, gas_limit: u64) {
    let start = Instant::now();
    let (honest, creation, spec) = accepted(segments, 647 * POINT);
    let made = start.elapsed();
    let mut evm = Evm::deploy(&creation).expect("it deploys");
    let outcome = evm.call(honest.clone()).expect("the EVM runs");
    let Outcome::Accepted { gas } = outcome else { panic!("{outcome:?}") };
    say(format!("N = {segments}: a proof and its contract in {made:.1?}, {gas} gas"));
    assert!(gas < gas_limit, "{gas} gas");
    assert!(native(&spec, &honest, &honest));

    let start = Instant::now();
    let bits =
        if std::env::var("TESSERA_MUTATIONS").is_ok_and(|value| value == "all") { 8 } else { bits };
    let mutations = mutation::all(&honest, segments, bits);
    let layout = Layout::new(segments);
    let reasons = Mutex::new(BTreeMap::<String, usize>::new());
    let verdict = |mutation: &Mutation, evm: &mut Evm| {
        let mut data = mutation.apply(&honest);
        repair(&spec, &honest, &mut data);
        let native = native(&spec, &honest, &data);
        let outcome = evm.call(data).expect("the EVM runs");
        let reason = reason(&outcome);
        let named = mutation.named_by(&layout).is_none_or(|error| reason.starts_with(error));
        *reasons.lock().expect("no poisoning").entry(reason.clone()).or_default() += 1;
        let refused = matches!(outcome, Outcome::Refused(_)) && named;
        (refused && !native).then_some(()).ok_or((reason, native))
    };
    let wrong: Vec<String> = mutations
        .par_iter()
        .map_init(
            || Evm::deploy(&creation).expect("it deploys"),
            |evm, mutation| (verdict(mutation, evm), mutation),
        )
        .filter_map(|(verdict, mutation)| {
            let (reason, native) = verdict.err()?;
            Some(format!("{mutation:?}: contract: {reason}; accepted natively: {native}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    say(format!(
        "N = {segments}: {} changed calls refused by contract and library in {:.1?}: {:?}",
        mutations.len(),
        start.elapsed(),
        reasons.into_inner().expect("no poisoning")
    ));
    assert!(mutations.len() > 3 * honest.len() / 2);
}

/// A threshold that is the proof's length can be taken for it: `proof` then begins inside the statement, and
/// its own length word says nothing any more.
#[test]
fn the_proof_begins_behind_its_length() {
    let (honest, creation, spec) = accepted(1, proof_length(1) as i64);
    let mut evm = Evm::deploy(&creation).expect("it deploys");
    let mut reason_of = |data: &[u8]| reason(&evm.call(data.to_vec()).expect("the EVM runs"));
    assert_eq!(reason_of(&honest), "accepted");
    let StatementWords { threshold, .. } = StatementWords::positions();
    let offset = to_be_bytes(&Fr::from(32 * threshold as u64));
    for length in [proof_length(1) as u64, 0, 1] {
        let mut elsewhere = honest.clone();
        elsewhere[PROOF_START - 64..][..32].copy_from_slice(&offset);
        elsewhere[PROOF_START - 32..][..32].copy_from_slice(&to_be_bytes(&Fr::from(length)));
        assert_eq!(reason_of(&elsewhere), "CalldataLayout()", "length {length}");
        assert!(!native(&spec, &honest, &elsewhere));
    }
}

#[test]
fn one_segment() {
    exercise(1, 2, 380_000);
}

#[test]
fn two_segments() {
    exercise(2, 2, 450_000);
}

#[test]
fn four_segments() {
    exercise(4, 1, 660_000);
}
