//! The connection to a farm's broker.

use crate::{FarmError, Identity, WireText, layout::Streams};
use async_nats::{Client, ConnectOptions, Event, ServerAddr, ServerError, jetstream};
use std::{fmt::Display, path::PathBuf, time::Duration};
use tokio::sync::watch;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Between attempts to connect again.
const AGAIN: Duration = Duration::from_millis(250);
/// A broker that is silent for two of these is gone, and is connected to again.
const PING: Duration = Duration::from_secs(10);

/// Where a farm is and how one gets in.
#[derive(Debug, Default)]
pub struct Access {
    /// `nats://host:4222` or `tls://host:4222`; several, of one cluster, are separated by commas.
    pub url: String,
    /// The nkey that the broker knows one by.
    pub identity: Option<Identity>,
    /// A credentials file (JWT and seed), where the broker has an operator.
    pub credentials: Option<PathBuf>,
    /// Certificates of those who may sign the broker's, instead of the system's.
    pub ca: Option<PathBuf>,
}

/// A connection with the farm's streams open. Connects again by itself when it is cut.
#[derive(Clone)]
pub struct Farm {
    pub(crate) client: Client,
    pub(crate) context: jetstream::Context,
    pub(crate) asking: Asking,
    pub(crate) streams: Streams,
}

/// Knows what the broker did not allow: it says so beside the answer, which then never comes.
#[derive(Clone)]
pub(crate) struct Asking {
    violations: watch::Receiver<WireText>,
}

impl Asking {
    /// What `work` gives, or at once that the broker does not allow it.
    pub async fn ask<T, E: Display>(
        &self,
        action: &'static str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, FarmError> {
        let mut violations = self.violations.clone();
        violations.mark_unchanged();
        tokio::select! {
            biased;
            done = work => done.map_err(FarmError::broker(action)),
            Ok(()) = violations.changed() => {
                let what = violations.borrow().clone();
                Err(FarmError::NotAllowed { action, what })
            }
        }
    }
}

impl Access {
    /// Connects as `name`, which the broker's own reports show.
    pub async fn connect(&self, name: &str) -> Result<Farm, FarmError> {
        let (said, violations) = watch::channel(WireText::default());
        let asking = Asking { violations };
        let client = self.client(name, said).await?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(TIMEOUT);
        let streams = Streams::open(&context, &asking).await?;
        Ok(Farm { client, context, asking, streams })
    }

    async fn client(
        &self,
        name: &str,
        violations: watch::Sender<WireText>,
    ) -> Result<Client, FarmError> {
        let failed =
            |reason: String| FarmError::Connect { url: self.url.clone(), reason: reason.into() };
        let servers: Result<Vec<ServerAddr>, _> =
            self.url.split(',').map(|url| url.trim().parse()).collect();
        let servers = servers.map_err(|error| failed(error.to_string()))?;
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(TIMEOUT)
            .ping_interval(PING)
            .reconnect_delay_callback(|_| AGAIN)
            .max_reconnects(None)
            .event_callback(move |event| {
                note_violation(&violations, &event);
                async {}
            })
            .require_tls(self.url.starts_with("tls://"));
        if let Some(identity) = &self.identity {
            // Nobody else may listen at it: the shipped configuration sees to that.
            options = options.custom_inbox_prefix(format!("_INBOX.{}", identity.name()));
        }
        if let Some(ca) = &self.ca {
            options = options.add_root_certificates(ca.clone());
        }
        options = match (&self.credentials, &self.identity) {
            (Some(path), _) => options
                .credentials_file(path)
                .await
                .map_err(|error| failed(format!("{}: {error}", path.display())))?,
            (None, Some(identity)) => match identity.seed() {
                Some(seed) => options.nkey(seed.as_str().to_owned()),
                None => options,
            },
            (None, None) => options,
        };
        options.connect(servers).await.map_err(|error| failed(error.to_string()))
    }
}

fn note_violation(violations: &watch::Sender<WireText>, event: &Event) {
    let Event::ServerError(ServerError::Other(said)) = event else { return };
    if said.to_ascii_lowercase().contains("permissions violation") {
        tracing::warn!(said = %WireText::new(said), "the broker does not allow something");
        violations.send_replace(WireText::new(said));
    }
}
