//! Thresholds for calibrated probabilities: where a calibration keeps the order of scores, a bound on the
//! calibrated probability is a bound on the score.

use std::path::{Path, PathBuf};
use tessera_import::{Table, TableError};
use tessera_model::{Scaling, Target};

/// Most points of a calibration.
const MAX_KNOTS: usize = 1 << 20;
/// Thresholds are given with so many decimals.
const DECIMALS: u32 = 9;

/// A calibration that could not be used.
#[derive(Debug, thiserror::Error)]
pub enum CalibrationError {
    /// The file could not be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The file is no calibration.
    #[error("{path}: {fault}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        fault: String,
    },
    /// No score stands for the probability.
    #[error("{0}")]
    Bound(String),
}

/// What the calibration is between two of its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// A straight line, as scikit-learn's `IsotonicRegression` has it.
    Line,
    /// The probability of the point before, up to the next one.
    Step,
}

/// A calibration: what the model says, and the probability of class 1 that is made of it, both ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Monotone {
    /// Points at what the model says; descending if class 1 is bad.
    knots: Vec<(f64, f64)>,
    between: Between,
}

impl Monotone {
    /// Reads a table with the columns `calibrated` (probability of class 1), and `margin` or `probability`: what
    /// the model says of class 1 before that.
    pub fn load(
        path: &Path,
        scaling: &Scaling,
        between: Between,
    ) -> Result<Self, CalibrationError> {
        let file = |fault: String| CalibrationError::File { path: path.into(), fault };
        let table = Table::open(path)?;
        let place = |name: &str| table.header().iter().position(|column| column.trim() == name);
        let columns = (place("margin"), place("probability"), place("calibrated"));
        let (column, is_margin, calibrated) = match columns {
            (Some(column), None, Some(calibrated)) => (column, true, calibrated),
            (None, Some(column), Some(calibrated)) => (column, false, calibrated),
            _ => {
                return Err(file(
                    "it has to have a column called \"calibrated\", and one called either \"margin\" or \
                     \"probability\": what the model says before it is calibrated"
                        .into(),
                ));
            }
        };
        let mut knots: Vec<(f64, f64)> = Vec::new();
        let mut last = f64::NEG_INFINITY;
        for (row, record) in table.enumerate() {
            let record = record?;
            let row = row + 1;
            let number = |column: usize, low: f64, high: f64| match record[column].trim().parse() {
                Ok(number) if (low..=high).contains(&number) => Ok(number),
                _ => Err(file(format!(
                    "row {row}: {:.60?} is no number from {low} to {high}",
                    &record[column]
                ))),
            };
            let said = match is_margin {
                true => number(column, f64::MIN, f64::MAX)?,
                false => number(column, 0.0, 1.0)?,
            };
            let probability = number(calibrated, 0.0, 1.0)?;
            if said <= last || knots.last().is_some_and(|(_, before)| probability < *before) {
                return Err(file(format!(
                    "row {row}: both columns have to rise, the calibrated probability may stay the same"
                )));
            }
            if knots.len() == MAX_KNOTS {
                return Err(file(format!("more than {MAX_KNOTS} rows")));
            }
            last = said;
            let points = match is_margin {
                true => scaling.points_of_margin(said),
                false => scaling.points_of_probability(said),
            };
            knots.push((points, probability));
        }
        if knots.is_empty() {
            return Err(file("it has no rows".into()));
        }
        Ok(Self { knots, between })
    }

    /// The lowest threshold, as text in points, that only scores reach of which the calibrated chance of being
    /// bad is at most `bad`; it is rounded up to a billionth of a point.
    pub fn threshold(&self, bad: f64, target: Target) -> Result<String, CalibrationError> {
        let bound = |text: &str| Err(CalibrationError::Bound(text.into()));
        if !(0.0..=1.0).contains(&bad) {
            return bound("a chance is a number from 0 to 1");
        }
        // From the best to the worst score, with the chance of being bad.
        let mut knots: Vec<(f64, f64)> = match target {
            Target::Bad => self.knots.clone(),
            Target::Good => {
                self.knots.iter().rev().map(|(points, good)| (*points, 1.0 - good)).collect()
            }
        };
        // With steps the value at a knot holds up to the next one in the order of class 1.
        let worst = knots.partition_point(|(_, chance)| *chance <= bad);
        if worst == 0 {
            return bound(
                "no score has a calibrated chance of being bad that is as low: nobody would be accepted",
            );
        }
        if worst == knots.len() {
            return bound(
                "every score has a calibrated chance of being bad that is as low: no threshold is needed",
            );
        }
        let ((here, low), (next, high)) = (knots[worst - 1], knots.swap_remove(worst));
        let (points, inside) = match (self.between, target) {
            (Between::Line, _) => (here + (next - here) * ((bad - low) / (high - low)), true),
            // The next knot itself is too bad.
            (Between::Step, Target::Bad) => (next, false),
            (Between::Step, Target::Good) => (here, true),
        };
        if !points.is_finite() {
            return bound(
                "the score there is infinite: leave out probabilities of exactly 0 and 1",
            );
        }
        Ok(rounded_up(points, inside))
    }
}

