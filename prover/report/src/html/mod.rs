//! The report as one page that needs nothing else.

mod plot;
mod table;

use super::{
    Agreement, Calibration, Decisions, Errors, LayerStructure, Report, Separation, Stability, text,
};
use std::fmt::{self, Display, Write};
use table::{Code, Text, folded, row, table};
use tessera_model::{
    Package,
    network::ACCUMULATOR_BITS,
    package::{DIRECT, VERSION},
};

/// Flipped rows that the page lists.
const FLIPS_SHOWN: usize = 50;
/// Rows, or ranges of rows, that are named for one fault.
const ROWS_NAMED: usize = 40;

/// A share in per cent, on one line.
fn share(share: Option<f64>) -> String {
    text::percent(share).replace(' ', "\u{a0}")
}

/// The page of a package: no weights, no salt.
pub(crate) fn page(package: &Package, report: &Report) -> String {
    let mut out = String::new();
    write_page(&mut out, package, report).expect("writing to a string never fails");
    out
}

fn write_page(out: &mut String, package: &Package, report: &Report) -> fmt::Result {
    let name = Text(&package.schema.name);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    write!(out, "<meta http-equiv=\"Content-Security-Policy\" ")?;
    writeln!(out, "content=\"default-src 'none'; style-src 'unsafe-inline'\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>Calibration report: {name}</title>")?;
    writeln!(out, "<style>\n{}</style>\n</head>\n<body>\n<main>", include_str!("page.css"))?;
    // Bad rows are hatched, not only in another colour.
    write!(out, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs><pattern id=\"hatch\" ")?;
    write!(out, "width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">")?;
    writeln!(
        out,
        "<rect width=\"6\" height=\"6\"/><path d=\"M-1 7L7 -1\"/></pattern></defs></svg>"
    )?;
    writeln!(out, "<h1>{name}</h1>\n<p class=\"lead\">How closely the quantised model, which is")?;
    writeln!(out, "the model of record, follows the file that was imported.</p>")?;

    if let Some(calibration) = &report.calibration {
        write_cards(out, calibration)?;
    }
    for note in &report.notes {
        writeln!(out, "<p class=\"note\">{}</p>", Text(note))?;
    }
    match &report.calibration {
        Some(calibration) => {
            for warning in &calibration.warnings {
                writeln!(out, "<p class=\"note\"><b>Warning.</b> {}</p>", Text(warning))?;
            }
            write_calibration(out, calibration)?;
        }
        None => writeln!(out, "<p>No sample was given: <code>tessera model report</code>.</p>")?,
    }
    write_model(out, package, report)?;
    write_signature(out, package)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// The figures that decide whether to read on.
fn write_cards(out: &mut String, calibration: &Calibration) -> fmt::Result {
    let Calibration { leaves, wrong_leaves, .. } = *calibration;
    writeln!(out, "<div class=\"cards\">")?;
    let mut card = |value: &dyn Display, what: &dyn Display, fine: bool| {
        let class = if fine { "card" } else { "card bad" };
        writeln!(out, "<div class=\"{class}\"><b>{value}</b><span>{what}</span></div>")
    };
    if leaves > 0 {
        card(&wrong_leaves, &format_args!("of {leaves} leaves differ"), wrong_leaves == 0)?;
    }
    let points = calibration.points_error.max;
    card(&format_args!("{points:.1e}"), &"points, the largest difference", points < 0.01)?;
    if let (Some(before), Some(after)) = (&calibration.before, &calibration.after) {
        let fine = (before.auc - after.auc).abs() < 1e-4;
        let what = format_args!("AUC, {:.4} before", before.auc);
        card(&format_args!("{:.4}", after.auc), &what, fine)?;
    }
    if !calibration.decisions.is_empty() {
        let flipped: usize = calibration.decisions.iter().map(|at| at.flipped).sum();
        let thresholds: Vec<_> =
            calibration.decisions.iter().map(|at| at.threshold.to_string()).collect();
        let what = format!("decisions flipped at {} points", thresholds.join(", "));
        card(&flipped, &what, flipped == 0)?;
    }
    let refused: usize = calibration.refused.iter().map(|refused| refused.rows).sum();
    if refused > 0 {
        card(&refused, &"rows that the schema refuses", false)?;
    }
    writeln!(out, "</div>")
}

fn write_calibration(out: &mut String, calibration: &Calibration) -> fmt::Result {
    if let Some(agreement) = &calibration.agreement {
        write_agreement(out, agreement)?;
    }
    write_scores(out, calibration)?;
    write_cut_offs(out, calibration)?;
    write_bands(out, calibration)?;
    write_decisions(out, &calibration.decisions)?;
    write_errors(out, calibration)?;
    if let (Some(before), Some(after)) = (&calibration.before, &calibration.after) {
        write_separation(out, before, after)?;
    }
    write_tenths(out, calibration)?;
    match &calibration.stability {
        Some(stability) => write_stability(out, stability),
        None => Ok(()),
    }
}

/// The lender's own scores.
fn write_agreement(out: &mut String, agreement: &Agreement) -> fmt::Result {
    let Agreement { rows, kind, wrong, largest, mean, .. } = agreement;
    writeln!(out, "<h2>The lender\u{2019}s own scores</h2>")?;
    write!(
        out,
        "<p>{rows} rows came with the scores that the lender\u{2019}s system gave them, in "
    )?;
    writeln!(
        out,
        "column {} ({kind}). The imported file gives the same scores",
        Text(&agreement.column)
    )?;
    match agreement.tolerance {
        Some(points) => writeln!(out, "within the {points} points that were allowed.</p>")?,
        None => writeln!(out, "but for rounding in floating point.</p>")?,
    }
    table(out, &[], |out| {
        row(out, &[&"rows that differ", wrong])?;
        row(out, &[&"mean difference", &format_args!("{mean:.2e} points")])?;
        let place = format!("{largest:.2e} points, in row {}", agreement.largest_row);
        row(out, &[&"largest difference", &place])
    })
}

/// Approval and bad rate at each threshold.
fn write_cut_offs(out: &mut String, calibration: &Calibration) -> fmt::Result {
    if calibration.decisions.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Cut-offs</h2>\n<p>What each threshold would accept of this sample.</p>")?;
    table(out, &["cut-off", "accepted", "approval rate", "bad", "bad rate"], |out| {
        calibration.decisions.iter().try_for_each(|at| {
            let bad = at.bad_accepted.map_or_else(|| "–".into(), |bad| bad.to_string());
            let [approved, rate] = [at.approval_rate(calibration.rows), at.bad_rate()].map(share);
            row(out, &[&at.threshold, &at.accepted_after, &approved, &bad, &rate])
        })
    })
}

/// The spread of scores against that of another sample.
fn write_stability(out: &mut String, stability: &Stability) -> fmt::Result {
    writeln!(out, "<h2>Stability</h2>\n<p>Population stability index: {:.4}.", stability.index)?;
    write!(out, "The parts are tenths of {} ", Text(&stability.other))?;
    writeln!(
        out,
        "({} rows). By custom, below 0.1 is stable and above 0.25 is not.</p>",
        stability.rows
    )?;
    table(out, &["from points", "share in the other sample", "share in this one"], |out| {
        stability.parts.iter().try_for_each(|part| {
            let from = part.from.map_or_else(|| "lowest".into(), |from| format!("{from:.1}"));
            row(out, &[&from, &share(Some(part.other)), &share(Some(part.share))])
        })
    })
}

fn write_scores(out: &mut String, calibration: &Calibration) -> fmt::Result {
    let [low, mean, high] = calibration.scores;
    write!(out, "<h2>Scores</h2>\n<p>{} rows of ", calibration.rows)?;
    write!(out, "{}", Text(&calibration.sample))?;
    if let Some(bad) = calibration.bad {
        write!(out, ", {bad} of them bad")?;
    }
    writeln!(out, ": {low:.1} to {high:.1} points, mean {mean:.1}.</p>")?;
    plot::scores(out, calibration)?;
    folded(out, &["points", "good, or not labelled", "bad"], |out| {
        calibration.histogram.iter().try_for_each(|bin| {
            row(out, &[&format_args!("{} to {}", bin.from, bin.to), &bin.good, &bin.bad])
        })
    })?;
    if calibration.refused.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>Rows that the schema refuses</h3>")?;
    writeln!(
        out,
        "<p>Each row is listed by its first fault, and counts in no figure. Rows are counted from"
    )?;
    writeln!(out, "1, without the header.</p>")?;
    table(out, &["feature", "the value", "rows", "which"], |out| {
        calibration.refused.iter().try_for_each(|refused| {
            let (feature, fault) = (Text(&refused.feature), Text(&refused.fault));
            row(out, &[&feature, &fault, &refused.rows, &refused.named(ROWS_NAMED)])
        })
    })
}

fn write_bands(out: &mut String, calibration: &Calibration) -> fmt::Result {
    let bands = &calibration.bands;
    if bands.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Bands</h2>\n<p>Rows between the thresholds; the lower end is in a band, the"
    )?;
    writeln!(out, "upper is not.</p>")?;
    plot::bands(out, bands)?;
    let header: &[_] = match calibration.bad {
        Some(_) => &["points", "rows", "share", "by the source", "bad", "rate", "expected"],
        None => &["points", "rows", "share", "by the source"],
    };
    table(out, header, |out| {
        bands.iter().try_for_each(|band| {
            let (range, part) = (band.range(), share(Some(band.share)));
            let [observed, expected] = [band.observed, band.expected].map(share);
            let bad = band.bad.unwrap_or(0);
            let cells: [&dyn Display; 7] =
                [&range, &band.rows, &part, &band.rows_before, &bad, &observed, &expected];
            row(out, &cells[..header.len()])
        })
    })
}

fn write_errors(out: &mut String, calibration: &Calibration) -> fmt::Result {
    writeln!(out, "<h2>Error</h2>\n<p>How far quantising moves a score.</p>")?;
    table(out, &["", "mean", "99.9 %", "largest"], |out| {
        let sum = format!("in {}", calibration.unit);
        for (name, Errors { mean, p999, max }) in
            [(&*sum, calibration.margin_error), ("in points", calibration.points_error)]
        {
            let [mean, p999, max] = [mean, p999, max].map(|x| format!("{x:.2e}"));
            row(out, &[&name, &mean, &p999, &max])?;
        }
        Ok(())
    })?;
    plot::errors(out, calibration)?;
    folded(out, &["points", "rows"], |out| {
        calibration.errors.iter().try_for_each(|bin| {
            row(out, &[&format_args!("{:.3e} to {:.3e}", bin.from, bin.to), &bin.rows])
        })
    })
}

fn write_separation(out: &mut String, before: &Separation, after: &Separation) -> fmt::Result {
    writeln!(out, "<h2>Separation</h2>\n<p>How well scores tell good rows from bad ones.</p>")?;
    table(out, &["", "source", "quantised"], |out| {
        for (name, before, after) in [
            ("AUC", before.auc, after.auc),
            ("Gini", before.gini, after.gini),
            ("KS", before.ks, after.ks),
        ] {
            row(out, &[&name, &format_args!("{before:.6}"), &format_args!("{after:.6}")])?;
        }
        let interval = |of: &Separation| match of.auc_interval {
            Some([low, high]) => format!("{low:.4} to {high:.4}"),
            None => "–".into(),
        };
        row(out, &[&"AUC, 95 % interval", &interval(before), &interval(after)])?;
        row(
            out,
            &[
                &"KS at points",
                &format_args!("{:.1}", before.ks_at),
                &format_args!("{:.1}", after.ks_at),
            ],
        )
    })?;
    writeln!(out, "<h3>KS</h3>")?;
    plot::ks(out, before, after)?;
    writeln!(out, "<h3>ROC</h3>")?;
    plot::roc(out, before, after)?;
    folded(out, &["points, at most", "of the good", "of the bad"], |out| {
        after.curve.iter().try_for_each(|step| {
            let [good, bad] = [step.good, step.bad].map(|part| share(Some(part)));
            row(out, &[&format_args!("{:.1}", step.score), &good, &bad])
        })
    })
}

fn write_tenths(out: &mut String, calibration: &Calibration) -> fmt::Result {
    if calibration.tenths.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "<h2>Reliability</h2>\n<p>For each tenth of the scores: the share of bad rows that the"
    )?;
    writeln!(
        out,
        "points stand for, and the share that was observed. Where the two differ by more"
    )?;
    writeln!(out, "than the intervals, the points do not stand for these odds.</p>")?;
    plot::reliability(out, &calibration.tenths)?;
    table(out, &["points", "rows", "expected", "observed"], |out| {
        calibration.tenths.iter().try_for_each(|tenth| {
            let points = format!("{:.1} to {:.1}", tenth.from, tenth.to);
            let [expected, observed] =
                [tenth.expected, tenth.observed].map(|part| share(Some(part)));
            row(out, &[&points, &tenth.rows, &expected, &observed])
        })
    })
}

