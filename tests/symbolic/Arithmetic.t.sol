// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../../contracts/interfaces/ITesseraPool.sol";
import {Books, BooksLib} from "../../contracts/libraries/BooksLib.sol";
import {InterestLib} from "../../contracts/libraries/InterestLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";

/// For halmos (make analyse), which tries to prove each `check_` for all its inputs at once; the bounds that an
/// input is cut to are in the function. Never run by forge.
contract Arithmetic is Test {
    using BooksLib for Books;
    using InterestLib for Loan;

    uint256 private constant SCALE = 1e18 * 365 days;

    // ----------------------------------------------------------------------------------- payments

    /// No payment takes more than is given or owed, and what is paid is what the debt falls by.
    function check_pay(uint16 principal, uint8 booked, uint8 suspended, uint16 amount) public pure {
        Loan memory loan;
        loan.principal = principal;
        // Whole units: what fractions do is `check_round_up`.
        loan.interestScaled = uint256(booked) * SCALE;
        loan.suspendedScaled = uint256(suspended) * SCALE;
        (uint256 interest, uint256 paid) = loan.pay(amount);
        assert(interest + paid <= amount);
        assert(paid <= principal);
        assert(uint256(loan.principal) == principal - paid);
        assert(paid == 0 || loan.interestScaled + loan.suspendedScaled == 0);
        assert(loan.interestScaled + loan.suspendedScaled == (uint256(booked) + suspended - interest) * SCALE);
    }

    /// Rounding up loses the borrower less than a unit, and the pool nothing.
    function check_round_up(uint16 whole, uint256 part) public pure {
        vm.assume(part < SCALE);
        uint256 up = InterestLib.toAssetsUp(uint256(whole) * SCALE + part);
        assert(up == (part == 0 ? uint256(whole) : uint256(whole) + 1));
    }

    // ----------------------------------------------------------------------------------- interest

    /// Time before the due date has no late interest, and time that runs backwards none at all.
    function check_interest_of_nothing(uint96 principal, uint64 rate, uint40 from, uint40 to) public pure {
        vm.assume(to <= from);
        Loan memory loan;
        (loan.principal, loan.rate, loan.lateRate) = (principal, rate, rate);
        assert(loan.between(from, to) == 0);
    }

    /// Where a stretch of time is cut makes no difference.
    function check_interest_adds_up(uint16 principal, uint16 rate, uint16 from, uint16 middle, uint16 to)
        public
        pure
    {
        vm.assume(from <= middle && middle <= to);
        Loan memory loan;
        (loan.principal, loan.rate, loan.dueAt) = (principal, rate, type(uint40).max);
        assert(loan.between(from, to) == loan.between(from, middle) + loan.between(middle, to));
    }

    // ----------------------------------------------------------------------------------- markdown

    /// A markdown is rounded up, so never less than its exact value, and less than a unit more.
    function check_losses(uint16 marked, uint8 periodInDays) public pure {
        vm.assume(periodInDays != 0);
        uint256 period = uint256(periodInDays) * 1 days;
        Books memory books;
        books.markdown = int256(uint256(marked) * SCALE);
        uint256 losses = books.losses(period);
        assert(losses * period >= marked);
        assert(marked == 0 ? losses == 0 : (losses - 1) * period < marked);
    }

    /// Nothing marked down, no losses; and the value is rounded down.
    function check_gross(uint16 whole, uint256 part) public pure {
        vm.assume(part < SCALE);
        Books memory books;
        books.value = int256(uint256(whole) * SCALE + part);
        assert(books.gross() == whole);
        assert(books.losses(60 days) == 0);
    }

    // ------------------------------------------------------------------------------------- shares

    /// The vault's formulas (`_convertToShares`, `_convertToAssets`): in and out again is no gain.
    function check_no_gain(uint8 assets, uint8 supply, uint8 held) public pure {
        uint256 all = uint256(supply) + 1e6;
        uint256 worth = uint256(held) + 1;
        uint256 shares = Math.mulDiv(assets, all, worth);
        uint256 back = Math.mulDiv(shares, worth + assets, all + shares);
        assert(back <= assets);
    }
}
