//! The features of trees in a schema: which values of the model the schema's codes are.
//!
//! A model may see a category as a number: its place in a list of the file, the number of training, or
//! its place among the schema's codes. Once that is known, each question becomes one about codes, with
//! the answers that the model's own rule gives.

use super::{
    Ensemble, Guess, ImportOptions, Rule, SourceNode, SourceSplit,
    demand::{Category, Codes, check_any_known, check_category, check_distinct},
    ensemble::Missing,
    error::Fault,
};
use std::collections::{BTreeMap, HashSet};
use tessera_model::{Assumption, Feature, FeatureKind, Format, Schema};

/// From here on single precision does not tell integers apart.
const MAX_EXACT: u32 = 1 << 24;

/// What is said of a model's features once they are found in a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// For a reader, in sentences.
    pub notes: Vec<String>,
    /// What is open.
    pub guesses: Vec<Guess>,
}

/// What the model sees where the schema has a code.
enum Reading {
    /// A number for each code; `NaN` for one that the model does not know.
    Codes(Vec<f64>),
    /// A number for some grid points, which are whole numbers, and one for all others.
    Points(BTreeMap<u32, f64>, f64),
}

impl Ensemble {
    /// Checks that the schema allows no value to which the file has no answer, and makes each question
    /// about categories one about the schema's codes; `columns[i]` is the schema's index of the model's
    /// feature `i`.
    pub fn resolve(
        &mut self,
        schema: &Schema,
        columns: &[usize],
        options: &ImportOptions,
    ) -> Result<Findings, Fault> {
        if self.format == Format::ScorecardCsv {
            for (index, names) in self.categories.iter().enumerate() {
                check_bins(&schema.features[columns[index]], names)?;
            }
        }
        for demand in &self.demands {
            demand.check(schema, columns)?;
        }
        let mut findings = Findings { notes: Vec::new(), guesses: self.guesses.clone() };
        if let Some(frame) = self.frame.take() {
            self.categories = frame.assign(&self.features, schema, columns, options)?;
            self.frame = Some(frame);
        }
        let mut readings: BTreeMap<usize, Reading> = BTreeMap::new();
        let listed = std::mem::take(&mut self.categories);
        for (index, names) in listed.iter().enumerate().filter(|(_, names)| !names.is_empty()) {
            let feature = &schema.features[columns[index]];
            readings.insert(index, self.by_list(feature, names, &mut findings)?);
        }
        for index in self.asked() {
            let feature = &schema.features[columns[index]];
            if let FeatureKind::Category { codes } = &feature.kind
                && !readings.contains_key(&index)
            {
                let seen = self.frame.as_ref().and_then(|frame| frame.codes(index));
                let open = Open { column: columns[index], feature, codes, seen };
                if let Some(numbers) = open.read(options, &mut findings)? {
                    readings.insert(index, Reading::Codes(numbers));
                }
            }
        }
        self.translate(&readings);
        findings.guesses.extend(self.doubtful_edges(schema, columns));
        Ok(findings)
    }

