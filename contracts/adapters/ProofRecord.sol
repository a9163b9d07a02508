// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";
import {IGate, Passed, Policy, Presentation} from "../interfaces/IGate.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Accepts proofs for a protocol that is not a Tessera pool, and remembers what they showed
/// @notice A consumer of the gate, so that its proofs serve nowhere else. The use of a proof is the account's nonce
/// here: each is recorded once. Anybody may carry a proof here: it names its account. The latest proof counts, and
/// of a person's accounts the one that proved last.
abstract contract ProofRecord {
    /// What an account proved.
    struct Grade {
        address attester;
        uint40 provenAt;
        /// First second at which it counts no longer.
        uint40 expiresAt;
        uint64 issuedAt;
        uint64 credentialExpiresAt;
        bytes32 holder;
        bytes32 credentialUid;
        bytes32 policyId;
        uint256 class;
    }

    event Proven(
        address indexed account,
        bytes32 indexed holder,
        bytes32 indexed policyId,
        uint256 class,
        uint256 expiresAt,
        uint256 context
    );

    /// A period that must not be zero is, or is out of range.
    error BadValidity(uint256 given);

    bytes32 private constant USE_TAG = keccak256("tessera.record.v2");
    uint256 private constant MAX_VALIDITY = 3650 days;

    /// @notice Who decides on proofs.
    IGate public immutable gate;
    /// @notice Seconds that a proof counts, if the credential does not end earlier.
    uint256 public immutable validity;

    /// @notice Counts the account's proofs; part of the next one's use.
    mapping(address account => uint256) public nonceOf;
    mapping(address account => Grade) private _grades;
    mapping(address issuer => mapping(bytes32 holder => address account)) private _accounts;

    constructor(IGate gate_, uint256 validity_) {
        require(validity_ != 0 && validity_ <= MAX_VALIDITY, BadValidity(validity_));
        gate = gate_;
        validity = validity_;
    }

    /// @notice The use that the account's next proof has to be made for:
    /// `keccak256(abi.encode(keccak256("tessera.record.v2"), nonceOf(account)))`.
    function useOf(address account) public view returns (bytes32) {
        return keccak256(abi.encode(USE_TAG, nonceOf[account]));
    }

    /// @notice What the account proved last, in force or not; all zero if nothing.
    function gradeOf(address account) external view returns (Grade memory) {
        return _grades[account];
    }

    /// @notice True if what the account proved counts now: not expired, not superseded by another account of the
    /// same person, its policy in use, its credential and the key in force.
    function inForce(address account) public view returns (bool) {
        Grade storage grade = _grades[account];
        if (block.timestamp >= grade.expiresAt) return false;
        ICredentialRegistry registry = gate.registry();
        address issuer = registry.attesterKey(grade.attester).issuer;
        if (_accounts[issuer][grade.holder] != account) return false;
        if (gate.policyById(grade.policyId).retired) return false;
        try registry.checkStanding(
            grade.attester, grade.holder, grade.credentialUid, grade.issuedAt, grade.credentialExpiresAt
        ) {
            return true;
        } catch {
            return false;
        }
    }

    function _record(address account, Presentation memory presented, bytes memory proof) internal {
        Passed memory passed = gate.check(account, presented, useOf(account), proof);
        nonceOf[account]++;
        address issuer = gate.registry().attesterKey(presented.attester).issuer;
        _accounts[issuer][presented.credential.holder] = account;
        Policy memory policy = gate.policyById(passed.policyId);
        uint256 end = Math.min(block.timestamp + validity, presented.credential.expiresAt);
        if (policy.maxAge != 0) end = Math.min(end, presented.credential.issuedAt + policy.maxAge);
        _grades[account] = Grade({
            attester: presented.attester,
            provenAt: uint40(block.timestamp),
            expiresAt: uint40(end),
            issuedAt: presented.credential.issuedAt,
            credentialExpiresAt: presented.credential.expiresAt,
            holder: presented.credential.holder,
            credentialUid: passed.credentialUid,
            policyId: passed.policyId,
            class: presented.class
        });
        bytes32 holder = presented.credential.holder;
        emit Proven(account, holder, passed.policyId, presented.class, end, passed.context);
    }

    function _grade(address account) internal view returns (Grade storage) {
        return _grades[account];
    }
}
