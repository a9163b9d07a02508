//! The circuit of a segment.

use crate::features::{Comparisons, compare, digest};
use crate::network::Layers;
use crate::salt::Salt;
use crate::trees::{Forest, thresholds};
use halo2curves::ff::Field;
use std::collections::BTreeSet;
use tessera_circuit::{Builder, Cell, ColumnCircuit, Gates, Operand};
use tessera_core::{
    FixedPoint, Fr, Secret, SegmentIndex, mutant, poseidon::Domain, poseidon::hash,
};
use tessera_model::{Computation, Features, Network, Package, Schema, Tree, sum_of_trees};
use zeroize::Zeroizing;

/// Instances of every segment circuit, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instances {
    /// `hash(Features, packed ‖ blinding)`: with the schema, what the credential's commitment is made of.
    pub features: Fr,
    /// Blinded commitment to the activations that come in; 0 where there are none.
    pub link_in: Fr,
    /// Blinded commitment to the activations that go out; 0 where there are none.
    pub link_out: Fr,
    /// Blinded commitment to this segment's share of the score.
    pub partial: Fr,
}

impl Instances {
    /// Number of instances.
    pub const COUNT: usize = 4;

    /// In the circuit's order.
    pub fn to_array(self) -> [Fr; Self::COUNT] {
        [self.features, self.link_in, self.link_out, self.partial]
    }

    /// Inverse of [`Instances::to_array`].
    pub fn from_array([features, link_in, link_out, partial]: [Fr; Self::COUNT]) -> Self {
        Instances { features, link_in, link_out, partial }
    }
}

/// The part of a package that one segment proves.
#[derive(Clone, Copy)]
pub struct Share<'a> {
    /// Position among the plan's segments.
    pub index: SegmentIndex,
    /// Schema of the features.
    pub schema: &'a Schema,
    /// Added to the segment's score, 2^-32 points; the whole offset is in the first segment.
    pub offset: i64,
    /// What is computed.
    pub work: Work<'a>,
}

/// What a segment computes.
#[derive(Clone, Copy)]
pub enum Work<'a> {
    /// The sum of these trees; none in a null segment.
    Trees(&'a [Tree]),
    /// Neurons `from..to` of all layers' in order; none in a null segment.
    Neurons {
        /// The whole network.
        network: &'a Network,
        /// First neuron.
        from: usize,
        /// One past the last neuron.
        to: usize,
    },
}

impl Work<'_> {
    /// What each feature is compared with.
    fn thresholds(&self, schema: &Schema) -> Vec<BTreeSet<u64>> {
        match *self {
            Work::Trees(trees) => thresholds(schema, trees),
            Work::Neurons { network, from, to } => {
                let first = network.layers[0].neurons.len();
                // Only the first layer reads features.
                match from < first.min(to) {
                    true => {
                        let of = network.thresholds(schema).into_iter();
                        of.map(|thresholds| thresholds.into_iter().collect()).collect()
                    }
                    false => vec![BTreeSet::new(); schema.features.len()],
                }
            }
        }
    }
}

impl<'a> Share<'a> {
    /// The share of the trees or neurons in `range`.
    pub fn of(package: &'a Package, index: SegmentIndex, range: std::ops::Range<usize>) -> Self {
        Share {
            index,
            schema: &package.schema,
            offset: if index == SegmentIndex::FIRST { package.model.offset } else { 0 },
            work: match &package.model.computation {
                Computation::Network(network) => {
                    Work::Neurons { network, from: range.start, to: range.end }
                }
                Computation::Trees(trees) => Work::Trees(&trees[range]),
            },
        }
    }

    /// The segment's share of the score, by the integer evaluator.
    pub fn partial(&self, features: &Features) -> FixedPoint {
        let (codes, tops) = (features.codes(), tops(self.schema));
        let points = match self.work {
            Work::Trees(trees) => sum_of_trees(trees, codes, &tops),
            // The score comes out of the last neuron.
            Work::Neurons { network, from, to } if from < to && to == network.neurons() => {
                network.run(codes, &tops).score
            }
            Work::Neurons { .. } => 0,
        };
        FixedPoint(self.offset + points)
    }
}

/// The largest code of each feature.
pub(crate) fn tops(schema: &Schema) -> Vec<u64> {
    schema.features.iter().map(|feature| feature.top()).collect()
}

/// What only the borrower knows. Wiped when dropped.
pub struct SegmentWitness {
    codes: Zeroizing<Vec<u64>>,
    blinding: Secret,
    partial_blinding: Secret,
    link_blindings: [Secret; 2],
}

