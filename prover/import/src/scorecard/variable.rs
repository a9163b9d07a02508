//! The bins of one variable as a tree.

use super::bin::{Bin, Interval, Part};
use crate::{
    demand::{Category, Edge, SourceDemand},
    ensemble::{Missing, PrintedEdge, Rule, SourceNode, SourceSplit, SourceTree},
    error::Fault,
};
use std::collections::HashMap;

/// A variable and its bins so far.
pub(super) struct Variable {
    name: String,
    /// Points where it is missing.
    missing: Option<f64>,
    special: bool,
    /// Points of what no other bin has.
    rest: Option<f64>,
    intervals: Vec<Range>,
    /// Categories in the order of the file.
    categories: Vec<(Category, f64, String)>,
    /// The lines of categories, by [`Category::key`].
    seen: HashMap<String, String>,
    lowest: Option<f64>,
}

/// An interval with its points and its place in the file.
struct Range {
    of: Interval,
    points: f64,
    place: String,
}

/// Questions that lead to points, and the points of what is left.
type Chain = (Vec<(Rule, bool, f64)>, f64);

impl Variable {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            missing: None,
            special: false,
            rest: None,
            intervals: Vec::new(),
            categories: Vec::new(),
            seen: HashMap::new(),
            lowest: None,
        }
    }

    /// Adds a bin; `seen` is whether the file says that rows of the sample were in it.
    pub fn add(&mut self, bin: Bin, points: f64, place: String, seen: bool) -> Result<(), Fault> {
        let special = bin.parts.contains(&Part::Special);
        for part in bin.parts {
            match part {
                Part::Special if seen => {
                    return Err(Fault::unsupported(
                        format!("{place} with rows of the sample in it"),
                        "the file does not list the special values: make them missing, or a \
                         category of their own, before binning",
                    ));
                }
                Part::Special => self.special = true,
                Part::Missing => {
                    if self.missing.replace(points).is_some() {
                        return Err(Fault::malformed(place, "missing values are there twice"));
                    }
                }
                Part::Else => {
                    if self.rest.replace(points).is_some() {
                        return Err(Fault::malformed(place, "two bins are for all other values"));
                    }
                }
                Part::Interval(of) => {
                    self.intervals.push(Range { of, points, place: place.clone() });
                }
                Part::Category(category) => {
                    if let Some(first) = self.seen.insert(category.key(), place.clone()) {
                        let fault = format!("{category} is there twice, first at {first}");
                        return Err(Fault::malformed(place, fault));
                    }
                    self.categories.push((category, points, place.clone()));
                }
            }
        }
        if !special {
            self.lowest = Some(self.lowest.map_or(points, |lowest| lowest.min(points)));
        }
        Ok(())
    }

    /// Whether it has a bin for values that the file does not list.
    pub fn has_special(&self) -> bool {
        self.special
    }

    /// The edges of its bins, as they are shown.
    pub fn printed_edges(&self, feature: usize) -> Vec<PrintedEdge> {
        let edge = |range: &Range| {
            let half = 0.5 / 10f64.powi(range.of.decimals.min(300) as i32);
            PrintedEdge { feature, edge: range.of.high, half }
        };
        self.intervals.iter().filter(|range| range.of.high.is_finite()).map(edge).collect()
    }

    /// Whether it has bins of single numbers among them.
    pub fn has_special_numbers(&self) -> bool {
        !self.intervals.is_empty() && !self.categories.is_empty()
    }

    /// The lowest points of a bin.
    pub fn lowest(&self) -> Option<f64> {
        self.lowest
    }

    /// Name, tree, categories as rules count them, and what the schema must rule out.
    pub fn finish(
        mut self,
        feature: usize,
    ) -> Result<(String, SourceTree, Vec<Category>, Vec<SourceDemand>), Fault> {
        let mut demands = Vec::new();
        if self.missing.is_none() {
            demands.push(SourceDemand::Present { feature });
        }
        let mut categories = Vec::new();
        let (questions, last) = if self.intervals.is_empty() {
            categories = self.categories.iter().map(|(category, ..)| category.clone()).collect();
            if self.rest.is_none() {
                demands.push(SourceDemand::OneOf { feature, categories: categories.clone() });
            }
            self.by_category()?
        } else {
            demands.push(SourceDemand::Number { feature });
            self.by_number(feature, &mut demands)?
        };
        let tree = tree(feature, self.missing, questions, last);
        Ok((self.name, tree, categories, demands))
    }

    /// A question for each points that categories have.
    fn by_category(&self) -> Result<Chain, Fault> {
        let last = self.rest.or(self.categories.last().map(|(_, points, _)| *points));
        let Some(last) = last.filter(|_| !self.categories.is_empty()) else {
            let place = format!("variable {:.60?}", self.name);
            return Err(Fault::malformed(place, "no bin with values"));
        };
        // Categories of one bin have the same points, and bins with the same points the same leaf.
        let mut sets: Vec<(f64, Vec<u32>)> = Vec::new();
        let mut index: HashMap<u64, usize> = HashMap::new();
        for ((_, points, _), category) in self.categories.iter().zip(0..) {
            let at = *index.entry((points + 0.0).to_bits()).or_insert(sets.len());
            if at == sets.len() {
                sets.push((*points, Vec::new()));
            }
            sets[at].1.push(category);
        }
        let sets = sets.into_iter().filter(|(points, _)| *points != last);
        let questions = sets.map(|(points, set)| (Rule::Among(set), false, points)).collect();
        Ok((questions, last))
    }

    /// A question for each special number and each edge.
    fn by_number(
        &mut self,
        feature: usize,
        demands: &mut Vec<SourceDemand>,
    ) -> Result<Chain, Fault> {
        let mut questions = Vec::new();
        for (category, points, place) in &self.categories {
            let number = match category {
                Category::Number(number) => Some(*number),
                Category::Text(text) => text.parse().ok().filter(|x: &f64| x.is_finite()),
            };
            let number = number.ok_or_else(|| {
                let fault =
                    "a category among bins of numbers: a variable has the ones or the others";
                Fault::malformed(place.as_str(), fault)
            })?;
            questions.push((Rule::Equal(number), false, *points));
        }
        self.intervals
            .sort_by(|a, b| a.of.low.total_cmp(&b.of.low).then(a.of.high.total_cmp(&b.of.high)));
        let (Some(first), Some(last)) = (self.intervals.first(), self.intervals.last()) else {
            return Err(Fault::malformed(format!("variable {:.60?}", self.name), "no bins"));
        };
        if first.of.low != f64::NEG_INFINITY {
            let bottom = Edge { at: f64::NEG_INFINITY, inside: false };
            let to = Edge { inside: !first.of.with_low, ..first.low() };
            match self.rest {
                Some(points) => questions.push((first.starts(), false, points)),
                None if first.of.loose => {
                    demands.push(SourceDemand::Nothing { feature, from: bottom, to });
                }
                None => {
                    let fault = "no bin has what is below it: let the first start at -inf";
                    return Err(Fault::malformed(first.place.as_str(), fault));
                }
            }
        }
        // Nothing is left out before the first bin.
        let mut before = Edge { inside: !first.of.with_low, ..first.low() };
        for (index, range) in self.intervals.iter().enumerate() {
            let fault = |fault: &str| {
                let before = &self.intervals[index.saturating_sub(1)].place;
                let fault = format!("{fault} between this bin and {before}");
                Err(Fault::malformed(range.place.as_str(), fault))
            };
            let low = range.low();
            match before.at.total_cmp(&low.at) {
                std::cmp::Ordering::Greater => return fault("there is an overlap"),
                std::cmp::Ordering::Equal if before.inside && low.inside => {
                    return fault("both have the edge");
                }
                std::cmp::Ordering::Equal if before.inside || low.inside => {}
                // What lies between them, or the edge itself.
                order => match self.rest {
                    Some(points) => questions.push((range.starts(), false, points)),
                    None if range.of.loose => {
                        let from = Edge { inside: !before.inside, ..before };
                        let to = Edge { inside: !low.inside, ..low };
                        demands.push(SourceDemand::Nothing { feature, from, to });
                    }
                    None if order.is_lt() => return fault("there is a gap"),
                    None => return fault("neither has the edge"),
                },
            }
            before = Edge { at: range.of.high, inside: range.of.with_high };
            if index + 1 < self.intervals.len() || before.at != f64::INFINITY {
                questions.push((range.ends(), false, range.points));
            }
        }
        if last.of.high == f64::INFINITY {
            return Ok((questions, last.points));
        }
        match self.rest {
            Some(points) => Ok((questions, points)),
            None if last.of.loose => {
                let from = Edge { inside: !before.inside, ..before };
                let to = Edge { at: f64::INFINITY, inside: false };
                demands.push(SourceDemand::Nothing { feature, from, to });
                // Nothing passes the last edge.
                questions.pop();
                Ok((questions, last.points))
            }
            None => {
                let fault = "no bin has what is above it: let the last end at inf";
                Err(Fault::malformed(last.place.as_str(), fault))
            }
        }
    }
}

