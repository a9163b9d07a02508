//! Arithmetic on each number, with shapes stretched as in numpy.

use super::Call;
use crate::{
    demand::SourceDemand,
    error::Fault,
    network::MAX_WIDTH,
    onnx::{
        node::GraphNode,
        proto::element,
        tensor::{Data, Tensor},
        units::Units,
        value::{Basis, Column, Lookup, Row, Scaled, Sum, Value},
    },
};
use std::rc::Rc;

/// Inputs that are stretched to one shape.
pub(super) struct Stretched {
    pub shape: Vec<usize>,
    rows: Vec<(Rc<Row>, Vec<usize>)>,
    /// Whether one of them is no constant.
    is_row: bool,
}

impl Stretched {
    /// The first `count` inputs, constants among them as columns.
    pub fn read(call: &Call<'_>, count: usize) -> Result<Self, Fault> {
        let node = &call.node;
        let mut rank = 0;
        let mut inputs = Vec::with_capacity(count);
        for index in 0..count {
            if let Some(Value::Row(row)) = call.get(index) {
                let differs = |(own, _, is_row): &(Vec<usize>, _, bool)| {
                    *is_row && own.len() != row.shape.len()
                };
                if inputs.iter().any(differs) {
                    return Err(node.malformed("rows of different dimensions"));
                }
                rank = row.shape.len();
                inputs.push((row.shape.clone(), row.clone(), true));
                continue;
            }
            let tensor = call.weights(index)?;
            let numbers = tensor.numbers().unwrap_or_default();
            if numbers.len() > MAX_WIDTH {
                return Err(node.malformed(format!("input {index} is wider than {MAX_WIDTH}")));
            }
            let columns = numbers.iter().copied().map(Column::Constant).collect();
            inputs.push((tensor.shape.clone(), Rc::new(Row::new(columns)), false));
        }
        let is_row = inputs.iter().any(|(.., is_row)| *is_row);
        let mut shape = Vec::new();
        for (own, _, own_row) in &mut inputs {
            // A row leaves out the dimension over borrowers, so a constant may not use it either.
            if is_row && !*own_row {
                without_borrowers(node, own, rank)?;
            }
            let fault =
                || node.malformed(format!("shapes {shape:?} and {own:?} do not go together"));
            shape = stretched(&shape, own).ok_or_else(fault)?;
        }
        let places = |own: &[usize]| places(own, &shape);
        let rows = inputs.into_iter().map(|(own, row, _)| (row, places(&own))).collect();
        Ok(Self { shape, rows, is_row })
    }

    /// The columns that meet at each place.
    pub fn columns<const N: usize>(&self) -> impl Iterator<Item = [&Column; N]> {
        let count = self.rows.first().map_or(0, |(_, places)| places.len());
        (0..count).map(|at| {
            std::array::from_fn(|input| {
                let (row, places) = &self.rows[input];
                &row.columns[places[at]]
            })
        })
    }
}

/// `Add`, `Sub`, `Mul`, `Div`.
pub(super) fn binary(
    call: &Call<'_>,
    operator: &str,
    units: &mut Units,
) -> Result<Vec<Value>, Fault> {
    let node = &call.node;
    let inputs = Stretched::read(call, 2)?;
    let mut columns = Vec::new();
    for [x, y] in inputs.columns() {
        let column = match operator {
            "Add" => add(node, units, x, y)?,
            "Sub" => subtract(node, units, x, y)?,
            "Mul" => multiply(node, x, y)?,
            _ => divide(node, x, y)?,
        };
        columns.push(column);
    }
    units.spend_on(node, &columns)?;
    let shape = inputs.shape;
    if inputs.is_row {
        return Ok(vec![Value::Row(Rc::new(Row { shape, columns }))]);
    }
    let number = |column: &Column| match column {
        Column::Constant(number) => *number,
        _ => f64::NAN,
    };
    let data = Data::Numbers(columns.iter().map(number).collect());
    Ok(vec![Value::Constant(Rc::new(Tensor { shape, data }))])
}

/// Leaves out a constant's dimension over borrowers, which must be 1.
fn without_borrowers(
    node: &GraphNode<'_>,
    shape: &mut Vec<usize>,
    rank: usize,
) -> Result<(), Fault> {
    if shape.len() <= rank {
        return Ok(());
    }
    if shape.len() == rank + 1 && shape[0] == 1 {
        shape.remove(0);
        return Ok(());
    }
    let hint = "imported are constants that are the same for every row";
    Err(node.unsupported(&format!("a constant of shape {shape:?}"), hint))
}

