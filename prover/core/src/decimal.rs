//! Decimal text to grid steps and back, without a float in between.

/// Why text is not a point of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// Not a decimal number.
    #[error("not a decimal number")]
    Number,
    /// More decimals than the grid has.
    #[error("more decimals than the grid has")]
    OffGrid,
    /// Too large for 64 bits of grid steps.
    #[error("too large for the grid")]
    TooLarge,
}

/// Longest text that is read as a number.
const MAX_DIGITS: usize = 400;

/// `text · 10^decimals`, exactly. Reads `12`, `-0.50`, `+3.`, `.5`, `1e3`, `2.5E-1`; zeros after
/// the last decimal of the grid do no harm.
pub fn parse_grid(text: &str, decimals: u32) -> Result<i64, GridError> {
    let number = Decimal::parse(text)?;
    number.scaled(decimals)
}

/// `text · 10^decimals`, rounded to the nearest integer; half way, to the one farther from 0.
pub fn round_to_grid(text: &str, decimals: u32) -> Result<i64, GridError> {
    let number = Decimal::parse(text)?;
    match number.scaled(decimals) {
        Err(GridError::OffGrid) => {}
        other => return other,
    }
    // `digits · 10^-dropped` with at least one digit to drop, as `scaled` found.
    let dropped = usize::try_from(-(number.exponent + i64::from(decimals))).unwrap_or(usize::MAX);
    let kept = number.digits.len().saturating_sub(dropped);
    let up = dropped <= number.digits.len() && number.digits.as_bytes()[kept] >= b'5';
    let whole = match &number.digits[..kept] {
        "" => 0,
        digits => digits.parse::<i64>().map_err(|_| GridError::TooLarge)?,
    };
    let steps = whole.checked_add(i64::from(up)).ok_or(GridError::TooLarge)?;
    Ok(if number.negative { -steps } else { steps })
}

/// Decimals that `text` needs, or an error if it is no number.
pub fn decimals_of(text: &str) -> Result<u32, GridError> {
    let number = Decimal::parse(text)?;
    Ok(u32::try_from(-number.exponent).unwrap_or(0))
}

/// `steps · 10^-decimals`, with all decimals of the grid.
pub fn format_grid(steps: i64, decimals: u32) -> String {
    let digits = format!("{:0width$}", steps.unsigned_abs(), width = decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    let sign = if steps < 0 { "-" } else { "" };
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}

/// `±digits · 10^exponent`, without leading or trailing zeros; zero has no digits.
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Result<Self, GridError> {
        let text = text.trim();
        if text.len() > MAX_DIGITS {
            return Err(GridError::Number);
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => {
                (mantissa, power.parse::<i32>().map_err(|_| GridError::Number)?)
            }
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole, fraction].concat();
        if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(GridError::Number);
        }
        let digits = all.trim_end_matches('0');
        let zeros = all.len() - digits.len();
        let exponent = match digits {
            "" => 0,
            _ => i64::from(power) - fraction.len() as i64 + zeros as i64,
        };
        Ok(Self { negative, digits: digits.trim_start_matches('0').into(), exponent })
    }

    fn scaled(&self, decimals: u32) -> Result<i64, GridError> {
        if self.digits.is_empty() {
            return Ok(0);
        }
        let power = self.exponent + i64::from(decimals);
        let power = u32::try_from(power).map_err(|_| GridError::OffGrid)?;
        let steps = (self.digits.parse::<i64>().ok())
            .and_then(|digits| digits.checked_mul(10i64.checked_pow(power)?))
            .ok_or(GridError::TooLarge)?;
        Ok(if self.negative { -steps } else { steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_csv_writers_write() {
        for (text, decimals, steps) in [
            ("48.0", 0, 48),
            ("-0.5", 2, -50),
            (" +3. ", 0, 3),
            (".5", 1, 5),
            ("1e3", 0, 1000),
            ("2.50E-1", 2, 25),
            ("-0", 0, 0),
            ("0e999999999", 0, 0),
            ("9223372036854775807", 0, i64::MAX),
        ] {
            assert_eq!(parse_grid(text, decimals), Ok(steps), "{text}");
        }
    }

    #[test]
    fn says_why_not() {
        for text in ["", ".", "-", "1.2.3", "0x10", "1e", "1e1.5", "--1", "NaN", "inf", "١"] {
            assert_eq!(parse_grid(text, 3), Err(GridError::Number), "{text}");
        }
        assert_eq!(parse_grid("1.25", 1), Err(GridError::OffGrid));
        assert_eq!(parse_grid("1e-2147483648", 1), Err(GridError::OffGrid));
        assert_eq!(parse_grid("9223372036854775808", 0), Err(GridError::TooLarge));
        assert_eq!(parse_grid("1e2147483647", 15), Err(GridError::TooLarge));
    }

    #[test]
    fn rounds_to_the_nearest_point() {
        for (text, decimals, steps) in [
            ("1.25", 1, 13),
            ("-1.25", 1, -13),
            ("1.2499999999999999999999", 1, 12),
            ("0.04999", 1, 0),
            ("0.05", 1, 1),
            ("0.5", 0, 1),
            ("0.0005", 0, 0),
            ("5e-1", 0, 1),
            ("1e-2147483648", 3, 0),
            ("3", 2, 300),
            ("0.1000000000000000055511151231257827", 2, 10),
        ] {
            assert_eq!(round_to_grid(text, decimals), Ok(steps), "{text}");
        }
        assert_eq!(round_to_grid("9223372036854775807.9", 0), Err(GridError::TooLarge));
        assert_eq!(round_to_grid("x", 0), Err(GridError::Number));
    }

    proptest! {
        #[test]
        fn rounding_is_off_by_half_a_step_at_most(x in -1e6f64..1e6, decimals in 0u32..6) {
            let steps = round_to_grid(&format!("{x:?}"), decimals).unwrap();
            let scaled = x * 10f64.powi(decimals as i32);
            prop_assert!((steps as f64 - scaled).abs() <= 0.5 + 1e-6, "{} {}", steps, scaled);
        }

        #[test]
        fn formatting_is_the_inverse(steps in any::<i64>(), decimals in 0u32..16) {
            prop_assume!(steps != i64::MIN);
            prop_assert_eq!(parse_grid(&format_grid(steps, decimals), decimals), Ok(steps));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}", decimals in 0u32..16) {
            let _ = parse_grid(&text, decimals);
        }
    }
}
