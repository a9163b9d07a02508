// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan, LoanStatus} from "./ITesseraPool.sol";

/// What all loans together come to at a moment, in asset units.
struct Totals {
    /// Principal and booked interest of the loans that are not written off, rounded down.
    uint256 value;
    /// The part of it that is marked down for delinquency, rounded up.
    uint256 losses;
    /// Interest booked since the books were last advanced.
    uint256 interest;
    /// Value of the loans that passed into default since then.
    uint256 lost;
}

/// What a payment did.
struct Payment {
    address borrower;
    address attester;
    bytes32 holder;
    /// Asset units taken for interest and for principal.
    uint256 interest;
    uint256 principal;
    /// Still owed.
    uint256 interestLeft;
    uint256 principalLeft;
    /// The loan was past default: the books had given it up.
    bool recovered;
    /// Nothing is owed any more, and nothing can be drawn: the person is free.
    bool closed;
}

/// What a payout from a credit line was made on.
struct Draw {
    /// Owed after it.
    uint256 principal;
    uint256 tier;
    address attester;
    bytes32 credentialUid;
}

/// Who is concerned when a credit line is closed.
struct Closing {
    address borrower;
    address attester;
    bytes32 holder;
    /// The line's time was over anyway.
    bool expired;
    /// Nothing is owed.
    bool closed;
}

/// A credit line: a loan that is paid out in parts.
struct Line {
    /// The most that may be owed in principal at a time; 0 if the loan is not an open line.
    uint96 limit;
    /// The credential that it was opened on: revoked, it ends the drawing.
    bytes32 credentialUid;
}

/// @title A pool's loans and their value
/// @notice Every pool makes its own book and is alone in writing to it. The book knows dates, debts and values;
/// it holds no money and calls nobody. Its errors are those of `ITesseraPool`.
interface ILoanBook {
    /// Only the pool writes here.
    error NotThePool(address caller);

    // ------------------------------------------------------------------------------------ reading

    /// @notice The pool that made this book.
    function pool() external view returns (address);

    /// @notice From the end of grace until a loan counts as defaulted; whole days.
    function delinquencyPeriod() external view returns (uint32);

    /// @notice What the loans come to now.
    function totals() external view returns (Totals memory);

    /// @notice A loan as of its last change; all zero if there is none.
    function loan(uint256 loanId) external view returns (Loan memory);

    /// @notice The credit line of a loan; all zero if it is none, or is over.
    function line(uint256 loanId) external view returns (Line memory);

    /// @notice Principal and interest owed now, rounded up.
    function debtOf(uint256 loanId) external view returns (uint256 principal, uint256 interest);

    /// @notice Where in its life a loan stands now.
    function statusOf(uint256 loanId) external view returns (LoanStatus);

    /// @notice How many loans were ever made; the last one's id.
    function loanCount() external view returns (uint256);

    /// @notice Principal of all open loans, defaulted ones too.
    function outstanding() external view returns (uint256);

    // ------------------------------------------------------------------------------------ writing

    /// @notice Brings the books up to now. Has to come before each of the functions below.
    /// @return What `totals` would have said.
    function advance() external returns (Totals memory);

    /// @notice Enters a loan that is paid out now, or a line of which nothing is drawn yet and whose limit is
    /// `opened.principal`; the latter if it comes with the credential that it is opened on.
    function open(Loan calldata opened, bytes32 credentialUid) external returns (uint256 loanId);

    /// @notice Adds to the principal of `caller`'s credit line.
    function draw(uint256 loanId, address caller, uint256 amount) external returns (Draw memory);

    /// @notice Ends the drawing on a credit line.
    function closeLine(uint256 loanId) external returns (Closing memory);

    /// @notice Takes a payment of at most `amount`.
    function pay(uint256 loanId, uint256 amount) external returns (Payment memory);

    /// @notice Ends a loan's grace at the next midnight.
    /// @return graceEndsAt That midnight.
    function impair(uint256 loanId) external returns (uint256 graceEndsAt);

    /// @notice Takes an impairment back.
    /// @return graceEndsAt As agreed at first.
    function restore(uint256 loanId) external returns (uint256 graceEndsAt);
}