/// The shape that both are stretched to, if it has at least one place and at most [`MAX_WIDTH`].
fn stretched(left: &[usize], right: &[usize]) -> Option<Vec<usize>> {
    let rank = left.len().max(right.len());
    let of =
        |shape: &[usize], i: usize| (i + shape.len()).checked_sub(rank).map_or(1, |i| shape[i]);
    let dimension = |i| match (of(left, i), of(right, i)) {
        (a, b) if a == b => Some(a),
        (1, other) | (other, 1) => Some(other),
        _ => None,
    };
    let shape: Vec<usize> = (0..rank).map(dimension).collect::<Option<_>>()?;
    let size = shape.iter().try_fold(1usize, |size, d| size.checked_mul(*d))?;
    (1..=MAX_WIDTH).contains(&size).then_some(shape)
}

/// For each place of `to` the place of `from` that it is stretched from.
fn places(from: &[usize], to: &[usize]) -> Vec<usize> {
    let mut places = vec![0];
    let skipped = to.len() - from.len();
    for (i, dimension) in to.iter().enumerate() {
        let own = i.checked_sub(skipped).map_or(1, |i| from[i]);
        let step = |place: &usize| {
            let place = *place;
            (0..*dimension).map(move |at| place * own + if own == 1 { 0 } else { at })
        };
        places = places.iter().flat_map(step).collect();
    }
    places
}

fn add(node: &GraphNode<'_>, units: &mut Units, x: &Column, y: &Column) -> Result<Column, Fault> {
    match (x, y) {
        (Column::Constant(x), Column::Constant(y)) => Ok(Column::Constant(x + y)),
        (Column::Exp(sum), Column::Constant(1.0)) | (Column::Constant(1.0), Column::Exp(sum)) => {
            Ok(Column::OnePlusExp(sum.clone()))
        }
        (column, Column::Constant(number)) | (Column::Constant(number), column) => {
            shift(node, units, column, *number)
        }
        _ => match (units.sum(node, x)?, units.sum(node, y)?) {
            (Some(x), Some(y)) => {
                let (x, y) = units.level(node, x, y)?;
                units.spend(node, 0, x.terms.len() + y.terms.len())?;
                Ok(Column::Sum(x.and(&y)))
            }
            _ => Err(node.malformed("a sum of nothing")),
        },
    }
}

fn subtract(
    node: &GraphNode<'_>,
    units: &mut Units,
    x: &Column,
    y: &Column,
) -> Result<Column, Fault> {
    match (x, y) {
        (Column::Constant(1.0), Column::Sigmoid(sum)) => {
            Ok(Column::Sigmoid(sum.clone().times(-1.0)))
        }
        _ => add(node, units, x, &linear(node, y, |y| -y)?),
    }
}

fn multiply(node: &GraphNode<'_>, x: &Column, y: &Column) -> Result<Column, Fault> {
    match (x, y) {
        (Column::Constant(x), Column::Constant(y)) => Ok(Column::Constant(x * y)),
        (column, Column::Constant(factor)) | (Column::Constant(factor), column) => {
            scale(node, column, *factor)
        }
        _ => {
            let hint = "imported are weights that are the same for everybody";
            Err(node.unsupported("a product of two features", hint))
        }
    }
}

fn divide(node: &GraphNode<'_>, x: &Column, y: &Column) -> Result<Column, Fault> {
    match y {
        Column::Constant(number) if *number != 0.0 => match (x, *number) {
            (Column::Sigmoid(_), 1.0) => Ok(x.clone()),
            _ => linear(node, x, |x| x / number),
        },
        Column::Constant(_) => Err(node.malformed("a division by 0")),
        Column::OnePlusExp(sum) if matches!(x, Column::Constant(1.0)) => {
            Ok(Column::Sigmoid(sum.clone().times(-1.0)))
        }
        _ => {
            let hint = "imported are divisions by constants";
            Err(node.unsupported("a division by a feature", hint))
        }
    }
}

/// `factor · column`.
fn scale(node: &GraphNode<'_>, column: &Column, factor: f64) -> Result<Column, Fault> {
    match column {
        Column::Sigmoid(_) if factor == 1.0 => Ok(column.clone()),
        Column::Scaled(_) | Column::Lookup(_) | Column::Sum(_) if factor == 0.0 => {
            Ok(Column::Constant(0.0))
        }
        _ => linear(node, column, |x| x * factor),
    }
}

/// `by(column)`, where `by` is a multiplication.
fn linear(node: &GraphNode<'_>, column: &Column, by: impl Fn(f64) -> f64) -> Result<Column, Fault> {
    Ok(match column {
        Column::Constant(x) => Column::Constant(by(*x)),
        Column::Scaled(of) => {
            let scale = by(of.scale);
            if scale == 0.0 || !scale.is_finite() {
                return Err(node.malformed("a scale that is 0 or not finite"));
            }
            Column::Scaled(Scaled { scale, ..*of })
        }
        Column::Lookup(of) => lookup(of, by),
        Column::Sum(sum) => {
            let mut sum = sum.clone();
            sum.terms.iter_mut().for_each(|(_, coefficient)| *coefficient = by(*coefficient));
            sum.constant = by(sum.constant);
            Column::Sum(sum)
        }
        Column::Text(_) | Column::Missing { .. } => return Err(text(node)),
        Column::Sigmoid(_) | Column::Exp(_) | Column::OnePlusExp(_) => {
            return Err(after_sigmoid(node));
        }
    })
}

