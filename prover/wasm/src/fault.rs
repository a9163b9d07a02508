//! Failures as JavaScript sees them.

use std::fmt::Display;
use tessera_proving::ProvingError;
use wasm_bindgen::JsError;

/// Separates code and sentence: neither has one.
const SEPARATOR: char = '\n';

/// A code for programs and a sentence for people.
pub struct Fault {
    code: &'static str,
    sentence: String,
}

impl Fault {
    pub fn new(code: &'static str, sentence: String) -> Self {
        Self { code, sentence }
    }

    pub fn into_js(self) -> JsError {
        JsError::new(&format!("{}{SEPARATOR}{}", self.code, self.sentence))
    }
}

/// A file is not what it has to be.
pub fn input(error: impl Display) -> Fault {
    Fault::new("BadFile", error.to_string())
}

impl From<ProvingError> for Fault {
    fn from(error: ProvingError) -> Self {
        let code = match &error {
            ProvingError::ScoreTooLow => "ScoreTooLow",
            ProvingError::Features(_)
            | ProvingError::Plan(_)
            | ProvingError::Srs(_)
            | ProvingError::MixedSrs { .. }
            | ProvingError::Threshold(_) => "BadFile",
            _ => "ProverFailed",
        };
        Self::new(code, error.to_string())
    }
}
