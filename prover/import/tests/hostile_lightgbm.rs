//! LightGBM files that nobody should have written.

use crate::common::{Found, found, scaling};
use proptest::prelude::*;
use tessera_import::{Fault, ImportError, ImportOptions, read};
use tessera_model::{Feature, Schema};

fn import(path: &std::path::Path, schema: &Schema) -> Result<Found, ImportError> {
    found(path, schema, &ImportOptions::default(), None)
}

const MODEL: &str = "tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b_c
feature_infos=[0:5] [0:5]
tree_sizes=300

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=1.5 0
decision_type=10 1
left_child=-1 -2
right_child=1 -3
leaf_value=-0.25 0.5 0.75
cat_boundaries=0 1
cat_threshold=6
is_linear=0
shrinkage=1


end of trees

feature_importances:
a=1

pandas_categorical:null
";

fn fault(text: &str) -> Fault {
    match read(text.as_bytes(), &ImportOptions::default()) {
        Err(fault) => fault,
        Ok(_) => panic!("accepted: {text}"),
    }
}

fn replaced(from: &str, to: &str) -> Fault {
    assert!(MODEL.contains(from), "{from}");
    fault(&MODEL.replacen(from, to, 1))
}

#[test]
fn the_untouched_model_is_read() {
    for text in [MODEL.to_owned(), MODEL.replace('\n', "\r\n")] {
        let ensemble =
            read(text.as_bytes(), &ImportOptions::default()).unwrap().into_trees().unwrap();
        assert_eq!(ensemble.margin(&[1.5, 0.0]), -0.25);
        assert_eq!(ensemble.margin(&[f64::NAN, 0.0]), -0.25);
        // The set is {1, 2}: bits 1 and 2 of 6.
        for (category, leaf) in
            [(0.0, 0.75), (1.0, 0.5), (2.9, 0.5), (3.0, 0.75), (-1.0, 0.75), (f64::NAN, 0.75)]
        {
            assert_eq!(ensemble.margin(&[2.0, category]), leaf, "{category}");
        }
    }
}

#[test]
fn underscores_find_names_with_spaces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.txt");
    std::fs::write(&path, MODEL).unwrap();
    let schema = |names: &[&str]| Schema {
        name: "test".into(),
        features: names.iter().map(|name| Feature::numeric(*name, 0, 0, 5)).collect(),
    };
    let import = |names| import(&path, &schema(names));
    assert!(import(&["a", "b c"]).is_ok());
    assert!(import(&["b_c", "a"]).is_ok());
    assert!(import(&["a", "b c", "b_c"]).is_ok());
    assert!(import(&["a", "b c", "b\u{a0}c"]).is_err());
    assert!(import(&["a", "b"]).is_err());
}

