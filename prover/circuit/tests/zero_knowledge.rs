//! Why proofs of the one-column layout are zero-knowledge: the rows that halo2 fills with random
//! numbers outnumber what a proof shows, and everything shown is independent.
//!
//! What a proof shows that depends on the witness: the commitments to the advice `a`, the
//! permutation's product `z` and the two quotient pieces; `a` at four points, `z` at two. Each is a
//! function of the random rows. If its derivative has full rank, the shown values are uniform
//! whatever the witness is, up to the checks that every accepted proof passes. (The random
//! polynomial has a coefficient for each row and is shown at two points; W and W' follow from the
//! commitments and the values. docs/circuits.md has the argument in full.)
//!
//! The constraint system is halo2's own, so a gate, a rotation or a layout that is added is counted.

use halo2_proofs::{
    plonk::{Any, Circuit, ConstraintSystem, Expression},
    poly::Rotation,
};
use halo2curves::ff::{Field, PrimeField};
use tessera_circuit::{ColumnCircuit, Gates};
use tessera_core::{Fr, random};

/// Rows of the circuits here; the rank does not depend on it.
const ROWS: usize = 32;
/// Points at which polynomials of degree below `4·ROWS` are held.
const EXTENDED: usize = 4 * ROWS;

fn fresh() -> Fr {
    random().expect("randomness")
}

