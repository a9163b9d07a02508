//! Proofs of segments.

use crate::circuit::{Instances, SegmentWitness, Share, circuit};
use crate::key::{KEY_POINTS, ProvingKey, VerifyingKey, coordinates};
use crate::plan::{MAX_K, MIN_K};
use crate::transcript::{Challenge, Transcript};
use halo2_proofs::{
    plonk::{self, create_proof},
    poly::kzg::commitment::ParamsKZG,
};
use halo2curves::{
    bn256::{Bn256, G1Affine},
    group::GroupEncoding,
};
use serde::{Deserialize, Serialize};
use snark_verifier::{
    pcs::kzg::{Bdfg21, KzgAs, KzgDecidingKey},
    verifier::{SnarkVerifier, plonk::PlonkVerifier},
};
use std::{marker::PhantomData, path::Path};
use tessera_artifact::{ArtifactError, Sha256Digest};
use tessera_core::{Fr, SegmentIndex, mutant};
use tessera_kzg::{Opening, Parameters, Scheme};
use zeroize::Zeroizing;

/// SHPLONK over KZG.
pub type Pcs = KzgAs<Bn256, Bdfg21>;

/// Points in a proof: advice, permutation product, random, two quotient pieces, W, W'.
pub const PROOF_POINTS: usize = 7;
/// Evaluations in a proof: advice at four rows, selector, constants, random, permutation, product
/// at two rows.
pub const PROOF_EVALUATIONS: usize = 10;
/// Length of a proof in bytes: 32 for each point (compressed) and each evaluation.
pub const PROOF_LENGTH: usize = 32 * (PROOF_POINTS + PROOF_EVALUATIONS);

const KIND: &str = "tessera.segment-proof";
const VERSION: u32 = 1;
#[cfg(feature = "files")]
const FILE_LIMIT: u64 = 16 << 10;

/// A proof that nobody has checked.
#[derive(Clone, Copy, Debug)]
pub struct Unverified;
/// A proof that was checked natively, pairing included.
#[derive(Clone, Copy, Debug)]
pub struct Verified;

/// A segment's proof with the key and the instances it is for. It says nothing of the borrower, but it
/// has values of the key's polynomials, and they confirm a guessed model to somebody without its salt:
/// it is for those who may know the model. An aggregated proof, which has none, is for everybody.
#[derive(Clone, Debug)]
pub struct Proof<State> {
    key: VerifyingKey,
    instances: Instances,
    bytes: Vec<u8>,
    state: PhantomData<State>,
}

/// Why a segment's proof was not made, read or accepted.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// halo2 refused the witness or the key.
    #[error("segment {segment}: proving failed: {source}")]
    Proving {
        /// Position of the segment.
        segment: SegmentIndex,
        /// halo2's reason.
        source: plonk::Error,
    },
    /// The file could not be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A field of the file is not what it should be.
    #[error("{path}: {field}: {fault}")]
    Malformed {
        /// The file.
        path: std::path::PathBuf,
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// The proof has another length.
    #[error("a segment's proof has {PROOF_LENGTH} bytes, this one has {0}")]
    Length(usize),
    /// A point or an evaluation is not canonical.
    #[error("the segment's proof is malformed: {0}")]
    Encoding(String),
    /// Well-formed, and false.
    #[error(
        "the segment's proof is not valid for its key, its instances and this reference string"
    )]
    Rejected,
}

impl<State> Proof<State> {
    /// Key the proof is for.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Instances the proof is for.
    pub fn instances(&self) -> &Instances {
        &self.instances
    }

    /// [`PROOF_LENGTH`] bytes, in the transcript's order.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Writes [`Self::to_bytes`] to a file that only the owner reads.
    #[cfg(feature = "files")]
    pub fn write(&self, path: &Path, srs: Sha256Digest) -> Result<(), ProofError> {
        let secrecy = tessera_artifact::Secrecy::Secret;
        Ok(tessera_artifact::write(path, &self.to_bytes(srs)?, secrecy)?)
    }

    /// The proof as JSON, with the digest of the reference string it was made with.
    pub fn to_bytes(&self, srs: Sha256Digest) -> Result<Zeroizing<Vec<u8>>, ProofError> {
        let file = File {
            k: self.key.k,
            key: self.key.points.map(|point| hex::encode(point.to_bytes())),
            initial_state: self.key.initial_state,
            instances: self.instances.to_array().map(Element),
            proof: hex::encode(&self.bytes),
            srs,
        };
        Ok(tessera_artifact::encode_json(Path::new("proof"), KIND, VERSION, &file)?)
    }
}

