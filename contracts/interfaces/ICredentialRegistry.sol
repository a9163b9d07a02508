// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// An attester's signed word about a borrower. Its EIP-712 digest in the registry's domain (name
/// "Tessera", version "1", chain id, registry) is both what is signed and the credential's `uid`.
struct Credential {
    /// Digest of the schema that the features follow; a field element.
    bytes32 schema;
    /// The only address that may borrow with this credential.
    address subject;
    /// The issuer's pseudonym for the person: two wallets of one person share it, and with it one lock.
    bytes32 holder;
    /// Poseidon commitment to schema, features and a fresh uniform blinding; a field element.
    bytes32 commitment;
    /// Valid from this second on.
    uint64 issuedAt;
    /// First second at which the credential is no longer valid.
    uint64 expiresAt;
    /// The most that one loan on this credential may pay out, in the pool asset's smallest unit.
    uint128 maxExposure;
    /// Makes two otherwise equal credentials distinct.
    uint256 salt;
}

/// A key that signs credentials: an externally owned account, or a contract that speaks EIP-1271.
struct AttesterKey {
    /// The institution that the key signs for. Locks and revocations belong to it, not to the key, so
    /// they survive a change of keys.
    address issuer;
    /// Credentials issued before this second are refused.
    uint64 validFrom;
    /// Credentials issued at or after this second are refused; 0 while the key is in use.
    uint64 retiredAt;
    /// Compromised: every credential under this key is void.
    bool revoked;
}

/// Where the document behind a digest is to be had. The digest itself is a hiding or a circuit-friendly one
/// that says nothing to people; the hash is of the file's bytes.
struct Record {
    /// Keccak-256 of the file.
    bytes32 contentHash;
    uint64 recordedAt;
    string uri;
}

/// @title Attesters, their credentials, and the one-loan lock
/// @notice Shared by pools. Only an allowed pool locks a person, and only that pool unlocks again.
interface ICredentialRegistry {
    // ------------------------------------------------------------------------------------- events

    event AttesterAdded(address indexed attester, address indexed issuer, uint64 validFrom);
    event AttesterRetired(address indexed attester, uint64 retiredAt);
    event AttesterKeyRevoked(address indexed attester);
    event CredentialVoided(bytes32 indexed uid, address indexed issuer, address indexed attester);
    event SchemaRecorded(bytes32 indexed schema, bytes32 contentHash, string uri);
    event ModelRecorded(bytes32 indexed modelDigest, bytes32 contentHash, string uri);
    event PoolAllowed(address indexed pool, bool allowed);
    event HolderLocked(address indexed issuer, bytes32 indexed holder, address indexed pool);
    event HolderUnlocked(address indexed issuer, bytes32 indexed holder, address indexed pool);

    // ------------------------------------------------------------------------------------- errors

    /// Nobody ever registered this key.
    error UnknownAttester(address attester);
    /// The key is registered already; its record never starts over.
    error AttesterKnown(address attester);
    /// The key was reported compromised.
    error AttesterRevoked(address attester);
    /// The key is retired already, since `retiredAt`.
    error AttesterAlreadyRetired(address attester, uint64 retiredAt);
    /// The credential was issued before the key became valid.
    error AttesterNotYetValid(address attester, uint64 validFrom, uint64 issuedAt);
    /// The credential was issued when the key was no longer in use.
    error IssuedAfterRetirement(address attester, uint64 retiredAt, uint64 issuedAt);
    /// The credential's issue date lies in the future.
    error CredentialNotYetValid(uint64 issuedAt, uint256 timestamp);
    /// The credential is past its last second.
    error CredentialExpired(uint64 expiresAt, uint256 timestamp);
    /// The issuer took the credential back.
    error CredentialRevoked(bytes32 uid);
    /// The signature is not the attester's, over this credential, at this registry, on this chain.
    error BadSignature(address attester, bytes32 uid);
    /// A record has neither place nor hash.
    error EmptyRecord(bytes32 digest);
    /// A record's place may change, the file behind it may not.
    error RecordIsFixed(bytes32 digest, bytes32 contentHash);
    /// Only a pool that the registry allows may lock.
    error PoolNotAllowed(address pool);
    /// The person has an open loan at `pool` (which may be the asking pool itself).
    error HolderAlreadyLocked(address issuer, bytes32 holder, address pool);
    /// Only the pool that locked may unlock; `locker` is zero if nobody locked.
    error NotLocker(address caller, address locker);
    /// An address that must not be zero is.
    error ZeroAddress();

