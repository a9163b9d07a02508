//! Scores of many rows.

use crate::table::{Table, TableError};
use std::path::{Path, PathBuf};
use tessera_model::{
    Package, Score,
    schema::{CellError, ColumnsError},
};

/// A table that could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    /// The file could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column is missing.
    #[error("{path}: {source}")]
    Columns {
        /// The file.
        path: PathBuf,
        /// Which column.
        source: ColumnsError,
    },
}

/// The score of each row of a CSV file, in order; a row that does not fit the schema has its
/// error instead. Columns that the schema does not know are left alone.
pub fn score_csv(
    package: &Package,
    path: &Path,
) -> Result<Vec<Result<Score, CellError>>, ScoreError> {
    let table = Table::open(path)?;
    let columns = package
        .schema
        .columns(table.header())
        .map_err(|source| ScoreError::Columns { path: path.into(), source })?;
    let mut scores = Vec::new();
    for record in table {
        let record = record?;
        let cells: Vec<&str> = record.iter().collect();
        let features = package.schema.encode_row(&columns, scores.len() + 1, &cells);
        scores.push(features.map(|features| package.model.score(&features)));
    }
    Ok(scores)
}
