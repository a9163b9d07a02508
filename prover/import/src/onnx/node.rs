//! A node of the graph and its attributes.

use super::{
    proto,
    tensor::{Tensor, texts},
};
use crate::error::Fault;

/// A node, with its number for messages.
#[derive(Clone, Copy)]
pub(super) struct GraphNode<'a> {
    pub proto: &'a proto::NodeProto,
    pub index: usize,
}

impl<'a> GraphNode<'a> {
    /// Operator and name, for messages.
    pub fn place(&self) -> String {
        let cut = |text: &str| text.chars().take(60).collect::<String>();
        let (operator, name) = (cut(&self.proto.op_type), cut(&self.proto.name));
        match name.as_str() {
            "" => format!("node {} ({operator})", self.index),
            name => format!("node {name:?} ({operator})"),
        }
    }

    pub fn malformed(&self, fault: impl Into<String>) -> Fault {
        Fault::malformed(self.place(), fault)
    }

    /// Refuses `what` the node does.
    pub fn unsupported(&self, what: &str, hint: &'static str) -> Fault {
        Fault::unsupported(format!("{}: {what}", self.place()), hint)
    }

    fn attribute(&self, name: &str) -> Option<&'a proto::Attribute> {
        self.proto.attribute.iter().find(|attribute| attribute.name == name)
    }

    /// Whether the file has the attribute.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    pub fn float(&self, name: &str, default: f64) -> f64 {
        self.attribute(name).map_or(default, |attribute| f64::from(attribute.f))
    }

    pub fn integer(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.i)
    }

    pub fn integers(&self, name: &str) -> &'a [i64] {
        self.attribute(name).map_or(&[], |attribute| attribute.ints.as_slice())
    }

    pub fn floats(&self, name: &str) -> &'a [f32] {
        self.attribute(name).map_or(&[], |attribute| attribute.floats.as_slice())
    }

    /// An attribute of one text.
    pub fn text(&self, name: &str, default: &'static str) -> Result<&'a str, Fault> {
        let bytes = self.attribute(name).map(|attribute| attribute.s.as_slice());
        let text = bytes.map_or(Ok(default), std::str::from_utf8);
        text.map_err(|_| self.malformed(format!("{name} is not UTF-8")))
    }

    /// An attribute of texts as bytes.
    pub fn raw_texts(&self, name: &str) -> &'a [Vec<u8>] {
        self.attribute(name).map_or(&[], |attribute| attribute.strings.as_slice())
    }

    /// An attribute of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, Fault> {
        texts(self.raw_texts(name), &format!("{}, {name}", self.place()))
    }

    /// An attribute of one tensor.
    pub fn tensor(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        let tensor = self.attribute(name).and_then(|attribute| attribute.t.as_deref());
        let place = || format!("{}, {name}", self.place());
        tensor.map(|tensor| Tensor::read(tensor, &place())).transpose()
    }

    /// Numbers that a file may have as a list, or in double precision as a tensor.
    pub fn doubles(&self, name: &str) -> Result<Vec<f64>, Fault> {
        if let Some(tensor) = self.tensor(&format!("{name}_as_tensor"))? {
            let numbers = tensor.numbers().map(<[f64]>::to_vec);
            return numbers.ok_or_else(|| self.malformed(format!("{name} is text")));
        }
        Ok(self.floats(name).iter().map(|x| f64::from(*x)).collect())
    }
}
