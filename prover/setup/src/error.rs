use crate::MAX_K;
use std::path::{Path, PathBuf};
use tessera_artifact::ArtifactError;

/// Why there is no SRS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SrsError {
    /// A size that no SRS has here.
    #[error("k = {k} was asked for: an SRS has k from 1 to {MAX_K}")]
    Size {
        /// Power of two of its size.
        k: u32,
    },
    /// The file could not be read or written, or is not what it claims to be.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The file was read, what is in it is wrong.
    #[error("{}: {fault}", path.display())]
    File {
        /// The file, or what the artifact is called where there is none.
        path: PathBuf,
        /// What is wrong with it.
        fault: SrsFault,
    },
    /// An SRS in memory is wrong.
    #[error("the SRS is refused: {0}")]
    Srs(SrsFault),
}

impl SrsError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(SrsFault) -> Self {
        let path = path.to_path_buf();
        |fault| Self::File { path, fault }
    }

    /// `k` if an SRS can have it.
    pub(crate) fn check_size(k: u32) -> Result<(), Self> {
        if (1..=MAX_K).contains(&k) { Ok(()) } else { Err(Self::Size { k }) }
    }
}

/// What is wrong with an SRS or with the bytes of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SrsFault {
    /// A point that is none, or is not in the group.
    #[error("point {index} of the {section} {fault}")]
    Point {
        /// The part of it.
        section: &'static str,
        /// Position in that part, from 0.
        index: usize,
        /// What is wrong with the point.
        fault: PointFault,
    },
    /// Powers of another generator than everybody's.
    #[error("the {section} do not start with the generator of the group")]
    Generator {
        /// The part of it.
        section: &'static str,
    },
    /// `tau` = 1: a `.ptau` file to which nobody contributed.
    #[error("its secret is 1: nobody has contributed to this file")]
    TrivialSecret,
    /// `e([tau^(i+1)], [1]) ≠ e([tau^i], [tau])` for some `i`.
    #[error("the points are not the powers of one secret (the pairing check fails)")]
    Powers,
    /// The Lagrange form is not of these powers.
    #[error("the Lagrange form does not belong to the powers")]
    Lagrange,
    /// Marked as development, but the secret is not the published one.
    #[error("it is marked as a development SRS, but has another secret")]
    Provenance,
    /// Fewer powers than asked for.
    #[error("it has powers for k = {available}, and k = {wanted} was asked for")]
    TooSmall {
        /// Largest size that it has.
        available: u32,
        /// Size asked for.
        wanted: u32,
    },
    /// A size that no SRS has here.
    #[error("it claims k = {k}, an SRS has k from 1 to {MAX_K}")]
    Size {
        /// Power of two of its size.
        k: u32,
    },
    /// More or fewer bytes than the size needs.
    #[error("{section}: {expected} bytes expected, {found} found")]
    Length {
        /// The part of it.
        section: &'static str,
        /// Expected, in bytes.
        expected: u64,
        /// Found.
        found: u64,
    },
    /// The description of where the SRS comes from cannot be read.
    #[error("its provenance cannot be read: {reason}")]
    Description {
        /// What is wrong.
        reason: String,
    },
    /// Not a `.ptau` file.
    #[error("it is not a .ptau file (snarkjs' format of powers of tau)")]
    NotPtau,
    /// A later format of `.ptau` files.
    #[error("it is version {found} of the .ptau format, version 1 is read")]
    PtauVersion {
        /// Found.
        found: u32,
    },
    /// Powers of tau over another curve.
    #[error("its curve is not bn254 (also called bn128, alt_bn128)")]
    WrongCurve,
    /// A `.ptau` file without a section that every one has.
    #[error("it has no {section}")]
    NoSection {
        /// The part of it.
        section: &'static str,
    },
    /// Two sections where there is one.
    #[error("it has two sections with the number {id}")]
    TwoSections {
        /// Number of the section.
        id: u32,
    },
}

/// What is wrong with a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointFault {
    /// A coordinate that is not below the modulus of the base field.
    #[error("has a coordinate that is not a field element")]
    Coordinate,
    /// The coordinates do not satisfy the curve's equation.
    #[error("is not on the curve")]
    OffCurve,
    /// The neutral element, which no power of a secret gives.
    #[error("is the point at infinity")]
    Infinity,
    /// On the curve (only that of G2 has more than one), outside the group.
    #[error("is not in the subgroup")]
    Subgroup,
}
