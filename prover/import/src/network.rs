//! Linear models and networks as the library wrote them, evaluated in double precision.
//!
//! Libraries add up in single precision in an order that they do not promise, so this reference
//! agrees with them up to that noise.

use super::{
    Guess,
    demand::{Category, Codes, SourceDemand, check_any_known, check_category, check_distinct},
    ensemble::Output,
    error::Fault,
};
use std::collections::{BTreeMap, HashMap};
use tessera_core::hide;
use tessera_model::{Schema, package::Format};

/// Widest layer, and most inputs.
pub const MAX_WIDTH: usize = 65_536;
/// Most weights of all layers together.
pub const MAX_WEIGHTS: usize = 1 << 22;

/// What a file holds, with nothing rounded. A linear model has one layer.
#[derive(Clone, PartialEq)]
pub struct SourceNetwork {
    /// What wrote it.
    pub format: Format,
    /// Name and version of the library, if the file says.
    pub library: Option<String>,
    /// What the file says that the model is for, or the kind of the model.
    pub objective: String,
    /// How many features the model knows.
    pub feature_count: usize,
    /// Their names in the model's order; none if the file names none.
    pub features: Vec<String>,
    /// What the first layer sees.
    pub inputs: Vec<SourceInput>,
    /// At least one; the last has one output and no activation function.
    pub layers: Vec<SourceLayer>,
    /// What the file asks of the values of its features.
    pub demands: Vec<SourceDemand>,
    /// What the last layer's number is.
    pub output: Output,
    /// What a reader should know, in sentences.
    pub notes: Vec<String>,
    /// What the file leaves open by itself.
    pub guesses: Vec<Guess>,
}

/// A number that is made of a feature.
#[derive(Clone, PartialEq)]
pub struct SourceInput {
    /// Index in [`SourceNetwork::features`].
    pub feature: usize,
    /// How.
    pub kind: SourceInputKind,
}

/// How an input follows from a feature.
#[derive(Clone, PartialEq)]
pub enum SourceInputKind {
    /// `(x − offset) · scale`.
    Value {
        /// Stands in for a missing x; without it x may not be missing.
        missing: Option<f64>,
        /// Subtracted.
        offset: f64,
        /// Multiplied with.
        scale: f64,
    },
    /// 1 if the feature is of this category, else 0, also when it is missing.
    Is(Category),
}

/// A dense layer.
#[derive(Clone, PartialEq)]
pub struct SourceLayer {
    /// A row an output, a column an input.
    pub weights: Vec<Vec<f64>>,
    /// One an output.
    pub biases: Vec<f64>,
    /// Whether negative outputs become 0.
    pub relu: bool,
}

hide!(SourceNetwork, SourceInput, SourceInputKind, SourceLayer, ResolvedNetwork, ResolvedInput);

/// A network whose inputs are found in a schema.
#[derive(Clone, PartialEq)]
pub struct ResolvedNetwork {
    /// What the first layer sees.
    pub inputs: Vec<ResolvedInput>,
    /// As in the source, without the weights of inputs that are never set.
    pub layers: Vec<SourceLayer>,
}

/// A number that is made of a feature of a schema.
#[derive(Clone, Copy, PartialEq)]
pub enum ResolvedInput {
    /// `(x − offset) · scale`.
    Value {
        /// Index in [`Schema::features`].
        feature: usize,
        /// Stands in for a missing x; there wherever the schema allows that.
        missing: Option<f64>,
        /// Subtracted.
        offset: f64,
        /// Multiplied with.
        scale: f64,
    },
    /// 1 where the feature has this code, else 0.
    Is {
        /// Index in [`Schema::features`].
        feature: usize,
        /// One of the feature's codes.
        code: u64,
    },
}

