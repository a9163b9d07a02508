//! Derived fields: affine functions of one field, logistic functions of those, categories, bins.

use super::{
    fields::{Interval, Kind},
    predicate::{Atom, Predicate, Test},
    xml::Element,
};
use crate::error::Fault;
use std::{cell::Cell, collections::HashMap, rc::Rc};

/// Deepest nesting of functions that call functions.
const MAX_CALLS: usize = 32;
/// Most bins or pairs of one derived field.
const MAX_CASES: usize = 4096;
/// Most expressions that are evaluated, those of functions as often as they are called.
const MAX_WORK: usize = 1 << 20;
const HINT: &str = "imported are sums, products and quotients with constants, logistic functions of the score, \
                    categories and bins: compute anything else as a feature of its own, before the model";

/// What an expression is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// A field, by its index.
    Field(usize),
    /// What the model before in a chain puts out, by its place in the chain.
    Output(usize),
}

/// `scale · x + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Affine {
    pub of: Base,
    pub scale: f64,
    pub offset: f64,
    /// Whether it is cast to single precision.
    pub single: bool,
}

impl Affine {
    pub fn plain(of: Base, single: bool) -> Self {
        Self { of, scale: 1.0, offset: 0.0, single }
    }

    /// Whether this is `x` itself.
    pub fn is_plain(&self) -> bool {
        self.scale == 1.0 && self.offset == 0.0
    }

    fn by(self, factor: f64) -> Self {
        Self { scale: self.scale * factor, offset: self.offset * factor, ..self }
    }
}

/// A value that depends on a field's bin or category.
#[derive(Clone, PartialEq)]
pub(super) struct Steps {
    pub feature: usize,
    /// The first that holds counts.
    pub cases: Vec<(Predicate, String)>,
    /// Where none does.
    pub default: Option<String>,
    pub missing: Option<String>,
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Value {
    Constant(f64),
    Affine(Affine),
    /// A field that is no number.
    Category(usize),
    /// 1 where the field has this value, else 0.
    Indicator(usize, String),
    Steps(Rc<Steps>),
    Exp(Affine),
    OnePlusExp(Affine),
    /// The logistic function.
    Sigmoid(Affine),
}

/// The names that a model may use.
#[derive(Clone, Default)]
pub(super) struct Scope<'a> {
    pub names: HashMap<String, Value>,
    functions: HashMap<&'a str, Element<'a>>,
    /// Expressions that were evaluated so far, in all scopes of the file.
    spent: Rc<Cell<usize>>,
}

impl<'a> Scope<'a> {
    /// Adds the functions and fields of a `TransformationDictionary` or `LocalTransformations`.
    pub fn derive(&mut self, element: Element<'a>) -> Result<(), Fault> {
        element.know(&["DefineFunction", "DerivedField"], &[])?;
        for function in element.all("DefineFunction") {
            self.functions.insert(function.need("name")?, function);
        }
        for field in element.all("DerivedField") {
            let value = self.content(field, 0)?;
            self.names.insert(field.need("name")?.to_owned(), cast(field, value));
        }
        Ok(())
    }

    /// What a name stands for.
    pub fn get(&self, element: Element<'a>, name: &str) -> Result<&Value, Fault> {
        self.names
            .get(name)
            .ok_or_else(|| element.fault(format!("the model has no active field {name:.60?}")))
    }

    /// The one expression in a derived field, an output or a function.
    pub fn content(&self, element: Element<'a>, calls: usize) -> Result<Value, Fault> {
        let mut inside = element
            .children()
            .filter(|child| !matches!(child.name(), "ParameterField" | "Value" | "Interval"));
        match (inside.next(), inside.next()) {
            (Some(expression), None) => self.evaluate(expression, calls),
            _ => Err(element.fault("it does not hold one expression")),
        }
    }

