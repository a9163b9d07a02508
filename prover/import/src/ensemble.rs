//! Trees as the library wrote them, evaluated exactly as the library does.
//!
//! This is the reference that a quantised model is compared with, and what the quantiser asks for
//! each decision; it is not used to score anybody.

use super::{
    Guess,
    demand::{Category, SourceDemand},
    error::Fault,
    lightgbm::Frame,
};
use tessera_core::hide;
use tessera_model::{Format, Scaling};

/// What a file holds, with nothing rounded.
#[derive(Clone, PartialEq)]
pub struct Ensemble {
    /// What wrote it.
    pub format: Format,
    /// Version of the library, if the file says.
    pub library: Option<String>,
    /// The library's name of the training objective.
    pub objective: String,
    /// How many features the model knows.
    pub feature_count: usize,
    /// Their names in the model's order; none if the file names none.
    pub features: Vec<String>,
    /// The categories of each feature, in the order in which [`Rule`]s count them; none for a
    /// feature whose categories are not listed, which are those of the schema then. Empty if no
    /// feature's are listed.
    pub categories: Vec<Vec<Category>>,
    /// What the file asks of the values of its features.
    pub demands: Vec<SourceDemand>,
    /// In the order in which the library adds them up.
    pub trees: Vec<SourceTree>,
    /// What the library's sum starts from.
    pub base: f64,
    /// The same before the library rounds it.
    pub exact_base: f64,
    /// What the sum is.
    pub output: Output,
    /// Log-odds a unit of the sum.
    pub sigmoid: f64,
    /// Precision of the library's sum.
    pub sum: Precision,
    /// What a reader should know, in sentences.
    pub notes: Vec<String>,
    /// What the file leaves open by itself.
    pub guesses: Vec<Guess>,
    /// Edges of bins as they are printed, which may not be the library's own.
    pub printed_edges: Vec<PrintedEdge>,
    /// Lists of categories that the file gives to no feature.
    pub frame: Option<Frame>,
}

/// The edge of a bin as text shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrintedEdge {
    /// Index in [`Ensemble::features`].
    pub feature: usize,
    /// The number that is shown.
    pub edge: f64,
    /// Half a unit of its last digit.
    pub half: f64,
}

/// What a model's output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Log-odds of class 1, in trees by [`Ensemble::sigmoid`].
    Margin,
    /// Probability of class 1, which leaves add up to.
    Probability,
    /// A number without a logistic function: log-odds or a probability, which the file does not say.
    Unsaid,
    /// Points, whatever the scaling.
    Points,
}

/// In what the library adds leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single, one tree after the other.
    F32,
    /// Double, one tree after the other.
    F64,
}

/// One tree; node 0 is the root. Every node is reached at most once.
#[derive(Clone, PartialEq)]
pub struct SourceTree {
    /// All nodes of the file, reached or not.
    pub nodes: Vec<SourceNode>,
    /// What leaves are multiplied with (DART); 1 otherwise.
    pub weight: f32,
}

/// A node.
#[derive(Clone, PartialEq)]
pub enum SourceNode {
    /// An end and its value.
    Leaf(f64),
    /// A question.
    Split(SourceSplit),
}

/// A question and where its answers lead.
#[derive(Clone, PartialEq)]
pub struct SourceSplit {
    /// Index in [`Ensemble::features`].
    pub feature: usize,
    /// What goes left.
    pub rule: Rule,
    /// What is done with a missing value.
    pub missing: Missing,
    /// Where a missing value goes, if it is treated as one.
    pub missing_left: bool,
    /// Index of the left child.
    pub left: usize,
    /// Index of the right child.
    pub right: usize,
}

/// Which values go left.
#[derive(Clone, PartialEq)]
pub enum Rule {
    /// XGBoost: `f32(x) < t`.
    Below(f32),
    /// LightGBM, ONNX in double precision: `x ≤ t`.
    AtMost(f64),
    /// Scorecards, ONNX in double precision: `x < t`.
    Less(f64),
    /// ONNX in double precision: `x = t`.
    Equal(f64),
    /// ONNX: `f32(x) ≤ t`.
    SingleAtMost(f32),
    /// ONNX: `f32(x) = t`.
    SingleEqual(f32),
    /// XGBoost: `f32(x)` is negative or its whole part is not among these, which are ascending.
    NotAmong(Vec<u32>),
    /// LightGBM: the whole part of `x` is among these, which are ascending.
    Among(Vec<u32>),
}

hide!(Ensemble, SourceTree, SourceNode, SourceSplit, Rule);

/// Which values are missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// `NaN`.
    Nan,
    /// `NaN` and what is this number in single precision.
    NanOr(f32),
    /// `NaN` and what is nearly 0.
    NanOrZero,
    /// Nothing: `NaN` counts as 0.
    Never,
}

/// LightGBM's `kZeroThreshold`, which is a single-precision constant there.
pub(crate) const NEARLY_ZERO: f64 = 1e-35f32 as f64;

/// A test of a value that never turns false again as the value grows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    at: f64,
    single: bool,
    inclusive: bool,
}

impl Cut {
    /// Whether `value` lies past the cut.
    pub(crate) fn passed(self, value: f64) -> bool {
        let value = if self.single { f64::from(value as f32) } else { value };
        if self.inclusive { value >= self.at } else { value > self.at }
    }
}

