// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../interfaces/ITesseraPool.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Simple interest by the second
/// @notice Interest is kept in *scaled* units, asset units × 1e18 × 365 days, in which a second's interest is
/// principal × rate: sums are exact, and nothing is rounded before money changes hands.
/// Bounds: principal < 2^96, rate + lateRate < 2^64, time < 2^40 seconds: scaled < 2^200.
library InterestLib {
    uint256 internal constant SCALE = 1e18 * 365 days;

    /// @notice Interest on the loan's principal from `from` to `to`, scaled; nothing if `to` is earlier.
    /// The late rate runs from the due date on.
    function between(Loan memory loan, uint256 from, uint256 to) internal pure returns (uint256 scaled) {
        if (to <= from) return 0;
        scaled = uint256(loan.principal) * loan.rate * (to - from);
        if (to > loan.dueAt) {
            uint256 lateFrom = from > loan.dueAt ? from : loan.dueAt;
            scaled += uint256(loan.principal) * loan.lateRate * (to - lateFrom);
        }
    }

    /// @notice Brings the loan's interest up to `time`: booked until the end of grace, suspended after.
    function settle(Loan memory loan, uint256 time) internal pure {
        uint256 from = loan.settledAt;
        uint256 end = loan.graceEndsAt;
        loan.interestScaled += between(loan, from, time < end ? time : end);
        loan.suspendedScaled += between(loan, from > end ? from : end, time);
        loan.settledAt = uint40(time);
    }

    /// @notice Takes a payment of at most `amount` asset units off a settled loan: booked interest first,
    /// then suspended interest, then principal; never more than is owed.
    function pay(Loan memory loan, uint256 amount)
        internal
        pure
        returns (uint256 interest, uint256 principal)
    {
        interest = Math.min(amount, interestUp(loan));
        principal = Math.min(amount - interest, loan.principal);
        uint256 scaled = interest * SCALE;
        uint256 booked = Math.min(scaled, loan.interestScaled);
        loan.interestScaled -= booked;
        loan.suspendedScaled -= Math.min(scaled - booked, loan.suspendedScaled);
        loan.principal -= uint96(principal);
    }

    /// @notice Interest owed by a settled loan, in asset units, rounded up.
    function interestUp(Loan memory loan) internal pure returns (uint256) {
        return toAssetsUp(loan.interestScaled + loan.suspendedScaled);
    }

    /// @notice Asset units, rounded up: against the borrower.
    function toAssetsUp(uint256 scaled) internal pure returns (uint256) {
        return scaled == 0 ? 0 : (scaled - 1) / SCALE + 1;
    }
}