impl SourceNetwork {
    /// Finds every input in `schema`; `columns[i]` is the schema's index of the model's feature `i`.
    /// A category that the schema has not can't occur: its input is left out, and noted. Refuses a
    /// schema that allows a value to which the file has no answer, or that has none of the categories that
    /// the file knows of a feature.
    pub fn resolve(
        &self,
        schema: &Schema,
        columns: &[usize],
    ) -> Result<(ResolvedNetwork, Vec<String>), Fault> {
        for demand in &self.demands {
            demand.check(schema, columns)?;
        }
        let mut codes: HashMap<usize, Codes<'_>> = HashMap::new();
        let mut known: BTreeMap<usize, (Vec<Category>, Vec<Option<u64>>)> = BTreeMap::new();
        let (mut inputs, mut kept, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for (index, input) in self.inputs.iter().enumerate() {
            let column = columns[input.feature];
            let feature = &schema.features[column];
            let resolved = match &input.kind {
                SourceInputKind::Value { missing, offset, scale } => {
                    let feature_of = input.feature;
                    SourceDemand::Number { feature: feature_of }.check(schema, columns)?;
                    if missing.is_none() {
                        SourceDemand::Present { feature: feature_of }.check(schema, columns)?;
                    }
                    let missing = missing.filter(|_| feature.missing);
                    let (offset, scale) = (*offset, *scale);
                    Some(ResolvedInput::Value { feature: column, missing, offset, scale })
                }
                SourceInputKind::Is(category) => {
                    check_category(feature, category)?;
                    let codes = codes.entry(column).or_insert_with(|| Codes::of(feature));
                    let code = codes.get(category);
                    let (names, found) = known.entry(column).or_default();
                    names.push(category.clone());
                    found.push(code);
                    code.map(|code| ResolvedInput::Is { feature: column, code })
                }
            };
            match (resolved, &input.kind) {
                (Some(resolved), _) => {
                    inputs.push(resolved);
                    kept.push(index);
                }
                (None, SourceInputKind::Is(category)) => notes.push(format!(
                    "The model knows the category {category} of {:?}, the schema does not: its \
                     weights are left out.",
                    feature.name
                )),
                (None, SourceInputKind::Value { .. }) => unreachable!("a value is always found"),
            }
        }
        for (column, (names, found)) in &known {
            check_any_known(&schema.features[*column], names, found)?;
            check_distinct(&schema.features[*column], names, found)?;
        }
        let mut layers = self.layers.clone();
        if let Some(first) = layers.first_mut() {
            for row in &mut first.weights {
                *row = kept.iter().map(|index| row[*index]).collect();
            }
        }
        Ok((ResolvedNetwork { inputs, layers }, notes))
    }
}

impl ResolvedNetwork {
    /// The margin of `values`, which are in the schema's order: `NaN` where missing, the index of the
    /// code for a category ([`tessera_model::Features::values`]). `codes` are the same as codes.
    pub fn margin(&self, values: &[f64], codes: &[u64]) -> f64 {
        let read = |input: &ResolvedInput| match *input {
            ResolvedInput::Value { feature, missing, offset, scale } => {
                let x = values[feature];
                let x = if x.is_nan() { missing.unwrap_or(x) } else { x };
                (x - offset) * scale
            }
            ResolvedInput::Is { feature, code } => f64::from(u8::from(codes[feature] == code)),
        };
        let mut activations: Vec<f64> = self.inputs.iter().map(read).collect();
        for layer in &self.layers {
            activations = layer.apply(&activations);
        }
        activations.first().copied().unwrap_or(f64::NAN)
    }
}

impl SourceLayer {
    /// Outputs for `activations`.
    fn apply(&self, activations: &[f64]) -> Vec<f64> {
        let output = |(row, bias): (&Vec<f64>, &f64)| {
            let sum = row.iter().zip(activations).fold(*bias, |sum, (w, x)| sum + w * x);
            if self.relu { sum.max(0.0) } else { sum }
        };
        self.weights.iter().zip(&self.biases).map(output).collect()
    }
}
