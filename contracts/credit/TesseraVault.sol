// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Change, Totals} from "../interfaces/ILoanBook.sol";
import {ITesseraPool} from "../interfaces/ITesseraPool.sol";
import {Fee, ITesseraVault, Limits, VaultConfig} from "../interfaces/ITesseraVault.sol";
import {VaultAccounts} from "./VaultAccounts.sol";
import {VaultShares} from "./VaultShares.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title TesseraVault
/// @notice Shares, cash and cover: see the interface. This layer has what is not the depositors': limits, fee and cover,
/// which are the roles', and lending and collecting, which are the pool's. In every function: checks, then state,
/// then the event, then the token.
contract TesseraVault is VaultShares {
    /// @inheritdoc ITesseraVault
    uint64 public constant MAX_FEE = 0.25e18;

    modifier onlyPool() {
        require(msg.sender == address(pool), NotThePool(msg.sender));
        _;
    }

    constructor(VaultConfig memory config) VaultAccounts(config) {}

    /// @inheritdoc ITesseraVault
    function checkRoom(uint256 amount) external view {
        _checkRoom(_position(), amount);
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
        _accrueWith(book.advance(true));
        _setFee(next);
        emit FeeChanged(next.share, next.receiver);
    }

    /// @inheritdoc ITesseraVault
    function provideCover(uint256 amount) external nonReentrant {
        require(amount != 0, ITesseraPool.ZeroAmount());
        Position memory now_ = _accrue();
        uint256 before = _raw(now_);
        now_.cover += amount;
        _setCover(now_.cover);
        _hold(before, _raw(now_));
        emit CoverProvided(msg.sender, amount, now_.cover);
        _pull(msg.sender, amount);
    }

    /// @inheritdoc ITesseraVault
    function withdrawCover(uint256 amount, address receiver) external restricted nonReentrant {
        require(receiver != address(0), ITesseraPool.ZeroAddress());
        require(receiver != address(this), ITesseraPool.BadReceiver(receiver));
        Totals memory sums = book.advance(true);
        Position memory now_ = _accrueWith(sums);
        uint256 needed = Math.saturatingAdd(Math.max(sums.late, _coverFor(now_.value)), amount);
        require(now_.cover >= needed, CoverTooLow(now_.cover, needed));
        _setCover(now_.cover - amount);
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
        if (toCover != 0) _setCover(now_.cover);
        _holdChange(worth, now_, change.afterwards);
        _pull(payer, amount);
    }

    /// @inheritdoc ITesseraVault
    function revalue(Change calldata change) external onlyPool nonReentrant {
        Position memory now_ = _accrueWith(change.before);
        _holdChange(_raw(now_), now_, change.afterwards);
    }

    // ----------------------------------------------------------------------------------- internal

    function _holdChange(uint256 worth, Position memory now_, Totals calldata afterwards) private {
        (now_.value, now_.losses) = (afterwards.value, afterwards.losses);
        _hold(worth, _raw(now_));
    }

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
}
