//! The package as JSON.
//!
//! A tree is one line of text with a word a node, in order: `4<24?3:5` compares feature 4 with 24
//! and goes on to node 3 (below) or 5; `4<24~?3:5` sends a missing value to node 3 as well;
//! `=-81620` is a leaf, in 2^-32 points.

use super::{Package, Source};
use crate::{
    Computation, Feature, MAX_NODES, Model, ModelError, Network, Node, Scaling, Schema, Tree,
    network::{Input, Layer, Neuron},
};
use serde::{Deserialize, Serialize, de::Error};
use tessera_artifact::Sha256Digest;

/// A package as the file has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackageJson {
    /// Of everything else, so that a file that was changed is noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256Digest>,
    source: Source,
    scaling: Scaling,
    schema: Schema,
    segments: usize,
    // 32 bytes, written as digests are.
    salt: Sha256Digest,
    model: ModelJson,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelJson {
    offset: i64,
    trees: Vec<Tree>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<NetworkJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkJson {
    inputs: Vec<Input>,
    layers: Vec<LayerJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerJson {
    shift: u32,
    neurons: Vec<Neuron>,
}

impl From<&Package> for PackageJson {
    fn from(package: &Package) -> Self {
        Self {
            digest: None,
            source: package.source.clone(),
            scaling: package.scaling.clone(),
            schema: package.schema.clone(),
            segments: package.segments,
            salt: Sha256Digest(package.salt),
            model: ModelJson {
                offset: package.model.offset,
                trees: package.model.trees().to_vec(),
                network: package.model.network().map(NetworkJson::from),
            },
        }
    }
}

impl PackageJson {
    /// The package, its model checked against its schema.
    pub(super) fn into_package(self) -> Result<Package, ModelError> {
        let tops = self.schema.features.iter().map(Feature::top).collect();
        let computation = match (self.model.trees, self.model.network) {
            (trees, None) => Computation::Trees(trees),
            (trees, Some(network)) if trees.is_empty() => {
                Computation::Network(network.into_network())
            }
            (trees, Some(_)) => return Err(ModelError::Trees(trees.len())),
        };
        let model = Model { computation, offset: self.model.offset, tops };
        model.validate(&self.schema)?;
        Ok(Package {
            model,
            schema: self.schema,
            segments: self.segments,
            salt: self.salt.0,
            scaling: self.scaling,
            source: self.source,
        })
    }
}

impl From<&Network> for NetworkJson {
    fn from(network: &Network) -> Self {
        let layer =
            |layer: &Layer| LayerJson { shift: layer.shift, neurons: layer.neurons.clone() };
        Self { inputs: network.inputs.clone(), layers: network.layers.iter().map(layer).collect() }
    }
}

impl NetworkJson {
    fn into_network(self) -> Network {
        let layer = |layer: LayerJson| Layer { neurons: layer.neurons, shift: layer.shift };
        Network { inputs: self.inputs, layers: self.layers.into_iter().map(layer).collect() }
    }
}

impl Serialize for Input {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Input::parse(&text).ok_or_else(|| D::Error::custom("an input of a network is malformed"))
    }
}

impl Serialize for Neuron {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let weights = self.weights.iter().map(i64::to_string);
        let words: Vec<_> = [self.bias.to_string()].into_iter().chain(weights).collect();
        serializer.serialize_str(&words.join(" "))
    }
}

impl<'de> Deserialize<'de> for Neuron {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let malformed = || D::Error::custom("a neuron of a network is malformed");
        let mut words = text.split_ascii_whitespace();
        let bias = words.next().and_then(|word| word.parse().ok()).ok_or_else(malformed)?;
        let weights: Result<_, _> =
            words.map(|word| word.parse().map_err(|_| malformed())).collect();
        Ok(Self { bias, weights: weights? })
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
