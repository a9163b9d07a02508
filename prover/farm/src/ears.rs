//! What a run listens to: as it is sent, and as it is stored, for what went by unheard.

use crate::{
    access::Farm,
    layout::{Tenant, handed_back_subject, results_subject},
};
use async_nats::{
    Subscriber,
    jetstream::{message::StreamMessage, stream::Stream},
};

/// Reads a stream's messages of one subject one after the other.
pub(crate) struct Tail {
    stream: Stream,
    subject: String,
    next: u64,
}

impl Tail {
    /// The next one, if there is any.
    pub async fn next(&mut self) -> Option<StreamMessage> {
        let builder = self.stream.raw_message_builder().sequence(self.next);
        let message = builder.next_by_subject(self.subject.as_str()).send().await.ok()?;
        self.next = message.sequence + 1;
        Some(message)
    }
}

/// What a run listens to.
pub(crate) struct Ears {
    pub results: Subscriber,
    pub given_up: Subscriber,
    pub handed_back: Subscriber,
    pub stored_results: Tail,
    pub stored_given_up: Tail,
}

impl Ears {
    /// To the run `run`, whose jobs are `tenant`'s.
    pub async fn listen(farm: &Farm, run: &str, tenant: &Tenant) -> Result<Self, String> {
        let subscribe = async |subject: String| {
            farm.client.subscribe(subject).await.map_err(|error| error.to_string())
        };
        let (results, given_up) = (results_subject(run), tenant.given_up_subject());
        let dead = farm.streams.dead.get_info().await.map_err(|error| error.to_string())?;
        let tail = |stream: &Stream, subject: &str, next| Tail {
            stream: stream.clone(),
            subject: subject.into(),
            next,
        };
        let ears = Self {
            stored_results: tail(&farm.streams.results, &results, 1),
            stored_given_up: tail(&farm.streams.dead, &given_up, dead.state.last_sequence + 1),
            results: subscribe(results).await?,
            given_up: subscribe(given_up).await?,
            handed_back: subscribe(handed_back_subject(run)).await?,
        };
        farm.client.flush().await.map_err(|error| error.to_string())?;
        Ok(ears)
    }
}
