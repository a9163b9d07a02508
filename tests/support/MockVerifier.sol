// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraVerifier, Statement} from "../../contracts/interfaces/ITesseraVerifier.sol";

/// Takes the keccak hash of a statement for its proof: as picky about the statement as a real verifier, and
/// free to compute, which is what fuzz tests need. Proves nothing.
contract MockVerifier is ITesseraVerifier {
    uint256 public constant SEGMENTS = 2;
    bytes32 public constant SRS_DIGEST = keccak256("mock srs");
    bytes32 public constant KEY_DIGEST = keccak256("mock key");
    uint256 public constant PROOF_LENGTH = 32;

    function INSECURE_SRS() external pure virtual returns (bool) {
        return true;
    }

    function verify(Statement calldata statement, bytes calldata proof) external pure returns (bool) {
        require(proof.length == PROOF_LENGTH, ProofLength(PROOF_LENGTH, proof.length));
        require(bytes32(proof) == keccak256(abi.encode(statement)), ProofRejected());
        return true;
    }
}

/// The same, claiming a reference string that nobody knows the secret of.
contract SecureMockVerifier is MockVerifier {
    function INSECURE_SRS() external pure override returns (bool) {
        return false;
    }
}
