// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IGate, Presentation} from "../interfaces/IGate.sol";
import {IRoleProvider} from "./IRoleProvider.sol";
import {ProofRecord} from "./ProofRecord.sol";

/// @title A role provider for Wildcat's markets
/// @notice An account has a credential while what it proved is in force. The proof comes with the transaction
/// that wants the credential, as the hooks' data, or beforehand by `prove`.
contract WildcatRoleProvider is IRoleProvider, ProofRecord {
    constructor(IGate gate_, uint256 validity_) ProofRecord(gate_, validity_) {}

    /// @notice Takes a proof for `account`, or reverts with the gate's or verifier's error.
    function prove(address account, Presentation calldata presented, bytes calldata proof) external {
        _record(account, presented, proof);
    }

    /// @inheritdoc IRoleProvider
    function isPullProvider() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IRoleProvider
    function getCredential(address account) public view returns (uint32 timestamp) {
        return inForce(account) ? uint32(_grade(account).provenAt) : 0;
    }

    /// @inheritdoc IRoleProvider
    /// @param data `abi.encode(presented, proof)` as for `prove`.
    function validateCredential(address account, bytes calldata data) external returns (uint32 timestamp) {
        (Presentation memory presented, bytes memory proof) = abi.decode(data, (Presentation, bytes));
        _record(account, presented, proof);
        return getCredential(account);
    }
}
