//! Files that nobody should have written: every one is refused with its place, none panics.

use proptest::prelude::*;
use std::path::{Path, PathBuf};
use tessera_import::{Fault, ImportError, ImportOptions, InferOptions, infer, read};
use tessera_model::{Feature, Package, Schema};

fn import(path: &Path, schema: &Schema) -> Result<Package, ImportError> {
    let (scaling, options) = ("600@50:1,pdo=20".parse().unwrap(), ImportOptions::default());
    let imported = tessera_import::import(path, schema, &scaling, Some([0; 32]), &options)?;
    Ok(imported.package)
}

/// A small model of features `a` and `b`; `edit` changes its text.
fn model(edit: impl Fn(&str) -> String) -> String {
    edit(
        r#"{"learner":{"attributes":{},"feature_names":["a","b"],"feature_types":[],
"gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"1"},
"iteration_indptr":[0,1],"tree_info":[0],"trees":[{
"tree_param":{"num_nodes":"5","size_leaf_vector":"1"},
"left_children":[1,-1,3,-1,-1],"right_children":[2,-1,4,-1,-1],"split_indices":[0,0,1,0,0],
"split_conditions":[1.5,-0.25,2.5,0.5,0.75],"default_left":[0,0,1,0,0],"split_type":[0,0,0,0,0],
"categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[]}]},
"name":"gbtree"},"learner_model_param":{"base_score":"[5E-1]","num_class":"0","num_feature":"2",
"num_target":"1"},"objective":{"name":"binary:logistic"}},"version":[3,2,0]}"#,
    )
}

fn fault(text: &str) -> Fault {
    match read(text.as_bytes(), &ImportOptions::default()) {
        Err(fault) => fault,
        Ok(_) => panic!("accepted: {text}"),
    }
}

