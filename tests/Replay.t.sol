// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {Underwriter} from "../contracts/credit/Underwriter.sol";
import {Credential, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {IGate} from "../contracts/interfaces/IGate.sol";
import {ITesseraVerifier} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest, PolicyConfig} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// An accepted proof serves once, for what it was made for, and for nothing else.
contract ReplayTest is Base {
    BorrowRequest internal made;
    bytes internal proof;

    function setUp() public override {
        super.setUp();
        made = request();
        proof = proofFor(borrower, made);
    }

    function expectRejected(address caller, TesseraPool where, BorrowRequest memory given) internal {
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        vm.prank(caller);
        where.borrow(given, proof);
    }

    function test_the_proof_is_good() public {
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    function test_twice() public {
        vm.startPrank(borrower);
        pool.borrow(made, proof);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 1, 0));
        pool.borrow(made, proof);
    }

    function test_again_after_repayment() public {
        borrow(made);
        repayAs(borrower, 1, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 1, 0));
        vm.prank(borrower);
        pool.borrow(made, proof);
        made.nonce = 1;
        expectRejected(borrower, pool, made);
    }

    function testFuzz_stolen_by_another_sender(address thief) public {
        vm.assume(thief != borrower);
        vm.expectRevert(abi.encodeWithSelector(IGate.NotTheSubject.selector, borrower, thief));
        vm.prank(thief);
        pool.borrow(made, proof);
    }

    /// A thief with a credential of their own on the same commitment still has another context.
    function test_stolen_by_somebody_attested() public {
        address thief = makeAddr("thief");
        Credential memory own = credential();
        own.subject = thief;
        BorrowRequest memory theirs = requestFor(own);
        theirs.terms.receiver = thief;
        expectRejected(thief, pool, theirs);
    }

    function testFuzz_other_receiver(address receiver) public {
        vm.assume(
            receiver != borrower && receiver != address(0) && receiver != address(pool)
                && receiver != address(vault)
        );
        made.terms.receiver = receiver;
        expectRejected(borrower, pool, made);
    }

    function testFuzz_other_amount(uint256 amount) public {
        amount = bound(amount, 1, 2000 * UNIT);
        vm.assume(amount != made.terms.amount);
        made.terms.amount = amount;
        expectRejected(borrower, pool, made);
    }

    function testFuzz_other_deadline(uint64 deadline) public {
        deadline = uint64(bound(deadline, START, type(uint64).max));
        vm.assume(deadline != made.terms.deadline);
        made.terms.deadline = deadline;
        expectRejected(borrower, pool, made);
    }

    function test_other_tier() public {
        made.terms.tier = 1;
        expectRejected(borrower, pool, made);
    }

    function testFuzz_other_credential(uint256 salt) public {
        Credential memory other = credential();
        vm.assume(salt != other.salt);
        other.salt = salt;
        made = requestFor(other);
        expectRejected(borrower, pool, made);
    }

    function testFuzz_other_commitment(bytes32 commitment) public {
        vm.assume(commitment != bytes32(COMMITMENT));
        made = requestFor(credentialFor(bytes32(SCHEMA), commitment));
        expectRejected(borrower, pool, made);
    }

    function test_other_chain() public {
        vm.chainId(10);
        bytes32 uid = registry.uidOf(made.credential);
        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.BadSignature.selector, attester, uid));
        vm.prank(borrower);
        pool.borrow(made, proof);
        // Even with a credential for that chain, the context is another.
        made = requestFor(credential());
        expectRejected(borrower, pool, made);
    }

    function test_other_pool_of_the_same_underwriter() public {
        expectRejected(borrower, anotherPool(underwriter), made);
    }

    /// A new version of the model voids what was proven for the old one.
    function test_other_policy() public {
        vm.startPrank(admin);
        underwriter.addPolicy(policyConfig(MODEL + 1, SCHEMA, TIER_0));
        underwriter.retirePolicy(underwriter.policyOf(0));
        vm.stopPrank();
        bytes32 old = underwriter.policyOf(0);
        vm.expectRevert(abi.encodeWithSelector(IGate.PolicyIsRetired.selector, old));
        vm.prank(borrower);
        pool.borrow(made, proof);
        made.terms.tier = 2;
        expectRejected(borrower, pool, made);
    }

    function test_other_price() public {
        PolicyConfig memory dearer = policyConfig(MODEL, SCHEMA, TIER_0);
        dearer.pricing.baseRate++;
        vm.prank(admin);
        Underwriter second = new Underwriter(registry, address(manager), dearer);
        expectRejected(borrower, anotherPool(second), made);
    }

    function anotherPool(Underwriter by) internal returns (TesseraPool another) {
        TesseraVault with;
        (another, with) = openPool(token, by);
        token.mint(address(this), LIQUIDITY);
        token.approve(address(with), LIQUIDITY);
        with.deposit(LIQUIDITY, address(this));
        vm.roll(block.number + 1);
    }
}
