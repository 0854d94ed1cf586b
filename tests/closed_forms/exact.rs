//! What the model comes to, computed without the simulator.

use rand_distr::{Distribution, Poisson};
use rollsim::world::random::{Purpose, ReplicationKey, Stream};

use super::model::Case;

/// P(Poisson(mean) = k) for k = 0, 1, …, until nothing is left.
pub fn poisson(mean: f64) -> Vec<f64> {
    let last = mean + 12.0 * mean.sqrt() + 40.0;
    let log = |k: f64| k * mean.ln() - mean - libm::lgamma(k + 1.0);
    let counts = (0..).map(f64::from).take_while(|k| *k <= last);
    counts
        .map(|k| {
            if mean > 0.0 {
                log(k).exp()
            } else {
                f64::from(u8::from(k == 0.0))
            }
        })
        .collect()
}

/// The probability that one window fails `ok/all >= 0.99`, from the least to the most that it can be: an exact
/// tie of the two is decided by the floating point of the query. No request at all fails too.
pub fn failing_window(requests: f64, error_share: f64) -> (f64, f64) {
    // Requests and errors are independent Poisson counts of successes and errors.
    let (errors, successes) = (
        poisson(requests * error_share),
        poisson(requests * (1.0 - error_share)),
    );
    let (mut fails, mut ties) = (0.0, 0.0);
    for (failed, p_failed) in errors.iter().enumerate() {
        for (fine, p_fine) in successes.iter().enumerate() {
            let all = failed + fine;
            if all == 0 || 100 * fine < 99 * all {
                fails += p_failed * p_fine;
            } else if 100 * fine == 99 * all {
                ties += p_failed * p_fine;
            }
        }
    }
    (fails, fails + ties)
}

/// P(Binomial(n, q) > limit).
pub fn more_than(limit: u32, n: u32, q: f64) -> f64 {
    let choose = |k: u32| (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
    (limit + 1..=n)
        .map(|k| choose(k) * q.powi(k as i32) * (1.0 - q).powi((n - k) as i32))
        .sum()
}

/// The probability of an abort at either gate.
pub fn either_gate(first: f64, second: f64) -> f64 {
    first + (1.0 - first) * second
}

/// Windows that don't overlap: the probability of an abort from the least to the most that it can be.
pub fn independent_windows(case: &Case<'_>) -> (f64, f64) {
    let gates = case.requests_per_scrape().map(|requests| {
        let (low, high) = failing_window(7.0 * requests, case.error_percent / 100.0);
        let gate = |q| more_than(case.failure_limit, case.count, q);
        (gate(low), gate(high))
    });
    let [(low1, high1), (low2, high2)] = gates;
    (either_gate(low1, low2), either_gate(high1, high2))
}

/// No errors at all: of five windows of seven intervals, two intervals apart, at least four hold no request.
pub fn empty_windows(case: &Case<'_>) -> f64 {
    let gate = |m: f64| 2.0 * (-13.0 * m).exp() - (-15.0 * m).exp();
    let [first, second] = case.requests_per_scrape().map(gate);
    either_gate(first, second)
}

/// Another simulation of the model, of nothing but counts per scrape interval, for windows that overlap: how
/// many of `n` releases are aborted, at the first gate and in all.
pub fn overlapping_windows(case: &Case<'_>, n: u64) -> (u64, u64) {
    let (mut at_first, mut all) = (0, 0);
    let share = case.error_percent / 100.0;
    let means = case.requests_per_scrape();
    let gates = means.map(|mean| [mean * (1.0 - share), mean * share].map(counts));
    for replication in 0..n {
        let key = ReplicationKey::new(0x0dd_5eed, replication);
        let mut stream = key.stream(Purpose::StartFraction, 1, 1);
        for (index, gate) in gates.iter().enumerate() {
            if aborts(gate, &mut stream) {
                at_first += u64::from(index == 0);
                all += 1;
                break;
            }
        }
    }
    (at_first, all)
}

fn counts(mean: f64) -> Option<Poisson<f64>> {
    Poisson::new(mean).ok()
}

/// Five windows of seven intervals, each two intervals after the one before; four must fail.
fn aborts([fine, failed]: &[Option<Poisson<f64>>; 2], stream: &mut Stream) -> bool {
    let mut draw = |counts: &Option<Poisson<f64>>| {
        counts
            .as_ref()
            .map_or(0, |counts| counts.sample(stream) as u64)
    };
    let intervals: [(u64, u64); 15] = std::array::from_fn(|_| (draw(fine), draw(failed)));
    let fails = |from: usize| {
        let window = &intervals[from..from + 7];
        let fine: u64 = window.iter().map(|interval| interval.0).sum();
        let all: u64 = fine + window.iter().map(|interval| interval.1).sum::<u64>();
        all == 0 || 100 * fine < 99 * all
    };
    (0..5).filter(|k| fails(2 * k)).count() >= 4
}
