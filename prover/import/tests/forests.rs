//! Random forests and other sums of probabilities, and what may be log-odds or not, against the libraries that
//! made them.

use crate::{
    common::{Found, found_with},
    onnx_file::{Is, file, node, value},
};
use std::path::{Path, PathBuf};
use tessera_import::{
    Assumption, ImportError, ImportOptions, InferOptions, Output, SourceModel, import, infer, read,
    score_csv,
};
use tessera_model::{Scaling, Schema, schema::Rounding};
use tessera_report::{Between, Expected, Monotone, Sample, ScoreKind, Unit};

const PROBABILITY: &str = "probability=1000";
const ODDS: &str = "600@50:1,pdo=20";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn scaling(text: &str) -> Scaling {
    text.parse().unwrap()
}

fn schema_of(csv: &Path) -> Schema {
    let skip = vec!["probability".into()];
    infer(csv, &InferOptions { skip, exact: true, ..InferOptions::default() }).unwrap().schema
}

fn options(file: &str, assume: &[Assumption]) -> ImportOptions {
    let by_position = file.ends_with(".onnx");
    let assume = assume.iter().copied().collect();
    ImportOptions { by_position, assume, ..ImportOptions::default() }
}

/// Imports `file` and compares every row of its table with the library's own probability; `error` is in points.
fn golden(file: &str, points: &str, assume: &[Assumption], error: f64) -> Found {
    let (model, scaling) = (fixture(file), scaling(points));
    let csv = model.with_extension("csv");
    let kind = Some(ScoreKind::Probability);
    let expected = Expected { column: "probability".into(), kind, tolerance: None };
    let sample = Sample { path: csv.clone(), expected: Some(expected), ..Sample::default() };
    let found =
        found_with(&scaling, &model, &schema_of(&csv), &options(file, assume), Some(&sample));
    let found = found.unwrap_or_else(|error| panic!("{file}: {error}"));
    let calibration = found.calibration();
    assert_eq!((calibration.rows, calibration.wrong_leaves), (120, 0), "{file}");
    let scores = score_csv(&found.package, &csv, Rounding::Refused).unwrap();
    let text = std::fs::read_to_string(&csv).unwrap();
    for (row, (score, line)) in scores.into_iter().zip(text.lines().skip(1)).enumerate() {
        let expected: f64 = line.rsplit_once(',').unwrap().1.parse().unwrap();
        let (found, expected) = (score.unwrap().points(), scaling.points_of_probability(expected));
        assert!((found - expected).abs() < error, "{file}, row {row}: {found} for {expected}");
    }
    found
}

