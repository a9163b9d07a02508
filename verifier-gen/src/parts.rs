//! What both contracts have in common: parts that stand once and are put into either template.

use crate::generate::Values;

macro_rules! parts {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../templates/parts/", $name, ".sol")))),+]
    };
}

/// By name; `{{> NAME}}`, alone on a line, stands for the part.
const PARTS: [(&str, &str); 11] = parts!(
    "Interface",
    "Verify",
    "Fail",
    "Transcript",
    "Challenges",
    "Evaluations",
    "Lagrange",
    "Inverses",
    "Permutation",
    "Opening",
    "Pairing",
);

/// What the domain's size decides: a constant in one contract, a word of memory in the other.
const OF_THE_DOMAIN: [&str; 7] =
    ["OMEGA", "OMEGA_INVERSE", "WEIGHT_0", "WEIGHT_1", "WEIGHT_2", "WEIGHT_3", "PAIR_WEIGHT"];

/// The template with its parts.
pub(crate) fn assemble(template: &str) -> String {
    PARTS.iter().fold(template.into(), |text, (name, part)| {
        text.replace(&format!("{{{{> {name}}}}}\n"), part)
    })
}

/// What the parts leave to each contract: how it reads a value of the domain, the lengths of the evaluations
/// without and with the word in front of them, and the coordinates of the right side.
pub(crate) fn differences(
    values: &mut Values,
    domain: impl Fn(&str) -> String,
    evaluations: [String; 2],
    right: [&str; 2],
) {
    for name in OF_THE_DOMAIN {
        values.set(&name.to_lowercase(), domain(name));
    }
    let [bytes, hash_bytes] = evaluations;
    values.set("evaluation_bytes", bytes);
    values.set("evaluation_hash_bytes", hash_bytes);
    let [x, y] = right;
    values.set("right_x", x);
    values.set("right_y", y);
}
