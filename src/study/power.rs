//! `rollsim power`: how often bad releases are detected, over the service's traffic and the fault's size, and
//! what keeps it from being more often.
//!
//! The grid goes by rows of one rate each: a rate needs a plan of its own, sizes are further arms of it. A
//! [`Study`] is taken row by row by its caller, who knows the clock: it measures a trial first, and keeps
//! what was reached when a later row fails. All rows share the seed.

pub mod exposure;
pub mod grid;
pub mod remedy;
mod thresholds;
pub mod verdict;

use std::cmp::Ordering;
use std::num::NonZeroU64;

use rayon::ThreadPool;

use crate::diagnostics::Diagnostic;
use crate::engine::outcome::Outcome;
use crate::montecarlo::progress::Progress;
use crate::montecarlo::replay;
use crate::montecarlo::tally::Tally;
use crate::plan::build::Built;
use crate::plan::{Arm, ArmKind, Plan};
use crate::report::bound::Bound;
use crate::report::model::{InvalidSpec, RNG, VERSION};
use crate::report::power::{ArmPower, CanaryRequests, FaultSize, Point, PowerReport, SCHEMA};
use crate::scenario::decode::typed;
use crate::scenario::model::{Fault, Scenario};
use crate::scenario::size::Size;
use crate::stats::Estimate;
use crate::stats::proportion::proportion;

use super::bound::{self, BoundSettings, bounds};
use super::failure::Failure;
use super::input::{self, Inputs};
use super::prepare::{Prepared, Ready, prepare};
use super::request::{PowerRequest, RolloutChoice};
use super::run::{assumed, choose_arms};
use super::threads::pool;
use exposure::{Exposure, exposure};
use grid::{Range, Unit, axis, is_same, points, refused};
use remedy::Signs;
use thresholds::Finer;
use verdict::{Evidence, judge};

/// A Rollout that can be replayed, or the report of one that can't.
#[derive(Debug)]
pub enum Begun {
    /// Row by row.
    Ready(Box<Study>),
    /// The controller refuses it.
    Invalid(Box<PowerReport>),
}

/// A power study under way.
#[derive(Debug)]
pub struct Study {
    inputs: Inputs,
    scenario: Scenario,
    arms: Vec<StudiedArm>,
    /// The grid's, and those that were added to it.
    rows: Vec<Row>,
    /// Rows of the grid.
    grid: usize,
    /// Rows done.
    done: usize,
    pool: ThreadPool,
    report: PowerReport,
}

/// Points at one rate.
#[derive(Clone, Debug)]
struct Row {
    rate: f64,
    /// Indices of studied arms with their sizes.
    points: Vec<(usize, Option<f64>)>,
}

/// Points that may be added to an arm's grid where the wanted power is reached.
const MOST_ADDED: usize = 4;

/// One fault arm of the study.
#[derive(Clone, Debug)]
struct StudiedArm {
    fault: Fault,
    size: Option<Size>,
    /// The sizes of its points; one without a number where it has none.
    sizes: Vec<Option<f64>>,
}

impl StudiedArm {
    /// The fault with one of its sizes, under a name of its own unless that is the scenario's.
    fn variant(&self, value: Option<f64>) -> Fault {
        let mut fault = self.fault.clone();
        if let (Some(size), Some(value)) = (self.size, value)
            && !self.is_scenarios(Some(value))
        {
            size.set(&mut fault, value);
            fault.name = format!("{} of {value}", self.fault.name);
        }
        fault
    }

    /// Whether a size is what the scenario says.
    fn is_scenarios(&self, value: Option<f64>) -> bool {
        let scenarios = self.size.and_then(|size| size.value(&self.fault));
        match (value, scenarios) {
            (Some(value), Some(scenarios)) => is_same(value, scenarios),
            _ => true,
        }
    }
}

