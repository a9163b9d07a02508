//! The development SRS: the secret is published, so everything is computed from it directly.

use crate::{
    Provenance, Srs, SrsError,
    fixed_base::FixedBase,
    srs::{digest_of, params_from_parts},
};
use halo2curves::{
    bn256::{Fr, G1Affine, G2Affine},
    ff::{BatchInvert, Field, PrimeField},
    group::Curve,
};
use rayon::prelude::*;
use std::sync::LazyLock;
use tessera_artifact::{Sha256Digest, sha256};

/// `tau` of the development SRS is the SHA-256 of this text, without its last byte, big-endian.
///
/// Whoever reads this can make a proof of anything under that SRS: it is for tests and local
/// chains, and marked insecure wherever it goes.
pub const DEVELOPMENT_SECRET: &str = "Tessera development SRS: this secret is published";

/// Scalars computed from one power of `tau` or of a root of unity.
const CHUNK: usize = 1 << 12;

/// Everything a `tau` is known by, made without the SRS.
static DIGEST: LazyLock<Sha256Digest> = LazyLock::new(|| {
    let (g1, g2, tau) = (G1Affine::generator(), G2Affine::generator(), secret());
    digest_of(&g1, &(g1 * tau).to_affine(), &g2, &(g2 * tau).to_affine())
});

/// The digest of the development SRS of every size.
pub fn development_digest() -> Sha256Digest {
    *DIGEST
}

/// The development SRS for polynomials of degree below `2^k`.
///
/// Errors: [`SrsError::Size`] unless `k` is 1 to [`MAX_K`](crate::MAX_K).
pub fn development(k: u32) -> Result<Srs, SrsError> {
    SrsError::check_size(k)?;
    let (tau, n) = (secret(), 1usize << k);
    let table = FixedBase::new(G1Affine::generator(), 2 * n);
    let powers = table.multiply(&powers(tau, n));
    let lagrange = table.multiply(&lagrange(tau, k));
    let g2 = G2Affine::generator();
    let params = params_from_parts(k, powers, lagrange, g2, (g2 * tau).to_affine());
    Srs::new(params, Provenance::Development).map_err(SrsError::Srs)
}

fn secret() -> Fr {
    tessera_core::from_digest(sha256(DEVELOPMENT_SECRET.as_bytes()).0)
}

/// The generator of the group of `2^k`-th roots of unity that halo2 uses.
pub(crate) fn root_of_unity(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |root, _| root.square())
}

/// `x^0 … x^(n-1)`.
pub(crate) fn powers(x: Fr, n: usize) -> Vec<Fr> {
    let mut powers = vec![Fr::ONE; n];
    powers.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| {
        let mut power = x.pow_vartime([(i * CHUNK) as u64]);
        for element in chunk {
            *element = power;
            power *= x;
        }
    });
    powers
}

/// The `2^k` Lagrange polynomials over the roots of unity at `x`, which is none of them:
/// `L_i(x) = ω^i · (x^n − 1) / (n · (x − ω^i))`.
fn lagrange(x: Fr, k: u32) -> Vec<Fr> {
    let n = 1usize << k;
    let factor = (x.pow_vartime([n as u64]) - Fr::ONE) * Fr::TWO_INV.pow_vartime([u64::from(k)]);
    let mut values = powers(root_of_unity(k), n);
    values.par_chunks_mut(CHUNK).for_each(|roots| {
        let mut inverses: Vec<Fr> = roots.iter().map(|root| x - root).collect();
        inverses.iter_mut().batch_invert();
        for (value, inverse) in roots.iter_mut().zip(inverses) {
            *value *= factor * inverse;
        }
    });
    values
}

/// The values on the roots of unity of the polynomial `Σ x^j X^j` with `2^k` terms:
/// `((x·ω^i)^n − 1) / (x·ω^i − 1)`, for `x` that is no such root.
pub(crate) fn geometric_evaluations(x: Fr, k: u32) -> Vec<Fr> {
    let n = 1usize << k;
    let numerator = x.pow_vartime([n as u64]) - Fr::ONE;
    let mut values = powers(root_of_unity(k), n);
    values.par_chunks_mut(CHUNK).for_each(|values| {
        for value in values.iter_mut() {
            *value = x * *value - Fr::ONE;
        }
        values.iter_mut().batch_invert();
        for value in values {
            *value *= numerator;
        }
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::arithmetic::g_to_lagrange;
    use halo2_proofs::poly::commitment::{Blind, Params, ParamsProver};
    use halo2_proofs::poly::{EvaluationDomain, kzg::commitment::ParamsKZG};
    use halo2curves::{bn256::Bn256, group::prime::PrimeCurveAffine};

    /// Against the definition, one multiplication a point, and halo2's own Lagrange form.
    #[test]
    fn equals_the_definition() {
        for k in [1, 2, 7] {
            let srs = development(k).unwrap();
            let (tau, g1, g2) = (secret(), G1Affine::generator(), G2Affine::generator());
            let powers: Vec<G1Affine> =
                (0..1u64 << k).map(|i| (g1 * tau.pow([i])).to_affine()).collect();
            assert_eq!(srs.params().get_g(), powers);
            assert_eq!(srs.params().g2(), g2);
            assert_eq!(srs.params().s_g2(), (g2 * tau).to_affine());
            assert_eq!((srs.params().k(), srs.params().n()), (k, 1 << k));

            let lagrange = g_to_lagrange(powers.iter().map(|point| point.to_curve()).collect(), k);
            let expected = params_from_parts(k, powers, lagrange, g2, (g2 * tau).to_affine());
            let bytes = |params: &ParamsKZG<Bn256>| {
                let mut bytes = Vec::new();
                params.write(&mut bytes).unwrap();
                bytes
            };
            assert_eq!(bytes(srs.params()), bytes(&expected), "Lagrange form at k = {k}");
        }
    }

    #[test]
    fn both_forms_commit_alike() {
        let k = 13; // more than one chunk
        let srs = development(k).unwrap();
        let domain = EvaluationDomain::<Fr>::new(1, k);
        let values = (0..1u64 << k).map(|i| Fr::from(i * i + 1)).collect();
        let values = domain.lagrange_from_vec(values);
        let coefficients = domain.lagrange_to_coeff(values.clone());
        let blind = Blind(Fr::ZERO);
        assert_eq!(
            srs.params().commit(&coefficients, blind),
            srs.params().commit_lagrange(&values, blind)
        );
    }

    #[test]
    fn geometric_evaluations_are_the_transform_of_powers() {
        let k = 5;
        let domain = EvaluationDomain::<Fr>::new(1, k);
        let x = Fr::from(99);
        let coefficients =
            domain.lagrange_to_coeff(domain.lagrange_from_vec(geometric_evaluations(x, k)));
        assert_eq!(coefficients.to_vec(), powers(x, 32));
    }

    #[test]
    fn is_insecure_at_every_size_and_never_changes() {
        for k in [1, 5] {
            let srs = development(k).unwrap();
            assert!(srs.is_insecure());
            assert_eq!(srs.digest(), development_digest());
        }
        assert_eq!(
            development_digest().to_string(),
            "0x6f2d23d1c00804530bac3c6d55a0b406cff84a5306a99d37577054ffcfa67474",
            "every stored SRS, key and generated verifier has this digest"
        );
    }

    #[test]
    fn sizes_have_limits() {
        for k in [0, crate::MAX_K + 1, u32::MAX] {
            assert!(matches!(development(k), Err(SrsError::Size { k: found }) if found == k));
        }
    }
}
