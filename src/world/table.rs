//! Discrete distributions as integer alias tables: one word in, one count out, no float on the way.
//!
//! Walker's method in Vose's form (Vose, "A linear algorithm for generating random numbers with a given
//! distribution", IEEE Trans. Software Eng. 17, 1991) on integer weights that sum to a power of two, so the
//! table's distribution is exactly the rounded one: within 2^-48 of the true probabilities. Probabilities
//! come from the recurrence that starts at the mode: only `+ − × ÷`, so tables agree on every platform.

/// Thresholds are fractions of 2^48.
const THRESHOLD_BITS: u32 = 48;
const CAPACITY: u64 = 1 << THRESHOLD_BITS;

/// Probabilities below this share of the mode's are cut off (about 10 standard deviations).
const NEGLIGIBLE: f64 = 2e-22;

/// An alias table over the values `first .. first + len`.
#[derive(Clone, Debug)]
pub struct AliasTable {
    /// Per slot: threshold in the upper 48 bits, alias in the lower 16.
    slots: Vec<u64>,
    /// Slots are a power of two: this many bits select one.
    index_bits: u32,
    first: u64,
}

impl AliasTable {
    /// The table of `first + i` with probability proportional to `weights[i]` (at most 65,536 of them, all
    /// finite, none negative, not all zero).
    pub fn new(first: u64, weights: &[f64]) -> Self {
        let index_bits = weights.len().next_power_of_two().trailing_zeros();
        let slots = 1_usize << index_bits;
        let mut mass = integer_weights(weights, CAPACITY << index_bits);
        mass.resize(slots, 0);
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..slots).partition(|&i| mass[i] < CAPACITY);
        let mut table: Vec<u64> = (0..slots as u64)
            .map(|slot| pack(CAPACITY - 1, slot))
            .collect();
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            table[poor] = pack(mass[poor], rich as u64);
            mass[rich] -= CAPACITY - mass[poor];
            if mass[rich] < CAPACITY {
                large.pop();
                small.push(rich);
            }
        }
        Self {
            slots: table,
            index_bits,
            first,
        }
    }

    /// The Poisson distribution with this mean.
    pub fn poisson(mean: f64) -> Self {
        if mean <= 0.0 {
            return Self::new(0, &[1.0]);
        }
        let mode = libm::floor(mean);
        let up = |k: f64| mean / (k + 1.0);
        let down = |k: f64| k / mean;
        Self::from_mode(mode, f64::INFINITY, up, down)
    }

    /// The binomial distribution of `trials` with success probability `share`.
    pub fn binomial(trials: u64, share: f64) -> Self {
        if share <= 0.0 || trials == 0 {
            return Self::new(0, &[1.0]);
        }
        if share >= 1.0 {
            return Self::new(trials, &[1.0]);
        }
        let n = trials as f64;
        let odds = share / (1.0 - share);
        let mode = libm::floor((n + 1.0) * share).min(n);
        let up = |k: f64| (n - k) / (k + 1.0) * odds;
        let down = |k: f64| k / ((n - k + 1.0) * odds);
        Self::from_mode(mode, n, up, down)
    }

    /// Walks from the mode both ways by the ratios of neighbouring probabilities.
    fn from_mode(mode: f64, last: f64, up: impl Fn(f64) -> f64, down: impl Fn(f64) -> f64) -> Self {
        let mut below = Vec::new();
        let (mut k, mut weight) = (mode, 1.0);
        while k > 0.0 {
            weight *= down(k);
            k -= 1.0;
            if weight < NEGLIGIBLE {
                break;
            }
            below.push(weight);
        }
        let first = mode as u64 - below.len() as u64;
        below.reverse();
        let mut weights = below;
        weights.push(1.0);
        let (mut k, mut weight) = (mode, 1.0);
        while k < last {
            weight *= up(k);
            k += 1.0;
            if weight < NEGLIGIBLE {
                break;
            }
            weights.push(weight);
        }
        Self::new(first, &weights)
    }

    /// The value for one random word.
    #[inline]
    pub fn value(&self, word: u64) -> u64 {
        // Two shifts, so that one slot (no index bits) isn't a shift by 64.
        let index = (word >> 1 >> (63 - self.index_bits)) as usize;
        let slot = self.slots[index];
        let keeps = (word & (CAPACITY - 1)) < (slot >> 16);
        let chosen = if keeps { index as u64 } else { slot & 0xffff };
        self.first + chosen
    }

    /// Size of the table in bytes.
    pub fn bytes(&self) -> usize {
        self.slots.len() * 8
    }

    /// The exact probability of each value of the table, in units of 2^-(48 + index bits).
    #[cfg(test)]
    fn masses(&self) -> Vec<u64> {
        let mut masses = vec![0; self.slots.len()];
        for (index, slot) in self.slots.iter().enumerate() {
            let (threshold, alias) = (slot >> 16, (slot & 0xffff) as usize);
            masses[index] += threshold;
            masses[alias] += CAPACITY - threshold;
        }
        masses
    }
}

