// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../interfaces/ILoanBook.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// What of a loan changes, and how far it is reckoned.
struct Debt {
    /// Owed, without interest.
    uint96 principal;
    uint40 settledAt;
    /// Interest for the time until the end of grace, scaled.
    uint256 interest;
    /// Interest for the time after, which the pool's books leave out until it is paid, scaled.
    uint256 suspended;
}

/// @title Simple interest by the second
/// @notice Interest is kept in *scaled* units, asset units × 1e18 × 365 days, in which a second's interest is
/// principal × rate: sums are exact, and nothing is rounded before money changes hands.
/// Bounds: principal < 2^96, rate + lateRate < 2^64, time < 2^40 seconds: scaled < 2^200.
library InterestLib {
    uint256 internal constant SCALE = 1e18 * 365 days;

    /// @notice Interest on `principal` from `from` to `to`, scaled; nothing if `to` is earlier. The late rate runs
    /// from the due date on.
    function between(Loan memory loan, uint256 principal, uint256 from, uint256 to)
        internal
        pure
        returns (uint256 scaled)
    {
        if (to <= from) return 0;
        scaled = principal * loan.rate * (to - from);
        if (to > loan.dueAt) {
            uint256 lateFrom = from > loan.dueAt ? from : loan.dueAt;
            scaled += principal * loan.lateRate * (to - lateFrom);
        }
    }

    /// @notice Brings the debt's interest up to `time`: booked until the end of grace, suspended after.
    function settle(Debt memory debt, Loan memory loan, uint256 time) internal pure {
        uint256 from = debt.settledAt;
        uint256 end = loan.graceEndsAt;
        debt.interest += between(loan, debt.principal, from, time < end ? time : end);
        debt.suspended += between(loan, debt.principal, from > end ? from : end, time);
        debt.settledAt = uint40(time);
    }

    /// @notice Splits a debt in two that are settled to the same second, the second one with `share` (of 1e18) of
    /// it, rounded down. Both together grow exactly as the whole.
    function split(Debt memory debt, uint256 share)
        internal
        pure
        returns (Debt memory sound, Debt memory marked)
    {
        marked.principal = uint96(Math.mulDiv(debt.principal, share, 1e18));
        if (marked.principal != 0) {
            marked.interest = Math.mulDiv(debt.interest, share, 1e18);
            marked.suspended = Math.mulDiv(debt.suspended, share, 1e18);
        }
        sound.principal = debt.principal - marked.principal;
        sound.interest = debt.interest - marked.interest;
        sound.suspended = debt.suspended - marked.suspended;
        (sound.settledAt, marked.settledAt) = (debt.settledAt, debt.settledAt);
    }

    /// @notice Takes a payment of at most `amount` asset units off a settled debt: booked interest first, then
    /// suspended interest, then principal; never more than is owed.
    function pay(Debt memory debt, uint256 amount)
        internal
        pure
        returns (uint256 interest, uint256 principal)
    {
        interest = Math.min(amount, interestUp(debt));
        principal = Math.min(amount - interest, debt.principal);
        uint256 scaled = interest * SCALE;
        uint256 booked = Math.min(scaled, debt.interest);
        debt.interest -= booked;
        debt.suspended -= Math.min(scaled - booked, debt.suspended);
        debt.principal -= uint96(principal);
    }

    /// @notice Interest owed by a settled debt, in asset units, rounded up.
    function interestUp(Debt memory debt) internal pure returns (uint256) {
        return toAssetsUp(debt.interest + debt.suspended);
    }

    /// @notice Asset units, rounded up: against the borrower.
    function toAssetsUp(uint256 scaled) internal pure returns (uint256) {
        return scaled == 0 ? 0 : (scaled - 1) / SCALE + 1;
    }
}