/// What is said of `file` without expected scores.
fn refused(file: &str, points: &str, assume: &[Assumption]) -> String {
    let model = fixture(file);
    let rows = if file.ends_with("ridge.onnx") {
        fixture("forests/linear.csv")
    } else {
        model.with_extension("csv")
    };
    let found: Result<_, ImportError> =
        import(&model, &schema_of(&rows), &scaling(points), None, &options(file, assume));
    found.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn forests_of_scikit_learn() {
    for (name, trees) in [("random", 12), ("extra", 7), ("tree", 1), ("both", 12)] {
        // Each leaf is rounded to single precision in the file.
        let found = golden(&format!("forests/{name}.onnx"), PROBABILITY, &[], 2e-3);
        assert_eq!(found.package.source.trees, trees, "{name}");
        assert_eq!(found.calibration().unit, Unit::Probability);
        let said =
            found.report.notes.iter().any(|note| note.contains("straight line in the probability"));
        assert!(said, "{:?}", found.report.notes);
        let refused = refused(&format!("forests/{name}.onnx"), ODDS, &[]);
        assert!(refused.contains("--points \"probability=1000\""), "{refused}");
    }
}

#[test]
fn forests_in_pmml() {
    let found = golden("pmml/forest.pmml", PROBABILITY, &[], 1e-8);
    assert_eq!(found.package.source.trees, 3);
    assert!(refused("pmml/forest.pmml", ODDS, &[]).contains("a scaling of odds here"));
}

/// LightGBM's forests are means of log-odds, and a logistic function on top of a forest makes log-odds of it.
#[test]
fn forests_of_log_odds() {
    assert_eq!(golden("forests/lightgbm.txt", ODDS, &[], 1e-7).package.source.trees, 9);
    golden("forests/platt.onnx", ODDS, &[], 1e-3);
    for name in ["lightgbm.txt", "platt.onnx"] {
        let refused = refused(&format!("forests/{name}"), PROBABILITY, &[]);
        assert!(refused.contains("a scaling of probabilities here"), "{refused}");
    }
}

/// Two columns that add up to 1 are probabilities, though no sigmoid made them; their difference is no log-odds.
#[test]
fn a_probability_without_a_logistic_function() {
    golden("forests/huber.onnx", PROBABILITY, &[], 1e-2);
    let refused = refused("forests/huber.onnx", ODDS, &[]);
    assert!(refused.contains("a scaling of odds here"), "{refused}");
}

/// A regressor's number may be anything: somebody has to say, or to give scores that agree.
#[test]
fn regressors_are_not_guessed() {
    for name in ["forests/regressor.onnx", "forests/linear.onnx"] {
        for (points, assumption) in
            [(ODDS, Assumption::OutputIsLogOdds), (PROBABILITY, Assumption::OutputIsProbability)]
        {
            let said = refused(name, points, &[]);
            assert!(said.contains(&format!("--assume {assumption}")), "{said}");
        }
        golden(name, PROBABILITY, &[], 2e-3);
        golden(name, PROBABILITY, &[Assumption::OutputIsProbability], 2e-3);
    }
    // The scores of a ridge classifier are opposites of each other, and no log-odds.
    let said = refused("forests/ridge.onnx", ODDS, &[]);
    assert!(said.contains("--assume output-is-log-odds"), "{said}");
}

/// skl2onnx writes a discriminant analysis like a multinomial regression, with twice the log-odds.
#[test]
fn doubled_log_odds_are_not_guessed() {
    let said = refused("forests/discriminant.onnx", ODDS, &[]);
    assert!(said.contains("--assume doubled-log-odds") && said.contains("half of it"), "{said}");
    golden("forests/discriminant.onnx", ODDS, &[Assumption::DoubledLogOdds], 1e-3);
}

/// A bound on scikit-learn's isotonic probability is a bound on the score.
#[test]
fn isotonic_calibration_is_a_threshold() {
    let scaling = scaling(ODDS);
    let calibration =
        Monotone::load(&fixture("forests/isotonic.csv"), &scaling, Between::Line).unwrap();
    let text = std::fs::read_to_string(fixture("forests/isotonic_rows.csv")).unwrap();
    let rows: Vec<(f64, f64)> = text
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').unwrap())
        .map(|(margin, calibrated)| (margin.parse().unwrap(), calibrated.parse().unwrap()))
        .collect();
    let (mut accepted, mut refused) = (0, 0);
    for bad in [0.05, 0.1, 0.25, 0.4, 0.6001, 0.8] {
        let threshold = calibration.threshold(bad, scaling.target).unwrap();
        let threshold: f64 = threshold.parse().unwrap();
        for (margin, calibrated) in &rows {
            let accepts = scaling.points_of(*margin) >= threshold;
            assert_eq!(accepts, *calibrated <= bad, "{margin} is {calibrated}, for {bad}");
            if accepts { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted > 100 && refused > 100, "{accepted} {refused}");
}

/// A stump whose leaves have these weights of `classes`.
fn stump(classes: &[i64], weights: &[f32], more: &[(&str, Is<'_>)]) -> Vec<u8> {
    let leaves: Vec<i64> = (0..weights.len() as i64).map(|i| 1 + i % 2).collect();
    let trees = vec![0; weights.len()];
    let mut attributes = vec![
        ("nodes_treeids", Is::Integers(&[0, 0, 0])),
        ("nodes_nodeids", Is::Integers(&[0, 1, 2])),
        ("nodes_featureids", Is::Integers(&[0, 0, 0])),
        ("nodes_values", Is::Floats(&[1.5, 0.0, 0.0])),
        ("nodes_modes", Is::Texts(&["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", Is::Integers(&[1, 0, 0])),
        ("nodes_falsenodeids", Is::Integers(&[2, 0, 0])),
        ("class_treeids", Is::Integers(&trees)),
        ("class_nodeids", Is::Integers(&leaves)),
        ("class_ids", Is::Integers(classes)),
        ("class_weights", Is::Floats(weights)),
        ("classlabels_int64s", Is::Integers(&[0, 1])),
    ];
    attributes.extend(more.iter().copied());
    file(&[
        value(11, "x", 1, 2),
        value(12, "y", 1, 2),
        node("ml.TreeEnsembleClassifier", &["x"], &["label", "y"], &attributes),
    ])
}

/// What adds up to something else than a probability, or to nothing that is known, is not taken for one.
#[test]
fn leaves_that_are_no_probabilities() {
    let found = |bytes: &[u8]| read(bytes, &ImportOptions::default());
    for (classes, weights) in
        [(&[0, 0][..], &[0.25, 1.0][..]), (&[0, 0, 1, 1], &[0.75, 0.5, 0.25, 0.5])]
    {
        let model = found(&stump(classes, weights, &[])).unwrap();
        let SourceModel::Trees(ensemble) = model else { panic!("trees") };
        assert_eq!(ensemble.output, Output::Probability);
        assert_eq!(ensemble.margin(&[1.0, 0.0]), 0.25);
    }
    for (classes, weights, more) in [
        (&[0, 0][..], &[0.25, 1.5][..], &[][..]),
        (&[0, 0, 1, 1], &[0.75, 0.5, 0.25, 0.25], &[]),
        (&[0, 0, 1, 1], &[0.75, 0.75, 0.25, 0.75], &[]),
        (&[0, 0, 1, 1], &[1.5, 0.5, -0.5, 0.5], &[]),
        (&[0, 0, 1], &[0.75, 0.5, 0.25], &[]),
        (&[1, 1], &[0.25, 0.5], &[]),
        (&[0, 0], &[0.25, 0.5], &[("base_values", Is::Floats(&[0.25]))]),
    ] {
        let fault = found(&stump(classes, weights, more)).unwrap_err().to_string();
        assert!(fault.contains("must be probabilities"), "{classes:?} {weights:?}: {fault}");
    }
}
