//! Numbers as people read them.

use crate::stats::{Estimate, Method};

/// `12,345`
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count that needn't be whole: `0`, `0.04`, `3.2`, `42`, `12,345`.
pub fn count(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    match number.abs() {
        ..0.1 => short(number, 3),
        0.1..9.95 => format!("{number:.1}"),
        _ => {
            let whole = number.abs().round();
            // Floats beyond 2^64 saturate; no count comes near.
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "rounded and not negative"
            )]
            let digits = thousands(whole as u64);
            let sign = if number < 0.0 { "-" } else { "" };
            format!("{sign}{digits}")
        }
    }
}

/// A length of time in the unit that suits it: `0.35 s`, `42 s`, `27.4 m`, `3.2 h`.
pub fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds.abs() {
        ..119.95 => (seconds, "s"),
        ..7_197.0 => (seconds / 60.0, "m"),
        ..172_620.0 => (seconds / 3_600.0, "h"),
        _ => (seconds / 86_400.0, "d"),
    };
    let decimals = if value.abs() < 0.995 { 2 } else { 1 };
    format!("{} {unit}", short(value, decimals))
}

/// A proportion as a percentage with at most `decimals` decimals, trailing zeros dropped: `14.3 %`.
pub fn percent(share: f64, decimals: usize) -> String {
    format!("{} %", short(100.0 * share, decimals))
}

/// An estimated proportion with its interval: `98.72 % (98.49–98.92 %)`, but counts where nothing or
/// everything was counted: `0 of 10,000 (≤ 0.03 %)`, `all 10,000 (≥ 99.97 %)`.
pub fn proportion(estimate: &Estimate) -> String {
    let low = estimate.low.unwrap_or(0.0);
    let high = estimate.high.unwrap_or(1.0);
    match estimate.method {
        Method::ClopperPearsonUpper => {
            format!("0 of {} (≤ {} %)", thousands(estimate.n), upper(high))
        }
        Method::ClopperPearsonLower => {
            format!("all {} (≥ {} %)", thousands(estimate.n), lower(low))
        }
        Method::ClopperPearson if estimate.estimate <= 0.0 => {
            format!("0 of {} (≤ {} %)", thousands(estimate.n), upper(high))
        }
        Method::ClopperPearson if estimate.estimate >= 1.0 => {
            format!("all {} (≥ {} %)", thousands(estimate.n), lower(low))
        }
        _ => {
            let decimals = decimals(100.0 * (high - low));
            format!(
                "{:.decimals$} % ({:.decimals$}–{:.decimals$} %)",
                100.0 * estimate.estimate,
                100.0 * low,
                100.0 * high
            )
        }
    }
}

/// The same in percent without the sign, for a column that has it: `98.72 (98.49–98.92)`, `0 (≤ 0.03)`,
/// `100 (≥ 99.97)`.
pub fn in_percent(estimate: &Estimate) -> String {
    let low = estimate.low.unwrap_or(0.0);
    let high = estimate.high.unwrap_or(1.0);
    match estimate.method {
        Method::ClopperPearsonUpper => format!("0 (≤ {})", upper(high)),
        Method::ClopperPearsonLower => format!("100 (≥ {})", lower(low)),
        _ => {
            let decimals = decimals(100.0 * (high - low));
            format!(
                "{:.decimals$} ({:.decimals$}–{:.decimals$})",
                100.0 * estimate.estimate,
                100.0 * low,
                100.0 * high
            )
        }
    }
}

/// A difference of two probabilities in percentage points with its interval: `+6.2 points (+5.8 to +6.7)`.
pub fn points(estimate: &Estimate) -> String {
    let low = estimate.low.unwrap_or(-1.0);
    let high = estimate.high.unwrap_or(1.0);
    let decimals = decimals(100.0 * (high - low));
    // Not the sign of what rounds to nothing.
    let shown = |share: f64| {
        let text = format!("{:+.decimals$}", 100.0 * share);
        if text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
            text
        } else {
            format!("{:.decimals$}", 0.0)
        }
    };
    format!(
        "{} points ({} to {})",
        shown(estimate.estimate),
        shown(low),
        shown(high)
    )
}

/// Decimals that show an interval of this width as one.
fn decimals(width: f64) -> usize {
    match width {
        0.2.. => 1,
        0.02.. => 2,
        0.002.. => 3,
        0.000_2.. => 4,
        _ => 5,
    }
}

