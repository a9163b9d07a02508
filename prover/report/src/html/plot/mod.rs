//! Plots as SVG.

mod frame;

use crate::{Band, Calibration, Separation, Tenth, text::percent};
use frame::{Axis, Frame};
use std::fmt::{self, Write};

/// Rows by score, bad ones on top, with a line at each of the lender's thresholds.
pub(super) fn scores(out: &mut String, calibration: &Calibration) -> fmt::Result {
    let bins = &calibration.histogram;
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return Ok(()) };
    let most = bins.iter().map(|bin| bin.good + bin.bad).max().unwrap_or(0);
    let frame = Frame { x: Axis::new("score in points", first.from, last.to), y: Axis::rows(most) };
    let [low, _, high] = calibration.scores;
    let rows = calibration.rows;
    frame.open(out, &format!("Histogram of {rows} scores from {low:.1} to {high:.1} points"))?;
    let labelled = calibration.bad.is_some();
    for bin in bins {
        let (good, all) = (bin.good as f64, (bin.good + bin.bad) as f64);
        let title = |rows: usize, what| format!("{} to {}: {rows} {what}", bin.from, bin.to);
        let good_rows = title(bin.good, if labelled { "good" } else { "rows" });
        for (class, rows, y, title) in [
            ("good", bin.good, [0.0, good], good_rows),
            ("bad", bin.bad, [good, all], title(bin.bad, "bad")),
        ] {
            if rows > 0 {
                frame.bar(out, class, [bin.from, bin.to], y, &title)?;
            }
        }
    }
    let mut outside = String::new();
    for threshold in calibration.decisions.iter().map(|decisions| decisions.threshold) {
        if (first.from..=last.to).contains(&threshold) {
            mark(out, &frame, threshold, &threshold.to_string())?;
        } else {
            write!(outside, " The threshold {threshold} is outside.")?;
        }
    }
    let mut keys = match labelled {
        true => vec![("good", "good"), ("bad", "bad")],
        false => vec![("good", "rows")],
    };
    if !calibration.decisions.is_empty() {
        keys.push(("mark", "threshold"));
    }
    frame.close(out, &keys, &outside)
}

/// An upright line at `x`, with a text above.
fn mark(out: &mut String, frame: &Frame<'_>, x: f64, text: &str) -> fmt::Result {
    let (at, top, floor) = (frame.x(x), frame.top(), frame.floor());
    writeln!(out, "<path class=\"mark\" d=\"M{at:.1} {top}V{floor}\"/>")?;
    let y = top - 4.0;
    writeln!(
        out,
        "<text class=\"mark\" x=\"{at:.1}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>"
    )
}

/// Rows by error.
pub(super) fn errors(out: &mut String, calibration: &Calibration) -> fmt::Result {
    let bins = &calibration.errors;
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return Ok(()) };
    let most = bins.iter().map(|bin| bin.rows).max().unwrap_or(0);
    // Written in thousandths, millionths and so on.
    let power = first.from.abs().max(last.to.abs()).log10().div_euclid(3.0) * 3.0;
    let name = format!("quantised less source, in 10^{power} points");
    let unit = 10f64.powf(power);
    let frame =
        Frame { x: Axis { unit, ..Axis::new(&name, first.from, last.to) }, y: Axis::rows(most) };
    let largest = calibration.points_error.max;
    frame.open(out, &format!("Histogram of the differences, at most {largest:.1e} points"))?;
    for bin in bins {
        let title = format!("{:.3e} to {:.3e}: {} rows", bin.from, bin.to, bin.rows);
        frame.bar(out, "plain", [bin.from, bin.to], [0.0, bin.rows as f64], &title)?;
    }
    frame.close(out, &[("plain", "rows")], "")
}

/// Before as a broad pale line, after as a thin one on it.
const CURVES: [(&str, &str); 2] = [("plain pale", "source"), ("plain", "quantised")];

/// Distribution functions of good and bad rows by score, with the place where they are farthest
/// apart.
pub(super) fn ks(out: &mut String, before: &Separation, after: &Separation) -> fmt::Result {
    let ends = |of: fn(&Separation) -> Option<f64>| [before, after].map(of).into_iter().flatten();
    let low = ends(|s| Some(s.curve.first()?.score)).fold(f64::MAX, f64::min);
    let high = ends(|s| Some(s.curve.last()?.score)).fold(f64::MIN, f64::max);
    let frame = Frame {
        x: Axis::new("score in points", low, high),
        y: Axis::new("share of rows at or below the score", 0.0, 1.0),
    };
    let label = format!(
        "Shares of good and of bad rows at or below each score. They are {:.3} apart at {:.1} \
         points, {:.3} for the source.",
        after.ks, after.ks_at, before.ks
    );
    frame.open(out, &label)?;
    for (separation, width) in [(before, " pale"), (after, "")] {
        let steps = || separation.curve.iter();
        let good = steps().map(|step| (step.score, step.good));
        frame.line(out, &format!("line good{width}"), good)?;
        let bad = steps().map(|step| (step.score, step.bad));
        frame.line(out, &format!("line bad{width}"), bad)?;
    }
    if let Some(step) = after.curve.iter().find(|step| step.score == after.ks_at) {
        let points = [step.good, step.bad].map(|share| (step.score, share));
        frame.line(out, "mark", points.into_iter())?;
    }
    let keys = [("good", "good"), ("bad", "bad"), ("mark", "KS")];
    frame.close(out, &keys, "Broad and pale: the source. Thin: the quantised model.")
}

