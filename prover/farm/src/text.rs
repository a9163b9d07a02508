//! Text that somebody else wrote.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Characters that are kept.
const MOST: usize = 300;

/// Text that came over the network: a line of at most 300 characters that a terminal shows and does not
/// obey. Whatever is not printable (control characters, line ends, marks that turn the direction of writing)
/// is replaced by `U+FFFD`, so no worker, tenant or broker can forge a line or move the cursor of whoever
/// reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct WireText(String);

impl WireText {
    /// What may be shown of `text`.
    pub fn new(text: &str) -> Self {
        let shown = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1;
        let kept = text.chars().take(MOST).map(|c| if shown(c) { c } else { '\u{fffd}' });
        let mut kept: String = kept.collect();
        if text.chars().nth(MOST).is_some() {
            kept.push('…');
        }
        Self(kept)
    }

    /// The same from bytes, which need not be UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        // A character has four bytes at most.
        Self::new(&String::from_utf8_lossy(&bytes[..bytes.len().min(4 * MOST + 4)]))
    }
}

impl From<String> for WireText {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<&str> for WireText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl std::ops::Deref for WireText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_shows_it_and_does_not_obey() {
        for plain in ["", "no room: 3 MB are free", "Größe \"k\" \\ 'x'", "証明"] {
            assert_eq!(&*WireText::new(plain), plain);
        }
        for bad in ["\u{1b}[2J", "\r\n", "\u{202e}", "\u{2028}", "\u{9b}", "\u{200b}", "\t", "\0"] {
            let text = WireText::new(&format!("a{bad}b"));
            assert!(text.starts_with("a\u{fffd}") && text.ends_with('b'), "{bad:?}: {text:?}");
            assert!(!bad.chars().any(|c| c != '[' && c != '2' && c != 'J' && text.contains(c)));
        }
        let json = serde_json::to_string("\u{1b}]0;title\u{7}").unwrap();
        let text: WireText = serde_json::from_str(&json).unwrap();
        assert_eq!(&*text, "\u{fffd}]0;title\u{fffd}");
    }

    #[test]
    fn it_is_a_line_of_bounded_length() {
        assert_eq!(WireText::new(&"x".repeat(MOST)).len(), MOST);
        let long = WireText::new(&"ß".repeat(1 << 20));
        assert_eq!(long.chars().count(), MOST + 1);
        assert_eq!(WireText::from_bytes("ß".repeat(1 << 20).as_bytes()), long);
        assert_eq!(&*WireText::from_bytes(&[0xff, b'a']), "\u{fffd}a");
    }
}
