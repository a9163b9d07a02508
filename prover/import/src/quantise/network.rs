//! From a network in floating point to integer weights.
//!
//! Activations of hidden layers are kept in units of 2^-20; the precision of weights follows from
//! how large the activations before them can be, so that rounding weights moves no sum by more than
//! about such a unit. Inputs are codes, hence exact: grid, imputer and scaler are folded into the
//! first layer.

use super::{
    super::network::{ResolvedInput, ResolvedNetwork, SourceLayer},
    Quantised, rounded,
};
use tessera_model::{
    Computation, FRACTION_BITS, Feature, FeatureKind, Model, ModelError, Network, Scaling, Schema,
    network::{ACCUMULATOR_BITS, Input, Layer, Neuron, Range},
};

/// Fraction bits of a hidden activation.
const HIDDEN_BITS: u32 = 20;
/// Rounding the weights of the last layer moves a score by at most `2^-POINTS_BITS` points.
const POINTS_BITS: u32 = 20;

/// Quantises `source`.
pub(crate) fn quantise(
    source: &ResolvedNetwork,
    schema: &Schema,
    scaling: &Scaling,
) -> Result<Quantised, ModelError> {
    let folded = fold_linear(&source.layers);
    let (inputs, mut layers) = fold_inputs(&source.inputs, folded, schema);
    let Some(last) = layers.last_mut() else {
        return Err(ModelError::Network("it has no layer".into()));
    };
    // The score's affine map into the last layer.
    for (row, bias) in last.weights.iter_mut().zip(&mut last.biases) {
        row.iter_mut().for_each(|weight| *weight *= scaling.slope());
        *bias = scaling.points_of(*bias);
    }

    let mut before = Before {
        ranges: inputs.iter().map(|input| input.range(schema)).collect(),
        bits: 0,
        errors: vec![0.0; inputs.len()],
    };
    let count = layers.len();
    let mut quantised = Vec::with_capacity(count);
    for (index, layer) in layers.iter().enumerate() {
        let (layer, after) = before.quantise(layer, index, index + 1 == count)?;
        quantised.push(layer);
        before = after;
    }
    let network = Network { inputs, layers: quantised };
    let tops = schema.features.iter().map(Feature::top).collect();
    let model = Model { computation: Computation::Network(network), offset: 0, tops };
    model.validate(schema)?;
    if before.ranges.iter().all(|range| range.low == range.high) {
        return Err(ModelError::Constant);
    }
    let rounding = before.errors.first().copied().unwrap_or(0.0);
    Ok(Quantised { model, origins: vec![], folded_splits: 0, constant_trees: 0, rounding })
}

/// Layers without an activation function are multiplied into the next one.
fn fold_linear(layers: &[SourceLayer]) -> Vec<SourceLayer> {
    let mut folded: Vec<SourceLayer> = Vec::new();
    for layer in layers {
        match folded.pop() {
            Some(before) if !before.relu => folded.push(product(&before, layer)),
            before => folded.extend(before.into_iter().chain([layer.clone()])),
        }
    }
    folded
}

/// `after · before`.
fn product(before: &SourceLayer, after: &SourceLayer) -> SourceLayer {
    let width = before.weights.first().map_or(0, Vec::len);
    let (weights, biases) = after
        .weights
        .iter()
        .zip(&after.biases)
        .map(|(row, bias)| {
            let column = |i: usize| row.iter().zip(&before.weights).map(|(w, of)| w * of[i]).sum();
            let bias = row.iter().zip(&before.biases).fold(*bias, |sum, (w, b)| sum + w * b);
            ((0..width).map(column).collect(), bias)
        })
        .unzip();
    SourceLayer { weights, biases, relu: after.relu }
}

