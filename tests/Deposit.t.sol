// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/TesseraPool.sol";
import {PoolConfig} from "../contracts/interfaces/ITesseraPool.sol";
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
            token.approve(address(pool), type(uint256).max);
        }
    }

    function emptyPool() internal returns (TesseraPool empty) {
        empty = new TesseraPool(
            PoolConfig({
                asset: token,
                name: "Empty",
                symbol: "E",
                underwriter: underwriter,
                delinquencyPeriod: DELINQUENCY,
                authority: address(manager)
            })
        );
        vm.prank(alice);
        token.approve(address(empty), type(uint256).max);
        vm.prank(eve);
        token.approve(address(empty), type(uint256).max);
    }

    function test_share_has_six_more_decimals() public view {
        assertEq(pool.decimals(), token.decimals() + 6);
        assertEq(pool.balanceOf(lender), LIQUIDITY * 1e6);
    }

    function testFuzz_deposit(uint256 amount, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 89 days));
        amount = bound(amount, 1, 1e15);
        uint256 shares = pool.previewDeposit(amount);
        uint256 assets = pool.totalAssets();

        vm.expectEmit(address(pool));
        emit IERC4626.Deposit(alice, eve, amount, shares);
        vm.prank(alice);
        assertEq(pool.deposit(amount, eve), shares);

        assertEq(pool.balanceOf(eve), shares);
        assertEq(pool.totalAssets(), assets + amount);
        // Rounding goes against the depositor, by less than a unit of the asset.
        assertLe(pool.convertToAssets(shares), amount);
        assertGe(pool.convertToAssets(shares) + 1, amount);
    }

    function testFuzz_mint(uint256 shares, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 89 days));
        shares = bound(shares, 1, 1e21);
        uint256 amount = pool.previewMint(shares);
        uint256 before = token.balanceOf(alice);
        vm.prank(alice);
        assertEq(pool.mint(shares, alice), amount);
        assertEq(pool.balanceOf(alice), shares);
        assertEq(before - token.balanceOf(alice), amount);
        assertLe(pool.convertToAssets(shares), amount);
    }

    function test_with_a_permit_for_shares() public {
        vm.prank(alice);
        pool.deposit(UNIT, alice);
        (address owner, uint256 key) = makeAddrAndKey("owner");
        vm.prank(alice);
        pool.transfer(owner, 1e6);
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                pool.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(
                        keccak256(
                            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                        ),
                        owner,
                        eve,
                        1e6,
                        0,
                        START
                    )
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        pool.permit(owner, eve, 1e6, START, v, r, s);
        vm.prank(eve);
        pool.redeem(1e6, eve, owner);
        assertEq(pool.balanceOf(owner), 0);
    }

    /// Tokens sent to the pool are nobody's: they move no price, in an empty pool or in a full one.
    function testFuzz_donations_are_ignored(uint256 gift) public {
        gift = bound(gift, 1, 1e30);
        uint256 price = pool.convertToAssets(1e18);
        uint256 assets = pool.totalAssets();
        token.mint(address(pool), gift);
        assertEq(pool.convertToAssets(1e18), price);
        assertEq(pool.totalAssets(), assets);
        assertEq(pool.cash(), LIQUIDITY);
    }

    /// The classic: be first with one unit, inflate its price, and let the next depositor's shares round
    /// down to nothing. Inflating by donation does nothing here, and rounding takes under a unit.
    function testFuzz_inflation_attack(uint256 seed, uint256 gift, uint256 victim) public {
        TesseraPool empty = emptyPool();
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

    function testFuzz_no_free_shares(uint256 amount, uint256 elapsed) public {
        borrow(request());
        vm.warp(START + bound(elapsed, 0, 400 days));
        amount = bound(amount, 1, 1e15);
        uint256 before = token.balanceOf(alice);
        vm.startPrank(alice);
        uint256 shares = pool.deposit(amount, alice);
        uint256 most = pool.maxRedeem(alice);
        pool.redeem(most < shares ? most : shares, alice, alice);
        assertLe(token.balanceOf(alice), before);
    }

    function testFuzz_more_than_the_pool_takes(uint256 amount) public {
        uint256 most = pool.maxDeposit(alice);
        assertEq(most, type(uint112).max - LIQUIDITY);
        amount = bound(amount, most + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, alice, amount, most)
        );
        vm.prank(alice);
        pool.deposit(amount, alice);
        vm.prank(alice);
        pool.deposit(most, alice);
        assertEq(pool.maxDeposit(alice), 0);
        assertEq(pool.maxMint(alice), 0);
    }

    function testFuzz_more_shares_than_the_pool_makes(uint256 shares) public {
        uint256 most = pool.maxMint(alice);
        shares = bound(shares, most + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxMint.selector, alice, shares, most));
        vm.prank(alice);
        pool.mint(shares, alice);
        vm.prank(alice);
        pool.mint(most, alice);
    }
}
