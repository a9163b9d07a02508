// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Gate} from "../contracts/gate/Gate.sol";
import {IGate, Passed, Presentation, Rule} from "../contracts/interfaces/IGate.sol";
import {ITesseraVerifier, Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// The gate without loans: who passes, for what, once or many times.
contract GateTest is Base {
    Gate internal gate;
    bytes32 internal constant USE = keccak256("entry to the club");

    function setUp() public override {
        super.setUp();
        gate = new Gate(registry, address(manager));
        Rule memory first = rule();
        vm.prank(admin);
        gate.addRule(first);
    }

    function rule() internal view returns (Rule memory made) {
        made = ruleFor(MODEL, SCHEMA);
        made.thresholds = new uint64[](2);
        (made.thresholds[0], made.thresholds[1]) = (TIER_0, TIER_1);
    }

    function proofOf(address consumer, bytes32 use, Presentation memory presented)
        internal
        view
        returns (bytes memory)
    {
        Statement memory proven = gate.statementFor(consumer, borrower, presented, use);
        return abi.encode(keccak256(abi.encode(proven)));
    }

    function test_passes_as_often_as_it_is_asked() public view {
        Presentation memory presented = presentation(request());
        bytes memory proof = proofOf(address(this), USE, presented);
        Passed memory passed = gate.check(borrower, presented, USE, proof);
        Passed memory again = gate.check(borrower, presented, USE, proof);
        assertEq(passed.context, again.context);
        assertEq(passed.policyId, gate.policyOf(0));
        assertEq(passed.credentialUid, registry.uidOf(presented.credential));
        assertEq(passed.context, gate.contextFor(address(this), borrower, 0, passed.credentialUid, USE));
        assertEq(gate.precheck(borrower, presented, USE).context, passed.context);
    }

    function test_consumed_once() public {
        Presentation memory presented = presentation(request());
        bytes memory proof = proofOf(address(this), USE, presented);
        Passed memory passed = gate.consume(borrower, presented, USE, proof);
        assertTrue(gate.consumed(address(this), passed.context));
        vm.expectRevert(abi.encodeWithSelector(IGate.AlreadyConsumed.selector, passed.context));
        gate.consume(borrower, presented, USE, proof);
        // Another use is another context.
        bytes32 other = keccak256("another");
        gate.consume(borrower, presented, other, proofOf(address(this), other, presented));
    }

    /// A proof serves one consumer, one account, one class, one use.
    function testFuzz_bound(address consumer, bytes32 use) public {
        Presentation memory presented = presentation(request());
        bytes memory proof = proofOf(address(this), USE, presented);
        if (use != USE) {
            vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
            gate.check(borrower, presented, use, proof);
        }
        if (consumer != address(this)) {
            vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
            vm.prank(consumer);
            gate.check(borrower, presented, USE, proof);
        }
        vm.expectRevert(abi.encodeWithSelector(IGate.NotTheSubject.selector, borrower, lender));
        gate.check(lender, presented, USE, proof);
        presented.class = 1;
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        gate.check(borrower, presented, USE, proof);
    }

    /// The gate and the underwriter on the same rule are two gates: each has its own policy ids.
    function test_a_gate_of_its_own() public view {
        assertNotEq(gate.policyOf(0), underwriter.policyOf(0));
        assertEq(gate.thresholdOf(1), TIER_1);
        assertEq(gate.classCount(), 2);
    }

    function test_unknown_class() public {
        vm.expectRevert(abi.encodeWithSelector(IGate.UnknownTier.selector, 2, 2));
        gate.thresholdOf(2);
    }

    function test_no_classes() public {
        Rule memory empty = ruleFor(MODEL + 1, SCHEMA);
        vm.expectRevert(abi.encodeWithSelector(IGate.TierCount.selector, 0, type(uint32).max));
        vm.prank(admin);
        gate.addRule(empty);
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        Rule memory made = rule();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        gate.addRule(made);
    }

    function test_standing() public {
        Presentation memory presented = presentation(request());
        gate.checkStanding(0, attester, presented.credential);
        bytes32 id = gate.policyOf(0);
        vm.prank(admin);
        gate.retirePolicy(id);
        vm.expectRevert(abi.encodeWithSelector(IGate.PolicyIsRetired.selector, id));
        gate.checkStanding(0, attester, presented.credential);
    }
}
