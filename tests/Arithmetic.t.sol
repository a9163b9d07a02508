// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../../contracts/interfaces/ITesseraPool.sol";
import {Books, BooksLib} from "../../contracts/libraries/BooksLib.sol";
import {InterestLib} from "../../contracts/libraries/InterestLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";

/// Rounding of payments, markdowns and shares. (What has no division in it is proven for all inputs:
/// tests/symbolic.)
contract ArithmeticTest is Test {
    using BooksLib for Books;
    using InterestLib for Loan;

    uint256 private constant SCALE = 1e18 * 365 days;

    // ----------------------------------------------------------------------------------- payments

    /// No payment takes more than is given or owed, and what is paid is what the debt falls by.
    function testFuzz_pay(uint96 principal, uint64 booked, uint64 suspended, uint96 amount) public pure {
        Loan memory loan;
        loan.principal = principal;
        // Whole units: what fractions do is `testFuzz_round_up`.
        loan.interestScaled = uint256(booked) * SCALE;
        loan.suspendedScaled = uint256(suspended) * SCALE;
        (uint256 interest, uint256 paid) = loan.pay(amount);
        assertTrue(interest + paid <= amount);
        assertTrue(paid <= principal);
        assertTrue(uint256(loan.principal) == principal - paid);
        assertTrue(paid == 0 || loan.interestScaled + loan.suspendedScaled == 0);
        assertTrue(
            loan.interestScaled + loan.suspendedScaled == (uint256(booked) + suspended - interest) * SCALE
        );
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

    /// Nothing marked down, no losses; and the value is rounded down.
    function testFuzz_gross(uint96 whole, uint256 part) public pure {
        part %= SCALE;
        Books memory books;
        books.value = int256(uint256(whole) * SCALE + part);
        assertTrue(books.gross() == whole);
        assertTrue(books.losses(60 days) == 0);
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
