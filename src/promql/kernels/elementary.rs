//! Functions of one or two numbers.
//!
//! `spec/promql.md` §8 and §15; Go's `math` package decides the special cases.

use std::f64::consts::{LN_2, LN_10, PI};

/// Functions that turn one number into one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ElementaryFunction {
    Abs,
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atanh,
    Ceil,
    Cos,
    Cosh,
    Deg,
    Exp,
    Floor,
    Ln,
    Log2,
    Log10,
    Rad,
    Sgn,
    Sin,
    Sinh,
    Sqrt,
    Tan,
    Tanh,
}

impl ElementaryFunction {
    /// The function of this name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => Self::Abs,
            "acos" => Self::Acos,
            "acosh" => Self::Acosh,
            "asin" => Self::Asin,
            "asinh" => Self::Asinh,
            "atan" => Self::Atan,
            "atanh" => Self::Atanh,
            "ceil" => Self::Ceil,
            "cos" => Self::Cos,
            "cosh" => Self::Cosh,
            "deg" => Self::Deg,
            "exp" => Self::Exp,
            "floor" => Self::Floor,
            "ln" => Self::Ln,
            "log2" => Self::Log2,
            "log10" => Self::Log10,
            "rad" => Self::Rad,
            "sgn" => Self::Sgn,
            "sin" => Self::Sin,
            "sinh" => Self::Sinh,
            "sqrt" => Self::Sqrt,
            "tan" => Self::Tan,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }

    /// The function's value.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Abs => x.abs(),
            Self::Acos => libm::acos(x),
            Self::Acosh => libm::acosh(x),
            Self::Asin => libm::asin(x),
            Self::Asinh => libm::asinh(x),
            Self::Atan => libm::atan(x),
            Self::Atanh => libm::atanh(x),
            Self::Ceil => x.ceil(),
            Self::Cos => libm::cos(x),
            Self::Cosh => libm::cosh(x),
            Self::Deg => x * 180.0 / PI,
            Self::Exp => libm::exp(x),
            Self::Floor => x.floor(),
            Self::Ln => libm::log(x),
            Self::Log2 => log2(x),
            // Go computes it from the natural logarithm.
            Self::Log10 => libm::log(x) * (1.0 / LN_10),
            Self::Rad => x * PI / 180.0,
            Self::Sgn => sign(x),
            Self::Sin => libm::sin(x),
            Self::Sinh => libm::sinh(x),
            Self::Sqrt => x.sqrt(),
            Self::Tan => libm::tan(x),
            Self::Tanh => libm::tanh(x),
        }
    }
}

/// Go's way: exact for powers of two, else from the natural logarithm of the mantissa.
fn log2(x: f64) -> f64 {
    let (mantissa, exponent) = libm::frexp(x);
    if mantissa == 0.5 {
        return f64::from(exponent) - 1.0;
    }
    libm::log(mantissa) * (1.0 / LN_2) + f64::from(exponent)
}

fn sign(x: f64) -> f64 {
    if x < 0.0 {
        -1.0
    } else if x > 0.0 {
        1.0
    } else {
        x
    }
}

/// The operator `^`, in Go's way: square roots for ±0.5, repeated squaring of the mantissa for the whole
/// part of the exponent, exponential and logarithm for the rest. Whole powers agree with Go to the last bit.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the whole part of the exponent is positive and checked against 2^63"
)]
pub fn power(base: f64, exponent: f64) -> f64 {
    let ordinary = base.is_finite() && base != 0.0 && base != 1.0 && exponent.is_finite();
    let magnitude = exponent.abs();
    if !ordinary || exponent == 0.0 || magnitude >= 9_223_372_036_854_775_808.0 {
        return libm::pow(base, exponent);
    }
    if magnitude == 0.5 {
        let root = base.sqrt();
        return if exponent > 0.0 { root } else { 1.0 / root };
    }
    let (mut whole, mut rest) = (magnitude.trunc(), magnitude.fract());
    if rest != 0.0 && base < 0.0 {
        return f64::NAN;
    }
    if rest > 0.5 {
        rest -= 1.0;
        whole += 1.0;
    }
    let mut mantissa = if rest == 0.0 {
        1.0
    } else {
        libm::exp(rest * libm::log(base))
    };
    let mut binary: i64 = 0;
    let (mut square, square_exponent) = libm::frexp(base);
    let mut square_binary = i64::from(square_exponent);
    let mut bits = whole as u64;
    while bits != 0 {
        if !(-4096..=4096).contains(&square_binary) {
            // Certain to overflow or underflow, and the rest of the loop might overflow the exponent.
            binary += square_binary;
            break;
        }
        if bits & 1 == 1 {
            mantissa *= square;
            binary += square_binary;
        }
        square *= square;
        square_binary *= 2;
        if square < 0.5 {
            square += square;
            square_binary -= 1;
        }
        bits >>= 1;
    }
    if exponent < 0.0 {
        mantissa = 1.0 / mantissa;
        binary = -binary;
    }
    libm::scalbn(mantissa, binary.clamp(-100_000, 100_000) as i32)
}

