//! Tables of coefficients of a logistic regression: R's `coef(summary(model))`, the parameters that statsmodels
//! writes, or any table with a term and its coefficient in each row.
//!
//! A term is the intercept, a feature, or a feature's category: `job[T.clerk]` and `C(job)[T.clerk]` as
//! statsmodels and patsy write it, `jobclerk` as R does, `job=clerk` or `job_clerk` as people do. What a term
//! means depends on the schema, so it is read together with one; a term that can be read in two ways is
//! refused.

use super::{
    Guess,
    demand::{Category, Codes, SourceDemand},
    ensemble::Output,
    error::Fault,
    network::{SourceInput, SourceInputKind, SourceLayer, SourceNetwork},
};
use std::collections::{BTreeMap, HashSet};
use tessera_model::{Assumption, FeatureKind, Format, Schema, schema::is_missing};

/// Largest file, in bytes.
const MAX_FILE: usize = 16 << 20;
/// Longest first line, in bytes.
const MAX_HEADER: usize = 4096;
/// Most terms.
const MAX_TERMS: usize = 65_536;
/// Log-odds that digits which are not shown may move without being asked about: libraries' own noise.
const ROUNDED: f64 = 1e-4;

/// What the columns are called. Without a name of its own, terms are the first column, as row names are.
const TERM: [&str; 8] =
    ["term", "variable", "feature", "parameter", "name", "predictor", "effect", "index"];
const COEFFICIENT: [&str; 10] = [
    "coefficient",
    "estimate",
    "coef",
    "coef.",
    "beta",
    "weight",
    "b",
    "coefficients",
    "params",
    "value",
];
/// Terms that everybody gets.
const INTERCEPT: [&str; 6] = ["(intercept)", "intercept", "const", "constant", "_cons", "bias"];

/// The terms of a table, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    name: String,
    coefficient: f64,
    /// Half a unit of the last digit that is shown.
    half: f64,
    place: String,
}

/// Half a unit of the last digit of a number.
fn half(text: &str) -> f64 {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    // Whole numbers were chosen, not fitted.
    let Some((_, decimals)) = digits.split_once('.') else { return 0.0 };
    let (exponent, decimals) = (exponent.parse().unwrap_or(0i32), decimals.len() as i32);
    0.5 * 10f64.powi(exponent.saturating_sub(decimals).clamp(-400, 400))
}

/// Delimiter, column of the term, column of the coefficient.
struct Header {
    delimiter: u8,
    term: usize,
    coefficient: usize,
}

fn reader(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text)
}

fn header(bytes: &[u8]) -> Option<Header> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    if line.len() > MAX_HEADER {
        return None;
    }
    [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
        let mut reader = reader(line, delimiter);
        let names = reader.headers().ok()?;
        let place = |list: &[&str]| {
            let is = |column: &usize| {
                list.iter().any(|name| names[*column].trim().eq_ignore_ascii_case(name))
            };
            let mut found = (0..names.len()).filter(is);
            found.next().filter(|_| found.next().is_none())
        };
        let unnamed = names.get(0).filter(|name| name.trim().is_empty()).map(|_| 0);
        let term = unnamed.or_else(|| place(&TERM))?;
        // statsmodels calls the only column 0.
        let coefficient = place(&COEFFICIENT)
            .or_else(|| (names.len() == 2 && names[1].trim() == "0").then_some(1))?;
        (term != coefficient).then_some(Header { delimiter, term, coefficient })
    })
}

/// Whether the first line names the columns of a table of coefficients.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    header(bytes).is_some()
}

