use crate::ArtifactError;
use std::{
    ffi::OsString,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// Everybody (mode 0644, less the umask).
    Public,
    /// Its owner (mode 0600), from the moment the file exists.
    Secret,
}

/// The whole file at `path`, of at most `limit` bytes.
///
/// Errors: [`ArtifactError::Missing`], [`ArtifactError::TooLarge`], [`ArtifactError::Io`].
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ArtifactError> {
    let file = File::open(path).map_err(ArtifactError::io("read", path))?;
    // 0 for a pipe: its bytes are counted while they are read.
    let size = file.metadata().map_err(ArtifactError::io("read", path))?.len();
    if size > limit {
        return Err(ArtifactError::TooLarge { path: path.into(), limit, size: Some(size) });
    }
    let bytes = read_up_to(&file, path, size, limit.saturating_add(1))?;
    if bytes.len() as u64 > limit {
        return Err(ArtifactError::TooLarge { path: path.into(), limit, size: None });
    }
    Ok(bytes)
}

/// What `file` still holds, up to `most` bytes; room for `expected` bytes is made at once.
pub(crate) fn read_up_to(
    file: &File,
    path: &Path,
    expected: u64,
    most: u64,
) -> Result<Vec<u8>, ArtifactError> {
    let mut bytes = Vec::new();
    let room = usize::try_from(expected).unwrap_or(usize::MAX);
    bytes
        .try_reserve_exact(room)
        .map_err(|_| std::io::ErrorKind::OutOfMemory.into())
        .map_err(ArtifactError::io("read", path))?;
    file.take(most).read_to_end(&mut bytes).map_err(ArtifactError::io("read", path))?;
    Ok(bytes)
}

/// Replaces the file at `path` by `bytes`, or leaves it as it was; makes the folders above it.
///
/// The bytes are on the disk when this returns. A link at `path` is replaced, not followed. A key, an opening
/// or another file that can't be made again is not replaced by a file of another kind.
///
/// Errors: [`ArtifactError::Io`]; [`ArtifactError::Exists`] of such a file.
pub fn write(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), ArtifactError> {
    write_parts(path, &[bytes], secrecy, Existing::Replaced)
}

/// [`write()`] where no file may be yet: one that is there stays as it is, also when another process
/// makes it at the same time. For what can't be made again: keys, openings, packages.
///
/// Errors: those of [`write()`]; [`ArtifactError::Exists`].
pub fn create(path: &Path, bytes: &[u8], secrecy: Secrecy) -> Result<(), ArtifactError> {
    write_parts(path, &[bytes], secrecy, Existing::Kept)
}

/// Renames what is at `path`, a file or a folder, to the first of `path.1`, `path.2`, … that is free,
/// and says which. `None` where nothing is.
///
/// Errors: [`ArtifactError::Io`].
pub fn set_aside(path: &Path) -> Result<Option<PathBuf>, ArtifactError> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    let free = |path: &PathBuf| path.symlink_metadata().is_err();
    let aside = (1..).map(numbered).find(free).expect("there are more numbers than files");
    fs::rename(path, &aside).map_err(ArtifactError::io("move aside", path))?;
    Ok(Some(aside))
}

/// Kinds of files that can't be made again: they hold secrets, or say where something stands on a chain.
const IRREPLACEABLE: [&str; 5] =
    ["tessera.deployment", "tessera.key", "tessera.model", "tessera.opening", "tessera.schema"];

/// Bytes at the start of a file in which its kind stands.
const HEAD: u64 = 64;

/// The kind that a file says it is of, by its first bytes.
fn kind(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let start = ["{", "\"kind\"", ":", "\""];
    let rest = start.iter().try_fold(&*text, |rest, word| rest.trim_start().strip_prefix(word))?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// Whether what is at `path` can't be made again and `bytes` are of another kind.
fn would_be_lost(path: &Path, bytes: &[u8]) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
    let (Ok(_), Some(there)) = (read, kind(&head)) else { return false };
    let begin = &bytes[..bytes.len().min(HEAD as usize)];
    IRREPLACEABLE.contains(&there.as_str()) && kind(begin) != Some(there)
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced.
    Replaced,
    /// It stays: [`ArtifactError::Exists`], also when it appears meanwhile.
    Kept,
}

/// [`write`] of the concatenation of `parts`.
pub(crate) fn write_parts(
    path: &Path,
    parts: &[&[u8]],
    secrecy: Secrecy,
    existing: Existing,
) -> Result<(), ArtifactError> {
    let io = || ArtifactError::io("write", path);
    let begin = parts.first().copied().unwrap_or_default();
    if existing == Existing::Replaced && would_be_lost(path, begin) {
        return Err(ArtifactError::Exists { path: path.into() });
    }
    let Some(name) = path.file_name() else {
        return Err(io()(std::io::ErrorKind::InvalidFilename.into()));
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(ArtifactError::io("make the folder", folder))?;

    let mut prefix = OsString::from(".");
    prefix.push(name);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    let mut temporary = with_mode(&mut builder, secrecy).tempfile_in(folder).map_err(io())?;
    for part in parts {
        temporary.write_all(part).map_err(io())?;
    }
    temporary.as_file().sync_all().map_err(io())?;
    match existing {
        Existing::Replaced => temporary.persist(path),
        Existing::Kept => temporary.persist_noclobber(path),
    }
    .map_err(|error| io()(error.error))?;
    sync_folder(folder)
}

#[cfg(unix)]
fn with_mode<'a, 'b, 'c>(
    builder: &'a mut tempfile::Builder<'b, 'c>,
    secrecy: Secrecy,
) -> &'a tempfile::Builder<'b, 'c> {
    use std::os::unix::fs::PermissionsExt;
    let mode = match secrecy {
        Secrecy::Public => 0o644,
        Secrecy::Secret => 0o600,
    };
    builder.permissions(fs::Permissions::from_mode(mode))
}

/// Elsewhere the folder's own access list decides.
#[cfg(not(unix))]
fn with_mode<'a, 'b, 'c>(
    builder: &'a mut tempfile::Builder<'b, 'c>,
    _: Secrecy,
) -> &'a tempfile::Builder<'b, 'c> {
    builder
}

/// Makes the rename itself survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> Result<(), ArtifactError> {
    File::open(folder)
        .and_then(|handle| handle.sync_all())
        .map_err(ArtifactError::io("flush the folder", folder))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), ArtifactError> {
    Ok(())
}
