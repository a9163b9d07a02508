// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RedemptionQueue} from "../contracts/credit/RedemptionQueue.sol";
import {IRedemptionQueue} from "../contracts/interfaces/IRedemptionQueue.sol";
import {ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {Base} from "./support/Base.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// A vault with three days of notice: redemptions are asked for, settled at the price of the settlement, and pro rata
/// when cash is short (ERC-7540).
contract RedemptionsTest is Base {
    uint32 internal constant NOTICE = 3 days;
    address internal ann = makeAddr("ann");
    address internal ben = makeAddr("ben");
    uint256 internal constant EACH = 1000 * UNIT;

    function _notice() internal pure override returns (uint32) {
        return NOTICE;
    }

    function setUp() public override {
        super.setUp();
        // The lender's million would settle everything.
        vm.startPrank(lender);
        vault.requestRedeem(vault.balanceOf(lender), lender, lender);
        vm.warp(START + NOTICE);
        vault.settleRedemptions();
        vault.redeem(vault.maxRedeem(lender), lender, lender);
        vm.stopPrank();
        assertEq(vault.totalSupply(), 0);
        address[2] memory both = [ann, ben];
        for (uint256 i = 0; i < both.length; i++) {
            token.mint(both[i], EACH);
            vm.startPrank(both[i]);
            token.approve(address(vault), EACH);
            vault.deposit(EACH, both[i]);
            vm.stopPrank();
        }
        vm.roll(block.number + 1);
    }

    function ask(address who, uint256 shares) internal returns (uint256 requestId) {
        vm.prank(who);
        return vault.requestRedeem(shares, who, who);
    }

    function claim(address who) internal returns (uint256) {
        uint256 most = vault.maxWithdraw(who);
        vm.prank(who);
        vault.withdraw(most, who, who);
        return most;
    }

    function test_request_settle_claim() public {
        uint256 day = block.timestamp / 1 days;
        vm.expectEmit(address(vault));
        emit ITesseraVault.RedeemRequest(ann, ann, day + 3, ann, EACH * 1e6);
        uint256 id = ask(ann, EACH * 1e6);
        assertEq(id, day + 3);
        assertEq(vault.balanceOf(ann), 0);
        assertEq(vault.pendingRedeemRequest(id, ann), EACH * 1e6);
        assertEq(vault.claimableRedeemRequest(id, ann), 0);
        vault.settleRedemptions();
        assertEq(vault.maxRedeem(ann), 0);
        vm.warp(id * 1 days);
        vm.expectEmit(address(vault));
        emit ITesseraVault.RedemptionsSettled(EACH * 1e6, EACH, 0);
        vault.settleRedemptions();
        assertEq(vault.pendingRedeemRequest(id, ann), 0);
        assertEq(vault.claimableRedeemRequest(id, ann), EACH * 1e6);
        assertEq(vault.maxWithdraw(ann), EACH);
        vm.prank(ann);
        assertEq(vault.redeem(EACH * 1e6, ann, ann), EACH);
        assertEq(token.balanceOf(ann), EACH);
        assertEq(vault.maxRedeem(ann), 0);
    }

    function testFuzz_not_before_the_notice(uint256 time) public {
        time = bound(time, 0, 10 days);
        vm.warp(block.timestamp + bound(time, 0, 1 days));
        uint256 asked = block.timestamp;
        ask(ann, EACH * 1e6);
        vm.warp(asked + time);
        vault.settleRedemptions();
        if (time < NOTICE) assertEq(vault.maxWithdraw(ann), 0);
        if (time >= NOTICE + 1 days) assertEq(vault.maxWithdraw(ann), EACH);
    }

    /// What is asked for shares every loss and every gain until it is settled.
    function test_at_the_price_of_the_settlement() public {
        uint256 id = borrowAs(borrower, 1500 * UNIT);
        uint256 day = ask(ann, EACH * 1e6);
        vm.prank(admin);
        pool.mark(rec(id), 1e18);
        vm.warp(day * 1 days);
        uint256 price = vault.convertToAssets(EACH * 1e6);
        assertLt(price, EACH / 3);
        vault.settleRedemptions();
        assertApproxEqAbs(vault.maxWithdraw(ann), price, 1);
        // Ben's are worth as much.
        assertApproxEqAbs(vault.convertToAssets(EACH * 1e6), price, 1);
    }

    /// When cash is short everybody who waits gets the same part, who asked first as who asked later.
    function testFuzz_pro_rata(uint256 annAsks, uint256 benAsks, uint256 gap) public {
        annAsks = bound(annAsks, 1e12, EACH * 1e6);
        benAsks = bound(benAsks, 1e12, EACH * 1e6);
        borrowAs(borrower, 1500 * UNIT);
        uint256 first = ask(ann, annAsks);
        vm.warp(block.timestamp + bound(gap, 0, 5 days));
        uint256 second = ask(ben, benAsks);
        vm.warp(second * 1 days);
        vault.settleRedemptions();
        uint256 left = vault.pendingRedeemRequest(first, ann);
        uint256 leftToo = vault.pendingRedeemRequest(second, ben);
        assertApproxEqRel(left * benAsks, leftToo * annAsks, 1e12);
        uint256 like = vault.maxWithdraw(ann) * benAsks / annAsks;
        assertApproxEqAbs(like, vault.maxWithdraw(ben), 2 + benAsks / annAsks + like / 1e6);
        if (left != 0) assertLe(vault.cash(), 1);
        // Nothing is lent while somebody waits.
        if (left != 0) {
            vm.expectPartialRevert(ITesseraVault.InsufficientCash.selector);
            vault.checkRoom(1);
        }
        // The borrower pays: everybody gets the rest.
        repayAs(borrower, 1, type(uint256).max);
        vault.settleRedemptions();
        assertEq(vault.pendingRedeemRequest(first, ann), 0);
        assertEq(vault.pendingRedeemRequest(second, ben), 0);
        claim(ann);
        claim(ben);
        assertGe(token.balanceOf(ann) + 2, annAsks / 1e6);
        assertGe(token.balanceOf(ben) + 2, benAsks / 1e6);
    }

    /// In many steps, the queue never pays out more than was put in.
    function testFuzz_claims_are_what_was_settled(uint256[8] memory settled, uint256[4] memory asks) public {
        RedemptionQueue queue = new RedemptionQueue();
        uint256 paid = 0;
        for (uint256 i = 0; i < asks.length; i++) {
            queue.ask(address(uint160(i + 1)), bound(asks[i], 1, 1e24), 5 + i);
        }
        for (uint256 i = 0; i < settled.length; i++) {
            uint256 waiting = queue.join(4 + i);
            if (waiting == 0) continue;
            uint256 shares = bound(settled[i], 1, waiting);
            uint256 assets = shares / 1e6;
            paid += assets;
            (uint256 left, uint256 dropped) = queue.settle(shares, assets);
            assertEq(left + dropped, waiting - shares);
        }
        uint256 rest = queue.join(100);
        if (rest != 0) queue.settle(rest, rest / 1e6);
        paid += rest / 1e6;
        uint256 claimed = 0;
        for (uint256 i = 0; i < asks.length; i++) {
            address who = address(uint160(i + 1));
            (uint256 shares, uint256 assets) = queue.claimOf(who);
            assertEq(shares, bound(asks[i], 1, 1e24));
            assertEq(queue.pending(5 + i, who), 0);
            (uint256 takenShares, uint256 takenAssets) = queue.take(who, shares, 0);
            assertEq(takenShares, shares);
            assertEq(takenAssets, assets);
            claimed += assets;
        }
        assertLe(claimed, paid);
        assertGe(claimed + 64 + paid / 1e9, paid);
    }

    function test_one_request_at_a_time() public {
        uint256 id = ask(ann, 1e12);
        assertEq(ask(ann, 1e12), id);
        assertEq(vault.pendingRedeemRequest(id, ann), 2e12);
        vm.warp(block.timestamp + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IRedemptionQueue.RequestPending.selector, id));
        ask(ann, 1e12);
        vm.warp(id * 1 days);
        vault.settleRedemptions();
        uint256 next = ask(ann, 1e12);
        assertEq(vault.pendingRedeemRequest(next, ann), 1e12);
        assertEq(vault.maxRedeem(ann), 2e12);
    }

    // ------------------------------------------------------------------------------- who may ask

    function testFuzz_not_for_somebody_else(address stranger) public {
        vm.assume(stranger != ann && stranger != address(0));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, stranger, 0, 1e12)
        );
        vm.prank(stranger);
        vault.requestRedeem(1e12, stranger, ann);
        // Nor in the way of somebody's own request.
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.NotTheOperator.selector, stranger, ann));
        vm.prank(ann);
        vault.requestRedeem(1e12, stranger, ann);
    }

    function test_operator() public {
        address operator = makeAddr("operator");
        vm.expectEmit(address(vault));
        emit ITesseraVault.OperatorSet(ann, operator, true);
        vm.prank(ann);
        assertTrue(vault.setOperator(operator, true));
        vm.prank(operator);
        uint256 id = vault.requestRedeem(1e12, ann, ann);
        vm.warp(id * 1 days);
        vault.settleRedemptions();
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.NotTheOperator.selector, ann, ben));
        vm.prank(ben);
        vault.redeem(1e12, ben, ann);
        vm.prank(operator);
        vault.redeem(1e12, operator, ann);
        assertEq(token.balanceOf(operator), 1e6);
    }

    function testFuzz_claim_more_than_is_settled(uint256 shares) public {
        uint256 id = ask(ann, 1e12);
        vm.warp(id * 1 days);
        vault.settleRedemptions();
        shares = bound(shares, 1e12 + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IRedemptionQueue.ClaimTooHigh.selector, 1e12, 1e6));
        vm.prank(ann);
        vault.redeem(shares, ann, ann);
    }

    function test_only_the_vault_writes_the_queue() public {
        IRedemptionQueue queue = vault.queue();
        bytes memory reason =
            abi.encodeWithSelector(IRedemptionQueue.NotTheQueuesVault.selector, address(this));
        vm.expectRevert(reason);
        queue.ask(ann, 1, 1);
        vm.expectRevert(reason);
        queue.join(1);
        vm.expectRevert(reason);
        queue.settle(1, 1);
        vm.expectRevert(reason);
        queue.take(ann, 1, 0);
    }

    function test_standards() public {
        assertTrue(vault.supportsInterface(0x01ffc9a7));
        assertTrue(vault.supportsInterface(0x2f0a18c5));
        assertTrue(vault.supportsInterface(0xe3bc4e65));
        assertTrue(vault.supportsInterface(0x620ee8e4));
        assertEq(vault.share(), address(vault));
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.NoticeIs.selector, NOTICE));
        vault.previewRedeem(1);
        vm.expectRevert(abi.encodeWithSelector(ITesseraVault.NoticeIs.selector, NOTICE));
        vault.previewWithdraw(1);
    }
}

/// Without a notice there is nothing to ask for: shares are redeemed at once.
contract NoNoticeTest is Base {
    function test_nothing_to_request() public {
        bytes memory reason = abi.encodeWithSelector(ITesseraVault.NoticeIs.selector, 0);
        vm.expectRevert(reason);
        vm.prank(lender);
        vault.requestRedeem(1, lender, lender);
        vm.expectRevert(reason);
        vault.settleRedemptions();
        assertFalse(vault.supportsInterface(0x620ee8e4));
        assertEq(vault.pendingRedeemRequest(1, lender), 0);
        assertEq(vault.claimableRedeemRequest(1, lender), 0);
    }
}
