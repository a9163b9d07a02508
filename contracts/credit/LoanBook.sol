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

    uint32 private constant MIN_DELINQUENCY = 7 days;
    uint32 private constant MAX_DELINQUENCY = 3650 days;

    /// @inheritdoc ILoanBook
    address public immutable pool;
    /// @inheritdoc ILoanBook
    address public immutable vault;
    /// @inheritdoc ILoanBook
    uint32 public immutable delinquencyPeriod;

    PackedBooks private _sound;
    PackedBooks private _marked;
    Calendar private _soundCalendar;
    Calendar private _markedCalendar;
    mapping(bytes32 loanId => Balance) private _accounts;

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
    function idOf(Loan memory loan) public pure returns (bytes32) {
        return keccak256(abi.encode(loan));
    }

    /// @inheritdoc ILoanBook
    function accountOf(bytes32 loanId) external view returns (Balance memory) {
        return _accounts[loanId];
    }

    /// @inheritdoc ILoanBook
    function debtOf(Loan calldata loan) external view returns (uint256 principal, uint256 interest) {
        Loan memory found = loan;
        Balance memory account = _accounts[idOf(found)];
        // Only whole repayment makes it zero, and then the interest is paid too.
        // slither-disable-next-line incorrect-equality
        if (account.principal == 0) return (0, 0);
        Debt memory debt = _debt(account);
        debt.settle(found, block.timestamp);
        return (debt.principal, debt.interestUp());
    }

    /// @inheritdoc ILoanBook
    function statusOf(Loan calldata loan) external view returns (LoanStatus) {
        Balance storage account = _accounts[idOf(loan)];
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
    function advance() external returns (Totals memory sums) {
        require(msg.sender == vault, NotTheVault(msg.sender));
        Ledger memory ledger;
        (ledger, sums) = _ledger();
        _save(ledger);
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
            ledger.sound.post(_soundCalendar, delinquencyPeriod, loan, debt, 1);
            _save(ledger);
        }
        Balance storage account = _accounts[loanId];
        (account.principal, account.settledAt) = (debt.principal, debt.settledAt);
        account.stage = Stage.Open;
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
        Debt memory debt = _takeOut(ledger, loan, account);
        debt.principal += amount.toUint96();
        _putBack(ledger, loan, loanId, account, debt);
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
        Debt memory debt = _takeOut(ledger, loan, account);
        (made.interest, made.principal) = debt.pay(amount);
        (made.interestLeft, made.principalLeft) = (debt.interestUp(), debt.principal);
        // What was repaid of a line may be drawn again until it expires.
        bool drawable = loan.line && account.stage == Stage.Open && block.timestamp < loan.dueAt;
        made.closed = debt.principal == 0 && !drawable;
        if (made.closed) account.stage = made.recovered ? Stage.Recovered : Stage.Repaid;
        _putBack(ledger, loan, made.loanId, account, debt);
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
        Debt memory debt = _takeOut(ledger, loan, account);
        account.marked = share;
        _putBack(ledger, loan, loanId, account, debt);
        _save(ledger);
        _sum(ledger, change.afterwards);
    }

    // ----------------------------------------------------------------------------------- private

    /// The books as of now, in memory, and what they come to.
    function _ledger() private view returns (Ledger memory ledger, Totals memory sums) {
        ledger.sound = _sound.unpack();
        (sums.interest, sums.lost) = ledger.sound.advance(_soundCalendar, delinquencyPeriod, block.timestamp);
        ledger.marks = _marked.value != 0;
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
        ledger.sound.pack(_sound);
        if (ledger.marks) ledger.marked.pack(_marked);
    }

    /// A loan that is not over.
    function _openAccount(Loan memory loan) private view returns (bytes32 loanId, Balance memory account) {
        loanId = idOf(loan);
        account = _accounts[loanId];
        require(account.stage == Stage.Open || account.stage == Stage.Ended, LoanNotOpen(loanId));
    }

    /// Takes a loan out of the books, and its debt settled to now.
    function _takeOut(Ledger memory ledger, Loan memory loan, Balance memory account)
        private
        returns (Debt memory debt)
    {
        debt = _debt(account);
        _post(ledger, loan, debt, account.marked, -1);
        debt.settle(loan, block.timestamp);
    }

    /// Enters a loan again with what is owed now, and keeps its account.
    function _putBack(
        Ledger memory ledger,
        Loan memory loan,
        bytes32 loanId,
        Balance memory account,
        Debt memory debt
    ) private {
        _post(ledger, loan, debt, account.marked, 1);
        (account.principal, account.settledAt) = (debt.principal, debt.settledAt);
        Balance storage kept = _accounts[loanId];
        (kept.principal, kept.settledAt) = (account.principal, account.settledAt);
        (kept.marked, kept.stage) = (account.marked, account.stage);
        if (account.interestScaled != debt.interest) kept.interestScaled = debt.interest;
        if (account.suspendedScaled != debt.suspended) kept.suspendedScaled = debt.suspended;
    }

    function _isDefaulted(Loan memory loan) private view returns (bool) {
        return block.timestamp >= uint256(loan.graceEndsAt) + delinquencyPeriod;
    }

    /// Posts both parts of a debt, which is split as it was when it was kept, and settled after.
    function _post(Ledger memory ledger, Loan memory loan, Debt memory debt, uint256 share, int256 sign)
        private
    {
        if (share == 0) {
            Debt memory whole = Debt(debt.principal, debt.settledAt, debt.interest, debt.suspended);
            whole.settle(loan, block.timestamp);
            ledger.sound.post(_soundCalendar, delinquencyPeriod, loan, whole, sign);
            return;
        }
        (Debt memory sound, Debt memory marked) = debt.split(share);
        sound.settle(loan, block.timestamp);
        marked.settle(loan, block.timestamp);
        ledger.sound.post(_soundCalendar, delinquencyPeriod, loan, sound, sign);
        ledger.marked.post(_markedCalendar, delinquencyPeriod, loan, marked, sign);
        ledger.marks = true;
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
