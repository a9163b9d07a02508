//! Decision trees and scorecards, as nested predicates with scores.

use super::{
    expression::Scope,
    fields,
    predicate::{self, Predicate, Test},
    xml::Element,
};
use crate::{ensemble::Output, error::Fault};
use tessera_model::{MAX_NODES, MAX_TREES};

/// Trees that are added up: `(base + Σ trees) · factor`.
#[derive(Clone, PartialEq)]
pub(super) struct Forest {
    pub trees: Vec<Tree>,
    pub base: f64,
    pub factor: f64,
    pub output: Output,
}

#[derive(Clone, PartialEq)]
pub(super) struct Tree {
    pub root: PmmlNode,
    pub missing: MissingStrategy,
    /// Whether a node of which no child holds answers with its own score.
    pub keeps_last: bool,
    /// What its scores are multiplied with.
    pub weight: f64,
    /// Where it is in the file.
    pub place: String,
}

/// What is done where a predicate is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingStrategy {
    /// It counts as false.
    CountsAsFalse,
    DefaultChild,
    LastPrediction,
    /// There is no answer, or none that is read.
    NoAnswer,
}

#[derive(Clone, PartialEq)]
pub(super) struct PmmlNode {
    pub predicate: Predicate,
    pub score: Option<f64>,
    /// The first whose predicate holds is taken.
    pub children: Vec<PmmlNode>,
    /// Index of the child for missing values.
    pub default: Option<usize>,
}

impl Forest {
    /// One tree or several with their sum.
    pub fn of(trees: Vec<Tree>) -> Self {
        Self { trees, base: 0.0, factor: 1.0, output: Output::Margin }
    }

    /// Shows every feature that a predicate asks for.
    pub fn visit(&mut self, see: &mut dyn FnMut(&mut usize)) {
        let mut pending: Vec<&mut PmmlNode> =
            self.trees.iter_mut().map(|tree| &mut tree.root).collect();
        while let Some(node) = pending.pop() {
            node.predicate.visit(see);
            pending.extend(&mut node.children);
        }
    }

    /// Features that are compared by their order.
    pub fn numbers(&self) -> impl Iterator<Item = usize> {
        let mut found = std::collections::BTreeSet::new();
        let mut pending: Vec<&PmmlNode> = self.trees.iter().map(|tree| &tree.root).collect();
        while let Some(node) = pending.pop() {
            pending.extend(&node.children);
            ordered(&node.predicate, &mut found);
        }
        found.into_iter()
    }

    /// `scale · self + offset`.
    pub fn affine(mut self, scale: f64, offset: f64) -> Self {
        self.factor *= scale;
        self.base += offset / self.factor;
        self
    }
}

fn ordered(predicate: &Predicate, found: &mut std::collections::BTreeSet<usize>) {
    match predicate {
        Predicate::Atom(atom) => {
            if matches!(atom.test, Test::Below(_) | Test::AtMost(_)) {
                found.insert(atom.feature);
            }
        }
        Predicate::And(of) | Predicate::Or(of) | Predicate::Xor(of) | Predicate::Surrogate(of) => {
            of.iter().for_each(|inner| ordered(inner, found));
        }
        Predicate::Always(_) | Predicate::Unknown => {}
    }
}

/// What a leaf of a `TreeModel` says.
#[derive(Clone, Copy)]
pub(super) enum Scores<'a> {
    /// A number, in single precision if the file says so.
    Number { single: bool },
    /// The log-odds of a class.
    LogOdds { of: &'a str },
    /// The probability of a class.
    Share { of: &'a str },
}

/// Reads a `TreeModel`; its local fields are in `scope` already.
pub(super) fn tree<'a>(
    element: Element<'a>,
    scope: &Scope<'a>,
    scores: Scores<'_>,
) -> Result<Tree, Fault> {
    let no_answer = match element.get("noTrueChildStrategy").unwrap_or("returnNullPrediction") {
        "returnNullPrediction" => false,
        "returnLastPrediction" => true,
        other => return Err(element.fault(format!("there is no strategy {other:.60?}"))),
    };
    let missing = match element.get("missingValueStrategy").unwrap_or("none") {
        "none" => MissingStrategy::CountsAsFalse,
        "defaultChild" => MissingStrategy::DefaultChild,
        "lastPrediction" => MissingStrategy::LastPrediction,
        // Shares of training rows, which only count where something is missing.
        "nullPrediction" | "weightedConfidence" | "aggregateNodes" => MissingStrategy::NoAnswer,
        other => return Err(element.fault(format!("there is no strategy {other:.60?}"))),
    };
    let penalty = element.number_or("missingValuePenalty", 1.0)?;
    if penalty != 1.0 && missing != MissingStrategy::NoAnswer {
        let hint = "a penalty for missing values changes confidences: export with 1";
        return Err(element.unsupported(format!("missingValuePenalty={penalty}"), hint));
    }
    let root = element.one("Node")?.ok_or_else(|| element.fault("it has no Node"))?;
    let mut left = MAX_NODES;
    let root = node(root, scope, scores, &mut left)?;
    Ok(Tree { root, missing, keeps_last: no_answer, weight: 1.0, place: element.place() })
}

