//! The report for a terminal.

use super::{
    Agreement, Band, Calibration, Decisions, Errors, LayerStructure, Report, Stability, Structure,
};
use std::fmt::{self, Write};
use tessera_model::network::ACCUMULATOR_BITS;

/// Flips that are listed on a terminal.
const FLIPS_SHOWN: usize = 10;
/// Rows, or ranges of rows, that are named on a terminal for one fault.
const ROWS_NAMED: usize = 10;
/// Characters of the longest bar.
const BAR: usize = 40;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = &self.structure;
        writeln!(f, "source     {} (keyed by the salt)", self.digests.source)?;
        writeln!(f, "package    sha256 {}", self.digests.package)?;
        writeln!(f, "schema     {}", self.digests.schema)?;
        match s.layers.is_empty() {
            true => trees(f, s)?,
            false => layers(f, s)?,
        }
        writeln!(f, "bound      |score| < 2^{} units of 2^-32 points (limit 2^62)", s.bound_bits)?;
        writeln!(f, "rounding   at most {:.1e} points", s.rounding)?;
        for note in &self.notes {
            writeln!(f, "note       {note}")?;
        }
        match &self.calibration {
            Some(calibration) => write!(f, "\n{calibration}"),
            None => Ok(()),
        }
    }
}

fn trees(f: &mut fmt::Formatter<'_>, s: &Structure) -> fmt::Result {
    write!(f, "model      {} trees of depth ≤ {}, ", s.trees, s.depth)?;
    writeln!(f, "{} comparisons, {} leaves", s.splits, s.leaves)?;
    write!(f, "           {} different thresholds on ", s.thresholds)?;
    writeln!(f, "{} of {} features", s.features_used, s.features)?;
    if s.folded_splits + s.constant_trees > 0 {
        write!(f, "           {} splits and ", s.folded_splits)?;
        writeln!(f, "{} trees are decided by the schema's ranges", s.constant_trees)?;
    }
    Ok(())
}

fn layers(f: &mut fmt::Formatter<'_>, s: &Structure) -> fmt::Result {
    writeln!(
        f,
        "model      {} layers on {} of {} features",
        s.layers.len(),
        s.features_used,
        s.features
    )?;
    for LayerStructure { inputs, neurons, accumulator_bits } in &s.layers {
        writeln!(f, "           {inputs} → {neurons}, sums below 2^{accumulator_bits}")?;
    }
    writeln!(f, "           (the limit of sums is 2^{ACCUMULATOR_BITS})")?;
    Ok(())
}

impl fmt::Display for Calibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, mean, high] = self.scores;
        writeln!(f, "sample     {}: {} rows", self.sample, self.rows)?;
        for refused in &self.refused {
            write!(f, "left out   {} rows: the value of {:?} ", refused.rows, refused.feature)?;
            writeln!(f, "{}\n           (rows {})", refused.fault, refused.named(ROWS_NAMED))?;
        }
        if self.rounded > 0 {
            writeln!(f, "rounded    {} rows have numbers that are not on the grid", self.rounded)?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning    {warning}")?;
        }
        if let Some(agreement) = &self.agreement {
            write!(f, "{agreement}")?;
        }
        if self.leaves > 0 {
            let (wrong, leaves) = (self.wrong_leaves, self.leaves);
            writeln!(f, "leaves     {wrong} of {leaves} differ from the source")?;
        }
        writeln!(f, "\nerror                    mean      99.9 %         max")?;
        let mut error = |name: &str, Errors { mean, p999, max }: Errors| {
            writeln!(f, "{name:<18} {mean:>10.2e}  {p999:>10.2e}  {max:>10.2e}")
        };
        error(&format!("in {}", self.unit), self.margin_error)?;
        error("in points", self.points_error)?;
        if let (Some(before), Some(after)) = (&self.before, &self.after) {
            writeln!(f, "\nseparation             source   quantised")?;
            for (name, before, after) in [
                ("AUC", before.auc, after.auc),
                ("Gini", before.gini, after.gini),
                ("KS", before.ks, after.ks),
            ] {
                writeln!(f, "{name:<18} {before:>10.6}  {after:>10.6}")?;
            }
            if let Some([low, high]) = after.auc_interval {
                writeln!(f, "AUC, 95 % interval  {low:.4} to {high:.4} (DeLong)")?;
            }
        }
        cut_offs(f, self)?;
        for decisions in &self.decisions {
            write!(f, "\n{decisions}")?;
        }
        if let Some(stability) = &self.stability {
            write!(f, "\n{stability}")?;
        }
        bands(f, &self.bands)?;
        writeln!(f, "\nscores     {low:.1} to {high:.1}, mean {mean:.1} points")?;
        let most = self.histogram.iter().map(|bin| bin.good + bin.bad).max().unwrap_or(1).max(1);
        for bin in &self.histogram {
            let rows = bin.good + bin.bad;
            let (good, bad) = (bin.good * BAR / most, (rows * BAR / most) - bin.good * BAR / most);
            let bar = "█".repeat(good) + &"░".repeat(bad);
            writeln!(f, "{:>10} {rows:>6} {bar}", bin.from)?;
        }
        if self.bad.is_some() {
            writeln!(f, "           █ good  ░ bad")?;
        }
        if !self.tenths.is_empty() {
            writeln!(f, "\nbad rows by tenths of score      rows   expected   observed")?;
            for tenth in &self.tenths {
                let range = format!("{:.1} to {:.1}", tenth.from, tenth.to);
                let (expected, observed) = (tenth.expected * 100.0, tenth.observed * 100.0);
                writeln!(f, "{range:<28} {:>8} {expected:>8.1} % {observed:>8.1} %", tenth.rows)?;
            }
        }
        Ok(())
    }
}

