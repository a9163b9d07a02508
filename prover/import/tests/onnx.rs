//! ONNX files against what onnxruntime and the libraries made of the same rows.

use crate::common::{Found, found as import, scaling};
use std::path::{Path, PathBuf};
use tessera_import::{Assumption, Fault, ImportOptions, InferOptions, SourceModel, infer, read};
use tessera_model::{Features, Package};
use tessera_report::Sample;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx").join(name)
}

/// A file with its rows, imported.
struct Golden {
    found: Found,
    model: SourceModel,
}

/// Largest difference of log-odds to the library's double precision: the file's weights are in
/// single precision.
const MARGIN_ERROR: f64 = 5e-5;
/// Largest difference of a probability to onnxruntime's single precision.
const PROBABILITY_ERROR: f64 = 2e-6;

/// Imports `NAME.onnx` and checks it against `NAME.csv`: every leaf must be onnxruntime's, margins
/// and probabilities within the errors above; and the quantised model must agree with the file.
fn golden(name: &str, by_position: bool, probability: impl Fn(f64) -> f64) -> Golden {
    let (file, csv) = (fixture(&format!("{name}.onnx")), fixture(&format!("{name}.csv")));
    let mut rows = csv::Reader::from_path(&csv).unwrap();
    let header: Vec<String> = rows.headers().unwrap().iter().map(Into::into).collect();
    let other = |name: &&String| {
        ["margin", "probability"].contains(&name.as_str()) || name.starts_with("leaf_")
    };
    let skip = header.iter().filter(other).cloned().collect();
    let schema =
        infer(&csv, &InferOptions { skip, exact: true, ..InferOptions::default() }).unwrap().schema;
    // A regressor's number, and the raw scores of a classifier.
    let raw = ["raw_scores", "regression"].contains(&name);
    let assume = raw.then_some(Assumption::OutputIsLogOdds).into_iter().collect();
    let options = ImportOptions { by_position, assume, ..ImportOptions::default() };
    let model = read(&std::fs::read(&file).unwrap(), &options).unwrap();
    let columns: Vec<usize> = (0..model.feature_count())
        .map(|i| if by_position { i } else { schema.position(&model.features()[i]).unwrap() })
        .collect();

    let sample = Sample { path: csv.clone(), ..Sample::default() };
    let found = import(&file, &schema, &options, Some(&sample)).unwrap();
    let (package, calibration) = (&found.package, found.calibration());

    let in_columns = schema.columns(&header).unwrap();
    let place = |name: &str| header.iter().position(|column| column == name);
    let number = |cells: &[&str], name: &str| Some(cells[place(name)?].parse::<f64>().unwrap());
    let mut count = 0;
    for (index, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells: Vec<&str> = row.iter().collect();
        let features = schema.encode_row(&in_columns, index + 1, &cells).unwrap();
        let margin = match &model {
            SourceModel::Coefficients(_) | SourceModel::Pmml(_) => panic!("an ONNX file"),
            SourceModel::Network(network) => {
                let (network, _) = network.resolve(&schema, &columns).unwrap();
                network.margin(&features.values(&schema), features.codes())
            }
            SourceModel::Trees(ensemble) => {
                let mut ensemble = ensemble.clone();
                ensemble.resolve(&schema, &columns, &options).unwrap();
                let values = features.values(&schema);
                let values: Vec<f64> = columns.iter().map(|column| values[*column]).collect();
                // Weights of evidence are several ensembles, of which no single one is asked.
                let trees = if name == "woe" { &[][..] } else { &ensemble.trees };
                for (tree, source) in trees.iter().enumerate() {
                    let expected = number(&cells, &format!("leaf_{tree}")).unwrap();
                    assert_eq!(source.leaf(&values).0 as f64, expected, "row {index}, tree {tree}");
                }
                assert!(place(&format!("leaf_{}", ensemble.trees.len())).is_none());
                ensemble.margin(&values) * ensemble.sigmoid
            }
        };
        let expected = number(&cells, "probability").unwrap();
        let found = probability(margin);
        assert!((found - expected).abs() < PROBABILITY_ERROR, "row {index}: {found} {expected}");
        if let Some(expected) = number(&cells, "margin") {
            assert!((margin - expected).abs() < MARGIN_ERROR, "row {index}: {margin} {expected}");
        }
        score(package, &features, margin);
        count += 1;
    }
    assert_eq!((calibration.rows, calibration.refused.len(), count), (120, 0, 120));
    assert_eq!(calibration.wrong_leaves, 0);
    Golden { found, model }
}

/// The score is that of the margin.
fn score(package: &Package, features: &Features, margin: f64) {
    let (found, expected) =
        (package.score(features).unwrap().points(), scaling().points_of(margin));
    assert!((found - expected).abs() < 1e-3, "{found} for {expected}");
}

fn sigmoid(margin: f64) -> f64 {
    1.0 / (1.0 + (-margin).exp())
}