/// Good rows that are accepted against bad ones, over all thresholds.
pub(super) fn roc(out: &mut String, before: &Separation, after: &Separation) -> fmt::Result {
    let frame = Frame {
        x: Axis::new("share of bad rows accepted", 0.0, 1.0),
        y: Axis::new("share of good rows accepted", 0.0, 1.0),
    };
    let label = format!(
        "ROC curve: the area under it is {:.4}, {:.4} for the source",
        after.auc, before.auc
    );
    frame.open(out, &label)?;
    frame.line(out, "line even", [(0.0, 0.0), (1.0, 1.0)].into_iter())?;
    for (separation, class) in [(before, "line plain pale"), (after, "line plain")] {
        let steps = separation.curve.iter().map(|step| (1.0 - step.bad, 1.0 - step.good));
        frame.line(out, class, std::iter::once((1.0, 1.0)).chain(steps))?;
    }
    let keys = [CURVES[0], CURVES[1], ("even", "chance")];
    frame.close(out, &keys, "")
}

/// Observed shares of bad rows against expected ones, by tenths of score.
pub(super) fn reliability(out: &mut String, tenths: &[Tenth]) -> fmt::Result {
    let ends: Vec<[f64; 2]> =
        tenths.iter().map(|tenth| interval(tenth.observed, tenth.rows)).collect();
    let shares = tenths.iter().map(|tenth| tenth.expected).chain(ends.iter().map(|end| end[1]));
    let most = (shares.fold(0.01f64, f64::max) * 20.0).ceil() / 20.0;
    let axis = |name| Axis { unit: 0.01, ..Axis::new(name, 0.0, most) };
    let frame =
        Frame { x: axis("expected bad, in per cent"), y: axis("observed bad, in per cent") };
    frame.open(out, "Observed share of bad rows against the expected one, by tenths of score")?;
    frame.line(out, "line even", [(0.0, 0.0), (most, most)].into_iter())?;
    for (tenth, [low, high]) in tenths.iter().zip(&ends) {
        let x = tenth.expected;
        frame.line(out, "line plain thin", [(x, *low), (x, *high)].into_iter())?;
    }
    let points = || tenths.iter().map(|tenth| (tenth.expected, tenth.observed));
    frame.line(out, "line plain", points())?;
    for ((x, y), tenth) in points().zip(tenths) {
        let (x, y) = (frame.x(x), frame.y(y));
        write!(out, "<circle class=\"plain\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>")?;
        let [expected, observed] = [tenth.expected, tenth.observed].map(|x| percent(Some(x)));
        write!(out, "{:.1} to {:.1} points, {} rows: ", tenth.from, tenth.to, tenth.rows)?;
        writeln!(out, "expected {expected}, observed {observed}</title></circle>")?;
    }
    let keys = [("plain", "a tenth of the rows"), ("even", "as expected")];
    frame.close(out, &keys, "Upright lines: 95 % intervals (Wilson) of the observed shares.")
}

/// 95 % interval of a share of `rows` (Wilson, 1927).
fn interval(share: f64, rows: usize) -> [f64; 2] {
    const Z: f64 = 1.96;
    let n = rows as f64;
    let centre = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// Rows in each band, bad ones on top.
pub(super) fn bands(out: &mut String, bands: &[Band]) -> fmt::Result {
    let most = bands.iter().map(|band| band.rows).max().unwrap_or(0);
    let name = |band: &Band| match band.from {
        Some(from) => from.to_string(),
        None => band.to.map_or_else(String::new, |to| format!("< {to}")),
    };
    let names = bands.iter().map(name).collect();
    let frame = Frame {
        x: Axis { names, ..Axis::new("band, from points", 0.0, bands.len() as f64) },
        y: Axis::rows(most),
    };
    frame.open(out, "Rows in each band")?;
    for (index, band) in bands.iter().enumerate() {
        let x = [index as f64 + 0.1, index as f64 + 0.9];
        let (bad, all) = (band.bad.unwrap_or(0), band.rows);
        let title = format!("{}: {all} rows, {bad} bad", band.range());
        frame.bar(out, "good", x, [0.0, (all - bad) as f64], &title)?;
        if bad > 0 {
            frame.bar(out, "bad", x, [(all - bad) as f64, all as f64], &title)?;
        }
    }
    let labelled = bands.iter().any(|band| band.bad.is_some());
    let keys: &[_] =
        if labelled { &[("good", "good"), ("bad", "bad")] } else { &[("good", "rows")] };
    frame.close(out, keys, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_wilson_s() {
        let [low, high] = interval(0.3, 10);
        assert!((low - 0.1078).abs() < 1e-4 && (high - 0.6032).abs() < 1e-4, "{low} {high}");
        assert_eq!(interval(0.0, 5)[0], 0.0);
        assert_eq!(interval(1.0, 5)[1], 1.0);
    }
}
