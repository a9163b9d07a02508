//! Scores of many rows.

use crate::{
    BLOCK,
    table::{Table, TableError},
};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use tessera_model::{
    Features, Package, Score,
    schema::{CellError, ColumnsError, Rounding},
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

/// The score of each row of a CSV file, in order, on all cores; a row that does not fit the schema has its
/// error instead. Columns that the schema does not know are left alone.
pub fn score_csv(
    package: &Package,
    path: &Path,
    rounding: Rounding,
) -> Result<Vec<Result<Score, CellError>>, ScoreError> {
    let table = Table::open(path)?;
    let columns = package
        .schema
        .columns(table.header())
        .map_err(|source| ScoreError::Columns { path: path.into(), source })?;
    let (mut rows, mut fit) = (Vec::new(), Vec::new());
    for record in table {
        let record = record?;
        let cells: Vec<&str> = record.iter().collect();
        let features =
            package.schema.encode_row_rounded(&columns, rows.len() + 1, &cells, rounding);
        rows.push(features.map(|features| fit.push(features)));
    }
    let block = |block: &[Features]| package.model.scores(block);
    let mut scores = fit.par_chunks(BLOCK).flat_map_iter(block).collect::<Vec<Score>>().into_iter();
    let score = |row: Result<(), CellError>| {
        row.map(|()| scores.next().expect("a score for each row that fits"))
    };
    Ok(rows.into_iter().map(score).collect())
}
