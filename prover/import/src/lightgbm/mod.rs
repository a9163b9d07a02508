//! LightGBM's text model files.
//!
//! Values stay `f64`; `x ≤ t` goes left, a category of the set goes left, a missing value where the
//! node says. Leaves, already shrunk, are added in `f64` from 0 on.

mod frame;
mod tree;

pub use frame::Frame;

use super::{
    ensemble::{Ensemble, Output, Precision},
    error::Fault,
    json::{Bounded, Item},
};
use frame::Values;
use std::collections::HashMap;
use tessera_model::{MAX_TREES, package::Format};
use tree::{Room, read_tree};

/// Most features of a model.
const MAX_FEATURES: usize = 65_536;
/// Longest list of categories, in bytes.
const MAX_CATEGORIES_TEXT: usize = 16 << 20;
/// Most lines in the header or in a tree; each holds one field.
const MAX_FIELDS: usize = 256;

/// The fields of one block, by name.
type Fields<'a> = HashMap<&'a str, &'a str>;

/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8]) -> Result<Ensemble, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault::malformed(format!("byte {}", error.valid_up_to()), "not UTF-8"))?;
    let mut lines = Lines { lines: text.lines(), number: 0, tree: None };
    let header = lines.block()?;
    let sigmoid = check_kind(&header)?;

    let names = field(&header, "header", "feature_names")?.split(' ');
    let last: usize = number(&header, "header", "max_feature_idx")?;
    let count = names.clone().count();
    if last.checked_add(1) != Some(count) || count > MAX_FEATURES {
        let fault = format!(
            "{count} names for features up to number {last}, of which there may be {MAX_FEATURES}"
        );
        return Err(Fault::malformed("header, feature_names", fault));
    }
    let features: Vec<String> = names.map(str::to_owned).collect();

    let (mut trees, mut room) = (Vec::new(), Room::whole());
    while let Some(index) = lines.tree {
        if index != trees.len() || index == MAX_TREES {
            let fault = format!("tree {index} where tree {} is due", trees.len());
            return Err(Fault::malformed(format!("line {}", lines.number), fault));
        }
        let fields = lines.block()?;
        trees.push(read_tree(index, &fields, features.len(), &mut room)?);
    }
    if trees.is_empty() {
        return Err(Fault::malformed("the file", "no trees"));
    }
    let notes = lines.reweighted();
    let frame = lines.frame(&header, features.len())?;
    let count_of_trees = trees.len() as f64;
    Ok(Ensemble {
        format: Format::LightgbmText,
        library: header.get("version").map(|version| format!("lightgbm format {}", cut(version))),
        objective: cut(field(&header, "header", "objective")?).into(),
        feature_count: features.len(),
        features,
        categories: Vec::new(),
        demands: Vec::new(),
        trees,
        base: 0.0,
        exact_base: 0.0,
        output: Output::Margin,
        // A random forest (boosting=rf) is the mean of its trees, and they are sums of log-odds.
        sigmoid: if header.contains_key("average_output") {
            sigmoid / count_of_trees
        } else {
            sigmoid
        },
        sum: Precision::F64,
        notes,
        guesses: Vec::new(),
        printed_edges: Vec::new(),
        frame,
    })
}

/// Refuses by name what is no single log-odds; log-odds a unit of the sum.
fn check_kind(header: &Fields<'_>) -> Result<f64, Fault> {
    match field(header, "header", "version")? {
        "v3" | "v4" => {}
        other => {
            let hint = "load it with LightGBM 3 or 4 and save it again";
            return Err(Fault::unsupported(format!("format {:?}", cut(other)), hint));
        }
    }
    let Some(objective) = header.get("objective").copied() else {
        let hint = "train with objective = binary or cross_entropy: what the margin of a function \
                    of your own means is not in the file";
        return Err(Fault::unsupported("a file that names no objective", hint));
    };
    let hint = "only margins that are one log-odds can become points: binary, cross_entropy";
    for key in ["num_class", "num_tree_per_iteration"] {
        let count: u64 = number(header, "header", key)?;
        if count != 1 {
            let what = format!("objective {:?} with {key} = {count}", cut(objective));
            return Err(Fault::unsupported(what, hint));
        }
    }
    let mut words = objective.split(' ');
    match words.next() {
        Some("binary") => {
            let sigmoid = words.find_map(|word| word.strip_prefix("sigmoid:")).unwrap_or("1");
            match sigmoid.parse() {
                Ok(sigmoid) if sigmoid > 0.0 && f64::is_finite(sigmoid) => Ok(sigmoid),
                _ => Err(Fault::malformed("header, objective", "sigmoid is no positive number")),
            }
        }
        Some("cross_entropy" | "xentropy") => Ok(1.0),
        _ => Err(Fault::unsupported(format!("objective {:?}", cut(objective)), hint)),
    }
}

