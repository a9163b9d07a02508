//! Keys of a farm: one that workers open jobs with, and a name for everyone on it.

use crate::{
    FarmError,
    seal::{self, Private, Public},
};
use nkeys::{KeyPair, KeyPairType};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};
use tessera_artifact::{Secrecy, create, create_json, read, read_json};
use zeroize::{Zeroize, Zeroizing};

const KEY_KIND: &str = "tessera.farm-key";
const PUBLIC_KIND: &str = "tessera.farm-public-key";
const VERSION: u32 = 1;
/// A key file is a line or two.
const LIMIT: u64 = 4096;

/// What workers open jobs and packages with. Whoever has it reads all that the farm proves.
pub struct FarmKey(pub(crate) Private);

/// What coordinators seal to.
#[derive(Clone)]
pub struct FarmPublicKey(pub(crate) Public);

/// A worker's or a coordinator's NATS key (a *user nkey*): the broker knows its holder by it, and results
/// are signed with it.
pub struct Identity {
    pair: KeyPair,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyFile {
    secret: String,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PublicFile {
    key: String,
}

impl FarmKey {
    /// A fresh one.
    pub fn generate() -> Self {
        Self(seal::generate().0)
    }

    /// Its public half.
    pub fn public(&self) -> FarmPublicKey {
        FarmPublicKey(seal::public_of(&self.0))
    }

    /// Writes it to a file that only its owner reads; a file that is there stays.
    pub fn create(&self, path: &Path) -> Result<(), FarmError> {
        let file = KeyFile { secret: hex::encode(&*seal::bytes_of(&self.0)) };
        Ok(create_json(path, KEY_KIND, VERSION, &file, Secrecy::Secret)?)
    }

    /// Reads it.
    pub fn load(path: &Path) -> Result<Self, FarmError> {
        let file: KeyFile = read_json(path, KEY_KIND, VERSION, LIMIT)?;
        let bytes = hex::decode(&file.secret).map(Zeroizing::new).ok();
        let key = bytes.and_then(|bytes| seal::private_from(&bytes));
        key.map(Self).ok_or(FarmError::Key {
            path: path.into(),
            reason: "the secret is not a farm key: 64 hexadecimal digits expected",
        })
    }
}

impl FarmPublicKey {
    /// From what [`fmt::Display`] writes.
    pub fn from_hex(text: &str) -> Option<Self> {
        Some(Self(seal::public_from(&hex::decode(text).ok()?)?))
    }

    /// Writes it; a file that is there stays.
    pub fn create(&self, path: &Path) -> Result<(), FarmError> {
        let file = PublicFile { key: self.to_string() };
        Ok(create_json(path, PUBLIC_KIND, VERSION, &file, Secrecy::Public)?)
    }

    /// Reads it.
    pub fn load(path: &Path) -> Result<Self, FarmError> {
        let file: PublicFile = read_json(path, PUBLIC_KIND, VERSION, LIMIT)?;
        Self::from_hex(&file.key).ok_or(FarmError::Key {
            path: path.into(),
            reason: "not a farm's public key: 64 hexadecimal digits expected",
        })
    }
}

impl fmt::Display for FarmPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&*seal::bytes_of(&self.0)))
    }
}

impl Identity {
    /// A fresh one.
    pub fn generate() -> Self {
        Self { pair: KeyPair::new_user() }
    }

    /// What others know it by: `U` and 55 letters and digits.
    pub fn name(&self) -> String {
        self.pair.public_key()
    }

    /// For the connection.
    pub(crate) fn seed(&self) -> Option<Zeroizing<String>> {
        self.pair.seed().ok().map(Zeroizing::new)
    }

    /// Signs as this identity.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).expect("an identity holds its seed")
    }

    /// Whether `name` signed `message`.
    pub fn has_signed(name: &str, message: &[u8], signature: &[u8]) -> bool {
        let pair = KeyPair::from_public_key(name).ok();
        let user = pair.filter(|pair| pair.key_pair_type() == KeyPairType::User);
        user.is_some_and(|pair| pair.verify(message, signature).is_ok())
    }

    /// Writes the seed as NATS's own tools do, readable by its owner alone; a file that is there stays.
    pub fn create(&self, path: &Path) -> Result<(), FarmError> {
        let seed = self.seed().expect("an identity holds its seed");
        let line = Zeroizing::new(format!("{}\n", *seed));
        Ok(create(path, line.as_bytes(), Secrecy::Secret)?)
    }

    /// Reads a seed.
    pub fn load(path: &Path) -> Result<Self, FarmError> {
        let bytes = Zeroizing::new(read(path, LIMIT)?);
        let pair = std::str::from_utf8(&bytes).ok().and_then(|text| {
            let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU"))?;
            KeyPair::from_seed(seed).ok()
        });
        let user = pair.filter(|pair| pair.key_pair_type() == KeyPairType::User);
        user.map(|pair| Self { pair }).ok_or(FarmError::Key {
            path: path.into(),
            reason: "not the seed of a user nkey: a line that starts with SU expected",
        })
    }
}

tessera_core::hide!(FarmKey, Identity);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_survive_their_files_and_stay_out_of_sight() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let key = FarmKey::generate();
        key.create(&path("farm.key")).unwrap();
        key.public().create(&path("farm.pub")).unwrap();
        let back = FarmKey::load(&path("farm.key")).unwrap();
        assert_eq!(back.public().to_string(), key.public().to_string());
        let public = FarmPublicKey::load(&path("farm.pub")).unwrap();
        assert_eq!(public.to_string(), key.public().to_string());
        assert_eq!(format!("{key:?}"), "FarmKey(not shown)");
        assert!(key.create(&path("farm.key")).is_err(), "another key in its place");
        assert!(FarmPublicKey::load(&path("farm.key")).is_err());

        let identity = Identity::generate();
        identity.create(&path("worker.nk")).unwrap();
        assert_eq!(Identity::load(&path("worker.nk")).unwrap().name(), identity.name());
        assert!(identity.create(&path("worker.nk")).is_err());
        for bad in ["", "SU", "SUAAAA", "hello\n"] {
            std::fs::write(path("bad.nk"), bad).unwrap();
            let error = Identity::load(&path("bad.nk")).unwrap_err().to_string();
            assert!(error.contains("bad.nk") && error.contains("nkey"), "{error}");
        }
    }

    #[test]
    fn a_signature_is_of_one_name_and_one_message() {
        let (one, other) = (Identity::generate(), Identity::generate());
        let signature = one.sign(b"message");
        assert!(Identity::has_signed(&one.name(), b"message", &signature));
        assert!(!Identity::has_signed(&other.name(), b"message", &signature));
        assert!(!Identity::has_signed(&one.name(), b"another", &signature));
        for bad in [&[][..], &signature[1..], &[0; 64]] {
            assert!(!Identity::has_signed(&one.name(), b"message", bad));
        }
        for bad in ["", "U", "nobody", &one.name()[1..]] {
            assert!(!Identity::has_signed(bad, b"message", &signature));
        }
    }
}
