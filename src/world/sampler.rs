//! Counts whose distribution is only known while a replication runs, from tables built before it.
//!
//! A sum of independent Poisson counts is Poisson, and binomial counts with one share add up likewise. So a
//! mean, or a number of trials, is written in base 16 and each digit drawn from a table of its own. Both
//! are exact.

use super::random::Stream;
use super::table::AliasTable;

/// Digits of a mean reach down to 16^-2; what is left is drawn from its closed form.
const FRACTION_SCALE: f64 = 256.0;
/// Digits from 16^-2 up to 16^3.
const POISSON_DIGITS: u32 = 6;
/// Means from here on are drawn in pieces of [`POISSON_PIECE`].
const POISSON_LIMIT: f64 = 65_536.0;
const POISSON_PIECE: f64 = 61_440.0;

/// Poisson counts of any mean.
#[derive(Clone, Debug)]
pub struct PoissonDigits {
    /// `tables[digit position][digit - 1]`.
    tables: Vec<[AliasTable; 15]>,
}

impl Default for PoissonDigits {
    fn default() -> Self {
        Self::new()
    }
}

impl PoissonDigits {
    /// Builds the tables (about 400 KiB).
    pub fn new() -> Self {
        let unit = |position: u32| libm::pow(16.0, f64::from(position)) / FRACTION_SCALE;
        let table =
            |position, digit: usize| AliasTable::poisson(unit(position) * (digit + 1) as f64);
        let digits = |position| std::array::from_fn(|digit| table(position, digit));
        Self {
            tables: (0..POISSON_DIGITS).map(digits).collect(),
        }
    }

    /// A Poisson count with this mean (finite, not negative).
    pub fn draw(&self, mut mean: f64, stream: &mut Stream) -> u64 {
        let mut count = 0;
        while mean >= POISSON_LIMIT {
            count += self.draw_digits((POISSON_PIECE * FRACTION_SCALE) as u64, stream);
            mean -= POISSON_PIECE;
        }
        let scaled = mean * FRACTION_SCALE;
        let whole = scaled as u64;
        count += self.draw_digits(whole, stream);
        count + draw_remainder((scaled - whole as f64) / FRACTION_SCALE, stream)
    }

    fn draw_digits(&self, mut digits: u64, stream: &mut Stream) -> u64 {
        let mut count = 0;
        for tables in &self.tables {
            let digit = (digits & 15) as usize;
            if digit > 0 {
                count += tables[digit - 1].value(stream.next_word());
            }
            digits >>= 4;
        }
        count
    }
}

/// A Poisson count with a mean below 1/256: almost always 0, which needs no exponential.
fn draw_remainder(mean: f64, stream: &mut Stream) -> u64 {
    if mean <= 0.0 {
        return 0;
    }
    let unit = stream.next_unit();
    if unit < 1.0 - mean {
        return 0;
    }
    let mut probability = libm::exp(-mean);
    let (mut cumulative, mut count) = (probability, 0);
    while unit >= cumulative && count < 20 {
        count += 1;
        probability *= mean / count as f64;
        cumulative += probability;
    }
    count
}

/// Binomial counts with a share that the plan knows and any number of trials.
#[derive(Clone, Debug)]
pub struct BinomialDigits {
    share: f64,
    /// `tables[digit position][digit - 1]`.
    tables: Vec<[AliasTable; 15]>,
}

impl BinomialDigits {
    /// Tables for success probability `share`, quick for numbers of trials up to about `expected_trials`
    /// and right for all.
    pub fn new(share: f64, expected_trials: f64) -> Self {
        let mut positions = 1;
        while positions < 6 && libm::pow(16.0, f64::from(positions)) < expected_trials * 2.0 {
            positions += 1;
        }
        let table = |position: u32, digit: usize| {
            AliasTable::binomial((digit as u64 + 1) << (4 * position), share)
        };
        let digits = |position| std::array::from_fn(|digit| table(position, digit));
        let share = share.clamp(0.0, 1.0);
        Self {
            share,
            tables: (0..positions).map(digits).collect(),
        }
    }

    /// The success probability.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// A binomial count of `trials`.
    #[inline]
    pub fn draw(&self, trials: u64, stream: &mut Stream) -> u64 {
        if trials == 0 || self.share <= 0.0 {
            return 0;
        }
        if self.share >= 1.0 {
            return trials;
        }
        let mut count = 0;
        let mut digits = trials;
        for tables in &self.tables {
            let digit = (digits & 15) as usize;
            if digit > 0 {
                count += tables[digit - 1].value(stream.next_word());
            }
            digits >>= 4;
        }
        // What exceeds the tables: `digits` times the largest unit, which is 15/15 of the top table and one more.
        if digits > 0 {
            count += self.draw_excess(digits, stream);
        }
        count
    }

