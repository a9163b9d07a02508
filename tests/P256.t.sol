// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AttesterKey, Credential, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// Attesters with keys on P-256, verified by the precompile of EIP-7951 itself: nothing stands for it here.
/// forge-config: default.evm_version = "osaka"
contract P256Test is Base {
    uint256 internal constant N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551;
    uint256 internal constant KEY = uint256(keccak256("tessera.tests.p256"));

    address internal named;

    function setUp() public override {
        super.setUp();
        (uint256 x, uint256 y) = vm.publicKeyP256(KEY);
        vm.expectEmit(false, true, true, true, address(registry));
        emit ICredentialRegistry.AttesterAdded(address(0), attester, 0);
        vm.prank(admin);
        named = registry.addP256Attester(bytes32(x), bytes32(y), attester, 0);
    }

    function sign(uint256 key, bytes32 uid) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = vm.signP256(key, uid);
        if (uint256(s) > N / 2) s = bytes32(N - uint256(s));
        return abi.encodePacked(r, s);
    }

    function badSignature(bytes32 uid) internal view returns (bytes memory) {
        return abi.encodeWithSelector(ICredentialRegistry.BadSignature.selector, named, uid);
    }

    function test_the_key() public view {
        (uint256 x, uint256 y) = vm.publicKeyP256(KEY);
        assertEq(named, address(uint160(uint256(keccak256(abi.encode(x, y))))));
        AttesterKey memory record = registry.attesterKey(named);
        assertTrue(record.p256);
        assertEq(record.issuer, attester);
        (bytes32 storedX, bytes32 storedY) = registry.p256Key(named);
        assertEq(uint256(storedX), x);
        assertEq(uint256(storedY), y);
    }

    function testFuzz_signed(Credential memory given) public {
        given.issuedAt = uint64(block.timestamp);
        given.expiresAt = uint64(block.timestamp + 1);
        bytes32 uid = registry.uidOf(given);
        assertEq(registry.check(given, named, sign(KEY, uid)), uid);
    }

    /// A loan on such a credential, and the person locked at the key's issuer.
    function test_borrow() public {
        BorrowRequest memory made = request();
        made.attester = named;
        made.signature = sign(KEY, registry.uidOf(made.credential));
        borrow(made);
        assertEq(token.balanceOf(borrower), made.terms.amount);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
    }

    function testFuzz_signed_by_another_key(uint256 key) public {
        key = bound(key, 1, N - 1);
        vm.assume(key != KEY);
        bytes32 uid = registry.uidOf(credential());
        bytes memory signature = sign(key, uid);
        vm.expectRevert(badSignature(uid));
        registry.check(credential(), named, signature);
    }

    function testFuzz_of_another_credential(bytes32 commitment) public {
        Credential memory other = credential();
        vm.assume(commitment != other.commitment);
        bytes memory signature = sign(KEY, registry.uidOf(other));
        other.commitment = commitment;
        vm.expectRevert(badSignature(registry.uidOf(other)));
        registry.check(other, named, signature);
    }

    /// The precompile takes both halves of the curve; the registry one, so that a signature is not two.
    function test_the_upper_half() public {
        bytes32 uid = registry.uidOf(credential());
        (bytes32 r, bytes32 s) = vm.signP256(KEY, uid);
        uint256 high = uint256(s) > N / 2 ? uint256(s) : N - uint256(s);
        (bool answered, bytes memory answer) = accepted(uid, r, bytes32(high));
        assertTrue(answered && answer.length == 32);
        vm.expectRevert(badSignature(uid));
        registry.check(credential(), named, abi.encodePacked(r, high));
    }

    function testFuzz_one_bit(uint256 bit) public {
        bytes32 uid = registry.uidOf(credential());
        bytes memory signature = sign(KEY, uid);
        bit = bound(bit, 0, 511);
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.expectRevert(badSignature(uid));
        registry.check(credential(), named, signature);
    }

    function testFuzz_any_other_bytes(bytes calldata signature) public {
        bytes32 uid = registry.uidOf(credential());
        vm.expectRevert(badSignature(uid));
        registry.check(credential(), named, signature);
    }

    /// An account's signature is not a key's on the other curve.
    function test_secp256k1() public {
        bytes32 uid = registry.uidOf(credential());
        bytes memory signature = signCredential(ATTESTER_KEY, credential());
        vm.expectRevert(badSignature(uid));
        registry.check(credential(), named, signature);
    }

    function testFuzz_not_a_point(bytes32 x, bytes32 y) public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.NotAP256Key.selector, x, y));
        vm.prank(admin);
        registry.addP256Attester(x, y, attester, 0);
    }

    function accepted(bytes32 uid, bytes32 r, bytes32 s) internal view returns (bool, bytes memory) {
        (uint256 x, uint256 y) = vm.publicKeyP256(KEY);
        return address(0x100).staticcall(abi.encode(uid, r, s, x, y));
    }
}
