//! Trees of two-way questions, built along the codes of a schema.
//!
//! A node's children are tried in their order, and predicates may be compound, so the way to a score is a
//! sequence of questions that share features. For each way the codes are kept that get there: a question whose
//! answer they leave no doubt about is not asked, and a way that no code gets to is not built. What is left is
//! as large as the file's own tree where that has two-way splits. A way to no score is an error, which names a
//! borrower who gets there.

use super::{
    fields::{Field, Kind},
    predicate::{Atom, Predicate, Test},
    trees::{Forest, MissingStrategy, PmmlNode, Tree},
};
use crate::{
    demand::{Category, Codes},
    ensemble::{Missing, Rule, SourceNode, SourceSplit, SourceTree},
    error::Fault,
    quantise::runs,
};
use std::rc::Rc;
use tessera_model::{FeatureKind, MAX_NODES, Schema};

/// Most questions on one way.
const MAX_DEPTH: usize = 1024;
/// Most steps of all trees together.
const MAX_WORK: usize = 1 << 26;

/// What the features of a schema make of a forest.
pub(super) struct Built {
    pub trees: Vec<SourceTree>,
    pub categories: Vec<Vec<Category>>,
}

/// Ranges of codes, ascending, both ends inside.
type Ranges = Vec<(u64, u64)>;

/// The codes of each feature that get to a place.
#[derive(Clone)]
struct State {
    codes: Vec<Rc<Ranges>>,
    depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    True,
    False,
    Unknown,
}

/// What an unknown answer counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    False,
    True,
    Itself,
}

/// A question with what it asks of the codes of a schema's feature.
struct Question {
    /// Of the model.
    feature: usize,
    split: SourceSplit,
    /// Codes for which it is true, false and unknown.
    yes: Ranges,
    no: Ranges,
    unknown: Ranges,
}

/// Goes on from a place, once an answer is known; what it builds is at the index that it gives.
type Then<'a> = dyn FnMut(&mut Builder<'_>, Truth, &State) -> Result<usize, Fault> + 'a;

struct Builder<'a> {
    fields: &'a [Field],
    schema: &'a Schema,
    columns: &'a [usize],
    nodes: Vec<SourceNode>,
    place: &'a str,
    work: usize,
}

/// Builds every tree of `forest`.
pub(super) fn trees(
    forest: &Forest,
    fields: &[Field],
    schema: &Schema,
    columns: &[usize],
) -> Result<Built, Fault> {
    let whole = |column: &usize| Rc::new(vec![(0, schema.features[*column].top())]);
    let start = State { codes: columns.iter().map(whole).collect(), depth: 0 };
    let (mut trees, mut work, mut count) = (Vec::with_capacity(forest.trees.len()), 0, 0);
    for tree in &forest.trees {
        let nodes = Vec::new();
        let mut builder = Builder { fields, schema, columns, nodes, place: &tree.place, work };
        builder.root(tree, &start)?;
        work = builder.work;
        count += builder.nodes.len();
        if count > MAX_NODES {
            let fault = format!("the model has more than {MAX_NODES} nodes");
            return Err(Fault::malformed(&*tree.place, fault));
        }
        trees.push(SourceTree { nodes: builder.nodes, weight: 1.0 });
    }
    // Questions are about the schema's own codes.
    let texts = |column: &usize| match &schema.features[*column].kind {
        FeatureKind::Category { codes } => codes.iter().cloned().map(Category::Text).collect(),
        FeatureKind::Numeric { .. } => Vec::new(),
    };
    Ok(Built { trees, categories: columns.iter().map(texts).collect() })
}

