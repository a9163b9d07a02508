// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, IUnderwriter} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// A preview fails exactly when borrowing would, with the same error, for all that is not the proof.
contract PreviewBorrowTest is Base {
    /// The preview's error, and that of the real thing with a proof that fits.
    function expectBoth(BorrowRequest memory made, bytes memory reason) internal {
        vm.expectRevert(reason);
        pool.previewBorrow(borrower, made);
        bytes memory proof = proofFor(borrower, made);
        vm.expectRevert(reason);
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    function test_good() public view {
        BorrowRequest memory made = request();
        Statement memory proven = pool.previewBorrow(borrower, made);
        assertEq(keccak256(abi.encode(proven)), keccak256(abi.encode(pool.statement(borrower, made))));
    }

    function test_pool_checks() public {
        BorrowRequest memory made = request();
        made.nonce = 7;
        expectBoth(made, abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 0, 7));
        made = request();
        made.terms.receiver = address(pool);
        expectBoth(made, abi.encodeWithSelector(ITesseraPool.BadReceiver.selector, address(pool)));
        made = request();
        vm.prank(lender);
        vault.withdraw(LIQUIDITY - UNIT, lender, lender);
        expectBoth(made, abi.encodeWithSelector(ITesseraVault.InsufficientCash.selector, 1500 * UNIT, UNIT));
    }

    function test_underwriter_checks() public {
        BorrowRequest memory made = request();
        made.terms.amount = 2000 * UNIT + 1;
        expectBoth(
            made, abi.encodeWithSelector(IUnderwriter.AmountAboveTier.selector, 2000 * UNIT + 1, 2000 * UNIT)
        );
        made = request();
        vm.warp(made.terms.deadline + 1);
        expectBoth(
            made,
            abi.encodeWithSelector(IUnderwriter.DeadlinePassed.selector, made.terms.deadline, block.timestamp)
        );
    }

    function test_registry_checks() public {
        BorrowRequest memory made = request();
        bytes32 uid = registry.uidOf(made.credential);
        vm.prank(attester);
        registry.revoke(uid);
        expectBoth(made, abi.encodeWithSelector(ICredentialRegistry.CredentialRevoked.selector, uid));
    }

    function test_lock() public {
        borrow(request());
        BorrowRequest memory made = request();
        expectBoth(
            made,
            abi.encodeWithSelector(
                ICredentialRegistry.HolderAlreadyLocked.selector,
                attester,
                made.credential.holder,
                address(pool)
            )
        );
    }

    function test_pool_not_allowed() public {
        vm.prank(admin);
        registry.disallowPool(address(pool));
        expectBoth(
            request(), abi.encodeWithSelector(ICredentialRegistry.PoolNotAllowed.selector, address(pool))
        );
    }
}
