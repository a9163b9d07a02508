// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// One person, one loan: at the registry, and as a borrower meets it.
contract LockTest is Base {
    bytes32 internal constant HOLDER = keccak256("somebody");
    address internal other = makeAddr("another pool");

    function setUp() public override {
        super.setUp();
        vm.prank(admin);
        registry.allowPool(other);
    }

    /// Storage is read, so that a prank is not used up.
    function _nonce(address) private pure returns (uint256) {
        return 0;
    }

    // --------------------------------------------------------------------------- at the registry

    function test_lock_and_unlock() public {
        vm.expectEmit(address(registry));
        emit ICredentialRegistry.HolderLocked(attester, HOLDER, other);
        vm.prank(other);
        registry.lock(attester, HOLDER, _nonce(attester));
        assertEq(registry.lockedBy(attester, HOLDER), other);

        vm.expectEmit(address(registry));
        emit ICredentialRegistry.HolderUnlocked(attester, HOLDER, other, false, 0);
        vm.prank(other);
        registry.unlock(attester, HOLDER, false, 0);
        assertEq(registry.lockedBy(attester, HOLDER), address(0));
    }

    function testFuzz_only_allowed_pools_lock(address stranger) public {
        vm.assume(stranger != other && stranger != address(pool));
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.PoolNotAllowed.selector, stranger));
        vm.prank(stranger);
        registry.lock(attester, HOLDER, _nonce(attester));
    }

    function test_locked_once() public {
        vm.prank(other);
        registry.lock(attester, HOLDER, _nonce(attester));
        for (uint256 i = 0; i < 2; i++) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ICredentialRegistry.HolderAlreadyLocked.selector, attester, HOLDER, other
                )
            );
            vm.prank(i == 0 ? other : address(pool));
            registry.lock(attester, HOLDER, 1);
        }
    }

    function testFuzz_only_the_locker_unlocks(address stranger) public {
        vm.assume(stranger != other);
        vm.prank(other);
        registry.lock(attester, HOLDER, _nonce(attester));
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.NotLocker.selector, stranger, other));
        vm.prank(stranger);
        registry.unlock(attester, HOLDER, false, 0);
    }

    function test_nothing_to_unlock() public {
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.NotLocker.selector, other, address(0)));
        vm.prank(other);
        registry.unlock(attester, HOLDER, false, 0);
    }

    /// A pool that fell from grace can still let its borrowers go.
    function test_unlock_by_a_disallowed_pool() public {
        vm.prank(other);
        registry.lock(attester, HOLDER, _nonce(attester));
        vm.prank(admin);
        registry.disallowPool(other);
        vm.prank(other);
        registry.unlock(attester, HOLDER, false, 0);
        assertEq(registry.lockedBy(attester, HOLDER), address(0));
    }

    /// Holders are each issuer's own names: the same name elsewhere is another person.
    function test_issuers_do_not_share_names() public {
        address rival = makeAddr("rival");
        vm.prank(admin);
        registry.addAttester(rival, rival, 0);
        vm.startPrank(other);
        registry.lock(attester, HOLDER, _nonce(attester));
        registry.lock(rival, HOLDER, _nonce(rival));
        vm.stopPrank();
        assertEq(registry.lockedBy(rival, HOLDER), other);
    }

    /// A new key of the same issuer does not make a new person.
    function test_the_lock_survives_a_change_of_keys() public {
        address next = makeAddr("next");
        vm.prank(admin);
        registry.addAttester(next, attester, 0);
        vm.prank(other);
        registry.lock(attester, HOLDER, _nonce(attester));
        assertEq(registry.lockedBy(next, HOLDER), other);
        vm.expectRevert(
            abi.encodeWithSelector(ICredentialRegistry.HolderAlreadyLocked.selector, attester, HOLDER, other)
        );
        vm.prank(other);
        registry.lock(next, HOLDER, 1);
    }

    function testFuzz_allow_by_a_stranger(address stranger) public {
        vm.assume(stranger != admin);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        registry.allowPool(stranger);
    }

    function test_allow_zero() public {
        vm.expectRevert(ICredentialRegistry.ZeroAddress.selector);
        vm.prank(admin);
        registry.allowPool(address(0));
    }

    // --------------------------------------------------------------------------- as a borrower

    function locked(bytes32 holder) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            ICredentialRegistry.HolderAlreadyLocked.selector, attester, holder, address(pool)
        );
    }

    function test_second_loan_on_the_same_credential() public {
        borrow(request());
        BorrowRequest memory again = request();
        assertEq(again.nonce, 1);
        bytes memory proof = proofFor(borrower, again);
        vm.expectRevert(locked(again.credential.holder));
        vm.prank(borrower);
        pool.borrow(again, proof);
    }

    function test_second_loan_from_another_wallet() public {
        borrow(request());
        address wallet = makeAddr("second wallet");
        Credential memory given = credential();
        given.subject = wallet;
        given.salt++;
        BorrowRequest memory again = requestFor(given);
        bytes memory proof = proofFor(wallet, again);
        vm.expectRevert(locked(given.holder));
        vm.prank(wallet);
        pool.borrow(again, proof);
    }

    function testFuzz_locked_until_the_last_unit(uint256 paid) public {
        BorrowRequest memory made = request();
        uint256 id = borrow(made);
        vm.warp(START + 5 days);
        (uint256 principal, uint256 interest) = debtOf(id);
        repayAs(borrower, id, bound(paid, 1, principal + interest - 1));
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
        repayAs(lender, id, type(uint256).max);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(0));

        made.nonce = 1;
        made.terms.deadline = uint64(block.timestamp);
        borrow(made);
    }
}
