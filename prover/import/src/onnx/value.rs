//! What flows between nodes: constants, and rows of numbers that are followed back to the features.

use super::tensor::Tensor;
use crate::demand::Category;
use std::rc::Rc;

/// What a node puts out.
#[derive(Clone)]
pub(super) enum Value {
    /// The same for every borrower.
    Constant(Rc<Tensor>),
    /// Numbers of one borrower.
    Row(Rc<Row>),
    /// The class that was chosen, which is not needed.
    Label,
    /// An input that is left out.
    Absent,
}

/// Numbers of one borrower. The first dimension of the tensor, over borrowers, is left out.
pub(super) struct Row {
    /// The other dimensions.
    pub shape: Vec<usize>,
    /// As many as the shape has places.
    pub columns: Vec<Column>,
}

impl Row {
    /// A row of one dimension.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { shape: vec![columns.len()], columns }
    }
}

/// A number of one borrower.
#[derive(Clone)]
pub(super) enum Column {
    /// The same for everybody.
    Constant(f64),
    /// A feature's text, as it came in.
    Text(usize),
    /// Whether a feature is missing, or whether it is there.
    Missing {
        feature: usize,
        negated: bool,
    },
    /// A feature's number, scaled.
    Scaled(Scaled),
    /// A number for each category.
    Lookup(Rc<Lookup>),
    /// A sum of others.
    Sum(Sum),
    /// The logistic function of a sum.
    Sigmoid(Sum),
    /// `exp` of a sum, and 1 more: on the way to a logistic function that is written out.
    Exp(Sum),
    OnePlusExp(Sum),
}

/// `(x − offset) · scale`.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Scaled {
    /// The model's index of it.
    pub feature: usize,
    /// Stands in for a missing `x`.
    pub missing: Option<f64>,
    pub offset: f64,
    /// Not 0.
    pub scale: f64,
    /// Whether the library has it in single precision.
    pub single: bool,
}

impl Scaled {
    /// Whether only missing values were replaced.
    pub fn is_plain(&self) -> bool {
        self.offset == 0.0 && self.scale == 1.0
    }
}

/// A number for each category of a feature.
#[derive(Clone)]
pub(super) struct Lookup {
    pub feature: usize,
    /// Different categories.
    pub values: Vec<(Category, f64)>,
    /// For any other category, and where it is missing.
    pub other: f64,
    /// Whether the numbers are those of the encoder, before any arithmetic.
    pub plain: bool,
}

/// `Σ coefficient · unit + constant`.
#[derive(Clone, PartialEq)]
pub(super) struct Sum {
    /// What units are.
    pub basis: Basis,
    /// Unit and coefficient, ascending in the unit.
    pub terms: Vec<(u32, f64)>,
    pub constant: f64,
}

/// What the units of a sum are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// Inputs of the first layer.
    Inputs,
    /// Outputs of a layer, by its number.
    Layer(usize),
    /// Sums of the leaves of a tree ensemble, by its number.
    Trees,
}

impl Sum {
    /// A single unit.
    pub fn unit(basis: Basis, unit: u32) -> Self {
        Self { basis, terms: vec![(unit, 1.0)], constant: 0.0 }
    }

    /// `factor · self`.
    pub fn times(mut self, factor: f64) -> Self {
        self.terms.iter_mut().for_each(|(_, coefficient)| *coefficient *= factor);
        self.constant *= factor;
        self
    }

    /// `self + number`.
    pub fn plus(mut self, number: f64) -> Self {
        self.constant += number;
        self
    }

    /// `self + other`, which have the same basis.
    pub fn and(&self, other: &Self) -> Self {
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut left, mut right) = (self.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            match (left.peek(), right.peek()) {
                (Some((a, x)), Some((b, y))) if a == b => {
                    terms.push((*a, x + y));
                    left.next();
                    right.next();
                }
                (Some((a, _)), Some((b, _))) if a > b => terms.extend(right.next()),
                (Some(_), _) => terms.extend(left.next()),
                (None, Some(_)) => terms.extend(right.next()),
                (None, None) => break,
            }
        }
        Self { basis: self.basis, terms, constant: self.constant + other.constant }
    }

    /// Whether this is exactly `1 − other`.
    pub fn complements(&self, other: &Self) -> bool {
        self.basis == other.basis
            && self.constant + other.constant == 1.0
            && self.terms.len() == other.terms.len()
            && self.terms.iter().zip(&other.terms).all(|((a, x), (b, y))| a == b && *x == -*y)
    }

    /// Whether this is exactly `−other`.
    pub fn is_negative_of(&self, other: &Self) -> bool {
        self.basis == other.basis
            && self.constant == -other.constant
            && self.terms.len() == other.terms.len()
            && self.terms.iter().zip(&other.terms).all(|((a, x), (b, y))| a == b && *x == -*y)
    }
}
