//! What a model asks of the values that a schema allows.

use super::error::Fault;
use std::collections::{HashMap, HashSet};
use tessera_model::{Feature, FeatureKind, Schema, schema::is_missing};

/// A value of a feature, as an encoder lists it.
#[derive(Clone, Debug, PartialEq)]
pub enum Category {
    /// A code of a category.
    Text(String),
    /// A number.
    Number(f64),
}

/// The end of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Where it is.
    pub at: f64,
    /// Whether it belongs to the range.
    pub inside: bool,
}

/// What the library would refuse or round, so the schema must rule it out.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceDemand {
    /// The feature is cut to a whole number, so it must be one.
    Whole {
        /// Index in the model's features.
        feature: usize,
    },
    /// There is no answer for any other value.
    OneOf {
        /// Index in the model's features.
        feature: usize,
        /// The values it knows.
        categories: Vec<Category>,
    },
    /// There is no answer for numbers between two edges.
    Nothing {
        /// Index in the model's features.
        feature: usize,
        /// The lower edge.
        from: Edge,
        /// The upper edge.
        to: Edge,
    },
    /// There is no answer for a missing value.
    Present {
        /// Index in the model's features.
        feature: usize,
    },
    /// The feature is compared with numbers.
    Number {
        /// Index in the model's features.
        feature: usize,
    },
    /// The feature is a text, so it must be a category of the schema.
    Text {
        /// Index in the model's features.
        feature: usize,
    },
}

/// Refuses a category that tables read as a missing value, where the schema has such and does not list
/// the category.
pub(crate) fn check_category(feature: &Feature, category: &Category) -> Result<(), Fault> {
    let listed = |text: &str| match &feature.kind {
        FeatureKind::Category { codes } => codes.iter().any(|code| code == text.trim()),
        FeatureKind::Numeric { .. } => false,
    };
    match category {
        Category::Text(text) if feature.missing && is_missing(text) && !listed(text) => {
            let fault = format!(
                "the model has a category {category}, which tables read as a missing value: list it \
                 among the schema's \"codes\", which makes it an answer, or set \"missing\": false"
            );
            Err(Fault::malformed(format!("feature {:?}", feature.name), fault))
        }
        _ => Ok(()),
    }
}

/// Refuses a `feature` of which the schema has none of the model's `names`.
pub(crate) fn check_any_known(
    feature: &Feature,
    names: &[Category],
    codes: &[Option<u64>],
) -> Result<(), Fault> {
    match names.first() {
        Some(first) if codes.iter().all(Option::is_none) => {
            let fault = format!(
                "the schema has none of the model's categories, such as {first}: both need the same \
                 names"
            );
            Err(Fault::malformed(format!("feature {:?}", feature.name), fault))
        }
        _ => Ok(()),
    }
}

/// Refuses two categories that are one code of `feature`, because tables lose the spaces around them.
pub(crate) fn check_distinct(
    feature: &Feature,
    names: &[Category],
    codes: &[Option<u64>],
) -> Result<(), Fault> {
    let mut seen: HashMap<u64, &Category> = HashMap::new();
    for (name, code) in names.iter().zip(codes) {
        if let Some(code) = code
            && let Some(other) = seen.insert(*code, name)
            && other.key() != name.key()
        {
            let fault = format!("the model's categories {other} and {name} are one to a table");
            return Err(Fault::malformed(format!("feature {:?}", feature.name), fault));
        }
    }
    Ok(())
}

/// The codes of a feature by their category.
pub(crate) struct Codes<'a> {
    feature: &'a Feature,
    texts: HashMap<&'a str, u64>,
    /// By the bits of the number, with one zero.
    numbers: HashMap<u64, u64>,
}

impl<'a> Codes<'a> {
    pub(crate) fn of(feature: &'a Feature) -> Self {
        let (mut texts, mut numbers) = (HashMap::new(), HashMap::new());
        if let FeatureKind::Category { codes } = &feature.kind {
            for (text, code) in codes.iter().zip(0..) {
                texts.insert(text.as_str(), code);
                if let Ok(number) = text.parse::<f64>() {
                    numbers.entry((number + 0.0).to_bits()).or_insert(code);
                }
            }
        }
        Self { feature, texts, numbers }
    }

