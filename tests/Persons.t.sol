// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {
    AttesterKey,
    Credential,
    ICredentialRegistry,
    Person
} from "../contracts/interfaces/ICredentialRegistry.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {SmartAttester} from "./support/SmartAttester.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// What the registry knows of persons and keys beyond a single loan: history, newer knowledge, pools that are gone,
/// keys that got code or were stolen, keys on another curve.
contract PersonsTest is Base {
    bytes32 internal constant HOLDER = keccak256("tessera.tests.holder");

    function person() internal view returns (Person memory) {
        return registry.personOf(attester, HOLDER);
    }

    // ------------------------------------------------------------------------------------ history

    /// Others can read how it went: repaid, and repaid after default, are two things.
    function test_history() public {
        repayAs(borrower, borrow(request()), type(uint256).max);
        assertEq(person().loans, 1);
        assertEq(person().repaid, 1);
        uint256 second = borrow(request());
        vm.warp(START + 200 days);
        repayAs(borrower, second, type(uint256).max);
        assertEq(person().loans, 2);
        assertEq(person().repaid, 1);
        assertEq(person().recovered, 1);
    }

    // ---------------------------------------------------------------------------- newer knowledge

    function testFuzz_refresh(uint40 notBefore) public {
        Credential memory given = credential();
        notBefore = uint40(bound(notBefore, given.issuedAt + 1, START));
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.HolderRefreshed(attester, HOLDER, notBefore);
        vm.prank(attester);
        registry.refresh(HOLDER, notBefore);
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(borrower, made);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialSuperseded.selector, HOLDER, notBefore, given.issuedAt
            )
        );
        vm.prank(borrower);
        pool.borrow(made, proof);
        given.issuedAt = notBefore;
        borrow(requestFor(given));
    }

    /// Neither back nor into the future: a stolen key shuts nobody out for longer than until now.
    function testFuzz_bad_refresh(uint40 present, uint40 next) public {
        present = uint40(bound(present, 1, START));
        vm.assume(next <= present || next > START);
        vm.startPrank(attester);
        registry.refresh(HOLDER, present);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.BadNotBefore.selector, present, next));
        registry.refresh(HOLDER, next);
    }

    function test_refresh_by_others() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.UnknownAttester.selector, lender));
        vm.prank(lender);
        registry.refresh(HOLDER, 1);
        vm.startPrank(attester);
        registry.revokeAttester(attester);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.AttesterRevoked.selector, attester));
        registry.refresh(HOLDER, 1);
    }

    // ---------------------------------------------------------------------------- pools that are gone

    /// Locked by a pool that is gone, the person is free in the end; what is owed stays owed.
    function test_abandoned_pool() public {
        uint256 id = borrow(request());
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.PoolNotGone.selector, address(pool)));
        registry.abandonPool(address(pool));
        registry.disallowPool(address(pool));
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.PoolAbandoned(address(pool), uint40(START + 180 days));
        registry.abandonPool(address(pool));
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.PoolNotGone.selector, address(pool)));
        registry.abandonPool(address(pool));
        address other = makeAddr("another pool");
        registry.allowPool(other);
        vm.stopPrank();

        vm.warp(START + 180 days - 1);
        assertEq(registry.lockedBy(attester, HOLDER), address(pool));
        vm.warp(START + 180 days);
        assertEq(registry.lockedBy(attester, HOLDER), address(0));
        vm.prank(other);
        registry.lock(attester, HOLDER, 1);
        // Repaying works, and does not open another pool's lock; nor does it if the pool comes back.
        vm.prank(admin);
        registry.allowPool(address(pool));
        repayAs(borrower, id, type(uint256).max);
        assertEq(registry.lockedBy(attester, HOLDER), other);
        assertEq(person().recovered, 1);
    }

    function testFuzz_abandon_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        registry.abandonPool(address(1));
    }

    // --------------------------------------------------------------------------------------- keys

    /// An account that was given code (EIP-7702) has signed as before, and signs by its code too.
    function test_delegated_account() public {
        Credential memory given = credential();
        bytes memory signature = signCredential(ATTESTER_KEY, given);
        SmartAttester code = new SmartAttester(lender);
        vm.etch(attester, address(code).code);
        registry.check(given, attester, signature);
        registry.check(given, attester, signCredential(LENDER_KEY, given));
        bytes32 uid = registry.uidOf(given);
        bytes memory foreign = signCredential(BORROWER_KEY, given);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.BadSignature.selector, attester, uid));
        registry.check(given, attester, foreign);
    }

    /// What a stolen key took back of another key's credentials counts again once it is revoked, and can be taken back
    /// by the others for good.
    function test_stolen_key() public {
        address stolen = makeAddr("stolen");
        vm.prank(admin);
        registry.addAttester(stolen, attester, 0);
        Credential memory given = credential();
        bytes32 uid = registry.uidOf(given);
        vm.prank(stolen);
        registry.revoke(uid);
        assertTrue(registry.revoked(attester, uid));
        vm.prank(admin);
        registry.revokeAttester(stolen);
        assertFalse(registry.revoked(attester, uid));
        registry.check(given, attester, signCredential(ATTESTER_KEY, given));
        vm.prank(attester);
        registry.revoke(uid);
        assertTrue(registry.revoked(attester, uid));
    }

    /// A key on P-256, where the chain verifies its signatures; here the precompile's answer stands for it.
    function test_p256() public {
        uint256 key = uint256(keccak256("tessera.tests.p256"));
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        // What tells that there is a precompile, and then the signature.
        _verifies(
            abi.encode(
                0xbb5a52f42f9c9261ed4361f59422a1e30036e7c32b270c8807a419feca605023,
                5,
                1,
                0xa71af64de5126a4a4e02b7922d66ce9415ce88a4c9d25514d91082c8725ac957,
                0x5d47723c8fbe580bb369fec9c2665d8e30a435b9932645482e7c9f11e872296b
            )
        );
        vm.prank(admin);
        address named = registry.addP256Attester(bytes32(x), bytes32(y), attester, 0);
        assertEq(named, address(uint160(uint256(keccak256(abi.encode(x, y))))));
        AttesterKey memory record = registry.attesterKey(named);
        assertTrue(record.p256);
        assertEq(record.issuer, attester);
        (bytes32 storedX, bytes32 storedY) = registry.p256Key(named);
        assertEq(uint256(storedX), x);
        assertEq(uint256(storedY), y);

        Credential memory given = credential();
        bytes32 uid = registry.uidOf(given);
        (bytes32 r, bytes32 s) = vm.signP256(key, uid);
        uint256 order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
        if (uint256(s) > order / 2) s = bytes32(order - uint256(s));
        _verifies(abi.encode(uid, r, s, x, y));
        assertEq(registry.check(given, named, abi.encodePacked(r, s)), uid);

        bytes memory bad = abi.encodeWithSelector(ICredentialRegistry.BadSignature.selector, named, uid);
        vm.expectRevert(bad);
        registry.check(given, named, abi.encodePacked(r, bytes32(uint256(s) ^ 1)));
        vm.expectRevert(bad);
        registry.check(given, named, abi.encodePacked(r, s, uint8(27)));
        // Malleable: the upper half.
        vm.expectRevert(bad);
        registry.check(given, named, abi.encodePacked(r, order - uint256(s)));
    }

    /// The precompile of EIP-7951 answers 1 to this, and nothing to all else. (tests/e2e/run asks the real one.)
    function _verifies(bytes memory input) private {
        vm.mockCall(address(0x100), input, abi.encode(uint256(1)));
    }

    function test_not_a_point() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.NotAP256Key.selector, bytes32(uint256(1)), bytes32(uint256(1))
            )
        );
        vm.prank(admin);
        registry.addP256Attester(bytes32(uint256(1)), bytes32(uint256(1)), attester, 0);
    }

    /// Where a chain verifies none, such a key is refused.
    function test_p256_unavailable() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.mockCall(address(0x100), bytes(""), bytes(""));
        vm.expectRevert(abi.encodeWithSignature("MissingPrecompile(address)", address(0x100)));
        vm.prank(admin);
        registry.addP256Attester(bytes32(x), bytes32(y), attester, 0);
    }
}
