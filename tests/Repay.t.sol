// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILoanBook, Loan, LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {Base} from "./support/Base.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// Paying back: in parts, by anyone, interest first, never more than is owed.
contract RepayTest is Base {
    uint256 internal constant AMOUNT = 1500 * UNIT;
    uint256 internal constant YEAR = 365 days;
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        id = borrow(request());
        token.mint(lender, LIQUIDITY);
        vm.prank(lender);
        token.approve(address(vault), type(uint256).max);
    }

    /// Simple interest at 15 %, and 20 % from the due date on.
    function interestAfter(uint256 elapsed) internal pure returns (uint256) {
        uint256 late = elapsed > 90 days ? elapsed - 90 days : 0;
        return Math.ceilDiv(AMOUNT * (15 * elapsed + 5 * late), 100 * YEAR);
    }

    // ------------------------------------------------------------------------------------ accrual

    function testFuzz_debt_grows_by_the_second(uint256 elapsed) public {
        elapsed = bound(elapsed, 0, 1000 days);
        vm.warp(START + elapsed);
        (uint256 principal, uint256 interest) = debtOf(id);
        assertEq(principal, AMOUNT);
        assertEq(interest, interestAfter(elapsed));
    }

    function test_status_follows_the_clock() public {
        uint256[8] memory times =
            [uint256(0), 90 days - 1, 90 days, 100 days - 1, 100 days, 160 days - 1, 160 days, 5000 days];
        LoanStatus[8] memory statuses = [
            LoanStatus.Current,
            LoanStatus.Current,
            LoanStatus.Grace,
            LoanStatus.Grace,
            LoanStatus.Delinquent,
            LoanStatus.Delinquent,
            LoanStatus.Default,
            LoanStatus.Default
        ];
        for (uint256 i = 0; i < times.length; i++) {
            vm.warp(START + times[i]);
            assertEq(uint8(statusOf(id)), uint8(statuses[i]));
        }
        Loan memory other = rec(id);
        other.amount++;
        assertEq(uint8(book.statusOf(other)), uint8(LoanStatus.None));
    }

    // ------------------------------------------------------------------------------------ payment

    function testFuzz_in_full(uint256 elapsed) public {
        elapsed = bound(elapsed, 0, 90 days);
        vm.warp(START + elapsed);
        uint256 owed = AMOUNT + interestAfter(elapsed);
        uint256 before = token.balanceOf(lender);

        vm.expectEmit(address(pool));
        emit ITesseraPool.LoanClosed(idOf(id), borrower, rec(id).holder, false);
        vm.expectEmit(address(pool));
        emit ITesseraPool.Repaid(idOf(id), borrower, lender, owed - AMOUNT, AMOUNT, 0, 0);
        vm.prank(lender);
        pool.repay(rec(id), type(uint256).max);

        assertEq(before - token.balanceOf(lender), owed);
        assertEq(vault.cash(), LIQUIDITY + owed - AMOUNT);
        assertEq(vault.totalAssets(), LIQUIDITY + owed - AMOUNT);
        assertEq(uint8(statusOf(id)), uint8(LoanStatus.Closed));
        (uint256 principal, uint256 interest) = debtOf(id);
        assertEq(principal + interest, 0);
    }

    function testFuzz_in_parts(uint256[5] memory parts, uint256[5] memory waits) public {
        for (uint256 i = 0; i < parts.length; i++) {
            vm.warp(block.timestamp + bound(waits[i], 0, 30 days));
            (uint256 principal, uint256 interest) = debtOf(id);
            if (principal == 0) break;
            uint256 part = bound(parts[i], 1, 600 * UNIT);
            uint256 before = token.balanceOf(lender);
            vm.prank(lender);
            pool.repay(rec(id), part);
            uint256 taken = before - token.balanceOf(lender);
            assertEq(taken, Math.min(part, principal + interest));

            (uint256 principalLeft, uint256 interestLeft) = debtOf(id);
            assertEq(principal + interest - taken, principalLeft + interestLeft);
            // Interest first.
            if (interestLeft > 0) assertEq(principalLeft, principal);
        }
    }

    /// Paying in two goes instead of one saves nobody more than the rounding of one unit.
    function testFuzz_splitting_a_payment(uint256 part, uint256 elapsed) public {
        elapsed = bound(elapsed, 1 days, 90 days);
        vm.warp(START + elapsed);
        uint256 owed = AMOUNT + interestAfter(elapsed);
        part = bound(part, 1, owed - 1);
        uint256 before = token.balanceOf(lender);
        vm.startPrank(lender);
        pool.repay(rec(id), part);
        pool.repay(rec(id), type(uint256).max);
        assertEq(before - token.balanceOf(lender), owed);
    }

    function testFuzz_never_more_than_is_owed(uint256 amount) public {
        amount = bound(amount, AMOUNT, type(uint256).max);
        uint256 before = token.balanceOf(lender);
        vm.prank(lender);
        pool.repay(rec(id), amount);
        assertEq(before - token.balanceOf(lender), AMOUNT);
    }

    // ------------------------------------------------------------------------------------ refused

    function test_closed_loan() public {
        vm.startPrank(lender);
        pool.repay(rec(id), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, idOf(id)));
        pool.repay(rec(id), 1);
    }

    function test_nothing() public {
        vm.expectRevert(ITesseraPool.ZeroAmount.selector);
        vm.prank(lender);
        pool.repay(rec(id), 0);
    }

    function test_without_the_money() public {
        address poor = makeAddr("poor");
        vm.prank(poor);
        token.approve(address(vault), type(uint256).max);
        bytes32 before = keccak256(abi.encode(book.accountOf(idOf(id))));
        vm.expectRevert();
        vm.prank(poor);
        pool.repay(rec(id), 1);
        assertEq(keccak256(abi.encode(book.accountOf(idOf(id)))), before);
    }
}
