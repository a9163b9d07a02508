//! The segments' Poseidon transcript in the circuit: snark-verifier's, absorption by absorption,
//! on the permutation of [`tessera_core::poseidon`].

use crate::chip::{DeferredChip, Loader};
use halo2curves::{
    bn256::G1Affine,
    ff::{Field, PrimeField},
    group::GroupEncoding,
};
use snark_verifier::{
    Error,
    loader::halo2::{EcPoint, Scalar},
    util::transcript::{Transcript, TranscriptRead},
};
use std::io;
use tessera_circuit::{Cell, hash::Scaled};
use tessera_core::{
    Fr,
    poseidon::{RATE, WIDTH, absorb},
};

/// Reads a segment proof's bytes into cells and draws its challenges.
pub struct CircuitTranscript<'a> {
    loader: Loader,
    proof: &'a [u8],
    state: [Scaled; WIDTH],
    absorbing: Vec<Cell>,
}

impl<'a> CircuitTranscript<'a> {
    /// A fresh transcript in front of `proof`.
    pub fn new(loader: &Loader, proof: &'a [u8]) -> Self {
        // The capacity of variable-length hashing: 2^64 (section 4.2 of the Poseidon paper).
        let capacity = loader.ctx_mut().constant(Fr::from_u128(1 << 64));
        let zero = loader.ctx_mut().constant(Fr::ZERO);
        CircuitTranscript {
            loader: loader.clone(),
            proof,
            state: [capacity, zero, zero].map(Scaled::from),
            absorbing: Vec::new(),
        }
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
        let cells = std::mem::take(&mut self.absorbing);
        let builder = &mut *self.loader.ctx_mut();
        // The padding is one 1 behind the last element, in a permutation of its own if need be.
        let padding = cells.len().is_multiple_of(RATE).then_some(&[][..]);
        for chunk in cells.chunks(RATE).chain(padding) {
            let chunk: Vec<Scaled> = chunk.iter().map(|cell| (*cell).into()).collect();
            self.state = absorb(builder, self.state, &chunk, Fr::ONE);
        }
        let challenge = builder.unscale(self.state[1]);
        self.loader.scalar_from_assigned(challenge)
    }

    fn common_scalar(&mut self, scalar: &Scalar<G1Affine, DeferredChip>) -> Result<(), Error> {
        self.absorbing.push(*scalar.assigned());
        Ok(())
    }

    fn common_ec_point(&mut self, point: &EcPoint<G1Affine, DeferredChip>) -> Result<(), Error> {
        let coordinates = DeferredChip::coordinates(&point.assigned()).ok_or_else(|| {
            Error::Transcript(io::ErrorKind::InvalidInput, "a combination was absorbed".into())
        })?;
        self.absorbing.extend(coordinates);
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
