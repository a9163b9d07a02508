//! Bins in words and comparisons, as people and SAS write them: `< 25`, `25 - 39`, `40+`,
//! `25<= age< 40`, `60 and over`, `else`.

use super::bin::Interval;

/// Words for values that no other bin has.
const ELSE: [&str; 9] = [
    "else",
    "other",
    "others",
    "otherwise",
    "all other",
    "all others",
    "rest",
    "_unknown_",
    "everything else",
];

/// Words before a number, and what they are.
const BEFORE: [(&str, &str); 12] = [
    ("less than ", "<"),
    ("under ", "<"),
    ("below ", "<"),
    ("up to ", "<="),
    ("at most ", "<="),
    ("no more than ", "<="),
    ("more than ", ">"),
    ("greater than ", ">"),
    ("over ", ">"),
    ("above ", ">"),
    ("at least ", ">="),
    ("from ", ">="),
];

/// Words after a number, and what they are.
const AFTER: [(&str, &str); 15] = [
    ("+", ">="),
    (" and over", ">="),
    (" and above", ">="),
    (" and more", ">="),
    (" and up", ">="),
    (" and older", ">="),
    (" or over", ">="),
    (" or more", ">="),
    (" or above", ">="),
    (" and under", "<="),
    (" and below", "<="),
    (" and less", "<="),
    (" or less", "<="),
    (" or fewer", "<="),
    (" or below", "<="),
];

/// Whether a bin is for values that no other bin has.
pub(super) fn is_else(text: &str) -> bool {
    ELSE.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Point {
    /// `12.5`.
    #[default]
    Dot,
    /// `12,5`.
    Comma,
}

impl Point {
    /// The number that `text` is, if it is one. Infinities are written `inf`.
    pub fn number(self, text: &str) -> Option<f64> {
        let text = text.trim();
        let number: f64 = match self {
            Self::Dot => text.parse().ok()?,
            Self::Comma if text.contains('.') => return None,
            Self::Comma => text.replacen(',', ".", 1).parse().ok()?,
        };
        // Words such as `nan` and `infinity` are no edges, but `inf` is.
        (!number.is_nan()).then_some(number)
    }
}

/// The range that `text` says in words or comparisons, if it does; `variable` may stand for the value.
pub(super) fn range(text: &str, variable: &str, point: Point) -> Result<Option<Interval>, String> {
    let plain = normal(text, variable);
    let found = by_operators(&plain, point).or_else(|| by_words(&plain, point));
    let found = found.or_else(|| between(&plain, point));
    let Some((low, high)) = found else {
        // What would be a comparison but for the way its number is written.
        let operator = plain.starts_with(['<', '>']);
        let digits = plain.trim_start_matches(['<', '>', '=', ' ']);
        let number = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | ' '));
        return match operator && number {
            true => Err("its number has separators: write 1234.5".into()),
            false => Ok(None),
        };
    };
    let (low, high) = (low.unwrap_or(OPEN_LOW), high.unwrap_or(OPEN_HIGH));
    if low.0 > high.0 || low.0 == high.0 && !(low.1 && high.1) {
        // `2020-05` is no range.
        return Ok(None);
    }
    let ((low, with_low), (high, with_high)) = (low, high);
    Ok(Some(Interval { low, high, decimals: 0, with_low, with_high, loose: true }))
}

/// Whether `text` is a comparison or range, as people write it, of a number such as `3.000`.
pub(super) fn may_be_thousands(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    let is_group = |word: &str| {
        let (whole, decimals) = word.split_once('.').unwrap_or((word, ""));
        decimals.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
    };
    !text.starts_with(['[', '(']) && text.split(|c| !number(c)).any(is_group)
}

/// An edge and whether it is inside.
type End = (f64, bool);

const OPEN_LOW: End = (f64::NEG_INFINITY, false);
const OPEN_HIGH: End = (f64::INFINITY, false);

/// One way to write operators, lower case, `x` for the variable.
fn normal(text: &str, variable: &str) -> String {
    let mut plain = text.trim().to_lowercase();
    for (from, to) in [
        ("≤", "<="),
        ("≥", ">="),
        ("=<", "<="),
        ("=>", ">="),
        ("−", "-"),
        ("–", " - "),
        ("—", " - "),
    ] {
        plain = plain.replace(from, to);
    }
    let variable = variable.to_lowercase();
    if !variable.is_empty() && plain.contains(['<', '>']) {
        plain = plain.replace(&variable, "x");
    }
    plain
}

/// The ends that a value has before an operator and a number.
fn end(operator: &str, number: f64) -> (Option<End>, Option<End>) {
    match operator {
        "<" => (None, Some((number, false))),
        "<=" => (None, Some((number, true))),
        ">" => (Some((number, false)), None),
        _ => (Some((number, true)), None),
    }
}

