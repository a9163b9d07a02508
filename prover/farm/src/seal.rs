//! Sealing: what only the holder of a key can read, bound to what it is for.
//!
//! HPKE in base mode (RFC 9180): X25519, HKDF-SHA256, ChaCha20-Poly1305. It was chosen before `age`, which
//! seals files and cannot bind a message to what it is about, and before `crypto_box`, which cannot either
//! and whose construction is not a standard: a job that is put in another job's place does not open.

use hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256 as Kem, single_shot_open, single_shot_seal,
};
use zeroize::Zeroizing;

type Aead = ChaCha20Poly1305;
type Kdf = HkdfSha256;

pub(crate) type Private = <Kem as hpke::Kem>::PrivateKey;
pub(crate) type Public = <Kem as hpke::Kem>::PublicKey;
type Encapsulated = <Kem as hpke::Kem>::EncappedKey;

/// Bytes of a key, and of the encapsulated key before the ciphertext.
pub(crate) const KEY: usize = 32;

/// What is sealed; nothing sealed for one purpose opens for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A job, to the farm; about its id.
    Job,
    /// A package, to the farm; about its digest.
    Package,
    /// A result, to a coordinator; about the job's id.
    Result,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::Job => b"tessera farm 1: job",
            Self::Package => b"tessera farm 1: package",
            Self::Result => b"tessera farm 1: result",
        }
    }
}

/// Not sealed to this key, for this purpose and about this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("does not open: sealed to another key, about something else, or damaged")]
pub(crate) struct DoesNotOpen;

pub(crate) fn generate() -> (Private, Public) {
    Kem::gen_keypair()
}

pub(crate) fn public_of(private: &Private) -> Public {
    Kem::sk_to_pk(private)
}

pub(crate) fn private_from(bytes: &[u8]) -> Option<Private> {
    Private::from_bytes(bytes).ok()
}

pub(crate) fn public_from(bytes: &[u8]) -> Option<Public> {
    Public::from_bytes(bytes).ok()
}

pub(crate) fn bytes_of(key: &impl Serializable) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(key.to_bytes().to_vec())
}

/// Seals `plain` to `key`; fails for a public key that is no good point alone.
pub(crate) fn seal(
    key: &Public,
    purpose: Purpose,
    about: &str,
    plain: &[u8],
) -> Result<Vec<u8>, DoesNotOpen> {
    let mode = OpModeS::Base;
    let sealed =
        single_shot_seal::<Aead, Kdf, Kem>(&mode, key, purpose.info(), plain, about.as_bytes());
    let (encapsulated, ciphertext) = sealed.map_err(|_| DoesNotOpen)?;
    Ok([&encapsulated.to_bytes()[..], &ciphertext].concat())
}

/// Inverse of [`seal`].
pub(crate) fn open(
    key: &Private,
    purpose: Purpose,
    about: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    let (encapsulated, ciphertext) = sealed.split_at_checked(KEY).ok_or(DoesNotOpen)?;
    let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| DoesNotOpen)?;
    let opened = single_shot_open::<Aead, Kdf, Kem>(
        &OpModeR::Base,
        key,
        &encapsulated,
        purpose.info(),
        ciphertext,
        about.as_bytes(),
    );
    opened.map(Zeroizing::new).map_err(|_| DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_with_its_key_for_its_purpose_about_its_subject() {
        let ((private, public), (other, _)) = (generate(), generate());
        let sealed = seal(&public, Purpose::Job, "a", b"income 2500").unwrap();
        assert!(!sealed.windows(4).any(|window| window == b"2500"));
        assert_eq!(*open(&private, Purpose::Job, "a", &sealed).unwrap(), b"income 2500");
        assert_eq!(open(&other, Purpose::Job, "a", &sealed), Err(DoesNotOpen));
        assert_eq!(open(&private, Purpose::Result, "a", &sealed), Err(DoesNotOpen));
        assert_eq!(open(&private, Purpose::Job, "b", &sealed), Err(DoesNotOpen));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&private, Purpose::Job, "a", &changed), Err(DoesNotOpen), "{at}");
        }
        for length in 0..sealed.len() {
            assert!(open(&private, Purpose::Job, "a", &sealed[..length]).is_err(), "{length}");
        }
        assert_ne!(seal(&public, Purpose::Job, "a", b"income 2500").unwrap(), sealed);
    }

    /// Its shared secret would be zero, whoever's the key.
    #[test]
    fn a_point_of_small_order_is_refused() {
        let zero = public_from(&[0; KEY]);
        assert!(zero.is_none_or(|zero| seal(&zero, Purpose::Job, "a", b"x").is_err()));
    }
}
