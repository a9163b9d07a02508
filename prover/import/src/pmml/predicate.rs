//! Predicates: which borrowers a node, an attribute or a segment is for.

use super::{
    expression::{Affine, Base, Scope, Steps, Value},
    xml::Element,
};
use crate::error::Fault;

/// Most values of one set.
const MAX_SET: usize = 65_536;

/// A predicate, which is true, false, or unknown where a value is missing.
#[derive(Clone, PartialEq)]
pub(super) enum Predicate {
    Always(bool),
    /// Neither true nor false.
    Unknown,
    Atom(Atom),
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Xor(Vec<Predicate>),
    /// The first that is not unknown.
    Surrogate(Vec<Predicate>),
}

/// A question about one feature.
#[derive(Clone, PartialEq)]
pub(super) struct Atom {
    pub feature: usize,
    /// Whether numbers are compared in single precision.
    pub single: bool,
    pub test: Test,
    /// Whether it asks for the opposite; a missing value is unknown either way.
    pub negated: bool,
}

#[derive(Clone, PartialEq)]
pub(super) enum Test {
    /// `x < t`.
    Below(f64),
    /// `x ≤ t`.
    AtMost(f64),
    /// `x` is one of these values.
    Among(Vec<String>),
    /// `x` is missing, which is never unknown.
    Missing,
}

impl Predicate {
    /// What is true where this is false, and unknown where this is.
    fn negated(&self) -> Self {
        let each = |of: &[Self]| of.iter().map(Self::negated).collect();
        match self {
            Self::Always(truth) => Self::Always(!truth),
            Self::Unknown => Self::Unknown,
            Self::Atom(atom) => Self::Atom(Atom { negated: !atom.negated, ..atom.clone() }),
            Self::And(of) => Self::Or(each(of)),
            Self::Or(of) => Self::And(each(of)),
            Self::Xor(of) => Self::Xor([&[Self::Always(true)], &of[..]].concat()),
            Self::Surrogate(of) => Self::Surrogate(each(of)),
        }
    }

    /// Shows every feature that it asks for.
    pub fn visit(&mut self, see: &mut dyn FnMut(&mut usize)) {
        match self {
            Self::Always(_) | Self::Unknown => {}
            Self::Atom(atom) => see(&mut atom.feature),
            Self::And(of) | Self::Or(of) | Self::Xor(of) | Self::Surrogate(of) => {
                of.iter_mut().for_each(|inner| inner.visit(see));
            }
        }
    }
}

/// The names of predicates.
pub(super) const NAMES: [&str; 5] =
    ["SimplePredicate", "CompoundPredicate", "SimpleSetPredicate", "True", "False"];

/// The predicate in a node, an attribute or a segment.
pub(super) fn of<'a>(element: Element<'a>, scope: &Scope<'a>) -> Result<Predicate, Fault> {
    let mut found = element.children().filter(|child| NAMES.contains(&child.name()));
    match (found.next(), found.next()) {
        (Some(predicate), None) => read(predicate, scope),
        _ => Err(element.fault("it does not have one predicate")),
    }
}

fn read<'a>(element: Element<'a>, scope: &Scope<'a>) -> Result<Predicate, Fault> {
    match element.name() {
        "True" => Ok(Predicate::Always(true)),
        "False" => Ok(Predicate::Always(false)),
        "SimplePredicate" => simple(element, scope),
        "SimpleSetPredicate" => {
            let negated = match element.need("booleanOperator")? {
                "isIn" => false,
                "isNotIn" => true,
                other => return Err(element.fault(format!("there is no operator {other:.60?}"))),
            };
            let array = element.one("Array")?.ok_or_else(|| element.fault("it has no Array"))?;
            let test = Test::Among(items(array)?);
            let (feature, single) = field(element, scope)?;
            Ok(Predicate::Atom(Atom { feature, single, test, negated }))
        }
        "CompoundPredicate" => {
            let inside = element.children().map(|child| read(child, scope));
            let inside: Vec<_> = inside.collect::<Result<_, _>>()?;
            if inside.len() < 2 {
                return Err(element.fault("it has fewer than two predicates"));
            }
            Ok(match element.need("booleanOperator")? {
                "and" => Predicate::And(inside),
                "or" => Predicate::Or(inside),
                "xor" => Predicate::Xor(inside),
                "surrogate" => Predicate::Surrogate(inside),
                other => return Err(element.fault(format!("there is no operator {other:.60?}"))),
            })
        }
        other => Err(element.unsupported(format!("a predicate {other:.60}"), "PMML 4.4 has none")),
    }
}

/// The field that a predicate is about, which is compared as it is.
fn field<'a>(element: Element<'a>, scope: &Scope<'a>) -> Result<(usize, bool), Fault> {
    let name = element.need("field")?;
    match scope.get(element, name)? {
        Value::Category(of) => Ok((*of, false)),
        Value::Affine(x @ Affine { of: Base::Field(of), single, .. }) if x.is_plain() => {
            Ok((*of, *single))
        }
        _ => {
            let hint = "trees and scorecards need no scaling: make them on the features themselves";
            Err(element
                .unsupported(format!("a question about the derived field {name:.60?}"), hint))
        }
    }
}

