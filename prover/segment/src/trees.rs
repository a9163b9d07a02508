//! Trees in a circuit: chains of multiplexers on constants.

use crate::features::Comparisons;
use halo2curves::ff::Field;
use std::collections::{BTreeMap, BTreeSet};
use tessera_circuit::{Builder, Cell, Operand};
use tessera_field::Fr;
use tessera_model::{Node, Schema, Tree};

/// The field element of a signed fixed-point number.
pub fn signed(value: i64) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// Thresholds that `trees` compare each feature with, the "present" one included where a node sends
/// a missing value to the left.
pub fn thresholds(schema: &Schema, trees: &[Tree]) -> Vec<BTreeSet<u64>> {
    let mut thresholds = vec![BTreeSet::new(); schema.features.len()];
    for node in trees.iter().flat_map(|tree| &tree.nodes) {
        if let Node::Split { feature, threshold, missing_left, .. } = node {
            thresholds[*feature].insert(*threshold);
            if *missing_left && schema.features[*feature].missing {
                thresholds[*feature].insert(schema.features[*feature].top());
            }
        }
    }
    thresholds
}

/// Sums trees over features whose comparisons are in the circuit.
pub struct Forest<'a> {
    schema: &'a Schema,
    comparisons: &'a [Comparisons],
    /// Left and right booleans of a split, by what decides it: (feature, threshold, missing left).
    branches: BTreeMap<(usize, u64, bool), [Cell; 2]>,
}

/// A node's value: a leaf's is known when the circuit is made.
#[derive(Clone, Copy)]
enum Value {
    Leaf(i64),
    Cell(Cell),
}

impl Value {
    fn operand(self) -> Operand {
        match self {
            Value::Leaf(value) => Operand::Constant(signed(value)),
            Value::Cell(cell) => Operand::Copy(cell),
        }
    }
}

/// The left or the right child's value.
fn select(builder: &mut Builder, branch: [Cell; 2], left: Value, right: Value) -> Cell {
    let [goes_left, goes_right] = branch;
    match (left, right) {
        // right + goes_left·(left − right), the difference known.
        (Value::Leaf(left), Value::Leaf(right)) => {
            let [left, right] = [left, right].map(signed);
            let difference = Operand::Constant(left - right);
            let [_, _, _, value] = builder.mul_add(Operand::Constant(right), goes_left, difference);
            value
        }
        _ => builder.sum_of_products(
            Operand::Constant(Fr::ZERO),
            [(goes_left.into(), left.operand()), (goes_right.into(), right.operand())],
        ),
    }
}

impl<'a> Forest<'a> {
    /// `comparisons[feature]` must hold every threshold of the trees ([`thresholds`]).
    pub fn new(schema: &'a Schema, comparisons: &'a [Comparisons]) -> Self {
        Forest { schema, comparisons, branches: BTreeMap::new() }
    }

    /// `offset` plus all trees' leaves, in 2^-32 points. Bound: the package's, `|sum| < 2^62`.
    pub fn sum(&mut self, builder: &mut Builder, offset: i64, trees: &[Tree]) -> Cell {
        let roots: Vec<Value> = trees.iter().map(|tree| self.root(builder, &tree.nodes)).collect();
        let products = roots.iter().map(|root| (root.operand(), Operand::Constant(Fr::ONE)));
        builder.sum_of_products(Operand::Constant(signed(offset)), products)
    }

    /// The root's value. Children come after their parents (the package is validated), so one
    /// pass from the last node to the first finds both children done, shared ones too.
    fn root(&mut self, builder: &mut Builder, nodes: &[Node]) -> Value {
        let mut values: Vec<Value> = Vec::with_capacity(nodes.len());
        for node in nodes.iter().rev() {
            let value = match node {
                Node::Leaf { value } => Value::Leaf(*value),
                Node::Split { feature, threshold, missing_left, left, right } => {
                    let branch = self.branch(builder, *feature, *threshold, *missing_left);
                    // values[0] is the last node's
                    let child = |index: &usize| values[nodes.len() - 1 - index];
                    Value::Cell(select(builder, branch, child(left), child(right)))
                }
            };
            values.push(value);
        }
        *values.last().expect("a tree has a root")
    }

    /// Booleans "goes left" and "goes right".
    fn branch(
        &mut self,
        builder: &mut Builder,
        feature: usize,
        threshold: u64,
        missing_left: bool,
    ) -> [Cell; 2] {
        let comparisons = &self.comparisons[feature];
        let missing_left = missing_left && self.schema.features[feature].missing;
        *self.branches.entry((feature, threshold, missing_left)).or_insert_with(|| {
            let mut left = comparisons.below(threshold);
            if missing_left {
                // below + missing: never both, for a missing code is no less than any threshold.
                let terms = [(Fr::ONE, left), (-Fr::ONE, comparisons.present())];
                left = builder.linear_combination(Fr::ONE, &terms);
            }
            [left, builder.linear_combination(Fr::ONE, &[(-Fr::ONE, left)])]
        })
    }
}
