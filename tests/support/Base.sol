// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {BorrowRequest} from "../../contracts/interfaces/IUnderwriter.sol";
import {Deployment} from "./Deployment.sol";
import {MockVerifier} from "./MockVerifier.sol";
import {Test} from "forge-std/Test.sol";

/// Tests with a mock verifier: everything around the proof.
abstract contract Base is Deployment, Test {
    uint256 internal constant MODEL = uint256(keccak256("model")) >> 8;
    uint256 internal constant SCHEMA = uint256(keccak256("schema")) >> 8;
    uint256 internal constant COMMITMENT = uint256(keccak256("commitment")) >> 8;
    uint64 internal constant TIER_0 = 580 << 32;
    uint64 internal constant TIER_1 = TIER_0 + HUNDRED_POINTS;

    function setUp() public virtual {
        deploy(type(MockVerifier).creationCode, MODEL, SCHEMA, TIER_0);
    }

    function credential() internal view returns (Credential memory) {
        return credentialFor(bytes32(SCHEMA), bytes32(COMMITMENT));
    }

    function request() internal view returns (BorrowRequest memory) {
        return requestFor(credential());
    }

    /// What the mock takes for a proof by `who` to this pool.
    function proofFor(address who, BorrowRequest memory made) internal view returns (bytes memory) {
        return abi.encode(keccak256(abi.encode(pool.statement(who, made))));
    }

    /// Borrows as the fixtures' borrower.
    function borrow(BorrowRequest memory made) internal returns (uint256 loanId) {
        bytes memory proof = proofFor(borrower, made);
        vm.prank(borrower);
        return pool.borrow(made, proof);
    }

    /// A borrower of their own address, holder and credential.
    function requestOf(address who, uint256 amount) internal view returns (BorrowRequest memory made) {
        Credential memory own = credential();
        own.subject = who;
        own.holder = keccak256(abi.encode(who));
        own.expiresAt = uint64(block.timestamp + 30 days);
        made = requestFor(own);
        made.terms.receiver = who;
        made.terms.amount = amount;
        made.terms.deadline = uint64(block.timestamp + 1 hours);
    }

    function borrowAs(address who, uint256 amount) internal returns (uint256 loanId) {
        BorrowRequest memory made = requestOf(who, amount);
        bytes memory proof = proofFor(who, made);
        vm.prank(who);
        return pool.borrow(made, proof);
    }

    /// Adds a policy of credit lines (and the adapters), of the same model and price. Its first tier goes to 2000 units.
    function addLinePolicy() internal returns (uint256 tier) {
        tier = underwriter.tierCount();
        deployMore(MODEL, SCHEMA, TIER_0);
    }

    function openLineAs(address who, uint256 tier, uint256 limit) internal returns (uint256 loanId) {
        BorrowRequest memory made = requestOf(who, limit);
        made.terms.tier = tier;
        bytes memory proof = proofFor(who, made);
        vm.prank(who);
        return pool.borrow(made, proof);
    }

    function provideCover(uint256 amount) internal {
        token.mint(admin, amount);
        vm.startPrank(admin);
        token.approve(address(pool), amount);
        pool.provideCover(amount);
        vm.stopPrank();
    }

    /// Hands `who` the tokens and pays.
    function repayAs(address who, uint256 loanId, uint256 amount) internal {
        (uint256 principal, uint256 interest) = pool.debtOf(loanId);
        token.mint(who, principal + interest);
        vm.startPrank(who);
        token.approve(address(pool), type(uint256).max);
        pool.repay(loanId, amount);
        vm.stopPrank();
    }
}
