// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {Fee} from "../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// What each action costs as a transaction, besides the proof's verification; kept in snapshots/ and compared on every run.
/// After a change that is meant: FORGE_SNAPSHOT_CHECK=false tools/forge test --match-path tests/Gas.t.sol
/// forge-config: default.isolate = true
contract GasTest is Base {
    function test_depositor() public {
        address newcomer = makeAddr("newcomer");
        token.mint(newcomer, 1000 * UNIT);
        vm.startPrank(newcomer);
        token.approve(address(vault), type(uint256).max);
        vault.deposit(400 * UNIT, newcomer);
        vm.snapshotGasLastCall("Pool", "deposit, first of a lender");
        vault.deposit(400 * UNIT, newcomer);
        vm.snapshotGasLastCall("Pool", "deposit");
        vault.withdraw(100 * UNIT, newcomer, newcomer);
        vm.snapshotGasLastCall("Pool", "withdraw");
        vm.stopPrank();

        _borrow("first");
        vm.prank(admin);
        vault.setFee(Fee({share: 0.1e18, receiver: admin}));
        vm.warp(START + 1 days);
        vault.accrue();
        vm.warp(START + 2 days);
        vm.startPrank(newcomer);
        vault.deposit(100 * UNIT, newcomer);
        vm.snapshotGasLastCall("Pool", "deposit, with loans and a fee that is due");
        vm.warp(START + 3 days);
        vault.withdraw(100 * UNIT, newcomer, newcomer);
        vm.snapshotGasLastCall("Pool", "withdraw, with loans and a fee that is due");
        vm.stopPrank();
    }

    function test_borrower() public {
        _borrow("first");
        vm.snapshotGasLastCall("Pool", "borrow, first of the pool");
        _borrow("second");
        vm.snapshotGasLastCall("Pool", "borrow, another on the same day");
        vm.warp(START + 3 days);
        _borrow("third");
        vm.snapshotGasLastCall("Pool", "borrow, another on another day");

        vm.warp(START + 33 days);
        token.mint(borrower, 10_000 * UNIT);
        vm.startPrank(borrower);
        token.approve(address(vault), type(uint256).max);
        pool.repay(loans[0], 100 * UNIT);
        vm.snapshotGasLastCall("Pool", "repay, a part");
        pool.repay(loans[0], type(uint256).max);
        vm.snapshotGasLastCall("Pool", "repay, all");
        vm.stopPrank();

        vm.warp(START + 400 days);
        vault.accrue();
        vm.snapshotGasLastCall("Pool", "accrue, after a year without a transaction");
    }

    function test_registry() public {
        BorrowRequest memory made = request();
        registry.check(made.credential, made.attester, made.signature);
        vm.snapshotGasLastCall("Registry", "check");
        vm.prank(attester);
        registry.revoke(bytes32(uint256(1)));
        vm.snapshotGasLastCall("Registry", "revoke");
    }

    function _borrow(string memory name) private {
        address who = makeAddr(name);
        BorrowRequest memory made = requestOf(who, 1000 * UNIT);
        bytes memory proof = proofFor(who, made);
        vm.prank(who);
        (, Loan memory loan) = pool.borrow(made, proof);
        loans.push(loan);
    }
}
