// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool, Limits} from "./interfaces/ITesseraPool.sol";
import {Books, BooksLib, Calendar} from "./libraries/BooksLib.sol";
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
    using BooksLib for Books;
    using Math for uint256;
    using SafeERC20 for IERC20;

    /// Most that the pool ever holds or is owed; keeps every product of the interest arithmetic in range.
    uint128 internal constant MAX_ASSETS = type(uint112).max;

    /// Shares that the very first unit of assets buys; `_decimalsOffset` as a factor.
    uint256 private constant OFFSET = 1e6;
    uint32 private constant MAX_DELINQUENCY = 3650 days;

    /// @inheritdoc ITesseraPool
    uint32 public immutable delinquencyPeriod;

    /// @inheritdoc ITesseraPool
    Limits public limits = Limits({deposits: MAX_ASSETS, utilisation: 1e18});

    /// Asset units in the pool's hands: in by deposit and repayment, out by withdrawal and loan.
    uint256 internal _cash;
    /// The value of the loans, as of the last operation.
    Books internal _books;
    Calendar internal _calendar;

    constructor(IERC20 asset_, string memory name_, string memory symbol_, uint32 period)
        ERC4626(asset_)
        ERC20(name_, symbol_)
        ERC20Permit(name_)
    {
        require(address(asset_) != address(0), ZeroAddress());
        require(period != 0 && period <= MAX_DELINQUENCY && period % 1 days == 0, BadDuration(period));
        delinquencyPeriod = period;
        _books.settledAt = block.timestamp;
    }

    // ------------------------------------------------------------------------------------ reading

    /// @inheritdoc ITesseraPool
    function cash() external view returns (uint256) {
        return _cash;
    }

    function decimals() public view override(ERC20, ERC4626) returns (uint8) {
        return ERC4626.decimals();
    }

    /// @inheritdoc ITesseraPool
    function loansValue() public view returns (uint256) {
        return _booksNow().gross();
    }

    /// @inheritdoc ITesseraPool
    function unrealisedLosses() external view returns (uint256) {
        return _booksNow().losses(delinquencyPeriod);
    }

    /// Cash and loans after unrealised losses: what redeemed shares are paid from.
    function totalAssets() public view override returns (uint256) {
        Books memory books = _booksNow();
        return _cash + Math.saturatingSub(books.gross(), books.losses(delinquencyPeriod));
    }

    /// Shares are issued at the price that ignores unrealised losses.
    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return assets.mulDiv(totalSupply() + OFFSET, _cash + loansValue() + 1);
    }

    function previewMint(uint256 shares) public view override returns (uint256) {
        return shares.mulDiv(_cash + loansValue() + 1, totalSupply() + OFFSET, Math.Rounding.Ceil);
    }

    function maxDeposit(address) public view virtual override returns (uint256) {
        return Math.saturatingSub(limits.deposits, _cash + loansValue());
    }

    function maxMint(address receiver) public view virtual override returns (uint256) {
        return previewDeposit(maxDeposit(receiver));
    }

    function maxRedeem(address owner) public view virtual override returns (uint256) {
        return Math.min(balanceOf(owner), _convertToShares(_cash, Math.Rounding.Floor));
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

    function _booksNow() internal view returns (Books memory books) {
        (books,) = _advanced();
    }

    /// Brings the books up to now and keeps them.
    function _accrue() internal returns (Books memory books) {
        uint256 lost;
        (books, lost) = _advanced();
        _keepBooks(books);
        if (lost != 0) emit WrittenOff(lost);
    }

    function _keepBooks(Books memory books) internal {
        _books = books;
    }

    function _advanced() private view returns (Books memory books, uint256 lost) {
        books = _books;
        lost = books.advance(_calendar, delinquencyPeriod, block.timestamp);
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
