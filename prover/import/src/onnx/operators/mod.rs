//! What a node's operator does to the values that come in.

mod dense;
mod elementwise;
mod encode;
mod probability;
mod shape;

use super::{
    node::GraphNode,
    tensor::Tensor,
    trees,
    units::Units,
    value::{Row, Value},
};
use crate::error::Fault;
use std::rc::Rc;

pub(super) use probability::{is_pair, note_classes, pair, several_classes};

/// What to do where a text, or whether a feature is missing, meets arithmetic.
pub(super) const NO_NUMBER: &str = "encode texts as numbers first (OneHotEncoder), and replace \
                                    missing values: torch.where(torch.isnan(x), mean, x)";

/// What to do where a probability goes on into arithmetic.
pub(super) const AFTER_SIGMOID: &str = "a sigmoid is imported as the last step only. Means of probabilities (random \
     forests, bagging, CalibratedClassifierCV with ensemble=True) are no log-odds: calibrate with ensemble=False and \
     method=\"sigmoid\". An isotonic calibration keeps the order: give the model without it, and move the threshold. \
     Inside a network, use ReLU";

/// A node with the values that come in.
pub(super) struct Call<'a> {
    pub node: GraphNode<'a>,
    pub inputs: Vec<Value>,
    /// Version of the standard operators.
    pub opset: i64,
}

impl std::ops::Deref for Call<'_> {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.inputs
    }
}

impl Call<'_> {
    /// Input `index`, numbers of one borrower.
    pub fn row(&self, index: usize) -> Result<Rc<Row>, Fault> {
        match self.inputs.get(index) {
            Some(Value::Row(row)) => Ok(row.clone()),
            Some(Value::Constant(_)) => {
                let hint = "imported are graphs that go from the features to one score";
                Err(self.node.unsupported(&format!("a constant as input {index}"), hint))
            }
            Some(Value::Label) => {
                let hint = "export probabilities: the chosen class is no score. Give bins (KBinsDiscretizer) as a CSV \
                            table with the columns variable, bin, WoE, coefficient, and a row for the intercept";
                Err(self.node.unsupported("arithmetic with the chosen class", hint))
            }
            _ => Err(self.node.malformed(format!("it has no input {index}"))),
        }
    }

    /// Input `index`, a constant, if it is there.
    pub fn optional(&self, index: usize) -> Result<Option<Rc<Tensor>>, Fault> {
        match self.inputs.get(index) {
            None | Some(Value::Absent) => Ok(None),
            Some(Value::Constant(tensor)) => Ok(Some(tensor.clone())),
            Some(_) => {
                let hint = "imported are weights that are the same for everybody";
                Err(self.node.unsupported(&format!("input {index} that is no constant"), hint))
            }
        }
    }

    /// Input `index`, a constant.
    pub fn constant(&self, index: usize) -> Result<Rc<Tensor>, Fault> {
        let missing = || self.node.malformed(format!("it has no input {index}"));
        self.optional(index)?.ok_or_else(missing)
    }

    /// Input `index`, finite numbers.
    pub fn weights(&self, index: usize) -> Result<Rc<Tensor>, Fault> {
        let tensor = self.constant(index)?;
        match tensor.numbers() {
            Some(numbers) if numbers.iter().all(|x| x.is_finite()) => Ok(tensor),
            _ => Err(self.node.malformed(format!("input {index} has what is no finite number"))),
        }
    }

    /// Input `index`, integers.
    pub fn integers(&self, index: usize) -> Result<Vec<i64>, Fault> {
        let integers = self.constant(index)?.integers();
        integers.ok_or_else(|| self.node.malformed(format!("input {index} is no list of integers")))
    }

    /// An axis of a tensor of `rank` dimensions, from 0.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize, Fault> {
        let found = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
        let found = found.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
        let fault = || format!("axis {axis} of {rank} dimensions");
        found.ok_or_else(|| self.node.malformed(fault()))
    }
}

