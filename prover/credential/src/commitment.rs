//! The commitment: two Poseidon digests over packed features, blinding and schema digest.

use crate::{CredentialError, fill_random};
use std::fmt;
use tessera_field::{
    Fr, from_be_bytes, from_hex,
    poseidon::{Domain, hash},
    to_be_bytes, to_hex,
};
use zeroize::Zeroizing;

/// A uniform field element that hides the features in a commitment. Zeroised when dropped, and
/// never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Blinding(Zeroizing<[u8; 32]>); // big-endian, below the modulus

impl Blinding {
    /// A fresh one from the operating system's generator: 254 random bits, drawn again until they
    /// are below the modulus (three draws in four are).
    pub fn random() -> Result<Self, CredentialError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        loop {
            fill_random(&mut *bytes)?;
            bytes[0] &= 0x3f;
            if from_be_bytes(*bytes).is_some() {
                return Ok(Self(bytes));
            }
        }
    }

    /// The blinding that is `x`, for an opening made elsewhere and for test vectors.
    pub fn from_element(x: &Fr) -> Self {
        Self(Zeroizing::new(to_be_bytes(x)))
    }

    /// As the circuits take it.
    pub fn element(&self) -> Fr {
        from_be_bytes(*self.0).expect("checked when it was made")
    }

    /// `0x` and 64 hexadecimal digits.
    pub(crate) fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(to_hex(&self.element()))
    }

    /// Inverse of [`Self::to_hex`]; `None` when `text` is not canonical.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        from_hex(text).ok().map(|x| Self::from_element(&x))
    }
}

impl fmt::Debug for Blinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blinding(secret)")
    }
}

/// The commitment to features that `packed` holds (elements below 2^248, as the schema with digest
/// `schema` packs them), hidden by `blinding`:
///
/// ```text
/// body       = hash(Features,   packed ‖ [blinding])
/// commitment = hash(Commitment, [schema, body])
/// ```
///
/// Two levels, so that a circuit gets the schema as an instance beside a body of fixed length.
pub fn commit(schema: &Fr, packed: &[Fr], blinding: &Blinding) -> Fr {
    let mut input = Vec::with_capacity(packed.len() + 1);
    input.extend_from_slice(packed);
    input.push(blinding.element());
    let commitment = hash(Domain::Commitment, &[*schema, hash(Domain::Features, &input)]);
    input.fill(Fr::default());
    commitment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blindings_are_fresh_and_not_printed() {
        let [a, b] = [(); 2].map(|()| Blinding::random().unwrap());
        assert_ne!(a, b);
        assert_eq!(Blinding::from_hex(&a.to_hex()), Some(a.clone()));
        assert_eq!(format!("{a:?}"), "Blinding(secret)");
    }

    #[test]
    fn every_input_changes_the_commitment() {
        let f = |x: u64| Fr::from(x);
        let blinding = Blinding::from_element(&f(9));
        let base = commit(&f(1), &[f(2), f(3)], &blinding);
        assert_ne!(base, commit(&f(7), &[f(2), f(3)], &blinding));
        assert_ne!(base, commit(&f(1), &[f(3), f(2)], &blinding));
        assert_ne!(base, commit(&f(1), &[f(2), f(3), f(0)], &blinding));
        assert_ne!(base, commit(&f(1), &[f(2), f(3)], &Blinding::from_element(&f(8))));
    }
}
