// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LoanBook} from "../../contracts/credit/LoanBook.sol";
import {Balance, Loan} from "../../contracts/interfaces/ILoanBook.sol";

/// The pool's books the slow way, from the definition: a sum over all loans, each by itself.
library BooksModel {
    uint256 internal constant SCALE = 1e18 * 365 days;

    function sum(LoanBook book, Loan[] memory loans)
        internal
        view
        returns (uint256 value, uint256 losses, uint256 principal)
    {
        uint256 period = book.delinquencyPeriod();
        uint256 running = 0;
        uint256 marked = 0;
        for (uint256 i = 0; i < loans.length; i++) {
            Loan memory loan = loans[i];
            Balance memory account = book.accountOf(book.idOf(loan));
            principal += account.principal;
            if (account.principal == 0 || block.timestamp >= loan.graceEndsAt + period) continue;
            // The part of it that the guardian marked, in whole units of principal.
            uint256 part = uint256(account.principal) * account.marked / 1e18;
            uint256 owed = account.interestScaled;
            uint256 bad = worth(loan, account.settledAt, part, part == 0 ? 0 : owed * account.marked / 1e18);
            uint256 good = worth(
                loan,
                account.settledAt,
                account.principal - part,
                part == 0 ? owed : owed - owed * account.marked / 1e18
            );
            value += good + bad;
            marked += bad;
            if (block.timestamp > loan.graceEndsAt) running += good * (block.timestamp - loan.graceEndsAt);
        }
        value /= SCALE;
        losses = up(running, SCALE * period) + up(marked, SCALE);
        if (losses > value) losses = value;
    }

    /// Principal and booked interest: a second's interest at a time, times the seconds of each stretch.
    function worth(Loan memory loan, uint256 settledAt, uint256 principal, uint256 interest)
        internal
        view
        returns (uint256 scaled)
    {
        uint256 end = block.timestamp < loan.graceEndsAt ? block.timestamp : loan.graceEndsAt;
        scaled = principal * SCALE + interest + principal * loan.rate * span(settledAt, end);
        uint256 late = settledAt > loan.dueAt ? settledAt : loan.dueAt;
        scaled += principal * loan.lateRate * span(late, end);
    }

    function up(uint256 amount, uint256 unit) private pure returns (uint256) {
        return amount == 0 ? 0 : (amount - 1) / unit + 1;
    }

    function span(uint256 from, uint256 to) private pure returns (uint256) {
        return to > from ? to - from : 0;
    }
}