/// The node's outputs.
pub(super) fn apply(call: &Call<'_>, units: &mut Units) -> Result<Vec<Value>, Fault> {
    let node = &call.node;
    let row = |row: Row| Ok(vec![Value::Row(Rc::new(row))]);
    let domain = match node.proto.domain.as_str() {
        "" | "ai.onnx" => "",
        other => other,
    };
    match (domain, node.proto.op_type.as_str()) {
        ("", "Identity" | "Dropout") => shape::identity(call),
        ("", "Constant") => shape::constant(call),
        ("", "Reshape") => shape::reshape(call, units),
        ("", "Flatten") => shape::flatten(call, units),
        ("", "Squeeze") => shape::squeeze(call, units),
        ("", "Unsqueeze") => shape::unsqueeze(call, units),
        ("", "Transpose") => shape::transpose(call),
        ("", "Concat") => row(shape::concat(call, units, node.integer("axis", 1))?),
        ("ai.onnx.ml", "FeatureVectorizer") => row(shape::concat(call, units, 1)?),
        ("", "Gather") => shape::gather(call, units),
        ("ai.onnx.ml", "ArrayFeatureExtractor") => row(shape::extract(call, units)?),
        ("", "Slice") => row(shape::slice(call, units)?),
        ("", "Split") => shape::split(call, units),

        ("", "Cast") => elementwise::cast(call, units),
        ("", operator @ ("Add" | "Sub" | "Mul" | "Div")) => {
            elementwise::binary(call, operator, units)
        }
        ("", "Neg") => row(elementwise::negative(call, units)?),
        ("", "Sum") => elementwise::sum_of_one(call),
        ("", "Exp") => row(probability::exponential(call, units)?),
        ("ai.onnx.ml", "Scaler") => row(elementwise::scaler(call, units)?),
        ("", "BatchNormalization") => row(elementwise::batch_normalization(call, units)?),

        ("ai.onnx.ml", "Imputer") => row(encode::imputer(call, units)?),
        ("", "IsNaN") => row(encode::is_nan(call, units)?),
        ("", "Not") => row(encode::not(call, units)?),
        ("", "Where") => row(encode::choose(call, units)?),
        ("ai.onnx.ml", "OneHotEncoder") => row(encode::one_hot(call, units)?),
        ("ai.onnx.ml", "LabelEncoder") => row(encode::label_encoder(call, units)?),

        ("", "MatMul") => row(dense::mat_mul(call, units)?),
        ("", "Gemm") => row(dense::gemm(call, units)?),
        ("ai.onnx.ml", "LinearRegressor") => row(dense::linear_regressor(call, units)?),
        ("ai.onnx.ml", "LinearClassifier") => {
            let scores = dense::linear_classifier(call, units)?;
            Ok(vec![Value::Label, Value::Row(Rc::new(scores))])
        }
        ("", "Relu") => row(dense::relu(call, units)?),
        ("", "Clip") => row(dense::clip(call, units)?),
        ("", "LeakyRelu") => row(dense::leaky_relu(call, units)?),
        ("", "HardSigmoid") => row(dense::hard_sigmoid(call, units)?),

        ("", "Sigmoid") => row(probability::sigmoid(call, units)?),
        ("", "Softmax") => row(probability::softmax(call, units)?),
        ("", "Abs") => row(probability::absolute(call, units)?),
        ("", "ReduceSum") => row(probability::reduce_sum(call, units)?),
        ("ai.onnx.ml", "Normalizer") => row(probability::normalizer(call, units)?),
        ("ai.onnx.ml", "ZipMap") => row(probability::zip_map(call, units)?),
        ("", "ArgMax") => Ok(vec![Value::Label]),

        ("ai.onnx.ml", "TreeEnsembleRegressor") => row(trees::regressor(call, units)?),
        ("ai.onnx.ml", "TreeEnsembleClassifier") => {
            let scores = trees::classifier(call, units)?;
            Ok(vec![Value::Label, Value::Row(Rc::new(scores))])
        }
        (domain, operator) => Err(unknown(node, domain, operator)),
    }
}

/// Why an operator is not imported.
fn unknown(node: &GraphNode<'_>, domain: &str, operator: &str) -> Fault {
    let hint = match (domain, operator) {
        ("ai.onnx.ml", "TreeEnsemble") => {
            "export it with version 3 of ai.onnx.ml (target_opset={\"ai.onnx.ml\": 3}), or give the \
             library's own file"
        }
        ("ai.onnx.ml", "SVMClassifier" | "SVMRegressor") => {
            "kernels are not imported: give a linear model, a network or boosted trees"
        }
        (
            "",
            "Tanh" | "PRelu" | "Elu" | "Selu" | "Celu" | "Gelu" | "Softplus" | "Softsign"
            | "HardSwish" | "Swish" | "Mish" | "Erf" | "ThresholdedRelu",
        ) => {
            "between layers there may be ReLU, LeakyReLU, ReLU6 and hard sigmoid: train with \
             activation=\"relu\""
        }
        (
            "",
            "Conv" | "ConvTranspose" | "LSTM" | "GRU" | "RNN" | "Attention" | "LayerNormalization"
            | "MaxPool" | "AveragePool",
        ) => "imported are networks of dense layers with ReLU",
        ("", "QuantizeLinear" | "DequantizeLinear" | "QLinearMatMul" | "MatMulInteger") => {
            "export the model in floating point: Tessera quantises it itself"
        }
        ("", "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual") => {
            "comparisons are read as trees and bins only: give bins (KBinsDiscretizer) as a CSV table with the \
             columns variable, bin, WoE, coefficient, and a row for the intercept"
        }
        ("", "ArgMin") => {
            "an isotonic calibration keeps the order of scores: give the model without it, and move the threshold"
        }
        ("", "ReduceMean" | "Mean" | "ConstantOfShape" | "Equal") => {
            "means and votes of several models (bagging, AdaBoost, voting) are no log-odds: train boosted \
             trees, a logistic regression or a network"
        }
        ("", "Shape") => {
            "it is in votes of several models (AdaBoost), which are no log-odds; of a network give an export with \
             fixed shapes"
        }
        ("", "If" | "Loop" | "Scan") => "imported are graphs without branches and loops",
        ("" | "ai.onnx.ml", _) => {
            "imported are linear models, networks of dense layers with ReLU, and boosted trees, with \
             imputers, scalers and encoders before them"
        }
        _ => "export the model with standard operators, before any optimisation for a runtime",
    };
    let domain = match domain {
        "" => String::new(),
        domain => format!(" of {:?}", domain.chars().take(60).collect::<String>()),
    };
    let operator: String = operator.chars().take(60).collect();
    Fault::unsupported(format!("operator {operator}{domain} in {}", node.place()), hint)
}
