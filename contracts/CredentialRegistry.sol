// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AttesterKey, Credential, ICredentialRegistry, Record} from "./interfaces/ICredentialRegistry.sol";
import {CredentialLib} from "./libraries/CredentialLib.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title CredentialRegistry
/// @notice Attester keys, credentials and locks: see the interface.
contract CredentialRegistry is ICredentialRegistry, AccessManaged, EIP712 {
    using CredentialLib for Credential;

    mapping(address attester => AttesterKey) private _keys;
    mapping(address issuer => mapping(bytes32 uid => bool)) private _revoked;
    mapping(bytes32 schema => Record) private _schemas;
    mapping(bytes32 modelDigest => Record) private _models;
    mapping(address pool => bool) private _pools;
    mapping(address issuer => mapping(bytes32 holder => address pool)) private _lockers;

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
        require(
            block.timestamp < credential.expiresAt, CredentialExpired(credential.expiresAt, block.timestamp)
        );

        uid = uidOf(credential);
        require(!_revoked[key.issuer][uid], CredentialRevoked(uid));
        require(
            SignatureChecker.isValidSignatureNowCalldata(attester, uid, signature),
            BadSignature(attester, uid)
        );
    }

    /// @inheritdoc ICredentialRegistry
    function revoke(bytes32 uid) external {
        AttesterKey memory key = _key(msg.sender);
        require(!key.revoked, AttesterRevoked(msg.sender));
        require(!_revoked[key.issuer][uid], CredentialRevoked(uid));
        _revoked[key.issuer][uid] = true;
        emit CredentialVoided(uid, key.issuer, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function revoked(address issuer, bytes32 uid) external view returns (bool) {
        return _revoked[issuer][uid];
    }

    /// @inheritdoc ICredentialRegistry
    function checkStanding(address attester, bytes32 uid) external view {
        AttesterKey memory key = _key(attester);
        require(!key.revoked, AttesterRevoked(attester));
        require(!_revoked[key.issuer][uid], CredentialRevoked(uid));
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
    function addAttester(address attester, address issuer, uint64 validFrom) external restricted {
        require(attester != address(0) && issuer != address(0), ZeroAddress());
        require(_keys[attester].issuer == address(0), AttesterKnown(attester));
        _keys[attester] = AttesterKey({issuer: issuer, validFrom: validFrom, retiredAt: 0, revoked: false});
        emit AttesterAdded(attester, issuer, validFrom);
    }

    /// @inheritdoc ICredentialRegistry
    function retireAttester(address attester) external {
        if (msg.sender != attester) _checkCanCall(msg.sender, msg.data);
        AttesterKey memory key = _key(attester);
        require(key.retiredAt == 0, AttesterAlreadyRetired(attester, key.retiredAt));
        uint64 now_ = SafeCast.toUint64(block.timestamp);
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
        _pools[pool] = true;
        emit PoolAllowed(pool, true);
    }

    /// @inheritdoc ICredentialRegistry
    function disallowPool(address pool) external restricted {
        _pools[pool] = false;
        emit PoolAllowed(pool, false);
    }

    /// @inheritdoc ICredentialRegistry
    function poolAllowed(address pool) external view returns (bool) {
        return _pools[pool];
    }

    /// @inheritdoc ICredentialRegistry
    function lock(address attester, bytes32 holder) external {
        address issuer = _checkLock(msg.sender, attester, holder);
        _lockers[issuer][holder] = msg.sender;
        emit HolderLocked(issuer, holder, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function checkLock(address pool, address attester, bytes32 holder) external view {
        _checkLock(pool, attester, holder);
    }

    /// @inheritdoc ICredentialRegistry
    function unlock(address attester, bytes32 holder) external {
        address issuer = _key(attester).issuer;
        address locker = _lockers[issuer][holder];
        require(locker == msg.sender, NotLocker(msg.sender, locker));
        delete _lockers[issuer][holder];
        emit HolderUnlocked(issuer, holder, msg.sender);
    }

    /// @inheritdoc ICredentialRegistry
    function lockedBy(address attester, bytes32 holder) external view returns (address) {
        return _lockers[_keys[attester].issuer][holder];
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

    function _checkLock(address pool, address attester, bytes32 holder)
        private
        view
        returns (address issuer)
    {
        require(_pools[pool], PoolNotAllowed(pool));
        issuer = _key(attester).issuer;
        address locker = _lockers[issuer][holder];
        require(locker == address(0), HolderAlreadyLocked(issuer, holder, locker));
    }

    function _key(address attester) private view returns (AttesterKey memory key) {
        key = _keys[attester];
        require(key.issuer != address(0), UnknownAttester(attester));
    }
}
