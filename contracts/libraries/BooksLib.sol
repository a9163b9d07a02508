// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Loan} from "../interfaces/ILoanBook.sol";
import {InterestLib} from "./InterestLib.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// What all open loans together are worth, as of `settledAt`.
struct Books {
    uint256 settledAt;
    /// Principal and booked interest of all loans that are not written off, scaled.
    int256 value;
    /// Scaled units by which `value` grows a second.
    int256 slope;
    /// Sum over the delinquent loans of value × seconds since the end of grace; divided by the delinquency
    /// period it is the share of `value` that is marked down.
    int256 markdown;
    /// Value of the delinquent loans: by which `markdown` grows a second.
    int256 markdownSlope;
    /// Booked interest that is less than a whole asset unit yet, scaled.
    uint256 remainder;
    /// There was something late when the books were read.
    bool late;
}

/// The same in storage, in as few slots, of which the last two are read only where something is late.
struct PackedBooks {
    uint40 settledAt;
    int200 value;
    /// `markdown` or `markdownSlope` is not zero.
    bool late;
    /// The caller's to use: it is read and written with the rest of the slot.
    bool flag;
    uint88 remainder;
    int168 slope;
    int256 markdown;
    int256 markdownSlope;
}

/// What changes at one midnight (UTC).
struct Turn {
    /// Late interest begins; interest ends with grace.
    int256 slope;
    /// Value of the loans whose grace ends: marked down from here on, written off a period later.
    int256 carry;
}

/// What is to come, and what was.
struct Calendar {
    mapping(uint256 day => Turn) turns;
    /// A bit a day, 256 days a word: set if something changes at its midnight.
    mapping(uint256 word => uint256 bits) marks;
}

