//! Matrices of weights, and ReLU.

use super::{Call, elementwise::sums, probability};
use crate::{
    error::Fault,
    network::{MAX_WEIGHTS, MAX_WIDTH},
    onnx::{
        node::GraphNode,
        units::{HiddenLayer, Units},
        value::{Basis, Column, Row, Sum},
    },
    output,
};

/// A matrix of weights: `at(input, output)`.
struct Weights<'a> {
    inputs: usize,
    outputs: usize,
    numbers: &'a [f64],
    /// Whether rows are outputs.
    transposed: bool,
}

impl Weights<'_> {
    fn at(&self, input: usize, output: usize) -> f64 {
        let place = if self.transposed {
            output * self.inputs + input
        } else {
            input * self.outputs + output
        };
        self.numbers[place]
    }
}

/// `row · weights · factor + biases`.
fn dense(
    node: &GraphNode<'_>,
    units: &mut Units,
    row: &Row,
    weights: &Weights<'_>,
    factor: f64,
    biases: &[f64],
) -> Result<Vec<Column>, Fault> {
    if row.shape.len() != 1 || row.columns.len() != weights.inputs {
        return Err(node.malformed(format!(
            "numbers of shape {:?} meet a matrix for {}",
            row.shape, weights.inputs
        )));
    }
    let (inputs, outputs) = (weights.inputs, weights.outputs);
    if inputs > MAX_WIDTH || outputs > MAX_WIDTH || inputs * outputs > MAX_WEIGHTS {
        return Err(node.malformed(format!(
            "{inputs} × {outputs} weights are more than {MAX_WEIGHTS}, or wider than {MAX_WIDTH}"
        )));
    }
    let (basis, sums) = sums(node, units, row)?;
    let basis = basis.unwrap_or(Basis::Inputs);
    let mut used: Vec<u32> =
        sums.iter().flat_map(|sum| &sum.terms).map(|(unit, _)| *unit).collect();
    used.sort_unstable();
    used.dedup();
    let terms: usize = sums.iter().map(|sum| sum.terms.len() + 1).sum();
    units.spend(node, used.len().saturating_mul(outputs), terms.saturating_mul(outputs))?;

    let mut totals = vec![0.0; used.last().map_or(0, |last| *last as usize + 1)];
    let mut columns = Vec::with_capacity(outputs);
    for output in 0..outputs {
        let mut constant = biases.get(output).copied().unwrap_or(0.0);
        for (input, sum) in sums.iter().enumerate() {
            let weight = weights.at(input, output) * factor;
            constant += sum.constant * weight;
            for (unit, coefficient) in &sum.terms {
                totals[*unit as usize] += coefficient * weight;
            }
        }
        let take = |unit: &u32| (*unit, std::mem::take(&mut totals[*unit as usize]));
        let terms = used.iter().map(take).filter(|(_, coefficient)| *coefficient != 0.0);
        columns.push(Column::Sum(Sum { basis, terms: terms.collect(), constant }));
    }
    Ok(columns)
}

/// `MatMul` with a matrix, or with a vector.
pub(super) fn mat_mul(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row, tensor) = (&call.node, call.row(0)?, call.weights(1)?);
    let (inputs, outputs) = match tensor.shape[..] {
        [inputs, outputs] => (inputs, outputs),
        [inputs] => (inputs, 1),
        _ => return Err(node.malformed(format!("weights of shape {:?}", tensor.shape))),
    };
    let numbers = tensor.numbers().unwrap_or_default();
    let weights = Weights { inputs, outputs, numbers, transposed: false };
    let mut row = Row::new(dense(node, units, &row, &weights, 1.0, &[])?);
    if tensor.shape.len() == 1 {
        row.shape = Vec::new();
    }
    Ok(row)
}