const fn pack(threshold: u64, alias: u64) -> u64 {
    (threshold << 16) | alias
}

/// Rounds weights to integers that sum to `total`; what rounding leaves over goes to the largest.
fn integer_weights(weights: &[f64], total: u64) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    let scale = total as f64 / sum;
    let mut rounded: Vec<u64> = weights
        .iter()
        .map(|weight| libm::round(weight * scale) as u64)
        .collect();
    let largest = (0..weights.len())
        .max_by(|&a, &b| weights[a].total_cmp(&weights[b]))
        .unwrap_or(0);
    let others: u64 = rounded
        .iter()
        .enumerate()
        .filter(|&(i, _)| i != largest)
        .map(|(_, w)| w)
        .sum();
    if let Some(weight) = rounded.get_mut(largest) {
        *weight = total - others.min(total);
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::{AliasTable, CAPACITY};
    use crate::world::random::{Purpose, ReplicationKey};

    fn probabilities(table: &AliasTable) -> Vec<(u64, f64)> {
        let total = (CAPACITY as f64) * table.slots.len() as f64;
        let masses = table.masses();
        masses
            .iter()
            .enumerate()
            .map(|(i, &m)| (table.first + i as u64, m as f64 / total))
            .collect()
    }

    #[test]
    fn poisson_tables_hold_the_closed_form() {
        for mean in [0.01, 0.5, 1.0, 3.7, 107.0, 5_000.0] {
            for (k, probability) in probabilities(&AliasTable::poisson(mean)) {
                let log = k as f64 * libm::log(mean) - mean - libm::lgamma(k as f64 + 1.0);
                let exact = libm::exp(log);
                assert!(
                    (probability - exact).abs() < 2e-12 + exact * 1e-9,
                    "{mean} {k}: {probability} {exact}"
                );
            }
        }
    }

    #[test]
    fn binomial_tables_hold_the_closed_form() {
        for (trials, share) in [
            (1, 0.3),
            (15, 0.03),
            (240, 0.5),
            (3_840, 0.999),
            (7, 0.0),
            (7, 1.0),
        ] {
            let table = AliasTable::binomial(trials, share);
            let mean: f64 = probabilities(&table)
                .iter()
                .map(|&(k, p)| k as f64 * p)
                .sum();
            let n = trials as f64;
            assert!((mean - n * share).abs() < 1e-8, "{trials} {share}: {mean}");
            let variance: f64 = probabilities(&table)
                .iter()
                .map(|&(k, p)| (k as f64 - mean).powi(2) * p)
                .sum();
            assert!(
                (variance - n * share * (1.0 - share)).abs() < 1e-6,
                "{trials} {share}: {variance}"
            );
        }
    }

    #[test]
    fn draws_follow_the_table() {
        let table = AliasTable::poisson(4.2);
        let mut stream = ReplicationKey::new(3, 0).stream(Purpose::Requests, 0, 0);
        let mut counts = [0_u32; 40];
        for _ in 0..200_000 {
            counts[table.value(stream.next_word()) as usize] += 1;
        }
        let mut chi_square = 0.0;
        for (k, probability) in probabilities(&table) {
            let expected = probability * 200_000.0;
            if expected > 5.0 {
                chi_square += (f64::from(counts[k as usize]) - expected).powi(2) / expected;
            }
        }
        // 15 cells: mean 14, standard deviation 5.3.
        assert!(chi_square < 40.0, "{chi_square}");
    }
}
