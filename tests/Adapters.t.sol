// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Id} from "../contracts/adapters/IProver.sol";
import {ProofRecord} from "../contracts/adapters/ProofRecord.sol";
import {ClassTerms, ThreeJaneProver} from "../contracts/adapters/ThreeJaneProver.sol";
import {WildcatRoleProvider} from "../contracts/adapters/WildcatRoleProvider.sol";
import {BorrowRequest, Exposure} from "../contracts/interfaces/IUnderwriter.sol";
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
        bytes32 use = asks.useOf(who);
        return abi.encode(
            keccak256(abi.encode(underwriter.statementFor(address(asks), who, presentation(made), use)))
        );
    }

    function prove(BorrowRequest memory made) internal {
        address who = made.credential.subject;
        bytes memory proof = proofOf(prover, who, made);
        prover.prove(who, presentation(made), made.exposure, proof);
    }

    function signed(BorrowRequest memory made) internal view returns (BorrowRequest memory) {
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        return made;
    }

    // --------------------------------------------------------------------------------- the record

    function test_record() public {
        BorrowRequest memory made = request();
        prove(made);
        ProofRecord.Grade memory grade = prover.gradeOf(borrower);
        assertEq(grade.class, 0);
        assertEq(grade.policyId, underwriter.policyOf(0));
        assertEq(grade.provenAt, START);
        assertEq(grade.expiresAt, START + VALIDITY);
        assertEq(grade.credentialUid, registry.uidOf(made.credential));
        assertEq(prover.nonceOf(borrower), 1);
        assertEq(prover.exposureOf(borrower), 5000 * UNIT);
        assertTrue(prover.inForce(borrower));
        // Nobody's lock is touched.
        assertEq(registry.lockedBy(attester, made.credential.holder), address(0));
    }

    function test_a_proof_is_recorded_once() public {
        BorrowRequest memory made = request();
        bytes memory proof = proofOf(prover, borrower, made);
        prover.prove(borrower, presentation(made), made.exposure, proof);
        vm.expectPartialRevert(bytes4(keccak256("ProofRejected()")));
        prover.prove(borrower, presentation(made), made.exposure, proof);
        prove(made);
        assertEq(prover.nonceOf(borrower), 2);
    }

    function testFuzz_bad_proof(bytes32 proof) public {
        BorrowRequest memory made = request();
        vm.assume(keccak256(abi.encode(proof)) != keccak256(proofOf(prover, borrower, made)));
        vm.expectPartialRevert(bytes4(keccak256("ProofRejected()")));
        prover.prove(borrower, presentation(made), made.exposure, abi.encode(proof));
        assertEq(prover.nonceOf(borrower), 0);
        assertFalse(prover.inForce(borrower));
    }

    function testFuzz_ends_with_the_validity(uint256 time) public {
        prove(request());
        time = bound(time, START, START + 2 * VALIDITY);
        vm.warp(time);
        assertEq(prover.inForce(borrower), time < START + VALIDITY);
    }

    function testFuzz_ends_with_the_credential(uint64 left) public {
        left = uint64(bound(left, 1, VALIDITY));
        BorrowRequest memory made = request();
        made.credential.expiresAt = uint64(START + left);
        prove(signed(made));
        vm.warp(START + left - 1);
        assertTrue(prover.inForce(borrower));
        vm.warp(START + left);
        assertFalse(prover.inForce(borrower));
    }

    /// One person, two wallets: what the later one proved counts.
    function test_one_account_a_person() public {
        prove(request());
        BorrowRequest memory made = request();
        made.credential.subject = lender;
        prove(signed(made));
        assertTrue(prover.inForce(lender));
        assertFalse(prover.inForce(borrower));
    }

    function test_ends_with_policy_credential_and_key() public {
        BorrowRequest memory made = request();
        prove(made);
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
        registry.refresh(made.credential.holder, uint40(START));
        assertFalse(prover.inForce(borrower));
        vm.revertToState(state);
        vm.prank(attester);
        registry.revokeAttester(attester);
        assertFalse(prover.inForce(borrower));
    }

    function testFuzz_bad_validity(uint256 validity) public {
        validity = validity % 2 == 0 ? 0 : bound(validity, 3650 days + 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ProofRecord.BadValidity.selector, validity));
        new WildcatRoleProvider(underwriter, validity);
        vm.expectRevert(abi.encodeWithSelector(ProofRecord.BadValidity.selector, validity));
        new ThreeJaneProver(underwriter, validity, MARKET, address(token), new ClassTerms[](0));
    }

    // --------------------------------------------------------------------------- 3Jane's prover

    function testFuzz_verify(uint256 credit, uint128 drp, uint256 vv) public {
        prove(request());
        bool good = credit <= 2000 * UNIT && drp >= PREMIUM;
        assertEq(prover.verify(MARKET, borrower, vv, credit, drp), good);
        assertTrue(prover.verify(MARKET, borrower, vv, 2000 * UNIT, PREMIUM));
        assertFalse(prover.verify(MARKET, borrower, vv, 2000 * UNIT + 1, PREMIUM));
        assertFalse(prover.verify(MARKET, borrower, vv, 2000 * UNIT, PREMIUM - 1));
    }

    /// The attester's limit counts as well as the class's, and is of the market's token.
    function testFuzz_exposure(uint128 most, address other) public {
        most = uint128(bound(most, 0, 2000 * UNIT - 1));
        BorrowRequest memory made = request();
        made.exposure.max = most;
        bytes32 given = claimsOf(made.exposure);
        bytes memory proof = proofOf(prover, borrower, made);
        vm.expectRevert(
            abi.encodeWithSelector(ThreeJaneProver.ExposureMismatch.selector, made.credential.claims, given)
        );
        prover.prove(borrower, presentation(made), made.exposure, proof);
        made.credential.claims = given;
        prove(signed(made));
        assertTrue(prover.verify(MARKET, borrower, 0, most, PREMIUM));
        assertFalse(prover.verify(MARKET, borrower, 0, uint256(most) + 1, PREMIUM));

        vm.assume(other != address(token));
        made.exposure = Exposure({asset: other, max: most});
        made.credential.claims = claimsOf(made.exposure);
        vm.expectRevert(abi.encodeWithSelector(ThreeJaneProver.AssetMismatch.selector, address(token), other));
        prover.prove(borrower, presentation(made), made.exposure, "");
    }

    function test_class_that_entitles_to_nothing() public {
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        vm.expectRevert(abi.encodeWithSelector(ThreeJaneProver.ClassNotServed.selector, 2));
        prover.prove(borrower, presentation(made), made.exposure, "");
    }

    function testFuzz_other_market(bytes32 id) public {
        vm.assume(id != Id.unwrap(MARKET));
        prove(request());
        assertFalse(prover.verify(Id.wrap(id), borrower, 0, 1, type(uint128).max));
    }

    function testFuzz_nothing_proven(address who) public view {
        assertFalse(prover.verify(MARKET, who, 0, 0, type(uint128).max));
        assertEq(roleProvider.getCredential(who), 0);
    }

    // ------------------------------------------------------------------ Wildcat's role provider

    function test_pull_and_push() public {
        assertTrue(roleProvider.isPullProvider());
        BorrowRequest memory made = request();
        bytes memory data = abi.encode(presentation(made), proofOf(roleProvider, borrower, made));
        assertEq(roleProvider.validateCredential(borrower, data), START);
        assertEq(roleProvider.getCredential(borrower), START);
    }

    /// The hooks take a revert for "no".
    function testFuzz_garbage(bytes calldata data) public {
        vm.expectRevert();
        roleProvider.validateCredential(borrower, data);
    }
}
