//! What can be wrong with a credential, a key or an opening.

use crate::date;
#[cfg(feature = "sign")]
use alloy::primitives::{Address, B256};
use std::path::PathBuf;
use tessera_artifact::ArtifactError;
use tessera_model::FeaturesError;

/// No message quotes a feature, a blinding or a private key.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file could not be read or written.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The operating system gave no random bytes.
    #[error("the operating system's random generator failed: nothing was made")]
    Randomness,
    /// A key file that exists is never replaced.
    #[error("{path}: there is a file already, and a key is never overwritten; choose another name")]
    KeyExists {
        /// The file.
        path: PathBuf,
    },
    /// Not a secp256k1 private key.
    #[error(
        "{origin}: not a private key (0x and 64 hexadecimal digits, between 1 and the group order)"
    )]
    Key {
        /// The file or the option it came from.
        origin: String,
    },
    /// A key file whose address is not that of its key.
    #[error(
        "{path}: the address written there is not that of the key; the file was damaged or edited"
    )]
    KeyAddress {
        /// The file.
        path: PathBuf,
    },
    /// A field of a credential file is malformed.
    #[error("{path}: {field} is malformed: {expected} expected")]
    Field {
        /// The file.
        path: PathBuf,
        /// Its JSON name.
        field: &'static str,
        /// What it should look like.
        expected: &'static str,
    },
    /// The exposure is not what the credential's claims are the hash of.
    #[cfg(feature = "sign")]
    #[error("the exposure is not the one that was signed: the credential's claims are {claims}")]
    Exposure {
        /// What was signed.
        claims: B256,
    },
    #[cfg(feature = "sign")]
    /// The uid written in the file is not that of the credential in it.
    #[error(
        "{path}: uid is {found}, but the credential's own is {computed}: the file was edited or damaged"
    )]
    Uid {
        /// The file.
        path: PathBuf,
        /// What the file says.
        found: B256,
        /// EIP-712 digest of what it holds.
        computed: B256,
    },
    /// Codes that the schema does not admit.
    #[error("{of} does not fit the schema: {source}")]
    Features {
        /// The file, or "the opening".
        of: String,
        /// Which feature.
        source: FeaturesError,
    },
    /// The schema is another one than the opening or the credential was made for.
    #[error(
        "{of} is for the schema with digest {expected}, not for {found}; give the schema it was issued under"
    )]
    Schema {
        /// The file, "the opening" or "the credential".
        of: String,
        /// Digest in the opening or credential.
        expected: String,
        /// Digest of the schema given.
        found: String,
    },
    /// The opening does not open the credential's commitment.
    #[error(
        "the opening does not open the credential's commitment: another borrower's file, or one of the two was changed"
    )]
    Opening,
    #[cfg(feature = "sign")]
    /// A word that the circuits read as a field element, but is none.
    #[error("{field} {value} is not below the bn254 scalar modulus: no proof could be made for it")]
    NotInField {
        /// `schema` or `commitment`.
        field: &'static str,
        /// The word.
        value: B256,
    },
    /// Not 65 bytes `r ‖ s ‖ v` with low `s` and `v` of 27 or 28.
    #[error(
        "the signature is malformed ({fault}); only a contract's (EIP-1271) may have another form, and those are checked on chain"
    )]
    SignatureForm {
        /// Which rule it breaks.
        fault: &'static str,
    },
    #[cfg(feature = "sign")]
    /// Signed by somebody else, or changed after it was signed.
    #[error(
        "the signature is not {attester}'s over this credential: it was changed, or another key signed it"
    )]
    Signature {
        /// Who is said to have signed.
        attester: Address,
    },
    /// `expiresAt` is not after `issuedAt`.
    #[error("it expires at {}, which is not after its issue at {}", date(*expires_at), date(*issued_at))]
    Dates {
        /// Unix seconds.
        issued_at: u64,
        /// Unix seconds.
        expires_at: u64,
    },
    /// Before its time.
    #[error("it is valid from {}, and it is {} now; is the clock right?", date(*issued_at), date(*now))]
    NotYetValid {
        /// Unix seconds.
        issued_at: u64,
        /// Unix seconds.
        now: u64,
    },
    /// After its time.
    #[error(
        "it expired at {}, and it is {} now; ask the attester for a new one",
        date(*expires_at), date(*now)
    )]
    Expired {
        /// Unix seconds.
        expires_at: u64,
        /// Unix seconds.
        now: u64,
    },
}
