//! The two kernels of a proof, timed alone: multi-scalar multiplication and Fourier transform.

use crate::RUNS;
use halo2_proofs::{
    arithmetic::best_multiexp,
    poly::{EvaluationDomain, commitment::ParamsProver},
};
use halo2curves::{bn256::Fr, ff::PrimeField};
use serde::Serialize;
use std::{hint::black_box, time::Instant};
use tessera_kzg::msm::msm;
use tessera_setup::SrsStore;

/// Polynomials that the aggregation prover commits to: advice, product, random, two quotient
/// pieces, W, W'.
const COMMITMENTS: f64 = 7.0;
/// Inverse transforms of size n: advice, instance, product.
const SMALL_TRANSFORMS: f64 = 3.0;
/// Transforms of size 2n: those three, five key columns, three Lagrange polynomials, the quotient.
const LARGE_TRANSFORMS: f64 = 12.0;

/// Our multi-scalar multiplication against halo2's, on the same points.
#[derive(Serialize)]
pub struct MsmRow {
    pub k: u32,
    pub scalars: &'static str,
    pub seconds: f64,
    pub halo2_seconds: f64,
}

/// Dense scalars, as a quotient has.
fn dense(n: usize) -> Vec<Fr> {
    let generator = Fr::MULTIPLICATIVE_GENERATOR;
    std::iter::successors(Some(generator), |x| Some(x.square() + generator)).take(n).collect()
}

/// Seconds of the commitments and of the transforms of one proof of `2^k` rows.
pub fn kernels(k: u32, store: &SrsStore) -> eyre::Result<[f64; 2]> {
    let scalars = dense(1 << k);
    let srs = store.get(k)?;
    let domain = EvaluationDomain::<Fr>::new(3, k);
    let commitment = best_of(|| {
        black_box(msm(&scalars, srs.params().get_g()));
    });
    let values = || domain.lagrange_from_vec(scalars.clone());
    let small = best_of(|| drop(domain.lagrange_to_coeff(values())));
    let polynomial = domain.lagrange_to_coeff(values());
    let large = best_of(|| drop(domain.coeff_to_extended(&polynomial)));
    Ok([COMMITMENTS * commitment, SMALL_TRANSFORMS * small + LARGE_TRANSFORMS * large])
}

/// Both multiplications of `2^k` points, by dense scalars and by booleans, of which columns are full.
pub fn multiplications(k: u32, store: &SrsStore) -> eyre::Result<Vec<MsmRow>> {
    let srs = store.get(k)?;
    let bases = srs.params().get_g();
    let dense = dense(1 << k);
    let booleans = dense.iter().map(|x| Fr::from(u64::from(x.to_repr().as_ref()[0] & 1)));
    let booleans: Vec<Fr> = booleans.collect();
    let row = |(name, scalars): (&'static str, &[Fr])| MsmRow {
        k,
        scalars: name,
        seconds: best_of(|| {
            black_box(msm(scalars, bases));
        }),
        halo2_seconds: best_of(|| {
            black_box(best_multiexp(scalars, bases));
        }),
    };
    Ok([("dense", &*dense), ("booleans", &*booleans)].map(row).into())
}

fn best_of(mut work: impl FnMut()) -> f64 {
    let seconds = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}
