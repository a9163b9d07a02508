//! The rows that a report is about.

use super::{AgreementError, Expected};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};
use tessera_import::{Table, TableError};
use tessera_model::{
    FeatureKind, Features, Schema, Score,
    schema::{CellError, CellFault, Columns, ColumnsError, Rounding, parse_grid},
};

/// Most rows that are named for one fault of one feature.
const MAX_NAMED: usize = 1000;

/// Rows to measure a model on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// A CSV file with the columns of the schema.
    pub path: PathBuf,
    /// Column with the model's class: 0 or 1.
    pub label: Option<String>,
    /// Where the lender decides: one threshold, or those of a policy's tiers, in any order.
    pub thresholds: Vec<Score>,
    /// The scores that the lender's own system gave.
    pub expected: Option<Expected>,
    /// What is done with numbers between two grid points.
    pub rounding: Rounding,
    /// Other rows, such as those of training, to compare the spread of scores with.
    pub against: Option<PathBuf>,
}

/// Rows that could not be used.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
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
    /// There is no column with labels.
    #[error("{path}: there is no column {label:?} to take the classes from")]
    NoLabel {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        label: String,
    },
    /// There is no column with expected scores, or it has what is not a number.
    #[error("{path}: {fault}")]
    Expected {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: String,
    },
    /// A label is neither 0 nor 1.
    #[error("{path}, row {row}: the class in column {label:?} is neither 0 nor 1")]
    Label {
        /// The file.
        path: PathBuf,
        /// Row, from 1.
        row: usize,
        /// Name of the column.
        label: String,
    },
    /// The lender's own scores are not the imported file's.
    #[error("{path}: {source}")]
    Agreement {
        /// The file.
        path: PathBuf,
        /// What differs, or is not settled.
        source: AgreementError,
    },
    /// No row fits the schema.
    #[error("{path}: none of {rows} rows fits schema {schema:?}; the first: {first}")]
    AllRefused {
        /// The file.
        path: PathBuf,
        /// Rows in the file.
        rows: usize,
        /// Name of the schema.
        schema: String,
        /// What is wrong with the first row.
        first: CellError,
    },
}

/// Rows that do not fit the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Name of the feature.
    pub feature: String,
    /// What is wrong with its value.
    pub fault: String,
    /// How many rows.
    pub rows: usize,
    /// The first of them, from 1.
    pub numbers: Vec<usize>,
}

impl Refused {
    /// The rows in words, `3, 7–12 and 40 more`, with at most `most` numbers and ranges.
    pub(super) fn named(&self, most: usize) -> String {
        let runs = self.numbers.chunk_by(|a, b| a + 1 == *b);
        let (mut text, mut told) = (Vec::new(), 0);
        for run in runs.take(most) {
            told += run.len();
            text.push(match run {
                [row] => row.to_string(),
                _ => format!("{}–{}", run[0], run[run.len() - 1]),
            });
        }
        let text = text.join(", ");
        match self.rows - told {
            0 => text,
            more => format!("{text} and {more} more"),
        }
    }
}

/// A row that fits the schema.
pub(super) struct Row {
    /// From 1.
    pub number: usize,
    pub features: Features,
    /// Whether it is of class 1, if the sample is labelled.
    pub class_1: Option<bool>,
    /// The expected score as it is written, if there are such.
    pub expected: Option<String>,
    /// The values before they were rounded to the schema's grids, if that changed any.
    pub unrounded: Option<Vec<f64>>,
}

/// The rows of a sample that fit the schema.
pub(super) struct Rows<'a> {
    sample: &'a Sample,
    schema: &'a Schema,
    table: Table,
    columns: Columns,
    label: Option<usize>,
    expected: Option<usize>,
    row: usize,
    first: Option<CellError>,
    refused: BTreeMap<(String, String), Refused>,
}

impl<'a> Rows<'a> {
    pub(super) fn open(sample: &'a Sample, schema: &'a Schema) -> Result<Self, SampleError> {
        let path = || sample.path.clone();
        let table = Table::open(&sample.path)?;
        let columns = schema
            .columns(table.header())
            .map_err(|source| SampleError::Columns { path: path(), source })?;
        let find = |label: &String| {
            table
                .header()
                .iter()
                .position(|name| name == label)
                .ok_or_else(|| SampleError::NoLabel { path: path(), label: label.clone() })
        };
        let label = sample.label.as_ref().map(find).transpose()?;
        let expected = match &sample.expected {
            None => None,
            Some(Expected { column, .. }) => {
                let place = table.header().iter().position(|name| name == column);
                let fault =
                    || format!("there is no column {column:?} to take the expected scores from");
                Some(place.ok_or_else(|| SampleError::Expected { path: path(), fault: fault() })?)
            }
        };
        let (refused, first) = (BTreeMap::new(), None);
        Ok(Self { sample, schema, table, columns, label, expected, row: 0, first, refused })
    }