fn simple<'a>(element: Element<'a>, scope: &Scope<'a>) -> Result<Predicate, Fault> {
    let operator = element.need("operator")?;
    if let Value::Indicator(feature, value) = scope.get(element, element.need("field")?)? {
        return indicator(element, *feature, value, operator);
    }
    if let Value::Steps(steps) = scope.get(element, element.need("field")?)? {
        return of_steps(element, steps, operator);
    }
    let (feature, single) = field(element, scope)?;
    let (test, negated) = match operator {
        "isMissing" => (Test::Missing, false),
        "isNotMissing" => (Test::Missing, true),
        "equal" | "notEqual" => {
            (Test::Among(vec![element.need("value")?.into()]), operator == "notEqual")
        }
        "lessThan" => (Test::Below(element.number("value")?), false),
        "greaterOrEqual" => (Test::Below(element.number("value")?), true),
        "lessOrEqual" => (Test::AtMost(element.number("value")?), false),
        "greaterThan" => (Test::AtMost(element.number("value")?), true),
        other => return Err(element.fault(format!("there is no operator {other:.60?}"))),
    };
    Ok(Predicate::Atom(Atom { feature, single, test, negated }))
}

/// A question about the value that a bin or a category has.
fn of_steps(element: Element<'_>, steps: &Steps, operator: &str) -> Result<Predicate, Fault> {
    let asked = element.need("value")?;
    let holds = |value: &str| -> Result<bool, Fault> {
        let at = || element.number("value");
        let x = || element.finite("a bin's value", value);
        Ok(match operator {
            "equal" => same(value, asked),
            "notEqual" => !same(value, asked),
            "lessThan" => x()? < at()?,
            "lessOrEqual" => x()? <= at()?,
            "greaterThan" => x()? > at()?,
            "greaterOrEqual" => x()? >= at()?,
            _ => {
                let hint = "ask the feature itself";
                let what = format!("operator {operator:.60?} of a derived field");
                return Err(element.unsupported(what, hint));
            }
        })
    };
    let (mut some, mut none) = (Vec::new(), Vec::new());
    for (case, value) in &steps.cases {
        none.push(case.negated());
        if holds(value)? {
            some.push(case.clone());
        }
    }
    none.push(match &steps.default {
        Some(value) => Predicate::Always(holds(value)?),
        None => Predicate::Unknown,
    });
    some.push(Predicate::And(none));
    let known = Predicate::Or(some);
    let missing = |negated| {
        let (feature, single) = (steps.feature, false);
        Predicate::Atom(Atom { feature, single, test: Test::Missing, negated })
    };
    Ok(match &steps.missing {
        None => known,
        Some(value) if holds(value)? => Predicate::Or(vec![missing(false), known]),
        Some(_) => Predicate::And(vec![missing(true), known]),
    })
}

/// Whether two texts are one value: the same text, or the same number.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right
        || matches!((left.parse::<f64>(), right.parse::<f64>()), (Ok(left), Ok(right)) if left == right)
}

/// A question about a number that is 1 for one category and 0 for all others.
fn indicator(
    element: Element<'_>,
    feature: usize,
    value: &str,
    operator: &str,
) -> Result<Predicate, Fault> {
    let at = element.number("value")?;
    let holds = |x: f64| match operator {
        "equal" => Some(x == at),
        "notEqual" => Some(x != at),
        "lessThan" => Some(x < at),
        "lessOrEqual" => Some(x <= at),
        "greaterThan" => Some(x > at),
        "greaterOrEqual" => Some(x >= at),
        _ => None,
    };
    let (Some(zero), Some(one)) = (holds(0.0), holds(1.0)) else {
        let hint = "ask the category itself";
        return Err(element.unsupported(format!("operator {operator:.60?} of NormDiscrete"), hint));
    };
    let test = Test::Among(vec![value.into()]);
    let atom = Atom { feature, single: false, test, negated: zero };
    match zero == one {
        // The answer is the same, but for a missing value.
        true => Err(element.fault("it asks what is always the same")),
        false => Ok(Predicate::Atom(atom)),
    }
}

/// The items of an `Array`: separated by spaces, quoted where they have some.
fn items(array: Element<'_>) -> Result<Vec<String>, Fault> {
    let mut items = Vec::new();
    let mut chars = array.text().chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'"').is_some();
        let mut item = String::new();
        let mut closed = !quoted;
        while let Some(c) = chars.peek().copied() {
            if !quoted && c.is_whitespace() {
                break;
            }
            chars.next();
            match c {
                '"' if quoted => {
                    closed = true;
                    break;
                }
                '\\' if chars.peek() == Some(&'"') => item.extend(chars.next()),
                c => item.push(c),
            }
        }
        if !closed {
            return Err(array.fault("a quote that is not closed"));
        }
        if item.is_empty() && !quoted {
            break;
        }
        items.push(item);
        if items.len() > MAX_SET {
            return Err(array.fault(format!("more than {MAX_SET} items")));
        }
    }
    match array.get("n").map(str::parse::<usize>) {
        Some(Ok(count)) if items.len() != count => {
            Err(array.fault(format!("{} items, and n is {count}", items.len())))
        }
        _ => Ok(items),
    }
}
