//! ONNX files by hand, field by field.

/// A varint.
pub fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A field of bytes.
pub fn field(tag: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(tag << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

/// A field of a number.
pub fn number(tag: u64, number: i64) -> Vec<u8> {
    [varint(tag << 3), varint(number as u64)].concat()
}

/// An attribute of a node.
#[derive(Clone, Copy)]
pub enum Is<'a> {
    Integer(i64),
    Integers(&'a [i64]),
    Floats(&'a [f32]),
    Text(&'a str),
    Texts(&'a [&'a str]),
}

pub fn attribute((name, is): &(&str, Is<'_>)) -> Vec<u8> {
    let value = match is {
        Is::Integer(x) => number(3, *x),
        Is::Integers(list) => list.iter().flat_map(|x| number(8, *x)).collect(),
        Is::Floats(list) => list
            .iter()
            .flat_map(|x| [vec![7 << 3 | 5], x.to_le_bytes().to_vec()].concat())
            .collect(),
        Is::Text(text) => field(4, text.as_bytes()),
        Is::Texts(list) => list.iter().flat_map(|text| field(9, text.as_bytes())).collect(),
    };
    field(5, &[field(1, name.as_bytes()), value].concat())
}

/// A node of the standard operators, or of `ai.onnx.ml` where its name starts with `ml.`.
pub fn node(
    operator: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[(&str, Is<'_>)],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    inputs.iter().for_each(|name| bytes.extend(field(1, name.as_bytes())));
    outputs.iter().for_each(|name| bytes.extend(field(2, name.as_bytes())));
    let (domain, operator) = match operator.strip_prefix("ml.") {
        Some(operator) => ("ai.onnx.ml", operator),
        None => ("", operator),
    };
    bytes.extend(field(4, operator.as_bytes()));
    bytes.extend(field(7, domain.as_bytes()));
    attributes.iter().for_each(|of| bytes.extend(attribute(of)));
    field(1, &bytes)
}

/// An initializer in single precision.
pub fn weights(name: &str, dims: &[i64], numbers: &[f32]) -> Vec<u8> {
    let mut bytes: Vec<u8> = dims.iter().flat_map(|d| number(1, *d)).collect();
    bytes.extend(number(2, 1));
    bytes.extend(field(8, name.as_bytes()));
    bytes.extend(field(9, &numbers.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>()));
    field(5, &bytes)
}

/// An initializer of integers.
pub fn integers(name: &str, list: &[i64]) -> Vec<u8> {
    let mut bytes = number(1, list.len() as i64);
    bytes.extend(number(2, 7));
    bytes.extend(field(8, name.as_bytes()));
    bytes.extend(field(9, &list.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>()));
    field(5, &bytes)
}

/// An input (11) or output (12) of `width` numbers.
pub fn value(tag: u64, name: &str, element: i64, width: i64) -> Vec<u8> {
    let shape = [field(1, &[]), field(1, &number(1, width))].concat();
    let tensor = [number(1, element), field(2, &shape)].concat();
    field(tag, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
}

/// A file of these parts of a graph.
pub fn file(parts: &[Vec<u8>]) -> Vec<u8> {
    let opset = field(8, &number(2, 17));
    [number(1, 8), field(2, b"test"), field(7, &parts.concat()), opset].concat()
}

/// A graph from `x`, two numbers, to `y`.
pub fn graph(parts: &[Vec<u8>]) -> Vec<u8> {
    let ends = [value(11, "x", 1, 2), value(12, "y", 1, 1)];
    file(&[&ends[..], parts].concat())
}
