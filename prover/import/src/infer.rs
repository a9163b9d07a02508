//! A schema from sample data.

use crate::table::{Table, TableError};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use tessera_model::schema::{
    Feature, FeatureKind, GridError, MAX_CODES, MAX_DECIMALS, MAX_GRID, Schema, SchemaError,
    decimals_of, is_missing, round_to_grid,
};

/// A whole-number column with at most this many values is a list of answers: its range stays.
const FEW: usize = 16;

/// What to make of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InferOptions {
    /// Name of the schema; the file's name without its ending if there is none.
    pub name: Option<String>,
    /// Columns that are no features, such as the label.
    pub skip: Vec<String>,
    /// Keep the sample's own ranges, without headroom.
    pub exact: bool,
    /// Decimals of numbers.
    pub decimals: Decimals,
}

/// How fine the grids of numbers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decimals {
    /// As many decimals as the numbers have.
    #[default]
    AsWritten,
    /// At most so many.
    AtMost(u32),
    /// At most so many that six digits of the column's largest number are kept.
    Auto,
}

impl std::str::FromStr for Decimals {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(decimals) if decimals <= MAX_DECIMALS => Ok(Self::AtMost(decimals)),
            _ if text == "auto" => Ok(Self::Auto),
            _ => Err(format!("a number from 0 to {MAX_DECIMALS}, or auto")),
        }
    }
}

/// A schema, and what a person should check in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Inferred {
    /// The schema.
    pub schema: Schema,
    /// In sentences.
    pub notes: Vec<String>,
}

/// Digits that [`Decimals::Auto`] keeps of the largest number.
const DIGITS: i32 = 6;

/// A table that no schema could be made of.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    /// The table could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A column that is no feature.
    #[error("{path}, column {column:?}: {fault}")]
    Column {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
        /// What is wrong, and what to do.
        fault: String,
    },
    /// A column to skip that is not there.
    #[error("{path}: there is no column {column:?} to skip")]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// Name of the column.
        column: String,
    },
    /// The columns make no schema.
    #[error("{path}: {source}")]
    Schema {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SchemaError,
    },
}

/// What the cells of a column have in common.
#[derive(Default)]
struct Seen {
    missing: bool,
    /// Texts that are neither missing nor skipped; `None` once there are too many to be codes.
    texts: Option<BTreeSet<String>>,
    /// A cell that is no number and no truth value was seen.
    words: bool,
    /// A truth value was seen.
    truth: bool,
    /// A cell with too many digits was seen.
    too_long: bool,
    /// Decimals that the numbers are written with.
    written: u32,
    /// Decimals of the grid.
    decimals: u32,
    /// Largest magnitude of a number.
    largest: f64,
    /// Words such as `none` that were read as missing.
    no_answers: BTreeSet<String>,
    /// Numbers with commas, and dates, among the texts.
    commas: usize,
    dates: usize,
}

impl Seen {
    fn add(&mut self, cell: &str) {
        if is_missing(cell) {
            match cell.trim() {
                "" => self.missing = true,
                word => _ = self.no_answers.insert(word.into()),
            }
            return;
        }
        let cell = cell.trim();
        match decimals_of(cell) {
            Ok(decimals) => {
                self.written = self.written.max(decimals);
                let number: f64 = cell.parse().unwrap_or(0.0);
                self.largest = self.largest.max(number.abs());
            }
            Err(GridError::Number) if is_truth(cell) => self.truth = true,
            Err(GridError::Number) => {
                self.words = true;
                self.commas += usize::from(has_commas(cell));
                self.dates += usize::from(is_date(cell));
            }
            Err(_) => self.too_long = true,
        }
        if let Some(texts) = &mut self.texts
            && !texts.contains(cell)
        {
            texts.insert(cell.into());
            if texts.len() > MAX_CODES {
                self.texts = None;
            }
        }
    }
}