    /// The next row that fits.
    pub(super) fn next(&mut self) -> Result<Option<Row>, SampleError> {
        while let Some(record) = self.table.next().transpose()? {
            self.row += 1;
            let cells: Vec<&str> = record.iter().collect();
            let rounding = self.sample.rounding;
            match self.schema.encode_row_rounded(&self.columns, self.row, &cells, rounding) {
                Ok(features) => {
                    let class_1 = self.label.map(|column| self.class(cells[column])).transpose()?;
                    let expected = self.expected.map(|column| self.score(cells[column]));
                    let (number, expected) = (self.row, expected.transpose()?);
                    let unrounded = self.unrounded(&features, &cells);
                    return Ok(Some(Row { number, features, class_1, expected, unrounded }));
                }
                Err(error) => self.refuse(error),
            }
        }
        Ok(None)
    }

    /// An expected score as it is written, if it is a number.
    fn score(&self, cell: &str) -> Result<String, SampleError> {
        let number = cell.trim().parse::<f64>().is_ok_and(f64::is_finite);
        if number {
            return Ok(cell.trim().into());
        }
        let column = self.sample.expected.as_ref().map_or("", |expected| &expected.column);
        let fault = format!("row {}: the score in column {column:?} is not a number", self.row);
        Err(SampleError::Expected { path: self.sample.path.clone(), fault })
    }

    /// The row's values as they are written, if some were rounded.
    fn unrounded(&self, features: &Features, cells: &[&str]) -> Option<Vec<f64>> {
        if self.sample.rounding == Rounding::Refused {
            return None;
        }
        let mut values = features.values(self.schema);
        let mut changed = false;
        for (index, feature) in self.schema.features.iter().enumerate() {
            let FeatureKind::Numeric { decimals, .. } = feature.kind else { continue };
            let cell = self.columns.cell(index, cells)?;
            if !values[index].is_nan()
                && parse_grid(cell, decimals).is_err()
                && let Ok(value) = cell.trim().parse::<f64>()
            {
                values[index] = value;
                changed = true;
            }
        }
        changed.then_some(values)
    }

    fn class(&self, cell: &str) -> Result<bool, SampleError> {
        match parse_grid(cell, 0) {
            Ok(0) => Ok(false),
            Ok(1) => Ok(true),
            _ => Err(SampleError::Label {
                path: self.sample.path.clone(),
                row: self.row,
                label: self.sample.label.clone().unwrap_or_default(),
            }),
        }
    }

    fn refuse(&mut self, error: CellError) {
        let fault: CellFault = error.fault;
        let (feature, fault) = (error.feature.clone(), fault.to_string());
        let key = (feature.clone(), fault.clone());
        let refused = Refused { feature, fault, rows: 0, numbers: Vec::new() };
        let refused = self.refused.entry(key).or_insert(refused);
        refused.rows += 1;
        if refused.numbers.len() < MAX_NAMED {
            refused.numbers.push(self.row);
        }
        self.first.get_or_insert(error);
    }

    /// What was refused, once `used` rows were used.
    pub(super) fn finish(self, used: usize) -> Result<Vec<Refused>, SampleError> {
        let path = self.sample.path.clone();
        match self.first {
            Some(first) if used == 0 => {
                let schema = self.schema.name.clone();
                Err(SampleError::AllRefused { path, rows: self.row, schema, first })
            }
            None if used == 0 => Err(TableError::Empty { path }.into()),
            _ => Ok(self.refused.into_values().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_in_ranges() {
        let named = |rows, numbers: &[usize], most| {
            let numbers = numbers.to_vec();
            Refused { feature: String::new(), fault: String::new(), rows, numbers }.named(most)
        };
        assert_eq!(named(1, &[3], 5), "3");
        assert_eq!(named(6, &[3, 7, 8, 9, 12, 13], 5), "3, 7–9, 12–13");
        assert_eq!(named(6, &[3, 7, 8, 9, 12, 13], 2), "3, 7–9 and 2 more");
        assert_eq!(named(2000, &[1, 2], 5), "1–2 and 1998 more");
    }
}
