//! A model file's content, and what it says of a borrower.

use super::{
    Comparison,
    ensemble::Ensemble,
    network::{ResolvedNetwork, SourceNetwork},
};
use tessera_model::{Features, Format, Model, Scaling, Schema};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceModel {
    /// Trees whose leaves add up.
    Trees(Ensemble),
    /// Layers; a linear model has one.
    Network(SourceNetwork),
}

impl SourceModel {
    /// What wrote the file.
    pub fn format(&self) -> Format {
        match self {
            Self::Trees(of) => of.format,
            Self::Network(of) => of.format,
        }
    }

    /// Version of the library that wrote it, if the file says.
    pub fn library(&self) -> Option<&str> {
        match self {
            Self::Trees(of) => of.library.as_deref(),
            Self::Network(of) => of.library.as_deref(),
        }
    }

    /// What the model was trained for.
    pub fn objective(&self) -> &str {
        match self {
            Self::Trees(of) => &of.objective,
            Self::Network(of) => &of.objective,
        }
    }

    /// How many features the model knows.
    pub fn feature_count(&self) -> usize {
        match self {
            Self::Trees(of) => of.feature_count,
            Self::Network(of) => of.feature_count,
        }
    }

    /// Their names in the model's order; none if the file names none.
    pub fn features(&self) -> &[String] {
        match self {
            Self::Trees(of) => &of.features,
            Self::Network(of) => &of.features,
        }
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        match self {
            Self::Trees(of) => of.trees.len(),
            Self::Network(_) => 0,
        }
    }

    /// The trees, if it has any.
    pub fn into_trees(self) -> Option<Ensemble> {
        match self {
            Self::Trees(ensemble) => Some(ensemble),
            Self::Network(_) => None,
        }
    }

    /// What a reader should know, in sentences.
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Trees(of) => &of.notes,
            Self::Network(of) => &of.notes,
        }
    }
}

/// A source model with its features found in a schema: what a quantised model is compared with.
pub(crate) enum Reference {
    /// `columns[i]` is the schema's index of the model's feature `i`.
    Trees {
        ensemble: Ensemble,
        columns: Vec<usize>,
    },
    Network(ResolvedNetwork),
}

impl Reference {
    /// The score in points, and the trees in which `model` ends in another leaf; `origins` says which
    /// source tree each of its trees is, and which source node each node stands for.
    pub fn compare(
        &self,
        origins: &[(usize, Vec<usize>)],
        model: &Model,
        schema: &Schema,
        scaling: &Scaling,
        features: &Features,
    ) -> Comparison {
        let values = features.values(schema);
        match self {
            Self::Network(network) => {
                let margin = network.margin(&values, features.codes());
                Comparison { points: scaling.points_of(margin), wrong_leaves: 0 }
            }
            Self::Trees { ensemble, columns } => {
                let values: Vec<f64> = columns.iter().map(|column| values[*column]).collect();
                let leaves = model.leaves(features);
                let differs = |(leaf, (tree, nodes)): (&usize, &(usize, Vec<usize>))| {
                    nodes[*leaf] != ensemble.trees[*tree].leaf(&values).0
                };
                let wrong = leaves.iter().zip(origins).filter(|pair| differs(*pair)).count();
                let points = ensemble.points(&values, scaling);
                Comparison { points, wrong_leaves: wrong as u64 }
            }
        }
    }
}