/// What each threshold accepts.
fn cut_offs(f: &mut fmt::Formatter<'_>, of: &Calibration) -> fmt::Result {
    if of.decisions.is_empty() {
        return Ok(());
    }
    writeln!(f, "\ncut-off              accepted   approval rate    bad rate")?;
    for at in &of.decisions {
        let (approved, bad) = (percent(at.approval_rate(of.rows)), percent(at.bad_rate()));
        writeln!(f, "{:<18} {:>10} {approved:>15} {bad:>11}", at.threshold, at.accepted_after)?;
    }
    Ok(())
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, kind) = (self.rows, self.kind);
        writeln!(
            f,
            "expected   {rows} rows have the scores in column {:?} ({kind}):",
            self.column
        )?;
        let noise = match self.tolerance {
            Some(points) => format!("allowed were {points} points"),
            None => "which is float noise".into(),
        };
        writeln!(f, "           at most {:.2e} points apart, {noise}", self.largest)
    }
}

impl fmt::Display for Stability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let index = self.index;
        writeln!(f, "stability  PSI {index:.4} to {} ({} rows)", self.other, self.rows)?;
        writeln!(f, "from points              there       here")?;
        for part in &self.parts {
            let from = part.from.map_or_else(|| "lowest".into(), |from| format!("{from:.1}"));
            let (other, share) = (percent(Some(part.other)), percent(Some(part.share)));
            writeln!(f, "{from:<18} {other:>11} {share:>10}")?;
        }
        Ok(())
    }
}

fn bands(f: &mut fmt::Formatter<'_>, bands: &[Band]) -> fmt::Result {
    if bands.is_empty() {
        return Ok(());
    }
    write!(f, "\nbands                            rows      share")?;
    writeln!(
        f,
        "{}",
        if bands[0].bad.is_some() { "   bad rows       rate   expected" } else { "" }
    )?;
    for band in bands {
        write!(f, "{:<28} {:>8} {:>8.1} %", band.range(), band.rows, band.share * 100.0)?;
        if let Some(bad) = band.bad {
            let [observed, expected] = [band.observed, band.expected].map(percent);
            write!(f, " {bad:>10} {observed:>10} {expected:>10}")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

/// A share, or nothing where there are no rows to have one.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".into(), |share| format!("{:.1} %", share * 100.0))
}

impl fmt::Display for Decisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bad = String::new();
        if let Some(count) = self.bad_accepted {
            write!(bad, ", {count} of them bad")?;
        }
        writeln!(
            f,
            "decisions  at {} points: {} accepted{bad}",
            self.threshold, self.accepted_after
        )?;
        writeln!(f, "           {} flipped by quantisation", self.flipped)?;
        for flip in self.flips.iter().take(FLIPS_SHOWN) {
            let (row, before, after) = (flip.row, flip.before, flip.after);
            writeln!(f, "           row {row}: {before:+.6} became {after:+.6} points")?;
        }
        if self.flips.len() > FLIPS_SHOWN {
            writeln!(f, "           and {} more in the report file", self.flipped - FLIPS_SHOWN)?;
        }
        Ok(())
    }
}
