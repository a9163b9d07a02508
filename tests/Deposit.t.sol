// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Base} from "./support/Base.sol";
import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// Money in: deposit and mint.
contract DepositTest is Base {
    address internal alice = makeAddr("alice");
    address internal eve = makeAddr("eve");

    function setUp() public override {
        super.setUp();
        address[2] memory rich = [alice, eve];
        for (uint256 i = 0; i < rich.length; i++) {
            token.mint(rich[i], type(uint120).max);
            vm.prank(rich[i]);
            token.approve(address(vault), type(uint256).max);
        }
    }

    function emptyPool() internal returns (TesseraVault empty) {
        (, empty) = openPool(token, underwriter);
        vm.prank(alice);
        token.approve(address(empty), type(uint256).max);
        vm.prank(eve);
        token.approve(address(empty), type(uint256).max);
    }

    function test_share_has_six_more_decimals() public view {
        assertEq(vault.decimals(), token.decimals() + 6);
        assertEq(vault.balanceOf(lender), LIQUIDITY * 1e6);
    }

    function testFuzz_deposit(uint256 amount, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 89 days));
        amount = bound(amount, 1, 1e15);
        uint256 shares = vault.previewDeposit(amount);
        uint256 assets = vault.totalAssets();

        vm.expectEmit(address(vault));
        emit IERC4626.Deposit(alice, eve, amount, shares);
        vm.prank(alice);
        assertEq(vault.deposit(amount, eve), shares);

        assertEq(vault.balanceOf(eve), shares);
        assertEq(vault.totalAssets(), assets + amount);
        // Rounding goes against the depositor, by less than a unit of the asset.
        assertLe(vault.convertToAssets(shares), amount);
        assertGe(vault.convertToAssets(shares) + 1, amount);
    }

    function testFuzz_mint(uint256 shares, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 89 days));
        shares = bound(shares, 1, 1e21);
        uint256 amount = vault.previewMint(shares);
        uint256 before = token.balanceOf(alice);
        vm.prank(alice);
        assertEq(vault.mint(shares, alice), amount);
        assertEq(vault.balanceOf(alice), shares);
        assertEq(before - token.balanceOf(alice), amount);
        assertLe(vault.convertToAssets(shares), amount);
    }

    /// Tokens sent to the pool are nobody's: they move no price, in an empty pool or in a full one.
    function testFuzz_donations_are_ignored(uint256 gift) public {
        gift = bound(gift, 1, 1e30);
        uint256 price = vault.convertToAssets(1e18);
        uint256 assets = vault.totalAssets();
        token.mint(address(vault), gift);
        assertEq(vault.convertToAssets(1e18), price);
        assertEq(vault.totalAssets(), assets);
        assertEq(vault.cash(), LIQUIDITY);
    }

    /// The classic: be first with one unit, inflate its price, and let the next depositor's shares round
    /// down to nothing. Inflating by donation does nothing here, and rounding takes under a unit.
    function testFuzz_inflation_attack(uint256 seed, uint256 gift, uint256 victim) public {
        TesseraVault empty = emptyPool();
        seed = bound(seed, 1, 1e12);
        gift = bound(gift, 0, 1e18);
        victim = bound(victim, 1, 1e12);
        uint256 before = token.balanceOf(eve);
        vm.startPrank(eve);
        empty.deposit(seed, eve);
        token.transfer(address(empty), gift);
        vm.stopPrank();
        vm.prank(alice);
        uint256 shares = empty.deposit(victim, alice);
        assertGe(empty.previewRedeem(shares) + 1, victim);

        uint256 all = empty.balanceOf(eve);
        vm.prank(eve);
        empty.redeem(all, eve, eve);
        assertLe(token.balanceOf(eve), before - gift);
    }

    /// After a total loss the next depositors' shares outgrow the old ones; after several, every number. So a
    /// ruined pool takes no deposits, and says so instead of failing.
    function test_ruin() public {
        vm.prank(lender);
        vault.redeem(LIQUIDITY * 1e6 - 1500 * UNIT * 1e6, lender, lender);
        borrow(request());
        vm.warp(START + 200 days);
        assertEq(vault.maxDeposit(alice), 0);
        assertEq(vault.maxMint(alice), 0);
        assertEq(vault.totalAssets(), 0);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, alice, 1, 0));
        vm.prank(alice);
        vault.deposit(1, alice);
    }

    function testFuzz_no_free_shares(uint256 amount, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 400 days));
        amount = bound(amount, 1, 1e15);
        uint256 before = token.balanceOf(alice);
        vm.startPrank(alice);
        uint256 shares = vault.deposit(amount, alice);
        uint256 most = vault.maxRedeem(alice);
        vault.redeem(most < shares ? most : shares, alice, alice);
        assertLe(token.balanceOf(alice), before);
    }

    function testFuzz_more_than_the_pool_takes(uint256 amount) public {
        uint256 most = vault.maxDeposit(alice);
        assertEq(most, type(uint96).max - LIQUIDITY);
        amount = bound(amount, most + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, alice, amount, most)
        );
        vm.prank(alice);
        vault.deposit(amount, alice);
        vm.prank(alice);
        vault.deposit(most, alice);
        assertEq(vault.maxDeposit(alice), 0);
        assertEq(vault.maxMint(alice), 0);
    }

    function testFuzz_more_shares_than_the_pool_makes(uint256 shares) public {
        uint256 most = vault.maxMint(alice);
        shares = bound(shares, most + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxMint.selector, alice, shares, most));
        vm.prank(alice);
        vault.mint(shares, alice);
        vm.prank(alice);
        vault.mint(most, alice);
    }
}
