//! The quantised model: integer comparisons on codes, integer leaves. The model of record.

use crate::{
    features::Features,
    network::{ACCUMULATOR_BITS, Network},
    points::Score,
    schema::{Feature, Schema},
};
use tessera_core::hide;

/// Most trees of a model.
pub const MAX_TREES: usize = 65_536;
/// Most nodes of all trees together.
pub const MAX_NODES: usize = 1 << 22;
/// Every partial sum of a score stays below this in magnitude, in 2^-32 points.
pub use tessera_core::MAGNITUDE_LIMIT as SCORE_LIMIT;

/// Borrowers that walk through a tree one after the other.
const BLOCK: usize = 256;

/// What a score is made of, in 2^-32 points.
#[derive(Clone, PartialEq, Eq)]
pub struct Model {
    /// Its result is added to the offset.
    pub computation: Computation,
    /// What the score starts from, in 2^-32 points.
    pub offset: i64,
    /// The largest code of each feature of the schema; where a value may be missing, its code.
    pub tops: Vec<u64>,
}

/// What turns codes into points.
#[derive(Clone, PartialEq, Eq)]
pub enum Computation {
    /// Their leaves are added up, in any order: integers do not round.
    Trees(Vec<Tree>),
    /// Its output.
    Network(Network),
}

/// A decision tree. Node 0 is the root. Children come after their parents; a node may have several
/// parents (a set of categories, or a value that stands for "missing", takes several comparisons
/// that lead to the same two children).
#[derive(Clone, PartialEq, Eq)]
pub struct Tree {
    /// At least one.
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// Left when `code < threshold`, or when the value is missing and `missing_left`.
    Split {
        /// Index in [`Schema::features`].
        feature: usize,
        /// `1..=top`, so both answers occur.
        threshold: u64,
        /// Only where the feature may be missing, and then with `threshold < top`.
        missing_left: bool,
        /// Index of a later node.
        left: usize,
        /// Index of a later node.
        right: usize,
    },
    /// An end.
    Leaf {
        /// In 2^-32 points.
        value: i64,
    },
}

hide!(Model, Computation, Tree, Node);

/// What is wrong with a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No tree, more than the limit, or trees beside a network.
    #[error("a model has 1 to {MAX_TREES} trees or a network, this one has {0} trees")]
    Trees(usize),
    /// A network that breaks a rule of its types.
    #[error("network: {0}")]
    Network(String),
    /// A sum in a network that could pass the limit.
    #[error(
        "layer {layer}, neuron {neuron}: its sum can reach 2^{ACCUMULATOR_BITS}: narrow the schema's \
         ranges or scale the inputs"
    )]
    Accumulator {
        /// Index of the layer.
        layer: usize,
        /// Index in the layer.
        neuron: usize,
    },
    /// More nodes than the limit.
    #[error("more than {MAX_NODES} nodes")]
    Nodes,
    /// A tree without a node.
    #[error("tree {tree} is empty")]
    Empty {
        /// Index of the tree.
        tree: usize,
    },
    /// No question is left.
    #[error("within the schema's ranges the model gives everybody the same score")]
    Constant,
    /// Made for another schema.
    #[error("the model's features are not those of schema {0:?}")]
    Schema(String),
    /// A node that breaks a rule of [`Node`].
    #[error("tree {tree}, node {node}: {fault}")]
    Node {
        /// Index of the tree.
        tree: usize,
        /// Index of the node.
        node: usize,
        /// What is wrong.
        fault: String,
    },
    /// Scores that could pass the limit.
    #[error(
        "scores can reach 2^{bits} units of 2^-32 points, the limit is 2^62: check the scaling"
    )]
    TooLarge {
        /// Bits of the bound.
        bits: u32,
    },
}

impl Model {
    /// The score of `features`, which must fit the model's schema.
    pub fn score(&self, features: &Features) -> Score {
        let points = match &self.computation {
            Computation::Trees(trees) => sum_of_trees(trees, features.codes(), &self.tops),
            Computation::Network(network) => network.run(features.codes(), &self.tops).score,
        };
        Score(self.offset + points)
    }

    /// The scores of many, as [`Model::score`] has each. Much faster for large forests: a tree is walked
    /// by a block of borrowers while it is in the processor's cache.
    pub fn scores(&self, all: &[Features]) -> Vec<Score> {
        match &self.computation {
            Computation::Network(_) => all.iter().map(|features| self.score(features)).collect(),
            Computation::Trees(trees) => {
                let mut scores = vec![Score(self.offset); all.len()];
                for (block, sums) in all.chunks(BLOCK).zip(scores.chunks_mut(BLOCK)) {
                    for tree in trees {
                        for (features, sum) in block.iter().zip(&mut *sums) {
                            sum.0 += tree.value(features.codes(), &self.tops);
                        }
                    }
                }
                scores
            }
        }
    }

