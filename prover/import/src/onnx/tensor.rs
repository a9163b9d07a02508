//! Constants of a graph.

use super::proto::{self, element};
use crate::error::Fault;

/// A constant, row-major. An integer is exact up to 2^53, which is far past any index.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub shape: Vec<usize>,
    pub data: Data,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Data {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

impl Tensor {
    /// A list of numbers.
    pub fn list(numbers: Vec<f64>) -> Self {
        Self { shape: vec![numbers.len()], data: Data::Numbers(numbers) }
    }

    /// A single number.
    pub fn scalar(number: f64) -> Self {
        Self { shape: vec![], data: Data::Numbers(vec![number]) }
    }

    /// Its numbers, if it is made of those.
    pub fn numbers(&self) -> Option<&[f64]> {
        match &self.data {
            Data::Numbers(numbers) => Some(numbers),
            Data::Texts(_) => None,
        }
    }

    /// Its numbers as integers, if they are such. Past 2^53 they are near, which is all that the end
    /// of a slice needs.
    pub fn integers(&self) -> Option<Vec<i64>> {
        let integer = |x: &f64| (x.fract() == 0.0).then_some(*x as i64);
        self.numbers()?.iter().map(integer).collect()
    }

    /// Checks what the file says at `place`.
    pub fn read(tensor: &proto::Tensor, place: &str) -> Result<Self, Fault> {
        let fault = |fault: String| Fault::malformed(place, fault);
        if tensor.data_location != 0 {
            return Err(Fault::unsupported(
                format!("{place} with its numbers in another file"),
                "save the model as one file: onnx.save_model(model, \"m.onnx\", \
                 save_as_external_data=False), or torch.onnx.export(…, external_data=False)",
            ));
        }
        let (mut shape, mut size) = (Vec::with_capacity(tensor.dims.len()), 1usize);
        for dimension in &tensor.dims {
            let dimension = usize::try_from(*dimension)
                .map_err(|_| fault(format!("a dimension of {dimension}")))?;
            size = size.checked_mul(dimension).ok_or_else(|| fault("it is too large".into()))?;
            shape.push(dimension);
        }
        let data = match tensor.data_type {
            element::STRING => Data::Texts(texts(&tensor.string_data, place)?),
            of => Data::Numbers(numbers(tensor, of, place)?),
        };
        let found = match &data {
            Data::Numbers(numbers) => numbers.len(),
            Data::Texts(texts) => texts.len(),
        };
        if found != size {
            return Err(fault(format!("{found} values for a shape of {size}")));
        }
        Ok(Self { shape, data })
    }
}

/// UTF-8 texts.
pub(super) fn texts(texts: &[Vec<u8>], place: &str) -> Result<Vec<String>, Fault> {
    let text = |text: &Vec<u8>| String::from_utf8(text.clone());
    let found: Result<_, _> = texts.iter().map(text).collect();
    found.map_err(|_| Fault::malformed(place, "a text is not UTF-8"))
}

fn numbers(tensor: &proto::Tensor, of: i32, place: &str) -> Result<Vec<f64>, Fault> {
    let raw = &tensor.raw_data;
    macro_rules! raw {
        ($kind:ty) => {{
            let (chunks, rest) = raw.as_chunks::<{ size_of::<$kind>() }>();
            if !rest.is_empty() {
                let fault = format!("{} bytes are no whole number of values", raw.len());
                return Err(Fault::malformed(place, fault));
            }
            chunks.iter().map(|chunk| <$kind>::from_le_bytes(*chunk))
        }};
    }
    let typed = raw.is_empty();
    Ok(match of {
        element::FLOAT if typed => tensor.float_data.iter().map(|x| f64::from(*x)).collect(),
        element::FLOAT => raw!(f32).map(f64::from).collect(),
        element::DOUBLE if typed => tensor.double_data.clone(),
        element::DOUBLE => raw!(f64).collect(),
        element::INT64 if typed => tensor.int64_data.iter().map(|x| *x as f64).collect(),
        element::INT64 => raw!(i64).map(|x| x as f64).collect(),
        element::INT32 | element::BOOL if typed => {
            tensor.int32_data.iter().map(|x| f64::from(*x)).collect()
        }
        element::INT32 => raw!(i32).map(f64::from).collect(),
        element::BOOL => raw.iter().map(|x| f64::from(*x)).collect(),
        other => {
            return Err(Fault::unsupported(
                format!("{place} of type {}", element::name(other)),
                "export the model with weights in FLOAT or DOUBLE",
            ));
        }
    })
}
