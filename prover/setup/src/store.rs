use crate::{
    Srs, SrsError, SrsFault, check::check, development, development_digest, import_ptau,
    ptau::claimed_digest,
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tessera_artifact::{ArtifactError, Secrecy, Sha256Digest, read_json, write_json};

const CHECKED: &str = "tessera.srs-checked";

/// A note that a file of this content has passed [`Srs::check`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    content: Sha256Digest,
}

/// A folder with the sizes of an SRS that were needed so far: the next run only reads them.
#[derive(Clone, Debug)]
pub struct SrsStore {
    folder: PathBuf,
    source: Option<PathBuf>,
}

impl crate::SrsSource for SrsStore {
    fn srs(&self, k: u32) -> Result<Srs, SrsError> {
        self.get(k)
    }
}

impl SrsStore {
    /// Gives development strings, kept in `folder` (made when needed).
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), source: None }
    }

    /// Gives the SRS of `file` in the size that is asked for, as [`SrsStore::open`] does; what had
    /// to be made of the file is kept in `folder`.
    pub fn with_file(folder: impl Into<PathBuf>, file: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), source: Some(file.into()) }
    }

    /// The store's SRS for polynomials of a degree below `2^k`.
    ///
    /// Errors: those of [`SrsStore::development`] and [`SrsStore::open`].
    pub fn get(&self, k: u32) -> Result<Srs, SrsError> {
        match &self.source {
            None => self.development(k),
            Some(file) => self.open(file, k),
        }
    }

    /// The development SRS, from the folder if it was made before.
    ///
    /// Errors: [`SrsError::Size`]; [`SrsError::Artifact`] when the folder cannot be read or written.
    pub fn development(&self, k: u32) -> Result<Srs, SrsError> {
        SrsError::check_size(k)?;
        let path = self.folder.join(format!("development-k{k}.srs"));
        self.cached(&path, k, development_digest(), || development(k))
    }

    /// The SRS of the file at `path`, one of [`Srs::save`] or a `.ptau` file, in size `k`.
    ///
    /// Somebody else may have made the file, so it is [checked](Srs::check) before it is used for the
    /// first time; the folder remembers the digest of what it holds.
    ///
    /// A prepared `.ptau` file gives each size in a second or so; for the others, see
    /// [`Srs::downsize`].
    ///
    /// Errors: those of [`import_ptau`], or of [`Srs::load`] and [`Srs::downsize`].
    pub fn open(&self, path: &Path, k: u32) -> Result<Srs, SrsError> {
        SrsError::check_size(k)?;
        if let Some(digest) = claimed_digest(path)? {
            return self.cached(&self.kept(digest, k), k, digest, || import_ptau(path, k));
        }
        let (srs, content) = Srs::load_hashed(path)?;
        self.check_once(path, &srs, content)?;
        let available = srs.k();
        if available == k {
            return Ok(srs);
        }
        if available < k {
            return Err(SrsError::file(path)(SrsFault::TooSmall { available, wanted: k }));
        }
        self.cached(&self.kept(srs.digest(), k), k, srs.digest(), || srs.downsize(k))
    }

    /// [`Srs::check`], unless a file of this content has passed it before.
    fn check_once(&self, path: &Path, srs: &Srs, content: Sha256Digest) -> Result<(), SrsError> {
        let note = self.folder.join(format!("{}.checked", &content.to_string()[2..]));
        match read_json::<Checked>(&note, CHECKED, 1, 1 << 10) {
            Ok(checked) if checked.content == content => return Ok(()),
            Ok(_) | Err(_) => {}
        }
        check(path, srs)?;
        // A folder that cannot be written to costs another check the next time.
        let _ = write_json(&note, CHECKED, 1, &Checked { content }, Secrecy::Public);
        Ok(())
    }

    /// Where one size of a ceremony's SRS is kept.
    fn kept(&self, digest: Sha256Digest, k: u32) -> PathBuf {
        self.folder.join(format!("{}-k{k}.srs", &digest.to_string()[2..34]))
    }

    /// The file at `path` if it has this size and digest; else what `make` gives, written there.
    fn cached(
        &self,
        path: &Path,
        k: u32,
        digest: Sha256Digest,
        make: impl FnOnce() -> Result<Srs, SrsError>,
    ) -> Result<Srs, SrsError> {
        match Srs::load(path) {
            Ok(srs) if srs.k() == k && srs.digest() == digest => return Ok(srs),
            // The disk's or the folder's trouble stays when the file is made again.
            Err(SrsError::Artifact(error @ ArtifactError::Io { .. })) => return Err(error.into()),
            // Missing, damaged, or of an older version: replaced.
            Ok(_) | Err(_) => {}
        }
        let srs = make()?;
        srs.save(path)?;
        Ok(srs)
    }
}