impl Proof<Unverified> {
    /// Proves one segment. `params` must be those of the key. A witness that does
    /// not satisfy the circuit gives a proof that [`Proof::verify`] rejects.
    ///
    /// The points of a proof are words on chain: proving fails when a coordinate is not below the scalar
    /// modulus, which happens to one proof in 2^123.
    pub fn create(
        params: &Parameters,
        key: &ProvingKey,
        share: &Share,
        secrets: &SegmentWitness,
    ) -> Result<Self, ProofError> {
        let circuit = circuit(share, secrets, &key.salt);
        let instances = circuit.instances();
        let mut transcript = Transcript::new(vec![]);
        create_proof::<Scheme, Opening, Challenge, _, _, _>(
            params,
            &key.key,
            &[circuit],
            &[&[&instances]],
            rand_core_06::OsRng,
            &mut transcript,
        )
        .map_err(|source| ProofError::Proving { segment: share.index, source })?;
        let instances: [Fr; Instances::COUNT] =
            instances.try_into().expect("the circuit has four instances");
        Ok(Proof {
            key: *key.verifying_key(),
            instances: Instances::from_array(instances),
            bytes: transcript.finalize(),
            state: PhantomData,
        })
    }

    /// A proof from its parts, to be verified.
    pub fn from_parts(key: VerifyingKey, instances: Instances, bytes: Vec<u8>) -> Self {
        Proof { key, instances, bytes, state: PhantomData }
    }

    /// Checks the proof, its pairing included. `params` may be of any size with the same secret.
    pub fn verify(self, params: &ParamsKZG<Bn256>) -> Result<Proof<Verified>, ProofError> {
        if self.bytes.len() != PROOF_LENGTH && !mutant("segment-proof.length") {
            return Err(ProofError::Length(self.bytes.len()));
        }
        let protocol = self.key.protocol();
        let instances = [self.instances.to_array().to_vec()];
        let deciding_key =
            KzgDecidingKey::<Bn256>::new(G1Affine::generator(), params.g2(), params.s_g2());
        let mut transcript = Transcript::new(self.bytes.as_slice());
        type Verifier = PlonkVerifier<Pcs>;
        let proof = Verifier::read_proof(&deciding_key, &protocol, &instances, &mut transcript)
            .map_err(|error| ProofError::Encoding(format!("{error:?}")))?;
        if Verifier::verify(&deciding_key, &protocol, &instances, &proof).is_err()
            && !mutant("segment-proof.verdict")
        {
            return Err(ProofError::Rejected);
        }
        Ok(Proof {
            key: self.key,
            instances: self.instances,
            bytes: self.bytes,
            state: PhantomData,
        })
    }

    /// [`Self::from_bytes`] of the file at `path`.
    #[cfg(feature = "files")]
    pub fn read(path: &Path) -> Result<(Self, Sha256Digest), ProofError> {
        Self::from_bytes(path, &tessera_artifact::read(path, FILE_LIMIT)?)
    }

    /// A proof and the digest of the reference string it was made with; `origin` names it in errors.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<(Self, Sha256Digest), ProofError> {
        let path = origin;
        let file: File = tessera_artifact::decode_json(path, KIND, VERSION, bytes)?;
        let malformed =
            |field, fault: String| ProofError::Malformed { path: path.to_path_buf(), field, fault };
        if !(MIN_K..=MAX_K).contains(&file.k) && !mutant("segment-proof.k") {
            return Err(malformed("k", format!("{} is not in {MIN_K}..={MAX_K}", file.k)));
        }
        let mut points = [G1Affine::default(); KEY_POINTS];
        for (point, text) in points.iter_mut().zip(&file.key) {
            *point = read_point(text)
                .ok_or_else(|| malformed("key", "not a compressed point of bn254".into()))?;
        }
        let bytes =
            hex::decode(&file.proof).map_err(|error| malformed("proof", error.to_string()))?;
        let key = VerifyingKey { k: file.k, points, initial_state: file.initial_state };
        let instances = Instances::from_array(file.instances.map(|Element(x)| x));
        Ok((Proof::from_parts(key, instances, bytes), file.srs))
    }
}

fn read_point(text: &str) -> Option<G1Affine> {
    let mut repr = <G1Affine as GroupEncoding>::Repr::default();
    hex::decode_to_slice(text, repr.as_mut()).ok()?;
    let point = Option::<G1Affine>::from(G1Affine::from_bytes(&repr))?;
    (mutant("segment-proof.key-point") || coordinates(&point).is_some()).then_some(point)
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Element(#[serde(with = "tessera_core::serde_hex")] Fr);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    k: u32,
    key: [String; KEY_POINTS],
    #[serde(with = "tessera_core::serde_hex")]
    initial_state: Fr,
    instances: [Element; Instances::COUNT],
    proof: String,
    srs: Sha256Digest,
}
