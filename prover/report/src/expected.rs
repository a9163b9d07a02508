//! The lender's own scores against what the imported file gives.

use super::{
    SampleError,
    sample::Row,
    statistics::{size, tidy},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tessera_import::Imported;
use tessera_model::{
    FeatureKind, Scale, Scaling, Schema,
    schema::{Feature, decimals_of},
};

/// Log-odds by which libraries' own sums in single precision may be off.
const NOISE: f64 = 1e-4;
/// The same of probabilities, which libraries give in single precision.
const PROBABILITY_NOISE: f64 = 1.2e-7;
/// The same of probabilities that are added up in single precision.
const SUM_NOISE: f64 = 2e-6;
/// The same of scores that are points in the file itself, which nobody adds up in single precision.
const POINTS_NOISE: f64 = 1e-6;
/// Rows that are listed one by one.
const MAX_LISTED: usize = 20;
/// Patterns that are looked for among categories of at most so many codes.
const MAX_CODES: u64 = 1000;

/// A column with the scores that the lender's own system gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Name of the column.
    pub column: String,
    /// What its numbers are; the kind that agrees best if that is not said.
    pub kind: Option<ScoreKind>,
    /// Largest difference that is accepted, in points; float noise if that is not said.
    pub tolerance: Option<f64>,
}

/// What a score is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScoreKind {
    /// Probability of class 1.
    Probability,
    /// Log-odds of class 1.
    Margin,
    /// Points.
    Points,
}

impl ScoreKind {
    const ALL: [Self; 3] = [Self::Probability, Self::Margin, Self::Points];
}

impl std::fmt::Display for ScoreKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Probability => "probabilities",
            Self::Margin => "log-odds",
            Self::Points => "points",
        })
    }
}

/// How the imported file compares with the lender's own scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Name of the column.
    pub column: String,
    /// What its numbers were taken for.
    pub kind: ScoreKind,
    /// Decimals that its numbers are written with, at most.
    pub decimals: u32,
    /// Rows that were compared.
    pub rows: usize,
    /// Rows that differ by more than float noise, or by more than was allowed.
    pub wrong: usize,
    /// Mean difference, in points.
    pub mean: f64,
    /// Largest difference, in points.
    pub largest: f64,
    /// The row of the largest difference, from 1.
    pub largest_row: usize,
    /// The largest difference that was allowed instead of float noise, in points.
    pub tolerance: Option<f64>,
    /// The first rows that differ.
    pub differences: Vec<Difference>,
    /// What the rows that differ have in common, in sentences.
    pub patterns: Vec<String>,
}

/// A row that differs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// Row, from 1.
    pub row: usize,
    /// What the lender's system gave, in points.
    pub expected: f64,
    /// What the imported file gives, in points.
    pub found: f64,
}

/// Scores that are not the lender's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AgreementError {
    /// Some rows differ.
    #[error("{0}")]
    Differs(String),
    /// The rows do not have what would settle how the file is read.
    #[error("{0}")]
    Unsettled(String),
}

/// One row: what was expected in its own unit, and what was found in points.
struct Compared {
    expected: f64,
    found: f64,
}

/// How far a row may be off and how far it is, in points.
struct Gap {
    points: f64,
    wrong: bool,
    expected_points: f64,
}

