//! What travels: orders from a coordinator to a worker, reports back. Both sealed.

use crate::{
    FarmKey, FarmPublicKey, Identity, WireText,
    seal::{self, Private, Purpose},
};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path, str::FromStr};
use tessera_artifact::{Sha256Digest, decode_json, encode_json};
use tessera_core::SegmentIndex;
use tessera_proving::SegmentJob;
use zeroize::{Zeroize, Zeroizing};

const ORDER: &str = "tessera.farm-order";
const SIGNED: &str = "tessera.farm-report";
const VERSION: u32 = 1;

/// Names one publication of one segment's job: the run, the segment, and how often it was published
/// before. The broker knows duplicates by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobId {
    /// Random, of the run; hexadecimal.
    pub run: String,
    /// Which segment.
    pub segment: SegmentIndex,
    /// 0 for the first publication.
    pub attempt: u32,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.run, self.segment.0, self.attempt)
    }
}

/// Text that is not a job's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a job")]
pub struct BadJobId;

impl FromStr for JobId {
    type Err = BadJobId;

    fn from_str(text: &str) -> Result<Self, BadJobId> {
        let parts: Vec<&str> = text.split('-').collect();
        let [run, segment, attempt] = parts.as_slice() else { return Err(BadJobId) };
        let hexadecimal = run.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
        if run.len() != 32 || !hexadecimal {
            return Err(BadJobId);
        }
        let segment = SegmentIndex(segment.parse().map_err(|_| BadJobId)?);
        Ok(Self { run: (*run).into(), segment, attempt: attempt.parse().map_err(|_| BadJobId)? })
    }
}

/// What came in cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not sealed to this key about this job, or damaged.
    #[error("it does not open: sealed to another key, about another job, or damaged")]
    Sealed,
    /// Opened, and not what it should be. Nothing is quoted: it may be secret.
    #[error("its {0} is malformed")]
    Malformed(&'static str),
    /// Not signed by whoever it names.
    #[error("its signature is not that of the worker it names")]
    Signature,
}

/// A job with what its worker needs besides. Secret.
pub struct Order {
    /// What to prove.
    pub job: SegmentJob,
    /// Whom the report is sealed to; fresh for each run.
    pub reply_to: FarmPublicKey,
    /// Digest of the reference string that the coordinator's keys are made from.
    pub srs: Sha256Digest,
}

tessera_core::hide!(Order);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderFile {
    job: String,
    reply_to: String,
    srs: Sha256Digest,
}

impl Drop for OrderFile {
    fn drop(&mut self) {
        self.job.zeroize();
    }
}

impl Order {
    /// Sealed to the farm.
    pub fn seal(&self, id: &JobId, farm: &FarmPublicKey) -> Result<Vec<u8>, WireError> {
        let job = self.job.to_bytes().map_err(|_| WireError::Malformed("job"))?;
        let job = std::str::from_utf8(&job).map_err(|_| WireError::Malformed("job"))?.to_owned();
        let file = OrderFile { job, reply_to: self.reply_to.to_string(), srs: self.srs };
        let plain = encode_json(Path::new("order"), ORDER, VERSION, &file)
            .map_err(|_| WireError::Malformed("job"))?;
        seal::seal(&farm.0, Purpose::Job, &id.to_string(), &plain).map_err(|_| WireError::Sealed)
    }

    /// Inverse of [`Self::seal`].
    pub fn open(id: &JobId, key: &FarmKey, sealed: &[u8]) -> Result<Self, WireError> {
        let plain = seal::open(&key.0, Purpose::Job, &id.to_string(), sealed)
            .map_err(|_| WireError::Sealed)?;
        let file: OrderFile = decode_json(Path::new("order"), ORDER, VERSION, &plain)
            .map_err(|_| WireError::Malformed("order"))?;
        let job = SegmentJob::from_bytes(file.job.as_bytes());
        let reply_to = FarmPublicKey::from_hex(&file.reply_to);
        Ok(Self {
            job: job.map_err(|_| WireError::Malformed("job"))?,
            reply_to: reply_to.ok_or(WireError::Malformed("replyTo"))?,
            srs: file.srs,
        })
    }
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "outcome")]
pub enum Outcome {
    /// A segment's proof as JSON, which the coordinator will verify.
    Proof {
        /// The file.
        proof: String,
    },
    /// The worker could not.
    Failed {
        /// Why; nothing secret.
        reason: WireText,
        /// Whether it is a dead letter now.
        last: bool,
    },
    /// The package is not in the store, or is damaged there.
    NoPackage {
        /// Which of the two.
        reason: WireText,
    },
}

/// An outcome with the name of the worker whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its public key.
    pub worker: String,
    /// What it says.
    pub outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignedFile {
    worker: String,
    outcome: String,
    signature: String,
}

/// What a worker signs. The job's id is part of it, so a signature is good for one job.
fn signed(id: &JobId, outcome: &str) -> Vec<u8> {
    format!("tessera farm 1: report\0{id}\0{outcome}").into_bytes()
}

