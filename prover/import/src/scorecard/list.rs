//! Lists of categories as numpy and pandas print them: `['a' 'b']`, `[1. 2.]`,
//! `<StringArray>\n['a', 'b']\nLength: 2, dtype: str`.

use crate::demand::Category;

/// Reads a text up to its closing quote; answers with what is after that, too.
type Quoted = fn(&str, char) -> Option<(String, &str)>;

/// The items of a printed list; none for a missing value.
pub(super) fn read(text: &str) -> Result<Vec<Option<Category>>, String> {
    let unreadable = || "it is no list that can be read, such as ['A', 'B']".to_owned();
    // pandas says the type before and the length after the list, and leaves quotes as they are.
    let (list, quoted): (_, Quoted) = match text.split_once('\n') {
        Some((kind, rest)) if kind.starts_with('<') => (rest, plainly_quoted),
        _ => (text, quoted),
    };
    let mut rest = list.trim_start().strip_prefix('[').ok_or_else(unreadable)?;
    let mut items = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if let Some(after) = rest.strip_prefix(']') {
            check_end(after.trim(), items.len()).ok_or_else(unreadable)?;
            break;
        }
        if rest.starts_with("...") {
            return Err("the list is shortened: print it whole, with \
                        numpy.set_printoptions(threshold=10**9) and categories of dtype object"
                .into());
        }
        let wrapped = rest.strip_prefix("np.str_(");
        rest = wrapped.unwrap_or(rest);
        let first = rest.chars().next().ok_or_else(unreadable)?;
        if matches!(first, '\'' | '"') {
            let (item, after) = quoted(&rest[1..], first).ok_or_else(unreadable)?;
            items.push(Some(Category::Text(item)));
            rest = after;
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']'));
            let (word, after) = rest.split_at(end.ok_or_else(unreadable)?);
            items.push(bare(word).ok_or_else(unreadable)?);
            rest = after;
        }
        if wrapped.is_some() {
            rest = rest.strip_prefix(')').ok_or_else(unreadable)?;
        }
    }
    if items.is_empty() { Err("it is an empty list".into()) } else { Ok(items) }
}

/// An item without quotes.
fn bare(word: &str) -> Option<Option<Category>> {
    match word {
        "nan" | "None" | "<NA>" | "NaN" => Some(None),
        "True" | "False" => Some(Some(Category::Text(word.into()))),
        _ => {
            let number: f64 = word.parse().ok()?;
            number.is_finite().then_some(Some(Category::Number(number)))
        }
    }
}

/// What may stand after a list.
fn check_end(end: &str, count: usize) -> Option<()> {
    if end.is_empty() || end.starts_with("Categories (") {
        return Some(());
    }
    let length = end.strip_prefix("Length: ")?.split(',').next()?;
    (length.trim().parse() == Ok(count)).then_some(())
}

/// A text without escapes up to the `quote` that a comma or the end of the list follows.
fn plainly_quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let closes = |after: &str| after.trim_start().starts_with([',', ']']);
    let mut quotes = text.match_indices(quote);
    let (at, after) = quotes.find_map(|(at, quote)| {
        let after = &text[at + quote.len()..];
        closes(after).then_some((at, after))
    })?;
    Some((text[..at].into(), after))
}

/// A Python text up to its closing `quote`, and what is after that.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut item = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((item, &text[at + c.len_utf8()..])),
            '\\' => match chars.next()?.1 {
                'n' => item.push('\n'),
                't' => item.push('\t'),
                'r' => item.push('\r'),
                same @ ('\\' | '\'' | '"') => item.push(same),
                escape @ ('x' | 'u' | 'U') => {
                    let digits = match escape {
                        'x' => 2,
                        'u' => 4,
                        _ => 8,
                    };
                    let mut code = 0;
                    for _ in 0..digits {
                        code = code * 16 + chars.next()?.1.to_digit(16)?;
                    }
                    item.push(char::from_u32(code)?);
                }
                _ => return None,
            },
            c => item.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_texts() {
        let text = |text: &str| Some(Category::Text(text.into()));
        for (printed, items) in [
            (r#"['a\'b' "c\"d"]"#, vec![text("a'b"), text("c\"d")]),
            (r"['caf\xe9\u0301\\']", vec![text("caf\u{e9}\u{301}\\")]),
            ("[     'wide',\n 'lines']", vec![text("wide"), text("lines")]),
            ("['... < 0 DM']", vec![text("... < 0 DM")]),
            ("[np.str_('a'), np.str_('b')]", vec![text("a"), text("b")]),
            ("[True]", vec![text("True")]),
            ("['a']\nCategories (2, object): ['a', 'b']", vec![text("a")]),
            (
                "<StringArray>\n['it's own', 'a\\'b', \n 'c']\nLength: 3, dtype: str",
                vec![text("it's own"), text("a\\'b"), text("c")],
            ),
            ("[None 3]", vec![None, Some(Category::Number(3.0))]),
        ] {
            assert_eq!(read(printed), Ok(items), "{printed}");
        }
        for printed in [
            "[",
            "['a",
            "['a'",
            "[]",
            "['a'] b",
            "[a]",
            "[inf]",
            r"['\q']",
            r"['\x4']",
            r"['\ud800']",
            "<StringArray>\n['a']\nLength: 2, dtype: str",
            "[np.str_('a']",
            "<StringArray>",
        ] {
            assert!(read(printed).is_err(), "{printed}");
        }
    }
}
