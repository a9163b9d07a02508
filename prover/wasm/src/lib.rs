//! Proofs in a page: the proving core as WebAssembly, for one worker with one thread.
//!
//! ```text
//! package ──plan──▶ size of the reference string
//! package, opening, SRS, statement ──proveDirect──▶ proof
//! ```
//!
//! Files go in as bytes and the proof comes out as the bytes of *proof.json*. Bytes that hold secrets are
//! wiped before a function returns; copies that halo2 makes of them end with the worker, which its page
//! ends after one proof. Errors are JavaScript's, with a code as their name and a sentence as their message.
//! Nothing here reads a file or a clock, or talks to anybody.

mod direct;
mod fault;
mod listener;

use fault::{Fault, input};
use std::path::Path;
use tessera_core::Statement;
use tessera_credential::Opening;
use tessera_model::{Package, package::DIRECT};
use tessera_proving::Secrets;
use tessera_setup::{Srs, development};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

/// What a panic says before the module stops: goes into the console of whoever runs the worker.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        // Where, and nothing of what was being computed.
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        listener::tell("panic", &place.unwrap_or_default());
    }));
}

/// The k of the reference string that a direct proof of the package takes.
///
/// # Errors
/// When the package is for segments.
#[wasm_bindgen]
pub fn plan(package: Vec<u8>) -> Result<u32, JsError> {
    size(package).map_err(Fault::into_js)
}

fn size(package: Vec<u8>) -> Result<u32, Fault> {
    let package = read_package(package)?;
    match package.segments {
        DIRECT => Ok(tessera_direct::DirectPlan::new(&package).map_err(input)?.k),
        segments => {
            let fault = format!("the package is for {segments} segments, not for a direct proof");
            Err(Fault::new("NotDirect", fault))
        }
    }
}

/// The development reference string of size k, as the bytes of its file. Its secret is published.
#[wasm_bindgen(js_name = developmentSrs)]
pub fn development_srs(k: u32) -> Result<Vec<u8>, JsError> {
    let made = development(k).and_then(|srs| srs.to_bytes());
    made.map_err(|error| input(error).into_js())
}

/// Bytes of linear memory: it never shrinks, so this is the most that was used.
#[wasm_bindgen(js_name = memoryBytes)]
pub fn memory_bytes() -> f64 {
    core::arch::wasm32::memory_size(0) as f64 * 65536.0
}

fn read_package(bytes: Vec<u8>) -> Result<Package, Fault> {
    let bytes = Zeroizing::new(bytes);
    Package::from_bytes(Path::new("package.json"), &bytes).map_err(input)
}

fn read_srs(bytes: Vec<u8>) -> Result<Srs, Fault> {
    Srs::from_bytes(Path::new("reference string"), &bytes).map_err(input)
}

/// The opening's secrets, if it is the one that `statement` is about.
fn read_secrets(
    bytes: Vec<u8>,
    package: &Package,
    statement: &Statement,
) -> Result<Secrets, Fault> {
    let bytes = Zeroizing::new(bytes);
    let opening = Opening::from_bytes(Path::new("opening.json"), &bytes, &package.schema);
    let opening = opening.map_err(input)?;
    same("opening", statement.commitment, opening.commitment())?;
    Ok(Secrets { features: opening.features().clone(), blinding: opening.blinding().clone() })
}

/// The statement of a request: JSON, as in *request.json*. The package has to be of its schema.
fn read_statement(text: &str, package: &Package) -> Result<Statement, Fault> {
    let statement: Statement = serde_json::from_str(text)
        .map_err(|error| Fault::new("BadFile", format!("the request's statement: {error}")))?;
    same("package", statement.schema, package.schema.digest())?;
    Ok(statement)
}

/// Whether `file` is the one that the request is about.
fn same<T: PartialEq>(file: &str, wanted: T, found: T) -> Result<(), Fault> {
    match wanted == found {
        true => Ok(()),
        false => Err(Fault::new("OtherFile", format!("the {file} is not the request's"))),
    }
}
