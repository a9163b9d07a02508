// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "../contracts/interfaces/ICredentialRegistry.sol";
import {IGate} from "../contracts/interfaces/IGate.sol";
import {ITesseraVault} from "../contracts/interfaces/ITesseraVault.sol";
import {BorrowRequest, IUnderwriter} from "../contracts/interfaces/IUnderwriter.sol";
import {Books, BooksLib, PackedBooks} from "../contracts/libraries/BooksLib.sol";
import {Gains, GainsLib} from "../contracts/libraries/GainsLib.sol";
import {Base} from "./support/Base.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Test} from "forge-std/Test.sol";

/// Several values share a storage slot: each keeps what it was given, or refuses it. None is cut off, and none
/// spills into its neighbour.
contract PackedBooksTest is Test {
    using BooksLib for Books;
    using BooksLib for PackedBooks;

    PackedBooks private _packed;

    function pack(Books memory books, bool flag) external {
        books.pack(_packed, flag);
    }

    /// Whatever fits comes back as it was, whatever was there before.
    function testFuzz_round_trip(Books memory books, Books memory before, bool flag) public {
        this.pack(fitting(before), !flag);
        books = fitting(books);
        // Without a markdown these slots are neither read nor written, unless there was one when it was read.
        books.late = before.markdown != 0 || before.markdownSlope != 0;
        this.pack(books, flag);
        Books memory read = _packed.unpack();
        assertEq(_packed.flag, flag);
        read.late = books.late;
        assertEq(keccak256(abi.encode(read)), keccak256(abi.encode(books)));
    }

    function fitting(Books memory books) private pure returns (Books memory) {
        books.settledAt = uint40(books.settledAt);
        books.value = int200(books.value);
        books.slope = int168(books.slope);
        books.remainder = uint88(books.remainder);
        books.late = false;
        return books;
    }

    /// One step beyond a width, and any number of them, is refused.
    function testFuzz_too_wide(uint256 beyond, uint8 which) public {
        Books memory books;
        which %= 6;
        bytes4 unsigned = SafeCast.SafeCastOverflowedUintDowncast.selector;
        bytes4 signed = SafeCast.SafeCastOverflowedIntDowncast.selector;
        if (which == 0) books.settledAt = bound(beyond, 1 << 40, type(uint256).max);
        if (which == 1) books.value = int256(bound(beyond, 1 << 199, uint256(type(int256).max)));
        if (which == 2) books.value = -int256(bound(beyond, (1 << 199) + 1, uint256(type(int256).max)));
        if (which == 3) books.remainder = bound(beyond, 1 << 88, type(uint256).max);
        if (which == 4) books.slope = int256(bound(beyond, 1 << 167, uint256(type(int256).max)));
        if (which == 5) books.slope = -int256(bound(beyond, (1 << 167) + 1, uint256(type(int256).max)));
        vm.expectPartialRevert(which == 0 || which == 3 ? unsigned : signed);
        this.pack(books, false);
    }
}

contract PackedGainsTest is Test {
    using GainsLib for Gains;

    function add(Gains memory gains, uint256 amount) external pure returns (Gains memory) {
        gains.add(amount);
        return gains;
    }

    function testFuzz_too_much_of_one_day(uint112 today, uint256 amount) public {
        Gains memory gains;
        gains.today = today;
        amount = bound(amount, 0, type(uint256).max - today);
        bool fits = amount <= type(uint112).max - today;
        if (!fits) vm.expectPartialRevert(SafeCast.SafeCastOverflowedUintDowncast.selector);
        gains = this.add(gains, amount);
        if (fits) assertEq(gains.today, today + amount);
    }

    /// All at their widest: what is released together still fits, or is refused by name.
    function settle(Gains memory gains, uint256 time) external pure returns (uint256 held) {
        gains.settle(time);
        return gains.locked(time);
    }

    function testFuzz_joining(uint112 today, uint112 yesterday, uint112 releasing, uint16 days_) public {
        Gains memory gains = Gains(today, yesterday, 1000, releasing, 1000 days, 1030 days);
        uint256 time = 1001 days + uint256(days_) * 1 days;
        try this.settle(gains, time) returns (uint256 held) {
            assertLe(held, uint256(today) + yesterday + releasing);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), SafeCast.SafeCastOverflowedUintDowncast.selector);
            assertGt(uint256(today) + yesterday + releasing, type(uint112).max);
        }
    }
}

