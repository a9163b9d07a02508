// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential} from "../../contracts/interfaces/ICredentialRegistry.sol";
import {Loan, LoanStatus} from "../../contracts/interfaces/ILoanBook.sol";
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

    /// The loans made so far, which the chain does not keep: numbered from 1.
    Loan[] internal loans;
    mapping(uint256 number => Credential) internal credentials;

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
    function borrow(BorrowRequest memory made) internal returns (uint256 number) {
        return borrowBy(borrower, made);
    }

    function borrowBy(address who, BorrowRequest memory made) internal returns (uint256 number) {
        bytes memory proof = proofFor(who, made);
        vm.prank(who);
        (, Loan memory loan) = pool.borrow(made, proof);
        number = keep(loan);
        credentials[number] = made.credential;
    }

    function drawAs(address who, uint256 number, uint256 amount) internal returns (uint256) {
        Loan memory line = rec(number);
        Credential memory given = credentials[number];
        vm.prank(who);
        return pool.draw(line, given, amount, who);
    }

    function keep(Loan memory loan) internal returns (uint256 number) {
        loans.push(loan);
        return loans.length;
    }

    /// The record of a loan by its number.
    function rec(uint256 number) internal view returns (Loan memory) {
        return loans[number - 1];
    }

    function idOf(uint256 number) internal view returns (bytes32) {
        return keccak256(abi.encode(rec(number)));
    }

    function debtOf(uint256 number) internal view returns (uint256 principal, uint256 interest) {
        return book.debtOf(rec(number));
    }

    function statusOf(uint256 number) internal view returns (LoanStatus) {
        return book.statusOf(rec(number));
    }

    function principalOf(uint256 number) internal view returns (uint256) {
        return book.accountOf(idOf(number)).principal;
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
        return borrowBy(who, requestOf(who, amount));
    }

    /// Adds a policy of credit lines (and the adapters), of the same model and price. Its first tier goes to 2000 units.
    function addLinePolicy() internal returns (uint256 tier) {
        tier = underwriter.classCount();
        deployMore(MODEL, SCHEMA, TIER_0);
    }

    function openLineAs(address who, uint256 tier, uint256 limit) internal returns (uint256 loanId) {
        BorrowRequest memory made = requestOf(who, limit);
        made.terms.tier = tier;
        return borrowBy(who, made);
    }

    function provideCover(uint256 amount) internal {
        token.mint(admin, amount);
        vm.startPrank(admin);
        token.approve(address(vault), amount);
        vault.provideCover(amount);
        vm.stopPrank();
    }

    /// Hands `who` the tokens and pays.
    function repayAs(address who, uint256 loanId, uint256 amount) internal {
        (uint256 principal, uint256 interest) = debtOf(loanId);
        token.mint(who, principal + interest);
        vm.startPrank(who);
        token.approve(address(vault), type(uint256).max);
        pool.repay(rec(loanId), amount);
        vm.stopPrank();
    }
}
