//! What makes a score mean anything: an attester's signature over a hiding commitment to a
//! borrower's features.
//!
//! ```text
//! features ──packed──┐
//! blinding ──────────┴─ Poseidon(Features) ─┐
//! schema digest ────────────────────────────┴─ Poseidon(Commitment) = commitment
//! commitment, schema, borrower, holder, dates, exposure, salt ── EIP-712 ── uid ── signature
//! ```
//!
//! The signed half ([`SignedCredential`]) is public and goes into a borrow request. The other half
//! ([`Opening`]: features and blinding) is the borrower's secret and goes into the prover alone.
//! The first needs the feature `sign`, which brings Ethereum's signatures and a key file's path; the
//! second is all that a prover needs. `docs/credential.md` describes both for an implementation in another language, with test vectors.

#![warn(missing_docs)]

#[cfg(feature = "sign")]
mod account;
#[cfg(feature = "sign")]
mod credential;
mod error;
#[cfg(feature = "sign")]
mod issue;
mod opening;

#[cfg(feature = "sign")]
pub use account::AccountKey;
#[cfg(feature = "sign")]
pub use credential::{Credential, Exposure, Home, SignedCredential};
pub use error::CredentialError;
#[cfg(feature = "sign")]
pub use issue::{Grant, Issued, issue};
pub use opening::Opening;

#[cfg(feature = "sign")]
use rand::TryRngCore;
use std::time::{Duration, UNIX_EPOCH};
use tessera_core::{Secret, random};

/// Unix seconds for people: `2026-11-23T10:00:00Z`, the end of the year 9999 for anything later.
pub fn date(unix_seconds: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(unix_seconds.min(253_402_300_799));
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Fresh, uniform blinding from the operating system's generator.
pub fn fresh_blinding() -> Result<Secret, CredentialError> {
    random().map(Secret::new).map_err(|_| CredentialError::Randomness)
}

#[cfg(feature = "sign")]
/// Fills `bytes` from the operating system's generator.
fn fill_random(bytes: &mut [u8]) -> Result<(), CredentialError> {
    rand::rngs::OsRng.try_fill_bytes(bytes).map_err(|_| CredentialError::Randomness)
}

/// For `#[serde(with = "crate::zeroizing")]` on a [`Zeroizing`](zeroize::Zeroizing) field.
mod zeroizing {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use zeroize::{Zeroize, Zeroizing};

    pub fn serialize<S: Serializer, T: Serialize + Zeroize>(
        secret: &Zeroizing<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        T::serialize(secret, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de> + Zeroize>(
        deserializer: D,
    ) -> Result<Zeroizing<T>, D::Error> {
        T::deserialize(deserializer).map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blindings_are_fresh() {
        let [a, b] = [(); 2].map(|()| fresh_blinding().unwrap());
        assert_ne!(a.expose(), b.expose());
    }
}
