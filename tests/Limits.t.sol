// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVault, Limits} from "../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// How far the pool may be filled and lent out.
contract LimitsTest is Base {
    function set(uint96 deposits, uint64 utilisation) internal {
        vm.prank(admin);
        vault.setLimits(Limits({deposits: deposits, utilisation: utilisation, cover: 0}));
    }

    /// Closed, until whoever deploys it says otherwise.
    function test_closed_at_first() public {
        vm.startPrank(admin);
        deployPoolWithoutLimits();
        vm.stopPrank();
        (uint96 deposits, uint64 utilisation, uint64 least) = vault.limits();
        assertEq(uint256(deposits) + utilisation + least, 0);
        assertEq(vault.maxDeposit(lender), 0);
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.InsufficientCash.selector, 1, 0));
        vault.checkRoom(1);
    }

    function testFuzz_deposits(uint96 cap, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 90 days));
        cap = uint96(bound(cap, 0, type(uint96).max));
        set(cap, 1e18);
        uint256 all = vault.cash() + vault.loansValue();
        assertEq(vault.maxDeposit(lender), cap > all ? cap - all : 0);
    }

    function testFuzz_utilisation(uint64 share) public {
        share = uint64(bound(share, 0, 0.002e18));
        set(type(uint96).max, share);
        uint256 most = LIQUIDITY * share / 1e18;
        BorrowRequest memory made = request();
        if (most < 2000 * UNIT) {
            made.terms.amount = most + 1;
            bytes memory proof = proofFor(borrower, made);
            vm.expectRevert(abi.encodeWithSelector(ITesseraVault.UtilisationTooHigh.selector, most + 1, most));
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
        vm.expectEmit(address(vault));
        emit ITesseraVault.LimitsChanged(0, 0, 0);
        vm.prank(admin);
        vault.tighten(Limits({deposits: 0, utilisation: 0, cover: 0}));
        assertEq(vault.maxDeposit(lender), 0);

        BorrowRequest memory made = requestOf(makeAddr("other"), UNIT);
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.UtilisationTooHigh.selector, 1501 * UNIT, 0));
        pool.previewBorrow(makeAddr("other"), made);
        repayAs(borrower, id, type(uint256).max);
        uint256 most = vault.maxWithdraw(lender);
        assertEq(most, LIQUIDITY);
        vm.prank(lender);
        vault.withdraw(most, lender, lender);
    }

    function testFuzz_tighten_never_loosens(uint96 deposits, uint64 utilisation) public {
        set(1000, 0.5e18);
        vm.assume(deposits > 1000 || utilisation > 0.5e18);
        vm.expectRevert(ITesseraVault.NotTighter.selector);
        vm.prank(admin);
        vault.tighten(Limits({deposits: deposits, utilisation: utilisation, cover: 0}));
    }

    function testFuzz_too_high(uint64 share) public {
        share = uint64(bound(share, 1e18 + 1, type(uint64).max));
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.ShareTooHigh.selector, share, 1e18));
        vault.setLimits(Limits({deposits: 0, utilisation: share, cover: 0}));
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes memory reason =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(reason);
        vault.tighten(Limits({deposits: 0, utilisation: 0, cover: 0}));
        vm.expectRevert(reason);
        vault.setLimits(Limits({deposits: 0, utilisation: 0, cover: 0}));
    }
}
