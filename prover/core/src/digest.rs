//! Field elements with a meaning, each of a type of its own so that none stands in for another.

use crate::{FieldError, Fr, from_be_bytes, from_hex, to_be_bytes, to_hex};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{fmt, str::FromStr};

macro_rules! element {
    ($( $(#[doc = $doc:literal])+ $name:ident; )+) => {$(
        $(#[doc = $doc])+
        ///
        /// Written as `0x` and 64 hexadecimal digits; below the modulus of bn254's scalar field.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub Fr);

        impl $name {
            /// The field element.
            pub fn to_element(self) -> Fr {
                self.0
            }

            /// Big-endian, as the EVM reads a word.
            pub fn to_be_bytes(self) -> [u8; 32] {
                to_be_bytes(&self.0)
            }

            /// Inverse of [`Self::to_be_bytes`]; `None` when the bytes are not below the modulus.
            pub fn from_be_bytes(bytes: [u8; 32]) -> Option<Self> {
                from_be_bytes(bytes).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&to_hex(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                from_hex(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

element! {
    /// A hiding commitment to a borrower's features, see [`crate::commitment::commit`].
    FeatureCommitment;
    /// Names a schema: its features with their units, scales, ranges and codes.
    SchemaDigest;
    /// Names a quantised model in a number of segments, and hides it.
    ModelDigest;
    /// Ties a proof to the one use it may be put to.
    Context;
}
