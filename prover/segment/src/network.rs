//! Layers in a circuit, and the links between segments that share a network.
//!
//! Neurons are numbered through all layers. A segment computes a range of them; what later ones
//! still need at a cut is *alive*: the activations of the layer before, and those of the cut layer
//! so far. They are packed, blinded and hashed into a link, which the next segment opens.

use crate::features::Comparisons;
use halo2curves::ff::Field;
use std::ops::Range;
use tessera_circuit::{Builder, Cell, Operand};
use tessera_core::{Fr, Secret, mutant, packing, poseidon::Domain, signed};
use tessera_model::{
    Network, Schema,
    network::{Input, Run},
};

/// A hidden neuron: layer and position in it.
type Place = (usize, usize);

/// A network in the making.
pub struct Layers<'a> {
    network: &'a Network,
    schema: &'a Schema,
    /// Bits of each neuron's sum: `−2^bits ≤ sum < 2^bits` for every borrower in the schema's ranges.
    sums: Vec<Vec<u32>>,
    /// Bits of each hidden neuron's activation, at least 1.
    widths: Vec<Vec<u32>>,
    activations: Vec<Vec<Option<Cell>>>,
}

fn power(bits: u32) -> Fr {
    Fr::from(2).pow_vartime([u64::from(bits)])
}

/// Layer of neuron `index` and its position there; the layer after the last for the end.
pub(crate) fn place(network: &Network, mut index: usize) -> Place {
    for (layer, of) in network.layers.iter().enumerate() {
        if index < of.neurons.len() {
            return (layer, index);
        }
        index -= of.neurons.len();
    }
    (network.layers.len(), 0)
}

/// Activations that neurons from `cut` on need and earlier ones made.
pub(crate) fn alive(network: &Network, cut: usize) -> Vec<Place> {
    let (layer, done) = place(network, cut);
    if layer == network.layers.len() {
        return vec![];
    }
    let before = layer.checked_sub(1).map(|layer| (layer, network.layers[layer].neurons.len()));
    let parts = before.into_iter().chain([(layer, done)]);
    parts.flat_map(|(layer, count)| (0..count).map(move |neuron| (layer, neuron))).collect()
}

impl<'a> Layers<'a> {
    /// `network` must be valid for `schema`.
    pub fn new(network: &'a Network, schema: &'a Schema) -> Self {
        let ranges = network.accumulators(schema).expect("the package is validated");
        let (mut sums, mut widths) = (vec![], vec![]);
        for (layer, of) in network.layers.iter().zip(&ranges) {
            // A sum of fewer bits than are dropped gives 0.
            sums.push(of.iter().map(|range| range.bits().max(layer.shift)).collect());
            widths.push(of.iter().map(|range| layer.activation(*range).bits().max(1)).collect());
        }
        let activations =
            network.layers.iter().map(|layer| vec![None; layer.neurons.len()]).collect();
        Layers { network, schema, sums, widths, activations }
    }

    /// Bits of the activations that are alive at `cut`.
    pub(crate) fn alive_widths(&self, cut: usize) -> Vec<u32> {
        let places = alive(self.network, cut).into_iter();
        places.map(|(layer, neuron)| self.widths[layer][neuron]).collect()
    }

    /// Takes over the activations that are alive at `cut`: witnesses of their proven widths (so that
    /// the packing has one reading), hashed into the link that the segment before has committed to.
    /// `None` where nothing is alive.
    pub fn open(
        &mut self,
        builder: &mut Builder,
        cut: usize,
        run: &Run,
        blinding: &Secret,
    ) -> Option<Cell> {
        for (layer, neuron) in alive(self.network, cut) {
            let cell = builder.witness(signed(run.activations[layer][neuron]));
            if !mutant("link.width") {
                builder.assert_bits(cell, self.widths[layer][neuron]);
            }
            self.activations[layer][neuron] = Some(cell);
        }
        self.commit(builder, cut, blinding)
    }

