// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {Fee, ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// The protocol's part of the interest.
contract FeeTest is Base {
    uint256 internal constant AMOUNT = 1500 * UNIT;
    address internal treasury = makeAddr("treasury");

    function setFee(uint64 share) internal {
        vm.prank(admin);
        vault.setFee(Fee({share: share, receiver: treasury}));
    }

    /// Booked on `AMOUNT` in this time, before the due date.
    function interestFor(uint256 time) internal pure returns (uint256) {
        return AMOUNT * 15 * time / (100 * 365 days);
    }

    function testFuzz_share_of_the_interest(uint64 share, uint256 time) public {
        share = uint64(bound(share, 0, vault.MAX_FEE()));
        time = bound(time, 0, 90 days);
        setFee(share);
        borrow(request());
        vm.warp(START + time);
        uint256 interest = interestFor(time);
        uint256 part = interest * share / 1e18;
        uint256 lenders = vault.previewRedeem(vault.balanceOf(lender));
        assertApproxEqAbs(lenders, LIQUIDITY + interest - part, 2);
        vault.accrue();
        // Taking it changes nothing that a view has not said before.
        assertApproxEqAbs(vault.previewRedeem(vault.balanceOf(lender)), lenders, 1);
        assertApproxEqAbs(vault.previewRedeem(vault.balanceOf(treasury)), part, 2);
        assertLe(vault.previewRedeem(vault.balanceOf(treasury)), part);
    }

    /// However often the books are advanced, the fee comes to the same.
    function testFuzz_often(uint8 steps) public {
        setFee(0.2e18);
        borrow(request());
        uint256 last = 1 + uint256(steps);
        for (uint256 i = 1; i <= last; i++) {
            vm.warp(START + 80 days * i / last);
            vault.accrue();
        }
        uint256 part = interestFor(80 days) / 5;
        uint256 got = vault.previewRedeem(vault.balanceOf(treasury));
        // Shares that were taken early earn interest themselves, so it is a trifle more.
        assertLe(got, part + part / 10_000);
        assertGe(got + 2 * last, part);
    }

    function test_event() public {
        setFee(0.1e18);
        borrow(request());
        vm.warp(START + 73 days);
        uint256 part = interestFor(73 days) / 10;
        uint256 shares = part * (LIQUIDITY * 1e6 + 1e6) / (LIQUIDITY + interestFor(73 days) - part + 1);
        vm.expectEmit(address(vault));
        emit ITesseraVault.FeeTaken(treasury, part, shares);
        vault.accrue();
        assertEq(vault.balanceOf(treasury), shares);
    }

    /// Previews are honest while a fee is due: the same block gives what they said.
    function testFuzz_previews(uint256 time, uint256 amount) public {
        time = bound(time, 1, 300 days);
        amount = bound(amount, 1, 1e15);
        setFee(0.25e18);
        borrow(request());
        vm.warp(START + time);
        address newcomer = makeAddr("newcomer");
        token.mint(newcomer, amount);
        uint256 expected = vault.previewDeposit(amount);
        vm.startPrank(newcomer);
        token.approve(address(vault), amount);
        assertEq(vault.deposit(amount, newcomer), expected);
        vm.stopPrank();

        vm.warp(START + time + 1 days);
        uint256 shares = vault.balanceOf(lender) / 2;
        expected = vault.previewRedeem(shares);
        vm.prank(lender);
        assertEq(vault.redeem(shares, lender, lender), expected);
    }

    /// Interest that is booked and lost between two operations bears no fee.
    function test_no_fee_on_what_is_lost() public {
        setFee(0.25e18);
        borrow(request());
        vm.warp(START + 400 days);
        vault.accrue();
        assertEq(vault.balanceOf(treasury), 0);
        assertEq(vault.totalAssets(), LIQUIDITY - AMOUNT);
    }

    /// Nor does what is recovered after the end of grace.
    function test_no_fee_on_recoveries() public {
        uint256 id = borrow(request());
        vm.warp(START + 400 days);
        setFee(0.25e18);
        repayAs(borrower, id, type(uint256).max);
        vault.accrue();
        assertEq(vault.balanceOf(treasury), 0);
    }

    function testFuzz_not_on_the_past(uint256 time) public {
        borrow(request());
        vm.warp(START + bound(time, 1, 90 days));
        setFee(0.25e18);
        vault.accrue();
        assertEq(vault.balanceOf(treasury), 0);
    }

    function test_set() public {
        vm.expectEmit(address(vault));
        emit ITesseraVault.FeeChanged(0.25e18, treasury);
        setFee(0.25e18);
        (uint64 share, address receiver) = vault.fee();
        assertEq(share, 0.25e18);
        assertEq(receiver, treasury);
        vm.prank(admin);
        vault.setFee(Fee({share: 0, receiver: address(0)}));
        (share,) = vault.fee();
        assertEq(share, 0);
    }

    function testFuzz_above_the_ceiling(uint64 share) public {
        uint64 most = vault.MAX_FEE();
        share = uint64(bound(share, most + 1, type(uint64).max));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.ShareTooHigh.selector, share, most));
        setFee(share);
    }

    function testFuzz_to_nobody(uint64 share) public {
        share = uint64(bound(share, 1, vault.MAX_FEE()));
        vm.expectRevert(ITesseraPool.ZeroAddress.selector);
        vm.prank(admin);
        vault.setFee(Fee({share: share, receiver: address(0)}));
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        vault.setFee(Fee({share: 1, receiver: stranger}));
    }
}