/// An upper limit in percent, rounded up to two digits.
fn upper(share: f64) -> String {
    let percent = 100.0 * share;
    let decimals = two_digits(percent);
    let scale = libm::pow(10.0, decimals as f64);
    // The rest of a rounding error isn't worth a whole digit.
    short(libm::ceil(percent * scale - 1e-9) / scale, decimals)
}

/// A lower limit in percent, rounded down so that its distance to 100 keeps two digits.
pub(super) fn lower(share: f64) -> String {
    let gap = 100.0 * (1.0 - share);
    let decimals = two_digits(gap);
    let scale = libm::pow(10.0, decimals as f64);
    short(100.0 - libm::ceil(gap * scale - 1e-9) / scale, decimals)
}

/// Decimals that leave two significant digits of a number below 100.
fn two_digits(number: f64) -> usize {
    match number {
        9.95.. => 0,
        0.995.. => 1,
        0.099_5.. => 2,
        0.009_95.. => 3,
        0.000_995.. => 4,
        0.000_099_5.. => 5,
        _ => 6,
    }
}

/// With at most that many decimals, trailing zeros dropped.
pub fn short(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    if !text.contains('.') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        return "0".to_owned();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{count, in_percent, percent, points, proportion, seconds, thousands};
    use crate::stats::paired::{Pairs, tango};
    use crate::stats::proportion::{clopper_pearson, proportion as estimate};
    use std::num::NonZeroU64;

    #[test]
    fn thousands_are_separated() {
        let shown = [0, 999, 1_000, 10_000, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "10,000", "1,234,567"]);
    }

    #[test]
    fn counts_keep_the_digits_that_matter() {
        let shown = [0.0, 0.042_3, 3.24, 9.96, 42.4, 12_345.6].map(count);
        assert_eq!(shown, ["0", "0.042", "3.2", "10", "42", "12,346"]);
    }

    #[test]
    fn times_choose_their_unit() {
        let shown = [
            0.0, 0.35, 42.0, 119.94, 119.96, 1_644.0, 7_200.0, 86_400.0, 259_200.0,
        ]
        .map(seconds);
        assert_eq!(
            shown,
            [
                "0 s", "0.35 s", "42 s", "119.9 s", "2 m", "27.4 m", "2 h", "24 h", "3 d"
            ]
        );
    }

    #[test]
    fn shares_drop_zeros() {
        let shown = [0.1, 1.0 / 7.0, 0.0].map(|share| percent(share, 1));
        assert_eq!(shown, ["10 %", "14.3 %", "0 %"]);
    }

    #[track_caller]
    fn assert_proportion(hits: u64, n: u64, expected: &str) {
        let shown = proportion(&estimate(hits, NonZeroU64::new(n).unwrap()));
        assert_eq!(shown, expected);
    }

    #[test]
    fn columns_of_percentages_leave_the_sign_out() {
        let shown = [0, 9_995, 10_000]
            .map(|hits| in_percent(&estimate(hits, NonZeroU64::new(10_000).unwrap())));
        assert_eq!(
            shown,
            ["0 (≤ 0.03)", "99.95 (99.88–99.98)", "100 (≥ 99.97)"]
        );
    }

    #[test]
    fn proportions_show_what_is_known() {
        assert_proportion(0, 10_000, "0 of 10,000 (≤ 0.03 %)");
        assert_proportion(10_000, 10_000, "all 10,000 (≥ 99.97 %)");
        assert_proportion(0, 1, "0 of 1 (≤ 95 %)");
        assert_proportion(50, 50, "all 50 (≥ 94.1 %)");
        assert_proportion(9_995, 10_000, "99.95 % (99.88–99.98 %)");
        assert_proportion(5_000, 10_000, "50.0 % (49.0–51.0 %)");
        assert_proportion(1, 1_000_000, "0.0001 % (0.0000–0.0006 %)");
        let exact = |hits| proportion(&clopper_pearson(hits, NonZeroU64::new(50).unwrap(), 0.95));
        assert_eq!(exact(0), "0 of 50 (≤ 7.2 %)");
        assert_eq!(exact(50), "all 50 (≥ 92.8 %)");
        assert_eq!(exact(25), "50.0 % (35.5–64.5 %)");
    }

    #[test]
    fn differences_carry_their_sign() {
        let shown = |only_first, only_second| {
            let pairs = Pairs {
                both: 0,
                only_first,
                only_second,
                neither: 1_000 - only_first - only_second,
            };
            points(&tango(&pairs, 0.95).unwrap())
        };
        assert_eq!(shown(62, 0), "+6.2 points (+4.9 to +7.9)");
        assert_eq!(shown(0, 0), "0.0 points (-0.4 to +0.4)");
    }
}
