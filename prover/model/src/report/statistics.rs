//! Figures of a sample: separation of good and bad, sizes of errors, histograms.

use serde::{Deserialize, Serialize};

/// How well a score tells good from bad.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// Chance that a good row scores above a bad one; half of it for equals.
    pub auc: f64,
    /// `2 · auc − 1`.
    pub gini: f64,
    /// Largest distance between the two distribution functions.
    pub ks: f64,
}

/// Sizes of errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errors {
    /// Their mean.
    pub mean: f64,
    /// What 99.9 % of them do not pass.
    pub p999: f64,
    /// The largest.
    pub max: f64,
}

/// A column of a histogram: scores in `from..to`, in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    /// Lower end.
    pub from: f64,
    /// Upper end, which belongs to the next one.
    pub to: f64,
    /// Rows that are good, or not labelled.
    pub good: usize,
    /// Rows that are bad.
    pub bad: usize,
}

/// A tenth of a sample by score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Smallest score in it, in points.
    pub from: f64,
    /// Largest score in it, in points.
    pub to: f64,
    /// Rows in it.
    pub rows: usize,
    /// Share of bad rows that the model expects.
    pub expected: f64,
    /// Share of bad rows.
    pub observed: f64,
}

/// To twelve digits: more would be noise, and these survive any reader of JSON.
pub(super) fn tidy(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

/// Separation by `score`, higher for better; `None` unless there are both good and bad rows.
pub(super) fn separation(scored: &[(f64, bool)]) -> Option<Separation> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bads = sorted.iter().filter(|(_, bad)| *bad).count();
    let goods = sorted.len() - bads;
    if bads == 0 || goods == 0 {
        return None;
    }
    let (mut pairs, mut ks, mut good_below, mut bad_below) = (0.0, 0.0f64, 0, 0);
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let bad = equal.iter().filter(|(_, bad)| *bad).count();
        let good = equal.len() - bad;
        pairs += good as f64 * (bad_below as f64 + bad as f64 / 2.0);
        good_below += good;
        bad_below += bad;
        ks = ks.max((bad_below as f64 / bads as f64 - good_below as f64 / goods as f64).abs());
    }
    let auc = pairs / (goods as f64 * bads as f64);
    Some(Separation { auc: tidy(auc), gini: tidy(2.0 * auc - 1.0), ks: tidy(ks) })
}

/// Figures of `errors`, which are not negative; zeros if there are none.
pub(super) fn errors(mut errors: Vec<f64>) -> Errors {
    errors.sort_by(f64::total_cmp);
    let Some(max) = errors.last().copied() else {
        return Errors { mean: 0.0, p999: 0.0, max: 0.0 };
    };
    let rank = (errors.len() * 999).div_ceil(1000).max(1);
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    Errors { mean: tidy(mean), p999: tidy(errors[rank - 1]), max: tidy(max) }
}

/// About thirty columns of a round width.
pub(super) fn histogram(scored: &[(f64, bool)]) -> Vec<Bin> {
    let scores = || scored.iter().map(|(score, _)| *score);
    let (low, high) = (scores().fold(f64::MAX, f64::min), scores().fold(f64::MIN, f64::max));
    if scored.is_empty() {
        return Vec::new();
    }
    let width = round_up(((high - low) / 30.0).max(1e-3));
    let first = (low / width).floor();
    let count = ((high / width).floor() - first) as usize + 1;
    let edge = |index: usize| tidy((first + index as f64) * width);
    let bin = |index| Bin { from: edge(index), to: edge(index + 1), good: 0, bad: 0 };
    let mut bins: Vec<Bin> = (0..count).map(bin).collect();
    for (score, bad) in scored {
        let index = (((score / width).floor() - first) as usize).min(count - 1);
        *(if *bad { &mut bins[index].bad } else { &mut bins[index].good }) += 1;
    }
    bins
}

/// The next of 1, 2, 5 times a power of ten.
fn round_up(x: f64) -> f64 {
    let power = 10f64.powf(x.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= x * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power
}

/// Tenths of the sample in order of score. `rows` are score, expected share of bad, bad.
pub(super) fn bands(mut rows: Vec<(f64, f64, bool)>) -> Vec<Band> {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tenth = rows.len().div_ceil(10).max(1);
    let band = |rows: &[(f64, f64, bool)]| {
        let mean = |sum: f64| sum / rows.len() as f64;
        Band {
            from: tidy(rows[0].0),
            to: tidy(rows[rows.len() - 1].0),
            rows: rows.len(),
            expected: tidy(mean(rows.iter().map(|(_, expected, _)| *expected).sum())),
            observed: tidy(mean(rows.iter().filter(|(_, _, bad)| *bad).count() as f64)),
        }
    };
    rows.chunks(tenth).map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separation_counts_pairs() {
        let scored = [(1.0, true), (2.0, false), (2.0, true), (3.0, false), (0.5, true)];
        // Of 2 × 3 pairs, one is equal and none is in the wrong order.
        let found = separation(&scored).unwrap();
        assert!((found.auc - 5.5 / 6.0).abs() < 1e-11);
        assert!((found.ks - 2.0 / 3.0).abs() < 1e-11);
        assert_eq!(separation(&scored[..1]), None);
        assert_eq!(separation(&[]), None);
    }

    #[test]
    fn errors_are_ranked() {
        let found = errors((0..1000).map(f64::from).collect());
        assert_eq!((found.mean, found.p999, found.max), (499.5, 998.0, 999.0));
        assert_eq!(errors(vec![]).max, 0.0);
    }

    #[test]
    fn histogram_keeps_every_row() {
        for scores in
            [vec![600.0], vec![-1.0, 0.0, 1.0], (0..500).map(|i| f64::from(i) * 0.7).collect()]
        {
            let rows: Vec<_> = scores.iter().map(|s| (*s, *s > 0.5)).collect();
            let bins = histogram(&rows);
            assert_eq!(bins.iter().map(|bin| bin.good + bin.bad).sum::<usize>(), rows.len());
            assert!(bins.len() <= 32, "{}", bins.len());
            for (score, _) in &rows {
                assert!(bins.iter().any(|bin| bin.from <= *score && *score < bin.to), "{score}");
            }
        }
    }

    #[test]
    fn bands_are_tenths() {
        let rows = (0..25).map(|i| (f64::from(i), 0.5, i < 12)).collect();
        let bands = bands(rows);
        assert_eq!(bands.iter().map(|band| band.rows).sum::<usize>(), 25);
        assert_eq!((bands[0].rows, bands[0].observed, bands[0].to), (3, 1.0, 2.0));
    }
}
