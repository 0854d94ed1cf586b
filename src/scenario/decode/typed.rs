//! Quantities that are typed on the command line, in the notation of scenario files.

use super::quantity::{self, Quantity};

fn read<T>(text: &str, quantity: &Quantity<T>) -> Result<T, String> {
    (quantity.read)(text.trim())
        .map_err(|error| format!("{error}; write e.g. {}", quantity.examples))
}

/// `50/s`, `3/min`: requests per second.
pub fn rate(text: &str) -> Result<f64, String> {
    read(text, &quantity::RATE)
}

/// `3%`: a share from 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    read(text, &quantity::SHARE)
}

/// `x3`: a factor of at least 1.
pub fn factor(text: &str) -> Result<f64, String> {
    read(text, &quantity::FACTOR)
}

/// `200ms`: seconds.
pub fn seconds(text: &str) -> Result<f64, String> {
    read(text, &quantity::DURATION).map(crate::units::Duration::as_seconds_f64)
}

/// `5Mi/min`: bytes per second.
pub fn byte_rate(text: &str) -> Result<f64, String> {
    read(text, &quantity::BYTE_RATE)
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_wrong_is_told_with_an_example() {
        assert_eq!(super::rate("3/min"), Ok(0.05));
        assert_eq!(super::seconds("200ms"), Ok(0.2));
        let error = super::share("3").unwrap_err();
        assert_eq!(
            error,
            "`3` is no percentage: a unit is needed; write e.g. `3%`, `0.1%`"
        );
    }
}
