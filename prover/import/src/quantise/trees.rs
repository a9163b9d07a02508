//! From a library's trees to integer comparisons and integer leaves.
//!
//! A question becomes a list of *runs* of codes with one answer each. The runs are found by asking
//! the reference evaluator's own rule, so no decision can flip: between two neighbouring cuts the
//! rule is constant, and the first code past a cut is found by bisection, because values and casts
//! are monotone in the code.

use super::{
    super::ensemble::{Ensemble, Output, SourceNode, SourceSplit, SourceTree},
    Quantised, rounded,
};
use tessera_model::{
    Computation, FRACTION_BITS, Feature, MAX_NODES, Model, ModelError, Node, Scaling, Schema, Tree,
};

/// Quantises `ensemble`. `columns[i]` is the schema's index of the model's feature `i`.
pub(crate) fn quantise(
    ensemble: &Ensemble,
    schema: &Schema,
    columns: &[usize],
    scaling: &Scaling,
) -> Result<Quantised, ModelError> {
    // Units of 2^-32 points a unit of the library's sum.
    let unit = (1u64 << FRACTION_BITS) as f64;
    let (slope, start) = match ensemble.output {
        Output::Points => (1.0, 0.0),
        Output::Margin | Output::Probability | Output::Unsaid => {
            (scaling.slope() * ensemble.sigmoid, scaling.offset())
        }
    };
    let slope = slope * unit;
    let mut offset = rounded(start * unit + slope * ensemble.exact_base)?;
    let (mut trees, mut origins) = (Vec::new(), Vec::new());
    let (mut nodes, mut folded_splits, mut constant_trees) = (0, 0, 0);

    for (index, source) in ensemble.trees.iter().enumerate() {
        let weight = slope * f64::from(source.weight);
        let mut builder =
            Builder { source, schema, columns, weight, folded: 0, room: MAX_NODES - nodes };
        let (tree, origin) = builder.build()?;
        folded_splits += builder.folded;
        if let [Node::Leaf { value }] = tree.nodes[..] {
            offset = offset.checked_add(value).ok_or(ModelError::TooLarge { bits: 64 })?;
            constant_trees += 1;
            continue;
        }
        nodes += tree.nodes.len();
        trees.push(tree);
        origins.push((index, origin));
    }
    if trees.is_empty() {
        return Err(ModelError::Constant);
    }
    let tops = schema.features.iter().map(Feature::top).collect();
    let model = Model { computation: Computation::Trees(trees), offset, tops };
    model.validate(schema)?;
    let rounding = (ensemble.trees.len() + 1) as f64 * 0.5 / unit;
    Ok(Quantised { model, origins, folded_splits, constant_trees, rounding })
}

/// A run of codes: from `start` up to the next run, all go left or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub start: u64,
    pub left: bool,
}

/// The answers of `split` for every code of `feature`, as runs with alternating answers.
pub(crate) fn runs(split: &SourceSplit, feature: &Feature) -> Vec<Run> {
    let past_values = feature.last() + 1;
    let mut starts: Vec<u64> = split
        .cuts()
        .into_iter()
        .map(|cut| first_code(past_values, |code| cut.passed(feature.value(code))))
        .chain([0])
        .chain(feature.missing_code())
        .filter(|start| *start <= feature.top())
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let run = |start| Run { start, left: split.goes_left(feature.value(start)) };
    let mut runs: Vec<Run> = starts.into_iter().map(run).collect();
    runs.dedup_by_key(|run| run.left);
    runs
}

/// The first code below `end` for which `passed` holds, or `end`; `passed` never turns false again.
fn first_code(end: u64, passed: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if passed(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// Builds one tree.
struct Builder<'a> {
    source: &'a SourceTree,
    schema: &'a Schema,
    columns: &'a [usize],
    /// Units of 2^-32 points a unit of a leaf.
    weight: f64,
    /// Splits folded away.
    folded: usize,
    /// Nodes that may still be made.
    room: usize,
}

/// A source node after folding.
enum Folded {
    Leaf(i64),
    Split { feature: usize, runs: Vec<Run>, left: usize, right: usize },
}

impl Builder<'_> {
    /// The tree, and the source node that each of its nodes stands for.
    fn build(&mut self) -> Result<(Tree, Vec<usize>), ModelError> {
        let (mut nodes, mut origin) = (Vec::new(), Vec::new());
        // Source nodes to place, with the places that wait for their index: (node, is left).
        let mut pending: Vec<(usize, Vec<(usize, bool)>)> = vec![(0, Vec::new())];
        while let Some((source, waiting)) = pending.pop() {
            let place = nodes.len();
            for (node, is_left) in waiting {
                if let Node::Split { left, right, .. } = &mut nodes[node] {
                    *(if is_left { left } else { right }) = place;
                }
            }
            let (source, folded) = self.fold(source)?;
            match folded {
                Folded::Leaf(value) => nodes.push(Node::Leaf { value }),
                Folded::Split { feature, runs, left, right } => {
                    let mut to_left = Vec::new();
                    let mut to_right = Vec::new();
                    self.chain(feature, &runs, &mut nodes, |node, is_left, run_left| {
                        (if run_left { &mut to_left } else { &mut to_right }).push((node, is_left));
                    });
                    pending.push((right, to_right));
                    pending.push((left, to_left));
                }
            }
            origin.resize(nodes.len(), source);
            if nodes.len() > self.room {
                return Err(ModelError::Nodes);
            }
        }
        Ok((Tree { nodes }, origin))
    }

    /// Follows splits with one answer from `source` on; the node where that ends, and what it is.
    fn fold(&mut self, mut source: usize) -> Result<(usize, Folded), ModelError> {
        loop {
            let split = match &self.source.nodes[source] {
                SourceNode::Leaf(value) => {
                    return Ok((source, Folded::Leaf(rounded(value * self.weight)?)));
                }
                SourceNode::Split(split) => split,
            };
            let feature = self.columns[split.feature];
            let runs = runs(split, &self.schema.features[feature]);
            if let [Run { left, .. }] = runs[..] {
                self.folded += 1;
                source = if left { split.left } else { split.right };
                continue;
            }
            let (left, right) = (split.left, split.right);
            return Ok((source, Folded::Split { feature, runs, left, right }));
        }
    }

    /// Appends the comparisons that tell two or more `runs` apart. `leads(node, is_left, answer)`
    /// is told where each run ends: on that side of that node.
    fn chain(
        &self,
        feature: usize,
        runs: &[Run],
        nodes: &mut Vec<Node>,
        mut leads: impl FnMut(usize, bool, bool),
    ) {
        let (missing, end) = (self.schema.features[feature].missing_code(), runs.len());
        for (index, run) in runs.iter().enumerate() {
            let (node, next) = (nodes.len(), runs[index + 1]);
            // If only the missing value is left after the next run, it goes where this run goes.
            let missing_left = index + 3 == end && Some(runs[end - 1].start) == missing;
            let threshold = next.start;
            nodes.push(Node::Split { feature, threshold, missing_left, left: 0, right: node + 1 });
            leads(node, true, run.left);
            if missing_left || index + 2 == end {
                leads(node, false, next.left);
                return;
            }
        }
    }
}
