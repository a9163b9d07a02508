// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILoanBook, Loan, LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {Base} from "./support/Base.sol";
import {BooksModel} from "./support/BooksModel.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Marking a share of a loan down at once, and taking that back.
contract MarkTest is Base {
    uint256 internal constant AMOUNT = 1500 * UNIT;
    uint256 internal constant GRACE_END = START + 90 days + GRACE;
    uint256 internal constant DEFAULT_AT = GRACE_END + DELINQUENCY;
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        id = borrow(request());
    }

    function mark(uint64 share) internal {
        vm.prank(admin);
        pool.mark(rec(id), share);
    }

    function restore(uint64 share) internal {
        vm.prank(admin);
        pool.restore(rec(id), share);
    }

    function checkBooks() internal view {
        (uint256 value, uint256 losses,) = BooksModel.sum(book, loans);
        assertEq(vault.loansValue(), value);
        assertEq(vault.unrealisedLosses(), losses);
    }

    /// From the very second on, and through the loan's whole life.
    function testFuzz_marked_down_at_once(uint256 time, uint64 share, uint256 later) public {
        time = bound(time, START, DEFAULT_AT - 1);
        share = uint64(bound(share, 1, 1e18));
        vm.warp(time);
        uint256 value = vault.loansValue();
        vm.expectEmit(address(pool));
        emit ITesseraPool.LoanMarked(idOf(id), 0, share);
        mark(share);
        assertEq(vault.loansValue(), value);
        if (time <= GRACE_END) assertApproxEqAbs(vault.unrealisedLosses(), value * share / 1e18, 2);
        checkBooks();
        vm.warp(bound(later, time, DEFAULT_AT + 20 days));
        checkBooks();
        if (block.timestamp >= DEFAULT_AT) assertEq(vault.loansValue(), 0);
    }

    /// A mark moves no date: what the guardian marks is not written off a day earlier.
    function testFuzz_no_date_moves(uint256 time, uint256 later) public {
        vm.warp(bound(time, START, DEFAULT_AT - 1));
        LoanStatus status = statusOf(id);
        mark(1e18);
        assertEq(uint8(statusOf(id)), uint8(status));
        vm.warp(bound(later, block.timestamp, DEFAULT_AT - 1));
        vault.accrue();
        (uint256 byDepositors,) = vault.lossesBorne();
        assertEq(byDepositors, 0);
        restore(0);
        checkBooks();
    }

    /// The books change; what the borrower owes does not.
    function testFuzz_the_debt_is_the_same(uint256 time, uint64 share, uint256 later) public {
        time = bound(time, START, DEFAULT_AT - 1);
        later = bound(later, time, START + 400 days);
        uint256 state = vm.snapshotState();
        vm.warp(later);
        (uint256 principal, uint256 interest) = debtOf(id);
        vm.revertToState(state);
        vm.warp(time);
        mark(uint64(bound(share, 1, 1e18)));
        vm.warp(later);
        (uint256 principalThen, uint256 interestThen) = debtOf(id);
        assertEq(principalThen, principal);
        assertEq(interestThen, interest);
        repayAs(borrower, id, type(uint256).max);
        vm.warp(later + 40 days);
        assertEq(vault.totalAssets(), LIQUIDITY + interest);
    }

    /// After a restoration the books tell nothing of the mark; the shares get it back in time.
    function testFuzz_reversible(uint256 time, uint64 share, uint256 back, uint256 later) public {
        time = bound(time, START, DEFAULT_AT - 1);
        back = bound(back, time, DEFAULT_AT - 1);
        later = bound(later, back, DEFAULT_AT + 10 days);
        uint256 state = vm.snapshotState();
        vm.warp(later);
        uint256[3] memory plain = [vault.loansValue(), vault.unrealisedLosses(), vault.totalAssets()];
        vm.warp(later + 40 days);
        uint256 afterwards = vault.totalAssets();
        vm.revertToState(state);

        vm.warp(time);
        mark(uint64(bound(share, 1, 1e18)));
        vm.warp(back);
        restore(0);
        vm.warp(later);
        assertEq(vault.loansValue(), plain[0]);
        assertEq(vault.unrealisedLosses(), plain[1]);
        assertApproxEqAbs(vault.totalAssets() + vault.heldGains(), plain[2], 2);
        vm.warp(later + 40 days);
        assertApproxEqAbs(vault.totalAssets(), afterwards, 2);
    }

    /// In steps or at once, it comes to the same.
    function testFuzz_steps(uint64 first, uint64 second, uint256 time) public {
        first = uint64(bound(first, 1, 1e18 - 1));
        second = uint64(bound(second, first + 1, 1e18));
        mark(first);
        vm.warp(bound(time, START, DEFAULT_AT - 1));
        mark(second);
        checkBooks();
        restore(first);
        checkBooks();
        assertEq(book.accountOf(idOf(id)).marked, first);
    }

    function testFuzz_wrong_direction(uint64 present, uint64 share) public {
        present = uint64(bound(present, 1, 1e18));
        share = uint64(bound(share, 0, present));
        mark(present);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.WrongDirection.selector, present, share));
        mark(share);
        share = uint64(bound(share, present, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.WrongDirection.selector, present, share));
        restore(share);
    }

    function testFuzz_more_than_all(uint64 share) public {
        share = uint64(bound(share, 1e18 + 1, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.ShareTooHigh.selector, share, 1e18));
        mark(share);
    }

    /// What was written off comes back by payment alone.
    function testFuzz_in_default(uint256 time) public {
        mark(0.5e18);
        vm.warp(bound(time, DEFAULT_AT, DEFAULT_AT + 1000 days));
        bytes memory reason = abi.encodeWithSelector(ILoanBook.LoanInDefault.selector, idOf(id));
        vm.expectRevert(reason);
        mark(1e18);
        vm.expectRevert(reason);
        restore(0);
    }

    function test_no_such_loan() public {
        Loan memory forged = rec(id);
        forged.amount++;
        bytes memory reason = abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, book.idOf(forged));
        vm.startPrank(admin);
        vm.expectRevert(reason);
        pool.mark(forged, 1);
        vm.expectRevert(reason);
        pool.restore(forged, 1);
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes memory reason =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        pool.mark(rec(id), 1);
        vm.expectRevert(reason);
        pool.restore(rec(id), 0);
    }
}
