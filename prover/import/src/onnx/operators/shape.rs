//! Operators that move numbers and change none.

use super::Call;
use crate::{
    error::Fault,
    onnx::{
        tensor::{Data, Tensor},
        units::Units,
        value::{Column, Row, Value},
    },
};
use std::rc::Rc;

fn row(row: Row) -> Result<Vec<Value>, Fault> {
    Ok(vec![Value::Row(Rc::new(row))])
}

fn constant_value(tensor: Tensor) -> Result<Vec<Value>, Fault> {
    Ok(vec![Value::Constant(Rc::new(tensor))])
}

/// `Identity`, and `Dropout`, which does nothing outside training.
pub(super) fn identity(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    let training = call.optional(2)?;
    if training.is_some_and(|flag| flag.numbers().is_none_or(|flag| flag != [0.0])) {
        let hint = "export the model in evaluation mode: model.eval()";
        return Err(call.node.unsupported("training mode", hint));
    }
    match call.first() {
        Some(Value::Absent) | None => Err(call.node.malformed("it has no input")),
        Some(value) => Ok(vec![value.clone()]),
    }
}

/// `Constant`.
pub(super) fn constant(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    let node = &call.node;
    if let Some(tensor) = node.tensor("value")? {
        return constant_value(tensor);
    }
    let floats = || node.floats("value_floats").iter().map(|x| f64::from(*x)).collect();
    let integers = || node.integers("value_ints").iter().map(|x| *x as f64).collect();
    constant_value(if node.has("value_float") {
        Tensor::scalar(node.float("value_float", 0.0))
    } else if node.has("value_int") {
        Tensor::scalar(node.integer("value_int", 0) as f64)
    } else if node.has("value_floats") {
        Tensor::list(floats())
    } else if node.has("value_ints") {
        Tensor::list(integers())
    } else if node.has("value_strings") {
        let texts = node.texts("value_strings")?;
        Tensor { shape: vec![texts.len()], data: Data::Texts(texts) }
    } else {
        return Err(node.malformed("a constant of no known kind"));
    })
}

/// The shape that `target` asks for: 0 keeps a dimension, one −1 takes what is left.
fn reshaped(call: &Call<'_>, from: &[usize], target: &[i64]) -> Result<Vec<usize>, Fault> {
    let node = &call.node;
    let fault = || node.malformed(format!("{from:?} does not become {target:?}"));
    let size = |shape: &[usize]| shape.iter().try_fold(1usize, |size, d| size.checked_mul(*d));
    let total = size(from).ok_or_else(fault)?;
    let (mut shape, mut open) = (Vec::with_capacity(target.len()), None);
    for (i, dimension) in target.iter().enumerate() {
        shape.push(match dimension {
            0 if node.integer("allowzero", 0) == 0 => *from.get(i).ok_or_else(fault)?,
            -1 if open.is_none() => {
                open = Some(i);
                1
            }
            dimension => usize::try_from(*dimension).map_err(|_| fault())?,
        });
    }
    let known = size(&shape).ok_or_else(fault)?;
    if let Some(open) = open {
        shape[open] = total.checked_div(known).ok_or_else(fault)?;
    }
    if size(&shape) == Some(total) { Ok(shape) } else { Err(fault()) }
}

/// `Reshape` that keeps borrowers apart.
pub(super) fn reshape(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let node = &call.node;
    let target = call.integers(1)?;
    match call.first() {
        Some(Value::Label) => Ok(vec![Value::Label]),
        Some(Value::Constant(tensor)) => {
            let shape = reshaped(call, &tensor.shape, &target)?;
            units.spend(node, shape.iter().product(), 0)?;
            constant_value(Tensor { shape, data: tensor.data.clone() })
        }
        _ => {
            let of = call.row(0)?;
            units.spend_on(node, &of.columns)?;
            // The first dimension is over borrowers, whatever number stands there.
            let Some((_, rest)) = target.split_first() else {
                return Err(node.malformed("a row does not become a single number"));
            };
            let from = [&[1], &of.shape[..]].concat();
            let mut target = vec![1];
            target.extend(rest);
            let shape = reshaped(call, &from, &target)?.split_off(1);
            row(Row { shape, columns: of.columns.clone() })
        }
    }
}

/// `Flatten` from the second dimension on.
pub(super) fn flatten(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let (node, of) = (&call.node, call.row(0)?);
    if call.axis(node.integer("axis", 1), of.shape.len() + 1)? != 1 {
        let hint = "imported are graphs that keep rows apart (axis 1)";
        return Err(node.unsupported("flattening rows together", hint));
    }
    units.spend_on(node, &of.columns)?;
    row(Row::new(of.columns.clone()))
}

/// Axes as an input or an attribute.
fn axes(call: &Call<'_>) -> Result<Vec<i64>, Fault> {
    match call.get(1) {
        Some(_) => call.integers(1),
        None => Ok(call.node.integers("axes").to_vec()),
    }
}

