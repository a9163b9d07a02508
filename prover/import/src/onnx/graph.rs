//! The walk from a graph's outputs to its inputs.

use super::{
    node::GraphNode,
    operators::{self, Call},
    proto::{self, element},
    tensor::Tensor,
    units::Units,
    value::{Column, Row, Scaled, Value},
};
use crate::{demand::SourceDemand, error::Fault, network::MAX_WIDTH};
use std::{collections::HashMap, rc::Rc};

/// The features that a graph takes.
#[derive(Default)]
pub(super) struct Features {
    pub count: usize,
    /// Empty if an input holds several, which have no names then.
    pub names: Vec<String>,
}

/// Where a value comes from.
#[derive(Clone, Copy)]
enum Source {
    Initializer(usize),
    /// A node, by its index.
    Node(usize),
}

/// A graph that is evaluated step by step, each node once, only as far as it is asked for.
pub(super) struct Graph<'a> {
    graph: &'a proto::Graph,
    opset: i64,
    sources: HashMap<&'a str, Source>,
    values: HashMap<&'a str, Value>,
    /// Nodes whose inputs are being made.
    open: Vec<bool>,
}

impl<'a> Graph<'a> {
    /// Indexes the names of a graph, and its features.
    pub fn new(
        graph: &'a proto::Graph,
        opset: i64,
        units: &mut Units,
    ) -> Result<(Self, Features), Fault> {
        let mut sources = HashMap::new();
        let initializers = graph.initializer.iter().enumerate();
        let initializers = initializers.map(|(i, of)| (of.name.as_str(), Source::Initializer(i)));
        let nodes = graph.node.iter().enumerate().flat_map(|(i, node)| {
            node.output.iter().map(move |name| (name.as_str(), Source::Node(i)))
        });
        for (name, source) in initializers.chain(nodes).filter(|(name, _)| !name.is_empty()) {
            if sources.insert(name, source).is_some() {
                return Err(Fault::malformed(format!("value {name:.60?}"), "it is made twice"));
            }
        }
        let open = vec![false; graph.node.len()];
        let mut found = Self { graph, opset, sources, values: HashMap::new(), open };
        let features = found.features(units)?;
        Ok((found, features))
    }

    /// Makes the graph's inputs rows of features. Old files list initializers among the inputs.
    fn features(&mut self, units: &mut Units) -> Result<Features, Fault> {
        let mut features = Features::default();
        let mut named = true;
        for input in &self.graph.input {
            if self.sources.contains_key(input.name.as_str()) {
                continue;
            }
            let place = format!("input {:.60?}", input.name);
            let tensor = input.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
            let (of, shape) = match tensor {
                Some(proto::TensorType { elem_type, shape: Some(shape) }) => (*elem_type, shape),
                _ => return Err(Fault::malformed(place, "no tensor of a known shape")),
            };
            let width = match &shape.dim[..] {
                [_, width] => usize::try_from(width.dim_value).ok(),
                _ => None,
            };
            let width = width.filter(|width| (1..=MAX_WIDTH - features.count).contains(width));
            let Some(width) = width else {
                let fault = format!(
                    "its shape is not (rows, features) with a fixed number of features, or there \
                     are more than {MAX_WIDTH}"
                );
                return Err(Fault::malformed(place, fault));
            };
            let column = |feature: usize| match of {
                element::STRING => Some(Column::Text(feature)),
                element::FLOAT | element::DOUBLE | element::INT32 | element::INT64 => {
                    Some(Column::Scaled(Scaled {
                        feature,
                        missing: None,
                        offset: 0.0,
                        scale: 1.0,
                        single: of != element::DOUBLE,
                    }))
                }
                _ => None,
            };
            let mut columns = Vec::with_capacity(width);
            for feature in features.count..features.count + width {
                let column = column(feature).ok_or_else(|| {
                    let what = format!("{place} of type {}", element::name(of));
                    let hint = "export the model with features in FLOAT, DOUBLE, INT64 or STRING";
                    Fault::unsupported(what, hint)
                })?;
                if matches!(of, element::INT32 | element::INT64) {
                    units.demand(SourceDemand::Whole { feature });
                    units.demand(SourceDemand::Present { feature });
                }
                columns.push(column);
            }
            features.count += width;
            named &= width == 1;
            features.names.push(input.name.clone());
            let row = Value::Row(Rc::new(Row::new(columns)));
            if self.values.insert(input.name.as_str(), row).is_some() {
                return Err(Fault::malformed(place, "it is there twice"));
            }
        }
        if features.count == 0 {
            return Err(Fault::malformed("the graph", "it has no inputs"));
        }
        if !named {
            features.names.clear();
        }
        Ok(features)
    }

    /// The value called `name`.
    pub fn value(&mut self, name: &'a str, units: &mut Units) -> Result<Value, Fault> {
        // Nodes to evaluate; a node stays until all that it takes is there.
        let mut pending = vec![name];
        while let Some(name) = pending.last().copied() {
            if self.values.contains_key(name) {
                pending.pop();
                continue;
            }
            let unknown = || Fault::malformed(format!("value {name:.60?}"), "nothing makes it");
            match self.sources.get(name).copied().ok_or_else(unknown)? {
                Source::Initializer(index) => {
                    let place = format!("initializer {name:.60?}");
                    let tensor = Tensor::read(&self.graph.initializer[index], &place)?;
                    self.values.insert(name, Value::Constant(Rc::new(tensor)));
                }
                Source::Node(index) => {
                    let proto = &self.graph.node[index];
                    let node = GraphNode { proto, index };
                    let inputs = proto.input.iter().map(String::as_str);
                    let missing = inputs
                        .filter(|input| !input.is_empty() && !self.values.contains_key(input));
                    let before = pending.len();
                    pending.extend(missing);
                    if pending.len() == before {
                        self.evaluate(node, units)?;
                        continue;
                    }
                    // Met again while something that it takes is being made: it takes itself.
                    if std::mem::replace(&mut self.open[index], true) {
                        return Err(node.malformed("it takes what is made of it"));
                    }
                }
            }
        }
        Ok(self.values[name].clone())
    }

    /// Evaluates a node whose inputs are there.
    fn evaluate(&mut self, node: GraphNode<'a>, units: &mut Units) -> Result<(), Fault> {
        let input = |name: &String| match name.as_str() {
            "" => Value::Absent,
            name => self.values[name].clone(),
        };
        units.spend(&node, node.proto.input.len() + node.proto.output.len(), 0)?;
        let inputs = node.proto.input.iter().map(input).collect();
        let found = operators::apply(&Call { node, inputs, opset: self.opset }, units)?;
        for value in &found {
            if let Value::Row(row) = value
                && !(1..=MAX_WIDTH).contains(&row.columns.len())
            {
                let fault = format!("{} numbers, not 1 to {MAX_WIDTH}", row.columns.len());
                return Err(node.malformed(fault));
            }
        }
        let mut values = found.into_iter();
        for name in &node.proto.output {
            let value = values.next();
            if name.is_empty() {
                continue;
            }
            let Some(value) = value else {
                let hint = "imported are the operators' main outputs";
                return Err(node.unsupported(&format!("output {name:.60?}"), hint));
            };
            self.values.insert(name, value);
        }
        Ok(())
    }
}
