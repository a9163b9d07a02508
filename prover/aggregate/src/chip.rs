//! snark-verifier's halo2 loader over [`Builder`], with elliptic curve points left unevaluated.
//!
//! A point is a linear combination `Σ scalar·base` whose bases are coordinate pairs in cells or
//! the generator. Nothing is ever added on the curve: combining points concatenates terms. All
//! verification logic stays the library's.

use halo2curves::{
    bn256::{Fq, G1Affine},
    ff::{Field, PrimeField},
    group::prime::PrimeCurveAffine,
};
use snark_verifier::{
    loader::halo2::{EccInstructions, Halo2Loader, IntegerInstructions},
    util::arithmetic::root_of_unity,
};
use std::{ops::Deref, rc::Rc};
use tessera_circuit::{Builder, Cell, Operand};
use tessera_core::Fr;
use tessera_segment::plan::{MAX_K, MIN_K};

/// The loader that verifies segment proofs in the circuit.
pub type Loader = Rc<Halo2Loader<G1Affine, DeferredChip>>;

/// A base of a deferred point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Coordinates in cells. That they are on the curve is the verifier contract's check.
    Point {
        /// First coordinate.
        x: Cell,
        /// Second coordinate.
        y: Cell,
    },
    /// The generator of G1.
    Generator,
}

/// `scalar·base`; no scalar means 1.
#[derive(Clone, Copy, Debug)]
pub struct Term {
    /// The coefficient.
    pub scalar: Option<Cell>,
    /// What it multiplies.
    pub base: Base,
}

/// A sum of terms, never evaluated.
#[derive(Clone, Debug)]
pub struct DeferredPoint {
    /// The terms; a base may occur more than once.
    pub terms: Vec<Term>,
}

/// The size of the segments' circuits, chosen among `MIN_K..=MAX_K` by one boolean for each.
#[derive(Clone, Debug)]
pub struct Size {
    /// Of sizes `MIN_K..=MAX_K`; only that of `k` is 1.
    chosen: Vec<Cell>,
    /// Power of two of the rows.
    pub k: Cell,
    /// `2^k`.
    pub rows: Cell,
    /// Generator of the subgroup of order `2^k`.
    pub generator: Cell,
    /// Its inverse.
    pub generator_inverse: Cell,
}

impl Size {
    /// Cells for a size that the prover chooses: `k = Σ size·boolean`, and the rest alike.
    ///
    /// `k` is public and in the model's digest, and decides all booleans: two sizes together are more than
    /// `MAX_K`, so a `k` up to that is the sum of one size only.
    pub fn new(builder: &mut Builder, k: u32) -> Self {
        let sizes = MIN_K..=MAX_K;
        let chosen: Vec<Cell> = sizes.clone().map(|size| builder.boolean(size == k)).collect();
        let select = |builder: &mut Builder, number: &dyn Fn(u32) -> Fr| {
            let terms: Vec<_> =
                sizes.clone().zip(&chosen).map(|(size, bit)| (number(size), *bit)).collect();
            builder.linear_combination(Fr::ZERO, &terms)
        };
        const { assert!(2 * MIN_K + 1 > MAX_K, "two sizes could pass for one") };
        let k = select(builder, &|size| Fr::from(u64::from(size)));
        let rows = select(builder, &|size| Fr::from(1 << size));
        let generator = select(builder, &|size| root_of_unity(size as usize));
        let generator_inverse = builder.invert(generator);
        Size { chosen, k, rows, generator, generator_inverse }
    }

    /// `base^(2^k)`: the chosen one of its repeated squares.
    fn power(&self, builder: &mut Builder, base: Cell) -> Cell {
        let mut square = base;
        let mut step = |builder: &mut Builder| {
            square = builder.mul(square, square);
            square
        };
        (1..MIN_K).for_each(|_| _ = step(builder));
        let products: Vec<_> = self
            .chosen
            .iter()
            .map(|bit| (Operand::Copy(*bit), Operand::Copy(step(builder))))
            .collect();
        builder.sum_of_products(Operand::Constant(Fr::ZERO), products)
    }
}

/// Arithmetic on [`Builder`]'s cells; points as [`DeferredPoint`]s.
#[derive(Clone, Debug)]
pub struct DeferredChip {
    /// Of all segments.
    size: Size,
}

impl DeferredChip {
    /// For segments of this size.
    pub fn new(size: Size) -> Self {
        DeferredChip { size }
    }

    /// Coordinates of a point that is a single base, as a witness is.
    pub fn coordinates(point: &DeferredPoint) -> Option<[Cell; 2]> {
        match point.terms.as_slice() {
            [Term { scalar: None, base: Base::Point { x, y } }] => Some([*x, *y]),
            _ => None,
        }
    }
}

/// A base-field element below the scalar modulus is its own residue; the chain's words are below
/// it, so another one cannot pass (and the prover refuses it, see the segments' keys and proofs).
fn native(x: &Fq) -> Fr {
    Option::from(Fr::from_repr(x.to_repr())).unwrap_or(Fr::ZERO)
}

impl IntegerInstructions<Fr> for DeferredChip {
    type Context = Builder;
    type AssignedCell = Cell;
    type AssignedInteger = Cell;

