//! From margins to probabilities and the two columns of a classifier, and what leaves those as they
//! are.

use super::{Call, elementwise::sums};
use crate::{
    error::Fault,
    onnx::{
        node::GraphNode,
        units::Units,
        value::{Basis, Column, Row, Sum},
    },
};

/// Most notes about classes.
const MAX_NOTES: usize = 16;

/// The probabilities of class 0 and 1 where `margin` is the log-odds of class 1.
pub(in super::super) fn pair(margin: Sum) -> Row {
    let against = margin.clone().times(-1.0);
    Row::new(vec![Column::Sigmoid(against), Column::Sigmoid(margin)])
}

/// Whether these are the probabilities of the two classes, which add up to 1.
pub(in super::super) fn is_pair(columns: &[Column]) -> bool {
    matches!(columns, [Column::Sigmoid(a), Column::Sigmoid(b)] if a.is_negative_of(b))
}

/// Refuses what is no two classes.
pub(in super::super) fn several_classes(node: &GraphNode<'_>, classes: usize) -> Fault {
    let hint = "a score is one log-odds: train a model of two classes";
    node.unsupported(&format!("{classes} classes"), hint)
}

/// `Sigmoid` of each column.
pub(super) fn each_sigmoid(
    node: &GraphNode<'_>,
    units: &mut Units,
    row: &Row,
) -> Result<Row, Fault> {
    let (_, sums) = sums(node, units, row)?;
    units.spend_on(node, &row.columns)?;
    let columns = sums.into_iter().map(Column::Sigmoid).collect();
    Ok(Row { shape: row.shape.clone(), columns })
}

/// `Exp`: the beginning of a logistic function, as scikit-learn's calibration is written.
pub(super) fn exponential(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let (_, sums) = sums(node, units, &row)?;
    units.spend_on(node, &row.columns)?;
    let columns = sums.into_iter().map(Column::Exp).collect();
    Ok(Row { shape: row.shape.clone(), columns })
}

/// `Sigmoid`.
pub(super) fn sigmoid(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    each_sigmoid(&call.node, units, &*call.row(0)?)
}

/// Softmax of two logits: the log-odds of class 1 are their difference.
pub(super) fn softmax_of_two(
    node: &GraphNode<'_>,
    units: &mut Units,
    row: &Row,
) -> Result<Row, Fault> {
    let (_, sums) = sums(node, units, row)?;
    match &sums[..] {
        [zero, one] if row.shape.len() == 1 => Ok(pair(one.and(&zero.clone().times(-1.0)))),
        _ => Err(several_classes(node, sums.len())),
    }
}

/// `Softmax` over the last dimension.
pub(super) fn softmax(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let default = if call.opset < 13 { 1 } else { -1 };
    let axis = call.axis(node.integer("axis", default), row.shape.len() + 1)?;
    if axis != row.shape.len() || axis == 0 {
        let hint = "imported is a softmax over the classes (the last axis)";
        return Err(node.unsupported(&format!("axis {axis}"), hint));
    }
    softmax_of_two(node, units, &row)
}

/// `Abs` of probabilities.
pub(super) fn absolute(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    units.spend_on(node, &row.columns)?;
    if row.columns.iter().all(|column| matches!(column, Column::Sigmoid(_))) {
        return Ok(Row { shape: row.shape.clone(), columns: row.columns.clone() });
    }
    let hint = "imported are linear models and networks of dense layers with ReLU. An isotonic calibration keeps the \
                order of scores: give the model without it, and move the threshold";
    Err(node.unsupported("absolute values", hint))
}

/// `ReduceSum` over all dimensions but that over borrowers.
pub(super) fn reduce_sum(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let axes = match call.get(1) {
        Some(_) => call.integers(1)?,
        None => node.integers("axes").to_vec(),
    };
    let [axis] = axes[..] else {
        let hint = "imported are sums over the columns (axis 1)";
        return Err(node.unsupported(&format!("axes {axes:?}"), hint));
    };
    if row.shape.len() != 1 || call.axis(axis, 2)? != 1 {
        let hint = "imported are sums over the columns (axis 1)";
        return Err(node.unsupported(&format!("axis {axis}"), hint));
    }
    let column = if is_pair(&row.columns) {
        Column::Constant(1.0)
    } else {
        let (basis, sums) = sums(node, units, &row)?;
        let nothing =
            Sum { basis: basis.unwrap_or(Basis::Inputs), terms: Vec::new(), constant: 0.0 };
        let total = sums.iter().try_fold(nothing, |total, sum| -> Result<Sum, Fault> {
            units.spend(node, 0, total.terms.len() + sum.terms.len())?;
            Ok(total.and(sum))
        })?;
        units.spend(node, total.terms.len(), 0)?;
        Column::Sum(total)
    };
    let mut sum = Row::new(vec![column]);
    if node.integer("keepdims", 1) == 0 {
        sum.shape = Vec::new();
    }
    Ok(sum)
}

/// `Normalizer` of probabilities that add up to 1 already.
pub(super) fn normalizer(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    units.spend_on(node, &row.columns)?;
    if node.text("norm", "MAX")? == "L1" && is_pair(&row.columns) {
        return Ok(Row { shape: row.shape.clone(), columns: row.columns.clone() });
    }
    let hint = "its result depends on all features at once: scale each by itself (StandardScaler)";
    Err(node.unsupported("a norm of a whole row", hint))
}

/// `ZipMap`: a dictionary of the same numbers.
pub(super) fn zip_map(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    units.spend_on(node, &row.columns)?;
    note_classes(node, "classlabels_int64s", "classlabels_strings", units)?;
    let (shape, columns) = (row.shape.clone(), row.columns.clone());
    Ok(Row { shape, columns })
}

/// Says which class is which, unless they are called 0 and 1. Refuses classes in another order.
pub(in super::super) fn note_classes(
    node: &GraphNode<'_>,
    integers: &str,
    strings: &str,
    units: &mut Units,
) -> Result<(), Fault> {
    let names: Vec<String> = match node.integers(integers) {
        [] => node.texts(strings)?,
        [0, 1] => return Ok(()),
        [zero, one] if zero > one => {
            let hint = "class 1 would be the first: sort the classes before training";
            return Err(node.unsupported(&format!("the order of classes {zero}, {one}"), hint));
        }
        classes => classes.iter().map(i64::to_string).collect(),
    };
    match &names[..] {
        [] | [_] => Ok(()),
        [zero, one] => {
            let cut = |name: &str| name.chars().take(60).collect::<String>();
            let note =
                format!("Class 1 is what the file calls {:?}, class 0 {:?}.", cut(one), cut(zero));
            if units.notes.len() < MAX_NOTES && !units.notes.contains(&note) {
                units.notes.push(note);
            }
            Ok(())
        }
        _ => Err(several_classes(node, names.len())),
    }
}
