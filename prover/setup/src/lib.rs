//! Structured reference strings (SRS) of the KZG commitment over bn254: where the powers of a
//! secret `tau` come from, how they are stored, and how anybody can check them.
//!
//! ```text
//! development(k)         a published tau: made in seconds, insecure and marked so
//! import_ptau(file, k)   a public ceremony's .ptau file, verified
//!        │
//!        ▼
//!       Srs ── save / load ──▶ file       (module `file` has the format)
//!        │
//!     SrsStore                            one folder, the size that is asked for
//! ```
//!
//! An [`Srs`] is known by its [digest](Srs::digest), which is of `tau` and not of a size: two
//! strings with one digest belong to one ceremony. Whether it is [insecure](Srs::is_insecure) is
//! read from that digest, so no file can claim the published secret to be a ceremony's.

mod affine;
mod ceremony;
mod check;
mod development;
mod error;
mod file;
mod fixed_base;
mod lagrange;
mod points;
#[cfg(feature = "files")]
mod ptau;
mod srs;
#[cfg(feature = "files")]
mod store;

pub use ceremony::{Blake2bDigest, Ceremony};
pub use check::CheckReport;
#[cfg(feature = "files")]
pub use check::check_file;
pub use development::{DEVELOPMENT_SECRET, development, development_digest};
pub use error::{PointFault, SrsError, SrsFault};
#[cfg(feature = "files")]
pub use ptau::import_ptau;
pub use srs::{MAX_K, Provenance, Srs};
#[cfg(feature = "files")]
pub use store::SrsStore;

/// Gives reference strings of one secret in the size that is asked for.
pub trait SrsSource: Send + Sync {
    /// The SRS for polynomials of a degree below `2^k`.
    fn srs(&self, k: u32) -> Result<Srs, SrsError>;
}

/// The one size that it is.
impl SrsSource for Srs {
    fn srs(&self, k: u32) -> Result<Srs, SrsError> {
        self.downsize(k)
    }
}
