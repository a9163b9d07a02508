//! PMML files: scorecards, logistic and linear regressions, trees, and sums of trees, as JPMML, SAS and others
//! write them (PMML 4.x, <https://dmg.org/pmml/v4-4-1/GeneralStructure.html>).
//!
//! Reading goes in two steps. [`read`] makes a [`Pmml`] of the file: fields, predicates and scores, with every
//! element refused that is not understood. [`Pmml::model`] then builds trees or a linear model over the features
//! of a schema. Which of a node's children is chosen depends on all predicates before it, and whether a value is
//! left without an answer depends on which values there are; so the trees are built along the schema's codes.

mod build;
mod expression;
mod fields;
mod linear;
mod mining;
mod predicate;
mod trees;
mod xml;

use super::{
    demand::{Edge, SourceDemand},
    ensemble::{Ensemble, Output},
    error::Fault,
    network::SourceNetwork,
    output,
    source::SourceModel,
};
use fields::Field;
use linear::Linear;
use tessera_model::{Format, Schema};
use trees::Forest;

/// Largest file, in bytes.
const MAX_FILE: usize = 64 << 20;
/// Most elements, attributes and texts.
const MAX_NODES: u32 = 1 << 24;

/// What a file holds.
#[derive(Clone, PartialEq)]
pub struct Pmml {
    library: Option<String>,
    objective: String,
    /// Those that the model asks for, in the file's order.
    fields: Vec<Field>,
    names: Vec<String>,
    body: Body,
    /// Whether the file leaves open what its number is.
    raw: bool,
    notes: Vec<String>,
}

tessera_core::hide!(Pmml);

#[derive(Clone, PartialEq)]
enum Body {
    Linear(Linear),
    Trees(Forest),
}

/// Whether `bytes` are XML whose first element is called PMML.
pub(super) fn is_pmml(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let begins = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    begins.starts_with(b"<") && start.windows(5).any(|window| window == b"<PMML")
}

/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8]) -> Result<Pmml, Fault> {
    if bytes.len() > MAX_FILE {
        let fault = format!("{} bytes are more than {MAX_FILE}", bytes.len());
        return Err(Fault::malformed("the file", fault));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let hint = "save the file as UTF-8";
        Fault::unsupported(format!("text that is not UTF-8, at byte {}", error.valid_up_to()), hint)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Without document types there are no entities to expand.
    let options = roxmltree::ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..Default::default()
    };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(xml::fault)?;
    mining::read(xml::Element::root(&document)?)
}

impl Pmml {
    /// How many features the model asks for.
    pub fn feature_count(&self) -> usize {
        self.fields.len()
    }

    /// Their names.
    pub fn features(&self) -> &[String] {
        &self.names
    }

    /// Name and version of the program that wrote the file, if it says.
    pub fn library(&self) -> Option<&str> {
        self.library.as_deref()
    }

    /// The kind of the model.
    pub fn objective(&self) -> &str {
        &self.objective
    }

    /// Number of trees, or of a scorecard's characteristics.
    pub fn trees(&self) -> usize {
        match &self.body {
            Body::Linear(_) => 0,
            Body::Trees(forest) => forest.trees.len(),
        }
    }

