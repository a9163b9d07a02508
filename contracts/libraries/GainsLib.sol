// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// Gains that the share price does not show yet.
struct Gains {
    /// Of the day `day`, and of the day before it: not released at all.
    uint112 today;
    uint112 yesterday;
    uint32 day;
    /// Being released: `releasing` at `from`, in a straight line to nothing at `until`.
    uint112 releasing;
    uint40 from;
    uint40 until;
}

/// @title Releases gains over time, so that nobody takes them who was not there
/// @notice A gain is held until the end of the day after it (UTC), a whole day at least, and released in a straight
/// line over the thirty days that follow: who comes for it overnight gets nothing of it. What is being released
/// already shares its line with what joins it: the rest of both is released over their mean time left, weighted
/// by amount, so that a small gain does not hold up a large one.
library GainsLib {
    using SafeCast for uint256;

    uint256 internal constant PERIOD = 30 days;

    /// @notice Brings `gains` up to `time`, in memory.
    function settle(Gains memory gains, uint256 time) internal pure {
        uint256 day = time / 1 days;
        uint256 last = gains.day;
        if (day == last) return;
        _join(gains, gains.yesterday, (last + 1) * 1 days);
        gains.yesterday = gains.today;
        gains.today = 0;
        if (day > last + 1) {
            _join(gains, gains.yesterday, (last + 2) * 1 days);
            gains.yesterday = 0;
        }
        gains.day = day.toUint32();
    }

    /// @notice What settled gains hold back at `time`.
    function locked(Gains memory gains, uint256 time) internal pure returns (uint256) {
        return uint256(gains.today) + gains.yesterday + _left(gains, time);
    }

    /// @notice Holds back another `amount` from now on. `gains` are settled.
    function add(Gains memory gains, uint256 amount) internal pure {
        gains.today = (gains.today + amount).toUint112();
    }

    /// @notice Lets `amount` go at once, of what is held back at `time`: a loss takes it. The newest first.
    /// @return taken At most what there is.
    function take(Gains memory gains, uint256 amount, uint256 time) internal pure returns (uint256 taken) {
        uint256 part = Math.min(amount, gains.today);
        gains.today -= uint112(part);
        taken = part;
        part = Math.min(amount - taken, gains.yesterday);
        gains.yesterday -= uint112(part);
        taken += part;
        uint256 left = _left(gains, time);
        part = Math.min(amount - taken, left);
        if (part != 0) (gains.releasing, gains.from) = ((left - part).toUint112(), time.toUint40());
        taken += part;
    }

    /// From `time` on `amount` is released together with what is left.
    function _join(Gains memory gains, uint256 amount, uint256 time) private pure {
        if (amount == 0) return;
        uint256 left = _left(gains, time);
        uint256 rest = left == 0 ? 0 : gains.until - time;
        uint256 span = (left * rest + amount * PERIOD) / (left + amount);
        gains.releasing = (left + amount).toUint112();
        (gains.from, gains.until) = (time.toUint40(), (time + span).toUint40());
    }

    /// Rounded up: what is held back is nobody's yet.
    function _left(Gains memory gains, uint256 time) private pure returns (uint256) {
        if (time >= gains.until) return 0;
        if (time <= gains.from) return gains.releasing;
        return Math.mulDiv(gains.releasing, gains.until - time, gains.until - gains.from, Math.Rounding.Ceil);
    }
}
