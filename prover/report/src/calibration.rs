//! The quantised model against its source, row by row.

use super::{
    Agreement, Band, Decisions, Refused, Sample, SampleError, expected,
    sample::{Row, Rows},
    statistics::{self, Bin, ErrorBin, Errors, Separation, Stability, Tenth, tidy},
};
use serde::{Deserialize, Serialize};
use tessera_import::{Comparison, Imported};
use tessera_model::{Package, Scale, Scaling, Score, Target};

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
    /// Rows with a number that was rounded to the schema's grid. Their differences, and their decisions,
    /// are to the source's scores before that.
    #[serde(default)]
    pub rounded: usize,
    /// How the file's scores compare with the lender's own, if those were given.
    #[serde(default)]
    pub agreement: Option<Agreement>,
    /// How the scores of another sample are spread, if one was given.
    #[serde(default)]
    pub stability: Option<Stability>,
    /// What to look at before using the thresholds, in sentences.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Pairs of row and tree.
    pub leaves: u64,
    /// Pairs that end in another leaf than in the source.
    pub wrong_leaves: u64,
    /// What the model adds up.
    #[serde(default)]
    pub unit: Unit,
    /// Differences of log-odds, or of probabilities.
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

/// What a model adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Log-odds of class 1.
    #[default]
    LogOdds,
    /// Its probability.
    Probability,
}

impl Unit {
    fn of(scaling: &Scaling) -> Self {
        match scaling.scale {
            Scale::Odds { .. } => Self::LogOdds,
            Scale::Probability { .. } => Self::Probability,
        }
    }
}

impl std::fmt::Display for Unit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LogOdds => "log-odds",
            Self::Probability => "probability",
        })
    }
}

/// Name of the sample's file.
fn name(sample: &Sample) -> String {
    sample.path.file_name().unwrap_or_default().to_string_lossy().into()
}

/// The package's scores of all rows that fit, in points.
fn scores(imported: &Imported, sample: &Sample) -> Result<Vec<f64>, SampleError> {
    let mut rows = Rows::open(sample, &imported.package.schema)?;
    let mut features = Vec::new();
    while let Some(row) = rows.next()? {
        features.push(row.features);
    }
    rows.finish(features.len())?;
    let compared = imported.compare(&features);
    Ok(compared.into_iter().map(|compared| compared.score.points()).collect())
}

/// Thresholds that decide nothing.
fn warnings(thresholds: &[Score], scored: &[Scored]) -> Vec<String> {
    let warning = |threshold: &Score| {
        let accepted = scored.iter().filter(|row| row.after >= *threshold).count();
        let points = tidy(threshold.points());
        match accepted {
            0 => Some(format!("At {points} points nobody in the sample is accepted.")),
            all if all == scored.len() => {
                Some(format!("At {points} points everybody in the sample is accepted."))
            }
            _ => None,
        }
    };
    thresholds.iter().filter_map(warning).collect()
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
        scaling.bad_rate_of(self.after.points())
    }
}

impl Calibration {
    /// Runs both models over the sample.
    pub fn measure(imported: &Imported, sample: &Sample) -> Result<Self, SampleError> {
        let Package { schema, scaling, model, .. } = &imported.package;
        let mut reader = Rows::open(sample, schema)?;
        let mut rows: Vec<Row> = Vec::new();
        while let Some(row) = reader.next()? {
            rows.push(row);
        }
        let refused = reader.finish(rows.len())?;
        let features: Vec<_> = rows.iter().map(|row| row.features.clone()).collect();
        let compared = imported.compare(&features);
        let wrong_leaves = compared.iter().map(|compared| compared.wrong_leaves).sum();
        let rounded = rows.iter().filter(|row| row.unrounded.is_some()).count();
        let score = |(row, compared): (&Row, &Comparison)| {
            let bad = row.class_1.map(|class_1| class_1 == (scaling.target == Target::Bad));
            // What the source says of the values that the lender has, before they are rounded.
            let before = match &row.unrounded {
                Some(values) => imported.points(values, &row.features),
                None => compared.points,
            };
            Scored { row: row.number, before, after: compared.score, bad }
        };
        let scored: Vec<Scored> = rows.iter().zip(&compared).map(score).collect();
        let agreement = match &sample.expected {
            Some(expected) => {
                let found: Vec<f64> = scored.iter().map(|scored| scored.before).collect();
                let agreement = expected::compare(imported, expected, &rows, &found)?;
                agreement.check(imported, &rows).map_err(|source| SampleError::Agreement {
                    path: sample.path.clone(),
                    source,
                })?;
                Some(agreement)
            }
            None => None,
        };
        let stability = match &sample.against {
            Some(path) => {
                let (path, rounding) = (path.clone(), sample.rounding);
                let other = Sample { path, rounding, ..Sample::default() };
                let points: Vec<f64> = scored.iter().map(|row| row.after.points()).collect();
                Some(statistics::stability(name(&other), &scores(imported, &other)?, &points))
            }
            None => None,
        };
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
            sample: name(sample),
            rows: scored.len(),
            refused,
            rounded,
            agreement,
            warnings: warnings(&thresholds, &scored),
            stability,
            leaves: scored.len() as u64 * model.trees().len() as u64,
            wrong_leaves,
            unit: Unit::of(scaling),
            margin_error: sizes(|s, scaling| {
                scaling.sum_of(s.before) - scaling.sum_of(s.after.points())
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
