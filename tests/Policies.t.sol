// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {IGate, Policy} from "../contracts/interfaces/IGate.sol";
import {
    BorrowRequest,
    IUnderwriter,
    PolicyConfig,
    Pricing,
    Tier
} from "../contracts/interfaces/IUnderwriter.sol";
import {FieldLib} from "../contracts/libraries/FieldLib.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Adding and retiring policies.
contract PoliciesTest is Base {
    function next() internal view returns (PolicyConfig memory) {
        return policyConfig(MODEL + 1, SCHEMA, TIER_0 + 1);
    }

    function expectRefusal(PolicyConfig memory config, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(admin);
        underwriter.addPolicy(config);
    }

    // ---------------------------------------------------------------------------------------- add

    function test_id_commits_to_everything() public view {
        PolicyConfig memory config = policyConfig(MODEL, SCHEMA, TIER_0);
        bytes32 terms = keccak256(abi.encode(config.asset, config.pricing, config.tiers));
        config.rule.thresholds = new uint64[](2);
        (config.rule.thresholds[0], config.rule.thresholds[1]) = (TIER_0, TIER_1);
        bytes memory all = abi.encode(config.rule, address(verifier).codehash, registry, terms);
        assertEq(underwriter.policyId(), keccak256(all));
    }

    function test_add_next_to_the_first() public {
        bytes32 champion = underwriter.policyId();
        bytes32 challenger = add(next());
        assertNotEq(challenger, champion);
        assertEq(underwriter.policyId(), challenger);
        assertEq(underwriter.policyById(champion).modelDigest, MODEL);
        assertEq(underwriter.classCount(), 4);
        assertEq(underwriter.policyOf(1), champion);
        assertEq(underwriter.policyOf(2), challenger);
        assertEq(underwriter.tiers(3).threshold, TIER_1 + 1);
        Policy memory record = underwriter.policyById(challenger);
        assertEq(record.firstClass, 2);
        assertEq(record.classCount, 2);
        assertEq(record.codehash, address(verifier).codehash);

        // Both lend.
        borrowAs(makeAddr("one"), UNIT);
        BorrowRequest memory made = requestOf(makeAddr("two"), UNIT);
        made.terms.tier = 2;
        borrowBy(makeAddr("two"), made);
        assertEq(underwriter.policyOf(rec(2).tier), challenger);
    }

    function test_the_same_twice() public {
        bytes32 id = underwriter.policyId();
        expectRefusal(
            policyConfig(MODEL, SCHEMA, TIER_0), abi.encodeWithSelector(IGate.PolicyExists.selector, id)
        );
    }

    function testFuzz_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        PolicyConfig memory config = next();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        underwriter.addPolicy(config);
    }

    function testFuzz_model_outside_of_the_field(uint256 digest) public {
        digest = bound(digest, FieldLib.MODULUS, type(uint256).max);
        PolicyConfig memory config = next();
        config.rule.modelDigest = digest;
        expectRefusal(config, abi.encodeWithSelector(IGate.NotAFieldElement.selector, digest));
    }

    function testFuzz_schema_outside_of_the_field(uint256 digest) public {
        digest = bound(digest, FieldLib.MODULUS, type(uint256).max);
        PolicyConfig memory config = next();
        config.rule.schema = digest;
        expectRefusal(config, abi.encodeWithSelector(IGate.NotAFieldElement.selector, digest));
    }

    function testFuzz_threshold_too_high(uint64 threshold) public {
        threshold = uint64(bound(threshold, 1 << 62, type(uint64).max));
        PolicyConfig memory config = next();
        config.tiers[1].threshold = threshold;
        expectRefusal(config, abi.encodeWithSelector(IGate.ThresholdTooHigh.selector, threshold));
    }

    function testFuzz_rate_too_high(uint64 rate, uint8 which) public {
        rate = uint64(bound(rate, 10e18 + 1, type(uint64).max));
        PolicyConfig memory config = next();
        config.pricing.baseRate = 0;
        config.pricing.lateRate = 0;
        config.tiers[0].premium = 0;
        config.tiers[1].premium = 0;
        which %= 3;
        if (which == 0) config.pricing.baseRate = rate;
        if (which == 1) config.pricing.lateRate = rate;
        if (which == 2) config.tiers[0].premium = rate;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.RateTooHigh.selector, rate, 10e18));
    }

    function testFuzz_grace_not_in_days(uint32 grace) public {
        vm.assume(grace % 1 days != 0 || grace > 3650 days);
        PolicyConfig memory config = next();
        config.pricing.grace = grace;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.BadDuration.selector, grace));
    }

    function testFuzz_term_too_long(uint32 term) public {
        term = uint32(bound(term, 3650 days + 1, type(uint32).max));
        PolicyConfig memory config = next();
        config.tiers[0].term = term;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.BadDuration.selector, term));
        config.tiers[0].term = 0;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.BadDuration.selector, 0));
    }

    function test_tier_that_lends_nothing() public {
        PolicyConfig memory config = next();
        config.tiers[0].maxAmount = 0;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.ZeroAmount.selector));
    }

    function test_no_tiers() public {
        PolicyConfig memory config = next();
        config.tiers = new Tier[](0);
        expectRefusal(config, abi.encodeWithSelector(IGate.TierCount.selector, 0, type(uint32).max));
    }

    function test_zero_addresses() public {
        PolicyConfig memory config = next();
        vm.expectRevert(IGate.ZeroAddress.selector);
        new Underwriter(ICredentialRegistry(address(0)), address(manager), config);
        vm.expectRevert(IGate.ZeroAddress.selector);
        new Underwriter(registry, address(0), config);
    }

    // ------------------------------------------------------------------------------------ options

    function add(PolicyConfig memory config) internal returns (bytes32) {
        vm.prank(admin);
        return underwriter.addPolicy(config);
    }

    function nextFor(address issuer) internal view returns (PolicyConfig memory config) {
        config = next();
        config.rule.issuers = new address[](1);
        config.rule.issuers[0] = issuer;
    }

    /// The same model with and without a line: policies side by side, with ids of their own.
    function testFuzz_lines(address issuer) public {
        vm.assume(issuer != address(0));
        bytes32 plain = add(next());
        PolicyConfig memory config = nextFor(issuer);
        config.pricing.line = true;
        bytes32 id = add(config);
        assertNotEq(id, plain);
        assertTrue(underwriter.policyById(id).someIssuers);
        (Pricing memory pricing, address asset) = underwriter.termsOf(id);
        assertTrue(pricing.line);
        assertEq(asset, address(token));
        assertTrue(underwriter.isLine(4));
        assertFalse(underwriter.isLine(3));
        assertFalse(underwriter.isLine(6));
    }

    function testFuzz_issuer_not_accepted(address issuer) public {
        vm.assume(issuer != address(0) && issuer != attester);
        bytes32 id = add(nextFor(issuer));
        assertTrue(underwriter.acceptsIssuer(id, issuer));
        assertFalse(underwriter.acceptsIssuer(id, attester));
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        expectLoanRefusal(made, abi.encodeWithSelector(IGate.IssuerNotAccepted.selector, attester, id));
    }

    function expectLoanRefusal(BorrowRequest memory made, bytes memory reason) internal {
        bytes memory proof = proofFor(borrower, made);
        vm.expectRevert(reason);
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    function test_issuer_accepted() public {
        add(nextFor(attester));
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        borrow(made);
    }

    function test_issuer_zero() public {
        PolicyConfig memory config = nextFor(address(0));
        expectRefusal(config, abi.encodeWithSelector(IGate.ZeroAddress.selector));
    }

    /// The tiers' amounts are of one token.
    function testFuzz_priced_in_another_token(address other) public {
        vm.assume(other != address(token) && other != address(0));
        PolicyConfig memory config = next();
        config.asset = other;
        add(config);
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        expectLoanRefusal(
            made, abi.encodeWithSelector(IUnderwriter.WrongAsset.selector, address(token), other)
        );
    }

    function testFuzz_verifier_of_other_models(uint256 segments) public {
        vm.assume(segments != 2);
        PolicyConfig memory config = next();
        config.rule.segments = segments;
        expectRefusal(config, abi.encodeWithSelector(IGate.WrongSegments.selector, segments, 2));
    }

    function test_thresholds_twice() public {
        PolicyConfig memory config = next();
        config.rule.thresholds = new uint64[](1);
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.ThresholdsGiven.selector, 1));
    }

    // -------------------------------------------------------------------- freshness and assignment

    /// An old credential borrows no more, though it is in force.
    function testFuzz_too_old(uint32 maxAge, uint256 time) public {
        maxAge = uint32(bound(maxAge, 1 days, 20 days));
        PolicyConfig memory config = next();
        config.rule.maxAge = maxAge;
        add(config);
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        made.terms.deadline = type(uint64).max;
        uint256 last = uint256(made.credential.issuedAt) + maxAge;
        vm.warp(bound(time, last + 1, START + 29 days));
        expectLoanRefusal(
            made, abi.encodeWithSelector(IGate.CredentialTooOld.selector, made.credential.issuedAt, maxAge)
        );
        vm.warp(last);
        borrow(made);
    }

    /// A challenger gets the persons that fall to it, and they do not choose.
    function testFuzz_assignment(bytes32 holder, uint16 cut) public {
        cut = uint16(bound(cut, 1, 9999));
        PolicyConfig memory config = next();
        (config.rule.from, config.rule.to) = (0, cut);
        bytes32 low = add(config);
        (config.rule.from, config.rule.to) = (cut, 10_000);
        bytes32 high = add(config);
        BorrowRequest memory made = request();
        made.credential.holder = holder;
        made = requestFor(made.credential);
        uint256 slot = underwriter.slotOf(attester, holder);
        assertEq(slot, uint256(keccak256(abi.encode(attester, holder))) % 10_000);
        (uint256 right, uint256 wrong) = slot < cut ? (2, 4) : (4, 2);
        made.terms.tier = wrong;
        expectLoanRefusal(
            made, abi.encodeWithSelector(IGate.NotAssigned.selector, slot < cut ? high : low, slot)
        );
        made.terms.tier = right;
        borrow(made);
    }

    function testFuzz_bad_slots(uint16 from, uint16 to) public {
        vm.assume((from != 0 || to != 0) && (from >= to || to > 10_000));
        PolicyConfig memory config = next();
        (config.rule.from, config.rule.to) = (from, to);
        expectRefusal(config, abi.encodeWithSelector(IGate.BadSlots.selector, from, to));
    }

    // ------------------------------------------------------------------------------------- retire

    function test_retire() public {
        bytes32 id = underwriter.policyId();
        vm.expectEmit(address(underwriter));
        emit IGate.PolicyRetired(id);
        vm.prank(admin);
        underwriter.retirePolicy(id);
        assertTrue(underwriter.policyById(id).retired);
        vm.expectRevert(abi.encodeWithSelector(IGate.PolicyIsRetired.selector, id));
        vm.prank(admin);
        underwriter.retirePolicy(id);
        // It does not come back under the same id.
        expectRefusal(
            policyConfig(MODEL, SCHEMA, TIER_0), abi.encodeWithSelector(IGate.PolicyExists.selector, id)
        );
    }

    function testFuzz_retire_unknown(bytes32 id) public {
        vm.assume(id != underwriter.policyId());
        vm.expectRevert(abi.encodeWithSelector(IGate.UnknownPolicy.selector, id));
        vm.prank(admin);
        underwriter.retirePolicy(id);
        vm.expectRevert(abi.encodeWithSelector(IGate.UnknownPolicy.selector, id));
        underwriter.policyById(id);
    }

    function testFuzz_retire_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes32 id = underwriter.policyId();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        underwriter.retirePolicy(id);
    }
}