    fn assign_integer(&self, builder: &mut Builder, value: Fr) -> Cell {
        builder.witness(value)
    }

    fn assign_constant(&self, builder: &mut Builder, value: Fr) -> Cell {
        builder.constant(value)
    }

    fn sum_with_coeff_and_const(
        &self,
        builder: &mut Builder,
        values: &[(Fr, impl Deref<Target = Cell>)],
        constant: Fr,
    ) -> Cell {
        let terms: Vec<_> = values.iter().map(|(c, cell)| (*c, **cell)).collect();
        builder.linear_combination(constant, &terms)
    }

    fn sum_products_with_coeff_and_const(
        &self,
        builder: &mut Builder,
        values: &[(Fr, impl Deref<Target = Cell>, impl Deref<Target = Cell>)],
        constant: Fr,
    ) -> Cell {
        let products: Vec<_> = values
            .iter()
            .map(|(coefficient, a, b)| {
                let a = if *coefficient == Fr::ONE {
                    **a
                } else {
                    builder.linear_combination(Fr::ZERO, &[(*coefficient, **a)])
                };
                (Operand::Copy(a), Operand::Copy(**b))
            })
            .collect();
        builder.sum_of_products(Operand::Constant(constant), products)
    }

    fn sub(&self, builder: &mut Builder, a: &Cell, b: &Cell) -> Cell {
        builder.sub(*a, *b)
    }

    fn neg(&self, builder: &mut Builder, a: &Cell) -> Cell {
        builder.linear_combination(Fr::ZERO, &[(-Fr::ONE, *a)])
    }

    fn invert(&self, builder: &mut Builder, a: &Cell) -> Cell {
        builder.invert(*a)
    }

    fn assert_equal(&self, builder: &mut Builder, a: &Cell, b: &Cell) {
        builder.equal(*a, *b);
    }

    fn pow_var(
        &self,
        builder: &mut Builder,
        base: &Cell,
        exponent: &Cell,
        max_bits: usize,
    ) -> Cell {
        // The only exponent of a verification that is not a constant.
        if *exponent == self.size.rows {
            return self.size.power(builder, *base);
        }
        let bits = builder.bits(*exponent, max_bits as u32);
        let one = builder.constant(Fr::ONE);
        let base_minus_one = builder.sub(*base, one);
        let mut power = one;
        for bit in bits.into_iter().rev() {
            let square = builder.mul(power, power);
            // 1 or base
            let [_, _, _, factor] =
                builder.mul_add(Operand::Constant(Fr::ONE), bit, base_minus_one);
            power = builder.mul(square, factor);
        }
        power
    }
}

impl EccInstructions<G1Affine> for DeferredChip {
    type Context = Builder;
    type ScalarChip = Self;
    type AssignedCell = Cell;
    type AssignedScalar = Cell;
    type AssignedEcPoint = DeferredPoint;

    fn scalar_chip(&self) -> &Self {
        self
    }

    /// The generator is the only constant in a KZG verification.
    fn assign_constant(&self, _: &mut Builder, point: G1Affine) -> DeferredPoint {
        assert_eq!(point, G1Affine::generator(), "the only constant base is the generator");
        DeferredPoint { terms: vec![Term { scalar: None, base: Base::Generator }] }
    }

    fn assign_point(&self, builder: &mut Builder, point: G1Affine) -> DeferredPoint {
        let x = builder.witness(native(&point.x));
        let y = builder.witness(native(&point.y));
        DeferredPoint { terms: vec![Term { scalar: None, base: Base::Point { x, y } }] }
    }

    fn sum_with_const(
        &self,
        builder: &mut Builder,
        values: &[impl Deref<Target = DeferredPoint>],
        constant: G1Affine,
    ) -> DeferredPoint {
        let mut terms: Vec<_> =
            values.iter().flat_map(|point| point.terms.iter().copied()).collect();
        if !bool::from(constant.is_identity()) {
            terms.extend(EccInstructions::assign_constant(self, builder, constant).terms);
        }
        DeferredPoint { terms }
    }

    fn fixed_base_msm(
        &mut self,
        builder: &mut Builder,
        pairs: &[(impl Deref<Target = Cell>, G1Affine)],
    ) -> DeferredPoint {
        let terms = pairs.iter().map(|(scalar, point)| {
            let point = EccInstructions::assign_constant(self, builder, *point);
            Term { scalar: Some(**scalar), base: point.terms[0].base }
        });
        DeferredPoint { terms: terms.collect() }
    }

    fn variable_base_msm(
        &mut self,
        builder: &mut Builder,
        pairs: &[(impl Deref<Target = Cell>, impl Deref<Target = DeferredPoint>)],
    ) -> DeferredPoint {
        let mut terms = Vec::new();
        for (scalar, point) in pairs {
            for term in &point.terms {
                let scalar = match term.scalar {
                    None => **scalar,
                    Some(inner) => builder.mul(**scalar, inner),
                };
                terms.push(Term { scalar: Some(scalar), base: term.base });
            }
        }
        DeferredPoint { terms }
    }

    fn assert_equal(&self, _: &mut Builder, _: &DeferredPoint, _: &DeferredPoint) {
        unreachable!("verifying a proof compares no points before the pairing")
    }
}