/// Inputs as codes, and what made numbers of them as part of the first layer.
fn fold_inputs(
    inputs: &[ResolvedInput],
    mut layers: Vec<SourceLayer>,
    schema: &Schema,
) -> (Vec<Input>, Vec<SourceLayer>) {
    let Some(first) = layers.first_mut() else { return (vec![], layers) };
    let mut read = Vec::new();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let column = |index: usize, first: &SourceLayer| -> Vec<f64> {
        first.weights.iter().map(|row| row[index]).collect()
    };
    for (index, input) in inputs.iter().enumerate() {
        let weights = column(index, first);
        let times = |factor: f64| weights.iter().map(|weight| weight * factor).collect();
        match *input {
            ResolvedInput::Is { feature, code } => {
                read.push(Input::Is { feature, code });
                columns.push(weights);
            }
            ResolvedInput::Value { feature, missing, offset, scale } => {
                let (step, min) = grid(&schema.features[feature]);
                // (x − offset) · scale, where x = min + code · step
                let zero = (min - offset) * scale;
                for (bias, weight) in first.biases.iter_mut().zip(&weights) {
                    *bias += weight * zero;
                }
                // A missing value counts as code 0, and what is left is an input of its own.
                read.push(Input::Code { feature, missing: missing.map(|_| 0) });
                columns.push(times(scale * step));
                if let Some(missing) = missing {
                    read.push(Input::Is { feature, code: schema.features[feature].top() });
                    columns.push(times((missing - min) * scale));
                }
            }
        }
    }
    for (index, row) in first.weights.iter_mut().enumerate() {
        *row = columns.iter().map(|column| column[index]).collect();
    }
    (read, layers)
}

/// Width of a feature's grid and the value of code 0.
fn grid(feature: &Feature) -> (f64, f64) {
    match feature.kind {
        FeatureKind::Numeric { decimals, .. } => {
            (1.0 / 10f64.powi(decimals as i32), feature.value(0))
        }
        FeatureKind::Category { .. } => (1.0, 0.0),
    }
}

/// What a layer sees: ranges and worst errors of activations in units of `2^-bits`.
struct Before {
    ranges: Vec<Range>,
    bits: u32,
    errors: Vec<f64>,
}

impl Before {
    fn quantise(
        &self,
        layer: &SourceLayer,
        index: usize,
        last: bool,
    ) -> Result<(Layer, Before), ModelError> {
        let largest =
            |range: &Range| range.low.unsigned_abs().max(range.high.unsigned_abs()) as f64;
        let sum: f64 = self.ranges.iter().map(largest).sum();
        let (kept, precision) =
            if last { (FRACTION_BITS, POINTS_BITS) } else { (HIDDEN_BITS, HIDDEN_BITS) };
        // Rounding moves each weight by 2^(bits − fraction − 1), and the sum by as much times `sum`,
        // in units of 2^-bits: together at most 2^-precision.
        let needed = sum.max(1.0).log2().ceil() as u32 + precision;
        let fraction = needed.saturating_sub(1).max(kept).max(self.bits);
        if fraction >= ACCUMULATOR_BITS {
            return Err(ModelError::Accumulator { layer: index, neuron: 0 });
        }
        let (unit, before) = (exp2(fraction - self.bits), exp2(self.bits));
        let mut neurons = Vec::with_capacity(layer.weights.len());
        let mut errors = Vec::with_capacity(layer.weights.len());
        for (row, bias) in layer.weights.iter().zip(&layer.biases) {
            let bias = (bias * exp2(fraction)).round();
            // Folding may have made infinities and NaN of finite numbers.
            if bias.is_nan() || bias.abs() >= exp2(ACCUMULATOR_BITS) {
                return Err(ModelError::Accumulator { layer: index, neuron: neurons.len() });
            }
            let weights = row.iter().map(|w| rounded(w * unit)).collect::<Result<Vec<_>, _>>();
            let weights = weights.map_err(|_| {
                ModelError::Network(format!(
                    "layer {index}, neuron {}: a weight is too large for what it is multiplied \
                     with: narrow the schema's ranges or scale the inputs",
                    neurons.len()
                ))
            })?;
            let moved = row.iter().zip(&weights).map(|(w, q)| (w - *q as f64 / unit).abs());
            let error = moved
                .zip(row)
                .zip(self.ranges.iter().zip(&self.errors))
                .map(|((moved, w), (range, error))| {
                    moved * largest(range) / before + w.abs() * error
                })
                .sum::<f64>();
            // The bias's rounding, and that of the shift.
            errors.push(error + 0.5 / exp2(fraction) + 1.0 / exp2(kept));
            neurons.push(Neuron { bias: bias as i128, weights });
        }
        let layer = Layer { neurons, shift: fraction - kept };
        let ranges = layer.accumulators(&self.ranges, index)?;
        let ranges = match last {
            true => ranges,
            false => ranges.into_iter().map(|range| layer.activation(range)).collect(),
        };
        Ok((layer, Before { ranges, bits: kept, errors }))
    }
}

fn exp2(bits: u32) -> f64 {
    2f64.powi(bits as i32)
}
