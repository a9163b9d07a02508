//! The schema as JSON: the file's form, and the canonical form that is hashed.

use super::{Feature, FeatureKind, GridError, KIND, Schema, VERSION, format_grid, parse_grid};
use serde::{Deserialize, Serialize, de::Error, ser::Error as _};

/// A feature as the file has it. Ranges are decimal text, so that no reader rounds them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeatureJson {
    name: String,
    r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decimals: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<String>>,
    #[serde(default)]
    missing: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// A schema as the file has it, between `kind` and `version`.
#[derive(Serialize, Deserialize)]
struct SchemaJson {
    name: String,
    features: Vec<FeatureJson>,
}

impl From<&Feature> for FeatureJson {
    fn from(feature: &Feature) -> Self {
        let mut json = Self {
            name: feature.name.clone(),
            r#type: "category".into(),
            decimals: None,
            min: None,
            max: None,
            codes: None,
            missing: feature.missing,
            unit: feature.unit.clone(),
            description: feature.description.clone(),
        };
        match &feature.kind {
            FeatureKind::Numeric { decimals, min, max } => {
                json.r#type = "numeric".into();
                json.decimals = Some(*decimals);
                json.min = Some(format_grid(*min, *decimals));
                json.max = Some(format_grid(*max, *decimals));
            }
            FeatureKind::Category { codes } => json.codes = Some(codes.clone()),
        }
        json
    }
}

impl TryFrom<FeatureJson> for Feature {
    type Error = String;

    fn try_from(json: FeatureJson) -> Result<Self, String> {
        let fault = |fault: String| format!("feature {:?}: {fault}", json.name);
        let kind = match (json.r#type.as_str(), &json.min, &json.max, json.codes) {
            ("numeric", Some(min), Some(max), None) => {
                let decimals = json.decimals.unwrap_or(0);
                let bound = |text: &str| {
                    parse_grid(text, decimals)
                        .map_err(|e: GridError| fault(format!("{text:?} is {e}")))
                };
                FeatureKind::Numeric { decimals, min: bound(min)?, max: bound(max)? }
            }
            ("category", None, None, Some(codes)) if json.decimals.is_none() => {
                FeatureKind::Category { codes }
            }
            ("numeric", ..) => return Err(fault("a numeric feature has min and max".into())),
            ("category", ..) => return Err(fault("a category has codes and no range".into())),
            (other, ..) => {
                return Err(fault(format!("type {other:?} is neither numeric nor category")));
            }
        };
        Ok(Self {
            name: json.name,
            kind,
            missing: json.missing,
            unit: json.unit,
            description: json.description,
        })
    }
}

impl Serialize for Schema {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.validate().map_err(S::Error::custom)?;
        let features = self.features.iter().map(FeatureJson::from).collect();
        SchemaJson { name: self.name.clone(), features }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = SchemaJson::deserialize(deserializer)?;
        let features = json.features.into_iter().map(Feature::try_from);
        let features = features.collect::<Result<_, _>>().map_err(D::Error::custom)?;
        let schema = Self { name: json.name, features };
        schema.validate().map_err(D::Error::custom)?;
        Ok(schema)
    }
}

/// Keys in alphabetical order, as RFC 8785 wants them; `null` where there is nothing.
#[derive(Serialize)]
struct CanonicalFeature<'a> {
    codes: Option<&'a [String]>,
    decimals: Option<u32>,
    max: Option<String>,
    min: Option<String>,
    missing: bool,
    name: &'a str,
    r#type: &'static str,
    unit: Option<&'a str>,
}

/// Keys in alphabetical order.
#[derive(Serialize)]
struct CanonicalSchema<'a> {
    features: Vec<CanonicalFeature<'a>>,
    kind: &'static str,
    name: &'a str,
    version: u32,
}

impl<'a> From<&'a Feature> for CanonicalFeature<'a> {
    fn from(feature: &'a Feature) -> Self {
        let mut json = Self {
            codes: None,
            decimals: None,
            max: None,
            min: None,
            missing: feature.missing,
            name: &feature.name,
            r#type: "category",
            unit: feature.unit.as_deref(),
        };
        match &feature.kind {
            FeatureKind::Numeric { decimals, min, max } => {
                json.r#type = "numeric";
                json.decimals = Some(*decimals);
                json.min = Some(format_grid(*min, *decimals));
                json.max = Some(format_grid(*max, *decimals));
            }
            FeatureKind::Category { codes } => json.codes = Some(codes),
        }
        json
    }
}

impl Schema {
    /// The schema without descriptions, as canonical JSON (RFC 8785): UTF-8, no space, keys in
    /// alphabetical order. A feature has all of `codes`, `decimals`, `max`, `min`, `missing`,
    /// `name`, `type`, `unit`, with `null` for what it has not; `min` and `max` are text with
    /// `decimals` decimals.
    pub fn canonical_json(&self) -> String {
        let features = self.features.iter().map(CanonicalFeature::from).collect();
        let json = CanonicalSchema { features, kind: KIND, name: &self.name, version: VERSION };
        serde_json::to_string(&json).expect("text, numbers and lists always serialise")
    }
}
