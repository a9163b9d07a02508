// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {ITesseraPool, Loan, LoanStatus} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVerifier, Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, IUnderwriter} from "../contracts/interfaces/IUnderwriter.sol";
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

        vm.expectEmit(address(pool));
        emit ITesseraPool.Borrowed(
            1,
            borrower,
            made.credential.holder,
            attester,
            uid,
            pool.policyId(),
            made.terms,
            START + 90 days,
            proven.context
        );
        uint256 id = borrow(made);

        assertEq(id, 1);
        assertEq(token.balanceOf(made.terms.receiver), amount);
        assertEq(token.balanceOf(address(pool)), LIQUIDITY - amount);
        assertEq(pool.cash(), LIQUIDITY - amount);
        assertEq(pool.outstanding(), amount);
        assertEq(pool.totalAssets(), LIQUIDITY);
        assertEq(pool.borrowNonce(borrower), 1);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
        Loan memory loan = pool.loan(id);
        assertEq(loan.borrower, borrower);
        assertEq(loan.holder, made.credential.holder);
        assertEq(loan.tier, 0);
        assertEq(loan.principal, amount);
        assertEq(loan.rate, BASE_RATE + 0.07e18);
        assertEq(loan.lateRate, LATE_RATE);
        assertEq(loan.dueAt, START + 90 days);
        assertEq(loan.graceEndsAt, START + 90 days + GRACE);
        assertEq(uint8(pool.statusOf(id)), uint8(LoanStatus.Current));
    }

    function test_statement_is_the_pools_own() public view {
        BorrowRequest memory made = request();
        Statement memory proven = pool.statement(borrower, made);
        assertEq(proven.commitment, COMMITMENT);
        assertEq(proven.schema, SCHEMA);
        assertEq(proven.modelDigest, MODEL);
        assertEq(proven.threshold, TIER_0);
        bytes32 uid = registry.uidOf(made.credential);
        uint256 expected = uint256(
            keccak256(
                abi.encode(
                    keccak256("tessera.borrow.v1"),
                    block.chainid,
                    pool,
                    verifier,
                    pool.policyId(),
                    borrower,
                    made.terms,
                    uid,
                    made.nonce
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
        Loan memory loan = pool.loan(id);
        assertEq(loan.dueAt % 1 days, 0);
        assertGe(loan.dueAt, START + later + 90 days);
        assertLt(loan.dueAt, START + later + 91 days);
    }

    // ------------------------------------------------------------------------------------ refused

    function testFuzz_wrong_nonce(uint256 nonce) public {
        vm.assume(nonce != 0);
        BorrowRequest memory made = request();
        made.nonce = nonce;
        expectRefusal(made, abi.encodeWithSelector(ITesseraPool.WrongNonce.selector, 0, nonce));
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
    }

    function testFuzz_more_than_the_cash(uint256 amount) public {
        amount = bound(amount, LIQUIDITY + 1, type(uint256).max);
        BorrowRequest memory made = request();
        made.terms.amount = amount;
        expectRefusal(made, abi.encodeWithSelector(ITesseraPool.InsufficientCash.selector, amount, LIQUIDITY));
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

    function testFuzz_more_than_the_exposure(uint256 amount, uint128 exposure) public {
        amount = bound(amount, 1, 2000 * UNIT);
        exposure = uint128(bound(exposure, 0, amount - 1));
        BorrowRequest memory made = request();
        made.credential.maxExposure = exposure;
        made = requestFor(made.credential);
        made.terms.amount = amount;
        expectRefusal(
            made, abi.encodeWithSelector(IUnderwriter.AmountAboveExposure.selector, amount, exposure)
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
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.UnknownTier.selector, tier, 2));
        pool.statement(borrower, made);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.UnknownTier.selector, tier, 2));
        vm.prank(borrower);
        pool.borrow(made, "");
    }

    function testFuzz_somebody_elses_credential(address thief) public {
        vm.assume(thief != borrower);
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(thief, made);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.NotTheSubject.selector, borrower, thief));
        vm.prank(thief);
        pool.borrow(made, proof);
    }

    function testFuzz_another_schema(bytes32 schema) public {
        vm.assume(schema != bytes32(SCHEMA));
        BorrowRequest memory made = request();
        made.credential.schema = schema;
        made = requestFor(made.credential);
        expectRefusal(
            made, abi.encodeWithSelector(IUnderwriter.SchemaMismatch.selector, bytes32(SCHEMA), schema)
        );
    }

    function test_retired_policy() public {
        BorrowRequest memory made = request();
        bytes32 id = pool.policyId();
        vm.prank(admin);
        underwriter.retirePolicy(id);
        expectRefusal(made, abi.encodeWithSelector(IUnderwriter.PolicyIsRetired.selector, id));
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
        assertEq(pool.loanCount(), 0);
        assertEq(pool.borrowNonce(borrower), 0);
        assertEq(pool.cash(), LIQUIDITY);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(0));
        borrow(made);
    }
}
