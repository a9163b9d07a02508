//! Direct proofs by library and contract: what both accept and refuse.

mod common;

use common::{Lender, SCORE, borrower, compiled, package, secrets};
use halo2curves::ff::Field;
use std::sync::LazyLock;
use tessera_circuit::{Builder, testing::check};
use tessera_core::{Context, FixedPoint, Fr, StatementWords, to_be_bytes};
use tessera_direct::{Claim, Direct, DirectPlan, VerifyError, circuit::build, verify};
use verifier_gen::{Bill, Evm, Outcome, Prices, direct::generate_direct};

static LENDER: LazyLock<Lender> = LazyLock::new(|| Lender::new(package(1)));
static CONTRACT: LazyLock<Vec<u8>> = LazyLock::new(|| compiled(&generate_direct(&LENDER.spec())));

/// What library and contract say: the same. Gas where the proof is accepted.
fn verdict(proof: &Direct) -> Result<u64, VerifyError> {
    let native = verify(&LENDER.spec(), proof.statement, &proof.bytes);
    let mut evm = Evm::deploy(&CONTRACT).expect("it deploys");
    let statement = proof.statement.into_array().map(|word| to_be_bytes(&word));
    let outcome = evm.verify(&statement, &proof.bytes).expect("the EVM runs");
    match (native, outcome) {
        (Ok(()), Outcome::Accepted { gas }) => Ok(gas),
        (Err(error), Outcome::Refused(_)) => Err(error),
        other => panic!("library and contract disagree: {other:?}"),
    }
}

#[test]
fn a_score_that_is_reached_is_proven() {
    let proof = LENDER.prove(SCORE);
    let gas = verdict(&proof).expect("accepted");
    println!("{gas} gas, {} bytes, {:?}", proof.bytes.len(), LENDER.key.plan());
    assert!(gas < 240_000, "{gas} gas");
    assert_eq!(proof.statement.model_digest, LENDER.key.model_digest().to_element());
    assert_eq!(proof.statement.threshold, Fr::from(SCORE as u64));
}

/// At both price lists the parts add up, and the curve's precompiles cost what their EIP says.
#[test]
fn a_bill_adds_up() {
    let proof = LENDER.prove(SCORE);
    let statement = proof.statement.into_array().map(|word| to_be_bytes(&word));
    let bill = |prices| {
        let mut evm = Evm::deploy_at(&CONTRACT, prices).expect("it deploys");
        evm.bill(&statement, &proof.bytes).expect("the EVM runs").expect("accepted")
    };
    let (today, next) = (bill(Prices::Today), bill(Prices::Next));
    for bill in [today, next] {
        let Bill { base, call_data, pairing, multiplications, additions, .. } = bill;
        let parts = base + call_data + pairing + multiplications + additions;
        assert_eq!(parts + bill.exponentiations + bill.rest, bill.total);
        // EIP-1108: a pairing of two pairs, and multiplications at 6,000, additions at 150.
        assert_eq!(pairing, 45_000 + 2 * 34_000);
        assert!(multiplications > 0 && multiplications % 6_000 == 0);
        assert!(additions > 0 && additions % 150 == 0);
    }
    assert_eq!(Ok(today.total), verdict(&proof));
    assert_eq!(today.base, 21_000);
    // EIP-2780 and 8038: the sender's share and a cold account instead of 21,000.
    assert_eq!(next.base, 12_000 + 3_000);
}

#[test]
fn one_unit_more_is_refused() {
    assert_eq!(verdict(&LENDER.prove(SCORE + 1)), Err(VerifyError::Rejected));
}

/// One contract for all: another model, another size.
#[test]
fn the_contract_serves_every_model_and_size() {
    let other = Lender::new(package(2));
    assert_ne!(other.key.model_digest(), LENDER.key.model_digest());
    verdict(&other.prove(SCORE)).expect("another model");
    let plan = *LENDER.key.plan();
    let larger = Lender::with_plan(package(1), DirectPlan { k: plan.k + 1, proofs: 300, ..plan });
    assert_eq!(larger.spec(), LENDER.spec());
    assert_ne!(larger.key.model_digest(), LENDER.key.model_digest());
    verdict(&larger.prove(SCORE)).expect("another size");
}

#[test]
fn every_word_of_the_statement_is_bound() {
    let proof = LENDER.prove(SCORE);
    let words = proof.statement.into_array();
    for index in 0..words.len() {
        let mut changed = proof.clone();
        let mut words = words;
        words[index] += Fr::ONE;
        changed.statement = StatementWords::from_array(words);
        assert!(verdict(&changed).is_err(), "word {index}");
    }
    let other = Lender::new(package(2));
    let mut stolen = proof.clone();
    stolen.statement.model_digest = other.key.model_digest().to_element();
    assert_eq!(verdict(&stolen), Err(VerifyError::OtherModel));
}

