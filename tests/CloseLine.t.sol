// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool, LoanStatus} from "../contracts/interfaces/ITesseraPool.sol";
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
        pool.closeLine(id);
    }

    function draw(uint256 amount) internal {
        vm.prank(borrower);
        pool.draw(id, amount, borrower);
    }

    function checkLocked(bool locked) internal view {
        assertEq(registry.lockedBy(attester, holder), locked ? address(pool) : address(0));
    }

    function test_empty() public {
        vm.expectEmit(address(pool));
        emit ITesseraPool.LineClosed(id, borrower);
        vm.expectEmit(address(pool));
        emit ITesseraPool.LoanClosed(id, borrower, holder);
        closeAs(borrower);
        checkLocked(false);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Closed));
        assertEq(pool.line(id).limit, 0);
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
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotALine.selector, id));
        draw(1);
        vm.warp(later);
        repayAs(borrower, id, type(uint256).max);
        checkLocked(false);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Closed));
    }

    function test_repaying_does_not_close() public {
        draw(LIMIT);
        repayAs(borrower, id, type(uint256).max);
        checkLocked(true);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Current));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.LoanNotOpen.selector, id));
        pool.repay(id, 1);
        closeAs(borrower);
        checkLocked(false);
    }

    /// From its expiry on the last payment closes a line by itself.
    function testFuzz_repaid_after_expiry(uint256 time) public {
        draw(LIMIT);
        vm.warp(bound(time, EXPIRY, EXPIRY + 1000 days));
        repayAs(borrower, id, type(uint256).max);
        checkLocked(false);
        assertEq(pool.line(id).limit, 0);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Closed));
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
        assertEq(pool.line(id).limit, LIMIT);
    }

    function test_by_the_guardian() public {
        draw(UNIT);
        closeAs(admin);
        checkLocked(true);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotALine.selector, id));
        draw(1);
    }

    function testFuzz_no_such_line(uint256 loanId) public {
        vm.assume(loanId != id);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotALine.selector, loanId));
        pool.closeLine(loanId);
    }

    function test_twice() public {
        draw(UNIT);
        closeAs(borrower);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotALine.selector, id));
        closeAs(borrower);
    }
}