/// Reads the inputs, puts the Rollout through the gates and lays out the grid.
///
/// # Errors
/// Wrong inputs; a grid that makes no sense; a fault whose size means nothing.
pub fn begin(request: &PowerRequest) -> Result<Begun, Failure> {
    let mut inputs = input::read(&request.inputs)?;
    let choice = request
        .rollout
        .clone()
        .map_or(RolloutChoice::Default, RolloutChoice::Named);
    let rollouts = inputs.rollouts(&choice)?;
    let Some(object) = rollouts.first() else {
        return Err(inputs.failure(Vec::new()));
    };
    let mut report = empty_report(&inputs, request, &object.name);
    let ready = match prepare(&inputs, object)? {
        Prepared::Invalid(invalid) => {
            report.invalid_spec = Some(invalid);
            return Ok(Begun::Invalid(Box::new(report)));
        }
        Prepared::Ready(ready) => ready,
    };
    // Where none was given, from here on the derived one.
    inputs.give_scenario(ready.scenario.clone());
    report.scenario_traffic_per_s = ready.scenario.traffic.rate_per_second;
    let faults = studied_faults(&inputs, &ready.built.plan, request)?;
    let arms = sized(&inputs, faults, request)?;
    let rates = rates(&inputs, request)?;
    fill_in(&mut report, &ready, &arms);
    let row = |rate: f64| Row {
        rate,
        points: all_points(&arms),
    };
    let rows: Vec<Row> = rates.into_iter().map(row).collect();
    Ok(Begun::Ready(Box::new(Study {
        scenario: inputs.scenario.clone(),
        inputs,
        grid: rows.len(),
        rows,
        arms,
        done: 0,
        pool: pool(request.threads)?,
        report,
    })))
}

/// Every arm with each of its sizes.
fn all_points(arms: &[StudiedArm]) -> Vec<(usize, Option<f64>)> {
    let arms = arms.iter().enumerate();
    let points = arms.flat_map(|(index, arm)| arm.sizes.iter().map(move |&size| (index, size)));
    points.collect()
}

fn empty_report(inputs: &Inputs, request: &PowerRequest, rollout: &str) -> PowerReport {
    let montecarlo = &inputs.scenario.montecarlo;
    PowerReport {
        schema: SCHEMA.to_owned(),
        rollsim: VERSION.to_owned(),
        rng: RNG.to_owned(),
        scenario: inputs.scenario_file.clone(),
        seed: request.seed.unwrap_or(montecarlo.seed),
        inputs: inputs.files(),
        assumptions: Vec::new(),
        findings: inputs.findings(),
        replications: request
            .replications
            .map_or(montecarlo.replications, NonZeroU64::get),
        want: request.want,
        false_abort_limit: request.false_aborts,
        complete: false,
        rollout: rollout.to_owned(),
        invalid_spec: None::<InvalidSpec>,
        scenario_traffic_per_s: inputs.scenario.traffic.rate_per_second,
        arms: Vec::new(),
    }
}

fn fill_in(report: &mut PowerReport, ready: &Ready, arms: &[StudiedArm]) {
    let findings = ready.oddities.findings.iter();
    report.findings.extend(findings.cloned());
    report.assumptions = assumed(ready);
    let others =
        "Points with other traffic or another size of the fault differ from this in nothing else.";
    report.assumptions.push(others.to_owned());
    let size = |arm: &StudiedArm| {
        let size = arm.size?;
        Some(FaultSize {
            name: size.name().to_owned(),
            unit: size.unit().to_owned(),
            scenario: size.value(&arm.fault)?,
        })
    };
    report.arms = arms
        .iter()
        .map(|arm| ArmPower {
            name: arm.fault.name.clone(),
            size: size(arm),
            points: Vec::new(),
            minimum_traffic: Vec::new(),
            minimum_effect: Vec::new(),
        })
        .collect();
}

/// The faults that a request names, or all.
fn studied_faults(
    inputs: &Inputs,
    plan: &Plan,
    request: &PowerRequest,
) -> Result<Vec<Fault>, Failure> {
    let chosen = choose_arms(plan, &request.arms)?;
    let is_healthy = |arm: &&&Arm| arm.kind == ArmKind::Healthy;
    if let Some(healthy) = chosen.iter().find(is_healthy)
        && request.arms.contains(&healthy.name)
    {
        let message = format!("`{}` has nothing to detect", healthy.name);
        let help = "name a fault; the healthy arm is replayed beside it for the false aborts";
        return Err(Failure::request(Diagnostic::error(message).with_help(help)));
    }
    let faults = inputs.scenario.faults.iter();
    let faults: Vec<Fault> = faults
        .filter(|fault| chosen.iter().any(|arm| arm.name == fault.name))
        .cloned()
        .collect();
    if faults.is_empty() {
        let diagnostic =
            Diagnostic::error("the scenario has no fault, so there is nothing to detect")
                .with_help("add one, e.g. `faults: {error-spike: {errors: 3%}}`");
        return Err(Failure::request(diagnostic));
    }
    Ok(faults)
}

