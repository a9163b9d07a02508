//! ONNX files that nobody should have written: each is refused with its place, none panics, takes
//! much memory, or takes long.

use crate::onnx_file::{Is, attribute, field, file, graph, integers, node, number, value, weights};
use proptest::prelude::*;
use std::path::Path;
use tessera_import::{Fault, ImportOptions, SourceModel, read};

pub fn found(bytes: &[u8]) -> Result<SourceModel, Fault> {
    read(bytes, &ImportOptions::default())
}

/// The message that `bytes` are refused with.
pub fn fault(bytes: &[u8]) -> String {
    match found(bytes) {
        Err(fault @ (Fault::Unsupported { .. } | Fault::Malformed { .. })) => fault.to_string(),
        other => panic!("{other:?}"),
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx").join(name))
        .unwrap()
}

/// A small network: `relu(x · w + b) · v`.
pub fn network() -> Vec<u8> {
    graph(&[
        weights("w", &[2, 2], &[1.0, -1.0, 0.5, 2.0]),
        weights("b", &[2], &[0.25, -0.5]),
        weights("v", &[2, 1], &[3.0, -2.0]),
        node("Gemm", &["x", "w", "b"], &["h"], &[]),
        node("Relu", &["h"], &["r"], &[]),
        node("MatMul", &["r", "v"], &["z"], &[]),
        node("Sigmoid", &["z"], &["y"], &[]),
    ])
}

#[test]
fn the_untouched_network_is_read() {
    let Ok(SourceModel::Network(network)) = found(&network()) else { panic!("a network") };
    assert_eq!((network.layers.len(), network.feature_count), (2, 2));
    assert_eq!(network.layers[0].weights, [[1.0, 0.5], [-1.0, 2.0]]);
    assert_eq!(network.layers[1].weights, [[3.0, -2.0]]);
    assert_eq!((network.objective.as_str(), network.library.as_deref()), ("sigmoid", Some("test")));
}

#[test]
fn operators_are_refused_by_name_and_node() {
    let w = || weights("w", &[2, 1], &[1.0, 2.0]);
    let end = || node("MatMul", &["h", "w"], &["y"], &[]);
    for (parts, names) in [
        (vec![node("Tanh", &["x"], &["h"], &[]), w(), end()], "operator Tanh in node 0 (Tanh)"),
        (vec![node("Conv", &["x"], &["h"], &[]), w(), end()], "operator Conv"),
        (vec![node("ml.SVMClassifier", &["x"], &["y"], &[])], "SVMClassifier of \"ai.onnx.ml\""),
        (vec![node("ml.TreeEnsemble", &["x"], &["y"], &[])], "version 3 of ai.onnx.ml"),
        (vec![node("If", &["x"], &["y"], &[])], "without branches"),
        (vec![node("Sigmoid", &["x"], &["h"], &[]), w(), end()], "after a sigmoid"),
        (vec![node("Mul", &["x", "x"], &["h"], &[]), w(), end()], "a product of two features"),
        (vec![node("Div", &["x", "x"], &["h"], &[]), w(), end()], "a division by a feature"),
        (vec![node("Cast", &["x"], &["h"], &[("to", Is::Integer(10))]), w(), end()], "FLOAT16"),
        (
            vec![node("ml.Normalizer", &["x"], &["h"], &[("norm", Is::Text("L2"))]), w(), end()],
            "norm",
        ),
        (
            vec![
                node("ml.Imputer", &["x"], &["h"], &[("imputed_value_floats", Is::Floats(&[1.0]))]),
                w(),
                end(),
            ],
            "replacing the number 0",
        ),
        (vec![node("Softmax", &["x"], &["h"], &[]), w(), end()], "after a sigmoid"),
        (
            vec![node("Concat", &["x", "x"], &["h"], &[("axis", Is::Integer(0))]), w(), end()],
            "axis 0",
        ),
        (vec![node("Transpose", &["x"], &["h"], &[]), w(), end()], "exchanging rows and columns"),
        (vec![node("Clip", &["x", "", "w"], &["h"], &[]), w(), end()], "a range from nothing to 1"),
        (
            vec![node("Gemm", &["x", "w"], &["y"], &[("transA", Is::Integer(1))]), w()],
            "node 0 (Gemm): transA",
        ),
        (
            vec![node("MatMul", &["x", "v"], &["y"], &[]), weights("v", &[2, 3], &[1.0; 6])],
            "of 3 columns",
        ),
    ] {
        let fault = fault(&graph(&parts));
        assert!(fault.contains(names), "{names}: {fault}");
    }
}

#[test]
fn contradictions_between_nodes_are_named_with_their_place() {
    let w = || weights("w", &[2, 1], &[1.0, 2.0]);
    let end = || node("MatMul", &["x", "w"], &["y"], &[]);
    for (parts, names) in [
        (vec![end()], "value \"w\": nothing makes it"),
        (vec![end(), end(), w()], "value \"y\": it is made twice"),
        (vec![node("Identity", &["y"], &["y"], &[])], "it takes what is made of it"),
        (
            vec![
                node("Add", &["x", "b"], &["a"], &[]),
                node("Add", &["x", "a"], &["b"], &[]),
                node("Relu", &["a"], &["y"], &[]),
            ],
            "it takes what is made of it",
        ),
        (
            vec![end(), weights("w", &[2, 1], &[1.0])],
            "initializer \"w\": 1 values for a shape of 2",
        ),
        (vec![end(), weights("w", &[2, -1], &[])], "initializer \"w\": a dimension of -1"),
        (vec![end(), weights("w", &[i64::MAX, 3], &[])], "initializer \"w\": it is too large"),
        (
            vec![end(), weights("w", &[3, 1], &[1.0; 3])],
            "node 0 (MatMul): numbers of shape [2] meet",
        ),
        (vec![end(), weights("w", &[2, 1], &[1.0, f32::NAN])], "node 0 (MatMul): input 1 has"),
        (vec![end(), weights("w", &[2, 1], &[0.0, 0.0])], "it is the same for everybody"),
        (vec![node("MatMul", &["w", "w"], &["y"], &[]), w()], "a constant as input 0"),
        (vec![node("MatMul", &["x"], &["y"], &[])], "it has no input 1"),
        (vec![node("Identity", &[], &["y"], &[])], "it has no input"),
        (vec![node("Identity", &["w"], &["y"], &[]), w()], "it is the same for everybody"),
    ] {
        let fault = fault(&graph(&parts));
        assert!(fault.contains(names), "{names}: {fault}");
    }
}

#[test]
fn contradictions_inside_a_node_are_named_with_their_place() {
    for (parts, names) in [
        (
            vec![
                node("Gather", &["x", "at"], &["y"], &[("axis", Is::Integer(1))]),
                integers("at", &[2]),
            ],
            "axis 2 of 2 dimensions",
        ),
        (
            vec![
                node("Gather", &["x", "at"], &["y"], &[("axis", Is::Integer(i64::MIN))]),
                integers("at", &[0]),
            ],
            "axis -9223372036854775808",
        ),
        (
            vec![
                node("Slice", &["x", "at", "at", "one"], &["y"], &[]),
                integers("at", &[0]),
                integers("one", &[1]),
            ],
            "0 numbers, not 1 to",
        ),
        (
            vec![node("Reshape", &["x", "to"], &["y"], &[]), integers("to", &[-1, -1, i64::MAX])],
            "does not become",
        ),
        (
            vec![node("Reshape", &["x", "to"], &["y"], &[]), integers("to", &[])],
            "does not become a single number",
        ),
        (
            vec![
                node("Split", &["x", "parts"], &["y", "z"], &[("axis", Is::Integer(1))]),
                integers("parts", &[i64::MAX, 3]),
            ],
            "2 columns into parts of",
        ),
        (
            vec![node("Unsqueeze", &["x", "at"], &["y"], &[]), integers("at", &[0])],
            "before the one of rows",
        ),
        (
            vec![node("Add", &["x", "v"], &["y"], &[]), weights("v", &[3], &[1.0; 3])],
            "do not go together",
        ),
        (
            vec![node(
                "ml.OneHotEncoder",
                &["x"],
                &["y"],
                &[("cats_int64s", Is::Integers(&[1, 1]))],
            )],
            "the category 1 is there twice",
        ),
        (
            vec![node("ml.Scaler", &["x"], &["y"], &[("scale", Is::Floats(&[1.0, 2.0, 3.0]))])],
            "3 items of scale for 2 numbers",
        ),
        (
            vec![node(
                "ml.LinearRegressor",
                &["x"],
                &["y"],
                &[("coefficients", Is::Floats(&[1.0; 3]))],
            )],
            "3 coefficients for 2 numbers",
        ),
        (
            vec![node(
                "ml.LinearClassifier",
                &["x"],
                &["label", "y"],
                &[
                    ("coefficients", Is::Floats(&[1.0; 6])),
                    ("classlabels_strings", Is::Texts(&["a", "b", "c"])),
                ],
            )],
            "3 classes",
        ),
    ] {
        let fault = fault(&graph(&parts));
        assert!(fault.contains(names), "{names}: {fault}");
    }
}

#[test]
fn contradictions_of_the_graph_are_named_with_their_place() {
    for (bytes, names) in [
        (file(&[value(12, "y", 1, 1)]), "the graph: it has no inputs"),
        (file(&[value(11, "x", 1, 0)]), "input \"x\": its shape is not"),
        (file(&[value(11, "x", 1, i64::MAX)]), "input \"x\": its shape is not"),
        (file(&[value(11, "x", 10, 2)]), "input \"x\" of type FLOAT16"),
        (file(&[value(11, "x", 1, 2), value(11, "x", 1, 2)]), "input \"x\": it is there twice"),
        (file(&[value(11, "x", 1, 2)]), "without a score among its outputs"),
        (file(&[value(11, "x", 1, 2), value(12, "y", 7, 1)]), "without a score among its outputs"),
        (number(1, 8).into_iter().chain(field(2, b"test")).collect(), "the file: it has no graph"),
    ] {
        let fault = fault(&bytes);
        assert!(fault.contains(names), "{names}: {fault}");
    }
}

/// Attributes of a single tree: `x[0] ≤ 1.5`, then two leaves; some of them replaced.
fn tree(change: &[(&'static str, Is<'static>)]) -> Vec<u8> {
    let whole: [(&str, Is<'static>); 12] = [
        ("nodes_treeids", Is::Integers(&[0, 0, 0])),
        ("nodes_nodeids", Is::Integers(&[0, 1, 2])),
        ("nodes_featureids", Is::Integers(&[0, 0, 0])),
        ("nodes_values", Is::Floats(&[1.5, 0.0, 0.0])),
        ("nodes_modes", Is::Texts(&["BRANCH_LEQ", "LEAF", "LEAF"])),
        ("nodes_truenodeids", Is::Integers(&[1, 0, 0])),
        ("nodes_falsenodeids", Is::Integers(&[2, 0, 0])),
        ("target_treeids", Is::Integers(&[0, 0])),
        ("target_nodeids", Is::Integers(&[1, 2])),
        ("target_ids", Is::Integers(&[0, 0])),
        ("target_weights", Is::Floats(&[-0.5, 0.75])),
        ("n_targets", Is::Integer(1)),
    ];
    let mut attributes: Vec<Vec<u8>> = Vec::new();
    for of in whole.iter().filter(|(name, _)| !change.iter().any(|(other, _)| other == name)) {
        attributes.push(attribute(of));
    }
    attributes.extend(change.iter().map(attribute));
    let mut bytes = [field(1, b"x"), field(2, b"t"), field(4, b"TreeEnsembleRegressor")].concat();
    bytes.extend(field(7, b"ai.onnx.ml"));
    bytes.extend(attributes.concat());
    graph(&[field(1, &bytes), node("Sigmoid", &["t"], &["y"], &[])])
}

#[test]
fn trees_are_checked_node_by_node() {
    let Ok(SourceModel::Trees(ensemble)) = found(&tree(&[])) else { panic!("trees") };
    assert_eq!(ensemble.margin(&[1.5, 0.0]), -0.5);
    assert_eq!(ensemble.margin(&[1.6, 0.0]), 0.75);
    assert_eq!(ensemble.margin(&[f64::NAN, 0.0]), 0.75);
    for (name, is, names) in [
        ("nodes_treeids", Is::Integers(&[0, 0]), "nodes_nodeids has 3 of 2 items"),
        ("nodes_treeids", Is::Integers(&[]), "0 nodes of trees"),
        ("nodes_nodeids", Is::Integers(&[0, 1, 1]), "tree 0, node 1 is there twice"),
        (
            "nodes_featureids",
            Is::Integers(&[2, 0, 0]),
            "tree 0, node 0: it asks for a feature past",
        ),
        (
            "nodes_featureids",
            Is::Integers(&[-1, 0, 0]),
            "tree 0, node 0: it asks for a feature past",
        ),
        ("nodes_values", Is::Floats(&[f32::NAN, 0.0, 0.0]), "its threshold is no number"),
        ("nodes_modes", Is::Texts(&["BRANCH_MEMBER", "LEAF", "LEAF"]), "no mode \"BRANCH_MEMBER\""),
        ("nodes_truenodeids", Is::Integers(&[3, 0, 0]), "its child 3 is not there"),
        ("nodes_truenodeids", Is::Integers(&[2, 0, 0]), "it is reached in two ways"),
        ("nodes_truenodeids", Is::Integers(&[0, 0, 0]), "it is reached in two ways"),
        ("target_nodeids", Is::Integers(&[1, 7]), "a weight for tree 0, node 7"),
        ("target_nodeids", Is::Integers(&[1, 0]), "it has a weight, but is no leaf"),
        ("target_nodeids", Is::Integers(&[1, 1]), "is there twice"),
        ("target_ids", Is::Integers(&[0, 1]), "no such class, or weight"),
        ("target_weights", Is::Floats(&[0.5]), "differ in length"),
        ("target_weights", Is::Floats(&[0.5, f32::INFINITY]), "no such class, or weight"),
        ("base_values", Is::Floats(&[1.0, 2.0]), "base_values is not one finite number"),
        ("aggregate_function", Is::Text("MIN"), "aggregate_function \"MIN\""),
        ("post_transform", Is::Text("LOGISTIC"), "post_transform \"LOGISTIC\""),
        ("n_targets", Is::Integer(3), "3 targets"),
    ] {
        let fault = fault(&tree(&[(name, is)]));
        assert!(fault.contains(names), "{names}: {fault}");
    }
}

#[test]
fn several_scores_are_refused_by_name() {
    let parts = [
        value(11, "x", 1, 2),
        value(12, "a", 1, 1),
        value(12, "b", 1, 1),
        weights("v", &[2, 1], &[1.0, 2.0]),
        weights("w", &[2, 1], &[1.0, 3.0]),
        node("MatMul", &["x", "v"], &["a"], &[]),
        node("MatMul", &["x", "w"], &["b"], &[]),
    ];
    let refused = fault(&file(&parts));
    assert!(refused.contains("several scores") && refused.contains("\"a\""), "{refused}");
    // A logit and its probability are the same score.
    let parts = [
        value(11, "x", 1, 2),
        value(12, "a", 1, 1),
        value(12, "b", 1, 1),
        weights("v", &[2, 1], &[1.0, 2.0]),
        node("MatMul", &["x", "v"], &["a"], &[]),
        node("Sigmoid", &["a"], &["b"], &[]),
    ];
    assert!(found(&file(&parts)).is_ok());
}

/// Files with all that the reader knows.
fn seeds() -> Vec<Vec<u8>> {
    let names = [
        "logistic",
        "matrix",
        "double",
        "mlp",
        "torch_script",
        "torch_two_dynamo",
        "boosting_ordinal",
        "modes",
        "raw_scores",
    ];
    names
        .iter()
        .map(|name| fixture(&format!("{name}.onnx")))
        .chain([network(), tree(&[])])
        .collect()
}

#[test]
fn every_truncation_is_refused() {
    for seed in seeds() {
        for end in (0..seed.len()).step_by(1 + seed.len() / 500) {
            // What comes after the graph can be missing, what is in it can't.
            let _ = found(&seed[..end]);
        }
        assert!(found(&seed[..seed.len() / 2]).is_err());
    }
}

/// Reads, and scores if it can be read.
fn exercise(bytes: &[u8]) {
    if let Ok(SourceModel::Trees(ensemble)) = found(bytes) {
        let _ = ensemble.margin(&vec![1.0; ensemble.feature_count]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        exercise(&[&[0x08, 0x08, 0x3a][..], &bytes].concat());
        exercise(&[number(1, 8), field(7, &bytes)].concat());
        exercise(&[number(1, 8), field(7, &field(1, &bytes))].concat());
    }

    #[test]
    fn any_change_of_a_file(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let seeds = seeds();
        let mut bytes = seeds[which.index(seeds.len())].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        exercise(&bytes);
    }

    #[test]
    fn any_cut_and_paste(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        length in 0usize..200,
        to in any::<prop::sample::Index>(),
    ) {
        let seeds = seeds();
        let bytes = &seeds[which.index(seeds.len())];
        let from = from.index(bytes.len());
        let part = &bytes[from..(from + length).min(bytes.len())];
        let to = to.index(bytes.len());
        exercise(&[&bytes[..to], part, &bytes[to..]].concat());
        exercise(&[&bytes[..from], &bytes[from + part.len()..]].concat());
    }
}
