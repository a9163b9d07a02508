//! Features in a circuit: cells, ranges, comparisons, packing and their digest.

use halo2curves::ff::Field;
use std::collections::BTreeSet;
use tessera_circuit::{Builder, Cell};
use tessera_core::{Fr, MAGNITUDE_BITS, MAGNITUDE_LIMIT, mutant, poseidon::Domain};
use tessera_model::Schema;

/// `[code < threshold]` for each of a feature's thresholds.
#[derive(Clone, Debug)]
pub struct Comparisons {
    top: u64,
    thresholds: Vec<u64>,
    below: Vec<Cell>,
}

impl Comparisons {
    /// The boolean `[code < threshold]`; `threshold` must be one of the feature's.
    pub fn below(&self, threshold: u64) -> Cell {
        let index = self.thresholds.binary_search(&threshold).expect("a threshold of the plan");
        self.below[index]
    }

    /// The boolean `[code = value]`; the plan's thresholds hold both `value` and `value + 1`, where
    /// they are in range.
    pub fn is(&self, builder: &mut Builder, value: u64) -> Cell {
        let at_most = |value: u64| (value < self.top).then(|| self.below(value + 1));
        let (constant, mut terms) = match at_most(value) {
            Some(cell) => (Fr::ZERO, vec![(Fr::ONE, cell)]),
            None => (Fr::ONE, vec![]),
        };
        if let Some(below) = value.checked_sub(1).and_then(at_most) {
            terms.push((-Fr::ONE, below));
        }
        builder.linear_combination(constant, &terms)
    }

    /// `[code < top]`: with a feature that may be missing, "not missing".
    pub fn present(&self) -> Cell {
        self.below(self.top)
    }
}

/// Proves `code ∈ [0, top]` and compares it with `thresholds`, each in `1..=top`.
///
/// The thresholds cut the range into intervals `[T_i, T_{i+1})`, `T_0 = 0`, `T_{m+1} = top + 1`.
/// One boolean an interval, adding up to 1 (so exactly one is set: m + 1 < r), says where `code`
/// is; the prefix sums of the booleans are the comparisons. The selected interval's ends `low` and
/// `high` bound it: `code − low` and `high − code` are below `2^w`, `w` the bits of the widest
/// interval. All four are below 2^63, so neither difference can wrap around the field.
pub fn compare(
    builder: &mut Builder,
    code: Cell,
    top: u64,
    thresholds: &BTreeSet<u64>,
) -> Comparisons {
    assert!(top < MAGNITUDE_LIMIT, "a code has at most {MAGNITUDE_BITS} bits");
    assert!(thresholds.iter().all(|t| (1..=top).contains(t)), "a threshold decides nothing");
    let thresholds: Vec<u64> = thresholds.iter().copied().collect();
    let below = match (top, thresholds.len()) {
        // A constant: there is one code, and no threshold.
        (0, _) => {
            if !mutant("compare.constant") {
                builder.equal_constant(code, Fr::ZERO);
            }
            vec![]
        }
        (1, 0) => {
            if !mutant("compare.flag") {
                builder.assert_boolean(code);
            }
            vec![]
        }
        // The only threshold is 1, and [x < 1] = 1 − x.
        (1, _) => {
            if !mutant("compare.asked-flag") {
                builder.assert_boolean(code);
            }
            vec![builder.linear_combination(Fr::ONE, &[(-Fr::ONE, code)])]
        }
        _ => compare_intervals(builder, code, top, &thresholds),
    };
    Comparisons { top, thresholds, below }
}

fn compare_intervals(builder: &mut Builder, code: Cell, top: u64, thresholds: &[u64]) -> Vec<Cell> {
    let lows: Vec<u64> = [0].into_iter().chain(thresholds.iter().copied()).collect();
    let highs: Vec<u64> = thresholds.iter().map(|t| t - 1).chain([top]).collect();
    let value = builder.value(code);

    // A code out of range sets no boolean, which the sum refuses.
    let position = (0..lows.len()).find(|i| in_interval(&value, lows[*i], highs[*i]));
    let inside: Vec<Cell> = (0..lows.len()).map(|i| builder.boolean(Some(i) == position)).collect();

    let one = builder.constant(Fr::ONE);
    let mut below = Vec::with_capacity(thresholds.len());
    let mut sum = inside[0];
    for indicator in &inside[1..] {
        below.push(sum);
        sum = builder.add(sum, *indicator);
    }
    if !mutant("compare.one-interval") {
        builder.equal(sum, one);
    }

    let select = |builder: &mut Builder, ends: &[u64]| {
        let terms: Vec<_> = ends.iter().zip(&inside).map(|(end, i)| (Fr::from(*end), *i)).collect();
        builder.linear_combination(Fr::ZERO, &terms)
    };
    let widest = lows.iter().zip(&highs).map(|(low, high)| high - low).max().unwrap_or(0);
    let low = select(builder, &lows);
    if widest == 0 {
        if !mutant("compare.single-codes") {
            builder.equal(code, low);
        }
    } else {
        let high = select(builder, &highs);
        let bits = u64::BITS - widest.leading_zeros();
        let above_low = builder.sub(code, low);
        if !mutant("compare.above-low") {
            builder.assert_bits(above_low, bits);
        }
        let under_high = builder.sub(high, code);
        if !mutant("compare.under-high") {
            builder.assert_bits(under_high, bits);
        }
    }
    below
}

fn in_interval(value: &Fr, low: u64, high: u64) -> bool {
    let bytes = tessera_core::to_be_bytes(value);
    let (zeros, tail) = bytes.split_at(24);
    let value = u64::from_be_bytes(tail.try_into().expect("8 of 32 bytes"));
    zeros.iter().all(|byte| *byte == 0) && (low..=high).contains(&value)
}

/// `hash(Features, packed ‖ blinding)`, which the credential's commitment is made of.
/// Each code must be range-checked elsewhere ([`compare`]), or the packing is ambiguous.
pub fn digest(builder: &mut Builder, schema: &Schema, codes: &[Cell], blinding: Cell) -> Cell {
    let mut preimage: Vec<Cell> = schema
        .packing()
        .iter()
        .map(|slots| {
            // Below 2^248: no wrap.
            let terms: Vec<_> =
                slots.iter().map(|slot| (slot.weight(), codes[slot.index])).collect();
            builder.linear_combination(Fr::ZERO, &terms)
        })
        .collect();
    if !mutant("commitment.blinding") {
        preimage.push(blinding);
    }
    builder.hash(Domain::Features, &preimage)
}
