//! What makes numbers of features: imputers and encoders.

use super::{Call, NO_NUMBER, elementwise::Stretched};
use crate::{
    demand::{Category, SourceDemand},
    error::Fault,
    onnx::{
        node::GraphNode,
        units::Units,
        value::{Column, Lookup, Row, Scaled},
    },
};
use std::{collections::HashSet, rc::Rc};

/// `Imputer` of `NaN`.
pub(super) fn imputer(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    units.spend_on(node, &row.columns)?;
    let replaced = node.float("replaced_value_float", 0.0);
    if node.has("imputed_value_int64s") || !replaced.is_nan() {
        let hint = "leave missing values empty (NaN) in the data, and train with \
                    SimpleImputer(missing_values=numpy.nan)";
        return Err(node.unsupported(&format!("replacing the number {replaced}"), hint));
    }
    let values = node.floats("imputed_value_floats");
    let width = row.columns.len();
    if values.len() != 1 && values.len() != width || values.iter().any(|x| !x.is_finite()) {
        let fault = format!("{} finite values for {width} numbers", values.len());
        return Err(node.malformed(fault));
    }
    let mut columns = Vec::with_capacity(width);
    for (column, value) in row.columns.iter().zip(values.iter().cycle()) {
        columns.push(match column {
            Column::Scaled(of) if of.missing.is_some() => column.clone(),
            // What stands in for the feature so that the scaler makes the value of it.
            Column::Scaled(of) => {
                let missing = Some(f64::from(*value) / of.scale + of.offset);
                Column::Scaled(Scaled { missing, ..*of })
            }
            // Never missing.
            Column::Lookup(_) | Column::Constant(_) => column.clone(),
            _ => {
                let hint = "impute features before anything else is done with them";
                return Err(node.unsupported("imputing what is no feature", hint));
            }
        });
    }
    Ok(Row { shape: row.shape.clone(), columns })
}

/// `IsNaN` of features.
pub(super) fn is_nan(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    units.spend_on(node, &row.columns)?;
    let missing = |column: &Column| match column {
        Column::Scaled(of) if of.missing.is_none() => {
            Ok(Column::Missing { feature: of.feature, negated: false })
        }
        _ => {
            let hint = "impute features before anything else is done with them";
            Err(node.unsupported("looking for missing values in what is no feature", hint))
        }
    };
    let columns = row.columns.iter().map(missing).collect::<Result<_, _>>()?;
    Ok(Row { shape: row.shape.clone(), columns })
}

/// `Not` of [`is_nan`].
pub(super) fn not(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    units.spend_on(node, &row.columns)?;
    let negate = |column: &Column| match column {
        Column::Missing { feature, negated } => {
            Ok(Column::Missing { feature: *feature, negated: !negated })
        }
        _ => Err(node.unsupported("the opposite of a number", NO_NUMBER)),
    };
    let columns = row.columns.iter().map(negate).collect::<Result<_, _>>()?;
    Ok(Row { shape: row.shape.clone(), columns })
}

/// `Where` a feature is missing a constant, else the feature.
pub(super) fn choose(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let node = &call.node;
    let inputs = Stretched::read(call, 3)?;
    let mut columns = Vec::new();
    for [condition, yes, no] in inputs.columns() {
        let (missing, present) = match condition {
            Column::Missing { negated: true, .. } => (no, yes),
            _ => (yes, no),
        };
        columns.push(match (condition, missing, present) {
            (Column::Missing { feature, .. }, Column::Constant(value), Column::Scaled(of))
                if of.feature == *feature && of.is_plain() && of.missing.is_none() =>
            {
                Column::Scaled(Scaled { missing: Some(*value), ..*of })
            }
            _ => {
                let hint = "imported is a constant where a feature is missing, else the feature: \
                            torch.where(torch.isnan(x), mean, x)";
                return Err(node.unsupported("a choice of this kind", hint));
            }
        });
    }
    units.spend_on(node, &columns)?;
    Ok(Row { shape: inputs.shape, columns })
}

