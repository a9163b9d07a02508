//! The quantised model against its source, row by row.

use super::statistics::{self, Band, Bin, Errors, Separation, tidy};
use crate::{
    Features, Scaling, Schema, Score, Target,
    import::{Reference, quantise::Quantised},
    schema::{CellError, Columns, ColumnsError, Fault},
    table::{Table, TableError},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Most flipped decisions that are listed one by one.
const MAX_FLIPS: usize = 1000;

/// Rows to measure a model on.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// A CSV file with the columns of the schema.
    pub path: PathBuf,
    /// Column with the model's class: 0 or 1.
    pub label: Option<String>,
    /// Where the lender decides.
    pub threshold: Option<Score>,
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

/// How a quantised model compares with its source on a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Name of the sample's file.
    pub sample: String,
    /// Rows that fit the schema; all figures are of these.
    pub rows: usize,
    /// Rows that do not, by their first fault.
    pub refused: Vec<Refused>,
    /// Pairs of row and tree.
    pub leaves: u64,
    /// Pairs that end in another leaf than in the source.
    pub wrong_leaves: u64,
    /// Differences of log-odds.
    pub margin_error: Errors,
    /// Differences of scores, in points.
    pub points_error: Errors,
    /// Smallest, mean and largest score, in points.
    pub scores: [f64; 3],
    /// Bad rows, if the sample is labelled.
    pub bad: Option<usize>,
    /// Separation by the source.
    pub before: Option<Separation>,
    /// Separation by the quantised model.
    pub after: Option<Separation>,
    /// Decisions at the lender's threshold, if one was given.
    pub decisions: Option<Decisions>,
    /// Of the scores.
    pub histogram: Vec<Bin>,
    /// Expected and observed shares of bad rows, if the sample is labelled.
    pub bands: Vec<Band>,
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
    pub first_row: usize,
}

/// Decisions at a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// In points.
    pub threshold: f64,
    /// Rows that the source accepts.
    pub accepted_before: usize,
    /// Rows that the quantised model accepts.
    pub accepted_after: usize,
    /// Bad rows among those, if the sample is labelled.
    pub bad_accepted: Option<usize>,
    /// Rows on which the two disagree.
    pub flipped: usize,
    /// The first of them.
    pub flips: Vec<Flip>,
}

/// A decision that the two take differently.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flip {
    /// Row, from 1.
    pub row: usize,
    /// Points of the source above the threshold.
    pub before: f64,
    /// Points of the quantised model above the threshold.
    pub after: f64,
}

/// A row, scored by both.
struct Scored {
    row: usize,
    before: f64,
    after: Score,
    bad: Option<bool>,
}

impl Calibration {
    /// Runs both models over the sample.
    pub(crate) fn measure(
        sample: &Sample,
        schema: &Schema,
        scaling: &Scaling,
        reference: &Reference,
        quantised: &Quantised,
    ) -> Result<Self, SampleError> {
        let mut rows = Rows::open(sample, schema)?;
        let (mut scored, mut wrong_leaves) = (Vec::new(), 0);
        while let Some((row, features, label)) = rows.next()? {
            let (before, wrong) = reference.compare(quantised, schema, scaling, &features);
            wrong_leaves += wrong;
            let bad = label.map(|class_1| class_1 == (scaling.target == Target::Bad));
            let after = quantised.model.score(&features);
            scored.push(Scored { row, before, after, bad });
        }
        let refused = rows.finish(scored.len())?;

        let of = |error: fn(&Scored, &Scaling) -> f64| {
            statistics::errors(scored.iter().map(|s| error(s, scaling).abs()).collect())
        };
        let labelled = |score: fn(&Scored) -> f64| -> Vec<(f64, bool)> {
            scored.iter().filter_map(|s| Some((score(s), s.bad?))).collect()
        };
        let expected = |s: &Scored| {
            let odds_bad = (s.after.points() - scaling.offset()) / scaling.factor();
            Some((s.after.points(), 1.0 / (1.0 + odds_bad.exp()), s.bad?))
        };
        let points = || scored.iter().map(|s| s.after.points());
        let all: Vec<_> =
            scored.iter().map(|s| (s.after.points(), s.bad.unwrap_or(false))).collect();
        Ok(Self {
            sample: sample.path.file_name().unwrap_or_default().to_string_lossy().into(),
            rows: scored.len(),
            refused,
            leaves: scored.len() as u64 * quantised.model.trees.len() as u64,
            wrong_leaves,
            margin_error: of(|s, scaling| {
                scaling.margin_of(s.before) - scaling.margin_of(s.after.points())
            }),
            points_error: of(|s, _| s.before - s.after.points()),
            scores: [
                points().fold(f64::MAX, f64::min),
                points().sum::<f64>() / scored.len() as f64,
                points().fold(f64::MIN, f64::max),
            ]
            .map(tidy),
            bad: sample.label.as_ref().map(|_| all.iter().filter(|(_, bad)| *bad).count()),
            before: statistics::separation(&labelled(|s| s.before)),
            after: statistics::separation(&labelled(|s| s.after.points())),
            decisions: sample.threshold.map(|threshold| Decisions::at(threshold, &scored)),
            histogram: statistics::histogram(&all),
            bands: statistics::bands(scored.iter().filter_map(expected).collect()),
        })
    }
}

