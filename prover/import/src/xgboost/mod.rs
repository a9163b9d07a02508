//! XGBoost's JSON model files.
//!
//! Values are cast to `f32`; `x < t` goes left, a category of the set goes right, `NaN` where the
//! node says. Leaves are added in `f32`, from the margin of `base_score` on.

mod file;
mod tree;

use super::{
    Guess, ImportOptions,
    demand::{Category, SourceDemand},
    ensemble::{Ensemble, Output, Precision},
    error::Fault,
    json::Num,
};
use file::{Attributes, Categories, File, Forest, Learner};
use tessera_model::{Assumption, MAX_NODES, package::Format, schema::MAX_CODES};
use tree::read_tree;

/// Objectives whose margin is the log-odds of class 1.
const OBJECTIVES: [&str; 3] = ["binary:logistic", "binary:logitraw", "reg:logistic"];
/// Most features of a model.
const MAX_FEATURES: usize = 65_536;
/// Most bytes of the texts of a feature's categories.
const MAX_CATEGORIES_TEXT: usize = 1 << 22;
/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8], options: &ImportOptions) -> Result<Ensemble, Fault> {
    let file: File = serde_json::from_slice(bytes)?;
    let learner = file.learner;
    let param = &learner.learner_model_param;
    let groups = check_kind(&learner)?;

    let mut notes = Vec::new();
    let features = learner.feature_names.0;
    let count: usize = parse("learner.learner_model_param.num_feature", &param.num_feature)?;
    if !features.is_empty() && features.len() != count || count > MAX_FEATURES {
        return Err(Fault::malformed(
            "learner.feature_names",
            format!("{} names for {count} features", features.len()),
        ));
    }
    let (base, exact_base) = match groups {
        1 => base_margins(&learner.objective.name, &param.base_score)?,
        _ => difference_of_bases(&param.base_score)?,
    };

    let booster = learner.gradient_booster;
    let (forest, weights) = match (booster.model, booster.gbtree) {
        (Some(forest), None) if booster.name == "gbtree" => (forest, None),
        (None, Some(gbtree)) if booster.name == "dart" => {
            (gbtree.model, Some(booster.weight_drop.0))
        }
        _ => {
            let fault = format!("a {:?} booster without its model", booster.name);
            return Err(Fault::malformed("learner.gradient_booster", fault));
        }
    };
    let lists = forest.cats.as_ref().map_or(&[][..], |cats| &cats.enc.0);
    let (categories, demands) = categories(lists, count)?;
    let (used, guesses) = trees_in_use(&forest, groups, &learner.attributes, options)?;
    let total = forest.trees.0.len();
    if used < total {
        notes.push(format!(
            "Early stopping: the first {used} of {total} trees are used, up to the best iteration."
        ));
    }
    if let Some(weight) = learner.objective.reg_loss_param.and_then(|p| p.scale_pos_weight)
        && weight.parse() != Ok(1.0)
    {
        notes.push(format!(
            "Trained with scale_pos_weight = {weight}: the odds are those of the reweighted \
             sample, not of the population, unless they were calibrated afterwards."
        ));
    }
    if weights.as_ref().is_some_and(|weights| weights.len() != total) {
        return Err(Fault::malformed(
            "learner.gradient_booster.weight_drop",
            format!("it must have a weight for each of the {total} trees"),
        ));
    }

    if groups == 2 {
        notes.push(
            "Two classes with a sum of trees each: the log-odds of class 1 are the difference."
                .into(),
        );
    }
    let groups_of: Vec<i64> = forest.tree_info.0.iter().map(|group| group.0).collect();
    let mut nodes = 0;
    let mut trees = Vec::with_capacity(used);
    for (index, tree) in forest.trees.0.into_iter().take(used).enumerate() {
        let weight = weights.as_ref().map_or(1.0, |weights| weights[index].0);
        // Of two classes, those of class 0 count against it.
        let against = groups == 2 && groups_of.get(index) == Some(&0);
        let weight = if against { -weight } else { weight };
        nodes += tree.left_children.len();
        if nodes > MAX_NODES {
            let fault = format!("the model has more than {MAX_NODES} nodes");
            return Err(Fault::malformed(format!("tree {index}"), fault));
        }
        trees.push(read_tree(index, &tree, count, weight, options)?);
    }
    let version: Vec<_> = file.version.0.iter().map(|number| number.0.to_string()).collect();
    Ok(Ensemble {
        format: Format::XgboostJson,
        library: (!version.is_empty()).then(|| format!("xgboost {}", version.join("."))),
        objective: learner.objective.name,
        feature_count: count,
        features,
        categories,
        demands,
        trees,
        base: f64::from(base),
        exact_base,
        output: Output::Margin,
        sigmoid: 1.0,
        // Two sums in single precision, of which this is the difference.
        sum: if groups == 1 { Precision::F32 } else { Precision::F64 },
        notes,
        guesses,
        printed_edges: Vec::new(),
        frame: None,
    })
}

