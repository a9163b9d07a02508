//! `tessera-wasm-glue IN.wasm FOLDER`: writes the module and its JavaScript, as a classic script that a page
//! and Node can both run.

use std::{env, process::ExitCode};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let [_, module, folder] = arguments.as_slice() else {
        eprintln!("error: name the module and the folder");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    // Names of functions are a quarter of the file, and say nothing to a page.
    bindgen.input_path(module).out_name("tessera").typescript(false).remove_name_section(true);
    let made = bindgen.no_modules(true).and_then(|bindgen| bindgen.generate(folder));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
