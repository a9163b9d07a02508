// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IUnderwriter} from "../interfaces/IUnderwriter.sol";
import {IProver, Id} from "./IProver.sol";
import {ProofRecord} from "./ProofRecord.sol";

/// @title A prover for 3Jane's credit lines
/// @notice A line may be set if its borrower proved for at least its limit, and its premium is not below the
/// tier's. The value of the borrower's assets is not what a Tessera proof is about: the protocol checks that
/// itself.
contract TesseraProver is IProver, ProofRecord {
    /// @notice The one market that this prover answers for.
    Id public immutable market;

    constructor(IUnderwriter underwriter_, uint256 validity_, Id market_)
        ProofRecord(underwriter_, validity_)
    {
        market = market_;
    }

    /// @inheritdoc IProver
    function verify(Id id, address borrower, uint256, uint256 credit, uint128 drp)
        external
        view
        returns (bool)
    {
        if (Id.unwrap(id) != Id.unwrap(market) || !inForce(borrower)) return false;
        Grade storage grade = _grade(borrower);
        return credit <= grade.amount && drp >= underwriter.tiers(grade.tier).premium / 365 days;
    }
}
