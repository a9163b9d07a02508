//! The connection to a farm's broker.

use crate::{FarmError, Identity, layout::Streams};
use async_nats::{Client, ConnectOptions, ServerAddr, jetstream};
use std::{path::PathBuf, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(5);
/// Between attempts to connect again.
const AGAIN: Duration = Duration::from_millis(250);

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
    pub(crate) streams: Streams,
}

impl Access {
    /// Connects as `name`, which the broker's own reports show.
    pub async fn connect(&self, name: &str) -> Result<Farm, FarmError> {
        let client = self.client(name).await?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(TIMEOUT);
        let streams = Streams::open(&context).await?;
        Ok(Farm { client, context, streams })
    }

    async fn client(&self, name: &str) -> Result<Client, FarmError> {
        let failed = |reason: String| FarmError::Connect { url: self.url.clone(), reason };
        let servers: Result<Vec<ServerAddr>, _> =
            self.url.split(',').map(|url| url.trim().parse()).collect();
        let servers = servers.map_err(|error| failed(error.to_string()))?;
        let mut options = ConnectOptions::new()
            .name(name)
            .connection_timeout(TIMEOUT)
            .reconnect_delay_callback(|_| AGAIN)
            .max_reconnects(None)
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
