//! The quantised network: integer inputs, weights and activations. A linear model is a network of
//! one layer.
//!
//! ```text
//! layer l:    acc = bias + Σ weight · activation        every |acc| < 2^120
//! hidden:     activation = max(acc, 0) >> shift
//! last:       score = acc >> shift                      in 2^-32 points, rounded down
//! ```
//!
//! All of it is exact: `>>` drops the low bits, which is rounding down also below 0.

use crate::{
    forest::{ModelError, SCORE_LIMIT},
    schema::Schema,
};
use tessera_core::hide;
use zeroize::Zeroizing;

/// Every accumulator stays below `2^ACCUMULATOR_BITS` in magnitude, far below the field's 2^253 and
/// within what the evaluator's integers hold.
pub const ACCUMULATOR_BITS: u32 = 120;
/// Most weights of all layers together.
pub const MAX_WEIGHTS: usize = 1 << 22;
/// Most layers.
pub const MAX_LAYERS: usize = 64;

/// Layers of neurons over inputs that are read off the features.
#[derive(Clone, PartialEq, Eq)]
pub struct Network {
    /// What the first layer sees.
    pub inputs: Vec<Input>,
    /// At least one; the last has one neuron, whose output is the score.
    pub layers: Vec<Layer>,
}

/// An integer that is read off a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The code, or `missing` where the value is missing.
    Code {
        /// Index in [`Schema::features`].
        feature: usize,
        /// Where the feature may be missing; may lie outside of the codes.
        missing: Option<i64>,
    },
    /// 1 where the feature has this code, 0 elsewhere.
    Is {
        /// Index in [`Schema::features`].
        feature: usize,
        /// At most the feature's largest.
        code: u64,
    },
}

/// Neurons over the same activations.
#[derive(Clone, PartialEq, Eq)]
pub struct Layer {
    /// At least one.
    pub neurons: Vec<Neuron>,
    /// Low bits of an accumulator that are dropped.
    pub shift: u32,
}

/// A weighted sum.
#[derive(Clone, PartialEq, Eq)]
pub struct Neuron {
    /// What the sum starts from.
    pub bias: i128,
    /// A weight an activation of the layer before (or an input).
    pub weights: Vec<i64>,
}

hide!(Network, Layer, Neuron);

/// Ends of what a number can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Smallest value.
    pub low: i128,
    /// Largest value.
    pub high: i128,
}

impl Range {
    /// Smallest `b` with `−2^b ≤ x < 2^b` for every `x` in the range.
    pub fn bits(self) -> u32 {
        let bits = |x: u128| u128::BITS - x.leading_zeros();
        // −2^b needs b bits, 2^b one more.
        let low = if self.low < 0 { bits(self.low.unsigned_abs() - 1) } else { 0 };
        let high = if self.high > 0 { bits(self.high.unsigned_abs()) } else { 0 };
        low.max(high)
    }
}

impl Input {
    /// Index of the feature that is read.
    pub fn feature(self) -> usize {
        match self {
            Self::Code { feature, .. } | Self::Is { feature, .. } => feature,
        }
    }

    /// The integer for `code` of a feature with largest code `top`.
    pub fn read(self, code: u64, top: u64) -> i128 {
        match self {
            Self::Code { missing: Some(missing), .. } if code == top => missing.into(),
            Self::Code { .. } => code.into(),
            Self::Is { code: of, .. } => (code == of).into(),
        }
    }

    /// What the input can be within the schema's ranges.
    pub fn range(self, schema: &Schema) -> Range {
        match self {
            Self::Code { feature, missing } => {
                let missing = missing.map_or(0, i128::from);
                let last = i128::from(schema.features[feature].last());
                Range { low: missing.min(0), high: missing.max(last) }
            }
            Self::Is { .. } => Range { low: 0, high: 1 },
        }
    }
}

impl Neuron {
    /// `bias + Σ weight · activation`.
    fn accumulate(&self, activations: &[i128]) -> i128 {
        let products = self.weights.iter().zip(activations);
        products.fold(self.bias, |sum, (weight, x)| sum + i128::from(*weight) * x)
    }

    /// Range of the sum; `None` where a partial sum could pass [`ACCUMULATOR_BITS`].
    fn range(&self, activations: &[Range]) -> Option<Range> {
        let mut sum = Range { low: self.bias, high: self.bias };
        let mut magnitude = self.bias.unsigned_abs();
        for (weight, range) in self.weights.iter().zip(activations) {
            let weight = i128::from(*weight);
            let ends = [weight.checked_mul(range.low)?, weight.checked_mul(range.high)?];
            let largest = ends[0].unsigned_abs().max(ends[1].unsigned_abs());
            magnitude = magnitude.checked_add(largest)?;
            if magnitude >> ACCUMULATOR_BITS != 0 {
                return None;
            }
            // Both stay below the magnitude.
            sum.low += ends[0].min(ends[1]);
            sum.high += ends[0].max(ends[1]);
        }
        (magnitude >> ACCUMULATOR_BITS == 0).then_some(sum)
    }
}

