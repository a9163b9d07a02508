//! Figures of a sample: separation of good and bad, sizes of errors, histograms.

use serde::{Deserialize, Serialize};

/// Most steps of a [`Separation::curve`].
const STEPS: usize = 60;
/// About as many columns has a histogram.
const COLUMNS: f64 = 30.0;

/// How well a score tells good from bad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Separation {
    /// Chance that a good row scores above a bad one; half of it for equals.
    pub auc: f64,
    /// 95 % interval of `auc` (DeLong, DeLong and Clarke-Pearson, 1988).
    #[serde(default)]
    pub auc_interval: Option<[f64; 2]>,
    /// `2 · auc − 1`.
    pub gini: f64,
    /// Largest distance between the two distribution functions.
    pub ks: f64,
    /// The score where they are farthest apart, in points.
    pub ks_at: f64,
    /// The two distribution functions, at some of the scores.
    pub curve: Vec<Step>,
}

/// How many rows score this much or less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// In points.
    pub score: f64,
    /// Share of the good rows.
    pub good: f64,
    /// Share of the bad rows.
    pub bad: f64,
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

/// A column of a histogram of errors, in points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorBin {
    /// Lower end.
    pub from: f64,
    /// Upper end, which belongs to the next one.
    pub to: f64,
    /// How many.
    pub rows: usize,
}

/// A tenth of a sample by score.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenth {
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

/// To two digits, rounded up: the size of an error, of which more digits would be those of weights.
pub(super) fn size(x: f64) -> f64 {
    let rounded: f64 = format!("{x:.1e}").parse().unwrap_or(x);
    if rounded >= x { rounded } else { format!("{:.1e}", x * 1.05).parse().unwrap_or(x) }
}

/// To two digits, for distances from a threshold.
pub(super) fn coarse(x: f64) -> f64 {
    format!("{x:.1e}").parse().unwrap_or(x)
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
    let (mut pairs, mut good_below, mut bad_below) = (0.0, 0, 0);
    let mut curve = Vec::new();
    // Sums and squares of what each row is worth: the share of the other kind that it is ordered right with.
    let [mut of_good, mut of_bad] = [Moments::default(); 2];
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let bad = equal.iter().filter(|(_, bad)| *bad).count();
        let good = equal.len() - bad;
        let worth = bad_below as f64 + bad as f64 / 2.0;
        pairs += good as f64 * worth;
        of_good.add(worth / bads as f64, good);
        of_bad.add((goods as f64 - good_below as f64 - good as f64 / 2.0) / goods as f64, bad);
        good_below += good;
        bad_below += bad;
        curve.push(Step {
            // For plots; not so fine that a row's score could be read off.
            score: tidy((equal[0].0 * 100.0).round() / 100.0),
            good: tidy(good_below as f64 / goods as f64),
            bad: tidy(bad_below as f64 / bads as f64),
        });
    }
    let distance = |step: &Step| (step.bad - step.good).abs();
    let apart = curve.iter().copied().max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    let auc = pairs / (goods as f64 * bads as f64);
    Some(Separation {
        auc: tidy(auc),
        auc_interval: auc_interval(auc, &of_good, &of_bad),
        gini: tidy(2.0 * auc - 1.0),
        ks: tidy(distance(&apart)),
        ks_at: apart.score,
        curve: thin(&curve, apart),
    })
}

/// Count, sum and sum of squares.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, x: f64, times: usize) {
        self.count += times as f64;
        self.sum += x * times as f64;
        self.squares += x * x * times as f64;
    }

    /// Variance of the mean; none of a single number.
    fn of_mean(&self) -> Option<f64> {
        let variance = (self.squares - self.sum * self.sum / self.count)
            / (self.count - 1.0).max(f64::EPSILON);
        (self.count > 1.0).then(|| variance.max(0.0) / self.count)
    }
}

/// 95 % interval of an AUC from the worths of good and of bad rows; none where one of either is all there is.
fn auc_interval(auc: f64, good: &Moments, bad: &Moments) -> Option<[f64; 2]> {
    let half = 1.96 * (good.of_mean()? + bad.of_mean()?).sqrt();
    Some([tidy((auc - half).max(0.0)), tidy((auc + half).min(1.0))])
}

/// How the scores of two samples are spread over the tenths of the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stability {
    /// Name of the other sample's file.
    pub other: String,
    /// Rows of the other sample.
    pub rows: usize,
    /// Population stability index: `Σ (p − q) · ln(p / q)` over the tenths.
    pub index: f64,
    /// The tenths.
    pub parts: Vec<Part>,
}

/// Shares of two samples between two scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Smallest score in it, in points; `None` for the lowest part.
    pub from: Option<f64>,
    /// Share of the other sample, by whose tenths the parts are cut.
    pub other: f64,
    /// Share of this sample.
    pub share: f64,
}

/// Smallest share that the index counts with, so that an empty part does not make it infinite.
const LEAST_SHARE: f64 = 1e-4;

