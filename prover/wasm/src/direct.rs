//! A model in one circuit.

use crate::{
    fault::{Fault, input},
    listener::report,
    read_package, read_secrets, read_srs, read_statement, same,
};
use tessera_proving::DirectProver;
use wasm_bindgen::prelude::*;

/// The proof of the request whose statement is `statement`, from the bytes of *package.json*, *opening.json*
/// and the reference string of the size that `plan` names. It was verified as the contract will.
#[wasm_bindgen(js_name = proveDirect)]
pub fn prove_direct(
    package: Vec<u8>,
    opening: Vec<u8>,
    srs: Vec<u8>,
    statement: &str,
) -> Result<Vec<u8>, JsError> {
    prove(package, opening, srs, statement).map_err(Fault::into_js)
}

fn prove(
    package: Vec<u8>,
    opening: Vec<u8>,
    srs: Vec<u8>,
    statement: &str,
) -> Result<Vec<u8>, Fault> {
    let package = read_package(package)?;
    let statement = read_statement(statement, &package)?;
    let secrets = read_secrets(opening, &package, &statement)?;
    // A score that is too low is found before the key is made.
    tessera_proving::check_score(&package, &secrets, statement.threshold)?;
    let srs = read_srs(srs)?;
    let prover = DirectProver::new(package, &srs, &report)?;
    same("package", statement.model_digest, prover.model_digest())?;
    let proof = prover.prove(&secrets, statement.threshold, statement.context, &report)?;
    proof.to_bytes().map_err(input)
}
