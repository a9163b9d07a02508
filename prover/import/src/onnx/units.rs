//! What sums are made of: inputs of the first layer, layers, trees. And how much work a file may be.

use super::{
    node::GraphNode,
    operators::{AFTER_SIGMOID, NO_NUMBER},
    value::{Basis, Column, Lookup, Scaled, Sum},
};
use crate::{
    Guess,
    demand::{Category, SourceDemand},
    ensemble::Ensemble,
    error::Fault,
    network::{MAX_WIDTH, SourceInput, SourceInputKind},
};
use std::{
    collections::{HashMap, HashSet},
    mem::Discriminant,
};

/// Most terms that are kept of all sums together, 16 bytes each.
const MAX_TERMS: usize = 1 << 24;
/// What a column takes besides its terms, counted in terms.
const COLUMN_TERMS: usize = 5;
/// Most multiplications. A network takes one a weight; only a matrix times a matrix takes more.
const MAX_WORK: usize = 1 << 28;

/// A layer with ReLU: the sums of what is before it.
pub(super) struct HiddenLayer {
    pub before: Basis,
    pub sums: Vec<Sum>,
}

/// What the walk over the graph has made so far.
#[derive(Default)]
pub(super) struct Units {
    pub inputs: Vec<SourceInput>,
    index: HashMap<Key, u32>,
    pub layers: Vec<HiddenLayer>,
    pub trees: Vec<Ensemble>,
    pub demands: Vec<SourceDemand>,
    asked: HashSet<(Discriminant<SourceDemand>, usize)>,
    pub notes: Vec<String>,
    pub guesses: Vec<Guess>,
    /// Whether an operator of regressors, or of a classifier's raw scores, made a sum.
    pub raw: bool,
    terms: usize,
    work: usize,
}

/// An input, with bits for numbers.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Value(usize, Option<u64>, u64, u64),
    IsText(usize, String),
    IsNumber(usize, u64),
}

impl Units {
    /// Counts `terms` that are kept and `work` that is done.
    pub fn spend(&mut self, node: &GraphNode<'_>, terms: usize, work: usize) -> Result<(), Fault> {
        self.terms = self.terms.saturating_add(terms);
        self.work = self.work.saturating_add(work);
        if self.terms <= MAX_TERMS && self.work <= MAX_WORK {
            return Ok(());
        }
        let hint = "networks are imported up to 2^22 weights";
        Err(node.unsupported("a graph that takes too much work", hint))
    }

    /// Counts copies of `columns`.
    pub fn spend_on(&mut self, node: &GraphNode<'_>, columns: &[Column]) -> Result<(), Fault> {
        let terms = |column: &Column| match column {
            Column::Sum(sum)
            | Column::Sigmoid(sum)
            | Column::Exp(sum)
            | Column::OnePlusExp(sum) => sum.terms.len() + COLUMN_TERMS,
            // A category and its number.
            Column::Lookup(lookup) => 4 * lookup.values.len() + COLUMN_TERMS,
            _ => COLUMN_TERMS,
        };
        let terms = columns.iter().map(terms).sum();
        self.spend(node, terms, terms)
    }

    /// Asks something of the schema, once.
    pub fn demand(&mut self, demand: SourceDemand) {
        let asked = (std::mem::discriminant(&demand), demand.feature());
        // Encoders of one feature may know different categories.
        if matches!(demand, SourceDemand::OneOf { .. }) || self.asked.insert(asked) {
            self.demands.push(demand);
        }
    }

    fn input(
        &mut self,
        node: &GraphNode<'_>,
        key: Key,
        input: impl FnOnce() -> SourceInput,
    ) -> Result<u32, Fault> {
        if let Some(unit) = self.index.get(&key) {
            return Ok(*unit);
        }
        if self.inputs.len() == MAX_WIDTH {
            return Err(node.malformed(format!("more than {MAX_WIDTH} inputs of the first layer")));
        }
        let unit = self.inputs.len() as u32;
        self.inputs.push(input());
        self.index.insert(key, unit);
        Ok(unit)
    }

    fn scaled(&mut self, node: &GraphNode<'_>, of: &Scaled) -> Result<Sum, Fault> {
        let Scaled { feature, missing, offset, scale, .. } = *of;
        let bits = |x: f64| (x + 0.0).to_bits();
        let key = Key::Value(feature, missing.map(bits), bits(offset), bits(scale));
        let unit = self.input(node, key, || SourceInput {
            feature,
            kind: SourceInputKind::Value { missing, offset, scale },
        })?;
        Ok(Sum::unit(Basis::Inputs, unit))
    }