fn write_decisions(out: &mut String, decisions: &[Decisions]) -> fmt::Result {
    if decisions.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Decisions</h2>")?;
    let header = ["at points", "accepted", "by the source", "flipped", "bad among the accepted"];
    table(out, &header, |out| {
        decisions.iter().try_for_each(|at| {
            let bad = at.bad_accepted.map_or_else(|| "–".into(), |bad| bad.to_string());
            let (after, before) = (at.accepted_after, at.accepted_before);
            row(out, &[&at.threshold, &after, &before, &at.flipped, &bad])
        })
    })?;
    decisions.iter().filter(|at| at.flipped > 0).try_for_each(|at| write_flips(out, at))
}

fn write_flips(out: &mut String, at: &Decisions) -> fmt::Result {
    writeln!(out, "<h3>Flipped at {} points</h3>", at.threshold)?;
    table(out, &["row", "source above the threshold", "quantised above it"], |out| {
        for flip in at.flips.iter().take(FLIPS_SHOWN) {
            let [before, after] = [flip.before, flip.after].map(|points| format!("{points:+.6}"));
            row(out, &[&flip.row, &before, &after])?;
        }
        Ok(())
    })?;
    if at.flipped > FLIPS_SHOWN {
        writeln!(out, "<p>The first {FLIPS_SHOWN}; report.json has more.</p>")?;
    }
    Ok(())
}