/// Compares `rows`, which have an expected score each, with the file's scores of them in points.
pub(super) fn compare(
    imported: &Imported,
    expected: &Expected,
    rows: &[Row],
    found: &[f64],
) -> Result<Agreement, SampleError> {
    let scaling = &imported.package.scaling;
    let texts = || rows.iter().map(|row| row.expected.as_deref().unwrap_or_default());
    let decimals = texts().filter_map(|text| decimals_of(text).ok()).max().unwrap_or(0);
    let compared: Vec<Compared> = texts()
        .zip(found)
        .map(|(text, found)| Compared {
            expected: text.trim().parse().unwrap_or(f64::NAN),
            found: *found,
        })
        .collect();
    let noise = match scaling.scale {
        _ if imported.is_in_points() => POINTS_NOISE,
        Scale::Odds { .. } => NOISE * scaling.slope().abs(),
        Scale::Probability { .. } => SUM_NOISE * scaling.slope().abs(),
    };
    let measure = Measure { scaling, decimals, noise, tolerance: expected.tolerance };
    let gaps = |kind: ScoreKind| -> Vec<Gap> {
        compared.iter().map(|row| measure.gap(kind, row)).collect()
    };
    let wrong = |gaps: &[Gap]| gaps.iter().filter(|gap| gap.wrong).count();
    let kind = expected.kind.unwrap_or_else(|| {
        let kinds = ScoreKind::ALL.into_iter();
        kinds.min_by_key(|kind| wrong(&gaps(*kind))).unwrap_or(ScoreKind::Margin)
    });
    let gaps = gaps(kind);
    let largest = (0..gaps.len()).max_by(|a, b| gaps[*a].points.total_cmp(&gaps[*b].points));
    let difference = |index: usize| Difference {
        row: rows[index].number,
        expected: tidy(gaps[index].expected_points),
        found: tidy(found[index]),
    };
    let differing = || (0..gaps.len()).filter(|index| gaps[*index].wrong);
    Ok(Agreement {
        column: expected.column.clone(),
        kind,
        decimals,
        rows: gaps.len(),
        wrong: wrong(&gaps),
        mean: size(gaps.iter().map(|gap| gap.points).sum::<f64>() / gaps.len().max(1) as f64),
        largest: size(largest.map_or(0.0, |index| gaps[index].points)),
        largest_row: largest.map_or(0, |index| rows[index].number),
        tolerance: expected.tolerance,
        differences: differing().take(MAX_LISTED).map(difference).collect(),
        patterns: patterns(&imported.package.schema, rows, found, &gaps),
    })
}

/// How scores are compared.
struct Measure<'a> {
    scaling: &'a Scaling,
    decimals: u32,
    /// In points.
    noise: f64,
    tolerance: Option<f64>,
}

impl Measure<'_> {
    fn gap(&self, kind: ScoreKind, row: &Compared) -> Gap {
        let slope = self.scaling.slope();
        // Half a unit of the last digit that is written.
        let half = 0.5 / 10f64.powi(self.decimals.min(300) as i32);
        let (expected_points, off, allowed) = match kind {
            ScoreKind::Points => {
                (row.expected, (row.expected - row.found).abs(), half + self.noise)
            }
            ScoreKind::Margin => {
                let points = self.scaling.points_of_margin(row.expected);
                (points, (points - row.found).abs(), half * slope.abs() + self.noise)
            }
            ScoreKind::Probability if matches!(self.scaling.scale, Scale::Probability { .. }) => {
                let points = self.scaling.points_of(row.expected);
                (points, (points - row.found).abs(), half * slope.abs() + self.noise)
            }
            ScoreKind::Probability => {
                let p = row.expected;
                let found = self.scaling.probability_of(row.found);
                // Points a unit of probability, at the flatter of the two.
                let spread = (found * (1.0 - found)).max(p * (1.0 - p)).max(1e-300);
                let steep = slope.abs() / spread;
                let points = self.scaling.points_of_probability(p);
                let off = (p - found).abs() * steep;
                let points = if points.is_finite() { points } else { row.found };
                (points, off, (half + PROBABILITY_NOISE) * steep + self.noise)
            }
        };
        let limit = self.tolerance.unwrap_or(allowed);
        // What is no number is wrong.
        let wrong = off.is_nan() || off > limit;
        let points = if off.is_nan() { f64::MAX } else { off.min(f64::MAX) };
        Gap { points, wrong, expected_points }
    }
}