    /// The code of `category`, if there is one: for a category the code of that text without the spaces
    /// around it, which tables lose, or that reads as that number; for a number the grid point that equals
    /// it, or that the text is in a table.
    pub(crate) fn get(&self, category: &Category) -> Option<u64> {
        match (&self.feature.kind, category) {
            (FeatureKind::Category { .. }, Category::Text(text)) => {
                self.texts.get(text.trim()).copied()
            }
            (FeatureKind::Category { .. }, Category::Number(number)) => {
                self.numbers.get(&(number + 0.0).to_bits()).copied()
            }
            (FeatureKind::Numeric { .. }, Category::Number(number)) => {
                grid_code(self.feature, *number)
            }
            (FeatureKind::Numeric { .. }, Category::Text(text)) => {
                self.feature.encode(text).ok().filter(|code| *code <= self.feature.last())
            }
        }
    }
}

/// The first code of `feature` whose value lies between two edges.
fn first_between(feature: &Feature, from: Edge, to: Edge) -> Option<u64> {
    let past = |code: u64| {
        let value = feature.value(code);
        value > from.at || from.inside && value == from.at
    };
    let (mut low, mut high) = (0, feature.last() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if past(middle) { high = middle } else { low = middle + 1 }
    }
    let value = feature.value(low);
    let inside = value < to.at || to.inside && value == to.at;
    (low <= feature.last() && inside).then_some(low)
}

/// The code whose value is exactly `number`.
fn grid_code(feature: &Feature, number: f64) -> Option<u64> {
    let (mut low, mut high) = (0, feature.last() + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if feature.value(middle) < number { low = middle + 1 } else { high = middle }
    }
    (low <= feature.last() && feature.value(low) == number).then_some(low)
}

impl Category {
    /// A text that no other category has.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            // One zero.
            Self::Number(number) => format!("{}", number + 0.0),
        }
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{:?}", text.chars().take(60).collect::<String>()),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

impl SourceDemand {
    /// Index of its feature among the model's.
    pub(crate) fn feature(&self) -> usize {
        let (Self::Whole { feature }
        | Self::OneOf { feature, .. }
        | Self::Nothing { feature, .. }
        | Self::Present { feature }
        | Self::Number { feature }
        | Self::Text { feature }) = self;
        *feature
    }

