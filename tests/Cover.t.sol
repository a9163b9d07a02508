// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVault, Limits} from "../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Money that bears losses first.
contract CoverTest is Base {
    uint256 internal constant AMOUNT = 1500 * UNIT;
    uint256 internal constant GRACE_END = START + 90 days + GRACE;
    uint256 internal constant DEFAULT_AT = GRACE_END + DELINQUENCY;

    function withdrawCover(uint256 amount, address receiver) internal {
        vm.prank(admin);
        vault.withdrawCover(amount, receiver);
    }

    function setCoverLimit(uint64 share) internal {
        (uint96 deposits, uint64 utilisation,) = vault.limits();
        vm.prank(admin);
        vault.setLimits(Limits({deposits: deposits, utilisation: utilisation, cover: share}));
    }

    /// What a loan of `AMOUNT` from the start is booked at when it defaults.
    function bookedAtDefault() internal pure returns (uint256) {
        uint256 scaled = AMOUNT * (0.15e18 * 100 days + 0.05e18 * uint256(GRACE));
        return AMOUNT + scaled / (1e18 * 365 days);
    }

    // ------------------------------------------------------------------------------------ provide

    function testFuzz_provide(uint128 amount) public {
        amount = uint128(bound(amount, 1, 1e28));
        uint256 assets = vault.totalAssets();
        token.mint(lender, amount);
        vm.startPrank(lender);
        token.approve(address(vault), amount);
        vm.expectEmit(address(vault));
        emit ITesseraVault.CoverProvided(lender, amount, amount);
        vault.provideCover(amount);
        assertEq(vault.cover(), amount);
        // It is nobody's share, and no cash to lend or withdraw.
        assertEq(vault.totalAssets(), assets);
        assertEq(vault.cash(), assets);
        assertEq(token.balanceOf(address(vault)), assets + amount);
    }

    /// A gift to a pool most of which is about to be lost lifts no price at once, whoever gives it: without the cover
    /// the shares are worth a fourth of what they are with it.
    function testFuzz_gift_to_a_late_pool(uint256 amount) public {
        amount = bound(amount, 1, 10 * AMOUNT);
        uint256 id = borrow(request());
        vm.prank(lender);
        vault.withdraw(LIQUIDITY - 2000 * UNIT, lender, lender);
        vm.prank(admin);
        pool.mark(rec(id), 1e18);
        uint256 shares = vault.balanceOf(lender);
        uint256 assets = vault.convertToAssets(shares);
        assertApproxEqAbs(assets, 500 * UNIT, 1);
        provideCover(amount);
        assertLe(vault.convertToAssets(shares), assets + 1);
        assertLe(vault.previewRedeem(shares), assets + 1);
        // Nor after a night, but for the loan's interest, which the cover bears too if it is large enough.
        vm.warp(block.timestamp + 1 days);
        uint256 interest = vault.loansValue() - AMOUNT;
        assertLe(vault.convertToAssets(shares), assets + interest + 1);
        // With time the depositors get all that the cover bears.
        vm.warp(block.timestamp + 31 days);
        uint256 borne = amount < vault.loansValue() ? amount : vault.loansValue();
        assertApproxEqAbs(vault.convertToAssets(shares), assets + borne, 2);
    }

    function test_provide_nothing() public {
        vm.expectRevert(ITesseraPool.ZeroAmount.selector);
        vault.provideCover(0);
    }

    // ------------------------------------------------------------------------------------- losses

    /// Depositors lose what a loan's value lost beyond the cover, at every second, and nothing jumps when
    /// it is written off.
    function testFuzz_markdown_beyond_the_cover(uint256 amount, uint256 time) public {
        amount = bound(amount, 1, 2 * AMOUNT);
        time = bound(time, GRACE_END, DEFAULT_AT + 400 days);
        provideCover(amount);
        borrow(request());
        uint256 booked = bookedAtDefault();
        vm.warp(time);
        uint256 passed = time < DEFAULT_AT ? time - GRACE_END : DELINQUENCY;
        uint256 lost = booked * passed / DELINQUENCY;
        uint256 borne = lost > amount ? lost - amount : 0;
        assertApproxEqAbs(vault.totalAssets(), LIQUIDITY - AMOUNT + booked - borne, 2);
        uint256 assets = vault.totalAssets();
        uint256 coverNow = vault.cover();
        vault.accrue();
        assertEq(vault.totalAssets(), assets);
        assertEq(vault.cover(), coverNow);
    }

    function testFuzz_default(uint256 amount) public {
        amount = bound(amount, 1, 2 * AMOUNT);
        provideCover(amount);
        borrow(request());
        vm.warp(DEFAULT_AT);
        uint256 booked = bookedAtDefault();
        uint256 covered = amount < booked ? amount : booked;
        assertEq(vault.cover(), amount - covered);
        assertEq(vault.cash(), LIQUIDITY - AMOUNT + covered);
        vm.expectEmit(address(vault));
        emit ITesseraVault.WrittenOff(booked, covered);
        vault.accrue();
        (uint256 byDepositors, uint256 byCover) = vault.lossesBorne();
        assertEq(byDepositors, booked - covered);
        assertEq(byCover, covered);
        // It can be withdrawn: the cover's money is the depositors' now.
        assertApproxEqAbs(vault.maxWithdraw(lender), vault.totalAssets(), 1);
        vm.prank(lender);
        vault.withdraw(LIQUIDITY - AMOUNT + covered - 1, lender, lender);
    }

    /// First the depositors are made whole, then the cover; what comes on top is interest.
    function testFuzz_recovery(uint256 amount, uint256 part) public {
        amount = bound(amount, 1, 2 * AMOUNT);
        provideCover(amount);
        uint256 id = borrow(request());
        vm.warp(DEFAULT_AT + 20 days);
        vault.accrue();
        (uint256 byDepositors, uint256 byCover) = vault.lossesBorne();
        uint256 assetsBefore = vault.totalAssets();
        (uint256 cash, uint256 coverNow) = (vault.cash(), vault.cover());
        (uint256 principal, uint256 interest) = debtOf(id);
        part = bound(part, 1, principal + interest);

        uint256 first = part < byDepositors ? part : byDepositors;
        uint256 second = part - first < byCover ? part - first : byCover;
        token.mint(lender, part);
        vm.startPrank(lender);
        token.approve(address(vault), part);
        vm.expectEmit(address(vault));
        emit ITesseraVault.Recovered(idOf(id), part - second, second);
        pool.repay(rec(id), part);
        vm.stopPrank();
        assertEq(vault.cash(), cash + part - second);
        assertEq(vault.cover(), coverNow + second);
        (uint256 depositorsLeft, uint256 coverLeft) = vault.lossesBorne();
        assertEq(depositorsLeft, byDepositors - first);
        assertEq(coverLeft, byCover - second);
        if (part != principal + interest) repayAs(borrower, id, type(uint256).max);
        assertEq(vault.cover(), amount);
        // Released in a month and two days, not at once.
        assertLe(vault.totalAssets(), assetsBefore + 2);
        vm.warp(block.timestamp + 32 days);
        assertEq(vault.totalAssets(), LIQUIDITY + interest);
        (depositorsLeft, coverLeft) = vault.lossesBorne();
        assertEq(depositorsLeft + coverLeft, 0);
    }

    // ----------------------------------------------------------------------------------- required

    function testFuzz_borrow_needs_cover(uint64 share, uint256 amount) public {
        share = uint64(bound(share, 1, 1e18));
        uint256 needed = (AMOUNT * share + 1e18 - 1) / 1e18;
        amount = bound(amount, 1, needed);
        setCoverLimit(share);
        BorrowRequest memory made = request();
        if (amount != 1) provideCover(amount - 1);
        bytes memory reason = abi.encodeWithSelector(ITesseraVault.CoverTooLow.selector, amount - 1, needed);
        vm.expectRevert(reason);
        pool.previewBorrow(borrower, made);
        bytes memory proof = proofFor(borrower, made);
        vm.expectRevert(reason);
        vm.prank(borrower);
        pool.borrow(made, proof);
        provideCover(needed - amount + 1);
        borrow(made);
    }

    function testFuzz_tighten_never_lowers_it(uint64 share, uint64 lower) public {
        share = uint64(bound(share, 1, 1e18));
        lower = uint64(bound(lower, 0, share - 1));
        setCoverLimit(share);
        vm.startPrank(admin);
        vm.expectRevert(ITesseraVault.NotTighter.selector);
        vault.tighten(Limits({deposits: 0, utilisation: 0, cover: lower}));
        vault.tighten(Limits({deposits: 0, utilisation: 0, cover: share}));
    }

    function testFuzz_more_than_all(uint64 share) public {
        share = uint64(bound(share, 1e18 + 1, type(uint64).max));
        bytes memory reason = abi.encodeWithSelector(ITesseraPool.ShareTooHigh.selector, share, 1e18);
        vm.startPrank(admin);
        vm.expectRevert(reason);
        vault.setLimits(Limits({deposits: 0, utilisation: 0, cover: share}));
        vm.expectRevert(reason);
        vault.tighten(Limits({deposits: 0, utilisation: 0, cover: share}));
    }

    // ----------------------------------------------------------------------------------- withdraw

    function testFuzz_withdraw(uint256 amount, uint256 out) public {
        amount = bound(amount, 1, 1e30);
        out = bound(out, 0, amount);
        provideCover(amount);
        vm.expectEmit(address(vault));
        emit ITesseraVault.CoverWithdrawn(lender, out, amount - out);
        withdrawCover(out, lender);
        assertEq(vault.cover(), amount - out);
        assertEq(token.balanceOf(lender), out);
        assertEq(vault.totalAssets(), LIQUIDITY);
    }

    function testFuzz_withdraw_more_than_there_is(uint256 amount) public {
        amount = bound(amount, 101, type(uint256).max);
        provideCover(100);
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.CoverTooLow.selector, 100, amount));
        withdrawCover(amount, lender);
    }

    /// It does not leave when it is about to be needed: what is late is covered in full, from the first second.
    function testFuzz_withdraw_under_losses(uint256 time) public {
        provideCover(2 * AMOUNT);
        borrow(request());
        vm.warp(bound(time, GRACE_END, DEFAULT_AT - 1));
        uint256 needed = bookedAtDefault() + 1;
        vm.expectRevert(
            abi.encodeWithSelector(ITesseraVault.CoverTooLow.selector, 2 * AMOUNT, 2 * AMOUNT + 1)
        );
        withdrawCover(2 * AMOUNT - needed + 1, lender);
        uint256 assets = vault.totalAssets();
        withdrawCover(2 * AMOUNT - needed, lender);
        assertEq(vault.totalAssets(), assets);
    }

    /// So is what the guardian marked, before anything is late.
    function testFuzz_withdraw_under_marks(uint64 share) public {
        share = uint64(bound(share, 1, 1e18));
        provideCover(AMOUNT);
        uint256 id = borrow(request());
        vm.prank(admin);
        pool.mark(rec(id), share);
        uint256 needed = AMOUNT * share / 1e18;
        vm.expectPartialRevert(ITesseraVault.CoverTooLow.selector);
        withdrawCover(AMOUNT - needed + 1, lender);
        withdrawCover(AMOUNT - needed, lender);
    }

    function test_withdraw_below_the_limit() public {
        setCoverLimit(0.1e18);
        provideCover(AMOUNT);
        borrow(request());
        uint256 needed = AMOUNT / 10;
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.CoverTooLow.selector, AMOUNT, AMOUNT + 1));
        withdrawCover(AMOUNT - needed + 1, lender);
        withdrawCover(AMOUNT - needed, lender);
    }

    function testFuzz_withdraw_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        provideCover(100);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        vault.withdrawCover(1, stranger);
    }

    function test_withdraw_to_nobody() public {
        provideCover(100);
        vm.expectRevert(ITesseraPool.ZeroAddress.selector);
        withdrawCover(1, address(0));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.BadReceiver.selector, vault));
        withdrawCover(1, address(vault));
    }
}
