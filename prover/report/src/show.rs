//! A package in words.

use crate::Report;
use std::fmt::Write;
use tessera_model::{Package, Scale, package::DIRECT};

/// Features that are listed by name.
const FEATURES_SHOWN: usize = 20;

/// What a person wants to know of the package: source, scaling, features, report. Leaves and
/// salt are left out; thresholds are counted, not listed.
pub fn show(package: &Package, report: &Report) -> String {
    describe(package, report).expect("writing to a string never fails")
}

fn describe(package: &Package, report: &Report) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let library = package.source.library.as_deref().unwrap_or("unknown version");
    writeln!(
        out,
        "schema     {} ({} features)",
        package.schema.name,
        package.schema.features.len()
    )?;
    writeln!(out, "format     {}, {library}", package.source.format)?;
    writeln!(out, "objective  {}", package.source.objective)?;
    writeln!(out, "scaling    {}", package.scaling)?;
    let (factor, offset) = (package.scaling.factor(), package.scaling.offset());
    match package.scaling.scale {
        Scale::Odds { .. } => {
            writeln!(
                out,
                "           {factor:.4} points a unit of log-odds, {offset:.4} points at even odds"
            )?;
        }
        Scale::Probability { .. } => {
            writeln!(
                out,
                "           {:.4} points a percentage point of being good",
                factor / 100.0
            )?;
        }
    }
    match package.segments {
        DIRECT => writeln!(out, "proven     directly, in one circuit")?,
        segments => writeln!(out, "segments   {segments}")?,
    }
    write!(out, "{}", report)?;

    let thresholds = package.model.thresholds(&package.schema);
    let mut asked: Vec<_> = package.schema.features.iter().zip(&thresholds).collect();
    asked.retain(|(_, thresholds)| !thresholds.is_empty());
    asked.sort_by_key(|(_, thresholds)| std::cmp::Reverse(thresholds.len()));
    writeln!(out, "\nthresholds  feature")?;
    for (feature, thresholds) in asked.iter().take(FEATURES_SHOWN) {
        let unit = feature.unit.as_ref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
        writeln!(out, "{:>10}  {}{unit}", thresholds.len(), feature.name)?;
    }
    if asked.len() > FEATURES_SHOWN {
        writeln!(out, "            and {} more", asked.len() - FEATURES_SHOWN)?;
    }
    Ok(out)
}
