//! PMML files against what JPMML-Evaluator, the reference implementation, made of the same rows.

use crate::common::{found as import, scaling};
use std::path::{Path, PathBuf};
use tessera_import::{Assumption, ImportOptions, InferOptions, infer, read, score_csv};
use tessera_model::{Format, Schema, schema::Rounding};
use tessera_report::Sample;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pmml").join(name)
}

fn schema_of(csv: &Path) -> Schema {
    let text = std::fs::read_to_string(csv).unwrap();
    let last = text.lines().next().unwrap().rsplit_once(',').unwrap().1;
    let options = InferOptions { skip: vec![last.into()], exact: true, ..InferOptions::default() };
    infer(csv, &options).unwrap().schema
}

/// Imports `NAME.pmml` and checks every row of `NAME.csv`; returns the number of trees.
fn golden(name: &str, error: f64) -> usize {
    let (file, csv) = (fixture(&format!("{name}.pmml")), fixture(&format!("{name}.csv")));
    let schema = schema_of(&csv);
    let sample = Sample { path: csv.clone(), ..Sample::default() };
    // A regression tree of the file's own numbers.
    let assume =
        (name == "strategies").then_some(Assumption::OutputIsLogOdds).into_iter().collect();
    let options = ImportOptions { assume, ..ImportOptions::default() };
    let found = import(&file, &schema, &options, Some(&sample))
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(found.package.source.format, Format::Pmml);
    assert_eq!((found.calibration().rows, found.calibration().wrong_leaves), (120, 0), "{name}");
    let text = std::fs::read_to_string(&csv).unwrap();
    let in_points = text.lines().next().unwrap().ends_with("points");
    let scores = score_csv(&found.package, &csv, Rounding::Refused).unwrap();
    assert_eq!(scores.len(), 120);
    for (row, (score, line)) in scores.into_iter().zip(text.lines().skip(1)).enumerate() {
        let expected: f64 = line.rsplit_once(',').unwrap().1.parse().unwrap();
        let expected = if in_points { expected } else { scaling().points_of(expected) };
        let points = score.unwrap().points();
        assert!((points - expected).abs() < error, "{name}, row {row}: {points} for {expected}");
    }
    found.package.source.trees
}

/// What sklearn2pmml writes of pipelines, and of LightGBM and XGBoost with missing values.
#[test]
fn converted_models() {
    assert_eq!(golden("logistic", 1e-4), 0);
    // The sigmoid of a calibrator is part of the log-odds.
    assert_eq!(golden("platt", 1e-4), 0);
    assert_eq!(golden("tree", 1e-8), 1);
    assert_eq!(golden("boosting", 1e-8), 6);
    assert_eq!(golden("lightgbm", 1e-8), 6);
    // Added up in single precision there.
    assert_eq!(golden("xgboost", 5e-5), 6);
}

/// Compound predicates, questions about several features, sets, and the order of attributes.
#[test]
fn scorecards() {
    assert_eq!(golden("scorecard", 1e-8), 4);
}

/// Bins and tables of categories in a regression.
#[test]
fn weights_of_evidence() {
    assert_eq!(golden("evidence", 1e-8), 6);
}

/// Default children, last predictions, surrogates, and what has no child that holds.
#[test]
fn missing_values() {
    assert_eq!(golden("strategies", 1e-8), 3);
}

#[test]
fn what_is_no_sum_of_log_odds_is_refused_by_name() {
    let bytes = std::fs::read(fixture("isotonic.pmml")).unwrap();
    let refused = read(&bytes, &ImportOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("an isotonic calibration"), "{refused}");
    assert!(refused.contains("move the threshold to the score"), "{refused}");
}
