//! Pieces of JSON that a model file is made of: exact numbers, bounded lists.

use super::{demand::Category, error::Fault, kinds::KNOWN};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, marker::PhantomData, ops::Deref, str::FromStr};

/// What a JSON file is, if it is none of XGBoost's.
pub(crate) fn other_kind(bytes: &[u8]) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Top {
        learner: Option<IgnoredAny>,
        tree_info: Option<IgnoredAny>,
    }
    // A number for each bin of each variable, as toad exports a scorecard.
    type Card = std::collections::HashMap<String, std::collections::HashMap<String, f64>>;
    let is_card = |card: Card| !card.is_empty() && !card.contains_key("learner");
    if serde_json::from_slice(bytes).is_ok_and(is_card) {
        return Some(Fault::Format {
            found: "JSON of a scorecard, perhaps toad's",
            hint: "write it as CSV: card.export(to_frame=True, decimal=12).to_csv(\"m.csv\", index=False)",
        });
    }
    let top: Top = serde_json::from_slice(bytes).ok()?;
    let (found, hint) = match top {
        Top { learner: Some(_), .. } => return None,
        Top { tree_info: Some(_), .. } => (
            "JSON, perhaps LightGBM's dump of a model",
            "save the model itself: booster.save_model(\"m.txt\")",
        ),
        _ => ("JSON, but no XGBoost model", KNOWN),
    };
    Some(Fault::Format { found, hint })
}

/// A number read from its own text, so that it is rounded once and correctly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Num<T>(pub T);

impl<'de, T: FromStr> Deserialize<'de> for Num<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let expected = || "this is not a number of its kind".to_owned();
        text.parse().map(Num).map_err(|_| D::Error::custom(expected()))
    }
}

/// A truth value, written as `true` or as `1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match <&RawValue>::deserialize(deserializer)?.get() {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err(D::Error::custom("this is neither 0 nor 1")),
        }
    }
}

/// A category of a data frame: a text, a number, or a truth value, which is text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item(pub Category);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let category = match text {
            "true" => Category::Text("True".into()),
            "false" => Category::Text("False".into()),
            _ if text.starts_with('"') => {
                Category::Text(serde_json::from_str(text).map_err(D::Error::custom)?)
            }
            _ => match text.parse() {
                Ok(number) if f64::is_finite(number) => Category::Number(number),
                _ => return Err(D::Error::custom("this is neither a text nor a number")),
            },
        };
        Ok(Self(category))
    }
}

/// A list of at most `MAX` items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounded<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Deref for Bounded<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> Default for Bounded<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T, const MAX: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Items<T, MAX> {
            type Value = Bounded<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a list of at most {MAX} items")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if items.len() == MAX {
                        return Err(A::Error::custom(format!("more than {MAX} items")));
                    }
                    items.push(item);
                }
                Ok(Bounded(items))
            }
        }

        deserializer.deserialize_seq(Items(PhantomData))
    }
}
