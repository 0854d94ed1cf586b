//! What a service's traffic lets gates see: the result of `rollsim power` as data (`rollsim/power/v1`,
//! explained in `docs/output.md`) and its forms.
//!
//! Like a run's result it holds nothing of the machine, and fields are added, never renamed.

mod csv;
mod curve;
mod remedies;
mod text;

use serde::{Deserialize, Serialize};

use super::bound::{Bound, Scope};
use super::model::{FindingEntry, Input, InvalidSpec};
use crate::stats::Estimate;
use crate::stats::crossing::Crossing;
use crate::stats::smoke_test::SmokeTest;

pub use csv::render as csv;
pub use text::render as text;
pub(super) use text::{rate, shown_size};

/// The form's name.
pub const SCHEMA: &str = "rollsim/power/v1";

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PowerReport {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of rollsim that wrote it.
    pub rollsim: String,
    /// The addressing scheme of random draws.
    pub rng: String,
    /// The scenario file as given.
    pub scenario: Option<String>,
    /// The seed; all points share it, so they see the same phases, delays and words of randomness.
    pub seed: u64,
    /// Every file read.
    pub inputs: Vec<Input>,
    /// What was assumed because nobody said otherwise.
    pub assumptions: Vec<String>,
    /// What is odd about the manifests.
    pub findings: Vec<FindingEntry>,
    /// Replications of each arm at each point.
    pub replications: u64,
    /// The wanted detection probability.
    pub want: f64,
    /// The false-abort probability that is put up with.
    pub false_abort_limit: f64,
    /// Whether all points were reached; if not, what was reached is here.
    pub complete: bool,
    /// The Rollout.
    pub rollout: String,
    /// Some when the controller refuses it: then nothing was simulated.
    pub invalid_spec: Option<InvalidSpec>,
    /// The scenario's own traffic, in requests per second.
    pub scenario_traffic_per_s: f64,
    /// The fault arms.
    pub arms: Vec<ArmPower>,
}

/// How often one kind of bad release is detected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmPower {
    /// The fault's name.
    pub name: String,
    /// What its size is; none where no single number is.
    pub size: Option<FaultSize>,
    /// The grid: by rising traffic, then by rising size.
    pub points: Vec<Point>,
    /// For each size, the least traffic with the wanted power.
    pub minimum_traffic: Vec<MinimumTraffic>,
    /// For each rate, the least size with the wanted power: the minimum detectable effect.
    pub minimum_effect: Vec<MinimumEffect>,
}

/// What a fault's size is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultSize {
    /// In words: `errors`, `latency factor`, …
    pub name: String,
    /// Of its numbers: `share`, `factor`, `seconds`, `bytes per second`.
    pub unit: String,
    /// The scenario's.
    pub scenario: f64,
}

/// One traffic and one size of the fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Requests per second to the service, both versions together.
    pub traffic_per_s: f64,
    /// The fault's size; none where it has none.
    pub size: Option<f64>,
    /// The size as scenario files write it.
    pub size_text: Option<String>,
    /// Whether this is what the scenario says.
    pub as_in_scenario: bool,
    /// Requests of the new version in a release that goes through.
    pub canary_requests: CanaryRequests,
    /// Aborted by Failed at or after the fault's onset.
    pub detected: Estimate,
    /// Aborted by Failed or Error.
    pub aborted: Estimate,
    /// Healthy releases aborted by Failed or Error.
    pub false_aborts: Estimate,
    /// What the best possible test could do with as many false aborts, by scope.
    pub bound: Vec<Bound>,
    /// What keeps the power from being what is wanted; none where the bounds aren't known.
    pub verdict: Option<Verdict>,
    /// Why there is no verdict.
    pub no_verdict_because: Option<String>,
    /// Where the power is lost on the way to the wanted one.
    pub losses: Option<Losses>,
    /// What would help; none where no single request shows the fault.
    pub remedies: Option<Remedies>,
}

