//! Whole replications of the article's rollout, beside nothing but the random draws that they need.

use divan::Bencher;
use divan::counter::ItemsCount;
use rollsim::engine::replicate::Replicator;
use rollsim::plan::{Arm, Plan};
use rollsim::world::random::{Purpose, ReplicationKey};
use rollsim::world::requests::FixedMeanSampler;

#[path = "support/cpu_time.rs"]
mod cpu_time;
#[path = "support/scenario.rs"]
mod scenario;

const SEED: u64 = 1;
/// Requests per second: the scenario's own, and a very busy service.
const RATES: [f64; 2] = [50.0, 1e6];
/// Replications that are timed together.
const BATCH: u64 = 20;
/// Replications of each thread when two threads are compared with one.
const PER_THREAD: u64 = 10_000;

fn main() {
    divan::main();
    // `cargo test --benches` only wants to see that everything runs.
    if std::env::args().any(|argument| argument == "--bench") {
        print_figures();
    }
}

/// An item is a replication.
#[divan::bench(args = RATES, sample_size = 50)]
fn healthy(bencher: Bencher, rate: f64) {
    replications(bencher, rate, "healthy");
}

/// An item is a replication; nearly all abort at the first gate.
#[divan::bench(args = RATES, sample_size = 50)]
fn error_spike(bencher: Bencher, rate: f64) {
    replications(bencher, rate, "error-spike");
}

fn replications(bencher: Bencher, rate: f64, arm: &str) {
    let plan = plan(rate);
    let mut replicator = Replicator::new(&plan, self::arm(&plan, arm), SEED);
    let mut index = 0;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        index += 1;
        replicator.run(index)
    });
}

/// An item is what a healthy replication draws.
#[divan::bench(args = RATES, sample_size = 50)]
fn draws_only(bencher: Bencher, rate: f64) {
    let plan = plan(rate);
    let mut draws = Draws::new(&plan);
    let mut index = 0;
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        index += 1;
        draws.replication(index)
    });
}

fn plan(rate: f64) -> Plan {
    scenario::built("article", Some(rate)).plan
}

fn arm<'p>(plan: &'p Plan, name: &str) -> &'p Arm {
    let arm = plan.arms.iter().find(|arm| arm.name == name);
    arm.expect("the scenario has this arm")
}

/// The requests of a healthy replication and nothing else, with the plan's own samplers and keys as in a
/// replication: each of seven pods gets an equal share; 15 scrape intervals of one pod and 30 of two are read one
/// by one, what lies between is drawn in three blocks, and where the rate changes inside an interval its parts
/// are drawn for their own means.
struct Draws<'p> {
    plan: &'p Plan,
    /// By the power of two of the intervals that are drawn at once.
    fixed: &'p [FixedMeanSampler],
    mean: f64,
    counts: Vec<u64>,
    /// Random words so far.
    words: u64,
}

impl<'p> Draws<'p> {
    const INTERVALS: i64 = 15 + 2 * 15;
    /// Eight intervals until the first gate, and 32 of both pods until the second.
    const BLOCKS: [usize; 3] = [3, 5, 5];
    /// On average there are 5.6.
    const PARTS: i64 = 6;

    fn new(plan: &'p Plan) -> Self {
        let requests = &plan.scrape.requests;
        let per_ms = plan.world.rate_per_second / 1_000.0 / 7.0;
        let class = plan.world.known_rates.class(per_ms);
        let class = class.expect("the plan foresees seven pods");
        Self {
            plan,
            fixed: &requests.healthy[0].fixed[usize::from(class)],
            mean: per_ms * requests.scrape_interval_ms as f64,
            counts: vec![0; requests.atoms],
            words: 0,
        }
    }

    fn replication(&mut self, index: u64) -> u64 {
        let key = ReplicationKey::new(SEED, index);
        self.counts.fill(0);
        for interval in 0..Self::INTERVALS {
            self.piece(key, Purpose::Requests, interval, 0);
        }
        for (block, level) in (0..).zip(Self::BLOCKS) {
            self.piece(key, Purpose::RequestBlock, block, level);
        }
        for part in 0..Self::PARTS {
            let mean = self.mean * (part as f64 + 0.5) / Self::PARTS as f64;
            self.part(key, part, mean);
        }
        self.counts.iter().sum()
    }