    /// Indices of the features that some question is about.
    fn asked(&self) -> Vec<usize> {
        let nodes = self.trees.iter().flat_map(|tree| &tree.nodes);
        let mut asked: Vec<usize> = nodes
            .filter_map(|node| match node {
                // Nothing goes left: the answer does not depend on the feature.
                SourceNode::Split(SourceSplit { rule: Rule::Among(set), .. }) if set.is_empty() => {
                    None
                }
                SourceNode::Split(split) => Some(split.feature),
                SourceNode::Leaf(_) => None,
            })
            .collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// What the model sees of a feature whose categories the file lists.
    fn by_list(
        &self,
        feature: &Feature,
        names: &[Category],
        findings: &mut Findings,
    ) -> Result<Reading, Fault> {
        let in_feature =
            |fault: &str| Fault::malformed(format!("feature {:?}", feature.name), fault);
        if let FeatureKind::Numeric { decimals: 1.., .. } = feature.kind {
            return Err(in_feature(
                "the model splits it by categories, so the schema must have it as a category, or with \
                 \"decimals\": 0",
            ));
        }
        names.iter().try_for_each(|name| check_category(feature, name))?;
        let codes = Codes::of(feature);
        let found: Vec<Option<u64>> = names.iter().map(|name| codes.get(name)).collect();
        check_any_known(feature, names, &found)?;
        check_distinct(feature, names, &found)?;
        // An ONNX file lists only those that its trees ask for.
        let scorecard = self.format == Format::ScorecardCsv;
        if self.format != Format::Onnx && !scorecard {
            findings.notes.extend(note_unknown(feature, &found));
        }
        if let Some(unknown) = found.iter().position(Option::is_none).filter(|_| scorecard) {
            findings.notes.push(format!(
                "The scorecard's {} of {:?} is not in the schema: nobody gets its points.",
                names[unknown], feature.name
            ));
        }
        // What a scorecard does not list is not missing, but in no bin that is listed.
        let unknown = if scorecard { names.len() as f64 } else { f64::NAN };
        let places =
            || found.iter().zip(0u32..).filter_map(|(code, place)| Some(((*code)?, place)));
        if let FeatureKind::Category { codes } = &feature.kind {
            let mut values = vec![unknown; codes.len()];
            places().for_each(|(code, place)| values[code as usize] = f64::from(place));
            return Ok(Reading::Codes(values));
        }
        let mut points = BTreeMap::new();
        for (code, place) in places() {
            let value = feature.value(code);
            if !(0.0..f64::from(MAX_EXACT)).contains(&value) {
                return Err(in_feature(
                    "a category is a negative or too large number, so the schema must have the feature \
                     as a category",
                ));
            }
            points.insert(value as u32, f64::from(place));
        }
        Ok(Reading::Points(points, unknown))
    }

    /// Makes questions about what the model sees questions about codes and grid points.
    fn translate(&mut self, readings: &BTreeMap<usize, Reading>) {
        for node in self.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
            let SourceNode::Split(split) = node else { continue };
            let Some(reading) = readings.get(&split.feature) else { continue };
            let missing_left = split.goes_left(f64::NAN);
            let going = |left: bool| -> Vec<u32> {
                let goes = |value: f64| split.goes_left(value) == left;
                match reading {
                    Reading::Codes(values) => {
                        let codes = values.iter().zip(0u32..).filter(|(value, _)| goes(**value));
                        codes.map(|(_, code)| code).collect()
                    }
                    Reading::Points(points, _) => {
                        let points = points.iter().filter(|(_, value)| goes(**value));
                        points.map(|(point, _)| *point).collect()
                    }
                }
            };
            let rule = match reading {
                Reading::Points(_, unknown) if split.goes_left(*unknown) => {
                    Rule::NotAmong(going(false))
                }
                _ => Rule::Among(going(true)),
            };
            *split = SourceSplit { rule, missing: Missing::Nan, missing_left, ..split.clone() };
        }
    }

    /// For each feature, grid points so near a printed edge that the library may put them on its other
    /// side.
    fn doubtful_edges(&self, schema: &Schema, columns: &[usize]) -> Vec<Guess> {
        let mut doubtful: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for printed in &self.printed_edges {
            let column = columns[printed.feature];
            let feature = &schema.features[column];
            // Shown to the last bit; or to so many digits that an edge half way between whole numbers would
            // show.
            let whole = matches!(feature.kind, FeatureKind::Numeric { decimals: 0, .. });
            let last_bit = printed.edge.abs() * f64::EPSILON;
            if 2.0 * printed.half <= last_bit || whole && printed.half < WHOLE_DIGITS {
                continue;
            }
            // Past half a digit there is no doubt; the sum may be off by an ulp, which does no harm.
            let (low, high) = (printed.edge - printed.half, printed.edge + printed.half);
            let first = first_code(feature, low);
            for code in (first..=feature.last()).take_while(|code| feature.value(*code) <= high) {
                doubtful.entry(column).or_default().push(code);
                if doubtful[&column].len() > MAX_DOUBTFUL {
                    break;
                }
            }
        }
        let guess = |(column, mut codes): (usize, Vec<u64>)| {
            let feature = &schema.features[column];
            let name = &feature.name;
            codes.sort_unstable();
            codes.dedup();
            let more = if codes.len() > MAX_NAMED { ", …" } else { "" };
            let points: Vec<_> =
                codes.iter().take(MAX_NAMED).map(|code| feature.text(*code)).collect();
            let points = points.join(", ");
            let text = format!(
                "the edges of {name:?} are shown rounded, so these values may belong to the bin on the \
                 other side: {points}{more}"
            );
            Guess::about(column, codes, Assumption::EdgesAsPrinted, text)
        };
        doubtful.into_iter().map(guess).collect()
    }
}

/// Half a digit of an edge that tells whole numbers from all that is between them.
const WHOLE_DIGITS: f64 = 1e-5;
/// Most grid points that are looked for at one feature's edges.
const MAX_DOUBTFUL: usize = 100_000;
/// Most grid points that are named for one feature.
const MAX_NAMED: usize = 20;

/// The first code whose value is at least `low`, or one past the last.
fn first_code(feature: &Feature, low: f64) -> u64 {
    let (mut from, mut to) = (0, feature.last() + 1);
    while from < to {
        let middle = from + (to - from) / 2;
        if feature.value(middle) < low { from = middle + 1 } else { to = middle }
    }
    from
}

