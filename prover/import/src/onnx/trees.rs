//! Tree ensembles of ONNX-ML, versions 1 to 3.
//!
//! Runtimes compare in the precision of the features: `f32(x) ≤ t` for FLOAT. What they add up
//! and how they make probabilities was tried out with onnxruntime 1.32; modes of which it makes
//! something else than two classes' log-odds are refused.

use super::{
    leaves::Leaves,
    node::GraphNode,
    operators::Call,
    units::Units,
    value::{Basis, Column, Lookup, Row, Scaled, Sum},
};
use crate::{
    demand::{Category, SourceDemand},
    ensemble::{Ensemble, Missing, Output, Precision, Rule, SourceNode, SourceSplit, SourceTree},
    error::Fault,
};
use std::collections::HashMap;
use tessera_model::{Format, MAX_NODES, MAX_TREES};

/// `TreeEnsembleRegressor` of one target: the sum of its leaves.
pub(super) fn regressor(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let node = &call.node;
    match node.text("post_transform", "NONE")? {
        "NONE" => {}
        other => {
            let hint = "runtimes leave it out here: export with NONE, and a Sigmoid after it";
            return Err(node.unsupported(&format!("post_transform {other:.60?}"), hint));
        }
    }
    let targets = node.integer("n_targets", 1);
    if targets != 1 {
        let hint = "a score is one number: export a model of one target";
        return Err(node.unsupported(&format!("{targets} targets"), hint));
    }
    let averages = match node.text("aggregate_function", "SUM")? {
        "SUM" => false,
        "AVERAGE" => true,
        other => {
            let hint =
                "leaves are added up or averaged (SUM, AVERAGE): the smallest or largest is no sum";
            return Err(node.unsupported(&format!("aggregate_function {other:.60?}"), hint));
        }
    };
    let leaves = Leaves::read(node, "target", &[0])?;
    let base = base_value(node)?;
    units.raw = true;
    let sum = ensemble(call, units, leaves, if averages { 0.0 } else { base })?;
    let count = units.trees.last().map_or(1, |of| of.trees.len()) as f64;
    let sum = if averages { sum.times(1.0 / count).plus(base) } else { sum };
    Ok(Row::new(vec![Column::Sum(sum)]))
}

/// The scores of `TreeEnsembleClassifier`, for two classes.
pub(super) fn classifier(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    use super::operators::{note_classes, pair, several_classes};
    let node = &call.node;
    note_classes(node, "classlabels_int64s", "classlabels_strings", units)?;
    let classes =
        node.integers("classlabels_int64s").len().max(node.raw_texts("classlabels_strings").len());
    if classes != 2 {
        return Err(several_classes(node, classes));
    }
    let transform = node.text("post_transform", "NONE")?;
    let leaves = Leaves::read(node, "class", &[0, 1])?;
    let both = leaves.both;
    if transform == "NONE" && (both || !leaves.negative) {
        let hint = "leaves that are added up as they are must be probabilities, as a random forest averages \
                    them: export boosted trees with their logistic function";
        let leaves = leaves.probabilities().filter(|_| !node.has("base_values"));
        let leaves = leaves.ok_or_else(|| node.unsupported("post_transform NONE", hint))?;
        let one = ensemble(call, units, leaves, 0.0)?;
        let zero = one.clone().times(-1.0).plus(1.0);
        return Ok(Row::new(vec![Column::Sum(zero), Column::Sum(one)]));
    }
    match (transform, both) {
        ("LOGISTIC", false) => {
            let base = base_value(node)?;
            Ok(pair(ensemble(call, units, leaves, base)?))
        }
        // As CatBoost writes it: each class has its own sigmoid, and the scores are exact opposites, so the
        // difference is twice the log-odds. With base_values onnxruntime and CatBoost do not agree.
        ("LOGISTIC", true) if !node.has("base_values") && leaves.opposite => {
            let leaves = Leaves {
                weights: leaves.weights.into_iter().map(|(at, x)| (at, x / 2.0)).collect(),
                ..leaves
            };
            Ok(pair(ensemble(call, units, leaves, 0.0)?))
        }
        // Scores of both classes, whose difference is the log-odds.
        ("SOFTMAX", true) if !node.has("base_values") => {
            Ok(pair(ensemble(call, units, leaves, 0.0)?))
        }
        ("NONE", false) => {
            units.raw = true;
            let base = base_value(node)?;
            let margin = ensemble(call, units, leaves, base)?;
            let columns = vec![Column::Sum(margin.clone().times(-1.0)), Column::Sum(margin)];
            Ok(Row { shape: vec![2], columns })
        }
        (transform, _) => {
            let hint = "give boosted trees of two classes with LOGISTIC and the weights of one class, or \
                        of both as opposites without base_values, or with SOFTMAX and no base_values. Of CatBoost with a \
                        bias give the JSON, save_model(\"m.json\", format=\"json\"): runtimes read the ONNX otherwise";
            Err(node.unsupported(&format!("post_transform {transform:.60?} of these leaves"), hint))
        }
    }
}