fn root_of_unity(order: usize) -> Fr {
    (order.ilog2()..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

fn power(base: Fr, exponent: i64) -> Fr {
    let power = base.pow_vartime([exponent.unsigned_abs()]);
    if exponent < 0 { power.invert().expect("not zero") } else { power }
}

/// Coefficients of the polynomial with these values on the `ROWS` rows.
fn interpolate(values: &[Fr]) -> Vec<Fr> {
    let omega = root_of_unity(ROWS);
    let n = Fr::from(ROWS as u64).invert().expect("not zero");
    let coefficient = |degree: usize| {
        let turn = |row: usize| power(omega, -((row * degree % ROWS) as i64));
        values.iter().enumerate().map(|(row, value)| *value * turn(row)).sum::<Fr>() * n
    };
    (0..ROWS).map(coefficient).collect()
}

/// A polynomial by its coefficients, at a point.
fn at(coefficients: &[Fr], x: Fr) -> Fr {
    coefficients.iter().rev().fold(Fr::ZERO, |sum, c| sum * x + *c)
}

/// `L_row = 1/n·Σ (X·ω^-row)^i` at a point.
fn lagrange(row: usize, point: Fr) -> Fr {
    let ratio = point * power(root_of_unity(ROWS), -(row as i64));
    let n = Fr::from(ROWS as u64).invert().expect("not zero");
    (0..ROWS).fold(Fr::ZERO, |sum, _| sum * ratio + Fr::ONE) * n
}

/// A number and its derivative by one random row.
#[derive(Clone, Copy)]
struct Dual(Fr, Fr);

impl Dual {
    fn constant(value: Fr) -> Self {
        Dual(value, Fr::ZERO)
    }
    fn add(self, other: Self) -> Self {
        Dual(self.0 + other.0, self.1 + other.1)
    }
    fn scale(self, factor: Fr) -> Self {
        Dual(self.0 * factor, self.1 * factor)
    }
    fn mul(self, other: Self) -> Self {
        Dual(self.0 * other.0, self.0 * other.1 + self.1 * other.0)
    }
    fn sub(self, other: Self) -> Self {
        self.add(other.scale(-Fr::ONE))
    }
}

/// A proof in the making: public columns and witness, as polynomials, and challenges.
struct Proof {
    cs: ConstraintSystem<Fr>,
    /// Rows at the end: this many are random in `z`, one more in `a`.
    blinding: usize,
    fixed: Vec<Vec<Fr>>,
    instance: Vec<Fr>,
    sigma: Vec<Fr>,
    a: Vec<Fr>,
    z: Vec<Fr>,
    beta: Fr,
    gamma: Fr,
    y: Fr,
    x: Fr,
    tau: Fr,
}

/// A random row: of the advice column, or of the product.
#[derive(Clone, Copy, PartialEq)]
enum Unknown {
    Advice(usize),
    Product(usize),
}

impl Proof {
    fn new(gates: Gates, blinding: Option<usize>) -> Self {
        let mut cs = ConstraintSystem::default();
        ColumnCircuit::configure_with_params(&mut cs, gates);
        assert_eq!(cs.num_advice_columns(), 1, "the argument is for one advice column,");
        assert_eq!(cs.permutation().get_columns().len(), 1, "one product,");
        assert!(matches!(cs.permutation().get_columns()[0].column_type(), Any::Advice(_)));
        assert_eq!(cs.degree(), 3, "and two quotient pieces");
        assert!(cs.lookups().is_empty());
        let blinding = blinding.unwrap_or(cs.blinding_factors());
        let column = |used: usize| -> Vec<Fr> {
            let value = |row| if row < used { fresh() } else { Fr::ZERO };
            interpolate(&(0..ROWS).map(value).collect::<Vec<_>>())
        };
        // No gate reaches a random row.
        let usable = ROWS - blinding - 1;
        let fixed = (0..cs.num_fixed_columns()).map(|_| column(usable - 3)).collect();
        let (instance, sigma) = (column(3), column(ROWS));
        let (a, z) = (column(ROWS), column(ROWS));
        let [beta, gamma, y, x, tau] = std::array::from_fn(|_| fresh());
        Proof { cs, blinding, fixed, instance, sigma, a, z, beta, gamma, y, x, tau }
    }

    fn unknowns(&self) -> Vec<Unknown> {
        let advice = (ROWS - self.blinding - 1..ROWS).map(Unknown::Advice);
        advice.chain((ROWS - self.blinding..ROWS).map(Unknown::Product)).collect()
    }

    /// A column at a point with its derivative by `unknown`.
    fn advice(&self, unknown: Unknown, point: Fr) -> Dual {
        let row = if let Unknown::Advice(row) = unknown { Some(row) } else { None };
        Dual(at(&self.a, point), row.map_or(Fr::ZERO, |row| lagrange(row, point)))
    }

    fn product(&self, unknown: Unknown, point: Fr) -> Dual {
        let row = if let Unknown::Product(row) = unknown { Some(row) } else { None };
        Dual(at(&self.z, point), row.map_or(Fr::ZERO, |row| lagrange(row, point)))
    }

    /// All constraints at a point, folded by `y`, as halo2 orders them.
    fn numerator(&self, unknown: Unknown, point: Fr) -> Dual {
        let omega = root_of_unity(ROWS);
        let turned = |rotation: Rotation| point * power(omega, i64::from(rotation.0));
        let gates = self.cs.gates().iter().flat_map(|gate| gate.polynomials()).map(|polynomial| {
            let polynomial: &Expression<Fr> = polynomial;
            polynomial.evaluate(
                &Dual::constant,
                &|_| unreachable!("selectors are fixed columns"),
                &|query| {
                    let column = &self.fixed[query.column_index()];
                    Dual::constant(at(column, turned(query.rotation())))
                },
                &|query| self.advice(unknown, turned(query.rotation())),
                &|query| Dual::constant(at(&self.instance, turned(query.rotation()))),
                &|_| unreachable!("one phase"),
                &|a| a.scale(-Fr::ONE),
                &Dual::add,
                &Dual::mul,
                &Dual::scale,
            )
        });
        let last = ROWS - self.blinding - 1;
        let [first, last_row] = [0, last].map(|row| Dual::constant(lagrange(row, point)));
        let active = Fr::ONE - (last..ROWS).map(|row| lagrange(row, point)).sum::<Fr>();
        let (a, z) = (self.advice(unknown, point), self.product(unknown, point));
        let next = self.product(unknown, point * omega);
        let one = Dual::constant(Fr::ONE);
        let shifted = |by: Fr| a.add(Dual::constant(self.beta * by + self.gamma));
        let step = next.mul(shifted(at(&self.sigma, point))).sub(z.mul(shifted(point)));
        let permutation =
            [first.mul(one.sub(z)), last_row.mul(z.mul(z).sub(z)), step.scale(active)];
        let fold = |sum: Dual, term: Dual| sum.scale(self.y).add(term);
        gates.chain(permutation).fold(Dual::constant(Fr::ZERO), fold)
    }

    /// Derivatives by `unknown` of the two quotient pieces at τ.
    fn quotient(&self, unknown: Unknown) -> [Fr; 2] {
        let root = root_of_unity(EXTENDED);
        let points: Vec<Fr> =
            (0..EXTENDED).map(|i| Fr::MULTIPLICATIVE_GENERATOR * power(root, i as i64)).collect();
        let values: Vec<Fr> = points
            .iter()
            .map(|point| {
                let vanishing = point.pow_vartime([ROWS as u64]) - Fr::ONE;
                self.numerator(unknown, *point).1 * vanishing.invert().expect("not a row")
            })
            .collect();
        // Coefficients by the inverse transform.
        let n = Fr::from(EXTENDED as u64).invert().expect("not zero");
        let coefficients: Vec<Fr> = (0..EXTENDED)
            .map(|degree| {
                let turn = |i: usize| power(root, -((i * degree % EXTENDED) as i64));
                let sum: Fr = values.iter().enumerate().map(|(i, v)| *v * turn(i)).sum();
                sum * n * power(Fr::MULTIPLICATIVE_GENERATOR, -(degree as i64))
            })
            .collect();
        assert!(
            coefficients[2 * ROWS..].iter().all(|c| *c == Fr::ZERO),
            "a random row is in a constraint"
        );
        [0, 1].map(|piece| at(&coefficients[piece * ROWS..(piece + 1) * ROWS], self.tau))
    }

    /// Derivatives by `unknown` of what a reader of commitments sees: `a`, `z`, the quotient pieces.
    fn commitments(&self, unknown: Unknown) -> Vec<Fr> {
        let [low, high] = self.quotient(unknown);
        vec![self.advice(unknown, self.tau).1, self.product(unknown, self.tau).1, low, high]
    }

    /// And of the values that a whole proof has besides.
    fn evaluations(&self, unknown: Unknown) -> Vec<Fr> {
        let omega = root_of_unity(ROWS);
        let turned = |rotation: i32| self.x * power(omega, i64::from(rotation));
        let queries = self.cs.advice_queries().iter();
        let advice = queries.map(|(_, rotation)| self.advice(unknown, turned(rotation.0)).1);
        advice.chain([0, 1].map(|turn| self.product(unknown, turned(turn)).1)).collect()
    }
}

/// Number of independent columns; each row of `matrix` is an unknown's derivatives.
fn rank(mut matrix: Vec<Vec<Fr>>) -> usize {
    let mut rank = 0;
    for column in 0..matrix[0].len() {
        let Some(pivot) = (rank..matrix.len()).find(|row| matrix[*row][column] != Fr::ZERO) else {
            continue;
        };
        matrix.swap(rank, pivot);
        let inverse = matrix[rank][column].invert().expect("not zero");
        let (done, rest) = matrix.split_at_mut(rank + 1);
        for row in rest {
            let factor = row[column] * inverse;
            for (cell, above) in row.iter_mut().zip(&done[rank]) {
                *cell -= factor * above;
            }
        }
        rank += 1;
    }
    rank
}

/// Rank and number of the values that a whole proof shows, and of those of its commitments alone.
fn ranks(gates: Gates, blinding: Option<usize>) -> [(usize, usize); 2] {
    let proof = Proof::new(gates, blinding);
    let (mut whole, mut commitments) = (Vec::new(), Vec::new());
    for unknown in proof.unknowns() {
        let row = proof.commitments(unknown);
        commitments.push(row.clone());
        whole.push([row, proof.evaluations(unknown)].concat());
    }
    [whole, commitments].map(|matrix| {
        let shown = matrix[0].len();
        (rank(matrix), shown)
    })
}

/// An aggregation proof, and a segment's that is shown whole: ten values. A segment's inside of an
/// aggregated proof: four commitments, for its values stay in the circuit.
#[test]
fn everything_shown_is_independent_of_the_witness() {
    for gates in [Gates::Lean, Gates::Full] {
        assert_eq!(ranks(gates, None), [(10, 10), (4, 4)], "{gates:?}");
    }
}

/// Four random rows would be too few, so the test above can fail.
#[test]
fn fewer_random_rows_would_show_something() {
    for gates in [Gates::Lean, Gates::Full] {
        assert_eq!(ranks(gates, Some(5))[0], (10, 10), "{gates:?}: one to spare");
        assert_eq!(ranks(gates, Some(4))[0], (9, 10), "{gates:?}");
    }
}

/// What the constraint system promises is what halo2 fills: rows of the advice column and of the
/// product.
#[test]
fn halo2_keeps_the_rows_that_the_argument_counts() {
    for gates in [Gates::Lean, Gates::Full] {
        let mut cs = ConstraintSystem::<Fr>::default();
        ColumnCircuit::configure_with_params(&mut cs, gates);
        assert_eq!(cs.blinding_factors(), 6);
        assert!(tessera_circuit::layout::RESERVED_ROWS > cs.blinding_factors() + 1);
    }
}
