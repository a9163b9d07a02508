use halo2curves::bn256::{Fq, Fq2, G2Affine};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// The published files of the Hermez ceremony (54 contributions of the perpetual powers of tau and
/// a random beacon), as `b2sum --check` reads them. Source: the README of snarkjs.
const HERMEZ: &str = include_str!("hermez.b2sum");

/// `[tau]` in G2 of that ceremony, x and y, the real part first, 64-bit limbs, the lowest first: it
/// is in every verifier that was made from its files.
const HERMEZ_TAU: [[u64; 4]; 4] = [
    [0xbc9f7fee8aaef79e, 0x716989a6996c2535, 0x82c42152a8899027, 0x30441fd1b5d33704],
    [0x35d8443d1938e23d, 0x5f192cd120caf7e9, 0x9c9a5b91f86597d3, 0x26186a2d65ee4d2f],
    [0x9778f689786b1e48, 0x586319de359ab938, 0x5622c340573cb277, 0x054793348f12c0cf],
    [0xc6c40e22d65b3c02, 0xdbbb6a857f578403, 0xfbc571effb03503a, 0x1970ea81dd6992ad],
];

/// The ceremony whose secret is `tau`, if it is a known one: no file can lie about that.
pub(crate) fn of_secret(tau: &G2Affine) -> Option<&'static str> {
    let [x0, x1, y0, y1] = HERMEZ_TAU.map(Fq::from_raw);
    let hermez = G2Affine { x: Fq2::new(x0, x1), y: Fq2::new(y0, y1) };
    (*tau == hermez).then_some("the Hermez ceremony")
}

/// The file of a ceremony from which an SRS was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceremony {
    /// Name of the file, without its folder.
    pub file: String,
    /// It has powers for `k` up to this.
    pub power: u32,
    /// BLAKE2b-512 of the whole file, the digest that ceremonies publish.
    pub blake2b: Blake2bDigest,
}

impl Ceremony {
    /// The published file that has this digest, if one is known.
    ///
    /// Anybody can call a file `powersOfTau28_hez_final_16.ptau`; only the digest tells.
    pub fn published(&self) -> Option<&'static str> {
        let digest = self.blake2b.to_string();
        HERMEZ.lines().filter_map(|line| line.split_once("  ")).find_map(|(known, name)| {
            let ceremony_file = known == digest;
            ceremony_file.then_some(name)
        })
    }
}

/// A BLAKE2b-512 digest, written as 128 hexadecimal digits, as ceremonies and `b2sum` do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Blake2bDigest(pub [u8; 64]);

impl fmt::Display for Blake2bDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Blake2bDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Blake2bDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Blake2bDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut digest = [0; 64];
        hex::decode_to_slice(String::deserialize(deserializer)?, &mut digest)
            .map_err(|_| D::Error::custom("a BLAKE2b-512 digest has 128 hexadecimal digits"))?;
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2curves::{
        CurveAffine,
        group::{Curve, cofactor::CofactorGroup, prime::PrimeCurveAffine},
    };

    #[test]
    fn the_known_secret_is_a_point_and_no_other() {
        let [x0, x1, y0, y1] = HERMEZ_TAU.map(Fq::from_raw);
        let tau = G2Affine { x: Fq2::new(x0, x1), y: Fq2::new(y0, y1) };
        assert!(bool::from(tau.is_on_curve()) && bool::from(tau.to_curve().is_torsion_free()));
        assert_eq!(of_secret(&tau), Some("the Hermez ceremony"));
        for other in [-tau, G2Affine::generator(), (tau + G2Affine::generator()).to_affine()] {
            assert_eq!(of_secret(&other), None);
        }
    }

    #[test]
    fn known_files_are_found_by_digest_alone() {
        assert_eq!(HERMEZ.lines().count(), 21);
        for line in HERMEZ.lines() {
            let (digest, name) = line.split_once("  ").unwrap();
            let blake2b: Blake2bDigest = serde_json::from_str(&format!("{digest:?}")).unwrap();
            let mut ceremony = Ceremony { file: "renamed.ptau".into(), power: 1, blake2b };
            assert_eq!(ceremony.published(), Some(name));
            ceremony.file = name.into();
            ceremony.blake2b.0[63] ^= 1;
            assert_eq!(ceremony.published(), None);
        }
    }
}