/// What the sum starts from: one number, or nothing.
fn base_value(node: &GraphNode<'_>) -> Result<f64, Fault> {
    match node.doubles("base_values")?[..] {
        [] => Ok(0.0),
        [base] if base.is_finite() => Ok(base),
        _ => Err(node.malformed("base_values is not one finite number")),
    }
}

/// The lists of a tree ensemble, an item a node.
struct Lists<'a> {
    trees: &'a [i64],
    nodes: &'a [i64],
    features: &'a [i64],
    values: Vec<f64>,
    modes: &'a [Vec<u8>],
    if_true: &'a [i64],
    if_false: &'a [i64],
    /// May be left out.
    missing_true: &'a [i64],
}

impl<'a> Lists<'a> {
    fn read(node: &GraphNode<'a>) -> Result<Self, Fault> {
        let lists = Self {
            trees: node.integers("nodes_treeids"),
            nodes: node.integers("nodes_nodeids"),
            features: node.integers("nodes_featureids"),
            values: node.doubles("nodes_values")?,
            modes: node.raw_texts("nodes_modes"),
            if_true: node.integers("nodes_truenodeids"),
            if_false: node.integers("nodes_falsenodeids"),
            missing_true: node.integers("nodes_missing_value_tracks_true"),
        };
        let count = lists.trees.len();
        if count == 0 || count > MAX_NODES {
            return Err(node.malformed(format!("{count} nodes of trees, not 1 to {MAX_NODES}")));
        }
        let missing = if lists.missing_true.is_empty() { count } else { lists.missing_true.len() };
        for (name, found) in [
            ("nodes_nodeids", lists.nodes.len()),
            ("nodes_featureids", lists.features.len()),
            ("nodes_values", lists.values.len()),
            ("nodes_modes", lists.modes.len()),
            ("nodes_truenodeids", lists.if_true.len()),
            ("nodes_falsenodeids", lists.if_false.len()),
            ("nodes_missing_value_tracks_true", missing),
        ] {
            if found != count {
                return Err(node.malformed(format!("{name} has {found} of {count} items")));
            }
        }
        Ok(lists)
    }
}

