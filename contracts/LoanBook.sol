// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Closing, Draw, ILoanBook, Line, Payment, Totals} from "./interfaces/ILoanBook.sol";
import {ITesseraPool, Loan, LoanStatus} from "./interfaces/ITesseraPool.sol";
import {Books, BooksLib, Calendar} from "./libraries/BooksLib.sol";
import {InterestLib} from "./libraries/InterestLib.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title LoanBook
/// @notice Loans, credit lines and what they are worth: see the interface.
contract LoanBook is ILoanBook {
    using BooksLib for Books;
    using InterestLib for Loan;
    using SafeCast for uint256;

    /// @inheritdoc ILoanBook
    address public immutable pool;
    /// @inheritdoc ILoanBook
    uint32 public immutable delinquencyPeriod;

    /// @inheritdoc ILoanBook
    uint256 public loanCount;
    /// @inheritdoc ILoanBook
    uint256 public outstanding;

    /// The value of the loans, as of the last operation.
    Books private _books;
    Calendar private _calendar;
    mapping(uint256 loanId => Loan) private _loans;
    mapping(uint256 loanId => Line) private _lines;
    /// The end of grace that was agreed on, of the loans that are impaired.
    mapping(uint256 loanId => uint256) private _agreedEnds;

    modifier onlyPool() {
        require(msg.sender == pool, NotThePool(msg.sender));
        _;
    }

    /// The caller becomes the pool.
    constructor(uint32 period) {
        pool = msg.sender;
        delinquencyPeriod = period;
        _books.settledAt = block.timestamp;
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc ILoanBook
    function totals() external view returns (Totals memory sums) {
        (, sums) = _advanced();
    }

    /// @inheritdoc ILoanBook
    function loan(uint256 loanId) external view returns (Loan memory) {
        return _loans[loanId];
    }

    /// @inheritdoc ILoanBook
    function line(uint256 loanId) external view returns (Line memory) {
        return _lines[loanId];
    }

    /// @inheritdoc ILoanBook
    function debtOf(uint256 loanId) external view returns (uint256 principal, uint256 interest) {
        Loan memory found = _loans[loanId];
        // Only whole repayment makes it zero, and then the interest is paid too.
        // slither-disable-next-line incorrect-equality
        if (found.principal == 0) return (0, 0);
        found.settle(block.timestamp);
        return (found.principal, found.interestUp());
    }

    /// @inheritdoc ILoanBook
    function statusOf(uint256 loanId) external view returns (LoanStatus) {
        Loan storage found = _loans[loanId];
        if (found.originatedAt == 0) return LoanStatus.None;
        if (found.principal == 0) return _lines[loanId].limit == 0 ? LoanStatus.Closed : LoanStatus.Current;
        uint256 end = found.graceEndsAt;
        if (block.timestamp >= end + delinquencyPeriod) return LoanStatus.Default;
        if (block.timestamp >= end) return LoanStatus.Delinquent;
        return block.timestamp < found.dueAt ? LoanStatus.Current : LoanStatus.Grace;
    }

    // ------------------------------------------------------------------------------------ writing

    /// @inheritdoc ILoanBook
    function advance() external onlyPool returns (Totals memory sums) {
        Books memory books;
        (books, sums) = _advanced();
        _books = books;
    }

    /// @inheritdoc ILoanBook
    function open(Loan memory opened, bytes32 credentialUid) external onlyPool returns (uint256 loanId) {
        loanId = ++loanCount;
        if (credentialUid != 0) {
            _lines[loanId] = Line({limit: opened.principal, credentialUid: credentialUid});
            opened.principal = 0;
        } else {
            outstanding += opened.principal;
            Books memory books = _books;
            books.post(_calendar, delinquencyPeriod, opened, 1);
            _books = books;
        }
        _loans[loanId] = opened;
    }

    /// @inheritdoc ILoanBook
    function draw(uint256 loanId, address caller, uint256 amount)
        external
        onlyPool
        returns (Draw memory made)
    {
        Loan memory drawn = _loans[loanId];
        uint256 limit = _lines[loanId].limit;
        require(limit != 0, ITesseraPool.NotALine(loanId));
        require(caller == drawn.borrower, ITesseraPool.NotTheBorrower(loanId, caller));
        require(block.timestamp < drawn.dueAt, ITesseraPool.LineExpired(drawn.dueAt, block.timestamp));
        require(_agreedEnds[loanId] == 0, ITesseraPool.LoanIsImpaired(loanId));
        uint256 left = limit - drawn.principal;
        require(amount <= left, ITesseraPool.AmountAboveLimit(amount, left));

        Books memory books = _takeOut(drawn);
        drawn.principal += amount.toUint96();
        _putBack(books, loanId, drawn);
        outstanding += amount;
        (made.principal, made.tier, made.attester) = (drawn.principal, drawn.tier, drawn.attester);
        made.credentialUid = _lines[loanId].credentialUid;
    }

    /// @inheritdoc ILoanBook
    function closeLine(uint256 loanId) external onlyPool returns (Closing memory made) {
        require(_lines[loanId].limit != 0, ITesseraPool.NotALine(loanId));
        delete _lines[loanId];
        Loan storage closing = _loans[loanId];
        (made.borrower, made.attester, made.holder) = (closing.borrower, closing.attester, closing.holder);
        (made.expired, made.closed) = (block.timestamp >= closing.dueAt, closing.principal == 0);
    }

    /// @inheritdoc ILoanBook
    function pay(uint256 loanId, uint256 amount) external onlyPool returns (Payment memory made) {
        Loan memory paid = _loans[loanId];
        require(paid.principal != 0, ITesseraPool.LoanNotOpen(loanId));
        Books memory books = _takeOut(paid);
        (made.interest, made.principal) = paid.pay(amount);
        _putBack(books, loanId, paid);
        outstanding -= made.principal;

        (made.borrower, made.attester, made.holder) = (paid.borrower, paid.attester, paid.holder);
        (made.interestLeft, made.principalLeft) = (paid.interestUp(), paid.principal);
        made.recovered = block.timestamp >= uint256(paid.graceEndsAt) + delinquencyPeriod;
        if (paid.principal == 0) {
            // What was repaid of a line may be drawn again until it expires.
            made.closed = _lines[loanId].limit == 0 || block.timestamp >= paid.dueAt;
            if (made.closed) delete _lines[loanId];
        }
    }

    /// @inheritdoc ILoanBook
    function impair(uint256 loanId) external onlyPool returns (uint256 end) {
        Loan memory found = _openLoan(loanId);
        end = (block.timestamp / 1 days + 1) * 1 days;
        require(end < found.graceEndsAt, ITesseraPool.NotImpairable(loanId, found.graceEndsAt));
        _agreedEnds[loanId] = found.graceEndsAt;
        _moveGrace(loanId, found, end);
    }

    /// @inheritdoc ILoanBook
    function restore(uint256 loanId) external onlyPool returns (uint256 end) {
        Loan memory found = _openLoan(loanId);
        end = _agreedEnds[loanId];
        // What was written off, and borne by cover or depositors, comes back by payment alone.
        bool defaulted = block.timestamp >= uint256(found.graceEndsAt) + delinquencyPeriod;
        require(block.timestamp < end && !defaulted, ITesseraPool.NotRestorable(loanId, found.graceEndsAt));
        delete _agreedEnds[loanId];
        _moveGrace(loanId, found, end);
    }

    // ----------------------------------------------------------------------------------- internal

    /// A loan that something is owed on, or a line that may still be drawn on.
    function _openLoan(uint256 loanId) private view returns (Loan memory found) {
        found = _loans[loanId];
        require(found.principal != 0 || _lines[loanId].limit != 0, ITesseraPool.LoanNotOpen(loanId));
    }

    /// Re-enters a loan with another end of grace, which lies in the future: interest until then is booked.
    function _moveGrace(uint256 loanId, Loan memory found, uint256 end) private {
        Books memory books = _takeOut(found);
        found.interestScaled += found.suspendedScaled;
        found.suspendedScaled = 0;
        found.graceEndsAt = end.toUint40();
        _putBack(books, loanId, found);
    }

    /// The books without the loan, which is settled as they are: to now.
    function _takeOut(Loan memory changing) private returns (Books memory books) {
        books = _books;
        changing.settle(block.timestamp);
        books.post(_calendar, delinquencyPeriod, changing, -1);
    }

    function _putBack(Books memory books, uint256 loanId, Loan memory changed) private {
        if (changed.principal != 0) books.post(_calendar, delinquencyPeriod, changed, 1);
        _books = books;
        _loans[loanId] = changed;
    }

    function _advanced() private view returns (Books memory books, Totals memory sums) {
        books = _books;
        (sums.interest, sums.lost) = books.advance(_calendar, delinquencyPeriod, block.timestamp);
        sums.value = books.gross();
        sums.losses = books.losses(delinquencyPeriod);
    }
}