    fn evaluate(&self, element: Element<'a>, calls: usize) -> Result<Value, Fault> {
        self.spent.set(self.spent.get() + 1);
        if self.spent.get() > MAX_WORK {
            return Err(element.fault("the file's expressions take too much work"));
        }
        for name in ["mapMissingTo", "defaultValue"] {
            let bins = matches!(element.name(), "Discretize" | "MapValues");
            if element.get(name).is_some() && !bins {
                return Err(element.unsupported(format!("the attribute {name}"), HINT));
            }
        }
        match element.name() {
            "Constant" => match element.get("missing") {
                Some("true") => Err(element.unsupported("a constant that is missing", HINT)),
                _ => Ok(Value::Constant(element.finite("the constant", element.text())?)),
            },
            "FieldRef" => self.get(element, element.need("field")?).cloned(),
            "NormContinuous" => self.normal(element),
            "NormDiscrete" => {
                let field = element.need("field")?;
                match self.get(element, field)? {
                    Value::Category(of) | Value::Affine(Affine { of: Base::Field(of), .. }) => {
                        Ok(Value::Indicator(*of, element.need("value")?.into()))
                    }
                    _ => Err(element.unsupported(format!("categories of {field:.60?}"), HINT)),
                }
            }
            "Discretize" => self.discretize(element),
            "MapValues" => self.map_values(element),
            "Apply" => self.apply(element, calls),
            other => Err(element.unsupported(format!("an expression {other:.60}"), HINT)),
        }
    }

    fn apply(&self, element: Element<'a>, calls: usize) -> Result<Value, Fault> {
        let name = element.need("function")?;
        let arguments = element
            .children()
            .map(|child| self.evaluate(child, calls))
            .collect::<Result<_, _>>()?;
        let refused = || element.unsupported(format!("the function {name:.60?} of these"), HINT);
        let arguments: Vec<Value> = arguments;
        match (name, &arguments[..]) {
            ("+", [x, y]) => add(x, y).ok_or_else(refused),
            ("-", [x, y]) => times(y, -1.0).and_then(|y| add(x, &y)).ok_or_else(refused),
            ("*", [Value::Constant(factor), x] | [x, Value::Constant(factor)]) => {
                times(x, *factor).ok_or_else(refused)
            }
            ("/", [Value::Constant(1.0), Value::OnePlusExp(x)]) => Ok(Value::Sigmoid(x.by(-1.0))),
            ("/", [x, Value::Constant(by)]) if *by != 0.0 => divided(x, *by).ok_or_else(refused),
            ("exp", [Value::Affine(x)]) => Ok(Value::Exp(*x)),
            (name, _) => match self.functions.get(name) {
                Some(function) if calls < MAX_CALLS => {
                    let mut inner = Scope { names: HashMap::new(), ..self.clone() };
                    let parameters: Vec<_> = function.all("ParameterField").collect();
                    if parameters.len() != arguments.len() {
                        return Err(element.fault("it has other arguments than the function"));
                    }
                    for (parameter, argument) in parameters.into_iter().zip(arguments) {
                        inner.names.insert(parameter.need("name")?.to_owned(), argument);
                    }
                    inner.content(*function, calls + 1).map(|value| cast(*function, value))
                }
                _ => Err(refused()),
            },
        }
    }

    /// A linear function between two points. More points, of a score, are an isotonic calibration.
    fn normal(&self, element: Element<'a>) -> Result<Value, Fault> {
        let value = self.get(element, element.need("field")?)?;
        let points: Vec<_> = element.all("LinearNorm").collect();
        let (Value::Affine(of), [from, to]) = (value, &points[..]) else {
            return Err(match value {
                Value::Affine(Affine { of: Base::Output(_), .. }) => {
                    let hint = "a step function of the score keeps its order: give the model without the \
                                calibration, and move the threshold to the score where the calibrated \
                                probability passes yours";
                    element.unsupported("an isotonic calibration", hint)
                }
                _ => element.unsupported("a function of several pieces", HINT),
            });
        };
        element.only("outliers", &["asIs"], "cut values off before the model, or in the schema")?;
        let (x, y) = (from.number("orig")?, from.number("norm")?);
        let scale = (to.number("norm")? - y) / (to.number("orig")? - x);
        let line = times(&Value::Affine(*of), scale)
            .and_then(|line| add(&line, &Value::Constant(y - scale * x)));
        line.filter(|_| scale.is_finite()).ok_or_else(|| element.fault("two points at one place"))
    }

    fn plain(&self, element: Element<'a>, name: &str) -> Result<(usize, bool), Fault> {
        match self.get(element, name)? {
            Value::Category(of) => Ok((*of, false)),
            Value::Affine(x @ Affine { of: Base::Field(of), single, .. }) if x.is_plain() => {
                Ok((*of, *single))
            }
            _ => Err(element.unsupported(format!("bins of the derived field {name:.60?}"), HINT)),
        }
    }

