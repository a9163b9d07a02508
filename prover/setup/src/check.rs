//! Whether the points of an SRS are the powers of one secret, in both forms.
//!
//! With `S(ρ) = Σ ρ^i · G_i` over all `n` powers and a random `ρ`, two equations are tested:
//!
//! * **powers**: `Σ ρ^i · (G_(i+1) − tau · G_i) = 0` over `i < n − 1`. Both sums follow from `S`:
//!   `e((S − G_0) / ρ, [1]) = e(S − ρ^(n-1) · G_(n-1), [tau])`;
//! * **Lagrange form**: `Σ p(ω^i) · L_i = S` for the polynomial `p = Σ ρ^j X^j`, which is
//!   `Σ_j ρ^j · (G_j − Σ_i ω^(ij) · L_i) = 0`.
//!
//! Each is a polynomial in `ρ` of a degree below `n`; if one coefficient is not 0, a random `ρ`
//! is a root with probability below `n / r` < 2^-229.

use crate::{
    Provenance, Srs, SrsError, SrsFault,
    ceremony::of_secret,
    development::{geometric_evaluations, powers},
};
use halo2_proofs::{
    arithmetic::best_multiexp,
    poly::{
        EvaluationDomain,
        commitment::{Blind, Params, ParamsProver},
        kzg::commitment::ParamsKZG,
    },
};
use halo2curves::{
    bn256::{Bn256, Fr, G1, G1Affine, G2Affine, pairing},
    ff::{Field, FromUniformBytes},
    group::Curve,
};
use serde::Serialize;
#[cfg(feature = "files")]
use std::path::Path;
use tessera_artifact::Sha256Digest;

/// What a successful [`Srs::check`] has found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    /// Polynomials have a degree below `2^k`.
    pub k: u32,
    /// See [`Srs::digest`].
    pub digest: Sha256Digest,
    /// See [`Srs::is_insecure`].
    pub insecure: bool,
    /// What the file says of its origin.
    pub provenance: Provenance,
    /// The known ceremony whose secret it has.
    pub ceremony: Option<&'static str>,
    /// The published file of that ceremony that it was imported from, by the importer's word.
    pub published: Option<&'static str>,
}

#[cfg(feature = "files")]
/// [Loads](Srs::load) and [checks](Srs::check) the SRS at `path`; every error names it.
pub fn check_file(path: &Path) -> Result<CheckReport, SrsError> {
    check(path, &Srs::load(path)?)
}

#[cfg(feature = "files")]
/// [`Srs::check`] of what was read from `path`, which errors name.
pub(crate) fn check(path: &Path, srs: &Srs) -> Result<CheckReport, SrsError> {
    srs.check().map_err(|error| match error {
        SrsError::Srs(fault) => SrsError::File { path: path.into(), fault },
        other => other,
    })
}

impl Srs {
    /// Checks every point: that both forms are those of one secret, which is the one in G2.
    ///
    /// That points are on the curve and in the group was checked when the SRS was made or read.
    /// About 2.4 s at k = 18 on two cores.
    ///
    /// Errors: [`SrsFault::Powers`], [`SrsFault::Lagrange`].
    pub fn check(&self) -> Result<CheckReport, SrsError> {
        consistency(self.params()).map_err(SrsError::Srs)?;
        let ceremony = of_secret(&self.params().s_g2());
        let published = match self.provenance() {
            Provenance::Ceremony(file) if ceremony.is_some() => file.published(),
            _ => None,
        };
        Ok(CheckReport {
            k: self.k(),
            digest: self.digest(),
            insecure: self.is_insecure(),
            provenance: self.provenance().clone(),
            ceremony,
            published,
        })
    }
}

/// The two equations of this module.
fn consistency(params: &ParamsKZG<Bn256>) -> Result<(), SrsFault> {
    let powers = check_powers(params.get_g(), &params.g2(), &params.s_g2())?;
    check_lagrange(params, &powers)
}

/// Powers that were found right, with what the second equation takes from the first.
pub(crate) struct Powers {
    /// `ρ`.
    rho: Fr,
    /// `S(ρ)`.
    sum: G1,
}