/// The categories of each feature, if the file lists them. The library refuses any other.
fn categories(
    lists: &[Categories],
    features: usize,
) -> Result<(Vec<Vec<Category>>, Vec<SourceDemand>), Fault> {
    let place = "learner.gradient_booster.model.cats.enc";
    if !lists.is_empty() && lists.len() != features {
        let fault = format!("{} lists for {features} features", lists.len());
        return Err(Fault::malformed(place, fault));
    }
    let (mut categories, mut demands) = (Vec::with_capacity(lists.len()), Vec::new());
    for (feature, list) in lists.iter().enumerate() {
        let fault = |fault: &str| Fault::malformed(format!("{place}[{feature}]"), fault);
        let found: Vec<Category> = match &list.offsets {
            None => list.values.0.iter().map(|x| Category::Number(x.0 as f64)).collect(),
            Some(offsets) => {
                // Bytes are written as signed numbers.
                let byte =
                    |value: i64| u8::try_from(value).or(i8::try_from(value).map(|x| x as u8));
                let bytes = list.values.0.iter().map(|value| byte(value.0));
                let bytes: Vec<u8> =
                    bytes.collect::<Result<_, _>>().map_err(|_| fault("a value is no byte"))?;
                let text = |ends: &[Num<usize>]| {
                    let text = bytes.get(ends[0].0..ends[1].0);
                    let text = text.ok_or_else(|| fault("an offset is out of order"))?;
                    let text = String::from_utf8(text.into());
                    text.map(Category::Text).map_err(|_| {
                        fault(
                            "a text is not UTF-8: XGBoost cuts texts of a data frame that are not \
                             ASCII, so give categories other names before training",
                        )
                    })
                };
                offsets.0.windows(2).map(text).collect::<Result<_, _>>()?
            }
        };
        if found.len() > MAX_CODES {
            return Err(fault("too many categories"));
        }
        if !found.is_empty() {
            demands.push(SourceDemand::OneOf { feature, categories: found.clone() });
        }
        categories.push(found);
    }
    Ok((categories, demands))
}

/// Refuses by name what is no single log-odds of trees; answers with how many sums of trees there are: one,
/// or one for each of two classes.
fn check_kind(learner: &Learner) -> Result<usize, Fault> {
    let param = &learner.learner_model_param;
    let name = &learner.objective.name;
    let one_of = "only margins that are one log-odds can become points: binary:logistic, \
                  binary:logitraw, reg:logistic, multi:softprob of two classes";
    let multi = ["multi:softprob", "multi:softmax"].contains(&name.as_str());
    for (key, value) in [("num_class", &param.num_class), ("num_target", &param.num_target)] {
        let place = format!("learner.learner_model_param.{key}");
        let value: u64 = value.as_deref().map_or(Ok(1), |value| parse(&place, value))?;
        let allowed = if multi && key == "num_class" { 2 } else { 1 };
        if value.max(1) != allowed {
            return Err(Fault::unsupported(
                format!("objective {:?} with {key} = {value}", cut(name)),
                one_of,
            ));
        }
    }
    if !multi && !OBJECTIVES.contains(&name.as_str()) {
        return Err(Fault::unsupported(format!("objective {:?}", cut(name)), one_of));
    }
    match learner.gradient_booster.name.as_str() {
        "gbtree" | "dart" => Ok(if multi { 2 } else { 1 }),
        other => Err(Fault::unsupported(
            format!("booster {:?}", cut(other)),
            "trees are imported: gbtree and dart",
        )),
    }
}