/// Requests of the new version in a release that goes through: means, or where no release was replayed with
/// its gates held open what is expected with median times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CanaryRequests {
    /// In the emptiest window of a query that reads them; none if no query does.
    pub window_least: Option<f64>,
    /// In the fullest.
    pub window_most: Option<f64>,
    /// That queries read, each counted once.
    pub read: f64,
    /// Until the last measurement.
    pub measured: f64,
    /// Until promotion.
    pub promoted: f64,
}

impl Point {
    /// What the best test of a scope could do.
    pub fn bound_of(&self, scope: Scope) -> Option<Estimate> {
        let bound = self.bound.iter().find(|bound| bound.scope == scope)?;
        bound.bound
    }
}

/// What keeps the power from being what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing does.
    Fine,
    /// The template makes too little of what its queries read.
    Template,
    /// The queries read too little of what there is until promotion.
    Steps,
    /// There is too little until promotion.
    Traffic,
}

impl Verdict {
    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Template => "template",
            Self::Steps => "steps",
            Self::Traffic => "traffic",
        }
    }
}

/// Power lost on the way from the wanted one to the template's; they add up to the difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// From the best test on what is read to the template.
    pub template: f64,
    /// From the best test until promotion to the best on what is read.
    pub steps: f64,
    /// From the wanted power to the best test until promotion.
    pub traffic: f64,
}

/// What would help, with numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Remedies {
    /// What a bad request is to a smoke test, which sees status, response time and content.
    pub sign: String,
    /// The share of bad requests of a healthy release.
    pub healthy: f64,
    /// The share of bad requests of a bad one.
    pub bad: f64,
    /// The smallest smoke test with the wanted power, before a blue-green promotion.
    pub smoke_test: Option<SmokeTest>,
    /// What metrics could do; none where they don't show the fault.
    pub metrics: Option<MetricRemedies>,
}

/// What would help a template that reads metrics, which see status and response time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricRemedies {
    /// What a bad request is to them.
    pub sign: String,
    /// The smallest test of requests in a window with the wanted power.
    pub smallest: Option<SmokeTest>,
    /// The best test of as many requests as the queries read now.
    pub best_of_read: Option<SmokeTest>,
    /// The best test of as many as are served until promotion.
    pub best_of_promoted: Option<SmokeTest>,
    /// What the last analysis would have to read to hold as many requests as the smallest test.
    pub longer: Option<Longer>,
}

/// How to read as many requests as a test of the wanted power needs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Longer {
    /// The share of requests that the new version serves at the last analysis.
    pub share: f64,
    /// The weight asked for there, in percent.
    pub weight: u16,
    /// At that share: how long the windows must reach back in all.
    pub stretch_s: f64,
    /// How long they reach back now.
    pub stretch_now_s: f64,
    /// At that stretch: the share that the new version must serve; none if all wouldn't do.
    pub share_needed: Option<f64>,
    /// At that share and stretch: synthetic requests to the new version per minute.
    pub synthetic_per_minute: f64,
}

/// The least traffic with the wanted power.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinimumTraffic {
    /// The fault's size; none where it has none.
    pub size: Option<f64>,
    /// The size as scenario files write it.
    pub size_text: Option<String>,
    /// Requests per second to the service.
    pub traffic_per_s: Crossing,
    /// Up to this rate more healthy releases are aborted than the limit allows, so no power is read there;
    /// none if they aren't right below the rates that are read.
    pub false_aborts_up_to_per_s: Option<f64>,
    /// From this rate on they are again; none if they aren't right above.
    pub false_aborts_from_per_s: Option<f64>,
}

/// The least size with the wanted power.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinimumEffect {
    /// Requests per second to the service.
    pub traffic_per_s: f64,
    /// The fault's size.
    pub size: Crossing,
    /// Whether healthy releases are aborted more often than the limit at this rate.
    pub false_aborts_exceed: bool,
}

/// The report as JSON, with a final line feed.
///
/// # Errors
/// None in practice.
pub fn json(report: &PowerReport) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