/// The lines of the file, block by block.
struct Lines<'a> {
    lines: std::str::Lines<'a>,
    /// Line that was read last, from 1.
    number: usize,
    /// Number of the tree whose block comes next.
    tree: Option<usize>,
}

impl<'a> Lines<'a> {
    /// The fields up to the next tree or the end of trees.
    fn block(&mut self) -> Result<Fields<'a>, Fault> {
        let mut fields = HashMap::new();
        for line in self.lines.by_ref() {
            self.number += 1;
            let place = || format!("line {}", self.number);
            if line == "end of trees" {
                self.tree = None;
                return Ok(fields);
            }
            if let Some(index) = line.strip_prefix("Tree=") {
                let index =
                    index.parse().map_err(|_| Fault::malformed(place(), "no tree number"))?;
                self.tree = Some(index);
                return Ok(fields);
            }
            if line.is_empty() {
                continue;
            }
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            if fields.insert(name, value).is_some() {
                return Err(Fault::malformed(place(), format!("{:?} is there twice", cut(name))));
            }
            if fields.len() > MAX_FIELDS {
                return Err(Fault::malformed(place(), format!("more than {MAX_FIELDS} fields")));
            }
        }
        let place = format!("line {}", self.number);
        Err(Fault::malformed(place, "the file ends before \"end of trees\""))
    }
}

impl Lines<'_> {
    /// What the parameters of training say of weights, up to their end; nothing where the file has none.
    fn reweighted(&mut self) -> Vec<String> {
        let weight = |line: &str| {
            let (name, value) = line.strip_prefix('[')?.strip_suffix(']')?.split_once(": ")?;
            let plain = match name {
                "scale_pos_weight" => value.parse() == Ok(1.0),
                "is_unbalance" => value == "0",
                _ => true,
            };
            (!plain).then(|| {
                format!(
                    "Trained with {name} = {}: the odds are those of the reweighted sample, not of the \
                     population, unless they were calibrated afterwards.",
                    cut(value)
                )
            })
        };
        // The iterator is cloned: without parameters, what comes next is still to be read.
        let parameters = self.lines.clone().take_while(|line| *line != "end of parameters");
        let mut notes: Vec<String> = parameters.filter_map(weight).collect();
        notes.truncate(2);
        notes
    }

    /// What the file says of the data frame that it was trained on: in the last line, a list for each of its
    /// columns of categories; in the header, the values of each feature.
    fn frame(&mut self, header: &Fields<'_>, features: usize) -> Result<Option<Frame>, Fault> {
        let place = "pandas_categorical";
        let line = self.lines.find_map(|line| line.strip_prefix("pandas_categorical:"));
        let line = line.unwrap_or("null").trim();
        if line.len() > MAX_CATEGORIES_TEXT {
            return Err(Fault::malformed(
                place,
                format!("longer than {MAX_CATEGORIES_TEXT} bytes"),
            ));
        }
        type Lists =
            Option<Bounded<Bounded<Item, { tessera_model::schema::MAX_CODES }>, MAX_FEATURES>>;
        let lists: Lists = serde_json::from_str(line)
            .map_err(|error| Fault::malformed(place, Fault::from(error).to_string()))?;
        let lists = lists.map_or(Vec::new(), |Bounded(lists)| lists);
        let lists =
            lists.into_iter().map(|Bounded(list)| list.into_iter().map(|item| item.0).collect());
        let Some(infos) = header.get("feature_infos") else {
            let values = vec![Values::Constant; features];
            return match lists.len() {
                0 => Ok(None),
                _ => Ok(Some(Frame { lists: lists.collect(), values })),
            };
        };
        let place = "header, feature_infos";
        let mut values = Vec::with_capacity(features);
        for info in infos.split(' ').take(features + 1) {
            // What cannot be read says nothing, like a constant.
            values.push(Values::read(info).unwrap_or(Values::Constant));
        }
        if values.len() != features {
            let fault = format!("it does not have an item for each of {features} features");
            return Err(Fault::malformed(place, fault));
        }
        Ok(Some(Frame { lists: lists.collect(), values }))
    }
}

/// The text of a field.
fn field<'a>(fields: &Fields<'a>, place: &str, name: &str) -> Result<&'a str, Fault> {
    let missing = || Fault::malformed(place, format!("there is no {name}"));
    fields.get(name).copied().ok_or_else(missing)
}

/// A field with one number.
fn number<T: std::str::FromStr>(fields: &Fields<'_>, place: &str, name: &str) -> Result<T, Fault> {
    let text = field(fields, place, name)?;
    let fault = || Fault::malformed(place, format!("{name} is no number"));
    text.trim().parse().map_err(|_| fault())
}

/// The beginning of a text from a file, short enough for a message.
fn cut(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| &text[..end])
}