impl Seen {
    /// Decides what words such as `none` are, and how fine the grid is, once all cells are seen.
    fn settle(&mut self, name: &str, decimals: Decimals) -> Vec<String> {
        let mut notes = Vec::new();
        let is_none = |word: &&String| word.eq_ignore_ascii_case("none");
        for word in self.no_answers.iter().filter(is_none).filter(|_| self.words) {
            if let Some(texts) = &mut self.texts {
                texts.insert(word.clone());
                notes.push(format!(
                    "{name:?}: {word:?} is taken as an answer. If it stands for a missing value, take it \
                     out of the codes and set \"missing\": true."
                ));
            }
        }
        for word in self.no_answers.iter().filter(|word| !(self.words && is_none(word))) {
            self.missing = true;
            if self.words {
                notes.push(format!(
                    "{name:?}: {word:?} is taken as a missing value. If it is an answer, list it among the \
                     codes."
                ));
            }
        }
        if self.commas > 0 {
            notes.push(format!(
                "{name:?} has numbers with commas, which are texts here: write 1234.5, without separators \
                 and with a decimal point."
            ));
        }
        if self.dates > 0 {
            notes.push(format!(
                "{name:?} has dates, which are texts here: give days or months up to a fixed day as a number."
            ));
        }
        let most = match decimals {
            Decimals::AsWritten => u32::MAX,
            Decimals::AtMost(most) => most,
            Decimals::Auto => {
                // Digits before the point of the largest number.
                let whole = self.largest.max(1e-300).log10().floor() as i32 + 1;
                u32::try_from(DIGITS - whole).unwrap_or(0).min(MAX_DECIMALS)
            }
        };
        self.decimals = self.written.min(most);
        if self.decimals < self.written && !self.words {
            notes.push(format!(
                "{name:?} is written with up to {} decimals and rounded to {}: read its rows with --round, \
                 or round them before.",
                self.written, self.decimals
            ));
        }
        notes
    }
}

/// Whether a text is a number but for its commas.
fn has_commas(cell: &str) -> bool {
    cell.contains(',') && decimals_of(&cell.replace(',', "")).is_ok()
}

/// Whether a text starts like `2024-05-31`, or is like `31.5.2024` or `5/31/24`.
fn is_date(cell: &str) -> bool {
    let number = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let iso = cell.get(..10).is_some_and(|day| {
        let parts: Vec<&str> = day.split('-').collect();
        matches!(&parts[..], [y, m, d] if number(y, 4, 4) && number(m, 2, 2) && number(d, 2, 2))
    });
    let parts: Vec<&str> = cell.split(['.', '/']).collect();
    iso || matches!(&parts[..], [a, b, c] if number(a, 1, 4) && number(b, 1, 2) && number(c, 2, 4))
}

fn is_truth(cell: &str) -> bool {
    cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false")
}

/// A schema for the table at `path`: a feature a column, in order.
///
/// A column of numbers becomes a grid with the decimals that the numbers need. Columns with few
/// whole numbers keep their range; a wider range gets headroom, down to 0 and up to the next 1,
/// 2 or 5 times a power of ten, because later applicants will pass the sample's. A column of
/// other text becomes a category with its codes in alphabetical order. Missing cells are
/// allowed where the sample has some.
pub fn infer(path: &Path, options: &InferOptions) -> Result<Inferred, InferError> {
    let table = Table::open(path)?;
    let header = table.header().to_vec();
    if let Some(column) = options.skip.iter().find(|column| !header.contains(column)) {
        return Err(InferError::NoColumn { path: path.into(), column: column.clone() });
    }
    let kept: Vec<usize> =
        (0..header.len()).filter(|column| !options.skip.contains(&header[*column])).collect();

    let new = || Seen { texts: Some(BTreeSet::new()), ..Seen::default() };
    let mut seen: Vec<Seen> = kept.iter().map(|_| new()).collect();
    let mut rows = 0;
    for record in table {
        let record = record?;
        rows += 1;
        for (seen, column) in seen.iter_mut().zip(&kept) {
            seen.add(&record[*column]);
        }
    }
    if rows == 0 {
        return Err(TableError::Empty { path: path.into() }.into());
    }
    let mut notes = Vec::new();
    for (seen, column) in seen.iter_mut().zip(&kept) {
        notes.extend(seen.settle(&header[*column], options.decimals));
    }
    let ranges = ranges(path, &kept, &seen)?;

    let mut features = Vec::new();
    for ((seen, column), range) in seen.into_iter().zip(&kept).zip(ranges) {
        let name = &header[*column];
        let missing = seen.missing;
        let kind = kind(seen, range, options.exact).map_err(|fault| InferError::Column {
            path: path.into(),
            column: name.clone(),
            fault,
        })?;
        features.push(Feature { name: name.clone(), kind, missing, unit: None, description: None });
    }
    let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let schema = Schema { name: options.name.clone().unwrap_or_else(stem), features };
    match schema.validate() {
        Ok(()) => Ok(Inferred { schema, notes }),
        Err(source) => Err(InferError::Schema { path: path.into(), source }),
    }
}

