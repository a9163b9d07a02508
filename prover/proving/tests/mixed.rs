//! Segments and aggregation over reference strings of two secrets: the one pairing at the end could
//! not decide over both, so no key is made.

mod common;

use common::package;
use halo2_proofs::poly::{commitment::Params, kzg::commitment::ParamsKZG};
use halo2curves::bn256::Bn256;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tessera_artifact::encode_binary;
use tessera_proving::{Prover, ProvingError};
use tessera_setup::{Srs, SrsError, SrsSource, development};

/// A reference string with a secret of its own.
fn another(k: u32) -> Srs {
    let params = ParamsKZG::<Bn256>::setup(k, rand_core_06::OsRng);
    let provenance = format!(
        r#"{{"origin":"ceremony","file":"another","power":{k},"blake2b":"{}"}}"#,
        "ab".repeat(64)
    );
    let mut body = (provenance.len() as u32).to_le_bytes().to_vec();
    body.extend(provenance.as_bytes());
    params.write(&mut body).expect("a vector takes bytes");
    let bytes = encode_binary(Srs::KIND, Srs::VERSION, &body);
    Srs::from_bytes(Path::new("another.srs"), &bytes).expect("well-formed")
}

/// Gives one secret's string at first, and the development string from then on.
struct Changing(AtomicBool);

impl SrsSource for Changing {
    fn srs(&self, k: u32) -> Result<Srs, SrsError> {
        match self.0.swap(true, Ordering::Relaxed) {
            false => Ok(another(k)),
            true => development(k),
        }
    }
}

#[test]
fn reference_strings_of_two_secrets_make_no_keys() {
    let source = Arc::new(Changing(AtomicBool::new(false)));
    let prover = Prover::new(package(7), 2, source).expect("a plan");
    let error = prover.warm(&|_| ()).expect_err("two secrets");
    assert!(matches!(error, ProvingError::MixedSrs { .. }), "{error}");
}