/// The arms with their sizes.
fn sized(
    inputs: &Inputs,
    faults: Vec<Fault>,
    request: &PowerRequest,
) -> Result<Vec<StudiedArm>, Failure> {
    let Some(text) = &request.fault_size else {
        let arm = |fault: Fault| {
            let size = Size::of(&fault).ok();
            let value = size.and_then(|size| size.value(&fault));
            StudiedArm {
                fault,
                size,
                sizes: vec![value],
            }
        };
        return Ok(faults.into_iter().map(arm).collect());
    };
    let refuse = |diagnostic: Diagnostic| Err(Failure::request(diagnostic));
    let [fault] = faults.as_slice() else {
        let names: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
        let message = format!(
            "--fault-size is of one fault, and there are {}",
            names.join(", ")
        );
        return refuse(Diagnostic::error(message).with_help("choose it with --arm NAME"));
    };
    let size = match Size::of(fault) {
        Ok(size) => size,
        Err(why) => {
            let message = format!("--fault-size: `{}` has no size: {why}", fault.name);
            let help = "choose a fault of errors, latency or memory alone with --arm, or leave --fault-size out";
            return refuse(Diagnostic::error(message).with_help(help));
        }
    };
    let flag = "--fault-size";
    let range = Range::read(text, Unit::AfterDigits, |end| size.read(end));
    let range = match range {
        Ok(range) => range,
        Err(reason) => return refuse(refused(flag, text, &reason, size.example())),
    };
    for end in [range.low, range.high] {
        if let Some(reason) = size.impossible(end, &inputs.scenario.service) {
            return refuse(refused(flag, text, &reason, size.example()));
        }
    }
    let axes = 1 + usize::from(request.traffic.is_some());
    let scenarios = size.value(fault).unwrap_or(range.low);
    let values = axis(range, points(request.points, axes), scenarios);
    Ok(vec![StudiedArm {
        fault: fault.clone(),
        size: Some(size),
        sizes: values.into_iter().map(Some).collect(),
    }])
}

/// The rates of the rows.
fn rates(inputs: &Inputs, request: &PowerRequest) -> Result<Vec<f64>, Failure> {
    let scenarios = inputs.scenario.traffic.rate_per_second;
    let (range, axes) = match (&request.traffic, &request.fault_size) {
        (Some(text), size) => {
            let range = Range::read(text, Unit::AfterSlash, typed::rate).map_err(|reason| {
                Failure::request(refused("--traffic", text, &reason, "0.05..500/s"))
            })?;
            (range, 1 + usize::from(size.is_some()))
        }
        (None, Some(_)) => return Ok(vec![scenarios]),
        (None, None) => (Range::around(scenarios), 1),
    };
    Ok(axis(range, points(request.points, axes), scenarios))
}

impl Study {
    /// How many rows the grid has. A few of one point may follow.
    pub fn rows(&self) -> usize {
        self.grid
    }

    /// Rows done.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Points of a row.
    fn points_in_row(&self) -> usize {
        self.arms.iter().map(|arm| arm.sizes.len()).sum()
    }

    /// Replications of a row: each point's, the healthy arm's, and those with gates held open.
    pub fn replications_in_row(&self) -> u64 {
        let points = self.points_in_row() as u64;
        (points + 1) * self.report.replications + points * self.held_open()
    }

    /// Threads that replay.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Whether a row remains.
    pub fn is_complete(&self) -> bool {
        self.done == self.rows.len()
    }

    /// What was found so far.
    pub fn report(&self) -> &PowerReport {
        &self.report
    }

