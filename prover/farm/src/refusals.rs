//! Workers that the farm refuses, because a false proof was signed with their key.

use crate::{FarmError, access::Farm, layout::refused_subject};
use serde::{Deserialize, Serialize};

/// Why a worker is refused. Public within the farm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its public key.
    pub worker: String,
    /// What was wrong with its proof.
    pub reason: String,
    /// The job it was of.
    pub job: String,
}

/// Writes it down for all coordinators, and for the worker itself.
pub async fn record(farm: &Farm, refusal: &Refusal) -> Result<(), FarmError> {
    let bytes = serde_json::to_vec(refusal).map_err(FarmError::broker("cannot write"))?;
    let published = farm.context.publish(refused_subject(&refusal.worker), bytes.into()).await;
    let acknowledged = published.map_err(FarmError::broker("cannot record a refusal"))?.await;
    acknowledged.map(|_| ()).map_err(FarmError::broker("cannot record a refusal"))
}

/// What is written down about `worker`.
pub async fn of(farm: &Farm, worker: &str) -> Result<Option<Refusal>, FarmError> {
    use async_nats::jetstream::stream::LastRawMessageErrorKind as Kind;
    let last = farm.streams.refused.get_last_raw_message_by_subject(&refused_subject(worker)).await;
    match last {
        Ok(message) => Ok(Some(read(worker, &message.payload))),
        Err(error) if error.kind() == Kind::NoMessageFound => Ok(None),
        Err(error) => Err(FarmError::broker("cannot read what is refused")(error)),
    }
}

/// Whatever is written there, the worker is refused.
pub fn read(worker: &str, payload: &[u8]) -> Refusal {
    serde_json::from_slice(payload).unwrap_or_else(|_| Refusal {
        worker: worker.into(),
        reason: "no reason is given".into(),
        job: String::new(),
    })
}
