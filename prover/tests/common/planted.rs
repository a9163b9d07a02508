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

/// Digests of `secret` that anybody can compute who guesses it.
pub fn fingerprints(name: &str, secret: &[u8]) -> Vec<Planted> {
    use sha2::{Digest, Sha256, Sha512};
    use sha3::{Keccak256, Sha3_256};
    let digests: [(&str, Vec<u8>); 5] = [
        ("SHA-256", Sha256::digest(secret).to_vec()),
        ("SHA-512", Sha512::digest(secret).to_vec()),
        ("SHA3-256", Sha3_256::digest(secret).to_vec()),
        ("Keccak-256", Keccak256::digest(secret).to_vec()),
        ("BLAKE2b", blake2b_simd::blake2b(secret).as_bytes().to_vec()),
    ];
    digests
        .iter()
        .map(|(digest, bytes)| Planted::bytes(&format!("{digest} of {name}"), bytes))
        .collect()
}

/// Numbers that the leaves alone decide: the offset, its magnitude plus each tree's largest, the least
/// and the greatest score.
pub fn sums_of_leaves(package: &Value) -> Vec<Planted> {
    let offset: i64 = package["model"]["offset"].as_i64().unwrap();
    let trees: Vec<Vec<i64>> = package["model"]["trees"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tree| {
            let nodes = tree.as_str().unwrap().split(' ');
            nodes.filter_map(|node| node.strip_prefix('=')?.parse().ok()).collect()
        })
        .collect();
    let sum = |pick: fn(&Vec<i64>) -> i64| trees.iter().map(pick).sum::<i64>();
    let magnitude = sum(|leaves| leaves.iter().map(|leaf| leaf.abs()).max().unwrap());
    let least = offset + sum(|leaves| *leaves.iter().min().unwrap());
    let greatest = offset + sum(|leaves| *leaves.iter().max().unwrap());
    [
        ("the offset", offset),
        ("the bound", offset.abs() + magnitude),
        ("the least score", least),
        ("the greatest score", greatest),
    ]
    .map(|(name, number)| Planted::number(name, number.unsigned_abs()))
    .into()
}

/// Every file below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
