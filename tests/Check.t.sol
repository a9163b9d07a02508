// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {Base} from "./support/Base.sol";
import {SmartAttester} from "./support/SmartAttester.sol";

/// When a credential is in force, and each reason for which it is not.
contract CheckTest is Base {
    function check(Credential memory given, bytes memory signature) internal view returns (bytes32) {
        return registry.check(given, attester, signature);
    }

    function expectRefusal(Credential memory given, bytes memory reason) internal {
        bytes memory signature = signCredential(ATTESTER_KEY, given);
        vm.expectRevert(reason);
        check(given, signature);
    }

    // ----------------------------------------------------------------------------------- accepted

    function testFuzz_in_force(Credential memory given, uint256 now_) public {
        given.issuedAt = uint64(bound(given.issuedAt, START - 365 days, START + 365 days));
        given.expiresAt = uint64(bound(given.expiresAt, given.issuedAt + 1, START + 3650 days));
        vm.warp(bound(now_, given.issuedAt, given.expiresAt - 1));
        assertEq(check(given, signCredential(ATTESTER_KEY, given)), registry.uidOf(given));
    }

    /// Written out once more from EIP-712, so that a wallet or another language arrives at the same digest.
    function test_uid_is_the_eip712_digest() public view {
        Credential memory given = credential();
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tessera"),
                keccak256("1"),
                block.chainid,
                address(registry)
            )
        );
        bytes32 typeHash = keccak256(
            "Credential(bytes32 schema,address subject,bytes32 holder,bytes32 commitment,uint64 issuedAt,uint64 expiresAt,bytes32 claims,uint256 salt)"
        );
        bytes32 structHash = keccak256(
            bytes.concat(
                abi.encode(typeHash, given.schema, given.subject, given.holder, given.commitment),
                abi.encode(given.issuedAt, given.expiresAt, given.claims, given.salt)
            )
        );
        assertEq(registry.uidOf(given), keccak256(abi.encodePacked(hex"1901", domain, structHash)));
    }

    function test_contract_as_attester() public {
        SmartAttester smart = new SmartAttester(attester);
        vm.prank(admin);
        registry.addAttester(address(smart), attester, 0);
        Credential memory given = credential();
        bytes memory signature = signCredential(ATTESTER_KEY, given);
        assertEq(registry.check(given, address(smart), signature), registry.uidOf(given));

        bytes memory foreign = signCredential(BORROWER_KEY, given);
        bytes32 uid = registry.uidOf(given);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.BadSignature.selector, address(smart), uid)
        );
        registry.check(given, address(smart), foreign);
    }

    // ------------------------------------------------------------------------------------ refused

    function testFuzz_unknown_attester(address stranger) public {
        vm.assume(stranger != attester);
        Credential memory given = credential();
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.UnknownAttester.selector, stranger));
        registry.check(given, stranger, "");
    }

    function testFuzz_expired(uint64 expiresAt, uint256 now_) public {
        Credential memory given = credential();
        given.expiresAt = uint64(bound(expiresAt, 0, START + 100 days));
        vm.warp(bound(now_, given.expiresAt > START ? given.expiresAt : START, START + 200 days));
        expectRefusal(
            given,
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialExpired.selector, given.expiresAt, block.timestamp
            )
        );
    }

    function testFuzz_not_yet_valid(uint64 issuedAt) public {
        Credential memory given = credential();
        given.issuedAt = uint64(bound(issuedAt, START + 1, type(uint64).max));
        expectRefusal(
            given,
            abi.encodeWithSelector(ICredentialRegistry.CredentialNotYetValid.selector, given.issuedAt, START)
        );
    }

    function testFuzz_before_the_key_was_valid(uint64 issuedAt) public {
        Credential memory given = credential();
        given.issuedAt = uint64(bound(issuedAt, 0, START - 365 days - 1));
        expectRefusal(
            given,
            abi.encodeWithSelector(
                ICredentialRegistry.AttesterNotYetValid.selector, attester, START - 365 days, given.issuedAt
            )
        );
    }

    function testFuzz_retired_key(uint64 issuedAt) public {
        vm.prank(admin);
        registry.retireAttester(attester);
        vm.warp(START + 10 days);
        Credential memory given = credential();
        given.issuedAt = uint64(bound(issuedAt, START, START + 10 days));
        expectRefusal(
            given,
            abi.encodeWithSelector(
                ICredentialRegistry.IssuedAfterRetirement.selector, attester, START, given.issuedAt
            )
        );
        given.issuedAt = uint64(START - 1);
        check(given, signCredential(ATTESTER_KEY, given));
    }

    function testFuzz_revoked_key(uint64 issuedAt) public {
        vm.prank(admin);
        registry.revokeAttester(attester);
        Credential memory given = credential();
        given.issuedAt = issuedAt;
        expectRefusal(given, abi.encodeWithSelector(ICredentialRegistry.AttesterRevoked.selector, attester));
    }

    function test_revoked_credential() public {
        Credential memory given = credential();
        bytes32 uid = registry.uidOf(given);
        vm.prank(attester);
        registry.revoke(uid);
        expectRefusal(given, abi.encodeWithSelector(ICredentialRegistry.CredentialRevoked.selector, uid));
    }

    function testFuzz_signed_by_somebody_else(uint256 key) public {
        key = bound(key, 1, 1 << 250);
        vm.assume(vm.addr(key) != attester);
        Credential memory given = credential();
        expectBadSignature(given, signCredential(key, given));
    }

    function testFuzz_any_other_bytes(bytes calldata signature) public {
        Credential memory given = credential();
        vm.assume(keccak256(signature) != keccak256(signCredential(ATTESTER_KEY, given)));
        expectBadSignature(given, signature);
    }

    function test_malleable_signature() public {
        Credential memory given = credential();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ATTESTER_KEY, registry.uidOf(given));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory other = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        expectBadSignature(given, other);
    }

    /// A signature covers every field.
    function testFuzz_altered_after_signing(uint8 field, uint256 change) public {
        Credential memory given = credential();
        bytes memory signature = signCredential(ATTESTER_KEY, given);
        field = uint8(bound(field, 0, 7));
        change = bound(change, 1, 1000);
        if (field == 0) given.schema = bytes32(uint256(given.schema) ^ change);
        if (field == 1) given.subject = address(uint160(given.subject) ^ uint160(change));
        if (field == 2) given.holder = bytes32(uint256(given.holder) ^ change);
        if (field == 3) given.commitment = bytes32(uint256(given.commitment) ^ change);
        if (field == 4) given.issuedAt -= uint64(change);
        if (field == 5) given.expiresAt += uint64(change);
        if (field == 6) given.claims = bytes32(uint256(given.claims) ^ change);
        if (field == 7) given.salt ^= change;
        expectBadSignature(given, signature);
    }

    function test_another_chain() public {
        Credential memory given = credential();
        bytes memory signature = signCredential(ATTESTER_KEY, given);
        vm.chainId(1);
        expectBadSignature(given, signature);
    }

    function expectBadSignature(Credential memory given, bytes memory signature) internal {
        bytes32 uid = registry.uidOf(given);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.BadSignature.selector, attester, uid));
        check(given, signature);
    }
}