    fn lookup(&mut self, node: &GraphNode<'_>, of: &Lookup) -> Result<Sum, Fault> {
        let mut terms = Vec::with_capacity(of.values.len());
        for (category, value) in &of.values {
            let coefficient = value - of.other;
            if coefficient == 0.0 {
                continue;
            }
            let key = match category {
                Category::Text(text) => Key::IsText(of.feature, text.clone()),
                Category::Number(number) => Key::IsNumber(of.feature, (number + 0.0).to_bits()),
            };
            let kind = || SourceInputKind::Is(category.clone());
            let input = || SourceInput { feature: of.feature, kind: kind() };
            terms.push((self.input(node, key, input)?, coefficient));
        }
        terms.sort_unstable_by_key(|(unit, _)| *unit);
        Ok(Sum { basis: Basis::Inputs, terms, constant: of.other })
    }

    /// Two sums over the same units: the one that is made earlier is carried through the layers between.
    pub fn level(&mut self, node: &GraphNode<'_>, x: Sum, y: Sum) -> Result<(Sum, Sum), Fault> {
        let basis = self.later(node, x.basis, y.basis)?;
        Ok((self.lift(node, x, basis)?, self.lift(node, y, basis)?))
    }

    /// The one of two bases that is made of the other.
    pub fn later(&self, node: &GraphNode<'_>, x: Basis, y: Basis) -> Result<Basis, Fault> {
        if self.above(x, y).is_some() {
            return Ok(y);
        }
        self.above(y, x).map(|_| x).ok_or_else(|| different(node))
    }

    /// `sum` over the units of `basis`, which is the same or a later one.
    pub fn lift(&mut self, node: &GraphNode<'_>, mut sum: Sum, basis: Basis) -> Result<Sum, Fault> {
        if sum.terms.is_empty() {
            sum.basis = basis;
        }
        let layers = self.above(sum.basis, basis).ok_or_else(|| different(node))?;
        self.carry(node, sum, &layers)
    }

    /// The layers from the one after `low` up to `high`, if `high` is made of `low`.
    fn above(&self, low: Basis, high: Basis) -> Option<Vec<usize>> {
        let (mut layers, mut at) = (Vec::new(), high);
        while at != low {
            let Basis::Layer(index) = at else { return None };
            layers.push(index);
            at = self.layers[index].before;
        }
        layers.reverse();
        Some(layers)
    }

    /// `sum` through `layers`, each of which gets two units more, as `relu(x) − relu(−x)`.
    fn carry(
        &mut self,
        node: &GraphNode<'_>,
        mut sum: Sum,
        layers: &[usize],
    ) -> Result<Sum, Fault> {
        for index in layers {
            self.spend(node, 2 * sum.terms.len() + 2, 0)?;
            let layer = &mut self.layers[*index];
            if layer.sums.len() + 2 > MAX_WIDTH {
                return Err(node.malformed(format!("a layer wider than {MAX_WIDTH}")));
            }
            // The same sum may be carried more than once: its units are there then.
            let negative = sum.clone().times(-1.0);
            let known =
                layer.sums.windows(2).position(|pair| pair[0] == sum && pair[1] == negative);
            let unit = known.unwrap_or(layer.sums.len()) as u32;
            if known.is_none() {
                layer.sums.extend([sum, negative]);
            }
            let terms = vec![(unit, 1.0), (unit + 1, -1.0)];
            sum = Sum { basis: Basis::Layer(*index), terms, constant: 0.0 };
        }
        Ok(sum)
    }

    /// A column as a sum; none for a constant. A probability or a text is refused.
    pub fn sum(&mut self, node: &GraphNode<'_>, column: &Column) -> Result<Option<Sum>, Fault> {
        let sum = match column {
            Column::Constant(_) => return Ok(None),
            Column::Scaled(scaled) => self.scaled(node, scaled)?,
            Column::Lookup(lookup) => self.lookup(node, lookup)?,
            Column::Sum(sum) => sum.clone(),
            Column::Text(_) | Column::Missing { .. } => {
                return Err(node.unsupported("arithmetic with what is no number", NO_NUMBER));
            }
            Column::Sigmoid(_) | Column::Exp(_) | Column::OnePlusExp(_) => {
                return Err(node.unsupported("arithmetic after a sigmoid", AFTER_SIGMOID));
            }
        };
        self.spend(node, sum.terms.len(), sum.terms.len())?;
        Ok(Some(sum))
    }
}

/// Refuses sums over units of which neither is made of the other.
fn different(node: &GraphNode<'_>) -> Fault {
    let hint = "imported are sums of layers of which one is made of the other. Where bins (WOETransformer) stand \
                beside numbers, bin all features or none";
    node.unsupported("a sum of numbers that have nothing to do with each other", hint)
}
