// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILoanBook, Loan, LoanStatus, Stage} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Closing a credit line, and what frees its borrower.
contract CloseLineTest is Base {
    uint256 internal constant LIMIT = 1500 * UNIT;
    uint256 internal constant EXPIRY = START + 90 days;
    bytes32 internal holder = keccak256(abi.encode(borrower));
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        id = openLineAs(borrower, addLinePolicy(), LIMIT);
    }

    function closeAs(address who) internal {
        vm.prank(who);
        pool.closeLine(rec(id));
    }

    function draw(uint256 amount) internal {
        drawAs(borrower, id, amount);
    }

    function checkLocked(bool locked) internal view {
        assertEq(registry.lockedBy(attester, holder), locked ? address(pool) : address(0));
    }

    function test_empty() public {
        vm.expectEmit(address(pool));
        emit ITesseraPool.LoanClosed(idOf(id), borrower, holder, false);
        vm.expectEmit(address(pool));
        emit ITesseraPool.LineClosed(idOf(id), borrower);
        closeAs(borrower);
        checkLocked(false);
        assertEq(uint8(statusOf(id)), uint8(LoanStatus.Closed));
        assertEq(uint8(book.accountOf(idOf(id)).stage), uint8(Stage.Repaid));
        // Free for a loan.
        borrowAs(borrower, UNIT);
    }

    /// What is owed stays owed, at the same price, until the same day.
    function testFuzz_with_debt(uint256 amount, uint256 later) public {
        amount = bound(amount, 1, LIMIT);
        later = bound(later, START, EXPIRY + GRACE + DELINQUENCY + 5 days);
        draw(amount);
        closeAs(borrower);
        checkLocked(true);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.NotALine.selector, idOf(id)));
        draw(1);
        vm.warp(later);
        repayAs(borrower, id, type(uint256).max);
        bool defaulted = later >= EXPIRY + GRACE + DELINQUENCY;
        checkLocked(defaulted);
        assertEq(uint8(statusOf(id)), uint8(defaulted ? LoanStatus.Recovered : LoanStatus.Closed));
    }

    function test_repaying_does_not_close() public {
        draw(LIMIT);
        repayAs(borrower, id, type(uint256).max);
        checkLocked(true);
        assertEq(uint8(statusOf(id)), uint8(LoanStatus.Current));
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, idOf(id)));
        pool.repay(rec(id), 1);
        closeAs(borrower);
        checkLocked(false);
    }

    /// From its expiry on the last payment closes a line by itself.
    function testFuzz_repaid_after_expiry(uint256 time) public {
        draw(LIMIT);
        vm.warp(bound(time, EXPIRY, EXPIRY + GRACE + DELINQUENCY - 1));
        repayAs(borrower, id, type(uint256).max);
        checkLocked(false);
        assertEq(uint8(book.accountOf(idOf(id)).stage), uint8(Stage.Repaid));
        assertEq(uint8(statusOf(id)), uint8(LoanStatus.Closed));
    }

    function testFuzz_anybody_after_expiry(address who, uint256 time) public {
        vm.warp(bound(time, EXPIRY, EXPIRY + 1000 days));
        closeAs(who);
        checkLocked(false);
    }

    function testFuzz_by_a_stranger(address who, uint256 time) public {
        vm.assume(who != borrower && who != admin);
        vm.warp(bound(time, START, EXPIRY - 1));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, who));
        closeAs(who);
        checkLocked(true);
        assertEq(uint8(book.accountOf(idOf(id)).stage), uint8(Stage.Open));
    }

    function test_by_the_guardian() public {
        draw(UNIT);
        closeAs(admin);
        checkLocked(true);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.NotALine.selector, idOf(id)));
        draw(1);
    }

    function testFuzz_no_such_line(uint96 limit) public {
        Loan memory forged = rec(id);
        vm.assume(limit != forged.amount);
        forged.amount = limit;
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, book.idOf(forged)));
        vm.prank(borrower);
        pool.closeLine(forged);
    }

    /// A loan is no line, whatever its borrower says.
    function test_a_loan() public {
        uint256 loan = borrowAs(makeAddr("somebody"), UNIT);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.NotALine.selector, idOf(loan)));
        vm.prank(makeAddr("somebody"));
        pool.closeLine(rec(loan));
    }

    function test_twice() public {
        draw(UNIT);
        closeAs(borrower);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.NotALine.selector, idOf(id)));
        closeAs(borrower);
    }
}
