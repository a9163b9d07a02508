// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ICredentialRegistry} from "./ICredentialRegistry.sol";
import {ILoanBook, Line} from "./ILoanBook.sol";
import {Statement} from "./ITesseraVerifier.sol";
import {BorrowRequest, IUnderwriter, Terms} from "./IUnderwriter.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// What a pool is made of.
struct PoolConfig {
    /// A token that moves exactly what it is told to: no fee on transfer, no rebasing.
    IERC20 asset;
    /// Of the share token.
    string name;
    string symbol;
    IUnderwriter underwriter;
    /// From the end of grace until a loan counts as defaulted; whole days.
    uint32 delinquencyPeriod;
    /// An OpenZeppelin AccessManager, which says who may call the restricted functions.
    address authority;
}

/// How far the pool may be filled and lent out.
struct Limits {
    /// Most that cash and loans together may come to by a deposit; 0 stops deposits.
    uint128 deposits;
    /// Most of cash and loans together that may be lent, as a share of 1e18; 0 stops lending.
    uint64 utilisation;
    /// Least first-loss cover for lending, as a share of the loans' value, 1e18 being all of it.
    uint64 cover;
}

/// The protocol's part of the interest.
struct Fee {
    /// Of every unit of booked interest, 1e18 being all of it; at most `MAX_FEE`.
    uint64 share;
    /// Who gets it, as shares of the pool.
    address receiver;
}

/// A loan, or what is drawn of a credit line. Its price is the policy's of the day when it was made and never
/// changes. Principal being zero means that it is repaid, unless it is a line that is still open.
struct Loan {
    address borrower;
    /// Counted through all policies of the underwriter.
    uint32 tier;
    uint64 rate;
    /// The key that signed the credential.
    address attester;
    uint64 lateRate;
    bytes32 holder;
    uint40 originatedAt;
    /// First second with late interest: the midnight (UTC) that ends the last day of the term. A credit line
    /// expires then.
    uint40 dueAt;
    /// First second of delinquency, a midnight: interest is booked no longer, and the loan's value goes down
    /// in a straight line to zero at default.
    uint40 graceEndsAt;
    /// Interest is reckoned up to here; what accrued since follows from the other fields.
    uint40 settledAt;
    /// Still owed, without interest.
    uint96 principal;
    /// Interest owed for the time until the end of grace, in asset units × 1e18 × 365 days.
    uint256 interestScaled;
    /// Interest owed for the time after, which the pool's books leave out until it is paid.
    uint256 suspendedScaled;
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
    /// From `graceEndsAt + delinquencyPeriod`: worth nothing in the pool's books, owed all the same.
    Default,
    /// Repaid, and no line that could be drawn on.
    Closed
}

/// @title A pool of one asset that lends against a proof
/// @notice Depositors hold ERC-4626 shares. A borrower gets a loan for a zero-knowledge proof that the
/// attested features reach a tier's score in the lender's private model. The pool computes the proof's
/// statement itself; the caller sends proof bytes, never instances.
interface ITesseraPool {
    // ------------------------------------------------------------------------------------- events

    /// `context` is the one that the accepted proof was made for; none is ever accepted twice.
    event Borrowed(
        uint256 indexed loanId,
        address indexed borrower,
        bytes32 indexed holder,
        address attester,
        bytes32 credentialUid,
        bytes32 policyId,
        Terms terms,
        uint256 dueAt,
        uint256 context
    );
    /// What `Borrowed` says before is a credit line: `terms.amount` is its limit, and nothing is paid out yet.
    event LineOpened(uint256 indexed loanId, address indexed borrower, uint256 limit, uint256 expiresAt);
    /// `principal` is what is owed of it after the payout.
    event Drawn(
        uint256 indexed loanId,
        address indexed borrower,
        address indexed receiver,
        uint256 amount,
        uint256 principal
    );
    /// Nothing more can be drawn.
    event LineClosed(uint256 indexed loanId, address indexed borrower);
    /// `principalLeft` and `interestLeft` are what is owed after the payment.
    event Repaid(
        uint256 indexed loanId,
        address indexed borrower,
        address indexed payer,
        uint256 interest,
        uint256 principal,
        uint256 interestLeft,
        uint256 principalLeft
    );
    event LimitsChanged(uint128 deposits, uint64 utilisation, uint64 cover);
    event FeeChanged(uint64 share, address indexed receiver);
    /// `assets` of the interest were turned into `shares` of the protocol's.
    event FeeTaken(address indexed receiver, uint256 assets, uint256 shares);
    /// `cover` is what there is after the change.
    event CoverProvided(address indexed provider, uint256 amount, uint256 cover);
    event CoverWithdrawn(address indexed receiver, uint256 amount, uint256 cover);
    /// A payment on a defaulted loan: to the depositors, and back to the cover.
    event Recovered(uint256 indexed loanId, uint256 toDepositors, uint256 toCover);
    /// The loan is marked down from `graceEndsAt` on, which is earlier than agreed.
    event LoanImpaired(uint256 indexed loanId, uint256 graceEndsAt);
    /// The impairment is taken back; `graceEndsAt` is as agreed.
    event LoanRestored(uint256 indexed loanId, uint256 graceEndsAt);
    /// Loans passed into default since the books were last touched; `amount` is what they were booked at, of
    /// which the first-loss cover bore `covered`.
    event WrittenOff(uint256 amount, uint256 covered);
    event LoanClosed(uint256 indexed loanId, address indexed borrower, bytes32 indexed holder);