/// `column + number`.
fn shift(
    node: &GraphNode<'_>,
    units: &mut Units,
    column: &Column,
    number: f64,
) -> Result<Column, Fault> {
    if number == 0.0 {
        return Ok(column.clone());
    }
    Ok(match column {
        Column::Constant(x) => Column::Constant(x + number),
        Column::Scaled(of) if of.scale == 1.0 => {
            Column::Scaled(Scaled { offset: of.offset - number, ..*of })
        }
        Column::Lookup(of) => lookup(of, |x| x + number),
        Column::Scaled(_) | Column::Sum(_) => match units.sum(node, column)? {
            Some(sum) => Column::Sum(sum.plus(number)),
            None => return Err(node.malformed("a sum of nothing")),
        },
        Column::Text(_) | Column::Missing { .. } => return Err(text(node)),
        Column::Sigmoid(_) | Column::Exp(_) | Column::OnePlusExp(_) => {
            return Err(after_sigmoid(node));
        }
    })
}

fn lookup(of: &Lookup, by: impl Fn(f64) -> f64) -> Column {
    let values = of.values.iter().map(|(category, value)| (category.clone(), by(*value)));
    Column::Lookup(Rc::new(Lookup {
        feature: of.feature,
        values: values.collect(),
        other: by(of.other),
        plain: false,
    }))
}

fn text(node: &GraphNode<'_>) -> Fault {
    node.unsupported("arithmetic with what is no number", super::NO_NUMBER)
}

fn after_sigmoid(node: &GraphNode<'_>) -> Fault {
    node.unsupported("arithmetic after a sigmoid", super::AFTER_SIGMOID)
}

/// `Sum` of one input.
pub(super) fn sum_of_one(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    match &call.inputs[..] {
        [value] => Ok(vec![value.clone()]),
        _ => Err(call.node.unsupported("a sum of several tables", super::AFTER_SIGMOID)),
    }
}

/// `Neg`.
pub(super) fn negative(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let row = call.row(0)?;
    units.spend_on(&call.node, &row.columns)?;
    let columns = row.columns.iter().map(|column| linear(&call.node, column, |x| -x));
    Ok(Row { shape: row.shape.clone(), columns: columns.collect::<Result<_, _>>()? })
}

/// `Scaler`: `(x − offset) · scale`.
pub(super) fn scaler(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let list = |name: &str, default: f64| -> Result<Vec<f64>, Fault> {
        let list: Vec<f64> = node.floats(name).iter().map(|x| f64::from(*x)).collect();
        if list.iter().any(|x| !x.is_finite()) {
            return Err(node.malformed(format!("{name} is not finite")));
        }
        match list.len() {
            0 => Ok(vec![default; row.columns.len()]),
            1 => Ok(vec![list[0]; row.columns.len()]),
            length if length == row.columns.len() => Ok(list),
            length => Err(node
                .malformed(format!("{length} items of {name} for {} numbers", row.columns.len()))),
        }
    };
    let (offsets, scales) = (list("offset", 0.0)?, list("scale", 1.0)?);
    affine(node, units, &row, &offsets, &scales)
}

/// `(x − offset) · scale`.
fn affine(
    node: &GraphNode<'_>,
    units: &mut Units,
    row: &Row,
    offsets: &[f64],
    scales: &[f64],
) -> Result<Row, Fault> {
    units.spend_on(node, &row.columns)?;
    let mut columns = Vec::with_capacity(row.columns.len());
    for ((column, offset), factor) in row.columns.iter().zip(offsets).zip(scales) {
        let shifted = shift(node, units, column, -offset)?;
        columns.push(scale(node, &shifted, *factor)?);
    }
    Ok(Row { shape: row.shape.clone(), columns })
}