/// Smallest and largest number of each column, in steps of its own grid; `None` if some number
/// passes 64 bits.
fn ranges(
    path: &Path,
    kept: &[usize],
    seen: &[Seen],
) -> Result<Vec<Option<(i64, i64)>>, TableError> {
    let mut ranges = vec![Some((i64::MAX, i64::MIN)); kept.len()];
    for record in Table::open(path)? {
        let record = record?;
        for ((range, column), seen) in ranges.iter_mut().zip(kept).zip(seen) {
            let cell = record[*column].trim();
            if seen.words || is_missing(cell) {
                continue;
            }
            let steps = match cell {
                _ if cell.eq_ignore_ascii_case("true") => Ok(1),
                _ if cell.eq_ignore_ascii_case("false") => Ok(0),
                _ => round_to_grid(cell, seen.decimals),
            };
            *range = match (*range, steps) {
                (Some((low, high)), Ok(steps)) => Some((low.min(steps), high.max(steps))),
                _ => None,
            };
        }
    }
    Ok(ranges)
}

fn kind(seen: Seen, range: Option<(i64, i64)>, exact: bool) -> Result<FeatureKind, String> {
    let different = seen.texts.as_ref().map_or(usize::MAX, BTreeSet::len);
    if different == 0 {
        return Err("every cell is missing: leave the column out (skip)".into());
    }
    if seen.words {
        let Some(codes) = seen.texts else {
            return Err(format!("more than {MAX_CODES} different texts: leave it out (skip)"));
        };
        return Ok(FeatureKind::Category { codes: codes.into_iter().collect() });
    }
    let decimals = seen.decimals;
    let too_fine = || {
        "its numbers have too many digits for a grid: --decimals auto, or a number, rounds them"
            .to_string()
    };
    if seen.too_long || decimals > MAX_DECIMALS {
        return Err(too_fine());
    }
    let (low, high) = range.ok_or_else(too_fine)?;
    let (min, max) = match (low, high) {
        _ if exact => (low, high),
        // A flag that is never or always set in the sample.
        (0..=1, 0..=1) => (0, 1),
        _ if seen.truth || decimals == 0 && different <= FEW => (low, high),
        _ => (round_down(low), round_up(high)),
    };
    Ok(FeatureKind::Numeric { decimals, min, max })
}

/// 0 for what is not negative, else the next of −1, −2, −5 times a power of ten.
fn round_down(steps: i64) -> i64 {
    if steps >= 0 { 0 } else { -round_up(steps.saturating_neg()) }
}