/// Reads the bytes of a table.
pub(super) fn read(bytes: &[u8]) -> Result<Coefficients, Fault> {
    if bytes.len() > MAX_FILE {
        let fault = format!("{} bytes are more than {MAX_FILE}", bytes.len());
        return Err(Fault::malformed("the file", fault));
    }
    let header = header(bytes)
        .ok_or_else(|| Fault::malformed("line 1", "no columns for a term and its coefficient"))?;
    let (mut terms, mut seen) = (Vec::new(), HashSet::new());
    for record in reader(bytes, header.delimiter).into_records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            Fault::malformed(format!("line {line}"), "this is not a row of the table")
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let name = record.get(header.term).unwrap_or_default().trim().to_owned();
        let place = format!("line {line}, term {name:.60?}");
        let text = record.get(header.coefficient).unwrap_or_default().trim();
        // R's write.csv2 and spreadsheets of many countries.
        let comma = header.delimiter != b',' && !text.contains('.');
        let text = if comma { text.replacen(',', ".", 1) } else { text.to_owned() };
        let coefficient = match text.parse() {
            Ok(number) if f64::is_finite(number) => number,
            // R leaves out what depends on other terms: it counts for nothing.
            _ if is_missing(&text) => {
                let hint = "R could not estimate it: fit the model again without that term";
                return Err(Fault::unsupported(format!("{place} without a coefficient"), hint));
            }
            _ => return Err(Fault::malformed(place, "its coefficient is not a finite number")),
        };
        if name.is_empty() {
            return Err(Fault::malformed(place, "the term has no name"));
        }
        if !seen.insert(name.clone()) {
            return Err(Fault::malformed(place, "the term is there twice"));
        }
        if terms.len() == MAX_TERMS {
            return Err(Fault::malformed(place, format!("more than {MAX_TERMS} terms")));
        }
        terms.push(Term { name, coefficient, half: half(&text), place });
    }
    if terms.is_empty() {
        return Err(Fault::malformed("the file", "no terms"));
    }
    Ok(Coefficients { terms })
}

/// What a term is, as the schema tells.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    Intercept,
    /// A feature's number.
    Number(usize),
    /// Whether a feature is of a category.
    Is(usize, Category),
}

impl Coefficients {
    /// Number of terms.
    pub fn terms(&self) -> usize {
        self.terms.len()
    }

    /// The linear model over the features of `schema`.
    pub(super) fn network(&self, schema: &Schema) -> Result<SourceNetwork, Fault> {
        let (mut inputs, mut weights, mut bias) = (Vec::new(), Vec::new(), None);
        let mut levels: BTreeMap<usize, Vec<Category>> = BTreeMap::new();
        for term in &self.terms {
            let (feature, kind) = match meaning(term, schema)? {
                Meaning::Intercept => {
                    if bias.replace(term.coefficient).is_some() {
                        return Err(Fault::malformed(&*term.place, "the intercept is there twice"));
                    }
                    continue;
                }
                Meaning::Number(feature) => {
                    (feature, SourceInputKind::Value { missing: None, offset: 0.0, scale: 1.0 })
                }
                Meaning::Is(feature, category) => {
                    levels.entry(feature).or_default().push(category.clone());
                    (feature, SourceInputKind::Is(category))
                }
            };
            inputs.push(SourceInput { feature, kind });
            weights.push(term.coefficient);
        }
        let mut guesses = Vec::new();
        if bias.is_none() {
            let text = "the table has no intercept, and few models have none";
            guesses.push(Guess::new(Assumption::NoIntercept, text));
        }
        let bias = bias.unwrap_or(0.0);
        guesses.extend(self.printed(schema)?);
        let mut demands = Vec::new();
        for (feature, levels) in levels {
            let of = &schema.features[feature];
            // A regression has no answer for a missing category, nor a term for it.
            demands.push(SourceDemand::Present { feature });
            let codes = Codes::of(of);
            let known: HashSet<u64> = levels.iter().filter_map(|level| codes.get(level)).collect();
            let others: Vec<_> = (0..=of.last()).filter(|code| !known.contains(code)).collect();
            match others[..] {
                [] => {}
                [base] => {
                    let text = format!(
                        "{:?} = {:?} has no coefficient, so it seems to be what the other categories are \
                         compared with",
                        of.name,
                        of.text(base)
                    );
                    let assumption = Assumption::BaseCategories;
                    guesses.push(Guess::about(feature, vec![base], assumption, text));
                }
                _ => {
                    let named: Vec<_> = others.iter().take(5).map(|code| of.text(*code)).collect();
                    let fault = format!(
                        "the table has no terms for {} of its categories ({}), and only one can be what the \
                         others are compared with: take the others out of the schema",
                        others.len(),
                        named.join(", ")
                    );
                    return Err(Fault::malformed(format!("feature {:?}", of.name), fault));
                }
            }
        }
        let network = SourceNetwork {
            format: Format::Coefficients,
            library: None,
            objective: "logistic regression".into(),
            feature_count: schema.features.len(),
            features: schema.features.iter().map(|feature| feature.name.clone()).collect(),
            inputs,
            layers: vec![SourceLayer { weights: vec![weights], biases: vec![bias], relu: false }],
            demands,
            output: Output::Margin,
            notes: Vec::new(),
            guesses,
        };
        Ok(network)
    }

