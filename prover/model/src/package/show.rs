//! A package in words.

use super::Package;
use std::fmt::Write;

/// Features that are listed by name.
const FEATURES_SHOWN: usize = 20;

impl Package {
    /// What a person wants to know of the package: source, scaling, features, report. Leaves and
    /// salt are left out; thresholds are counted, not listed.
    pub fn show(&self) -> String {
        self.describe().expect("writing to a string never fails")
    }

    fn describe(&self) -> Result<String, std::fmt::Error> {
        let mut out = String::new();
        let library = self.source.library.as_deref().unwrap_or("unknown version");
        writeln!(out, "schema     {} ({} features)", self.schema.name, self.schema.features.len())?;
        writeln!(out, "format     {}, {library}", self.source.format)?;
        writeln!(out, "objective  {}", self.source.objective)?;
        writeln!(out, "scaling    {}", self.scaling)?;
        write!(out, "           {:.4} points a unit of log-odds, ", self.scaling.factor())?;
        writeln!(out, "{:.4} points at even odds", self.scaling.offset())?;
        writeln!(out, "segments   {}", self.segments)?;
        write!(out, "{}", self.report)?;

        let thresholds = self.model.thresholds(&self.schema);
        let mut asked: Vec<_> = self.schema.features.iter().zip(&thresholds).collect();
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
}
