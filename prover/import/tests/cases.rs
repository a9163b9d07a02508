//! Situations that lenders were in, as files: what became of them, and what has to.
//!
//! A case is a folder below `cases/` with the model, rows, the library's own points of them, a schema
//! unless it is to be inferred, and what is wanted in `expect.json`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use tessera_import::{ImportError, ImportOptions, InferOptions, import, infer, score_csv};
use tessera_model::{Features, Package, Schema, schema::Rounding};

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case)
}

fn expectation(case: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder(case).join("expect.json")).unwrap()).unwrap()
}

fn imported(case: &str) -> Result<Package, ImportError> {
    let (folder, expect) = (folder(case), expectation(case));
    let schema = match expect["infer"] == true {
        true => infer(&folder.join("rows.csv"), &InferOptions::default()).unwrap().schema,
        false => Schema::load(&folder.join("schema.json")).unwrap(),
    };
    let flags: Vec<_> =
        expect["flags"].as_array().unwrap().iter().map(|flag| flag.as_str()).collect();
    let by_position = flags.contains(&Some("--by-position"));
    assert_eq!(flags.len(), usize::from(by_position), "{flags:?}");
    let options = ImportOptions { by_position, ..ImportOptions::default() };
    let scaling = "600@50:1,pdo=20".parse().unwrap();
    let model = folder.join(expect["model"].as_str().unwrap());
    Ok(import(&model, &schema, &scaling, Some([3; 32]), &options)?.package)
}

/// The message without the path of the case, whose name may have the very words.
fn message(case: &str) -> String {
    let error = imported(case).unwrap_err().to_string();
    error.replace(folder(case).to_str().unwrap(), "")
}

/// Every row has the library's points.
#[track_caller]
fn exact(case: &str) {
    let package = imported(case).unwrap_or_else(|error| panic!("{case}: {error}"));
    let folder = folder(case);
    let scores = score_csv(&package, &folder.join("rows.csv"), Rounding::Refused).unwrap();
    let tolerance = expectation(case)["tolerance"].as_f64().unwrap();
    let mut rows = csv::Reader::from_path(folder.join("expected.csv")).unwrap();
    let expected: Vec<f64> =
        rows.deserialize().map(|row: Result<(f64,), _>| row.unwrap().0).collect();
    assert_eq!(scores.len(), expected.len());
    assert!(!scores.is_empty());
    for (row, (score, expected)) in scores.into_iter().zip(expected).enumerate() {
        let points = score.unwrap_or_else(|error| panic!("{case}: {error}")).points();
        assert!(
            (points - expected).abs() <= tolerance,
            "{case}, row {row}: {points} for {expected}"
        );
    }
}

/// A scorecard of three bins, with 10, 20 and some 31 points from 25 and 40 years on.
#[track_caller]
fn exact_ranges(case: &str) {
    let package = imported(case).unwrap_or_else(|error| panic!("{case}: {error}"));
    let points = |age: u64| {
        let features = Features::new(&package.schema, vec![age - 18]).unwrap();
        package.score(&features).unwrap().points()
    };
    assert_eq!([18, 24, 25, 39].map(points), [10.0, 10.0, 20.0, 20.0], "{case}");
    assert!([40, 100].map(points).iter().all(|points| (31.0..32.0).contains(points)), "{case}");
}

#[test]
fn catboost_s_onnx() {
    exact("onnx_catboost");
}

#[test]
fn a_column_with_one_category() {
    exact("crash_constant_category");
}

#[test]
fn categories_of_a_frame() {
    exact("lgb_codes_by_place");
    exact("lgb_ordered_category");
    exact("ok_lgb_cat_nan");
    let refused = message("lgb_list_of_another_column");
    assert!(
        refused.contains("fit several columns") && refused.contains("--category-lists"),
        "{refused}"
    );
    // Which column it is settles it.
    let folder = folder("lgb_list_of_another_column");
    let schema = Schema::load(&folder.join("schema.json")).unwrap();
    let category_lists = vec!["branch".to_owned()];
    let options = ImportOptions { category_lists, ..ImportOptions::default() };
    let scaling = "600@50:1,pdo=20".parse().unwrap();
    let found = import(&folder.join("model.txt"), &schema, &scaling, None, &options).unwrap();
    let scores = score_csv(&found.package, &folder.join("rows.csv"), Rounding::Refused).unwrap();
    let expected = std::fs::read_to_string(folder.join("expected.csv")).unwrap();
    for (score, expected) in scores.into_iter().zip(expected.lines().skip(1)) {
        let off = score.unwrap().points() - expected.parse::<f64>().unwrap();
        assert!(off.abs() < 1e-5, "{off}");
    }
}

#[test]
fn none_is_an_answer() {
    exact("none_is_an_answer");
}

#[test]
fn spaces_around_categories() {
    exact("onnx_no_category_known");
}

#[test]
fn edges_that_are_shown_rounded() {
    let refused = message("optbinning_edge_on_grid");
    assert!(refused.contains("\"dti2\"") && refused.contains("0.44"), "{refused}");
    assert!(refused.contains("show_digits"), "{refused}");
}

#[test]
fn what_was_exact_stays_so() {
    for case in ["ok_torch_bn", "ok_xgb_early", "ok_xgb_pruned"] {
        exact(case);
    }
}

#[test]
fn messages_that_lead_on() {
    // What once was a message is imported now.
    exact("message_debug");
    exact_ranges("message_comparisons");
    exact_ranges("message_scorecard_header");
    let case = "message_old_binary";
    let (said, expect) = (message(case), expectation(case));
    let texts = |name: &str| -> Vec<String> {
        let list = expect[name].as_array().cloned().unwrap_or_default();
        list.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    assert!(texts("contains").iter().any(|text| said.contains(text)), "{case}: {said}");
    assert!(!texts("absent").iter().any(|text| said.contains(text)), "{case}: {said}");
}
