// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Id} from "../contracts/adapters/IProver.sol";
import {ProofRecord} from "../contracts/adapters/ProofRecord.sol";
import {TesseraProver} from "../contracts/adapters/TesseraProver.sol";
import {TesseraRoleProvider} from "../contracts/adapters/TesseraRoleProvider.sol";
import {BorrowRequest, IUnderwriter} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// What other protocols learn from a proof, and for how long.
contract AdaptersTest is Base {
    uint256 internal constant VALIDITY = 30 days;
    uint128 internal constant PREMIUM = uint128(uint256(0.07e18) / 365 days);

    function setUp() public override {
        super.setUp();
        deployMore(MODEL, SCHEMA, TIER_0);
    }

    function proofOf(ProofRecord asks, address who, BorrowRequest memory made)
        internal
        view
        returns (bytes memory)
    {
        return abi.encode(keccak256(abi.encode(underwriter.statement(address(asks), who, made))));
    }

    function prove(ProofRecord asks, BorrowRequest memory made) internal {
        address who = made.credential.subject;
        asks.prove(who, made, proofOf(asks, who, made));
    }

    // --------------------------------------------------------------------------------- the record

    function test_record() public {
        BorrowRequest memory made = request();
        bytes32 policy = underwriter.policyOf(0);
        uint256 context = underwriter.statement(address(prover), borrower, made).context;
        vm.expectEmit(address(prover));
        emit ProofRecord.Proven(
            borrower, made.credential.holder, policy, 1500 * UNIT, 0, START + VALIDITY, context
        );
        prove(prover, made);
        ProofRecord.Grade memory grade = prover.gradeOf(borrower);
        assertEq(grade.amount, 1500 * UNIT);
        assertEq(grade.provenAt, START);
        assertEq(grade.expiresAt, START + VALIDITY);
        assertEq(grade.credentialUid, registry.uidOf(made.credential));
        assertEq(prover.nonceOf(borrower), 1);
        assertTrue(prover.inForce(borrower));
        // Nobody's lock is touched.
        assertEq(registry.lockedBy(attester, made.credential.holder), address(0));
    }

    function testFuzz_nonce(uint256 nonce) public {
        vm.assume(nonce != 0);
        BorrowRequest memory made = request();
        made.nonce = nonce;
        bytes memory proof = proofOf(prover, borrower, made);
        vm.expectRevert(abi.encodeWithSelector(ProofRecord.WrongNonce.selector, 0, nonce));
        prover.prove(borrower, made, proof);
    }

    function test_twice() public {
        BorrowRequest memory made = request();
        prove(prover, made);
        bytes memory proof = proofOf(prover, borrower, made);
        vm.expectRevert(abi.encodeWithSelector(ProofRecord.WrongNonce.selector, 1, 0));
        prover.prove(borrower, made, proof);
        made.nonce = 1;
        prove(prover, made);
    }

    function testFuzz_bad_proof(bytes32 proof) public {
        BorrowRequest memory made = request();
        vm.assume(keccak256(abi.encode(proof)) != keccak256(proofOf(prover, borrower, made)));
        vm.expectPartialRevert(bytes4(keccak256("ProofRejected()")));
        prover.prove(borrower, made, abi.encode(proof));
        assertEq(prover.nonceOf(borrower), 0);
        assertFalse(prover.inForce(borrower));
    }

    function testFuzz_amount_above_the_tier(uint256 amount) public {
        amount = bound(amount, 2000 * UNIT + 1, type(uint256).max);
        BorrowRequest memory made = request();
        made.terms.amount = amount;
        bytes memory proof = proofOf(prover, borrower, made);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.AmountAboveTier.selector, amount, 2000 * UNIT));
        prover.prove(borrower, made, proof);
    }

    function testFuzz_ends_with_the_validity(uint256 time) public {
        prove(prover, request());
        time = bound(time, START, START + 2 * VALIDITY);
        vm.warp(time);
        assertEq(prover.inForce(borrower), time < START + VALIDITY);
    }

    function testFuzz_ends_with_the_credential(uint64 left) public {
        left = uint64(bound(left, 1, VALIDITY));
        BorrowRequest memory made = request();
        made.credential.expiresAt = uint64(START + left);
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        prove(prover, made);
        vm.warp(START + left - 1);
        assertTrue(prover.inForce(borrower));
        vm.warp(START + left);
        assertFalse(prover.inForce(borrower));
    }

    /// One person, two wallets: what the later one proved counts.
    function test_one_account_a_person() public {
        prove(prover, request());
        BorrowRequest memory made = request();
        made.credential.subject = lender;
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        made.nonce = 0;
        prove(prover, made);
        assertTrue(prover.inForce(lender));
        assertFalse(prover.inForce(borrower));
    }

    function test_ends_with_policy_credential_and_key() public {
        BorrowRequest memory made = request();
        prove(prover, made);
        uint256 state = vm.snapshotState();
        bytes32 policy = underwriter.policyOf(0);
        vm.prank(admin);
        underwriter.retirePolicy(policy);
        assertFalse(prover.inForce(borrower));
        vm.revertToState(state);
        bytes32 uid = registry.uidOf(made.credential);
        vm.prank(attester);
        registry.revoke(uid);
        assertFalse(prover.inForce(borrower));
        vm.revertToState(state);
        vm.prank(attester);
        registry.revokeAttester(attester);
        assertFalse(prover.inForce(borrower));
    }

    function testFuzz_bad_validity(uint256 validity) public {
        validity = validity % 2 == 0 ? 0 : bound(validity, 3650 days + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ProofRecord.BadValidity.selector, validity));
        new TesseraRoleProvider(underwriter, validity);
        vm.expectRevert(abi.encodeWithSelector(ProofRecord.BadValidity.selector, validity));
        new TesseraProver(underwriter, validity, MARKET);
    }

    // ---------------------------------------------------------------------------------- the prover

    function testFuzz_verify(uint256 credit, uint128 drp, uint256 vv) public {
        prove(prover, request());
        bool good = credit <= 1500 * UNIT && drp >= PREMIUM;
        assertEq(prover.verify(MARKET, borrower, vv, credit, drp), good);
        assertTrue(prover.verify(MARKET, borrower, vv, 1500 * UNIT, PREMIUM));
        assertFalse(prover.verify(MARKET, borrower, vv, 1500 * UNIT + 1, PREMIUM));
        assertFalse(prover.verify(MARKET, borrower, vv, 1500 * UNIT, PREMIUM - 1));
    }

    function testFuzz_other_market(bytes32 id) public {
        vm.assume(id != Id.unwrap(MARKET));
        prove(prover, request());
        assertFalse(prover.verify(Id.wrap(id), borrower, 0, 1, type(uint128).max));
    }

    function testFuzz_nothing_proven(address who) public view {
        assertFalse(prover.verify(MARKET, who, 0, 0, type(uint128).max));
        assertEq(roleProvider.getCredential(who), 0);
    }

    // --------------------------------------------------------------------------- the role provider

    function test_pull_and_push() public {
        assertTrue(roleProvider.isPullProvider());
        BorrowRequest memory made = request();
        bytes memory data = abi.encode(made, proofOf(roleProvider, borrower, made));
        assertEq(roleProvider.validateCredential(borrower, data), START);
        assertEq(roleProvider.getCredential(borrower), START);
    }

    /// The hooks take a revert for "no".
    function testFuzz_garbage(bytes calldata data) public {
        vm.expectRevert();
        roleProvider.validateCredential(borrower, data);
    }
}
