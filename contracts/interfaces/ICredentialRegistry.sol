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
    /// What else the attester vouches for: the hash of a struct that a use of the credential defines (for loans
    /// `Exposure`), zero if nothing.
    bytes32 claims;
    /// Makes two otherwise equal credentials distinct.
    uint256 salt;
}

/// A key that signs credentials: an account (with code or without), a contract that speaks EIP-1271, or a P-256
/// key, which goes by the last 20 bytes of the Keccak hash of its coordinates.
struct AttesterKey {
    /// The institution that the key signs for. Locks and revocations belong to it, not to the key, so
    /// they survive a change of keys.
    address issuer;
    /// Credentials issued before this second are refused.
    uint40 validFrom;
    /// Credentials issued at or after this second are refused; 0 while the key is in use.
    uint40 retiredAt;
    /// Compromised: every credential under this key is void.
    bool revoked;
    /// Signs on the curve P-256; its point is `p256Key`.
    bool p256;
}

/// What the registry knows of a person, at one issuer.
struct Person {
    /// The pool that locked last; of no effect once the lock is over.
    address pool;
    /// The lock ends by itself at this midnight (UTC); 0 as long as a loan is open.
    uint40 freeAt;
    /// Credentials issued before this second are refused.
    uint40 notBefore;
    /// Loans that were ever opened, which is also the nonce of the next request.
    uint16 loans;
    /// Of these: repaid before default, and after (counted up to 255).
    uint16 repaid;
    uint16 recovered;
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

    event AttesterAdded(address indexed attester, address indexed issuer, uint40 validFrom);
    event AttesterRetired(address indexed attester, uint40 retiredAt);
    event AttesterKeyRevoked(address indexed attester);
    event CredentialVoided(bytes32 indexed uid, address indexed issuer, address indexed attester);
    /// Credentials of the person that were issued earlier count no longer.
    event HolderRefreshed(address indexed issuer, bytes32 indexed holder, uint40 notBefore);
    event SchemaRecorded(bytes32 indexed schema, bytes32 contentHash, string uri);
    event ModelRecorded(bytes32 indexed modelDigest, bytes32 contentHash, string uri);
    event PoolAllowed(address indexed pool, bool allowed);
    event HolderLocked(address indexed issuer, bytes32 indexed holder, address indexed pool);
    /// The loan is repaid; the person is free from `freeAt`, or at once if that is zero.
    event HolderUnlocked(
        address indexed issuer, bytes32 indexed holder, address indexed pool, bool recovered, uint40 freeAt
    );
    /// The pool is gone: the persons it locked are free from `freeAt`.
    event PoolAbandoned(address indexed pool, uint40 freeAt);

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
    /// The issuer has newer knowledge of the person: it wants a credential issued at `notBefore` or later.
    error CredentialSuperseded(bytes32 holder, uint40 notBefore, uint64 issuedAt);
    /// Such a date lies in the future, or before the present one.
    error BadNotBefore(uint40 present, uint40 given);
    /// The coordinates are not a point of the curve P-256.
    error NotAP256Key(bytes32 x, bytes32 y);
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
    /// The nonce is not the person's: the request was used already, or another loan was taken out since.
    error WrongNonce(uint256 expected, uint256 given);
    /// The pool was allowed anew, or never was allowed: it is not gone.
    error PoolNotGone(address pool);
    /// Only the pool that locked may unlock; `locker` is zero if nobody locked.
    error NotLocker(address caller, address locker);
    /// An address that must not be zero is.
    error ZeroAddress();

    // -------------------------------------------------------------------------------- credentials

    /// @notice The credential's identity: its EIP-712 digest in this registry's domain.
    function uidOf(Credential calldata credential) external view returns (bytes32 uid);

    /// @notice Checks that `credential` is in force now and signed by `attester`; reverts if not.
    /// @param signature 65 bytes of an ECDSA signature; `r` and `s` of a P-256 key's; or whatever an EIP-1271
    /// attester understands. An account keeps its ECDSA signatures when it gets code (EIP-7702).
    /// @return uid The credential's identity.
    function check(Credential calldata credential, address attester, bytes calldata signature)
        external
        view
        returns (bytes32 uid);

