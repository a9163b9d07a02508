// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Underwriter} from "../contracts/Underwriter.sol";
import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {
    BorrowRequest,
    IUnderwriter,
    Policy,
    PolicyConfig,
    PolicyOptions,
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
        assertEq(
            pool.policyId(),
            keccak256(
                abi.encode(
                    verifier,
                    address(verifier).codehash,
                    MODEL,
                    SCHEMA,
                    config.tiers,
                    registry,
                    config.pricing
                )
            )
        );
    }

    function test_add_next_to_the_first() public {
        bytes32 champion = underwriter.policyId();
        vm.recordLogs();
        vm.prank(admin);
        bytes32 challenger = underwriter.addPolicy(next());
        assertNotEq(challenger, champion);
        assertEq(underwriter.policyId(), challenger);
        assertEq(underwriter.policy().modelDigest, MODEL + 1);
        assertEq(underwriter.policyById(champion).modelDigest, MODEL);
        assertEq(underwriter.tierCount(), 4);
        assertEq(underwriter.policyOf(1), champion);
        assertEq(underwriter.policyOf(2), challenger);
        assertEq(underwriter.tiers(3).threshold, TIER_1 + 1);
        Policy memory record = underwriter.policyById(challenger);
        assertEq(record.firstTier, 2);
        assertEq(record.tierCount, 2);
        assertEq(record.codehash, address(verifier).codehash);

        // Both lend.
        borrowAs(makeAddr("one"), UNIT);
        BorrowRequest memory made = requestOf(makeAddr("two"), UNIT);
        made.terms.tier = 2;
        bytes memory proof = proofFor(makeAddr("two"), made);
        vm.prank(makeAddr("two"));
        pool.borrow(made, proof);
        assertEq(underwriter.policyOf(pool.loan(2).tier), challenger);
    }

    function test_the_same_twice() public {
        bytes32 id = pool.policyId();
        expectRefusal(
            policyConfig(MODEL, SCHEMA, TIER_0),
            abi.encodeWithSelector(IUnderwriter.PolicyExists.selector, id)
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
        config.modelDigest = digest;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.NotAFieldElement.selector, digest));
    }

    function testFuzz_schema_outside_of_the_field(uint256 digest) public {
        digest = bound(digest, FieldLib.MODULUS, type(uint256).max);
        PolicyConfig memory config = next();
        config.schema = digest;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.NotAFieldElement.selector, digest));
    }

    function testFuzz_threshold_too_high(uint64 threshold) public {
        threshold = uint64(bound(threshold, 1 << 62, type(uint64).max));
        PolicyConfig memory config = next();
        config.tiers[1].threshold = threshold;
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.ThresholdTooHigh.selector, threshold));
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
        expectRefusal(config, abi.encodeWithSelector(IUnderwriter.TierCount.selector, 0, type(uint32).max));
    }

    function test_zero_addresses() public {
        PolicyConfig memory config = next();
        vm.expectRevert(IUnderwriter.ZeroAddress.selector);
        new Underwriter(ICredentialRegistry(address(0)), address(manager), config);
        vm.expectRevert(IUnderwriter.ZeroAddress.selector);
        new Underwriter(registry, address(0), config);
    }

    // ------------------------------------------------------------------------------------ options

    function addWith(PolicyOptions memory options) internal returns (bytes32) {
        PolicyConfig memory config = next();
        vm.prank(admin);
        return underwriter.addPolicyWith(config, options);
    }

    function optionsFor(bool line, address issuer) internal pure returns (PolicyOptions memory options) {
        options.line = line;
        options.issuers = new address[](1);
        options.issuers[0] = issuer;
    }

    function test_no_options() public {
        PolicyOptions memory none;
        bytes32 id = addWith(none);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.PolicyExists.selector, id));
        vm.prank(admin);
        underwriter.addPolicy(next());
        assertFalse(underwriter.isLine(2));
        assertTrue(underwriter.acceptsIssuer(id, attester));
    }

    /// The same model with and without options: policies side by side, with ids of their own.
    function testFuzz_id_commits_to_options(bool line, address issuer) public {
        vm.assume(issuer != address(0));
        vm.prank(admin);
        bytes32 plain = underwriter.addPolicy(next());
        PolicyOptions memory options = optionsFor(line, issuer);
        vm.expectEmit(address(underwriter));
        emit IUnderwriter.PolicyOptionsSet(
            keccak256(abi.encode(plain, line, options.issuers)), line, options.issuers
        );
        bytes32 id = addWith(options);
        assertEq(id, keccak256(abi.encode(plain, line, options.issuers)));
        assertEq(underwriter.policyById(id).issuerCount, 1);
        assertEq(underwriter.policyById(id).line, line);
        assertEq(underwriter.isLine(4), line);
        assertFalse(underwriter.isLine(3));
        assertFalse(underwriter.isLine(6));
    }

    function testFuzz_issuer_not_accepted(address issuer) public {
        vm.assume(issuer != address(0) && issuer != attester);
        bytes32 id = addWith(optionsFor(false, issuer));
        assertTrue(underwriter.acceptsIssuer(id, issuer));
        assertFalse(underwriter.acceptsIssuer(id, attester));
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        bytes memory proof = proofFor(borrower, made);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.IssuerNotAccepted.selector, attester, id));
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    function test_issuer_accepted() public {
        addWith(optionsFor(false, attester));
        BorrowRequest memory made = request();
        made.terms.tier = 2;
        borrow(made);
    }

    function test_issuer_zero() public {
        PolicyConfig memory config = next();
        vm.expectRevert(IUnderwriter.ZeroAddress.selector);
        vm.prank(admin);
        underwriter.addPolicyWith(config, optionsFor(false, address(0)));
    }

    function testFuzz_options_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        PolicyConfig memory config = next();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        underwriter.addPolicyWith(config, optionsFor(true, attester));
    }

    // ------------------------------------------------------------------------------------- retire

    function test_retire() public {
        bytes32 id = pool.policyId();
        vm.expectEmit(address(underwriter));
        emit IUnderwriter.PolicyRetired(id);
        vm.prank(admin);
        underwriter.retirePolicy(id);
        assertTrue(underwriter.policyById(id).retired);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.PolicyIsRetired.selector, id));
        vm.prank(admin);
        underwriter.retirePolicy(id);
        // It does not come back under the same id.
        expectRefusal(
            policyConfig(MODEL, SCHEMA, TIER_0),
            abi.encodeWithSelector(IUnderwriter.PolicyExists.selector, id)
        );
    }

    function testFuzz_retire_unknown(bytes32 id) public {
        vm.assume(id != pool.policyId());
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.UnknownPolicy.selector, id));
        vm.prank(admin);
        underwriter.retirePolicy(id);
        vm.expectRevert(abi.encodeWithSelector(IUnderwriter.UnknownPolicy.selector, id));
        underwriter.policyById(id);
    }

    function testFuzz_retire_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        bytes32 id = pool.policyId();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        underwriter.retirePolicy(id);
    }
}
