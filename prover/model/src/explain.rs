//! What cost a borrower points: reason codes, for the borrower alone.
//!
//! | model | method |
//! |---|---|
//! | every tree asks one feature, or one layer | exact: points below the feature's best answer |
//! | other trees | path contributions: each comparison on the way to a leaf counts for its feature with the change of the mean of the leaves below it, every branch weighed alike (after Saabas, 2014) |
//! | networks with hidden layers | one at a time: what the best of the ends of a range, or of the other categories, would add alone |
//!
//! An exact method says how the points came about. The other two are ways to read a model, and say so.

use crate::{
    Features, FeaturesError, Node, Package, Tree,
    forest::{Computation, Model},
    points::{ONE, Score},
    schema::{Feature, FeatureKind},
};
use serde::Serialize;
use tessera_core::hide;

/// How reasons were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Points below the best answer: they add up to the distance from the best score.
    Exact,
    /// Path contributions of trees.
    PathContributions,
    /// What the best other answer to one question would add.
    OneAtATime,
}

/// What one feature cost.
#[derive(Clone, PartialEq, Serialize)]
pub struct Reason {
    /// Name of the feature.
    pub feature: String,
    /// The borrower's answer, with its unit.
    pub answer: String,
    /// What the schema says of the feature.
    pub description: Option<String>,
    /// Points that the answer took away; below 0 where it added some.
    pub cost: f64,
}

hide!(Reason);

/// All reasons of a score, the costliest first. Secret, like the score.
#[derive(Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// How they were found.
    pub method: Method,
    /// One a feature that the model asks about.
    pub reasons: Vec<Reason>,
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact: points below the best answer to each question",
            Self::PathContributions => {
                "path contributions: a reading of the trees, with every branch weighed alike; the \
                 answers act together"
            }
            Self::OneAtATime => {
                "one at a time: what the better end of its range, or the best category, would add \
                 alone; the answers act together"
            }
        })
    }
}

impl std::fmt::Debug for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Explanation({} reasons, not shown)", self.reasons.len())
    }
}

impl Package {
    /// What cost `features` points.
    pub fn explain(&self, features: &Features) -> Result<Explanation, FeaturesError> {
        features.check(&self.schema)?;
        let method = self.method();
        let costs = match method {
            Method::PathContributions => self.model.path_costs(features),
            Method::Exact | Method::OneAtATime => self.gaps(features),
        };
        let asked = self.model.asked();
        let reason = |(index, feature): (usize, &Feature)| {
            let code = features.codes()[index];
            let unit = feature.unit.as_ref().filter(|_| Some(code) != feature.missing_code());
            let answer = match feature.text(code) {
                text if text.is_empty() => "missing".into(),
                text => unit.map_or(text.clone(), |unit| format!("{text} {unit}")),
            };
            Reason {
                feature: feature.name.clone(),
                answer,
                description: feature.description.clone(),
                cost: costs[index],
            }
        };
        let mut reasons: Vec<Reason> = self
            .schema
            .features
            .iter()
            .enumerate()
            .filter(|(index, _)| asked[*index])
            .map(reason)
            .collect();
        // Stable: ties keep the schema's order.
        reasons.sort_by(|a, b| b.cost.total_cmp(&a.cost));
        Ok(Explanation { method, reasons })
    }

    fn method(&self) -> Method {
        let one_feature = |tree: &Tree| {
            let mut asked = tree.nodes.iter().filter_map(|node| match node {
                Node::Split { feature, .. } => Some(feature),
                Node::Leaf { .. } => None,
            });
            let first = asked.next();
            asked.all(|feature| Some(feature) == first)
        };
        match &self.model.computation {
            Computation::Network(network) if network.layers.len() == 1 => Method::Exact,
            Computation::Network(_) => Method::OneAtATime,
            Computation::Trees(trees) if trees.iter().all(one_feature) => Method::Exact,
            Computation::Trees(_) => Method::PathContributions,
        }
    }

    /// For each feature, points from the score to the best one that another answer to it alone gives.
    fn gaps(&self, features: &Features) -> Vec<f64> {
        let thresholds = self.model.thresholds(&self.schema);
        let score = self.model.score(features);
        let gap = |(index, feature): (usize, &Feature)| {
            let best = answers(feature, &thresholds[index])
                .into_iter()
                .map(|code| self.model.score(&features.with(index, code)))
                .max()
                .unwrap_or(score);
            Score(best.max(score).0 - score.0).points()
        };
        self.schema.features.iter().enumerate().map(gap).collect()
    }
}

/// Codes among which the best answer is: both ends of every run that no threshold cuts. Between
/// thresholds trees are constant and a linear model is monotone.
fn answers(feature: &Feature, thresholds: &[u64]) -> Vec<u64> {
    let mut codes = match &feature.kind {
        FeatureKind::Category { .. } => (0..=feature.last()).collect(),
        FeatureKind::Numeric { .. } => {
            let cuts = thresholds.iter().flat_map(|threshold| [threshold - 1, *threshold]);
            let inside = cuts.filter(|code| *code <= feature.last());
            [0, feature.last()].into_iter().chain(inside).collect::<Vec<_>>()
        }
    };
    codes.extend(feature.missing_code());
    codes.sort_unstable();
    codes.dedup();
    codes
}

impl Model {
    /// Whether each feature is asked about.
    fn asked(&self) -> Vec<bool> {
        let mut asked = vec![false; self.tops.len()];
        for node in self.trees().iter().flat_map(|tree| &tree.nodes) {
            if let Node::Split { feature, .. } = node {
                asked[*feature] = true;
            }
        }
        for input in self.network().iter().flat_map(|network| &network.inputs) {
            asked[input.feature()] = true;
        }
        asked
    }

