//! Tables, and text in HTML.

use std::fmt::{self, Display, Write};

/// A table; `header` may be empty. The first cell of a row names it.
pub(super) fn table(
    out: &mut String,
    header: &[&str],
    rows: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    writeln!(out, "<div class=\"wide\" tabindex=\"0\"><table>")?;
    if !header.is_empty() {
        write!(out, "<tr>")?;
        header.iter().try_for_each(|cell| write!(out, "<th scope=\"col\">{cell}</th>"))?;
        writeln!(out, "</tr>")?;
    }
    rows(out)?;
    writeln!(out, "</table></div>")
}

/// The numbers of a plot, folded away.
pub(super) fn folded(
    out: &mut String,
    header: &[&str],
    rows: impl FnOnce(&mut String) -> fmt::Result,
) -> fmt::Result {
    writeln!(out, "<details><summary>as a table</summary>")?;
    table(out, header, rows)?;
    writeln!(out, "</details>")
}

pub(super) fn row(out: &mut String, cells: &[&dyn Display]) -> fmt::Result {
    write!(out, "<tr>")?;
    for (index, cell) in cells.iter().enumerate() {
        match index {
            0 => write!(out, "<th scope=\"row\">{cell}</th>")?,
            _ => write!(out, "<td>{cell}</td>")?,
        }
    }
    writeln!(out, "</tr>")
}

/// Text from a file, with what HTML would read as markup escaped.
pub(crate) struct Text<'a>(pub &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// A digest.
pub(super) struct Code<T>(pub T);

impl<T: Display> Display for Code<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<code>{}</code>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_text() {
        let name = "<script>alert(\"1\")</script> & 'x'";
        let shown = Text(name).to_string();
        let expected = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;";
        assert_eq!(shown, expected);
    }
}
