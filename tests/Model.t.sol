// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {PoolModel} from "./support/PoolModel.sol";

/// The contracts against the plain model of the whole pool, to the unit, through random days.
contract ModelTest is Base {
    PoolModel internal model;

    function setUp() public override {
        super.setUp();
        model = new PoolModel(DELINQUENCY, START, LIQUIDITY, lender, LIQUIDITY * 1e6);
        token.mint(lender, 1e15);
        vm.startPrank(lender);
        token.approve(address(vault), type(uint256).max);
        // Most of it leaves again: what happens to the loans shall show in the price.
        vault.redeem((LIQUIDITY - 20_000 * UNIT) * 1e6, lender, lender);
        vm.stopPrank();
        model.redeem(lender, (LIQUIDITY - 20_000 * UNIT) * 1e6);
    }

    function testFuzz_random_days(uint256[24] memory dice) public {
        for (uint256 i = 0; i < dice.length; i++) {
            act(dice[i], i);
            compare();
        }
        vm.warp(block.timestamp + 400 days);
        vault.accrue();
        model.pass(block.timestamp);
        compare();
    }

    function compare() internal view {
        assertEq(vault.cash(), model.cash(), "cash");
        assertEq(vault.cover(), model.cover(), "cover");
        assertEq(vault.loansValue(), model.value(), "value");
        assertEq(vault.unrealisedLosses(), model.losses(), "losses");
        assertEq(vault.heldGains(), model.held(), "held");
        assertEq(vault.totalAssets(), model.net(), "net");
        assertEq(vault.grossAssets(), model.gross(), "gross");
        assertEq(vault.totalSupply(), model.supply(), "supply");
        (uint256 byDepositors, uint256 byCover) = vault.lossesBorne();
        assertEq(byDepositors, model.byDepositors(), "depositors");
        assertEq(byCover, model.byCover(), "borne by cover");
    }

    function act(uint256 dice, uint256 step) internal {
        vm.warp(block.timestamp + (dice % 3 == 0 ? 0 : (dice >> 8) % (dice % 3 == 1 ? 3 days : 60 days)));
        vm.roll(block.number + 1);
        // What is written off is rounded down each time, so it is written down as often as the model does.
        vault.accrue();
        model.pass(block.timestamp);
        uint256 kind = (dice >> 40) % 8;
        uint256 amount = bound(dice >> 48, 1, 2000 * UNIT);
        if (kind <= 1) lend(amount, step);
        if (kind == 2) pay(dice >> 200, amount);
        if (kind == 3) pay(dice >> 200, type(uint256).max);
        if (kind == 4) remark(dice >> 200, uint64((dice >> 64) % (1e18 + 1)));
        if (kind == 5) give(amount);
        if (kind == 6) enter(amount);
        if (kind == 7) leave(dice >> 64);
    }

    function lend(uint256 amount, uint256 step) internal {
        if (amount > vault.cash()) return;
        address who = address(uint160(0x5000 + step));
        BorrowRequest memory made = requestOf(who, amount);
        made.credential.issuedAt = uint64(block.timestamp);
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        borrowBy(who, made);
        model.borrow(rec(loans.length));
    }

    function pay(uint256 which, uint256 amount) internal {
        if (loans.length == 0) return;
        uint256 number = 1 + which % loans.length;
        if (principalOf(number) == 0) return;
        uint256 before = token.balanceOf(lender);
        vm.prank(lender);
        pool.repay(rec(number), amount);
        assertEq(before - token.balanceOf(lender), model.repay(number - 1, amount), "paid");
    }

    function remark(uint256 which, uint64 share) internal {
        if (loans.length == 0) return;
        uint256 number = 1 + which % loans.length;
        uint64 present = book.accountOf(idOf(number)).marked;
        bool over = block.timestamp >= uint256(rec(number).graceEndsAt) + DELINQUENCY;
        if (principalOf(number) == 0 || over || share == present) return;
        vm.prank(admin);
        if (share > present) pool.mark(rec(number), share);
        else pool.restore(rec(number), share);
        model.mark(number - 1, share);
    }

    function give(uint256 amount) internal {
        vm.prank(lender);
        vault.provideCover(amount);
        model.provide(amount);
    }

    function enter(uint256 amount) internal {
        if (vault.maxDeposit(lender) < amount) return;
        vm.prank(lender);
        uint256 shares = vault.deposit(amount, lender);
        assertEq(shares, model.deposit(lender, amount), "shares");
    }

    function leave(uint256 part) internal {
        uint256 most = vault.maxRedeem(lender);
        if (most == 0) return;
        uint256 shares = 1 + part % most;
        vm.prank(lender);
        uint256 assets = vault.redeem(shares, lender, lender);
        assertEq(assets, model.redeem(lender, shares), "assets");
        assertEq(vault.balanceOf(lender), model.sharesOf(lender), "own");
    }
}
