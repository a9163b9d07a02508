// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {Line} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool, Limits, Loan, LoanStatus} from "../contracts/interfaces/ITesseraPool.sol";
import {BorrowRequest, IUnderwriter} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {BooksModel} from "./support/BooksModel.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// Opening a credit line with a proof, and drawing on it.
contract DrawTest is Base {
    uint256 internal constant LIMIT = 1500 * UNIT;
    uint256 internal constant EXPIRY = START + 90 days;
    uint256 internal tier;
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        tier = addLinePolicy();
        id = openLineAs(borrower, tier, LIMIT);
    }

    function draw(uint256 amount) internal returns (uint256) {
        vm.prank(borrower);
        return pool.draw(id, amount, borrower);
    }

    function refuse(uint256 amount, bytes memory reason) internal {
        vm.expectRevert(reason);
        draw(amount);
    }

    function checkBooks() internal view {
        (uint256 value, uint256 losses, uint256 principal) = BooksModel.sum(pool);
        assertEq(pool.loansValue(), value);
        assertEq(pool.unrealisedLosses(), losses);
        assertEq(pool.outstanding(), principal);
    }

    // --------------------------------------------------------------------------------------- open

    function test_opening_pays_nothing_and_locks() public {
        address who = makeAddr("another");
        BorrowRequest memory made = requestOf(who, LIMIT);
        made.terms.tier = tier;
        bytes memory proof = proofFor(who, made);
        vm.expectEmit(address(pool));
        emit ITesseraPool.LineOpened(2, who, LIMIT, EXPIRY);
        vm.prank(who);
        assertEq(pool.borrow(made, proof), 2);

        assertEq(token.balanceOf(who), 0);
        assertEq(pool.cash(), LIQUIDITY);
        assertEq(pool.outstanding(), 0);
        assertEq(pool.loansValue(), 0);
        Line memory line = pool.line(2);
        assertEq(line.limit, LIMIT);
        assertEq(line.credentialUid, registry.uidOf(made.credential));
        Loan memory loan = pool.loan(2);
        assertEq(loan.principal, 0);
        assertEq(loan.dueAt, EXPIRY);
        assertEq(uint8(pool.statusOf(2)), uint8(LoanStatus.Current));
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
        (uint256 principal, uint256 interest) = pool.debtOf(2);
        assertEq(principal + interest, 0);
    }

    /// A line is opened whatever cash there is: cash is needed when it is drawn on.
    function test_opening_needs_no_cash() public {
        vm.prank(lender);
        pool.withdraw(LIQUIDITY, lender, lender);
        openLineAs(makeAddr("another"), tier, LIMIT);
        refuse(1, abi.encodeWithSelector(ITesseraPool.InsufficientCash.selector, 1, 0));
    }

    /// A policy of loans and one of lines of the same model take different proofs.
    function test_a_loans_proof_opens_no_line() public {
        BorrowRequest memory loan = requestOf(makeAddr("another"), LIMIT);
        BorrowRequest memory line = requestOf(makeAddr("another"), LIMIT);
        line.terms.tier = tier;
        assertNotEq(underwriter.policyOf(0), underwriter.policyOf(tier));
        assertNotEq(
            pool.statement(makeAddr("another"), loan).context,
            pool.statement(makeAddr("another"), line).context
        );
        bytes memory proof = proofFor(makeAddr("another"), loan);
        vm.expectPartialRevert(bytes4(keccak256("ProofRejected()")));
        vm.prank(makeAddr("another"));
        pool.borrow(line, proof);
    }

    // --------------------------------------------------------------------------------------- draw

    function testFuzz_within_the_limit(uint256 first, uint256 second, uint256 time) public {
        first = bound(first, 1, LIMIT - 1);
        second = bound(second, 1, LIMIT - first);
        time = bound(time, START, EXPIRY - 1);
        vm.expectEmit(address(pool));
        emit ITesseraPool.Drawn(id, borrower, borrower, first, first);
        assertEq(draw(first), first);
        checkBooks();
        vm.warp(time);
        assertEq(draw(second), first + second);
        checkBooks();
        assertEq(token.balanceOf(borrower), first + second);
        assertEq(pool.cash(), LIQUIDITY - first - second);
        (uint256 principal, uint256 interest) = pool.debtOf(id);
        assertEq(principal, first + second);
        // 15 % a year on the first part alone.
        assertApproxEqAbs(interest, first * 15 * (time - START) / (100 * 365 days), 1);

        uint256 left = LIMIT - first - second;
        refuse(left + 1, abi.encodeWithSelector(ITesseraPool.AmountAboveLimit.selector, left + 1, left));
    }

    /// What is repaid can be drawn again, and the person stays locked all the while.
    function testFuzz_repayment_restores_the_limit(uint256 part, uint256 time) public {
        part = bound(part, 1, LIMIT);
        time = bound(time, START + 1, EXPIRY - 1);
        draw(LIMIT);
        vm.warp(time);
        (, uint256 interest) = pool.debtOf(id);
        repayAs(borrower, id, interest + part);
        assertEq(pool.loan(id).principal, LIMIT - part);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Current));
        assertEq(registry.lockedBy(attester, keccak256(abi.encode(borrower))), address(pool));
        checkBooks();
        refuse(part + 1, abi.encodeWithSelector(ITesseraPool.AmountAboveLimit.selector, part + 1, part));
        draw(part);
        assertEq(pool.loan(id).principal, LIMIT);
        checkBooks();
    }

    /// Interest of a line is that of its parts, each from its own day on.
    function testFuzz_books_through_the_whole_life(uint256 at, uint256 amount, uint256 later) public {
        draw(400 * UNIT);
        vm.warp(bound(at, START, EXPIRY - 1));
        draw(bound(amount, 1, LIMIT - 400 * UNIT));
        vm.warp(bound(later, block.timestamp, EXPIRY + GRACE + DELINQUENCY + 5 days));
        checkBooks();
        repayAs(borrower, id, type(uint256).max);
        checkBooks();
        assertEq(pool.loansValue() + pool.outstanding(), 0);
    }

    function testFuzz_expired(uint256 time) public {
        time = bound(time, EXPIRY, EXPIRY + 1000 days);
        vm.warp(time);
        refuse(1, abi.encodeWithSelector(ITesseraPool.LineExpired.selector, EXPIRY, time));
    }

    function testFuzz_by_another(address caller) public {
        vm.assume(caller != borrower);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotTheBorrower.selector, id, caller));
        vm.prank(caller);
        pool.draw(id, 1, borrower);
    }

    function testFuzz_no_such_line(uint256 loanId) public {
        vm.assume(loanId != id);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotALine.selector, loanId));
        vm.prank(borrower);
        pool.draw(loanId, 1, borrower);
    }

    function test_a_loan_is_not_a_line() public {
        uint256 loan = borrowAs(makeAddr("another"), UNIT);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.NotALine.selector, loan));
        vm.prank(makeAddr("another"));
        pool.draw(loan, 1, borrower);
    }

    function test_nothing_or_to_nobody() public {
        refuse(0, abi.encodeWithSelector(ITesseraPool.ZeroAmount.selector));
        vm.startPrank(borrower);
        vm.expectRevert(ITesseraPool.ZeroAddress.selector);
        pool.draw(id, 1, address(0));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.BadReceiver.selector, pool));
        pool.draw(id, 1, address(pool));
    }

    function testFuzz_above_the_utilisation(uint64 share) public {
        share = uint64(bound(share, 0, 1e18 * (LIMIT - 1) / LIQUIDITY));
        vm.prank(admin);
        pool.setLimits(Limits({deposits: 0, utilisation: share, cover: 0}));
        uint256 most = LIQUIDITY * share / 1e18;
        refuse(LIMIT, abi.encodeWithSelector(ITesseraPool.UtilisationTooHigh.selector, LIMIT, most));
    }

    function test_impaired() public {
        draw(UNIT);
        vm.prank(admin);
        pool.impair(id);
        refuse(1, abi.encodeWithSelector(ITesseraPool.LoanIsImpaired.selector, id));
        // Repaying everything does not take the impairment away; the curator does.
        repayAs(borrower, id, type(uint256).max);
        refuse(1, abi.encodeWithSelector(ITesseraPool.LoanIsImpaired.selector, id));
        vm.prank(admin);
        pool.restore(id);
        draw(1);
    }

    /// A line can be impaired before anything is drawn.
    function test_impaired_when_empty() public {
        vm.startPrank(admin);
        pool.impair(id);
        vm.warp(START + 30 days);
        pool.restore(id);
        vm.stopPrank();
        assertEq(pool.loan(id).graceEndsAt, EXPIRY + GRACE);
        draw(UNIT);
        checkBooks();
    }

    function test_retired_policy() public {
        bytes32 policy = underwriter.policyOf(tier);
        vm.prank(admin);
        underwriter.retirePolicy(policy);
        refuse(1, abi.encodeWithSelector(IUnderwriter.PolicyIsRetired.selector, policy));
    }

    function test_revoked_credential() public {
        bytes32 uid = pool.line(id).credentialUid;
        vm.prank(attester);
        registry.revoke(uid);
        refuse(1, abi.encodeWithSelector(ICredentialRegistry.CredentialRevoked.selector, uid));
    }

    function test_revoked_attester() public {
        vm.prank(attester);
        registry.revokeAttester(attester);
        refuse(1, abi.encodeWithSelector(ICredentialRegistry.AttesterRevoked.selector, attester));
    }

    /// A retired key's credentials stay good, and so does the line.
    function test_retired_attester() public {
        vm.prank(attester);
        registry.retireAttester(attester);
        draw(1);
    }

    function test_no_state_changes_on_refusal() public {
        bytes32 before = keccak256(abi.encode(pool.loan(id), pool.cash(), pool.outstanding()));
        refuse(LIMIT + 1, abi.encodeWithSelector(ITesseraPool.AmountAboveLimit.selector, LIMIT + 1, LIMIT));
        assertEq(keccak256(abi.encode(pool.loan(id), pool.cash(), pool.outstanding())), before);
    }

    /// Opening and drawing in one transaction.
    function test_multicall() public {
        address who = makeAddr("another");
        BorrowRequest memory made = requestOf(who, LIMIT);
        made.terms.tier = tier;
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(pool.borrow, (made, proofFor(who, made)));
        calls[1] = abi.encodeCall(pool.draw, (2, UNIT, who));
        vm.prank(who);
        pool.multicall(calls);
        assertEq(token.balanceOf(who), UNIT);
    }
}