    fn discretize(&self, element: Element<'a>) -> Result<Value, Fault> {
        let (feature, single) = self.plain(element, element.need("field")?)?;
        let mut cases = Vec::new();
        for bin in element.all("DiscretizeBin") {
            let interval = bin.one("Interval")?.ok_or_else(|| bin.fault("it has no interval"))?;
            let Interval { low, with_low, high, with_high } = Interval::read(interval)?;
            let atom = |test, negated| Predicate::Atom(Atom { feature, single, test, negated });
            let above = atom(if with_low { Test::Below(low) } else { Test::AtMost(low) }, true);
            let below = atom(if with_high { Test::AtMost(high) } else { Test::Below(high) }, false);
            let within = match (low == f64::NEG_INFINITY, high == f64::INFINITY) {
                (true, true) => atom(Test::Missing, true),
                (true, false) => below,
                (false, true) => above,
                (false, false) => Predicate::And(vec![above, below]),
            };
            cases.push((within, bin.need("binValue")?.to_owned()));
        }
        self.steps(element, feature, cases)
    }

    fn map_values(&self, element: Element<'a>) -> Result<Value, Fault> {
        let pairs: Vec<_> = element.all("FieldColumnPair").collect();
        let [pair] = pairs[..] else {
            return Err(element.unsupported("a table of several fields", HINT));
        };
        let (feature, single) = self.plain(element, pair.need("field")?)?;
        let (from, to) = (pair.need("column")?, element.need("outputColumn")?);
        let Some(table) = element.one("InlineTable")? else {
            return Err(element.unsupported("a table outside the file", "write it as InlineTable"));
        };
        let mut cases = Vec::new();
        for row in table.all("row") {
            // Columns are named with the prefix of their elements.
            let own = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
            let cell = |name: &str| row.children().find(|cell| cell.name() == own(name));
            let (Some(from), Some(to)) = (cell(from), cell(to)) else {
                return Err(row.fault("it lacks a column"));
            };
            let test = Test::Among(vec![from.text().into()]);
            let case = Predicate::Atom(Atom { feature, single, test, negated: false });
            cases.push((case, to.text().to_owned()));
        }
        self.steps(element, feature, cases)
    }

    fn steps(
        &self,
        element: Element<'a>,
        feature: usize,
        cases: Vec<(Predicate, String)>,
    ) -> Result<Value, Fault> {
        if cases.len() > MAX_CASES {
            return Err(element.fault(format!("more than {MAX_CASES} bins")));
        }
        let text = |name: &str| element.get(name).map(str::to_owned);
        let (default, missing) = (text("defaultValue"), text("mapMissingTo"));
        Ok(Value::Steps(Rc::new(Steps { feature, cases, default, missing })))
    }
}

/// A field of the data dictionary.
pub(super) fn field(index: usize, kind: Kind) -> Value {
    match kind {
        Kind::Single | Kind::Double => {
            Value::Affine(Affine::plain(Base::Field(index), kind == Kind::Single))
        }
        Kind::Boolean | Kind::Text => Value::Category(index),
    }
}

/// A value in the precision that a derived field or an output says.
pub(super) fn cast(field: Element<'_>, value: Value) -> Value {
    match value {
        Value::Affine(of) if field.get("dataType") == Some("float") => {
            Value::Affine(Affine { single: true, ..of })
        }
        value => value,
    }
}

fn add(x: &Value, y: &Value) -> Option<Value> {
    match (x, y) {
        (Value::Constant(x), Value::Constant(y)) => Some(Value::Constant(x + y)),
        (Value::Affine(x), Value::Constant(y)) | (Value::Constant(y), Value::Affine(x)) => {
            Some(Value::Affine(Affine { offset: x.offset + y, ..*x }))
        }
        (Value::Affine(x), Value::Affine(y)) if x.of == y.of => Some(Value::Affine(Affine {
            of: x.of,
            scale: x.scale + y.scale,
            offset: x.offset + y.offset,
            single: x.single || y.single,
        })),
        (Value::Exp(x), Value::Constant(1.0)) | (Value::Constant(1.0), Value::Exp(x)) => {
            Some(Value::OnePlusExp(*x))
        }
        _ => None,
    }
}

fn times(x: &Value, factor: f64) -> Option<Value> {
    match x {
        Value::Constant(x) => Some(Value::Constant(x * factor)),
        Value::Affine(x) => Some(Value::Affine(x.by(factor))),
        _ => None,
    }
}

fn divided(x: &Value, by: f64) -> Option<Value> {
    match x {
        Value::Constant(x) => Some(Value::Constant(x / by)),
        Value::Affine(x) => {
            Some(Value::Affine(Affine { scale: x.scale / by, offset: x.offset / by, ..*x }))
        }
        _ => None,
    }
}
