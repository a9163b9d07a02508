//! `.ptau` files, in which snarkjs and the public ceremonies publish powers of tau.
//!
//! A header (`ptau`, version, number of sections, each number 4 bytes little-endian), then
//! sections: number (4 bytes), length (8 bytes), content. Those that are read here:
//!
//! | section | content |
//! |---|---|
//! | 1 | bytes of a coordinate (4), modulus of the base field, power `p` (4), power of the ceremony (4) |
//! | 2 | `[tau^i]` in G1 for `i < 2^(p+1) − 1` |
//! | 3 | `[tau^i]` in G2 for `i < 2^p` |
//! | 12 | in prepared files: the Lagrange form in G1 of every size, `2^0, 2^1, …, 2^p` (and mostly one more) |
//!
//! Points are as in [`points`](crate::points). snarkjs' roots of unity are powers of `5^t`, halo2's
//! of `7^t` (`r − 1 = t · 2^28`), so the Lagrange form is the same points in another order.

use crate::{
    Blake2bDigest, Ceremony, Provenance, Srs, SrsError, SrsFault,
    check::{check_lagrange, check_powers},
    development::root_of_unity,
    lagrange::lagrange_from_powers,
    points::{G1_BYTES, G2_BYTES, g1_points, g2_points},
    srs::{digest_of, params_from_parts},
};
use halo2curves::{
    bn256::{Fq, Fr, G1Affine},
    ff::{Field, PrimeField},
};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};
use tessera_artifact::{ArtifactError, Sha256Digest};

/// Prepared files have 11.
const MAX_SECTIONS: u32 = 64;
const HEADER: (u32, &str) = (1, "header (section 1)");
const POWERS_G1: (u32, &str) = (2, "powers in G1 (section 2)");
const POWERS_G2: (u32, &str) = (3, "powers in G2 (section 3)");
const LAGRANGE: (u32, &str) = (12, "Lagrange form (section 12)");

/// Reads the powers for size `k` from the `.ptau` file at `path` and verifies them: every point on
/// its curve and in its group, all powers of one secret, the Lagrange form theirs.
///
/// A prepared file gives the Lagrange form; without it, it is computed, which takes 12 s
/// at k = 16 and over twice as long for each further k. The contributions of the ceremony are not
/// verified one by one: whether this is the file that the ceremony published, its BLAKE2b digest
/// tells, which ends up in the provenance.
///
/// Errors: [`SrsError::Size`]; [`SrsError::Artifact`]; [`SrsError::File`] with what is wrong.
pub fn import_ptau(path: &Path, k: u32) -> Result<Srs, SrsError> {
    SrsError::check_size(k)?;
    let mut file = Ptau::open(path)?;
    let fault = |fault| SrsError::file(path)(fault);
    if file.power < k {
        return Err(fault(SrsFault::TooSmall { available: file.power, wanted: k }));
    }

    let n = 1u64 << k;
    let powers = file.read(POWERS_G1, 0, n * G1_BYTES as u64)?;
    let powers = g1_points(&powers, POWERS_G1.1).map_err(fault)?;
    let g2 = file.read(POWERS_G2, 0, 2 * G2_BYTES as u64)?;
    let g2 = g2_points(&g2, POWERS_G2.1).map_err(fault)?;
    let lagrange = if file.sections.contains_key(&LAGRANGE.0) {
        // After the sizes 2^0 … 2^(k-1).
        let bytes = file.read(LAGRANGE, (n - 1) * G1_BYTES as u64, n * G1_BYTES as u64)?;
        Some(reorder(&g1_points(&bytes, LAGRANGE.1).map_err(fault)?, k))
    } else {
        None
    };

    // What is quickly refused, before a missing Lagrange form is computed at length.
    if g2[0] == g2[1] {
        return Err(fault(SrsFault::TrivialSecret));
    }
    let checked = check_powers(&powers, &g2[0], &g2[1]).map_err(fault)?;
    let lagrange = lagrange.unwrap_or_else(|| lagrange_from_powers(&powers, k));
    let params = params_from_parts(k, powers, lagrange, g2[0], g2[1]);
    check_lagrange(&params, &checked).map_err(fault)?;
    let ceremony = file.ceremony()?;
    Srs::new(params, Provenance::Ceremony(ceremony)).map_err(fault)
}

