//! What the leaves of a tree ensemble say of the classes.

use super::node::GraphNode;
use crate::error::Fault;
use std::collections::{HashMap, HashSet};
use tessera_model::MAX_NODES;

/// Values of leaves, by tree and node.
pub(super) struct Leaves {
    pub weights: HashMap<(i64, i64), f64>,
    /// The weights of both classes together, and of how many classes there are some.
    pub sums: HashMap<(i64, i64), (f64, usize)>,
    /// Whether there are weights of both classes.
    pub both: bool,
    /// Whether any weight is negative.
    pub negative: bool,
    /// Whether each leaf has a weight of either class, and the two are exact opposites.
    pub opposite: bool,
}

impl Leaves {
    /// Of attributes that start with `of`: weights of `classes`, of which the last counts for and
    /// the first against, if there are two and both are there.
    pub fn read(node: &GraphNode<'_>, of: &str, classes: &[i64]) -> Result<Self, Fault> {
        let trees = node.integers(&format!("{of}_treeids"));
        let nodes = node.integers(&format!("{of}_nodeids"));
        let ids = node.integers(&format!("{of}_ids"));
        let values = node.doubles(&format!("{of}_weights"))?;
        let count = values.len();
        if trees.len() != count || nodes.len() != count || ids.len() != count || count > MAX_NODES {
            return Err(node.malformed(format!("{of}_weights and its lists differ in length")));
        }
        let (both, mut negative) = (ids.contains(&1), false);
        let mut sums: HashMap<(i64, i64), (f64, usize)> = HashMap::new();
        let mut seen = HashSet::with_capacity(count);
        let mut weights: HashMap<(i64, i64), f64> = HashMap::with_capacity(count);
        for (((tree, leaf), id), value) in trees.iter().zip(nodes).zip(ids).zip(values) {
            let place = || format!("{of}_ids: {id} at tree {tree}, node {leaf}");
            if !classes.contains(id) || !value.is_finite() {
                return Err(node.malformed(format!("{}: no such class, or weight", place())));
            }
            if !seen.insert((tree, leaf, id)) {
                return Err(node.malformed(format!("{} is there twice", place())));
            }
            let (sum, of_both) = sums.entry((*tree, *leaf)).or_default();
            *sum += value;
            *of_both += 1;
            negative |= value < 0.0;
            let against = both && *id == 0;
            *weights.entry((*tree, *leaf)).or_default() += if against { -value } else { value };
        }
        let opposite = both && sums.values().all(|(sum, of_both)| *sum == 0.0 && *of_both == 2);
        Ok(Self { weights, sums, both, negative, opposite })
    }

    /// The leaves as parts of the probability of class 1, if that is what they are: none is negative, and
    /// they add up to 1 where they are largest, at most, or for both classes together.
    pub fn probabilities(mut self) -> Option<Self> {
        let mut tops: HashMap<i64, (f64, f64)> = HashMap::new();
        for ((tree, _), (sum, of_both)) in &self.sums {
            if self.both && *of_both != 2 {
                return None;
            }
            let (low, high) = tops.entry(*tree).or_insert((f64::MAX, 0.0));
            (*low, *high) = (low.min(*sum), high.max(*sum));
        }
        let lows: f64 = tops.values().map(|(low, _)| low).sum();
        let highs: f64 = tops.values().map(|(_, high)| high).sum();
        let whole = highs <= 1.0 + SHARES && (!self.both || lows >= 1.0 - SHARES);
        if self.negative || !whole {
            return None;
        }
        if self.both {
            let sums = &self.sums;
            self.weights.iter_mut().for_each(|(at, weight)| *weight = (*weight + sums[at].0) / 2.0);
        }
        Some(self)
    }
}

/// How far shares of the classes may be off 1, in the single precision of the file.
const SHARES: f64 = 1e-4;
