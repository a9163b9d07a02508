//! Regression models: linear models of numbers and categories, and of bins.

use super::{
    expression::{Affine, Base, Scope, Value},
    fields::Field,
    predicate::{Atom, Predicate, Test, same},
    trees::{Forest, MissingStrategy, PmmlNode, Tree},
    xml::Element,
};
use crate::{
    error::Fault,
    network::{SourceInput, SourceInputKind, SourceLayer},
};

/// Most terms.
const MAX_TERMS: usize = 65_536;

/// `Σ terms + intercept`.
#[derive(Clone, PartialEq)]
pub(super) struct Linear {
    pub terms: Vec<Term>,
    pub intercept: f64,
}

/// A number, or whether a feature has a value, with its coefficient.
#[derive(Clone, PartialEq)]
pub(super) struct Term {
    pub feature: usize,
    pub value: Option<String>,
    pub coefficient: f64,
}

impl Linear {
    /// `scale · self + offset`.
    pub fn affine(mut self, scale: f64, offset: f64) -> Self {
        self.terms.iter_mut().for_each(|term| term.coefficient *= scale);
        self.intercept = self.intercept * scale + offset;
        self
    }

    /// Inputs and weights of the one layer.
    pub fn layer(&self, fields: &[Field]) -> Result<(Vec<SourceInput>, SourceLayer), Fault> {
        let (mut inputs, mut weights, bias) = (Vec::new(), Vec::new(), self.intercept);
        for term in &self.terms {
            let field = &fields[term.feature];
            let kind = match &term.value {
                None => {
                    let missing = field.replacement();
                    SourceInputKind::Value { missing, offset: 0.0, scale: 1.0 }
                }
                Some(value) => SourceInputKind::Is(field.category(value)),
            };
            inputs.push(SourceInput { feature: term.feature, kind });
            weights.push(term.coefficient);
        }
        if weights.iter().chain([&bias]).any(|weight| !weight.is_finite()) {
            return Err(Fault::malformed("the regression", "a weight is not finite"));
        }
        Ok((inputs, SourceLayer { weights: vec![weights], biases: vec![bias], relu: false }))
    }
}

/// What one `RegressionTable` adds up.
pub(super) struct Table {
    pub target: Option<String>,
    pub intercept: f64,
    pub terms: Vec<(Value, Option<String>, f64)>,
}

