//! What a proof says, defined once.
//!
//! The order of the words in the one list below is the order of
//!
//! - [`Statement`]'s and [`StatementWords`]'s fields, and of everything that goes through
//!   [`StatementWords::into_array`]: the circuit's first instances, and what the native verifier
//!   absorbs;
//! - [`WORDS`], from which the code generator writes the Solidity struct and every offset of the
//!   verifier that depends on the number of words;
//! - [`Statement::to_bytes`], the ABI encoding.
//!
//! Nothing else names a position. Moving a line moves the word everywhere; the generated files and
//! the keys have to be made again, and a test in the code generator says so until they are.

use crate::{
    Context, FeatureCommitment, FixedPoint, Fr, ModelDigest, SchemaDigest, fixed::decimal_units,
    to_be_bytes,
};
use serde::{Deserialize, Serialize};

/// A word of the statement, as other languages write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its name in Solidity, JSON and TypeScript.
    pub name: &'static str,
    /// What it is: lines of text, each beginning with a space.
    pub documentation: &'static [&'static str],
}

macro_rules! statement {
    ($(
        $(#[doc = $doc:literal])+
        $(#[serde($($serde:tt)+)])?
        $field:ident = $name:literal: $type:ty;
    )+) => {
        /// *The features inside `commitment`, in range for `schema`, put through the model behind
        /// `model_digest`, score at least `threshold`*; `context` ties the proof to one use of it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Statement {
            $(
                $(#[doc = $doc])+
                #[serde(rename = $name)]
                $(#[serde($($serde)+)])?
                pub $field: $type,
            )+
        }

        /// The statement's words in one representation: field elements, or cells of a circuit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct StatementWords<T> {
            $( $(#[doc = $doc])+ pub $field: T, )+
        }

        /// The words, in order.
        pub const WORDS: [Word; [$($name),+].len()] =
            [$( Word { name: $name, documentation: &[$($doc),+] } ),+];

        impl Statement {
            /// The words as field elements.
            pub fn words(&self) -> StatementWords<Fr> {
                StatementWords { $( $field: self.$field.to_element() ),+ }
            }
        }

        impl<T> StatementWords<T> {
            /// In order.
            pub fn into_array(self) -> [T; WORDS.len()] {
                let Self { $($field),+ } = self;
                [$($field),+]
            }

            /// Inverse of [`Self::into_array`].
            pub fn from_array([$($field),+]: [T; WORDS.len()]) -> Self {
                Self { $($field),+ }
            }
        }
    };
}

statement! {
    /// Hiding Poseidon commitment to the borrower's features, as signed by an attester.
    commitment = "commitment": FeatureCommitment;
    /// Digest of the feature schema: names, units, scales, ranges, codes.
    schema = "schema": SchemaDigest;
    /// Hiding digest of the quantised model.
    model_digest = "modelDigest": ModelDigest;
    /// The score to reach, in points × 2^32, below 2^62.
    #[serde(with = "decimal_units")]
    threshold = "threshold": FixedPoint;
    /// Who may use the proof for what: see `IUnderwriter.context`.
    context = "context": Context;
}

/// Number of words.
pub const STATEMENT_WORDS: usize = WORDS.len();

impl Statement {
    /// The ABI encoding of the Solidity struct: each word big-endian, in order.
    pub fn to_bytes(&self) -> [[u8; 32]; STATEMENT_WORDS] {
        self.words().into_array().map(|word| to_be_bytes(&word))
    }
}

impl StatementWords<usize> {
    /// Position of each word.
    pub fn positions() -> Self {
        Self::from_array(std::array::from_fn(|index| index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement {
            commitment: FeatureCommitment(Fr::from(11)),
            schema: SchemaDigest(Fr::from(12)),
            model_digest: ModelDigest(Fr::from(13)),
            threshold: FixedPoint(14),
            context: Context(Fr::from(15)),
        }
    }

    /// The statement of every deployed verifier, key and credential. A change here is a new version
    /// of all of them (VERSIONING.md).
    #[test]
    fn the_order_is_the_published_one() {
        let names = WORDS.map(|word| word.name);
        assert_eq!(names, ["commitment", "schema", "modelDigest", "threshold", "context"]);
    }

    #[test]
    fn words_bytes_and_file_have_one_order() {
        let statement = statement();
        let bytes = statement.to_bytes().map(|word| word[31]);
        let positions = StatementWords::positions();
        assert_eq!(bytes[positions.commitment], 11);
        assert_eq!(bytes[positions.schema], 12);
        assert_eq!(bytes[positions.model_digest], 13);
        assert_eq!(bytes[positions.threshold], 14);
        assert_eq!(bytes[positions.context], 15);
        let text = serde_json::to_string(&statement).unwrap();
        let places = WORDS.map(|word| text.find(&format!("{:?}:", word.name)).expect(word.name));
        assert!(places.is_sorted(), "{text}");
        assert_eq!(serde_json::from_str::<Statement>(&text).unwrap(), statement);
    }

    #[test]
    fn a_threshold_is_not_negative() {
        for bad in ["-1", "9223372036854775808", "", "1.5", "0x10"] {
            let text = serde_json::to_string(&statement()).unwrap();
            let text = text.replace("\"14\"", &format!("{bad:?}"));
            assert!(serde_json::from_str::<Statement>(&text).is_err(), "{bad}");
        }
    }
}
