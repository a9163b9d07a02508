//! What a lender's thresholds do with a sample.

use super::{
    calibration::Scored,
    statistics::{coarse, tidy},
};
use serde::{Deserialize, Serialize};
use tessera_model::{Scaling, Score};

/// Most flipped decisions that are listed one by one.
const MAX_FLIPS: usize = 1000;

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

/// Rows between two neighbouring thresholds, as a policy's tiers cut them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Smallest score, in points; `None` below the lowest threshold.
    pub from: Option<f64>,
    /// The next threshold, which is not in it; `None` above the highest.
    pub to: Option<f64>,
    /// Rows in it.
    pub rows: usize,
    /// Their share of all.
    pub share: f64,
    /// Rows that the source has in it.
    pub rows_before: usize,
    /// Bad rows, if the sample is labelled.
    pub bad: Option<usize>,
    /// Share of bad rows, if the sample is labelled and there are rows.
    pub observed: Option<f64>,
    /// Share of bad rows that points and scaling say, if there are rows.
    pub expected: Option<f64>,
}

impl Decisions {
    pub(super) fn at(threshold: Score, scored: &[Scored]) -> Self {
        let points = threshold.points();
        let flip = |s: &Scored| {
            let differs = (s.before >= points) != (s.after >= threshold);
            let after = Score(s.after.0 - threshold.0).points();
            differs.then(|| Flip {
                row: s.row,
                before: coarse(s.before - points),
                after: coarse(after),
            })
        };
        let accepted = || scored.iter().filter(|s| s.after >= threshold);
        let flips: Vec<Flip> = scored.iter().filter_map(flip).collect();
        Self {
            threshold: tidy(points),
            accepted_before: scored.iter().filter(|s| s.before >= points).count(),
            accepted_after: accepted().count(),
            bad_accepted: bad(scored, accepted()),
            flipped: flips.len(),
            flips: flips.into_iter().take(MAX_FLIPS).collect(),
        }
    }
}

impl Decisions {
    /// Share of `rows` that is accepted.
    pub fn approval_rate(&self, rows: usize) -> Option<f64> {
        (rows > 0).then(|| self.accepted_after as f64 / rows as f64)
    }

    /// Share of bad rows among those accepted.
    pub fn bad_rate(&self) -> Option<f64> {
        let bad = self.bad_accepted? as f64;
        (self.accepted_after > 0).then(|| bad / self.accepted_after as f64)
    }
}

impl Band {
    /// The bands that ascending `thresholds` cut `scored` into, the lowest first; none without a
    /// threshold.
    pub(super) fn all(thresholds: &[Score], scored: &[Scored], scaling: &Scaling) -> Vec<Self> {
        if thresholds.is_empty() {
            return Vec::new();
        }
        let ends = || thresholds.iter().copied().map(Some);
        let froms = std::iter::once(None).chain(ends());
        let tos = ends().chain(std::iter::once(None));
        froms.zip(tos).map(|(from, to)| Self::between(from, to, scored, scaling)).collect()
    }

    /// `below 480`, `480 to 520`, `520 and more`; the upper end is not in it.
    pub(super) fn range(&self) -> String {
        match (self.from, self.to) {
            (None, Some(to)) => format!("below {to}"),
            (Some(from), Some(to)) => format!("{from} to {to}"),
            (Some(from), None) => format!("{from} and more"),
            (None, None) => "all".into(),
        }
    }

    fn between(from: Option<Score>, to: Option<Score>, all: &[Scored], scaling: &Scaling) -> Self {
        let inside =
            |s: &&Scored| from.is_none_or(|x| s.after >= x) && to.is_none_or(|x| s.after < x);
        let inside_before = |s: &&Scored| {
            let above = from.is_none_or(|x| s.before >= x.points());
            above && to.is_none_or(|x| s.before < x.points())
        };
        let rows = || all.iter().filter(inside);
        let count = rows().count();
        let mean = |sum: f64| (count > 0).then(|| tidy(sum / count as f64));
        let bad = bad(all, rows());
        Self {
            from: from.map(|score| tidy(score.points())),
            to: to.map(|score| tidy(score.points())),
            rows: count,
            share: tidy(count as f64 / all.len().max(1) as f64),
            rows_before: all.iter().filter(inside_before).count(),
            bad,
            observed: bad.and_then(|bad| mean(bad as f64)),
            expected: mean(rows().map(|s| s.expected(scaling)).sum()),
        }
    }
}

/// How many of `rows` are bad, if `all` are labelled.
fn bad<'a>(all: &[Scored], rows: impl Iterator<Item = &'a Scored>) -> Option<usize> {
    let labelled = all.iter().all(|row| row.bad.is_some());
    labelled.then(|| rows.filter(|row| row.bad == Some(true)).count())
}
