// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/TesseraPool.sol";
import {ITesseraPool, PoolConfig} from "../contracts/interfaces/ITesseraPool.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {HostileToken} from "./support/HostileToken.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// A token that calls back gets nothing but a refusal, from every function and into every function.
contract ReentrancyTest is Base {
    HostileToken internal hostile = new HostileToken();

    function setUp() public override {
        super.setUp();
        pool = new TesseraPool(
            PoolConfig({
                asset: hostile,
                name: "Hostile",
                symbol: "H",
                underwriter: underwriter,
                delinquencyPeriod: DELINQUENCY,
                authority: address(manager)
            })
        );
        vm.prank(admin);
        registry.allowPool(address(pool));
        address[2] memory rich = [borrower, lender];
        for (uint256 i = 0; i < rich.length; i++) {
            hostile.mint(rich[i], 2 * LIQUIDITY);
            vm.prank(rich[i]);
            hostile.approve(address(pool), type(uint256).max);
        }
        vm.prank(lender);
        pool.deposit(LIQUIDITY, lender);
        // The attacker is the token itself: give it shares, so that only the guard stands in the way.
        uint256 half = pool.balanceOf(lender) / 2;
        vm.prank(lender);
        pool.transfer(address(hostile), half);
    }

    /// Every function that changes state, as the token would call it.
    function attacks() internal view returns (bytes[8] memory list) {
        BorrowRequest memory made = requestOf(address(hostile), UNIT);
        bytes memory proof = proofFor(address(hostile), made);
        list[0] = abi.encodeCall(pool.borrow, (made, proof));
        list[1] = abi.encodeCall(pool.repay, (1, UNIT));
        list[2] = abi.encodeCall(pool.deposit, (UNIT, lender));
        list[3] = abi.encodeCall(pool.mint, (UNIT, lender));
        list[4] = abi.encodeCall(pool.withdraw, (UNIT, address(hostile), address(hostile)));
        list[5] = abi.encodeCall(pool.redeem, (1e6 * UNIT, address(hostile), address(hostile)));
        list[6] = abi.encodeCall(pool.accrue, ());
        bytes[] memory several = new bytes[](1);
        several[0] = list[1];
        list[7] = abi.encodeCall(pool.multicall, (several));
    }

    function expectGuarded() internal view {
        assertTrue(hostile.attacked());
        assertFalse(hostile.success());
        assertEq(
            hostile.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_from_borrow() public {
        bytes[8] memory list = attacks();
        for (uint256 i = 0; i < list.length; i++) {
            uint256 state = vm.snapshotState();
            BorrowRequest memory made = request();
            bytes memory proof = proofFor(borrower, made);
            hostile.arm(address(pool), list[i]);
            vm.prank(borrower);
            pool.borrow(made, proof);
            expectGuarded();
            vm.revertToState(state);
        }
    }

    function test_from_repay() public {
        borrow(request());
        bytes[8] memory list = attacks();
        for (uint256 i = 0; i < list.length; i++) {
            uint256 state = vm.snapshotState();
            hostile.arm(address(pool), list[i]);
            vm.prank(borrower);
            pool.repay(1, 100 * UNIT);
            expectGuarded();
            vm.revertToState(state);
        }
    }

    function test_from_deposit_and_withdraw() public {
        borrow(request());
        bytes[8] memory list = attacks();
        for (uint256 i = 0; i < list.length; i++) {
            uint256 state = vm.snapshotState();
            hostile.arm(address(pool), list[i]);
            vm.prank(lender);
            pool.deposit(UNIT, lender);
            expectGuarded();
            hostile.arm(address(pool), list[i]);
            vm.prank(lender);
            pool.withdraw(UNIT, lender, lender);
            expectGuarded();
            vm.revertToState(state);
        }
    }

    /// Seen from inside of a transfer, the pool's books are those after the call, not a mixture.
    function test_books_are_whole_during_a_transfer() public {
        Probe probe = new Probe(pool);
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(borrower, made);
        hostile.arm(address(probe), abi.encodeCall(probe.look, ()));
        vm.prank(borrower);
        pool.borrow(made, proof);
        assertTrue(hostile.success());
        assertEq(probe.assets(), LIQUIDITY);
        assertEq(probe.cash(), LIQUIDITY - made.terms.amount);

        hostile.arm(address(probe), abi.encodeCall(probe.look, ()));
        uint256 price = pool.convertToAssets(1e12);
        vm.prank(lender);
        pool.deposit(1000 * UNIT, lender);
        assertEq(probe.price(), price);
        assertEq(probe.assets(), LIQUIDITY + 1000 * UNIT);
    }

    function testFuzz_a_token_that_takes_a_fee(uint256 fee) public {
        fee = bound(fee, 1, UNIT);
        hostile.setFee(fee);
        vm.expectRevert(
            abi.encodeWithSelector(ITesseraPool.TransferMismatch.selector, 10 * UNIT, 10 * UNIT - fee)
        );
        vm.prank(lender);
        pool.deposit(10 * UNIT, lender);

        vm.expectRevert(
            abi.encodeWithSelector(ITesseraPool.TransferMismatch.selector, 10 * UNIT, 10 * UNIT - fee)
        );
        vm.prank(lender);
        pool.withdraw(10 * UNIT, lender, lender);
    }
}

contract Probe {
    TesseraPool private immutable _pool;
    uint256 public assets;
    uint256 public cash;
    uint256 public price;

    constructor(TesseraPool pool) {
        _pool = pool;
    }

    function look() external {
        assets = _pool.totalAssets();
        cash = _pool.cash();
        price = _pool.convertToAssets(1e12);
    }
}