/// The least decimal number that is at least `points`, or above it.
fn rounded_up(points: f64, inside: bool) -> String {
    let unit = 10f64.powi(DECIMALS as i32);
    let enough =
        |number: f64| if inside { number / unit >= points } else { number / unit > points };
    let mut number = (points * unit).floor();
    while !enough(number) {
        number += 1.0;
    }
    let number = number as i128;
    let (sign, size, unit) =
        (if number < 0 { "-" } else { "" }, number.unsigned_abs(), unit as u128);
    let text = format!("{sign}{}.{:0width$}", size / unit, size % unit, width = DECIMALS as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calibration(table: &str, between: Between) -> Result<Monotone, CalibrationError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, table).unwrap();
        Monotone::load(&path, &"probability=1000".parse().unwrap(), between)
    }

    #[test]
    fn thresholds_of_lines_and_steps() {
        let table = "probability,calibrated\n0.1,0.0\n0.3,0.02\n0.5,0.02\n0.7,0.5\n";
        let threshold = |bad, between| {
            calibration(table, between)
                .unwrap()
                .threshold(bad, Target::Bad)
                .map_err(|error| error.to_string())
        };
        // 1000 · (1 − 0.2), as half of 0.02 is half way between 0.1 and 0.3.
        assert_eq!(threshold(0.01, Between::Line).unwrap(), "800");
        assert_eq!(threshold(0.02, Between::Line).unwrap(), "500");
        assert_eq!(threshold(0.0, Between::Line).unwrap(), "900");
        // From 0.3 on the chance is 0.02, and 0.7 is already too much.
        assert_eq!(threshold(0.01, Between::Step).unwrap(), "700.000000001");
        assert_eq!(threshold(0.02, Between::Step).unwrap(), "300.000000001");
        assert!(threshold(0.5, Between::Line).unwrap_err().contains("no threshold is needed"));
        assert!(threshold(1.5, Between::Line).unwrap_err().contains("from 0 to 1"));
        let from =
            calibration("probability,calibrated\n0.1,0.1\n0.3,0.2\n", Between::Line).unwrap();
        assert!(from.threshold(0.05, Target::Bad).unwrap_err().to_string().contains("nobody"));
    }

    #[test]
    fn class_1_may_be_good() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, "margin,calibrated\n-1,0.2\n0,0.5\n2,0.9\n").unwrap();
        let scaling: Scaling = "0@1:1,pdo=1,target=good".parse().unwrap();
        let double = 1.0 / std::f64::consts::LN_2;
        let at = |bad, between| {
            let monotone = Monotone::load(&path, &scaling, between).unwrap();
            monotone.threshold(bad, Target::Good).unwrap().parse::<f64>().unwrap()
        };
        // Good for 0.7: half way between 0 and 2.
        assert!((at(0.3, Between::Line) - double).abs() < 1e-8);
        // As a step the chance of 0.5 holds up to 2, where it becomes 0.9.
        assert!((at(0.3, Between::Step) - 2.0 * double).abs() < 1e-8);
    }

    #[test]
    fn what_is_no_calibration() {
        for (table, fault) in [
            ("margin,calibrated\n", "no rows"),
            ("margin,probability,calibrated\n1,0.2,0.3\n", "either"),
            ("margin,other\n1,0.2\n", "a column called"),
            ("probability,calibrated\n1.5,0.2\n", "row 1"),
            ("margin,calibrated\n1,0.2\n1,0.3\n", "row 2: both columns have to rise"),
            ("margin,calibrated\n1,0.2\n2,0.1\n", "row 2: both columns have to rise"),
            ("margin,calibrated\n1,x\n", "row 1"),
            ("margin,calibrated\nNaN,0.5\n", "row 1"),
        ] {
            let found = calibration(table, Between::Line).unwrap_err().to_string();
            assert!(found.contains(fault), "{table}: {found}");
        }
    }

    #[test]
    fn rounding_is_up() {
        assert_eq!(rounded_up(520.0, true), "520");
        assert_eq!(rounded_up(520.0, false), "520.000000001");
        assert_eq!(rounded_up(-0.25, true), "-0.25");
        assert_eq!(rounded_up(1.0 / 3.0, true), "0.333333334");
        assert_eq!(rounded_up(-1.0 / 3.0, true), "-0.333333333");
    }
}
