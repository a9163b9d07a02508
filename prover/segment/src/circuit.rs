//! The circuit of a segment.

use crate::features::{Comparisons, commit, compare};
use crate::salt;
use crate::trees::{Forest, signed, thresholds};
use halo2curves::ff::Field;
use tessera_circuit::{Builder, ColumnCircuit, Gates, Operand};
use tessera_field::{Fr, Secret, poseidon::Domain, poseidon::hash};
use tessera_model::{Features, Node, Package, Schema, Tree};
use zeroize::Zeroizing;

/// Instances of every segment circuit, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instances {
    /// The credential's commitment to the features.
    pub commitment: Fr,
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
        [self.commitment, self.link_in, self.link_out, self.partial]
    }

    /// Inverse of [`Instances::to_array`].
    pub fn from_array([commitment, link_in, link_out, partial]: [Fr; Self::COUNT]) -> Self {
        Instances { commitment, link_in, link_out, partial }
    }
}

/// The part of a package that one segment proves.
#[derive(Clone, Copy)]
pub struct Share<'a> {
    /// Position among the plan's segments.
    pub index: usize,
    /// Schema of the features.
    pub schema: &'a Schema,
    /// Added to the trees' leaves, 2^-32 points; the whole offset is in segment 0.
    pub offset: i64,
    /// The segment's trees; none in a null segment.
    pub trees: &'a [Tree],
    /// The package's secret salt.
    pub salt: &'a [u8; 32],
}

impl<'a> Share<'a> {
    /// The share of the trees in `range`.
    pub fn of(package: &'a Package, index: usize, range: std::ops::Range<usize>) -> Self {
        Share {
            index,
            schema: &package.schema,
            offset: if index == 0 { package.model.offset } else { 0 },
            trees: &package.model.trees[range],
            salt: &package.salt,
        }
    }

    /// The segment's share of the score, in 2^-32 points, by the integer evaluator.
    pub fn partial(&self, features: &Features) -> i64 {
        let tops: Vec<u64> = self.schema.features.iter().map(|feature| feature.top()).collect();
        let leaf = |tree: &Tree| match tree.nodes[tree.leaf(features.codes(), &tops)] {
            Node::Leaf { value } => value,
            Node::Split { .. } => unreachable!("the evaluator ends at a leaf"),
        };
        self.offset + self.trees.iter().map(leaf).sum::<i64>()
    }
}

/// What only the borrower knows. Wiped when dropped.
pub struct Secrets {
    codes: Zeroizing<Vec<u64>>,
    blinding: Secret,
    partial_blinding: Secret,
}

impl Secrets {
    /// `blinding` is the credential's, `partial_blinding` fresh and uniform for this proof.
    pub fn new(features: &Features, blinding: Secret, partial_blinding: Secret) -> Self {
        Secrets { codes: Zeroizing::new(features.codes().to_vec()), blinding, partial_blinding }
    }

    /// Values for key generation, where only the structure counts.
    pub fn blank(schema: &Schema) -> Self {
        Secrets {
            codes: Zeroizing::new(vec![0; schema.features.len()]),
            blinding: Secret::new(Fr::ZERO),
            partial_blinding: Secret::new(Fr::ZERO),
        }
    }
}

/// `hash(Partial, [partial, blinding])`, with the share of the score in 2^-32 points.
pub fn commit_partial(partial: i64, blinding: &Secret) -> Fr {
    hash(Domain::Partial, &[signed(partial), blinding.expose()])
}

/// The cells of a segment, salted, its instances exposed.
pub fn build(share: &Share, secrets: &Secrets) -> Builder {
    let mut builder = Builder::new(Gates::Lean, Instances::COUNT);
    let codes: Vec<_> = secrets.codes.iter().map(|code| builder.witness(Fr::from(*code))).collect();
    let comparisons: Vec<Comparisons> = share
        .schema
        .features
        .iter()
        .zip(thresholds(share.schema, share.trees))
        .zip(&codes)
        .map(|((feature, thresholds), code)| {
            compare(&mut builder, *code, feature.top(), &thresholds)
        })
        .collect();

    let blinding = builder.witness(secrets.blinding.expose());
    let commitment = commit(&mut builder, share.schema, &codes, blinding);

    let partial =
        Forest::new(share.schema, &comparisons).sum(&mut builder, share.offset, share.trees);
    let partial_blinding = builder.witness(secrets.partial_blinding.expose());
    let partial = builder.hash(Domain::Partial, &[partial, partial_blinding]);

    let none = builder.push(Operand::Constant(Fr::ZERO));
    for (index, cell) in [commitment, none, none, partial].into_iter().enumerate() {
        builder.expose(index, cell);
    }
    builder.salt(salt::stream(share.salt, share.index));
    builder
}

/// [`build`] as a circuit.
pub fn circuit(share: &Share, secrets: &Secrets) -> ColumnCircuit {
    ColumnCircuit::new(build(share, secrets))
}
