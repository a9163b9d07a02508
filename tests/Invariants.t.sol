// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Balance, Loan, LoanStatus, Stage} from "../contracts/interfaces/ILoanBook.sol";
import {BorrowRequest} from "../contracts/interfaces/IUnderwriter.sol";
import {Base} from "./support/Base.sol";
import {BooksModel} from "./support/BooksModel.sol";
import {IRequests, PoolHandler} from "./support/PoolHandler.sol";

/// What holds whatever depositors and borrowers do, in whatever order, at whatever time.
contract InvariantsTest is Base, IRequests {
    PoolHandler internal handler;

    function setUp() public override {
        super.setUp();
        handler = new PoolHandler(pool, token, this, lender);
        vm.prank(admin);
        manager.grantRole(0, address(handler), 0);
        targetContract(address(handler));
        assertEq(addLinePolicy(), 2);
    }

    function issuer() external view returns (address) {
        return attester;
    }

    function makeRequest(address who, uint256 amount, uint256 tier)
        external
        view
        returns (BorrowRequest memory made, bytes memory proof)
    {
        made = requestOf(who, amount);
        made.terms.tier = tier;
        return (made, proofFor(who, made));
    }

    function invariant_tokens_are_cash_cover_and_donations() public {
        vault.accrue();
        assertEq(token.balanceOf(address(vault)), vault.cash() + vault.cover() + handler.donated());
    }

    /// The books, kept without a list of loans, agree to the unit with a walk over all of them.
    function invariant_books_are_the_sum_of_loans() public view {
        (uint256 value, uint256 losses, uint256 principal) = BooksModel.sum(book, handler.loans());
        assertEq(vault.loansValue(), value);
        assertEq(vault.unrealisedLosses(), losses);
        uint256 borne = losses > vault.cover() ? losses - vault.cover() : 0;
        uint256 raw = vault.cash() + (value > borne ? value - borne : 0);
        uint256 held = vault.heldGains();
        assertEq(vault.totalAssets(), raw > held ? raw - held : 0);
        assertEq(vault.grossAssets(), vault.cash() + value);
        // Nothing owed, nothing marked down.
        if (principal == 0) assertEq(value + losses, 0);
    }

    function invariant_shares_are_the_lenders() public view {
        uint256 sum = 0;
        for (uint256 i = 0; i < handler.lenderCount(); i++) {
            sum += vault.balanceOf(handler.lenders(i));
        }
        sum += vault.balanceOf(handler.TREASURY());
        assertEq(vault.totalSupply(), sum);
    }

    function invariant_locks_are_open_loans() public view {
        for (uint256 i = 0; i < 6; i++) {
            address borrower_ = handler.borrowers(i);
            address locker = registry.lockedBy(attester, keccak256(abi.encode(borrower_)));
            // After a default it outlives the loan for a while.
            if (handler.openLoan(borrower_) != 0) assertEq(locker, address(pool));
            bool late = registry.personOf(attester, keccak256(abi.encode(borrower_))).freeAt > block.timestamp;
            if (handler.openLoan(borrower_) == 0) assertEq(locker, late ? address(pool) : address(0));
        }
    }

    function invariant_one_accepted_proof_a_loan() public view {
        uint256 nonces = 0;
        for (uint256 i = 0; i < 6; i++) {
            nonces += registry.personOf(attester, keccak256(abi.encode(handler.borrowers(i)))).loans;
        }
        assertEq(handler.loans().length, nonces);
        assertEq(handler.loans().length, handler.effects("borrow"));
        assertFalse(handler.contextTwice());
    }

    /// The hash is all that the chain keeps of a loan.
    function invariant_every_loan_has_its_own_hash() public view {
        Loan[] memory all = handler.loans();
        for (uint256 i = 0; i < all.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                assertNotEq(book.idOf(all[i]), book.idOf(all[j]));
            }
        }
    }

    function invariant_nobody_does_what_they_may_not() public view {
        assertFalse(handler.intruded());
    }

    /// A line is drawn to no more than its limit, and is locked like a loan.
    function invariant_lines_stay_within_their_limits() public view {
        Loan[] memory all = handler.loans();
        for (uint256 i = 0; i < all.length; i++) {
            if (all[i].line) assertLe(book.accountOf(book.idOf(all[i])).principal, all[i].amount);
        }
    }

    /// Losses that are written down as borne are those of defaulted loans that still owe.
    function invariant_losses_borne_are_of_defaulted_loans() public view {
        (uint256 byDepositors, uint256 byCover) = vault.lossesBorne();
        uint256 owed = 0;
        Loan[] memory all = handler.loans();
        for (uint256 i = 0; i < all.length; i++) {
            if (book.statusOf(all[i]) != LoanStatus.Default) continue;
            (uint256 principal, uint256 interest) = book.debtOf(all[i]);
            owed += principal + interest;
        }
        assertLe(byDepositors + byCover, owed);
    }

    /// Handlers that return early most of the time would make every invariant hold. A replay of a failure may be
    /// shorter than a run.
    function afterInvariant() public view {
        if (handler.calls() < 32) return;
        assertGe(handler.effective() * 4, handler.calls(), "too many actions without an effect");
    }

    function invariant_no_action_takes_from_the_shareholders() public view {
        assertFalse(handler.priceFell());
    }

    /// What comes in at once is released over time: no action raises what a share is redeemed at.
    function invariant_no_action_raises_the_price() public view {
        assertFalse(handler.priceRose());
    }

    function invariant_status_follows_the_clock() public view {
        Loan[] memory all = handler.loans();
        for (uint256 i = 0; i < all.length; i++) {
            Loan memory loan = all[i];
            Balance memory account = book.accountOf(book.idOf(loan));
            LoanStatus status = LoanStatus.Current;
            if (account.stage == Stage.Repaid) status = LoanStatus.Closed;
            if (account.stage == Stage.Recovered) status = LoanStatus.Recovered;
            if (account.principal != 0) {
                if (block.timestamp >= loan.dueAt) status = LoanStatus.Grace;
                if (block.timestamp >= loan.graceEndsAt) status = LoanStatus.Delinquent;
                if (block.timestamp >= loan.graceEndsAt + DELINQUENCY) status = LoanStatus.Default;
            }
            assertEq(uint8(book.statusOf(loan)), uint8(status));
        }
    }

    /// A handler that never does anything would make every invariant hold.
    function test_handlers_have_effects() public {
        for (uint256 i = 0; i < 1200; i++) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            uint256 who = dice >> 8;
            uint256 amount = uint256(keccak256(abi.encode(dice)));
            if (dice % 10 == 0) handler.deposit(who, amount);
            if (dice % 10 == 1) handler.mint(who, amount);
            if (dice % 10 == 2) handler.withdraw(who, amount);
            if (dice % 10 == 3) handler.redeem(who, amount);
            if (dice % 10 == 4) handler.borrow(who, amount, dice >> 16);
            if (dice % 20 == 5) handler.openLine(who, amount);
            if (dice % 20 == 15) handler.draw(who, amount);
            if (dice % 40 == 6) handler.closeLine(who);
            if (dice % 40 == 10) handler.provideCover(amount);
            if (dice % 40 == 30) handler.withdrawCover(amount);
            if (dice % 40 == 20) handler.setFee(uint64(amount));
            if (dice % 40 == 0) handler.setCoverLimit(uint64(amount));
            if (dice % 40 == 16) handler.intrude(who, amount);
            if (dice % 10 == 6) handler.repay(who, amount);
            if (dice % 30 == 7) handler.repayAll(who);
            if (dice % 30 == 17) handler.waitLong(amount);
            if (dice % 30 == 8) handler.donate(amount);
            if (dice % 30 == 18) handler.mark(who, uint64(amount));
            if (dice % 30 == 28) handler.restore(who, uint64(amount >> 9));
            if (dice % 10 == 9) handler.wait(amount);
            this.invariant_books_are_the_sum_of_loans();
        }
        string[23] memory actions = [
            "deposit",
            "mint",
            "withdraw",
            "redeem",
            "borrow",
            "repay",
            "close",
            "donate",
            "wait",
            "grace",
            "delinquent",
            "default",
            "mark",
            "restore",
            "open line",
            "draw",
            "close line",
            "provide cover",
            "withdraw cover",
            "set fee",
            "set limits",
            "intrude",
            "recover"
        ];
        for (uint256 i = 0; i < actions.length; i++) {
            assertGt(handler.effects(actions[i]), 0, actions[i]);
        }
    }
}