/// How many trees the prediction adds up.
fn trees_in_use(
    forest: &Forest,
    groups: usize,
    attributes: &Attributes,
    options: &ImportOptions,
) -> Result<(usize, Vec<Guess>), Fault> {
    let (total, mut guesses) = (forest.trees.0.len(), Vec::new());
    if let Some(index) =
        forest.tree_info.0.iter().position(|group| !(0..groups as i64).contains(&group.0))
    {
        return Err(Fault::malformed(
            format!("learner.gradient_booster.model.tree_info[{index}]"),
            "there is no such group of trees",
        ));
    }
    let place = "learner.attributes.best_iteration";
    let used = match &attributes.best_iteration {
        Some(text) if !options.all_trees => {
            let rounds = parse::<usize>(place, text)?.checked_add(1);
            let param = forest.gbtree_model_param.as_ref();
            let parallel = param.and_then(|param| param.num_parallel_tree.as_deref());
            let end = match (&forest.iteration_indptr, parallel, &attributes.best_ntree_limit) {
                (Some(pointers), ..) => {
                    rounds.and_then(|i| pointers.0.get(i)).map(|pointer| pointer.0)
                }
                (None, Some(parallel), _) => {
                    let parallel: usize = parse("num_parallel_tree", parallel)?;
                    rounds
                        .and_then(|rounds| rounds.checked_mul(parallel.max(1).checked_mul(groups)?))
                }
                (None, None, Some(limit)) => {
                    Some(parse("learner.attributes.best_ntree_limit", limit)?)
                }
                (None, None, None) => {
                    let text = "training stopped early, and the file does not say how many trees each \
                                round made";
                    guesses.push(Guess::new(Assumption::OneTreePerRound, text));
                    rounds.and_then(|rounds| rounds.checked_mul(groups))
                }
            };
            end.unwrap_or(usize::MAX)
        }
        _ => total,
    };
    match used {
        _ if total == 0 => Err(Fault::malformed("learner.gradient_booster.model", "no trees")),
        0 => Err(Fault::malformed(place, "it leaves no tree")),
        used if used > total => {
            Err(Fault::malformed(place, format!("it is past the last of {total} trees")))
        }
        used => Ok((used, guesses)),
    }
}

/// What class 1 starts from above class 0, where each class has a sum: nothing, unless they start apart.
fn difference_of_bases(text: &str) -> Result<(f32, f64), Fault> {
    let place = "learner.learner_model_param.base_score";
    let inner = text.trim().trim_start_matches('[').trim_end_matches(']');
    let bases: Vec<f32> =
        inner.split(',').map(|base| parse(place, base)).collect::<Result<_, _>>()?;
    match bases[..] {
        [base] if base.is_finite() => Ok((0.0, 0.0)),
        [zero, one] if zero.is_finite() && one.is_finite() => {
            Ok((one - zero, f64::from(one) - f64::from(zero)))
        }
        _ => Err(Fault::malformed(place, "it is neither one nor two finite numbers")),
    }
}

/// The margin of `base_score`, which is written as `5E-1` or `[5E-1]`: as the library computes it,
/// in single precision with the system's logarithm; and in double precision, the same everywhere.
/// For `binary:logitraw` it is a margin, otherwise a probability, kept away from 0 and 1.
fn base_margins(objective: &str, text: &str) -> Result<(f32, f64), Fault> {
    let place = "learner.learner_model_param.base_score";
    let inner = text.trim();
    let inner = inner.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(inner);
    let score: f32 = parse(place, inner)?;
    if objective == "binary:logitraw" && score.is_finite() {
        return Ok((score, f64::from(score)));
    }
    if !(score > 0.0 && score < 1.0) {
        return Err(Fault::malformed(place, "it is no probability between 0 and 1"));
    }
    let score = score.clamp(1e-6, 1.0 - 1e-6);
    Ok((-(1.0 / score - 1.0).ln(), -libm::log(1.0 / f64::from(score) - 1.0)))
}

/// Reads a number that the file has as text.
fn parse<T: std::str::FromStr>(place: &str, text: &str) -> Result<T, Fault> {
    text.trim()
        .parse()
        .map_err(|_| Fault::malformed(place, format!("{:?} is no number", cut(text))))
}

/// The beginning of a text from a file, short enough for a message.
fn cut(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| &text[..end])
}
