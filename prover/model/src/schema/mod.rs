//! What a lender asks about a borrower: names, units, scales, ranges, codes.
//!
//! A feature reaches the circuits as an integer *code* in `0..=top`:
//!
//! | kind | code |
//! |---|---|
//! | numeric | `value · 10^decimals − min`, with `min` on the same grid |
//! | category | index in the list of codes |
//! | missing, where the schema allows it | `top`, one past the last value |
//!
//! Two schemas are the same when their [`Schema::digest`] is: the description of a feature is the
//! only part of it that the digest leaves out.

mod columns;
mod json;

pub use columns::{CellError, CellFault, Columns, ColumnsError, Rounding, is_missing};

use crate::features::Features;
use std::path::Path;
use tessera_artifact::ArtifactError;
use tessera_core::SchemaDigest;
pub use tessera_core::{
    decimal::{GridError, decimals_of, format_grid, parse_grid, round_to_grid},
    packing::{PACKED_BITS, Slot},
};

/// `kind` of a schema file.
pub const KIND: &str = "tessera.schema";
/// Version of the schema file.
pub const VERSION: u32 = 1;
/// Most features in a schema.
pub const MAX_FEATURES: usize = 4096;
/// Most codes of a category.
pub const MAX_CODES: usize = 65_536;
/// Longest name, unit, code or description, in bytes.
pub const MAX_TEXT: usize = 512;
/// Most decimals of a grid.
pub const MAX_DECIMALS: u32 = 15;
/// Largest magnitude of a grid point: integers up to it are exact in an `f64`.
pub const MAX_GRID: i64 = 1 << 53;
/// Largest schema file, in bytes.
#[cfg(feature = "files")]
const MAX_FILE: u64 = 64 << 20;

/// The features of a model, in the order in which they are committed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Name of the data set or product.
    pub name: String,
    /// At least one, with different names.
    pub features: Vec<Feature>,
}

/// One question and its possible answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Name of its column.
    pub name: String,
    /// The values it takes.
    pub kind: FeatureKind,
    /// Whether it may be missing.
    pub missing: bool,
    /// What a value is counted in, such as `EUR` or `months`.
    pub unit: Option<String>,
    /// For people; not part of the digest.
    pub description: Option<String>,
}

/// The values of a feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// Every `n · 10^-decimals` with `min ≤ n ≤ max`.
    Numeric {
        /// Decimals of the grid.
        decimals: u32,
        /// Smallest value, in grid steps.
        min: i64,
        /// Largest value, in grid steps.
        max: i64,
    },
    /// One of these.
    Category {
        /// In the order of their codes.
        codes: Vec<String>,
    },
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// No feature, or more than the limit.
    #[error("a schema has 1 to {MAX_FEATURES} features, this one has {0}")]
    Count(usize),
    /// Empty or overlong text, or text with control characters.
    #[error("{what} {text:?} must have 1 to {MAX_TEXT} bytes, none of them a control character")]
    Text {
        /// Which text.
        what: &'static str,
        /// The text, cut short.
        text: String,
    },
    /// Two features of one name.
    #[error("two features are called {0:?}")]
    Twice(String),
    /// A range that is empty or too large, or too many decimals.
    #[error("feature {feature:?}: {fault}")]
    Range {
        /// Name of the feature.
        feature: String,
        /// What is wrong.
        fault: String,
    },
    /// No code, too many, or one twice.
    #[error("feature {feature:?}: {fault}")]
    Codes {
        /// Name of the feature.
        feature: String,
        /// What is wrong.
        fault: String,
    },
}

impl Feature {
    /// A numeric feature on the grid of `decimals`, `min` and `max` in grid steps.
    pub fn numeric(name: impl Into<String>, decimals: u32, min: i64, max: i64) -> Self {
        Self {
            name: name.into(),
            kind: FeatureKind::Numeric { decimals, min, max },
            missing: false,
            unit: None,
            description: None,
        }
    }

    /// The same feature, which may be missing.
    pub fn or_missing(self) -> Self {
        Self { missing: true, ..self }
    }

    /// The largest code of a value.
    pub fn last(&self) -> u64 {
        match &self.kind {
            FeatureKind::Numeric { min, max, .. } => {
                u64::try_from(i128::from(*max) - i128::from(*min)).unwrap_or(0)
            }
            FeatureKind::Category { codes } => (codes.len() as u64).saturating_sub(1),
        }
    }

    /// The largest code: [`Feature::last`], or one more where it stands for a missing value.
    pub fn top(&self) -> u64 {
        self.last() + u64::from(self.missing)
    }

    /// The code of a missing value, if there is one.
    pub fn missing_code(&self) -> Option<u64> {
        self.missing.then(|| self.top())
    }

    /// Bits of [`Feature::top`], at least 1.
    pub fn bits(&self) -> u32 {
        (u64::BITS - self.top().leading_zeros()).max(1)
    }

    /// The number that a float model is given for a code: `NaN` for a missing value, the index for
    /// a category. Correctly rounded, so it is what parsing the decimal text gives.
    pub fn value(&self, code: u64) -> f64 {
        match self.kind {
            _ if code > self.last() => f64::NAN,
            FeatureKind::Numeric { decimals, min, .. } => {
                // Both are exact below 2^53, so the one rounding is the division's.
                let step = i128::from(min) + i128::from(code);
                step as f64 / 10u64.pow(decimals.min(MAX_DECIMALS)) as f64
            }
            FeatureKind::Category { .. } => code as f64,
        }
    }

