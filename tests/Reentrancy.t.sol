// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LoanBook} from "../contracts/credit/LoanBook.sol";
import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest, Exposure, PolicyConfig} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {HostileToken} from "./support/HostileToken.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// A token that calls back gets nothing but a refusal, from every function and into every function.
contract ReentrancyTest is Base {
    HostileToken internal hostile = new HostileToken();

    function setUp() public override {
        super.setUp();
        // The policy's amounts are of the hostile token.
        PolicyConfig memory config = policyConfig(MODEL, SCHEMA, TIER_0);
        config.asset = address(hostile);
        underwriter = new Underwriter(registry, address(manager), config);
        (pool, vault) = openPool(hostile, underwriter);
        book = LoanBook(address(pool.book()));
        address[2] memory rich = [borrower, lender];
        for (uint256 i = 0; i < rich.length; i++) {
            hostile.mint(rich[i], 2 * LIQUIDITY);
            vm.prank(rich[i]);
            hostile.approve(address(vault), type(uint256).max);
        }
        vm.prank(lender);
        vault.deposit(LIQUIDITY, lender);
        vm.roll(block.number + 1);
        // The attacker is the token itself: give it shares, so that only the guard stands in the way.
        uint256 half = vault.balanceOf(lender) / 2;
        vm.prank(lender);
        vault.transfer(address(hostile), half);
    }

    /// What the attester vouches for is of this token.
    function exposure() internal view override returns (Exposure memory) {
        address asset = address(hostile) == address(0) ? address(token) : address(hostile);
        return Exposure({asset: asset, max: uint128(5000 * UNIT)});
    }

    /// Every function that moves money, as the token would call it, and whom.
    function attacks() internal view returns (bytes[9] memory list, address[9] memory to) {
        BorrowRequest memory made = requestOf(address(hostile), UNIT);
        bytes memory proof = proofFor(address(hostile), made);
        Loan memory loan =
            loans.length == 0 ? Loan(address(0), 0, false, address(0), 0, 0, 0, 0, 0, 0, 0, 0, 0) : rec(1);
        list[0] = abi.encodeCall(pool.borrow, (made, proof));
        list[1] = abi.encodeCall(pool.repay, (loan, UNIT));
        bytes[] memory several = new bytes[](1);
        several[0] = list[1];
        list[2] = abi.encodeCall(pool.multicall, (several));
        list[3] = abi.encodeCall(vault.deposit, (UNIT, lender));
        list[4] = abi.encodeCall(vault.mint, (UNIT, lender));
        list[5] = abi.encodeCall(vault.withdraw, (UNIT, address(hostile), address(hostile)));
        list[6] = abi.encodeCall(vault.redeem, (1e6 * UNIT, address(hostile), address(hostile)));
        list[7] = abi.encodeCall(vault.accrue, ());
        list[8] = abi.encodeCall(vault.provideCover, (UNIT));
        for (uint256 i = 0; i < to.length; i++) {
            to[i] = i < 3 ? address(pool) : address(vault);
        }
    }

    /// A borrower cannot repay what is not there: of the first loan, before it is made, nothing is tried.
    function expectGuarded() internal view {
        assertTrue(hostile.attacked());
        assertFalse(hostile.success());
        assertEq(
            hostile.answer(),
            abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_from_borrow() public {
        (bytes[9] memory list, address[9] memory to) = attacks();
        for (uint256 i = 0; i < list.length; i++) {
            uint256 state = vm.snapshotState();
            BorrowRequest memory made = request();
            bytes memory proof = proofFor(borrower, made);
            hostile.arm(to[i], list[i]);
            vm.prank(borrower);
            pool.borrow(made, proof);
            expectGuarded();
            vm.revertToState(state);
        }
    }

    function test_from_repay() public {
        borrow(request());
        (bytes[9] memory list, address[9] memory to) = attacks();
        for (uint256 i = 0; i < list.length; i++) {
            uint256 state = vm.snapshotState();
            hostile.arm(to[i], list[i]);
            vm.prank(borrower);
            pool.repay(rec(1), 100 * UNIT);
            expectGuarded();
            vm.revertToState(state);
        }
    }

    function test_from_deposit_and_withdraw() public {
        borrow(request());
        (bytes[9] memory list, address[9] memory to) = attacks();
        for (uint256 i = 0; i < list.length; i++) {
            uint256 state = vm.snapshotState();
            hostile.arm(to[i], list[i]);
            vm.prank(lender);
            vault.deposit(UNIT, lender);
            expectGuarded();
            hostile.arm(to[i], list[i]);
            vm.prank(lender);
            vault.withdraw(UNIT, lender, lender);
            expectGuarded();
            vm.revertToState(state);
        }
    }

    /// Seen from inside of a transfer, the pool's books are those after the call, not a mixture.
    function test_books_are_whole_during_a_transfer() public {
        Probe probe = new Probe(vault);
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(borrower, made);
        hostile.arm(address(probe), abi.encodeCall(probe.look, ()));
        vm.prank(borrower);
        pool.borrow(made, proof);
        assertTrue(hostile.success());
        assertEq(probe.assets(), LIQUIDITY);
        assertEq(probe.cash(), LIQUIDITY - made.terms.amount);

        hostile.arm(address(probe), abi.encodeCall(probe.look, ()));
        uint256 price = vault.convertToAssets(1e12);
        vm.prank(lender);
        vault.deposit(1000 * UNIT, lender);
        assertEq(probe.price(), price);
        assertEq(probe.assets(), LIQUIDITY + 1000 * UNIT);
    }

    function testFuzz_a_token_that_takes_a_fee(uint256 fee) public {
        fee = bound(fee, 1, UNIT);
        hostile.setFee(fee);
        vm.expectRevert(
            abi.encodeWithSelector(ITesseraVault.TransferMismatch.selector, 10 * UNIT, 10 * UNIT - fee)
        );
        vm.prank(lender);
        vault.deposit(10 * UNIT, lender);

        vm.expectRevert(
            abi.encodeWithSelector(ITesseraVault.TransferMismatch.selector, 10 * UNIT, 10 * UNIT - fee)
        );
        vm.prank(lender);
        vault.withdraw(10 * UNIT, lender, lender);
    }
}

contract Probe {
    TesseraVault private immutable _vault;
    uint256 public assets;
    uint256 public cash;
    uint256 public price;

    constructor(TesseraVault vault) {
        _vault = vault;
    }

    function look() external {
        assets = _vault.totalAssets();
        cash = _vault.cash();
        price = _vault.convertToAssets(1e12);
    }
}
