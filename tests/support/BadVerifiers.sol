// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// A contract that answers every call but a question about its reference string with the same bytes.
contract CannedVerifier {
    bytes private _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    function INSECURE_SRS() external pure returns (bool) {
        return false;
    }

    function SEGMENTS() external pure returns (uint256) {
        return 2;
    }

    fallback() external {
        bytes memory answer = _answer;
        assembly ("memory-safe") {
            return(add(answer, 32), mload(answer))
        }
    }
}

/// Burns all gas it is given.
contract EndlessVerifier {
    function INSECURE_SRS() external pure returns (bool) {
        return false;
    }

    function SEGMENTS() external pure returns (uint256) {
        return 2;
    }

    fallback() external {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
