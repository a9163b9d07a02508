//! Issuing: fresh blinding and salt, a commitment, a signature.

use crate::{
    AccountKey, Credential, CredentialError, Exposure, Home, Opening, SignedCredential,
    fill_random, fresh_blinding,
};
use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolStruct,
};
use tessera_model::{Features, Schema};

/// What an attester grants besides vouching for the features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The borrower's address.
    pub subject: Address,
    /// Pseudonym of the person behind it, see [`AccountKey::pseudonym`].
    pub holder: B256,
    /// Unix seconds.
    pub issued_at: u64,
    /// Unix seconds.
    pub expires_at: u64,
    /// The most that may be lent, and of which token.
    pub exposure: Exposure,
}

/// Both halves of a new credential.
#[derive(Debug)]
pub struct Issued {
    /// For the chain.
    pub credential: SignedCredential,
    /// For the borrower alone.
    pub opening: Opening,
}

/// Commits to `features` under fresh blinding and signs the credential with `key`.
///
/// # Errors
/// When the features do not fit the schema, when the dates are not in order, or when there is no
/// randomness.
pub fn issue(
    key: &AccountKey,
    home: Home,
    schema: &Schema,
    features: Features,
    grant: Grant,
) -> Result<Issued, CredentialError> {
    let Grant { subject, holder, issued_at, expires_at, exposure } = grant;
    if expires_at <= issued_at {
        return Err(CredentialError::Dates { issued_at, expires_at });
    }
    let opening = Opening::new(schema, features, fresh_blinding()?)?;
    let mut salt = [0u8; 32];
    fill_random(&mut salt)?;
    let credential = Credential {
        schema: opening.schema().to_be_bytes().into(),
        subject,
        holder,
        commitment: opening.commitment().to_be_bytes().into(),
        issuedAt: issued_at,
        expiresAt: expires_at,
        claims: exposure.eip712_hash_struct(),
        salt: U256::from_be_bytes(salt),
    };
    let mut signed = SignedCredential {
        home,
        credential,
        exposure,
        attester: key.address(),
        signature: Default::default(),
    };
    signed.signature = key.sign(&signed.uid()).to_vec().into();
    Ok(Issued { credential: signed, opening })
}
