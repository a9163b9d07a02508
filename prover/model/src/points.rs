//! Scores in points, and how points follow from the odds that a model estimates.

use std::fmt;
pub use tessera_core::FixedPoint as Score;

/// Bits after the binary point of a score.
pub const FRACTION_BITS: u32 = Score::FRACTION_BITS;
/// One point, in units of a score.
pub const ONE: i64 = Score::ONE.0;

/// Text that is not a scaling.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Not a scaling.
    #[error("{text:?} is not a scaling such as \"600@50:1,pdo=20\": {fault}")]
    Scaling {
        /// The text.
        text: String,
        /// What is wrong.
        fault: String,
    },
}

/// Which class the model's probability is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Class 1 is default: points fall as the margin rises.
    Bad,
    /// Class 1 is repayment.
    Good,
}

/// `points = offset + factor · ln(odds good : bad)`, from points at given odds and the points that
/// double the odds.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// Points at [`Scaling::odds`].
    pub points: f64,
    /// Odds good : bad at [`Scaling::points`].
    pub odds: f64,
    /// Points that double the odds.
    pub double: f64,
    /// Class 1 of the model.
    pub target: Target,
}

impl Scaling {
    /// Points a unit of the log-odds of good.
    pub fn factor(&self) -> f64 {
        self.double / std::f64::consts::LN_2
    }

    /// Points at even odds.
    pub fn offset(&self) -> f64 {
        self.points - self.factor() * libm::log(self.odds)
    }

    /// Points a unit of the model's margin: negative when class 1 is bad.
    pub fn slope(&self) -> f64 {
        match self.target {
            Target::Bad => -self.factor(),
            Target::Good => self.factor(),
        }
    }

    /// The points of a margin.
    pub fn points_of(&self, margin: f64) -> f64 {
        self.offset() + self.slope() * margin
    }

    /// The margin of points.
    pub fn margin_of(&self, points: f64) -> f64 {
        (points - self.offset()) / self.slope()
    }
}

impl std::str::FromStr for Scaling {
    type Err = PointsError;

    /// Reads `POINTS@GOOD:BAD,pdo=POINTS[,target=bad|good]`; the default target is `bad`.
    fn from_str(text: &str) -> Result<Self, PointsError> {
        let error = |fault: &str| PointsError::Scaling {
            text: text.chars().take(80).collect(),
            fault: fault.into(),
        };
        let mut parts = text.split(',').map(str::trim);
        let anchor = parts.next().unwrap_or_default();
        let (points, odds) =
            anchor.split_once('@').ok_or_else(|| error("it starts with POINTS@GOOD:BAD"))?;
        let (good, bad) = odds.split_once(':').ok_or_else(|| error("odds are GOOD:BAD"))?;
        let number = |text: &str, what: &str| match text.trim().parse::<f64>() {
            Ok(x) if x.is_finite() && x.abs() <= 1e9 => Ok(x),
            _ => Err(error(&format!("{what} is no number up to 1e9"))),
        };
        let positive = |text: &str, what: &str| match number(text, what)? {
            x if x >= 1e-9 => Ok(x),
            _ => Err(error(&format!("{what} must be above 0"))),
        };
        let points = number(points, "POINTS")?;
        let odds = positive(good, "GOOD")? / positive(bad, "BAD")?;
        let (mut double, mut target) = (None, None);
        for part in parts {
            match part.split_once('=') {
                Some(("pdo", value)) if double.is_none() => {
                    double = Some(positive(value, "pdo")?);
                }
                Some(("target", "bad")) if target.is_none() => target = Some(Target::Bad),
                Some(("target", "good")) if target.is_none() => target = Some(Target::Good),
                _ => return Err(error(&format!("{part:?} is not pdo=POINTS or target=bad|good"))),
            }
        }
        let double = double.ok_or_else(|| error("pdo=POINTS is missing"))?;
        Ok(Self { points, odds, double, target: target.unwrap_or(Target::Bad) })
    }
}

impl fmt::Display for Scaling {
    /// What [`Scaling::from_str`](std::str::FromStr) reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match self.target {
            Target::Bad => "bad",
            Target::Good => "good",
        };
        write!(f, "{}@{}:1,pdo={},target={target}", self.points, self.odds, self.double)
    }
}

impl serde::Serialize for Scaling {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Scaling {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_reads_what_it_writes() {
        for text in ["600@50:1,pdo=20", "500@3:2, pdo=15.5,target=good", "-3@1:1,target=bad,pdo=1"]
        {
            let scaling: Scaling = text.parse().unwrap();
            assert_eq!(scaling.to_string().parse(), Ok(scaling));
        }
        for text in [
            "",
            "600",
            "600@50",
            "600@50:1",
            "600@50:0,pdo=20",
            "600@50:1,pdo=0",
            "600@x:1,pdo=1",
            "600@50:1,pdo=20,pdo=20",
            "600@50:1,pdo=20,odds=3",
            "inf@50:1,pdo=20",
            "1@2:3,pdo=NaN",
        ] {
            assert!(matches!(text.parse::<Scaling>(), Err(PointsError::Scaling { .. })), "{text}");
        }
    }

    #[test]
    fn points_double_the_odds() {
        let scaling: Scaling = "600@50:1,pdo=20".parse().unwrap();
        let margin = |good_to_bad: f64| -good_to_bad.ln();
        assert!((scaling.points_of(margin(50.0)) - 600.0).abs() < 1e-9);
        assert!((scaling.points_of(margin(100.0)) - 620.0).abs() < 1e-9);
        assert!((scaling.margin_of(620.0) - margin(100.0)).abs() < 1e-12);
    }
}
