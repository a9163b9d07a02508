//! ONNX files that lie about their size, are deep or wide, or ask for much work: refused before they
//! take memory, stack or time.

use crate::{
    hostile_onnx::{fault, found, network},
    onnx_file::{field, file, graph, node, number, value, varint, weights},
};
use tessera_import::SourceModel;

#[test]
fn lengths_that_lie_are_named_with_their_byte() {
    let bytes = network();
    let graph_at = bytes.iter().position(|byte| *byte == 0x3a).unwrap();
    for length in [u64::MAX, 1 << 40, 1 << 31, bytes.len() as u64] {
        let lying = [&bytes[..graph_at + 1], &varint(length), &bytes[graph_at + 3..]].concat();
        let fault = fault(&lying);
        assert!(
            fault.starts_with(&format!("byte {graph_at}: a field of {length} bytes")),
            "{fault}"
        );
    }
    // A group, which ONNX has not, and a varint without end.
    assert!(fault(&[0x08, 0x08, 0x3a, 0x01, 0x0b]).contains("byte 4"));
    assert!(fault(&[&[0x08, 0x08, 0x42][..], &[0xff; 20]].concat()).contains("byte 2"));
    // Two bytes that would be a message of a hundred.
    let empty = field(7, &[0x0a, 0x00].repeat(1 << 19));
    assert!(fault(&[number(1, 8), empty].concat()).contains("more than 262144 nodes"));
    let texts = field(7, &field(1, &field(5, &[0x4a, 0x00].repeat(9 << 20))));
    assert!(fault(&[number(1, 8), texts].concat()).contains("more than 8388608 texts"));
    let numbers = field(7, &field(1, &field(5, &field(8, &vec![0; (1 << 25) + 1]))));
    assert!(fault(&[number(1, 8), numbers].concat()).contains("more than 33554432 numbers"));
    let large = [network(), field(6, &vec![b'x'; 64 << 20])].concat();
    assert!(fault(&large).contains("bytes are more than"));
}

#[test]
fn subgraphs_within_subgraphs_are_skipped() {
    // 7: graph, 1: node, 5: attribute, 6: graph; 100,000 deep.
    let mut inner: Vec<u8> = Vec::new();
    let mut length = 0;
    for _ in 0..100_000 {
        for tag in [1u64, 5, 6] {
            let mut start = [varint(tag << 3 | 2), varint(length)].concat();
            length += start.len() as u64;
            start.reverse();
            inner.extend(start);
        }
    }
    inner.reverse();
    let deep = [number(1, 8), field(7, &inner)].concat();
    assert!(found(&deep).is_err());
}

/// A chain of `count` nodes from `x` to `y`; node `i` is made by `link` from its input's name.
fn chain(count: usize, link: impl Fn(&str, &str) -> Vec<u8>) -> Vec<Vec<u8>> {
    let name = |i: usize| if i == 0 { "x".into() } else { format!("n{i}") };
    let mut parts: Vec<_> = (0..count).map(|i| link(&name(i), &name(i + 1))).collect();
    parts.push(weights("w", &[2, 1], &[1.0, 2.0]));
    parts.push(weights("v", &[2, 2], &[0.5, 1.0, -1.0, 0.25]));
    parts.push(node("MatMul", &[&name(count), "w"], &["y"], &[]));
    parts
}

#[test]
fn long_and_wide_graphs_take_no_stack_and_no_second_visit() {
    // 100,000 nodes below each other.
    let identity = |from: &str, to: &str| node("Identity", &[from], &[to], &[]);
    assert!(found(&graph(&chain(100_000, identity))).is_ok());
    // 2^60 ways from end to start.
    let double = |from: &str, to: &str| node("Add", &[from, from], &[to], &[]);
    let Ok(SourceModel::Network(network)) = found(&graph(&chain(60, double))) else { panic!() };
    assert_eq!(network.layers[0].weights[0][0], 2f64.powi(60));
    // Sums that grow past any number.
    let fault = fault(&graph(&chain(2000, double)));
    assert!(fault.contains("layer 0: a weight is not finite"), "{fault}");
    let relu = |from: &str, to: &str| node("Relu", &[from], &[to], &[]);
    let layers = found(&graph(&chain(20_000, relu)));
    let Ok(SourceModel::Network(network)) = layers else { panic!("{layers:?}") };
    assert_eq!(network.layers.len(), 20_001);
}

#[test]
fn much_work_in_a_small_file_is_refused() {
    // Each Concat doubles the row.
    let double = |from: &str, to: &str| node("Concat", &[from, from], &[to], &[]);
    let doubled = fault(&graph(&chain(40, double)));
    assert!(doubled.contains("numbers, not 1 to 65536"), "{doubled}");
    // A matrix that is used again and again.
    let mut parts = vec![weights("m", &[1000, 1000], &vec![0.5; 1_000_000])];
    let name = |i: usize| if i == 0 { "x".into() } else { format!("n{i}") };
    parts.extend((0..3000).map(|i| node("MatMul", &[&name(i), "m"], &[&name(i + 1)], &[])));
    let ends = [value(11, "x", 1, 1000), value(12, "n3000", 1, 1000)];
    let worked = fault(&file(&[&ends[..], &parts].concat()));
    assert!(worked.contains("takes too much work"), "{worked}");
    // Constants of nothing that claim a size.
    for dims in [[0, 1 << 60], [1 << 60, 0]] {
        let parts = [
            weights("e", &dims, &[]),
            node("Transpose", &["e"], &["t"], &[]),
            node("Add", &["t", "e"], &["s"], &[]),
            node("Add", &["x", "s"], &["y"], &[]),
        ];
        fault(&graph(&parts));
    }
    let many: Vec<_> = (0..100).map(|i| value(12, &format!("y{i}"), 1, 1)).collect();
    assert!(fault(&graph(&many)).contains("more than 16 outputs"));
}
