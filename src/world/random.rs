//! Addressed randomness: every draw has a key made of (seed, replication, whose, when, what for).
//!
//! Keys are hashed with SplitMix64's finaliser (Steele, Lea and Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014); word `i` of a stream is the finaliser of `key + i·γ`, so words can be taken in
//! any order. Opening a stream costs as much as one draw.

use std::convert::Infallible;

use rand::rand_core::TryRng;

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// [`GAMMA`] times this is 1.
const GAMMA_INVERSE: u64 = 0xf1de_83e1_9937_733d;

/// SplitMix64's finaliser: a bijection of the 64-bit words that spreads every bit.
const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// What a draw is for. The numbers are part of the random number format: changing one changes results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Fraction of a second at which the update starts.
    StartFraction = 1,
    /// A pod's time to ready.
    ReadyAfter = 2,
    /// A target's scrape phase.
    ScrapePhase = 3,
    /// A target's discovery delay.
    Discovery = 4,
    /// Whether a scrape fails.
    ScrapeFailure = 5,
    /// Noise of a gauge at a scrape.
    GaugeNoise = 6,
    /// Healthy requests of one piece of a scrape interval.
    Requests = 7,
    /// Healthy requests of a block of scrape intervals that no query reads one by one.
    RequestBlock = 8,
    /// What a fault does to the requests of one piece of a scrape interval.
    Fault = 9,
    /// What a fault does to the requests of a block.
    FaultBlock = 10,
    /// Requests after a missed bad release.
    AfterMiss = 11,
    /// A target's baseline before anything is read.
    Baseline = 12,
    /// How long a person takes to act: owner is the rule's place in the scenario, index its occasion.
    Reaction = 13,
    /// Resampling of a study's results.
    Bootstrap = 20,
    /// How requests of a block spread over its scrapes, where somebody wants to see them.
    Filling = 14,
    /// When a group of recording rules is evaluated: owner is the group.
    RulePhase = 15,
    /// How long a scrape takes.
    ScrapeDuration = 16,
    /// When an exporter with timestamps of its own looks.
    StampPhase = 17,
    /// What it sees then.
    StampNoise = 18,
    /// What a minute's rate of requests is multiplied by.
    Burst = 19,
    /// Which pod a probe reaches and what a healthy version answers: owner is the probe, index the instant.
    Probe = 32,
    /// What a fault makes of a probe's requests.
    ProbeFault = 33,
    /// How long a probe takes, and whether it fails for no reason.
    ProbeChance = 34,
    /// Where in a day or a recording the update starts.
    ProfileStart = 21,
    /// Whether the update starts in a burst (owner 0), and how long calm and bursts last (owner 1).
    BurstState = 22,
    /// How long a new weight takes to reach the router: index is the change.
    Propagation = 23,
}

/// Key of one replication of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicationKey(u64);

impl ReplicationKey {
    /// The key of replication `replication` under `seed`.
    pub const fn new(seed: u64, replication: u64) -> Self {
        Self(mix(
            mix(seed.wrapping_add(GAMMA)).wrapping_add(replication.wrapping_mul(GAMMA))
        ))
    }

    /// The stream for one purpose of one owner (a pod, say) at one index (a scrape, say).
    ///
    /// `owner` uses 20 bits and `index` 36; higher bits are ignored, so callers keep within them.
    pub const fn stream(self, purpose: Purpose, owner: u32, index: i64) -> Stream {
        let packed = ((purpose as u64) << 56)
            | ((owner as u64 & 0xf_ffff) << 36)
            | (index as u64 & 0xf_ffff_ffff);
        Stream {
            state: mix(self
                .0
                .wrapping_add(packed.wrapping_mul(0xd134_2543_de82_ef95))),
        }
    }
}

/// A stream of words that belongs to one address.
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

impl Stream {
    /// The next 64 random bits.
    #[inline]
    pub fn next_word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// How many words were drawn since the stream was as `start`, of which it is a copy.
    pub const fn words_since(&self, start: &Self) -> u64 {
        self.state
            .wrapping_sub(start.state)
            .wrapping_mul(GAMMA_INVERSE)
    }

    /// Another stream that starts from here; the words of this one stay as they are.
    #[must_use]
    pub const fn fork(&self) -> Self {
        Self {
            state: mix(self.state ^ 0x5851_f42d_4c95_7f2d),
        }
    }

    /// A number in [0, 1) with 53 random bits.
    #[inline]
    pub fn next_unit(&mut self) -> f64 {
        (self.next_word() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// An integer in [0, `bound`), unbiased to 2^-64.
    #[inline]
    pub fn next_below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_word()) * u128::from(bound)) >> 64) as u64
    }
}

/// Lets the distributions of `rand_distr` draw what is drawn once per pod or per replication.
impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.next_word() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_word())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, ReplicationKey};

    /// Pins the format: these words may only change together with the result's `rng` version.
    #[test]
    fn words_are_stable() {
        let mut stream = ReplicationKey::new(1, 0).stream(Purpose::Requests, 3, 17);
        let words = [stream.next_word(), stream.next_word()];
        assert_eq!(
            words,
            [10_671_114_930_020_881_783, 8_054_645_243_044_033_523]
        );
    }

    #[test]
    fn words_are_counted() {
        let start = ReplicationKey::new(1, 0).stream(Purpose::Requests, 3, 17);
        let mut stream = start.clone();
        for count in 0..5 {
            assert_eq!(stream.words_since(&start), count);
            stream.next_word();
        }
    }

    #[test]
    fn addresses_differ_in_every_part() {
        let key = ReplicationKey::new(7, 1);
        let first = |key: ReplicationKey, purpose, owner, index| {
            key.stream(purpose, owner, index).next_word()
        };
        let words = [
            first(key, Purpose::Requests, 0, 0),
            first(key, Purpose::Requests, 0, 1),
            first(key, Purpose::Requests, 0, -1),
            first(key, Purpose::Requests, 1, 0),
            first(key, Purpose::Fault, 0, 0),
            first(ReplicationKey::new(7, 2), Purpose::Requests, 0, 0),
            first(ReplicationKey::new(8, 1), Purpose::Requests, 0, 0),
        ];
        for (index, word) in words.iter().enumerate() {
            assert!(!words[..index].contains(word));
        }
    }

    /// The first word of consecutive addresses must look uniform, not only the words of one stream.
    #[test]
    fn first_words_of_neighbouring_addresses_are_uniform() {
        let mut counts = [0_u32; 256];
        for replication in 0..64 {
            let key = ReplicationKey::new(1, replication);
            for index in 0..1_024 {
                counts[(key.stream(Purpose::Requests, 5, index).next_word() >> 56) as usize] += 1;
            }
        }
        let chi_square: f64 = counts
            .iter()
            .map(|&n| (f64::from(n) - 256.0).powi(2) / 256.0)
            .sum();
        // 255 degrees of freedom: mean 255, standard deviation 22.6.
        assert!((150.0..380.0).contains(&chi_square), "{chi_square}");
    }
}