    fn piece(&mut self, key: ReplicationKey, purpose: Purpose, index: i64, level: usize) {
        let Some(fixed) = self.fixed.get(level) else {
            return self.part(key, index, self.mean * f64::from(1_u32 << level));
        };
        let start = key.stream(purpose, 0, index);
        let mut stream = start.clone();
        fixed.draw(&mut stream, &mut self.counts);
        self.words += stream.words_since(&start);
    }

    fn part(&mut self, key: ReplicationKey, index: i64, mean: f64) {
        let requests = &self.plan.scrape.requests;
        let start = key.stream(Purpose::Requests, 1, index);
        let mut stream = start.clone();
        let free = &requests.healthy[0].free;
        free.draw(&requests.digits, mean, &mut stream, &mut self.counts);
        self.words += stream.words_since(&start);
    }

    /// Random words of a replication, on average over a thousand.
    fn words_per_replication(&mut self) -> f64 {
        self.words = 0;
        for index in 0..1_000 {
            self.replication(index);
        }
        self.words as f64 / 1_000.0
    }
}

#[expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
fn print_figures() {
    let plans = RATES.map(plan);
    let [healthy, busy] = &plans;
    let mut draws = plans.each_ref().map(Draws::new);
    let words = draws.each_mut().map(Draws::words_per_replication);
    let [draws, busy_draws] = draws.map(|mut draws| batches(move |index| draws.replication(index)));
    let works: [(&str, &mut dyn FnMut()); 5] = [
        ("healthy, 50 req/s", &mut batch(healthy, "healthy")),
        ("error-spike, 50 req/s", &mut batch(healthy, "error-spike")),
        ("healthy, 1000000 req/s", &mut batch(busy, "healthy")),
        ("draws only, 50 req/s", &mut { draws }),
        ("draws only, 1000000 req/s", &mut { busy_draws }),
    ];
    let (names, works): (Vec<&str>, Vec<&mut dyn FnMut()>) = works.into_iter().unzip();
    let Ok(works) = <[&mut dyn FnMut(); 5]>::try_from(works) else {
        return;
    };
    let rates = cpu_time::rates(works);
    println!(
        "Replications per second of one core (processor time), median [slowest to fastest of 7 runs]:"
    );
    for (name, rate) in names.iter().zip(rates) {
        let [slowest, median, fastest] =
            [rate.slowest, rate.median, rate.fastest].map(|rate| rate * BATCH as f64);
        println!("  {name:<26} {median:>9.0}  [{slowest:.0} to {fastest:.0}]");
    }
    let [healthy_rate, _, busy_rate, draws, busy_draws] = rates.map(|rate| rate.median);
    println!(
        "Random words per replication: {:.0} at 50 req/s, {:.0} at 1000000.",
        words[0], words[1]
    );
    println!("Ratios of time:");
    for (name, ratio) in [
        ("healthy / draws only, 50 req/s", draws / healthy_rate),
        (
            "healthy / draws only, 1000000 req/s",
            busy_draws / busy_rate,
        ),
        ("healthy, 1000000 / 50 req/s", healthy_rate / busy_rate),
        ("one thread / two threads", two_threads(healthy)),
    ] {
        println!("  {name:<36} {ratio:.2}");
    }
}

/// How much more two threads do than one in the same time of the wall clock.
fn two_threads(plan: &Plan) -> f64 {
    let work = |first: u64| {
        let mut replicator = Replicator::new(plan, arm(plan, "healthy"), SEED);
        for index in first..first + PER_THREAD {
            divan::black_box(replicator.run(index));
        }
    };
    let one = cpu_time::shortest(|| work(0));
    let two = cpu_time::shortest(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| work(0));
            work(PER_THREAD);
        });
    });
    2.0 * one.as_secs_f64() / two.as_secs_f64()
}

fn batch<'p>(plan: &'p Plan, arm: &str) -> impl FnMut() + 'p {
    let mut replicator = Replicator::new(plan, self::arm(plan, arm), SEED);
    batches(move |index| replicator.run(index))
}

/// The next [`BATCH`] replications at every call.
fn batches<R>(mut replicate: impl FnMut(u64) -> R) -> impl FnMut() {
    let mut next = 0;
    move || {
        for index in next..next + BATCH {
            divan::black_box(replicate(index));
        }
        next += BATCH;
    }
}
