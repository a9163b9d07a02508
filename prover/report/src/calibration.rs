//! The quantised model against its source, row by row.

use super::{
    Band, Decisions, Refused, Sample, SampleError,
    sample::Rows,
    statistics::{self, Bin, ErrorBin, Errors, Separation, Tenth, tidy},
};
use serde::{Deserialize, Serialize};
use tessera_import::Imported;
use tessera_model::{Package, Scaling, Score, Target};

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
    /// Of the differences of scores, quantised less source, in points.
    pub errors: Vec<ErrorBin>,
    /// Smallest, mean and largest score, in points.
    pub scores: [f64; 3],
    /// Bad rows, if the sample is labelled.
    pub bad: Option<usize>,
    /// Separation by the source.
    pub before: Option<Separation>,
    /// Separation by the quantised model.
    pub after: Option<Separation>,
    /// Decisions at each of the lender's thresholds, the lowest first.
    pub decisions: Vec<Decisions>,
    /// Rows between the thresholds.
    pub bands: Vec<Band>,
    /// Of the scores.
    pub histogram: Vec<Bin>,
    /// Expected and observed shares of bad rows, if the sample is labelled.
    pub tenths: Vec<Tenth>,
}

/// A row, scored by both.
pub(super) struct Scored {
    pub(super) row: usize,
    /// By the source, in points.
    pub(super) before: f64,
    /// By the quantised model.
    pub(super) after: Score,
    pub(super) bad: Option<bool>,
}

impl Scored {
    /// The chance of being bad that points and scaling say.
    pub(super) fn expected(&self, scaling: &Scaling) -> f64 {
        let log_odds = (self.after.points() - scaling.offset()) / scaling.factor();
        1.0 / (1.0 + log_odds.exp())
    }
}

impl Calibration {
    /// Runs both models over the sample.
    pub fn measure(imported: &Imported, sample: &Sample) -> Result<Self, SampleError> {
        let Package { schema, scaling, model, .. } = &imported.package;
        let mut rows = Rows::open(sample, schema)?;
        let (mut scored, mut wrong_leaves) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let source = imported.compare(&row.features);
            wrong_leaves += source.wrong_leaves;
            let bad = row.class_1.map(|class_1| class_1 == (scaling.target == Target::Bad));
            let after = model.score(&row.features);
            scored.push(Scored { row: row.number, before: source.points, after, bad });
        }
        let refused = rows.finish(scored.len())?;
        let mut thresholds = sample.thresholds.clone();
        thresholds.sort();
        thresholds.dedup();

        let sizes = |error: fn(&Scored, &Scaling) -> f64| {
            statistics::errors(scored.iter().map(|s| error(s, scaling).abs()).collect())
        };
        let labelled = |score: fn(&Scored) -> f64| -> Vec<(f64, bool)> {
            scored.iter().filter_map(|s| Some((score(s), s.bad?))).collect()
        };
        let points = || scored.iter().map(|s| s.after.points());
        let all: Vec<_> =
            scored.iter().map(|s| (s.after.points(), s.bad.unwrap_or(false))).collect();
        let differences: Vec<_> = scored.iter().map(|s| s.after.points() - s.before).collect();
        let tenths =
            scored.iter().filter_map(|s| Some((s.after.points(), s.expected(scaling), s.bad?)));
        Ok(Self {
            sample: sample.path.file_name().unwrap_or_default().to_string_lossy().into(),
            rows: scored.len(),
            refused,
            leaves: scored.len() as u64 * model.trees().len() as u64,
            wrong_leaves,
            margin_error: sizes(|s, scaling| {
                scaling.margin_of(s.before) - scaling.margin_of(s.after.points())
            }),
            points_error: sizes(|s, _| s.before - s.after.points()),
            errors: statistics::error_histogram(&differences),
            scores: [
                points().fold(f64::MAX, f64::min),
                points().sum::<f64>() / scored.len() as f64,
                points().fold(f64::MIN, f64::max),
            ]
            .map(tidy),
            bad: sample.label.as_ref().map(|_| all.iter().filter(|(_, bad)| *bad).count()),
            before: statistics::separation(&labelled(|s| s.before)),
            after: statistics::separation(&labelled(|s| s.after.points())),
            decisions: thresholds.iter().map(|at| Decisions::at(*at, &scored)).collect(),
            bands: Band::all(&thresholds, &scored, scaling),
            histogram: statistics::histogram(&all),
            tenths: statistics::tenths(tenths.collect()),
        })
    }
}
