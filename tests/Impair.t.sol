// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool, LoanStatus} from "../contracts/interfaces/ITesseraPool.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Impairing a loan before it is late, and taking that back.
contract ImpairTest is Base {
    uint256 internal constant AMOUNT = 1500 * UNIT;
    uint256 internal constant GRACE_END = START + 90 days + GRACE;
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        id = borrow(request());
    }

    function impair() internal {
        vm.prank(admin);
        pool.impair(id);
    }

    function restore() internal {
        vm.prank(admin);
        pool.restore(id);
    }

    function testFuzz_marked_down_from_the_next_midnight(uint256 time, uint256 later) public {
        time = bound(time, START, GRACE_END - 1 days - 1);
        vm.warp(time);
        uint256 midnight = (time / 1 days + 1) * 1 days;
        vm.expectEmit(address(pool));
        emit ITesseraPool.LoanImpaired(id, midnight);
        impair();
        assertEq(pool.unrealisedLosses(), 0);
        vm.warp(midnight);
        uint256 value = pool.loansValue();
        assertEq(pool.unrealisedLosses(), 0);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Delinquent));

        later = bound(later, 0, DELINQUENCY - 1);
        vm.warp(midnight + later);
        assertEq(pool.loansValue(), value);
        assertApproxEqAbs(pool.unrealisedLosses(), value * later / DELINQUENCY, 2);
        vm.warp(midnight + DELINQUENCY);
        assertEq(pool.loansValue(), 0);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Default));
    }

    /// The books change; what the borrower owes does not.
    function testFuzz_the_debt_is_the_same(uint256 time, uint256 later) public {
        time = bound(time, START, GRACE_END - 1 days - 1);
        later = bound(later, time, START + 400 days);
        uint256 state = vm.snapshotState();
        vm.warp(later);
        (uint256 principal, uint256 interest) = pool.debtOf(id);
        vm.revertToState(state);
        vm.warp(time);
        impair();
        vm.warp(later);
        (uint256 principalThen, uint256 interestThen) = pool.debtOf(id);
        assertEq(principalThen, principal);
        assertEq(interestThen, interest);
        repayAs(borrower, id, type(uint256).max);
        assertEq(pool.totalAssets(), LIQUIDITY + interest);
    }

    /// After a restoration nothing tells that there was an impairment.
    function testFuzz_reversible(uint256 time, uint256 back, uint256 later) public {
        time = bound(time, START, GRACE_END - 1 days - 1);
        uint256 defaultAt = (time / 1 days + 1) * 1 days + DELINQUENCY;
        back = bound(back, time, (defaultAt < GRACE_END ? defaultAt : GRACE_END) - 1);
        later = bound(later, back, GRACE_END + DELINQUENCY + 10 days);
        uint256 state = vm.snapshotState();
        vm.warp(later);
        uint256[3] memory plain = [pool.loansValue(), pool.unrealisedLosses(), pool.totalAssets()];
        vm.revertToState(state);

        vm.warp(time);
        impair();
        vm.warp(back);
        vm.expectEmit(address(pool));
        emit ITesseraPool.LoanRestored(id, GRACE_END);
        restore();
        vm.warp(later);
        assertEq(pool.loansValue(), plain[0]);
        assertEq(pool.unrealisedLosses(), plain[1]);
        assertEq(pool.totalAssets(), plain[2]);
    }

    function testFuzz_too_late_to_impair(uint256 time) public {
        vm.warp(bound(time, GRACE_END - 1 days, GRACE_END + 1000 days));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotImpairable.selector, id, GRACE_END));
        impair();
    }

    function test_impair_twice() public {
        impair();
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotImpairable.selector, id, START + 1 days));
        impair();
    }

    function testFuzz_too_late_to_restore(uint256 time) public {
        impair();
        vm.warp(bound(time, GRACE_END, GRACE_END + 1000 days));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotRestorable.selector, id, START + 1 days));
        restore();
    }

    /// A default that came early is a default: its loss was borne, and is made good by payment alone.
    function testFuzz_in_default(uint256 time) public {
        impair();
        vm.warp(bound(time, START + 1 days + DELINQUENCY, GRACE_END - 1));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotRestorable.selector, id, START + 1 days));
        restore();
    }

    function test_restore_what_is_not_impaired() public {
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotRestorable.selector, id, GRACE_END));
        restore();
    }

    function testFuzz_no_such_loan(uint256 loanId) public {
        vm.assume(loanId != id);
        bytes memory reason = abi.encodeWithSelector(ITesseraPool.LoanNotOpen.selector, loanId);
        vm.startPrank(admin);
        vm.expectRevert(reason);
        pool.impair(loanId);
        vm.expectRevert(reason);
        pool.restore(loanId);
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes memory reason =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        pool.impair(id);
        vm.expectRevert(reason);
        pool.restore(id);
    }
}
