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
        amount = bound(amount, 1, pool.maxWithdraw(lender));
        uint256 shares = pool.previewWithdraw(amount);
        uint256 had = pool.balanceOf(lender);
        vm.prank(lender);
        assertEq(pool.withdraw(amount, lender, lender), shares);
        assertEq(token.balanceOf(lender), amount);
        assertEq(pool.balanceOf(lender), had - shares);
    }

    function testFuzz_redeem(uint256 shares, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 300 days));
        shares = bound(shares, 1, pool.maxRedeem(lender));
        uint256 amount = pool.previewRedeem(shares);
        vm.prank(lender);
        assertEq(pool.redeem(shares, lender, lender), amount);
        assertEq(token.balanceOf(lender), amount);
    }

    /// What is lent out cannot be withdrawn; what `max*` says can, to the unit.
    function testFuzz_max_is_honest_about_cash(uint256 loans) public {
        loans = bound(loans, 1, 20);
        for (uint256 i = 0; i < loans; i++) {
            borrowAs(address(uint160(0x5000 + i)), 2000 * UNIT);
        }
        uint256 cash = LIQUIDITY - loans * 2000 * UNIT;
        assertEq(pool.maxWithdraw(lender), cash);
        uint256 most = pool.maxRedeem(lender);
        assertLe(pool.previewRedeem(most), cash);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxWithdraw.selector, lender, cash + 1, cash)
        );
        vm.prank(lender);
        pool.withdraw(cash + 1, lender, lender);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxRedeem.selector, lender, most + 1, most)
        );
        vm.prank(lender);
        pool.redeem(most + 1, lender, lender);
        vm.prank(lender);
        pool.withdraw(cash, lender, lender);
        assertEq(pool.cash(), 0);
        assertEq(pool.maxWithdraw(lender), 0);
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != lender && stranger != address(0));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 0, 1e6)
        );
        vm.prank(stranger);
        pool.redeem(1e6, stranger, lender);
    }

    function test_with_an_allowance() public {
        address friend = makeAddr("friend");
        vm.prank(lender);
        pool.approve(friend, 5e6);
        vm.prank(friend);
        pool.redeem(5e6, friend, lender);
        assertEq(token.balanceOf(friend), 5);
        assertEq(pool.allowance(lender, friend), 0);
    }

    /// Interest ends up with the depositors, in proportion to their shares.
    function test_interest_goes_to_the_shares() public {
        address second = makeAddr("second");
        token.mint(second, LIQUIDITY);
        vm.startPrank(second);
        token.approve(address(pool), LIQUIDITY);
        pool.deposit(LIQUIDITY, second);
        vm.stopPrank();
        uint256 id = borrow(request());
        vm.warp(START + 73 days);
        repayAs(borrower, id, type(uint256).max);
        // 15 % of 1,500 for a fifth of a year.
        uint256 interest = 45 * UNIT;
        assertEq(pool.totalAssets(), 2 * LIQUIDITY + interest);
        for (uint256 i = 0; i < 2; i++) {
            address who = i == 0 ? lender : second;
            uint256 shares = pool.balanceOf(who);
            vm.prank(who);
            uint256 out = pool.redeem(shares, who, who);
            assertApproxEqAbs(out, LIQUIDITY + interest / 2, 1);
        }
    }
}
