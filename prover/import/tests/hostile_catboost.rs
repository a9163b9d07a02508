//! CatBoost files that nobody should have written.

use proptest::prelude::*;
use tessera_import::{Fault, ImportOptions, SourceModel, read};

const MODEL: &str = r#"{"features_info":{"float_features":[
{"borders":[1.5],"feature_id":"a","feature_index":0,"flat_feature_index":0,"nan_value_treatment":"AsIs"},
{"borders":[2.5],"feature_id":"b","feature_index":1,"flat_feature_index":1,"nan_value_treatment":"AsTrue"}]},
"model_info":{"params":{"loss_function":{"type":"Logloss"}},"class_params":{"class_names":[0,1]}},
"oblivious_trees":[{"leaf_values":[1,2,4,8],"splits":[
{"border":1.5,"float_feature_index":0,"split_type":"FloatFeature"},
{"border":2.5,"float_feature_index":1,"split_type":"FloatFeature"}]}],"scale_and_bias":[2,[0.5]]}"#;

fn found(text: &str) -> Result<SourceModel, Fault> {
    read(text.as_bytes(), &ImportOptions::default())
}

#[test]
fn the_untouched_model_is_read() {
    let ensemble = found(MODEL).unwrap().into_trees().unwrap();
    for (values, leaf) in
        [([1.5, 2.5], 1.0), ([2.0, 2.5], 2.0), ([1.0, 3.0], 4.0), ([f64::NAN, f64::NAN], 4.0)]
    {
        assert_eq!(ensemble.margin(&values) * ensemble.sigmoid, 2.0 * leaf + 0.5, "{values:?}");
    }
}

#[test]
fn contradictions_are_refused_with_their_place() {
    for (from, to, named) in [
        ("[1,2,4,8]", "[1,2,4]", "tree 0: 3 leaves for 2 splits"),
        ("[1,2,4,8]", "[1,2,4,1e999]", "a leaf is not finite"),
        ("\"border\":2.5", "\"border\":2.1", "not a number in single precision"),
        ("\"float_feature_index\":1", "\"float_feature_index\":2", "past the 2 there are"),
        ("\"float_feature_index\":1,", "", "without its border or feature"),
        ("FloatFeature\"},", "OneHotFeature\"},", "a split of type \"OneHotFeature\""),
        ("Logloss", "RMSE", "loss function \"RMSE\""),
        ("\"feature_index\":1", "\"feature_index\":0", "its feature_index is not its place"),
        ("AsTrue", "AsMaybe", "no nan_value_treatment"),
        ("[2,[0.5]]", "[0,[0.5]]", "a scale of 0"),
        ("[2,[0.5]]", "[2,[0.5,1]]", "a model of 2 outputs"),
        (
            "]},\n\"model_info\"",
            "],\"categorical_features\":[{}]},\n\"model_info\"",
            "1 features of categories",
        ),
        ("\"oblivious_trees\"", "\"other\"", "neither oblivious_trees nor trees"),
    ] {
        assert!(MODEL.contains(from), "{from}");
        let fault = found(&MODEL.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(fault.contains(named), "{to}: {fault}");
    }
}

proptest! {
    #[test]
    fn any_mutation_of_a_model(
        at in 0usize..900, length in 0usize..30, patch in "[-0-9eE.,\\[\\]{}\":a-z ]{0,12}",
    ) {
        let at = at.min(MODEL.len());
        let end = (at + length).min(MODEL.len());
        let _ = found(&[&MODEL[..at], patch.as_str(), &MODEL[end..]].concat());
    }
}