    /// Lays out a trial at the highest rate, of so many releases of each arm.
    ///
    /// # Errors
    /// As [`Study::next_row`].
    pub fn trial(&mut self, replications: u64) -> Result<Trial<'_>, Failure> {
        let Some(row) = self.rows.get(self.grid.saturating_sub(1)).cloned() else {
            let nothing = Diagnostic::error("the grid has no points");
            return Err(Failure::request(nothing));
        };
        let variants = self.variants(&row).into_iter();
        let names = variants.map(|(.., fault)| fault.name).collect();
        Ok(Trial {
            built: self.plan(&row)?,
            names,
            seed: self.report.seed,
            replications,
            pool: &self.pool,
        })
    }

    /// Replays the next row. If `progress` is told to stop meanwhile, the row isn't done.
    ///
    /// # Errors
    /// What a plan at that rate is refused for.
    pub fn next_row(&mut self, progress: &Progress) -> Result<(), Failure> {
        let Some(row) = self.rows.get(self.done).cloned() else {
            return Ok(());
        };
        if self.done >= self.grid {
            progress.expect(2 * self.report.replications + self.held_open());
        }
        let built = self.plan(&row)?;
        let (plan, rate) = (&built.plan, row.rate);
        let variants = self.variants(&row);
        let names: Vec<String> = variants
            .iter()
            .map(|(_, _, fault)| fault.name.clone())
            .collect();
        let wanted = |arm: &&Arm| arm.kind == ArmKind::Healthy || names.contains(&arm.name);
        let arms: Vec<&Arm> = plan.arms.iter().filter(wanted).collect();
        let settings = BoundSettings {
            replications: self.held_open(),
            seed: self.report.seed,
        };
        let replications = self.report.replications;
        let (tallies, bounds) = self.pool.install(|| {
            let tallies = replay(plan, &arms, settings.seed, replications, progress);
            if progress.is_stopped() {
                return (tallies, Vec::new());
            }
            let bounds = bounds(plan, &arms, &tallies, settings, progress);
            (tallies, bounds)
        });
        if progress.is_stopped() {
            return Ok(());
        }
        let exposure = exposure(plan, self.scenario.prometheus.scrape_interval);
        let find = |name: &str| arms.iter().position(|arm| arm.name == name);
        let healthy = arms.iter().position(|arm| arm.kind == ArmKind::Healthy);
        let false_aborts = healthy.and_then(|index| aborted(&tallies[index]));
        for (arm, size, fault) in &variants {
            let (Some(index), Some(false_aborts)) = (find(&fault.name), false_aborts) else {
                continue;
            };
            let measured = Measured {
                rate,
                tally: &tallies[index],
                false_aborts,
                bound: bounds[index].clone(),
                exposure: &exposure,
            };
            let point = self.point(&self.arms[*arm], *size, fault, measured);
            self.report.arms[*arm].points.extend(point);
        }
        let report = &mut self.report;
        for arm in &mut report.arms {
            let by_place = |one: &Point, other: &Point| {
                let traffic = one.traffic_per_s.total_cmp(&other.traffic_per_s);
                traffic.then(one.size.partial_cmp(&other.size).unwrap_or(Ordering::Equal))
            };
            arm.points.sort_by(by_place);
            thresholds::fill_in(arm, report.want, report.false_abort_limit);
        }
        self.done += 1;
        if self.is_complete() {
            self.rows.extend(self.finer_row());
        }
        self.report.complete = self.is_complete();
        Ok(())
    }

    /// A row of one point where an arm's minimum isn't told closely enough by the points that there are.
    fn finer_row(&self) -> Option<Row> {
        let added = |index: usize| {
            let rows = self.rows[self.grid..].iter();
            rows.filter(|row| row.points.iter().any(|(arm, _)| *arm == index))
                .count()
        };
        let arms = self.report.arms.iter().enumerate();
        let mut rows = arms
            .filter(|(index, _)| added(*index) < MOST_ADDED)
            .filter_map(|(index, arm)| {
                let first = arm.points.first()?;
                let (rate, size) = match thresholds::finer(arm)? {
                    Finer::Traffic(rate) => (rate, first.size),
                    Finer::Size(size) => (first.traffic_per_s, Some(size)),
                };
                Some(Row {
                    rate,
                    points: vec![(index, size)],
                })
            });
        rows.next()
    }

    /// Releases with held-open gates at each point.
    fn held_open(&self) -> u64 {
        self.report.replications.min(bound::REPLICATIONS)
    }

    /// Index of the studied arm, size and fault of each point of a row.
    fn variants(&self, row: &Row) -> Vec<(usize, Option<f64>, Fault)> {
        let variant =
            |&(index, size): &(usize, Option<f64>)| (index, size, self.arms[index].variant(size));
        row.points.iter().map(variant).collect()
    }

    /// The plan of a row, with an arm for each size. The scenario's own arms stay, since what they need to
    /// be told apart is drawn: then its own point has the numbers of a run.
    fn plan(&mut self, row: &Row) -> Result<Box<Built>, Failure> {
        let rate = row.rate;
        let mut scenario = self.scenario.clone();
        scenario.traffic.rate_per_second = rate;
        for (_, _, fault) in self.variants(row) {
            if !scenario.faults.iter().any(|known| known.name == fault.name) {
                scenario.faults.push(fault);
            }
        }
        self.inputs.scenario = scenario;
        let choice = RolloutChoice::Named(self.report.rollout.clone());
        let rollouts = self.inputs.rollouts(&choice)?;
        let refused = || {
            let message = format!("the Rollout can't be replayed at {rate} requests a second");
            Failure::request(
                Diagnostic::error(message).with_help("choose another range of --traffic"),
            )
        };
        let object = rollouts.first().ok_or_else(refused)?;
        match prepare(&self.inputs, object)? {
            Prepared::Ready(ready) => Ok(Box::new(ready.built)),
            Prepared::Invalid(_) => Err(refused()),
        }
    }

    /// One point.
    fn point(
        &self,
        arm: &StudiedArm,
        size: Option<f64>,
        fault: &Fault,
        measured: Measured<'_>,
    ) -> Option<Point> {
        let Measured {
            rate,
            tally,
            false_aborts,
            bound,
            exposure,
        } = measured;
        let n = NonZeroU64::new(tally.replications())?;
        let detected = proportion(tally.detected(), n);
        let signs = Signs::of(fault, &self.scenario.service);
        let (want, limit) = (self.report.want, self.report.false_abort_limit);
        let exposure = Exposure {
            requests: counted(exposure.requests, &bound),
            ..*exposure
        };
        let remedies = signs.map(|signs| signs.remedies(&exposure, rate, want, limit));
        let judged = judge(&Evidence {
            power: detected.estimate,
            false_aborts: false_aborts.estimate,
            want,
            limit,
            bound: &bound,
            requests: exposure.requests,
            smallest_test: remedies
                .as_ref()
                .and_then(|remedies| remedies.metrics.as_ref()?.smallest),
        });
        Some(Point {
            traffic_per_s: rate,
            size,
            size_text: arm.size.zip(size).map(|(kind, value)| kind.show(value)),
            as_in_scenario: is_same(rate, self.scenario.traffic.rate_per_second)
                && arm.is_scenarios(size),
            canary_requests: exposure.requests,
            detected,
            aborted: aborted(tally)?,
            false_aborts,
            bound,
            verdict: judged.verdict.as_ref().ok().copied(),
            no_verdict_because: judged.verdict.err(),
            losses: judged.losses,
            remedies,
        })
    }
}

