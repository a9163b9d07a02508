// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../../contracts/TesseraPool.sol";
import {Loan} from "../../contracts/interfaces/ITesseraPool.sol";

/// The pool's books the slow way, from the definition: a sum over all loans, each by itself.
library BooksModel {
    uint256 internal constant SCALE = 1e18 * 365 days;

    function sum(TesseraPool pool) internal view returns (uint256 value, uint256 losses, uint256 principal) {
        uint256 period = pool.delinquencyPeriod();
        uint256 marked = 0;
        for (uint256 id = 1; id <= pool.loanCount(); id++) {
            Loan memory loan = pool.loan(id);
            principal += loan.principal;
            uint256 worth = loan.principal * SCALE + bookedInterest(loan);
            if (loan.principal == 0 || block.timestamp >= loan.graceEndsAt + period) continue;
            value += worth;
            if (block.timestamp > loan.graceEndsAt) marked += worth * (block.timestamp - loan.graceEndsAt);
        }
        value /= SCALE;
        losses = marked == 0 ? 0 : (marked - 1) / (SCALE * period) + 1;
    }

    /// A second's interest at a time, times the seconds of each stretch.
    function bookedInterest(Loan memory loan) internal view returns (uint256 scaled) {
        uint256 end = block.timestamp < loan.graceEndsAt ? block.timestamp : loan.graceEndsAt;
        scaled = loan.interestScaled;
        scaled += loan.principal * uint256(loan.rate) * span(loan.settledAt, end);
        uint256 late = loan.settledAt > loan.dueAt ? loan.settledAt : loan.dueAt;
        scaled += loan.principal * uint256(loan.lateRate) * span(late, end);
    }

    function span(uint256 from, uint256 to) private pure returns (uint256) {
        return to > from ? to - from : 0;
    }
}
