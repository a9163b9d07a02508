//! The transcript of segment proofs over bytes: [`Sponge`] for halo2's prover and for
//! snark-verifier's verification.

use crate::key::coordinates;
use halo2_proofs::transcript::{self as halo2, EncodedChallenge};
use halo2curves::{
    bn256::G1Affine,
    ff::{Field, PrimeField},
    group::GroupEncoding,
};
use snark_verifier::{
    Error,
    loader::native::{self, NativeLoader},
    util::transcript::{Transcript as _, TranscriptRead},
};
use std::io;
use tessera_core::{Fr, poseidon::Native, transcript::Sponge};

/// A proof being written (`Vec<u8>`) or read (`&[u8]`).
pub struct Transcript<S> {
    stream: S,
    sponge: Sponge<Fr>,
}

impl<S> Transcript<S> {
    /// A fresh transcript; a proof is written to `stream`, or read from it.
    pub fn new(stream: S) -> Self {
        Transcript { stream, sponge: Sponge::new(Fr::ZERO) }
    }

    /// What was written, or what was not read.
    pub fn finalize(self) -> S {
        self.stream
    }

    fn absorb(&mut self, point: &G1Affine) -> io::Result<()> {
        let words = coordinates(point).ok_or_else(|| {
            invalid(
                "a point is the identity, or a coordinate of it is not below the scalar modulus",
            )
        })?;
        words.into_iter().for_each(|word| self.sponge.absorb(word));
        Ok(())
    }

    fn challenge(&mut self) -> Fr {
        self.sponge.squeeze(&mut Native).unwrap_or(Fr::ZERO)
    }
}

impl Transcript<&[u8]> {
    fn take(&mut self) -> Result<[u8; 32], Error> {
        let (head, tail) = self.stream.split_first_chunk().ok_or_else(|| {
            Error::Transcript(io::ErrorKind::UnexpectedEof, "the segment proof is too short".into())
        })?;
        self.stream = tail;
        Ok(*head)
    }
}

fn invalid(fault: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}

fn transcript_error(error: io::Error) -> Error {
    Error::Transcript(error.kind(), error.to_string())
}

impl<S> snark_verifier::util::transcript::Transcript<G1Affine, NativeLoader> for Transcript<S> {
    fn loader(&self) -> &NativeLoader {
        &native::LOADER
    }

    fn squeeze_challenge(&mut self) -> Fr {
        self.challenge()
    }

    fn common_scalar(&mut self, scalar: &Fr) -> Result<(), Error> {
        self.sponge.absorb(*scalar);
        Ok(())
    }

    fn common_ec_point(&mut self, point: &G1Affine) -> Result<(), Error> {
        self.absorb(point).map_err(transcript_error)
    }
}

impl TranscriptRead<G1Affine, NativeLoader> for Transcript<&[u8]> {
    fn read_scalar(&mut self) -> Result<Fr, Error> {
        let scalar = Option::from(Fr::from_repr(self.take()?))
            .ok_or_else(|| transcript_error(invalid("an evaluation is not canonical")))?;
        self.common_scalar(&scalar)?;
        Ok(scalar)
    }

    fn read_ec_point(&mut self) -> Result<G1Affine, Error> {
        let mut repr = <G1Affine as GroupEncoding>::Repr::default();
        repr.as_mut().copy_from_slice(&self.take()?);
        let point = Option::from(G1Affine::from_bytes(&repr))
            .ok_or_else(|| transcript_error(invalid("a point is not on the curve")))?;
        self.common_ec_point(&point)?;
        Ok(point)
    }
}

/// A challenge of the prover's.
#[derive(Clone, Copy, Debug)]
pub struct Challenge(Fr);

impl EncodedChallenge<G1Affine> for Challenge {
    type Input = Fr;

    fn new(input: &Fr) -> Self {
        Challenge(*input)
    }

    fn get_scalar(&self) -> Fr {
        self.0
    }
}

impl<S> halo2::Transcript<G1Affine, Challenge> for Transcript<S> {
    fn squeeze_challenge(&mut self) -> Challenge {
        Challenge(self.challenge())
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.absorb(&point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.sponge.absorb(scalar);
        Ok(())
    }
}

impl halo2::TranscriptWrite<G1Affine, Challenge> for Transcript<Vec<u8>> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.absorb(&point)?;
        self.stream.extend_from_slice(point.to_bytes().as_ref());
        Ok(())
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.sponge.absorb(scalar);
        self.stream.extend_from_slice(scalar.to_repr().as_ref());
        Ok(())
    }
}
