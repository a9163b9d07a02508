//! CatBoost's JSON model files, of numeric features.
//!
//! Values are cast to `f32`; `x > border` sets a bit of an oblivious tree's leaf index, or goes right in any other
//! tree. Leaves are added in `f64`, then multiplied with a scale and moved by a bias. Features that are
//! categories, texts or embeddings are refused: CatBoost turns those into numbers by hashes and statistics of
//! the training data.

use super::{
    demand::Category,
    ensemble::{Ensemble, Missing, Output, Precision, Rule, SourceNode, SourceSplit, SourceTree},
    error::Fault,
    json::{Bounded, Num},
};
use serde::{Deserialize, de::IgnoredAny};
use tessera_model::{Format, MAX_NODES, MAX_TREES};

/// Most features of a model.
const MAX_FEATURES: usize = 65_536;
/// Most splits of an oblivious tree, which has `2^splits` leaves.
const MAX_DEPTH: usize = 16;
/// Deepest tree of another kind.
const MAX_NESTING: usize = 64;

#[derive(Deserialize)]
struct File {
    features_info: FeaturesInfo,
    model_info: Option<ModelInfo>,
    oblivious_trees: Option<Bounded<Oblivious, MAX_TREES>>,
    trees: Option<Bounded<Branch, MAX_TREES>>,
    scale_and_bias: (Num<f64>, Bounded<Num<f64>, 16>),
}

#[derive(Deserialize)]
struct FeaturesInfo {
    #[serde(default)]
    float_features: Bounded<FloatFeature, MAX_FEATURES>,
    #[serde(default)]
    categorical_features: Bounded<IgnoredAny, MAX_FEATURES>,
    #[serde(default)]
    text_features: Bounded<IgnoredAny, MAX_FEATURES>,
    #[serde(default)]
    embedding_features: Bounded<IgnoredAny, MAX_FEATURES>,
}

#[derive(Deserialize)]
struct FloatFeature {
    #[serde(default)]
    feature_id: String,
    feature_index: Num<usize>,
    nan_value_treatment: String,
}

#[derive(Deserialize)]
struct ModelInfo {
    params: Option<Params>,
    class_params: Option<ClassParams>,
}

#[derive(Deserialize)]
struct Params {
    loss_function: Option<Loss>,
}

#[derive(Deserialize)]
struct Loss {
    r#type: String,
}

#[derive(Deserialize)]
struct ClassParams {
    #[serde(default)]
    class_names: Bounded<super::json::Item, 16>,
}

#[derive(Deserialize)]
struct Oblivious {
    leaf_values: Bounded<Num<f64>, { 1 << MAX_DEPTH }>,
    splits: Option<Bounded<Split, MAX_DEPTH>>,
}

#[derive(Deserialize)]
struct Branch {
    value: Option<Num<f64>>,
    split: Option<Split>,
    left: Option<Box<Branch>>,
    right: Option<Box<Branch>>,
}

#[derive(Deserialize)]
struct Split {
    split_type: String,
    border: Option<Num<f64>>,
    float_feature_index: Option<Num<usize>>,
}

