//! What is said to a person: stderr, coloured on a terminal unless `NO_COLOR` is set.

use anstyle::{AnsiColor, Style};
use std::{
    fmt::Display,
    io::Write,
    time::{Duration, UNIX_EPOCH},
};

/// The colours in use.
pub mod style {
    use super::*;

    /// What went wrong.
    pub const ERROR: Style = AnsiColor::Red.on_default().bold();
    /// What to do about it.
    pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
    /// What went well.
    pub const GOOD: Style = AnsiColor::Green.on_default();
    /// What matters less.
    pub const DIM: Style = Style::new().dimmed();
}

/// A line to stderr. Nobody listening is no error.
pub fn talk(line: impl Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A `hint:` line.
pub fn hint(line: impl Display) {
    let style = style::HINT;
    talk(format_args!("{style}hint:{style:#} {line}"));
}

/// Data to stdout. A reader that has seen enough (`head`) ends the program quietly.
pub fn data(text: impl Display) {
    if writeln!(anstream::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Data as indented JSON.
pub fn json(value: &impl serde::Serialize) {
    data(serde_json::to_string_pretty(value).expect("what we print has a JSON form"));
}

/// `2026-11-23T10:00:00Z`.
pub fn date(unix_seconds: u64) -> String {
    let end = 253_402_300_799; // of the year 9999
    let time = UNIX_EPOCH + Duration::from_secs(unix_seconds.min(end));
    humantime::format_rfc3339_seconds(time).to_string()
}
