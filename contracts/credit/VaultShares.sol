// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ITesseraPool} from "../interfaces/ITesseraPool.sol";
import {ITesseraVault} from "../interfaces/ITesseraVault.sol";
import {VaultAccounts} from "./VaultAccounts.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A vault's shares
/// @notice The middle layer of `TesseraVault`, for depositors: issued at gross assets, redeemed at net assets, at once
/// (ERC-4626) or by request (ERC-7540).
abstract contract VaultShares is VaultAccounts {
    using Math for uint256;
    using SafeCast for uint256;

    /// Once a share is worth a millionth of what it was at first, nobody deposits any more: the next depositors'
    /// shares would outgrow every number.
    uint256 private constant RUIN = 1e6;

    mapping(address controller => mapping(address operator => bool)) private _operators;

    // ------------------------------------------------------------------------------------ reading

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

    // --------------------------------------------------------------------------------- depositors

    /// @inheritdoc ITesseraVault
    function accrue() external nonReentrant {
        _accrueWith(book.advance(true));
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

    // ----------------------------------------------------------------------------------- internal

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
}