/// Whether a JSON file seems to be CatBoost's.
pub(super) fn is_catboost(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Top {
        features_info: Option<IgnoredAny>,
        scale_and_bias: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Top>(bytes)
        .is_ok_and(|top| top.features_info.is_some() && top.scale_and_bias.is_some())
}

/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8]) -> Result<Ensemble, Fault> {
    let file: File = serde_json::from_slice(bytes)?;
    let info = &file.features_info;
    let others = [
        (info.categorical_features.len(), "categories"),
        (info.text_features.len(), "texts"),
        (info.embedding_features.len(), "embeddings"),
    ];
    if let Some((count, what)) = others.into_iter().find(|(count, _)| *count > 0) {
        let hint = "CatBoost makes numbers of them by hashes and by statistics of the training data: train \
                    with numbers only, categories one-hot encoded";
        return Err(Fault::unsupported(format!("a model with {count} features of {what}"), hint));
    }
    let objective = objective(file.model_info.as_ref())?;
    let (Num(scale), bias) = &file.scale_and_bias;
    let bias = match &bias.0[..] {
        [] => 0.0,
        [Num(bias)] => *bias,
        more => {
            let hint = "a score is one log-odds: train with Logloss or CrossEntropy";
            return Err(Fault::unsupported(format!("a model of {} outputs", more.len()), hint));
        }
    };
    if *scale == 0.0 || !scale.is_finite() || !(bias / scale).is_finite() {
        return Err(Fault::malformed("scale_and_bias", "a scale of 0, or what is not finite"));
    }
    let mut names = Vec::with_capacity(info.float_features.len());
    let mut missing_right = Vec::with_capacity(info.float_features.len());
    for (index, feature) in info.float_features.iter().enumerate() {
        let place = || format!("features_info.float_features[{index}]");
        if feature.feature_index.0 != index {
            return Err(Fault::malformed(place(), "its feature_index is not its place"));
        }
        names.push(feature.feature_id.clone());
        // A comparison with NaN is false.
        missing_right.push(match feature.nan_value_treatment.as_str() {
            "AsIs" | "AsFalse" => false,
            "AsTrue" => true,
            other => {
                let fault = format!("there is no nan_value_treatment {other:.60?}");
                return Err(Fault::malformed(place(), fault));
            }
        });
    }
    let count = names.len();
    if names.iter().any(String::is_empty) {
        names.clear();
    }
    let mut reader = Reader { missing_right: &missing_right, nodes: 0 };
    let mut trees = Vec::new();
    match (&file.oblivious_trees, &file.trees) {
        (Some(oblivious), None) => {
            for (index, tree) in oblivious.iter().enumerate() {
                trees.push(reader.oblivious(index, tree)?);
            }
        }
        (None, Some(others)) => {
            for (index, tree) in others.iter().enumerate() {
                let mut nodes = Vec::new();
                reader.branch(index, tree, &mut nodes, 0)?;
                trees.push(SourceTree { nodes, weight: 1.0 });
            }
        }
        _ => {
            return Err(Fault::malformed("the file", "neither oblivious_trees nor trees, or both"));
        }
    }
    if trees.is_empty() {
        return Err(Fault::malformed("the file", "no trees"));
    }
    Ok(Ensemble {
        format: Format::CatboostJson,
        library: Some("catboost".into()),
        objective,
        feature_count: count,
        features: names,
        categories: Vec::new(),
        demands: Vec::new(),
        trees,
        // The sum is scaled after that.
        base: bias / scale,
        exact_base: bias / scale,
        output: Output::Margin,
        sigmoid: *scale,
        sum: Precision::F64,
        notes: notes(file.model_info.as_ref()),
        guesses: Vec::new(),
        printed_edges: Vec::new(),
        frame: None,
    })
}

/// Refuses what is no log-odds of two classes.
fn objective(info: Option<&ModelInfo>) -> Result<String, Fault> {
    let loss = info.and_then(|info| info.params.as_ref()?.loss_function.as_ref());
    let hint = "only margins that are one log-odds can become points: Logloss, CrossEntropy";
    match loss.map(|loss| loss.r#type.as_str()) {
        Some(name @ ("Logloss" | "CrossEntropy")) => Ok(name.into()),
        Some(other) => Err(Fault::unsupported(format!("loss function {other:.60?}"), hint)),
        None => Err(Fault::unsupported("a file that names no loss function", hint)),
    }
}

/// Says which class is which, unless they are 0 and 1.
fn notes(info: Option<&ModelInfo>) -> Vec<String> {
    let classes = info.and_then(|info| info.class_params.as_ref());
    match classes.map(|classes| &classes.class_names.0[..]) {
        Some([zero, one])
            if (&zero.0, &one.0) != (&Category::Number(0.0), &Category::Number(1.0)) =>
        {
            vec![format!("Class 1 is what the file calls {}, class 0 {}.", one.0, zero.0)]
        }
        _ => Vec::new(),
    }
}

struct Reader<'a> {
    /// Of each feature.
    missing_right: &'a [bool],
    /// Nodes of all trees so far.
    nodes: usize,
}

