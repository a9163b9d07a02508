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

/// What everybody asks the broker.
fn common() -> Vec<String> {
    let streams = [layout::JOBS, layout::RESULTS, layout::DEAD, layout::REFUSED];
    let object = format!("OBJ_{}", layout::PACKAGES);
    let mut subjects = vec!["$JS.API.STREAM.INFO.*".to_owned()];
    let all = streams.iter().map(|name| (*name).to_owned()).chain([object.clone()]);
    subjects.extend(all.map(|name| format!("$JS.API.STREAM.CREATE.{name}")));
    subjects.extend([
        format!("$JS.API.STREAM.MSG.GET.{}", layout::REFUSED),
        format!("$JS.API.STREAM.MSG.GET.{object}"),
        format!("$JS.API.DIRECT.GET.{object}.>"),
        format!("$JS.API.CONSUMER.INFO.{}.*", layout::JOBS),
    ]);
    subjects
}

fn worker(member: &Member) -> (Vec<String>, Vec<String>) {
    let object = format!("OBJ_{}", layout::PACKAGES);
    let mut publish = common();
    publish.extend([
        "tessera.results.*".into(),
        "tessera.dead.*".into(),
        "tessera.back.*".into(),
        "tessera.wanted.*".into(),
        format!("$JS.API.CONSUMER.NAMES.{}", layout::JOBS),
        format!("$JS.API.CONSUMER.MSG.NEXT.{}.*", layout::JOBS),
        format!("$JS.ACK.{}.>", layout::JOBS),
        // A package is read by a consumer without a name.
        format!("$JS.API.CONSUMER.CREATE.{object}"),
        format!("$JS.API.CONSUMER.CREATE.{object}.>"),
        format!("$JS.API.CONSUMER.DELETE.{object}.>"),
        format!("$JS.FC.{object}.>"),
    ]);
    let subscribe = vec![
        format!("_INBOX.{}.>", member.nkey),
        layout::WAKE.into(),
        layout::PING.into(),
        layout::refused_subject(&member.nkey),
    ];
    (publish, subscribe)
}

fn tenant(member: &Member) -> (Vec<String>, Vec<String>) {
    let object = format!("OBJ_{}", layout::PACKAGES);
    let mut publish = common();
    publish.extend([
        format!("tessera.jobs.{}.*", member.name),
        format!("tessera.dead.{}", member.name),
        "tessera.refused.*".into(),
        layout::WAKE.into(),
        layout::PING.into(),
        format!("$O.{}.>", layout::PACKAGES),
        format!("$JS.API.STREAM.PURGE.{object}"),
        format!("$JS.API.STREAM.MSG.DELETE.{}", layout::JOBS),
        format!("$JS.API.CONSUMER.LIST.{}", layout::JOBS),
        format!("$JS.API.CONSUMER.CREATE.{}.>", layout::JOBS),
        format!("$JS.API.CONSUMER.DURABLE.CREATE.{}.*", layout::JOBS),
    ]);
    let streams = [layout::JOBS, layout::RESULTS, layout::DEAD];
    publish.extend(streams.map(|name| format!("$JS.API.STREAM.MSG.GET.{name}")));
    let subscribe = vec![
        format!("_INBOX.{}.>", member.nkey),
        "tessera.results.*".into(),
        "tessera.wanted.*".into(),
        "tessera.back.*".into(),
        format!("{}.*", layout::GIVEN_UP),
    ];
    (publish, subscribe)
}

fn user(member: &Member) -> String {
    let (publish, subscribe) = match member.role {
        Role::Worker => worker(member),
        Role::Tenant => tenant(member),
    };
    let (publish, subscribe, nkey) = (list(&publish), list(&subscribe), &member.nkey);
    let (name, role) = (&member.name, format!("{:?}", member.role).to_lowercase());
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
        let users: String = members.members.iter().map(user).collect();
        format!(
            "# A broker for a farm of Tessera, written by `tessera farm serve-config`.
# Start it: nats-server -c THIS_FILE

server_name: tessera-farm
listen: {listen}
max_payload: 1MB
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