    /// The trees; none of a network.
    pub fn trees(&self) -> &[Tree] {
        match &self.computation {
            Computation::Trees(trees) => trees,
            Computation::Network(_) => &[],
        }
    }

    /// The network, if it is one.
    pub fn network(&self) -> Option<&Network> {
        match &self.computation {
            Computation::Trees(_) => None,
            Computation::Network(network) => Some(network),
        }
    }

    /// The node that each tree ends in.
    pub fn leaves(&self, features: &Features) -> Vec<usize> {
        self.trees().iter().map(|tree| tree.leaf(features.codes(), &self.tops)).collect()
    }

    /// The largest magnitude that any partial sum of a score can have, in 2^-32 points:
    /// `|offset| + Σ max |leaf|`, or `|offset| + |network's output|`.
    pub fn bound(&self, schema: &Schema) -> Result<u64, ModelError> {
        let largest = match &self.computation {
            Computation::Trees(trees) => {
                trees.iter().map(Tree::largest_leaf).fold(0, u64::saturating_add)
            }
            Computation::Network(network) => network.bound(schema)?,
        };
        Ok(self.offset.unsigned_abs().saturating_add(largest))
    }

    /// Splits and leaves.
    pub fn size(&self) -> (usize, usize) {
        let nodes = || self.trees().iter().flat_map(|tree| &tree.nodes);
        let leaves = nodes().filter(|node| matches!(node, Node::Leaf { .. })).count();
        (nodes().count() - leaves, leaves)
    }

    /// For each feature of a schema of `features` features, its different thresholds, ascending.
    pub fn thresholds(&self, schema: &Schema) -> Vec<Vec<u64>> {
        let trees = match &self.computation {
            Computation::Trees(trees) => trees,
            Computation::Network(network) => return network.thresholds(schema),
        };
        let mut thresholds = vec![std::collections::BTreeSet::new(); schema.features.len()];
        for node in trees.iter().flat_map(|tree| &tree.nodes) {
            if let Node::Split { feature, threshold, .. } = *node {
                thresholds[feature].insert(threshold);
            }
        }
        thresholds.into_iter().map(|set| set.into_iter().collect()).collect()
    }

    /// Checks every rule of [`Tree`], [`Node`] and [`SCORE_LIMIT`].
    pub fn validate(&self, schema: &Schema) -> Result<(), ModelError> {
        if self.tops != schema.features.iter().map(Feature::top).collect::<Vec<_>>() {
            return Err(ModelError::Schema(schema.name.clone()));
        }
        match &self.computation {
            Computation::Trees(trees) => validate_trees(trees, schema)?,
            Computation::Network(network) => network.validate(schema)?,
        }
        match self.bound(schema)? {
            bound if bound >= SCORE_LIMIT => {
                Err(ModelError::TooLarge { bits: u64::BITS - bound.leading_zeros() })
            }
            _ => Ok(()),
        }
    }
}

/// The points of `trees` together for valid `codes`; `tops` as in [`Model::tops`].
pub fn sum_of_trees(trees: &[Tree], codes: &[u64], tops: &[u64]) -> i64 {
    trees.iter().map(|tree| tree.value(codes, tops)).sum()
}

fn validate_trees(trees: &[Tree], schema: &Schema) -> Result<(), ModelError> {
    if !(1..=MAX_TREES).contains(&trees.len()) {
        return Err(ModelError::Trees(trees.len()));
    }
    if trees.iter().map(|tree| tree.nodes.len()).sum::<usize>() > MAX_NODES {
        return Err(ModelError::Nodes);
    }
    trees.iter().enumerate().try_for_each(|(index, tree)| tree.validate(index, schema))
}

impl Tree {
    /// The points that `codes` get, in 2^-32 points; `tops` as in [`Model::tops`].
    pub fn value(&self, codes: &[u64], tops: &[u64]) -> i64 {
        match self.nodes[self.leaf(codes, tops)] {
            Node::Leaf { value } => value,
            Node::Split { .. } => unreachable!("a walk ends in a leaf"),
        }
    }

    /// The index of the leaf that `codes` reach; `tops` as in [`Model::tops`].
    pub fn leaf(&self, codes: &[u64], tops: &[u64]) -> usize {
        self.path(codes, tops).last().map_or(0, |(_, child)| child)
    }