fn node<'a>(
    element: Element<'a>,
    scope: &Scope<'a>,
    scores: Scores<'_>,
    left: &mut usize,
) -> Result<PmmlNode, Fault> {
    let ignored = ["ScoreDistribution", "Partition"];
    element.know(&[&predicate::NAMES[..], &["Node"]].concat(), &ignored)?;
    *left = left.checked_sub(1).ok_or_else(|| element.fault("too many nodes"))?;
    let inside: Vec<_> = element.all("Node").collect();
    let children =
        inside.iter().map(|child| node(*child, scope, scores, left)).collect::<Result<_, _>>()?;
    let default = match element.get("defaultChild") {
        None => None,
        Some(id) => {
            let place = inside.iter().position(|child| child.get("id") == Some(id));
            Some(place.ok_or_else(|| element.fault(format!("it has no child {id:.60?}")))?)
        }
    };
    let predicate = predicate::of(element, scope)?;
    Ok(PmmlNode { predicate, score: score(element, scores, inside.is_empty())?, children, default })
}

fn score(element: Element<'_>, scores: Scores<'_>, is_leaf: bool) -> Result<Option<f64>, Fault> {
    match scores {
        Scores::Number { single } => match element.get("score") {
            None if is_leaf => Err(element.fault("a leaf without a score")),
            None => Ok(None),
            Some(text) => {
                let number = element.finite("score", text)?;
                let short = text.trim().parse::<f32>().map_or(number, f64::from);
                Ok(Some(if single { short } else { number }))
            }
        },
        Scores::LogOdds { of } | Scores::Share { of } => {
            let (mut sum, mut found, mut any) = (0.0, 0.0, false);
            for share in element.all("ScoreDistribution") {
                let name =
                    if share.get("probability").is_some() { "probability" } else { "recordCount" };
                let count = share.number(name)?;
                sum += count;
                any = true;
                if share.need("value")? == of {
                    found += count;
                }
            }
            if !any && !is_leaf {
                return Ok(None);
            }
            let others = sum - found;
            if let Scores::Share { .. } = scores {
                return match any && sum > 0.0 && found >= 0.0 && others >= 0.0 {
                    true => Ok(Some(found / sum)),
                    false if is_leaf => Err(element.fault("a leaf without shares of its classes")),
                    false => Ok(None),
                };
            }
            if !any || found <= 0.0 || others <= 0.0 {
                let hint = "its log-odds are infinite: smooth the leaves' shares (for example with more \
                            rows in each leaf), or give a model of log-odds";
                return match is_leaf {
                    true => Err(element.unsupported("a leaf whose probability is 0 or 1", hint)),
                    false => Ok(None),
                };
            }
            Ok(Some((found / others).ln()))
        }
    }
}

/// Reads a `Scorecard`: a tree for each characteristic, whose attributes are tried in their order.
pub(super) fn scorecard<'a>(element: Element<'a>, scope: &Scope<'a>) -> Result<Forest, Fault> {
    let list = element.one("Characteristics")?;
    let list = list.ok_or_else(|| element.fault("it has no Characteristics"))?;
    list.know(&["Characteristic"], &[])?;
    let mut trees = Vec::new();
    for characteristic in list.all("Characteristic") {
        if trees.len() == MAX_TREES {
            return Err(characteristic.fault(format!("more than {MAX_TREES} characteristics")));
        }
        characteristic.know(&["Attribute"], &[])?;
        let mut children = Vec::new();
        for attribute in characteristic.all("Attribute") {
            let hint = "give the attribute a partialScore: points that are computed for each borrower are \
                        not read";
            if attribute.one("ComplexPartialScore")?.is_some() {
                return Err(attribute.unsupported("a ComplexPartialScore", hint));
            }
            attribute.know(&predicate::NAMES, &[])?;
            let score = Some(attribute.number("partialScore")?);
            let predicate = predicate::of(attribute, scope)?;
            children.push(PmmlNode { predicate, score, children: Vec::new(), default: None });
        }
        if children.is_empty() {
            return Err(characteristic.fault("it has no Attribute"));
        }
        let root =
            PmmlNode { predicate: Predicate::Always(true), score: None, children, default: None };
        let place = characteristic.place();
        let missing = MissingStrategy::CountsAsFalse;
        trees.push(Tree { root, missing, keeps_last: false, weight: 1.0, place });
    }
    if trees.is_empty() {
        return Err(list.fault("it has no Characteristic"));
    }
    let base = element.number_or("initialScore", 0.0)?;
    Ok(Forest { base, output: Output::Points, ..Forest::of(trees) })
}

/// Checks what every model says of itself, and adds its own fields to `scope`.
pub(super) fn open<'a>(
    element: Element<'a>,
    scope: &mut Scope<'a>,
    outermost: bool,
) -> Result<(), Fault> {
    let hint = "it says of itself that it can't be scored";
    element.only("isScorable", &["true"], hint)?;
    if !outermost && let Some(schema) = element.one("MiningSchema")? {
        fields::inner_schema(schema)?;
    }
    match element.one("LocalTransformations")? {
        Some(local) => scope.derive(local),
        None => Ok(()),
    }
}
