// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AttesterKey, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// Adding, retiring and revoking keys; revoking credentials.
contract AttestersTest is Base {
    function unauthorized(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    // ---------------------------------------------------------------------------------------- add

    function testFuzz_add(address key, address issuer, uint40 validFrom) public {
        vm.assume(key != address(0) && issuer != address(0) && key != attester);
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.AttesterAdded(key, issuer, validFrom);
        vm.prank(admin);
        registry.addAttester(key, issuer, validFrom);
        AttesterKey memory record = registry.attesterKey(key);
        assertEq(record.issuer, issuer);
        assertEq(record.validFrom, validFrom);
        assertEq(record.retiredAt, 0);
        assertFalse(record.revoked);
    }

    function test_add_twice() public {
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AttesterKnown.selector, attester));
        registry.addAttester(attester, attester, 0);
    }

    function test_add_zero() public {
        vm.startPrank(admin);
        vm.expectRevert(ICredentialRegistry.ZeroAddress.selector);
        registry.addAttester(address(0), attester, 0);
        vm.expectRevert(ICredentialRegistry.ZeroAddress.selector);
        registry.addAttester(lender, address(0), 0);
    }

    function testFuzz_add_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        vm.expectRevert(unauthorized(stranger));
        vm.prank(stranger);
        registry.addAttester(stranger, stranger, 0);
    }

    // ------------------------------------------------------------------------------------- retire

    function test_retire_by_authority_or_key() public {
        for (uint256 i = 0; i < 2; i++) {
            address key = makeAddr(i == 0 ? "first" : "second");
            vm.prank(admin);
            registry.addAttester(key, attester, 0);
            vm.expectEmit(address(registry));
            emit ICredentialRegistry.AttesterRetired(key, uint40(block.timestamp));
            vm.prank(i == 0 ? admin : key);
            registry.retireAttester(key);
            assertEq(registry.attesterKey(key).retiredAt, block.timestamp);
        }
    }

    /// A second retirement would move the date.
    function test_retire_twice() public {
        vm.prank(admin);
        registry.retireAttester(attester);
        vm.warp(START + 1 days);
        vm.prank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.AttesterAlreadyRetired.selector, attester, START)
        );
        registry.retireAttester(attester);
    }

    function testFuzz_retire_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin && stranger != attester);
        vm.expectRevert(unauthorized(stranger));
        vm.prank(stranger);
        registry.retireAttester(attester);
    }

    function testFuzz_retire_unknown(address unknown) public {
        vm.assume(unknown != attester);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.UnknownAttester.selector, unknown));
        vm.prank(admin);
        registry.retireAttester(unknown);
    }

    // ------------------------------------------------------------------------- revoke a whole key

    function test_revoke_key_by_authority_or_key() public {
        for (uint256 i = 0; i < 2; i++) {
            address key = makeAddr(i == 0 ? "first" : "second");
            vm.prank(admin);
            registry.addAttester(key, attester, 0);
            vm.expectEmit(address(registry));
            emit ICredentialRegistry.AttesterKeyRevoked(key);
            vm.prank(i == 0 ? admin : key);
            registry.revokeAttester(key);
            assertTrue(registry.attesterKey(key).revoked);
        }
    }

    function test_revoke_key_twice() public {
        vm.startPrank(admin);
        registry.revokeAttester(attester);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AttesterRevoked.selector, attester));
        registry.revokeAttester(attester);
    }

    function testFuzz_revoke_key_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin && stranger != attester);
        vm.expectRevert(unauthorized(stranger));
        vm.prank(stranger);
        registry.revokeAttester(attester);
    }

    // -------------------------------------------------------------------------- revoke credential

    function testFuzz_revoke(bytes32 uid) public {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.CredentialVoided(uid, attester, attester);
        vm.prank(attester);
        registry.revoke(uid);
        assertTrue(registry.revoked(attester, uid));
    }

    function test_revoke_by_the_issuers_next_key() public {
        address next = makeAddr("next");
        vm.startPrank(admin);
        registry.addAttester(next, attester, 0);
        registry.retireAttester(attester);
        vm.stopPrank();
        bytes32 uid = registry.uidOf(credential());
        vm.prank(next);
        registry.revoke(uid);
        assertTrue(registry.revoked(attester, uid));
    }

    /// Another attester's word against a credential has no weight.
    function test_revoke_by_another_issuer_has_no_effect() public {
        address rival = makeAddr("rival");
        vm.prank(admin);
        registry.addAttester(rival, rival, 0);
        bytes32 uid = registry.uidOf(credential());
        vm.prank(rival);
        registry.revoke(uid);
        assertFalse(registry.revoked(attester, uid));
        registry.check(credential(), attester, signCredential(ATTESTER_KEY, credential()));
    }

    function test_revoke_by_a_compromised_key() public {
        vm.prank(admin);
        registry.revokeAttester(attester);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AttesterRevoked.selector, attester));
        vm.prank(attester);
        registry.revoke(bytes32(0));
    }

    function test_revoke_twice() public {
        vm.startPrank(attester);
        registry.revoke(bytes32(uint256(1)));
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.CredentialRevoked.selector, bytes32(uint256(1)))
        );
        registry.revoke(bytes32(uint256(1)));
    }

    function testFuzz_revoke_by_a_stranger(address stranger) public {
        vm.assume(stranger != attester);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.UnknownAttester.selector, stranger));
        vm.prank(stranger);
        registry.revoke(bytes32(0));
    }
}
