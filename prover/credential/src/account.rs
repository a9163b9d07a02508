//! A secp256k1 key with an address: an attester's signing key, or an account that sends
//! transactions.

use crate::{CredentialError, credential::Home, fill_random};
use alloy::{
    primitives::{Address, B256, Keccak256, U256},
    signers::{SignerSync, local::PrivateKeySigner},
};
use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};
use tessera_artifact::{ArtifactError, Secrecy, create_json, read_json};
use zeroize::Zeroizing;

const KIND: &str = "tessera.key";
const VERSION: u32 = 1;
const LIMIT: u64 = 4 << 10;

/// A private key; zeroised when dropped, and never printed.
#[derive(Clone)]
pub struct AccountKey(PrivateKeySigner);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyFile {
    address: Address,
    #[serde(with = "crate::zeroizing")]
    private_key: Zeroizing<String>,
}

impl AccountKey {
    /// A fresh one from the operating system's generator.
    pub fn random() -> Result<Self, CredentialError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        loop {
            fill_random(&mut *bytes)?;
            // Zero and the top 2^-128 of all strings are no keys.
            if let Ok(signer) = PrivateKeySigner::from_slice(&*bytes) {
                return Ok(Self(signer));
            }
        }
    }

    /// The key written as `0x` and 64 hexadecimal digits; `origin` names where it came from.
    pub fn from_hex(text: &str, origin: &str) -> Result<Self, CredentialError> {
        let error = || CredentialError::Key { origin: origin.into() };
        let digits = text.trim().strip_prefix("0x").ok_or_else(error)?;
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(digits, &mut *bytes).map_err(|_| error())?;
        PrivateKeySigner::from_slice(&*bytes).map(Self).map_err(|_| error())
    }

    /// Reads a key file.
    pub fn load(path: &Path) -> Result<Self, CredentialError> {
        let file: KeyFile = read_json(path, KIND, VERSION, LIMIT)?;
        let key = Self::from_hex(&file.private_key, &path.display().to_string())?;
        if key.address() != file.address {
            return Err(CredentialError::KeyAddress { path: path.into() });
        }
        Ok(key)
    }

    /// Writes a key file with mode 0600; refuses to replace a file.
    pub fn save(&self, path: &Path) -> Result<(), CredentialError> {
        let secret = Zeroizing::new(self.0.to_bytes().0);
        let private_key = Zeroizing::new(format!("0x{}", hex::encode(*secret)));
        let file = KeyFile { address: self.address(), private_key };
        create_json(path, KIND, VERSION, &file, Secrecy::Secret).map_err(|error| match error {
            ArtifactError::Exists { .. } => CredentialError::KeyExists { path: path.into() },
            other => other.into(),
        })
    }

    /// The account's address.
    pub fn address(&self) -> Address {
        self.0.address()
    }

    /// For signing transactions.
    pub fn signer(&self) -> &PrivateKeySigner {
        &self.0
    }

    /// `r ‖ s ‖ v` over `digest`: deterministic (RFC 6979), low `s`, `v` of 27 or 28.
    pub fn sign(&self, digest: &B256) -> [u8; 65] {
        let signature = self.0.sign_hash_sync(digest).expect("a local key signs any digest");
        signature.normalized_s().as_bytes()
    }

    /// The issuer's name at `home` for `person`, whatever text identifies them: the same for each
    /// of their wallets, unrelated at another registry or chain, and not to be computed or
    /// confirmed without this key. An issuer that changes its signing key keeps this one.
    pub fn pseudonym(&self, home: &Home, person: &str) -> B256 {
        let secret = Zeroizing::new(self.0.to_bytes().0);
        let mut hasher = Keccak256::new();
        hasher.update(b"tessera.holder.v1");
        hasher.update(*secret);
        hasher.update(U256::from(home.chain_id).to_be_bytes::<32>());
        hasher.update(home.registry);
        hasher.update(person);
        hasher.finalize()
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({}, secret)", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn file_round_trip_refusals_and_secrecy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("attester.key");
        let key = AccountKey::random().unwrap();
        key.save(&path).unwrap();
        assert_eq!(AccountKey::load(&path).unwrap().address(), key.address());
        assert!(matches!(key.save(&path), Err(CredentialError::KeyExists { .. })));

        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }

        let secret = hex::encode(key.signer().to_bytes());
        assert!(!format!("{key:?}").contains(&secret));

        let text = fs::read_to_string(&path).unwrap();
        let other = AccountKey::random().unwrap().address();
        fs::write(
            &path,
            text.replace(
                &key.address().to_string().to_lowercase(),
                &format!("{other:?}").to_lowercase(),
            ),
        )
        .unwrap();
        assert!(matches!(AccountKey::load(&path), Err(CredentialError::KeyAddress { .. })));

        for bad in
            ["", "0x", "0x00", &format!("0x{}", "0".repeat(64)), &format!("0x{}", "f".repeat(64))]
        {
            fs::write(&path, text.replace(&format!("0x{secret}"), bad)).unwrap();
            let error = AccountKey::load(&path).unwrap_err();
            assert!(matches!(error, CredentialError::Key { .. }), "{error}");
        }
    }

    #[test]
    fn pseudonyms_depend_on_person_home_and_key() {
        let key = AccountKey::from_hex(&format!("0x{:064x}", 7), "test").unwrap();
        let home = Home { chain_id: 1, registry: Address::repeat_byte(1) };
        let elsewhere = Home { chain_id: 2, ..home };
        let base = key.pseudonym(&home, "Ada");
        assert_eq!(base, key.pseudonym(&home, "Ada"));
        assert_ne!(base, key.pseudonym(&home, "Bob"));
        assert_ne!(base, key.pseudonym(&elsewhere, "Ada"));
        assert_ne!(base, AccountKey::random().unwrap().pseudonym(&home, "Ada"));
    }
}