    // ------------------------------------------------------------------------------------- errors

    /// An amount that must not be zero is.
    error ZeroAmount();
    /// An address that must not be zero is.
    error ZeroAddress();
    /// A period is zero, too long, or not made of whole days.
    error BadDuration(uint256 given);
    /// The nonce is not the borrower's current one: used already, or not yet due.
    error WrongNonce(uint256 expected, uint256 given);
    /// The pool does not hold that much cash.
    error InsufficientCash(uint256 amount, uint256 cash);
    /// With this loan more of the pool would be lent than its limit allows.
    error UtilisationTooHigh(uint256 lent, uint256 max);
    /// The first-loss cover would be less than what is needed.
    error CoverTooLow(uint256 cover, uint256 needed);
    /// The loan is no credit line, or one that is closed.
    error NotALine(uint256 loanId);
    /// The credit line's time is over.
    error LineExpired(uint256 expiresAt, uint256 timestamp);
    /// More than what is left of the credit line.
    error AmountAboveLimit(uint256 amount, uint256 left);
    /// Nothing can be drawn on an impaired line.
    error LoanIsImpaired(uint256 loanId);
    /// Only the borrower draws.
    error NotTheBorrower(uint256 loanId, address caller);
    /// Tightening takes limits that are not looser than the present ones.
    error NotTighter();
    /// A share of more than the whole.
    error ShareTooHigh(uint256 share, uint256 max);
    /// The loan's grace ends no later than an impairment would take effect.
    error NotImpairable(uint256 loanId, uint256 graceEndsAt);
    /// The loan is not impaired, or in default already, or its grace would be over by now anyway.
    error NotRestorable(uint256 loanId, uint256 graceEndsAt);
    /// The money cannot go to the pool itself.
    error BadReceiver(address receiver);
    /// The relayed request is not signed by the borrower, or not this request.
    error BadBorrowerSignature(address borrower);
    /// No such loan, or it is repaid.
    error LoanNotOpen(uint256 loanId);
    /// The token moved another amount than it was told to.
    error TransferMismatch(uint256 expected, uint256 moved);

    // ------------------------------------------------------------------------------------ lending

    /// @notice Checks all that `borrow` will check except the proof, and reverts with the same error.
    /// @return proven The statement that the proof has to prove.
    function previewBorrow(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory proven);

    /// @notice Takes out a loan, or opens a credit line if the tier's policy is one of lines; the caller is the
    /// borrower. Every check that does not need the proof comes
    /// first, the proof last, then the state changes, then the payout.
    /// @param proof The bytes that the prover wrote, for exactly `statement(msg.sender, request)`.
    /// @return loanId Counts from 1.
    function borrow(BorrowRequest calldata request, bytes calldata proof) external returns (uint256 loanId);

    /// @notice Takes out a loan for `borrower`, who signed for it; anybody may carry the signature here, and
    /// can change nothing.
    /// @param signature Over the EIP-712 struct `Borrow(address borrower,bytes32 credentialUid,address
    /// attester,bytes32 policyId,address receiver,uint256 amount,uint256 tier,uint64 deadline,uint256 nonce)`
    /// in the pool's domain (that of its share token); ECDSA, or EIP-1271 if the borrower is a contract.
    function borrowFor(
        address borrower,
        BorrowRequest calldata request,
        bytes calldata proof,
        bytes calldata signature
    ) external returns (uint256 loanId);

    /// @notice Pays out a part of a credit line; for its borrower, until the line expires and as often as the
    /// principal stays within the limit. The policy has to be in use, the credential and its key unrevoked.
    /// @return principal Owed of the line after it.
    function draw(uint256 loanId, uint256 amount, address receiver) external returns (uint256 principal);

    /// @notice Ends the drawing on a credit line; what is owed stays owed until `dueAt`, and the holder's lock
    /// is freed when nothing is. For the borrower, for the guardian, and after the line's expiry for anyone.
    function closeLine(uint256 loanId) external;

    /// @notice Pays back part or all of a loan; anyone may, at any time. Interest is paid before principal,
    /// and no more than what is owed is taken. The last payment frees the holder's lock, unless the loan is a
    /// credit line that is still open.
    /// @param amount `type(uint256).max` for all that is owed at the moment.
    function repay(uint256 loanId, uint256 amount) external;

    /// @notice The context that a proof by `borrower` must carry: what the proof may be used for.
    /// See `IUnderwriter.context`.
    function context(address borrower, bytes32 credentialUid, Terms calldata terms, uint256 nonce)
        external
        view
        returns (uint256);