    /// The splits that `codes` pass, each with the node that it leads to.
    pub(crate) fn path<'a>(
        &'a self,
        codes: &'a [u64],
        tops: &'a [u64],
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        let next = |at: usize| match self.nodes[at] {
            Node::Leaf { .. } => None,
            Node::Split { feature, threshold, missing_left, left, right } => {
                let code = codes[feature];
                let goes_left = code < threshold || missing_left && code == tops[feature];
                Some((at, if goes_left { left } else { right }))
            }
        };
        std::iter::successors(next(0), move |(_, child)| next(*child))
    }

    fn validate(&self, tree: usize, schema: &Schema) -> Result<(), ModelError> {
        if self.nodes.is_empty() {
            return Err(ModelError::Empty { tree });
        }
        for (node, content) in self.nodes.iter().enumerate() {
            if let Some(fault) = content.fault(node, self.nodes.len(), schema) {
                return Err(ModelError::Node { tree, node, fault });
            }
        }
        Ok(())
    }

    /// The longest way from the root to a leaf, in comparisons.
    pub fn depth(&self) -> usize {
        // Children come after their parents, so a backward pass sees them first.
        let mut depths = vec![0; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if let Node::Split { left, right, .. } = *node {
                depths[index] = 1 + depths[left].max(depths[right]);
            }
        }
        depths.first().copied().unwrap_or(0)
    }

    fn largest_leaf(&self) -> u64 {
        let leaf = |node: &Node| match node {
            Node::Leaf { value } => value.unsigned_abs(),
            Node::Split { .. } => 0,
        };
        self.nodes.iter().map(leaf).max().unwrap_or(0)
    }
}

impl Node {
    /// What is wrong with this node, the `index`-th of `nodes`.
    fn fault(&self, index: usize, nodes: usize, schema: &Schema) -> Option<String> {
        let Node::Split { feature, threshold, missing_left, left, right } = *self else {
            return None;
        };
        let Some(named) = schema.features.get(feature) else {
            return Some(format!("there is no feature {feature} in schema {:?}", schema.name));
        };
        let (name, top) = (&named.name, named.top());
        for child in [left, right] {
            if child <= index || child >= nodes {
                return Some(format!("child {child} is not one of nodes {} to {nodes}", index + 1));
            }
        }
        if threshold == 0 || threshold > top {
            return Some(format!("the threshold of {name:?} is not in 1..={top}"));
        }
        if missing_left && (!named.missing || threshold == top) {
            return Some(format!("{name:?}: missing goes left where nothing can be missing"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let features =
            vec![Feature::numeric("x", 0, 0, 8).or_missing(), Feature::numeric("y", 0, 0, 1)];
        Schema { name: "test".into(), features }
    }

    fn split(feature: usize, threshold: u64, missing_left: bool, children: [usize; 2]) -> Node {
        Node::Split { feature, threshold, missing_left, left: children[0], right: children[1] }
    }

    fn model(nodes: Vec<Node>) -> Model {
        let computation = Computation::Trees(vec![Tree { nodes }]);
        Model { computation, offset: -7, tops: vec![9, 1] }
    }

    #[test]
    fn every_rule_is_checked() {
        let leaf = Node::Leaf { value: 1 };
        let check = |root: Node| model(vec![root, leaf, leaf]).validate(&schema());
        assert_eq!(check(split(0, 9, false, [1, 2])), Ok(()));
        assert_eq!(check(split(0, 8, true, [1, 2])), Ok(()));
        // A node may have two parents.
        assert_eq!(check(split(1, 1, false, [2, 2])), Ok(()));
        for root in [
            split(2, 1, false, [1, 2]),
            split(0, 0, false, [1, 2]),
            split(0, 10, false, [1, 2]),
            split(0, 9, true, [1, 2]),
            split(1, 1, true, [1, 2]),
            split(0, 1, false, [0, 2]),
            split(0, 1, false, [1, 3]),
        ] {
            let found = check(root);
            assert!(matches!(found, Err(ModelError::Node { tree: 0, node: 0, .. })), "{root:?}");
        }
        assert_eq!(model(vec![]).validate(&schema()), Err(ModelError::Empty { tree: 0 }));
        let other = Model { tops: vec![9, 2], ..model(vec![leaf]) };
        assert_eq!(other.validate(&schema()), Err(ModelError::Schema("test".into())));
        let none = Model { computation: Computation::Trees(vec![]), ..model(vec![]) };
        assert_eq!(none.validate(&schema()), Err(ModelError::Trees(0)));
    }

    #[test]
    fn the_bound_holds_every_partial_sum() {
        let large = Node::Leaf { value: -(1 << 61) };
        let small = Node::Leaf { value: 5 };
        let tree = Tree { nodes: vec![split(1, 1, false, [1, 2]), large, small] };
        let of = |count, offset| Model {
            computation: Computation::Trees(vec![tree.clone(); count]),
            offset,
            tops: vec![9, 1],
        };
        let two = |offset| of(2, offset);
        assert_eq!(two(0).bound(&schema()), Ok(1 << 62));
        assert_eq!(two(0).validate(&schema()), Err(ModelError::TooLarge { bits: 63 }));
        let one = |offset| of(1, offset);
        assert_eq!(one((1 << 61) - 1).validate(&schema()), Ok(()));
        assert!(one(i64::MIN).validate(&schema()).is_err());
        assert_eq!((two(0).size(), tree.depth()), ((2, 4), 1));
        assert_eq!(two(0).thresholds(&schema()), [vec![], vec![1]]);
    }
}