/// Spread of `scores` over the tenths of `other`; both in points.
pub(super) fn stability(name: String, other: &[f64], scores: &[f64]) -> Stability {
    let mut sorted = other.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> =
        (1..10).map(|i| sorted[(i * sorted.len() / 10).min(sorted.len() - 1)]).collect();
    cuts.dedup();
    // A cut at the smallest score would leave nothing below it.
    cuts.retain(|cut| *cut > sorted[0]);
    let share = |of: &[f64], from: Option<f64>, to: Option<f64>| {
        let inside = |x: &&f64| from.is_none_or(|from| **x >= from) && to.is_none_or(|to| **x < to);
        of.iter().filter(inside).count() as f64 / of.len().max(1) as f64
    };
    let froms = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let tos = cuts.iter().copied().map(Some).chain(std::iter::once(None));
    let parts: Vec<Part> = froms
        .zip(tos)
        .map(|(from, to)| Part {
            from: from.map(tidy),
            other: tidy(share(other, from, to)),
            share: tidy(share(scores, from, to)),
        })
        .collect();
    let term = |part: &Part| {
        let (p, q) = (part.share.max(LEAST_SHARE), part.other.max(LEAST_SHARE));
        (p - q) * (p / q).ln()
    };
    let index = tidy(parts.iter().map(term).sum());
    Stability { other: name, rows: other.len(), index, parts }
}

/// About [`STEPS`] of the steps, the last one and `kept` among them.
fn thin(curve: &[Step], kept: Step) -> Vec<Step> {
    let every = curve.len().div_ceil(STEPS);
    let wanted = |(index, step): &(usize, &Step)| {
        index % every == every - 1 || index + 1 == curve.len() || **step == kept
    };
    curve.iter().enumerate().filter(wanted).map(|(_, step)| *step).collect()
}

/// Figures of `errors`, which are not negative; zeros if there are none.
pub(super) fn errors(mut errors: Vec<f64>) -> Errors {
    errors.sort_by(f64::total_cmp);
    let Some(max) = errors.last().copied() else {
        return Errors { mean: 0.0, p999: 0.0, max: 0.0 };
    };
    let rank = (errors.len() * 999).div_ceil(1000).max(1);
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    Errors { mean: size(mean), p999: size(errors[rank - 1]), max: size(max) }
}

/// Columns of one round width over some numbers.
struct Columns {
    width: f64,
    first: f64,
    count: usize,
}

impl Columns {
    /// About thirty of at least the width `least`.
    fn over(numbers: impl Iterator<Item = f64> + Clone, least: f64) -> Self {
        let (low, high) =
            (numbers.clone().fold(f64::MAX, f64::min), numbers.fold(f64::MIN, f64::max));
        let width = round_up(((high - low) / COLUMNS).max(least));
        let first = (low / width).floor();
        Self { width, first, count: ((high / width).floor() - first) as usize + 1 }
    }

    fn ends(&self, index: usize) -> [f64; 2] {
        [index, index + 1].map(|index| tidy((self.first + index as f64) * self.width))
    }

    fn index(&self, number: f64) -> usize {
        (((number / self.width).floor() - self.first) as usize).min(self.count - 1)
    }
}

/// Rows by score.
pub(super) fn histogram(scored: &[(f64, bool)]) -> Vec<Bin> {
    if scored.is_empty() {
        return Vec::new();
    }
    let equal = scored.iter().all(|(score, _)| *score == scored[0].0);
    let least = if equal { 1.0 } else { 1e-3 };
    let columns = Columns::over(scored.iter().map(|(score, _)| *score), least);
    let bin = |index| {
        let [from, to] = columns.ends(index);
        Bin { from, to, good: 0, bad: 0 }
    };
    let mut bins: Vec<Bin> = (0..columns.count).map(bin).collect();
    for (score, bad) in scored {
        let bin = &mut bins[columns.index(*score)];
        *(if *bad { &mut bin.bad } else { &mut bin.good }) += 1;
    }
    bins
}

/// Rows by error.
pub(super) fn error_histogram(errors: &[f64]) -> Vec<ErrorBin> {
    let Some(largest) = errors.iter().map(|error| error.abs()).max_by(f64::total_cmp) else {
        return Vec::new();
    };
    let columns = Columns::over(errors.iter().copied(), (largest / 1e3).max(1e-12));
    let bin = |index| {
        let [from, to] = columns.ends(index);
        ErrorBin { from, to, rows: 0 }
    };
    let mut bins: Vec<ErrorBin> = (0..columns.count).map(bin).collect();
    errors.iter().for_each(|error| bins[columns.index(*error)].rows += 1);
    bins
}

/// The next of 1, 2, 5 times a power of ten.
pub(super) fn round_up(x: f64) -> f64 {
    let power = 10f64.powf(x.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|step| step * power >= x * (1.0 - 1e-9));
    step.unwrap_or(10.0) * power
}

