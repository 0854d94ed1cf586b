//! How the service's rate changes with time: a profile (a day's cosine, a ramp, steps, a recording), bursts,
//! and a gamma factor a minute.
//!
//! The three multiply. All pods share the result, since it belongs to the users and not to a pod. Given the
//! rate, arrivals are Poisson, so the count of a stretch of time is Poisson with the rate's integral for its
//! mean, and thinning to versions, pods, statuses and buckets stays exact.
//!
//! Each factor is a function of the replication and the time alone, so the [`Timeline`] of a replication is
//! the same whoever asks for which part of it.

use rand_distr::{Distribution, Gamma};

use super::random::{Purpose, ReplicationKey};

const MINUTE_MS: i64 = 60_000;

/// The rate's course, compiled. Factors multiply the rate that routing gives a pod.
#[derive(Clone, Debug)]
pub struct Modulation {
    /// What is known beforehand.
    pub profile: Option<Profile>,
    /// A two-state chain.
    pub bursts: Option<TwoState>,
    /// A gamma factor for each minute of the clock.
    pub gamma: Option<GammaMinutes>,
}

/// A course of levels, each until the next.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Where a level begins, in milliseconds of the profile's own time, rising, and its factor. The first holds
    /// before its beginning too, unless the profile repeats.
    levels: Vec<(i64, f64)>,
    /// The integral of the factor from the first level to the beginning of each, in milliseconds.
    sums: Vec<f64>,
    /// It starts again after so long.
    period_ms: Option<i64>,
    /// Where in it the update starts.
    start: ProfileStart,
}

/// Where in a profile the update starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileStart {
    /// There, in milliseconds.
    At(i64),
    /// A whole minute from 0 up to so many milliseconds, drawn for each replication.
    Random(i64),
}

/// The factor is 1 in calm and higher in bursts; both last exponentially long.
#[derive(Clone, Copy, Debug)]
pub struct TwoState {
    /// Of a burst.
    pub factor: f64,
    /// Mean length of calm and of a burst, milliseconds.
    pub mean_ms: [f64; 2],
}

/// Counts per minute have `overdispersion` times the variance of Poisson counts, given the minute's rate.
#[derive(Clone, Copy, Debug)]
pub struct GammaMinutes {
    /// More than 1.
    pub overdispersion: f64,
    /// Requests of a minute at the service where the profile's factor is 1.
    pub per_minute: f64,
}

impl Profile {
    /// Levels by rising time, of which there is at least one; a profile that repeats begins at 0.
    pub fn new(levels: Vec<(i64, f64)>, period_ms: Option<i64>, start: ProfileStart) -> Self {
        let mut sum = 0.0;
        let mut before: Option<(i64, f64)> = None;
        let sums = levels.iter().map(|&(from, factor)| {
            sum += before.map_or(0.0, |(began, factor)| factor * (from - began) as f64);
            before = Some((from, factor));
            sum
        });
        let sums = sums.collect();
        Self {
            levels,
            sums,
            period_ms,
            start,
        }
    }

    /// The factor at an instant of the profile's time, and how long it lasts.
    fn at(&self, time_ms: i64) -> (f64, i64) {
        let place = self.period_ms.map_or(time_ms, |p| time_ms.rem_euclid(p));
        let next = self.levels.partition_point(|(from, _)| *from <= place);
        let factor = self.levels[next.saturating_sub(1)].1;
        let end = self.levels.get(next).map(|(from, _)| *from);
        let end = end.or(self.period_ms).unwrap_or(i64::MAX);
        let lasts = end.saturating_sub(place);
        (factor, lasts)
    }

    /// The integral of the factor over `[from_ms, until_ms)` of the profile's time, in milliseconds.
    fn integral(&self, from_ms: i64, until_ms: i64) -> f64 {
        self.integral_to(until_ms) - self.integral_to(from_ms)
    }

    /// The same from the beginning of the first level on.
    fn integral_to(&self, time_ms: i64) -> f64 {
        let (periods, place) = self.period_ms.map_or((0, time_ms), |period| {
            (time_ms.div_euclid(period), time_ms.rem_euclid(period))
        });
        let within = |place: i64| {
            let next = self.levels.partition_point(|(from, _)| *from <= place);
            let index = next.saturating_sub(1);
            let (from, factor) = self.levels[index];
            self.sums[index] + factor * (place - from) as f64
        };
        let whole = self.period_ms.map_or(0.0, within);
        periods as f64 * whole + within(place)
    }

