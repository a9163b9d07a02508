// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Change, ILoanBook, Totals} from "../interfaces/ILoanBook.sol";
import {IRedemptionQueue} from "../interfaces/IRedemptionQueue.sol";
import {ITesseraPool} from "../interfaces/ITesseraPool.sol";
import {Fee, ITesseraVault, Limits, VaultConfig} from "../interfaces/ITesseraVault.sol";
import {Gains, GainsLib} from "../libraries/GainsLib.sol";
import {RedemptionQueue} from "./RedemptionQueue.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title TesseraVault
/// @notice Shares, cash and cover: see the interface. Assets are counted, not read from the token's balance. In
/// every function: checks, then state, then the event, then the token.
contract TesseraVault is AccessManaged, ERC4626, ReentrancyGuardTransient, ITesseraVault {
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

    /// @inheritdoc ITesseraVault
    uint64 public constant MAX_FEE = 0.25e18;

    /// Shares that the very first unit of assets buys; `_decimalsOffset` as a factor.
    uint256 private constant OFFSET = 1e6;
    /// Once a share is worth a millionth of what it was at first, nobody deposits any more: the next depositors'
    /// shares would outgrow every number.
    uint256 private constant RUIN = 1e6;
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
    /// @inheritdoc ITesseraVault
    Fee public fee;

    Money private _money;
    /// Bears losses first; in the vault's hands too, and not part of the cash.
    uint256 private _cover;
    /// Of loans written off and not recovered.
    uint256 private _borneByDepositors;
    uint256 private _borneByCover;
    Gains private _gains;
    /// What of the fee was too little for a unit, in units of 1e-18.
    uint256 private _feeRemainder;
    mapping(address controller => mapping(address operator => bool)) private _operators;

    modifier onlyPool() {
        require(msg.sender == address(pool), NotThePool(msg.sender));
        _;
    }

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

    /// @inheritdoc ITesseraVault
    function isOperator(address controller, address operator) public view returns (bool) {
        return _operators[controller][operator];
    }

    /// ERC-7575: the vault is its own share.
    function share() external view returns (address) {
        return address(this);
    }

    function supportsInterface(bytes4 id) external view returns (bool) {
        // ERC-165, ERC-7575, and of ERC-7540 operators and asynchronous redemption.
        bool always = id == 0x01ffc9a7 || id == 0x2f0a18c5;
        return always || (notice != 0 && (id == 0xe3bc4e65 || id == 0x620ee8e4));
    }

    /// What redeemed shares are paid from.
    function totalAssets() public view override returns (uint256) {
        return _net(_position());
    }

    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return _sharesFor(_position(), assets);
    }

    function previewMint(uint256 shares) public view override returns (uint256) {
        return _priceOf(_position(), shares);
    }

    /// ERC-7540: where redemptions are by request there is nothing to preview.
    function previewWithdraw(uint256 assets) public view override returns (uint256) {
        require(notice == 0, NoticeIs(notice));
        return super.previewWithdraw(assets);
    }

    function previewRedeem(uint256 shares) public view override returns (uint256) {
        require(notice == 0, NoticeIs(notice));
        return super.previewRedeem(shares);
    }

    function maxDeposit(address) public view override returns (uint256) {
        return _maxDeposit(_position());
    }

    function maxMint(address) public view override returns (uint256) {
        Position memory now_ = _position();
        return _sharesFor(now_, _maxDeposit(now_));
    }

    function maxWithdraw(address owner) public view override returns (uint256 most) {
        (most,) = _mostOf(owner);
    }

    function maxRedeem(address owner) public view override returns (uint256 most) {
        (, most) = _mostOf(owner);
    }

    /// @inheritdoc ITesseraVault
    function checkRoom(uint256 amount) external view {
        _checkRoom(_position(), amount);
    }

    // --------------------------------------------------------------------------------- depositors

    /// @inheritdoc ITesseraVault
    function accrue() external nonReentrant {
        _accrue();
    }

    function deposit(uint256 assets, address receiver) public override nonReentrant returns (uint256 shares) {
        Position memory now_ = _accrue();
        uint256 most = _maxDeposit(now_);
        require(assets <= most, ERC4626ExceededMaxDeposit(receiver, assets, most));
        shares = _sharesFor(now_, assets);
        _deposit(msg.sender, receiver, assets, shares);
    }

    function mint(uint256 shares, address receiver) public override nonReentrant returns (uint256 assets) {
        Position memory now_ = _accrue();
        uint256 most = _sharesFor(now_, _maxDeposit(now_));
        require(shares <= most, ERC4626ExceededMaxMint(receiver, shares, most));
        assets = _priceOf(now_, shares);
        _deposit(msg.sender, receiver, assets, shares);
    }

    function withdraw(uint256 assets, address receiver, address owner)
        public
        override
        nonReentrant
        returns (uint256)
    {
        if (notice != 0) return _payClaim(owner, receiver, 0, assets);
        Position memory now_ = _accrue();
        (uint256 most,) = _most(now_, owner);
        require(assets <= most, ERC4626ExceededMaxWithdraw(owner, assets, most));
        uint256 shares = assets.mulDiv(_shares(now_), _net(now_) + 1, Math.Rounding.Ceil);
        _withdraw(msg.sender, receiver, owner, assets, shares);
        return shares;
    }

    function redeem(uint256 shares, address receiver, address owner)
        public
        override
        nonReentrant
        returns (uint256)
    {
        if (notice != 0) return _payClaim(owner, receiver, shares, 0);
        Position memory now_ = _accrue();
        (, uint256 most) = _most(now_, owner);
        require(shares <= most, ERC4626ExceededMaxRedeem(owner, shares, most));
        uint256 assets = shares.mulDiv(_net(now_) + 1, _shares(now_));
        _withdraw(msg.sender, receiver, owner, assets, shares);
        return assets;
    }

    /// @inheritdoc ITesseraVault
    function depositWithPermit(
        uint256 assets,
        address receiver,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256) {
        // Somebody may have used the permit already: then the allowance is there, and what follows works.
        try IERC20Permit(asset()).permit(msg.sender, address(this), assets, deadline, v, r, s) {} catch {}
        return deposit(assets, receiver);
    }

    // -------------------------------------------------------------------------------- redemptions

    /// @inheritdoc ITesseraVault
    function requestRedeem(uint256 shares, address controller, address owner)
        external
        nonReentrant
        returns (uint256 requestId)
    {
        require(notice != 0, NoticeIs(0));
        require(shares != 0, ITesseraPool.ZeroAmount());
        bool operates = msg.sender == owner || isOperator(owner, msg.sender);
        if (!operates) _spendAllowance(owner, msg.sender, shares);
        _checkOperator(controller, controller == owner ? controller : msg.sender);
        requestId = Math.ceilDiv(block.timestamp + notice, 1 days);
        _transfer(owner, address(this), shares);
        queue.ask(controller, shares, requestId);
        emit RedeemRequest(controller, owner, requestId, msg.sender, shares);
    }

    /// @inheritdoc ITesseraVault
    function settleRedemptions() external nonReentrant {
        require(notice != 0, NoticeIs(0));
        Position memory now_ = _accrue();
        uint256 shares = queue.join(block.timestamp / 1 days);
        if (shares == 0) return;
        (uint256 net, uint256 all) = (_net(now_) + 1, _shares(now_));
        uint256 assets = shares.mulDiv(net, all);
        if (assets > now_.cash) {
            shares = now_.cash.mulDiv(all, net);
            assets = shares.mulDiv(net, all);
            if (shares == 0) return;
        }
        _spend(assets);
        (uint256 waiting, uint256 dropped) = queue.settle(shares, assets);
        _burn(address(this), shares + dropped);
        emit RedemptionsSettled(shares, assets, waiting);
    }

    /// @inheritdoc ITesseraVault
    function pendingRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return notice == 0 ? 0 : queue.pending(requestId, controller);
    }

    /// @inheritdoc ITesseraVault
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return notice == 0 ? 0 : queue.claimable(requestId, controller);
    }

    /// @inheritdoc ITesseraVault
    function setOperator(address operator, bool approved) external returns (bool) {
        _operators[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    // ---------------------------------------------------------------------------- administration

    /// @inheritdoc ITesseraVault
    function tighten(Limits calldata next) external restricted {
        require(
            next.deposits <= limits.deposits && next.utilisation <= limits.utilisation
                && next.cover >= limits.cover,
            NotTighter()
        );
        _setLimits(next);
    }

    /// @inheritdoc ITesseraVault
    function setLimits(Limits calldata next) external restricted {
        _setLimits(next);
    }

    /// @inheritdoc ITesseraVault
    function setFee(Fee calldata next) external restricted nonReentrant {
        require(next.share <= MAX_FEE, ITesseraPool.ShareTooHigh(next.share, MAX_FEE));
        require(next.share == 0 || next.receiver != address(0), ITesseraPool.ZeroAddress());
        _accrue();
        fee = next;
        emit FeeChanged(next.share, next.receiver);
    }

    /// @inheritdoc ITesseraVault
    function provideCover(uint256 amount) external nonReentrant {
        require(amount != 0, ITesseraPool.ZeroAmount());
        Position memory now_ = _accrue();
        uint256 before = _raw(now_);
        now_.cover += amount;
        _cover = now_.cover;
        _hold(before, _raw(now_));
        emit CoverProvided(msg.sender, amount, now_.cover);
        _pull(msg.sender, amount);
    }

    /// @inheritdoc ITesseraVault
    function withdrawCover(uint256 amount, address receiver) external restricted nonReentrant {
        require(receiver != address(0), ITesseraPool.ZeroAddress());
        require(receiver != address(this), ITesseraPool.BadReceiver(receiver));
        Totals memory sums = book.advance();
        Position memory now_ = _accrueWith(sums);
        uint256 needed = Math.saturatingAdd(Math.max(sums.late, _coverFor(now_.value)), amount);
        require(now_.cover >= needed, CoverTooLow(now_.cover, needed));
        _cover = now_.cover - amount;
        emit CoverWithdrawn(receiver, amount, now_.cover - amount);
        _push(receiver, amount);
    }

    // --------------------------------------------------------------------------------- the pool's

    /// @inheritdoc ITesseraVault
    function lend(address receiver, uint256 amount, Totals calldata totals) external onlyPool nonReentrant {
        Position memory now_ = _accrueWith(totals);
        _checkRoom(now_, amount);
        _setCash(now_.cash - amount);
        _push(receiver, amount);
    }

    /// @inheritdoc ITesseraVault
    function collect(bytes32 loanId, address payer, uint256 amount, bool recovered, Change calldata change)
        external
        onlyPool
        nonReentrant
    {
        Position memory now_ = _accrueWith(change.before);
        uint256 worth = _raw(now_);
        uint256 toCover = recovered ? _recover(loanId, amount) : 0;
        now_.cash += amount - toCover;
        now_.cover += toCover;
        _setCash(now_.cash);
        if (toCover != 0) _cover = now_.cover;
        _holdChange(worth, now_, change.afterwards);
        _pull(payer, amount);
    }

    /// @inheritdoc ITesseraVault
    function revalue(Change calldata change) external onlyPool nonReentrant {
        Position memory now_ = _accrueWith(change.before);
        _holdChange(_raw(now_), now_, change.afterwards);
    }

    // ------------------------------------------------------------------------------------ worth

    /// The books as of now, without keeping them.
    function _position() private view returns (Position memory now_) {
        return _positionOf(book.totals());
    }

    function _positionOf(Totals memory totals) private view returns (Position memory now_) {
        (now_.value, now_.losses, now_.lost) = (totals.value, totals.losses, totals.lost);
        now_.covered = Math.min(_cover, totals.lost);
        now_.cover = _cover - now_.covered;
        now_.cash = _money.cash + now_.covered;
        uint256 part = fee.share;
        if (part == 0) return now_;
        // No fee on interest that was lost again in the same step; so the fee is less than the value.
        uint256 due = Math.saturatingSub(totals.interest, totals.lost) * part + _feeRemainder;
        (now_.feeAssets, now_.feeRemainder) = (due / 1e18, due % 1e18);
        if (now_.feeAssets == 0) return now_;
        uint256 others = now_.cash + now_.value - now_.feeAssets + 1;
        now_.feeShares = now_.feeAssets.mulDiv(totalSupply() + OFFSET, others);
    }

    /// Brings the books up to now and keeps them.
    function _accrue() private returns (Position memory) {
        return _accrueWith(book.advance());
    }

    /// @param totals The loans, as the pool has just advanced them.
    function _accrueWith(Totals memory totals) private returns (Position memory now_) {
        now_ = _positionOf(totals);
        if (now_.lost != 0) {
            _setCash(now_.cash);
            _cover = now_.cover;
            _borneByCover += now_.covered;
            _borneByDepositors += now_.lost - now_.covered;
            emit WrittenOff(now_.lost, now_.covered);
        }
        if (now_.feeRemainder != _feeRemainder && fee.share != 0) _feeRemainder = now_.feeRemainder;
        if (now_.feeShares != 0) {
            _mint(fee.receiver, now_.feeShares);
            emit FeeTaken(fee.receiver, now_.feeAssets, now_.feeShares);
            now_.feeShares = 0;
        }
    }

    /// Cash and loans after the losses that the cover does not bear.
    function _raw(Position memory now_) private pure returns (uint256) {
        uint256 uncovered = Math.saturatingSub(now_.losses, now_.cover);
        return now_.cash + Math.saturatingSub(now_.value, uncovered);
    }

    /// The same without the gains that are held back.
    function _net(Position memory now_) private view returns (uint256) {
        return Math.saturatingSub(_raw(now_), _held());
    }

    function _held() private view returns (uint256) {
        Gains memory gains = _gains;
        gains.settle(block.timestamp);
        return gains.locked(block.timestamp);
    }

    function _holdChange(uint256 worth, Position memory now_, Totals calldata afterwards) private {
        (now_.value, now_.losses) = (afterwards.value, afterwards.losses);
        _hold(worth, _raw(now_));
    }

    /// Holds back what the shares gained at once; what they lost is first taken from what is held back. A single
    /// unit is the rounding of a borrower's interest.
    function _hold(uint256 before, uint256 afterwards) private {
        if (afterwards <= before + 1 && before <= afterwards + 1) return;
        Gains memory gains = _gains;
        gains.settle(block.timestamp);
        if (afterwards > before) gains.add(afterwards - before);
        else if (gains.take(before - afterwards, block.timestamp) == 0) return;
        _gains = gains;
        uint256 gained = Math.saturatingSub(afterwards, before);
        emit GainHeld(gained, gains.locked(block.timestamp));
    }

    /// All shares, those that the fee becomes and the virtual ones among them.
    function _shares(Position memory now_) private view returns (uint256) {
        return totalSupply() + now_.feeShares + OFFSET;
    }

    /// Assets and shares that `owner` may take out now.
    function _mostOf(address owner) private view returns (uint256 assets, uint256 shares) {
        if (notice == 0) return _most(_position(), owner);
        (shares, assets) = queue.claimOf(owner);
    }

    function _most(Position memory now_, address owner)
        private
        view
        returns (uint256 assets, uint256 shares)
    {
        (uint256 net, uint256 all, uint256 own) = (_net(now_) + 1, _shares(now_), balanceOf(owner));
        assets = Math.min(now_.cash, own.mulDiv(net, all));
        shares = Math.min(own, now_.cash.mulDiv(all, net));
    }

    /// Shares are issued at the price that ignores losses, and counts gains that are held back.
    function _sharesFor(Position memory now_, uint256 assets) private view returns (uint256) {
        return assets.mulDiv(_shares(now_), now_.cash + now_.value + 1);
    }

    function _priceOf(Position memory now_, uint256 shares) private view returns (uint256) {
        return shares.mulDiv(now_.cash + now_.value + 1, _shares(now_), Math.Rounding.Ceil);
    }

    function _maxDeposit(Position memory now_) private view returns (uint256) {
        uint256 gross = now_.cash + now_.value;
        if (_shares(now_) / OFFSET / RUIN > gross) return 0;
        return Math.saturatingSub(limits.deposits, gross);
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        Position memory now_ = _position();
        return assets.mulDiv(_shares(now_), _net(now_) + 1, rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding)
        internal
        view
        override
        returns (uint256)
    {
        Position memory now_ = _position();
        return shares.mulDiv(_net(now_) + 1, _shares(now_), rounding);
    }

    // ------------------------------------------------------------------------------------ money

    /// Money that nobody counted on: makes good the depositors' losses, then the cover's; what is left is the
    /// depositors' too.
    function _recover(bytes32 loanId, uint256 amount) private returns (uint256 toCover) {
        uint256 first = Math.min(amount, _borneByDepositors);
        toCover = Math.min(amount - first, _borneByCover);
        _borneByDepositors -= first;
        _borneByCover -= toCover;
        emit Recovered(loanId, amount - toCover, toCover);
    }

    function _coverFor(uint256 value) private view returns (uint256) {
        return Math.mulDiv(value, limits.cover, 1e18, Math.Rounding.Ceil);
    }

    /// Whether the vault can and may pay out another `amount`. What was deposited in this block does not count: it
    /// may be gone in the next.
    function _checkRoom(Position memory now_, uint256 amount) private view {
        bool due = notice != 0 && queue.isDue(block.timestamp / 1 days);
        uint256 available = due ? 0 : now_.cash;
        require(amount <= available, InsufficientCash(amount, available));
        uint256 fresh = _money.blockNumber == uint32(block.number) ? _money.fresh : 0;
        uint256 all = Math.saturatingSub(now_.cash + now_.value, fresh);
        uint256 most = Math.mulDiv(all, limits.utilisation, 1e18);
        require(now_.value + amount <= most, UtilisationTooHigh(now_.value + amount, most));
        uint256 needed = _coverFor(now_.value + amount);
        require(now_.cover >= needed, CoverTooLow(now_.cover, needed));
    }

    function _setLimits(Limits calldata next) private {
        require(next.utilisation <= 1e18, ITesseraPool.ShareTooHigh(next.utilisation, 1e18));
        require(next.cover <= 1e18, ITesseraPool.ShareTooHigh(next.cover, 1e18));
        limits = next;
        emit LimitsChanged(next.deposits, next.utilisation, next.cover);
    }

    function _checkOperator(address controller, address caller) private view {
        bool operates = caller == controller || isOperator(controller, caller);
        require(operates, NotTheOperator(controller, caller));
    }

    function _deposit(address caller, address receiver, uint256 assets, uint256 shares) internal override {
        Money memory money = _money;
        uint32 number = uint32(block.number);
        uint256 fresh = money.blockNumber == number ? money.fresh : 0;
        _money = Money((money.cash + assets).toUint112(), (fresh + assets).toUint112(), number);
        _mint(receiver, shares);
        emit Deposit(caller, receiver, assets, shares);
        _pull(caller, assets);
    }

    function _withdraw(address caller, address receiver, address owner, uint256 assets, uint256 shares)
        internal
        override
    {
        if (caller != owner) _spendAllowance(owner, caller, shares);
        _spend(assets);
        _burn(owner, shares);
        emit Withdraw(caller, receiver, owner, assets, shares);
        _push(receiver, assets);
    }

    /// Pays what was settled; for the controller or an operator.
    function _payClaim(address controller, address receiver, uint256 shares, uint256 assets)
        private
        returns (uint256)
    {
        _checkOperator(controller, msg.sender);
        (uint256 takenShares, uint256 takenAssets) = queue.take(controller, shares, assets);
        emit Withdraw(msg.sender, receiver, controller, takenAssets, takenShares);
        _push(receiver, takenAssets);
        return shares == 0 ? takenShares : takenAssets;
    }

    function _setCash(uint256 amount) private {
        _money.cash = amount.toUint112();
    }

    /// Takes depositors' money out of the cash.
    function _spend(uint256 assets) private {
        Money memory money = _money;
        money.cash = (money.cash - assets).toUint112();
        if (money.blockNumber == uint32(block.number)) {
            money.fresh = uint112(Math.saturatingSub(money.fresh, assets));
        }
        _money = money;
    }

    /// Takes exactly `amount` from `from`; a token that moves less or more is refused.
    function _pull(address from, uint256 amount) private {
        IERC20 token = IERC20(asset());
        uint256 before = token.balanceOf(address(this));
        // `from` is the caller, or the caller of the pool.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(from, address(this), amount);
        uint256 moved = token.balanceOf(address(this)) - before;
        require(moved == amount, TransferMismatch(amount, moved));
    }

    /// Sends exactly `amount` to `to`, at the cost of exactly `amount`.
    function _push(address to, uint256 amount) private {
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
