//! `math.Pow` as Go computes it on amd64, to the last bit.
//!
//! The C library rounds some powers differently, and a condition may compare for equality.

/// `x` raised to `y` (Go's `math.Pow`).
#[expect(
    clippy::float_cmp,
    reason = "the special cases of the power function are exact"
)]
pub fn pow(x: f64, y: f64) -> f64 {
    if let Some(value) = special_power(x, y) {
        return value;
    }
    let magnitude = y.abs();
    let (mut whole, mut fraction) = (magnitude.trunc(), magnitude.fract());
    if fraction != 0.0 && x < 0.0 {
        return f64::NAN;
    }
    if whole >= 9_223_372_036_854_775_808.0 {
        return if x == -1.0 {
            1.0
        } else if (x.abs() < 1.0) == (y > 0.0) {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let mut factor = 1.0;
    if fraction != 0.0 {
        if fraction > 0.5 {
            fraction -= 1.0;
            whole += 1.0;
        }
        factor = exp(fraction * log(x));
    }
    let (mut factor, mut exponent) = power_by_squaring(x, whole, factor);
    if y < 0.0 {
        factor = 1.0 / factor;
        exponent = -exponent;
    }
    scale_by_power_of_two(factor, exponent)
}

/// Multiplies `factor` by `x^whole`, powers of two kept apart in the returned exponent.
fn power_by_squaring(x: f64, whole: f64, mut factor: f64) -> (f64, i32) {
    let (mut base, mut base_exponent) = split(x);
    let mut exponent = 0;
    let mut bits = super::number::float_to_int(whole);
    while bits != 0 {
        if !(-(1 << 12)..=1 << 12).contains(&base_exponent) {
            // One more bit is set, so this decides between 0 and infinity already.
            exponent += base_exponent;
            break;
        }
        if bits & 1 == 1 {
            factor *= base;
            exponent += base_exponent;
        }
        base *= base;
        base_exponent <<= 1;
        if base < 0.5 {
            base += base;
            base_exponent -= 1;
        }
        bits >>= 1;
    }
    (factor, exponent)
}

#[expect(
    clippy::float_cmp,
    reason = "the special cases of the power function are exact"
)]
fn special_power(x: f64, y: f64) -> Option<f64> {
    if y == 0.0 || x == 1.0 {
        return Some(1.0);
    }
    if y == 1.0 {
        return Some(x);
    }
    if x.is_nan() || y.is_nan() {
        return Some(f64::NAN);
    }
    if x == 0.0 {
        let negative = x.is_sign_negative() && is_odd(y);
        return Some(match (y < 0.0, negative) {
            (true, true) => f64::NEG_INFINITY,
            (true, false) => f64::INFINITY,
            (false, true) => x,
            (false, false) => 0.0,
        });
    }
    if y.is_infinite() {
        return Some(if x == -1.0 {
            1.0
        } else if (x.abs() < 1.0) == (y > 0.0) {
            0.0
        } else {
            f64::INFINITY
        });
    }
    if x.is_infinite() {
        if x < 0.0 {
            return Some(pow(1.0 / x, -y));
        }
        return Some(if y < 0.0 { 0.0 } else { f64::INFINITY });
    }
    if y == 0.5 {
        return Some(x.sqrt());
    }
    if y == -0.5 {
        return Some(1.0 / x.sqrt());
    }
    None
}

fn is_odd(x: f64) -> bool {
    x.abs() < 9_007_199_254_740_992.0 && x.fract() == 0.0 && super::number::float_to_int(x) & 1 == 1
}

/// Mantissa in `[0.5, 1)` and exponent of a finite number other than 0.
fn split(x: f64) -> (f64, i32) {
    libm::frexp(x)
}

/// `x * 2^exponent`, rounded once.
pub(super) fn scale_by_power_of_two(x: f64, exponent: i32) -> f64 {
    libm::ldexp(x, exponent)
}

/// Natural logarithm of a positive finite number, by the polynomial that Go's assembly uses.
fn log(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const L1: f64 = 6.666_666_666_666_735e-1;
    const L2: f64 = 3.999_999_999_940_942e-1;
    const L3: f64 = 2.857_142_874_366_239e-1;
    const L4: f64 = 2.222_219_843_214_978_4e-1;
    const L5: f64 = 1.818_357_216_161_805e-1;
    const L6: f64 = 1.531_383_769_920_937_3e-1;
    const L7: f64 = 1.479_819_860_511_658_6e-1;
    // The assembly takes the bits as they are: a subnormal number has exponent field 0 and no leading one.
    let bits = x.to_bits();
    let mut mantissa = f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FE0_0000_0000_0000);
    let mut exponent = ((bits >> 52) & 0x7FF) as f64 - 1022.0;
    if mantissa <= std::f64::consts::FRAC_1_SQRT_2 {
        exponent -= 1.0;
        mantissa *= 2.0;
    }
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
    let even = s4 * (L2 + s4 * (L4 + s4 * L6));
    let half_square = 0.5 * f * f;
    exponent * LN2_HIGH
        - ((half_square - (s * (half_square + (odd + even)) + exponent * LN2_LOW)) - f)
}

/// `e^x` by the Taylor series and fused multiply-adds of Go's assembly for amd64.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the exponent is bounded by the checks before it"
)]
fn exp(x: f64) -> f64 {
    const LN2_HIGH: f64 = 0.693_147_180_559_662_956_511_601_805_686_950_683_593_75;
    const LN2_LOW: f64 = 0.282_352_905_630_315_771_225_884_481_750_134_360_255_254_120_68e-12;
    const COEFFICIENTS: [f64; 7] = [
        1.984_126_984_126_984e-4,
        1.388_888_888_888_889e-3,
        8.333_333_333_333_333e-3,
        4.166_666_666_666_666_4e-2,
        1.666_666_666_666_666_6e-1,
        0.5,
        1.0,
    ];
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x == f64::NEG_INFINITY {
        return 0.0;
    }
    if x > 7.097_827_128_933_84e2 {
        return f64::INFINITY;
    }
    let scaled = (x * std::f64::consts::LOG2_E).round_ties_even();
    if scaled < -2000.0 {
        return 0.0;
    }
    let exponent = scaled as i32;
    let mut rest = (-scaled).mul_add(LN2_HIGH, x);
    rest = (-scaled).mul_add(LN2_LOW, rest);
    rest *= 0.0625;
    let mut series = 2.480_158_730_158_73e-5;
    for coefficient in COEFFICIENTS {
        series = f64::mul_add(series, rest, coefficient);
    }
    let mut value = rest * series;
    for _ in 0..3 {
        value *= value + 2.0;
    }
    value = value.mul_add(value + 2.0, 1.0);
    scale_by_power_of_two(value, exponent)
}

#[cfg(test)]
mod tests {
    use super::pow;

    #[test]
    #[expect(clippy::float_cmp, reason = "powers are exact to the bit")]
    fn powers_as_recorded_from_go() {
        assert_eq!(pow(2.0, 10.0).to_bits(), 1024f64.to_bits());
        assert!(pow(-8.0, 1.0 / 3.0).is_nan());
        assert_eq!(pow(0.0, -1.0), f64::INFINITY);
        assert_eq!(pow(f64::NEG_INFINITY, 3.0), f64::NEG_INFINITY);
        assert_eq!(pow(2.0, -1074.0), f64::from_bits(1));
    }
}
