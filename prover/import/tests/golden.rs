//! Models that the libraries wrote, on rows that the libraries scored.

use crate::common::{Found, found as import, scaling};
use std::path::{Path, PathBuf};
use tessera_import::{
    Assumption, ImportOptions, InferOptions, Precision, import_again, read, score_csv,
};
use tessera_model::{FeatureKind, Format, Package, PackageError, Schema, schema::Rounding};
use tessera_report::{Calibration, Expected, Report, ReportError, Sample, ScoreKind};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/german-credit").join(name)
}

fn infer(csv: &Path) -> Schema {
    let skip = vec!["margin".into()];
    let options = InferOptions { skip, exact: true, ..InferOptions::default() };
    tessera_import::infer(csv, &options).unwrap().schema
}

/// The sample has eleven of the twelve regions, so the codes that it shows are not the model's.
fn with_regions(mut schema: Schema) -> Schema {
    let codes = ('A'..='L').map(|letter| format!("region {letter}")).collect();
    schema.features.last_mut().unwrap().kind = FeatureKind::Category { codes };
    schema
}

/// Training counted the regions in their order.
fn by_place() -> ImportOptions {
    ImportOptions { assume: [Assumption::CategoriesByPlace].into(), ..ImportOptions::default() }
}

/// Imports `model` and checks it against the margins in `csv`: the reference evaluator must agree
/// bit for bit, the quantised model must end in the same leaves.
fn golden(model: &Path, csv: &Path, schema: &Schema, options: &ImportOptions) -> Found {
    let sample = Sample { path: csv.into(), ..Sample::default() };
    let imported = import(model, schema, options, Some(&sample)).unwrap();
    let (package, calibration) = (&imported.package, imported.calibration());

    let model = read(&std::fs::read(model).unwrap(), options).unwrap();
    let mut ensemble = model.into_trees().unwrap();
    let mut rows = csv::Reader::from_path(csv).unwrap();
    let header: Vec<String> = rows.headers().unwrap().iter().map(Into::into).collect();
    let columns = schema.columns(&header).unwrap();
    let margin = header.iter().position(|name| name == "margin").unwrap();
    let named = !options.by_position;
    let order: Vec<usize> = (0..ensemble.feature_count)
        .map(|i| if named { schema.position(&ensemble.features[i]).unwrap() } else { i })
        .collect();
    ensemble.resolve(schema, &order, options).unwrap();

    let mut count = 0;
    for (index, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells: Vec<&str> = row.iter().collect();
        let features = schema.encode_row(&columns, index + 1, &cells).unwrap();
        let values = features.values(schema);
        let values: Vec<f64> = order.iter().map(|column| values[*column]).collect();
        let (found, expected) = (ensemble.margin(&values), cells[margin]);
        let same = match ensemble.sum {
            Precision::F32 => {
                (found as f32).to_bits() == expected.parse::<f32>().unwrap().to_bits()
            }
            Precision::F64 => found.to_bits() == expected.parse::<f64>().unwrap().to_bits(),
        };
        assert!(same, "row {}: {found} for {expected}", index + 1);
        let score = package.score(&features).unwrap().points();
        let expected = scaling().points_of(found * ensemble.sigmoid);
        // The library's own sum in single precision is off by a few 1e-7 of log-odds.
        assert!((score - expected).abs() < 1e-4, "row {}: {score} for {expected}", index + 1);
        count += 1;
    }
    assert_eq!((calibration.rows, calibration.refused.len()), (count, 0));
    assert_eq!(calibration.wrong_leaves, 0);
    assert!(calibration.leaves >= count as u64);
    imported
}

fn small(name: &str, ending: &str, options: &ImportOptions) -> Found {
    let csv = fixture(&format!("{name}.csv"));
    golden(&fixture(&format!("{name}.{ending}")), &csv, &infer(&csv), options)
}

#[test]
fn german_credit() {
    let schema = Schema::load(&example("schema.json")).unwrap();
    let options = ImportOptions::default();
    let found = golden(&example("model.json"), &example("golden.csv"), &schema, &options);
    assert_eq!(found.calibration().rows, 300);
    assert!(found.calibration().points_error.max < 5e-5);
    let structure = &found.report.structure;
    assert_eq!((structure.trees, structure.splits, structure.leaves), (100, 1164, 1264));
    assert_eq!((structure.thresholds, structure.folded_splits), (175, 0));
    assert_eq!(found.package.schema.packing().len(), 1);
}

