//! What direct proofs confirm to somebody who holds a complete guess of the model, and not its salt.
//!
//! Each proof has the value of the key's polynomials at one point. All of a polynomial is known to the guesser
//! but the salted rows: a linear equation in their values. The key's commitment is one more.

mod common;

use common::{Lender, borrower, package, secrets, srs};
use halo2_proofs::{
    dev::{CellValue, MockProver},
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params},
    },
};
use halo2curves::{
    bn256::{G1, G1Affine},
    ff::Field,
    group::Group,
};
use snark_verifier::{
    loader::native::NativeLoader,
    pcs::kzg::KzgSuccinctVerifyingKey,
    system::halo2::transcript::evm::EvmTranscript,
    util::arithmetic::root_of_unity,
    verifier::{SnarkVerifier, plonk::PlonkSuccinctVerifier},
};
use std::ops::Range;
use tessera_circuit::ColumnCircuit;
use tessera_core::{Fr, STATEMENT_WORDS};
use tessera_direct::spec::KEY_WORDS;
use tessera_direct::{Claim, Direct, DirectPlan, circuit::build};
use tessera_model::{Computation, Node, Package};
use tessera_segment::proof::Pcs;

/// A column of the key: its position among the fixed columns, in the key and among a proof's evaluations, and
/// its salted rows.
struct Column {
    index: usize,
    evaluation: usize,
    salted: Range<usize>,
}

fn columns(plan: &DirectPlan) -> [Column; 2] {
    let zeros = plan.rows + plan.constants();
    [
        Column { index: 0, evaluation: 4, salted: zeros..zeros + plan.selectors() },
        Column { index: 1, evaluation: 5, salted: plan.rows..zeros },
    ]
}

/// The point that a proof is opened at, and a column's value there: public.
fn opening(lender: &Lender, proof: &Direct, column: &Column) -> (Fr, Fr) {
    let mut protocol = lender.key.verifying_key().protocol();
    protocol.num_instance = vec![STATEMENT_WORDS];
    let circuit = &proof.bytes[32 * KEY_WORDS..proof.bytes.len() - 32];
    let mut transcript = EvmTranscript::<G1Affine, NativeLoader, _, _>::new(circuit);
    let svk = KzgSuccinctVerifyingKey { g: G1Affine::generator() };
    let instances = [proof.statement.into_array().to_vec()];
    let parsed =
        PlonkSuccinctVerifier::<Pcs>::read_proof(&svk, &protocol, &instances, &mut transcript)
            .expect("well-formed");
    (parsed.z, parsed.evaluations[column.evaluation])
}

/// All that the guesser knows of a column of this model: 0 in the salted rows.
fn guessed(package: &Package, plan: &DirectPlan, column: &Column) -> Vec<Fr> {
    let secrets = secrets(&borrower(package), Fr::ONE);
    let share = DirectPlan::share(package);
    let circuit =
        ColumnCircuit::new(build(&share, &secrets, &Claim::blank(), plan, || Fr::from(3)));
    let mock = MockProver::run(plan.k, &circuit, vec![circuit.instances()]).expect("it fits");
    let value = |(row, cell): (usize, &CellValue<Fr>)| match cell {
        CellValue::Assigned(value) if !column.salted.contains(&row) => *value,
        _ => Fr::ZERO,
    };
    mock.fixed()[column.index].iter().enumerate().map(value).collect()
}

/// `Lᵢ(x)` for all rows.
fn lagrange(k: u32, x: Fr) -> Vec<Fr> {
    let (n, omega) = (1u64 << k, root_of_unity::<Fr>(k as usize));
    let scale = (x.pow_vartime([n]) - Fr::ONE) * Fr::from(n).invert().unwrap();
    let powers = std::iter::successors(Some(Fr::ONE), |power| Some(*power * omega));
    powers.take(n as usize).map(|power| scale * power * (x - power).invert().unwrap()).collect()
}

/// Solutions of linear equations `row · unknowns = value`: one of them, and a basis of the differences to all
/// others; `None` if there is none.
fn solve(mut rows: Vec<Vec<Fr>>, unknowns: usize) -> Option<(Vec<Fr>, Vec<Vec<Fr>>)> {
    let mut pivots = Vec::new();
    for column in 0..unknowns {
        let at = pivots.len();
        let Some(found) = (at..rows.len()).find(|row| rows[*row][column] != Fr::ZERO) else {
            continue;
        };
        rows.swap(at, found);
        let inverse = rows[at][column].invert().unwrap();
        rows[at].iter_mut().for_each(|x| *x *= inverse);
        let pivot = rows[at].clone();
        for (index, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != at) {
            let _ = index;
            let factor = row[column];
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
        }
        pivots.push(column);
    }
    if rows[pivots.len()..].iter().any(|row| row[unknowns] != Fr::ZERO) {
        return None;
    }
    let mut one = vec![Fr::ZERO; unknowns];
    pivots.iter().zip(&rows).for_each(|(column, row)| one[*column] = row[unknowns]);
    let free = (0..unknowns).filter(|column| !pivots.contains(column));
    let basis = free.map(|column| {
        let mut vector = vec![Fr::ZERO; unknowns];
        vector[column] = Fr::ONE;
        pivots.iter().zip(&rows).for_each(|(pivot, row)| vector[*pivot] = -row[column]);
        vector
    });
    Some((one, basis.collect()))
}

