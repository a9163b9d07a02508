//! Fields of a PMML file: the data dictionary, and what a mining schema says of its values.

use super::xml::Element;
use crate::{demand::Category, error::Fault};
use std::collections::HashMap;
use tessera_model::schema::is_missing;

/// Most fields.
const MAX_FIELDS: usize = 65_536;
/// Most values of all fields together.
const MAX_VALUES: usize = 1 << 20;

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers in single precision.
    Single,
    /// Other numbers.
    Double,
    Boolean,
    Text,
}

/// A feature.
#[derive(Clone, PartialEq)]
pub(super) struct Field {
    pub name: String,
    pub kind: Kind,
    /// Stands in for a missing value.
    pub missing: Option<String>,
    /// Whether a missing value is an error.
    pub refuses_missing: bool,
    /// Whether values outside those listed are taken as they are.
    pub takes_invalid: bool,
    /// The listed values; none if any is valid.
    pub valid: Vec<String>,
    /// Ranges of valid numbers, ascending; none if any is valid.
    pub intervals: Vec<Interval>,
}

/// A range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub with_low: bool,
    pub high: f64,
    pub with_high: bool,
}

impl Interval {
    /// Reads an `Interval`.
    pub fn read(element: Element<'_>) -> Result<Self, Fault> {
        let (with_low, with_high) = match element.need("closure")? {
            "openOpen" => (false, false),
            "openClosed" => (false, true),
            "closedOpen" => (true, false),
            "closedClosed" => (true, true),
            other => return Err(element.fault(format!("there is no closure {other:.60?}"))),
        };
        let interval = Self {
            low: element.number_or("leftMargin", f64::NEG_INFINITY)?,
            with_low,
            high: element.number_or("rightMargin", f64::INFINITY)?,
            with_high,
        };
        match interval.low <= interval.high {
            true => Ok(interval),
            false => Err(element.fault("its margins are the wrong way round")),
        }
    }
}

impl Field {
    /// A value of the field, as encoders list it.
    pub fn category(&self, text: &str) -> Category {
        match (self.kind, text.trim().parse::<f64>()) {
            (Kind::Single | Kind::Double, Ok(number)) => Category::Number(number),
            _ => Category::Text(text.into()),
        }
    }

    /// The number that stands in for a missing one.
    pub fn replacement(&self) -> Option<f64> {
        let number: f64 = self.missing.as_ref()?.trim().parse().ok()?;
        Some(if self.kind == Kind::Single { f64::from(number as f32) } else { number })
    }
}

/// The fields of the data dictionary by their names.
pub(super) fn dictionary(element: Element<'_>) -> Result<HashMap<String, Field>, Fault> {
    element.know(&["DataField"], &[])?;
    let (mut fields, mut values) = (HashMap::new(), 0);
    for of in element.all("DataField") {
        let name = of.need("name")?.to_owned();
        let kind = match of.need("dataType")? {
            "float" => Kind::Single,
            "double" | "integer" => Kind::Double,
            "boolean" => Kind::Boolean,
            "string" => Kind::Text,
            other => {
                let hint = "give dates and times as numbers, computed before the model";
                return Err(of.unsupported(format!("data type {other:.60?}"), hint));
            }
        };
        of.only("isCyclic", &["0"], "cyclic fields are not read: they order nothing")?;
        of.know(&["Value", "Interval"], &[])?;
        let mut field = Field {
            name: name.clone(),
            kind,
            missing: None,
            refuses_missing: false,
            takes_invalid: false,
            valid: Vec::new(),
            intervals: Vec::new(),
        };
        for value in of.all("Value") {
            let text = value.need("value")?;
            values += 1;
            match value.get("property").unwrap_or("valid") {
                "valid" => field.valid.push(text.into()),
                // Tables have such cells for missing values by themselves.
                "missing" if text.is_empty() || kind != Kind::Text && is_missing(text) => {}
                other => {
                    let what = format!("a value {text:.60?} that is {other:.60}");
                    let hint = "recode it before the model: leave missing values empty, and take values \
                                that are not valid out of the data";
                    return Err(value.unsupported(what, hint));
                }
            }
        }
        for interval in of.all("Interval") {
            values += 1;
            field.intervals.push(Interval::read(interval)?);
        }
        if values > MAX_VALUES || fields.len() == MAX_FIELDS {
            return Err(of.fault("too many fields or values"));
        }
        field.intervals.sort_by(|a, b| a.low.total_cmp(&b.low));
        if fields.insert(name, field).is_some() {
            return Err(of.fault("a field of this name is there already"));
        }
    }
    Ok(fields)
}

/// The fields that the mining schema of the whole model uses, in its order, and the name of its target.
pub(super) fn schema(
    element: Element<'_>,
    dictionary: &HashMap<String, Field>,
) -> Result<(Vec<Field>, Option<String>), Fault> {
    let (mut fields, mut target) = (Vec::<Field>::new(), None);
    element.know(&["MiningField"], &[])?;
    for of in element.all("MiningField") {
        let name = of.need("name")?;
        match of.get("usageType").unwrap_or("active") {
            "active" => {}
            "target" | "predicted" => {
                if target.replace(name.to_owned()).is_some() {
                    let hint = "a score is one number: export a model of one target";
                    return Err(of.unsupported("a second target", hint));
                }
                continue;
            }
            // They explain, and count for nothing.
            "supplementary" | "group" | "order" => continue,
            other => {
                let hint = "weights of rows and the like belong to training";
                return Err(of.unsupported(format!("usageType={other:.60?}"), hint));
            }
        }
        let Some(field) = dictionary.get(name) else {
            return Err(of.fault(format!("the data dictionary has no field {name:.60?}")));
        };
        let hint = "cut values off before the model, or in the schema's ranges";
        of.only("outliers", &["asIs"], hint)?;
        let treatment = of.get("invalidValueTreatment").unwrap_or("returnInvalid");
        let field = Field {
            missing: of.get("missingValueReplacement").map(Into::into),
            refuses_missing: of.get("missingValueTreatment") == Some("returnInvalid"),
            takes_invalid: treatment == "asIs",
            ..field.clone()
        };
        let number = matches!(field.kind, Kind::Single | Kind::Double);
        if number && field.missing.is_some() && !field.replacement().is_some_and(f64::is_finite) {
            return Err(of.fault("its missingValueReplacement is not a finite number"));
        }
        if fields.iter().any(|known| known.name == field.name) {
            return Err(of.fault("the field is there twice"));
        }
        fields.push(field);
    }
    Ok((fields, target))
}

/// Checks the mining schema of a model inside another one: values are as the outer schema made them.
pub(super) fn inner_schema(element: Element<'_>) -> Result<(), Fault> {
    element.know(&["MiningField"], &[])?;
    for of in element.all("MiningField") {
        let hint = "say how values are treated in the mining schema of the whole model";
        of.only("outliers", &["asIs"], hint)?;
        if of.get("missingValueReplacement").is_some() {
            return Err(of.unsupported("a missingValueReplacement of an inner model", hint));
        }
    }
    Ok(())
}
