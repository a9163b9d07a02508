//! A picture of time and gas against peers, for people who would rather look than read.

use std::fmt::Write;

/// Where a figure comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Ours, measured in this run.
    Tessera,
    /// Somebody else's, measured in this run.
    Baseline,
    /// Published by its makers, or measured on such a machine at another time.
    Elsewhere,
}

/// One bar.
pub struct Bar {
    pub name: String,
    pub value: f64,
    pub from: From,
}

/// Verifications' gas as their makers publish it.
pub const PEERS_GAS: [(&str, f64); 6] = [
    ("Groth16, two inputs", 228_901.0),
    ("SP1, Groth16", 259_198.0),
    ("RISC Zero", 263_298.0),
    ("SP1, PLONK", 334_338.0),
    ("OpenVM, halo2", 339_719.0),
    ("EZKL, a credit model", 600_972.0),
];
/// Seconds of a credit model's proof, measured on such a machine.
pub const PEERS_SECONDS: [(&str, f64); 1] = [("EZKL, a credit model", 8.4)];

const WIDTH: f64 = 760.0;
const LEFT: f64 = 250.0;
const RIGHT: f64 = 110.0;
const ROW: f64 = 26.0;
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2937}\
.head{font-weight:600;font-size:15px}\
.small{font-size:12px;fill:#6b7280}\
.tessera{fill:#0f766e}\
.baseline{fill:#9a3412}\
.elsewhere{fill:#94a3b8}\
@media(prefers-color-scheme:dark){\
text{fill:#e5e7eb}.small{fill:#9ca3af}.tessera{fill:#2dd4bf}.baseline{fill:#fb923c}.elsewhere{fill:#64748b}}";

/// Two panels: seconds on a logarithmic scale, gas on a linear one.
pub fn draw(seconds: &[Bar], gas: &[Bar]) -> String {
    let height = 120.0 + ROW * (seconds.len() + gas.len()) as f64 + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">Seconds and gas of a proof of a credit score, against others</title>\n\
         <style>{STYLE}</style>\n"
    );
    let most = |bars: &[Bar]| bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let least = seconds.iter().map(|bar| bar.value).fold(f64::INFINITY, f64::min) / 2.0;
    let scale = (most(seconds) / least).ln();
    let top = panel(
        &mut svg,
        24.0,
        "From features to proof, seconds (each doubling is as long)",
        seconds,
        |value| (value / least).ln() / scale,
        |value| format!("{value:.2} s"),
    );
    let largest = most(gas);
    let top =
        panel(&mut svg, top + 30.0, "Gas of verification", gas, |value| value / largest, thousands);
    let legend = [
        (0.0, "tessera", "Tessera, this run"),
        (190.0, "baseline", "snark-verifier, the same run"),
        (420.0, "elsewhere", "published or measured elsewhere"),
    ];
    for (x, class, text) in legend {
        let _ = writeln!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\"/>\
             <text class=\"small\" x=\"{}\" y=\"{}\">{text}</text>",
            10.0 + x,
            top + 12.0,
            28.0 + x,
            top + 22.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Bars below a headline at `top`; where they end.
fn panel(
    svg: &mut String,
    top: f64,
    headline: &str,
    bars: &[Bar],
    share: impl Fn(f64) -> f64,
    label: impl Fn(f64) -> String,
) -> f64 {
    let _ = writeln!(svg, "<text class=\"head\" x=\"10\" y=\"{top}\">{headline}</text>");
    for (index, bar) in bars.iter().enumerate() {
        let y = top + 14.0 + ROW * index as f64;
        let width = (share(bar.value) * (WIDTH - LEFT - RIGHT)).max(2.0);
        let class = match bar.from {
            From::Tessera => "tessera",
            From::Baseline => "baseline",
            From::Elsewhere => "elsewhere",
        };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\"/>\
             <text x=\"{:.1}\" y=\"{}\">{}</text>",
            LEFT - 8.0,
            y + 14.0,
            bar.name,
            LEFT + width + 6.0,
            y + 14.0,
            label(bar.value)
        );
    }
    top + 14.0 + ROW * bars.len() as f64
}

/// `1234567` as `1,234,567`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
