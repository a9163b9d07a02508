// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {
    Balance,
    Change,
    ILoanBook,
    Loan,
    LoanStatus,
    Payment,
    Stage,
    Totals
} from "../interfaces/ILoanBook.sol";
import {Books, BooksLib, Calendar, PackedBooks} from "../libraries/BooksLib.sol";
import {Debt, InterestLib} from "../libraries/InterestLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title LoanBook
/// @notice Loans, credit lines and what they are worth: see the interface. A loan of which the guardian marked a share
/// down is entered as two: the sound part in the sound books, the marked part in books of which all is loss. Both
/// live by the same dates.
contract LoanBook is ILoanBook {
    using BooksLib for Books;
    using BooksLib for PackedBooks;
    using InterestLib for Debt;
    using SafeCast for uint256;

    /// The books in memory, advanced to now, while a function changes them.
    struct Ledger {
        Books sound;
        Books marked;
        /// The marked books are not empty, or were not.
        bool marks;
    }

    /// A `Balance` in storage: the last two slots are read only if interest is owed.
    struct Account {
        uint96 principal;
        uint40 settledAt;
        uint64 marked;
        Stage stage;
        bool owesInterest;
        uint256 interestScaled;
        uint256 suspendedScaled;
    }

    uint32 private constant MIN_DELINQUENCY = 7 days;
    uint32 private constant MAX_DELINQUENCY = 3650 days;

    /// @inheritdoc ILoanBook
    address public immutable pool;
    /// @inheritdoc ILoanBook
    address public immutable vault;
    /// @inheritdoc ILoanBook
    uint32 public immutable delinquencyPeriod;

    /// Its flag: the marked books are not empty.
    PackedBooks private _sound;
    PackedBooks private _marked;
    Calendar private _soundCalendar;
    Calendar private _markedCalendar;
    mapping(bytes32 loanId => Account) private _accounts;

    modifier onlyPool() {
        require(msg.sender == pool, NotThePool(msg.sender));
        _;
    }

    /// The caller becomes the pool.
    constructor(uint32 period, address vault_) {
        bool inRange = period >= MIN_DELINQUENCY && period <= MAX_DELINQUENCY;
        require(inRange && period % 1 days == 0, BadDuration(period));
        (pool, vault, delinquencyPeriod) = (msg.sender, vault_, period);
        _sound.settledAt = uint40(block.timestamp);
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc ILoanBook
    function totals() external view returns (Totals memory sums) {
        (, sums) = _ledger();
    }

    /// @inheritdoc ILoanBook
    function idOf(Loan memory loan) public pure returns (bytes32 loanId) {
        // `keccak256(abi.encode(loan))`: the members, a word each, lie in memory as they are encoded.
        assembly ("memory-safe") {
            loanId := keccak256(loan, 416)
        }
    }

    /// @inheritdoc ILoanBook
    function accountOf(bytes32 loanId) external view returns (Balance memory) {
        return _balance(loanId);
    }

    /// @inheritdoc ILoanBook
    function debtOf(Loan calldata loan) external view returns (uint256 principal, uint256 interest) {
        Loan memory found = loan;
        Balance memory account = _balance(idOf(found));
        // Only whole repayment makes it zero, and then the interest is paid too.
        // slither-disable-next-line incorrect-equality
        if (account.principal == 0) return (0, 0);
        Debt memory debt = _debt(account);
        debt.settle(found, block.timestamp);
        return (debt.principal, debt.interestUp());
    }

    /// @inheritdoc ILoanBook
    function statusOf(Loan calldata loan) external view returns (LoanStatus) {
        Account storage account = _accounts[idOf(loan)];
        Stage stage = account.stage;
        if (stage == Stage.None) return LoanStatus.None;
        if (stage == Stage.Repaid) return LoanStatus.Closed;
        if (stage == Stage.Recovered) return LoanStatus.Recovered;
        if (account.principal == 0) return LoanStatus.Current;
        uint256 end = loan.graceEndsAt;
        if (block.timestamp >= end + delinquencyPeriod) return LoanStatus.Default;
        if (block.timestamp >= end) return LoanStatus.Delinquent;
        return block.timestamp < loan.dueAt ? LoanStatus.Current : LoanStatus.Grace;
    }

    // ------------------------------------------------------------------------------------ writing

    /// @inheritdoc ILoanBook
    function advance(bool keep) external returns (Totals memory sums) {
        require(msg.sender == vault, NotTheVault(msg.sender));
        Ledger memory ledger;
        (ledger, sums) = _ledger();
        if (keep || sums.lost != 0) _save(ledger);
    }

    /// @inheritdoc ILoanBook
    function enter(Loan memory loan) external onlyPool returns (bytes32 loanId, Totals memory before) {
        loanId = idOf(loan);
        Debt memory debt;
        debt.settledAt = block.timestamp.toUint40();
        if (!loan.line) {
            debt.principal = loan.amount;
            Ledger memory ledger;
            (ledger, before) = _ledger();
            ledger.sound.post(_soundCalendar, delinquencyPeriod, loan, int256(uint256(debt.principal)), 0);
            _save(ledger);
        }
        Account storage account = _accounts[loanId];
        (account.principal, account.settledAt, account.stage) = (debt.principal, debt.settledAt, Stage.Open);
    }

    /// @inheritdoc ILoanBook
    function draw(Loan memory loan, address caller, uint256 amount)
        external
        onlyPool
        returns (bytes32 loanId, uint256 principal, Totals memory before)
    {
        Balance memory account;
        (loanId, account) = _openAccount(loan);
        require(loan.line && account.stage == Stage.Open, NotALine(loanId));
        require(caller == loan.borrower, NotTheBorrower(loanId, caller));
        require(block.timestamp < loan.dueAt, LineExpired(loan.dueAt, block.timestamp));
        require(account.marked == 0, LoanIsMarked(loanId));
        uint256 left = loan.amount - account.principal;
        require(amount <= left, AmountAboveLimit(amount, left));

        Ledger memory ledger;
        (ledger, before) = _ledger();
        Debt memory debt = _settled(loan, account);
        debt.principal += amount.toUint96();
        _change(ledger, loan, loanId, account, debt, 0);
        _save(ledger);
        principal = debt.principal;
    }

    /// @inheritdoc ILoanBook
    function closeLine(Loan memory loan) external onlyPool returns (bytes32 loanId, bool closed) {
        Balance memory account;
        (loanId, account) = _openAccount(loan);
        require(loan.line && account.stage == Stage.Open, NotALine(loanId));
        closed = account.principal == 0;
        _accounts[loanId].stage = closed ? Stage.Repaid : Stage.Ended;
    }

    /// @inheritdoc ILoanBook
    function pay(Loan memory loan, uint256 amount)
        external
        onlyPool
        returns (Payment memory made, Change memory change)
    {
        Balance memory account;
        (made.loanId, account) = _openAccount(loan);
        require(account.principal != 0, LoanNotOpen(made.loanId));
        made.recovered = _isDefaulted(loan);

        Ledger memory ledger;
        (ledger, change.before) = _ledger();
        Debt memory debt = _settled(loan, account);
        (made.interest, made.principal) = debt.pay(amount);
        (made.interestLeft, made.principalLeft) = (debt.interestUp(), debt.principal);
        // What was repaid of a line may be drawn again until it expires.
        bool drawable = loan.line && account.stage == Stage.Open && block.timestamp < loan.dueAt;
        made.closed = debt.principal == 0 && !drawable;
        if (made.closed) account.stage = made.recovered ? Stage.Recovered : Stage.Repaid;
        _change(ledger, loan, made.loanId, account, debt, account.marked);
        _save(ledger);
        _sum(ledger, change.afterwards);
    }

    /// @inheritdoc ILoanBook
    function remark(Loan memory loan, uint64 share, bool up)
        external
        onlyPool
        returns (bytes32 loanId, uint64 present, Change memory change)
    {
        Balance memory account;
        (loanId, account) = _openAccount(loan);
        present = account.marked;
        require(up ? share > present : share < present, WrongDirection(present, share));
        require(!_isDefaulted(loan), LoanInDefault(loanId));

        Ledger memory ledger;
        (ledger, change.before) = _ledger();
        _change(ledger, loan, loanId, account, _settled(loan, account), share);
        _save(ledger);
        _sum(ledger, change.afterwards);
    }

    // ----------------------------------------------------------------------------------- private

    /// The books as of now, in memory, and what they come to.
    function _ledger() private view returns (Ledger memory ledger, Totals memory sums) {
        ledger.sound = _sound.unpack();
        (sums.interest, sums.lost) = ledger.sound.advance(_soundCalendar, delinquencyPeriod, block.timestamp);
        ledger.marks = _sound.flag;
        if (ledger.marks) {
            ledger.marked = _marked.unpack();
            (, uint256 lost) = ledger.marked.advance(_markedCalendar, delinquencyPeriod, block.timestamp);
            sums.lost += lost;
        } else {
            ledger.marked.settledAt = block.timestamp;
        }
        _sum(ledger, sums);
    }

    function _save(Ledger memory ledger) private {
        ledger.sound.pack(_sound, ledger.marked.value != 0);
        if (ledger.marks) ledger.marked.pack(_marked, false);
    }

    /// A loan that is not over.
    function _openAccount(Loan memory loan) private view returns (bytes32 loanId, Balance memory account) {
        loanId = idOf(loan);
        account = _balance(loanId);
        require(account.stage == Stage.Open || account.stage == Stage.Ended, LoanNotOpen(loanId));
    }

    /// What is owed of a loan now.
    function _settled(Loan memory loan, Balance memory account) private view returns (Debt memory debt) {
        debt = _debt(account);
        debt.settle(loan, block.timestamp);
    }

    /// Puts what is owed now, of which `share` is marked, in place of the account, in the books and in what is kept.
    function _change(
        Ledger memory ledger,
        Loan memory loan,
        bytes32 loanId,
        Balance memory account,
        Debt memory debt,
        uint64 share
    ) private {
        if (account.marked == 0 && share == 0) {
            // Everything is linear in principal and interest: the difference is all there is to post.
            Debt memory before = _settled(loan, account);
            int256 principal = int256(uint256(debt.principal)) - int256(uint256(before.principal));
            int256 interest = int256(debt.interest) - int256(before.interest);
            ledger.sound.post(_soundCalendar, delinquencyPeriod, loan, principal, interest);
        } else {
            _postParts(ledger, loan, _debt(account), account.marked, -1);
            _postParts(ledger, loan, debt, share, 1);
            ledger.marks = true;
        }
        Account storage kept = _accounts[loanId];
        (kept.principal, kept.settledAt, kept.marked, kept.stage, kept.owesInterest) =
        (debt.principal, debt.settledAt, share, account.stage, debt.interest != 0 || debt.suspended != 0);
        if (account.interestScaled != debt.interest) kept.interestScaled = debt.interest;
        if (account.suspendedScaled != debt.suspended) kept.suspendedScaled = debt.suspended;
    }

    function _isDefaulted(Loan memory loan) private view returns (bool) {
        return block.timestamp >= uint256(loan.graceEndsAt) + delinquencyPeriod;
    }

    /// Posts both parts of a debt, which is split as it was when it was kept, and settled after.
    function _postParts(Ledger memory ledger, Loan memory loan, Debt memory debt, uint256 share, int256 sign)
        private
    {
        (Debt memory sound, Debt memory marked) = debt.split(share);
        _postPart(ledger.sound, _soundCalendar, loan, sound, sign);
        _postPart(ledger.marked, _markedCalendar, loan, marked, sign);
    }

    function _postPart(
        Books memory books,
        Calendar storage calendar,
        Loan memory loan,
        Debt memory part,
        int256 sign
    ) private {
        part.settle(loan, block.timestamp);
        int256 principal = sign * int256(uint256(part.principal));
        books.post(calendar, delinquencyPeriod, loan, principal, sign * int256(part.interest));
    }

    function _balance(bytes32 loanId) private view returns (Balance memory found) {
        Account storage account = _accounts[loanId];
        (found.principal, found.settledAt) = (account.principal, account.settledAt);
        (found.marked, found.stage) = (account.marked, account.stage);
        if (!account.owesInterest) return found;
        (found.interestScaled, found.suspendedScaled) = (account.interestScaled, account.suspendedScaled);
    }

    function _debt(Balance memory account) private pure returns (Debt memory) {
        return Debt({
            principal: account.principal,
            settledAt: account.settledAt,
            interest: account.interestScaled,
            suspended: account.suspendedScaled
        });
    }

    function _sum(Ledger memory ledger, Totals memory sums) private view {
        uint256 marked = uint256(ledger.marked.value);
        sums.value = (uint256(ledger.sound.value) + marked) / InterestLib.SCALE;
        uint256 losses = ledger.sound.losses(delinquencyPeriod) + InterestLib.toAssetsUp(marked);
        sums.losses = Math.min(losses, sums.value);
        sums.late = InterestLib.toAssetsUp(uint256(ledger.sound.markdownSlope) + marked);
    }
}