/// `BatchNormalization`, as in inference.
pub(super) fn batch_normalization(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    if node.integer("training_mode", 0) != 0 {
        let hint = "export the model in evaluation mode: model.eval()";
        return Err(node.unsupported("training mode", hint));
    }
    let width = row.columns.len();
    let list = |index: usize| -> Result<Vec<f64>, Fault> {
        let tensor = call.weights(index)?;
        let numbers = tensor.numbers().unwrap_or_default();
        let fault = || node.malformed(format!("input {index} is not as wide as {width} numbers"));
        if row.shape.len() == 1 && numbers.len() == width {
            Ok(numbers.into())
        } else {
            Err(fault())
        }
    };
    let (gains, biases, means, variances) = (list(1)?, list(2)?, list(3)?, list(4)?);
    let epsilon = node.float("epsilon", f64::from(1e-5f32));
    if variances.iter().any(|variance| variance + epsilon <= 0.0) {
        return Err(node.malformed("a variance below 0"));
    }
    let scales: Vec<f64> =
        gains.iter().zip(&variances).map(|(gain, v)| gain / (v + epsilon).sqrt()).collect();
    let mut normal = affine(node, units, &row, &means, &scales)?;
    for (column, bias) in normal.columns.iter_mut().zip(biases) {
        *column = shift(node, units, column, bias)?;
    }
    Ok(normal)
}

/// `Cast`.
pub(super) fn cast(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let node = &call.node;
    let to = i32::try_from(node.integer("to", 0)).unwrap_or(0);
    let refused = |what: String| {
        node.unsupported(&what, "export the model with features and weights in FLOAT or DOUBLE")
    };
    if !matches!(
        to,
        element::FLOAT | element::DOUBLE | element::INT32 | element::INT64 | element::STRING
    ) {
        return Err(refused(format!("a cast to {}", element::name(to))));
    }
    let row = match call.first() {
        Some(Value::Label) => return Ok(vec![Value::Label]),
        Some(Value::Constant(tensor)) => {
            let numbers = tensor.numbers().filter(|_| to != element::STRING);
            let numbers = numbers.ok_or_else(|| refused("a cast of or to text".into()))?;
            units.spend(node, numbers.len(), numbers.len())?;
            let data = Data::Numbers(numbers.iter().map(|x| round(*x, to)).collect());
            return Ok(vec![Value::Constant(Rc::new(Tensor {
                shape: tensor.shape.clone(),
                data,
            }))]);
        }
        _ => call.row(0)?,
    };
    units.spend_on(node, &row.columns)?;
    let mut columns = Vec::with_capacity(row.columns.len());
    for column in &row.columns {
        let whole = matches!(to, element::INT32 | element::INT64);
        columns.push(match column {
            Column::Text(_) if to == element::STRING => column.clone(),
            Column::Constant(x) if to != element::STRING => Column::Constant(round(*x, to)),
            Column::Scaled(of) if whole && of.is_plain() => {
                units.demand(SourceDemand::Whole { feature: of.feature });
                if of.missing.is_none() {
                    units.demand(SourceDemand::Present { feature: of.feature });
                }
                Column::Scaled(Scaled { missing: of.missing.map(f64::trunc), ..*of })
            }
            Column::Lookup(of) if whole && is_whole(of) => column.clone(),
            Column::Scaled(of) if to == element::FLOAT => {
                Column::Scaled(Scaled { single: true, ..*of })
            }
            Column::Scaled(_) | Column::Lookup(_) | Column::Sum(_) | Column::Sigmoid(_)
                if matches!(to, element::FLOAT | element::DOUBLE) =>
            {
                column.clone()
            }
            _ => return Err(refused(format!("a cast of such numbers to {}", element::name(to)))),
        });
    }
    Ok(vec![Value::Row(Rc::new(Row { shape: row.shape.clone(), columns }))])
}

fn is_whole(of: &Lookup) -> bool {
    of.values.iter().map(|(_, value)| value).chain([&of.other]).all(|value| value.fract() == 0.0)
}

/// `x` as it is in a type of numbers.
fn round(x: f64, to: i32) -> f64 {
    match to {
        element::FLOAT => f64::from(x as f32),
        element::INT32 | element::INT64 => x.trunc(),
        _ => x,
    }
}

/// The sums of a row's columns with what they are made of; constants are sums of nothing. Sums of earlier
/// layers are carried up to the latest.
pub(super) fn sums(
    node: &GraphNode<'_>,
    units: &mut Units,
    row: &Row,
) -> Result<(Option<Basis>, Vec<Sum>), Fault> {
    let (mut basis, mut sums): (Option<Basis>, Vec<Sum>) = (None, Vec::new());
    for column in &row.columns {
        let constant = match column {
            Column::Constant(number) => *number,
            _ => 0.0,
        };
        let nothing = Sum { basis: Basis::Inputs, terms: Vec::new(), constant };
        let sum = match units.sum(node, column)? {
            None => nothing,
            Some(sum) => {
                basis = Some(match basis {
                    Some(basis) => units.later(node, basis, sum.basis)?,
                    None => sum.basis,
                });
                sum
            }
        };
        sums.push(sum);
    }
    let of = basis.unwrap_or(Basis::Inputs);
    let sums = sums.into_iter().map(|sum| units.lift(node, sum, of)).collect::<Result<_, _>>()?;
    Ok((basis, sums))
}
