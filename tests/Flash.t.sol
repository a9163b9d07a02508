// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {Limits} from "../contracts/interfaces/ITesseraVault.sol";
import {Base} from "./support/Base.sol";

/// Whoever comes with borrowed capital leaves with no more than it brought, in one block or after a night, whatever
/// is paid, recovered, restored or covered in between, and by whom.
contract FlashTest is Base {
    address internal attacker = makeAddr("attacker");
    address internal victim = makeAddr("victim");
    uint256 internal constant CAPITAL = 100_000_000 * UNIT;
    uint256 internal current;
    uint256 internal late;
    uint256 internal defaulted;
    uint256 internal marked;

    /// Loans in every state: one in default, one delinquent, one in force, one marked down.
    function setUp() public override {
        super.setUp();
        defaulted = borrowAs(makeAddr("defaulter"), 1613 * UNIT);
        vm.warp(START + 100 days);
        late = borrowAs(makeAddr("late"), 1500 * UNIT);
        vm.warp(START + 220 days);
        marked = borrowAs(makeAddr("marked"), 1800 * UNIT);
        current = borrowAs(makeAddr("current"), 2000 * UNIT);
        vm.prank(admin);
        pool.mark(rec(marked), 0.6e18);
        vm.warp(START + 225 days);
        vault.accrue();
        assertEq(uint8(statusOf(defaulted)), uint8(LoanStatus.Default));
        assertEq(uint8(statusOf(late)), uint8(LoanStatus.Delinquent));
        // A pool small enough for the attacker to own nearly all of it.
        vm.prank(lender);
        vault.withdraw(900_000 * UNIT, lender, lender);
        token.mint(attacker, CAPITAL);
        token.mint(victim, CAPITAL);
        address[2] memory rich = [attacker, victim];
        for (uint256 i = 0; i < rich.length; i++) {
            vm.prank(rich[i]);
            token.approve(address(vault), type(uint256).max);
        }
        vm.roll(block.number + 1);
    }

    function enter(uint256 amount) internal {
        vm.prank(attacker);
        vault.deposit(amount, attacker);
    }

    function leave() internal {
        uint256 most = vault.maxRedeem(attacker);
        vm.prank(attacker);
        vault.redeem(most, attacker, attacker);
    }

    function pay(address who, uint256 id, uint256 amount) internal {
        (uint256 principal,) = debtOf(id);
        if (principal == 0) return;
        vm.prank(who);
        pool.repay(rec(id), amount);
    }

    /// A defaulter who repays with a flash loan's help is free by its own money, and not at once.
    function test_a_defaulter_does_not_get_its_payment_back() public {
        (uint256 principal, uint256 interest) = debtOf(defaulted);
        enter(CAPITAL - principal - interest);
        pay(attacker, defaulted, type(uint256).max);
        leave();
        assertLe(token.balanceOf(attacker), CAPITAL - principal - interest);
        assertEq(uint8(statusOf(defaulted)), uint8(LoanStatus.Recovered));
        bytes32 holder = rec(defaulted).holder;
        assertEq(registry.lockedBy(attester, holder), address(pool));
        vm.warp(block.timestamp + pool.RECOVERY_LOCK());
        assertEq(registry.lockedBy(attester, holder), address(0));
        assertEq(vault.heldGains(), 0);
    }

    /// One of everything that moves a price, by the attacker or somebody else.
    function act(uint256 dice) internal {
        uint256[4] memory ids = [defaulted, late, current, marked];
        uint256 id = ids[(dice >> 8) % 4];
        uint256 amount = bound(dice >> 16, 1, 3000 * UNIT);
        uint256 kind = dice % 12;
        if (kind == 0) pay(victim, id, amount);
        if (kind == 1) pay(victim, id, type(uint256).max);
        if (kind == 2) pay(attacker, id, amount);
        if (kind == 3) pay(attacker, id, type(uint256).max);
        if (kind == 4) cover(victim, amount);
        if (kind == 5) cover(attacker, amount);
        if (kind == 6) restore(dice);
        if (kind == 7) mark(dice);
        if (kind == 8) vault.accrue();
        if (kind == 9) enter(bound(amount, 1, token.balanceOf(attacker)));
        if (kind == 10) part(dice);
        if (kind == 11) others(amount);
    }

    function cover(address who, uint256 amount) internal {
        vm.prank(who);
        vault.provideCover(amount);
    }

    function restore(uint256 dice) internal {
        uint64 present = book.accountOf(idOf(marked)).marked;
        if (present == 0 || principalOf(marked) == 0) return;
        vm.prank(admin);
        pool.restore(rec(marked), uint64((dice >> 20) % present));
    }

    function mark(uint256 dice) internal {
        uint64 present = book.accountOf(idOf(marked)).marked;
        if (present == 1e18 || principalOf(marked) == 0) return;
        vm.prank(admin);
        pool.mark(rec(marked), uint64(bound(dice >> 20, present + 1, 1e18)));
    }

    function part(uint256 dice) internal {
        uint256 most = vault.maxRedeem(attacker);
        if (most == 0) return;
        vm.prank(attacker);
        vault.redeem(1 + (dice >> 16) % most, attacker, attacker);
    }

    function others(uint256 amount) internal {
        vm.prank(victim);
        vault.deposit(amount, victim);
    }

    /// In one block, in every order.
    function testFuzz_one_block(uint256 capital, uint256[10] memory dice) public {
        enter(bound(capital, 1, CAPITAL / 2));
        for (uint256 i = 0; i < dice.length; i++) {
            act(dice[i]);
        }
        leave();
        // Each payment may leave a unit of rounding with the shares.
        assertLe(token.balanceOf(attacker), CAPITAL + dice.length);
    }

    /// Over a night: with its part of the interest of these hours, and no more.
    function testFuzz_a_night(uint256 capital, uint256 start, uint256 night, uint256[8] memory dice) public {
        vm.warp(block.timestamp + bound(start, 0, 1 days - 1));
        enter(bound(capital, 1, CAPITAL / 2));
        for (uint256 i = 0; i < 4; i++) {
            act(dice[i]);
        }
        uint256 value = vault.loansValue();
        uint256 assets = vault.totalAssets();
        vm.warp(block.timestamp + bound(night, 1, 1 days));
        uint256 interest = vault.loansValue() > value ? vault.loansValue() - value : 0;
        // Only interest raises the price, and delinquency lowers it.
        assertLe(vault.totalAssets(), assets + interest + 1);
        for (uint256 i = 4; i < 8; i++) {
            act(dice[i]);
        }
        leave();
        assertLe(token.balanceOf(attacker), CAPITAL + interest + dice.length + 1);
    }

    /// What is held is released, all of it, and only with time.
    function testFuzz_released(uint256[5] memory times) public {
        pay(victim, defaulted, type(uint256).max);
        uint256 all = vault.heldGains();
        assertGt(all, 1600 * UNIT);
        uint256 at = block.timestamp;
        uint256 last = all;
        for (uint256 i = 0; i < times.length; i++) {
            vm.warp(block.timestamp + bound(times[i], 0, 10 days));
            uint256 held = vault.heldGains();
            assertLe(held, last);
            if (block.timestamp < at + 1 days) assertEq(held, all);
            last = held;
        }
        vm.warp(at + 32 days);
        assertEq(vault.heldGains(), 0);
    }

    /// Capital of this block is lent to nobody: a limit of 10 % is not passed by borrowing from a pool that is
    /// large for an instant.
    function testFuzz_fresh_capital_does_not_count(uint256 capital) public {
        vm.prank(admin);
        vault.setLimits(Limits({deposits: type(uint96).max, utilisation: 0.055e18, cover: 0}));
        enter(bound(capital, UNIT, CAPITAL));
        uint256 before = vault.grossAssets() - (CAPITAL - token.balanceOf(attacker));
        uint256 room = before * 0.055e18 / 1e18;
        uint256 lent = vault.loansValue();
        vm.expectPartialRevert(bytes4(keccak256("UtilisationTooHigh(uint256,uint256)")));
        vault.checkRoom(room + 1 - lent);
        vault.checkRoom(room - lent);
        // A block later it is there, and may be lent.
        vm.roll(block.number + 1);
        vault.checkRoom(room - lent);
    }
}
