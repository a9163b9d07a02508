//! Times this multi-scalar multiplication and halo2's on the same columns: `cargo run --release -p
//! tessera-kzg --example msm`.

use halo2_proofs::arithmetic::best_multiexp;
use halo2curves::{
    bn256::{Fr, G1, G1Affine},
    ff::PrimeField,
    group::{Curve, Group, prime::PrimeCurveAffine},
};
use std::{hint::black_box, time::Instant};
use tessera_kzg::msm;

/// Runs of each; the fastest counts.
const RUNS: usize = 7;

fn fastest(run: impl Fn() -> G1) -> f64 {
    let time = |_| {
        let start = Instant::now();
        black_box(run());
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..RUNS).map(time).fold(f64::INFINITY, f64::min)
}

fn main() {
    println!("{:>3} {:>9} {:>10} {:>10} {:>7}", "k", "column", "halo2, ms", "here, ms", "ratio");
    for k in 13..=17 {
        let n = 1usize << k;
        let points: Vec<G1> =
            std::iter::successors(Some(G1::generator()), |point| Some(point.double()))
                .take(n)
                .collect();
        let mut bases = vec![G1Affine::identity(); n];
        G1::batch_normalize(&points, &mut bases);
        let next = |x: &Fr| Some(x.square() + Fr::MULTIPLICATIVE_GENERATOR);
        let dense: Vec<Fr> =
            std::iter::successors(Some(Fr::MULTIPLICATIVE_GENERATOR), next).take(n).collect();
        let booleans = (0..n as u64).map(|i| Fr::from(i * i % 7 / 4)).collect();
        for (column, scalars) in [("dense", dense), ("booleans", booleans)] {
            let theirs = fastest(|| best_multiexp(&scalars, &bases));
            let ours = fastest(|| msm(&scalars, &bases));
            println!("{k:>3} {column:>9} {theirs:>10.2} {ours:>10.2} {:>7.2}", theirs / ours);
        }
    }
}