    /// Where in it the update starts, if that isn't left to chance.
    fn start_ms(&self) -> Option<i64> {
        match self.start {
            ProfileStart::At(start) => Some(start),
            ProfileStart::Random(_) => None,
        }
    }
}

impl TwoState {
    /// The mean of the factor.
    pub fn mean(&self) -> f64 {
        let [calm, burst] = self.mean_ms;
        1.0 + (self.factor - 1.0) * burst / (calm + burst)
    }
}

impl GammaMinutes {
    /// The factor of a minute with so many requests on average: mean 1 and shape `μ/(overdispersion − 1)`.
    ///
    /// The variance of the counts is then `μ + μ²/k = overdispersion · μ`; of a share `w` of the traffic it is
    /// `1 + w·(overdispersion − 1)` times the mean.
    fn factor(&self, key: ReplicationKey, minute: i64, profile_factor: f64) -> f64 {
        let shape = self.per_minute * profile_factor / (self.overdispersion - 1.0);
        let Ok(gamma) = Gamma::new(shape, 1.0 / shape) else {
            // Nobody comes in this minute anyway.
            return 1.0;
        };
        gamma.sample(&mut key.stream(Purpose::Burst, 0, minute))
    }
}

impl Modulation {
    /// The mean of the integral of the factor over a stretch, in milliseconds.
    pub fn expected(&self, update_ms: i64, from_ms: i64, until_ms: i64) -> f64 {
        if until_ms <= from_ms {
            return 0.0;
        }
        let profile = match &self.profile {
            // Any place of the profile is as likely as any other.
            Some(profile) => match (profile.start_ms(), profile.period_ms) {
                (Some(start), _) => {
                    let shift = start - update_ms;
                    profile.integral(from_ms + shift, until_ms + shift)
                }
                (None, Some(period)) => {
                    profile.integral(0, period) / period as f64 * (until_ms - from_ms) as f64
                }
                (None, None) => (until_ms - from_ms) as f64,
            },
            None => (until_ms - from_ms) as f64,
        };
        profile * self.bursts.as_ref().map_or(1.0, TwoState::mean)
    }
}

/// The factor of one replication over time, made as far as somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    key: Option<ReplicationKey>,
    /// What is added to an instant to get the profile's time.
    profile_shift_ms: i64,
    /// Where the chain changes its state, by rising time, and whether a burst begins.
    switches: Vec<(i64, bool)>,
    /// The end of the last state in exact milliseconds since the update, and its number.
    chain_ms: f64,
    chain_index: i64,
    update_ms: i64,
    /// Where a factor begins, by rising time.
    pieces: Vec<(i64, f64)>,
    /// The end of the last piece.
    until_ms: i64,
}

impl Timeline {
    /// Starts anew for a replication in which nothing before `from_ms` is drawn in detail.
    pub fn reset(
        &mut self,
        modulation: &Modulation,
        key: ReplicationKey,
        update_ms: i64,
        from_ms: i64,
    ) {
        self.key = Some(key);
        self.update_ms = update_ms;
        self.pieces.clear();
        self.until_ms = from_ms;
        if let Some(profile) = &modulation.profile {
            let start = profile.start_ms().unwrap_or_else(|| {
                let ProfileStart::Random(below) = profile.start else {
                    return 0;
                };
                let minutes = (below / MINUTE_MS).max(1);
                let mut stream = key.stream(Purpose::ProfileStart, 0, 0);
                MINUTE_MS * stream.next_below(minutes.unsigned_abs()).cast_signed()
            });
            self.profile_shift_ms = start - update_ms;
        }
        if let Some(chain) = &modulation.bursts {
            self.begin_chain(chain, key, from_ms);
        }
    }