impl SourceSplit {
    /// Whether `value` goes left; `NaN` is a missing value.
    pub fn goes_left(&self, value: f64) -> bool {
        let missing = value.is_nan()
            || match self.missing {
                Missing::Nan | Missing::Never => false,
                Missing::NanOr(mark) => value as f32 == mark,
                Missing::NanOrZero => value.abs() <= NEARLY_ZERO,
            };
        if missing && self.missing != Missing::Never {
            return self.missing_left;
        }
        let value = if value.is_nan() { 0.0 } else { value };
        match &self.rule {
            Rule::Below(threshold) => (value as f32) < *threshold,
            Rule::AtMost(threshold) => value <= *threshold,
            Rule::Less(threshold) => value < *threshold,
            Rule::Equal(threshold) => value == *threshold,
            Rule::SingleAtMost(threshold) => (value as f32) <= *threshold,
            Rule::SingleEqual(threshold) => (value as f32) == *threshold,
            Rule::NotAmong(set) => {
                let value = f64::from(value as f32);
                value < 0.0 || !contains(set, value)
            }
            Rule::Among(set) => contains(set, value),
        }
    }

    /// Cuts between which the answer is the same for every value.
    pub(crate) fn cuts(&self) -> Vec<Cut> {
        let cut = |at, single, inclusive| Cut { at, single, inclusive };
        let mut cuts = match &self.rule {
            Rule::Below(threshold) => vec![cut(f64::from(*threshold), true, true)],
            Rule::AtMost(threshold) => vec![cut(*threshold, false, false)],
            Rule::Less(threshold) => vec![cut(*threshold, false, true)],
            Rule::Equal(threshold) => {
                [true, false].map(|inclusive| cut(*threshold, false, inclusive)).into()
            }
            Rule::SingleAtMost(threshold) => vec![cut(f64::from(*threshold), true, false)],
            Rule::SingleEqual(threshold) => {
                [true, false].map(|inclusive| cut(f64::from(*threshold), true, inclusive)).into()
            }
            Rule::NotAmong(set) => edges(set).map(|edge| cut(edge, true, true)).collect(),
            // Values in (-1, 0) have the whole part 0 as well.
            Rule::Among(set) => [cut(-1.0, false, false)]
                .into_iter()
                .chain(edges(set).map(|edge| cut(edge, false, true)))
                .collect(),
        };
        match self.missing {
            Missing::Nan | Missing::Never => {}
            Missing::NanOr(mark) => {
                cuts.extend([true, false].map(|inclusive| cut(f64::from(mark), true, inclusive)));
            }
            Missing::NanOrZero => {
                cuts.extend([cut(-NEARLY_ZERO, false, true), cut(NEARLY_ZERO, false, false)]);
            }
        }
        cuts
    }
}

/// Whether the whole part of `value` is in the ascending `set`.
fn contains(set: &[u32], value: f64) -> bool {
    let whole = value.trunc();
    let within = (0.0..=f64::from(u32::MAX)).contains(&whole);
    within && set.binary_search(&(whole as u32)).is_ok()
}

/// Where the answer to "is it in the set" may change.
fn edges(set: &[u32]) -> impl Iterator<Item = f64> {
    set.iter().flat_map(|category| [f64::from(*category), f64::from(*category) + 1.0])
}

impl SourceTree {
    /// Refuses an empty tree, and one where a node is reached twice: a cycle, or shared children.
    pub(crate) fn check(&self, tree: usize) -> Result<(), Fault> {
        if self.nodes.is_empty() {
            return Err(Fault::malformed(format!("tree {tree}"), "it has no nodes"));
        }
        let mut reached = vec![false; self.nodes.len()];
        let mut pending = vec![0];
        while let Some(node) = pending.pop() {
            if std::mem::replace(&mut reached[node], true) {
                let place = format!("tree {tree}, node {node}");
                return Err(Fault::malformed(place, "it is reached in two ways"));
            }
            if let SourceNode::Split(split) = &self.nodes[node] {
                pending.extend([split.left, split.right]);
            }
        }
        Ok(())
    }

    /// The leaf that `values` reach: its node and its value.
    pub fn leaf(&self, values: &[f64]) -> (usize, f64) {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                SourceNode::Leaf(value) => return (at, *value),
                SourceNode::Split(split) => {
                    at = if split.goes_left(values[split.feature]) {
                        split.left
                    } else {
                        split.right
                    }
                }
            }
        }
    }
}

impl Ensemble {
    /// The library's raw margin of `values`, which are in the model's order, `NaN` where missing:
    /// bit for bit what the library answers.
    pub fn margin(&self, values: &[f64]) -> f64 {
        let add = |sum: f64, tree: &SourceTree| self.add(sum, tree, tree.leaf(values).1);
        self.trees.iter().fold(self.start(), add)
    }

    /// What the library's sum starts from, in its precision.
    pub(crate) fn start(&self) -> f64 {
        match self.sum {
            Precision::F32 => f64::from(self.base as f32),
            Precision::F64 => self.base,
        }
    }

    /// The library's sum after one more tree, in its precision.
    pub(crate) fn add(&self, sum: f64, tree: &SourceTree, leaf: f64) -> f64 {
        match self.sum {
            Precision::F32 => f64::from(sum as f32 + leaf as f32 * tree.weight),
            Precision::F64 => sum + leaf * f64::from(tree.weight),
        }
    }

    /// The score of `values`, in points.
    pub fn points(&self, values: &[f64], scaling: &Scaling) -> f64 {
        self.points_of(self.margin(values), scaling)
    }

    /// The points of a sum.
    pub(crate) fn points_of(&self, margin: f64, scaling: &Scaling) -> f64 {
        match self.output {
            Output::Points => margin,
            Output::Margin | Output::Probability | Output::Unsaid => {
                scaling.points_of(margin * self.sigmoid)
            }
        }
    }
}
