//! The special functions behind the intervals.

use statrs::function::erf::erfc_inv;

/// Terms of the continued fraction that suffice for about 10^10 trials (their number grows with the
/// square root of the larger parameter).
const MOST_TERMS: u32 = 1_000_000;

/// The quantile of the standard normal distribution for a two-sided interval at `level` in (0, 1):
/// 1.96 for 0.95.
pub fn two_sided_z(level: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(1.0 - level)
}

/// The quantile of the standard normal distribution at a probability in (0, 1).
pub fn normal_quantile(probability: f64) -> f64 {
    -std::f64::consts::SQRT_2 * erfc_inv(2.0 * probability)
}

/// The regularised incomplete beta function `I_x(a, b)`, for `a, b > 0`.
///
/// - `x <= 0`: 0; `x >= 1`: 1.
/// - The relative error grows with the parameters through the logarithms of the gamma function: 1e-14
///   for `a + b` about 100, 1e-8 for 10^7. Unlike the implementation in `statrs`, which stops after 140
///   terms, it converges for large parameters.
///
/// # References
/// DLMF 8.17.22, evaluated by Lentz's method: W. J. Lentz, "Generating Bessel functions in Mie scattering
/// calculations using continued fractions", Applied Optics 15 (1976) 668–671.
pub fn beta_regularised(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_lower_side(b, a, 1.0 - x, x);
    }
    beta_lower_side(a, b, x, 1.0 - x)
}

fn beta_lower_side(a: f64, b: f64, x: f64, one_minus_x: f64) -> f64 {
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log(one_minus_x);
    libm::exp(log_front) * beta_fraction(a, b, x) / a
}

/// The value of 1/(1+ d1/(1+ d2/(1+ …))) with the coefficients of DLMF 8.17.23.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator_ratio = 1.0;
    let mut denominator_ratio = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = denominator_ratio;
    for term in 1..=MOST_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator_ratio = 1.0 / away_from_zero(1.0 + coefficient * denominator_ratio);
            numerator_ratio = away_from_zero(1.0 + coefficient / numerator_ratio);
            change = denominator_ratio * numerator_ratio;
            value *= change;
        }
        if (change - 1.0).abs() <= 2.0 * f64::EPSILON {
            break;
        }
    }
    value
}

/// The `x` with `I_x(a, b) = probability`, by bisection to the last bit.
pub fn beta_inverse(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if beta_regularised(a, b, middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
        // Bits far below the value's own precision: a limit of 0 is approached for ever.
        if high < 1e-300 {
            return high;
        }
    }
}

/// `P(X <= count)` for `X` binomial with `n` trials of probability `p`.
///
/// - `count >= n`: 1.
pub fn binomial_cdf(count: u64, n: u64, p: f64) -> f64 {
    if count >= n {
        return 1.0;
    }
    beta_regularised((n - count) as f64, count as f64 + 1.0, 1.0 - p)
}

#[cfg(test)]
mod tests {
    use super::{beta_inverse, beta_regularised, binomial_cdf, two_sided_z};

    #[track_caller]
    fn close(found: f64, expected: f64, relative: f64) {
        assert!(
            (found - expected).abs() <= relative * expected.abs(),
            "{found} for {expected}"
        );
    }

    #[test]
    fn z_matches_the_tables() {
        close(two_sided_z(0.95), 1.959_963_984_540_054, 1e-13);
        close(two_sided_z(0.99), 2.575_829_303_548_901, 1e-13);
        close(two_sided_z(0.90), 1.644_853_626_951_473, 1e-13);
    }

    #[test]
    fn small_parameters_agree_with_statrs() {
        for (a, b) in [(0.5, 0.5), (1.0, 3.0), (6.0, 95.0), (40.0, 12.0)] {
            for x in [0.001, 0.05, 0.3, 0.5, 0.9, 0.999] {
                let expected = statrs::function::beta::beta_reg(a, b, x);
                close(beta_regularised(a, b, x), expected, 1e-11);
            }
        }
    }

    #[test]
    fn symmetric_parameters_are_half_at_the_middle_however_large() {
        for a in [1.0, 50.0, 5e3, 5e5, 5e7] {
            close(beta_regularised(a, a, 0.5), 0.5, 1e-6);
        }
    }

    #[test]
    fn the_binomial_cdf_equals_its_sum() {
        // 1/32 · (1, 6, 16, 26, 31, 32)
        for (count, numerator) in (0..).zip([1.0, 6.0, 16.0, 26.0, 31.0, 32.0]) {
            close(binomial_cdf(count, 5, 0.5), numerator / 32.0, 1e-14);
        }
    }

    #[test]
    fn the_inverse_inverts() {
        for (a, b, probability) in [(1.0, 10.0, 0.025), (6.0, 95.0, 0.975), (5e5, 5e5, 0.1)] {
            let x = beta_inverse(a, b, probability);
            close(beta_regularised(a, b, x), probability, 1e-7);
        }
    }
}