/// A feature that is encoded: its index, and whether it is text.
fn encoded(
    node: &GraphNode<'_>,
    units: &mut Units,
    column: &Column,
) -> Result<(usize, bool), Fault> {
    match column {
        Column::Text(feature) => {
            units.demand(SourceDemand::Text { feature: *feature });
            Ok((*feature, true))
        }
        Column::Scaled(of) if of.is_plain() => {
            // A missing value would be cut to some integer, an imputed one is no category.
            units.demand(SourceDemand::Present { feature: of.feature });
            Ok((of.feature, false))
        }
        _ => {
            let hint = "encode features before anything else is done with them";
            Err(node.unsupported("encoding what is no feature", hint))
        }
    }
}

/// `OneHotEncoder`.
pub(super) fn one_hot(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let texts = node.texts("cats_strings")?;
    let numbers = node.integers("cats_int64s");
    let are_texts = numbers.is_empty();
    let categories: Vec<Category> = match are_texts {
        true => texts.into_iter().map(Category::Text).collect(),
        false => numbers.iter().map(|number| Category::Number(*number as f64)).collect(),
    };
    distinct(node, &categories)?;
    units.spend(node, row.columns.len().saturating_mul(categories.len()).saturating_mul(8), 0)?;
    let mut columns = Vec::new();
    for column in &row.columns {
        let (feature, is_text) = encoded(node, units, column)?;
        if is_text != are_texts {
            return Err(node.malformed("texts and numbers do not go together"));
        }
        if !is_text {
            units.demand(SourceDemand::Whole { feature });
        }
        if node.integer("zeros", 1) == 0 {
            units.demand(SourceDemand::Present { feature });
            units.demand(SourceDemand::OneOf { feature, categories: categories.clone() });
        }
        columns.extend(categories.iter().map(|category| {
            let values = vec![(category.clone(), 1.0)];
            Column::Lookup(Rc::new(Lookup { feature, values, other: 0.0, plain: true }))
        }));
    }
    let shape = [&row.shape[..], &[categories.len()]].concat();
    Ok(Row { shape, columns })
}

/// `LabelEncoder` from texts or integers to numbers.
pub(super) fn label_encoder(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let (texts, numbers) = (node.texts("keys_strings")?, node.integers("keys_int64s"));
    let are_texts = !texts.is_empty();
    let keys: Vec<Category> = match are_texts {
        true => texts.into_iter().map(Category::Text).collect(),
        false => numbers.iter().map(|number| Category::Number(*number as f64)).collect(),
    };
    distinct(node, &keys)?;
    let (floats, integers) = (node.floats("values_floats"), node.integers("values_int64s"));
    let (values, other): (Vec<f64>, f64) = match integers.is_empty() {
        true => (floats.iter().map(|x| f64::from(*x)).collect(), node.float("default_float", -0.0)),
        false => {
            (integers.iter().map(|x| *x as f64).collect(), node.integer("default_int64", -1) as f64)
        }
    };
    if keys.is_empty() || keys.len() != values.len() {
        let hint = "imported are encoders from keys_strings or keys_int64s to values_floats or \
                    values_int64s, one for each";
        return Err(node.unsupported("such keys and values", hint));
    }
    if values.iter().chain([&other]).any(|x| !x.is_finite()) {
        return Err(node.malformed("a value is not finite"));
    }
    units.spend(node, row.columns.len().saturating_mul(keys.len()).saturating_mul(8), 0)?;
    let mut columns = Vec::with_capacity(row.columns.len());
    for column in &row.columns {
        let (feature, is_text) = encoded(node, units, column)?;
        if is_text != are_texts {
            return Err(node.malformed("texts and numbers do not go together"));
        }
        if !is_text {
            units.demand(SourceDemand::Whole { feature });
        }
        let values = keys.iter().cloned().zip(values.iter().copied()).collect();
        columns.push(Column::Lookup(Rc::new(Lookup { feature, values, other, plain: true })));
    }
    Ok(Row { shape: row.shape.clone(), columns })
}

/// Refuses a category that is there twice.
fn distinct(node: &GraphNode<'_>, categories: &[Category]) -> Result<(), Fault> {
    let mut seen = HashSet::new();
    let key = |category: &Category| match category {
        Category::Text(text) => (text.clone(), 0),
        Category::Number(number) => (String::new(), number.to_bits()),
    };
    match categories.iter().find(|category| !seen.insert(key(category))) {
        Some(category) => Err(node.malformed(format!("the category {category} is there twice"))),
        None => Ok(()),
    }
}