impl Range {
    fn low(&self) -> Edge {
        Edge { at: self.of.low, inside: self.of.with_low }
    }

    /// What is below the range.
    fn starts(&self) -> Rule {
        if self.of.with_low { Rule::Less(self.of.low) } else { Rule::AtMost(self.of.low) }
    }

    /// What is not above the range.
    fn ends(&self) -> Rule {
        if self.of.with_high { Rule::AtMost(self.of.high) } else { Rule::Less(self.of.high) }
    }
}

/// A chain of questions, the first whether the variable is missing.
fn tree(
    feature: usize,
    missing: Option<f64>,
    mut questions: Vec<(Rule, bool, f64)>,
    last: f64,
) -> SourceTree {
    if let Some(points) = missing {
        // No number is below it, so only a missing value goes left.
        questions.insert(0, (Rule::Less(f64::NEG_INFINITY), true, points));
    }
    let mut nodes = Vec::with_capacity(2 * questions.len() + 1);
    for (rule, missing_left, points) in questions {
        let (left, right) = (nodes.len() + 1, nodes.len() + 2);
        let missing = Missing::Nan;
        nodes.push(SourceNode::Split(SourceSplit {
            feature,
            rule,
            missing,
            missing_left,
            left,
            right,
        }));
        nodes.push(SourceNode::Leaf(points));
    }
    nodes.push(SourceNode::Leaf(last));
    SourceTree { nodes, weight: 1.0 }
}