    /// Points that each feature's comparisons took away on the way through all trees.
    fn path_costs(&self, features: &Features) -> Vec<f64> {
        let mut costs = vec![0.0; self.tops.len()];
        for tree in self.trees() {
            let means = tree.means();
            for (node, child) in tree.path(features.codes(), &self.tops) {
                if let Node::Split { feature, .. } = tree.nodes[node] {
                    costs[feature] += (means[node] - means[child]) / ONE as f64;
                }
            }
        }
        costs
    }
}

impl Tree {
    /// The mean of each node's children, down to the leaves, in 2^-32 points.
    fn means(&self) -> Vec<f64> {
        let mut means = vec![0.0; self.nodes.len()];
        // Children come after their parents.
        for (index, node) in self.nodes.iter().enumerate().rev() {
            means[index] = match *node {
                Node::Leaf { value } => value as f64,
                Node::Split { left, right, .. } => (means[left] + means[right]) / 2.0,
            };
        }
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format, ImportOptions, Scaling, Schema, Source,
        network::{Input, Layer, Network, Neuron},
    };
    use tessera_artifact::Sha256Digest;

    fn package(computation: Computation) -> Package {
        let mut income = Feature::numeric("income", 0, 0, 100).or_missing();
        income.unit = Some("EUR".into());
        income.description = Some("Net income".into());
        let features = vec![income, Feature::numeric("age", 0, 18, 99)];
        let schema = Schema { name: "test".into(), features };
        let zero = Sha256Digest([0; 32]);
        let model = Model { computation, offset: 600 * ONE, tops: vec![101, 81] };
        model.validate(&schema).unwrap();
        Package {
            schema,
            model,
            segments: 1,
            salt: [0; 32],
            scaling: "600@50:1,pdo=20".parse::<Scaling>().unwrap(),
            source: Source {
                format: Format::XgboostJson,
                library: None,
                sha256: zero,
                objective: String::new(),
                trees: 0,
                features: vec![],
                options: ImportOptions::default(),
            },
        }
    }

    fn split(feature: usize, threshold: u64, left: usize, right: usize) -> Node {
        Node::Split { feature, threshold, missing_left: false, left, right }
    }

    fn leaf(points: i64) -> Node {
        Node::Leaf { value: points * ONE }
    }

    fn costs(package: &Package, codes: [u64; 2]) -> (Method, Vec<(String, f64)>) {
        let features = Features::new(&package.schema, codes.to_vec()).unwrap();
        let Explanation { method, reasons } = package.explain(&features).unwrap();
        (method, reasons.into_iter().map(|reason| (reason.feature, reason.cost)).collect())
    }

    #[test]
    fn a_scorecard_is_explained_exactly() {
        let bins = |feature, threshold, low, high| Tree {
            nodes: vec![split(feature, threshold, 1, 2), leaf(low), leaf(high)],
        };
        let package = package(Computation::Trees(vec![bins(0, 50, -30, 10), bins(1, 12, 5, 25)]));
        let named = |name: &str, cost| (name.to_string(), cost);
        let (method, found) = costs(&package, [20, 0]);
        assert_eq!(method, Method::Exact);
        assert_eq!(found, [named("income", 40.0), named("age", 20.0)]);
        let (_, found) = costs(&package, [50, 0]);
        assert_eq!(found, [named("age", 20.0), named("income", 0.0)]);
    }

    #[test]
    fn a_linear_model_is_explained_exactly() {
        let inputs = vec![
            Input::Code { feature: 0, missing: Some(0) },
            Input::Is { feature: 0, code: 101 },
            Input::Code { feature: 1, missing: None },
        ];
        let neuron = Neuron { bias: 0, weights: vec![2 * ONE, -7 * ONE, -ONE] };
        let layers = vec![Layer { neurons: vec![neuron], shift: 0 }];
        let package = package(Computation::Network(Network { inputs, layers }));
        // Best: 100 · 2 points and age 18; missing gives −7.
        let (method, found) = costs(&package, [101, 11]);
        assert_eq!(method, Method::Exact);
        assert_eq!(found, [("income".into(), 207.0), ("age".into(), 11.0)]);
    }

    #[test]
    fn path_contributions_add_up_to_the_score() {
        let tree = Tree {
            nodes: vec![split(0, 50, 1, 2), split(1, 12, 3, 4), leaf(40), leaf(-20), leaf(4)],
        };
        let package = package(Computation::Trees(vec![tree]));
        let (method, found) = costs(&package, [20, 0]);
        assert_eq!(method, Method::PathContributions);
        // Mean of all: (−8 + 40) / 2 = 16; on the left −8; then −20.
        assert_eq!(found, [("income".into(), 24.0), ("age".into(), 12.0)]);
        let score = package.model.score(&Features::new(&package.schema, vec![20, 0]).unwrap());
        let sum: f64 = found.iter().map(|(_, cost)| cost).sum();
        assert_eq!(600.0 + 16.0 - sum, score.points());
    }

    #[test]
    fn answers_are_told_with_their_unit() {
        let tree = Tree { nodes: vec![split(0, 50, 1, 2), leaf(-30), leaf(10)] };
        let package = package(Computation::Trees(vec![tree]));
        let answer = |code| {
            let features = Features::new(&package.schema, vec![code, 0]).unwrap();
            let explanation = package.explain(&features).unwrap();
            assert_eq!(explanation.reasons.len(), 1, "age is not asked about");
            assert_eq!(explanation.reasons[0].description.as_deref(), Some("Net income"));
            assert!(!format!("{explanation:?}").contains("EUR"));
            explanation.reasons[0].answer.clone()
        };
        assert_eq!(answer(20), "20 EUR");
        assert_eq!(answer(101), "missing");
    }
}
