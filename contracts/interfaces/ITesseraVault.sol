// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Change, ILoanBook, Totals} from "./ILoanBook.sol";
import {IRedemptionQueue} from "./IRedemptionQueue.sol";
import {ITesseraPool} from "./ITesseraPool.sol";

/// What a vault is made of.
struct VaultConfig {
    /// The pool, which names this vault.
    ITesseraPool pool;
    /// Of the share token.
    string name;
    string symbol;
    /// From a redemption request until it may be settled; whole days. 0: shares are redeemed at once.
    uint32 notice;
}

/// How far the pool may be filled and lent out. All zero, as at the start: closed.
struct Limits {
    /// Most that cash and loans together may come to by a deposit; 0 stops deposits.
    uint96 deposits;
    /// Most of cash and loans together that may be lent, as a share of 1e18; 0 stops lending.
    uint64 utilisation;
    /// Least first-loss cover for lending, as a share of the loans' value, 1e18 being all of it.
    uint64 cover;
}

/// The protocol's part of the interest.
struct Fee {
    /// Of every unit of booked interest, 1e18 being all of it; at most `MAX_FEE`.
    uint64 share;
    /// Who gets it, as shares of the vault.
    address receiver;
}

/// @title A pool's money: depositors' shares, cash and first-loss cover
/// @notice ERC-4626, and ERC-7540 for redemptions where the pool has a notice period. Shares are redeemed at
///
///     cash + loans − what is marked down of them beyond the cover − gains not released yet
///
/// and issued at cash + loans: nobody buys into a recovery, and nothing that anybody can do within a day raises the
/// price of redemption but interest.
interface ITesseraVault {
    // ------------------------------------------------------------------------------------- events

    event LimitsChanged(uint96 deposits, uint64 utilisation, uint64 cover);
    event FeeChanged(uint64 share, address indexed receiver);
    /// `assets` of the interest were turned into `shares` of the protocol's.
    event FeeTaken(address indexed receiver, uint256 assets, uint256 shares);
    /// `cover` is what there is after the change.
    event CoverProvided(address indexed provider, uint256 amount, uint256 cover);
    event CoverWithdrawn(address indexed receiver, uint256 amount, uint256 cover);
    /// A payment on a defaulted loan: to the depositors, and back to the cover.
    event Recovered(bytes32 indexed loanId, uint256 toDepositors, uint256 toCover);
    /// Loans passed into default since the books were last touched; `amount` is what they were booked at, of
    /// which the first-loss cover bore `covered`.
    event WrittenOff(uint256 amount, uint256 covered);
    /// The shares became worth `gained` more at once; it is held back and released over time.
    event GainHeld(uint256 gained, uint256 held);
    /// ERC-7540: of a redemption request.
    event RedeemRequest(
        address indexed controller,
        address indexed owner,
        uint256 indexed requestId,
        address sender,
        uint256 shares
    );
    /// ERC-7540.
    event OperatorSet(address indexed controller, address indexed operator, bool approved);
    /// Of what was asked for until then, `shares` are redeemed for `assets`; `waiting` shares still wait for cash.
    event RedemptionsSettled(uint256 shares, uint256 assets, uint256 waiting);

    // ------------------------------------------------------------------------------------- errors

    /// The vault does not hold that much cash, or holds it for redemptions that wait.
    error InsufficientCash(uint256 amount, uint256 cash);
    /// With this loan more of the pool would be lent than its limit allows.
    error UtilisationTooHigh(uint256 lent, uint256 max);
    /// The first-loss cover would be less than what is needed.
    error CoverTooLow(uint256 cover, uint256 needed);
    /// Tightening takes limits that are not looser than the present ones.
    error NotTighter();
    /// The token moved another amount than it was told to.
    error TransferMismatch(uint256 expected, uint256 moved);
    /// Only the vault's own pool asks for this.
    error NotThePool(address caller);
    /// Redemptions are by request here; or they are at once, and there is nothing to request.
    error NoticeIs(uint32 notice);
    /// Neither the owner or controller nor an operator of theirs.
    error NotTheOperator(address controller, address caller);
    /// The pool is not this vault's.
    error WrongPool(address pool);

    // ------------------------------------------------------------------------------------ reading

    /// @notice Whose loans these are.
    function pool() external view returns (ITesseraPool);

    /// @notice What the loans are worth.
    function book() external view returns (ILoanBook);

    /// @notice Who asked for redemption; zero where shares are redeemed at once.
    function queue() external view returns (IRedemptionQueue);

    /// @notice From a redemption request until it may be settled; 0 if shares are redeemed at once.
    function notice() external view returns (uint32);