/// [`Srs::digest`] of what the `.ptau` file at `path` holds; `None` if it is no such file.
///
/// Reads four points, so it tells which SRS the file claims to be, not that it is sound.
pub(crate) fn claimed_digest(path: &Path) -> Result<Option<Sha256Digest>, SrsError> {
    let mut file = match Ptau::open(path) {
        Ok(file) => file,
        Err(SrsError::File { fault: SrsFault::NotPtau, .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let fault = |fault| SrsError::file(path)(fault);
    let g1 = file.read(POWERS_G1, 0, 2 * G1_BYTES as u64)?;
    let g1 = g1_points(&g1, POWERS_G1.1).map_err(fault)?;
    let g2 = file.read(POWERS_G2, 0, 2 * G2_BYTES as u64)?;
    let g2 = g2_points(&g2, POWERS_G2.1).map_err(fault)?;
    Ok(Some(digest_of(&g1[0], &g1[1], &g2[0], &g2[1])))
}

/// An open `.ptau` file whose sections lie inside it.
struct Ptau {
    path: PathBuf,
    file: File,
    /// Where each section's content starts, and its length.
    sections: BTreeMap<u32, (u64, u64)>,
    /// Powers up to `2^power`.
    power: u32,
}

impl Ptau {
    fn open(path: &Path) -> Result<Self, SrsError> {
        let io = || ArtifactError::io("read", path);
        let fault = |fault| SrsError::file(path)(fault);
        let file = File::open(path).map_err(io())?;
        let length = file.metadata().map_err(io())?.len();
        let mut ptau = Self { path: path.into(), file, sections: BTreeMap::new(), power: 0 };

        if length < 12 {
            return Err(fault(SrsFault::NotPtau));
        }
        let head = ptau.bytes(0, 12)?;
        if &head[..4] != b"ptau" {
            return Err(fault(SrsFault::NotPtau));
        }
        let (version, count) = (u32_at(&head, 4), u32_at(&head, 8));
        if version != 1 {
            return Err(fault(SrsFault::PtauVersion { found: version }));
        }
        let mut position = 12u64;
        for _ in 0..count.min(MAX_SECTIONS) {
            let found = length - position;
            if found < 12 {
                let section = "the table of sections";
                return Err(fault(SrsFault::Length { section, expected: 12, found }));
            }
            let head = ptau.bytes(position, 12)?;
            let (id, size, found) = (u32_at(&head, 0), u64_at(&head, 4), found - 12);
            if size > found {
                let name = [HEADER, POWERS_G1, POWERS_G2, LAGRANGE].into_iter().find(|s| s.0 == id);
                let section = name.map_or("a section", |section| section.1);
                return Err(fault(SrsFault::Length { section, expected: size, found }));
            }
            position += 12;
            if ptau.sections.insert(id, (position, size)).is_some() {
                return Err(fault(SrsFault::TwoSections { id }));
            }
            position += size;
        }
        ptau.read_header()?;
        Ok(ptau)
    }

    /// Curve, power, and that the sections have the length that the power gives them.
    fn read_header(&mut self) -> Result<(), SrsError> {
        let header = self.read(HEADER, 0, 44)?;
        if u32_at(&header, 0) != 32 || header[4..36] != base_modulus() {
            return Err(self.fault(SrsFault::WrongCurve));
        }
        self.power = u32_at(&header, 36);
        if !(1..=Fr::S).contains(&self.power) {
            return Err(self.fault(SrsFault::Size { k: self.power }));
        }
        let (g1, g2, n) = (G1_BYTES as u64, G2_BYTES as u64, 1u64 << self.power);
        self.expect(HEADER, 44)?;
        self.expect(POWERS_G1, (2 * n - 1) * g1)?;
        self.expect(POWERS_G2, n * g2)?;
        Ok(())
    }

    fn fault(&self, fault: SrsFault) -> SrsError {
        SrsError::file(&self.path)(fault)
    }

    fn section(&self, (id, section): (u32, &'static str)) -> Result<(u64, u64), SrsError> {
        let place = self.sections.get(&id).copied();
        place.ok_or_else(|| self.fault(SrsFault::NoSection { section }))
    }

    fn expect(&self, section: (u32, &'static str), expected: u64) -> Result<(), SrsError> {
        let (_, found) = self.section(section)?;
        if found == expected {
            return Ok(());
        }
        Err(self.fault(SrsFault::Length { section: section.1, expected, found }))
    }

    /// `length` bytes of a section, from its byte `offset`.
    fn read(
        &mut self,
        section: (u32, &'static str),
        offset: u64,
        length: u64,
    ) -> Result<Vec<u8>, SrsError> {
        let (start, found) = self.section(section)?;
        if found < offset + length {
            let expected = offset + length;
            return Err(self.fault(SrsFault::Length { section: section.1, expected, found }));
        }
        self.bytes(start + offset, length)
    }

    /// Bytes that are inside the file, as its length was found.
    fn bytes(&mut self, start: u64, length: u64) -> Result<Vec<u8>, SrsError> {
        let io = || ArtifactError::io("read", &self.path);
        let mut bytes = Vec::new();
        usize::try_from(length)
            .ok()
            .and_then(|length| bytes.try_reserve_exact(length).ok())
            .ok_or_else(|| io()(io::ErrorKind::OutOfMemory.into()))?;
        self.file.seek(SeekFrom::Start(start)).map_err(io())?;
        (&self.file).take(length).read_to_end(&mut bytes).map_err(io())?;
        if bytes.len() as u64 != length {
            // It has become shorter since it was opened.
            return Err(io()(io::ErrorKind::UnexpectedEof.into()).into());
        }
        Ok(bytes)
    }

    /// What the file is called, and the digest of all of it.
    fn ceremony(mut self) -> Result<Ceremony, SrsError> {
        let io = || ArtifactError::io("read", &self.path);
        self.file.rewind().map_err(io())?;
        let mut hasher = blake2b_simd::State::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => hasher.update(&buffer[..length]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(io()(error).into()),
            };
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Ceremony {
            file: name.chars().take(255).collect(),
            power: self.power,
            blake2b: Blake2bDigest(*hasher.finalize().as_array()),
        })
    }
}

/// The number at `at`; callers have read that many bytes.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// bn254's `q`, little-endian.
pub(crate) fn base_modulus() -> [u8; 32] {
    let mut modulus = (-Fq::ONE).to_repr();
    modulus[0] += 1; // q − 1 is even
    modulus
}

/// A Lagrange form over snarkjs' roots of unity as one over halo2's: with `ω = ω'^m`, halo2's
/// `L_i` belongs to the root `ω^i = ω'^(m·i)`.
fn reorder(lagrange: &[G1Affine], k: u32) -> Vec<G1Affine> {
    let m = exponent(snarkjs_root_of_unity(k), root_of_unity(k), k);
    let mask = lagrange.len() - 1;
    (0..lagrange.len()).map(|i| lagrange[m.wrapping_mul(i) & mask]).collect()
}

/// The least quadratic non-residue, 5, to the power `t`, then squared as often as needed.
fn snarkjs_root_of_unity(k: u32) -> Fr {
    // t = (r − 1) / 2^28: the limbs of −1, shifted.
    let minus_one = (-Fr::ONE).to_repr();
    let (limbs, _) = minus_one.as_chunks::<8>();
    let limb = |i: usize| limbs.get(i).map_or(0, |limb| u64::from_le_bytes(*limb));
    let t: [u64; 4] = std::array::from_fn(|i| limb(i) >> Fr::S | limb(i + 1) << (64 - Fr::S));
    (k..Fr::S).fold(Fr::from(5).pow_vartime(t), |root, _| root.square())
}

/// `m < 2^k` with `base^m = power`, both primitive `2^k`-th roots of unity; bit by bit.
fn exponent(base: Fr, power: Fr, k: u32) -> usize {
    let inverse = base.invert().unwrap_or(Fr::ZERO);
    (0..k).fold(0, |m, bit| {
        let rest = power * inverse.pow_vartime([m as u64]);
        // rest = base^(m' · 2^bit): the lowest bit of m' decides the sign of this power.
        let odd = rest.pow_vartime([1u64 << (k - 1 - bit)]) != Fr::ONE;
        m | usize::from(odd) << bit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modulus_is_bn254s() {
        let hex: Vec<String> = base_modulus().iter().rev().map(|b| format!("{b:02x}")).collect();
        assert_eq!(format!("0x{}", hex.concat()), Fq::MODULUS);
    }

    #[test]
    fn roots_of_unity_are_matched() {
        for k in [1, 2, 5, 20, 28] {
            let (theirs, ours) = (snarkjs_root_of_unity(k), root_of_unity(k));
            assert_ne!(theirs.pow_vartime([1u64 << (k - 1)]), Fr::ONE, "primitive");
            assert_eq!(theirs.pow_vartime([exponent(theirs, ours, k) as u64]), ours);
        }
        // The two agree up to here, so only larger files show whether points are reordered.
        assert_eq!(snarkjs_root_of_unity(5), root_of_unity(5));
        assert_eq!(exponent(snarkjs_root_of_unity(6), root_of_unity(6), 6), 33);
    }
}
