//! One tree of the file, checked.

use super::{cut, file::TreeJson, parse};
use crate::{
    ImportOptions,
    ensemble::{Missing, Rule, SourceNode, SourceSplit, SourceTree},
    error::Fault,
    json::Num,
};

/// Categories from here on are no categories for XGBoost.
const MAX_CATEGORY: u32 = 1 << 24;

/// Checks tree `index` and makes its nodes.
pub(super) fn read_tree(
    index: usize,
    tree: &TreeJson,
    features: usize,
    weight: f32,
    options: &ImportOptions,
) -> Result<SourceTree, Fault> {
    let malformed = |fault: String| Fault::malformed(format!("tree {index}"), fault);
    let count = tree.left_children.len();
    let stated: usize =
        parse(&format!("tree {index}, tree_param.num_nodes"), &tree.tree_param.num_nodes)?;
    let lengths = [
        ("right_children", tree.right_children.len()),
        ("split_indices", tree.split_indices.len()),
        ("split_conditions", tree.split_conditions.len()),
        ("default_left", tree.default_left.len()),
        ("tree_param.num_nodes", stated),
    ];
    if let Some((name, found)) = lengths.into_iter().find(|(_, found)| *found != count) {
        return Err(malformed(format!("left_children has {count} nodes, {name} has {found}")));
    }
    if !tree.split_type.is_empty() && tree.split_type.len() != count {
        return Err(malformed(format!(
            "split_type has {} of {count} nodes",
            tree.split_type.len()
        )));
    }
    if let Some(size) = &tree.tree_param.size_leaf_vector
        && parse::<u64>(&format!("tree {index}, tree_param.size_leaf_vector"), size)? > 1
    {
        return Err(Fault::unsupported(
            format!("tree {index} with leaves of {} values", cut(size)),
            "a score is one number (multi_strategy = one_output_per_tree)",
        ));
    }
    if !weight.is_finite() {
        return Err(malformed("its weight in weight_drop is not finite".into()));
    }
    let sets = category_sets(index, tree)?;
    let missing = options.missing.map_or(Missing::Nan, Missing::NanOr);
    let mut nodes = Vec::with_capacity(count);
    for node in 0..count {
        let fault = |fault: String| Fault::malformed(format!("tree {index}, node {node}"), fault);
        let condition = tree.split_conditions[node].0;
        if !condition.is_finite() {
            return Err(fault("its threshold or leaf is not finite".into()));
        }
        if tree.left_children[node].0 == -1 {
            nodes.push(SourceNode::Leaf(f64::from(condition)));
            continue;
        }
        let child = |children: &[Num<i64>]| match usize::try_from(children[node].0) {
            Ok(child) if child < count => Ok(child),
            _ => Err(fault(format!("its child {} is none of {count} nodes", children[node].0))),
        };
        let (left, right) = (child(&tree.left_children)?, child(&tree.right_children)?);
        let feature = match usize::try_from(tree.split_indices[node].0) {
            Ok(feature) if feature < features => feature,
            _ => return Err(fault(format!("it asks for a feature past the {features} there are"))),
        };
        let rule = match tree.split_type.get(node).map_or(0, |kind| kind.0) {
            0 => Rule::Below(condition),
            1 => Rule::NotAmong(sets.get(&node).cloned().ok_or_else(|| {
                fault("it splits by categories, but categories_nodes does not list it".into())
            })?),
            other => return Err(fault(format!("there is no split_type {other}"))),
        };
        let missing_left = tree.default_left[node].0;
        nodes.push(SourceNode::Split(SourceSplit {
            feature,
            rule,
            missing,
            missing_left,
            left,
            right,
        }));
    }
    let tree = SourceTree { nodes, weight };
    tree.check(index)?;
    Ok(tree)
}

/// The categories that go right, of each node that splits by categories.
fn category_sets(
    index: usize,
    tree: &TreeJson,
) -> Result<std::collections::HashMap<usize, Vec<u32>>, Fault> {
    let fault = |fault: &str| Fault::malformed(format!("tree {index}, categories"), fault);
    let listed = tree.categories_nodes.len();
    if tree.categories_segments.len() != listed || tree.categories_sizes.len() != listed {
        return Err(fault("nodes, segments and sizes are not equally many"));
    }
    let mut sets = std::collections::HashMap::new();
    let mut total = 0;
    for (i, node) in tree.categories_nodes.iter().enumerate() {
        let (start, size) = (tree.categories_segments[i].0, tree.categories_sizes[i].0);
        let set = start.checked_add(size).and_then(|end| tree.categories.get(start..end));
        let set = set.ok_or_else(|| fault("a segment runs past the end"))?;
        // Segments may overlap in a hostile file, so their sum is bounded here.
        total += size;
        if total > tree.categories.len() {
            return Err(fault("segments overlap"));
        }
        let mut set: Vec<u32> = set.iter().map(|category| category.0).collect();
        set.sort_unstable();
        set.dedup();
        if set.last().is_some_and(|category| *category >= MAX_CATEGORY) {
            return Err(fault("a category is 2^24 or more"));
        }
        if sets.insert(node.0, set).is_some() {
            return Err(fault("a node is listed twice"));
        }
    }
    Ok(sets)
}
