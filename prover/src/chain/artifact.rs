//! Compiled contracts, as forge leaves them in `out/`.

use super::ChainError;
use alloy::primitives::Bytes;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const LIMIT: u64 = 64 << 20;

/// The folder that forge compiles into.
#[derive(Clone, Debug)]
pub struct Artifacts {
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Compiled {
    bytecode: Bytecode,
}

#[derive(Deserialize)]
struct Bytecode {
    object: String,
}

impl Artifacts {
    /// `folder` is usually `out`.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.into() }
    }

    /// Code that creates the contract `name`, without the constructor's arguments. It is in
    /// `<file>.sol/<name>.json`.
    pub fn creation_code(&self, file: &str, name: &str) -> Result<Bytes, ChainError> {
        let path = self.folder.join(format!("{file}.sol")).join(format!("{name}.json"));
        let error = |fault: &str| ChainError::Compiled { path: path.clone(), fault: fault.into() };
        if !path.exists() {
            return Err(error("the contract is not compiled"));
        }
        let compiled: Compiled = serde_json::from_slice(&tessera_artifact::read(&path, LIMIT)?)
            .map_err(|e| error(&format!("not a compiled contract ({e})")))?;
        let code: Bytes = (compiled.bytecode.object.parse())
            .map_err(|_| error("its code is not hexadecimal: a library is not linked"))?;
        if code.is_empty() {
            return Err(error("it has no code: an interface or abstract contract"));
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn reads_code_and_names_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::new(dir.path());
        let folder = dir.path().join("A.sol");
        fs::create_dir(&folder).unwrap();
        let fault = || artifacts.creation_code("A", "A").unwrap_err().to_string();
        assert!(fault().contains("A.sol/A.json: the contract is not compiled; run"), "{}", fault());
        let write = |text: &str| fs::write(folder.join("A.json"), text).unwrap();
        write(r#"{"bytecode":{"object":"0x6001"}}"#);
        assert_eq!(artifacts.creation_code("A", "A").unwrap().as_ref(), [0x60, 1]);
        write(r#"{"bytecode":{"object":"0x"}}"#);
        assert!(fault().contains("no code"), "{}", fault());
        write(r#"{"bytecode":{"object":"0x60__$abc$__"}}"#);
        assert!(fault().contains("not linked"), "{}", fault());
        write("{}");
        assert!(fault().contains("not a compiled contract"), "{}", fault());
    }
}
