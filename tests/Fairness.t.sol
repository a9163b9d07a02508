// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Base} from "./support/Base.sol";

/// A known loss is everybody's: any two depositors with equal shares get the same, whichever day they leave.
contract FairnessTest is Base {
    address internal first = makeAddr("first");
    address internal second = makeAddr("second");
    uint256 internal constant HALF = 2500 * UNIT;
    uint256 internal id;

    /// Two halves of a pool of 5,000, of which up to 2,000 is lent to one borrower.
    function setUp() public override {
        super.setUp();
        address[2] memory both = [first, second];
        for (uint256 i = 0; i < both.length; i++) {
            token.mint(both[i], HALF);
            vm.startPrank(both[i]);
            token.approve(address(vault), HALF);
            vault.deposit(HALF, both[i]);
            vm.stopPrank();
        }
        vm.startPrank(lender);
        vault.redeem(vault.balanceOf(lender), lender, lender);
        vm.stopPrank();
        vm.roll(block.number + 1);
        id = borrow(request());
    }

    function leave(address who) internal returns (uint256 got) {
        uint256 most = vault.maxRedeem(who);
        assertApproxEqRel(most, vault.balanceOf(who), 1e9, "cash suffices");
        vm.prank(who);
        got = vault.redeem(most, who, who);
    }

    /// All of what is lent is known to be lost: it is marked at once, and who leaves on the day gets what who stays to
    /// the end gets. With the cover, which goes to nobody first.
    function testFuzz_known_loss(uint256 cover, uint64 share, uint256 day, uint256 later) public {
        cover = bound(cover, 0, 1000 * UNIT);
        if (cover != 0) provideCover(cover);
        share = uint64(bound(share, 0.01e18, 1e18));
        vm.warp(START + bound(day, 1, 80 days));
        vm.prank(admin);
        pool.mark(rec(id), share);
        uint256 one = leave(first);
        uint256 value = vault.loansValue();
        vm.warp(block.timestamp + bound(later, 0, START + 90 days - block.timestamp));
        uint256 earned = vault.loansValue() - value;
        vm.prank(address(this));
        vault.accrue();
        uint256 two = vault.convertToAssets(vault.balanceOf(second));
        // What time itself earned in between is the second one's, who waited.
        assertApproxEqAbs(two, one, earned + 2);
        assertGe(two + 2, one);
    }

    /// The loss comes true: who stayed through it gets what the first got, but for the day-by-day of a delinquency
    /// that nothing was left of.
    function testFuzz_written_off(uint256 day, uint256 cover) public {
        cover = bound(cover, 0, 1000 * UNIT);
        if (cover != 0) provideCover(cover);
        vm.warp(START + bound(day, 1, 80 days));
        vm.prank(admin);
        pool.mark(rec(id), 1e18);
        uint256 one = leave(first);
        vm.warp(START + 400 days);
        uint256 two = leave(second);
        // Interest that nobody will pay is booked and lost with the rest; what the cover bears of it is a gift.
        assertApproxEqAbs(one, two, 120 * UNIT * (cover == 0 ? 0 : 1) + 2);
    }

    /// A false alarm costs who leaves in it, and is no windfall on a day: it comes back over a month.
    function testFuzz_false_alarm(uint64 share, uint256 night) public {
        share = uint64(bound(share, 1, 1e18));
        vm.prank(admin);
        pool.mark(rec(id), share);
        uint256 price = vault.convertToAssets(1e18);
        vm.prank(admin);
        pool.restore(rec(id), 0);
        // The rounding of two markdowns is a unit or two of five thousand.
        assertApproxEqRel(vault.convertToAssets(1e18), price, 1e9);
        uint256 value = vault.loansValue();
        vm.warp(START + bound(night, 0, 1 days));
        uint256 interest = vault.loansValue() - value;
        assertLe(vault.totalAssets() + vault.heldGains(), 2 * HALF + interest + 2);
        vm.warp(START + 32 days);
        assertEq(vault.heldGains(), 0);
    }
}