/// What the rows that differ have in common.
fn patterns(schema: &Schema, rows: &[Row], found: &[f64], gaps: &[Gap]) -> Vec<String> {
    let wrong = gaps.iter().filter(|gap| gap.wrong).count();
    if wrong == 0 {
        return Vec::new();
    }
    let mut patterns = Vec::new();
    let shifts: Vec<f64> =
        gaps.iter().zip(found).map(|(gap, found)| found - gap.expected_points).collect();
    let (low, high) =
        shifts.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
    if wrong == gaps.len() && high - low <= 1e-3 * high.abs().max(low.abs()) {
        patterns.push(format!(
            "Every score is off by the same {:.4} points: a base margin, an intercept or an offset that \
             is not in the file.",
            (low + high) / 2.0
        ));
    }
    for (index, feature) in schema.features.iter().enumerate() {
        patterns.extend(of_feature(feature, index, rows, gaps, wrong));
    }
    patterns
}

/// The answer to one question that all wrong rows have, and no right one.
fn of_feature(
    feature: &Feature,
    index: usize,
    rows: &[Row],
    gaps: &[Gap],
    wrong: usize,
) -> Option<String> {
    if wrong == gaps.len() {
        return None;
    }
    // Wrong and all rows by code; of numbers only whether it is missing, or the smallest or largest.
    let mut counts: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for (row, gap) in rows.iter().zip(gaps) {
        let code = row.features.codes()[index];
        let (bad, all) = counts.entry(code).or_default();
        *bad += usize::from(gap.wrong);
        *all += 1;
    }
    let few = matches!(feature.kind, FeatureKind::Category { .. }) && feature.top() <= MAX_CODES;
    let text = |code: u64| match feature.text(code) {
        text if text.is_empty() => "missing".to_owned(),
        text => text,
    };
    let guilty: Vec<u64> = counts
        .iter()
        .filter(|(code, (bad, all))| {
            bad == all && (few || Some(**code) == feature.missing_code() || *all > 1)
        })
        .map(|(code, _)| *code)
        .collect();
    let explained: usize = guilty.iter().map(|code| counts[code].0).sum();
    if explained < wrong || guilty.len() > 12 || counts.len() == guilty.len() {
        return None;
    }
    let answers: Vec<_> = guilty.into_iter().map(text).collect();
    Some(format!(
        "All rows that differ have {:?} = {}, and all such rows differ.",
        feature.name,
        answers.join(" or ")
    ))
}

impl Agreement {
    /// Whether all rows agree.
    pub fn is_whole(&self) -> bool {
        self.wrong == 0 && self.rows > 0
    }

    /// What to say of scores that differ.
    fn complaint(&self) -> String {
        let mut text = format!(
            "{} of {} rows do not have the scores in column {:?} (taken as {}): the largest difference \
             is {:.4} points, in row {}",
            self.wrong, self.rows, self.column, self.kind, self.largest, self.largest_row
        );
        if let Some(first) = self.differences.first() {
            text += &format!(
                "; row {} should have {:.4} points and has {:.4}",
                first.row, first.expected, first.found
            );
        }
        for pattern in &self.patterns {
            text += "\n";
            text += pattern;
        }
        text
    }

    /// Checks that all rows agree, and that `rows` have the answers that every guess of the import depends
    /// on.
    pub(super) fn check(&self, imported: &Imported, rows: &[Row]) -> Result<(), AgreementError> {
        if !self.is_whole() {
            return Err(AgreementError::Differs(self.complaint()));
        }
        for guess in &imported.guesses {
            let Some(index) = guess.feature else { continue };
            let feature = &imported.package.schema.features[index];
            let seen: std::collections::HashSet<u64> =
                rows.iter().map(|row| row.features.codes()[index]).collect();
            let lacking: Vec<_> = guess.codes.iter().filter(|code| !seen.contains(code)).collect();
            if !lacking.is_empty() {
                let named: Vec<_> =
                    lacking.iter().take(MAX_LISTED).map(|code| feature.text(**code)).collect();
                let more = if lacking.len() > named.len() { ", …" } else { "" };
                return Err(AgreementError::Unsettled(format!(
                    "{}, and the sample does not settle it: it has no row where {:?} is {}{more}; add \
                     such rows, or say --assume {}",
                    guess.text,
                    feature.name,
                    named.join(", "),
                    guess.assumption
                )));
            }
        }
        Ok(())
    }
}