#[test]
fn unsupported_models_are_refused_by_name() {
    for (from, to, names) in [
        ("version=v4", "version=v2", "\"v2\""),
        ("num_class=1", "num_class=3", "num_class = 3"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=2", "num_tree_per_iteration = 2"),
        ("objective=binary sigmoid:1", "objective=regression", "\"regression\""),
        ("objective=binary sigmoid:1\n", "", "a file that names no objective"),
        ("is_linear=0", "is_linear=1", "tree 0"),
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
        ("left_child=-1 -2", "left_child=0 -2", "tree 0, node 0"),
        ("left_child=-1 -2", "left_child=-1 -1", "tree 0, node 2"),
        ("right_child=1 -3", "right_child=1 -4", "tree 0, node 1"),
        ("right_child=1 -3", "right_child=2 -3", "tree 0, node 0"),
        ("right_child=1 -3", "right_child=1 -9223372036854775808", "tree 0, node 1"),
        ("split_feature=0 1", "split_feature=0 2", "tree 0, node 1"),
        ("split_feature=0 1", "split_feature=0", "tree 0"),
        ("split_feature=0 1", "split_feature=0 1 1", "tree 0"),
        ("threshold=1.5 0", "threshold=nan 0", "tree 0, node 0"),
        ("threshold=1.5 0", "threshold=1.5 1", "tree 0, node 1"),
        ("threshold=1.5 0", "threshold=1.5 -1", "tree 0, node 1"),
        ("threshold=1.5 0", "threshold=1.5 inf", "tree 0, node 1"),
        // Two nodes with one set.
        (
            "threshold=1.5 0\ndecision_type=10 1",
            "threshold=0 0\ndecision_type=1 1",
            "tree 0, node 1",
        ),
        ("decision_type=10 1", "decision_type=14 1", "tree 0, node 0"),
        ("decision_type=10 1", "decision_type=300 1", "tree 0"),
        ("leaf_value=-0.25", "leaf_value=inf", "tree 0"),
        ("leaf_value=-0.25", "leaf_value=", "tree 0"),
        ("num_leaves=3", "num_leaves=0", "tree 0"),
        ("num_leaves=3", "num_leaves=18446744073709551615", "tree 0"),
        ("num_cat=1", "num_cat=18446744073709551615", "tree 0"),
        ("num_cat=1", "num_cat=3", "tree 0"),
        ("cat_boundaries=0 1", "cat_boundaries=0 18446744073709551615", "tree 0"),
        ("cat_boundaries=0 1", "cat_boundaries=1 0", "tree 0"),
        ("cat_boundaries=0 1", "cat_boundaries=0 9", "tree 0"),
        ("is_linear=0", "shrinkage=1\nshrinkage=1", "line 24"),
        ("Tree=0", "Tree=1", "line 12"),
        ("Tree=0", "Tree=x", "line 12"),
        ("end of trees", "end", "line 32"),
        ("max_feature_idx=1", "max_feature_idx=2", "feature_names"),
        ("max_feature_idx=1", "max_feature_idx=18446744073709551615", "feature_names"),
        ("feature_names=a b_c\n", "", "header"),
        ("sigmoid:1", "sigmoid:0", "header, objective"),
        ("pandas_categorical:null", "pandas_categorical:[[\"a\"", "pandas_categorical"),
        ("pandas_categorical:null", "pandas_categorical:[[{}]]", "pandas_categorical"),
        ("pandas_categorical:null", "pandas_categorical:3", "pandas_categorical"),
    ] {
        match replaced(from, to) {
            Fault::Malformed { place: found, .. } => {
                assert!(found.contains(place), "{to}: {found}");
            }
            other => panic!("{to}: {other}"),
        }
    }
    assert!(matches!(fault("tree\nend of trees\n"), Fault::Malformed { .. }));
    assert!(matches!(
        read(b"tree\n\xff\n", &ImportOptions::default()),
        Err(Fault::Malformed { place, .. }) if place == "byte 5"
    ));
}

#[test]
fn sets_of_more_categories_than_fit_are_refused() {
    let words = "4294967295 ".repeat((1 << 19) + 1);
    let text = MODEL
        .replace("cat_boundaries=0 1", &format!("cat_boundaries=0 {}", (1 << 19) + 1))
        .replace("cat_threshold=6", &format!("cat_threshold={words}"));
    let fault = fault(&text).to_string();
    assert!(fault.contains("tree 0: sets of more than 16777216 categories"), "{fault}");
}

/// A data frame's truth values, of which the schema makes a number from 0 to 1.
#[test]
fn categories_are_found_as_tables_show_them() {
    let text = MODEL
        .replace("[0:5] [0:5]", "[0:5] 0:1")
        .replace("pandas_categorical:null", "pandas_categorical:[[false, true]]")
        .replace("feature_infos=[0:5] [0:5]", "feature_infos=[0:5] -1:0:1")
        .replace("cat_threshold=6", "cat_threshold=2");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.txt");
    std::fs::write(&path, text).unwrap();
    let with = |flag: Feature| {
        let features = vec![Feature::numeric("a", 0, 0, 5), flag];
        import(&path, &Schema { name: "test".into(), features })
    };
    let Found { package, report } = with(Feature::numeric("b_c", 0, 0, 1)).unwrap();
    assert_eq!(report.notes, [""; 0]);
    for (code, margin) in [(0, 0.75), (1, 0.5)] {
        let features = tessera_model::Features::new(&package.schema, vec![2, code]).unwrap();
        let score = package.score(&features).unwrap().points();
        assert!((score - scaling().points_of(margin)).abs() < 1e-8, "{code}");
    }
    let codes = ["yes", "no"].map(String::from).to_vec();
    let kind = tessera_model::FeatureKind::Category { codes };
    let refused =
        with(Feature { kind, ..Feature::numeric("b_c", 0, 0, 0) }).unwrap_err().to_string();
    assert!(refused.contains("none of the model's categories, such as \"False\""), "{refused}");
}

#[test]
fn a_tree_of_one_leaf_adds_to_the_offset() {
    let text = MODEL.replace(
        "end of trees",
        "Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.125\nis_linear=0\nshrinkage=1\n\nend of trees",
    );
    let ensemble = read(text.as_bytes(), &ImportOptions::default()).unwrap().into_trees().unwrap();
    assert_eq!(ensemble.margin(&[0.0, 0.0]), -0.125);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.txt");
    std::fs::write(&path, text).unwrap();
    let features = vec![Feature::numeric("a", 0, 0, 5), Feature::numeric("b_c", 0, 0, 5)];
    let schema = Schema { name: "test".into(), features };
    let Found { package, report } = import(&path, &schema).unwrap();
    assert_eq!((package.model.trees().len(), report.structure.constant_trees), (1, 1));
    let features = tessera_model::Features::new(&schema, vec![0, 0]).unwrap();
    let score = package.score(&features).unwrap().points();
    assert!((score - scaling().points_of(-0.125)).abs() < 1e-8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_after_the_first_line(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&[b"tree\n", bytes.as_slice()].concat(), &ImportOptions::default());
    }

    #[test]
    fn any_mutation_of_a_model(
        at in 0usize..MODEL.len(), length in 0usize..30, patch in "[-0-9eE.=\n a-z:]{0,12}",
    ) {
        let end = (at + length).min(MODEL.len());
        let mutated = [&MODEL[..at], patch.as_str(), &MODEL[end..]].concat();
        if let Ok(model) = read(mutated.as_bytes(), &ImportOptions::default()) {
            let ensemble = model.into_trees().unwrap();
            let _ = ensemble.margin(&vec![1.0; ensemble.feature_count]);
        }
    }
}
