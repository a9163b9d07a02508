//! The generated contract in an EVM: what it accepts, what it refuses, and that the native
//! verification says the same.

mod common;

use common::{Lender, POINT, aggregate, aggregation, borrower, package, witness};
use std::path::Path;
use tessera_aggregate::{proof::Aggregated, verify};
use tessera_field::{Fr, from_be_bytes, to_be_bytes};
use verifier_gen::{
    Evm, Outcome, VerifierSpec, compile,
    exercise::calldata,
    generate,
    generate::contract_name,
    layout::{SEGMENT_WORDS, STATEMENT_WORDS},
};

fn proof(segments: usize) -> Aggregated {
    let package = package(1);
    let features = borrower(&package);
    let lender = Lender::new(package, segments);
    aggregate(&witness(&lender, &features, (647 * POINT) as u64))
}

fn contract(spec: &VerifierSpec) -> Evm {
    let solc = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/solc");
    let name = contract_name(spec.segments);
    let compiled = compile(&solc, &name, &generate(spec)).expect("it compiles");
    println!("{name}: {} bytes of runtime code", compiled.runtime.len());
    Evm::deploy(&compiled.creation).expect("it deploys")
}

fn statement(words: &[Fr; STATEMENT_WORDS]) -> [[u8; 32]; STATEMENT_WORDS] {
    words.map(|word| to_be_bytes(&word))
}

/// r, which added to a word names the same residue.
fn modulus_plus(word: &[u8; 32]) -> Option<[u8; 32]> {
    let mut sum = [0; 32];
    let mut modulus = to_be_bytes(&-Fr::from(1));
    modulus[31] += 1;
    let mut carry = 0u16;
    for i in (0..32).rev() {
        carry += word[i] as u16 + modulus[i] as u16;
        sum[i] = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(sum)
}

/// Both verifiers on the same words.
struct Verifiers<'a> {
    evm: Evm,
    spec: &'a VerifierSpec,
    cases: usize,
}

impl Verifiers<'_> {
    fn refuse(&mut self, what: &str, statement: &[[u8; 32]; STATEMENT_WORDS], proof: &[u8]) {
        self.cases += 1;
        let outcome = self.evm.verify(statement, proof).expect("the EVM runs");
        assert!(matches!(outcome, Outcome::Refused(_)), "accepted: {what}");
        let words: Option<Vec<Fr>> = statement.iter().map(|word| from_be_bytes(*word)).collect();
        if let Some(words) = words {
            let words = words.try_into().expect("five words");
            assert!(verify(self.spec, &words, proof).is_err(), "accepted natively: {what}");
        }
    }
}

fn exercise(segments: usize, gas_target: u64) {
    let made = aggregation(segments);
    let (_, spec) = &*made;
    let proof = proof(segments);
    let words = statement(&proof.statement);
    let mut verifiers = Verifiers { evm: contract(spec), spec, cases: 0 };

    assert_eq!(verify(spec, &proof.statement, &proof.bytes), Ok(()));
    let outcome = verifiers.evm.verify(&words, &proof.bytes).expect("the EVM runs");
    let Outcome::Accepted { gas } = outcome else { panic!("{outcome:?}") };
    println!("N = {segments}: {gas} gas");
    assert!(gas < gas_target, "{gas} gas");

    // Every word: a bit flipped, zero, all ones, the same residue written otherwise, its neighbour's.
    let mutate = |word: &[u8; 32], next: &[u8; 32]| {
        let mut flipped = *word;
        flipped[31] ^= 1;
        let mut high = *word;
        high[0] ^= 0x80;
        let mutations = [
            Some(flipped),
            Some(high),
            Some([0; 32]),
            Some([0xff; 32]),
            modulus_plus(word),
            Some(*next),
        ];
        mutations.into_iter().flatten().filter(|other| other != word).collect::<Vec<_>>()
    };
    for index in 0..STATEMENT_WORDS {
        for other in mutate(&words[index], &words[(index + 1) % STATEMENT_WORDS]) {
            let mut changed = words;
            changed[index] = other;
            verifiers.refuse(&format!("statement word {index}"), &changed, &proof.bytes);
        }
    }
    let count = proof.bytes.len() / 32;
    let word = |index: usize| -> [u8; 32] {
        proof.bytes[32 * index..][..32].try_into().expect("32 bytes")
    };
    for index in 0..count {
        for other in mutate(&word(index), &word((index + 1) % count)) {
            let mut changed = proof.bytes.clone();
            changed[32 * index..][..32].copy_from_slice(&other);
            verifiers.refuse(&format!("proof word {index}"), &words, &changed);
        }
    }
    // The identity in place of each deferred point.
    for segment in 0..segments {
        for point in 0..10 {
            let at = SEGMENT_WORDS * segment + if point == 0 { 0 } else { 3 * point - 1 };
            let mut changed = proof.bytes.clone();
            changed[32 * at..][..64].fill(0);
            verifiers.refuse(
                &format!("segment {segment}, point {point} at infinity"),
                &words,
                &changed,
            );
        }
    }
    // Lengths and layouts.
    for length in [0, 31, 32, proof.bytes.len() - 32, proof.bytes.len() - 1] {
        verifiers.refuse("a short proof", &words, &proof.bytes[..length]);
    }
    for extra in [1, 32] {
        let longer = [proof.bytes.clone(), vec![0; extra]].concat();
        verifiers.refuse("a long proof", &words, &longer);
    }
    let data = calldata(&words, &proof.bytes);
    let mut layouts = vec![[data.clone(), vec![0]].concat(), [data.clone(), vec![0; 32]].concat()];
    layouts.extend([0, 3, 4, 100, data.len() - 1].map(|length| data[..length].to_vec()));
    // `proof` one word later.
    let mut shifted = data.clone();
    shifted[4 + 32 * STATEMENT_WORDS + 31] += 32;
    shifted.splice(4 + 32 * 6..4 + 32 * 6, [0; 32]);
    layouts.push(shifted);
    for layout in layouts {
        verifiers.cases += 1;
        let outcome = verifiers.evm.call(layout).expect("the EVM runs");
        assert!(matches!(outcome, Outcome::Refused(_)), "accepted another layout");
    }
    println!("N = {segments}: {} cases refused", verifiers.cases);
}

#[test]
fn one_segment() {
    exercise(1, 380_000);
}

#[test]
fn two_segments() {
    exercise(2, 450_000);
}
