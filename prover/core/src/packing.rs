//! Several small integers in one field element.
//!
//! One greedy layout serves features in a commitment and activations in a link between segments.

use crate::Fr;
use halo2curves::ff::Field;

/// Bits of a packed element: it stays below `2^248`, so no element wraps around the field.
pub const PACKED_BITS: u32 = 248;

/// Where an integer lies: `element = Σ integer · 2^shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Position of the integer in the list that is packed.
    pub index: usize,
    /// Its lowest bit's place.
    pub shift: u32,
}

impl Slot {
    /// `2^shift`.
    pub fn weight(self) -> Fr {
        Fr::from(2).pow_vartime([u64::from(self.shift)])
    }
}

/// How integers of so many bits each share elements. They are taken in order, none is split, and
/// an element is closed when the next one does not fit.
pub fn layout(widths: impl IntoIterator<Item = u32>) -> Vec<Vec<Slot>> {
    let mut elements: Vec<Vec<Slot>> = Vec::new();
    let mut used = PACKED_BITS;
    for (index, width) in widths.into_iter().enumerate() {
        if used + width > PACKED_BITS {
            elements.push(Vec::new());
            used = 0;
        }
        if let Some(element) = elements.last_mut() {
            element.push(Slot { index, shift: used });
        }
        used += width;
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_split_and_nothing_overlaps() {
        let widths = [62, 62, 62, 62, 1, 247, 1, 200, 48, 49];
        let elements = layout(widths);
        let indices: Vec<_> = elements.iter().flatten().map(|slot| slot.index).collect();
        assert_eq!(indices, (0..widths.len()).collect::<Vec<_>>());
        for element in &elements {
            let mut end = 0;
            for slot in element {
                assert_eq!(slot.shift, end);
                end += widths[slot.index];
            }
            assert!(end <= PACKED_BITS);
        }
        assert_eq!(elements.iter().map(Vec::len).collect::<Vec<_>>(), [4, 2, 2, 2]);
        assert_eq!(layout([]), Vec::<Vec<Slot>>::new());
    }
}