/// `Squeeze`.
pub(super) fn squeeze(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let (node, axes) = (&call.node, axes(call)?);
    let shape = |shape: &[usize], first: usize| -> Result<Vec<usize>, Fault> {
        let mut left: Vec<Option<usize>> = shape.iter().copied().map(Some).collect();
        if axes.is_empty() {
            left.iter_mut().filter(|d| **d == Some(1)).for_each(|d| *d = None);
        }
        for axis in &axes {
            let axis = call.axis(*axis, shape.len() + first)?.checked_sub(first);
            match axis.map(|axis| &mut left[axis]) {
                Some(dimension) if *dimension == Some(1) => *dimension = None,
                _ => return Err(node.malformed("a dimension that is not 1, or the one of rows")),
            }
        }
        Ok(left.into_iter().flatten().collect())
    };
    if let Some(Value::Constant(tensor)) = call.first() {
        units.spend(node, tensor.shape.iter().product(), 0)?;
        return constant_value(Tensor {
            shape: shape(&tensor.shape, 0)?,
            data: tensor.data.clone(),
        });
    }
    let of = call.row(0)?;
    units.spend_on(node, &of.columns)?;
    let shape = shape(&of.shape, 1)?;
    row(Row { shape, columns: of.columns.clone() })
}

/// `Unsqueeze`.
pub(super) fn unsqueeze(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let (node, axes) = (&call.node, axes(call)?);
    if axes.len() > 8 {
        return Err(node.malformed("more than 8 new dimensions"));
    }
    let shape = |shape: &[usize]| -> Result<Vec<usize>, Fault> {
        let mut shape = shape.to_vec();
        let rank = shape.len() + axes.len();
        let mut places: Vec<usize> =
            axes.iter().map(|axis| call.axis(*axis, rank)).collect::<Result<_, _>>()?;
        places.sort_unstable();
        for place in places {
            if place > shape.len() {
                return Err(node.malformed("an axis is there twice"));
            }
            shape.insert(place, 1);
        }
        Ok(shape)
    };
    if let Some(Value::Constant(tensor)) = call.first() {
        units.spend(node, tensor.shape.iter().product(), 0)?;
        return constant_value(Tensor { shape: shape(&tensor.shape)?, data: tensor.data.clone() });
    }
    let of = call.row(0)?;
    units.spend_on(node, &of.columns)?;
    // The dimension over borrowers, which must stay the first, is 2 here to be told from new ones.
    let mut whole = shape(&[&[2], &of.shape[..]].concat())?;
    if whole.remove(0) != 2 {
        return Err(node.malformed("a dimension before the one of rows"));
    }
    row(Row { shape: whole, columns: of.columns.clone() })
}

/// `Transpose` of a matrix of weights, or of nothing.
pub(super) fn transpose(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    let (node, axes) = (&call.node, call.node.integers("perm"));
    match call.first() {
        Some(Value::Constant(tensor)) if axes.is_empty() || axes == [1, 0] => {
            let (Some(numbers), [rows, columns]) = (tensor.numbers(), &tensor.shape[..]) else {
                return Err(node.malformed("it is no matrix of numbers"));
            };
            // A matrix without numbers may claim any size.
            let turned = (0..if numbers.is_empty() { 0 } else { *columns })
                .flat_map(|column| (0..*rows).map(move |row| numbers[row * columns + column]));
            let data = Data::Numbers(turned.collect());
            constant_value(Tensor { shape: vec![*columns, *rows], data })
        }
        Some(value) if !axes.is_empty() && axes.iter().copied().eq(0..axes.len() as i64) => {
            Ok(vec![value.clone()])
        }
        _ => {
            let hint = "imported are matrices of weights on the right of the features";
            Err(node.unsupported("exchanging rows and columns", hint))
        }
    }
}

/// `Concat` along `axis`.
pub(super) fn concat(call: &Call<'_>, units: &mut Units, axis: i64) -> Result<Row, Fault> {
    let node = &call.node;
    let rows: Vec<Rc<Row>> =
        (0..call.len()).map(|index| call.row(index)).collect::<Result<_, _>>()?;
    let Some(first) = rows.first() else { return Err(node.malformed("it has no input")) };
    let rank = first.shape.len();
    let Some(axis) = call.axis(axis, rank + 1)?.checked_sub(1) else {
        let hint = "imported are graphs that keep rows apart. Means of several models (bagging) are no log-odds: \
                    export one of them";
        return Err(node.unsupported("putting rows below each other (axis 0)", hint));
    };
    let mut shape = first.shape.clone();
    shape[axis] = 0;
    for row in &rows {
        let same = |i: usize| i == axis || row.shape[i] == first.shape[i];
        if row.shape.len() != rank || !(0..rank).all(same) {
            let fault = format!("shapes {:?} and {:?} along axis {axis}", first.shape, row.shape);
            return Err(node.malformed(fault));
        }
        shape[axis] += row.shape[axis];
        units.spend_on(node, &row.columns)?;
    }
    let outer: usize = first.shape[..axis].iter().product();
    let mut columns = Vec::new();
    for at in 0..outer {
        for row in &rows {
            let inner = row.columns.len() / outer;
            columns.extend_from_slice(&row.columns[at * inner..(at + 1) * inner]);
        }
    }
    Ok(Row { shape, columns })
}