fn write_model(out: &mut String, package: &Package, report: &Report) -> fmt::Result {
    let source = &package.source;
    let s = &report.structure;
    let library = source.library.as_deref().unwrap_or("unknown version");
    writeln!(out, "<h2>Model</h2>")?;
    table(out, &[], |out| {
        row(out, &[&"format", &format_args!("{}, {}", source.format, Text(library))])?;
        row(out, &[&"objective", &Text(&source.objective)])?;
        row(out, &[&"scaling", &package.scaling])?;
        for (index, layer) in s.layers.iter().enumerate() {
            let LayerStructure { inputs, neurons, accumulator_bits } = layer;
            let name = format!("layer {}", index + 1);
            let shape = format!("{inputs} → {neurons}");
            let bits = format!("{accumulator_bits} of {ACCUMULATOR_BITS} bits");
            row(out, &[&name, &format_args!("{shape}, sums of {bits}")])?;
        }
        if s.layers.is_empty() {
            row(out, &[&"trees", &format_args!("{}, depth at most {}", s.trees, s.depth)])?;
            row(out, &[&"comparisons", &format_args!("{}, and {} leaves", s.splits, s.leaves)])?;
            let folded = format!("{} splits, {} trees", s.folded_splits, s.constant_trees);
            row(out, &[&"decided by the schema", &folded])?;
        }
        let used = format!("{} of {}", s.features_used, s.features);
        row(out, &[&"features used", &used])?;
        row(out, &[&"thresholds", &s.thresholds])?;
        let bound = format!("below 2^{}, the limit is 2^62 (units of 2^-32 points)", s.bound_bits);
        row(out, &[&"largest sum", &bound])?;
        row(out, &[&"rounding", &format_args!("at most {:.1e} points", s.rounding)])?;
        match package.segments {
            DIRECT => row(out, &[&"proven", &"directly, in one circuit"])?,
            segments => row(out, &[&"proven", &format_args!("aggregated, segments: {segments}")])?,
        }
        row(out, &[&"semantics", &format_args!("tessera.model version {VERSION}")])?;
        row(
            out,
            &[&"fingerprint of the source, keyed by the salt", &Code(&report.digests.source)],
        )?;
        row(out, &[&"digest of the model", &Code(&package.digest())])?;
        row(out, &[&"digest of the schema", &Code(&report.digests.schema)])
    })
}

/// Lines to sign on, once printed.
fn write_signature(out: &mut String, package: &Package) -> fmt::Result {
    writeln!(out, "<section class=\"sign\">\n<h2>Reviewed</h2>")?;
    writeln!(out, "<p>For the model <code>{}</code>.</p>", package.digest())?;
    for line in ["name", "date", "signature"] {
        writeln!(out, "<p class=\"blank\">{line}</p>")?;
    }
    writeln!(out, "</section>")
}
