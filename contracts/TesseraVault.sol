// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LoanBook} from "./LoanBook.sol";
import {ILoanBook, Totals} from "./interfaces/ILoanBook.sol";
import {Fee, ITesseraPool, Limits} from "./interfaces/ITesseraPool.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The depositors' side: shares of the pool's assets
/// @notice ERC-4626 with two departures from OpenZeppelin's: assets are counted, not read from the token's
/// balance, and every state change comes before the token is called.
abstract contract TesseraVault is ERC4626, ERC20Permit, ReentrancyGuardTransient, ITesseraPool {
    using Math for uint256;
    using SafeERC20 for IERC20;

    /// What the pool is worth at a moment, with all that time did to it since the last operation.
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
    }

    /// @inheritdoc ITesseraPool
    uint64 public constant MAX_FEE = 0.25e18;

    /// Most that the pool ever holds or is owed; keeps every product of the interest arithmetic in range.
    uint128 internal constant MAX_ASSETS = type(uint112).max;

    /// Shares that the very first unit of assets buys; `_decimalsOffset` as a factor.
    uint256 private constant OFFSET = 1e6;
    uint32 private constant MAX_DELINQUENCY = 3650 days;

    /// @inheritdoc ITesseraPool
    ILoanBook public immutable book;
    /// @inheritdoc ITesseraPool
    uint32 public immutable delinquencyPeriod;

    /// @inheritdoc ITesseraPool
    Limits public limits = Limits({deposits: MAX_ASSETS, utilisation: 1e18, cover: 0});
    /// @inheritdoc ITesseraPool
    Fee public fee;

    /// Asset units in the pool's hands: in by deposit and repayment, out by withdrawal and loan.
    uint256 internal _cash;
    /// Asset units that bear losses first; in the pool's hands too, and not part of `_cash`.
    uint256 internal _cover;
    /// Of the loans written off and not recovered: what depositors and cover bore.
    uint256 internal _borneByDepositors;
    uint256 internal _borneByCover;

    constructor(IERC20 asset_, string memory name_, string memory symbol_, uint32 period)
        ERC4626(asset_)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        require(address(asset_) != address(0), ZeroAddress());
        require(period != 0 && period <= MAX_DELINQUENCY && period % 1 days == 0, BadDuration(period));
        delinquencyPeriod = period;
        book = new LoanBook(period);
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc ITesseraPool
    function cash() external view returns (uint256) {
        return _position().cash;
    }

    /// @inheritdoc ITesseraPool
    function cover() external view returns (uint256) {
        return _position().cover;
    }

    /// @inheritdoc ITesseraPool
    function lossesBorne() external view returns (uint256 byDepositors, uint256 byCover) {
        Position memory now_ = _position();
        return (_borneByDepositors + now_.lost - now_.covered, _borneByCover + now_.covered);
    }

    function decimals() public view override(ERC20, ERC4626) returns (uint8) {
        return ERC4626.decimals();
    }

    /// @inheritdoc ITesseraPool
    function loansValue() external view returns (uint256) {
        return _position().value;
    }

    /// @inheritdoc ITesseraPool
    function unrealisedLosses() external view returns (uint256) {
        return _position().losses;
    }

    /// Cash and loans after the unrealised losses that the cover does not bear: what redeemed shares are
    /// paid from.
    function totalAssets() public view override returns (uint256) {
        return _netAssets(_position());
    }

    /// Shares are issued at the price that ignores unrealised losses.
    function previewDeposit(uint256 assets) public view override returns (uint256) {
        Position memory now_ = _position();
        return assets.mulDiv(_shares(now_), now_.cash + now_.value + 1);
    }

    function previewMint(uint256 shares) public view override returns (uint256) {
        Position memory now_ = _position();
        return shares.mulDiv(now_.cash + now_.value + 1, _shares(now_), Math.Rounding.Ceil);
    }

    function maxDeposit(address) public view virtual override returns (uint256) {
        Position memory now_ = _position();
        return Math.saturatingSub(limits.deposits, now_.cash + now_.value);
    }

    function maxMint(address receiver) public view virtual override returns (uint256) {
        return previewDeposit(maxDeposit(receiver));
    }

    function maxRedeem(address owner) public view virtual override returns (uint256) {
        Position memory now_ = _position();
        return Math.min(balanceOf(owner), now_.cash.mulDiv(_shares(now_), _netAssets(now_) + 1));
    }

    // ------------------------------------------------------------------------------------ writing

    /// @inheritdoc ITesseraPool
    function accrue() external nonReentrant {
        _accrue();
    }

    function deposit(uint256 assets, address receiver) public override nonReentrant returns (uint256) {
        _accrue();
        return super.deposit(assets, receiver);
    }

    function mint(uint256 shares, address receiver) public override nonReentrant returns (uint256) {
        _accrue();
        return super.mint(shares, receiver);
    }

    function withdraw(uint256 assets, address receiver, address owner)
        public
        override
        nonReentrant
        returns (uint256)
    {
        _accrue();
        return super.withdraw(assets, receiver, owner);
    }

    function redeem(uint256 shares, address receiver, address owner)
        public
        override
        nonReentrant
        returns (uint256)
    {
        _accrue();
        return super.redeem(shares, receiver, owner);
    }

    /// @inheritdoc ITesseraPool
    function permitAsset(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Somebody may have used the permit already: then the allowance is there, and what follows works.
        try IERC20Permit(asset()).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    // ----------------------------------------------------------------------------------- internal

    /// The books as of now, without keeping them.
    function _position() internal view returns (Position memory) {
        return _positionOf(book.totals());
    }

    function _positionOf(Totals memory totals) private view returns (Position memory now_) {
        (now_.value, now_.losses, now_.lost) = (totals.value, totals.losses, totals.lost);
        now_.covered = Math.min(_cover, totals.lost);
        now_.cover = _cover - now_.covered;
        now_.cash = _cash + now_.covered;
        // No fee on interest that was lost again in the same step; so the fee is less than the value.
        uint256 interest = Math.saturatingSub(totals.interest, totals.lost);
        now_.feeAssets = interest.mulDiv(fee.share, 1e18);
        uint256 others = now_.cash + now_.value - now_.feeAssets + 1;
        now_.feeShares = now_.feeAssets.mulDiv(totalSupply() + OFFSET, others);
    }

    /// Brings the books up to now and keeps them.
    function _accrue() internal returns (Position memory now_) {
        now_ = _positionOf(book.advance());
        if (now_.lost != 0) {
            (_cash, _cover) = (now_.cash, now_.cover);
            _borneByCover += now_.covered;
            _borneByDepositors += now_.lost - now_.covered;
            emit WrittenOff(now_.lost, now_.covered);
        }
        if (now_.feeShares != 0) {
            _mint(fee.receiver, now_.feeShares);
            emit FeeTaken(fee.receiver, now_.feeAssets, now_.feeShares);
        }
    }

    function _netAssets(Position memory now_) private pure returns (uint256) {
        uint256 uncovered = Math.saturatingSub(now_.losses, now_.cover);
        return now_.cash + Math.saturatingSub(now_.value, uncovered);
    }

    /// All shares, those that the fee becomes and the virtual ones among them.
    function _shares(Position memory now_) private view returns (uint256) {
        return totalSupply() + now_.feeShares + OFFSET;
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        Position memory now_ = _position();
        return assets.mulDiv(_shares(now_), _netAssets(now_) + 1, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        Position memory now_ = _position();
        return shares.mulDiv(_netAssets(now_) + 1, _shares(now_), rounding);
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        _cash += assets;
        _mint(receiver, shares);
        emit Deposit(caller, receiver, assets, shares);
        _pull(caller, assets);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        if (caller != owner) _spendAllowance(owner, caller, shares);
        _cash -= assets;
        _burn(owner, shares);
        emit Withdraw(caller, receiver, owner, assets, shares);
        _push(receiver, assets);
    }

    /// Takes exactly `amount` from `from`; a token that moves less or more is refused.
    function _pull(address from, uint256 amount) internal {
        IERC20 token = IERC20(asset());
        uint256 before = token.balanceOf(address(this));
        // `from` is the caller in every use.
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
