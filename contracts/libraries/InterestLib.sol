// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../interfaces/ITesseraPool.sol";

/// @title Simple interest by the second
/// @notice Interest is kept in *scaled* units, asset units × 1e18 × 365 days, in which a second's interest is
/// principal × rate: sums are exact and nothing is lost to rounding before money changes hands.
/// Bounds: principal < 2^112, rate < 2^64, time < 2^32 seconds (a hundred years): scaled < 2^208.
library InterestLib {
    uint256 internal constant SCALE = 1e18 * 365 days;

    /// @notice Interest owed at `time`, scaled. The late rate runs from the due date on.
    function scaledAt(Loan memory loan, uint256 time) internal pure returns (uint256 scaled) {
        scaled = loan.interestScaled + uint256(loan.principal) * loan.rate * (time - loan.settledAt);
        if (time > loan.dueAt) {
            uint256 lateFrom = loan.settledAt > loan.dueAt ? loan.settledAt : loan.dueAt;
            scaled += uint256(loan.principal) * loan.lateRate * (time - lateFrom);
        }
    }

    /// @notice Asset units, against the borrower.
    function toAssetsUp(uint256 scaled) internal pure returns (uint256) {
        return scaled == 0 ? 0 : (scaled - 1) / SCALE + 1;
    }
}
