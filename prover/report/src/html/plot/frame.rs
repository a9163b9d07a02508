//! Axes of a plot, in units of the view box.

use crate::html::table::Text;
use crate::statistics::{round_up, tidy};
use std::fmt::{self, Write};

/// Width of a plot.
pub(super) const WIDTH: f64 = 640.0;
/// Height of a plot.
pub(super) const HEIGHT: f64 = 300.0;
/// Room for the numbers at the left.
const LEFT: f64 = 62.0;
const RIGHT: f64 = 16.0;
/// Room for the name of the upward axis.
const TOP: f64 = 34.0;
/// Room for the numbers and the name of the other axis.
const BOTTOM: f64 = 54.0;

/// One axis.
pub(super) struct Axis<'a> {
    /// What it counts, with the unit.
    pub name: &'a str,
    /// Number at its start.
    pub low: f64,
    /// Number at its end, which is larger.
    pub high: f64,
    /// What its numbers are divided by where they are written.
    pub unit: f64,
    /// Least distance of its numbers.
    pub least: f64,
    /// Names of what is at 0 to 1, 1 to 2 and so on, in place of numbers.
    pub names: Vec<String>,
}

impl<'a> Axis<'a> {
    pub(super) fn new(name: &'a str, low: f64, high: f64) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { name, low, high, unit: 1.0, least: 0.0, names: vec![] }
    }

    /// From 0 to `most` rows.
    pub(super) fn rows(most: usize) -> Self {
        Self { least: 1.0, ..Self::new("rows", 0.0, most as f64) }
    }

    /// Where `number` is, from 0 to 1.
    fn at(&self, number: f64) -> f64 {
        (number - self.low) / (self.high - self.low)
    }

    /// About `most` round numbers, or the middles of what has names, with their text.
    fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        if !self.names.is_empty() {
            let middle = |(index, name): (usize, &String)| (index as f64 + 0.5, name.clone());
            return self.names.iter().enumerate().map(middle).collect();
        }
        let step = round_up((self.high - self.low) / most as f64).max(self.least);
        let first = (self.low / step - 1e-9).ceil();
        let count = (self.high / step + 1e-9).floor() - first;
        let tick = |index: usize| tidy((first + index as f64) * step);
        (0..=count.max(0.0) as usize)
            .map(|index| (tick(index), tidy(tick(index) / self.unit).to_string()))
            .collect()
    }
}

/// A plot with its two axes.
pub(super) struct Frame<'a> {
    pub x: Axis<'a>,
    pub y: Axis<'a>,
}

impl Frame<'_> {
    pub(super) fn x(&self, number: f64) -> f64 {
        LEFT + self.x.at(number) * (WIDTH - LEFT - RIGHT)
    }

    pub(super) fn y(&self, number: f64) -> f64 {
        self.floor() - self.y.at(number) * (self.floor() - TOP)
    }

    /// Where the upward axis starts.
    pub(super) fn floor(&self) -> f64 {
        HEIGHT - BOTTOM
    }

    /// Where the upward axis ends.
    pub(super) fn top(&self) -> f64 {
        TOP
    }

    /// Opens the plot and draws grid, numbers and names. `label` is what a person hears who does not
    /// see it.
    pub(super) fn open(&self, out: &mut String, label: &str) -> fmt::Result {
        let label = Text(label);
        writeln!(out, "<figure>\n<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"")?;
        writeln!(out, " aria-label=\"{label}\">")?;
        let floor = self.floor();
        for (number, text) in self.y.ticks(5) {
            let y = self.y(number);
            writeln!(out, "<path class=\"axis\" d=\"M{LEFT} {y:.1}H{:.1}\"/>", WIDTH - RIGHT)?;
            write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" ", LEFT - 8.0, y + 4.0)?;
            writeln!(out, "text-anchor=\"end\">{text}</text>")?;
        }
        for (number, text) in self.x.ticks(7) {
            let x = self.x(number);
            writeln!(out, "<path class=\"axis\" d=\"M{x:.1} {floor}v5\"/>")?;
            write!(out, "<text x=\"{x:.1}\" y=\"{:.1}\" ", floor + 20.0)?;
            writeln!(out, "text-anchor=\"middle\">{}</text>", Text(&text))?;
        }
        writeln!(out, "<text x=\"0\" y=\"16\">{}</text>", Text(self.y.name))?;
        write!(out, "<text x=\"{:.1}\" y=\"{:.1}\" ", WIDTH - RIGHT, HEIGHT - 8.0)?;
        writeln!(out, "text-anchor=\"end\">{}</text>", Text(self.x.name))
    }

    /// Closes the plot; `keys` are classes of what is drawn, and what they are.
    pub(super) fn close(&self, out: &mut String, keys: &[(&str, &str)], text: &str) -> fmt::Result {
        writeln!(out, "</svg>\n<figcaption>")?;
        for (class, name) in keys {
            writeln!(out, "<span class=\"key {class}\"></span>{name}")?;
        }
        writeln!(out, "<span class=\"more\">{}</span></figcaption>\n</figure>", Text(text))
    }

    /// A bar from `low` to `high`, with what it says when it is pointed at.
    pub(super) fn bar(
        &self,
        out: &mut String,
        class: &str,
        x: [f64; 2],
        y: [f64; 2],
        title: &str,
    ) -> fmt::Result {
        let [left, right] = x.map(|x| self.x(x));
        let [low, high] = y.map(|y| self.y(y));
        let width = (right - left - 1.0).max(0.5);
        write!(out, "<rect class=\"{class}\" x=\"{:.1}\" y=\"{high:.1}\" ", left + 0.5)?;
        write!(out, "width=\"{width:.1}\" height=\"{:.1}\">", (low - high).max(0.0))?;
        writeln!(out, "<title>{}</title></rect>", Text(title))
    }

    /// A line through points.
    pub(super) fn line(
        &self,
        out: &mut String,
        class: &str,
        points: impl Iterator<Item = (f64, f64)>,
    ) -> fmt::Result {
        write!(out, "<path class=\"{class}\" d=\"")?;
        for (index, (x, y)) in points.enumerate() {
            let step = if index == 0 { 'M' } else { 'L' };
            write!(out, "{step}{:.1} {:.1}", self.x(x), self.y(y))?;
        }
        writeln!(out, "\"/>")
    }
}