impl Report {
    /// Signs `outcome` and seals it to whoever gave the order.
    pub fn seal(
        id: &JobId,
        identity: &Identity,
        reply_to: &FarmPublicKey,
        outcome: &Outcome,
    ) -> Result<Vec<u8>, WireError> {
        let outcome =
            serde_json::to_string(outcome).map_err(|_| WireError::Malformed("outcome"))?;
        let signature = hex::encode(identity.sign(&signed(id, &outcome)));
        let file = SignedFile { worker: identity.name(), outcome, signature };
        let plain = encode_json(Path::new("report"), SIGNED, VERSION, &file)
            .map_err(|_| WireError::Malformed("outcome"))?;
        let about = id.to_string();
        seal::seal(&reply_to.0, Purpose::Result, &about, &plain).map_err(|_| WireError::Sealed)
    }

    /// Inverse of [`Self::seal`]: the worker named is the one that signed.
    pub(crate) fn open(id: &JobId, key: &Private, sealed: &[u8]) -> Result<Self, WireError> {
        let plain: Zeroizing<Vec<u8>> = seal::open(key, Purpose::Result, &id.to_string(), sealed)
            .map_err(|_| WireError::Sealed)?;
        let file: SignedFile = decode_json(Path::new("report"), SIGNED, VERSION, &plain)
            .map_err(|_| WireError::Malformed("report"))?;
        let signature =
            hex::decode(&file.signature).map_err(|_| WireError::Malformed("signature"))?;
        if !Identity::has_signed(&file.worker, &signed(id, &file.outcome), &signature) {
            return Err(WireError::Signature);
        }
        let outcome =
            serde_json::from_str(&file.outcome).map_err(|_| WireError::Malformed("outcome"))?;
        Ok(Self { worker: file.worker, outcome })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(segment: usize) -> JobId {
        JobId { run: "0123456789abcdef".repeat(2), segment: SegmentIndex(segment), attempt: 0 }
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = JobId { attempt: 7, ..id(3) };
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        let run = &id.run;
        for bad in
            ["", "a-1-2", &format!("{run}-1"), &format!("{run}-x-0"), &format!("{run}-1-2-3")]
        {
            assert_eq!(bad.parse::<JobId>(), Err(BadJobId), "{bad}");
        }
    }

    #[test]
    fn a_report_is_of_its_job_and_of_whoever_signed_it() {
        let (coordinator, other) = (FarmKey::generate(), FarmKey::generate());
        let worker = Identity::generate();
        let outcome = Outcome::Failed { reason: "no room".into(), last: false };
        let sealed = Report::seal(&id(0), &worker, &coordinator.public(), &outcome).unwrap();
        let report = Report::open(&id(0), &coordinator.0, &sealed).unwrap();
        assert_eq!(report, Report { worker: worker.name(), outcome: outcome.clone() });
        let refused = |id, key: &FarmKey| Report::open(&id, &key.0, &sealed).unwrap_err();
        assert!(matches!(refused(id(1), &coordinator), WireError::Sealed));
        assert!(matches!(refused(id(0), &other), WireError::Sealed));

        // Under somebody else's name, or with another job's signature.
        let text = serde_json::to_string(&outcome).unwrap();
        for (name, signature) in [
            (Identity::generate().name(), worker.sign(&signed(&id(0), &text))),
            (worker.name(), worker.sign(&signed(&id(1), &text))),
        ] {
            let signature = hex::encode(signature);
            let file = SignedFile { worker: name, outcome: text.clone(), signature };
            let plain = encode_json(Path::new("report"), SIGNED, VERSION, &file).unwrap();
            let to = coordinator.public();
            let sealed = seal::seal(&to.0, Purpose::Result, &id(0).to_string(), &plain).unwrap();
            let refused = Report::open(&id(0), &coordinator.0, &sealed);
            assert!(matches!(refused, Err(WireError::Signature)));
        }
    }

    /// A worker that has a program of its own signs what it likes.
    #[test]
    fn what_a_worker_says_is_shown_and_not_obeyed() {
        let (coordinator, worker) = (FarmKey::generate(), Identity::generate());
        for outcome in ["failed", "noPackage"] {
            let text = format!(
                "{{\"outcome\":\"{outcome}\",\"reason\":\"a\\u001b[2J\\r\\nb\",\"last\":false}}"
            );
            let signature = hex::encode(worker.sign(&signed(&id(0), &text)));
            let file = SignedFile { worker: worker.name(), outcome: text, signature };
            let plain = encode_json(Path::new("report"), SIGNED, VERSION, &file).unwrap();
            let to = coordinator.public();
            let sealed = seal::seal(&to.0, Purpose::Result, &id(0).to_string(), &plain).unwrap();
            let report = Report::open(&id(0), &coordinator.0, &sealed).unwrap();
            let (Outcome::Failed { reason, .. } | Outcome::NoPackage { reason }) = report.outcome
            else {
                panic!("it is not a proof");
            };
            assert_eq!(&*reason, "a\u{fffd}[2J\u{fffd}\u{fffd}b");
        }
    }

    proptest::proptest! {
        /// Bytes from outside are a report or an error.
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            let key = FarmKey::generate();
            proptest::prop_assert!(Report::open(&id(0), &key.0, &bytes).is_err());
            proptest::prop_assert!(Order::open(&id(0), &key, &bytes).is_err());
            let sealed = seal::seal(&key.public().0, Purpose::Result, &id(0).to_string(), &bytes);
            proptest::prop_assert!(Report::open(&id(0), &key.0, &sealed.unwrap()).is_err());
            let sealed = seal::seal(&key.public().0, Purpose::Job, &id(0).to_string(), &bytes);
            proptest::prop_assert!(Order::open(&id(0), &key, &sealed.unwrap()).is_err());
        }
    }
}
