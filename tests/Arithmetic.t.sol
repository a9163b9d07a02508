// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {Books, BooksLib} from "../contracts/libraries/BooksLib.sol";
import {Debt, InterestLib} from "../contracts/libraries/InterestLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";

/// Rounding of payments, markdowns and shares. (What has no division in it is proven for all inputs:
/// tests/symbolic.)
contract ArithmeticTest is Test {
    using BooksLib for Books;
    using InterestLib for Debt;

    uint256 private constant SCALE = 1e18 * 365 days;

    // ----------------------------------------------------------------------------------- payments

    /// No payment takes more than is given or owed, and what is paid is what the debt falls by.
    function testFuzz_pay(uint96 principal, uint64 booked, uint64 suspended, uint96 amount) public pure {
        // Whole units: what fractions do is `testFuzz_round_up`.
        Debt memory debt = Debt(principal, 0, uint256(booked) * SCALE, uint256(suspended) * SCALE);
        (uint256 interest, uint256 paid) = debt.pay(amount);
        assertTrue(interest + paid <= amount);
        assertTrue(paid <= principal);
        assertTrue(uint256(debt.principal) == principal - paid);
        assertTrue(paid == 0 || debt.interest + debt.suspended == 0);
        assertTrue(debt.interest + debt.suspended == (uint256(booked) + suspended - interest) * SCALE);
    }

    /// Both parts of a debt are the whole, and stay so however much time passes: nothing is lost by a mark.
    function testFuzz_split(uint96 principal, uint96 interest, uint64 share, uint64 rate, uint32 time)
        public
        pure
    {
        share = uint64(bound(share, 0, 1e18));
        Loan memory loan;
        (loan.rate, loan.dueAt, loan.graceEndsAt) = (rate, type(uint40).max, type(uint40).max);
        Debt memory whole = Debt(principal, 0, interest, 0);
        (Debt memory sound, Debt memory marked) = whole.split(share);
        whole.settle(loan, time);
        sound.settle(loan, time);
        marked.settle(loan, time);
        assertTrue(uint256(sound.principal) + marked.principal == principal);
        assertTrue(sound.interest + marked.interest == whole.interest);
        assertTrue(uint256(marked.principal) == uint256(principal) * share / 1e18);
    }

    /// Rounding up loses the borrower less than a unit, and the pool nothing.
    function testFuzz_round_up(uint64 whole, uint256 part) public pure {
        part %= SCALE;
        uint256 up = InterestLib.toAssetsUp(uint256(whole) * SCALE + part);
        assertTrue(up == (part == 0 ? uint256(whole) : uint256(whole) + 1));
    }

    // ----------------------------------------------------------------------------------- markdown

    /// A markdown is rounded up, so never less than its exact value, and less than a unit more.
    function testFuzz_losses(uint64 marked, uint16 periodInDays) public pure {
        periodInDays = 1 + periodInDays % 3650;
        uint256 period = uint256(periodInDays) * 1 days;
        Books memory books;
        books.markdown = int256(uint256(marked) * SCALE);
        uint256 losses = books.losses(period);
        assertTrue(losses * period >= marked);
        assertTrue(marked == 0 ? losses == 0 : (losses - 1) * period < marked);
    }

    // ------------------------------------------------------------------------------------- shares

    /// The vault's formulas (`_convertToShares`, `_convertToAssets`): in and out again is no gain.
    function testFuzz_no_gain(uint112 assets, uint112 supply, uint112 held) public pure {
        uint256 all = uint256(supply) + 1e6;
        uint256 worth = uint256(held) + 1;
        uint256 shares = Math.mulDiv(assets, all, worth);
        uint256 back = Math.mulDiv(shares, worth + assets, all + shares);
        assertTrue(back <= assets);
    }
}