    /// The text of a code: a decimal number, a category's code, or nothing if it is missing.
    pub fn text(&self, code: u64) -> String {
        match &self.kind {
            _ if code > self.last() => String::new(),
            FeatureKind::Numeric { decimals, min, .. } => {
                format_grid(min.saturating_add_unsigned(code), *decimals)
            }
            FeatureKind::Category { codes } => codes[code as usize].clone(),
        }
    }

    /// The allowed values, in words.
    pub fn allowed(&self) -> String {
        let values = match &self.kind {
            FeatureKind::Numeric { decimals, min, max } => {
                let (min, max) = (format_grid(*min, *decimals), format_grid(*max, *decimals));
                match decimals {
                    0 => format!("whole numbers from {min} to {max}"),
                    1 => format!("numbers from {min} to {max} with at most 1 decimal"),
                    n => format!("numbers from {min} to {max} with at most {n} decimals"),
                }
            }
            FeatureKind::Category { codes } if codes.len() <= 12 => {
                format!("one of {}", codes.join(", "))
            }
            FeatureKind::Category { codes } => format!("one of {} codes", codes.len()),
        };
        if self.missing { format!("{values}, or nothing") } else { values }
    }

    fn validate(&self) -> Result<(), SchemaError> {
        check_text("the feature name", &self.name)?;
        for text in self.unit.iter().chain(&self.description) {
            check_text("the unit or description", text)?;
        }
        match &self.kind {
            FeatureKind::Numeric { decimals, min, max } => {
                let fault = if *decimals > MAX_DECIMALS {
                    format!("{decimals} decimals are more than {MAX_DECIMALS}")
                } else if min > max {
                    "its smallest value is above its largest".into()
                } else if *min < -MAX_GRID || *max > MAX_GRID {
                    "its range passes 2^53 steps of its grid: fewer decimals, or another unit"
                        .into()
                } else {
                    return Ok(());
                };
                Err(SchemaError::Range { feature: self.name.clone(), fault })
            }
            FeatureKind::Category { codes } => {
                let fault = |fault| SchemaError::Codes { feature: self.name.clone(), fault };
                if codes.is_empty() || codes.len() > MAX_CODES {
                    return Err(fault(format!("{} codes, not 1 to {MAX_CODES}", codes.len())));
                }
                let mut seen = std::collections::HashSet::new();
                for code in codes {
                    check_text("the code", code)?;
                    if code.trim().is_empty() || code.trim() != code {
                        return Err(fault(format!(
                            "the code {code:?} is empty or has spaces around it, which tables lose"
                        )));
                    }
                    if !seen.insert(code) {
                        return Err(fault(format!("the code {code:?} is listed twice")));
                    }
                }
                Ok(())
            }
        }
    }
}

impl Schema {
    /// Checks everything that the other methods rely on.
    pub fn validate(&self) -> Result<(), SchemaError> {
        check_text("the schema's name", &self.name)?;
        if self.features.is_empty() || self.features.len() > MAX_FEATURES {
            return Err(SchemaError::Count(self.features.len()));
        }
        let mut seen = std::collections::HashSet::new();
        for feature in &self.features {
            feature.validate()?;
            if !seen.insert(&feature.name) {
                return Err(SchemaError::Twice(feature.name.clone()));
            }
        }
        Ok(())
    }

    /// Index of the feature called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|feature| feature.name == name)
    }

    /// How codes share field elements: element `e` is `Σ code · 2^shift` over its slots. Features
    /// are taken in order, none is split, and an element stays below `2^248`.
    pub fn packing(&self) -> Vec<Vec<Slot>> {
        tessera_core::packing::layout(self.features.iter().map(Feature::bits))
    }

    /// The first 31 bytes of the Keccak-256 of [`Schema::canonical_json`], as a field element.
    pub fn digest(&self) -> SchemaDigest {
        use sha3::Digest;
        let digest = sha3::Keccak256::digest(self.canonical_json());
        SchemaDigest(tessera_core::from_digest(digest.into()))
    }

    /// The schema in the bytes of its file, which `origin` names in errors.
    pub fn from_bytes(origin: &Path, bytes: &[u8]) -> Result<Self, ArtifactError> {
        tessera_artifact::decode_json(origin, KIND, VERSION, bytes)
    }

    /// Reads a schema file.
    #[cfg(feature = "files")]
    pub fn load(path: &Path) -> Result<Self, ArtifactError> {
        tessera_artifact::read_json(path, KIND, VERSION, MAX_FILE)
    }

    /// Writes a schema file, where none may be yet: it may have been edited by hand. Schemas are public.
    ///
    /// Errors: [`ArtifactError::Exists`] among others.
    #[cfg(feature = "files")]
    pub fn save(&self, path: &Path) -> Result<(), ArtifactError> {
        tessera_artifact::create_json(path, KIND, VERSION, self, tessera_artifact::Secrecy::Public)
    }

    /// Codes of a row of text cells, found by `columns`. `row` is for the message only.
    pub fn encode_row<S: AsRef<str>>(
        &self,
        columns: &Columns,
        row: usize,
        cells: &[S],
    ) -> Result<Features, CellError> {
        columns.encode(self, row, cells, Rounding::Refused)
    }

    /// [`Schema::encode_row`] with numbers rounded to their grids where `rounding` says so.
    pub fn encode_row_rounded<S: AsRef<str>>(
        &self,
        columns: &Columns,
        row: usize,
        cells: &[S],
        rounding: Rounding,
    ) -> Result<Features, CellError> {
        columns.encode(self, row, cells, rounding)
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), SchemaError> {
    if (1..=MAX_TEXT).contains(&text.len()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(SchemaError::Text { what, text: text.chars().take(60).collect() })
}
