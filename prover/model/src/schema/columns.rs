//! Rows of text cells to codes.

use super::{Feature, FeatureKind, GridError, Schema, decimals_of, parse_grid, round_to_grid};
use crate::features::Features;

/// Which column each feature is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Column of each feature.
    of: Vec<usize>,
    /// Columns of the table.
    width: usize,
}

/// A table without the columns of a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// A feature without a column.
    #[error("there is no column {feature:?}, which schema {schema:?} asks for")]
    Missing {
        /// Name of the feature.
        feature: String,
        /// Name of the schema.
        schema: String,
    },
    /// A feature with two columns.
    #[error("two columns are called {feature:?}")]
    Twice {
        /// Name of the feature.
        feature: String,
    },
}

/// A cell that is no value of its feature. The cell is a secret, so the message leaves it out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, column {feature:?}: the value {fault}; allowed: {allowed}")]
pub struct CellError {
    /// Row, counted from 1 without the header.
    pub row: usize,
    /// Name of the feature.
    pub feature: String,
    /// What is wrong.
    pub fault: CellFault,
    /// The allowed values, in words.
    pub allowed: String,
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellFault {
    /// Empty, where the schema asks for a value.
    #[error("is missing")]
    Missing,
    /// Not a number.
    #[error("is not a number")]
    NotANumber,
    /// A number with a decimal comma or with separators between thousands.
    #[error("has a comma: write 1234.5, without separators and with a decimal point")]
    Separators,
    /// Between two grid points.
    #[error("has too many decimals")]
    OffGrid,
    /// Below the smallest value.
    #[error("is too small")]
    TooSmall,
    /// Above the largest value.
    #[error("is too large")]
    TooLarge,
    /// Not a code of the category.
    #[error("is not among the codes")]
    UnknownCode,
    /// The row is shorter than the header.
    #[error("is not there: the row ends before it")]
    ShortRow,
}

/// Whether a cell stands for a missing value: empty, `NA`, `N/A`, `NaN`, `null`, `None`, in any
/// case, with spaces around.
pub fn is_missing(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty()
        || ["na", "n/a", "nan", "null", "none"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// What is done with a number between two grid points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// It is refused.
    #[default]
    Refused,
    /// It becomes the nearest grid point; half way, the one farther from 0.
    Nearest,
}

/// The index of the code that `cell` is; numbers that pandas wrote as `157.0` are the code `157`.
fn category(codes: &[String], cell: &str) -> Option<usize> {
    let find = |text: &str| codes.iter().position(|code| code == text);
    find(cell).or_else(|| {
        let (whole, fraction) = cell.split_once('.')?;
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let zeros = number(fraction) && fraction.bytes().all(|byte| byte == b'0');
        (number(digits) && zeros).then(|| find(whole)).flatten()
    })
}

/// Whether `cell` is a number but for its commas.
fn has_separators(cell: &str) -> bool {
    cell.contains(',') && decimals_of(&cell.replace(',', "")).is_ok()
}

impl Feature {
    /// The code of a text cell. A category that the schema lists is that category, whatever its text.
    pub fn encode(&self, cell: &str) -> Result<u64, CellFault> {
        self.encode_rounded(cell, Rounding::Refused)
    }

    /// The code of a text cell, a number rounded to the grid where `rounding` says so.
    pub fn encode_rounded(&self, cell: &str, rounding: Rounding) -> Result<u64, CellFault> {
        let cell = cell.trim();
        if let FeatureKind::Category { codes } = &self.kind
            && let Some(index) = category(codes, cell)
        {
            return Ok(index as u64);
        }
        if is_missing(cell) {
            return self.missing_code().ok_or(CellFault::Missing);
        }
        match &self.kind {
            FeatureKind::Category { .. } => Err(CellFault::UnknownCode),
            FeatureKind::Numeric { decimals, min, max } => {
                // A column of booleans is a grid from 0 to 1 or a part of it.
                let cell = match (min, max) {
                    (0..=1, 0..=1) if cell.eq_ignore_ascii_case("true") => "1",
                    (0..=1, 0..=1) if cell.eq_ignore_ascii_case("false") => "0",
                    _ => cell,
                };
                let steps = match rounding {
                    Rounding::Refused => parse_grid(cell, *decimals),
                    Rounding::Nearest => round_to_grid(cell, *decimals),
                };
                let steps = steps.map_err(|error| match error {
                    GridError::Number if has_separators(cell) => CellFault::Separators,
                    GridError::Number => CellFault::NotANumber,
                    GridError::OffGrid => CellFault::OffGrid,
                    GridError::TooLarge if cell.starts_with('-') => CellFault::TooSmall,
                    GridError::TooLarge => CellFault::TooLarge,
                })?;
                if steps < *min {
                    return Err(CellFault::TooSmall);
                }
                if steps > *max {
                    return Err(CellFault::TooLarge);
                }
                // Both are at most 2^53 in magnitude.
                Ok(steps.abs_diff(*min))
            }
        }
    }
}

impl Schema {
    /// Finds the features of the schema in a table's header; other columns are left alone.
    pub fn columns<S: AsRef<str>>(&self, header: &[S]) -> Result<Columns, ColumnsError> {
        let mut index = std::collections::HashMap::new();
        for (column, name) in header.iter().enumerate() {
            let twice = index.insert(name.as_ref(), column).is_some();
            if twice && self.position(name.as_ref()).is_some() {
                return Err(ColumnsError::Twice { feature: name.as_ref().into() });
            }
        }
        let column = |feature: &Feature| {
            index.get(feature.name.as_str()).copied().ok_or_else(|| ColumnsError::Missing {
                feature: feature.name.clone(),
                schema: self.name.clone(),
            })
        };
        let of = self.features.iter().map(column).collect::<Result<_, _>>()?;
        Ok(Columns { of, width: header.len() })
    }
}

impl Columns {
    /// The cell of the schema's feature `index`, if the row reaches that far.
    pub fn cell<'a, S: AsRef<str>>(&self, index: usize, cells: &'a [S]) -> Option<&'a str> {
        cells.get(*self.of.get(index)?).map(AsRef::as_ref)
    }

    /// Columns of the table's header.
    pub fn width(&self) -> usize {
        self.width
    }

    pub(super) fn encode<S: AsRef<str>>(
        &self,
        schema: &Schema,
        row: usize,
        cells: &[S],
        rounding: Rounding,
    ) -> Result<Features, CellError> {
        // Collected into the value that wipes itself even when a later cell is refused.
        let mut features = Features::with_capacity(schema.features.len());
        for (feature, column) in schema.features.iter().zip(&self.of) {
            let cell = cells.get(*column).map(AsRef::as_ref).ok_or(CellFault::ShortRow);
            let code =
                cell.and_then(|cell| feature.encode_rounded(cell, rounding)).map_err(|fault| {
                    CellError {
                        row,
                        feature: feature.name.clone(),
                        fault,
                        allowed: feature.allowed(),
                    }
                })?;
            features.push(code);
        }
        Ok(features)
    }
}
