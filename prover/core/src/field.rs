//! The scalar field of bn254 and how its elements are written down.

pub use halo2curves::bn256::Fr;
use halo2curves::ff::{FromUniformBytes, PrimeField};
use rand::{TryRngCore, rngs::OsRng};
use zeroize::Zeroizing;

/// A field element that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Not `0x` and 64 hexadecimal digits.
    #[error("a field element is written as 0x and 64 hexadecimal digits, this is {0:?}")]
    Encoding(String),
    /// At least the modulus `r`: it would be read as another element.
    #[error("{0} is not below the bn254 scalar modulus")]
    NotCanonical(String),
}

/// Big-endian bytes of `x`, as the EVM reads a word.
pub fn to_be_bytes(x: &Fr) -> [u8; 32] {
    let mut bytes = x.to_repr();
    bytes.reverse();
    bytes
}

/// The element whose big-endian bytes are `bytes`; `None` when they are not below the modulus.
pub fn from_be_bytes(mut bytes: [u8; 32]) -> Option<Fr> {
    bytes.reverse();
    Fr::from_repr(bytes).into()
}

/// The element made of the 31 leading bytes of a 32-byte digest: always below the modulus.
pub fn from_digest(mut digest: [u8; 32]) -> Fr {
    digest.rotate_right(1);
    digest[0] = 0;
    from_be_bytes(digest).expect("248 bits are below the modulus")
}

/// The element that stands for a signed integer: a negative one is the negative of its magnitude.
pub fn signed(value: impl Into<i128>) -> Fr {
    let value = value.into();
    let magnitude = Fr::from_u128(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

/// `0x` and 64 hexadecimal digits, big-endian.
pub fn to_hex(x: &Fr) -> String {
    format!("0x{}", hex::encode(to_be_bytes(x)))
}

/// Inverse of [`to_hex`]; refuses anything but the canonical form.
pub fn from_hex(text: &str) -> Result<Fr, FieldError> {
    let encoding = || FieldError::Encoding(text.chars().take(80).collect());
    let digits = text.strip_prefix("0x").ok_or_else(encoding)?;
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| encoding())?;
    from_be_bytes(bytes).ok_or_else(|| FieldError::NotCanonical(text.into()))
}

/// A uniform element from the operating system's randomness, which may fail.
pub fn random() -> std::io::Result<Fr> {
    let mut bytes = Zeroizing::new([0; 64]);
    OsRng.try_fill_bytes(bytes.as_mut()).map_err(std::io::Error::other)?;
    Ok(Fr::from_uniform_bytes(&bytes))
}

/// For `#[serde(with = "tessera_core::serde_hex")]` on an [`Fr`].
pub mod serde_hex {
    use super::{Fr, from_hex, to_hex};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes [`to_hex`].
    pub fn serialize<S: Serializer>(x: &Fr, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(x))
    }

    /// Reads [`from_hex`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fr, D::Error> {
        from_hex(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::ff::Field;

    #[test]
    fn hex_round_trip_and_refusals() {
        let x = -Fr::ONE;
        assert_eq!(from_hex(&to_hex(&x)), Ok(x));
        let modulus = "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001";
        assert_eq!(from_hex(modulus), Err(FieldError::NotCanonical(modulus.into())));
        for bad in ["", "0x", "0x12", &to_hex(&x)[2..], &format!("{}0", to_hex(&x))] {
            assert!(matches!(from_hex(bad), Err(FieldError::Encoding(_))), "{bad}");
        }
    }

    #[test]
    fn a_negative_integer_is_the_negative_element() {
        for value in [0, 1, -1, i128::MAX, i128::MIN] {
            let magnitude = Fr::from_u128(value.unsigned_abs());
            let twice = if value < 0 { Fr::ZERO } else { magnitude + magnitude };
            assert_eq!(signed(value) + magnitude, twice, "{value}");
        }
    }

    #[test]
    fn digest_drops_the_last_byte() {
        let mut digest = [0xff; 32];
        digest[31] = 0;
        assert_eq!(from_digest([0xff; 32]), from_digest(digest));
        assert_eq!(to_be_bytes(&from_digest([0xff; 32]))[0], 0);
    }
}