/// Any bit of the proof; each word 0, or raised by r.
#[test]
fn changed_proofs_are_refused() {
    let proof = LENDER.prove(SCORE);
    let modulus = to_be_bytes(&-Fr::ONE);
    for at in 0..proof.bytes.len() {
        let mut changed = proof.clone();
        changed.bytes[at] ^= 1 << (at % 8);
        assert!(verdict(&changed).is_err(), "byte {at}");
    }
    for word in 0..proof.bytes.len() / 32 {
        let mut zero = proof.clone();
        zero.bytes[32 * word..][..32].fill(0);
        assert!(verdict(&zero).is_err(), "word {word} zero");
        let mut raised = proof.clone();
        let mut carry = 1u16;
        for (byte, r) in raised.bytes[32 * word..][..32].iter_mut().zip(modulus).rev() {
            carry += u16::from(*byte) + u16::from(r);
            *byte = carry as u8;
            carry >>= 8;
        }
        assert!(verdict(&raised).is_err(), "word {word} raised by r");
    }
    for length in [0, 31, 32, proof.bytes.len() - 32, proof.bytes.len() - 1] {
        let mut short = proof.clone();
        short.bytes.truncate(length);
        assert_eq!(verdict(&short), Err(VerifyError::Length(length)));
    }
    let mut long = proof.clone();
    long.bytes.push(0);
    assert_eq!(verdict(&long), Err(VerifyError::Length(proof.bytes.len() + 1)));
}

fn witness(threshold: i64) -> Builder {
    let mut next = Fr::from(7);
    let salt = move || {
        next = next.square() + Fr::ONE;
        next
    };
    let secrets = secrets(&borrower(&LENDER.package), Fr::from(5));
    let claim = Claim {
        threshold: FixedPoint(threshold),
        context: Context(Fr::from(9)),
        model_digest: LENDER.key.model_digest(),
    };
    let plan = DirectPlan { proofs: 3, ..*LENDER.key.plan() };
    build(&DirectPlan::share(&LENDER.package), &secrets, &claim, &plan, salt)
}

#[test]
fn the_threshold_is_exact() {
    for (threshold, holds) in
        [(0, true), (SCORE, true), (SCORE + 1, false), (i64::MAX, false), (-1, false)]
    {
        assert_eq!(check(&witness(threshold)).is_ok(), holds, "{threshold}");
    }
}

/// Every cell but the salt's is bound, and every choice of the prover is public or refused.
#[test]
fn no_cell_is_free() {
    let honest = witness(SCORE - 5);
    let instances = honest.instance_values();
    assert!(honest.holds(&instances));
    for delta in [Fr::ONE, -Fr::ONE, Fr::from(1 << 40)] {
        assert_eq!(honest.unbound_cells(delta), [], "{delta:?}");
    }
    for cell in honest.choices() {
        let mut changed = honest.clone();
        changed.overwrite(cell, honest.value(cell) + Fr::ONE);
        changed.carry_on();
        let public = changed.instance_values() != instances;
        assert!(public || !changed.holds(&instances), "{}", honest.describe(cell));
    }
    for index in 0..instances.len() {
        let mut changed = instances.clone();
        changed[index] += Fr::ONE;
        assert!(!honest.holds(&changed), "instance {index}");
    }
}

/// The schema is a constant of the circuit, besides being in the model's digest.
#[test]
fn the_schema_is_the_models() {
    let honest = witness(SCORE - 5);
    let schema = StatementWords::positions().schema;
    for cell in honest.choices() {
        let mut changed = honest.clone();
        changed.overwrite(cell, honest.value(cell) + Fr::ONE);
        changed.carry_on();
        let public = changed.instance_values();
        let same = public[schema] == honest.instance_values()[schema];
        assert!(same || !changed.holds(&public), "{}", honest.describe(cell));
    }
}

/// A score below the threshold, by a prover who chooses the bits of the difference.
#[test]
fn no_bits_prove_a_score_below_the_threshold() {
    let below = witness(SCORE + 1);
    assert!(!below.holds(&below.instance_values()));
    // The bits of the difference are the last choices but the context and the salt's free cells.
    let choices = below.choices();
    for number in [0u64, 1, u64::MAX, u64::MAX >> 1] {
        for end in (63..=choices.len()).rev().take(16) {
            let mut forged = below.clone();
            for (i, cell) in choices[end - 63..end].iter().enumerate() {
                forged.overwrite(*cell, Fr::from(number >> i & 1));
            }
            forged.carry_on();
            let same = forged.instance_values() == below.instance_values();
            assert!(!same || !forged.holds(&forged.instance_values()), "{number}");
        }
    }
}