impl SegmentWitness {
    /// `blinding` is the credential's; the others are fresh and uniform for this proof:
    /// `partial_blinding` of this segment, `link_blindings` of the links in and out, each shared with
    /// the neighbour and unused where there is no link.
    pub fn new(
        features: &Features,
        blinding: Secret,
        partial_blinding: Secret,
        link_blindings: [Secret; 2],
    ) -> Self {
        let codes = Zeroizing::new(features.codes().to_vec());
        SegmentWitness { codes, blinding, partial_blinding, link_blindings }
    }

    /// Values for key generation, where only the structure counts.
    pub fn blank(schema: &Schema) -> Self {
        SegmentWitness {
            codes: Zeroizing::new(vec![0; schema.features.len()]),
            blinding: Secret::new(Fr::ZERO),
            partial_blinding: Secret::new(Fr::ZERO),
            link_blindings: [Secret::new(Fr::ZERO), Secret::new(Fr::ZERO)],
        }
    }
}

/// `hash(Partial, [partial, blinding])`, with the share of the score.
pub fn commit_partial(partial: FixedPoint, blinding: &Secret) -> Fr {
    hash(Domain::Partial, &[partial.to_element(), blinding.expose()])
}

/// The cells of a segment, salted, its instances exposed.
pub fn build(share: &Share, secrets: &SegmentWitness, salt: &Salt) -> Builder {
    salted(build_unsalted(share, secrets), salt)
}

/// Adds the salt to an unsalted circuit.
pub(crate) fn salted(mut builder: Builder, salt: &Salt) -> Builder {
    if !mutant("salt") {
        builder.salt(salt.stream());
    }
    builder
}

/// The features, compared and hashed, and the share of the model over them.
pub fn compute(builder: &mut Builder, share: &Share, secrets: &SegmentWitness) -> Computed {
    let codes: Vec<_> = secrets.codes.iter().map(|code| builder.witness(Fr::from(*code))).collect();
    let comparisons: Vec<Comparisons> = share
        .schema
        .features
        .iter()
        .zip(share.work.thresholds(share.schema))
        .zip(&codes)
        .map(|((feature, thresholds), code)| compare(builder, *code, feature.top(), &thresholds))
        .collect();

    let blinding = builder.witness(secrets.blinding.expose());
    let features = digest(builder, share.schema, &codes, blinding);

    match share.work {
        Work::Trees(trees) => {
            let score = Forest::new(share.schema, &comparisons).sum(builder, share.offset, trees);
            Computed { features, score, links: [None, None] }
        }
        Work::Neurons { network, from, to } => {
            let tops = tops(share.schema);
            let run = network.run(&secrets.codes, &tops);
            let mut layers = Layers::new(network, share.schema);
            let [blinding_in, blinding_out] = secrets.link_blindings.each_ref();
            let link_in = layers.open(builder, from, &run, blinding_in);
            let inputs = layers.inputs(builder, from..to, &codes, &comparisons);
            let score = layers.neurons(builder, from..to, &inputs, share.offset);
            let link_out = layers.commit(builder, to, blinding_out);
            Computed { features, score, links: [link_in, link_out] }
        }
    }
}

/// What a share of a model comes to, before any of it is public.
pub struct Computed {
    /// `hash(Features, packed ‖ blinding)`.
    pub features: Cell,
    /// The share of the score, in 2^-32 points.
    pub score: Cell,
    /// Commitments to activations in and out.
    pub links: [Option<Cell>; 2],
}

/// [`build`] without the salt: its key would give the model away.
pub fn build_unsalted(share: &Share, secrets: &SegmentWitness) -> Builder {
    let mut builder = Builder::new(Gates::Lean, Instances::COUNT);
    let Computed { features, score, links } = compute(&mut builder, share, secrets);
    let blinding =
        if mutant("partial.blinding") { Fr::ZERO } else { secrets.partial_blinding.expose() };
    let partial_blinding = builder.witness(blinding);
    let score = match mutant("partial.score") {
        true => builder.witness(builder.value(score)),
        false => score,
    };
    let partial = builder.hash(Domain::Partial, &[score, partial_blinding]);

    // 0 where there is no link.
    let none = match links {
        [Some(_), Some(_)] => None,
        _ => Some(builder.push(Operand::Constant(Fr::ZERO))),
    };
    let [link_in, link_out] = links.map(|link| link.or(none).expect("made where one is missing"));
    for (index, cell) in [features, link_in, link_out, partial].into_iter().enumerate() {
        builder.expose(index, cell);
    }
    builder
}

/// [`build`] as a circuit.
pub fn circuit(share: &Share, secrets: &SegmentWitness, salt: &Salt) -> ColumnCircuit {
    ColumnCircuit::new(build(share, secrets, salt))
}
