// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../../contracts/interfaces/ILoanBook.sol";
import {Books, BooksLib, Calendar} from "../../contracts/libraries/BooksLib.sol";
import {Debt, InterestLib} from "../../contracts/libraries/InterestLib.sol";
import {Test} from "forge-std/Test.sol";

/// For halmos (make analyse), which proves each `check_` for all inputs of these types at once; forge does not
/// run them. Divisions of 256 bits are beyond the solvers: tests/Arithmetic.t.sol fuzzes what has one.
contract Symbolic is Test {
    using BooksLib for Books;
    using InterestLib for Debt;
    using InterestLib for Loan;

    uint256 private constant PERIOD = 60 days;
    uint256 private constant DUE = 20_000 days;
    uint256 private constant GRACE_END = 20_010 days;

    Calendar private _calendar;

    function loanOf(uint256 rate, uint256 lateRate) private pure returns (Loan memory loan) {
        (loan.rate, loan.lateRate) = (uint64(rate), uint64(lateRate));
        (loan.dueAt, loan.graceEndsAt) = (uint40(DUE), uint40(GRACE_END));
    }

    // ----------------------------------------------------------------------------------- interest

    /// Time that stands still or runs backwards bears no interest.
    function check_interest_of_nothing(uint96 principal, uint64 rate, uint40 from, uint40 to) public pure {
        vm.assume(to <= from);
        assert(loanOf(rate, rate).between(principal, from, to) == 0);
    }

    /// Where a stretch of time is cut makes no difference.
    function check_interest_adds_up(uint16 principal, uint16 rate, uint16 from, uint16 middle, uint16 to)
        public
        pure
    {
        vm.assume(from <= middle && middle <= to);
        Loan memory loan = loanOf(rate, 0);
        uint256 cut = loan.between(principal, from, middle) + loan.between(principal, middle, to);
        assert(loan.between(principal, from, to) == cut);
    }

    /// Before the end of grace all interest is booked, after it all of the later interest is suspended.
    function check_settle_books_until_grace_ends(uint16 principal, uint8 rate, uint8 late, uint16 after_)
        public
        pure
    {
        Debt memory debt = Debt(principal, uint40(DUE), 0, 0);
        debt.settle(loanOf(rate, late), GRACE_END + after_);
        assert(debt.interest == uint256(principal) * (uint256(rate) + late) * (GRACE_END - DUE));
        assert(debt.suspended == uint256(principal) * (uint256(rate) + late) * after_);
        assert(debt.settledAt == GRACE_END + after_);
    }

    // -------------------------------------------------------------------------------------- books

    /// Taking a loan out of the books leaves nothing of it, current or delinquent.
    function check_posting_is_reversible(uint96 principal, uint64 rate, uint64 late, bool delinquent) public {
        Loan memory loan = loanOf(rate, late);
        Books memory books;
        books.settledAt = delinquent ? GRACE_END + 5 days : DUE - 5 days;
        books.post(_calendar, PERIOD, loan, int256(uint256(principal)), 0);
        books.post(_calendar, PERIOD, loan, -int256(uint256(principal)), 0);
        assert(books.value == 0 && books.slope == 0);
        assert(books.markdown == 0 && books.markdownSlope == 0);
        assert(_calendar.turns[DUE / 1 days].slope == 0);
        assert(_calendar.turns[GRACE_END / 1 days].slope == 0);
        assert(_calendar.turns[GRACE_END / 1 days].carry == 0);
    }

    /// Posting what a payment changed leaves what taking the loan out and entering the rest of it would.
    function check_a_difference_is_out_and_in(uint32 before, uint32 afterwards, uint8 rate, bool delinquent)
        public
    {
        Loan memory loan = loanOf(rate, rate);
        Books memory books;
        books.settledAt = delinquent ? GRACE_END + 5 days : DUE - 5 days;
        (int256 old, int256 rest) = (int256(uint256(before)), int256(uint256(afterwards)));
        books.post(_calendar, PERIOD, loan, old, old);
        books.post(_calendar, PERIOD, loan, rest - old, rest - old);
        books.post(_calendar, PERIOD, loan, -rest, -rest);
        assert(books.value == 0 && books.slope == 0);
        assert(books.markdown == 0 && books.markdownSlope == 0);
        assert(_calendar.turns[DUE / 1 days].slope == 0);
        assert(_calendar.turns[GRACE_END / 1 days].slope == 0);
        assert(_calendar.turns[GRACE_END / 1 days].carry == 0);
    }

    /// A delinquent loan is marked down by its value for every second since the end of grace.
    function check_markdown_is_value_by_time(uint96 principal, uint32 late) public {
        vm.assume(late < PERIOD);
        Books memory books;
        books.settledAt = GRACE_END + late;
        books.post(_calendar, PERIOD, loanOf(0, 0), int256(uint256(principal)), 0);
        assert(books.markdown == books.value * int256(uint256(late)));
        assert(books.markdownSlope == books.value);
        assert(books.slope == 0);
    }

    /// From default on a loan is in the books no more.
    function check_default_is_worth_nothing(uint96 principal, uint64 rate, uint32 later) public {
        Books memory books;
        books.settledAt = GRACE_END + PERIOD + later;
        books.post(_calendar, PERIOD, loanOf(rate, rate), int256(uint256(principal)), 0);
        assert(books.value == 0 && books.markdown == 0 && books.slope == 0 && books.markdownSlope == 0);
    }
}
