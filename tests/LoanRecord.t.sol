// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TesseraPool} from "../contracts/credit/TesseraPool.sol";
import {TesseraVault} from "../contracts/credit/TesseraVault.sol";
import {ILoanBook, Loan, LoanStatus} from "../contracts/interfaces/ILoanBook.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";

/// The chain keeps a loan's hash alone, so whoever brings a record must have brought the one that was agreed on.
contract LoanRecordTest is Base {
    uint256 private constant WORDS = 13;
    /// Bits of each member of the record.
    uint16[WORDS] private widths = [160, 32, 1, 160, 256, 256, 64, 64, 40, 40, 40, 96, 16];
    uint256 private number;

    function setUp() public override {
        super.setUp();
        number = borrow(request());
        token.mint(address(this), LIQUIDITY);
        token.approve(address(vault), type(uint256).max);
    }

    /// One of a record's members, changed by one bit that its type has (or, from `width` on, has not).
    function altered(uint256 word, uint256 bit) private view returns (bytes memory words) {
        words = abi.encode(rec(number));
        assertEq(words.length, WORDS * 32);
        assembly ("memory-safe") {
            let place := add(add(words, 32), mul(word, 32))
            mstore(place, xor(mload(place), shl(bit, 1)))
        }
    }

    /// The assembly of `idOf` hashes every member, and nothing but them.
    function testFuzz_the_id_is_the_hash_of_the_encoding(Loan memory loan) public view {
        assertEq(book.idOf(loan), keccak256(abi.encode(loan)));
    }

    /// One bit of one member makes another record, on which nothing is owed, paid, drawn or marked.
    function testFuzz_one_bit(uint256 word, uint256 bit) public {
        word = bound(word, 0, WORDS - 1);
        Loan memory forged = abi.decode(altered(word, bound(bit, 0, widths[word] - 1)), (Loan));
        bytes32 id = book.idOf(forged);
        assertNotEq(id, idOf(number));
        assertEq(uint8(book.statusOf(forged)), uint8(LoanStatus.None));
        bytes memory reason = abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, id);
        vm.expectRevert(reason);
        pool.repay(forged, 1);
        vm.startPrank(admin);
        vm.expectRevert(reason);
        pool.mark(forged, 1);
        vm.expectRevert(reason);
        pool.closeLine(forged);
    }

    /// Bits beyond a member's type are refused, not cut off: they would make two encodings of one loan.
    function testFuzz_a_bit_too_many(uint256 word, uint256 bit) public {
        word = bound(word, 0, WORDS - 1);
        if (widths[word] == 256) word = 0;
        bytes memory words = altered(word, bound(bit, widths[word], 255));
        bytes memory call = abi.encodePacked(pool.repay.selector, words, uint256(1));
        (bool paid,) = address(pool).call(call);
        assertFalse(paid);
        (paid,) = address(book).call(abi.encodePacked(book.statusOf.selector, words));
        assertFalse(paid);
        (paid,) = address(book).call(abi.encodePacked(book.idOf.selector, words));
        assertFalse(paid);
    }

    /// Repaid is repaid: the record cannot be brought again, whatever happens to the person later.
    function testFuzz_after_closing(uint256 amount) public {
        pool.repay(rec(number), type(uint256).max);
        bytes memory reason = abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, idOf(number));
        uint256 second = borrow(request());
        vm.expectRevert(reason);
        pool.repay(rec(number), bound(amount, 1, type(uint256).max));
        vm.startPrank(admin);
        vm.expectRevert(reason);
        pool.mark(rec(number), 1);
        assertEq(uint8(statusOf(number)), uint8(LoanStatus.Closed));
        assertEq(registry.lockedBy(attester, rec(second).holder), address(pool));
    }

    /// Two loans of one person on the same terms in the same second are two records: their nonces differ.
    function test_the_same_again_in_the_same_second() public {
        pool.repay(rec(number), type(uint256).max);
        uint256 second = borrow(request());
        assertNotEq(idOf(second), idOf(number));
        Loan memory same = rec(second);
        same.nonce = rec(number).nonce;
        assertEq(book.idOf(same), idOf(number));
        assertEq(principalOf(second), 1500 * UNIT);
        assertEq(principalOf(number), 0);
    }

    /// A record of one pool is none of another's, and closes nothing there.
    function test_another_pools_record() public {
        (TesseraPool other, TesseraVault with) = openPool(token, underwriter);
        token.approve(address(with), type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, idOf(number)));
        other.repay(rec(number), 1);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, idOf(number)));
        vm.prank(admin);
        other.mark(rec(number), 1);
        assertEq(principalOf(number), 1500 * UNIT);
    }

    /// A loan of the same person at another pool is paid there.
    function test_paid_where_it_was_made() public {
        (TesseraPool other, TesseraVault with) = openPool(token, underwriter);
        token.approve(address(with), type(uint256).max);
        with.deposit(2000 * UNIT, address(this));
        vm.roll(block.number + 1);
        BorrowRequest memory made = request();
        pool.repay(rec(number), type(uint256).max);
        made.nonce = 1;
        bytes memory proof = abi.encode(keccak256(abi.encode(other.statement(borrower, made))));
        vm.prank(borrower);
        (bytes32 id, Loan memory loan) = other.borrow(made, proof);
        vm.expectRevert(abi.encodeWithSelector(ILoanBook.LoanNotOpen.selector, id));
        pool.repay(loan, 1);
        other.repay(loan, type(uint256).max);
        assertEq(uint8(other.book().statusOf(loan)), uint8(LoanStatus.Closed));
    }
}
