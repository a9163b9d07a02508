//! Trees in a circuit: chains of multiplexers on constants.

use crate::features::Comparisons;
use halo2curves::ff::Field;
use std::collections::{BTreeMap, BTreeSet};
use tessera_circuit::{Builder, Cell, Operand};
use tessera_core::{Fr, mutant, signed};
use tessera_model::{Node, Schema, Tree};

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

/// What is taken off each node: the value of its sibling if that is a leaf and no other parent uses
/// the node; else 0.
fn shifts(nodes: &[Node]) -> Vec<i64> {
    let mut parents = vec![0; nodes.len()];
    for node in nodes {
        if let Node::Split { left, right, .. } = node {
            parents[*left] += 1;
            parents[*right] += 1;
        }
    }
    let mut shifts = vec![0; nodes.len()];
    for node in nodes {
        let Node::Split { left, right, .. } = *node else { continue };
        match [&nodes[left], &nodes[right]] {
            [Node::Leaf { value }, Node::Split { .. }] if parents[right] == 1 => {
                shifts[right] = *value;
            }
            [Node::Split { .. }, Node::Leaf { value }] if parents[left] == 1 => {
                shifts[left] = *value;
            }
            _ => {}
        }
    }
    shifts
}

/// Sums trees over features whose comparisons are in the circuit.
pub struct Forest<'a> {
    schema: &'a Schema,
    comparisons: &'a [Comparisons],
    /// Left and right booleans of a split, by what decides it: (feature, threshold, missing left).
    branches: BTreeMap<(usize, u64, bool), [Cell; 2]>,
}

/// What a node is worth: `constant + Σ branch · value`, with the node's *shift* taken off.
///
/// Any constant can be taken off a subtree for nothing: it goes off the leaves. Where one child is a
/// leaf `r`, the other child's shift is `r`, so that the node is worth `r + branch · child`: one
/// product instead of two.
struct NodeValue {
    constant: i64,
    products: Vec<(Cell, Operand)>,
}

impl NodeValue {
    fn cell(self, builder: &mut Builder) -> Cell {
        let products = self.products.into_iter().map(|(branch, value)| (branch.into(), value));
        builder.sum_of_products(Operand::Constant(signed(self.constant)), products)
    }
}

impl<'a> Forest<'a> {
    /// `comparisons[feature]` must hold every threshold of the trees ([`thresholds`]).
    pub fn new(schema: &'a Schema, comparisons: &'a [Comparisons]) -> Self {
        Forest { schema, comparisons, branches: BTreeMap::new() }
    }

    /// `offset` plus all trees' leaves, in 2^-32 points. Bound: the package's, `|sum| < 2^62`, and
    /// twice that for partial sums of shifted values: far from wrapping.
    pub fn sum(&mut self, builder: &mut Builder, offset: i64, trees: &[Tree]) -> Cell {
        let mut all = NodeValue { constant: offset, products: vec![] };
        for tree in trees {
            let root = self.root(builder, &tree.nodes);
            all.constant += root.constant;
            all.products.extend(root.products);
        }
        all.cell(builder)
    }

    /// What the root is worth. Children come after their parents (the package is validated), so one
    /// pass from the last node to the first finds both children done, shared ones too.
    fn root(&mut self, builder: &mut Builder, nodes: &[Node]) -> NodeValue {
        let shifts = shifts(nodes);
        let mut cells: Vec<Option<Cell>> = vec![None; nodes.len()];
        for index in (1..nodes.len()).rev() {
            if matches!(nodes[index], Node::Split { .. }) {
                let terms = self.terms(builder, nodes, index, &shifts, &cells);
                cells[index] = Some(terms.cell(builder));
            }
        }
        self.terms(builder, nodes, 0, &shifts, &cells)
    }

    /// Node `index` over its children's `cells`.
    fn terms(
        &mut self,
        builder: &mut Builder,
        nodes: &[Node],
        index: usize,
        shifts: &[i64],
        cells: &[Option<Cell>],
    ) -> NodeValue {
        let shift = shifts[index];
        let (feature, threshold, missing_left, children) = match nodes[index] {
            Node::Leaf { value } => return NodeValue { constant: value - shift, products: vec![] },
            Node::Split { feature, threshold, missing_left, left, right } => {
                (feature, threshold, missing_left, [left, right])
            }
        };
        let branches = self.branch(builder, feature, threshold, missing_left);
        let leaf = |side: usize| match nodes[children[side]] {
            Node::Leaf { value } => Some(value),
            Node::Split { .. } => None,
        };
        let cell = |side: usize| cells[children[side]].expect("children come first");
        let product = |side: usize, value: Operand| (branches[side], value);
        let known = |value: i64| match mutant("trees.leaf") {
            true => Operand::Witness(signed(value)),
            false => Operand::Constant(signed(value)),
        };
        match [leaf(0), leaf(1)] {
            // r + goes_left·(l − r)
            [Some(l), Some(r)] => {
                NodeValue { constant: r - shift, products: vec![product(0, known(l - r))] }
            }
            // The other side has this leaf taken off.
            [Some(l), None] if shifts[children[1]] == l => {
                NodeValue { constant: l - shift, products: vec![product(1, cell(1).into())] }
            }
            [None, Some(r)] if shifts[children[0]] == r => {
                NodeValue { constant: r - shift, products: vec![product(0, cell(0).into())] }
            }
            // Both children as they are: their shift is 0.
            leaves => {
                let value = |side: usize| leaves[side].map_or_else(|| cell(side).into(), known);
                let products = [0, 1].map(|side| product(side, value(side)));
                NodeValue { constant: -shift, products: products.into() }
            }
        }
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
            if missing_left && !mutant("trees.missing") {
                // below + missing: never both, for a missing code is no less than any threshold.
                let terms = [(Fr::ONE, left), (-Fr::ONE, comparisons.present())];
                left = builder.linear_combination(Fr::ONE, &terms);
            }
            let right = match mutant("trees.other-branch") {
                true => builder.witness(Fr::ONE - builder.value(left)),
                false => builder.linear_combination(Fr::ONE, &[(-Fr::ONE, left)]),
            };
            [left, right]
        })
    }
}
