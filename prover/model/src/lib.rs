//! Credit models: schemas, the quantised model of record, and its integer evaluator.
//!
//! [`Schema`] turns a borrower's answers into [`Features`]; [`Model`] turns them into a [`Score`];
//! a [`Package`] keeps both with the [`Scaling`], the salt and the [`Report`] of the import.

pub mod explain;
mod features;
mod forest;
pub mod import;
pub mod network;
pub mod package;
mod points;
pub mod report;
pub mod schema;
mod table;

pub use explain::{Explanation, Method, Reason};
pub use features::{Features, FeaturesError};
pub use forest::{MAX_NODES, MAX_TREES, Model, ModelError, Node, SCORE_LIMIT, Tree};
pub use import::{ImportError, ImportOptions, calibrate, import, import_with};
pub use network::Network;
pub use package::{Format, Package, PackageError, Source};
pub use points::{FRACTION_BITS, PointsError, Scaling, Score, Target};
pub use report::{Calibration, Report, Sample};
pub use schema::{Feature, FeatureKind, Schema, SchemaError, Slot};
pub use table::{Table, TableError};
