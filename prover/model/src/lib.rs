//! Credit models: schemas, the quantised model of record, and its integer evaluator.
//!
//! [`Schema`] turns a borrower's answers into [`Features`]; [`Model`] turns them into a [`Score`];
//! a [`Package`] keeps both with the [`Scaling`], the salt and the [`Report`] of the import.

mod features;
mod forest;
pub mod package;
mod points;
pub mod report;
pub mod schema;

pub use features::{Features, FeaturesError};
pub use forest::{MAX_NODES, MAX_TREES, Model, ModelError, Node, SCORE_LIMIT, Tree};
pub use package::{Format, Package, PackageError, Source};
pub use points::{FRACTION_BITS, PointsError, Scaling, Score, Target};
pub use report::Report;
pub use schema::{Feature, FeatureKind, Schema, SchemaError, Slot};