/// Refuses bins of a scorecard that are read as categories, though the schema says that they are something
/// else: several categories, or numbers.
fn check_bins(feature: &Feature, names: &[Category]) -> Result<(), Fault> {
    let codes = Codes::of(feature);
    let fault = |fault: String| Err(Fault::malformed(format!("feature {:?}", feature.name), fault));
    let texts = names.iter().filter(|name| codes.get(name).is_none());
    for text in
        texts.filter_map(|name| if let Category::Text(text) = name { Some(text) } else { None })
    {
        for separator in [',', ';', '|', '/'] {
            let parts: Vec<_> = text.split(separator).map(str::trim).collect();
            let known = |part: &&str| codes.get(&Category::Text((*part).to_owned())).is_some();
            if parts.len() > 1 && parts.iter().all(known) {
                return fault(format!(
                    "the bin {text:.60?} is no category of the schema, but what is between the separators is: \
                     write {}",
                    parts.join("%,%")
                ));
            }
        }
        if matches!(feature.kind, FeatureKind::Numeric { .. })
            && text.contains(|c: char| c.is_ascii_digit())
        {
            return fault(format!(
                "the bin {text:.60?} is no range of numbers: write \"< 25\", \"25 - 39\" or \"[25, 40)\", without \
                 units and signs"
            ));
        }
    }
    Ok(())
}

/// Says that the model does not know a code of `feature`.
fn note_unknown(feature: &Feature, codes: &[Option<u64>]) -> Option<String> {
    let known: HashSet<u64> = codes.iter().copied().flatten().collect();
    let unknown = (0..=feature.last()).find(|code| !known.contains(code))?;
    Some(format!(
        "The model's list of categories for {:?} lacks {:?} (and perhaps more): it is treated as the \
         library treats a category that it has not seen.",
        feature.name,
        feature.text(unknown)
    ))
}

/// A category of the schema that is numbers to the model.
struct Open<'a> {
    column: usize,
    feature: &'a Feature,
    codes: &'a [String],
    /// The numbers that the file says training had.
    seen: Option<&'a [u32]>,
}

impl Open<'_> {
    fn guess(&self, assumption: Assumption, text: String) -> Guess {
        Guess::about(self.column, (0..=self.feature.last()).collect(), assumption, text)
    }

    /// The number of each code; none where they are counted from 0 in the schema's order.
    fn read(
        &self,
        options: &ImportOptions,
        findings: &mut Findings,
    ) -> Result<Option<Vec<f64>>, Fault> {
        let (name, codes) = (&self.feature.name, self.codes);
        let numbers: Option<Vec<u32>> = codes.iter().map(|code| code.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| numbers.iter().all(|number| *number < MAX_EXACT));
        let as_numbers =
            |numbers: &[u32]| numbers.iter().map(|number| f64::from(*number)).collect();
        let counted = |numbers: &Vec<u32>| numbers.iter().copied().eq(0..codes.len() as u32);
        if numbers.as_ref().is_some_and(counted) {
            return Ok(None);
        }
        let all = |fits: &dyn Fn(u32) -> bool| {
            self.seen.is_none_or(|seen| seen.iter().all(|number| fits(*number)))
        };
        let by_place = all(&|number| (number as usize) < codes.len());
        let by_number = numbers.as_ref().filter(|numbers| {
            let numbers: HashSet<u32> = numbers.iter().copied().collect();
            all(&|number| numbers.contains(&number))
        });
        let assumed = |assumption| options.assume.contains(&assumption);
        match (by_place, by_number) {
            (false, None) => Err(Fault::malformed(
                format!("feature {name:?}"),
                "it is numbers to the model, and they are neither the schema's codes nor places among \
                 them: list the numbers of training as the schema's codes",
            )),
            // The file knows which numbers there are, and places are others.
            (false, Some(numbers)) => Ok(Some(as_numbers(numbers))),
            (true, Some(numbers)) if !assumed(Assumption::CategoriesByPlace) => {
                let text = format!(
                    "{name:?} is numbers to the model, which may be the schema's codes themselves, or \
                     places in their order ({:?} being 0)",
                    codes[0]
                );
                let assumption = Assumption::CategoriesByNumber;
                findings.guesses.push(self.guess(assumption, text));
                Ok(Some(as_numbers(numbers)))
            }
            (true, _) => {
                let text = format!(
                    "{name:?} is numbers to the model, and nothing says which of the schema's codes they \
                     stand for, if not 0 for {:?} and so on in the schema's order",
                    codes[0]
                );
                findings.guesses.push(self.guess(Assumption::CategoriesByPlace, text));
                Ok(None)
            }
        }
    }
}
