// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title BN254's scalar field, in which the circuits compute
library FieldLib {
    /// Order of the group; every word of a statement is below.
    uint256 internal constant MODULUS = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;

    function isElement(uint256 value) internal pure returns (bool) {
        return value < MODULUS;
    }
}
