//! A model file's content, and what it says of a borrower.

use super::{
    Comparison,
    coefficients::Coefficients,
    ensemble::Ensemble,
    network::{ResolvedNetwork, SourceNetwork},
    pmml::Pmml,
};
use tessera_model::{Features, Format, Model, Node, Scaling, Schema, Score};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceModel {
    /// Trees whose leaves add up.
    Trees(Ensemble),
    /// Layers; a linear model has one.
    Network(SourceNetwork),
    /// Coefficients of a linear model, which only a schema can tell the features of.
    Coefficients(Coefficients),
    /// PMML, of which a schema makes trees or a linear model.
    Pmml(Pmml),
}

impl SourceModel {
    /// What wrote the file.
    pub fn format(&self) -> Format {
        match self {
            Self::Trees(of) => of.format,
            Self::Network(of) => of.format,
            Self::Coefficients(_) => Format::Coefficients,
            Self::Pmml(_) => Format::Pmml,
        }
    }

    /// Version of the library that wrote it, if the file says.
    pub fn library(&self) -> Option<&str> {
        match self {
            Self::Trees(of) => of.library.as_deref(),
            Self::Network(of) => of.library.as_deref(),
            Self::Coefficients(_) => None,
            Self::Pmml(of) => of.library(),
        }
    }

    /// What the model was trained for.
    pub fn objective(&self) -> &str {
        match self {
            Self::Trees(of) => &of.objective,
            Self::Network(of) => &of.objective,
            Self::Coefficients(_) => "logistic regression",
            Self::Pmml(of) => of.objective(),
        }
    }

    /// How many features the model knows.
    pub fn feature_count(&self) -> usize {
        match self {
            Self::Trees(of) => of.feature_count,
            Self::Network(of) => of.feature_count,
            Self::Coefficients(_) => 0,
            Self::Pmml(of) => of.feature_count(),
        }
    }

    /// Their names in the model's order; none if the file names none.
    pub fn features(&self) -> &[String] {
        match self {
            Self::Trees(of) => &of.features,
            Self::Network(of) => &of.features,
            Self::Coefficients(_) => &[],
            Self::Pmml(of) => of.features(),
        }
    }

    /// Number of trees.
    pub fn trees(&self) -> usize {
        match self {
            Self::Trees(of) => of.trees.len(),
            Self::Network(_) | Self::Coefficients(_) => 0,
            Self::Pmml(of) => of.trees(),
        }
    }

    /// The trees, if it has any.
    pub fn into_trees(self) -> Option<Ensemble> {
        match self {
            Self::Trees(ensemble) => Some(ensemble),
            Self::Network(_) | Self::Coefficients(_) | Self::Pmml(_) => None,
        }
    }

    /// What a reader should know, in sentences.
    pub fn notes(&self) -> &[String] {
        match self {
            Self::Trees(of) => &of.notes,
            Self::Network(of) => &of.notes,
            Self::Coefficients(_) => &[],
            Self::Pmml(of) => of.notes(),
        }
    }
}

/// A source model with its features found in a schema: what a quantised model is compared with.
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum Reference {
    /// `columns[i]` is the schema's index of the model's feature `i`.
    Trees {
        ensemble: Ensemble,
        columns: Vec<usize>,
    },
    Network(ResolvedNetwork),
}

impl Reference {
    /// The score of `values`, which are in the schema's order, in points; `codes` are the nearest codes.
    pub fn points(&self, values: &[f64], codes: &[u64], scaling: &Scaling) -> f64 {
        match self {
            Self::Network(network) => scaling.points_of(network.margin(values, codes)),
            Self::Trees { ensemble, columns } => {
                let values: Vec<f64> = columns.iter().map(|column| values[*column]).collect();
                ensemble.points(&values, scaling)
            }
        }
    }

    /// What `model` and this say of each of `all`, walking a tree with all of them while it is in the
    /// processor's cache; `origins` says which source tree each of the model's trees is, and which source
    /// node each node stands for.
    pub fn compare(
        &self,
        origins: &[(usize, Vec<usize>)],
        model: &Model,
        schema: &Schema,
        scaling: &Scaling,
        all: &[Features],
    ) -> Vec<Comparison> {
        let rows: Vec<Vec<f64>> = all.iter().map(|features| features.values(schema)).collect();
        let (ensemble, columns) = match self {
            Self::Network(network) => {
                let compare = |(features, values): (&Features, &Vec<f64>)| {
                    let points = scaling.points_of(network.margin(values, features.codes()));
                    Comparison { points, score: model.score(features), wrong_leaves: 0 }
                };
                return all.iter().zip(&rows).map(compare).collect();
            }
            Self::Trees { ensemble, columns } => (ensemble, columns),
        };
        let in_order = |values: &Vec<f64>| columns.iter().map(|column| values[*column]).collect();
        let rows: Vec<Vec<f64>> = rows.iter().map(in_order).collect();
        // The model's trees are the source's in the same order, less those that are constant.
        let mut trees = model.trees().iter().zip(origins).peekable();
        let mut sums = vec![ensemble.start(); all.len()];
        let mut found: Vec<(i64, u64)> = vec![(model.offset, 0); all.len()];
        for (index, source) in ensemble.trees.iter().enumerate() {
            let quantised = trees.next_if(|(_, (origin, _))| *origin == index);
            let rows = rows.iter().zip(all).zip(sums.iter_mut().zip(&mut found));
            for ((values, features), (sum, (score, wrong))) in rows {
                let (node, leaf) = source.leaf(values);
                *sum = ensemble.add(*sum, source, leaf);
                if let Some((tree, (_, nodes))) = quantised {
                    let at = tree.leaf(features.codes(), &model.tops);
                    if let Node::Leaf { value } = tree.nodes[at] {
                        *score += value;
                    }
                    *wrong += u64::from(nodes[at] != node);
                }
            }
        }
        let comparison = |(sum, (score, wrong_leaves)): (f64, (i64, u64))| Comparison {
            points: ensemble.points_of(sum, scaling),
            score: Score(score),
            wrong_leaves,
        };
        sums.into_iter().zip(found).map(comparison).collect()
    }
}
