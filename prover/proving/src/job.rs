//! What one segment is proven from, as something that can travel.

use serde::{Deserialize, Serialize};
use std::path::Path;
use tessera_artifact::{ArtifactError, Sha256Digest, decode_json, encode_json};
use tessera_core::{Secret, SegmentIndex, from_hex, hide, to_hex};
use tessera_model::Features;
use zeroize::Zeroizing;

const KIND: &str = "tessera.segment-job";
const VERSION: u32 = 1;

/// What the prover knows and nobody else.
#[derive(Clone)]
pub struct Secrets {
    /// The borrower's features.
    pub features: Features,
    /// The blinding of their commitment.
    pub blinding: Secret,
}

/// One segment to prove: which, of what, and the secrets that go into it. Wiped when dropped, never
/// printed; 1 to 4 KB as bytes.
///
/// The same job can be proven any number of times; each proof is another one, and each is as good.
#[derive(Clone)]
pub struct SegmentJob {
    pub(crate) package: Sha256Digest,
    pub(crate) segments: usize,
    pub(crate) index: SegmentIndex,
    pub(crate) secrets: Secrets,
    pub(crate) partial_blinding: Secret,
    /// Blindings of the links in and out, shared with the neighbours.
    pub(crate) link_blindings: [Secret; 2],
    pub(crate) expires_at: Option<u64>,
}

hide!(Secrets, SegmentJob);

/// A job that can't be read or done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The bytes are not a job of this version.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// A field is not what it should be. The value is secret, so it is not quoted.
    #[error("the job's {0} is malformed")]
    Malformed(&'static str),
    /// Of another package than the prover's.
    #[error("the job is of the package {expected}, this prover has {found}")]
    OtherPackage {
        /// The job's.
        expected: Sha256Digest,
        /// The prover's.
        found: Sha256Digest,
    },
    /// Of another cut than the prover's, or of a segment that there is not.
    #[error("the job is of segment {index} of {segments}, this prover has {found} segments")]
    OtherCut {
        /// The job's segment.
        index: SegmentIndex,
        /// The job's number of segments.
        segments: usize,
        /// The prover's.
        found: usize,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct JobFile {
    package: Sha256Digest,
    segments: usize,
    index: SegmentIndex,
    codes: Vec<u64>,
    blinding: String,
    partial_blinding: String,
    link_blindings: [String; 2],
    expires_at: Option<u64>,
}

impl Drop for JobFile {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.codes.zeroize();
        self.blinding.zeroize();
        self.partial_blinding.zeroize();
        self.link_blindings.zeroize();
    }
}

impl SegmentJob {
    /// Digest of the package.
    pub fn package(&self) -> Sha256Digest {
        self.package
    }

    /// Number of segments of the model.
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// Which of them this is.
    pub fn index(&self) -> SegmentIndex {
        self.index
    }

    /// Unix seconds after which nobody waits for the proof any more.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// The same job, which nobody waits for after `time` (unix seconds).
    pub fn expiring_at(mut self, time: u64) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// The job as JSON. Secret.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, JobError> {
        let text = |secret: &Secret| to_hex(&secret.expose());
        let file = JobFile {
            package: self.package,
            segments: self.segments,
            index: self.index,
            codes: self.secrets.features.codes().to_vec(),
            blinding: text(&self.secrets.blinding),
            partial_blinding: text(&self.partial_blinding),
            link_blindings: self.link_blindings.each_ref().map(text),
            expires_at: self.expires_at,
        };
        Ok(encode_json(Path::new("segment job"), KIND, VERSION, &file)?)
    }

    /// Inverse of [`Self::to_bytes`]; whether the features fit the package, its prover says.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, JobError> {
        let mut file: JobFile = decode_json(Path::new("segment job"), KIND, VERSION, bytes)?;
        let secret = |field, text: &String| {
            from_hex(text).map(Secret::new).map_err(|_| JobError::Malformed(field))
        };
        let [link_in, link_out] = &file.link_blindings;
        let link = |text| secret("linkBlindings", text);
        Ok(Self {
            package: file.package,
            segments: file.segments,
            index: file.index,
            partial_blinding: secret("partialBlinding", &file.partial_blinding)?,
            link_blindings: [link(link_in)?, link(link_out)?],
            expires_at: file.expires_at,
            secrets: Secrets {
                blinding: secret("blinding", &file.blinding)?,
                features: Features::new_unchecked(std::mem::take(&mut file.codes)),
            },
        })
    }
}
