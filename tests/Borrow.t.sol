// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {IGate} from "../contracts/interfaces/IGate.sol";
import {ILoanBook, Loan, LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {ITesseraVerifier, Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, Exposure, IUnderwriter} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// What a good request does, and each reason for which a bad one is refused.
contract BorrowTest is Base {
    function expectRefusal(BorrowRequest memory made, bytes memory reason) internal {
        bytes memory proof = proofFor(borrower, made);
        vm.expectRevert(reason);
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    // ----------------------------------------------------------------------------------- accepted

    function testFuzz_pays_out(uint256 amount) public {
        BorrowRequest memory made = request();
        amount = bound(amount, 1, 2000 * UNIT);
        made.terms.amount = amount;
        made.terms.receiver = makeAddr("receiver");
        bytes32 uid = registry.uidOf(made.credential);
        Statement memory proven = pool.statement(borrower, made);

        uint256 number = borrow(made);

        Loan memory loan = rec(number);
        assertEq(token.balanceOf(made.terms.receiver), amount);
        assertEq(token.balanceOf(address(vault)), LIQUIDITY - amount);
        assertEq(vault.cash(), LIQUIDITY - amount);
        assertEq(vault.totalAssets(), LIQUIDITY);
        assertEq(registry.personOf(attester, made.credential.holder).loans, 1);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
        assertEq(principalOf(number), amount);
        assertEq(loan.borrower, borrower);
        assertEq(loan.attester, attester);
        assertEq(loan.holder, made.credential.holder);
        assertEq(loan.credentialUid, uid);
        assertEq(loan.tier, 0);
        assertFalse(loan.line);
        assertEq(loan.amount, amount);
        assertEq(loan.rate, BASE_RATE + 0.07e18);
        assertEq(loan.lateRate, LATE_RATE);
        assertEq(loan.originatedAt, START);
        assertEq(loan.dueAt, START + 90 days);
        assertEq(loan.graceEndsAt, START + 90 days + GRACE);
        assertEq(uint8(statusOf(number)), uint8(LoanStatus.Current));
        assertTrue(proven.context != 0);
    }

    /// The event carries all that repayment needs: the loan, whose hash is its id.
    function test_event() public {
        BorrowRequest memory made = request();
        uint256 context = pool.statement(borrower, made).context;
        uint256 state = vm.snapshotState();
        Loan memory loan = rec(borrow(made));
        vm.revertToState(state);
        bytes32 id = keccak256(abi.encode(loan));
        vm.expectEmit(address(pool));
        emit ITesseraPool.Borrowed(
            id, borrower, loan.holder, loan, underwriter.policyId(), made.terms.receiver, context
        );
        bytes memory proof = proofFor(borrower, made);
        vm.prank(borrower);
        (bytes32 given, Loan memory same) = pool.borrow(made, proof);
        assertEq(given, id);
        assertEq(book.idOf(same), id);
    }

    /// Nothing about a loan is on chain but under its hash: a loan that was never made is owed nothing on.
    function testFuzz_a_record_nobody_agreed_on(uint64 rate, uint96 amount, uint40 dueAt) public {
        Loan memory forged = rec(borrow(request()));
        vm.assume(rate != forged.rate || amount != forged.amount || dueAt != forged.dueAt);
        (forged.rate, forged.amount, forged.dueAt) = (rate, amount, dueAt);
        assertEq(uint8(book.statusOf(forged)), uint8(LoanStatus.None));
        (uint256 principal, uint256 interest) = book.debtOf(forged);
        assertEq(principal + interest, 0);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, book.idOf(forged)));
        pool.repay(forged, 1);
    }

    function test_statement_is_the_pools_own() public view {
        BorrowRequest memory made = request();
        Statement memory proven = pool.statement(borrower, made);
        assertEq(proven.commitment, COMMITMENT);
        assertEq(proven.schema, SCHEMA);
        assertEq(proven.modelDigest, MODEL);
        assertEq(proven.threshold, TIER_0);
        bytes32 uid = registry.uidOf(made.credential);
        bytes32 use = keccak256(abi.encode(keccak256("tessera.borrow.v2"), made.terms, made.nonce));
        uint256 expected = uint256(
            keccak256(
                abi.encode(
                    keccak256("tessera.use.v2"),
                    block.chainid,
                    pool,
                    verifier,
                    underwriter.policyId(),
                    borrower,
                    made.terms.tier,
                    uid,
                    use
                )
            )
        ) >> 8;
        assertEq(proven.context, expected);
        assertEq(pool.context(borrower, uid, made.terms, made.nonce), expected);
    }

    function testFuzz_due_at_the_end_of_a_day(uint256 later) public {
        later = bound(later, 0, 20 days);
        vm.warp(START + later);
        uint256 id = borrowAs(borrower, UNIT);
        Loan memory loan = rec(id);
        assertEq(loan.dueAt % 1 days, 0);
        assertGe(loan.dueAt, START + later + 90 days);
        assertLt(loan.dueAt, START + later + 91 days);
    }

    // ------------------------------------------------------------------------------------ refused

    function testFuzz_wrong_nonce(uint256 nonce) public {
        vm.assume(nonce != 0);
        BorrowRequest memory made = request();
        made.nonce = nonce;
        expectRefusal(made, abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 0, nonce));
    }

    function test_no_receiver() public {
        BorrowRequest memory made = request();
        made.terms.receiver = address(0);
        expectRefusal(made, abi.encodeWithSelector(ITesseraPool.ZeroAddress.selector));
    }

    function test_pool_as_receiver() public {
        BorrowRequest memory made = request();
        made.terms.receiver = address(pool);
        expectRefusal(made, abi.encodeWithSelector(ITesseraPool.BadReceiver.selector, address(pool)));
        made.terms.receiver = address(vault);
        expectRefusal(made, abi.encodeWithSelector(ITesseraPool.BadReceiver.selector, address(vault)));
    }

    function testFuzz_more_than_the_cash(uint256 amount) public {
        // More than the tier would be refused first.
        vm.prank(lender);
        vault.withdraw(LIQUIDITY - 1000 * UNIT, lender, lender);
        amount = bound(amount, 1000 * UNIT + 1, 2000 * UNIT);
        BorrowRequest memory made = request();
        made.terms.amount = amount;
        expectRefusal(
            made, abi.encodeWithSelector(ITesseraVault.InsufficientCash.selector, amount, 1000 * UNIT)
        );
    }

    function test_nothing() public {
        BorrowRequest memory made = request();
        made.terms.amount = 0;
        expectRefusal(made, abi.encodeWithSelector(IUnderwriter.ZeroAmount.selector));
    }

    function testFuzz_more_than_the_tier(uint256 amount) public {
        amount = bound(amount, 2000 * UNIT + 1, LIQUIDITY);
        BorrowRequest memory made = request();
        made.terms.amount = amount;
        expectRefusal(
            made, abi.encodeWithSelector(IUnderwriter.AmountAboveTier.selector, amount, 2000 * UNIT)
        );
    }

    function testFuzz_more_than_the_exposure(uint256 amount, uint128 most) public {
        amount = bound(amount, 1, 2000 * UNIT);
        most = uint128(bound(most, 0, amount - 1));
        BorrowRequest memory made = request();
        made = requestWith(Exposure({asset: address(token), max: most}));
        made.terms.amount = amount;
        expectRefusal(made, abi.encodeWithSelector(IUnderwriter.AmountAboveExposure.selector, amount, most));
    }

    function requestWith(Exposure memory vouched) internal view returns (BorrowRequest memory made) {
        made = request();
        made.credential.claims = claimsOf(vouched);
        made = requestFor(made.credential);
        made.exposure = vouched;
    }

    /// What the attester vouches for is an amount of one token, and so is what a tier pays out.
    function testFuzz_exposure_of_another_token(address other) public {
        vm.assume(other != address(token));
        BorrowRequest memory made = requestWith(Exposure({asset: other, max: 500_000}));
        expectRefusal(made, abi.encodeWithSelector(IUnderwriter.WrongAsset.selector, address(token), other));
    }

    function testFuzz_exposure_that_was_not_signed(uint128 most) public {
        BorrowRequest memory made = request();
        vm.assume(most != made.exposure.max);
        made.exposure.max = most;
        expectRefusal(
            made,
            abi.encodeWithSelector(
                IUnderwriter.WrongExposure.selector, made.credential.claims, claimsOf(made.exposure)
            )
        );
    }

    function testFuzz_after_the_deadline(uint64 deadline, uint256 late) public {
        deadline = uint64(bound(deadline, START, START + 20 days));
        BorrowRequest memory made = request();
        made.terms.deadline = deadline;
        vm.warp(deadline + bound(late, 1, 5 days));
        expectRefusal(
            made, abi.encodeWithSelector(IUnderwriter.DeadlinePassed.selector, deadline, block.timestamp)
        );
        vm.warp(deadline);
        borrow(made);
    }

    function testFuzz_unknown_tier(uint256 tier) public {
        tier = bound(tier, 2, type(uint256).max);
        BorrowRequest memory made = request();
        made.terms.tier = tier;
        vm.expectRevert(abi.encodeWithSelector(IGate.UnknownTier.selector, tier, 2));
        pool.statement(borrower, made);
        vm.expectRevert(abi.encodeWithSelector(IGate.UnknownTier.selector, tier, 2));
        vm.prank(borrower);
        pool.borrow(made, "");
    }

    function testFuzz_somebody_elses_credential(address thief) public {
        vm.assume(thief != borrower);
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(thief, made);
        vm.expectRevert(abi.encodeWithSelector(IGate.NotTheSubject.selector, borrower, thief));
        vm.prank(thief);
        pool.borrow(made, proof);
    }

    function testFuzz_another_schema(bytes32 schema) public {
        vm.assume(schema != bytes32(SCHEMA));
        BorrowRequest memory made = request();
        made.credential.schema = schema;
        made = requestFor(made.credential);
        expectRefusal(made, abi.encodeWithSelector(IGate.SchemaMismatch.selector, bytes32(SCHEMA), schema));
    }

    function test_retired_policy() public {
        BorrowRequest memory made = request();
        bytes32 id = underwriter.policyId();
        vm.prank(admin);
        underwriter.retirePolicy(id);
        expectRefusal(made, abi.encodeWithSelector(IGate.PolicyIsRetired.selector, id));
    }

    function testFuzz_bytes_that_prove_nothing(bytes32 proof) public {
        BorrowRequest memory made = request();
        vm.assume(abi.decode(proofFor(borrower, made), (bytes32)) != proof);
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        vm.prank(borrower);
        pool.borrow(made, abi.encode(proof));
    }

    function testFuzz_proof_of_another_length(bytes calldata proof) public {
        vm.assume(proof.length != 32);
        BorrowRequest memory made = request();
        vm.expectRevert(abi.encodeWithSelector(ITesseraVerifier.ProofLength.selector, 32, proof.length));
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    function test_a_pool_the_registry_does_not_allow() public {
        vm.prank(admin);
        registry.disallowPool(address(pool));
        expectRefusal(
            request(), abi.encodeWithSelector(ICredentialRegistry.PoolNotAllowed.selector, address(pool))
        );
    }

    /// A refused request leaves no trace.
    function test_refusal_changes_nothing() public {
        BorrowRequest memory made = request();
        vm.prank(borrower);
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        pool.borrow(made, abi.encode(bytes32(0)));
        assertEq(registry.personOf(attester, made.credential.holder).loans, 0);
        assertEq(vault.cash(), LIQUIDITY);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(0));
        borrow(made);
    }

    /// The book hashes a record as it lies in memory, which is how it is encoded.
    function testFuzz_id(Loan memory loan) public view {
        assertEq(book.idOf(loan), keccak256(abi.encode(loan)));
    }
}