    /// `hash(Link, packed ‖ blinding)` of the activations that are alive at `cut`, all of which must
    /// be there. `None` where nothing is alive.
    pub fn commit(&self, builder: &mut Builder, cut: usize, blinding: &Secret) -> Option<Cell> {
        let places = alive(self.network, cut);
        if places.is_empty() {
            return None;
        }
        let cells: Vec<Cell> = places.iter().map(|place| self.activation(*place)).collect();
        let mut preimage: Vec<Cell> = packing::layout(self.alive_widths(cut))
            .iter()
            .map(|element| {
                // Below 2^248: no wrap.
                let terms: Vec<_> =
                    element.iter().map(|slot| (slot.weight(), cells[slot.index])).collect();
                builder.linear_combination(Fr::ZERO, &terms)
            })
            .collect();
        let blinding = if mutant("link.blinding") { Fr::ZERO } else { blinding.expose() };
        preimage.push(builder.witness(blinding));
        Some(builder.hash(Domain::Link, &preimage))
    }

    fn activation(&self, (layer, neuron): Place) -> Cell {
        self.activations[layer][neuron].expect("made before it is used")
    }

    /// Cells of the inputs, if one of the neurons in `range` reads them.
    pub fn inputs(
        &self,
        builder: &mut Builder,
        range: Range<usize>,
        codes: &[Cell],
        comparisons: &[Comparisons],
    ) -> Vec<Cell> {
        if range.is_empty() || place(self.network, range.start).0 > 0 {
            return vec![];
        }
        let input = |input: &Input| {
            let (feature, code) = (input.feature(), codes[input.feature()]);
            let top = self.schema.features[feature].top();
            let comparisons = &comparisons[feature];
            match *input {
                Input::Code { missing: None, .. } => code,
                // code + missing · (value − top), where missing = 1 − present and code = top
                Input::Code { missing: Some(missing), .. } => {
                    let gap = Fr::from(top) - signed(missing);
                    if mutant("network.missing") {
                        return code;
                    }
                    let terms = [(Fr::ONE, code), (gap, comparisons.present())];
                    builder.linear_combination(-gap, &terms)
                }
                Input::Is { code, .. } => comparisons.is(builder, code),
            }
        };
        self.network.inputs.iter().map(input).collect()
    }

    /// The neurons in `range`, which starts where the opened ones end; returns `offset` plus the
    /// network's score if the last neuron is among them, else `offset`, in 2^-32 points.
    pub fn neurons(
        &mut self,
        builder: &mut Builder,
        range: Range<usize>,
        inputs: &[Cell],
        offset: i64,
    ) -> Cell {
        let last = self.network.layers.len() - 1;
        let mut score = None;
        for index in range {
            let (layer, neuron) = place(self.network, index);
            let before: Vec<Cell> = match layer {
                0 => inputs.to_vec(),
                _ => (0..self.activations[layer - 1].len())
                    .map(|before| self.activation((layer - 1, before)))
                    .collect(),
            };
            let sum = self.sum(builder, (layer, neuron), &before);
            let (bits, shift) = (self.sums[layer][neuron], self.network.layers[layer].shift);
            if layer < last {
                // max(sum, 0) >> shift
                let parts = builder.signed_parts(sum, bits, shift);
                let activation = match mutant("network.activation") {
                    true => builder.witness(builder.value(parts.top) * builder.value(parts.high)),
                    false => builder.mul(parts.top, parts.high),
                };
                self.activations[layer][neuron] = Some(activation);
            } else if shift == 0 {
                score = Some((signed(offset), vec![(Fr::ONE, sum)]));
            } else {
                // sum >> shift = high + (top − 1)·2^(bits − shift)
                let parts = builder.signed_parts(sum, bits, shift);
                let step = power(bits - shift);
                let terms = vec![(Fr::ONE, parts.high), (step, parts.top)];
                score = Some((signed(offset) - step, terms));
            }
        }
        let (constant, terms) = score.unwrap_or((signed(offset), vec![]));
        builder.linear_combination(constant, &terms)
    }

