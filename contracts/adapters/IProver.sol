// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// A market of the protocol that asks.
type Id is bytes32;

/// @title What a 3Jane credit line asks before it is set
/// @notice The function that `CreditLine.setCreditLines` of 3Jane's money market calls on its prover.
interface IProver {
    /// @param vv Value of the borrower's assets, as the protocol verified it.
    /// @param credit The line's limit.
    /// @param drp The borrower's default risk premium, a second's, in units of 1e-18.
    /// @return True if the line may be set.
    function verify(Id id, address borrower, uint256 vv, uint256 credit, uint128 drp)
        external
        view
        returns (bool);
}
