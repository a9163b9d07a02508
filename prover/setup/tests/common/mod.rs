//! What the tests share: the checked-in `.ptau` file, taken apart and put together again.
#![allow(dead_code)] // each test binary uses its part

use halo2_proofs::poly::commitment::Params;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tessera_setup::{Srs, SrsError, SrsFault, import_ptau};

/// Sections by their number, in the file's order.
#[derive(Clone)]
pub struct Sections(pub Vec<(u32, Vec<u8>)>);

impl Sections {
    /// Those of the checked-in file of power 6.
    pub fn sample() -> Self {
        Self::of(&sample_path())
    }

    pub fn of(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut rest = &bytes[12..];
        let mut sections = Vec::new();
        while !rest.is_empty() {
            let id = u32::from_le_bytes(rest[..4].try_into().unwrap());
            let length = u64::from_le_bytes(rest[4..12].try_into().unwrap()) as usize;
            sections.push((id, rest[12..12 + length].to_vec()));
            rest = &rest[12 + length..];
        }
        Self(sections)
    }

    pub fn get(&mut self, id: u32) -> &mut Vec<u8> {
        &mut self.0.iter_mut().find(|(number, _)| *number == id).unwrap().1
    }

    pub fn without(mut self, id: u32) -> Self {
        self.0.retain(|(number, _)| *number != id);
        self
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = b"ptau\x01\0\0\0".to_vec();
        bytes.extend((self.0.len() as u32).to_le_bytes());
        for (id, content) in &self.0 {
            bytes.extend(id.to_le_bytes());
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }

    pub fn import(&self, k: u32) -> Result<Srs, SrsFault> {
        import_bytes(&self.to_bytes(), k)
    }
}

pub fn sample_path() -> PathBuf {
    data("snarkjs-6.ptau")
}

/// A checked-in file.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A path in a new folder, with nothing there.
pub fn path(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// What the importer makes of a file with these bytes; its error must name the file.
pub fn import_bytes(bytes: &[u8], k: u32) -> Result<Srs, SrsFault> {
    let (_folder, path) = path("powers.ptau");
    fs::write(&path, bytes).unwrap();
    import_ptau(&path, k).map_err(|error| {
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        match error {
            SrsError::File { fault, .. } => fault,
            other => panic!("{other}"),
        }
    })
}

/// Every point of an SRS, as halo2 writes them.
pub fn points(srs: &Srs) -> Vec<u8> {
    let mut bytes = Vec::new();
    srs.params().write(&mut bytes).unwrap();
    bytes
}
