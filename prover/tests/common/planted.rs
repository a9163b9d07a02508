//! Searching for secrets in what a run prints and writes.

use alloy::primitives::U256;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Something secret, in every form that it could be written in.
pub struct Planted {
    pub what: String,
    forms: Vec<Vec<u8>>,
}

impl Planted {
    pub fn bytes(what: &str, bytes: &[u8]) -> Self {
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        let mut forms = vec![];
        for bytes in [bytes, &reversed] {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            forms.extend([bytes.to_vec(), digits.to_uppercase().into(), digits.into()]);
            forms.push(base64(bytes).into());
        }
        Self { what: what.into(), forms }
    }

    pub fn number(what: &str, number: u64) -> Self {
        let mut planted = Self::bytes(what, &number.to_be_bytes());
        let hexadecimal = format!("{number:x}");
        let grouped = number.to_string().as_bytes().rchunks(3).rev().map(<[u8]>::to_vec).collect();
        let grouped: Vec<Vec<u8>> = grouped;
        planted.forms.extend([
            number.to_string().into(),
            hexadecimal.to_uppercase().into(),
            hexadecimal.into(),
            grouped.join(&b','),
            grouped.join(&b'_'),
        ]);
        planted
    }

    /// A field element or a key, as `0x` and 64 digits.
    pub fn word(what: &str, text: &str) -> Self {
        let word: U256 = text.parse().unwrap();
        let mut planted = Self::bytes(what, &word.to_be_bytes::<32>());
        planted.forms.push(word.to_string().into());
        planted
    }

    pub fn text(what: &str, text: &str) -> Self {
        Self { what: what.into(), forms: vec![text.into()] }
    }

    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let found = |form: &Vec<u8>| bytes.windows(form.len()).any(|window| window == form);
        self.forms.iter().any(found)
    }
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = |from: usize| -> usize {
        (0..6).fold(0, |sum, i| {
            let bit = bytes.get((from + i) / 8).map_or(0, |byte| byte >> (7 - (from + i) % 8) & 1);
            sum << 1 | usize::from(bit)
        })
    };
    (0..bytes.len() * 8).step_by(6).map(|from| char::from(DIGITS[bits(from)])).collect()
}

/// The leaves of the model in a package file.
pub fn leaves(package: &Value) -> Vec<Planted> {
    let trees = package["model"]["trees"].as_array().unwrap();
    let nodes = trees.iter().flat_map(|tree| tree.as_str().unwrap().split(' '));
    let leaf = |node: &str| node.strip_prefix('=')?.parse::<i64>().ok();
    nodes
        .filter_map(leaf)
        .map(|leaf| Planted::number("a quantised leaf", leaf.unsigned_abs()))
        .collect()
}

/// Every file below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
