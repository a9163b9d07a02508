//! The signed half: an EIP-712 credential, where it is valid, who signed it.

use crate::{CredentialError, Opening};
use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256},
    sol,
    sol_types::{Eip712Domain, SolStruct, eip712_domain},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::path::Path;
use tessera_artifact::{Secrecy, read_json, write_json};
use tessera_core::{FeatureCommitment, SchemaDigest};

const KIND: &str = "tessera.credential";
const VERSION: u32 = 2;
const LIMIT: u64 = 64 << 10;

sol! {
    /// What an attester signs; the contract's struct of the same name.
    #[derive(Debug, PartialEq, Eq)]
    struct Credential {
        /// Digest of the schema: a field element.
        bytes32 schema;
        /// The borrower's address, the only one that may use it.
        address subject;
        /// The attester's pseudonym for the person: one loan a holder.
        bytes32 holder;
        /// Hiding commitment to the features: a field element.
        bytes32 commitment;
        /// Unix seconds; valid from here on.
        uint64 issuedAt;
        /// Unix seconds; not valid from here on.
        uint64 expiresAt;
        /// What else the attester vouches for: for loans the hash of an [`Exposure`].
        bytes32 claims;
        /// Random: two credentials never share a uid.
        uint256 salt;
    }

    /// How much of what may be lent against a credential; the contract's struct of the same name. Its
    /// EIP-712 struct hash is the credential's `claims`.
    #[derive(Debug, PartialEq, Eq)]
    struct Exposure {
        /// The token that is lent, which gives the amount its unit.
        address asset;
        /// The most that one loan may pay out, in the token's smallest unit.
        uint128 max;
    }
}

/// Where credentials are valid: the EIP-712 domain's chain and verifying contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Home {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The credential registry.
    pub registry: Address,
}

impl Home {
    /// Name "Tessera", version "1", this chain, this registry.
    pub fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "Tessera",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.registry,
        }
    }
}

/// A credential with its attester's signature. Everything in it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCredential {
    /// Where it is valid.
    pub home: Home,
    /// What is attested.
    pub credential: Credential,
    /// What `claims` is the hash of.
    pub exposure: Exposure,
    /// Who attests.
    pub attester: Address,
    /// `r ‖ s ‖ v`, or whatever an attester that is a contract accepts.
    pub signature: Bytes,
}

impl SignedCredential {
    /// EIP-712 digest: the credential's name on chain, and what is signed.
    pub fn uid(&self) -> B256 {
        self.credential.eip712_signing_hash(&self.home.domain())
    }

    /// Digest of the schema its features follow.
    pub fn schema(&self) -> Result<SchemaDigest, CredentialError> {
        element("schema", self.credential.schema, SchemaDigest::from_be_bytes)
    }

    /// Commitment to the features.
    pub fn commitment(&self) -> Result<FeatureCommitment, CredentialError> {
        element("commitment", self.credential.commitment, FeatureCommitment::from_be_bytes)
    }

    /// Checks all that can be checked without a chain: field elements, exposure, dates against `now` (unix
    /// seconds), and the signature of an attester that is an account. Whether the registry trusts
    /// the attester and whether the credential was revoked, only the registry knows.
    pub fn check(&self, now: u64) -> Result<(), CredentialError> {
        self.schema()?;
        self.commitment()?;
        if self.exposure.eip712_hash_struct() != self.credential.claims {
            return Err(CredentialError::Exposure { claims: self.credential.claims });
        }
        self.check_signature()?;
        let Credential { issuedAt: issued_at, expiresAt: expires_at, .. } = self.credential;
        if expires_at <= issued_at {
            return Err(CredentialError::Dates { issued_at, expires_at });
        }
        if now < issued_at {
            return Err(CredentialError::NotYetValid { issued_at, now });
        }
        if now >= expires_at {
            return Err(CredentialError::Expired { expires_at, now });
        }
        Ok(())
    }

    /// Checks that `opening` is of what was committed to.
    pub fn check_opening(&self, opening: &Opening) -> Result<(), CredentialError> {
        let (expected, found) = (self.schema()?, opening.schema());
        if expected != found {
            let (expected, found) = (expected.to_string(), found.to_string());
            let of = "the credential".into();
            return Err(CredentialError::Schema { of, expected, found });
        }
        if opening.commitment() != self.commitment()? {
            return Err(CredentialError::Opening);
        }
        Ok(())
    }