#[test]
fn german_credit_report() {
    let schema = Schema::load(&example("schema.json")).unwrap();
    let thresholds =
        ["560", "480", "520"].map(|points| tessera_model::Score::from_points(points).unwrap());
    let sample = Sample {
        path: example("golden.csv"),
        label: Some("bad".into()),
        thresholds: thresholds.into(),
        ..Sample::default()
    };
    let options = ImportOptions::default();
    let imported = import(&example("model.json"), &schema, &options, Some(&sample)).unwrap();
    let (package, report, found) = (&imported.package, &imported.report, imported.calibration());
    assert_eq!(found.bad, Some(88));
    let (before, after) = (found.before.as_ref().unwrap(), found.after.as_ref().unwrap());
    assert!((before.auc - 0.796).abs() < 5e-4, "{before:?}");
    assert_eq!((before.auc, before.gini, before.ks), (after.auc, after.gini, after.ks));
    assert_eq!(before.curve.len(), after.curve.len());
    let at: Vec<_> = found.decisions.iter().map(|decisions| decisions.threshold).collect();
    assert_eq!(at, [480.0, 520.0, 560.0]);
    let decisions = &found.decisions[1];
    assert_eq!((decisions.accepted_after, decisions.flipped), (decisions.accepted_before, 0));

    // Saved and read again, and measured again from the file.
    let folder = tempfile::tempdir().unwrap();
    package.save(folder.path()).unwrap();
    report.save(package, folder.path()).unwrap();
    let read = Package::load(folder.path()).unwrap();
    assert!(read == *package);
    assert_eq!(Report::load(folder.path(), &read).unwrap(), *report);
    assert_eq!(read.digest(), report.digests.package);
    let again = import_again(&read, &example("model.json")).unwrap();
    assert_eq!(Calibration::measure(&again, &sample).unwrap(), *found);
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("of 30000 leaves differ") && page.matches("<figure>").count() == 6);
    let shown = tessera_report::show(package, report);
    assert!(shown.contains("0 of 30000 differ") && shown.contains("AUC"), "{shown}");
    assert!(![shown, page].iter().any(|text| text.contains(&hex::encode(package.salt))));

    // A package changed behind its report's back is noticed.
    let path = folder.path().join("package.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let changed = text.replacen(&hex::encode(package.salt), &hex::encode([9; 32]), 1);
    assert_ne!(changed, text);
    std::fs::write(&path, changed).unwrap();
    let refused = Package::load(folder.path());
    assert!(matches!(refused, Err(PackageError::Changed { .. })));
    let other =
        import(&fixture("xgboost_raw.json"), &infer(&fixture("xgboost_raw.csv")), &options, None);
    let refused = Report::load(folder.path(), &other.unwrap().package);
    assert!(matches!(refused, Err(ReportError::OtherPackage { .. })));

    let scores = score_csv(package, &example("golden.csv"), Rounding::Refused).unwrap();
    assert_eq!(scores.len(), 300);
    assert_eq!(
        scores.iter().filter(|s| s.as_ref().unwrap().points() >= 520.0).count(),
        decisions.accepted_after
    );
}

#[test]
fn missing_values() {
    let found = small("xgboost_missing", "json", &ImportOptions::default());
    let missing_left = |node: &tessera_model::Node| {
        matches!(node, tessera_model::Node::Split { missing_left: true, .. })
    };
    let nodes = || found.package.model.trees().iter().flat_map(|tree| &tree.nodes);
    assert!(nodes().any(missing_left));
}

/// The binary file holds the very model of the text file.
#[test]
fn ubjson() {
    for name in ["missing", "dart", "frame", "partition", "stopped"] {
        let of = |ending: &str| {
            let bytes = std::fs::read(fixture(&format!("xgboost_{name}.{ending}"))).unwrap();
            read(&bytes, &ImportOptions::default()).unwrap().into_trees().unwrap()
        };
        let (text, mut binary) = (of("json"), of("ubj"));
        assert_eq!(std::mem::replace(&mut binary.format, text.format), Format::XgboostUbjson);
        assert!(text == binary, "{name}");
    }
    small("xgboost_missing", "ubj", &ImportOptions::default());
}

#[test]
fn numbers_that_stand_for_missing() {
    for (name, missing) in [("xgboost_minus_one", -1.0), ("xgboost_zero", 0.0)] {
        let options = ImportOptions { missing: Some(missing), ..ImportOptions::default() };
        small(name, "json", &options);
    }
}

#[test]
fn dart_keeps_its_weights() {
    small("xgboost_dart", "json", &ImportOptions::default());
}