impl Layer {
    /// What a hidden layer makes of an accumulator.
    pub fn activate(&self, accumulator: i128) -> i128 {
        accumulator.max(0) >> self.shift
    }

    /// Ranges of [`Layer::activate`].
    pub fn activation(&self, accumulator: Range) -> Range {
        Range { low: 0, high: self.activate(accumulator.high) }
    }

    /// Ranges of the accumulators over activations in `before`. `index` is the layer's, for the
    /// error.
    pub fn accumulators(&self, before: &[Range], index: usize) -> Result<Vec<Range>, ModelError> {
        let range = |(neuron, of): (usize, &Neuron)| {
            of.range(before).ok_or(ModelError::Accumulator { layer: index, neuron })
        };
        self.neurons.iter().enumerate().map(range).collect()
    }
}

impl Network {
    /// Number of neurons in all layers.
    pub fn neurons(&self) -> usize {
        self.layers.iter().map(|layer| layer.neurons.len()).sum()
    }

    /// Number of weights in all layers.
    pub fn weights(&self) -> usize {
        self.layers.iter().flat_map(|layer| &layer.neurons).map(|neuron| neuron.weights.len()).sum()
    }

    /// Activations of every hidden layer and the score of valid `codes`; `tops` as in
    /// [`crate::Model::tops`].
    pub fn run(&self, codes: &[u64], tops: &[u64]) -> Run {
        let read = |input: &Input| input.read(codes[input.feature()], tops[input.feature()]);
        let inputs = Zeroizing::new(self.inputs.iter().map(read).collect::<Vec<_>>());
        let (last, hidden) = self.layers.split_last().expect("a network has a layer");
        let mut activations: Vec<Zeroizing<Vec<i128>>> = Vec::with_capacity(hidden.len());
        for layer in hidden {
            let before = activations.last().unwrap_or(&inputs);
            let of = |neuron: &Neuron| layer.activate(neuron.accumulate(before));
            let after = layer.neurons.iter().map(of).collect();
            activations.push(Zeroizing::new(after));
        }
        let before = activations.last().unwrap_or(&inputs);
        let score = (last.neurons[0].accumulate(before) >> last.shift) as i64;
        Run { inputs, activations, score }
    }

    /// Ranges of the accumulators of each neuron of each layer, for every borrower in the schema's
    /// ranges.
    pub fn accumulators(&self, schema: &Schema) -> Result<Vec<Vec<Range>>, ModelError> {
        let mut before: Vec<Range> = self.inputs.iter().map(|input| input.range(schema)).collect();
        let mut all = Vec::with_capacity(self.layers.len());
        for (index, layer) in self.layers.iter().enumerate() {
            let ranges = layer.accumulators(&before, index)?;
            before = ranges.iter().map(|range| layer.activation(*range)).collect();
            all.push(ranges);
        }
        Ok(all)
    }

    /// Largest magnitude of the score, in 2^-32 points.
    pub fn bound(&self, schema: &Schema) -> Result<u64, ModelError> {
        let all = self.accumulators(schema)?;
        let (Some(Range { low, high }), Some(layer)) =
            (all.last().and_then(|layer| layer.first()), self.layers.last())
        else {
            return Err(ModelError::Network("it has no neuron".into()));
        };
        let ends = [low >> layer.shift, high >> layer.shift].map(i128::unsigned_abs);
        Ok(u64::try_from(ends[0].max(ends[1])).unwrap_or(u64::MAX))
    }

    /// Checks every rule of the types above, but for [`SCORE_LIMIT`].
    pub(crate) fn validate(&self, schema: &Schema) -> Result<(), ModelError> {
        let fault = |fault: String| Err(ModelError::Network(fault));
        if self.inputs.is_empty() || self.layers.is_empty() || self.layers.len() > MAX_LAYERS {
            return fault(format!(
                "{} inputs and {} layers, where 1 to {MAX_LAYERS} layers over some inputs belong",
                self.inputs.len(),
                self.layers.len()
            ));
        }
        for (index, input) in self.inputs.iter().enumerate() {
            let Some(feature) = schema.features.get(input.feature()) else {
                return fault(format!("input {index} reads feature {}", input.feature()));
            };
            let fits = match *input {
                Input::Code { missing, .. } => {
                    let small = |x: i64| x.unsigned_abs() <= SCORE_LIMIT;
                    missing.is_none_or(small) && feature.missing == missing.is_some()
                }
                Input::Is { code, .. } => code <= feature.top(),
            };
            if !fits {
                return fault(format!("input {index} does not fit feature {:?}", feature.name));
            }
        }
        let mut width = self.inputs.len();
        for (index, layer) in self.layers.iter().enumerate() {
            let widths = layer.neurons.iter().map(|neuron| neuron.weights.len());
            let last = index + 1 == self.layers.len();
            if layer.neurons.is_empty() || last && layer.neurons.len() != 1 {
                return fault(format!("layer {index} has {} neurons", layer.neurons.len()));
            }
            if widths.clone().any(|found| found != width) {
                return fault(format!("layer {index} does not have {width} weights a neuron"));
            }
            if layer.shift >= ACCUMULATOR_BITS {
                return fault(format!("layer {index} drops {} bits", layer.shift));
            }
            width = layer.neurons.len();
        }
        if self.weights() > MAX_WEIGHTS {
            return fault(format!("more than {MAX_WEIGHTS} weights"));
        }
        Ok(())
    }