/// `Gemm`: `alpha · A · B + beta · C`.
pub(super) fn gemm(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row, tensor) = (&call.node, call.row(0)?, call.weights(1)?);
    if node.integer("transA", 0) != 0 {
        let hint = "imported are matrices of weights on the right";
        return Err(node.unsupported("transA", hint));
    }
    let transposed = node.integer("transB", 0) != 0;
    let (inputs, outputs) = match (&tensor.shape[..], transposed) {
        ([inputs, outputs], false) | ([outputs, inputs], true) => (*inputs, *outputs),
        _ => return Err(node.malformed(format!("weights of shape {:?}", tensor.shape))),
    };
    let (alpha, beta) = (node.float("alpha", 1.0), node.float("beta", 1.0));
    let mut biases = Vec::new();
    if call.optional(2)?.is_some() {
        let tensor = call.weights(2)?;
        let numbers = tensor.numbers().unwrap_or_default();
        let shape = &tensor.shape[..];
        biases = match numbers {
            [number] if shape.len() <= 2 && outputs <= MAX_WIDTH => vec![*number * beta; outputs],
            _ if shape == [outputs] || shape == [1, outputs] => {
                numbers.iter().map(|x| x * beta).collect()
            }
            _ => {
                return Err(node.malformed(format!("biases of shape {shape:?} for {outputs}")));
            }
        };
    }
    let numbers = tensor.numbers().unwrap_or_default();
    let weights = Weights { inputs, outputs, numbers, transposed };
    if !alpha.is_finite() || !beta.is_finite() {
        return Err(node.malformed("alpha or beta is not finite"));
    }
    Ok(Row::new(dense(node, units, &row, &weights, alpha, &biases)?))
}

/// Columns of a linear model of ONNX-ML, a row a class or target.
fn linear(call: &Call<'_>, units: &mut Units) -> Result<Vec<Column>, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let list = |name: &str| -> Result<Vec<f64>, Fault> {
        let list: Vec<f64> = node.floats(name).iter().map(|x| f64::from(*x)).collect();
        let finite = list.iter().all(|x| x.is_finite());
        if finite { Ok(list) } else { Err(node.malformed(format!("{name} is not finite"))) }
    };
    let (coefficients, intercepts) = (list("coefficients")?, list("intercepts")?);
    let inputs = row.columns.len();
    let outputs = coefficients.len().checked_div(inputs).unwrap_or(0);
    if outputs == 0 || outputs * inputs != coefficients.len() {
        let fault = format!("{} coefficients for {inputs} numbers", coefficients.len());
        return Err(node.malformed(fault));
    }
    if !intercepts.is_empty() && intercepts.len() != outputs {
        let fault = format!("{} intercepts for {outputs} outputs", intercepts.len());
        return Err(node.malformed(fault));
    }
    let weights = Weights { inputs, outputs, numbers: &coefficients, transposed: true };
    dense(node, units, &row, &weights, 1.0, &intercepts)
}

/// `LinearRegressor` of one target.
pub(super) fn linear_regressor(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let node = &call.node;
    let columns = linear(call, units)?;
    if columns.len() != 1 {
        let hint = "a score is one number: export a model of one target";
        return Err(node.unsupported(&format!("{} targets", columns.len()), hint));
    }
    match node.text("post_transform", "NONE")? {
        "NONE" => {
            units.raw = true;
            Ok(Row::new(columns))
        }
        other => {
            let hint = "runtimes do not agree on it: export with NONE, and a Sigmoid after it";
            Err(node.unsupported(&format!("post_transform {other:.60?}"), hint))
        }
    }
}

/// The scores of `LinearClassifier`, for two classes.
pub(super) fn linear_classifier(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let node = &call.node;
    probability::note_classes(node, "classlabels_ints", "classlabels_strings", units)?;
    let columns = linear(call, units)?;
    let transform = node.text("post_transform", "NONE")?;
    let row = Row::new(columns);
    match (transform, row.columns.len()) {
        (_, 3..) => Err(probability::several_classes(node, row.columns.len())),
        ("NONE", 2) => {
            units.raw = true;
            Ok(row)
        }
        ("LOGISTIC", 1) => {
            let (_, mut sums) = sums(node, units, &row)?;
            Ok(probability::pair(sums.remove(0)))
        }
        ("LOGISTIC", _) => probability::each_sigmoid(node, units, &row),
        ("SOFTMAX", 2) => {
            if let [Column::Sum(zero), Column::Sum(one)] = &row.columns[..]
                && zero.is_negative_of(one)
            {
                units.guesses.push(output::doubled());
            }
            probability::softmax_of_two(node, units, &row)
        }
        (transform, outputs) => {
            let hint = "give scores of two classes, with LOGISTIC, SOFTMAX or NONE";
            let what = format!("post_transform {transform:.60?} of {outputs} scores");
            Err(node.unsupported(&what, hint))
        }
    }
}

/// A layer with ReLU over `sums`; answers with its basis.
fn hidden(
    node: &GraphNode<'_>,
    units: &mut Units,
    before: Option<Basis>,
    sums: Vec<Sum>,
) -> Result<Basis, Fault> {
    if sums.len() > MAX_WIDTH {
        return Err(node.malformed(format!("a layer wider than {MAX_WIDTH}")));
    }
    let Some(before) = before else {
        return Err(node.malformed("numbers that are the same for everybody"));
    };
    if before == Basis::Trees {
        return Err(node.unsupported("ReLU after trees", "imported are trees whose leaves add up"));
    }
    units.spend(node, sums.iter().map(|sum| sum.terms.len() + 1).sum(), 0)?;
    let layer = Basis::Layer(units.layers.len());
    units.layers.push(HiddenLayer { before, sums });
    Ok(layer)
}