/// What the guesser concludes of a model.
#[derive(Debug, PartialEq)]
enum Verdict {
    /// Some salt makes the guess fit all that is public: nothing is learnt.
    Possible,
    /// The only salt that fits all values fits the commitment too.
    Confirmed,
    Refuted,
}

fn guess(lender: &Lender, package: &Package, proofs: &[Direct], column: &Column) -> Verdict {
    let plan = lender.key.plan();
    let known = guessed(package, plan, column);
    let equations = proofs.iter().map(|proof| {
        let (x, value) = opening(lender, proof, column);
        let basis = lagrange(plan.k, x);
        let rest: Fr = known.iter().zip(&basis).map(|(value, basis)| value * basis).sum();
        let mut equation = basis[column.salted.clone()].to_vec();
        equation.push(value - rest);
        equation
    });
    let unknowns = column.salted.len();
    let Some((salt, freedom)) = solve(equations.collect(), unknowns) else {
        return Verdict::Refuted;
    };
    let srs = srs(plan.k);
    let domain = EvaluationDomain::new(1, plan.k);
    let commit = |values: Vec<Fr>| -> G1 {
        srs.params().commit_lagrange(&domain.lagrange_from_vec(values), Blind::default())
    };
    let with_salt = |base: &[Fr], salt: &[Fr]| {
        let mut values = base.to_vec();
        values[column.salted.clone()].copy_from_slice(salt);
        values
    };
    let zeros = vec![Fr::ZERO; known.len()];
    let free = freedom.iter().map(|vector| commit(with_salt(&zeros, vector)));
    // A direction that moves the commitment reaches every point of the group.
    if free.into_iter().any(|moved| !bool::from(moved.is_identity())) {
        return Verdict::Possible;
    }
    let point = G1::from(lender.key.verifying_key().points[column.index]);
    if commit(with_salt(&known, &salt)) == point { Verdict::Confirmed } else { Verdict::Refuted }
}

/// As many proofs as are stated confirm nothing and refute nothing; one more does both.
#[test]
fn a_complete_guess_is_confirmed_by_one_proof_more_than_stated() {
    let plan = DirectPlan::new(&package(1)).expect("one circuit");
    // A few rows of salt, so that a few proofs are enough; nothing else depends on the number.
    let lender = Lender::with_plan(package(1), DirectPlan { proofs: 3, ..plan });
    let mut other = package(1);
    let Computation::Trees(trees) = &mut other.model.computation else { panic!("trees") };
    trees[1].nodes[1] = Node::Leaf { value: -6 << 32 };
    let proofs: Vec<Direct> = (0..4).map(|_| lender.prove(0)).collect();
    for column in columns(lender.key.plan()) {
        for count in 0..=3 {
            let verdicts = [&lender.package, &other]
                .map(|package| guess(&lender, package, &proofs[..count], &column));
            assert_eq!(verdicts, [Verdict::Possible, Verdict::Possible], "{count} proofs");
        }
        let right = guess(&lender, &lender.package, &proofs, &column);
        assert_eq!(right, Verdict::Confirmed, "the attack works");
    }
    let [_, constants] = columns(lender.key.plan());
    assert_eq!(guess(&lender, &other, &proofs, &constants), Verdict::Refuted);
}

/// The rows of salt are what the number of proofs asks for, and they fit.
#[test]
fn there_is_a_row_of_salt_for_each_proof_and_one_more() {
    let lender = Lender::new(package(1));
    let plan = lender.key.plan();
    assert!(plan.proofs >= tessera_direct::plan::FEWEST_PROOFS);
    assert_eq!(plan.constants(), plan.proofs + 1);
    assert_eq!(plan.selectors(), plan.proofs + 1);
    // A cell of the cycle has a label for a value, not any number: there are twice as many.
    assert!(plan.cycle() > 2 * plan.proofs);
    let rows = plan.rows + plan.constants() + plan.cycle();
    assert!(rows + tessera_circuit::layout::RESERVED_ROWS <= 1 << plan.k);
}
