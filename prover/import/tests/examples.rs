//! Every folder under `examples/` imports, and scores its rows as the library did.

use crate::common::{Found, found_with, scaling};
use std::path::{Path, PathBuf};
use tessera_import::ImportOptions;
use tessera_model::{Format, Method, Package, Schema, Score};
use tessera_report::{Expected, Sample, ScoreKind};

/// A folder under `examples/`.
struct Example {
    folder: &'static str,
    model: &'static str,
    format: Format,
    by_position: bool,
    /// Column of `golden.csv` with the library's own log-odds, or points.
    column: &'static str,
    rows: usize,
    /// Largest difference to it, in points.
    error: f64,
}

const EXAMPLES: [Example; 12] = [
    Example {
        folder: "catboost",
        model: "model.json",
        format: Format::CatboostJson,
        by_position: false,
        column: "margin",
        rows: 300,
        error: 1e-7,
    },
    Example {
        folder: "coefficients",
        model: "model.csv",
        format: Format::Coefficients,
        by_position: false,
        column: "margin",
        rows: 300,
        error: 1e-5,
    },
    Example {
        folder: "german-credit",
        model: "model.json",
        format: Format::XgboostJson,
        by_position: false,
        column: "margin",
        rows: 300,
        // The library adds up in single precision.
        error: 5e-5,
    },
    Example {
        folder: "random-forest",
        model: "model.onnx",
        format: Format::Onnx,
        by_position: false,
        column: "probability",
        rows: 300,
        // Of 1000. Leaves are in single precision in the file.
        error: 1e-4,
    },
    Example {
        folder: "sba-loans",
        model: "model.json",
        format: Format::XgboostJson,
        by_position: false,
        column: "margin",
        rows: 500,
        error: 5e-4,
    },
    Example {
        folder: "lightgbm",
        model: "model.txt",
        format: Format::LightgbmText,
        by_position: false,
        column: "margin",
        rows: 300,
        error: 1e-7,
    },
    Example {
        folder: "onnx-logistic",
        model: "model.onnx",
        format: Format::Onnx,
        by_position: false,
        column: "margin",
        rows: 300,
        // skl2onnx writes weights in single precision.
        error: 2e-4,
    },
    Example {
        folder: "onnx-mlp",
        model: "model.onnx",
        format: Format::Onnx,
        by_position: false,
        column: "margin",
        rows: 300,
        // So are the network's, and the library's own sums.
        error: 1e-3,
    },
    Example {
        folder: "onnx-boosting",
        model: "model.onnx",
        format: Format::Onnx,
        by_position: false,
        column: "margin",
        rows: 300,
        error: 2e-4,
    },
    Example {
        folder: "torch-mlp",
        model: "model.onnx",
        format: Format::Onnx,
        by_position: true,
        column: "margin",
        rows: 500,
        // Torch's own margins, in double precision.
        error: 2e-3,
    },
    Example {
        folder: "pmml",
        model: "model.pmml",
        format: Format::Pmml,
        by_position: false,
        column: "margin",
        rows: 300,
        error: 1e-7,
    },
    Example {
        folder: "scorecard",
        model: "model.csv",
        format: Format::ScorecardCsv,
        by_position: false,
        column: "points",
        rows: 300,
        error: 1e-7,
    },
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn imported(example: &Example, schema: &Schema) -> Found {
    let folder = examples().join(example.folder);
    let options = ImportOptions { by_position: example.by_position, ..ImportOptions::default() };
    let (scaling, threshold) = match example.column {
        "probability" => ("probability=1000".parse().unwrap(), "750"),
        _ => (scaling(), "520"),
    };
    let sample = Sample {
        path: folder.join("golden.csv"),
        label: Some("bad".into()),
        thresholds: vec![Score::from_points(threshold).unwrap()],
        expected: Some(Expected { column: example.column.into(), kind: None, tolerance: None }),
        ..Sample::default()
    };
    let model = folder.join(example.model);
    found_with(&scaling, &model, schema, &options, Some(&sample)).unwrap()
}

fn check(example: &Example) {
    let folder = examples().join(example.folder);
    let schema = Schema::load(&folder.join("schema.json")).unwrap();
    let imported = imported(example, &schema);
    let (package, calibration) = (&imported.package, imported.calibration());
    assert_eq!(package.source.format, example.format);
    let counts = (calibration.rows, calibration.refused.len(), calibration.wrong_leaves);
    assert_eq!(counts, (example.rows, 0, 0), "{}", example.folder);
    let agreement = calibration.agreement.as_ref().expect("scores were expected");
    let kind = match example.column {
        "points" => ScoreKind::Points,
        "probability" => ScoreKind::Probability,
        _ => ScoreKind::Margin,
    };
    assert_eq!((agreement.rows, agreement.wrong, agreement.kind), (example.rows, 0, kind));
    // The model is worth something, and quantising it changes no decision.
    assert!(calibration.after.as_ref().unwrap().auc > 0.74, "{}", example.folder);
    assert_eq!(calibration.decisions[0].flipped, 0);

    let mut rows = csv::Reader::from_path(folder.join("golden.csv")).unwrap();
    let header: Vec<String> = rows.headers().unwrap().iter().map(Into::into).collect();
    let columns = schema.columns(&header).unwrap();
    let expected = header.iter().position(|name| name == example.column).unwrap();
    let mut worst: f64 = 0.0;
    for (index, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells: Vec<&str> = row.iter().collect();
        let features = schema.encode_row(&columns, index + 1, &cells).unwrap();
        let found = package.score(&features).unwrap().points();
        let expected: f64 = cells[expected].parse().unwrap();
        let expected = match example.column {
            "points" => expected,
            _ => package.scaling.points_of(expected),
        };
        worst = worst.max((found - expected).abs());
    }
    println!("{}: at most {worst:e} points from the library", example.folder);
    assert!(worst < example.error, "{}: {worst} points", example.folder);
}

#[test]
fn every_example_is_checked() {
    let mut found: Vec<String> = std::fs::read_dir(examples())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut listed: Vec<_> = EXAMPLES.iter().map(|example| example.folder).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}

#[test]
fn trees() {
    EXAMPLES.iter().filter(|example| example.format != Format::Onnx).for_each(check);
}

#[test]
fn onnx() {
    EXAMPLES.iter().filter(|example| example.format == Format::Onnx).for_each(check);
}

/// Points from each row's score to the best there is, by the reasons' own sum. `best` is that score.
fn check_reasons(folder: &str, best: impl Fn(&Package) -> f64) {
    let example = EXAMPLES.iter().find(|example| example.folder == folder).unwrap();
    let path = examples().join(folder);
    let schema = Schema::load(&path.join("schema.json")).unwrap();
    let package = imported(example, &schema).package;
    let best = best(&package);
    let mut rows = csv::Reader::from_path(path.join("golden.csv")).unwrap();
    let header: Vec<String> = rows.headers().unwrap().iter().map(Into::into).collect();
    let columns = schema.columns(&header).unwrap();
    for (index, row) in rows.records().take(20).enumerate() {
        let row = row.unwrap();
        let cells: Vec<&str> = row.iter().collect();
        let features = schema.encode_row(&columns, index + 1, &cells).unwrap();
        let explanation = package.explain(&features).unwrap();
        assert_eq!(explanation.method, Method::Exact);
        assert!(explanation.reasons.iter().all(|reason| reason.cost >= 0.0));
        let sum: f64 = explanation.reasons.iter().map(|reason| reason.cost).sum();
        let missed = best - package.score(&features).unwrap().points();
        assert!((sum - missed).abs() < 1e-7, "{folder}, row {}: {sum} for {missed}", index + 1);
    }
}

/// The best score is read off the file: the largest points of each variable.
#[test]
fn a_scorecard_s_reasons_add_up() {
    check_reasons("scorecard", |_| {
        let mut best = std::collections::BTreeMap::<String, f64>::new();
        let mut rows = csv::Reader::from_path(examples().join("scorecard/model.csv")).unwrap();
        for row in rows.records().map(Result::unwrap) {
            // The schema lets nothing be missing.
            if !["Special", "Missing"].contains(&&row[1]) {
                let points = best.entry(row[0].into()).or_insert(f64::MIN);
                *points = points.max(row[2].parse().unwrap());
            }
        }
        best.values().sum()
    });
}

/// The best score is summed from the weights: for each feature, the largest that any answer gives.
#[test]
fn a_linear_model_s_reasons_add_up() {
    check_reasons("onnx-logistic", |package| {
        let (schema, network) = (&package.schema, package.model.network().unwrap());
        let neuron = &network.layers[0].neurons[0];
        let tops = |feature: usize| schema.features[feature].top();
        let given = |feature: usize, code: u64| -> i128 {
            let pairs = network.inputs.iter().zip(&neuron.weights);
            let of = pairs.filter(|(input, _)| input.feature() == feature);
            of.map(|(input, weight)| input.read(code, tops(feature)) * i128::from(*weight)).sum()
        };
        let best =
            |feature: usize| (0..=tops(feature)).map(|code| given(feature, code)).max().unwrap();
        let sum = neuron.bias + (0..schema.features.len()).map(best).sum::<i128>();
        package.model.offset as f64 / 2f64.powi(32)
            + sum as f64 / 2f64.powi(32 + network.layers[0].shift as i32)
    });
}

/// Models on one schema are asked with one credential: champion and challengers.
#[test]
fn six_models_share_a_schema() {
    let digest =
        |folder: &str| Schema::load(&examples().join(folder).join("schema.json")).unwrap().digest();
    for folder in ["onnx-logistic", "onnx-mlp", "onnx-boosting", "scorecard", "coefficients"] {
        assert_eq!(digest(folder), digest("lightgbm"), "{folder}");
    }
}
