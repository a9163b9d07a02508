// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool, Limits} from "../contracts/interfaces/ITesseraPool.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// How far the pool may be filled and lent out.
contract LimitsTest is Base {
    function set(uint128 deposits, uint64 utilisation) internal {
        vm.prank(admin);
        pool.setLimits(Limits({deposits: deposits, utilisation: utilisation, cover: 0}));
    }

    function test_open_at_first() public view {
        (uint128 deposits, uint64 utilisation,) = pool.limits();
        assertEq(deposits, type(uint112).max);
        assertEq(utilisation, 1e18);
    }

    function testFuzz_deposits(uint128 cap, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 90 days));
        cap = uint128(bound(cap, 0, type(uint112).max));
        set(cap, 1e18);
        uint256 all = pool.cash() + pool.loansValue();
        assertEq(pool.maxDeposit(lender), cap > all ? cap - all : 0);
    }

    function testFuzz_utilisation(uint64 share) public {
        share = uint64(bound(share, 0, 0.002e18));
        set(type(uint112).max, share);
        uint256 most = LIQUIDITY * share / 1e18;
        BorrowRequest memory made = request();
        if (most < 2000 * UNIT) {
            made.terms.amount = most + 1;
            bytes memory proof = proofFor(borrower, made);
            vm.expectRevert(abi.encodeWithSelector(ITesseraPool.UtilisationTooHigh.selector, most + 1, most));
            vm.prank(borrower);
            pool.borrow(made, proof);
        }
        made.terms.amount = most;
        if (most != 0) borrow(made);
    }

    /// The pauser's one power: less, down to nothing. What is lent can still be repaid, what is there
    /// withdrawn.
    function test_tighten_to_nothing() public {
        uint256 id = borrow(request());
        vm.expectEmit(address(pool));
        emit ITesseraPool.LimitsChanged(0, 0, 0);
        vm.prank(admin);
        pool.tighten(Limits({deposits: 0, utilisation: 0, cover: 0}));
        assertEq(pool.maxDeposit(lender), 0);

        BorrowRequest memory made = requestOf(makeAddr("other"), UNIT);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.UtilisationTooHigh.selector, 1501 * UNIT, 0));
        pool.previewBorrow(makeAddr("other"), made);
        repayAs(borrower, id, type(uint256).max);
        uint256 most = pool.maxWithdraw(lender);
        assertEq(most, LIQUIDITY);
        vm.prank(lender);
        pool.withdraw(most, lender, lender);
    }

    function testFuzz_tighten_never_loosens(uint128 deposits, uint64 utilisation) public {
        set(1000, 0.5e18);
        vm.assume(deposits > 1000 || utilisation > 0.5e18);
        vm.expectRevert(ITesseraPool.NotTighter.selector);
        vm.prank(admin);
        pool.tighten(Limits({deposits: deposits, utilisation: utilisation, cover: 0}));
    }

    function testFuzz_too_high(uint128 deposits, uint64 utilisation) public {
        deposits = uint128(bound(deposits, uint256(type(uint112).max) + 1, type(uint128).max));
        utilisation = uint64(bound(utilisation, 1e18 + 1, type(uint64).max));
        vm.startPrank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(ITesseraPool.ShareTooHigh.selector, deposits, type(uint112).max)
        );
        pool.setLimits(Limits({deposits: deposits, utilisation: 0, cover: 0}));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.ShareTooHigh.selector, utilisation, 1e18));
        pool.setLimits(Limits({deposits: 0, utilisation: utilisation, cover: 0}));
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes memory reason =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        pool.tighten(Limits({deposits: 0, utilisation: 0, cover: 0}));
        vm.expectRevert(reason);
        pool.setLimits(Limits({deposits: 0, utilisation: 0, cover: 0}));
    }
}
