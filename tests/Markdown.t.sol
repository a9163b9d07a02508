// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {Base} from "./support/Base.sol";

/// What a late loan does to the pool: interest until the end of grace, a straight line down to default, and
/// what comes in after that.
contract MarkdownTest is Base {
    uint256 internal constant AMOUNT = 1500 * UNIT;
    uint256 internal constant DUE = START + 90 days;
    uint256 internal constant GRACE_END = DUE + GRACE;
    uint256 internal constant DEFAULT = GRACE_END + DELINQUENCY;
    /// 100 days at 15 % and 10 of them at 5 % more.
    uint256 internal constant INTEREST = AMOUNT * (15 * 100 + 5 * 10) / (100 * 365);
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        id = borrow(request());
    }

    function testFuzz_value_grows_until_grace_ends(uint256 time) public {
        time = bound(time, START, DEFAULT - 1);
        vm.warp(time);
        (uint256 principal, uint256 interest) = debtOf(id);
        if (time <= GRACE_END) {
            assertApproxEqAbs(vault.loansValue(), principal + interest, 1);
            assertEq(vault.unrealisedLosses(), 0);
        } else {
            assertEq(vault.loansValue(), AMOUNT + INTEREST);
            assertGt(principal + interest, AMOUNT + INTEREST);
        }
    }

    function testFuzz_marked_down_in_a_straight_line(uint256 time) public {
        time = bound(time, GRACE_END, DEFAULT - 1);
        vm.warp(time);
        uint256 expected = (AMOUNT + INTEREST) * (time - GRACE_END) / DELINQUENCY;
        assertApproxEqAbs(vault.unrealisedLosses(), expected, 2);
        assertApproxEqAbs(vault.totalAssets(), LIQUIDITY + INTEREST - expected, 2);
    }

    function testFuzz_worth_nothing_from_default_on(uint256 time) public {
        time = bound(time, DEFAULT, DEFAULT + 10_000 days);
        vm.warp(time);
        assertEq(vault.loansValue(), 0);
        assertEq(vault.unrealisedLosses(), 0);
        assertEq(vault.totalAssets(), LIQUIDITY - AMOUNT);
        assertEq(principalOf(id), AMOUNT);
        assertEq(uint8(statusOf(id)), uint8(LoanStatus.Default));
        assertEq(registry.lockedBy(attester, credential().holder), address(pool));
    }

    /// The loss is taken by the clock, whether or not anybody touches the pool on the way.
    function testFuzz_nobody_has_to_poke(uint256[6] memory pokes) public {
        uint256 time = START;
        for (uint256 i = 0; i < pokes.length; i++) {
            time += bound(pokes[i], 0, 50 days);
            vm.warp(time);
            (uint256 value, uint256 losses) = (vault.loansValue(), vault.unrealisedLosses());
            vault.accrue();
            assertEq(vault.loansValue(), value);
            assertEq(vault.unrealisedLosses(), losses);
        }
    }

    function test_write_off_is_announced_once() public {
        vm.warp(DEFAULT);
        vm.expectEmit(address(vault));
        emit ITesseraVault.WrittenOff(AMOUNT + INTEREST, 0);
        vault.accrue();
        vm.recordLogs();
        vm.warp(DEFAULT + 100 days);
        vault.accrue();
        assertEq(vm.getRecordedLogs().length, 0);
    }

    /// Whoever leaves first bears the loss so far like whoever stays: no run for the door.
    function testFuzz_exits_bear_the_markdown(uint256 time) public {
        address second = makeAddr("second");
        uint256 half = vault.balanceOf(lender) / 2;
        vm.prank(lender);
        vault.transfer(second, half);
        vm.warp(bound(time, GRACE_END, DEFAULT - 1));

        uint256 net = vault.totalAssets();
        vm.prank(lender);
        uint256 out = vault.redeem(half, lender, lender);
        assertApproxEqAbs(out, net / 2, 1);
        assertApproxEqAbs(vault.convertToAssets(half), net / 2, 2);
    }

    /// Shares are issued as if the loan were paid back, or a newcomer would gain when it is.
    function testFuzz_nobody_buys_into_a_recovery(uint256 time, uint256 amount) public {
        vm.warp(bound(time, GRACE_END, DEFAULT - 1));
        amount = bound(amount, UNIT, 1e15);
        address newcomer = makeAddr("newcomer");
        token.mint(newcomer, amount);
        vm.startPrank(newcomer);
        token.approve(address(vault), amount);
        vault.deposit(amount, newcomer);
        vm.stopPrank();
        uint256 suspended = _suspended();
        repayAs(borrower, id, type(uint256).max);
        uint256 gain = vault.convertToAssets(vault.balanceOf(newcomer));
        // Only the interest that the books had left out is news to the price.
        assertLe(gain, amount + suspended + 1);
    }

    function testFuzz_partial_payment_of_a_delinquent_loan(uint256 time, uint256 part) public {
        time = bound(time, GRACE_END, DEFAULT - 1);
        vm.warp(time);
        part = bound(part, 1, AMOUNT);
        repayAs(borrower, id, part);
        uint256 left = AMOUNT + INTEREST - part;
        // Suspended interest is paid before principal, so the value falls by less than the payment.
        if (part <= INTEREST) assertApproxEqAbs(vault.loansValue(), left, 1);
        else assertGe(vault.loansValue() + 1, left);
        uint256 marked = vault.loansValue() * (time - GRACE_END) / DELINQUENCY;
        assertApproxEqAbs(vault.unrealisedLosses(), marked, 2);
    }

    function testFuzz_paid_in_full_while_delinquent(uint256 time) public {
        vm.warp(bound(time, GRACE_END, DEFAULT - 1));
        uint256 suspended = _suspended();
        repayAs(borrower, id, type(uint256).max);
        assertEq(vault.loansValue() + vault.unrealisedLosses(), 0);
        vm.warp(block.timestamp + 32 days);
        assertApproxEqAbs(vault.totalAssets(), LIQUIDITY + INTEREST + suspended, 1);
        assertEq(registry.lockedBy(attester, credential().holder), address(0));
    }

    /// After default every unit that comes in is the depositors' gain, and the lock holds until the last.
    function testFuzz_recovery_after_default(uint256 time, uint256 part) public {
        vm.warp(bound(time, DEFAULT, DEFAULT + 1000 days));
        (uint256 principal, uint256 interest) = debtOf(id);
        part = bound(part, 1, principal + interest - 1);
        repayAs(borrower, id, part);
        assertApproxEqAbs(vault.totalAssets(), LIQUIDITY - AMOUNT, 1);
        assertEq(vault.loansValue(), 0);
        assertEq(registry.lockedBy(attester, credential().holder), address(pool));
        repayAs(borrower, id, type(uint256).max);
        assertApproxEqAbs(vault.totalAssets(), LIQUIDITY - AMOUNT, 2);
        // The person is free when the money is the depositors'.
        assertEq(registry.lockedBy(attester, credential().holder), address(pool));
        uint256 free = (block.timestamp + 32 days + 1 days - 1) / 1 days * 1 days;
        vm.warp(free - 1);
        assertEq(registry.lockedBy(attester, credential().holder), address(pool));
        vm.warp(free);
        assertApproxEqAbs(vault.totalAssets(), LIQUIDITY + interest, 1);
        assertEq(registry.lockedBy(attester, credential().holder), address(0));
    }

    /// Interest owed for the time after grace, in asset units.
    function _suspended() private view returns (uint256) {
        return
            block.timestamp <= GRACE_END
                ? 0
                : AMOUNT * 20 * (block.timestamp - GRACE_END) / (100 * 365 days) + 1;
    }
}