    /// The rules of OpenZeppelin's `ECDSA`: 65 bytes, low `s`, `v` of 27 or 28.
    fn check_signature(&self) -> Result<(), CredentialError> {
        let form = |fault| CredentialError::SignatureForm { fault };
        let bytes: &[u8; 65] =
            self.signature.as_ref().try_into().map_err(|_| form("not 65 bytes"))?;
        if !matches!(bytes[64], 27 | 28) {
            return Err(form("v is neither 27 nor 28"));
        }
        let signature = Signature::from_raw_array(bytes).map_err(|_| form("not a signature"))?;
        if signature.normalize_s().is_some() {
            return Err(form("s is in the upper half"));
        }
        match signature.recover_address_from_prehash(&self.uid()) {
            Ok(signer) if signer == self.attester => Ok(()),
            _ => Err(CredentialError::Signature { attester: self.attester }),
        }
    }

    /// Writes the public file.
    pub fn save(&self, path: &Path) -> Result<(), CredentialError> {
        Ok(write_json(path, KIND, VERSION, self, Secrecy::Public)?)
    }

    /// Reads the public file. Only its form and its uid are checked here: see [`Self::check`].
    pub fn load(path: &Path) -> Result<Self, CredentialError> {
        let file: CredentialFile = read_json(path, KIND, VERSION, LIMIT)?;
        let found = file.uid;
        let signed = file.parse().map_err(|expected| CredentialError::Field {
            path: path.into(),
            field: "exposure",
            expected,
        })?;
        let computed = signed.uid();
        if found != computed {
            return Err(CredentialError::Uid { path: path.into(), found, computed });
        }
        Ok(signed)
    }
}

fn element<T>(
    field: &'static str,
    value: B256,
    read: impl Fn([u8; 32]) -> Option<T>,
) -> Result<T, CredentialError> {
    read(value.0).ok_or(CredentialError::NotInField { field, value })
}

/// The fields of its file, for files that hold a credential among other things.
impl Serialize for SignedCredential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        CredentialFile::from(self).serialize(serializer)
    }
}

/// Refuses a uid that is not the credential's own.
impl<'de> Deserialize<'de> for SignedCredential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let file = CredentialFile::deserialize(deserializer)?;
        let (found, signed) = (file.uid, file.parse().map_err(D::Error::custom)?);
        match signed.uid() == found {
            true => Ok(signed),
            false => Err(D::Error::custom("the credential's uid is not the one written there")),
        }
    }
}

/// The file: names as in the contract; numbers that a double cannot hold are strings.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CredentialFile {
    uid: B256,
    chain_id: u64,
    registry: Address,
    credential: CredentialFields,
    exposure: ExposureFields,
    attester: Address,
    signature: Bytes,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CredentialFields {
    schema: B256,
    subject: Address,
    holder: B256,
    commitment: B256,
    issued_at: u64,
    expires_at: u64,
    claims: B256,
    salt: B256,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExposureFields {
    asset: Address,
    max: String,
}

impl From<&SignedCredential> for CredentialFile {
    fn from(signed: &SignedCredential) -> Self {
        let c = &signed.credential;
        Self {
            uid: signed.uid(),
            chain_id: signed.home.chain_id,
            registry: signed.home.registry,
            credential: CredentialFields {
                schema: c.schema,
                subject: c.subject,
                holder: c.holder,
                commitment: c.commitment,
                issued_at: c.issuedAt,
                expires_at: c.expiresAt,
                claims: c.claims,
                salt: c.salt.into(),
            },
            exposure: ExposureFields {
                asset: signed.exposure.asset,
                max: signed.exposure.max.to_string(),
            },
            attester: signed.attester,
            signature: signed.signature.clone(),
        }
    }
}

impl CredentialFile {
    /// The credential, or what `exposure` should have been.
    fn parse(self) -> Result<SignedCredential, &'static str> {
        let c = self.credential;
        let expected = "a token and a decimal number below 2^128, as a string,";
        let max = self.exposure.max.parse().map_err(|_| expected)?;
        let exposure = Exposure { asset: self.exposure.asset, max };
        if exposure.eip712_hash_struct() != c.claims {
            return Err("the exposure that the claims are the hash of");
        }
        Ok(SignedCredential {
            home: Home { chain_id: self.chain_id, registry: self.registry },
            credential: Credential {
                schema: c.schema,
                subject: c.subject,
                holder: c.holder,
                commitment: c.commitment,
                issuedAt: c.issued_at,
                expiresAt: c.expires_at,
                claims: c.claims,
                salt: U256::from_be_bytes(c.salt.0),
            },
            exposure,
            attester: self.attester,
            signature: self.signature,
        })
    }
}
