//! The lender's own scores: what they find that no reading of a file alone can.

use crate::common::scaling;
use std::path::{Path, PathBuf};
use tessera_import::{ImportOptions, InferOptions, import_unsettled, infer};
use tessera_model::{FeatureKind, Schema};
use tessera_report::{
    Agreement, AgreementError, Calibration, Expected, Sample, SampleError, ScoreKind,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn schema_of(csv: &Path) -> Schema {
    let skip = vec!["margin".into()];
    infer(csv, &InferOptions { skip, exact: true, ..InferOptions::default() }).unwrap().schema
}

/// What comes of `model` on the rows in `csv`, whose column `margin` has the library's own.
fn compared(
    model: &Path,
    csv: &Path,
    schema: &Schema,
    options: &ImportOptions,
    kind: Option<ScoreKind>,
) -> Result<Agreement, AgreementError> {
    let expected = Some(Expected { column: "margin".into(), kind, tolerance: None });
    let sample = Sample { path: csv.into(), expected, ..Sample::default() };
    let imported = import_unsettled(model, schema, &scaling(), Some([1; 32]), options).unwrap();
    match Calibration::measure(&imported, &sample) {
        Ok(calibration) => Ok(calibration.agreement.unwrap()),
        Err(SampleError::Agreement { source, .. }) => Err(source),
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn complaint(found: Result<Agreement, AgreementError>) -> String {
    match found {
        Err(AgreementError::Differs(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// A copy of the rows with another column `margin`.
fn rewritten(csv: &Path, by: impl Fn(f64) -> String) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let text = std::fs::read_to_string(csv).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let row = |row: &str| {
        let (rest, margin) = row.rsplit_once(',').unwrap();
        format!("{rest},{}\n", by(margin.parse().unwrap()))
    };
    let rows: String = rows.lines().map(row).collect();
    std::fs::write(&path, format!("{header}\n{rows}")).unwrap();
    (folder, path)
}

#[test]
fn scores_of_every_kind_agree() {
    let (model, csv) = (fixture("xgboost_missing.json"), fixture("xgboost_missing.csv"));
    let (schema, options) = (schema_of(&csv), ImportOptions::default());
    let found = compared(&model, &csv, &schema, &options, None).unwrap();
    assert_eq!((found.kind, found.wrong), (ScoreKind::Margin, 0));
    assert!(found.rows > 50 && found.largest < 1e-5, "{found:?}");
    let probability = |x: f64| (1.0 / (1.0 + (-x).exp())) as f32;
    let points = |x: f64| scaling().points_of(x).round();
    for (by, kind, decimals) in [
        (&(|x| probability(x).to_string()) as &dyn Fn(f64) -> String, ScoreKind::Probability, None),
        // Whole points say no more than half a point.
        (&|x| points(x).to_string(), ScoreKind::Points, Some(0)),
        (&|x| format!("{:.3}", probability(x)), ScoreKind::Probability, Some(3)),
    ] {
        let (_folder, csv) = rewritten(&csv, by);
        let found = compared(&model, &csv, &schema, &options, None).unwrap();
        assert_eq!((found.kind, found.wrong), (kind, 0), "{found:?}");
        assert!(decimals.is_none_or(|decimals| decimals == found.decimals), "{found:?}");
    }
    // A wrong kind is no agreement.
    complaint(compared(&model, &csv, &schema, &options, Some(ScoreKind::Points)));
}

#[test]
fn a_forgotten_missing_value_is_named() {
    let (model, csv) = (fixture("xgboost_minus_one.json"), fixture("xgboost_minus_one.csv"));
    let schema = schema_of(&csv);
    let said = complaint(compared(&model, &csv, &schema, &ImportOptions::default(), None));
    assert!(said.contains("rows do not have the scores") && said.contains("row "), "{said}");
    let options = ImportOptions { missing: Some(-1.0), ..ImportOptions::default() };
    assert_eq!(compared(&model, &csv, &schema, &options, None).unwrap().wrong, 0);
}

#[test]
fn a_base_margin_and_the_other_class_are_named() {
    let (model, csv) = (fixture("xgboost_missing.json"), fixture("xgboost_missing.csv"));
    let (schema, options) = (schema_of(&csv), ImportOptions::default());
    let (_folder, moved) = rewritten(&csv, |x| (x + 0.5).to_string());
    let said = complaint(compared(&model, &moved, &schema, &options, Some(ScoreKind::Margin)));
    assert!(said.contains("off by the same 14.4270 points"), "{said}");
    let (_folder, other) = rewritten(&csv, |x| (-x).to_string());
    complaint(compared(&model, &other, &schema, &options, None));
}

#[test]
fn one_answer_that_differs_is_named() {
    let (model, csv) = (fixture("xgboost_missing.json"), fixture("xgboost_missing.csv"));
    let schema = schema_of(&csv);
    // The lender's system does something of its own with applicants who own their home.
    let text = std::fs::read_to_string(&csv).unwrap();
    let place = text.lines().next().unwrap().split(',').position(|name| name == "owner").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    let row = |line: &str| {
        let (rest, margin) = line.rsplit_once(',').unwrap();
        match line.split(',').nth(place) {
            Some("1") => format!("{rest},{}\n", margin.parse::<f64>().unwrap() + 0.01),
            _ => format!("{line}\n"),
        }
    };
    std::fs::write(&path, text.lines().map(row).collect::<String>()).unwrap();
    let said = complaint(compared(&model, &path, &schema, &ImportOptions::default(), None));
    assert!(said.contains("All rows that differ have \"owner\" = 1"), "{said}");
}

#[test]
fn another_order_of_positions_is_found() {
    let (model, csv) = (fixture("xgboost_missing.json"), fixture("xgboost_missing.csv"));
    let mut schema = schema_of(&csv);
    schema.features.swap(0, 1);
    let options = ImportOptions { by_position: true, ..ImportOptions::default() };
    complaint(compared(&model, &csv, &schema, &options, None));
}

/// Scores settle how categories are counted only if the rows have all of them.
#[test]
fn a_guess_is_settled_by_rows_that_have_every_value() {
    let (model, csv) = (fixture("xgboost_one_hot.json"), fixture("xgboost_one_hot.csv"));
    let mut schema = schema_of(&csv);
    let codes: Vec<String> = ('A'..='L').map(|letter| format!("region {letter}")).collect();
    schema.features.last_mut().unwrap().kind = FeatureKind::Category { codes };
    match compared(&model, &csv, &schema, &ImportOptions::default(), None) {
        Err(AgreementError::Unsettled(text)) => {
            assert!(text.contains("it has no row where") && text.contains("region "), "{text}");
        }
        other => panic!("{other:?}"),
    }
    // In another order the scores are others.
    let FeatureKind::Category { codes } = &mut schema.features.last_mut().unwrap().kind else {
        panic!()
    };
    codes.reverse();
    complaint(compared(&model, &csv, &schema, &ImportOptions::default(), None));
}