    /// `units` times 16^positions trials, each as sixteen of the highest position.
    fn draw_excess(&self, units: u64, stream: &mut Stream) -> u64 {
        let Some(top) = self.tables.last() else {
            return 0;
        };
        let mut count = 0;
        for _ in 0..units {
            count += top[14].value(stream.next_word()) + top[0].value(stream.next_word());
        }
        count
    }
}

/// A binomial count whose share is only known at run time: exact to 2^-32 of the share, in about two words
/// per 64 trials. For rare places, such as the one interval in which a fault sets in.
pub fn binomial_bits(trials: u64, share: f64, stream: &mut Stream) -> u64 {
    let bits = (share.clamp(0.0, 1.0) * 4_294_967_296.0) as u64;
    if bits >= 1 << 32 {
        return trials;
    }
    let mut count = 0;
    let mut left = trials;
    while left > 0 {
        let lanes = left.min(64);
        let mut undecided = if lanes == 64 {
            u64::MAX
        } else {
            (1 << lanes) - 1
        };
        let mut position = 32;
        // Each lane compares its own uniform number with the share, bit by bit from the top.
        while undecided != 0 && position > 0 {
            position -= 1;
            let word = stream.next_word();
            if bits >> position & 1 == 1 {
                count += u64::from((undecided & !word).count_ones());
                undecided &= word;
            } else {
                undecided &= !word;
            }
        }
        left -= lanes;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{BinomialDigits, PoissonDigits, binomial_bits};
    use crate::world::random::{Purpose, ReplicationKey, Stream};

    const DRAWS: u32 = 40_000;

    fn stream() -> Stream {
        ReplicationKey::new(11, 0).stream(Purpose::Requests, 0, 0)
    }

    /// Mean and variance within five standard errors.
    fn assert_moments(what: &str, mean: f64, variance: f64, mut draw: impl FnMut() -> u64) {
        let values: Vec<f64> = (0..DRAWS).map(|_| draw() as f64).collect();
        let n = f64::from(DRAWS);
        let sample_mean = values.iter().sum::<f64>() / n;
        let sample_variance = values
            .iter()
            .map(|v| (v - sample_mean).powi(2))
            .sum::<f64>()
            / (n - 1.0);
        let mean_error = (variance / n).sqrt();
        assert!(
            (sample_mean - mean).abs() <= 5.0 * mean_error,
            "{what}: mean {sample_mean}, not {mean}"
        );
        let variance_error = variance * ((2.0 + 1.0 / variance.max(1e-9)) / n).sqrt();
        assert!(
            (sample_variance - variance).abs() <= 5.0 * variance_error + 1e-12,
            "{what}: variance {sample_variance}, not {variance}"
        );
    }

    #[test]
    fn poisson_digits_have_the_moments_of_any_mean() {
        let digits = PoissonDigits::new();
        for mean in [0.003, 0.7, 3.3, 106.957, 4_095.99, 70_000.5, 250_000.0] {
            let mut stream = stream();
            assert_moments(&format!("Poisson({mean})"), mean, mean, || {
                digits.draw(mean, &mut stream)
            });
        }
        assert_eq!(digits.draw(0.0, &mut stream()), 0);
    }

    #[test]
    fn binomial_digits_have_the_moments_of_any_number_of_trials() {
        for (trials, share, expected) in [
            (1, 0.3, 10.0),
            (107, 0.029, 107.0),
            (5_000, 0.5, 100.0),
            (70_000, 0.01, 300.0),
            (100, 1.0, 5.0),
        ] {
            let digits = BinomialDigits::new(share, expected);
            let mut stream = stream();
            let n = trials as f64;
            assert_moments(
                &format!("Bin({trials}, {share})"),
                n * share,
                n * share * (1.0 - share),
                || digits.draw(trials, &mut stream),
            );
        }
    }

    #[test]
    fn bitwise_binomials_have_the_moments() {
        for (trials, share) in [
            (1_u64, 0.5),
            (63, 0.2),
            (64, 0.9),
            (1_000, 0.333),
            (10, 0.0),
            (10, 1.0),
        ] {
            let mut stream = stream();
            let n = trials as f64;
            assert_moments(
                &format!("bits({trials}, {share})"),
                n * share,
                n * share * (1.0 - share),
                || binomial_bits(trials, share, &mut stream),
            );
        }
    }
}