#[test]
fn early_stopping_is_honoured() {
    let found = small("xgboost_stopped", "json", &ImportOptions::default());
    assert_eq!(found.package.source.trees, 4);
    assert!(found.report.notes[0].contains("first 4 of 9 trees"));
    let csv = fixture("xgboost_stopped.csv");
    let all = ImportOptions { all_trees: true, ..ImportOptions::default() };
    let model = fixture("xgboost_stopped.json");
    let found = import(&model, &infer(&csv), &all, None).unwrap();
    assert_eq!(found.package.source.trees, 9);
}

#[test]
fn forests_raw_margins_and_weights() {
    small("xgboost_parallel", "json", &ImportOptions::default());
    small("xgboost_raw", "json", &ImportOptions::default());
    let found = small("xgboost_weighted", "json", &ImportOptions::default());
    assert!(found.report.notes[0].contains("scale_pos_weight = 3"));
}

/// LightGBM's own word for it is in the parameters of training.
#[test]
fn weights_of_lightgbm() {
    let text = std::fs::read_to_string(fixture("lightgbm_missing.txt")).unwrap();
    let notes = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let text = text.replace(from, to);
        read(text.as_bytes(), &ImportOptions::default()).unwrap().into_trees().unwrap().notes
    };
    assert!(notes("[is_unbalance: 0]", "[is_unbalance: 0]").is_empty());
    assert!(notes("[is_unbalance: 0]", "[is_unbalance: 1]")[0].contains("is_unbalance = 1"));
    let found = notes("[scale_pos_weight: 1]", "[scale_pos_weight: 4]");
    assert!(found[0].contains("scale_pos_weight = 4"), "{found:?}");
}

#[test]
fn categories() {
    for name in ["xgboost_one_hot", "xgboost_partition"] {
        let csv = fixture(&format!("{name}.csv"));
        let schema = with_regions(infer(&csv));
        let model = fixture(&format!("{name}.json"));
        let open = import(&model, &schema, &ImportOptions::default(), None).unwrap_err();
        assert!(open.to_string().contains("--assume categories-by-place"), "{open}");
        let found = golden(&model, &csv, &schema, &by_place());
        assert!(found.report.notes.iter().any(|note| note.contains("\"region A\"")));
        // Sets of codes that are no intervals take several comparisons with shared children.
        let structure = &found.report.structure;
        assert!(structure.splits >= structure.leaves, "{structure:?}");
    }
}

/// The files list the categories in an order that is not the schema's.
#[test]
fn categories_of_data_frames_are_matched_by_name() {
    for (name, ending) in [("xgboost_frame", "json"), ("lightgbm_frame", "txt")] {
        let csv = fixture(&format!("{name}.csv"));
        let mut schema = with_regions(infer(&csv));
        let owner = schema.position("owner").unwrap();
        let model = fixture(&format!("{name}.{ending}"));
        let options = ImportOptions::default();
        // The model's categories are the numbers 7 and 3.
        let codes = ["3", "7"].map(String::from).to_vec();
        schema.features[owner].kind = FeatureKind::Category { codes };
        let found = golden(&model, &csv, &schema, &options);
        assert_eq!(found.report.notes, [""; 0]);

        // A category that the library has not seen: XGBoost stops, LightGBM takes it as missing.
        let FeatureKind::Category { codes } = &mut schema.features[owner].kind else { panic!() };
        codes.push("9".into());
        let found = import(&model, &schema, &options, None);
        match (ending, found) {
            ("json", Err(error)) => {
                assert!(
                    error.to_string().contains("\"owner\": the schema allows \"9\""),
                    "{error}"
                );
            }
            ("txt", Ok(found)) => {
                assert!(found.report.notes[0].contains("lacks \"9\""));
            }
            (_, other) => panic!("{other:?}"),
        }
    }
    // The same numbers on a grid, where 4 to 6 are categories that LightGBM has not seen.
    let csv = fixture("lightgbm_frame.csv");
    let schema = with_regions(infer(&csv));
    let options = ImportOptions::default();
    golden(&fixture("lightgbm_frame.txt"), &csv, &schema, &options);
}

/// Sums in an order, or a precision, that the library does not promise.
#[test]
fn catboost_and_two_sums_of_xgboost() {
    for (name, format) in [
        ("catboost", Format::CatboostJson),
        ("catboost_lossguide", Format::CatboostJson),
        // XGBoost adds up in single precision, each class by itself.
        ("xgboost_softprob", Format::XgboostJson),
    ] {
        let csv = fixture(&format!("{name}.csv"));
        let schema = infer(&csv);
        let expected = Expected { column: "margin".into(), kind: None, tolerance: Some(1e-4) };
        let sample = Sample { path: csv, expected: Some(expected), ..Sample::default() };
        let model = fixture(&format!("{name}.json"));
        let found = import(&model, &schema, &ImportOptions::default(), Some(&sample)).unwrap();
        let calibration = found.calibration();
        let agreement = calibration.agreement.as_ref().unwrap();
        assert_eq!((agreement.kind, agreement.wrong), (ScoreKind::Margin, 0));
        assert_eq!((calibration.rows, calibration.wrong_leaves), (200, 0));
        assert_eq!(found.package.source.format, format);
    }
}

