// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../interfaces/ICredentialRegistry.sol";
import {Rule} from "../interfaces/IGate.sol";
import {GateBase} from "./GateBase.sol";

/// @title A gate with nothing but rules
/// @notice For whoever wants proofs and no loans: access, membership, eligibility.
contract Gate is GateBase {
    constructor(ICredentialRegistry registry_, address authority) GateBase(registry_, authority) {}

    /// @notice Adds a policy, its classes after those of the others. For the authority.
    /// @return id `keccak256(abi.encode(rule, codehash, registry, bytes32(0)))`.
    function addRule(Rule calldata rule) external restricted returns (bytes32 id) {
        return _addPolicy(rule, 0, new uint192[](0));
    }
}