impl Reader<'_> {
    /// Counts nodes that are made.
    fn spend(&mut self, tree: usize, nodes: usize) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        match self.nodes <= MAX_NODES {
            true => Ok(()),
            false => {
                let fault = format!("the model has more than {MAX_NODES} nodes");
                Err(Fault::malformed(format!("tree {tree}"), fault))
            }
        }
    }

    /// What a split asks, with children to be filled in.
    fn split(
        &self,
        place: &str,
        split: &Split,
        left: usize,
        right: usize,
    ) -> Result<SourceSplit, Fault> {
        let fault = |fault: String| Fault::malformed(place, fault);
        if split.split_type != "FloatFeature" {
            let hint = "train with numbers only, categories one-hot encoded";
            let what = format!("{place}: a split of type {:.60?}", split.split_type);
            return Err(Fault::unsupported(what, hint));
        }
        let (Some(border), Some(feature)) = (&split.border, &split.float_feature_index) else {
            return Err(fault("a split without its border or feature".into()));
        };
        let single = border.0 as f32;
        if !single.is_finite() || f64::from(single) != border.0 {
            return Err(fault("its border is not a number in single precision".into()));
        }
        let feature = feature.0;
        let missing_right = *self.missing_right.get(feature).ok_or_else(|| {
            fault(format!("it asks for a feature past the {} there are", self.missing_right.len()))
        })?;
        let (rule, missing) = (Rule::SingleAtMost(single), Missing::Nan);
        Ok(SourceSplit { feature, rule, missing, missing_left: !missing_right, left, right })
    }

    fn leaf(&self, place: &str, value: &Num<f64>) -> Result<SourceNode, Fault> {
        match value.0.is_finite() {
            true => Ok(SourceNode::Leaf(value.0)),
            false => Err(Fault::malformed(place, "a leaf is not finite")),
        }
    }

    /// All nodes of an oblivious tree: level k asks split k, which is bit k of the leaf's index.
    fn oblivious(&mut self, index: usize, tree: &Oblivious) -> Result<SourceTree, Fault> {
        let place = format!("tree {index}");
        let splits = tree.splits.as_ref().map_or(&[][..], |splits| &splits.0);
        let leaves = 1usize << splits.len();
        if tree.leaf_values.len() != leaves {
            let fault = format!("{} leaves for {} splits", tree.leaf_values.len(), splits.len());
            return Err(Fault::malformed(place, fault));
        }
        self.spend(index, 2 * leaves - 1)?;
        let mut nodes = Vec::with_capacity(2 * leaves - 1);
        for (level, split) in splits.iter().enumerate() {
            for at in 0..1usize << level {
                // Node `at` of a level has the children `2 at` and `2 at + 1` of the next.
                let next = (2usize << level) - 1;
                nodes.push(SourceNode::Split(self.split(
                    &place,
                    split,
                    next + 2 * at,
                    next + 2 * at + 1,
                )?));
            }
        }
        for at in 0..leaves {
            // The first split is the highest bit of the place in the last level, and the lowest of the index.
            let index = (0..splits.len()).fold(0, |index, bit| index << 1 | at >> bit & 1);
            nodes.push(self.leaf(&place, &tree.leaf_values[index])?);
        }
        Ok(SourceTree { nodes, weight: 1.0 })
    }

    /// Appends a tree of another kind; answers with its root.
    fn branch(
        &mut self,
        index: usize,
        branch: &Branch,
        nodes: &mut Vec<SourceNode>,
        depth: usize,
    ) -> Result<usize, Fault> {
        let place = format!("tree {index}, node {}", nodes.len());
        if depth > MAX_NESTING {
            return Err(Fault::malformed(place, format!("deeper than {MAX_NESTING}")));
        }
        self.spend(index, 1)?;
        let at = nodes.len();
        match (&branch.value, &branch.split, &branch.left, &branch.right) {
            (Some(value), None, None, None) => nodes.push(self.leaf(&place, value)?),
            (None, Some(split), Some(left), Some(right)) => {
                nodes.push(SourceNode::Split(self.split(&place, split, 0, 0)?));
                let left = self.branch(index, left, nodes, depth + 1)?;
                let right = self.branch(index, right, nodes, depth + 1)?;
                if let SourceNode::Split(split) = &mut nodes[at] {
                    (split.left, split.right) = (left, right);
                }
            }
            _ => {
                let fault = "neither a leaf nor a split with two children";
                return Err(Fault::malformed(place, fault));
            }
        }
        Ok(at)
    }
}
