//! A configuration for nats-server: TLS, one nkey for everyone, each allowed what its part needs.

use crate::{
    FarmError,
    layout::{self, Tenant},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tessera_artifact::{Secrecy, create_json, read_json};

const KIND: &str = "tessera.farm-members";
const VERSION: u32 = 1;
const LIMIT: u64 = 4 << 20;

/// What somebody on a farm does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes jobs.
    Worker,
    /// Gives jobs, under its own name as a tenant.
    Tenant,
    /// Makes the tenants' streams and queues, and looks after the broker.
    Operator,
}

/// Somebody on a farm. Public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// What it does.
    pub role: Role,
    /// What people call it; a tenant's jobs are published under it.
    pub name: String,
    /// Its public key.
    pub nkey: String,
}

/// Everybody on a farm. Public.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Members {
    /// In the order in which they were named.
    pub members: Vec<Member>,
}

impl Members {
    /// Writes the file; one that is there stays.
    pub fn create(&self, path: &Path) -> Result<(), FarmError> {
        Ok(create_json(path, KIND, VERSION, self, Secrecy::Public)?)
    }

    /// Reads it. Names and keys are fit to stand in a configuration.
    pub fn load(path: &Path) -> Result<Self, FarmError> {
        let members: Self = read_json(path, KIND, VERSION, LIMIT)?;
        let good = |member: &&Member| {
            let key = nkeys::KeyPair::from_public_key(&member.nkey);
            member.name.parse::<Tenant>().is_ok()
                && key.is_ok_and(|key| key.key_pair_type() == nkeys::KeyPairType::User)
        };
        match members.members.iter().all(|member| good(&member)) {
            true => Ok(members),
            false => Err(FarmError::Key {
                path: path.into(),
                reason: "a member is not one: a name of letters, digits, - and _, and a user nkey expected",
            }),
        }
    }
}

/// What a broker is told.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// Host and port.
    pub listen: String,
    /// Folder for the queue.
    pub store: PathBuf,
    /// Certificate and its key, as PEM files; without them nothing is encrypted on the way but the jobs.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// A string as nats-server reads it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

fn list(subjects: &[String]) -> String {
    subjects.iter().map(|subject| format!("            {}\n", quoted(subject))).collect()
}

/// What somebody may publish, and what it may listen to.
struct Allowed {
    publish: Vec<String>,
    subscribe: Vec<String>,
}

const STREAMS: [&str; 3] = [layout::RESULTS, layout::DEAD, layout::REFUSED];

impl Allowed {
    /// What everybody needs: its own inbox, and who is refused.
    fn common(member: &Member) -> Self {
        let mut publish = STREAMS.map(|name| format!("$JS.API.STREAM.INFO.{name}")).to_vec();
        publish.push(format!("$JS.API.STREAM.MSG.GET.{}", layout::REFUSED));
        publish.push("$JS.API.STREAM.NAMES".into());
        Self { publish, subscribe: vec![format!("_INBOX.{}.>", member.nkey)] }
    }

    fn worker(member: &Member, tenants: &[Tenant]) -> Self {
        let mut allowed = Self::common(member);
        allowed.publish.extend(
            ["tessera.results.*", "tessera.dead.*", "tessera.back.*", "tessera.wanted.*"]
                .map(String::from),
        );
        for tenant in tenants {
            let (jobs, packages) = (tenant.jobs_stream(), tenant.packages_stream());
            allowed.publish.extend([
                format!("$JS.API.STREAM.INFO.{jobs}"),
                format!("$JS.API.STREAM.INFO.{packages}"),
                format!("$JS.API.CONSUMER.LIST.{jobs}"),
                format!("$JS.API.CONSUMER.INFO.{jobs}.*"),
                format!("$JS.API.CONSUMER.MSG.NEXT.{jobs}.*"),
                format!("$JS.ACK.{jobs}.>"),
                format!("$JS.API.DIRECT.GET.{packages}"),
                format!("$JS.API.DIRECT.GET.{packages}.>"),
            ]);
        }
        let refused = layout::refused_subject("*", &member.nkey);
        allowed.subscribe.extend([layout::WAKE.into(), layout::PING.into(), refused]);
        allowed
    }

