// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// A loan or a credit line as it was agreed on. It never changes and is not kept on chain: `Borrowed` carries it,
/// `keccak256(abi.encode(loan))` is its id, and every call about the loan brings it along.
struct Loan {
    address borrower;
    /// Counted through all policies of the underwriter.
    uint32 tier;
    /// A line: `amount` is its limit, and `dueAt` the end of drawing.
    bool line;
    /// The key that signed the credential.
    address attester;
    bytes32 holder;
    bytes32 credentialUid;
    /// A year's interest, and what is added to it from the due date on.
    uint64 rate;
    uint64 lateRate;
    uint40 originatedAt;
    /// First second with late interest: the midnight (UTC) that ends the last day of the term.
    uint40 dueAt;
    /// First second of delinquency, a midnight: interest is booked no longer, and the loan's value goes down in a
    /// straight line to zero at default.
    uint40 graceEndsAt;
    /// Principal paid out, or the limit of a line.
    uint96 amount;
    /// How many loans the person took out before.
    uint16 nonce;
}

/// What of a loan changes.
struct Balance {
    /// Owed, without interest.
    uint96 principal;
    /// Interest is reckoned up to here; what accrued since follows from the loan.
    uint40 settledAt;
    /// The share that the guardian marked down, 1e18 being all of it.
    uint64 marked;
    Stage stage;
    /// Interest owed for the time until the end of grace, in asset units × 1e18 × 365 days.
    uint256 interestScaled;
    /// Interest owed for the time after, which the books leave out until it is paid.
    uint256 suspendedScaled;
}

/// What was done with a loan.
enum Stage {
    None,
    Open,
    /// A line on which nothing can be drawn any more, and something is owed.
    Ended,
    Repaid,
    /// Repaid after default.
    Recovered
}

/// Where in its life a loan stands, by the clock and the repayments.
enum LoanStatus {
    /// No such loan.
    None,
    /// Before `dueAt`; also a credit line on which nothing is owed.
    Current,
    /// From `dueAt`, with late interest.
    Grace,
    /// From `graceEndsAt`, being marked down.
    Delinquent,
    /// From `graceEndsAt + delinquencyPeriod`: worth nothing in the books, owed all the same.
    Default,
    /// Repaid before default, and no line that could be drawn on.
    Closed,
    /// Repaid after default.
    Recovered
}

/// What all loans together come to at a moment, in asset units.
struct Totals {
    /// Principal and booked interest of the loans that are not written off, rounded down.
    uint256 value;
    /// The part of it that is marked down, rounded up.
    uint256 losses;
    /// Value of the loans that are delinquent, and of the marked shares of the others.
    uint256 late;
    /// Interest booked since the books were last advanced, without that of marked shares.
    uint256 interest;
    /// Value of the loans that passed into default since then.
    uint256 lost;
}

/// What the books came to before a change, advanced to now, and after it.
struct Change {
    Totals before;
    Totals afterwards;
}

/// What a payment did.
struct Payment {
    bytes32 loanId;
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

/// @title A pool's loans and their value
/// @notice Every pool makes its own book and is alone in writing to it. The book knows dates, debts and values; it
/// holds no money and calls nobody. Of a loan it keeps only what changes, under the hash of what does not.
interface ILoanBook {
    // ------------------------------------------------------------------------------------- errors

    /// Only the pool writes here.
    error NotThePool(address caller);
    /// Only the pool's vault asks for this.
    error NotTheVault(address caller);
    /// A period is too short, too long, or not made of whole days.
    error BadDuration(uint256 given);
    /// The loan is no credit line, or one that is closed.
    error NotALine(bytes32 loanId);
    /// The credit line's time is over.
    error LineExpired(uint256 expiresAt, uint256 timestamp);
    /// More than what is left of the credit line.
    error AmountAboveLimit(uint256 amount, uint256 left);
    /// Nothing can be drawn on a line that is marked down.
    error LoanIsMarked(bytes32 loanId);
    /// Only the borrower draws.
    error NotTheBorrower(bytes32 loanId, address caller);
    /// Marking takes a larger share than the present one, restoring a smaller one.
    error WrongDirection(uint64 present, uint64 share);
    /// The loan is in default: what was written off comes back by payment alone.
    error LoanInDefault(bytes32 loanId);
    /// No such loan, or it is repaid.
    error LoanNotOpen(bytes32 loanId);

    // ------------------------------------------------------------------------------------ reading

    /// @notice The pool that made this book.
    function pool() external view returns (address);

    /// @notice The pool's vault.
    function vault() external view returns (address);

    /// @notice From the end of grace until a loan counts as defaulted; whole days.
    function delinquencyPeriod() external view returns (uint32);

    /// @notice The id of a loan.
    function idOf(Loan calldata loan) external pure returns (bytes32);

    /// @notice What of a loan changes, as of its last change; all zero if there is no such loan.
    function accountOf(bytes32 loanId) external view returns (Balance memory);

    /// @notice What it takes to close a loan now: principal and interest, rounded up.
    function debtOf(Loan calldata loan) external view returns (uint256 principal, uint256 interest);

    /// @notice Where in its life a loan stands now.
    function statusOf(Loan calldata loan) external view returns (LoanStatus);

    /// @notice What the loans come to now.
    function totals() external view returns (Totals memory);

    // ------------------------------------------------------------------------------------ writing

    /// @notice Reckons the books up to now. For the vault, before it moves money.
    /// @param keep Writes them down: from here on interest counts as told. Without it they are written only when
    /// something was written off, since a later call finds everything else again.
    /// @return What `totals` would have said.
    function advance(bool keep) external returns (Totals memory);

    /// @notice Enters a loan that is paid out now, or a line of which nothing is drawn yet.
    /// @return loanId Its id.
    /// @return before What the books came to, advanced to now; of a line, which changes nothing in them, nothing.
    function enter(Loan calldata loan) external returns (bytes32 loanId, Totals memory before);

    /// @notice Adds to the principal of `caller`'s credit line.
    /// @return loanId Its id.
    /// @return principal Owed after it.
    /// @return before What the books came to, advanced to now.
    function draw(Loan calldata loan, address caller, uint256 amount)
        external
        returns (bytes32 loanId, uint256 principal, Totals memory before);

    /// @notice Ends the drawing on a credit line.
    /// @return loanId Its id.
    /// @return closed Nothing is owed.
    function closeLine(Loan calldata loan) external returns (bytes32 loanId, bool closed);

    /// @notice Takes a payment of at most `amount`.
    function pay(Loan calldata loan, uint256 amount)
        external
        returns (Payment memory made, Change memory change);

    /// @notice Marks `share` of a loan down, more than before (`up`) or less.
    /// @return loanId Its id.
    /// @return present The share that was marked.
    /// @return change What the books came to.
    function remark(Loan calldata loan, uint64 share, bool up)
        external
        returns (bytes32 loanId, uint64 present, Change memory change);
}
