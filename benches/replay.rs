//! Whole replications of the article's rollout, beside nothing but the random draws that they need.

use divan::Bencher;
use divan::counter::ItemsCount;
use rollsim::engine::replicate::Replicator;
use rollsim::plan::{Arm, Plan};
use rollsim::world::random::{Purpose, ReplicationKey};
use rollsim::world::requests::FixedMeanSampler;

#[path = "support/scenario.rs"]
mod scenario;
#[path = "support/side_by_side.rs"]
mod side_by_side;

const SEED: u64 = 1;
/// Requests per second: the scenario's own, and a very busy service.
const RATES: [f64; 2] = [50.0, 1e6];
/// Replications that are timed together.
const BATCH: u64 = 100;

fn main() {
    divan::main();
    if side_by_side::wanted() {
        print_ratios();
    }
}

/// An item is a replication.
#[divan::bench(args = RATES)]
fn healthy(bencher: Bencher, rate: f64) {
    replications(bencher, rate, "healthy");
}

/// An item is a replication; nearly all abort at the first gate.
#[divan::bench(args = RATES)]
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
#[divan::bench(args = RATES)]
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

/// The requests of a healthy replication and nothing else, with the plan's own samplers: each of seven pods
/// gets an equal share; 15 scrape intervals of one pod and 30 of two are read one by one, and what lies
/// between is drawn in three blocks.
struct Draws<'p> {
    plan: &'p Plan,
    /// By the power of two of the intervals that are drawn at once.
    fixed: &'p [FixedMeanSampler],
    mean: f64,
    counts: Vec<u64>,
}

impl<'p> Draws<'p> {
    const INTERVALS: i64 = 15 + 2 * 15;
    /// Eight intervals until the first gate, and 32 of both pods until the second.
    const BLOCKS: [usize; 3] = [3, 5, 5];

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
        self.counts.iter().sum()
    }

    fn piece(&mut self, key: ReplicationKey, purpose: Purpose, index: i64, level: usize) {
        let mut stream = key.stream(purpose, 0, index);
        if let Some(fixed) = self.fixed.get(level) {
            fixed.draw(&mut stream, &mut self.counts);
        } else {
            let requests = &self.plan.scrape.requests;
            let mean = self.mean * f64::from(1_u32 << level);
            requests.healthy[0]
                .free
                .draw(&requests.digits, mean, &mut stream, &mut self.counts);
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
fn print_ratios() {
    let plans = RATES.map(plan);
    let mut healthy = plans.each_ref().map(|plan| batch(plan, "healthy"));
    let [healthy_slow, healthy_busy] = &mut healthy;
    let mut faulty = batch(&plans[0], "error-spike");
    let mut draws = plans.each_ref().map(|plan| {
        let mut draws = Draws::new(plan);
        move || {
            for index in 0..BATCH {
                divan::black_box(draws.replication(index));
            }
        }
    });
    let [draws_slow, draws_busy] = &mut draws;
    let [healthy, busy, faulty, draws, busy_draws] = side_by_side::nanoseconds([
        healthy_slow,
        healthy_busy,
        &mut faulty,
        draws_slow,
        draws_busy,
    ]);
    let per_second = |nanoseconds: f64| BATCH as f64 * 1e9 / nanoseconds;
    println!("Side by side, replications per second on one core:");
    println!("  healthy, 50 req/s          {:>9.0}", per_second(healthy));
    println!("  error-spike, 50 req/s      {:>9.0}", per_second(faulty));
    println!("  healthy, 1,000,000 req/s   {:>9.0}", per_second(busy));
    println!("  draws only, 50 req/s       {:>9.0}", per_second(draws));
    println!(
        "  draws only, 1,000,000 req/s{:>9.0}",
        per_second(busy_draws)
    );
    println!("Ratios of time:");
    println!(
        "  healthy / draws only, 50 req/s            {:.2}",
        healthy / draws
    );
    println!(
        "  healthy / draws only, 1,000,000 req/s     {:.2}",
        busy / busy_draws
    );
    println!(
        "  healthy, 1,000,000 req/s / 50 req/s       {:.2}",
        busy / healthy
    );
    println!(
        "  error-spike / healthy, 50 req/s           {:.2}",
        faulty / healthy
    );
}

/// The same replications at every call.
fn batch<'p>(plan: &'p Plan, arm: &str) -> impl FnMut() + 'p {
    let mut replicator = Replicator::new(plan, self::arm(plan, arm), SEED);
    move || {
        for index in 0..BATCH {
            divan::black_box(replicator.run(index));
        }
    }
}
