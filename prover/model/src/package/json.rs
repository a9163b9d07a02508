//! The package as JSON.
//!
//! A tree is one line of text with a word a node, in order: `4<24?3:5` compares feature 4 with 24
//! and goes on to node 3 (below) or 5; `4<24~?3:5` sends a missing value to node 3 as well;
//! `=-81620` is a leaf, in 2^-32 points.

use super::{Package, Source};
use crate::{Feature, MAX_NODES, Model, Node, Scaling, Schema, Tree, report::Report};
use serde::{Deserialize, Serialize, de::Error};
use tessera_artifact::Sha256Digest;

/// A package without its report.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageJson {
    source: Source,
    scaling: Scaling,
    schema: Schema,
    // 32 bytes, written as digests are.
    salt: Sha256Digest,
    model: ModelJson,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelJson {
    offset: i64,
    trees: Vec<Tree>,
}

impl From<&Package> for PackageJson {
    fn from(package: &Package) -> Self {
        Self {
            source: package.source.clone(),
            scaling: package.scaling.clone(),
            schema: package.schema.clone(),
            salt: Sha256Digest(package.salt),
            model: ModelJson { offset: package.model.offset, trees: package.model.trees.clone() },
        }
    }
}

impl PackageJson {
    /// The package, its model not yet checked.
    pub(super) fn into_package(self, report: Report) -> Package {
        let tops = self.schema.features.iter().map(Feature::top).collect();
        Package {
            model: Model { trees: self.model.trees, offset: self.model.offset, tops },
            schema: self.schema,
            salt: self.salt.0,
            scaling: self.scaling,
            source: self.source,
            report,
        }
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Leaf { value } => write!(f, "={value}"),
            Self::Split { feature, threshold, missing_left, left, right } => {
                let missing = if missing_left { "~" } else { "" };
                write!(f, "{feature}<{threshold}{missing}?{left}:{right}")
            }
        }
    }
}

impl Node {
    /// Inverse of `Display`.
    fn parse(text: &str) -> Option<Self> {
        if let Some(value) = text.strip_prefix('=') {
            return Some(Self::Leaf { value: value.parse().ok()? });
        }
        let (feature, rest) = text.split_once('<')?;
        let (threshold, children) = rest.split_once('?')?;
        let (left, right) = children.split_once(':')?;
        let (threshold, missing_left) = match threshold.strip_suffix('~') {
            Some(threshold) => (threshold, true),
            None => (threshold, false),
        };
        Some(Self::Split {
            feature: feature.parse().ok()?,
            threshold: threshold.parse().ok()?,
            missing_left,
            left: left.parse().ok()?,
            right: right.parse().ok()?,
        })
    }
}

impl Serialize for Tree {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words: Vec<_> = self.nodes.iter().map(Node::to_string).collect();
        serializer.serialize_str(&words.join(" "))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut nodes = Vec::new();
        for word in text.split_ascii_whitespace() {
            let node = Node::parse(word).ok_or_else(|| {
                D::Error::custom(format!("node {} of a tree is malformed", nodes.len()))
            })?;
            if nodes.len() == MAX_NODES {
                return Err(D::Error::custom("a tree has too many nodes"));
            }
            nodes.push(node);
        }
        Ok(Self { nodes })
    }
}