    // -------------------------------------------------------------------------------- credentials

    /// @notice The credential's identity: its EIP-712 digest in this registry's domain.
    function uidOf(Credential calldata credential) external view returns (bytes32 uid);

    /// @notice Checks that `credential` is in force now and signed by `attester`; reverts if not.
    /// @param signature 65 bytes of an ECDSA signature, or whatever an EIP-1271 attester understands.
    /// @return uid The credential's identity.
    function check(Credential calldata credential, address attester, bytes calldata signature)
        external
        view
        returns (bytes32 uid);

    /// @notice Takes the credential `uid` back, for good. For any key of the issuer that signed it which is
    /// not itself revoked: the key that signed may be lost by then. Voiding the `uid` of another issuer's
    /// credential is possible and without effect.
    function revoke(bytes32 uid) external;

    /// @notice True if `issuer` took the credential `uid` back.
    function revoked(address issuer, bytes32 uid) external view returns (bool);

    /// @notice Reverts if the key `attester` or the credential `uid` of its issuer is revoked: what a credit
    /// line needs after it was opened.
    function checkStanding(address attester, bytes32 uid) external view;

    // ------------------------------------------------------------------------------------ records

    /// @notice Says where the schema behind a digest is described. Again only for another place of the same
    /// file. For the authority.
    function recordSchema(bytes32 schema, bytes32 contentHash, string calldata uri) external;

    /// @notice Says where the model behind a digest is described (its card, not its weights), in the same way.
    function recordModel(bytes32 modelDigest, bytes32 contentHash, string calldata uri) external;

    /// @notice What is known of a schema; all zero if nothing.
    function schemaRecord(bytes32 schema) external view returns (Record memory);

    /// @notice What is known of a model; all zero if nothing.
    function modelRecord(bytes32 modelDigest) external view returns (Record memory);

    // ---------------------------------------------------------------------------------- attesters

    /// @notice Registers a signing key of `issuer`. For the registry's authority.
    /// @param issuer Names the institution; by convention the address of its first key.
    /// @param validFrom Credentials issued before are refused.
    function addAttester(address attester, address issuer, uint64 validFrom) external;

    /// @notice Ends the use of a key from now on: credentials issued earlier stay valid. For the authority
    /// or the key itself.
    function retireAttester(address attester) external;

    /// @notice Reports a key compromised: voids every credential under it, at once and for good. For the
    /// authority or the key itself.
    function revokeAttester(address attester) external;

    /// @notice The record of a key; all zero if it was never registered.
    function attesterKey(address attester) external view returns (AttesterKey memory);

    // -------------------------------------------------------------------------------------- locks

    /// @notice Allows `pool` to lock. For the authority.
    function allowPool(address pool) external;

    /// @notice Stops `pool` from locking anew; it can always undo its own locks. For the authority.
    function disallowPool(address pool) external;

    /// @notice True if `pool` may lock.
    function poolAllowed(address pool) external view returns (bool);

    /// @notice Locks the person behind `holder`, at the issuer of `attester`, for the calling pool.
    function lock(address attester, bytes32 holder) external;

    /// @notice Reverts as `lock` by `pool` would.
    function checkLock(address pool, address attester, bytes32 holder) external view;

    /// @notice Frees the person again. For the pool that locked.
    function unlock(address attester, bytes32 holder) external;

    /// @notice The pool at which the person has an open loan; zero if none.
    function lockedBy(address attester, bytes32 holder) external view returns (address pool);
}
