// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Credential, ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {Loan} from "../contracts/interfaces/ILoanBook.sol";
import {ITesseraPool} from "../contracts/interfaces/ITesseraPool.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {SmartAttester as SmartWallet} from "./support/SmartAttester.sol";

/// A relayer carries what the borrower signed, and can change nothing.
contract BorrowForTest is Base {
    address internal relayer = makeAddr("relayer");

    function digest(address who, BorrowRequest memory made) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "Borrow(address borrower,bytes32 credentialUid,address attester,bytes32 policyId,address receiver,uint256 amount,uint256 tier,uint64 deadline,uint256 nonce)"
        );
        bytes memory head = abi.encode(
            typeHash,
            who,
            registry.uidOf(made.credential),
            made.attester,
            underwriter.policyOf(made.terms.tier)
        );
        bytes memory tail = abi.encode(
            made.terms.receiver, made.terms.amount, made.terms.tier, made.terms.deadline, made.nonce
        );
        bytes32 structHash = keccak256(bytes.concat(head, tail));
        return keccak256(abi.encodePacked(hex"1901", domain(), structHash));
    }

    /// The pool's own: name "Tessera Pool", version "1".
    function domain() internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Tessera Pool"),
                keccak256("1"),
                block.chainid,
                address(pool)
            )
        );
    }

    function sign(uint256 key, address who, BorrowRequest memory made) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest(who, made));
        return abi.encodePacked(r, s, v);
    }

    function expectBad(BorrowRequest memory made, bytes memory proof, bytes memory signature) internal {
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.BadBorrowerSignature.selector, borrower));
        vm.prank(relayer);
        pool.borrowFor(borrower, made, proof, signature);
    }

    function test_relayed() public {
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(borrower, made);
        bytes memory signature = sign(BORROWER_KEY, borrower, made);
        vm.prank(relayer);
        (, Loan memory loan) = pool.borrowFor(borrower, made, proof, signature);
        assertEq(loan.borrower, borrower);
        assertEq(pool.requestDigest(borrower, made), digest(borrower, made));
        assertEq(token.balanceOf(borrower), made.terms.amount);
        assertEq(token.balanceOf(relayer), 0);

        vm.expectRevert(abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 1, 0));
        pool.borrowFor(borrower, made, proof, signature);
    }

    /// What was signed can be taken back, by whoever signed it and nobody else.
    function testFuzz_cancelled(address stranger) public {
        vm.assume(stranger != borrower);
        BorrowRequest memory made = request();
        bytes memory proof = proofFor(borrower, made);
        bytes memory signature = sign(BORROWER_KEY, borrower, made);
        bytes32 what = digest(borrower, made);
        uint256 state = vm.snapshotState();
        vm.prank(stranger);
        pool.cancelRequest(what);
        pool.borrowFor(borrower, made, proof, signature);
        vm.revertToState(state);
        vm.expectEmit(address(pool));
        emit ITesseraPool.RequestCancelled(borrower, what);
        vm.prank(borrower);
        pool.cancelRequest(what);
        vm.expectRevert(abi.encodeWithSelector(ITesseraPool.RequestIsCancelled.selector, what));
        pool.borrowFor(borrower, made, proof, signature);
        // The borrower's own word is another.
        borrow(made);
    }

    function test_contract_as_borrower() public {
        address wallet = address(new SmartWallet(borrower));
        Credential memory given = credential();
        given.subject = wallet;
        BorrowRequest memory made = requestFor(given);
        made.terms.receiver = wallet;
        bytes memory proof = proofFor(wallet, made);
        bytes memory signature = sign(BORROWER_KEY, wallet, made);
        vm.prank(relayer);
        pool.borrowFor(wallet, made, proof, signature);
        assertEq(token.balanceOf(wallet), made.terms.amount);
    }

    function testFuzz_signed_by_somebody_else(uint256 key) public {
        key = bound(key, 1, 1 << 250);
        vm.assume(key != BORROWER_KEY);
        BorrowRequest memory made = request();
        expectBad(made, proofFor(borrower, made), sign(key, borrower, made));
    }

    /// The relayer makes a proof that fits what it changed (here that is free) and still gets nowhere.
    function testFuzz_altered_by_the_relayer(uint8 field, uint256 change) public {
        BorrowRequest memory made = request();
        bytes memory signature = sign(BORROWER_KEY, borrower, made);
        change = bound(change, 1, 1000);
        field = uint8(bound(field, 0, 6));
        if (field == 0) made.terms.receiver = relayer;
        if (field == 1) made.terms.amount -= change;
        if (field == 2) made.terms.tier = 1;
        if (field == 3) made.terms.deadline += uint64(change);
        if (field == 4) made.nonce += change;
        if (field == 5) made.credential.salt += change;
        if (field == 6) made.attester = relayer;
        expectBad(made, proofFor(borrower, made), signature);
    }

    /// The policy is signed too: another one under the same tier number cannot be slipped in.
    function test_another_pool() public {
        BorrowRequest memory made = request();
        bytes memory signature = sign(BORROWER_KEY, borrower, made);
        vm.chainId(10);
        expectBad(made, proofFor(borrower, made), signature);
    }

    function testFuzz_no_signature(bytes calldata signature) public {
        BorrowRequest memory made = request();
        vm.assume(keccak256(signature) != keccak256(sign(BORROWER_KEY, borrower, made)));
        expectBad(made, proofFor(borrower, made), signature);
    }

    function test_signature_without_a_proof() public {
        BorrowRequest memory made = request();
        bytes memory signature = sign(BORROWER_KEY, borrower, made);
        vm.expectRevert();
        pool.borrowFor(borrower, made, abi.encode(bytes32(0)), signature);
    }
}
