//! How large the circuits are, for the docs.
mod common;
use tessera_aggregate::{Witness, circuit::build};
use tessera_circuit::{Builder, Gates};
use tessera_field::{Fr, poseidon::Domain};
#[test]
fn rows() {
    for n in [1, 2, 4] {
        println!("N = {n}: {} rows", build(&Witness::blank(n)).expect("builds").rows());
    }
    for gates in [Gates::Lean, Gates::Full] {
        let mut b = Builder::new(gates, 0);
        let x = b.witness(Fr::from(1));
        let before = b.rows();
        b.hash(Domain::Model, &[x, x]);
        println!("{gates:?}: permutation {} rows", b.rows() - before);
        let before = b.rows();
        b.hash(Domain::Model, &[x, x]);
        println!("{gates:?}: permutation {} rows", b.rows() - before);
        let before = b.rows();
        b.bits(x, 64);
        println!("64 bits {} rows", b.rows() - before);
    }
    for n in [1, 2] {
        let l = tessera_segment::Plan::new(&common::package(1), n).expect("plan");
        println!("{l:?}");
    }
}
