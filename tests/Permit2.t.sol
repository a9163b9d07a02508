// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {Base} from "./support/Base.sol";
import {SharedPermit2} from "./support/SharedPermit2.sol";

/// Repaying by a Permit2 signature, with Permit2 itself.
contract Permit2Test is Base, SharedPermit2 {
    uint256 internal constant KEY = uint256(keccak256("saver"));
    address internal saver = vm.addr(KEY);
    uint256 internal loan;

    function setUp() public override {
        super.setUp();
        placePermit2();
        loan = borrow(request());
        token.mint(saver, 2000 * UNIT);
        vm.prank(saver);
        token.approve(PERMIT2, type(uint256).max);
    }

    function sign(uint256 key, address spender, uint256 permitted, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 digest = transferDigest(address(token), permitted, spender, nonce, deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function signed(uint256 permitted, uint256 nonce) internal view returns (bytes memory) {
        return sign(KEY, address(pool), permitted, nonce, block.timestamp);
    }

    function repay(uint256 amount, uint256 permitted, uint256 nonce, bytes memory signature) internal {
        vm.prank(saver);
        pool.repayWithPermit2(rec(loan), amount, permitted, nonce, block.timestamp, signature);
    }

    function test_the_code_is_permit2s() public view {
        assertEq(address(pool.PERMIT2()), PERMIT2);
        assertGt(PERMIT2.code.length, 9000);
    }

    /// Anybody for anybody, with no allowance for pool or vault; what is due is taken, and nothing stays on the way.
    function test_for_somebody_else() public {
        repay(500 * UNIT, 2000 * UNIT, 7, signed(2000 * UNIT, 7));
        assertEq(principalOf(loan), 1000 * UNIT);
        assertEq(token.balanceOf(saver), 1500 * UNIT);
        assertEq(token.balanceOf(address(pool)), 0);
        assertEq(token.allowance(address(pool), address(vault)), 0);
    }

    /// Whatever the state of the loan, it does what a plain repayment does.
    function testFuzz_as_a_plain_repayment(uint256 amount, uint256 time) public {
        amount = bound(amount, 1, 2000 * UNIT);
        vm.warp(bound(time, START, START + 200 days));
        uint256 before = vm.snapshotState();
        vm.startPrank(saver);
        token.approve(address(vault), type(uint256).max);
        pool.repay(rec(loan), amount);
        vm.stopPrank();
        bytes32 plain = state();
        vm.revertToState(before);
        repay(amount, 2000 * UNIT, 0, signed(2000 * UNIT, 0));
        assertEq(state(), plain);
        assertEq(token.balanceOf(address(pool)), 0);
    }

    function state() internal view returns (bytes32) {
        bytes memory sums = abi.encode(vault.cash(), vault.cover(), vault.totalAssets(), vault.heldGains());
        bytes memory own = abi.encode(token.balanceOf(saver), token.balanceOf(address(vault)));
        return keccak256(abi.encode(sums, own, book.accountOf(idOf(loan)), statusOf(loan)));
    }

    // ------------------------------------------------------------------------------------ refused

    function test_more_than_was_permitted() public {
        bytes memory signature = signed(100 * UNIT, 0);
        vm.expectRevert(abi.encodeWithSignature("InvalidAmount(uint256)", 100 * UNIT));
        repay(101 * UNIT, 100 * UNIT, 0, signature);
        repay(100 * UNIT, 100 * UNIT, 0, signature);
    }

    function test_twice() public {
        bytes memory signature = signed(100 * UNIT, 0);
        repay(100 * UNIT, 100 * UNIT, 0, signature);
        vm.expectRevert(abi.encodeWithSignature("InvalidNonce()"));
        repay(100 * UNIT, 100 * UNIT, 0, signature);
    }

    function test_too_late() public {
        bytes memory signature = sign(KEY, address(pool), 100 * UNIT, 0, block.timestamp - 1);
        vm.expectRevert(abi.encodeWithSignature("SignatureExpired(uint256)", block.timestamp - 1));
        vm.prank(saver);
        pool.repayWithPermit2(rec(loan), UNIT, 100 * UNIT, 0, block.timestamp - 1, signature);
    }

    /// A signature is public once it is sent: nobody else pays with it.
    function testFuzz_carried_by_a_stranger(address stranger) public {
        vm.assume(stranger != saver && stranger.code.length == 0 && stranger != address(vm));
        bytes memory signature = signed(100 * UNIT, 0);
        vm.expectRevert(abi.encodeWithSignature("InvalidSigner()"));
        vm.prank(stranger);
        pool.repayWithPermit2(rec(loan), UNIT, 100 * UNIT, 0, block.timestamp, signature);
    }

    function testFuzz_for_another_spender(address spender) public {
        vm.assume(spender != address(pool));
        bytes memory signature = sign(KEY, spender, 100 * UNIT, 0, block.timestamp);
        vm.expectRevert(abi.encodeWithSignature("InvalidSigner()"));
        repay(UNIT, 100 * UNIT, 0, signature);
    }

    /// The pool asks for its own token, whatever was signed for.
    function testFuzz_for_another_token(address other) public {
        vm.assume(other != address(token));
        bytes32 digest = transferDigest(other, 100 * UNIT, address(pool), 0, block.timestamp);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        vm.expectRevert(abi.encodeWithSignature("InvalidSigner()"));
        repay(UNIT, 100 * UNIT, 0, abi.encodePacked(r, s, v));
    }

    function test_nothing() public {
        bytes memory signature = signed(100 * UNIT, 0);
        vm.expectRevert(ITesseraPool.ZeroAmount.selector);
        repay(0, 100 * UNIT, 0, signature);
    }

    function test_a_chain_without_it() public {
        bytes memory signature = signed(100 * UNIT, 0);
        vm.etch(PERMIT2, "");
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NoPermit2.selector, PERMIT2));
        repay(UNIT, 100 * UNIT, 0, signature);
    }
}