/// `< 25`, `x < 25`, `25 <= x`, `25 <= x < 40`.
fn by_operators(text: &str, point: Point) -> Option<(Option<End>, Option<End>)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>']) {
        let width = if rest[at + 1..].starts_with('=') { 2 } else { 1 };
        pieces.push((rest[..at].trim(), &rest[at..at + width]));
        rest = &rest[at + width..];
    }
    let last = rest.trim();
    let value = |text: &str| text.is_empty() || text == "x";
    let turned = |operator: &str| match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        _ => "<=",
    };
    match &pieces[..] {
        [(first, operator)] if value(first) => Some(end(operator, point.number(last)?)),
        [(first, operator)] if last == "x" => Some(end(turned(operator), point.number(first)?)),
        [(first, one), (middle, two)] if value(middle) => {
            let (a, b) = (end(turned(one), point.number(first)?), end(two, point.number(last)?));
            match (a, b) {
                ((Some(low), None), (None, Some(high))) => Some((Some(low), Some(high))),
                ((None, Some(high)), (Some(low), None)) => Some((Some(low), Some(high))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// `under 25`, `40+`, `60 and over`.
fn by_words(text: &str, point: Point) -> Option<(Option<End>, Option<End>)> {
    let before = BEFORE
        .iter()
        .find_map(|(words, operator)| Some((*operator, point.number(text.strip_prefix(words)?)?)));
    let after = || {
        AFTER.iter().find_map(|(words, operator)| {
            Some((*operator, point.number(text.strip_suffix(words)?)?))
        })
    };
    let (operator, number) = before.or_else(after)?;
    Some(end(operator, number))
}

/// `25 - 39`, `25 to 39`, `25..39`, `between 25 and 39`: both ends are inside.
fn between(text: &str, point: Point) -> Option<(Option<End>, Option<End>)> {
    let both = |low: &str, high: &str| {
        Some((Some((point.number(low)?, true)), Some((point.number(high)?, true))))
    };
    if let Some((low, high)) =
        text.strip_prefix("between ").and_then(|text| text.split_once(" and "))
    {
        return both(low, high);
    }
    for separator in [" - ", " to ", "..", " ~ "] {
        if let Some((low, high)) = text.split_once(separator)
            && let Some(found) = both(low, high)
        {
            return Some(found);
        }
    }
    // A dash after a digit, so that a minus is not taken for one.
    let bytes = text.as_bytes();
    let dash = (1..bytes.len()).find(|at| bytes[*at] == b'-' && bytes[at - 1].is_ascii_digit())?;
    both(&text[..dash], &text[dash + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn ends(text: &str) -> Option<(f64, bool, f64, bool)> {
        let found = range(text, "age", Point::Dot).unwrap()?;
        Some((found.low, found.with_low, found.high, found.with_high))
    }

    #[test]
    fn ranges_in_words_and_comparisons() {
        let below = |high, with| Some((-INF, false, high, with));
        let above = |low, with| Some((low, with, INF, false));
        for (text, expected) in [
            ("< 25", below(25.0, false)),
            ("<25", below(25.0, false)),
            ("<= 25.5", below(25.5, true)),
            ("≤ -3", below(-3.0, true)),
            (">40", above(40.0, false)),
            (">= 40", above(40.0, true)),
            ("age< 25", below(25.0, false)),
            ("40<= Age", above(40.0, true)),
            ("25<= age< 40", Some((25.0, true, 40.0, false))),
            ("25 < x <= 40", Some((25.0, false, 40.0, true))),
            ("40 > age >= 25", Some((25.0, true, 40.0, false))),
            ("25 - 39", Some((25.0, true, 39.0, true))),
            ("25–39", Some((25.0, true, 39.0, true))),
            ("25-39", Some((25.0, true, 39.0, true))),
            ("-5--1", Some((-5.0, true, -1.0, true))),
            ("-5 to -1", Some((-5.0, true, -1.0, true))),
            ("between 1 and 2", Some((1.0, true, 2.0, true))),
            ("40+", above(40.0, true)),
            ("60 and over", above(60.0, true)),
            ("Under 25", below(25.0, false)),
            ("25 or less", below(25.0, true)),
            ("2020-05", None),
            ("A - B", None),
            ("< 0 DM", None),
            ("0 <= ... < 200 DM", None),
            ("4 >= years", None),
            ("-3", None),
            ("3", None),
            ("e-mail", None),
        ] {
            assert_eq!(ends(text), expected, "{text}");
        }
        assert!(range("< 1,000", "x", Point::Dot).unwrap_err().contains("separators"));
        let comma = range("12,5 - 20,25", "x", Point::Comma).unwrap().unwrap();
        assert_eq!((comma.low, comma.high), (12.5, 20.25));
        assert_eq!(Point::Comma.number("12.5"), None);
    }

    #[test]
    fn points_between_thousands() {
        for text in ["< 3.000", "3.000 - 6.000", "500 to 1.250"] {
            assert!(may_be_thousands(text), "{text}");
        }
        for text in ["< 3.0", "< 0.125", "12.5 - 20.25", "[1.250, 2.500)", "A 1.2.345", "3000"] {
            assert!(!may_be_thousands(text), "{text}");
        }
    }

    #[test]
    fn words_for_the_rest() {
        assert!(is_else("ELSE") && is_else("All other") && !is_else("elsewhere"));
    }
}
