//! Plots as SVG, in units of the view box.

use crate::report::{Band, Bin};
use std::fmt::{self, Write};

/// Width of a plot.
const WIDTH: f64 = 720.0;
/// Height of a plot's data.
const HEIGHT: f64 = 220.0;
/// Room for the labels at the left.
const LEFT: f64 = 40.0;
/// Room above and below the data.
const MARGIN: f64 = 24.0;

/// Rows by score, bad ones on top, with a line at the lender's threshold.
pub(super) fn histogram(
    out: &mut String,
    bins: &[Bin],
    threshold: Option<f64>,
    labelled: bool,
) -> fmt::Result {
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return Ok(()) };
    let most = bins.iter().map(|bin| bin.good + bin.bad).max().unwrap_or(1).max(1);
    let x = |points: f64| LEFT + (points - first.from) / (last.to - first.from) * (WIDTH - LEFT);
    let height = |rows: usize| rows as f64 / most as f64 * HEIGHT;
    let floor = MARGIN + HEIGHT;

    open(out, "Rows by score")?;
    writeln!(out, "<text x=\"0\" y=\"{MARGIN}\">{most}</text>")?;
    for bin in bins {
        let (from, width) = (x(bin.from) + 0.5, (x(bin.to) - x(bin.from) - 1.0).max(0.5));
        let mut top = floor;
        for (rows, class) in [(bin.good, "good"), (bin.bad, "bad")] {
            if rows > 0 {
                top -= height(rows);
                write!(out, "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{top:.1}\" ")?;
                write!(out, "width=\"{width:.1}\" height=\"{:.1}\">", height(rows))?;
                let what = if labelled { class } else { "rows" };
                writeln!(out, "<title>{} to {}: {rows} {what}</title></rect>", bin.from, bin.to)?;
            }
        }
    }
    for (index, bin) in bins.iter().enumerate() {
        if index % bins.len().div_ceil(8) == 0 {
            let (at, y) = (x(bin.from), floor + 16.0);
            writeln!(
                out,
                "<text x=\"{at:.1}\" y=\"{y}\" text-anchor=\"middle\">{}</text>",
                bin.from
            )?;
        }
    }
    if let Some(points) = threshold.filter(|points| (first.from..=last.to).contains(points)) {
        let at = x(points);
        writeln!(out, "<path class=\"mark\" d=\"M{at:.1} {MARGIN}V{floor}\"/>")?;
        let (y, label) = (MARGIN - 8.0, format!("threshold {points}"));
        writeln!(
            out,
            "<text class=\"label\" x=\"{at:.1}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>"
        )?;
    }
    if labelled {
        legend(out, &[("good", "good"), ("bad", "bad")])?;
    }
    close(out, floor)
}

/// Shares of bad rows: bars as observed, dots as the model expects.
pub(super) fn bands(out: &mut String, bands: &[Band]) -> fmt::Result {
    let shares = bands.iter().flat_map(|band| [band.expected, band.observed]);
    let most = shares.fold(0.01f64, f64::max);
    let step = (WIDTH - LEFT) / bands.len() as f64;
    let floor = MARGIN + HEIGHT;
    let y = |share: f64| floor - share / most * HEIGHT;

    open(out, "Bad rows by tenths of score")?;
    writeln!(out, "<text x=\"0\" y=\"{MARGIN}\">{:.0} %</text>", most * 100.0)?;
    let mut line = String::new();
    for (index, band) in bands.iter().enumerate() {
        let from = LEFT + index as f64 * step;
        let (middle, top) = (from + step / 2.0, y(band.observed));
        write!(out, "<rect class=\"bad\" x=\"{:.1}\" y=\"{top:.1}\" ", from + 4.0)?;
        write!(out, "width=\"{:.1}\" height=\"{:.1}\">", step - 8.0, floor - top)?;
        writeln!(out, "<title>observed {:.1} %</title></rect>", band.observed * 100.0)?;
        let label = format!("{:.0}", band.from);
        let below = floor + 16.0;
        writeln!(
            out,
            "<text x=\"{middle:.1}\" y=\"{below}\" text-anchor=\"middle\">{label}</text>"
        )?;
        write!(line, "{}{middle:.1} {:.1}", if index == 0 { "M" } else { "L" }, y(band.expected))?;
    }
    writeln!(out, "<path class=\"mark\" d=\"{line}\"/>")?;
    for (index, band) in bands.iter().enumerate() {
        let (x, y) = (LEFT + (index as f64 + 0.5) * step, y(band.expected));
        write!(out, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\">")?;
        writeln!(out, "<title>expected {:.1} %</title></circle>", band.expected * 100.0)?;
    }
    legend(out, &[("bad", "observed"), ("dot", "expected")])?;
    close(out, floor)
}

fn open(out: &mut String, label: &str) -> fmt::Result {
    let height = HEIGHT + 2.0 * MARGIN;
    writeln!(out, "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">")
}

fn close(out: &mut String, floor: f64) -> fmt::Result {
    writeln!(out, "<path class=\"axis\" d=\"M{LEFT} {floor}H{WIDTH}\"/>\n</svg>")
}

fn legend(out: &mut String, entries: &[(&str, &str)]) -> fmt::Result {
    for (index, (class, text)) in entries.iter().enumerate() {
        let x = WIDTH - 90.0 * (entries.len() - index) as f64;
        writeln!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"2\" width=\"10\" height=\"10\"/>")?;
        writeln!(out, "<text x=\"{}\" y=\"12\">{text}</text>", x + 16.0)?;
    }
    Ok(())
}
