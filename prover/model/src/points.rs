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
    #[error(
        "{text:?} is not a scaling such as \"600@50:1,pdo=20\" or \"probability=1000\": {fault}"
    )]
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

/// How points follow from what a model adds up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// `points = offset + factor · ln(odds good : bad)`: the model adds up log-odds.
    Odds {
        /// Points at the given odds.
        points: f64,
        /// Odds good : bad at those points.
        odds: f64,
        /// Points that double the odds.
        double: f64,
    },
    /// `points = certain · P(good)`: the model adds up probabilities, as a random forest does.
    Probability {
        /// Points of a borrower who is good for certain.
        certain: f64,
    },
}

/// What points mean: a straight line in what the model adds up.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// What the model adds up, and how it becomes points.
    pub scale: Scale,
    /// Class 1 of the model.
    pub target: Target,
}

impl Scaling {
    /// Points a unit of the model's sum, if the sum speaks for good.
    pub fn factor(&self) -> f64 {
        match self.scale {
            Scale::Odds { double, .. } => double / std::f64::consts::LN_2,
            Scale::Probability { certain } => certain,
        }
    }

    /// Points where the model's sum is 0: at even odds, or where class 1 has probability 0.
    pub fn offset(&self) -> f64 {
        match (self.scale, self.target) {
            (Scale::Odds { points, odds, .. }, _) => points - self.factor() * libm::log(odds),
            (Scale::Probability { certain }, Target::Bad) => certain,
            (Scale::Probability { .. }, Target::Good) => 0.0,
        }
    }

    /// Points a unit of the model's sum, which is of class 1: negative when class 1 is bad.
    pub fn slope(&self) -> f64 {
        match self.target {
            Target::Bad => -self.factor(),
            Target::Good => self.factor(),
        }
    }

    /// The points of a sum: of log-odds of class 1, or of its probability.
    pub fn points_of(&self, sum: f64) -> f64 {
        self.offset() + self.slope() * sum
    }

    /// The sum of points: log-odds of class 1, or its probability.
    pub fn sum_of(&self, points: f64) -> f64 {
        (points - self.offset()) / self.slope()
    }

    /// The points of log-odds of class 1.
    pub fn points_of_margin(&self, margin: f64) -> f64 {
        match self.scale {
            Scale::Odds { .. } => self.points_of(margin),
            Scale::Probability { .. } => self.points_of(1.0 / (1.0 + (-margin).exp())),
        }
    }

    /// The points of a probability of class 1; infinite for certainty on a scale of odds.
    pub fn points_of_probability(&self, probability: f64) -> f64 {
        match self.scale {
            Scale::Odds { .. } => self.points_of((probability / (1.0 - probability)).ln()),
            Scale::Probability { .. } => self.points_of(probability),
        }
    }

    /// The probability of class 1 that `points` stand for.
    pub fn probability_of(&self, points: f64) -> f64 {
        let sum = self.sum_of(points);
        match self.scale {
            Scale::Odds { .. } => 1.0 / (1.0 + (-sum).exp()),
            Scale::Probability { .. } => sum.clamp(0.0, 1.0),
        }
    }

    /// The chance of being bad that `points` stand for.
    pub fn bad_rate_of(&self, points: f64) -> f64 {
        match self.target {
            Target::Bad => self.probability_of(points),
            Target::Good => 1.0 - self.probability_of(points),
        }
    }
}

impl std::str::FromStr for Scaling {
    type Err = PointsError;

    /// Reads `POINTS@GOOD:BAD,pdo=POINTS[,target=bad|good]` or `probability=POINTS[,target=bad|good]`; the
    /// default target is `bad`.
    fn from_str(text: &str) -> Result<Self, PointsError> {
        let error = |fault: &str| PointsError::Scaling {
            text: text.chars().take(80).collect(),
            fault: fault.into(),
        };
        let number = |text: &str, what: &str| match text.trim().parse::<f64>() {
            Ok(x) if x.is_finite() && x.abs() <= 1e9 => Ok(x),
            _ => Err(error(&format!("{what} is no number up to 1e9"))),
        };
        let positive = |text: &str, what: &str| match number(text, what)? {
            x if x >= 1e-9 => Ok(x),
            _ => Err(error(&format!("{what} must be above 0"))),
        };
        let mut parts = text.split(',').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let certain = match first.split_once('=') {
            Some(("probability", certain)) => Some(positive(certain, "probability")?),
            _ => None,
        };
        let (mut double, mut target) = (None, None);
        for part in parts {
            match part.split_once('=') {
                Some(("pdo", value)) if double.is_none() && certain.is_none() => {
                    double = Some(positive(value, "pdo")?);
                }
                Some(("target", "bad")) if target.is_none() => target = Some(Target::Bad),
                Some(("target", "good")) if target.is_none() => target = Some(Target::Good),
                _ => return Err(error(&format!("{part:?} is not pdo=POINTS or target=bad|good"))),
            }
        }
        let target = target.unwrap_or(Target::Bad);
        if let Some(certain) = certain {
            return Ok(Self { scale: Scale::Probability { certain }, target });
        }
        let (points, odds) =
            first.split_once('@').ok_or_else(|| error("it starts with POINTS@GOOD:BAD"))?;
        let (good, bad) = odds.split_once(':').ok_or_else(|| error("odds are GOOD:BAD"))?;
        let points = number(points, "POINTS")?;
        let odds = positive(good, "GOOD")? / positive(bad, "BAD")?;
        let double = double.ok_or_else(|| error("pdo=POINTS is missing"))?;
        Ok(Self { scale: Scale::Odds { points, odds, double }, target })
    }
}

impl fmt::Display for Scaling {
    /// What [`Scaling::from_str`](std::str::FromStr) reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = match self.target {
            Target::Bad => "bad",
            Target::Good => "good",
        };
        match self.scale {
            Scale::Odds { points, odds, double } => {
                write!(f, "{points}@{odds}:1,pdo={double},target={target}")
            }
            Scale::Probability { certain } => write!(f, "probability={certain},target={target}"),
        }
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
        for text in [
            "600@50:1,pdo=20",
            "500@3:2, pdo=15.5,target=good",
            "-3@1:1,target=bad,pdo=1",
            "probability=1000",
            "probability=0.5, target=good",
        ] {
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
            "probability=0",
            "probability=x",
            "probability=1000,pdo=20",
            "probability=1000,probability=1",
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
        assert!((scaling.sum_of(620.0) - margin(100.0)).abs() < 1e-12);
    }

    #[test]
    fn a_probability_is_a_straight_line() {
        let scaling: Scaling = "probability=1000".parse().unwrap();
        assert_eq!([0.0, 0.05, 1.0].map(|bad| scaling.points_of(bad)), [1000.0, 950.0, 0.0]);
        assert!((scaling.bad_rate_of(950.0) - 0.05).abs() < 1e-12);
        assert_eq!(scaling.points_of_probability(0.25), 750.0);
        let good: Scaling = "probability=1000,target=good".parse().unwrap();
        assert_eq!([0.0, 0.95].map(|good_for| good.points_of(good_for)), [0.0, 950.0]);
        assert!((good.bad_rate_of(950.0) - 0.05).abs() < 1e-12);
        let odds: Scaling = "600@50:1,pdo=20".parse().unwrap();
        assert!((odds.points_of_probability(1.0 / 51.0) - 600.0).abs() < 1e-9);
        assert!((odds.bad_rate_of(600.0) - 1.0 / 51.0).abs() < 1e-12);
    }
}