fn replaced(from: &str, to: &str) -> Fault {
    let text = model(|text| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    fault(&text)
}

#[test]
fn the_untouched_model_is_read() {
    let ensemble = read(model(str::to_owned).as_bytes(), &ImportOptions::default())
        .unwrap()
        .into_trees()
        .unwrap();
    assert_eq!(ensemble.margin(&[1.0, 9.0]), -0.25);
    assert_eq!(ensemble.margin(&[2.0, 2.0]), 0.5);
    assert_eq!(ensemble.margin(&[f64::NAN, f64::NAN]), 0.5);
    assert_eq!(ensemble.margin(&[2.0, 2.5]), 0.75);
    assert_eq!(ensemble.library.as_deref(), Some("xgboost 3.2.0"));
}

#[test]
fn unsupported_models_are_refused_by_name() {
    for (from, to, names) in [
        ("\"num_class\":\"0\"", "\"num_class\":\"3\"", "num_class = 3"),
        ("\"num_target\":\"1\"", "\"num_target\":\"2\"", "num_target = 2"),
        ("binary:logistic", "reg:squarederror", "\"reg:squarederror\""),
        ("binary:logistic", "multi:softprob", "\"multi:softprob\""),
        ("\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "\"gblinear\""),
        ("\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"", "tree 0"),
    ] {
        match replaced(from, to) {
            Fault::Unsupported { what, .. } => assert!(what.contains(names), "{what}"),
            other => panic!("{to}: {other}"),
        }
    }
}

#[test]
fn contradictions_are_named_with_their_place() {
    for (from, to, place) in [
        // A cycle, a child past the end, a shared child, a negative child.
        ("[1,-1,3,-1,-1]", "[1,-1,0,-1,-1]", "tree 0, node 0"),
        ("[1,-1,3,-1,-1]", "[1,-1,9,-1,-1]", "tree 0, node 2"),
        ("[1,-1,3,-1,-1]", "[1,-1,1,-1,-1]", "tree 0, node 1"),
        ("[2,-1,4,-1,-1]", "[2,-1,-7,-1,-1]", "tree 0, node 2"),
        ("[0,0,1,0,0]", "[0,0,2,0,0]", "tree 0, node 2"),
        ("[0,0,1,0,0]", "[0,0,18446744073709551615,0,0]", "tree 0, node 2"),
        ("[1.5,-0.25", "[1e39,-0.25", "tree 0, node 0"),
        ("[1.5,-0.25", "[1.5,-1e39", "tree 0, node 1"),
        ("\"split_type\":[0,0,0,0,0]", "\"split_type\":[7,0,0,0,0]", "tree 0, node 0"),
        ("\"split_type\":[0,0,0,0,0]", "\"split_type\":[1,0,0,0,0]", "tree 0, node 0"),
        ("\"split_type\":[0,0,0,0,0]", "\"split_type\":[0]", "tree 0"),
        ("\"default_left\":[0,0,1,0,0]", "\"default_left\":[]", "tree 0"),
        ("\"num_nodes\":\"5\"", "\"num_nodes\":\"4\"", "tree 0"),
        ("\"num_nodes\":\"5\"", "\"num_nodes\":\"five\"", "tree 0, tree_param.num_nodes"),
        ("\"model\":{", "\"model\":{\"cats\":{\"enc\":[{}]},", "cats.enc"),
        (
            "\"model\":{",
            "\"model\":{\"cats\":{\"enc\":[{},{\"offsets\":[0,9],\"values\":[97]}]},",
            "cats.enc",
        ),
        (
            "\"model\":{",
            "\"model\":{\"cats\":{\"enc\":[{},{\"offsets\":[1,0],\"values\":[97]}]},",
            "cats.enc",
        ),
        (
            "\"model\":{",
            "\"model\":{\"cats\":{\"enc\":[{\"offsets\":[0,1],\"values\":[-1]},{}]},",
            "cats.enc",
        ),
        (
            "\"model\":{",
            "\"model\":{\"cats\":{\"enc\":[{\"offsets\":[0,1],\"values\":[256]},{}]},",
            "cats.enc",
        ),
        ("\"categories_nodes\":[]", "\"categories_nodes\":[0]", "tree 0, categories"),
        ("\"tree_info\":[0]", "\"tree_info\":[1]", "tree_info[0]"),
        ("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"1\"}", "best_iteration"),
        ("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"x\"}", "best_iteration"),
        (
            "\"attributes\":{}",
            "\"attributes\":{\"best_iteration\":\"18446744073709551615\"}",
            "best_iteration",
        ),
        ("[5E-1]", "[0]", "base_score"),
        ("[5E-1]", "[1E0,2E0]", "base_score"),
        ("[5E-1]", "NaN", "base_score"),
        ("\"num_feature\":\"2\"", "\"num_feature\":\"3\"", "feature_names"),
        ("\"name\":\"gbtree\"", "\"name\":\"dart\"", "gradient_booster"),
    ] {
        match replaced(from, to) {
            Fault::Malformed { place: found, .. } => {
                assert!(found.contains(place), "{to}: {found}");
            }
            other => panic!("{to}: {other}"),
        }
    }
}

#[test]
fn json_faults_have_line_and_column() {
    for (from, to) in [
        ("[1.5,-0.25", "[NaN,-0.25"),
        ("[1.5,-0.25", "[\"1.5\",-0.25"),
        ("[1,-1,3", "[1.5,-1,3"),
        ("\"default_left\":[0", "\"default_left\":[2"),
        ("\"trees\":[{", "\"trees\":[[{"),
        ("\"left_children\"", "\"left\""),
        ("\"objective\"", "\"object\""),
        ("\"feature_names\":[\"a\"", "\"feature_names\":[\"\\ud800\""),
        ("\"version\":[3,2,0]}", "\"version\":[3,2,0]"),
        ("\"version\":[3,2,0]}", "\"version\":[3,2,0]} {}"),
    ] {
        match replaced(from, to) {
            Fault::Json { line, .. } => assert!(line > 0, "{to}"),
            other => panic!("{to}: {other}"),
        }
    }
}

#[test]
fn long_lists_and_deep_nesting_are_refused() {
    let names = "\"a\",".repeat(70_000) + "\"a\"";
    let many = replaced("\"a\",\"b\"", &names);
    assert!(matches!(&many, Fault::Json { reason, .. } if reason.contains("65536")), "{many}");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = replaced("\"trees\":[", &format!("\"trees\":[{deep},"));
    assert!(matches!(deep, Fault::Json { .. }), "{deep}");
}

#[test]
fn a_chain_of_a_million_nodes_does_not_overflow_the_stack() {
    let count = 1_000_001;
    let list = |of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<Vec<_>>().join(",");
    let inner = |i: usize| i.is_multiple_of(2) && i + 2 < count;
    let left = list(&|i| if inner(i) { (i + 1).to_string() } else { "-1".into() });
    let right = list(&|i| if inner(i) { (i + 2).to_string() } else { "-1".into() });
    let zeros = list(&|_| "0".into());
    let text = model(|text| {
        text.replace("[1,-1,3,-1,-1]", &format!("[{left}]"))
            .replace("[2,-1,4,-1,-1]", &format!("[{right}]"))
            .replace("\"split_indices\":[0,0,1,0,0]", &format!("\"split_indices\":[{zeros}]"))
            .replace("[1.5,-0.25,2.5,0.5,0.75]", &format!("[{zeros}]"))
            .replace("\"default_left\":[0,0,1,0,0]", &format!("\"default_left\":[{zeros}]"))
            .replace("\"split_type\":[0,0,0,0,0],", "")
            .replace("\"num_nodes\":\"5\"", &format!("\"num_nodes\":\"{count}\""))
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.json");
    std::fs::write(&path, text).unwrap();
    let schema = Schema {
        name: "test".into(),
        features: vec![Feature::numeric("a", 0, -5, 5), Feature::numeric("b", 0, 0, 1)],
    };
    let package = import(&path, &schema).unwrap();
    assert_eq!(package.model.trees()[0].nodes.len(), count);
}

#[test]
fn other_formats_are_called_by_name() {
    for (bytes, name) in [
        (&b""[..], "an empty file"),
        (b"binf\x00\x00", "old binary"),
        (b"\x80\x04\x95\x00", "pickle"),
        (b"<?xml version=\"1.0\"?>", "XML or HTML, but not PMML"),
        (b"\x80\x04\x95\x00\x8c\x13interpret.glassbox", "pickle of InterpretML"),
        (b"\x78\x9c\x00", "joblib"),
        (b"\x08\x07\x7f\x08skl2onnx", "not a model file"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04\x14\x00[Content_Types].xml", "Excel"),
        (b"PK\x03\x04\x14\x00archive/data.pkl", "torch"),
        (b"PK\x03\x04\x14\x00model.ini", "MOJO"),
        (b"\x80\x04\x95\x00\x8c\x1bsklearn.linear_model", "pickle of scikit-learn"),
        (b"ccopy_reg\n_reconstructor\np0\n(csklearn.linear_model", "pickle of scikit-learn"),
        (b"\x80\x04\x8c\x0fxgboost.sklearn\x00gbtree\x00binary:logistic", "pickle of XGBoost"),
        (b"\x80\x04\x8c\x10lightgbm.sklearn", "or LightGBM"),
        (b"]\x00\x00\x80\x00", "joblib"),
        (b"PK\x03\x04\x14\x00schema.json{\"__module__\": \"sklearn", "skops"),
        (b"\x48\x00\x00\x00\x00\x00\x00\x00{\"w\":{\"data_offsets\":[0,8]}}", "safetensors"),
        (b"\x1c\x00\x00\x00TFL3\x00", "TensorFlow Lite"),
        (b"\x93NUMPY\x01\x00", "array of numpy"),
        (b"$FL2@(#) SPSS", "SPSS"),
        (b"<stata_dta><header>", "Stata"),
        (b"/* a POJO; */ import hex.genmodel.GenModel;", "H2O"),
        (b"CBM1\x00\x00", "CatBoost"),
        (b"\x89HDF\r\n", "Keras"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"data scored; set loans; if age < 25 then s = 3;", "program of SAS"),
        (b"\x00\x00\x00\x3f\x00gbtree\x00binary:logistic", "old binary"),
        (b"[{\"nodeid\": 0}]", "XGBoost's"),
        (b"booster[0]:\n0:leaf=1\n", "XGBoost's"),
        (b"0:[f0<0.5] yes=1,no=2,missing=1\n", "XGBoost's"),
        (b"{\"name\": \"tree\", \"version\": \"v4\", \"tree_info\": []}", "LightGBM's dump"),
        (b"{\"version\": []}", "JSON, but no XGBoost model"),
        (b"{\"age\": {\"[-inf ~ 25)\": 10.0}}", "JSON of a scorecard"),
    ] {
        match read(bytes, &ImportOptions::default()) {
            Err(Fault::Format { found, hint }) => {
                assert!(found.contains(name), "{found}");
                assert!(name != "old binary" || hint.contains("3.0"), "{hint}");
                assert!(!name.contains("scikit-learn") || hint.contains("skl2onnx"), "{hint}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn ubjson_that_is_cut_short_is_refused() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/xgboost_missing.ubj");
    let bytes = std::fs::read(fixture).unwrap();
    assert!(read(&bytes, &ImportOptions::default()).is_ok());
    for end in (1..bytes.len()).step_by(97) {
        assert!(read(&bytes[..end], &ImportOptions::default()).is_err(), "{end} bytes");
    }
}

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn features_must_match_the_schema() {
    let (_folder, path) = written("model.json", model(str::to_owned).as_bytes());
    let schema = |names: [&str; 2]| Schema {
        name: "test".into(),
        features: names.iter().map(|name| Feature::numeric(*name, 0, 0, 5)).collect(),
    };
    match import(&path, &schema(["a", "c"])) {
        Err(ImportError::UnknownFeature { feature, .. }) => assert_eq!(feature, "b"),
        other => panic!("{other:?}"),
    }
    // The schema's order is its own: features are found by name.
    let package = import(&path, &schema(["b", "a"])).unwrap();
    let root = package.model.trees()[0].nodes[0];
    assert!(matches!(root, tessera_model::Node::Split { feature: 1, threshold: 2, .. }));

    let nameless = model(|text| text.replace("[\"a\",\"b\"]", "[]"));
    let (_folder, path) = written("model.json", nameless.as_bytes());
    let refused = import(&path, &schema(["a", "b"]));
    assert!(matches!(refused, Err(ImportError::Unnamed { .. })));
    let twice = model(|text| text.replace("[\"a\",\"b\"]", "[\"a\",\"a\"]"));
    let (_folder, path) = written("model.json", twice.as_bytes());
    let refused = import(&path, &schema(["a", "b"]));
    assert!(matches!(refused, Err(ImportError::Model { .. })));
    let missing = PathBuf::from("/no/such/model.json");
    let message = import(&missing, &schema(["a", "b"])).unwrap_err().to_string();
    assert!(message.contains("/no/such/model.json"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_as_a_model(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes, &ImportOptions::default());
    }

    /// Bytes of a real model overwritten, cut out, or doubled.
    #[test]
    fn any_mutation_of_a_model(
        at in 0usize..1200, length in 0usize..40, patch in "[-0-9eE.,\\[\\]{}\":a-z ]{0,12}",
    ) {
        let text = model(str::to_owned);
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        let mutated = [&text[..at], patch.as_str(), &text[end..]].concat();
        let (_folder, path) = written("model.json", mutated.as_bytes());
        let schema = Schema {
            name: "test".into(),
            features: vec![Feature::numeric("a", 0, 0, 5), Feature::numeric("b", 1, 0, 50)],
        };
        let _ = import(&path, &schema);
    }

    #[test]
    fn any_bytes_as_a_schema_a_table_or_a_package(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let (folder, path) = written("package.json", &bytes);
        prop_assert!(Schema::load(&path).is_err());
        prop_assert!(Package::load(folder.path()).is_err());
        let _ = infer(&path, &InferOptions::default());
    }

    /// A schema with some of its text replaced is read or refused; what is read is valid.
    #[test]
    fn any_mutation_of_a_schema(
        at in 0usize..400, length in 0usize..20, patch in "[-0-9eE.,\\[\\]{}\":a-z ]{0,8}",
    ) {
        let text = r#"{"kind":"tessera.schema","version":1,"name":"n","features":[
            {"name":"a","type":"numeric","decimals":2,"min":"-1.00","max":"7.25","missing":true},
            {"name":"b","type":"category","codes":["x","y"],"unit":"u","description":"d"}]}"#;
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        let mutated = [&text[..at], patch.as_str(), &text[end..]].concat();
        let (_folder, path) = written("schema.json", mutated.as_bytes());
        if let Ok(schema) = Schema::load(&path) {
            prop_assert!(schema.validate().is_ok());
            let _ = (schema.packing(), schema.digest());
            let _ = schema.features[0].encode(&patch);
        }
    }

    /// A package with some of its text replaced is refused, or scores without a panic.
    #[test]
    fn any_mutation_of_a_package(
        at in 0usize..1500, length in 0usize..6, patch in "[-0-9<~?:= ]{0,6}",
    ) {
        let (_model_folder, path) = written("model.json", model(str::to_owned).as_bytes());
        let schema = Schema {
            name: "test".into(),
            features: vec![Feature::numeric("a", 0, 0, 5), Feature::numeric("b", 1, 0, 50)],
        };
        let folder = tempfile::tempdir().unwrap();
        import(&path, &schema).unwrap().save(folder.path()).unwrap();
        let path = folder.path().join("package.json");
        let text = std::fs::read_to_string(&path).unwrap();
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        prop_assume!(text.is_char_boundary(at) && text.is_char_boundary(end));
        std::fs::write(&path, [&text[..at], patch.as_str(), &text[end..]].concat()).unwrap();
        if let Ok(package) = Package::load(folder.path()) {
            let zeros = vec![0; package.schema.features.len()];
            let features = tessera_model::Features::new(&package.schema, zeros).unwrap();
            prop_assert!(package.score(&features).is_ok());
        }
    }
}
