//! The segments' transcript in the circuit: the sponge of [`tessera_core::transcript`] over cells.

use crate::chip::{DeferredChip, Loader};
use halo2curves::{
    bn256::G1Affine,
    ff::{Field, PrimeField},
    group::GroupEncoding,
};
use snark_verifier::{
    Error,
    loader::{
        ScalarLoader,
        halo2::{EcPoint, Scalar},
    },
    util::transcript::{Transcript, TranscriptRead},
};
use std::io;
use tessera_circuit::hash::Scaled;
use tessera_core::{Fr, transcript::Sponge};

/// Reads a segment proof's bytes into cells and draws its challenges.
pub struct CircuitTranscript<'a> {
    loader: Loader,
    proof: &'a [u8],
    sponge: Sponge<Scaled>,
}

impl<'a> CircuitTranscript<'a> {
    /// A fresh transcript in front of `proof`.
    pub fn new(loader: &Loader, proof: &'a [u8]) -> Self {
        let zero = loader.ctx_mut().constant(Fr::ZERO);
        CircuitTranscript { loader: loader.clone(), proof, sponge: Sponge::new(zero.into()) }
    }

    /// What was not read of the proof.
    pub fn rest(&self) -> &[u8] {
        self.proof
    }

    fn take(&mut self) -> Result<[u8; 32], Error> {
        let (head, tail) = self.proof.split_first_chunk().ok_or_else(|| {
            Error::Transcript(io::ErrorKind::UnexpectedEof, "the segment proof is too short".into())
        })?;
        self.proof = tail;
        Ok(*head)
    }
}

impl Transcript<G1Affine, Loader> for CircuitTranscript<'_> {
    fn loader(&self) -> &Loader {
        &self.loader
    }

    fn squeeze_challenge(&mut self) -> Scalar<G1Affine, DeferredChip> {
        let challenge = {
            let builder = &mut *self.loader.ctx_mut();
            self.sponge.squeeze(builder).map(|challenge| builder.unscale(challenge))
        };
        match challenge {
            Some(cell) => self.loader.scalar_from_assigned(cell),
            None => self.loader.load_zero(),
        }
    }

    fn common_scalar(&mut self, scalar: &Scalar<G1Affine, DeferredChip>) -> Result<(), Error> {
        self.sponge.absorb((*scalar.assigned()).into());
        Ok(())
    }

    fn common_ec_point(&mut self, point: &EcPoint<G1Affine, DeferredChip>) -> Result<(), Error> {
        let coordinates = DeferredChip::coordinates(&point.assigned()).ok_or_else(|| {
            Error::Transcript(io::ErrorKind::InvalidInput, "a combination was absorbed".into())
        })?;
        coordinates.into_iter().for_each(|cell| self.sponge.absorb(cell.into()));
        Ok(())
    }
}

impl TranscriptRead<G1Affine, Loader> for CircuitTranscript<'_> {
    fn read_scalar(&mut self) -> Result<Scalar<G1Affine, DeferredChip>, Error> {
        let bytes = self.take()?;
        let value = Option::from(Fr::from_repr(bytes)).ok_or_else(|| {
            Error::Transcript(io::ErrorKind::InvalidData, "an evaluation is not canonical".into())
        })?;
        let scalar = self.loader.assign_scalar(value);
        self.common_scalar(&scalar)?;
        Ok(scalar)
    }

    fn read_ec_point(&mut self) -> Result<EcPoint<G1Affine, DeferredChip>, Error> {
        let mut repr = <G1Affine as GroupEncoding>::Repr::default();
        repr.as_mut().copy_from_slice(&self.take()?);
        let point = Option::from(G1Affine::from_bytes(&repr)).ok_or_else(|| {
            Error::Transcript(io::ErrorKind::InvalidData, "a point is not on the curve".into())
        })?;
        let point = self.loader.assign_ec_point(point);
        self.common_ec_point(&point)?;
        Ok(point)
    }
}