/// The operator `%`: sign of the dividend, NaN for a divisor of zero.
pub fn modulo(dividend: f64, divisor: f64) -> f64 {
    libm::fmod(dividend, divisor)
}

/// The operator `atan2`.
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}

/// `round`: to the nearest multiple, ties upwards.
pub fn round_to_nearest(x: f64, nearest: f64) -> f64 {
    let inverse = 1.0 / nearest;
    (x * inverse + 0.5).floor() / inverse
}

/// `clamp`: NaN stays NaN unless an infinite bound forces the result (Go's `math.Max` and `math.Min`).
/// The caller drops samples where `high` < `low`.
pub fn clamp(x: f64, low: f64, high: f64) -> f64 {
    binary_max(low, binary_min(high, x))
}

/// Go's `math.Max`: +Inf wins over NaN, NaN over numbers, 0 over -0.
pub fn binary_max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        return f64::INFINITY;
    }
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { b } else { a };
    }
    if a > b { a } else { b }
}

/// Go's `math.Min`: -Inf wins over NaN, NaN over numbers, -0 over 0.
pub fn binary_min(a: f64, b: f64) -> f64 {
    if a == f64::NEG_INFINITY || b == f64::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { a } else { b };
    }
    if a < b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::{ElementaryFunction, clamp, power, round_to_nearest};

    #[test]
    fn powers() {
        let cases = [
            (2.0, 10.0, 1024.0),
            (-2.0, 3.0, -8.0),
            (7.0, -2.0, 0.020_408_163_265_306_12),
            (9.0, 0.5, 3.0),
            (4.0, -0.5, 0.5),
            (2.0, -1074.0, 5e-324),
            (2.0, 1024.0, f64::INFINITY),
            (0.5, 1e300, 0.0),
            (-1.0, 1e300, 1.0),
            (-0.0, -3.0, f64::NEG_INFINITY),
            (f64::NAN, 0.0, 1.0),
            (1.0, f64::NAN, 1.0),
            (-1.0, f64::INFINITY, 1.0),
            (1e-300, 3e6, 0.0),
            (1e300, -3e6, 0.0),
        ];
        for (base, exponent, expected) in cases {
            let got = power(base, exponent);
            assert_eq!(
                got.to_bits(),
                f64::to_bits(expected),
                "{base} ^ {exponent} = {got}"
            );
        }
        assert!(power(-8.0, 1.0 / 3.0).is_nan());
    }

    #[test]
    fn logarithms_of_powers_of_two_are_exact() {
        for exponent in [-1074, -3, 0, 1, 1023] {
            let x = libm::scalbn(1.0, exponent);
            assert_eq!(ElementaryFunction::Log2.of(x), f64::from(exponent));
        }
        assert_eq!(ElementaryFunction::Log2.of(0.0), f64::NEG_INFINITY);
        assert!(ElementaryFunction::Log10.of(-1.0).is_nan());
    }

    #[test]
    fn rounding_goes_up_on_ties() {
        assert_eq!(round_to_nearest(2.5, 1.0), 3.0);
        assert_eq!(round_to_nearest(-2.5, 1.0), -2.0);
        assert_eq!(round_to_nearest(0.25, 0.1), 0.3);
    }

    #[test]
    fn clamps() {
        assert_eq!(clamp(5.0, 0.0, 3.0), 3.0);
        assert!(clamp(f64::NAN, 0.0, 3.0).is_nan());
        assert_eq!(
            clamp(f64::NAN, f64::NEG_INFINITY, f64::NEG_INFINITY),
            f64::NEG_INFINITY
        );
        assert_eq!(clamp(-0.0, 0.0, 1.0).to_bits(), 0.0f64.to_bits());
    }
}
