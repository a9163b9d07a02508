//! A look at the bytes of an ONNX file before anything is allocated for them.
//!
//! In protocol buffers two bytes can stand for an empty message that takes a hundred times as much
//! in memory. So messages, texts and numbers are counted first, and wrong lengths are named with
//! the byte where they are.

use crate::error::Fault;
use prost::encoding::decode_varint;

/// Most messages: nodes, attributes, tensors, types. A tree ensemble is one node.
const MAX_MESSAGES: usize = 1 << 18;
/// Most texts; a tree ensemble has one a node.
const MAX_TEXTS: usize = 1 << 23;
/// Most numbers, which take 8 bytes each.
const MAX_NUMBERS: usize = 1 << 25;

/// The messages that are read, and what is in which of their fields.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    OperatorSet,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    Dimension,
}

impl Kind {
    /// The message in a field. Nesting is as deep as this table, whatever the file says.
    fn within(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 8) => Self::OperatorSet,
            (Self::Model, 7) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) => Self::Tensor,
            (Self::Graph, 11 | 12) => Self::ValueInfo,
            (Self::Node, 5) => Self::Attribute,
            (Self::Attribute, 5) => Self::Tensor,
            (Self::ValueInfo, 2) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Shape, 1) => Self::Dimension,
            _ => return None,
        })
    }

    /// The fewest bytes of a number, for a field that is a list of numbers, which may be packed.
    fn numbers(self, field: u64) -> Option<usize> {
        Some(match (self, field) {
            (Self::Attribute, 8) | (Self::Tensor, 1 | 5 | 7) => 1,
            (Self::Attribute, 7) | (Self::Tensor, 4) => 4,
            (Self::Tensor, 10) => 8,
            _ => return None,
        })
    }
}

/// Counts so far.
#[derive(Default)]
struct Counts {
    messages: usize,
    texts: usize,
    numbers: usize,
}

/// Refuses `bytes` with a wrong length, and with more than what fits into memory.
pub(super) fn check(bytes: &[u8]) -> Result<(), Fault> {
    message(Kind::Model, bytes, 0, &mut Counts::default())
}

fn message(kind: Kind, bytes: &[u8], start: usize, counts: &mut Counts) -> Result<(), Fault> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let at = start + bytes.len() - rest.len();
        let fault = |fault: &str| Fault::malformed(format!("byte {at}"), fault);
        let number = |rest: &mut &[u8]| {
            decode_varint(rest).map_err(|_| fault("a number runs past the end, or is too long"))
        };
        let key = number(&mut rest)?;
        let (field, wire) = (key >> 3, key & 7);
        if field == 0 || field > u64::from(u32::MAX >> 3) {
            return Err(fault("a field without a number: this is no ONNX file"));
        }
        let fixed = |rest: &mut &[u8], length: usize| -> Result<(), Fault> {
            *rest = rest.get(length..).ok_or_else(|| fault("the file ends in a number"))?;
            Ok(())
        };
        match wire {
            0 => drop(number(&mut rest)?),
            1 => fixed(&mut rest, 8)?,
            5 => fixed(&mut rest, 4)?,
            2 => {
                let length = number(&mut rest)?;
                let inner = usize::try_from(length).ok().and_then(|length| rest.get(..length));
                let inner = inner.ok_or_else(|| {
                    fault(&format!("a field of {length} bytes where {} are left", rest.len()))
                })?;
                let inner_start = start + bytes.len() - rest.len();
                rest = &rest[inner.len()..];
                if let Some(kind) = kind.within(field) {
                    counts.messages += 1;
                    message(kind, inner, inner_start, counts)?;
                } else if let Some(size) = kind.numbers(field) {
                    counts.numbers += inner.len() / size;
                } else {
                    counts.texts += 1;
                }
            }
            _ => return Err(fault("a field of a kind that ONNX files do not have")),
        }
        if wire != 2 {
            counts.numbers += 1;
        }
        for (count, limit, what) in [
            (counts.messages, MAX_MESSAGES, "nodes, attributes and tensors"),
            (counts.texts, MAX_TEXTS, "texts"),
            (counts.numbers, MAX_NUMBERS, "numbers"),
        ] {
            if count > limit {
                return Err(fault(&format!("more than {limit} {what}")));
            }
        }
    }
    Ok(())
}