/// Reads the trees; their sum as a unit.
fn ensemble(call: &Call<'_>, units: &mut Units, leaves: Leaves, base: f64) -> Result<Sum, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let lists = Lists::read(node)?;
    units.spend(node, lists.trees.len().saturating_mul(8), 0)?;
    let mut places: HashMap<(i64, i64), usize> = HashMap::with_capacity(lists.trees.len());
    let mut index: HashMap<i64, usize> = HashMap::new();
    // The nodes of each tree, by their place in the lists; the first is the root.
    let mut trees: Vec<Vec<usize>> = Vec::new();
    for (i, (tree, id)) in lists.trees.iter().zip(lists.nodes).enumerate() {
        let tree_index = *index.entry(*tree).or_insert(trees.len());
        if tree_index == trees.len() {
            if trees.len() == MAX_TREES {
                return Err(node.malformed(format!("more than {MAX_TREES} trees")));
            }
            trees.push(Vec::new());
        }
        if places.insert((*tree, *id), trees[tree_index].len()).is_some() {
            return Err(node.malformed(format!("tree {tree}, node {id} is there twice")));
        }
        trees[tree_index].push(i);
    }
    if let Some((tree, leaf)) = leaves.weights.keys().find(|at| !places.contains_key(at)) {
        return Err(node.malformed(format!("a weight for tree {tree}, node {leaf}: no such node")));
    }
    let mut categories = Categories::default();
    let mut read = Vec::with_capacity(trees.len());
    for of in trees {
        let mut nodes = Vec::with_capacity(of.len());
        for i in of {
            let reader = Reader { node, lists: &lists, places: &places, row: &row, i };
            nodes.push(reader.read(&leaves, &mut categories, units)?);
        }
        let tree = SourceTree { nodes, weight: 1.0 };
        tree.check(read.len())?;
        read.push(tree);
    }
    let unit = units.trees.len() as u32;
    units.trees.push(Ensemble {
        format: Format::Onnx,
        library: None,
        objective: String::new(),
        feature_count: 0,
        features: Vec::new(),
        categories: categories.lists,
        demands: Vec::new(),
        trees: read,
        base,
        exact_base: base,
        output: Output::Margin,
        sigmoid: 1.0,
        sum: Precision::F32,
        notes: Vec::new(),
        guesses: Vec::new(),
        printed_edges: Vec::new(),
        frame: None,
    });
    Ok(Sum::unit(Basis::Trees, unit))
}

/// The categories of each feature that nodes ask for.
#[derive(Default)]
struct Categories {
    lists: Vec<Vec<Category>>,
    index: HashMap<(usize, String), u32>,
}

impl Categories {
    fn index(&mut self, feature: usize, category: &Category) -> u32 {
        if self.lists.len() <= feature {
            self.lists.resize(feature + 1, Vec::new());
        }
        let list = &mut self.lists[feature];
        // Texts are quoted, so no number is one of them.
        *self.index.entry((feature, category.key())).or_insert_with(|| {
            list.push(category.clone());
            list.len() as u32 - 1
        })
    }
}

/// One node of a tree.
struct Reader<'a> {
    node: &'a GraphNode<'a>,
    lists: &'a Lists<'a>,
    places: &'a HashMap<(i64, i64), usize>,
    row: &'a Row,
    /// Place in the lists.
    i: usize,
}

impl Reader<'_> {
    fn fault(&self, fault: impl std::fmt::Display) -> Fault {
        let (tree, id) = (self.lists.trees[self.i], self.lists.nodes[self.i]);
        self.node.malformed(format!("tree {tree}, node {id}: {fault}"))
    }

    fn read(
        &self,
        leaves: &Leaves,
        categories: &mut Categories,
        units: &mut Units,
    ) -> Result<SourceNode, Fault> {
        let lists = self.lists;
        let (tree, id) = (lists.trees[self.i], lists.nodes[self.i]);
        let mode = std::str::from_utf8(&lists.modes[self.i]).unwrap_or("not UTF-8");
        if mode == "LEAF" {
            let value = leaves.weights.get(&(tree, id)).copied().unwrap_or(0.0);
            return Ok(SourceNode::Leaf(value));
        }
        if leaves.weights.contains_key(&(tree, id)) {
            return Err(self.fault("it has a weight, but is no leaf"));
        }
        let child = |child: i64| {
            let place = self.places.get(&(tree, child)).copied();
            place.ok_or_else(|| self.fault(format!("its child {child} is not there")))
        };
        let (if_true, if_false) = (child(lists.if_true[self.i])?, child(lists.if_false[self.i])?);
        let test = Test {
            mode: Mode::of(mode).ok_or_else(|| self.fault(format!("no mode {mode:.60?}")))?,
            threshold: lists.values[self.i],
            missing_true: lists.missing_true.get(self.i).is_some_and(|tracks| *tracks != 0),
        };
        if test.threshold.is_nan() {
            return Err(self.fault("its threshold is no number"));
        }
        let column = usize::try_from(lists.features[self.i]).ok();
        let column = column.and_then(|column| self.row.columns.get(column)).ok_or_else(|| {
            self.fault(format!(
                "it asks for a feature past the {} there are",
                self.row.columns.len()
            ))
        })?;
        let asked = self.ask(&test, column, categories, units)?;
        let (left, right) =
            if asked.left_is_true { (if_true, if_false) } else { (if_false, if_true) };
        Ok(SourceNode::Split(SourceSplit {
            feature: asked.feature,
            rule: asked.rule,
            missing: Missing::Nan,
            missing_left: asked.missing_true == asked.left_is_true,
            left,
            right,
        }))
    }

    /// The question about a feature.
    fn ask(
        &self,
        test: &Test,
        column: &Column,
        categories: &mut Categories,
        units: &mut Units,
    ) -> Result<Asked, Fault> {
        match column {
            Column::Scaled(of) if of.is_plain() => {
                units.demand(SourceDemand::Number { feature: of.feature });
                Ok(test.of_number(of))
            }
            Column::Lookup(of) if of.plain => {
                Ok(test.of_lookup(of, |category| categories.index(of.feature, category)))
            }
            Column::Text(_) => {
                let hint = "encode texts as numbers first (OneHotEncoder, OrdinalEncoder)";
                Err(self.node.unsupported("texts in trees", hint))
            }
            _ => {
                let hint = "trees need no scaling: train them without it, or give the trees alone";
                Err(self.node.unsupported("trees on features that are scaled or mixed", hint))
            }
        }
    }
}

