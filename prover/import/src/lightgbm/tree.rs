//! One tree of the file, checked.

use super::{Fields, field, number};
use crate::{
    ensemble::{Missing, Rule, SourceNode, SourceSplit, SourceTree},
    error::Fault,
};
use std::str::FromStr;
use tessera_model::MAX_NODES;

/// Bits of `decision_type`.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;
/// Most categories in all sets together, 4 bytes each.
const MAX_CATEGORIES: usize = 1 << 24;

/// What trees may still have.
pub(super) struct Room {
    nodes: usize,
    categories: usize,
}

impl Room {
    /// All that a model may have.
    pub fn whole() -> Self {
        Self { nodes: MAX_NODES, categories: MAX_CATEGORIES }
    }
}

/// Reads tree `index`, for which there must be `room`. Splits come first, then leaves; a child
/// below 0 is leaf `!child`.
pub(super) fn read_tree(
    index: usize,
    fields: &Fields<'_>,
    features: usize,
    room: &mut Room,
) -> Result<SourceTree, Fault> {
    let tree = Tree { fields, place: format!("tree {index}") };
    let leaves: usize = number(fields, &tree.place, "num_leaves")?;
    if leaves == 0 || leaves > room.nodes.div_ceil(2) {
        return Err(tree.fault(format!("{leaves} leaves are none, or too many")));
    }
    if fields.get("is_linear").is_some_and(|linear| *linear != "0") {
        let hint = "train with linear_tree = false";
        return Err(Fault::unsupported(format!("tree {index} with linear leaves"), hint));
    }
    let values: Vec<f64> = tree.list("leaf_value", leaves)?;
    if values.iter().any(|value| !value.is_finite()) {
        return Err(tree.fault("a leaf is not finite"));
    }
    let splits = leaves - 1;
    let mut nodes = Vec::with_capacity(splits + leaves);
    if splits > 0 {
        let mut columns = Columns {
            feature: tree.list("split_feature", splits)?,
            threshold: tree.list("threshold", splits)?,
            decision: tree.list("decision_type", splits)?,
            left: tree.list("left_child", splits)?,
            right: tree.list("right_child", splits)?,
            sets: tree.sets(splits, &mut room.categories)?,
        };
        for node in 0..splits {
            let split = columns.split(node, leaves, features);
            let place = || format!("tree {index}, node {node}");
            nodes.push(SourceNode::Split(split.map_err(|fault| Fault::malformed(place(), fault))?));
        }
    }
    nodes.extend(values.into_iter().map(SourceNode::Leaf));
    let tree = SourceTree { nodes, weight: 1.0 };
    tree.check(index)?;
    room.nodes -= tree.nodes.len();
    Ok(tree)
}

/// The fields of a tree and where it is.
struct Tree<'a> {
    fields: &'a Fields<'a>,
    place: String,
}

impl Tree<'_> {
    fn fault(&self, fault: impl Into<String>) -> Fault {
        Fault::malformed(self.place.as_str(), fault)
    }

    /// A field with exactly `count` numbers.
    fn list<T: FromStr>(&self, name: &str, count: usize) -> Result<Vec<T>, Fault> {
        let text = field(self.fields, &self.place, name)?;
        let mut items = Vec::new();
        for word in text.split_ascii_whitespace() {
            if items.len() == count {
                return Err(self.fault(format!("{name} has more than {count} items")));
            }
            let item = word.parse();
            items.push(item.map_err(|_| {
                self.fault(format!("item {} of {name} is no number of its kind", items.len()))
            })?);
        }
        if items.len() != count {
            return Err(self.fault(format!("{name} has {} of {count} items", items.len())));
        }
        Ok(items)
    }

    /// The sets of categories: set `i` is the bits of `cat_threshold[cat_boundaries[i]..]`.
    fn sets(&self, splits: usize, room: &mut usize) -> Result<Vec<Option<Vec<u32>>>, Fault> {
        let count = match self.fields.get("num_cat") {
            None => 0,
            Some(_) => number(self.fields, &self.place, "num_cat")?,
        };
        if count == 0 {
            return Ok(Vec::new());
        }
        if count > splits {
            return Err(self.fault(format!("{count} sets of categories for {splits} splits")));
        }
        let boundaries: Vec<usize> = self.list("cat_boundaries", count + 1)?;
        if boundaries[count] > MAX_CATEGORIES {
            return Err(self.fault("cat_threshold is too long"));
        }
        let words: Vec<u32> = self.list("cat_threshold", boundaries[count])?;
        let total: usize = words.iter().map(|word| word.count_ones() as usize).sum();
        *room = room.checked_sub(total).ok_or_else(|| {
            self.fault(format!("sets of more than {MAX_CATEGORIES} categories together"))
        })?;
        let mut sets = Vec::with_capacity(count);
        for ends in boundaries.windows(2) {
            let bits = words.get(ends[0]..ends[1]);
            let bits = bits.ok_or_else(|| self.fault("cat_boundaries are out of order"))?;
            let categories = bits.iter().zip(0u32..).flat_map(|(word, index)| {
                (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| index * 32 + bit)
            });
            sets.push(Some(categories.collect()));
        }
        Ok(sets)
    }
}

/// The splits of a tree, field by field.
struct Columns {
    feature: Vec<usize>,
    threshold: Vec<f64>,
    decision: Vec<u8>,
    left: Vec<i64>,
    right: Vec<i64>,
    /// Each belongs to one node, which takes it.
    sets: Vec<Option<Vec<u32>>>,
}

impl Columns {
    fn split(
        &mut self,
        node: usize,
        leaves: usize,
        features: usize,
    ) -> Result<SourceSplit, String> {
        let splits = self.feature.len();
        let child = |child: i64| {
            let leaf = usize::try_from(!child).ok().filter(|leaf| *leaf < leaves);
            let split = usize::try_from(child).ok().filter(|split| *split < splits);
            let place = split.or(leaf.map(|leaf| splits + leaf));
            place.ok_or_else(|| format!("its child {child} is neither a split nor a leaf"))
        };
        if self.feature[node] >= features {
            return Err(format!("it asks for a feature past the {features} there are"));
        }
        let (decision, threshold) = (self.decision[node], self.threshold[node]);
        if threshold.is_nan() {
            return Err("its threshold is no number".into());
        }
        let categorical = decision & CATEGORICAL != 0;
        let rule = match categorical {
            false => Rule::AtMost(threshold),
            true => {
                let index =
                    (threshold >= 0.0 && threshold.fract() == 0.0).then_some(threshold as usize);
                let set = index.and_then(|index| self.sets.get_mut(index)?.take());
                Rule::Among(set.ok_or("its set of categories is not there, or another node's")?)
            }
        };
        let missing = match decision >> 2 {
            // A missing category goes right, whatever else the node says.
            _ if categorical => Missing::Nan,
            0 => Missing::Never,
            1 => Missing::NanOrZero,
            2 => Missing::Nan,
            other => return Err(format!("there is no missing type {other}")),
        };
        Ok(SourceSplit {
            feature: self.feature[node],
            rule,
            missing,
            missing_left: !categorical && decision & DEFAULT_LEFT != 0,
            left: child(self.left[node])?,
            right: child(self.right[node])?,
        })
    }
}