contract PackingTest is Base {
    bytes4 private constant TOO_WIDE = SafeCast.SafeCastOverflowedUintDowncast.selector;
    bytes32 private constant HOLDER = keccak256("tessera.tests.holder");

    /// The nonce has sixteen bits in the record: one that agrees with the person's in these alone is another.
    function testFuzz_a_nonce_that_would_be_cut_off(uint240 high) public {
        BorrowRequest memory made = request();
        made.nonce = uint256(bound(high, 1, type(uint240).max)) << 16;
        bytes memory proof = proofFor(borrower, made);
        bytes memory reason = abi.encodeWithSelector(ICredentialRegistry.WrongNonce.selector, 0, made.nonce);
        vm.expectRevert(reason);
        pool.previewBorrow(borrower, made);
        vm.expectRevert(reason);
        vm.prank(borrower);
        pool.borrow(made, proof);
    }

    /// And a tier has thirty-two.
    function testFuzz_a_tier_that_would_be_cut_off(uint224 high) public {
        BorrowRequest memory made = request();
        made.terms.tier = uint256(bound(high, 1, type(uint224).max)) << 32;
        vm.expectRevert(abi.encodeWithSelector(IGate.UnknownTier.selector, made.terms.tier, 2));
        vm.prank(borrower);
        pool.borrow(made, "");
    }

    /// Ninety-six bits of amount: more is more than any tier pays out.
    function testFuzz_an_amount_that_would_be_cut_off(uint160 high) public {
        BorrowRequest memory made = request();
        made.terms.amount = (uint256(bound(high, 1, type(uint160).max)) << 96) + 1;
        vm.expectPartialRevert(IUnderwriter.AmountAboveTier.selector);
        pool.previewBorrow(borrower, made);
        vm.expectPartialRevert(IUnderwriter.AmountAboveTier.selector);
        vm.prank(borrower);
        pool.borrow(made, "");
    }

    /// Cover and cash have 112 bits each. What does not fit is refused before a token moves.
    function testFuzz_cover(uint256 amount) public {
        amount = bound(amount, 1 << 112, type(uint256).max - token.totalSupply());
        token.mint(admin, amount);
        vm.startPrank(admin);
        token.approve(address(vault), amount);
        vm.expectPartialRevert(TOO_WIDE);
        vault.provideCover(amount);
        assertEq(vault.cover(), 0);
        vault.provideCover(type(uint112).max / 2);
        assertEq(vault.cover(), type(uint112).max / 2);
        assertEq(vault.cash(), LIQUIDITY);
        assertEq(vault.totalAssets(), LIQUIDITY);
    }

    /// Deposits end where the limit does, whose own width is less than the cash's.
    function test_the_widest_deposit() public {
        uint256 most = vault.maxDeposit(lender);
        assertEq(most, type(uint96).max - LIQUIDITY);
        token.mint(lender, most + 1);
        vm.startPrank(lender);
        token.approve(address(vault), most + 1);
        vm.expectPartialRevert(bytes4(keccak256("ERC4626ExceededMaxDeposit(address,uint256,uint256)")));
        vault.deposit(most + 1, lender);
        vault.deposit(most, lender);
        assertEq(vault.cash(), type(uint96).max);
        assertEq(vault.cover(), 0);
    }

    /// Cash, what of it is fresh, and the block share a slot.
    function testFuzz_fresh_cash(uint256 first, uint256 second, uint256 out) public {
        first = bound(first, 1, 1e20);
        second = bound(second, 1, 1e20);
        token.mint(lender, first + second);
        vm.startPrank(lender);
        token.approve(address(vault), type(uint256).max);
        vault.deposit(first, lender);
        vault.deposit(second, lender);
        assertEq(vault.cash(), LIQUIDITY + first + second);
        out = bound(out, 1, LIQUIDITY + first + second);
        vault.withdraw(out, lender, lender);
        uint256 cash = LIQUIDITY + first + second - out;
        assertEq(vault.cash(), cash);
        // What left was the fresh first.
        uint256 fresh = first + second > out ? first + second - out : 0;
        vm.stopPrank();
        if (cash > fresh) vault.checkRoom(cash - fresh);
        vm.expectPartialRevert(
            fresh == 0 ? ITesseraVault.InsufficientCash.selector : ITesseraVault.UtilisationTooHigh.selector
        );
        vault.checkRoom(cash - fresh + 1);
        vm.roll(block.number + 1);
        vault.checkRoom(cash);
    }

    /// A person's loans are counted in sixteen bits: the last but one is made, and none after it.
    function test_the_last_loan_of_a_person() public {
        setLoans(type(uint16).max - 1);
        BorrowRequest memory made = request();
        assertEq(made.nonce, type(uint16).max - 1);
        uint256 number = borrow(made);
        assertEq(rec(number).nonce, type(uint16).max - 1);
        repayAs(borrower, number, type(uint256).max);
        assertEq(registry.personOf(attester, HOLDER).loans, type(uint16).max);
        made = request();
        bytes memory proof = proofFor(borrower, made);
        vm.expectPartialRevert(TOO_WIDE);
        vm.prank(borrower);
        pool.borrow(made, proof);
        assertEq(registry.lockedBy(attester, HOLDER), address(0));
    }

    /// Writes the count into the person's slot, and checks that it is the count and nothing else.
    function setLoans(uint16 loans_) private {
        BorrowRequest memory made = request();
        uint256 before = vm.snapshotState();
        vm.record();
        registry.personOf(attester, made.credential.holder);
        (bytes32[] memory reads,) = vm.accesses(address(registry));
        vm.revertToState(before);
        // The last that is read is the person's; the pool's address, two dates, then the count.
        uint256 shift = 160 + 40 + 16;
        vm.store(address(registry), reads[reads.length - 1], bytes32(uint256(loans_) << shift));
        assertEq(registry.personOf(attester, HOLDER).loans, loans_);
        assertEq(registry.personOf(attester, HOLDER).notBefore, 0);
        assertEq(registry.personOf(attester, HOLDER).repaid, 0);
    }
}