    /// What the digits that the table does not show could move.
    fn printed(&self, schema: &Schema) -> Result<Option<Guess>, Fault> {
        let mut moved = 0.0;
        for term in &self.terms {
            let largest = match meaning(term, schema)? {
                Meaning::Number(feature) => {
                    let feature = &schema.features[feature];
                    feature.value(0).abs().max(feature.value(feature.last()).abs())
                }
                Meaning::Intercept | Meaning::Is(..) => 1.0,
            };
            moved += term.half * largest;
        }
        let text = format!(
            "the coefficients are shown rounded, and digits that are not shown can move the log-odds by {moved:.1e}"
        );
        let rounded = moved > ROUNDED;
        Ok(rounded.then(|| Guess::new(Assumption::CoefficientsAsPrinted, text)))
    }
}

/// What `term` is; refused if it is nothing that is known, or if it could be two things.
fn meaning(term: &Term, schema: &Schema) -> Result<Meaning, Fault> {
    let name = term.name.as_str();
    if INTERCEPT.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        return Ok(Meaning::Intercept);
    }
    let mut found: Vec<Meaning> = Vec::new();
    for (index, feature) in schema.features.iter().enumerate() {
        match &feature.kind {
            FeatureKind::Numeric { min, max, .. } => {
                let spelled =
                    [format!("{}[T.True]", feature.name), format!("{}TRUE", feature.name)];
                let truth = *min >= 0 && *max <= 1 && spelled.iter().any(|text| name == *text);
                if name == feature.name || name == format!("Q('{}')", feature.name) || truth {
                    found.push(Meaning::Number(index));
                }
            }
            FeatureKind::Category { codes } => {
                let of = &feature.name;
                let level = |code: &&String| {
                    [
                        format!("{of}[T.{code}]"),
                        format!("C({of})[T.{code}]"),
                        format!("{of}[{code}]"),
                        format!("C({of})[{code}]"),
                        format!("{of}{code}"),
                        format!("{of}={code}"),
                        format!("{of}_{code}"),
                        format!("{of}.{code}"),
                        format!("{of}: {code}"),
                    ]
                    .iter()
                    .any(|text| text == name)
                };
                found.extend(
                    codes
                        .iter()
                        .filter(level)
                        .map(|code| Meaning::Is(index, Category::Text(code.clone()))),
                );
            }
        }
    }
    match &found[..] {
        [meaning] => Ok(meaning.clone()),
        [] if name.contains([':', '*']) || name.contains('(') || name.contains('^') => {
            Err(Fault::unsupported(
                format!("{}, which seems to be a product or a function of features", term.place),
                "compute it as a feature of its own, before the model: the schema has what it is named",
            ))
        }
        [] => Err(Fault::malformed(
            &*term.place,
            format!(
                "schema {:?} has no such feature, and no feature with such a category (job[T.clerk], jobclerk, \
                 job=clerk, job_clerk)",
                schema.name
            ),
        )),
        _ => Err(Fault::malformed(
            &*term.place,
            "it can be read as several features or categories of the schema: rename it to feature[T.category]",
        )),
    }
}
