//! halo2's traits over [`mod@crate::msm`].

use crate::msm::msm;
use halo2_proofs::{
    poly::{
        Coeff, LagrangeCoeff, Polynomial, ProverQuery,
        commitment::{self, Blind, CommitmentScheme, Params, ParamsProver, ParamsVerifier},
        kzg::{commitment::ParamsKZG, msm::MSMKZG, multiopen::ProverSHPLONK},
    },
    transcript::{EncodedChallenge, TranscriptWrite},
};
use halo2curves::bn256::{Bn256, Fr, G1, G1Affine, G2Affine};
use rand_core_06::RngCore;
use std::{io, ops::Deref};

/// halo2's KZG with [`Parameters`].
#[derive(Clone, Copy, Debug)]
pub struct Scheme;

/// A reference string. It is halo2's own, and serves wherever that one does; the points of the Lagrange
/// form, which halo2's keeps to itself, are kept a second time.
#[derive(Clone, Debug)]
pub struct Parameters {
    halo2: ParamsKZG<Bn256>,
    lagrange: Vec<G1Affine>,
}

impl Parameters {
    /// Of `2^k` powers `[τ^i]₁`, their Lagrange form, `[1]₂` and `[τ]₂`. Nothing is checked but the numbers.
    ///
    /// # Panics
    ///
    /// When there are not `2^k` points of each kind.
    pub fn from_parts(
        k: u32,
        powers: Vec<G1Affine>,
        lagrange: Vec<G1Affine>,
        g2: G2Affine,
        tau_g2: G2Affine,
    ) -> Self {
        assert!(powers.len() == 1 << k && lagrange.len() == 1 << k, "not 2^{k} points");
        // The method of an instance needs one, of any size.
        let halo2 = ParamsKZG::new(1).from_parts(k, powers, Some(lagrange.clone()), g2, tau_g2);
        Parameters { halo2, lagrange }
    }

    /// halo2's reference string.
    pub fn halo2(&self) -> &ParamsKZG<Bn256> {
        &self.halo2
    }

    /// Commitments to the Lagrange polynomials.
    pub fn lagrange(&self) -> &[G1Affine] {
        &self.lagrange
    }
}

impl Deref for Parameters {
    type Target = ParamsKZG<Bn256>;

    fn deref(&self) -> &Self::Target {
        &self.halo2
    }
}

impl CommitmentScheme for Scheme {
    type Scalar = Fr;
    type Curve = G1Affine;
    type ParamsProver = Parameters;
    type ParamsVerifier = Parameters;

    fn new_params(k: u32) -> Parameters {
        Parameters::new(k)
    }

    fn read_params<R: io::Read>(reader: &mut R) -> io::Result<Parameters> {
        Params::read(reader)
    }
}

impl<'params> Params<'params, G1Affine> for Parameters {
    type MSM = MSMKZG<Bn256>;

    fn k(&self) -> u32 {
        self.halo2.k()
    }

    fn n(&self) -> u64 {
        self.halo2.n()
    }

    fn downsize(&mut self, k: u32) {
        self.halo2.downsize(k);
        *self = with_lagrange(self.halo2.clone());
    }

    fn empty_msm(&'params self) -> MSMKZG<Bn256> {
        MSMKZG::new()
    }

    /// KZG does not blind.
    fn commit_lagrange(&self, values: &Polynomial<Fr, LagrangeCoeff>, _: Blind<Fr>) -> G1 {
        msm(values, &self.lagrange)
    }

    fn write<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.halo2.write(writer)
    }

    fn read<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        Ok(with_lagrange(ParamsKZG::read(reader)?))
    }
}

/// The Lagrange form is made again: halo2's can't be seen.
fn with_lagrange(halo2: ParamsKZG<Bn256>) -> Parameters {
    let powers: Vec<G1> = halo2.get_g().iter().map(G1::from).collect();
    let lagrange = halo2_proofs::arithmetic::g_to_lagrange(powers, halo2.k());
    Parameters { halo2, lagrange }
}

impl ParamsVerifier<'_, G1Affine> for Parameters {}

impl<'params> ParamsProver<'params, G1Affine> for Parameters {
    type ParamsVerifier = Parameters;

    fn new(k: u32) -> Self {
        with_lagrange(ParamsKZG::new(k))
    }

    fn commit(&self, coefficients: &Polynomial<Fr, Coeff>, _: Blind<Fr>) -> G1 {
        msm(coefficients, self.halo2.get_g())
    }

    fn get_g(&self) -> &[G1Affine] {
        self.halo2.get_g()
    }

    fn verifier_params(&'params self) -> &'params Parameters {
        self
    }
}

/// halo2's SHPLONK, for [`Scheme`].
#[derive(Debug)]
pub struct Opening<'params>(ProverSHPLONK<'params, Bn256>);

impl<'params> commitment::Prover<'params, Scheme> for Opening<'params> {
    const QUERY_INSTANCE: bool = false;

    fn new(parameters: &'params Parameters) -> Self {
        Opening(ProverSHPLONK::new(&parameters.halo2))
    }

    fn create_proof<'com, E, T, R, I>(
        &self,
        rng: R,
        transcript: &mut T,
        queries: I,
    ) -> io::Result<()>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        I: IntoIterator<Item = ProverQuery<'com, G1Affine>> + Clone,
        R: RngCore,
    {
        self.0.create_proof(rng, transcript, queries)
    }
}
