//! The lists of categories that LightGBM keeps of a data frame, and whose they are.
//!
//! The file has a list for each column of categories, in the frame's order, and names no column. A column
//! whose list it has is not always split by categories: LightGBM takes ordered ones as numbers, and so it
//! does with all that `categorical_feature` leaves out. And a column that is split by categories may have
//! no list: its numbers are the frame's own.

use crate::{
    ImportOptions,
    demand::{Category, Codes, check_any_known},
    error::Fault,
};
use tessera_model::{Feature, FeatureKind, Schema};

/// Ways to give lists to columns that are looked at.
const ENOUGH: u8 = 2;
/// Most pairs of a list and a column.
const MAX_PAIRS: usize = 1 << 22;

/// What the file says of a frame's columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Categories in the order of their numbers, from 0.
    pub lists: Vec<Vec<Category>>,
    /// Of each feature.
    pub values: Vec<Values>,
}

/// The values of a feature that training saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers between these.
    Numbers(f64, f64),
    /// These categories.
    Codes(Vec<u32>),
    /// One value, or none.
    Constant,
}

impl Values {
    /// Reads an item of `feature_infos`: `[low:high]`, `1:5:2`, where −1 stands for missing, or `none`.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::Constant);
        }
        if let Some(ends) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let (low, high) = ends.split_once(':')?;
            return Some(Self::Numbers(low.parse().ok()?, high.parse().ok()?));
        }
        let codes = text.split(':').filter(|code| *code != "-1");
        Some(Self::Codes(codes.map(|code| code.parse().ok()).collect::<Option<_>>()?))
    }

    /// Whether these may be places in a list of `length` categories.
    fn fit(&self, length: usize) -> bool {
        let place = |x: f64| x.fract() == 0.0 && (0.0..length as f64).contains(&x);
        match self {
            Self::Constant => true,
            Self::Numbers(low, high) => place(*low) && place(*high),
            Self::Codes(codes) => codes.iter().all(|code| (*code as usize) < length),
        }
    }
}

impl Frame {
    /// The categories that the file says training saw of a feature.
    pub fn codes(&self, feature: usize) -> Option<&[u32]> {
        match self.values.get(feature)? {
            Values::Codes(codes) => Some(codes),
            _ => None,
        }
    }

    /// The list of each feature; empty for one without. `columns[i]` is the schema's index of feature `i`.
    pub fn assign(
        &self,
        features: &[String],
        schema: &Schema,
        columns: &[usize],
        options: &ImportOptions,
    ) -> Result<Vec<Vec<Category>>, Fault> {
        if self.lists.is_empty() {
            return Ok(Vec::new());
        }
        let owners = match options.category_lists.is_empty() {
            true => self.only_way(schema, columns)?,
            false => self.named(features, schema, columns, options)?,
        };
        let mut categories = vec![Vec::new(); self.values.len()];
        for (owner, list) in owners.into_iter().zip(&self.lists) {
            categories[owner] = list.clone();
        }
        Ok(categories)
    }

    /// The owners that somebody named.
    fn named(
        &self,
        features: &[String],
        schema: &Schema,
        columns: &[usize],
        options: &ImportOptions,
    ) -> Result<Vec<usize>, Fault> {
        let names = &options.category_lists;
        if names.len() != self.lists.len() {
            let fault = format!(
                "{} columns are named for the {} lists of categories in the file",
                names.len(),
                self.lists.len()
            );
            return Err(Fault::malformed("pandas_categorical", fault));
        }
        let find = |name: &String| {
            let schema_name = |feature: &usize| schema.features[columns[*feature]].name == *name;
            let found = (0..features.len()).find(schema_name);
            found.ok_or_else(|| {
                Fault::malformed("pandas_categorical", format!("the model has no feature {name:?}"))
            })
        };
        names.iter().map(find).collect()
    }

    /// The owners of the lists, if there is one way only.
    fn only_way(&self, schema: &Schema, columns: &[usize]) -> Result<Vec<usize>, Fault> {
        let (count, lists) = (self.values.len(), self.lists.len());
        if lists.saturating_mul(count + 1) > MAX_PAIRS {
            let fault = format!("{lists} lists of categories for {count} features");
            return Err(Fault::malformed("pandas_categorical", fault));
        }
        let fits: Vec<Vec<bool>> = (0..count)
            .map(|feature| {
                let shares = shares(&schema.features[columns[feature]]);
                let fits =
                    |list: &Vec<Category>| self.values[feature].fit(list.len()) && shares(list);
                self.lists.iter().map(fits).collect()
            })
            .collect();
        let fits = |list: usize, feature: usize| fits[feature][list];
        // ways[l][f]: in how many ways lists from `l` on go to features from `f` on.
        let mut ways = vec![vec![0u8; count + 1]; lists + 1];
        ways[lists] = vec![1; count + 1];
        for list in (0..lists).rev() {
            for feature in (0..count).rev() {
                let here = if fits(list, feature) { ways[list + 1][feature + 1] } else { 0 };
                ways[list][feature] = (ways[list][feature + 1] + here).min(ENOUGH);
            }
        }
        let hint = "it does not say which list is whose, and columns of categories may be ordered or \
                    left out of categorical_feature: name the lists' columns in their order \
                    (--category-lists region,grade), or train with all categories as the data frame's \
                    unordered ones";
        if ways[0][0] == 0
            && let Some(fault) = self.stranger(schema, columns)
        {
            return Err(fault);
        }
        match ways[0][0] {
            0 => Err(Fault::unsupported(
                format!(
                    "a file with {lists} lists of categories, which do not fit the schema's columns"
                ),
                hint,
            )),
            1 => {
                let mut owners = Vec::with_capacity(lists);
                let mut feature = 0;
                for list in 0..lists {
                    while !(fits(list, feature) && ways[list + 1][feature + 1] == 1) {
                        feature += 1;
                    }
                    owners.push(feature);
                    feature += 1;
                }
                Ok(owners)
            }
            _ => Err(Fault::unsupported(
                format!("a file whose {lists} lists of categories fit several columns"),
                hint,
            )),
        }
    }
}

impl Frame {
    /// A list that only one column of categories can have by its numbers, and whose names are not the
    /// schema's.
    fn stranger(&self, schema: &Schema, columns: &[usize]) -> Option<Fault> {
        self.lists.iter().find_map(|list| {
            let fits = |feature: &usize| {
                matches!(self.values[*feature], Values::Codes(_))
                    && self.values[*feature].fit(list.len())
            };
            let mut found = (0..self.values.len()).filter(fits);
            let (feature, other) = (found.next()?, found.next());
            let feature = &schema.features[columns[feature]];
            let codes = Codes::of(feature);
            let found: Vec<_> = list.iter().map(|category| codes.get(category)).collect();
            other.is_none().then(|| check_any_known(feature, list, &found).err())?
        })
    }
}

/// Whether `feature` has some of the categories of a list.
fn shares(feature: &Feature) -> impl Fn(&[Category]) -> bool {
    let whole = !matches!(feature.kind, FeatureKind::Numeric { decimals: 1.., .. });
    let codes = Codes::of(feature);
    move |list| whole && list.iter().any(|category| codes.get(category).is_some())
}