/// `Relu`: a new layer.
pub(super) fn relu(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let (basis, sums) = sums(node, units, &row)?;
    units.spend_on(node, &row.columns)?;
    let layer = hidden(node, units, basis, sums)?;
    let columns = (0..row.columns.len() as u32).map(|unit| Column::Sum(Sum::unit(layer, unit)));
    Ok(Row { shape: row.shape.clone(), columns: columns.collect() })
}

/// `first · relu(x) + second · relu(y)` and a constant, for each number, where x and y are made of it.
struct Pair {
    first: (f64, f64),
    second: (f64, f64),
    /// What `relu(x)`, `relu(y)` are multiplied with, and what is added.
    factors: [f64; 2],
    constant: f64,
}

/// Each number as a sum of two ReLU of it: `first` and `second` are factor and constant inside of those.
fn of_two(call: &Call<'_>, units: &mut Units, pair: &Pair) -> Result<Row, Fault> {
    let (node, row) = (&call.node, call.row(0)?);
    let numbers =
        [pair.first.0, pair.first.1, pair.second.0, pair.second.1, pair.constant, pair.factors[1]];
    if numbers.iter().any(|x| !x.is_finite()) {
        return Err(node.malformed("a parameter that is not finite"));
    }
    let (basis, sums) = sums(node, units, &row)?;
    units.spend_on(node, &row.columns)?;
    let inside = |(factor, constant): (f64, f64)| {
        sums.iter().map(move |sum| sum.clone().times(factor).plus(constant))
    };
    let both: Vec<Sum> = inside(pair.first).chain(inside(pair.second)).collect();
    let layer = hidden(node, units, basis, both)?;
    let count = sums.len() as u32;
    let column = |unit: u32| {
        let terms = vec![(unit, pair.factors[0]), (count + unit, pair.factors[1])];
        Column::Sum(Sum { basis: layer, terms, constant: pair.constant })
    };
    Ok(Row { shape: row.shape.clone(), columns: (0..count).map(column).collect() })
}

/// `Clip` to a range: `low + relu(x − low) − relu(x − high)`. From 0 on it is ReLU.
pub(super) fn clip(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let node = &call.node;
    let bound = |index: usize, name: &str| -> Result<Option<f64>, Fault> {
        match call.optional(index)? {
            Some(tensor) => Ok(tensor.numbers().and_then(|numbers| numbers.first()).copied()),
            None => Ok(node.has(name).then(|| node.float(name, 0.0))),
        }
    };
    let limit = f64::from(f32::MAX);
    let low = bound(1, "min")?.filter(|low| *low > -limit);
    let high = bound(2, "max")?.filter(|high| *high < limit);
    match (low, high) {
        (Some(0.0), None) => relu(call, units),
        (Some(low), Some(high)) if low <= high => {
            let (first, second) = ((1.0, -low), (1.0, -high));
            of_two(call, units, &Pair { first, second, factors: [1.0, -1.0], constant: low })
        }
        (low, high) => {
            let text =
                |bound: Option<f64>| bound.map_or_else(|| "nothing".into(), |x| x.to_string());
            let hint = "a range has a lower and an upper end, or starts at 0";
            let what = format!("a range from {} to {}", text(low), text(high));
            Err(node.unsupported(&what, hint))
        }
    }
}

/// `LeakyRelu`: `relu(x) − alpha · relu(−x)`.
pub(super) fn leaky_relu(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let alpha = call.node.float("alpha", f64::from(0.01f32));
    let (first, second) = ((1.0, 0.0), (-1.0, 0.0));
    of_two(call, units, &Pair { first, second, factors: [1.0, -alpha], constant: 0.0 })
}

/// `HardSigmoid`: `alpha · x + beta`, cut to 0 and 1.
pub(super) fn hard_sigmoid(call: &Call<'_>, units: &mut Units) -> Result<Row, Fault> {
    let node = &call.node;
    let alpha = node.float("alpha", f64::from(0.2f32));
    let beta = node.float("beta", 0.5);
    let (first, second) = ((alpha, beta), (alpha, beta - 1.0));
    of_two(call, units, &Pair { first, second, factors: [1.0, -1.0], constant: 0.0 })
}