/// @title The pool's books: exact at every second, without a list of loans
/// @notice Interest and markdown are linear between the dates of a loan, and these dates are midnights. So
/// the sum over all loans is linear between midnights, and what changes at one is known when a loan is
/// posted. Advancing the books costs a step a date that passed, however many loans there are; posting or
/// removing a loan is exact, so that nothing drifts and an empty pool's books are zero.
///
/// A loan's value over its life: principal and interest grow until grace ends; then interest is no longer
/// booked (it is still owed), and the value is written down in a straight line to zero, which it reaches at
/// default.
///
/// Bounds: all principals together < 2^96, rates < 2^64, booked time < 2^30 seconds, delinquency < 2^29 seconds:
/// slope < 2^160, value < 2^191, markdown < 2^220; a scaled asset unit < 2^85. `pack` reverts above its fields.
library BooksLib {
    using SafeCast for int256;
    using SafeCast for uint256;

    int256 private constant SCALE = int256(InterestLib.SCALE);

    function unpack(PackedBooks storage packed) internal view returns (Books memory books) {
        (books.settledAt, books.value, books.late) = (packed.settledAt, packed.value, packed.late);
        (books.remainder, books.slope) = (packed.remainder, packed.slope);
        if (books.late) (books.markdown, books.markdownSlope) = (packed.markdown, packed.markdownSlope);
    }

    function pack(Books memory books, PackedBooks storage packed, bool flag) internal {
        bool late = books.markdown != 0 || books.markdownSlope != 0;
        if (late || books.late) {
            (packed.markdown, packed.markdownSlope) = (books.markdown, books.markdownSlope);
        }
        (uint40 settledAt, int200 value) = (books.settledAt.toUint40(), books.value.toInt200());
        (packed.settledAt, packed.value, packed.late, packed.flag) = (settledAt, value, late, flag);
        (uint88 remainder, int168 slope) = (books.remainder.toUint88(), books.slope.toInt168());
        (packed.remainder, packed.slope) = (remainder, slope);
    }

    /// @notice Brings the books up to `time`, which is not before `settledAt`.
    /// @param period The delinquency period, whole days.
    /// @return interest Interest booked since, in asset units.
    /// @return lost Value of the loans that passed into default, in asset units.
    function advance(Books memory books, Calendar storage calendar, uint256 period, uint256 time)
        internal
        view
        returns (uint256 interest, uint256 lost)
    {
        uint256 earned = books.remainder;
        int256 gone = 0;
        uint256 day = books.settledAt / 1 days;
        uint256 last = time / 1 days;
        // Books of value zero have no loan in them, and nothing more can happen to them by themselves.
        while (books.value != 0) {
            day = _nextMark(calendar, day + 1, last);
            if (day > last) break;
            earned += _grow(books, day * 1 days);
            Turn storage turn = calendar.turns[day];
            books.slope += turn.slope;
            books.markdownSlope += turn.carry;
            int256 carry = calendar.turns[day - period / 1 days].carry;
            books.markdownSlope -= carry;
            books.markdown -= carry * int256(period);
            books.value -= carry;
            gone += carry;
        }
        earned += _grow(books, time);
        books.remainder = earned % InterestLib.SCALE;
        return (earned / InterestLib.SCALE, uint256(gone / SCALE));
    }

    /// @notice Adds to what the books have of a loan, or takes away if negative; both are settled to the same second.
    /// A loan past default is in the books no more, and posting it changes nothing.
    /// @param principal In asset units.
    /// @param interest Booked interest, scaled.
    function post(
        Books memory books,
        Calendar storage calendar,
        uint256 period,
        Loan memory loan,
        int256 principal,
        int256 interest
    ) internal {
        if (principal == 0 && interest == 0) return;
        uint256 end = loan.graceEndsAt;
        uint256 time = books.settledAt;
        if (time >= end + period) return;

        int256 value = principal * SCALE + interest;
        if (time >= end) {
            calendar.turns[end / 1 days].carry += value;
            // A loan that is entered only now, as a marked share is, has its default still to come.
            _mark(calendar, end + period);
            books.value += value;
            books.markdownSlope += value;
            books.markdown += value * int256(time - end);
            return;
        }

        int256 slope = principal * int256(uint256(loan.rate));
        int256 late = principal * int256(uint256(loan.lateRate));
        books.value += value;
        books.slope += slope;
        if (time >= loan.dueAt) {
            books.slope += late;
            slope += late;
        } else if (loan.dueAt < end) {
            calendar.turns[loan.dueAt / 1 days].slope += late;
            _mark(calendar, loan.dueAt);
            slope += late;
        }
        Turn storage turn = calendar.turns[end / 1 days];
        turn.slope -= slope;
        turn.carry += value + principal * int256(InterestLib.between(loan, 1, time, end));
        _mark(calendar, end);
        _mark(calendar, end + period);
    }

    /// @notice Unrealised losses in asset units, rounded up.
    function losses(Books memory books, uint256 period) internal pure returns (uint256) {
        uint256 divisor = InterestLib.SCALE * period;
        return (uint256(books.markdown) + divisor - 1) / divisor;
    }

    /// Lets interest and markdown grow in a straight line up to `time`.
    /// Returns the interest.
    function _grow(Books memory books, uint256 time) private pure returns (uint256) {
        int256 elapsed = int256(time - books.settledAt);
        int256 interest = books.slope * elapsed;
        books.value += interest;
        books.markdown += books.markdownSlope * elapsed;
        books.settledAt = time;
        return uint256(interest);
    }

    /// The first marked day from `day` on, if it is not after `last`; otherwise some day that is.
    function _nextMark(Calendar storage calendar, uint256 day, uint256 last) private view returns (uint256) {
        while (day <= last) {
            uint256 bits = calendar.marks[day >> 8] >> (day & 255);
            if (bits != 0) return day + Math.log2(bits & (~bits + 1));
            day = ((day >> 8) + 1) << 8;
        }
        return day;
    }

    function _mark(Calendar storage calendar, uint256 midnight) private {
        uint256 day = midnight / 1 days;
        uint256 bits = calendar.marks[day >> 8];
        if (bits & (1 << (day & 255)) == 0) calendar.marks[day >> 8] = bits | (1 << (day & 255));
    }
}