/// The columns at `places` along `axis` of the row's shape.
fn take(
    call: &Call<'_>,
    units: &mut Units,
    of: &Row,
    axis: usize,
    places: &[usize],
) -> Result<Row, Fault> {
    let size = of.shape[axis];
    let inner: usize = of.shape[axis + 1..].iter().product();
    let outer: usize = of.shape[..axis].iter().product();
    if let Some(place) = places.iter().find(|place| **place >= size) {
        return Err(call.node.malformed(format!("place {place} of {size}")));
    }
    let mut columns: Vec<Column> = Vec::new();
    for at in 0..outer {
        for place in places {
            let start = (at * size + place) * inner;
            let part = &of.columns[start..start + inner];
            units.spend_on(&call.node, part)?;
            columns.extend_from_slice(part);
        }
    }
    let mut shape = of.shape.clone();
    shape[axis] = places.len();
    Ok(Row { shape, columns })
}

/// Places from integers, which count from the end below 0.
fn places(call: &Call<'_>, integers: &[i64], size: usize) -> Result<Vec<usize>, Fault> {
    integers.iter().map(|integer| call.axis(*integer, size)).collect()
}

/// An axis of the row's shape, which must not be the one over borrowers.
fn inner_axis(call: &Call<'_>, axis: i64, of: &Row) -> Result<usize, Fault> {
    call.axis(axis, of.shape.len() + 1)?.checked_sub(1).ok_or_else(|| {
        let hint = "imported are graphs that keep rows apart";
        call.node.unsupported("choosing rows (axis 0)", hint)
    })
}

/// `Gather` of columns by constant places.
pub(super) fn gather(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let of = call.row(0)?;
    let axis = inner_axis(call, call.node.integer("axis", 0), &of)?;
    let (tensor, integers) = (call.constant(1)?, call.integers(1)?);
    let mut taken = take(call, units, &of, axis, &places(call, &integers, of.shape[axis])?)?;
    match tensor.shape.len() {
        0 => {
            taken.shape.remove(axis);
        }
        1 => {}
        _ => return Err(call.node.malformed("places of two dimensions")),
    }
    row(taken)
}

/// `ArrayFeatureExtractor`: columns by constant places.
pub(super) fn extract(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let of = call.row(0)?;
    let integers = call.integers(1)?;
    let Some(axis) = of.shape.len().checked_sub(1) else {
        return Err(call.node.malformed("there are no columns"));
    };
    take(call, units, &of, axis, &places(call, &integers, of.shape[axis])?)
}

/// `Slice` of columns.
pub(super) fn slice(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, of) = (&call.node, call.row(0)?);
    let list = |index: usize, name: &str| match call.get(index) {
        None | Some(Value::Absent) => Ok(node.integers(name).to_vec()),
        Some(_) => call.integers(index),
    };
    let (starts, ends) = (list(1, "starts")?, list(2, "ends")?);
    let (axes, steps) = (list(3, "axes")?, list(4, "steps")?);
    let ([start], [end], [axis]) = (&starts[..], &ends[..], &axes[..]) else {
        let hint = "imported are slices along one axis that is named";
        return Err(node.unsupported("a slice along several axes", hint));
    };
    if steps.iter().any(|step| *step != 1) {
        return Err(node.unsupported("steps", "imported are slices of columns side by side"));
    }
    let axis = inner_axis(call, *axis, &of)?;
    let size = of.shape[axis];
    let bound = |at: i64| {
        let at = if at < 0 { at.saturating_add(size as i64) } else { at };
        at.clamp(0, size as i64) as usize
    };
    take(call, units, &of, axis, &(bound(*start)..bound(*end)).collect::<Vec<_>>())
}

/// `Split` of columns into as many parts as there are outputs.
pub(super) fn split(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let (node, of) = (&call.node, call.row(0)?);
    let axis = inner_axis(call, node.integer("axis", 0), &of)?;
    let (size, parts) = (of.shape[axis], node.proto.output.len());
    let sizes = match call.get(1) {
        None | Some(Value::Absent) => node.integers("split").to_vec(),
        Some(_) => call.integers(1)?,
    };
    let sizes: Vec<usize> = if sizes.is_empty() {
        let each = size.div_ceil(parts.max(1));
        (0..parts).map(|part| size.saturating_sub(part * each).min(each)).collect()
    } else {
        let size = |size: &i64| usize::try_from(*size).ok();
        sizes.iter().map(size).collect::<Option<_>>().unwrap_or_default()
    };
    let total = sizes.iter().try_fold(0usize, |total, size| total.checked_add(*size));
    if sizes.len() != parts || total != Some(size) {
        return Err(node.malformed(format!("{size} columns into parts of {sizes:?}")));
    }
    let mut start = 0;
    let mut found = Vec::with_capacity(parts);
    for size in sizes {
        let part: Vec<usize> = (start..start + size).collect();
        start += size;
        found.push(Value::Row(Rc::new(take(call, units, &of, axis, &part)?)));
    }
    Ok(found)
}