impl Table {
    /// Reads a `RegressionTable`.
    pub fn read<'a>(element: Element<'a>, scope: &Scope<'a>) -> Result<Self, Fault> {
        let mut terms = Vec::new();
        for of in element.children() {
            if terms.len() == MAX_TERMS {
                return Err(of.fault(format!("more than {MAX_TERMS} terms")));
            }
            let value = match of.name() {
                "NumericPredictor" => {
                    let hint = "compute powers as features of their own, before the model";
                    of.only("exponent", &["1", "1.0"], hint)?;
                    None
                }
                "CategoricalPredictor" => Some(of.need("value")?.to_owned()),
                "PredictorTerm" => {
                    let hint =
                        "compute products of features as features of their own, before the model";
                    return Err(of.unsupported("a product of predictors", hint));
                }
                other => {
                    let what = format!("an element {other:.60}");
                    return Err(of.unsupported(what, "PMML 4.4 has none there"));
                }
            };
            let stands_for = scope.get(of, of.need("name")?)?.clone();
            terms.push((stands_for, value, of.number("coefficient")?));
        }
        let target = element.get("targetCategory").map(str::to_owned);
        Ok(Self { target, intercept: element.number("intercept")?, terms })
    }

    /// Whether it is 0 for everybody.
    pub fn is_nothing(&self) -> bool {
        self.terms.is_empty() && self.intercept == 0.0
    }

    /// This table less another one.
    pub fn less(mut self, other: Self) -> Self {
        self.intercept -= other.intercept;
        self.terms.extend(other.terms.into_iter().map(|(of, value, x)| (of, value, -x)));
        self
    }

    /// The linear model, or the forest where a term depends on bins.
    pub fn body(&self, element: Element<'_>) -> Result<super::Body, Fault> {
        if self.terms.iter().any(|(value, ..)| matches!(value, Value::Steps(_))) {
            return self.forest(element).map(super::Body::Trees);
        }
        let mut linear = Linear { terms: Vec::new(), intercept: self.intercept };
        for (stands_for, value, coefficient) in &self.terms {
            let (feature, value, coefficient) = match (stands_for, value) {
                (Value::Affine(Affine { of: Base::Field(of), scale, offset, .. }), None) => {
                    linear.intercept += coefficient * offset;
                    (*of, None, coefficient * scale)
                }
                (Value::Category(of), Some(value)) => (*of, Some(value.clone()), *coefficient),
                (Value::Affine(x @ Affine { of: Base::Field(of), .. }), Some(value))
                    if x.is_plain() =>
                {
                    (*of, Some(value.clone()), *coefficient)
                }
                (Value::Indicator(of, value), None) => (*of, Some(value.clone()), *coefficient),
                (Value::Constant(x), None) => {
                    linear.intercept += coefficient * x;
                    continue;
                }
                _ => return Err(mixed(element)),
            };
            linear.terms.push(Term { feature, value, coefficient });
        }
        Ok(super::Body::Linear(linear))
    }

    /// A tree for each term, all of which depend on bins or categories.
    fn forest(&self, element: Element<'_>) -> Result<Forest, Fault> {
        let mut trees = Vec::new();
        for (stands_for, value, coefficient) in &self.terms {
            let leaf = |predicate: Predicate, score: Option<f64>| PmmlNode {
                predicate,
                score,
                children: Vec::new(),
                default: None,
            };
            let number = |text: &str| -> Result<f64, Fault> {
                match value {
                    Some(value) => Ok(if same(value, text) { *coefficient } else { 0.0 }),
                    None => Ok(coefficient * element.finite("a bin's value", text)?),
                }
            };
            let is = |feature: usize, value: &str| {
                let test = Test::Among(vec![value.to_owned()]);
                Predicate::Atom(Atom { feature, single: false, test, negated: false })
            };
            let children = match (stands_for, value) {
                (Value::Steps(steps), _) => {
                    let test = Test::Missing;
                    let missing =
                        Atom { feature: steps.feature, single: false, test, negated: false };
                    // A missing number has no score; a category that is missing counts for nothing.
                    let score = match (&steps.missing, value) {
                        (Some(text), _) => Some(number(text)?),
                        (None, Some(_)) => Some(0.0),
                        (None, None) => None,
                    };
                    let mut children = vec![leaf(Predicate::Atom(missing), score)];
                    for (predicate, text) in &steps.cases {
                        children.push(leaf(predicate.clone(), Some(number(text)?)));
                    }
                    let rest = match (&steps.default, value) {
                        (Some(text), _) => Some(number(text)?),
                        (None, Some(_)) => Some(0.0),
                        (None, None) => None,
                    };
                    children.push(leaf(Predicate::Always(true), rest));
                    children
                }
                (Value::Category(of), Some(value)) | (Value::Indicator(of, value), None) => {
                    let rest = leaf(Predicate::Always(true), Some(0.0));
                    vec![leaf(is(*of, value), Some(*coefficient)), rest]
                }
                _ => return Err(mixed(element)),
            };
            let always = Predicate::Always(true);
            trees.push(Tree {
                root: PmmlNode { predicate: always, score: None, children, default: None },
                missing: MissingStrategy::CountsAsFalse,
                keeps_last: false,
                weight: 1.0,
                place: element.place(),
            });
        }
        Ok(Forest { base: self.intercept, ..Forest::of(trees) })
    }
}

fn mixed(element: Element<'_>) -> Fault {
    let hint = "a regression is imported where all predictors are numbers and categories, or where all are \
                bins and categories: bin the other numbers too, or none";
    element.unsupported("these predictors", hint)
}
