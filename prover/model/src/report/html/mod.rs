//! The report as one page that needs nothing else.

mod plot;

use super::{Calibration, Decisions, Errors, LayerStructure};
use crate::Package;
use std::fmt::{self, Display, Write};

/// Flipped rows that the page lists.
const FLIPS_SHOWN: usize = 50;

/// The page of a package: no weights, no salt.
pub(crate) fn page(package: &Package) -> String {
    let mut out = String::new();
    write_page(&mut out, package).expect("writing to a string never fails");
    out
}

fn write_page(out: &mut String, package: &Package) -> fmt::Result {
    let report = &package.report;
    let name = Text(&package.schema.name);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>Calibration report: {name}</title>")?;
    writeln!(out, "<style>\n{}</style>\n</head>\n<body>\n<main>", include_str!("page.css"))?;
    writeln!(out, "<h1>{name}</h1>\n<p class=\"lead\">How far the quantised model, which is the")?;
    writeln!(out, "model of record, is from the file it was imported from.</p>")?;

    if let Some(calibration) = &report.calibration {
        write_cards(out, calibration)?;
    }
    for note in &report.notes {
        writeln!(out, "<p class=\"note\">{}</p>", Text(note))?;
    }
    if let Some(calibration) = &report.calibration {
        write_calibration(out, calibration)?;
    }
    write_model(out, package)?;
    writeln!(out, "</main>\n</body>\n</html>")
}

/// The four figures that decide whether to read on.
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
    if let (Some(before), Some(after)) = (calibration.before, calibration.after) {
        let fine = (before.auc - after.auc).abs() < 1e-4;
        card(
            &format_args!("{:.4}", after.auc),
            &format_args!("AUC, {:.4} before", before.auc),
            fine,
        )?;
    }
    if let Some(decisions) = &calibration.decisions {
        let what = format!("decisions flipped at {} points", decisions.threshold);
        card(&decisions.flipped, &what, decisions.flipped == 0)?;
    }
    writeln!(out, "</div>")
}

fn write_calibration(out: &mut String, calibration: &Calibration) -> fmt::Result {
    let [low, mean, high] = calibration.scores;
    let threshold = calibration.decisions.as_ref().map(|decisions| decisions.threshold);
    writeln!(
        out,
        "<h2>Scores</h2>\n<p>{} rows of {}: ",
        calibration.rows,
        Text(&calibration.sample)
    )?;
    writeln!(out, "{low:.1} to {high:.1} points, mean {mean:.1}.</p>")?;
    plot::histogram(out, &calibration.histogram, threshold, calibration.bad.is_some())?;
    if !calibration.refused.is_empty() {
        writeln!(out, "<h3>Rows that the schema refuses</h3>")?;
        table(out, &["feature", "the value", "rows", "first row"], |out| {
            for refused in &calibration.refused {
                let (feature, fault) = (Text(&refused.feature), Text(&refused.fault));
                row(out, &[&feature, &fault, &refused.rows, &refused.first_row])?;
            }
            Ok(())
        })?;
    }

    writeln!(out, "<h2>Error</h2>")?;
    table(out, &["", "mean", "99.9 %", "largest"], |out| {
        for (name, Errors { mean, p999, max }) in
            [("in log-odds", calibration.margin_error), ("in points", calibration.points_error)]
        {
            let [mean, p999, max] = [mean, p999, max].map(|x| format!("{x:.2e}"));
            row(out, &[&name, &mean, &p999, &max])?;
        }
        Ok(())
    })?;

    if let (Some(before), Some(after)) = (calibration.before, calibration.after) {
        writeln!(out, "<h2>Separation</h2>")?;
        table(out, &["", "source", "quantised"], |out| {
            for (name, before, after) in [
                ("AUC", before.auc, after.auc),
                ("Gini", before.gini, after.gini),
                ("KS", before.ks, after.ks),
            ] {
                row(out, &[&name, &format_args!("{before:.6}"), &format_args!("{after:.6}")])?;
            }
            Ok(())
        })?;
    }
    if let Some(decisions) = &calibration.decisions {
        write_decisions(out, decisions)?;
    }
    if !calibration.bands.is_empty() {
        writeln!(
            out,
            "<h2>Expected and observed</h2>\n<p>Bad rows by tenths of score. Where the two"
        )?;
        writeln!(out, "part, points do not mean the odds that the scaling says.</p>")?;
        plot::bands(out, &calibration.bands)?;
        table(out, &["points", "rows", "expected", "observed"], |out| {
            for band in &calibration.bands {
                let points = format!("{:.1} to {:.1}", band.from, band.to);
                let [expected, observed] =
                    [band.expected, band.observed].map(|share| format!("{:.1} %", share * 100.0));
                row(out, &[&points, &band.rows, &expected, &observed])?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn write_decisions(out: &mut String, decisions: &Decisions) -> fmt::Result {
    writeln!(out, "<h2>Decisions at {} points</h2>", decisions.threshold)?;
    write!(out, "<p>{} rows accepted, ", decisions.accepted_after)?;
    write!(out, "{} by the source.", decisions.accepted_before)?;
    if let Some(bad) = decisions.bad_accepted {
        write!(out, " {bad} of them bad.")?;
    }
    writeln!(out, " {} flipped.</p>", decisions.flipped)?;
    if decisions.flips.is_empty() {
        return Ok(());
    }
    table(out, &["row", "source above the threshold", "quantised above it"], |out| {
        for flip in decisions.flips.iter().take(FLIPS_SHOWN) {
            let [before, after] = [flip.before, flip.after].map(|points| format!("{points:+.6}"));
            row(out, &[&flip.row, &before, &after])?;
        }
        Ok(())
    })?;
    if decisions.flipped > FLIPS_SHOWN {
        writeln!(out, "<p>The first {FLIPS_SHOWN}; report.json has more.</p>")?;
    }
    Ok(())
}

fn write_model(out: &mut String, package: &Package) -> fmt::Result {
    let (report, source) = (&package.report, &package.source);
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
            let shape = format!("{inputs} → {neurons}, sums below 2^{accumulator_bits}");
            row(out, &[&name, &shape])?;
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
        row(out, &[&"bound", &format_args!("2^{} of 2^62 units of 2^-32 points", s.bound_bits)])?;
        row(out, &[&"rounding", &format_args!("at most {:.1e} points", s.rounding)])?;
        row(out, &[&"source", &Code(&report.digests.source)])?;
        row(out, &[&"package", &Code(&package.digest())])?;
        row(out, &[&"schema", &Code(&report.digests.schema)])
    })
}

fn table(
    out: &mut String,
    header: &[&str],
    rows: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    writeln!(out, "<div class=\"wide\"><table>")?;
    if !header.is_empty() {
        write!(out, "<tr>")?;
        header.iter().try_for_each(|cell| write!(out, "<th>{cell}</th>"))?;
        writeln!(out, "</tr>")?;
    }
    rows(out)?;
    writeln!(out, "</table></div>")
}

fn row(out: &mut String, cells: &[&dyn Display]) -> fmt::Result {
    write!(out, "<tr>")?;
    cells.iter().try_for_each(|cell| write!(out, "<td>{cell}</td>"))?;
    writeln!(out, "</tr>")
}

/// Text from a file, with what HTML would read as markup escaped.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// A digest.
struct Code<T>(T);

impl<T: Display> Display for Code<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<code>{}</code>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_text() {
        let name = "<script>alert(\"1\")</script> & 'x'";
        let shown = Text(name).to_string();
        let expected = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;";
        assert_eq!(shown, expected);
    }
}