    /// @notice Takes the credential `uid` back. For any key of the issuer that signed it which is not itself
    /// revoked: the key that signed may be lost by then. What a key took back counts again once that key is
    /// revoked itself, so that a stolen key does no lasting harm to the credentials of the others. Voiding the
    /// `uid` of another issuer's credential is possible and without effect.
    function revoke(bytes32 uid) external;

    /// @notice True if `issuer` took the credential `uid` back.
    function revoked(address issuer, bytes32 uid) external view returns (bool);

    /// @notice Says that credentials of a person which were issued before `notBefore` count no longer: the issuer
    /// knows better since. For any unrevoked key of the issuer; not into the future.
    function refresh(bytes32 holder, uint40 notBefore) external;

    /// @notice Reverts if a credential of the person, issued at `issuedAt`, is out of force for a reason that
    /// arose since: key or credential revoked, superseded, expired. What a credit line needs after it was opened.
    function checkStanding(address attester, bytes32 holder, bytes32 uid, uint64 issuedAt, uint64 expiresAt)
        external
        view;

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
    function addAttester(address attester, address issuer, uint40 validFrom) external;

    /// @notice Registers a P-256 key of `issuer`. For the authority; refused with OpenZeppelin's
    /// `MissingPrecompile` where the chain does not verify such signatures (EIP-7951, RIP-7212).
    /// @return attester What the key goes by.
    function addP256Attester(bytes32 x, bytes32 y, address issuer, uint40 validFrom)
        external
        returns (address attester);

    /// @notice The point of a P-256 key; zero if it is none.
    function p256Key(address attester) external view returns (bytes32 x, bytes32 y);

    /// @notice Ends the use of a key from now on: credentials issued earlier stay valid. For the authority
    /// or the key itself.
    function retireAttester(address attester) external;

    /// @notice Reports a key compromised: voids every credential under it, at once and for good. For the
    /// authority or the key itself.
    function revokeAttester(address attester) external;

    /// @notice The record of a key; all zero if it was never registered.
    function attesterKey(address attester) external view returns (AttesterKey memory);

    // -------------------------------------------------------------------------------------- locks

    /// @notice From `abandonPool` until the persons that the pool locked are free.
    function UNLOCK_DELAY() external view returns (uint40);

    /// @notice Allows `pool` to lock. For the authority.
    function allowPool(address pool) external;

    /// @notice Stops `pool` from locking anew; it can always undo its own locks. For the authority.
    function disallowPool(address pool) external;

    /// @notice Says that a disallowed pool is gone, or its asset frozen: whom it locked is free `UNLOCK_DELAY`
    /// later. What is owed stays owed. For the authority.
    function abandonPool(address pool) external;

    /// @notice True if `pool` may lock.
    function poolAllowed(address pool) external view returns (bool);

    /// @notice Locks the person behind `holder`, at the issuer of `attester`, for the calling pool.
    /// @param nonce How many loans the person took out before, which makes each request good for one.
    function lock(address attester, bytes32 holder, uint256 nonce) external;

    /// @notice Reverts as `lock` by `pool` would.
    function checkLock(address pool, address attester, bytes32 holder, uint256 nonce) external view;

    /// @notice Frees the person again, and notes how the loan ended. For the pool that locked.
    /// @param recovered The loan was repaid after default.
    /// @param freeAt From when on, rounded up to a midnight (UTC); 0 for at once.
    function unlock(address attester, bytes32 holder, bool recovered, uint40 freeAt) external;

    /// @notice The pool at which the person is locked; zero if none.
    function lockedBy(address attester, bytes32 holder) external view returns (address pool);

    /// @notice The person's credit history with all pools of this registry, by the key's issuer: loans taken out,
    /// repaid before default, repaid after. What is missing in the sum is open or lost.
    function personOf(address attester, bytes32 holder) external view returns (Person memory);
}