    /// @notice The statement that `borrower` has to prove for `request`. Checks nothing but the tier.
    function statement(address borrower, BorrowRequest calldata request)
        external
        view
        returns (Statement memory);

    /// @notice The nonce that the borrower's next request must carry.
    function borrowNonce(address borrower) external view returns (uint256);

    /// @notice The record of a loan; all zero if there is none.
    function loan(uint256 loanId) external view returns (Loan memory);

    /// @notice What it takes to close a loan now: principal and interest, rounded up.
    function debtOf(uint256 loanId) external view returns (uint256 principal, uint256 interest);

    /// @notice Where in its life a loan stands now.
    function statusOf(uint256 loanId) external view returns (LoanStatus);

    /// @notice The credit line of a loan; all zero if it is none, or is over.
    function line(uint256 loanId) external view returns (Line memory);

    /// @notice How many loans were ever made; the last one's id.
    function loanCount() external view returns (uint256);

    // --------------------------------------------------------------------------- the underwriter

    /// @notice Who decides on requests to this pool.
    function underwriter() external view returns (IUnderwriter);

    /// @notice The underwriter's newest policy.
    function policyId() external view returns (bytes32);

    // ---------------------------------------------------------------------------------- the vault

    /// @notice The pool's loans; made by the pool, and written by it alone.
    function book() external view returns (ILoanBook);

    /// @notice The registry of credentials and locks.
    function registry() external view returns (ICredentialRegistry);

    /// @notice From the end of grace until a loan counts as defaulted.
    function delinquencyPeriod() external view returns (uint32);

    /// @notice Asset units that the pool knows to hold. Tokens sent to it outside of deposits and
    /// repayments do not count and move no price.
    function cash() external view returns (uint256);

    /// @notice Principal of all open loans, defaulted ones too.
    function outstanding() external view returns (uint256);

    /// @notice What the loans that are not written off owe: principal and booked interest.
    function loansValue() external view returns (uint256);

    /// @notice The part of `loansValue` that is marked down for delinquency. What the first-loss cover does not
    /// bear of it is missing in `totalAssets`; shares are redeemed at that price, and issued at the price that
    /// ignores the markdown, so that nobody buys into a loss that may be recovered.
    function unrealisedLosses() external view returns (uint256);

    // --------------------------------------------------------------------------- first-loss cover

    /// @notice Money that bears losses before the depositors do: whatever is marked down is theirs only where
    /// it is more than the cover, and at default the cover pays for what is written off.
    function cover() external view returns (uint256);

    /// @notice Losses of defaulted loans that are not recovered: those that the depositors bore, and those that
    /// the cover bore. What is paid after default makes good the depositors' first, then the cover's.
    function lossesBorne() external view returns (uint256 byDepositors, uint256 byCover);

    /// @notice Adds to the cover. For whoever wants to; it comes back only by `withdrawCover`.
    function provideCover(uint256 amount) external;

    /// @notice Pays out of the cover what neither the present markdowns nor the limit need. For the curator,
    /// after the delay of the role.
    function withdrawCover(uint256 amount, address receiver) external;

    // ---------------------------------------------------------------------------------------- fee

    /// @notice Highest share that a fee may have.
    function MAX_FEE() external view returns (uint64);

    /// @notice The protocol's share of the interest, taken when interest is booked: as if it had been paid out
    /// and deposited again at once. Interest that is recovered after the end of grace is free of it.
    function fee() external view returns (uint64 share, address receiver);

    /// @notice Sets the fee on interest from now on. For the curator, after the delay of the role.
    function setFee(Fee calldata next) external;

    // ------------------------------------------------------------------------------------- tokens

    /// @notice Approves the pool for the caller's asset by the asset's own permit (EIP-2612), for a deposit or
    /// repayment in the same `multicall`. A permit that cannot be used is passed over: the transfer after it
    /// tells.
    function permitAsset(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Brings the books up to now. Every function that moves money does it first.
    function accrue() external;

    // ------------------------------------------------------------------------------------- limits

    /// @notice How far the pool may be filled and lent out. Repaying and withdrawing have no limits.
    function limits() external view returns (uint128 deposits, uint64 utilisation, uint64 leastCover);

    /// @notice Lowers deposits and utilisation or raises the cover, at once; the first two being zero closes
    /// the pool to new business. For the guardian.
    function tighten(Limits calldata next) external;

    /// @notice Sets limits of any size. For the curator, after the delay of the role.
    function setLimits(Limits calldata next) external;

    // --------------------------------------------------------------------------------- impairment

    /// @notice Says that a loan will probably not be repaid: its grace ends at the next midnight (UTC), its
    /// value goes down to zero from there. Changes nothing for the borrower. For the guardian.
    function impair(uint256 loanId) external;

    /// @notice Takes an impairment back, with the interest that the books left out. Possible until the
    /// loan's grace would have ended anyway, and not once it is in default. For the curator.
    function restore(uint256 loanId) external;
}
