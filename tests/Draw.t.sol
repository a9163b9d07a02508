// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {IGate} from "../contracts/interfaces/IGate.sol";
import {ILoanBook, Loan, LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVault, Limits} from "../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {BooksModel} from "./support/BooksModel.sol";

/// Opening a credit line with a proof, and drawing on it.
contract DrawTest is Base {
    uint256 internal constant LIMIT = 1500 * UNIT;
    uint256 internal constant EXPIRY = START + 90 days;
    uint256 internal tier;
    uint256 internal id;

    function setUp() public override {
        super.setUp();
        tier = addLinePolicy();
        // In force for as long as the line is.
        BorrowRequest memory made = requestOf(borrower, LIMIT);
        made.credential.expiresAt = uint64(EXPIRY + 3650 days);
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        made.terms.tier = tier;
        id = borrowBy(borrower, made);
    }

    function draw(uint256 amount) internal returns (uint256) {
        return drawAs(borrower, id, amount);
    }

    function refuse(uint256 amount, bytes memory reason) internal {
        vm.expectRevert(reason);
        draw(amount);
    }

    function checkBooks() internal view {
        (uint256 value, uint256 losses,) = BooksModel.sum(book, loans);
        assertEq(vault.loansValue(), value);
        assertEq(vault.unrealisedLosses(), losses);
    }

    // --------------------------------------------------------------------------------------- open

    function test_opening_pays_nothing_and_locks() public {
        address who = makeAddr("another");
        BorrowRequest memory made = requestOf(who, LIMIT);
        made.terms.tier = tier;
        assertEq(borrowBy(who, made), 2);

        assertEq(token.balanceOf(who), 0);
        assertEq(vault.cash(), LIQUIDITY);
        assertEq(vault.loansValue(), 0);
        Loan memory line = rec(2);
        assertTrue(line.line);
        assertEq(line.amount, LIMIT);
        assertEq(line.credentialUid, registry.uidOf(made.credential));
        assertEq(principalOf(2), 0);
        assertEq(line.dueAt, EXPIRY);
        assertEq(uint8(statusOf(2)), uint8(LoanStatus.Current));
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
        (uint256 principal, uint256 interest) = debtOf(2);
        assertEq(principal + interest, 0);
    }

    /// A line is opened whatever cash there is: cash is needed when it is drawn on.
    function test_opening_needs_no_cash() public {
        vm.prank(lender);
        vault.withdraw(LIQUIDITY, lender, lender);
        openLineAs(makeAddr("another"), tier, LIMIT);
        refuse(1, abi.encodeWithSelector(ITesseraVault.InsufficientCash.selector, 1, 0));
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
        emit ITesseraPool.Drawn(idOf(id), borrower, borrower, first, first);
        assertEq(draw(first), first);
        checkBooks();
        vm.warp(time);
        assertEq(draw(second), first + second);
        checkBooks();
        assertEq(token.balanceOf(borrower), first + second);
        assertEq(vault.cash(), LIQUIDITY - first - second);
        (uint256 principal, uint256 interest) = debtOf(id);
        assertEq(principal, first + second);
        // 15 % a year on the first part alone.
        assertApproxEqAbs(interest, first * 15 * (time - START) / (100 * 365 days), 1);

        uint256 left = LIMIT - first - second;
        refuse(left + 1, abi.encodeWithSelector(ILoanBook.AmountAboveLimit.selector, left + 1, left));
    }

    /// What is repaid can be drawn again, and the person stays locked all the while.
    function testFuzz_repayment_restores_the_limit(uint256 part, uint256 time) public {
        part = bound(part, 1, LIMIT);
        time = bound(time, START + 1, EXPIRY - 1);
        draw(LIMIT);
        vm.warp(time);
        (, uint256 interest) = debtOf(id);
        repayAs(borrower, id, interest + part);
        assertEq(principalOf(id), LIMIT - part);
        assertEq(uint8(statusOf(id)), uint8(LoanStatus.Current));
        assertEq(registry.lockedBy(attester, keccak256(abi.encode(borrower))), address(pool));
        checkBooks();
        refuse(part + 1, abi.encodeWithSelector(ILoanBook.AmountAboveLimit.selector, part + 1, part));
        draw(part);
        assertEq(principalOf(id), LIMIT);
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
        assertEq(vault.loansValue() + principalOf(id), 0);
    }

    function testFuzz_expired(uint256 time) public {
        time = bound(time, EXPIRY, EXPIRY + 1000 days);
        vm.warp(time);
        refuse(1, abi.encodeWithSelector(ILoanBook.LineExpired.selector, EXPIRY, time));
    }

    function testFuzz_by_another(address caller) public {
        vm.assume(caller != borrower);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.NotTheBorrower.selector, idOf(id), caller));
        vm.prank(caller);
        pool.draw(rec(id), credentials[id], 1, borrower);
    }

    function testFuzz_no_such_line(uint96 limit) public {
        Loan memory forged = rec(id);
        vm.assume(limit != forged.amount);
        forged.amount = limit;
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, book.idOf(forged)));
        vm.prank(borrower);
        pool.draw(forged, credentials[id], 1, borrower);
    }

    /// Whoever closes the line cannot open it again by another record.
    function test_a_loan_is_not_a_line() public {
        address another = makeAddr("another");
        uint256 loan = borrowAs(another, UNIT);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.NotALine.selector, idOf(loan)));
        drawAs(another, loan, 1);
    }

    function test_another_credential() public {
        Credential memory other = credentials[id];
        other.salt++;
        bytes32 uid = registry.uidOf(other);
        vm.expectRevert(
            abi.encodeWithSelector(ITesseraPool.WrongCredential.selector, rec(id).credentialUid, uid)
        );
        vm.prank(borrower);
        pool.draw(rec(id), other, 1, borrower);
    }

    function test_nothing_or_to_nobody() public {
        refuse(0, abi.encodeWithSelector(ITesseraPool.ZeroAmount.selector));
        vm.startPrank(borrower);
        vm.expectRevert(ITesseraPool.ZeroAddress.selector);
        pool.draw(rec(id), credentials[id], 1, address(0));
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.BadReceiver.selector, pool));
        pool.draw(rec(id), credentials[id], 1, address(pool));
    }

    function testFuzz_above_the_utilisation(uint64 share) public {
        share = uint64(bound(share, 0, 1e18 * (LIMIT - 1) / LIQUIDITY));
        vm.prank(admin);
        vault.setLimits(Limits({deposits: 0, utilisation: share, cover: 0}));
        uint256 most = LIQUIDITY * share / 1e18;
        refuse(LIMIT, abi.encodeWithSelector(ITesseraVault.UtilisationTooHigh.selector, LIMIT, most));
    }

    function test_marked() public {
        draw(UNIT);
        vm.prank(admin);
        pool.mark(rec(id), 1);
        refuse(1, abi.encodeWithSelector(ILoanBook.LoanIsMarked.selector, idOf(id)));
        // Repaying everything does not take the mark away; the curator does.
        repayAs(borrower, id, type(uint256).max);
        refuse(1, abi.encodeWithSelector(ILoanBook.LoanIsMarked.selector, idOf(id)));
        vm.prank(admin);
        pool.restore(rec(id), 0);
        draw(1);
    }

    /// A line can be marked before anything is drawn.
    function test_marked_when_empty() public {
        vm.startPrank(admin);
        pool.mark(rec(id), 0.5e18);
        assertEq(vault.unrealisedLosses(), 0);
        vm.warp(START + 30 days);
        pool.restore(rec(id), 0);
        vm.stopPrank();
        draw(UNIT);
        checkBooks();
    }

    /// A line ends with what it was opened on: the credential's time, its issuer's newer knowledge, the pool's
    /// standing with the registry.
    function test_stale_knowledge() public {
        uint256 state = vm.snapshotState();
        Credential memory given = credentials[id];
        vm.warp(START + 1 days);
        vm.prank(attester);
        registry.refresh(given.holder, uint40(START + 1 days));
        refuse(
            1,
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialSuperseded.selector,
                given.holder,
                START + 1 days,
                given.issuedAt
            )
        );
        vm.revertToState(state);
        vm.prank(admin);
        registry.disallowPool(address(pool));
        refuse(1, abi.encodeWithSelector(ICredentialRegistry.PoolNotAllowed.selector, address(pool)));
    }

    function test_expired_credential() public {
        address who = makeAddr("another");
        BorrowRequest memory made = requestOf(who, LIMIT);
        made.terms.tier = tier;
        uint256 number = borrowBy(who, made);
        drawAs(who, number, 1);
        vm.warp(made.credential.expiresAt);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialExpired.selector, made.credential.expiresAt, block.timestamp
            )
        );
        drawAs(who, number, 1);
    }

    function test_retired_policy() public {
        bytes32 policy = underwriter.policyOf(tier);
        vm.prank(admin);
        underwriter.retirePolicy(policy);
        refuse(1, abi.encodeWithSelector(IGate.PolicyIsRetired.selector, policy));
    }

    function test_revoked_credential() public {
        bytes32 uid = rec(id).credentialUid;
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
        bytes32 before = keccak256(abi.encode(book.accountOf(idOf(id)), vault.cash(), vault.loansValue()));
        refuse(LIMIT + 1, abi.encodeWithSelector(ILoanBook.AmountAboveLimit.selector, LIMIT + 1, LIMIT));
        assertEq(keccak256(abi.encode(book.accountOf(idOf(id)), vault.cash(), vault.loansValue())), before);
    }
}