    /// The chain is in equilibrium at the update; a chain of two states looks the same backwards.
    fn begin_chain(&mut self, chain: &TwoState, key: ReplicationKey, from_ms: i64) {
        self.switches.clear();
        let share = chain.mean_ms[1] / (chain.mean_ms[0] + chain.mean_ms[1]);
        let mut stream = key.stream(Purpose::BurstState, 0, 0);
        let burst = stream.next_unit() < share;
        let (mut before, mut state, mut index) = (0.0, burst, -1);
        while self.update_ms as f64 + before > from_ms as f64 {
            before -= length_ms(chain, key, state, index);
            self.switches
                .push((self.update_ms + libm::floor(before) as i64, state));
            state = !state;
            index -= 1;
        }
        self.switches.push((i64::MIN, state));
        self.switches.reverse();
        self.chain_ms = 0.0;
        self.chain_index = 0;
        self.extend_chain(chain, key, burst);
    }

    /// The next change of state, which ends one that is a burst or not.
    fn extend_chain(&mut self, chain: &TwoState, key: ReplicationKey, burst: bool) {
        self.chain_ms += length_ms(chain, key, burst, self.chain_index);
        self.chain_index += 1;
        let at = self.update_ms + libm::floor(self.chain_ms) as i64;
        self.switches.push((at, !burst));
    }

    /// Whether there is a burst at an instant, and until when.
    fn chain_at(&mut self, chain: &TwoState, key: ReplicationKey, at_ms: i64) -> (bool, i64) {
        while let Some(&(last, burst)) = self.switches.last()
            && last <= at_ms
        {
            self.extend_chain(chain, key, burst);
        }
        let next = self.switches.partition_point(|(from, _)| *from <= at_ms);
        (self.switches[next - 1].1, self.switches[next].0)
    }

    fn extend(&mut self, modulation: &Modulation, until_ms: i64) {
        let Some(key) = self.key else { return };
        while self.until_ms < until_ms {
            let at = self.until_ms;
            let (mut factor, mut end) = (1.0, i64::MAX);
            if let Some(profile) = &modulation.profile {
                let (level, lasts) = profile.at(at + self.profile_shift_ms);
                factor *= level;
                end = end.min(at.saturating_add(lasts));
            }
            if let Some(chain) = &modulation.bursts {
                let (burst, until) = self.chain_at(chain, key, at);
                factor *= if burst { chain.factor } else { 1.0 };
                end = end.min(until);
            }
            if let Some(gamma) = &modulation.gamma {
                let minute = at.div_euclid(MINUTE_MS);
                let from = minute * MINUTE_MS;
                let level = modulation.profile.as_ref().map_or(1.0, |profile| {
                    let from = from + self.profile_shift_ms;
                    profile.integral(from, from + MINUTE_MS) / MINUTE_MS as f64
                });
                factor *= gamma.factor(key, minute, level);
                end = end.min(from + MINUTE_MS);
            }
            self.pieces.push((at, factor));
            // What never ends needn't be extended again.
            self.until_ms = end;
        }
    }

    /// The mean of the integral over a stretch, whatever this replication's is.
    pub fn expected(&self, modulation: &Modulation, from_ms: i64, until_ms: i64) -> f64 {
        modulation.expected(self.update_ms, from_ms, until_ms)
    }

    /// The integral of the factor over `[from_ms, until_ms)`, in milliseconds: what multiplies a pod's rate for
    /// the mean of its requests.
    pub fn integral(&mut self, modulation: &Modulation, from_ms: i64, until_ms: i64) -> f64 {
        self.extend(modulation, until_ms);
        let first = self.pieces.partition_point(|(from, _)| *from <= from_ms);
        let (mut at, mut sum) = (from_ms, 0.0);
        for index in first.saturating_sub(1)..self.pieces.len() {
            let next = self.pieces.get(index + 1).map_or(i64::MAX, |piece| piece.0);
            let end = next.min(until_ms);
            if end > at {
                sum += self.pieces[index].1 * (end - at) as f64;
                at = end;
            }
            if end == until_ms {
                break;
            }
        }
        sum
    }
}

/// How long state number `index` lasts: states from the update on have numbers from 0, those before it negative
/// ones. What is left of a state and what is over of it are exponential alike.
fn length_ms(chain: &TwoState, key: ReplicationKey, burst: bool, index: i64) -> f64 {
    let mut stream = key.stream(Purpose::BurstState, 1, index);
    let unit = stream.next_unit();
    -chain.mean_ms[usize::from(burst)] * libm::log1p(-unit)
}

#[cfg(test)]
mod tests;