impl Decisions {
    fn at(threshold: Score, scored: &[Scored]) -> Self {
        let points = threshold.points();
        let flip = |s: &Scored| {
            let differs = (s.before >= points) != (s.after >= threshold);
            let after = Score(s.after.0 - threshold.0).points();
            differs.then(|| Flip {
                row: s.row,
                before: tidy(s.before - points),
                after: tidy(after),
            })
        };
        let accepted = || scored.iter().filter(|s| s.after >= threshold);
        let flips: Vec<Flip> = scored.iter().filter_map(flip).collect();
        Self {
            threshold: tidy(points),
            accepted_before: scored.iter().filter(|s| s.before >= points).count(),
            accepted_after: accepted().count(),
            bad_accepted: accepted()
                .map(|s| s.bad)
                .try_fold(0, |count, bad| bad.map(|bad| count + usize::from(bad))),
            flipped: flips.len(),
            flips: flips.into_iter().take(MAX_FLIPS).collect(),
        }
    }
}

/// The rows of a sample that fit the schema.
struct Rows<'a> {
    sample: &'a Sample,
    schema: &'a Schema,
    table: Table,
    columns: Columns,
    label: Option<usize>,
    row: usize,
    first: Option<CellError>,
    refused: BTreeMap<(String, String), Refused>,
}

impl<'a> Rows<'a> {
    fn open(sample: &'a Sample, schema: &'a Schema) -> Result<Self, SampleError> {
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
        let refused = BTreeMap::new();
        Ok(Self { sample, schema, table, columns, label, row: 0, first: None, refused })
    }

    /// The next row that fits: its number, its features, whether it is of class 1.
    fn next(&mut self) -> Result<Option<(usize, Features, Option<bool>)>, SampleError> {
        while let Some(record) = self.table.next().transpose()? {
            self.row += 1;
            let cells: Vec<&str> = record.iter().collect();
            match self.schema.encode_row(&self.columns, self.row, &cells) {
                Ok(features) => {
                    let label = self.label.map(|column| self.class(cells[column])).transpose()?;
                    return Ok(Some((self.row, features, label)));
                }
                Err(error) => self.refuse(error),
            }
        }
        Ok(None)
    }

    fn class(&self, cell: &str) -> Result<bool, SampleError> {
        match crate::schema::parse_grid(cell, 0) {
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
        let fault: Fault = error.fault;
        let refused = Refused {
            feature: error.feature.clone(),
            fault: fault.to_string(),
            rows: 0,
            first_row: self.row,
        };
        let key = (error.feature.clone(), refused.fault.clone());
        self.refused.entry(key).or_insert(refused).rows += 1;
        self.first.get_or_insert(error);
    }

    /// What was refused, once `used` rows were used.
    fn finish(self, used: usize) -> Result<Vec<Refused>, SampleError> {
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
