// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Base} from "./support/Base.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// Money out: withdraw and redeem.
contract WithdrawTest is Base {
    function testFuzz_withdraw(uint256 amount, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 300 days));
        amount = bound(amount, 1, vault.maxWithdraw(lender));
        uint256 shares = vault.previewWithdraw(amount);
        uint256 had = vault.balanceOf(lender);
        vm.prank(lender);
        assertEq(vault.withdraw(amount, lender, lender), shares);
        assertEq(token.balanceOf(lender), amount);
        assertEq(vault.balanceOf(lender), had - shares);
    }

    function testFuzz_redeem(uint256 shares, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 300 days));
        shares = bound(shares, 1, vault.maxRedeem(lender));
        uint256 amount = vault.previewRedeem(shares);
        vm.prank(lender);
        assertEq(vault.redeem(shares, lender, lender), amount);
        assertEq(token.balanceOf(lender), amount);
    }

    /// What is lent out cannot be withdrawn; what `max*` says can, to the unit.
    function testFuzz_max_is_honest_about_cash(uint256 loans) public {
        loans = bound(loans, 1, 20);
        for (uint256 i = 0; i < loans; i++) {
            borrowAs(address(uint160(0x5000 + i)), 2000 * UNIT);
        }
        uint256 cash = LIQUIDITY - loans * 2000 * UNIT;
        assertEq(vault.maxWithdraw(lender), cash);
        uint256 most = vault.maxRedeem(lender);
        assertLe(vault.previewRedeem(most), cash);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxWithdraw.selector, lender, cash + 1, cash)
        );
        vm.prank(lender);
        vault.withdraw(cash + 1, lender, lender);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, lender, most + 1, most)
        );
        vm.prank(lender);
        vault.redeem(most + 1, lender, lender);
        vm.prank(lender);
        vault.withdraw(cash, lender, lender);
        assertEq(vault.cash(), 0);
        assertEq(vault.maxWithdraw(lender), 0);
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != lender && stranger != address(0));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 0, 1e6)
        );
        vm.prank(stranger);
        vault.redeem(1e6, stranger, lender);
    }

    function test_with_an_allowance() public {
        address friend = makeAddr("friend");
        vm.prank(lender);
        vault.approve(friend, 5e6);
        vm.prank(friend);
        vault.redeem(5e6, friend, lender);
        assertEq(token.balanceOf(friend), 5);
        assertEq(vault.allowance(lender, friend), 0);
    }

    /// Interest ends up with the depositors, in proportion to their shares.
    function test_interest_goes_to_the_shares() public {
        address second = makeAddr("second");
        token.mint(second, LIQUIDITY);
        vm.startPrank(second);
        token.approve(address(vault), LIQUIDITY);
        vault.deposit(LIQUIDITY, second);
        vm.stopPrank();
        uint256 id = borrow(request());
        vm.warp(START + 73 days);
        repayAs(borrower, id, type(uint256).max);
        // 15 % of 1,500 for a fifth of a year.
        uint256 interest = 45 * UNIT;
        assertEq(vault.totalAssets(), 2 * LIQUIDITY + interest);
        for (uint256 i = 0; i < 2; i++) {
            address who = i == 0 ? lender : second;
            uint256 shares = vault.balanceOf(who);
            vm.prank(who);
            uint256 out = vault.redeem(shares, who, who);
            assertApproxEqAbs(out, LIQUIDITY + interest / 2, 1);
        }
    }
}