/// What was measured at a point.
struct Measured<'a> {
    rate: f64,
    tally: &'a Tally,
    false_aborts: Estimate,
    bound: Vec<Bound>,
    exposure: &'a Exposure,
}

/// Aborted by Failed or Error.
fn aborted(tally: &Tally) -> Option<Estimate> {
    let count = tally.outcome(Outcome::AbortedFailed) + tally.outcome(Outcome::AbortedError);
    Some(proportion(count, NonZeroU64::new(tally.replications())?))
}

/// The expected requests, replaced by counted ones where releases were replayed with open gates.
fn counted(mut requests: CanaryRequests, bound: &[Bound]) -> CanaryRequests {
    use crate::report::bound::Scope;
    for bound in bound {
        let Some(counted) = bound.requests else {
            continue;
        };
        match bound.scope {
            Scope::Read => requests.read = counted,
            Scope::LastMeasurement => requests.measured = counted,
            Scope::Promotion => requests.promoted = counted,
        }
    }
    requests
}

/// A few replications for the clock; what they come to is thrown away.
#[derive(Debug)]
pub struct Trial<'s> {
    built: Box<Built>,
    /// The fault arms.
    names: Vec<String>,
    seed: u64,
    replications: u64,
    pool: &'s ThreadPool,
}

impl Trial<'_> {
    /// Replays them and returns how many they were. Below 256 releases of each arm that takes one thread.
    pub fn run(&self) -> u64 {
        let plan = &self.built.plan;
        let arms = plan.arms.iter();
        let wanted = |arm: &&Arm| arm.kind == ArmKind::Healthy || self.names.contains(&arm.name);
        let arms: Vec<&Arm> = arms.filter(wanted).collect();
        let progress = Progress::new();
        self.pool
            .install(|| replay(plan, &arms, self.seed, self.replications, &progress));
        self.replications * arms.len() as u64
    }
}