/// Tenths of the sample in order of score. `rows` are score, expected share of bad, bad.
pub(super) fn tenths(mut rows: Vec<(f64, f64, bool)>) -> Vec<Tenth> {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tenth = rows.len().div_ceil(10).max(1);
    let one = |rows: &[(f64, f64, bool)]| {
        let mean = |sum: f64| sum / rows.len() as f64;
        Tenth {
            from: tidy(rows[0].0),
            to: tidy(rows[rows.len() - 1].0),
            rows: rows.len(),
            expected: tidy(mean(rows.iter().map(|(_, expected, _)| *expected).sum())),
            observed: tidy(mean(rows.iter().filter(|(_, _, bad)| *bad).count() as f64)),
        }
    };
    rows.chunks(tenth).map(one).collect()
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
        assert_eq!(found.ks_at, 1.0);
        let steps: Vec<_> = found.curve.iter().map(|step| (step.score, step.good)).collect();
        assert_eq!(steps, [(0.5, 0.0), (1.0, 0.0), (2.0, 0.5), (3.0, 1.0)]);
        assert_eq!(separation(&scored[..1]), None);
        assert_eq!(separation(&[]), None);
    }

    #[test]
    fn intervals_of_an_auc_are_delong_s() {
        // Worths by hand: goods 1, 1/2, 1 and 1/4 of 2 bads are ordered right with 0 to 2.
        let scored =
            [(1.0, true), (2.0, false), (3.0, true), (3.0, false), (4.0, false), (0.5, false)];
        let found = separation(&scored).unwrap();
        // Goods: 0.5, 0.75, 1, 0; bads: 0.75, 0.375.
        assert!((found.auc - 0.5625).abs() < 1e-11);
        let variance = 0.182_291_666_666_666_66 / 4.0 + 0.070_312_5 / 2.0;
        let half = 1.96 * f64::sqrt(variance);
        let [low, high] = found.auc_interval.unwrap();
        assert!((low - (0.5625 - half)).abs() < 1e-9, "{low}");
        assert_eq!(high, 1.0);
        assert_eq!(separation(&scored[..2]).unwrap().auc_interval, None);
    }

    #[test]
    fn equal_samples_are_stable_and_others_are_not() {
        let scores: Vec<f64> = (0..1000).map(f64::from).collect();
        let same = stability("a".into(), &scores, &scores);
        assert_eq!((same.index, same.parts.len()), (0.0, 10));
        let shifted: Vec<f64> = scores.iter().map(|x| x / 2.0).collect();
        let other = stability("a".into(), &scores, &shifted);
        // Half of the tenths have a fifth of the rows each, half have none.
        let expected = 5.0 * (0.1 * 2f64.ln()) + 5.0 * ((1e-4 - 0.1) * (1e-4f64 / 0.1).ln());
        assert!((other.index - expected).abs() < 1e-9, "{}", other.index);
        let equal = stability("a".into(), &[5.0; 4], &[5.0, 1.0]);
        assert_eq!(equal.parts.len(), 1);
    }

    #[test]
    fn curves_are_short_and_end_at_one() {
        let scored: Vec<_> = (0..10_000).map(|i| (f64::from(i), i % 7 == 0 || i < 900)).collect();
        let found = separation(&scored).unwrap();
        assert!(found.curve.len() <= STEPS + 2);
        let last = found.curve.last().unwrap();
        assert_eq!((last.good, last.bad), (1.0, 1.0));
        // The distance is the curve's own.
        let step = found.curve.iter().find(|step| step.score == found.ks_at).unwrap();
        assert!(((step.bad - step.good).abs() - found.ks).abs() < 1e-10);
    }

    #[test]
    fn errors_of_any_size_have_a_histogram() {
        for errors in [vec![0.0; 3], vec![3e-6], vec![-1e-10, 2e-10], vec![1e-5, 1e-5 + 1e-12]] {
            let bins = error_histogram(&errors);
            assert_eq!(bins.iter().map(|bin| bin.rows).sum::<usize>(), errors.len());
            assert!((1..=32).contains(&bins.len()), "{errors:?}: {} columns", bins.len());
            for error in errors {
                assert!(bins.iter().any(|bin| bin.from <= error && error < bin.to), "{error}");
            }
        }
        assert!(error_histogram(&[]).is_empty());
    }

    #[test]
    fn errors_are_ranked() {
        let found = errors((0..1000).map(f64::from).collect());
        // To two digits, rounded up.
        assert_eq!((found.mean, found.p999, found.max), (500.0, 1000.0, 1000.0));
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
    fn tenths_keep_every_row() {
        let rows = (0..25).map(|i| (f64::from(i), 0.5, i < 12)).collect();
        let tenths = tenths(rows);
        assert_eq!(tenths.iter().map(|tenth| tenth.rows).sum::<usize>(), 25);
        assert_eq!((tenths[0].rows, tenths[0].observed, tenths[0].to), (3, 1.0, 2.0));
    }
}
