// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../../contracts/interfaces/ITesseraPool.sol";
import {RealProofBase} from "../support/RealProofBase.sol";
import {Script} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";

/// The transactions of tests/e2e/run that carry more than a few numbers: the fixtures' world, made by
/// transactions on a chain, and borrowing there with the fixtures' proofs. Each fixture was made for the
/// addresses that the first transactions of the fixtures' deployer lead to.
contract LoanLife is RealProofBase, Script {
    uint256 private constant COVER = 1000 * UNIT;

    /// Writes the addresses to target/e2e.json.
    function world() external {
        load("tests/fixtures/loan-n1.json");
        _begin(DEPLOYER_KEY);
        token.mint(admin, COVER);
        token.approve(address(vault), COVER);
        vault.provideCover(COVER);
        token.mint(lender, 10_000 * UNIT);
        token.mint(borrower, 10_000 * UNIT);
        _end();

        vm.serializeAddress("w", "token", address(token));
        vm.serializeAddress("w", "pool", address(pool));
        vm.serializeAddress("w", "vault", address(vault));
        vm.serializeAddress("w", "book", address(book));
        vm.serializeAddress("w", "registry", address(registry));
        vm.serializeAddress("w", "attester", attester);
        vm.serializeAddress("w", "lender", lender);
        vm.serializeAddress("w", "borrower", borrower);
        vm.serializeBytes32("w", "holder", made.credential.holder);
        vm.serializeBytes32("w", "deployerKey", bytes32(DEPLOYER_KEY));
        vm.serializeBytes32("w", "lenderKey", bytes32(LENDER_KEY));
        vm.writeJson(vm.serializeBytes32("w", "borrowerKey", bytes32(BORROWER_KEY)), "target/e2e.json");
    }

    /// @param fixture Under tests/fixtures.
    function borrow(string calldata fixture, address pool_) external {
        read(string.concat("tests/fixtures/", fixture, ".json"));
        vm.broadcast(BORROWER_KEY);
        (bool success, bytes memory reason) =
            pool_.call(abi.encodeWithSelector(pool.borrow.selector, made, proof));
        require(success, string(reason));
    }

    /// Writes loan and credential of the last `Borrowed` event, encoded.
    function record(string calldata fixture, address pool_) external {
        read(string.concat("tests/fixtures/", fixture, ".json"));
        bytes32[] memory topics = new bytes32[](1);
        topics[0] = ITesseraPool.Borrowed.selector;
        VmSafe.EthGetLogs[] memory logs = vm.eth_getLogs(0, block.number, pool_, topics);
        (Loan memory loan,,,) = abi.decode(logs[logs.length - 1].data, (Loan, bytes32, address, uint256));
        vm.writeFile("target/e2e-loan.txt", tuple(abi.encode(loan)));
        vm.writeFile("target/e2e-credential.txt", tuple(abi.encode(made.credential)));
    }

    /// Static words, without the leading 0x: for call data.
    function tuple(bytes memory words) private pure returns (string memory text) {
        return vm.replace(vm.toString(words), "0x", "");
    }

    function _nextBlock() internal override {}

    function _setTheScene() internal view override {
        require(block.chainid == CHAIN, "the fixtures are for chain 31337");
    }

    function _begin(uint256 key) internal override {
        vm.startBroadcast(key);
    }

    function _end() internal override {
        vm.stopBroadcast();
    }
}
