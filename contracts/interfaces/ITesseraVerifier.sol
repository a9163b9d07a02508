// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Statement} from "../generated/Statement.sol";

/// @title What a generated verifier offers
/// @notice One contract verifies every model of the same number of segments.
interface ITesseraVerifier {
    /// The proof has another length than this verifier takes.
    error ProofLength(uint256 expected, uint256 actual);
    /// The call data is not the canonical ABI encoding of the two arguments.
    error CalldataLayout();
    /// A word of the statement or of the proof is not below the field's modulus.
    error WordNotInField(uint256 index);
    /// A point of the proof is not on the curve, or is the point at infinity.
    error PointNotOnCurve(uint256 index);
    /// Everything is well-formed and the pairing does not hold: the proof does not prove the statement.
    error ProofRejected();

    /// @notice Returns true if `proof` proves `statement`, and reverts with one of the errors above if not.
    function verify(Statement calldata statement, bytes calldata proof) external view returns (bool);

    /// @notice How many segments the model is cut into.
    function SEGMENTS() external view returns (uint256);

    /// @notice True if the structured reference string's secret is published: proofs can then be forged by
    /// anybody, and the verifier serves local chains only.
    function INSECURE_SRS() external view returns (bool);

    /// @notice Identifies the structured reference string (its secret, not its size).
    function SRS_DIGEST() external view returns (bytes32);

    /// @notice Identifies the aggregation verifying key.
    function KEY_DIGEST() external view returns (bytes32);

    /// @notice Bytes of a proof.
    function PROOF_LENGTH() external view returns (uint256);
}
