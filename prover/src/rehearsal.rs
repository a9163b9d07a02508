//! A ceremony of one: a `.ptau` file to rehearse a deployment with.
//!
//! Whoever makes the file could have kept its secret, so it convinces nobody else. It is marked where no
//! renaming, importing or generating loses it: in the points. The secret is drawn until `[tau]` in G2 has the
//! [mark](is_rehearsal), which any other file has with probability 2^-16.

use halo2curves::{
    CurveAffine,
    bn256::{Fq, Fr, G1Affine, G2Affine},
    ff::{Field, PrimeField},
    group::{Curve, Group, prime::PrimeCurveAffine},
    serde::SerdeObject,
};
use rayon::prelude::*;
use std::io;
use tessera_core::Secret;
use tessera_setup::Srs;

/// Largest power: half a minute on two cores, 40 MB.
pub const MAX_POWER: u32 = 17;

/// The two lowest bytes, little-endian, of the real part of `[tau]`'s x in G2.
const MARK: [u8; 2] = [0x57, 0x7e];

/// Secrets that are tried from one that was drawn.
const RUN: usize = 1 << 12;

/// Whether the reference string is a rehearsal's.
pub fn is_rehearsal(srs: &Srs) -> bool {
    is_marked(&srs.params().s_g2())
}

fn is_marked(tau: &G2Affine) -> bool {
    tau.x.c0.to_repr().as_ref().starts_with(&MARK)
}

/// The bytes of a `.ptau` file for sizes of up to `2^power`, 1 to [`MAX_POWER`], without a Lagrange form. Its
/// secret is drawn here, and wiped.
///
/// Errors: the operating system gives no random bytes.
pub fn rehearse(power: u32) -> io::Result<Vec<u8>> {
    let secret = marked_secret()?;
    let n = 1usize << power;
    let mut powers = powers(secret.expose(), 2 * n - 1);
    let g1 = multiples(G1Affine::generator(), &powers);
    let g2 = multiples(G2Affine::generator(), &powers[..n]);
    powers.fill(Fr::ZERO);
    std::hint::black_box(&powers);

    // bytes of a coordinate, modulus, power, power of the ceremony
    let mut header = 32u32.to_le_bytes().to_vec();
    let mut modulus = (-Fq::ONE).to_repr();
    modulus[0] += 1; // the modulus is odd
    header.extend(modulus.as_ref());
    header.extend([power, power].map(u32::to_le_bytes).concat());

    let raw = |points: Vec<Vec<u8>>| points.concat();
    let sections = [
        (1u32, header),
        (
            2,
            raw(g1
                .iter()
                .map(|point| [point.x, point.y].map(|c| c.to_raw_bytes()).concat())
                .collect()),
        ),
        (
            3,
            raw(g2
                .iter()
                .map(|point| [point.x, point.y].map(|c| c.to_raw_bytes()).concat())
                .collect()),
        ),
    ];
    let mut file = b"ptau".to_vec();
    file.extend([1, sections.len() as u32].map(u32::to_le_bytes).concat());
    for (number, content) in sections {
        file.extend(number.to_le_bytes());
        file.extend((content.len() as u64).to_le_bytes());
        file.extend(content);
    }
    Ok(file)
}

/// Uniform among those whose point has the mark, but for runs that have two.
fn marked_secret() -> io::Result<Secret> {
    loop {
        let first = tessera_core::random()?;
        let start = G2Affine::generator() * first;
        let run: Vec<_> =
            std::iter::successors(Some(start), |point| Some(point + G2Affine::generator()))
                .take(RUN)
                .collect();
        let mut points = vec![G2Affine::identity(); RUN];
        Curve::batch_normalize(&run, &mut points);
        if let Some(index) = points.iter().position(is_marked) {
            return Ok(Secret::new(first + Fr::from(index as u64)));
        }
    }
}

/// `x^0 … x^(n-1)`.
fn powers(x: Fr, n: usize) -> Vec<Fr> {
    std::iter::successors(Some(Fr::ONE), |power| Some(power * x)).take(n).collect()
}

/// `scalar · base` for every scalar: a table of 255 multiples for each of a scalar's bytes.
fn multiples<C>(base: C, scalars: &[Fr]) -> Vec<C>
where
    C: CurveAffine<ScalarExt = Fr>,
{
    let mut start = base.to_curve();
    let tables: Vec<Vec<C>> = (0..32)
        .map(|_| {
            let row: Vec<_> = std::iter::successors(Some(start), |point| Some(*point + start))
                .take(255)
                .collect();
            start = row[254] + start;
            let mut table = vec![C::identity(); row.len()];
            C::Curve::batch_normalize(&row, &mut table);
            table
        })
        .collect();
    let mut products = vec![C::identity(); scalars.len()];
    products.par_chunks_mut(1024).zip(scalars.par_chunks(1024)).for_each(|(products, scalars)| {
        let sums: Vec<C::Curve> = scalars
            .iter()
            .map(|scalar| {
                let digits = scalar.to_repr();
                tables
                    .iter()
                    .zip(digits.as_ref())
                    .filter(|(_, digit)| **digit != 0)
                    .fold(C::Curve::identity(), |sum, (table, digit)| {
                        sum + table[usize::from(*digit) - 1]
                    })
            })
            .collect();
        C::Curve::batch_normalize(&sums, products);
    });
    products
}
