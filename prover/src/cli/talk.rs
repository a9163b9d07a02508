//! What is said to a person: stderr, coloured on a terminal unless `NO_COLOR` is set.

use super::failure::{Exit, Failure};
use anstyle::{AnsiColor, Style};
use std::{
    fmt::Display,
    io::{self, Write},
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

/// Data to stdout. A reader that has seen enough (`head`) ends the program quietly; anything else that
/// keeps the data from its reader, such as a full disk, ends it with an error.
pub fn data(text: impl Display) {
    let mut out = anstream::stdout();
    written(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Ends the program where stdout could not be written.
pub fn written(result: io::Result<()>) {
    match result {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            Failure::input(format!("cannot write to stdout: {error}"))
                .hint("what was written to files is complete")
                .print();
            std::process::exit(Exit::Input as i32);
        }
    }
}

/// Data as indented JSON.
pub fn json(value: &impl serde::Serialize) {
    data(serde_json::to_string_pretty(value).expect("what we print has a JSON form"));
}
