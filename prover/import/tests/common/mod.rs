//! An imported file with its report.
#![allow(dead_code)]

use std::path::Path;
use tessera_import::{ImportError, ImportOptions, import, import_unsettled};
use tessera_model::{Package, Scaling, Schema};
use tessera_report::{Calibration, Report, Sample};

/// What was made of a file.
pub struct Found {
    pub package: Package,
    pub report: Report,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.package.fmt(f)
    }
}

impl Found {
    pub fn calibration(&self) -> &Calibration {
        self.report.calibration.as_ref().expect("a sample was given")
    }
}

pub fn scaling() -> Scaling {
    "600@50:1,pdo=20".parse().expect("a scaling")
}

/// Imports `file` and measures it on the rows of `sample`.
pub fn found(
    file: &Path,
    schema: &Schema,
    options: &ImportOptions,
    sample: Option<&Sample>,
) -> Result<Found, ImportError> {
    found_with(&scaling(), file, schema, options, sample)
}

/// [`found`] with another scaling.
pub fn found_with(
    scaling: &Scaling,
    file: &Path,
    schema: &Schema,
    options: &ImportOptions,
    sample: Option<&Sample>,
) -> Result<Found, ImportError> {
    let expected = sample.is_some_and(|sample| sample.expected.is_some());
    let read = if expected { import_unsettled } else { import };
    let mut imported = read(file, schema, scaling, Some([7; 32]), options)?;
    let calibration =
        sample.map(|sample| Calibration::measure(&imported, sample).expect("a good sample"));
    imported.settle();
    let report = Report { calibration, ..Report::of(&imported).expect("a bounded model") };
    Ok(Found { package: imported.package, report })
}
