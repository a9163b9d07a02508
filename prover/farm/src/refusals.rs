//! Workers that a tenant refuses, because a false proof was signed with their key.
//!
//! A tenant writes under its own name alone and believes nobody else's word: one that lies about a worker
//! does without that worker, and the others go on with it.

use crate::{
    FarmError, WireText,
    access::Farm,
    layout::{Tenant, refused_subject},
};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Refusals that are read.
const MOST: usize = 10_000;

/// Why a worker is refused. Public within the farm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its public key.
    pub worker: WireText,
    /// Who refuses it.
    pub tenant: WireText,
    /// What was wrong with its proof.
    pub reason: WireText,
    /// The job it was of.
    pub job: WireText,
}

/// Writes it down for all coordinators of its tenant, and for the worker itself.
pub async fn record(farm: &Farm, tenant: &Tenant, refusal: &Refusal) -> Result<(), FarmError> {
    let action = "cannot record a refusal";
    let bytes = serde_json::to_vec(refusal).map_err(FarmError::broker(action))?;
    let subject = refused_subject(tenant, &refusal.worker);
    let recorded = async { farm.context.publish(subject, bytes.into()).await?.await };
    farm.asking.ask(action, recorded).await.map(|_| ())
}

/// What is written down under `subject`, which names tenant and worker.
pub async fn under(farm: &Farm, subject: &str) -> Result<Option<Refusal>, FarmError> {
    use async_nats::jetstream::stream::LastRawMessageErrorKind as Kind;
    let last = farm.streams.refused.get_last_raw_message_by_subject(subject).await;
    match last {
        Ok(message) => Ok(Some(read(subject, &message.payload))),
        Err(error) if error.kind() == Kind::NoMessageFound => Ok(None),
        Err(error) => Err(FarmError::broker("cannot read what is refused")(error)),
    }
}

/// Who refuses `worker`, and why; with `*`, any worker.
pub async fn all_of(
    farm: &Farm,
    worker: &str,
) -> Result<BTreeMap<(String, String), Refusal>, FarmError> {
    let action = "cannot read who is refused";
    let info = farm.streams.refused.info_with_subjects(refused_subject("*", worker));
    let mut info = farm.asking.ask(action, info).await?;
    let mut found = BTreeMap::new();
    while let Some((subject, _)) = info.try_next().await.map_err(FarmError::broker(action))? {
        if found.len() < MOST
            && let Some(names) = names(&subject)
            && let Some(refusal) = under(farm, &subject).await?
        {
            found.insert(names, refusal);
        }
    }
    Ok(found)
}

/// Tenant and worker of a subject.
pub fn names(subject: &str) -> Option<(String, String)> {
    let (tenant, worker) = subject.strip_prefix("tessera.refused.")?.split_once('.')?;
    Some((tenant.into(), worker.into()))
}

/// Whatever is written there, the worker in the subject is refused by the tenant in it.
pub fn read(subject: &str, payload: &[u8]) -> Refusal {
    let (tenant, worker) = names(subject).unwrap_or_default();
    let read = serde_json::from_slice::<Refusal>(payload).ok();
    let (reason, job) = match read {
        Some(Refusal { reason, job, .. }) => (reason, job),
        None => ("no reason is given".into(), WireText::default()),
    };
    Refusal { worker: worker.into(), tenant: tenant.into(), reason, job }
}
