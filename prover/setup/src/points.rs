//! Points as files hold them: uncompressed, each coordinate 32 bytes, little-endian, in Montgomery
//! form (times 2^256). That is how halo2 and snarkjs both write them, and it loads without a
//! multiplication.

use crate::{PointFault, SrsFault};
use halo2curves::{
    CurveAffine,
    bn256::{Fq, Fq2, G1Affine, G2Affine},
    group::{cofactor::CofactorGroup, prime::PrimeCurveAffine},
    serde::SerdeObject,
};
use rayon::prelude::*;

/// Bytes of a point of G1: x, y.
pub(crate) const G1_BYTES: usize = 64;
/// Bytes of a point of G2: x.c0, x.c1, y.c0, y.c1.
pub(crate) const G2_BYTES: usize = 128;

/// All points of G1 in `bytes`, each of them canonical, on the curve and not the point at
/// infinity (G1 is the whole curve). `section` is for the error.
pub(crate) fn g1_points(bytes: &[u8], section: &'static str) -> Result<Vec<G1Affine>, SrsFault> {
    let point =
        |(index, bytes)| g1_point(bytes).map_err(|fault| SrsFault::Point { section, index, fault });
    bytes.par_chunks_exact(G1_BYTES).enumerate().map(point).collect()
}

/// Like [`g1_points`] for G2, with its subgroup check.
pub(crate) fn g2_points(bytes: &[u8], section: &'static str) -> Result<Vec<G2Affine>, SrsFault> {
    let point = |(index, bytes)| {
        let point = g2_point(bytes).and_then(in_subgroup);
        point.map_err(|fault| SrsFault::Point { section, index, fault })
    };
    bytes.chunks_exact(G2_BYTES).enumerate().map(point).collect()
}

fn g1_point(bytes: &[u8]) -> Result<G1Affine, PointFault> {
    let (x, y) = bytes.split_at(G1_BYTES / 2);
    let (x, y) = Fq::from_raw_bytes(x).zip(Fq::from_raw_bytes(y)).ok_or(PointFault::Coordinate)?;
    on_curve(G1Affine { x, y })
}

fn g2_point(bytes: &[u8]) -> Result<G2Affine, PointFault> {
    let (x, y) = bytes.split_at(G2_BYTES / 2);
    let (x, y) =
        Fq2::from_raw_bytes(x).zip(Fq2::from_raw_bytes(y)).ok_or(PointFault::Coordinate)?;
    on_curve(G2Affine { x, y })
}

fn on_curve<C: CurveAffine>(point: C) -> Result<C, PointFault> {
    // The library's test admits (0, 0), which stands for infinity.
    if bool::from(point.is_identity()) {
        Err(PointFault::Infinity)
    } else if bool::from(point.is_on_curve()) {
        Ok(point)
    } else {
        Err(PointFault::OffCurve)
    }
}

fn in_subgroup(point: G2Affine) -> Result<G2Affine, PointFault> {
    let inside = PrimeCurveAffine::to_curve(&point).is_torsion_free();
    if inside.into() { Ok(point) } else { Err(PointFault::Subgroup) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::ff::Field;

    fn g1(bytes: &[u8]) -> PointFault {
        match g1_points(bytes, "powers").unwrap_err() {
            SrsFault::Point { section: "powers", fault, .. } => fault,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn generators_read_back() {
        let bytes = [G1Affine::generator().to_raw_bytes(), (-G1Affine::generator()).to_raw_bytes()];
        let points = g1_points(&bytes.concat(), "powers").unwrap();
        assert_eq!(points, [G1Affine::generator(), -G1Affine::generator()]);
        let bytes = G2Affine::generator().to_raw_bytes();
        assert_eq!(g2_points(&bytes, "powers").unwrap(), [G2Affine::generator()]);
    }

    #[test]
    fn each_fault_of_a_point_is_told() {
        let generator = G1Affine::generator();
        assert_eq!(g1(&[0; G1_BYTES]), PointFault::Infinity);
        assert_eq!(g1(&[0xff; G1_BYTES]), PointFault::Coordinate);
        let off = G1Affine { x: generator.x, y: generator.y + Fq::ONE };
        assert_eq!(g1(&off.to_raw_bytes()), PointFault::OffCurve);

        // q itself, the least number that is no coordinate.
        let modulus = crate::ptau::base_modulus().to_vec();
        let bytes = [modulus, generator.y.to_raw_bytes()].concat();
        assert_eq!(g1(&bytes), PointFault::Coordinate);
    }

    #[test]
    fn g2_outside_the_subgroup_is_refused() {
        let point = outside_subgroup();
        assert!(bool::from(point.is_on_curve()));
        let fault = g2_points(&point.to_raw_bytes(), "powers").unwrap_err();
        let expected = SrsFault::Point { section: "powers", index: 0, fault: PointFault::Subgroup };
        assert_eq!(fault, expected);
    }

    /// A point of G2's curve: nearly all of them are outside the group.
    fn outside_subgroup() -> G2Affine {
        let xs = (1u64..).map(|x| Fq2::new(Fq::from(x), Fq::ONE));
        xs.filter_map(|x| {
            let y = Option::<Fq2>::from((x.square() * x + G2Affine::b()).sqrt())?;
            Some(G2Affine { x, y })
        })
        .find(|point| in_subgroup(*point).is_err())
        .unwrap()
    }
}