    /// For each feature of `schema`, the thresholds whose comparisons tell the inputs apart.
    pub fn thresholds(&self, schema: &Schema) -> Vec<Vec<u64>> {
        let mut thresholds = vec![std::collections::BTreeSet::new(); schema.features.len()];
        for input in &self.inputs {
            let feature = &schema.features[input.feature()];
            let of: &[u64] = match *input {
                Input::Code { .. } if feature.missing => &[feature.top()],
                Input::Code { .. } => &[],
                Input::Is { code, .. } => &[code, code + 1],
            };
            let inside = |threshold: &&u64| (1..=feature.top()).contains(*threshold);
            thresholds[input.feature()].extend(of.iter().filter(inside));
        }
        thresholds.into_iter().map(|set| set.into_iter().collect()).collect()
    }
}

/// What a network makes of a borrower.
pub struct Run {
    /// Inputs of the first layer.
    pub inputs: Zeroizing<Vec<i128>>,
    /// Of each hidden layer.
    pub activations: Vec<Zeroizing<Vec<i128>>>,
    /// In 2^-32 points.
    pub score: i64,
}

impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Code { feature, missing: None } => write!(f, "{feature}"),
            Self::Code { feature, missing: Some(missing) } => write!(f, "{feature}~{missing}"),
            Self::Is { feature, code } => write!(f, "{feature}={code}"),
        }
    }
}

impl Input {
    /// Inverse of `Display`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Some((feature, code)) = text.split_once('=') {
            return Some(Self::Is { feature: feature.parse().ok()?, code: code.parse().ok()? });
        }
        let (feature, missing) = match text.split_once('~') {
            Some((feature, missing)) => (feature, Some(missing.parse().ok()?)),
            None => (text, None),
        };
        Some(Self::Code { feature: feature.parse().ok()?, missing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Feature;

    /// Layers over a feature from 0 to `top` and the flag of its largest code.
    fn accumulators(top: i64, layers: Vec<Layer>) -> Result<Vec<Vec<Range>>, ModelError> {
        let schema =
            Schema { name: "test".into(), features: vec![Feature::numeric("x", 0, 0, top)] };
        let inputs = vec![
            Input::Code { feature: 0, missing: None },
            Input::Is { feature: 0, code: top as u64 },
        ];
        let network = Network { inputs, layers };
        network.validate(&schema)?;
        network.accumulators(&schema)
    }

    #[test]
    fn a_sum_ends_one_below_the_limit() {
        let limit = 1i128 << ACCUMULATOR_BITS;
        // x can reach 2^53: the weights put 2^113 and 1 on top of the bias.
        let one = |bias: i128, weights: &[i64]| {
            let layer = Layer { neurons: vec![Neuron { bias, weights: weights.into() }], shift: 0 };
            accumulators(1 << 53, vec![layer])
        };
        let most = limit - 1 - (1i128 << 113) - 1;
        let high = Range { low: most, high: limit - 1 };
        assert_eq!(one(most, &[1 << 60, 1]), Ok(vec![vec![high]]));
        assert_eq!(high.bits(), ACCUMULATOR_BITS);
        let low = Range { low: -(limit - 1), high: -most };
        assert_eq!(one(-most, &[-(1 << 60), -1]), Ok(vec![vec![low]]));
        // Partial sums count, whatever the next product takes back.
        let refused = Err(ModelError::Accumulator { layer: 0, neuron: 0 });
        for (bias, weights) in [
            (most + 1, [1 << 60, 1]),
            (-most - 1, [-(1 << 60), -1]),
            (most + 1, [1 << 60, -1]),
            (limit, [0, 0]),
            (i128::MIN, [0, 0]),
            (i128::MAX, [i64::MAX, i64::MAX]),
        ] {
            assert_eq!(one(bias, &weights), refused, "{bias} {weights:?}");
        }
    }

    #[test]
    fn activations_bound_the_next_layer() {
        let layer = |bias, weights: &[i64], shift| Layer {
            neurons: vec![Neuron { bias, weights: weights.into() }],
            shift,
        };
        let two = |weight, shift| {
            accumulators(1 << 53, vec![layer(0, &[1 << 40, 0], shift), layer(0, &[weight], 0)])
        };
        // 2^93 units, of which the shift drops some.
        let refused = Err(ModelError::Accumulator { layer: 1, neuron: 0 });
        assert_eq!(two(1 << 27, 0), refused);
        assert_eq!(two(1 << 28, 1), refused);
        assert_eq!(two(-(1 << 27), 0), refused);
        assert_eq!(two((1 << 27) - 1, 0).unwrap()[1][0].bits(), 120);
        assert_eq!(two(1 << 27, 1).unwrap()[1][0], Range { low: 0, high: 1 << 119 });
    }
}
