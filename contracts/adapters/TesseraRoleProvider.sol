// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BorrowRequest, IUnderwriter} from "../interfaces/IUnderwriter.sol";
import {IRoleProvider} from "./IRoleProvider.sol";
import {ProofRecord} from "./ProofRecord.sol";

/// @title A role provider for Wildcat's markets
/// @notice An account has a credential while what it proved is in force. The proof comes with the transaction
/// that wants the credential, as the hooks' data, or beforehand by `prove`.
contract TesseraRoleProvider is IRoleProvider, ProofRecord {
    constructor(IUnderwriter underwriter_, uint256 validity_) ProofRecord(underwriter_, validity_) {}

    /// @inheritdoc IRoleProvider
    function isPullProvider() external pure returns (bool) {
        return true;
    }

    /// @inheritdoc IRoleProvider
    function getCredential(address account) public view returns (uint32 timestamp) {
        return inForce(account) ? uint32(_grade(account).provenAt) : 0;
    }

    /// @inheritdoc IRoleProvider
    /// @param data `abi.encode(request, proof)` as for `prove`.
    function validateCredential(address account, bytes calldata data) external returns (uint32 timestamp) {
        (BorrowRequest memory request, bytes memory proof) = abi.decode(data, (BorrowRequest, bytes));
        _prove(account, request, proof);
        return getCredential(account);
    }
}
