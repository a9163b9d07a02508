//! Elements of XML with their places.

use crate::error::Fault;
use roxmltree::{Document, Node};

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 512;

/// An element.
#[derive(Clone, Copy)]
pub(super) struct Element<'a> {
    node: Node<'a, 'a>,
}

/// What is wrong with XML that can't be parsed.
pub(super) fn fault(error: roxmltree::Error) -> Fault {
    match error {
        roxmltree::Error::DtdDetected => Fault::unsupported(
            "a document type (<!DOCTYPE …>)",
            "PMML needs none: take it out, together with the entities that it declares",
        ),
        roxmltree::Error::NodesLimitReached => {
            Fault::malformed("the file", "it has too many elements")
        }
        error => {
            let position = error.pos();
            let place = format!("line {}, column {}", position.row, position.col);
            let fault: String = error.to_string().chars().take(200).collect();
            Fault::malformed(place, format!("this is not XML: {fault}"))
        }
    }
}

impl<'a> Element<'a> {
    /// The first element, of a tree that is not too deep to be walked.
    pub fn root(document: &'a Document<'a>) -> Result<Self, Fault> {
        let root = document.root_element();
        // Depths along the document's order, without recursion.
        let (mut at, mut depth) = (Some(root), 0usize);
        while let Some(node) = at {
            if depth > MAX_DEPTH {
                let place = Element { node }.place();
                return Err(Fault::malformed(place, format!("nested deeper than {MAX_DEPTH}")));
            }
            if let Some(child) = node.first_child() {
                (at, depth) = (Some(child), depth + 1);
                continue;
            }
            let mut node = node;
            at = loop {
                if let Some(next) = node.next_sibling() {
                    break Some(next);
                }
                match node.parent() {
                    Some(parent) if depth > 0 => (node, depth) = (parent, depth - 1),
                    _ => break None,
                }
            };
        }
        Ok(Self { node: root })
    }

    /// Its name without a prefix.
    pub fn name(&self) -> &'a str {
        self.node.tag_name().name()
    }

    /// The namespace, if it is in one.
    pub fn namespace(&self) -> Option<&'a str> {
        self.node.tag_name().namespace()
    }

    /// Where it is.
    pub fn place(&self) -> String {
        let position = self.node.document().text_pos_at(self.node.range().start);
        format!("line {}, {:.40}", position.row, self.name())
    }

    /// Elements below it, without extensions, which PMML lets others ignore.
    pub fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let elements = self.node.children().filter(Node::is_element);
        elements.map(|node| Element { node }).filter(|element| element.name() != "Extension")
    }

    /// Elements below it that are called `name`.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = Element<'a>> + use<'a> {
        self.children().filter(move |element| element.name() == name)
    }

    /// The only element below it that is called `name`, if there is one.
    pub fn one(&self, name: &'static str) -> Result<Option<Element<'a>>, Fault> {
        let mut found = self.all(name);
        let first = found.next();
        match found.next() {
            Some(second) => Err(second.fault("there is more than one")),
            None => Ok(first),
        }
    }

    /// The text in it.
    pub fn text(&self) -> &'a str {
        self.node.text().unwrap_or_default().trim()
    }

    /// An attribute.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.node.attribute(name)
    }

    /// An attribute that has to be there.
    pub fn need(&self, name: &str) -> Result<&'a str, Fault> {
        self.get(name).ok_or_else(|| self.fault(format!("it has no attribute {name:?}")))
    }

    /// An attribute that is a finite number.
    pub fn number(&self, name: &str) -> Result<f64, Fault> {
        self.finite(name, self.need(name)?)
    }

    /// An attribute that is a finite number, if it is there.
    pub fn number_or(&self, name: &str, default: f64) -> Result<f64, Fault> {
        self.get(name).map_or(Ok(default), |text| self.finite(name, text))
    }

    /// `text`, which is the attribute or content called `name`, as a finite number.
    pub fn finite(&self, name: &str, text: &str) -> Result<f64, Fault> {
        match text.trim().parse() {
            Ok(number) if f64::is_finite(number) => Ok(number),
            _ => Err(self.fault(format!("{name} {text:.60?} is not a finite number"))),
        }
    }

    /// Refuses other values of an attribute than `known`, of which the first is the default.
    pub fn only(&self, name: &str, known: &[&str], hint: &'static str) -> Result<(), Fault> {
        match self.get(name) {
            Some(value) if !known.contains(&value) => {
                Err(self.unsupported(format!("{name}={value:.60?}"), hint))
            }
            _ => Ok(()),
        }
    }

    /// Refuses elements below it that are neither in `read` nor in `ignored`.
    pub fn know(&self, read: &[&str], ignored: &[&str]) -> Result<(), Fault> {
        let known = |name: &str| read.contains(&name) || ignored.contains(&name);
        match self.children().find(|child| !known(child.name())) {
            Some(child) => {
                let hint = "it may change the score, and is not read: export the model without it";
                Err(child.unsupported(format!("an element {:.60}", child.name()), hint))
            }
            None => Ok(()),
        }
    }

    pub fn fault(&self, fault: impl Into<String>) -> Fault {
        Fault::malformed(self.place(), fault)
    }

    pub fn unsupported(&self, what: impl std::fmt::Display, hint: &'static str) -> Fault {
        Fault::unsupported(format!("{}: {what}", self.place()), hint)
    }
}
