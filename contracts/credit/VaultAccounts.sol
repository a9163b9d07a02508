// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILoanBook, Totals} from "../interfaces/ILoanBook.sol";
import {IRedemptionQueue} from "../interfaces/IRedemptionQueue.sol";
import {ITesseraPool} from "../interfaces/ITesseraPool.sol";
import {Fee, ITesseraVault, Limits, VaultConfig} from "../interfaces/ITesseraVault.sol";
import {Gains, GainsLib} from "../libraries/GainsLib.sol";
import {RedemptionQueue} from "./RedemptionQueue.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What a vault holds and is worth
/// @notice The lowest layer of `TesseraVault`: its state, the books brought up to now, gross and net assets, gains that
/// are held back, and the two ways that tokens move. Everything above asks here what a share is worth, and decides
/// who may do what. Assets are counted, not read from the token's balance.
abstract contract VaultAccounts is AccessManaged, ERC4626, ReentrancyGuardTransient, ITesseraVault {
    using GainsLib for Gains;
    using Math for uint256;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// What the vault is worth at a moment, with all that time did to it since the last operation.
    struct Position {
        uint256 cash;
        uint256 cover;
        /// Of the loans, before markdowns.
        uint256 value;
        uint256 losses;
        /// Written off since the last operation, and how much of it the cover bears.
        uint256 lost;
        uint256 covered;
        /// The protocol's part of the interest since, and the shares that it becomes.
        uint256 feeAssets;
        uint256 feeShares;
        uint256 feeRemainder;
    }

    /// Cash, and what of it came in this block.
    struct Money {
        uint112 cash;
        uint112 fresh;
        uint32 blockNumber;
    }

    /// What every operation asks for besides the cash, in one slot.
    struct Reserve {
        /// Bears losses first; in the vault's hands too, and not part of the cash.
        uint112 cover;
        uint64 feeShare;
        /// There may be gains that are held back; if not, nobody reads them.
        bool gains;
    }

    /// Shares that the very first unit of assets buys; `_decimalsOffset` as a factor.
    uint256 internal constant OFFSET = 1e6;
    uint32 private constant MAX_NOTICE = 365 days;

    /// @inheritdoc ITesseraVault
    ITesseraPool public immutable pool;
    /// @inheritdoc ITesseraVault
    ILoanBook public immutable book;
    /// @inheritdoc ITesseraVault
    IRedemptionQueue public immutable queue;
    /// @inheritdoc ITesseraVault
    uint32 public immutable notice;

    /// @inheritdoc ITesseraVault
    Limits public limits;

    Money internal _money;
    Reserve private _reserve;
    address private _feeReceiver;
    /// Of loans written off and not recovered.
    uint256 internal _borneByDepositors;
    uint256 internal _borneByCover;
    Gains private _gains;
    /// What of the fee was too little for a unit, in units of 1e-18.
    uint256 private _feeRemainder;

    constructor(VaultConfig memory config)
        AccessManaged(AccessManaged(address(config.pool)).authority())
        ERC4626(IERC20(config.pool.asset()))
        ERC20(config.name, config.symbol)
    {
        require(address(config.pool.vault()) == address(this), WrongPool(address(config.pool)));
        uint32 notice_ = config.notice;
        require(notice_ <= MAX_NOTICE && notice_ % 1 days == 0, ILoanBook.BadDuration(notice_));
        (pool, book, notice) = (config.pool, config.pool.book(), notice_);
        if (notice_ != 0) queue = new RedemptionQueue();
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc ITesseraVault
    function cash() external view returns (uint256) {
        return _position().cash;
    }

    /// @inheritdoc ITesseraVault
    function cover() external view returns (uint256) {
        return _position().cover;
    }

    /// @inheritdoc ITesseraVault
    function fee() external view returns (uint64 share, address receiver) {
        (share, receiver) = (_reserve.feeShare, _feeReceiver);
    }

    /// @inheritdoc ITesseraVault
    function lossesBorne() external view returns (uint256 byDepositors, uint256 byCover) {
        Position memory now_ = _position();
        return (_borneByDepositors + now_.lost - now_.covered, _borneByCover + now_.covered);
    }

    /// @inheritdoc ITesseraVault
    function loansValue() external view returns (uint256) {
        return _position().value;
    }

    /// @inheritdoc ITesseraVault
    function unrealisedLosses() external view returns (uint256) {
        return _position().losses;
    }

    /// @inheritdoc ITesseraVault
    function heldGains() external view returns (uint256) {
        return _held();
    }

    /// @inheritdoc ITesseraVault
    function grossAssets() external view returns (uint256) {
        Position memory now_ = _position();
        return now_.cash + now_.value;
    }

    /// What redeemed shares are paid from.
    function totalAssets() public view override returns (uint256) {
        return _net(_position());
    }

    // ------------------------------------------------------------------------------------ worth

    /// The books as of now, without keeping them.
    function _position() internal view returns (Position memory now_) {
        return _positionOf(book.totals());
    }

    function _positionOf(Totals memory totals) internal view returns (Position memory now_) {
        (now_.value, now_.losses, now_.lost) = (totals.value, totals.losses, totals.lost);
        (uint256 kept, uint256 part) = (_reserve.cover, _reserve.feeShare);
        now_.covered = Math.min(kept, totals.lost);
        now_.cover = kept - now_.covered;
        now_.cash = _money.cash + now_.covered;
        if (part == 0) return now_;
        // No fee on interest that was lost again in the same step; so the fee is less than the value.
        uint256 due = Math.saturatingSub(totals.interest, totals.lost) * part + _feeRemainder;
        (now_.feeAssets, now_.feeRemainder) = (due / 1e18, due % 1e18);
        if (now_.feeAssets == 0) return now_;
        uint256 others = now_.cash + now_.value - now_.feeAssets + 1;
        now_.feeShares = now_.feeAssets.mulDiv(totalSupply() + OFFSET, others);
    }

    /// Brings the books up to now, for an operation that leaves the loans as they are. They are kept if there is a
    /// fee, which is taken of the interest since.
    function _accrue() internal returns (Position memory) {
        return _accrueWith(book.advance(_reserve.feeShare != 0));
    }

    /// @param totals The loans, as the pool has just advanced them.
    function _accrueWith(Totals memory totals) internal returns (Position memory now_) {
        now_ = _positionOf(totals);
        if (now_.lost != 0) {
            _setCash(now_.cash);
            _setCover(now_.cover);
            _borneByCover += now_.covered;
            _borneByDepositors += now_.lost - now_.covered;
            emit WrittenOff(now_.lost, now_.covered);
        }
        if (_reserve.feeShare == 0) return now_;
        if (now_.feeRemainder != _feeRemainder) _feeRemainder = now_.feeRemainder;
        if (now_.feeShares != 0) {
            address receiver = _feeReceiver;
            _mint(receiver, now_.feeShares);
            emit FeeTaken(receiver, now_.feeAssets, now_.feeShares);
            now_.feeShares = 0;
        }
    }

    /// Cash and loans after the losses that the cover does not bear.
    function _raw(Position memory now_) internal pure returns (uint256) {
        uint256 uncovered = Math.saturatingSub(now_.losses, now_.cover);
        return now_.cash + Math.saturatingSub(now_.value, uncovered);
    }

    /// The same without the gains that are held back.
    function _net(Position memory now_) internal view returns (uint256) {
        return Math.saturatingSub(_raw(now_), _held());
    }

    function _held() internal view returns (uint256) {
        if (!_reserve.gains) return 0;
        Gains memory gains = _gains;
        gains.settle(block.timestamp);
        return gains.locked(block.timestamp);
    }

    /// Holds back what the shares gained at once; what they lost is first taken from what is held back. A single
    /// unit is the rounding of a borrower's interest.
    function _hold(uint256 before, uint256 afterwards) internal {
        if (afterwards <= before + 1 && before <= afterwards + 1) return;
        Gains memory gains = _gains;
        gains.settle(block.timestamp);
        if (afterwards > before) gains.add(afterwards - before);
        else if (gains.take(before - afterwards, block.timestamp) == 0) return;
        _gains = gains;
        uint256 held = gains.locked(block.timestamp);
        _reserve.gains = held != 0;
        emit GainHeld(Math.saturatingSub(afterwards, before), held);
    }

    /// All shares, those that the fee becomes and the virtual ones among them.
    function _shares(Position memory now_) internal view returns (uint256) {
        return totalSupply() + now_.feeShares + OFFSET;
    }

    // ------------------------------------------------------------------------------------ money

    function _setFee(Fee calldata next) internal {
        (_reserve.feeShare, _feeReceiver) = (next.share, next.receiver);
    }

    function _setCover(uint256 amount) internal {
        _reserve.cover = amount.toUint112();
    }

    function _setCash(uint256 amount) internal {
        _money.cash = amount.toUint112();
    }

    /// Takes depositors' money out of the cash.
    function _spend(uint256 assets) internal {
        Money memory money = _money;
        money.cash = (money.cash - assets).toUint112();
        if (money.blockNumber == uint32(block.number)) {
            money.fresh = uint112(Math.saturatingSub(money.fresh, assets));
        }
        _money = money;
    }

    /// Takes exactly `amount` from `from`; a token that moves less or more is refused.
    function _pull(address from, uint256 amount) internal {
        IERC20 token = IERC20(asset());
        uint256 before = token.balanceOf(address(this));
        // `from` is the caller, or the caller of the pool.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(from, address(this), amount);
        uint256 moved = token.balanceOf(address(this)) - before;
        require(moved == amount, TransferMismatch(amount, moved));
    }

    /// Sends exactly `amount` to `to`, at the cost of exactly `amount`.
    function _push(address to, uint256 amount) internal {
        IERC20 token = IERC20(asset());
        uint256 before = token.balanceOf(address(this));
        token.safeTransfer(to, amount);
        uint256 moved = before - token.balanceOf(address(this));
        require(moved == amount, TransferMismatch(amount, moved));
    }

    /// Six more decimals than the asset: makes an inflation attack cost a million times its damage.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }
}
