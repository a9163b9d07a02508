// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../../contracts/interfaces/ILoanBook.sol";

/// The whole pool the slow way: every loan, every share and every day by itself, nothing lazy, nothing packed. Shares
/// no code with the contracts but the record of a loan.
contract PoolModel {
    uint256 private constant SCALE = 1e18 * 365 days;

    /// A debt and what of it is worth nothing.
    struct Debt {
        uint256 principal;
        uint256 interest;
    }

    struct Entry {
        Loan terms;
        Debt sound;
        Debt marked;
        uint256 suspended;
        uint256 share;
        bool lost;
    }

    uint256 private immutable _period;
    uint256 public time;
    uint256 public cash;
    uint256 public cover;
    uint256 public byDepositors;
    uint256 public byCover;
    uint256 public supply;
    mapping(address => uint256) public sharesOf;
    Entry[] private _entries;
    /// Gains: of today, of yesterday, being released.
    uint256 private _today;
    uint256 private _yesterday;
    uint256 private _releasing;
    uint256 private _from;
    uint256 private _until;

    constructor(uint256 period, uint256 start, uint256 cash_, address owner, uint256 shares) {
        (_period, time, cash, supply) = (period, start, cash_, shares);
        sharesOf[owner] = shares;
    }

    // ---------------------------------------------------------------------------------------- time

    function pass(uint256 to) external {
        for (uint256 midnight = (time / 1 days + 1) * 1 days; midnight <= to; midnight += 1 days) {
            _dayEnds(midnight);
        }
        uint256 soundLost = 0;
        uint256 markedLost = 0;
        for (uint256 i = 0; i < _entries.length; i++) {
            Entry storage entry = _entries[i];
            _accrue(entry, to);
            if (entry.lost || to < entry.terms.graceEndsAt + _period) continue;
            entry.lost = true;
            soundLost += _worth(entry.sound);
            markedLost += _worth(entry.marked);
        }
        uint256 lost = soundLost / SCALE + markedLost / SCALE;
        uint256 covered = _least(cover, lost);
        (cover, cash) = (cover - covered, cash + covered);
        (byCover, byDepositors) = (byCover + covered, byDepositors + lost - covered);
        time = to;
    }

    function _dayEnds(uint256 midnight) private {
        uint256 left = _left(midnight);
        if (_yesterday != 0) {
            uint256 rest = left == 0 ? 0 : _until - midnight;
            uint256 span = (left * rest + _yesterday * 30 days) / (left + _yesterday);
            (_releasing, _from, _until) = (left + _yesterday, midnight, midnight + span);
        }
        (_yesterday, _today) = (_today, 0);
    }

    function _accrue(Entry storage entry, uint256 to) private {
        for (uint256 part = 0; part < 2; part++) {
            Debt storage debt = part == 0 ? entry.sound : entry.marked;
            uint256 end = entry.terms.graceEndsAt;
            uint256 rate = debt.principal * entry.terms.rate;
            uint256 late = debt.principal * entry.terms.lateRate;
            debt.interest += rate * _span(time, _least(to, end));
            debt.interest += late * _span(_most(time, entry.terms.dueAt), _least(to, end));
            entry.suspended += (rate + late) * _span(_most(time, end), to);
        }
    }

    // -------------------------------------------------------------------------------------- shares

    function deposit(address who, uint256 assets) external returns (uint256 shares) {
        shares = assets * (supply + 1e6) / (gross() + 1);
        (cash, supply, sharesOf[who]) = (cash + assets, supply + shares, sharesOf[who] + shares);
    }

    function redeem(address who, uint256 shares) external returns (uint256 assets) {
        assets = shares * (net() + 1) / (supply + 1e6);
        (cash, supply, sharesOf[who]) = (cash - assets, supply - shares, sharesOf[who] - shares);
    }

    // --------------------------------------------------------------------------------------- loans

    function borrow(Loan calldata terms) external {
        _entries.push();
        Entry storage entry = _entries[_entries.length - 1];
        entry.terms = terms;
        entry.sound.principal = terms.amount;
        cash -= terms.amount;
    }

    /// Takes at most `amount`, interest first; returns what it took.
    function repay(uint256 index, uint256 amount) external returns (uint256 taken) {
        Entry storage entry = _entries[index];
        uint256 before = _raw();
        uint256 booked = entry.sound.interest + entry.marked.interest;
        uint256 principal = entry.sound.principal + entry.marked.principal;
        uint256 interest = _least(amount, _up(booked + entry.suspended, SCALE));
        uint256 part = _least(amount - interest, principal);
        taken = interest + part;
        uint256 fromBooked = _least(interest * SCALE, booked);
        entry.suspended -= _least(interest * SCALE - fromBooked, entry.suspended);
        _divide(entry, principal - part, booked - fromBooked);
        uint256 toCover = 0;
        if (entry.lost) {
            uint256 first = _least(taken, byDepositors);
            toCover = _least(taken - first, byCover);
            (byDepositors, byCover) = (byDepositors - first, byCover - toCover);
        }
        (cash, cover) = (cash + taken - toCover, cover + toCover);
        _hold(before);
    }

    function mark(uint256 index, uint256 share) external {
        Entry storage entry = _entries[index];
        uint256 before = _raw();
        entry.share = share;
        _divide(
            entry,
            entry.sound.principal + entry.marked.principal,
            entry.sound.interest + entry.marked.interest
        );
        _hold(before);
    }

    function provide(uint256 amount) external {
        uint256 before = _raw();
        cover += amount;
        _hold(before);
    }

    function _divide(Entry storage entry, uint256 principal, uint256 interest) private {
        uint256 part = principal * entry.share / 1e18;
        entry.marked = Debt(part, part == 0 ? 0 : interest * entry.share / 1e18);
        entry.sound = Debt(principal - part, interest - entry.marked.interest);
    }

    // --------------------------------------------------------------------------------------- worth

    function value() public view returns (uint256 sum) {
        for (uint256 i = 0; i < _entries.length; i++) {
            if (!_entries[i].lost) sum += _worth(_entries[i].sound) + _worth(_entries[i].marked);
        }
        sum /= SCALE;
    }

    function losses() public view returns (uint256) {
        uint256 running = 0;
        uint256 marked = 0;
        for (uint256 i = 0; i < _entries.length; i++) {
            Entry storage entry = _entries[i];
            if (entry.lost) continue;
            running += _worth(entry.sound) * _span(entry.terms.graceEndsAt, time);
            marked += _worth(entry.marked);
        }
        return _least(value(), _up(running, SCALE * _period) + _up(marked, SCALE));
    }

    function gross() public view returns (uint256) {
        return cash + value();
    }

    function net() public view returns (uint256) {
        return _span(held(), _raw());
    }

    function held() public view returns (uint256) {
        return _today + _yesterday + _left(time);
    }

    function _raw() private view returns (uint256) {
        return cash + _span(_span(cover, losses()), value());
    }

    function _hold(uint256 before) private {
        uint256 now_ = _raw();
        if (now_ > before + 1) _today += now_ - before;
        if (before <= now_ + 1) return;
        uint256 rest = before - now_;
        uint256 part = _least(rest, _today);
        (_today, rest) = (_today - part, rest - part);
        part = _least(rest, _yesterday);
        (_yesterday, rest) = (_yesterday - part, rest - part);
        part = _least(rest, _left(time));
        if (part != 0) (_releasing, _from) = (_left(time) - part, time);
    }

    function _left(uint256 at) private view returns (uint256) {
        if (at >= _until) return 0;
        return at <= _from ? _releasing : _up(_releasing * (_until - at), _until - _from);
    }

    /// A marked or sound part without principal is in no books.
    function _worth(Debt memory debt) private pure returns (uint256) {
        return debt.principal == 0 ? 0 : debt.principal * SCALE + debt.interest;
    }

    function _up(uint256 amount, uint256 unit) private pure returns (uint256) {
        return amount == 0 ? 0 : (amount - 1) / unit + 1;
    }

    function _span(uint256 from, uint256 to) private pure returns (uint256) {
        return to > from ? to - from : 0;
    }

    function _least(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }

    function _most(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}
