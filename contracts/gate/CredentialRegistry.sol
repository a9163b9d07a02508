// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {
    AttesterKey,
    Credential,
    ICredentialRegistry,
    Person,
    Record
} from "../interfaces/ICredentialRegistry.sol";
import {CredentialLib} from "../libraries/CredentialLib.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title CredentialRegistry
/// @notice Attester keys, credentials and locks: see the interface.
contract CredentialRegistry is ICredentialRegistry, AccessManaged, EIP712 {
    using CredentialLib for Credential;

    struct PoolStanding {
        bool allowed;
        /// It was given up once; its later repayments may find the person elsewhere.
        bool wasGone;
        /// Persons that it locked are free from here on; 0 if it is not gone.
        uint40 freeAt;
    }

    /// A `Person` in one slot.
    struct Standing {
        address pool;
        uint40 notBefore;
        /// `freeAt` in days, a midnight.
        uint16 freeDay;
        uint16 loans;
        uint16 repaid;
        /// Counts no further than it can.
        uint8 recovered;
    }

    /// @inheritdoc ICredentialRegistry
    uint40 public constant UNLOCK_DELAY = 180 days;

    mapping(address attester => AttesterKey) private _keys;
    mapping(address attester => bytes32[2]) private _points;
    /// The key that took the credential back.
    mapping(address issuer => mapping(bytes32 uid => address attester)) private _revokers;
    mapping(bytes32 schema => Record) private _schemas;
    mapping(bytes32 modelDigest => Record) private _models;
    mapping(address pool => PoolStanding) private _pools;
    mapping(address issuer => mapping(bytes32 holder => Standing)) private _persons;

    /// @param authority An OpenZeppelin AccessManager, which says who may call the restricted functions.
    constructor(address authority) AccessManaged(authority) EIP712("Tessera", "1") {
        require(authority != address(0), ZeroAddress());
    }

    // -------------------------------------------------------------------------------- credentials

    /// @inheritdoc ICredentialRegistry
    function uidOf(Credential calldata credential) public view returns (bytes32) {
        return _hashTypedDataV4(credential.hash());
    }

    /// @inheritdoc ICredentialRegistry
    function check(Credential calldata credential, address attester, bytes calldata signature)
        external
        view
        returns (bytes32 uid)
    {
        AttesterKey memory key = _key(attester);
        uint64 issuedAt = credential.issuedAt;
        require(!key.revoked, AttesterRevoked(attester));
        require(issuedAt >= key.validFrom, AttesterNotYetValid(attester, key.validFrom, issuedAt));
        require(
            key.retiredAt == 0 || issuedAt < key.retiredAt,
            IssuedAfterRetirement(attester, key.retiredAt, issuedAt)
        );
        require(issuedAt <= block.timestamp, CredentialNotYetValid(issuedAt, block.timestamp));
        uid = uidOf(credential);
        _checkStanding(key.issuer, credential.holder, uid, issuedAt, credential.expiresAt);
        require(_isSigned(key, attester, uid, signature), BadSignature(attester, uid));
    }

    /// @inheritdoc ICredentialRegistry
    function revoke(bytes32 uid) external {
        AttesterKey memory key = _key(msg.sender);
        require(!key.revoked, AttesterRevoked(msg.sender));
        require(!revoked(key.issuer, uid), CredentialRevoked(uid));
        _revokers[key.issuer][uid] = msg.sender;
        emit CredentialVoided(uid, key.issuer, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function revoked(address issuer, bytes32 uid) public view returns (bool) {
        address revoker = _revokers[issuer][uid];
        return revoker != address(0) && !_keys[revoker].revoked;
    }

    /// @inheritdoc ICredentialRegistry
    function refresh(bytes32 holder, uint40 notBefore) external {
        AttesterKey memory key = _key(msg.sender);
        require(!key.revoked, AttesterRevoked(msg.sender));
        Standing storage person = _persons[key.issuer][holder];
        uint40 present = person.notBefore;
        require(notBefore > present && notBefore <= block.timestamp, BadNotBefore(present, notBefore));
        person.notBefore = notBefore;
        emit HolderRefreshed(key.issuer, holder, notBefore);
    }

    /// @inheritdoc ICredentialRegistry
    function checkStanding(address attester, bytes32 holder, bytes32 uid, uint64 issuedAt, uint64 expiresAt)
        external
        view
    {
        AttesterKey memory key = _key(attester);
        require(!key.revoked, AttesterRevoked(attester));
        _checkStanding(key.issuer, holder, uid, issuedAt, expiresAt);
    }

    // ------------------------------------------------------------------------------------ records

    /// @inheritdoc ICredentialRegistry
    function recordSchema(bytes32 schema, bytes32 contentHash, string calldata uri) external restricted {
        _record(_schemas[schema], schema, contentHash, uri);
        emit SchemaRecorded(schema, contentHash, uri);
    }

    /// @inheritdoc ICredentialRegistry
    function recordModel(bytes32 modelDigest, bytes32 contentHash, string calldata uri) external restricted {
        _record(_models[modelDigest], modelDigest, contentHash, uri);
        emit ModelRecorded(modelDigest, contentHash, uri);
    }

    /// @inheritdoc ICredentialRegistry
    function schemaRecord(bytes32 schema) external view returns (Record memory) {
        return _schemas[schema];
    }

    /// @inheritdoc ICredentialRegistry
    function modelRecord(bytes32 modelDigest) external view returns (Record memory) {
        return _models[modelDigest];
    }

    // ---------------------------------------------------------------------------------- attesters

    /// @inheritdoc ICredentialRegistry
    function addAttester(address attester, address issuer, uint40 validFrom) external restricted {
        _addAttester(attester, issuer, validFrom, false);
    }

    /// @inheritdoc ICredentialRegistry
    function addP256Attester(bytes32 x, bytes32 y, address issuer, uint40 validFrom)
        external
        restricted
        returns (address attester)
    {
        require(P256.isValidPublicKey(x, y), NotAP256Key(x, y));
        attester = address(uint160(uint256(keccak256(abi.encode(x, y)))));
        // Well-formed and not a signature: reverts where none can be verified.
        P256.verifyNative(0, bytes32(uint256(1)), bytes32(uint256(1)), x, y);
        _points[attester] = [x, y];
        _addAttester(attester, issuer, validFrom, true);
    }

    /// @inheritdoc ICredentialRegistry
    function p256Key(address attester) external view returns (bytes32 x, bytes32 y) {
        (x, y) = (_points[attester][0], _points[attester][1]);
    }

    /// @inheritdoc ICredentialRegistry
    function retireAttester(address attester) external {
        if (msg.sender != attester) _checkCanCall(msg.sender, msg.data);
        AttesterKey memory key = _key(attester);
        require(key.retiredAt == 0, AttesterAlreadyRetired(attester, key.retiredAt));
        uint40 now_ = SafeCast.toUint40(block.timestamp);
        _keys[attester].retiredAt = now_;
        emit AttesterRetired(attester, now_);
    }

    /// @inheritdoc ICredentialRegistry
    function revokeAttester(address attester) external {
        if (msg.sender != attester) _checkCanCall(msg.sender, msg.data);
        require(!_key(attester).revoked, AttesterRevoked(attester));
        _keys[attester].revoked = true;
        emit AttesterKeyRevoked(attester);
    }

    /// @inheritdoc ICredentialRegistry
    function attesterKey(address attester) external view returns (AttesterKey memory) {
        return _keys[attester];
    }

    // -------------------------------------------------------------------------------------- locks

    /// @inheritdoc ICredentialRegistry
    function allowPool(address pool) external restricted {
        require(pool != address(0), ZeroAddress());
        (_pools[pool].allowed, _pools[pool].freeAt) = (true, 0);
        emit PoolAllowed(pool, true);
    }

    /// @inheritdoc ICredentialRegistry
    function disallowPool(address pool) external restricted {
        _pools[pool].allowed = false;
        emit PoolAllowed(pool, false);
    }

    /// @inheritdoc ICredentialRegistry
    function abandonPool(address pool) external restricted {
        PoolStanding storage standing = _pools[pool];
        require(!standing.allowed && standing.freeAt == 0 && pool != address(0), PoolNotGone(pool));
        (standing.wasGone, standing.freeAt) = (true, SafeCast.toUint40(block.timestamp) + UNLOCK_DELAY);
        emit PoolAbandoned(pool, standing.freeAt);
    }

    /// @inheritdoc ICredentialRegistry
    function poolAllowed(address pool) external view returns (bool) {
        return _pools[pool].allowed;
    }

    /// @inheritdoc ICredentialRegistry
    function lock(address attester, bytes32 holder, uint256 nonce) external {
        address issuer = _checkLock(msg.sender, attester, holder, nonce);
        Standing storage person = _persons[issuer][holder];
        uint16 loans = SafeCast.toUint16(nonce + 1);
        (person.pool, person.freeDay, person.loans) = (msg.sender, 0, loans);
        emit HolderLocked(issuer, holder, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function checkLock(address pool, address attester, bytes32 holder, uint256 nonce) external view {
        _checkLock(pool, attester, holder, nonce);
    }

    /// @inheritdoc ICredentialRegistry
    function unlock(address attester, bytes32 holder, bool recovered, uint40 freeAt) external {
        address issuer = _key(attester).issuer;
        Standing storage person = _persons[issuer][holder];
        bool locked = person.pool == msg.sender && person.freeDay == 0;
        // Of a pool that was gone the person may have been free, and have borrowed elsewhere, before it is repaid:
        // that must not stand in the payment's way.
        require(locked || _pools[msg.sender].wasGone, NotLocker(msg.sender, person.pool));
        uint16 freeDay = SafeCast.toUint16(Math.ceilDiv(freeAt, 1 days));
        if (!recovered) person.repaid++;
        else if (person.recovered != type(uint8).max) person.recovered++;
        if (locked) (person.pool, person.freeDay) = (freeDay == 0 ? address(0) : msg.sender, freeDay);
        emit HolderUnlocked(issuer, holder, msg.sender, recovered, _midnight(freeDay));
    }

    /// @inheritdoc ICredentialRegistry
    function lockedBy(address attester, bytes32 holder) external view returns (address pool) {
        pool = _lockedBy(_persons[_keys[attester].issuer][holder]);
    }

    /// @inheritdoc ICredentialRegistry
    function personOf(address attester, bytes32 holder) external view returns (Person memory person) {
        Standing memory known = _persons[_keys[attester].issuer][holder];
        (person.pool, person.freeAt) = (known.pool, _midnight(known.freeDay));
        (person.notBefore, person.loans) = (known.notBefore, known.loans);
        (person.repaid, person.recovered) = (known.repaid, known.recovered);
    }

    // ----------------------------------------------------------------------------------- internal

    function _record(Record storage known, bytes32 digest, bytes32 contentHash, string calldata uri) private {
        require(contentHash != 0 && bytes(uri).length != 0, EmptyRecord(digest));
        bytes32 before = known.contentHash;
        require(before == 0 || before == contentHash, RecordIsFixed(digest, before));
        known.contentHash = contentHash;
        known.recordedAt = SafeCast.toUint64(block.timestamp);
        known.uri = uri;
    }

    function _addAttester(address attester, address issuer, uint40 validFrom, bool p256) private {
        require(attester != address(0) && issuer != address(0), ZeroAddress());
        require(_keys[attester].issuer == address(0), AttesterKnown(attester));
        _keys[attester] =
            AttesterKey({issuer: issuer, validFrom: validFrom, retiredAt: 0, revoked: false, p256: p256});
        emit AttesterAdded(attester, issuer, validFrom);
    }

    function _checkStanding(address issuer, bytes32 holder, bytes32 uid, uint64 issuedAt, uint64 expiresAt)
        private
        view
    {
        require(block.timestamp < expiresAt, CredentialExpired(expiresAt, block.timestamp));
        uint40 notBefore = _persons[issuer][holder].notBefore;
        require(issuedAt >= notBefore, CredentialSuperseded(holder, notBefore, issuedAt));
        require(!revoked(issuer, uid), CredentialRevoked(uid));
    }

    /// ECDSA first: an account that was given code (EIP-7702) has signed as before.
    function _isSigned(AttesterKey memory key, address attester, bytes32 uid, bytes calldata signature)
        private
        view
        returns (bool)
    {
        if (key.p256) {
            if (signature.length != 64) return false;
            bytes32[2] storage point = _points[attester];
            return
                P256.verifyNative(uid, bytes32(signature[:32]), bytes32(signature[32:]), point[0], point[1]);
        }
        (address signer, ECDSA.RecoverError error,) = ECDSA.tryRecoverCalldata(uid, signature);
        if (error == ECDSA.RecoverError.NoError && signer == attester) return true;
        return attester.code.length != 0
            && SignatureChecker.isValidERC1271SignatureNowCalldata(attester, uid, signature);
    }

    function _checkLock(address pool, address attester, bytes32 holder, uint256 nonce)
        private
        view
        returns (address issuer)
    {
        require(_pools[pool].allowed, PoolNotAllowed(pool));
        issuer = _key(attester).issuer;
        Standing storage person = _persons[issuer][holder];
        require(nonce == person.loans, WrongNonce(person.loans, nonce));
        address locker = _lockedBy(person);
        require(locker == address(0), HolderAlreadyLocked(issuer, holder, locker));
    }

    /// The pool that the person is locked by now.
    function _lockedBy(Standing storage person) private view returns (address pool) {
        pool = person.pool;
        if (pool == address(0)) return pool;
        uint40 freeAt = person.freeDay == 0 ? _pools[pool].freeAt : _midnight(person.freeDay);
        if (freeAt != 0 && block.timestamp >= freeAt) return address(0);
    }

    function _midnight(uint16 day) private pure returns (uint40) {
        return uint40(day) * 1 days;
    }

    function _key(address attester) private view returns (AttesterKey memory key) {
        key = _keys[attester];
        require(key.issuer != address(0), UnknownAttester(attester));
    }
}