    /// Nothing here lets a tenant choose how a stream or a consumer is set up: with a deliver subject or a
    /// source of its own choice, the broker would do in its name what it may not do itself.
    fn tenant(member: &Member, tenant: &Tenant) -> Self {
        let mut allowed = Self::common(member);
        let (jobs, packages) = (tenant.jobs_stream(), tenant.packages_stream());
        allowed.publish.extend([
            format!("tessera.jobs.{tenant}.*"),
            layout::dead_subject(tenant),
            layout::refused_subject(tenant, "*"),
            layout::WAKE.into(),
            layout::PING.into(),
            format!("$O.{}.>", tenant.packages_bucket()),
            format!("$JS.API.STREAM.INFO.{jobs}"),
            format!("$JS.API.STREAM.INFO.{packages}"),
            format!("$JS.API.STREAM.PURGE.{packages}"),
            format!("$JS.API.DIRECT.GET.{packages}.>"),
            format!("$JS.API.STREAM.MSG.DELETE.{jobs}"),
            format!("$JS.API.STREAM.MSG.GET.{jobs}"),
            format!("$JS.API.CONSUMER.LIST.{jobs}"),
            format!("$JS.API.CONSUMER.INFO.{jobs}.*"),
            format!("$JS.API.STREAM.MSG.GET.{}", layout::RESULTS),
            format!("$JS.API.STREAM.MSG.GET.{}", layout::DEAD),
        ]);
        allowed.subscribe.extend([
            "tessera.results.*".into(),
            "tessera.wanted.*".into(),
            "tessera.back.*".into(),
            tenant.given_up_subject(),
        ]);
        allowed
    }

    /// Whatever JetStream has; no jobs, and no results.
    fn operator(member: &Member) -> Self {
        let mut allowed = Self::common(member);
        allowed.publish.extend(["$JS.API.>".into(), layout::PING.into()]);
        allowed
    }
}

fn user(member: &Member, tenants: &[Tenant]) -> String {
    let allowed = match (member.role, member.name.parse()) {
        (Role::Tenant, Ok(tenant)) => Allowed::tenant(member, &tenant),
        (Role::Operator, _) => Allowed::operator(member),
        _ => Allowed::worker(member, tenants),
    };
    let (publish, subscribe) = (list(&allowed.publish), list(&allowed.subscribe));
    let (name, role, nkey) =
        (&member.name, format!("{:?}", member.role).to_lowercase(), &member.nkey);
    format!(
        "      # {role} {name}
      {{
        nkey: {nkey}
        permissions: {{
          publish: {{ allow: [
{publish}          ] }}
          subscribe: {{ allow: [
{subscribe}          ] }}
          allow_responses: true
        }}
      }}
"
    )
}

impl ServeConfig {
    /// The text of the file.
    pub fn text(&self, members: &Members) -> String {
        let tls = match &self.tls {
            Some((certificate, key)) => format!(
                "tls {{\n  cert_file: {}\n  key_file: {}\n  timeout: 5\n}}\n",
                quoted(&certificate.display().to_string()),
                quoted(&key.display().to_string()),
            ),
            None => "# No TLS: only for a network that nobody else is on.\n".into(),
        };
        let (listen, store) = (quoted(&self.listen), quoted(&self.store.display().to_string()));
        let members = &members.members;
        let tenants = members.iter().filter(|member| member.role == Role::Tenant);
        let tenants: Vec<Tenant> = tenants.filter_map(|member| member.name.parse().ok()).collect();
        let users: String = members.iter().map(|member| user(member, &tenants)).collect();
        format!(
            "# A broker for a farm of Tessera, written by `tessera farm serve-config`.
# Start it: nats-server -c THIS_FILE

server_name: tessera-farm
listen: {listen}
max_payload: 1MB
# A connection that is cut is noticed within half a minute.
ping_interval: \"10s\"
ping_max: 2
{tls}
jetstream {{
  store_dir: {store}
  # Each write is on the disk before it is acknowledged. By default it would be two minutes later.
  sync_interval: always
}}

accounts {{
  FARM: {{
    jetstream: enabled
    users: [
{users}    ]
  }}
}}
"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_string_is_escaped() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }

    #[test]
    fn a_member_is_somebody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("members.json");
        let nkey = crate::Identity::generate().name();
        let member = Member { role: Role::Worker, name: "one".into(), nkey };
        let good = Members { members: vec![member.clone()] };
        good.create(&path).unwrap();
        assert_eq!(Members::load(&path).unwrap(), good);
        for bad in [
            Member { name: "a b".into(), ..member.clone() },
            Member { nkey: "U\n}".into(), ..member.clone() },
        ] {
            std::fs::remove_file(&path).unwrap();
            Members { members: vec![bad] }.create(&path).unwrap();
            assert!(Members::load(&path).is_err());
        }
    }
}
