//! Credit models: schemas, the quantised model of record, and its integer evaluator.
//!
//! [`Schema`] turns a borrower's answers into [`Features`]; [`Model`] turns them into a [`Score`];
//! a [`Package`] keeps both with the [`Scaling`] and the salt. Nothing here knows of model files of other
//! libraries, of reports, or of people's files.

pub mod explain;
mod features;
mod forest;
pub mod network;
pub mod package;
mod points;
pub mod schema;

pub use explain::{Explanation, Method, Reason};
pub use features::{Features, FeaturesError};
pub use forest::{
    Computation, MAX_NODES, MAX_TREES, Model, ModelError, Node, SCORE_LIMIT, Tree, sum_of_trees,
};
pub use network::Network;
pub use package::{Assumption, Format, ImportOptions, Package, PackageError, Source};
pub use points::{FRACTION_BITS, PointsError, Scale, Scaling, Score, Target};
pub use schema::{Feature, FeatureKind, Schema, SchemaError, Slot};
