//! Numbers of points with a binary fraction.

use crate::{Fr, MAGNITUDE_LIMIT, decimal::parse_grid, hide, signed};
use std::fmt;

/// A number of points in units of 2^-32 points: scores, their parts, and thresholds.
///
/// `Debug` shows nothing, because most of them are secret; `Display` is for those who may know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FixedPoint(pub i64);

hide!(FixedPoint);

/// Text that is not a number of points.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FixedPointError {
    /// Not a decimal number of points.
    #[error("{0:?} is not a number of points, such as 620 or 612.5")]
    Number(String),
    /// Points that 62 bits do not hold.
    #[error("{0} points are out of bounds: scores stay below 2^30 points")]
    Bounds(String),
}

impl zeroize::DefaultIsZeroes for FixedPoint {}

impl FixedPoint {
    /// Bits after the binary point.
    pub const FRACTION_BITS: u32 = 32;
    /// One point.
    pub const ONE: FixedPoint = FixedPoint(1 << Self::FRACTION_BITS);
    /// Nothing.
    pub const ZERO: FixedPoint = FixedPoint(0);

    /// Reads a decimal number of points; what lies between two units is rounded up, so that a
    /// score that reaches the result reaches the points.
    pub fn from_points(text: &str) -> Result<Self, FixedPointError> {
        let error = || FixedPointError::Number(text.chars().take(60).collect());
        // Points on a grid of 9 decimals; more are refused, and i128 holds them times 2^32.
        let billionths = parse_grid(text, 9).map_err(|_| error())?;
        let units = i128::from(billionths) * i128::from(Self::ONE.0);
        let units = -(-units).div_euclid(1_000_000_000);
        match i64::try_from(units).map(FixedPoint) {
            Ok(points) if points.in_bounds() => Ok(points),
            _ => Err(FixedPointError::Bounds(text.into())),
        }
    }

    /// In points; exact up to 2^21 points.
    pub fn points(self) -> f64 {
        self.0 as f64 / Self::ONE.0 as f64
    }

    /// Whether it is below [`MAGNITUDE_LIMIT`] in magnitude.
    pub fn in_bounds(self) -> bool {
        self.0.unsigned_abs() < MAGNITUDE_LIMIT
    }

    /// The field element that stands for it, see [`signed`].
    pub fn to_element(self) -> Fr {
        signed(self.0)
    }
}

impl fmt::Display for FixedPoint {
    /// `612.4375`, rounded to four decimals; a width, if any, is kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0.unsigned_abs() as u128 * 10_000 + (1 << 31)) >> Self::FRACTION_BITS;
        let (whole, fraction) = (rounded / 10_000, rounded % 10_000);
        let sign = if self.0 < 0 && rounded != 0 { "-" } else { "" };
        f.pad(&format!("{sign}{whole}.{fraction:04}"))
    }
}

/// For `#[serde(with = …)]` on a [`FixedPoint`] that is public and not negative: its units as
/// decimal text, because JSON readers round numbers above 2^53.
pub(crate) mod decimal_units {
    use super::FixedPoint;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(x: &FixedPoint, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&x.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<FixedPoint, D::Error> {
        match String::deserialize(d)?.parse::<i64>() {
            Ok(units) if units >= 0 => Ok(FixedPoint(units)),
            _ => Err(D::Error::custom("a decimal number from 0 to 2^63 as a string expected")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_round_up_and_print() {
        const ONE: i64 = FixedPoint::ONE.0;
        let points = FixedPoint::from_points;
        assert_eq!(points("612.4375"), Ok(FixedPoint(612 * ONE + ONE / 16 * 7)));
        assert_eq!(points("0.1"), Ok(FixedPoint(429_496_730)));
        assert_eq!(points("-0.1"), Ok(FixedPoint(-429_496_729)));
        assert_eq!(FixedPoint(612 * ONE + ONE / 16 * 7).to_string(), "612.4375");
        assert_eq!(FixedPoint(-1).to_string(), "0.0000");
        assert_eq!(FixedPoint(-ONE / 2).to_string(), "-0.5000");
        assert_eq!(FixedPoint(i64::MIN).to_string(), "-2147483648.0000");
        assert!(matches!(points("1073741824"), Err(FixedPointError::Bounds(_))));
        assert!(matches!(points("99999999999999"), Err(FixedPointError::Number(_))));
        assert!(matches!(points("many"), Err(FixedPointError::Number(_))));
    }

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", FixedPoint(123_456)), "FixedPoint(not shown)");
    }
}