/// The first equation, for `2^k` points.
pub(crate) fn check_powers(
    g: &[G1Affine],
    g2: &G2Affine,
    tau_g2: &G2Affine,
) -> Result<Powers, SrsFault> {
    let rho = challenge(g.len() as u64);
    let rhos = powers(rho, g.len());
    let sum = best_multiexp(&rhos, g);

    let (first, last) = (g[0], g[g.len() - 1]);
    // `challenge` gives no 0.
    let shifted = (sum - first) * rho.invert().unwrap_or(Fr::ZERO);
    let unshifted = sum - last * rhos[rhos.len() - 1];
    if pairing(&shifted.to_affine(), g2) != pairing(&unshifted.to_affine(), tau_g2) {
        return Err(SrsFault::Powers);
    }
    Ok(Powers { rho, sum })
}

/// The second equation, for the Lagrange form of `params`.
pub(crate) fn check_lagrange(params: &ParamsKZG<Bn256>, powers: &Powers) -> Result<(), SrsFault> {
    let evaluations = geometric_evaluations(powers.rho, params.k());
    let evaluations = EvaluationDomain::new(1, params.k()).lagrange_from_vec(evaluations);
    if params.commit_lagrange(&evaluations, Blind(Fr::ZERO)) != powers.sum {
        return Err(SrsFault::Lagrange);
    }
    Ok(())
}

/// A random element that is neither 0 nor an `n`-th root of unity.
fn challenge(n: u64) -> Fr {
    loop {
        let mut bytes = [0; 64];
        rand::Rng::fill(&mut rand::rng(), &mut bytes);
        let rho = Fr::from_uniform_bytes(&bytes);
        if rho != Fr::ZERO && rho.pow_vartime([n]) != Fr::ONE {
            return rho;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{development, srs::params_from_parts};
    use halo2_proofs::arithmetic::g_to_lagrange;
    use halo2curves::group::prime::PrimeCurveAffine;

    /// Powers, their Lagrange form and `tau` in G2, to be spoilt.
    fn parts(k: u32) -> (Vec<G1Affine>, Vec<G1Affine>, G2Affine) {
        let srs = development(k).unwrap();
        let powers = srs.params().get_g().to_vec();
        let lagrange = g_to_lagrange(powers.iter().map(|point| point.to_curve()).collect(), k);
        (powers, lagrange, srs.params().s_g2())
    }

    fn verdict(
        k: u32,
        powers: &[G1Affine],
        lagrange: &[G1Affine],
        tau: G2Affine,
    ) -> Option<SrsFault> {
        let (powers, lagrange) = (powers.to_vec(), lagrange.to_vec());
        let g2 = G2Affine::generator();
        consistency(&params_from_parts(k, powers, lagrange, g2, tau)).err()
    }

    #[test]
    fn the_honest_one_passes() {
        for k in [1, 2, 6] {
            let (powers, lagrange, tau) = parts(k);
            assert_eq!(verdict(k, &powers, &lagrange, tau), None, "k = {k}");
            assert!(development(k).unwrap().check().unwrap().insecure);
        }
    }

    #[test]
    fn any_one_wrong_point_is_noticed() {
        let k = 3;
        let (powers, lagrange, tau) = parts(k);
        let other = (G1Affine::generator() * Fr::from(7)).to_affine();
        for i in 1..powers.len() {
            let mut powers = powers.clone();
            powers[i] = other;
            assert_eq!(verdict(k, &powers, &lagrange, tau), Some(SrsFault::Powers), "power {i}");
        }
        for i in 0..lagrange.len() {
            let mut lagrange = lagrange.clone();
            lagrange[i] = other;
            assert_eq!(
                verdict(k, &powers, &lagrange, tau),
                Some(SrsFault::Lagrange),
                "lagrange {i}"
            );
        }
        let tau = (tau + G2Affine::generator()).to_affine();
        assert_eq!(verdict(k, &powers, &lagrange, tau), Some(SrsFault::Powers));
    }

    #[test]
    fn right_points_in_a_wrong_order_are_noticed() {
        let k = 3;
        let (powers, lagrange, tau) = parts(k);
        let mut swapped = powers.clone();
        swapped.swap(2, 3);
        assert_eq!(verdict(k, &swapped, &lagrange, tau), Some(SrsFault::Powers));
        let mut swapped = lagrange.clone();
        swapped.rotate_left(1);
        assert_eq!(verdict(k, &powers, &swapped, tau), Some(SrsFault::Lagrange));
        // Another root of unity: the same points, reordered.
        let reordered: Vec<_> = (0..8).map(|i| lagrange[3 * i % 8]).collect();
        assert_eq!(verdict(k, &powers, &reordered, tau), Some(SrsFault::Lagrange));
    }
}