/// 0 for what is not positive, else the next of 1, 2, 5 times a power of ten, or the grid's limit.
fn round_up(steps: i64) -> i64 {
    if steps <= 0 {
        return 0;
    }
    let mut power = 1i64;
    loop {
        for step in [1, 2, 5] {
            let rounded = power.saturating_mul(step);
            if rounded >= steps {
                // Past the grid's limit the schema's own check has the last word.
                return rounded.min(steps.max(MAX_GRID));
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(text: &str, options: &InferOptions) -> Result<Schema, InferError> {
        infer_with_notes(text, options).map(|inferred| inferred.schema)
    }

    fn infer_with_notes(text: &str, options: &InferOptions) -> Result<Inferred, InferError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sample.csv");
        std::fs::write(&path, text).unwrap();
        super::infer(&path, options)
    }

    #[test]
    fn kinds_ranges_and_headroom() {
        let text = "age,ratio,flag,never,rate,job,debt,bad\n\
                    19,0.25,true,0,1,clerk,-12,0\n\
                    75,1.5,false,0,4,,-3,1\n\
                    33,,true,0.0,2,artist,40,0\n\
                    21,1,false,0,3,clerk,17,0\n";
        let skip = InferOptions { skip: vec!["bad".into()], ..InferOptions::default() };
        let schema = infer(text, &skip).unwrap();
        let numeric = Feature::numeric;
        let job = FeatureKind::Category { codes: vec!["artist".into(), "clerk".into()] };
        let expected = vec![
            numeric("age", 0, 19, 75),
            numeric("ratio", 2, 0, 200).or_missing(),
            numeric("flag", 0, 0, 1),
            numeric("never", 0, 0, 1),
            numeric("rate", 0, 1, 4),
            Feature { name: "job".into(), kind: job, missing: true, unit: None, description: None },
            numeric("debt", 0, -12, 40),
        ];
        assert_eq!(schema, Schema { name: "sample".into(), features: expected });
    }

    #[test]
    fn many_values_get_headroom() {
        let cells: Vec<String> = (0..30).map(|i| (250 + 611 * i - 900).to_string()).collect();
        let schema =
            infer(&format!("x\n{}\n", cells.join("\n")), &InferOptions::default()).unwrap();
        assert_eq!(schema.features, [Feature::numeric("x", 0, -1000, 20_000)]);
        let exact = InferOptions { exact: true, ..InferOptions::default() };
        let schema = infer(&format!("x\n{}\n", cells.join("\n")), &exact).unwrap();
        assert_eq!(schema.features, [Feature::numeric("x", 0, -650, 17_069)]);
    }

    #[test]
    fn words_that_are_answers_and_words_that_are_not() {
        let text = "guarantor,income,when,paid\n\
                    none,1,2024-05-31,\"1,000\"\n\
                    co-applicant,None,2024-06-30,\"2,500.50\"\n\
                    NA,3,2024-07-31,7\n";
        let found = infer_with_notes(text, &InferOptions::default()).unwrap();
        let [guarantor, income, ..] = &found.schema.features[..] else { panic!() };
        let codes = ["co-applicant", "none"].map(String::from).to_vec();
        assert_eq!((&guarantor.kind, guarantor.missing), (&FeatureKind::Category { codes }, true));
        assert_eq!((guarantor.encode("none"), guarantor.encode("NA")), (Ok(1), Ok(2)));
        assert_eq!(*income, Feature::numeric("income", 0, 1, 3).or_missing());
        for said in
            ["\"none\" is taken as an answer", "\"NA\" is taken as a missing", "dates", "commas"]
        {
            assert!(
                found.notes.iter().any(|note| note.contains(said)),
                "{said}: {:?}",
                found.notes
            );
        }
    }

    #[test]
    fn full_precision_gets_a_grid() {
        let text = "rate,amount\n0.1234567890123456,52000.123456789012\n0.98,1\n";
        let with = |decimals| {
            let options = InferOptions { decimals, exact: true, ..InferOptions::default() };
            infer(text, &options).map(|schema| schema.features)
        };
        assert!(with(Decimals::AsWritten).is_err());
        let auto = with("auto".parse().unwrap()).unwrap();
        let amount = Feature::numeric("amount", 1, 10, 520_001);
        assert_eq!(auto, [Feature::numeric("rate", 6, 123_457, 980_000), amount]);
        let two = with("2".parse().unwrap()).unwrap();
        assert_eq!(two[0], Feature::numeric("rate", 2, 12, 98));
        assert!("16".parse::<Decimals>().is_err() && "many".parse::<Decimals>().is_err());
    }

    #[test]
    fn refusals_name_the_column() {
        let options = InferOptions::default();
        for (text, column) in [
            ("a,b\n1,\n2,\n", "b"),
            ("a,b\n1,1e-30\n", "b"),
            ("a,b\n1,1e300\n", "b"),
            ("a,b\n1,1e18\n2,0.5\n", "b"),
        ] {
            match infer(text, &options) {
                Err(InferError::Column { column: found, .. }) => {
                    assert_eq!(found, column, "{text}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(infer("a,a\n1,2\n", &options), Err(InferError::Schema { .. })));
        assert!(matches!(infer("a\n", &options), Err(InferError::Table(TableError::Empty { .. }))));
        assert!(matches!(
            infer("a,b\n1\n", &options),
            Err(InferError::Table(TableError::Row { .. }))
        ));
        let skip = InferOptions { skip: vec!["z".into()], ..options };
        assert!(matches!(infer("a\n1\n", &skip), Err(InferError::NoColumn { .. })));
    }
}
