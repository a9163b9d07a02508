// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry, Person} from "../contracts/interfaces/ICredentialRegistry.sol";
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

    /// However often somebody defaults and pays late: the count stops, the payments don't.
    function test_more_recoveries_than_are_counted() public {
        address other = makeAddr("other");
        vm.prank(admin);
        registry.allowPool(other);
        vm.startPrank(other);
        for (uint256 i = 0; i < 257; i++) {
            registry.lock(attester, HOLDER, i);
            registry.unlock(attester, HOLDER, true, 1);
        }
        assertEq(person().recovered, 255);
        assertEq(person().loans, 257);
        assertEq(person().freeAt, 1 days);
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

    /// Where a chain verifies none, as under these tests' rules, such a key is refused. (P256.t.sol has the others.)
    function test_p256_unavailable() public {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        vm.expectRevert(abi.encodeWithSignature("MissingPrecompile(address)", address(0x100)));
        vm.prank(admin);
        registry.addP256Attester(bytes32(x), bytes32(y), attester, 0);
    }
}