#[test]
fn pipelines_with_imputer_scaler_and_encoders() {
    let found = golden("logistic", false, sigmoid);
    let SourceModel::Network(network) = &found.model else { panic!("a network") };
    // 4 numbers, 2 of owner, and the regions.
    assert_eq!((network.layers.len(), network.inputs.len()), (1, 4 + 2 + 13));
    assert_eq!(found.found.package.source.library.as_deref(), Some("skl2onnx 1.20.0"));
    assert!(found.found.calibration().points_error.max < 1e-3);

    let SourceModel::Network(network) = golden("mlp", false, sigmoid).model else {
        panic!("a network")
    };
    let widths: Vec<_> =
        network.layers.iter().map(|layer| (layer.biases.len(), layer.relu)).collect();
    assert_eq!(widths, [(8, true), (4, true), (1, false)]);
}

#[test]
fn one_matrix_whose_columns_have_no_names() {
    for name in ["matrix", "double"] {
        golden(name, true, sigmoid);
    }
    for name in ["raw_scores", "regression"] {
        let found = golden(name, true, |margin| margin);
        assert!(found.found.report.notes.iter().any(|note| note.contains("log-odds")));
    }
    let file = fixture("matrix.onnx");
    let csv = fixture("matrix.csv");
    let skip = vec!["margin".into(), "probability".into()];
    let schema =
        infer(&csv, &InferOptions { skip, exact: true, ..InferOptions::default() }).unwrap().schema;
    let options = ImportOptions::default();
    let refused = import(&file, &schema, &options, None).unwrap_err().to_string();
    assert!(refused.contains("does not name its features"), "{refused}");
}

/// The logistic function that scikit-learn fits on top of a model's scores is part of the log-odds.
#[test]
fn platt_calibration_is_folded_in() {
    golden("platt", true, sigmoid);
    assert_eq!(golden("platt_boosting", true, sigmoid).found.package.source.trees, 5);
}

/// Bins of all features, each a tree, that a logistic regression adds up.
#[test]
fn weights_of_evidence() {
    assert_eq!(golden("woe", true, sigmoid).found.package.source.trees, 5);
}

/// LeakyReLU, ReLU6 and hard sigmoid, and numbers that skip layers, against onnxruntime.
#[test]
fn activations_and_skip_connections_are_sums_of_relu() {
    let found = golden("activations", true, sigmoid);
    let SourceModel::Network(network) = &found.model else { panic!("a network") };
    let widths: Vec<_> = network.layers.iter().map(|layer| layer.biases.len()).collect();
    // Two for each neuron; and two for each number that is carried on.
    assert_eq!(widths, [16 + 6, 16 + 16 + 6, 16 + 6, 1]);
}

#[test]
fn torch_by_both_exporters() {
    for exporter in ["script", "dynamo"] {
        let found = golden(&format!("torch_{exporter}"), true, sigmoid);
        let SourceModel::Network(network) = &found.model else { panic!("a network") };
        let widths: Vec<_> = network.layers.iter().map(|layer| layer.biases.len()).collect();
        assert_eq!(widths, [12, 6, 1]);
        golden(&format!("torch_two_{exporter}"), true, sigmoid);
        // torch.where(torch.isnan(x), mean, x)
        golden(&format!("torch_imputed_{exporter}"), true, sigmoid);
    }
}

#[test]
fn boosted_trees_end_in_the_same_leaves() {
    assert_eq!(golden("boosting", true, sigmoid).found.package.source.trees, 8);
    assert_eq!(golden("hist_boosting", true, sigmoid).found.package.source.trees, 8);
    // Every mode, with and without a way for missing values.
    let found = golden("modes", true, sigmoid);
    assert_eq!(found.found.package.source.trees, 24);
    let note = "Class 1 is what the file calls \"bad\", class 0 \"good\".";
    assert!(found.found.report.notes.iter().any(|found| found == note));
}

#[test]
fn boosted_trees_behind_imputers_and_encoders() {
    for name in ["boosting_pipeline", "boosting_ordinal"] {
        let SourceModel::Trees(ensemble) = golden(name, false, sigmoid).model else {
            panic!("trees")
        };
        assert!(ensemble.categories.iter().any(|list| !list.is_empty()), "{name}");
    }
}

#[test]
fn what_is_no_sum_of_log_odds_is_refused_by_name() {
    let mut wrong = Vec::new();
    for (name, what, why) in [
        ("refused/calibrated_mean", "", "ensemble=False"),
        ("refused/isotonic", "", "isotonic"),
        ("refused/bins", "operator Less", "KBinsDiscretizer"),
        ("refused/woe_beside_numbers", "", "WOETransformer"),
        ("refused/bagging", "", "bagging"),
        ("refused/adaboost", "", "AdaBoost"),
        ("refused/catboost_bias", "post_transform \"LOGISTIC\"", "format=\"json\""),
        (
            "torch_tanh_script",
            "operator Tanh in node \"/layers/layers.1/Tanh\" (Tanh)",
            "LeakyReLU",
        ),
    ] {
        let bytes = std::fs::read(fixture(&format!("{name}.onnx"))).unwrap();
        match read(&bytes, &ImportOptions::default()) {
            Err(Fault::Unsupported { what: found, hint })
                if found.contains(what) && hint.contains(why) => {}
            other => wrong.push((name, other.map(|_| ()))),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