    /// `bias + Σ weight · activation`: below 2^120 in magnitude, partial sums included (the package
    /// is validated), so nothing wraps.
    fn sum(&self, builder: &mut Builder, (layer, neuron): Place, before: &[Cell]) -> Cell {
        let neuron = &self.network.layers[layer].neurons[neuron];
        let terms: Vec<_> = neuron
            .weights
            .iter()
            .zip(before)
            .filter(|(weight, _)| **weight != 0)
            .map(|(weight, cell)| (signed(*weight), *cell))
            .collect();
        let start = Operand::Constant(signed(neuron.bias));
        let known = |weight| match mutant("network.weight") {
            true => Operand::Witness(weight),
            false => Operand::Constant(weight),
        };
        let products = terms.into_iter().map(|(weight, cell)| (known(weight), cell.into()));
        builder.sum_of_products(start, products)
    }
}

/// What parts of a network cost, to cut it evenly. Estimates: the plan counts the rows of the cuts
/// that are chosen.
pub(crate) struct Cuts<'a> {
    layers: Layers<'a>,
    /// Rows of all neurons before each one, and of all.
    before: Vec<usize>,
    /// Rows of the first layer's inputs.
    inputs: usize,
}

/// Rows of a lean Poseidon permutation, which takes two elements.
const PERMUTATION_ROWS: usize = 1848;
/// Rows of a proven bit and its place in a sum.
const BIT_ROWS: usize = 7;
/// Rows of a term of a sum.
const TERM_ROWS: usize = 3;

impl<'a> Cuts<'a> {
    pub fn new(network: &'a Network, schema: &'a Schema) -> Self {
        let layers = Layers::new(network, schema);
        let (mut before, mut sum) = (vec![0], 0);
        for (of, bits) in network.layers.iter().zip(&layers.sums) {
            for (neuron, bits) in of.neurons.iter().zip(bits) {
                let weights = neuron.weights.iter().filter(|weight| **weight != 0).count();
                sum += TERM_ROWS * weights + BIT_ROWS * (*bits as usize + 1) + 6 * TERM_ROWS;
                before.push(sum);
            }
        }
        let thresholds: usize = network.thresholds(schema).iter().map(Vec::len).sum();
        let inputs = 7 * network.inputs.len() + 14 * thresholds;
        Cuts { layers, before, inputs }
    }

    /// Rows of a link at `cut`, and of the proven widths where it is opened.
    fn link(&self, cut: usize) -> (usize, usize) {
        let widths = self.layers.alive_widths(cut);
        if widths.is_empty() {
            return (0, 0);
        }
        let permutations = (packing::layout(widths.iter().copied()).len() + 1).div_ceil(2);
        let bits = widths.iter().sum::<u32>() as usize;
        (TERM_ROWS * widths.len() + PERMUTATION_ROWS * permutations, BIT_ROWS * bits)
    }

    /// Ranges of neurons for `segments` segments whose largest is as small as cuts between neurons
    /// allow; the last ones may be empty.
    pub fn balance(&self, segments: usize) -> Vec<Range<usize>> {
        let neurons = self.before.len() - 1;
        let links: Vec<(usize, usize)> = (0..=neurons).map(|cut| self.link(cut)).collect();
        let first = self.layers.network.layers[0].neurons.len();
        let rows = |from: usize, to: usize| {
            let inputs = if from < first { self.inputs } else { 0 };
            let (link, widths) = links[from];
            self.before[to] - self.before[from] + inputs + link + widths + links[to].0
        };
        // Each range as long as `most` rows allow.
        let cut = |most: usize| -> Option<Vec<Range<usize>>> {
            let (mut ranges, mut from) = (vec![], 0);
            for _ in 0..segments {
                let to = match from {
                    end if end == neurons => end,
                    _ => (from + 1..=neurons).rev().find(|to| rows(from, *to) <= most)?,
                };
                ranges.push(from..to);
                from = to;
            }
            (from == neurons).then_some(ranges)
        };
        let (mut low, mut high) = (0, rows(0, neurons) + 1);
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if cut(middle).is_some() { high = middle } else { low = middle }
        }
        cut(high).expect("everything in the first segment")
    }
}