    /// @notice Asset units that the vault knows to hold for its shares. Tokens sent to it outside of deposits and
    /// repayments do not count and move no price.
    function cash() external view returns (uint256);

    /// @notice What the loans that are not written off owe: principal and booked interest.
    function loansValue() external view returns (uint256);

    /// @notice The part of `loansValue` that is marked down, by the clock or by the guardian.
    function unrealisedLosses() external view returns (uint256);

    /// @notice Gains that redeemed shares do not get yet.
    function heldGains() external view returns (uint256);

    /// @notice Cash and loans without any deduction: what shares are issued at.
    function grossAssets() external view returns (uint256);

    // --------------------------------------------------------------------------- first-loss cover

    /// @notice Money that bears losses before the depositors do: whatever is marked down is theirs only where
    /// it is more than the cover, and at default the cover pays for what is written off.
    function cover() external view returns (uint256);

    /// @notice Losses of defaulted loans that are not recovered: those that the depositors bore, and those that
    /// the cover bore. What is paid after default makes good the depositors' first, then the cover's.
    function lossesBorne() external view returns (uint256 byDepositors, uint256 byCover);

    /// @notice Adds to the cover. For whoever wants to; it comes back only by `withdrawCover`.
    function provideCover(uint256 amount) external;

    /// @notice Pays out of the cover what neither late and marked loans nor the limit need. For the curator, after
    /// the delay of the role.
    function withdrawCover(uint256 amount, address receiver) external;

    // ---------------------------------------------------------------------------------------- fee

    /// @notice Highest share that a fee may have.
    function MAX_FEE() external view returns (uint64);

    /// @notice The protocol's share of the interest, taken when interest is booked: as if it had been paid out
    /// and deposited again at once. Interest that comes after the end of grace is free of it.
    function fee() external view returns (uint64 share, address receiver);

    /// @notice Sets the fee on interest from now on. For the curator, after the delay of the role.
    function setFee(Fee calldata next) external;

    // ------------------------------------------------------------------------------------- limits

    /// @notice How far the pool may be filled and lent out. Repaying and withdrawing have no limits.
    function limits() external view returns (uint96 deposits, uint64 utilisation, uint64 leastCover);

    /// @notice Lowers deposits and utilisation or raises the cover, at once; the first two being zero closes
    /// the pool to new business. For the guardian.
    function tighten(Limits calldata next) external;

    /// @notice Sets limits of any size. For the curator, after the delay of the role.
    function setLimits(Limits calldata next) external;

    // -------------------------------------------------------------------------------- redemptions

    /// @notice Asks for shares to be redeemed (ERC-7540). The vault takes them; they share every loss until they
    /// are settled, once the notice is over, at the price of that moment. One request at a time for each
    /// controller; further ones join it on the same day.
    /// @param controller Who will claim: `owner`, or somebody whose operator the caller is.
    /// @return requestId The day (UTC, since 1970) from which on it may be settled.
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        returns (uint256 requestId);

    /// @notice Redeems what was asked for and whose notice is over, as far as there is cash: the same part of
    /// everybody's, however long ago it was asked for. For anybody; and nothing is lent before it is done.
    function settleRedemptions() external;

    /// @notice ERC-7540: shares of the request that are not settled.
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256);

    /// @notice ERC-7540: shares of the request that are settled; their assets wait for `redeem` or `withdraw`.
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256);

    /// @notice ERC-7540: lets `operator` act for the caller's requests.
    function setOperator(address operator, bool approved) external returns (bool);

    function isOperator(address controller, address operator) external view returns (bool);

    // ------------------------------------------------------------------------------------- tokens

    /// @notice `deposit` with the asset's own permit (EIP-2612) of the caller. A permit that cannot be used is passed
    /// over: the transfer after it tells.
    function depositWithPermit(
        uint256 assets,
        address receiver,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 shares);

    /// @notice Brings the books up to now. Every function that moves money does it first.
    function accrue() external;

    // --------------------------------------------------------------------------------- the pool's

    /// @notice Pays out `amount` to a borrower, if there is room for it.
    /// @param totals The loans before it, advanced to now.
    function lend(address receiver, uint256 amount, Totals calldata totals) external;

    /// @notice Reverts as `lend` would.
    function checkRoom(uint256 amount) external view;

    /// @notice Takes a repayment from `payer`.
    /// @param recovered The loan was in default.
    /// @param change What the loans came to before and after it.
    function collect(bytes32 loanId, address payer, uint256 amount, bool recovered, Change calldata change)
        external;

    /// @notice Takes note that loans changed in value without money having moved.
    function revalue(Change calldata change) external;
}
