// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";
import {BorrowRequest, IUnderwriter} from "../interfaces/IUnderwriter.sol";

/// @title Accepts proofs for a protocol that is not a Tessera pool, and remembers what they showed
/// @notice Where a pool pays out, this writes down. A request means: *let `amount` on `tier` be known of me*; the
/// statement's pool is this contract, so that its proofs serve nowhere else. Anybody may carry a proof here: it
/// names its account. The latest proof counts, and of a person's accounts the one that proved last.
abstract contract ProofRecord {
    /// What an account proved.
    struct Grade {
        /// Of the request: at most what tier and attester allow.
        uint128 amount;
        uint40 provenAt;
        /// First second at which it counts no longer.
        uint40 expiresAt;
        uint32 tier;
        address attester;
        bytes32 holder;
        bytes32 credentialUid;
    }

    event Proven(
        address indexed account,
        bytes32 indexed holder,
        bytes32 indexed policyId,
        uint256 amount,
        uint256 tier,
        uint256 expiresAt,
        uint256 context
    );

    /// The nonce is not the account's current one.
    error WrongNonce(uint256 expected, uint256 given);
    /// A period that must not be zero is, or is out of range.
    error BadValidity(uint256 given);

    uint256 private constant MAX_VALIDITY = 3650 days;

    /// @notice Who decides on proofs.
    IUnderwriter public immutable underwriter;
    /// @notice Seconds that a proof counts, if the credential does not end earlier.
    uint256 public immutable validity;

    /// @notice The nonce that the account's next request must carry.
    mapping(address account => uint256) public nonceOf;
    mapping(address account => Grade) private _grades;
    mapping(address issuer => mapping(bytes32 holder => address account)) private _accounts;

    constructor(IUnderwriter underwriter_, uint256 validity_) {
        require(validity_ != 0 && validity_ <= MAX_VALIDITY, BadValidity(validity_));
        underwriter = underwriter_;
        validity = validity_;
    }

    /// @notice Takes a proof for `account`, or reverts with the underwriter's or verifier's error.
    /// @param proof For `underwriter.statement(this, account, request)`.
    function prove(address account, BorrowRequest calldata request, bytes calldata proof) external {
        _prove(account, request, proof);
    }

    /// @notice What the account proved last, in force or not; all zero if nothing.
    function gradeOf(address account) external view returns (Grade memory) {
        return _grades[account];
    }

    /// @notice True if what the account proved counts now: not expired, not superseded by another account of the
    /// same person, its policy in use, its credential and the key unrevoked.
    function inForce(address account) public view returns (bool) {
        Grade storage grade = _grades[account];
        if (block.timestamp >= grade.expiresAt) return false;
        address issuer = underwriter.registry().attesterKey(grade.attester).issuer;
        if (_accounts[issuer][grade.holder] != account) return false;
        try underwriter.checkDraw(grade.tier, grade.attester, grade.credentialUid) {
            return true;
        } catch {
            return false;
        }
    }

    function _prove(address account, BorrowRequest memory request, bytes memory proof) internal {
        uint256 nonce = nonceOf[account];
        require(request.nonce == nonce, WrongNonce(nonce, request.nonce));
        nonceOf[account] = nonce + 1;
        ICredentialRegistry registry = underwriter.registry();
        _accounts[registry.attesterKey(request.attester).issuer][request.credential.holder] = account;
        uint256 expiresAt = block.timestamp + validity;
        if (request.credential.expiresAt < expiresAt) expiresAt = request.credential.expiresAt;
        _grades[account] = Grade({
            amount: uint128(request.terms.amount),
            provenAt: uint40(block.timestamp),
            expiresAt: uint40(expiresAt),
            tier: uint32(request.terms.tier),
            attester: request.attester,
            holder: request.credential.holder,
            credentialUid: registry.uidOf(request.credential)
        });
        // Reverts if anything is wrong, amount above the tier's and unknown tiers among it.
        uint256 context = underwriter.decide(account, request, proof).context;
        emit Proven(
            account,
            request.credential.holder,
            underwriter.policyOf(request.terms.tier),
            request.terms.amount,
            request.terms.tier,
            expiresAt,
            context
        );
    }

    function _grade(address account) internal view returns (Grade storage) {
        return _grades[account];
    }
}
