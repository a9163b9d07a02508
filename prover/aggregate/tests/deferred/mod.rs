//! The deferred words of a proof in one segment, and what they confirm.
#![allow(dead_code)]

use halo2curves::{
    CurveAffine,
    bn256::{Fq, G1Affine},
    ff::{Field, PrimeField},
};
use snark_verifier::util::transcript::Transcript as _;
use tessera_aggregate::layout::{SEGMENT_WORDS, SegmentPoint, SegmentScalar};
use tessera_aggregate::proof::Aggregated;
use tessera_core::{Fr, from_be_bytes};
use tessera_segment::{Instances, VerifyingKey, transcript::Transcript};

/// Words of the segment's accumulator, as the call data has them.
pub struct Deferred(Vec<Fr>);

impl Deferred {
    pub fn of(proof: &Aggregated) -> Self {
        let word = |bytes: &[u8]| from_be_bytes(bytes.try_into().expect("32 bytes"));
        let words = proof.bytes.chunks_exact(32).map(|bytes| word(bytes).expect("canonical"));
        // k comes first.
        Deferred(words.skip(1).take(SEGMENT_WORDS).collect())
    }

    pub fn point(&self, point: SegmentPoint) -> G1Affine {
        let at = point.word();
        let [x, y] = [0, 1].map(|i| Fq::from_repr(self.0[at + i].to_repr()).expect("below r"));
        G1Affine::from_xy(x, y).expect("on the curve")
    }

    pub fn scalar(&self, scalar: SegmentScalar) -> Fr {
        self.0[scalar.word()]
    }
}

/// Whether the public words are those of a segment without links, with this partial commitment.
pub fn confirms_partial(
    key: &VerifyingKey,
    deferred: &Deferred,
    features: Fr,
    partial: Fr,
) -> bool {
    let instances = Instances { features, link_in: Fr::ZERO, link_out: Fr::ZERO, partial };
    confirms(key, deferred, instances)
}

/// Whether the public words are those of a segment with these instances.
pub fn confirms(key: &VerifyingKey, deferred: &Deferred, instances: Instances) -> bool {
    let mut transcript = Transcript::new(vec![]);
    for scalar in [key.initial_state].into_iter().chain(instances.to_array()) {
        transcript.common_scalar(&scalar).expect("absorbed");
    }
    let absorb = |transcript: &mut Transcript<Vec<u8>>, points: &[SegmentPoint]| {
        for point in points {
            transcript.common_ec_point(&deferred.point(*point)).expect("absorbed");
        }
    };
    absorb(&mut transcript, &[SegmentPoint::Advice]);
    transcript.squeeze_n_challenges(3);
    absorb(&mut transcript, &[SegmentPoint::Product, SegmentPoint::Random]);
    transcript.squeeze_challenge();
    absorb(&mut transcript, &[SegmentPoint::QuotientLow, SegmentPoint::QuotientHigh]);
    let x: Fr = transcript.squeeze_challenge();
    x.pow_vartime([1 << key.k]) == deferred.scalar(SegmentScalar::XToN)
}