    pub(crate) fn check(&self, schema: &Schema, columns: &[usize]) -> Result<(), Fault> {
        let feature = &schema.features[columns[self.feature()]];
        let fault =
            |fault: String| Err(Fault::malformed(format!("feature {:?}", feature.name), fault));
        match (self, &feature.kind) {
            (Self::Whole { .. }, FeatureKind::Numeric { decimals: 1.., .. }) => fault(
                "the model cuts it to a whole number, so the schema must have it with \
                 \"decimals\": 0"
                    .into(),
            ),
            (Self::Text { .. }, FeatureKind::Numeric { .. }) => {
                fault("the model takes it as text, so the schema must have it as a category".into())
            }
            (Self::Number { .. }, FeatureKind::Category { .. }) => fault(
                "the model compares it with numbers, so the schema must have it as numeric".into(),
            ),
            (Self::Present { .. }, _) if feature.missing => fault(
                "the schema lets it be missing, but the model has no answer for that: train with \
                 an imputer or a bin for missing values, or set \"missing\": false in the schema"
                    .into(),
            ),
            (Self::Nothing { from, to, .. }, FeatureKind::Numeric { .. }) => {
                match first_between(feature, *from, *to) {
                    Some(code) => fault(format!(
                        "the schema allows {}, which no bin has: add a bin, or \"else\", or narrow the \
                         schema",
                        feature.text(code)
                    )),
                    None => Ok(()),
                }
            }
            (Self::OneOf { categories, .. }, _) => {
                let codes = Codes::of(feature);
                let known: HashSet<u64> =
                    categories.iter().filter_map(|category| codes.get(category)).collect();
                match (0..=feature.last()).find(|code| !known.contains(code)) {
                    Some(code) => fault(format!(
                        "the schema allows {:?}, which the model does not know: narrow the schema, \
                         or train with that value or with an encoder that ignores unknown ones",
                        feature.text(code)
                    )),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grid_points() {
        let ratio = Feature::numeric("ratio", 1, -10, 30);
        let codes = Codes::of(&ratio);
        for (number, code) in [(-1.0, Some(0)), (0.3, Some(13)), (3.0, Some(40)), (3.1, None)] {
            assert_eq!(codes.get(&Category::Number(number)), code, "{number}");
        }
        for number in [0.25, -1.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(codes.get(&Category::Number(number)), None, "{number}");
        }
        assert_eq!(codes.get(&Category::Text("0.3".into())), Some(13));
        assert_eq!(codes.get(&Category::Text("many".into())), None);
        let flag = Feature::numeric("flag", 0, 0, 1).or_missing();
        let codes = Codes::of(&flag);
        for (text, code) in [("True", Some(1)), ("False", Some(0)), ("0", Some(0)), ("", None)] {
            assert_eq!(codes.get(&Category::Text(text.into())), code, "{text}");
        }
    }

    #[test]
    fn what_the_schema_must_rule_out() {
        let codes = ["rents", "owns", "3"].map(String::from).to_vec();
        let home =
            Feature { kind: FeatureKind::Category { codes }, ..Feature::numeric("home", 0, 0, 0) };
        let features = vec![
            Feature::numeric("age", 0, 18, 90),
            home.or_missing(),
            Feature::numeric("ratio", 1, -10, 30).or_missing(),
        ];
        let schema = Schema { name: "test".into(), features };
        // The model's order: home, ratio, age.
        let check = |demand: &SourceDemand| demand.check(&schema, &[1, 2, 0]);
        let known =
            |known: &[&str]| known.iter().map(|text| Category::Text((*text).into())).collect();
        let ages: Vec<_> = (18..=90).map(|age| Category::Number(f64::from(age))).collect();
        for (demand, names) in [
            (SourceDemand::Whole { feature: 1 }, "\"ratio\": the model cuts it"),
            (SourceDemand::Text { feature: 2 }, "\"age\": the model takes it as text"),
            (SourceDemand::Number { feature: 0 }, "\"home\": the model compares"),
            (SourceDemand::Present { feature: 1 }, "\"ratio\": the schema lets it be missing"),
            (
                SourceDemand::OneOf { feature: 0, categories: known(&["rents", "owns"]) },
                "\"home\": the schema allows \"3\"",
            ),
            (
                SourceDemand::OneOf { feature: 2, categories: ages[..72].to_vec() },
                "\"age\": the schema allows \"90\"",
            ),
        ] {
            let fault = check(&demand).unwrap_err().to_string();
            assert!(fault.contains(names), "{fault}");
        }
        for demand in [
            SourceDemand::Whole { feature: 2 },
            SourceDemand::Text { feature: 0 },
            SourceDemand::Number { feature: 1 },
            SourceDemand::Present { feature: 2 },
            SourceDemand::OneOf { feature: 2, categories: ages },
        ] {
            assert_eq!(check(&demand), Ok(()));
        }
    }

    #[test]
    fn spaces_around_a_category_do_not_count() {
        let codes = ["east", "west"].map(String::from).to_vec();
        let region = Feature {
            kind: FeatureKind::Category { codes },
            ..Feature::numeric("region", 0, 0, 0)
        };
        let found = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|n| Category::Text((*n).into())).collect();
            let codes = Codes::of(&region);
            let codes: Vec<_> = names.iter().map(|name| codes.get(name)).collect();
            check_any_known(&region, &names, &codes)?;
            check_distinct(&region, &names, &codes).map(|()| codes)
        };
        assert_eq!(found(&[" east", " west"]), Ok(vec![Some(0), Some(1)]));
        assert!(found(&[" east", "east"]).unwrap_err().to_string().contains("are one to a table"));
        assert!(found(&["north"]).unwrap_err().to_string().contains("none of the model's"));
        assert_eq!(found(&["north", "west"]), Ok(vec![None, Some(1)]));
    }

    #[test]
    fn a_category_that_reads_as_missing() {
        let feature = Feature::numeric("guarantor", 0, 0, 1);
        let none = Category::Text("None".into());
        assert_eq!(check_category(&feature, &none), Ok(()));
        let feature = feature.or_missing();
        let fault = check_category(&feature, &none).unwrap_err().to_string();
        assert!(fault.contains("\"guarantor\": the model has a category \"None\""), "{fault}");
        assert_eq!(check_category(&feature, &Category::Text("no".into())), Ok(()));
        let codes = vec!["None".into(), "some".into()];
        let listed = Feature { kind: FeatureKind::Category { codes }, ..feature };
        assert_eq!(check_category(&listed, &none), Ok(()));
    }
}
