// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {IGate} from "../contracts/interfaces/IGate.sol";
import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraVerifier, Statement} from "../contracts/interfaces/ITesseraVerifier.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {FieldLib} from "../contracts/libraries/FieldLib.sol";
import {RealProofBase} from "./support/RealProofBase.sol";

/// The generated verifier and the pool, on a proof by the real prover.
abstract contract RealProofTest is RealProofBase {
    uint256 private constant BASE_FIELD = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    /// Name of the proof's file.
    function fixture() internal pure virtual returns (string memory);

    /// 0 for a direct proof.
    function segments() internal pure virtual returns (uint256);

    function setUp() public {
        load(string.concat("tests/fixtures/", fixture(), ".json"));
    }

    function borrow(address sender) internal returns (Loan memory loan) {
        vm.prank(sender);
        (, loan) = pool.borrow(made, proof);
    }

    /// True if the verifier answers `true`; a revert is a no.
    function accepts(Statement memory statement, bytes memory bytes_) internal view returns (bool) {
        try verifier.verify(statement, bytes_) returns (bool answer) {
            return answer;
        } catch {
            return false;
        }
    }

    // ------------------------------------------------------------------------------- at the pool

    function test_accepted_once() public {
        Loan memory loan = borrow(borrower);
        assertEq(token.balanceOf(made.terms.receiver), made.terms.amount);
        assertEq(registry.lockedBy(attester, made.credential.holder), address(pool));
        assertEq(book.accountOf(book.idOf(loan)).principal, made.terms.amount);

        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 1, 0));
        borrow(borrower);
    }

    function test_whole_life() public {
        Loan memory loan = borrow(borrower);
        vm.warp(START + 45 days);
        token.mint(borrower, made.terms.amount);
        vm.startPrank(borrower);
        token.approve(address(vault), type(uint256).max);
        pool.repay(loan, made.terms.amount / 2);
        pool.repay(loan, type(uint256).max);
        vm.stopPrank();
        assertEq(registry.lockedBy(attester, made.credential.holder), address(0));
        assertGt(vault.totalAssets(), LIQUIDITY);

        vm.startPrank(lender);
        vault.redeem(vault.balanceOf(lender), lender, lender);
        assertGt(token.balanceOf(lender), LIQUIDITY);
    }

    function test_same_credential_twice() public {
        borrow(borrower);
        made.nonce = 1;
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        borrow(borrower);
    }

    function testFuzz_wrong_sender(address thief) public {
        vm.assume(thief != borrower);
        vm.expectRevert(abi.encodeWithSelector(IGate.NotTheSubject.selector, borrower, thief));
        borrow(thief);
    }

    /// The thief's own credential, on the stolen commitment: only the proof stands in the way.
    function test_stolen_commitment() public {
        address thief = makeAddr("thief");
        made.credential.subject = thief;
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        borrow(thief);
    }

    function test_expired_credential() public {
        made.terms.deadline = made.credential.expiresAt;
        vm.warp(made.credential.expiresAt);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICredentialRegistry.CredentialExpired.selector, made.credential.expiresAt, block.timestamp
            )
        );
        borrow(borrower);
    }

    function test_other_terms() public {
        BorrowRequest memory good = made;
        made.terms.amount = good.terms.amount + 1;
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        borrow(borrower);
        made = good;
        made.terms.receiver = makeAddr("somebody else");
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        borrow(borrower);
        made = good;
        made.terms.tier = 1;
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        borrow(borrower);
    }

    function test_other_chain() public {
        vm.chainId(1);
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        vm.expectRevert(ITesseraVerifier.ProofRejected.selector);
        borrow(borrower);
    }

    /// A commitment outside of the field is another number to the credential and the same one modulo r.
    function test_commitment_plus_the_modulus() public {
        made.credential.commitment = bytes32(uint256(made.credential.commitment) + FieldLib.MODULUS);
        made.signature = signCredential(ATTESTER_KEY, made.credential);
        vm.expectPartialRevert(ITesseraVerifier.WordNotInField.selector);
        borrow(borrower);
    }

    // --------------------------------------------------------------------------- at the verifier

    function test_verifier_says_what_it_is() public view {
        assertEq(verifier.SEGMENTS(), segments());
        assertEq(verifier.PROOF_LENGTH(), proof.length);
        assertTrue(verifier.INSECURE_SRS());
        assertNotEq(verifier.SRS_DIGEST(), bytes32(0));
        assertNotEq(verifier.KEY_DIGEST(), bytes32(0));
        assertLe(address(verifier).code.length, 24_576);
        assertTrue(accepts(proven, proof));
    }

    function test_each_word_of_the_statement() public view {
        uint256[5] memory good =
            [proven.commitment, proven.schema, proven.modelDigest, proven.threshold, proven.context];
        for (uint256 i = 0; i < good.length; i++) {
            uint256[5] memory words = [good[0], good[1], good[2], good[3], good[4]];
            uint256[4] memory bad = [good[i] ^ 1, good[i] + FieldLib.MODULUS, 0, type(uint256).max];
            for (uint256 j = 0; j < bad.length; j++) {
                words[i] = bad[j];
                assertFalse(accepts(abi.decode(abi.encode(words), (Statement)), proof));
            }
        }
    }

    /// Every word of the proof: a bit flipped, zero, and the same residue of either field.
    function test_each_word_of_the_proof() public view {
        bytes memory bad = proof;
        for (uint256 at = 0; at + 32 <= bad.length; at += 32) {
            uint256 good = wordAt(bad, at);
            setWord(bad, at, good ^ 1);
            assertFalse(accepts(proven, bad));
            setWord(bad, at, good ^ (1 << 200));
            assertFalse(accepts(proven, bad));
            if (good != 0) {
                setWord(bad, at, 0);
                assertFalse(accepts(proven, bad));
            }
            unchecked {
                setWord(bad, at, good + FieldLib.MODULUS);
                if (good + FieldLib.MODULUS > good) assertFalse(accepts(proven, bad));
                setWord(bad, at, good + BASE_FIELD);
                if (good + BASE_FIELD > good) assertFalse(accepts(proven, bad));
            }
            setWord(bad, at, good);
        }
        assertTrue(accepts(proven, bad));
    }

    /// Points stay on the curve when their ordinate changes its sign: no longer the prover's, all the same.
    function test_each_ordinate_negated() public view {
        bytes memory bad = proof;
        for (uint256 at = 0; at + 32 <= bad.length; at += 32) {
            uint256 good = wordAt(bad, at);
            if (good == 0 || good >= BASE_FIELD) continue;
            setWord(bad, at, BASE_FIELD - good);
            assertFalse(accepts(proven, bad));
            setWord(bad, at, good);
        }
    }

    function testFuzz_a_byte_of_the_proof_at_the_pool(uint256 at, uint8 change) public {
        vm.assume(change != 0);
        at = bound(at, 0, proof.length - 1);
        proof[at] ^= bytes1(change);
        vm.expectRevert();
        borrow(borrower);
        assertEq(registry.personOf(attester, made.credential.holder).loans, 0);
    }

    function testFuzz_another_length(uint256 length, bytes calldata tail) public {
        bytes memory bad = bytes.concat(proof, tail);
        length = bound(length, 0, bad.length);
        vm.assume(length != proof.length);
        assembly ("memory-safe") {
            mstore(bad, length)
        }
        vm.expectRevert(abi.encodeWithSelector(ITesseraVerifier.ProofLength.selector, proof.length, length));
        verifier.verify(proven, bad);
    }

    /// The same arguments in call data that is not laid out the one canonical way.
    function test_call_data_layout() public view {
        bytes memory good = abi.encodeCall(verifier.verify, (proven, proof));
        assertTrue(accepted(good));
        assertFalse(accepted(bytes.concat(good, hex"00")));
        assertFalse(accepted(bytes.concat(good, new bytes(32))));

        // The offset of the proof stands after the five words; one word of slack before the proof.
        bytes memory shifted = bytes.concat(
            ITesseraVerifier.verify.selector,
            abi.encode(proven, uint256(7 * 32), uint256(0), proof.length),
            proof
        );
        assertFalse(accepted(shifted));
        for (uint256 cut = 1; cut <= 64; cut += 21) {
            bytes memory short = abi.encodeCall(verifier.verify, (proven, proof));
            assembly ("memory-safe") {
                mstore(short, sub(mload(short), cut))
            }
            assertFalse(accepted(short));
        }
    }

    /// Where a chain lacks a precompile, calls to it succeed and answer nothing.
    function test_without_a_precompile() public {
        bytes memory callData = abi.encodeCall(verifier.verify, (proven, proof));
        for (uint160 at = 6; at <= 8; at++) {
            vm.mockCall(address(at), bytes(""), bytes(""));
            (bool success, bytes memory answer) = address(verifier).staticcall(callData);
            assertFalse(success);
            assertEq(answer.length, 0, "the pairing is not reached");
            vm.clearMockedCalls();
        }
        assertTrue(accepted(callData));
    }

    function accepted(bytes memory callData) private view returns (bool) {
        (bool success, bytes memory answer) = address(verifier).staticcall(callData);
        return success && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }

    function wordAt(bytes memory data, uint256 at) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), at))
        }
    }

    function setWord(bytes memory data, uint256 at, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), at), word)
        }
    }
}

contract DirectTest is RealProofTest {
    function fixture() internal pure override returns (string memory) {
        return "loan-direct";
    }

    function segments() internal pure override returns (uint256) {
        return 0;
    }
}

contract OneSegmentTest is RealProofTest {
    function fixture() internal pure override returns (string memory) {
        return "loan-n1";
    }

    function segments() internal pure override returns (uint256) {
        return 1;
    }
}

contract TwoSegmentsTest is RealProofTest {
    function fixture() internal pure override returns (string memory) {
        return "loan-n2";
    }

    function segments() internal pure override returns (uint256) {
        return 2;
    }
}