    /// What a reader should know, in sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The model over the features of `schema`; `columns[i]` is the schema's index of the model's feature `i`.
    pub(super) fn model(&self, schema: &Schema, columns: &[usize]) -> Result<SourceModel, Fault> {
        let mut demands = self.demands();
        let guesses = self.raw.then(output::log_odds).into_iter().collect();
        match &self.body {
            Body::Linear(linear) => {
                // A category that stands in for a missing one is no input of its own.
                let stands_in = |term: &&linear::Term| {
                    term.value.is_some() && self.fields[term.feature].missing.is_some()
                };
                let present = linear.terms.iter().filter(stands_in);
                demands.extend(present.map(|term| SourceDemand::Present { feature: term.feature }));
                let (inputs, layer) = linear.layer(&self.fields)?;
                Ok(SourceModel::Network(SourceNetwork {
                    format: Format::Pmml,
                    library: self.library.clone(),
                    objective: self.objective.clone(),
                    feature_count: self.fields.len(),
                    features: self.names.clone(),
                    inputs,
                    layers: vec![layer],
                    demands,
                    output: if self.raw { Output::Unsaid } else { Output::Margin },
                    notes: self.notes.clone(),
                    guesses,
                }))
            }
            Body::Trees(forest) => {
                demands.extend(forest.numbers().map(|feature| SourceDemand::Number { feature }));
                for demand in &demands {
                    demand.check(schema, columns)?;
                }
                let built = build::trees(forest, &self.fields, schema, columns)?;
                Ok(SourceModel::Trees(Ensemble {
                    format: Format::Pmml,
                    library: self.library.clone(),
                    objective: self.objective.clone(),
                    feature_count: self.fields.len(),
                    features: self.names.clone(),
                    categories: built.categories,
                    demands,
                    trees: built.trees,
                    base: forest.base,
                    exact_base: forest.base,
                    output: if self.raw { Output::Unsaid } else { forest.output },
                    sigmoid: forest.factor,
                    sum: super::ensemble::Precision::F64,
                    notes: self.notes.clone(),
                    guesses,
                    printed_edges: Vec::new(),
                    frame: None,
                }))
            }
        }
    }

    /// What the fields ask of the schema: values that a consumer of PMML would call invalid.
    fn demands(&self) -> Vec<SourceDemand> {
        let mut demands = Vec::new();
        for (feature, field) in self.fields.iter().enumerate() {
            if field.refuses_missing {
                demands.push(SourceDemand::Present { feature });
            }
            if field.takes_invalid {
                continue;
            }
            if !field.valid.is_empty() {
                let categories = field.valid.iter().map(|text| field.category(text)).collect();
                demands.push(SourceDemand::OneOf { feature, categories });
            }
            let (bottom, top) = (f64::NEG_INFINITY, f64::INFINITY);
            let mut from = Edge { at: bottom, inside: false };
            for interval in &field.intervals {
                let to = Edge { at: interval.low, inside: !interval.with_low };
                demands.push(SourceDemand::Nothing { feature, from, to });
                from = Edge { at: interval.high, inside: !interval.with_high };
            }
            if !field.intervals.is_empty() {
                let to = Edge { at: top, inside: false };
                demands.push(SourceDemand::Nothing { feature, from, to });
            }
        }
        demands
    }
}

/// Says what to do about a model that is not read.
fn unknown(root: xml::Element<'_>, fault: Fault) -> Fault {
    let model = root.children().find(|child| {
        child.name().ends_with("Model") && !mining::MODELS.contains(&child.name())
            || child.name() == "NeuralNetwork"
    });
    let Some(model) = model else { return fault };
    let hint = match model.name() {
        "NeuralNetwork" => "give networks as ONNX, which PyTorch, Keras and skl2onnx export",
        "GeneralRegressionModel" => {
            "export the logistic regression as RegressionModel, or its coefficients as a CSV table (term, \
             coefficient)"
        }
        _ => "imported are Scorecard, RegressionModel, TreeModel, and MiningModel of sums",
    };
    model.unsupported(format!("a model {:.60}", model.name()), hint)
}

/// Leaves out the fields that the model does not ask for.
fn used(mut pmml: Pmml) -> Pmml {
    let mut kept = vec![false; pmml.fields.len()];
    let mut places = Vec::with_capacity(kept.len());
    match &mut pmml.body {
        Body::Linear(linear) => {
            linear.terms.iter().for_each(|term| kept[term.feature] = true);
        }
        Body::Trees(forest) => forest.visit(&mut |feature| kept[*feature] = true),
    }
    let mut count = 0;
    for kept in &kept {
        places.push(count);
        count += usize::from(*kept);
    }
    match &mut pmml.body {
        Body::Linear(linear) => {
            linear.terms.iter_mut().for_each(|term| term.feature = places[term.feature]);
        }
        Body::Trees(forest) => forest.visit(&mut |feature| *feature = places[*feature]),
    }
    let mut keep = kept.iter();
    pmml.fields.retain(|_| keep.next().copied().unwrap_or(false));
    pmml.names = pmml.fields.iter().map(|field: &Field| field.name.clone()).collect();
    pmml
}