#[test]
fn lightgbm() {
    for name in ["lightgbm_missing", "lightgbm_never", "lightgbm_zero"] {
        let found = small(name, "txt", &ImportOptions::default());
        assert_eq!(found.package.source.trees, 8);
        assert!(found.calibration().points_error.max < 1e-8);
    }
    let csv = fixture("lightgbm_categories.csv");
    let schema = with_regions(infer(&csv));
    let found = golden(&fixture("lightgbm_categories.txt"), &csv, &schema, &by_place());
    assert_eq!(found.package.source.objective, "binary sigmoid:0.7");
    let structure = &found.report.structure;
    assert!(structure.splits >= structure.leaves, "{structure:?}");
}

/// 100 trees of 15 leaves on the German-credit data, its features called `f0`, `f1`, …
#[test]
fn lightgbm_german_credit() {
    let schema = Schema::load(&example("schema.json")).unwrap();
    let options = ImportOptions { by_position: true, ..ImportOptions::default() };
    let model = fixture("lightgbm_german.txt");
    let scored = std::fs::read_to_string(fixture("lightgbm_german_margins.csv")).unwrap();
    // The rows are the example's; only the margins are LightGBM's.
    let rows = std::fs::read_to_string(example("golden.csv")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("rows.csv");
    let pairs = rows.lines().zip(scored.lines());
    let lines =
        pairs.map(|(row, margin)| format!("{},{margin}\n", row.rsplit_once(',').unwrap().0));
    std::fs::write(&csv, lines.collect::<String>()).unwrap();

    let found = golden(&model, &csv, &schema, &options);
    let structure = &found.report.structure;
    assert_eq!((structure.trees, structure.splits, structure.leaves), (100, 1400, 1500));
    assert_eq!(structure.thresholds, 170);
    assert!(found.report.notes[0].contains("by position"));
}

/// Categories that CatBoost makes numbers of by statistics of the training data.
#[test]
fn catboost_of_categories_is_refused_by_name() {
    let bytes = std::fs::read(fixture("onnx/refused/catboost_categories.json")).unwrap();
    let refused = read(&bytes, &ImportOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("1 features of categories"), "{refused}");
    assert!(refused.contains("one-hot encoded"), "{refused}");
}

/// Rows with numbers between grid points: refused, or rounded and then compared with what the library says of
/// the numbers as they are.
#[test]
fn rounding_is_counted_against_the_model() {
    let (model, csv) = (fixture("xgboost_missing.json"), fixture("xgboost_missing.csv"));
    let mut schema = infer(&csv);
    let balance = schema.position("balance").unwrap();
    schema.features[balance].kind = FeatureKind::Numeric { decimals: 0, min: -1000, max: 1000 };
    let score = |points: &str| tessera_model::Score::from_points(points).unwrap();
    let sample = |rounding| Sample {
        path: csv.clone(),
        thresholds: vec![score("0"), score("10000")],
        against: Some(csv.clone()),
        rounding,
        ..Sample::default()
    };
    let found = |rounding| {
        let found = import(&model, &schema, &ImportOptions::default(), Some(&sample(rounding)));
        found.unwrap().report.calibration.unwrap()
    };
    let refused = found(Rounding::Refused);
    let left_out: usize = refused.refused.iter().map(|refused| refused.rows).sum();
    assert!(left_out > 50 && refused.rounded == 0, "{left_out}");
    assert!(refused.points_error.max < 1e-4);
    let rounded = found(Rounding::Nearest);
    assert_eq!((rounded.rows, rounded.rounded), (refused.rows + left_out, left_out));
    assert!(rounded.refused.is_empty() && rounded.wrong_leaves == 0);
    // Some comparison falls between a balance and its whole number.
    assert!(rounded.points_error.max > 0.01, "{:?}", rounded.points_error);
    // Thresholds that decide nothing, and a sample that is as stable as itself.
    assert_eq!(rounded.warnings.len(), 2, "{:?}", rounded.warnings);
    assert_eq!(rounded.stability.unwrap().index, 0.0);
}