impl Builder<'_> {
    fn fault(&self, fault: impl Into<String>) -> Fault {
        Fault::malformed(self.place, fault)
    }

    fn root(&mut self, tree: &Tree, state: &State) -> Result<usize, Fault> {
        // Whoever is not for the root has no score.
        self.decide(
            &tree.root.predicate,
            state,
            Unknown::False,
            &mut |me, truth, state| match truth {
                Truth::True => me.walk(tree, &tree.root, state),
                _ => me.nobody(state),
            },
        )
    }

    fn walk(&mut self, tree: &Tree, node: &PmmlNode, state: &State) -> Result<usize, Fault> {
        if node.children.is_empty() {
            return self.leaf(tree, node, state);
        }
        self.child(tree, node, 0, state)
    }

    /// Tries child `index` and those after it.
    fn child(
        &mut self,
        tree: &Tree,
        node: &PmmlNode,
        index: usize,
        state: &State,
    ) -> Result<usize, Fault> {
        let Some(child) = node.children.get(index) else {
            return if tree.keeps_last { self.leaf(tree, node, state) } else { self.nobody(state) };
        };
        let unknown = match (tree.missing, node.default) {
            (MissingStrategy::CountsAsFalse, _) => Unknown::False,
            (MissingStrategy::DefaultChild, Some(default)) if default == index => Unknown::True,
            // The other of two children, which asks the same feature, is taken next.
            (MissingStrategy::DefaultChild, Some(1))
                if index == 0 && node.children.len() == 2 && same_feature(&node.children) =>
            {
                Unknown::False
            }
            _ => Unknown::Itself,
        };
        self.decide(&child.predicate, state, unknown, &mut |me, truth, state| match truth {
            Truth::True => me.walk(tree, child, state),
            Truth::False => me.child(tree, node, index + 1, state),
            Truth::Unknown => match (tree.missing, node.default) {
                (MissingStrategy::DefaultChild, Some(default)) => {
                    me.walk(tree, &node.children[default], state)
                }
                (MissingStrategy::LastPrediction, _) => me.leaf(tree, node, state),
                _ => me.nobody(state),
            },
        })
    }

    fn leaf(&mut self, tree: &Tree, node: &PmmlNode, state: &State) -> Result<usize, Fault> {
        let Some(score) = node.score else { return self.nobody(state) };
        let value = score * tree.weight;
        if !value.is_finite() {
            return Err(self.fault("a score that is not finite"));
        }
        self.push(SourceNode::Leaf(value))
    }

    /// Nobody may get here.
    fn nobody(&self, state: &State) -> Result<usize, Fault> {
        let mut who = Vec::new();
        for (codes, column) in state.codes.iter().zip(self.columns) {
            let feature = &self.schema.features[*column];
            if codes[..] != [(0, feature.top())] {
                let text = codes.first().map(|(code, _)| feature.text(*code)).unwrap_or_default();
                let text = if text.is_empty() { "missing".into() } else { text };
                who.push(format!("{} {text}", feature.name));
            }
        }
        let who = if who.is_empty() { "anybody".into() } else { who.join(", ") };
        Err(self.fault(format!(
            "the file has no score for what the schema allows ({who:.300}): add it to the model, or narrow the \
             schema"
        )))
    }

    fn push(&mut self, node: SourceNode) -> Result<usize, Fault> {
        if self.nodes.len() == MAX_NODES {
            return Err(self.fault(format!("more than {MAX_NODES} nodes")));
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// Asks `predicate` of those who are in `state`.
    fn decide(
        &mut self,
        predicate: &Predicate,
        state: &State,
        unknown: Unknown,
        then: &mut Then<'_>,
    ) -> Result<usize, Fault> {
        self.work += 1;
        if state.depth > MAX_DEPTH || self.work > MAX_WORK {
            return Err(self.fault(format!(
                "it asks too much: more than {MAX_DEPTH} questions one after the other, or {MAX_WORK} in all"
            )));
        }
        match predicate {
            Predicate::Always(true) => then(self, Truth::True, state),
            Predicate::Always(false) => then(self, Truth::False, state),
            Predicate::Unknown => then(self, count(Truth::Unknown, unknown), state),
            Predicate::Atom(atom) => self.ask(atom, state, unknown, then),
            // Unknown answers may count as what they do in the end: both keep the order of answers.
            Predicate::And(all) => self.list(all, Truth::False, false, state, unknown, then),
            Predicate::Or(all) => self.list(all, Truth::True, false, state, unknown, then),
            Predicate::Xor(all) => self.odd(all, false, state, unknown, then),
            Predicate::Surrogate(all) => {
                let Some((first, rest)) = all.split_first() else {
                    return then(self, count(Truth::Unknown, unknown), state);
                };
                let kept = if rest.is_empty() { unknown } else { Unknown::Itself };
                self.decide(first, state, kept, &mut |me, truth, state| match truth {
                    Truth::Unknown if !rest.is_empty() => {
                        me.decide(&Predicate::Surrogate(rest.to_vec()), state, unknown, then)
                    }
                    truth => then(me, truth, state),
                })
            }
        }
    }

    /// `and`, which `False` ends, or `or`, which `True` ends.
    fn list(
        &mut self,
        all: &[Predicate],
        end: Truth,
        doubtful: bool,
        state: &State,
        unknown: Unknown,
        then: &mut Then<'_>,
    ) -> Result<usize, Fault> {
        let Some((first, rest)) = all.split_first() else {
            let otherwise = if end == Truth::False { Truth::True } else { Truth::False };
            let truth = if doubtful { count(Truth::Unknown, unknown) } else { otherwise };
            return then(self, truth, state);
        };
        self.decide(first, state, unknown, &mut |me, truth, state| {
            if truth == end {
                return then(me, truth, state);
            }
            let doubtful = doubtful || truth == Truth::Unknown;
            me.list(rest, end, doubtful, state, unknown, then)
        })
    }

    /// Whether an odd number of predicates is true.
    fn odd(
        &mut self,
        all: &[Predicate],
        odd: bool,
        state: &State,
        unknown: Unknown,
        then: &mut Then<'_>,
    ) -> Result<usize, Fault> {
        let Some((first, rest)) = all.split_first() else {
            return then(self, if odd { Truth::True } else { Truth::False }, state);
        };
        self.decide(first, state, Unknown::Itself, &mut |me, truth, state| match truth {
            Truth::Unknown => then(me, count(truth, unknown), state),
            truth => me.odd(rest, odd ^ (truth == Truth::True), state, unknown, then),
        })
    }

    /// Asks one feature, unless all who are in `state` answer the same.
    fn ask(
        &mut self,
        atom: &Atom,
        state: &State,
        unknown: Unknown,
        then: &mut Then<'_>,
    ) -> Result<usize, Fault> {
        let question = self.question(atom)?;
        let here = &state.codes[atom.feature];
        let [mut yes, mut no, mut open] =
            [&question.yes, &question.no, &question.unknown].map(|of| common(here, of));
        match unknown {
            Unknown::True => yes.append(&mut open),
            Unknown::False => no.append(&mut open),
            Unknown::Itself => {}
        }
        let goes = |codes: Ranges| {
            let mut codes = codes;
            codes.sort_unstable();
            let mut state = State { codes: state.codes.clone(), depth: state.depth + 1 };
            state.codes[question.feature] = Rc::new(codes);
            state
        };
        match (yes.is_empty(), no.is_empty(), open.is_empty()) {
            (true, true, true) => Err(self.fault("a question that nobody is asked")),
            (false, true, true) => then(self, Truth::True, &goes(yes)),
            (true, false, true) => then(self, Truth::False, &goes(no)),
            (true, true, false) => then(self, Truth::Unknown, &goes(open)),
            (_, _, true) => {
                // Who is missing goes with one of the two.
                let left_is_yes = !atom.negated;
                let missing_left = match question.unknown.is_empty() {
                    true => question.split.missing_left,
                    false => (unknown == Unknown::True) == left_is_yes,
                };
                let at = self.push(SourceNode::Leaf(0.0))?;
                let yes_at = then(self, Truth::True, &goes(yes))?;
                let no_at = then(self, Truth::False, &goes(no))?;
                let (left, right) = if left_is_yes { (yes_at, no_at) } else { (no_at, yes_at) };
                self.nodes[at] =
                    SourceNode::Split(SourceSplit { missing_left, left, right, ..question.split });
                Ok(at)
            }
            // Whether it is missing is asked first.
            (.., false) => {
                let at = self.push(SourceNode::Leaf(0.0))?;
                let left = then(self, Truth::Unknown, &goes(open))?;
                let mut known = yes;
                known.append(&mut no);
                let right = self.ask(atom, &goes(known), unknown, then)?;
                self.nodes[at] = SourceNode::Split(SourceSplit {
                    feature: atom.feature,
                    rule: Rule::Less(f64::NEG_INFINITY),
                    missing: Missing::Nan,
                    missing_left: true,
                    left,
                    right,
                });
                Ok(at)
            }
        }
    }

    /// What `atom` asks of the schema's codes. Its rule sends those left for which the test holds.
    fn question(&self, atom: &Atom) -> Result<Question, Fault> {
        let (field, column) = (&self.fields[atom.feature], self.columns[atom.feature]);
        let feature = &self.schema.features[column];
        let rule = match &atom.test {
            Test::Missing => Rule::Less(f64::NEG_INFINITY),
            Test::Below(at) if atom.single => Rule::Below(*at as f32),
            Test::Below(at) => Rule::Less(*at),
            Test::AtMost(at) if atom.single => Rule::SingleAtMost(*at as f32),
            Test::AtMost(at) => Rule::AtMost(*at),
            Test::Among(values) => self.among(field, column, values, atom.single)?,
        };
        // Where another value stands in for a missing one, it answers for it.
        let stands_in = match (&field.missing, &atom.test) {
            (None, _) => None,
            (Some(_), Test::Missing) => Some(false),
            (Some(text), Test::Among(values)) => {
                let (own, category) = (field.category(text), |text: &String| field.category(text));
                Some(values.iter().map(category).any(|value| value.key() == own.key()))
            }
            (Some(_), _) => {
                let number = field.replacement().unwrap_or(f64::NAN);
                let split = self.split(atom.feature, rule.clone(), false);
                Some(split.goes_left(number))
            }
        };
        let missing_left = stands_in.unwrap_or(atom.test == Test::Missing);
        let split = self.split(atom.feature, rule, missing_left);
        let (mut yes, mut no, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let found = runs(&split, feature);
        for (index, run) in found.iter().enumerate() {
            let end = found.get(index + 1).map_or(feature.top(), |next| next.start - 1);
            if run.left != atom.negated { &mut yes } else { &mut no }.push((run.start, end));
        }
        if let Some(missing) = feature.missing_code()
            && stands_in.is_none()
            && atom.test != Test::Missing
        {
            let values = vec![(0, missing.saturating_sub(1))];
            (yes, no) = (common(&yes, &values), common(&no, &values));
            unknown.push((missing, missing));
        }
        Ok(Question { feature: atom.feature, split, yes, no, unknown })
    }

    fn split(&self, feature: usize, rule: Rule, missing_left: bool) -> SourceSplit {
        SourceSplit { feature, rule, missing: Missing::Nan, missing_left, left: 0, right: 0 }
    }

    /// The rule that sends these values left.
    fn among(
        &self,
        field: &Field,
        column: usize,
        values: &[String],
        single: bool,
    ) -> Result<Rule, Fault> {
        let feature = &self.schema.features[column];
        let FeatureKind::Category { .. } = feature.kind else {
            let [value] = values else {
                let fault = format!(
                    "{:?} is asked for several values at once, so the schema must have it as a category",
                    feature.name
                );
                return Err(self.fault(fault));
            };
            let number = match (field.kind, value.trim()) {
                (Kind::Boolean, "true") => Some(1.0),
                (Kind::Boolean, "false") => Some(0.0),
                (_, text) => text.parse().ok().filter(|x: &f64| !x.is_nan()),
            };
            let fault = || {
                self.fault(format!(
                    "{value:.60?} is not a number, and the schema has {:?} as \
                                               numeric: make it a category there",
                    feature.name
                ))
            };
            let number = number.ok_or_else(fault)?;
            return Ok(if single { Rule::SingleEqual(number as f32) } else { Rule::Equal(number) });
        };
        let codes = Codes::of(feature);
        let mut set = Vec::new();
        for value in values {
            let capital = match value.as_str() {
                "true" if field.kind == Kind::Boolean => Some("True"),
                "false" if field.kind == Kind::Boolean => Some("False"),
                _ => None,
            };
            let capital = capital.and_then(|text| codes.get(&Category::Text(text.into())));
            let code = codes.get(&field.category(value)).or(capital);
            set.extend(code.and_then(|code| u32::try_from(code).ok()));
        }
        set.sort_unstable();
        set.dedup();
        Ok(Rule::Among(set))
    }
}

/// What an answer counts as.
fn count(truth: Truth, unknown: Unknown) -> Truth {
    match (truth, unknown) {
        (Truth::Unknown, Unknown::True) => Truth::True,
        (Truth::Unknown, Unknown::False) => Truth::False,
        (truth, _) => truth,
    }
}

/// Whether the first of two children asks one feature, and the second the same, or nothing.
fn same_feature(children: &[PmmlNode]) -> bool {
    match children {
        [first, second] => match (&first.predicate, &second.predicate) {
            (Predicate::Atom(a), Predicate::Atom(b)) => a.feature == b.feature,
            (Predicate::Atom(_), other) => *other == Predicate::Always(true),
            _ => false,
        },
        _ => false,
    }
}

/// The codes that are in both.
fn common(left: &Ranges, right: &Ranges) -> Ranges {
    let (mut found, mut i, mut j) = (Vec::new(), 0, 0);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        let (from, to) = (a.0.max(b.0), a.1.min(b.1));
        if from <= to {
            found.push((from, to));
        }
        if a.1 < b.1 { i += 1 } else { j += 1 }
    }
    found
}
