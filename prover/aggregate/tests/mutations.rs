//! Changed calls of the generated contract, by the ten thousand: none is accepted, and the native
//! verification gives the same verdict on each.
//!
//! `TESSERA_MUTATIONS=all` flips every bit (`make mutations`); otherwise two bits of every byte in one
//! and two segments and one in four.

mod common;
mod mutation;

use common::{Lender, POINT, aggregate, aggregation, borrower, package, witness};
use mutation::{Mutation, PROOF_START};
use rayon::prelude::*;
use std::{collections::BTreeMap, path::Path, sync::Mutex, time::Instant};
use tessera_aggregate::verify;
use tessera_field::{Fr, from_be_bytes, to_be_bytes};
use verifier_gen::{
    Evm, Outcome, VerifierSpec, compile,
    exercise::calldata,
    generate,
    generate::contract_name,
    layout::{STATEMENT_WORDS, proof_length},
};

/// An accepted call of the contract of `segments` segments, and the contract's creation code.
fn accepted(segments: usize) -> (Vec<u8>, Vec<u8>, VerifierSpec) {
    let package = package(1);
    let features = borrower(&package);
    let lender = Lender::new(package, segments);
    let proof = aggregate(&witness(&lender, &features, (647 * POINT) as u64));
    let spec = aggregation(segments).1.clone();
    let solc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/solc");
    let compiled = compile(&solc, &contract_name(segments), &generate(&spec)).expect("it compiles");
    let data = calldata(&proof.statement.map(|word| to_be_bytes(&word)), &proof.bytes);
    (data, compiled.creation, spec)
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
    let statement = statement.try_into().expect("five words");
    verify(spec, &statement, &data[PROOF_START..]).is_ok()
}

/// What the contract said, for the summary: the error's selector, or how it ended without one.
fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { .. } => "accepted".into(),
        Outcome::Refused(error) if error.is_empty() => "no reason".into(),
        Outcome::Refused(error) => hex::encode(&error[..error.len().min(4)]),
    }
}

fn exercise(segments: usize, bits: u8) {
    let start = Instant::now();
    let (honest, creation, spec) = accepted(segments);
    println!("N = {segments}: a proof and its contract in {:.1?}", start.elapsed());
    let mut evm = Evm::deploy(&creation).expect("it deploys");
    let outcome = evm.call(honest.clone()).expect("the EVM runs");
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert!(native(&spec, &honest, &honest));

    let start = Instant::now();
    let bits =
        if std::env::var("TESSERA_MUTATIONS").is_ok_and(|value| value == "all") { 8 } else { bits };
    let mutations = mutation::all(&honest, segments, bits);
    let reasons = Mutex::new(BTreeMap::<String, usize>::new());
    let verdicts = |mutation: &Mutation, evm: &mut Evm| {
        let data = mutation.apply(&honest);
        let native = native(&spec, &honest, &data);
        let outcome = evm.call(data).expect("the EVM runs");
        let accepted = matches!(outcome, Outcome::Accepted { .. });
        *reasons.lock().expect("no poisoning").entry(reason(&outcome)).or_default() += 1;
        (accepted, native)
    };
    let wrong: Vec<String> = mutations
        .par_iter()
        .map_init(
            || Evm::deploy(&creation).expect("it deploys"),
            |evm, mutation| (verdicts(mutation, evm), mutation),
        )
        .filter(|(verdicts, _)| *verdicts != (false, false))
        .map(|((contract, native), mutation)| {
            format!("{mutation:?}: accepted by contract {contract}, natively {native}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!(
        "N = {segments}: {} changed calls refused by contract and library in {:.1?}: {:?}",
        mutations.len(),
        start.elapsed(),
        reasons.into_inner().expect("no poisoning")
    );
    assert!(mutations.len() > 3 * honest.len() / 2);
}

#[test]
fn one_segment() {
    exercise(1, 2);
}

#[test]
fn two_segments() {
    exercise(2, 2);
}

#[test]
fn four_segments() {
    exercise(4, 1);
}
