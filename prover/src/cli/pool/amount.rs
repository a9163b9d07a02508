//! Amounts and rates as people write them.

use crate::cli::Failure;
use alloy::primitives::{
    U256,
    utils::{format_units, parse_units},
};

/// Tokens in decimal to the smallest unit; more decimals than the token has are refused.
pub fn units(amount: &str, decimals: u8) -> Result<U256, Failure> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = [whole, fraction].concat();
    let plain = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && fraction.len() <= usize::from(decimals);
    // Only then: alloy's parser panics on a decimal point before a character of several bytes.
    let parsed = plain.then(|| parse_units(amount, decimals).ok()).flatten();
    parsed.map(|units| units.get_absolute()).ok_or_else(|| {
        Failure::input(format!("{amount:?} is not an amount of up to {decimals} decimals"))
    })
}

/// The smallest unit to tokens in decimal.
pub fn tokens(units: U256, decimals: u8) -> String {
    let text = format_units(units, decimals).unwrap_or_else(|_| units.to_string());
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}

/// A yearly rate in units of 1e-18, in per cent.
pub fn percent(rate: u64) -> String {
    format!("{}%", tokens(U256::from(rate), 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_print() {
        assert_eq!(units("1500.5", 6).unwrap(), U256::from(1_500_500_000));
        for bad in ["", "-1", "1.0000001", "1e3", "x", "1,5"] {
            assert!(units(bad, 6).is_err(), "{bad}");
        }
        assert!(units(".\u{115d7}", 1).is_err(), "several bytes, cut in the middle");
        assert_eq!(tokens(U256::from(1_500_500_000), 6), "1500.5");
        assert_eq!(tokens(U256::from(2_000_000), 6), "2");
        assert_eq!(tokens(U256::from(200), 0), "200");
        assert_eq!(percent(85_000_000_000_000_000), "8.5%");
    }

    proptest::proptest! {
        /// Any text and any token's decimals: a value that reads back, or an error.
        #[test]
        fn any_amount(
            text in proptest::prop_oneof![
                proptest::prelude::any::<String>(), "-?[0-9]{0,90}[.]?[0-9]{0,30}",
            ],
            decimals: u8,
        ) {
            if let Ok(amount) = units(&text, decimals) {
                let printed = tokens(amount, decimals);
                proptest::prop_assert_eq!(units(&printed, decimals).unwrap(), amount);
            }
        }
    }
}