/// How a node compares.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    NotEqual,
}

impl Mode {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "BRANCH_LEQ" => Self::AtMost,
            "BRANCH_LT" => Self::Below,
            "BRANCH_GTE" => Self::AtLeast,
            "BRANCH_GT" => Self::Above,
            "BRANCH_EQ" => Self::Equal,
            "BRANCH_NEQ" => Self::NotEqual,
            _ => return None,
        })
    }
}

/// What a node asks.
struct Test {
    mode: Mode,
    threshold: f64,
    /// Whether a missing value goes where true ones go.
    missing_true: bool,
}

/// What a split asks.
struct Asked {
    feature: usize,
    rule: Rule,
    /// Whether what the rule sends left is what the node calls true.
    left_is_true: bool,
    missing_true: bool,
}

impl Test {
    fn holds(&self, x: f64) -> bool {
        let t = self.threshold;
        match self.mode {
            _ if x.is_nan() => self.missing_true || self.mode == Mode::NotEqual,
            Mode::AtMost => x <= t,
            Mode::Below => x < t,
            Mode::AtLeast => x >= t,
            Mode::Above => x > t,
            Mode::Equal => x == t,
            Mode::NotEqual => x != t,
        }
    }

    fn of_number(&self, of: &Scaled) -> Asked {
        let at_most = matches!(self.mode, Mode::AtMost | Mode::Above);
        let equal = matches!(self.mode, Mode::Equal | Mode::NotEqual);
        let t = self.threshold;
        // The nearest single-precision numbers on both sides compare as `t` does.
        let near = t as f32;
        let down = if f64::from(near) > t { near.next_down() } else { near };
        let up = if f64::from(near) < t { near.next_up() } else { near };
        let rule = match (of.single, equal, at_most) {
            (true, true, _) if down == up => Rule::SingleEqual(near),
            // No single-precision number equals it.
            (true, true, _) => Rule::Among(Vec::new()),
            (true, _, true) => Rule::SingleAtMost(down),
            (true, ..) => Rule::Below(up),
            (_, true, _) => Rule::Equal(t),
            (_, _, true) => Rule::AtMost(t),
            _ => Rule::Less(t),
        };
        let left_is_true = matches!(self.mode, Mode::AtMost | Mode::Below | Mode::Equal);
        let missing = of.missing.unwrap_or(f64::NAN);
        let missing = if of.single { f64::from(missing as f32) } else { missing };
        Asked { feature: of.feature, rule, left_is_true, missing_true: self.holds(missing) }
    }

    fn of_lookup(&self, of: &Lookup, mut index: impl FnMut(&Category) -> u32) -> Asked {
        let other = self.holds(of.other);
        let differ = of.values.iter().filter(|(_, value)| self.holds(*value) != other);
        let mut set: Vec<u32> = differ.map(|(category, _)| index(category)).collect();
        set.sort_unstable();
        // What is listed goes left, all other values right.
        Asked {
            feature: of.feature,
            rule: Rule::Among(set),
            left_is_true: !other,
            missing_true: other,
        }
    }
}
