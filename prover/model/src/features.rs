//! A borrower's answers, as codes.

use crate::schema::{Feature, Schema};
use tessera_core::{Fr, SecretVec, packing::Slot};
use zeroize::Zeroizing;

/// Codes in the order of the schema's features. Secret: wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Features {
    codes: Zeroizing<Vec<u64>>,
}

/// Codes that do not fit their schema. Codes are secret, so the message has none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeaturesError {
    /// Not a code a feature.
    #[error("{found} codes for the {expected} features of schema {schema:?}")]
    Count {
        /// Name of the schema.
        schema: String,
        /// Features of the schema.
        expected: usize,
        /// Codes given.
        found: usize,
    },
    /// A code above the feature's largest.
    #[error("the code of {feature:?} is above its largest, {top}")]
    Code {
        /// Name of the feature.
        feature: String,
        /// Largest code.
        top: u64,
    },
}

impl Features {
    /// Checks `codes` against `schema`.
    pub fn new(schema: &Schema, codes: Vec<u64>) -> Result<Self, FeaturesError> {
        let features = Self::new_unchecked(codes);
        features.check(schema)?;
        Ok(features)
    }

    /// Takes codes as they are; for tests of what refuses bad ones.
    pub fn new_unchecked(codes: Vec<u64>) -> Self {
        Self { codes: Zeroizing::new(codes) }
    }

    /// Room for `count` codes, so that pushing them leaves no copy behind.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { codes: Zeroizing::new(Vec::with_capacity(count)) }
    }

    pub(crate) fn push(&mut self, code: u64) {
        self.codes.push(code);
    }

    /// Whether there is one code a feature, none above its feature's largest.
    pub fn check(&self, schema: &Schema) -> Result<(), FeaturesError> {
        if self.codes.len() != schema.features.len() {
            return Err(FeaturesError::Count {
                schema: schema.name.clone(),
                expected: schema.features.len(),
                found: self.codes.len(),
            });
        }
        match schema.features.iter().zip(self.codes.iter()).find(|(f, code)| **code > f.top()) {
            Some((f, _)) => Err(FeaturesError::Code { feature: f.name.clone(), top: f.top() }),
            None => Ok(()),
        }
    }

    /// The same, with another code of one feature.
    pub(crate) fn with(&self, feature: usize, code: u64) -> Self {
        let mut other = self.clone();
        other.codes[feature] = code;
        other
    }

    /// The codes.
    pub fn codes(&self) -> &[u64] {
        &self.codes
    }

    /// Field elements as [`Schema::packing`] lays them out.
    pub fn packed(&self, schema: &Schema) -> SecretVec {
        let slot = |slot: &Slot| Fr::from(self.codes[slot.index]) * slot.weight();
        let element = |slots: &Vec<Slot>| slots.iter().map(slot).sum();
        schema.packing().iter().map(element).collect::<Vec<Fr>>().into()
    }

    /// The numbers that a float model is given; see [`Feature::value`].
    pub fn values(&self, schema: &Schema) -> Vec<f64> {
        let value = |(feature, code): (&Feature, &u64)| feature.value(*code);
        schema.features.iter().zip(self.codes.iter()).map(value).collect()
    }
}

impl std::fmt::Debug for Features {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Features({} codes, not shown)", self.codes.len())
    }
}
