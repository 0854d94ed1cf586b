//! The result of a study as data: `rollsim/result/v1`, explained field by field in `docs/output.md`.
//!
//! **Invariants:** nothing of the machine is in it (no wall-clock time, no thread count, no absolute
//! path), so the same inputs, seed and version give the same bytes. Fields are added, never renamed or
//! given another meaning, as long as the schema is v1. Times are seconds from the start of the update.

use serde::{Deserialize, Serialize};

use super::bound::Bound;
use crate::engine::outcome::Outcome;
use crate::plan::ArmKind;
use crate::stats::Estimate;

/// The form's name.
pub const SCHEMA: &str = "rollsim/result/v1";
/// The name of the addressing scheme of random draws; another one means other draws for the same seed.
pub const RNG: &str = "v1";
/// The version of rollsim.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A study's result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`] of the program that wrote it.
    pub rollsim: String,
    /// [`RNG`].
    pub rng: String,
    /// The scenario file as given; none when the scenario was derived from the manifests.
    pub scenario: Option<String>,
    /// The seed.
    pub seed: u64,
    /// Every file read, in the order of reading.
    pub inputs: Vec<Input>,
    /// What was assumed because nobody said otherwise.
    pub assumptions: Vec<String>,
    /// What the numbers mean.
    pub findings: Vec<FindingEntry>,
    /// One entry per Rollout studied.
    pub results: Vec<RolloutResult>,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path as given, or relative to the scenario file; `<stdin>` for standard input.
    pub file: String,
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: String,
}

/// One finding in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingEntry {
    /// A stable name of the kind of finding.
    pub code: String,
    /// The Rollout it is about.
    pub rollout: Option<String>,
    /// The arm it is about; none when it is about all of them.
    pub arm: Option<String>,
    /// Where in the input, `file:line:column`.
    pub place: Option<String>,
    /// What and why; texts of the real controllers word for word.
    pub message: String,
    /// What to do, where the message doesn't say.
    #[serde(default)]
    pub help: Option<String>,
}

/// What was found about one Rollout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolloutResult {
    /// Its name.
    pub rollout: String,
    /// Some when the controller refuses it: then nothing is deployed and nothing was simulated.
    pub invalid_spec: Option<InvalidSpec>,
    /// What happens in a release that goes through; none when it is invalid.
    pub plan: Option<PlanSummary>,
    /// The healthy arm and one per fault, in the scenario's order.
    pub arms: Vec<ArmResult>,
    /// What that means a quarter and a year; none unless the scenario says how often there are releases.
    #[serde(default)]
    pub base_rates: Option<BaseRates>,
    /// The same with one assumption changed at a time; none unless asked for.
    #[serde(default)]
    pub sensitivity: Option<Sensitivity>,
}

/// What changed assumptions do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// The arms as assumed.
    pub as_assumed: Vec<VariedArm>,
    /// One assumption changed in each.
    pub variants: Vec<Variant>,
    /// The assumptions whose change changes the verdict on some arm.
    pub hangs_on: Vec<String>,
}

/// One changed assumption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its stable name: `overdispersion`, `errors`, `scrape-interval`, `ready-after`.
    pub assumption: String,
    /// What it was changed to, in words.
    pub text: String,
    /// The arms, in the same order.
    pub arms: Vec<VariedArm>,
    /// Whether the verdict on any of them changes.
    pub changes_verdict: bool,
}

/// An arm under some assumption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VariedArm {
    /// Its name.
    pub arm: String,
    /// Aborted, for whatever reason.
    pub aborted: Estimate,
    /// What that means.
    pub verdict: GateVerdict,
    /// Whether it is another verdict than as assumed, beyond chance.
    pub changes_verdict: bool,
}

/// What gates do to a kind of release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateVerdict {
    /// At most 1 % of healthy releases are aborted.
    Quiet,
    /// More than 1 % are.
    Noisy,
    /// At least 95 % of bad releases are aborted.
    Caught,
    /// Neither caught nor missed.
    Uncertain,
    /// At most 5 % of bad releases are aborted.
    Missed,
}

impl GateVerdict {
    /// The name in results.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Noisy => "noisy",
            Self::Caught => "caught",
            Self::Uncertain => "uncertain",
            Self::Missed => "missed",
        }
    }
}

/// What the gates mean for those who release so often, and so often something bad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseRates {
    /// Releases a week, as the scenario says.
    pub deploys_per_week: f64,
    /// The share of bad ones, as the scenario says.
    pub bad_release_share: f64,
    /// Pages per 13 weeks in healthy releases; none when that arm wasn't replayed.
    pub pages_for_nothing_per_quarter: Option<Estimate>,
    /// One per fault, as if every bad release were of this kind.
    pub bad_releases: Vec<BadReleases>,
}

/// Bad releases of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BadReleases {
    /// The fault's name.
    pub arm: String,
    /// Promoted ones per 52 weeks.
    pub shipped_per_year: Option<Estimate>,
    /// The probability that a release which was aborted is bad; none when nothing is ever aborted, or the
    /// healthy arm wasn't replayed.
    pub bad_given_aborted: Option<Estimate>,
}

/// Why the controller refuses a Rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidSpec {
    /// The message that the controller shows, word for word.
    pub message: String,
    /// Where its cause is in the input, `file:line:column`.
    #[serde(default)]
    pub place: Option<String>,
    /// What to do.
    #[serde(default)]
    pub help: Option<String>,
    /// Everything else that is wrong with it.
    pub findings: Vec<FindingEntry>,
}

/// A release in which every measurement succeeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanSummary {
    /// From the start of the update to promotion, in seconds.
    pub duration_s: f64,
    /// When the first canary pod takes requests; none when none ever does.
    pub canary_serves_from_s: Option<f64>,
    /// The steps.
    pub steps: Vec<PlanStep>,
    /// Every measurement, in the order in which they are taken.
    pub measurements: Vec<PlanMeasurement>,
}

/// One step of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanStep {
    /// Index into the Rollout's steps.
    pub step: u16,
    /// What it does, in the words of the manifest: `setWeight 10`, `pause 5m`.
    pub text: String,
    /// The weight asked for during the step, in percent.
    pub weight: u16,
    /// Requests really served by the canary at its end, from 0 to 1.
    pub share: f64,
    /// When it starts.
    pub start_s: f64,
    /// When it ends.
    pub end_s: f64,
}

/// One measurement of the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanMeasurement {
    /// The metric's name.
    pub metric: String,
    /// The step during which it is taken; none for a background analysis.
    pub step: Option<u16>,
    /// When.
    pub at_s: f64,
    /// What its query reads; none for a metric that reads no window.
    pub window: Option<Window>,
    /// Requests of the canary expected in the window; none when the query doesn't read the canary's requests.
    pub canary_requests: Option<f64>,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its start; negative when it reaches back before the update.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

/// What was found in one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmResult {
    /// `healthy` or the fault's name.
    pub name: String,
    /// Whether the release is healthy or bad.
    pub kind: ArmKind,
    /// How many releases were replayed.
    pub replications: u64,
    /// How they ended.
    pub outcomes: Outcomes,
    /// Aborted by Failed at or after the fault's onset; in the healthy arm all aborted by Failed: false aborts.
    pub detected: Estimate,
    /// What that exceeds the healthy arm's false aborts by; null in the healthy arm, and when that arm wasn't
    /// replayed.
    #[serde(default)]
    pub excess_over_healthy: Option<Excess>,
    /// Not promoted, for whatever reason.
    pub stopped: Estimate,
    /// Aborted, for whatever reason.
    #[serde(default)]
    pub aborted: Option<Estimate>,
    /// From the start of the update to the abort, among those aborted by Failed.
    pub time_to_abort_s: Quantiles,
    /// From the fault's onset to the abort, among those aborted by Failed after it.
    pub time_to_abort_from_onset_s: Quantiles,
    /// From the start of the update until the bad version serves nothing, among those aborted by Failed.
    pub time_to_safe_s: Quantiles,
    /// Where the aborts of any reason happened.
    pub aborted_at: Vec<AbortedAt>,
    /// Which metric decided the aborts of any reason, the most frequent first.
    pub decided_by: Vec<DecidedBy>,
    /// Requests that failed because of the fault.
    pub failed_requests: FailedRequests,
    /// Why replications are unfinished.
    #[serde(default)]
    pub unfinished: Unfinished,
    /// How often somebody is paged until the outcome.
    #[serde(default)]
    pub pages: Pages,
    /// From the start of the update to the outcome, of all replications.
    pub duration_s: MedianAndTail,
    /// The same figures with their intervals.
    pub intervals: Intervals,
    /// How probable each way to end is until some time; one entry per outcome that happened.
    #[serde(default)]
    pub cumulative_incidence: Vec<Incidence>,
    /// What no test of the same requests could exceed, by scope; empty in the healthy arm.
    #[serde(default)]
    pub bound: Vec<Bound>,
}

/// The difference between a bad release's detection and a healthy release's false abort, from replications
/// paired by their number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excess {
    /// The difference.
    #[serde(flatten)]
    pub difference: Estimate,
    /// The pairs that it comes from.
    pub pairs: ExcessPairs,
}

/// The pairs of a bad and a healthy release of the same number; they add up to the replications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExcessPairs {
    /// The bad release is detected and the healthy one aborted by Failed.
    pub both: u64,
    /// Only the bad one: discordant.
    pub only_this: u64,
    /// Only the healthy one: discordant.
    pub only_healthy: u64,
    /// Neither.
    pub neither: u64,
}

/// The cumulative incidence of one outcome: the others compete with it, and count as never.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incidence {
    /// Its name, as in [`Outcomes`].
    pub outcome: String,
    /// The probability that a release ever ends so.
    pub plateau: Estimate,
    /// When so many of *all* releases have ended so; null above the plateau.
    pub quantiles_s: QuantileEstimates,
    /// The curve, rising: at most 100 points.
    pub points: Vec<IncidencePoint>,
}

/// One point of a cumulative incidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidencePoint {
    /// From the start of the update.
    pub at_s: f64,
    /// The probability of having ended so by then.
    #[serde(flatten)]
    pub probability: Estimate,
}

/// How replications ended; the fields add up to the number of replications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the names are those of engine::outcome::Outcome, explained there"
)]
pub struct Outcomes {
    pub promoted: u64,
    pub aborted_failed: u64,
    pub aborted_error: u64,
    pub aborted_deadline: u64,
    pub aborted_operator: u64,
    pub aborted_other: u64,
    pub paused_inconclusive: u64,
    pub paused: u64,
    pub degraded: u64,
    pub unfinished: u64,
}

impl Outcomes {
    /// How many ended as `outcome`.
    pub const fn of(&self, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Promoted => self.promoted,
            Outcome::AbortedFailed => self.aborted_failed,
            Outcome::AbortedError => self.aborted_error,
            Outcome::AbortedDeadline => self.aborted_deadline,
            Outcome::AbortedOperator => self.aborted_operator,
            Outcome::AbortedOther => self.aborted_other,
            Outcome::PausedInconclusive => self.paused_inconclusive,
            Outcome::Paused => self.paused,
            Outcome::Degraded => self.degraded,
            Outcome::Unfinished => self.unfinished,
        }
    }
}

/// Quantiles in seconds; null when there are no values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the percentages")]
pub struct Quantiles {
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
}

/// The median and the 95 % quantile in seconds; null when there are no values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the percentages")]
pub struct MedianAndTail {
    pub p50: Option<f64>,
    pub p95: Option<f64>,
}

/// Aborts at one place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbortedAt {
    /// Index into the Rollout's steps; none outside of them.
    pub step: Option<u16>,
    /// The weight asked for, in percent.
    pub weight: u16,
    /// Requests really served by the canary, from 0 to 1.
    pub share: f64,
    /// How many.
    pub n: u64,
    /// The probability of it.
    #[serde(default)]
    pub probability: Option<Estimate>,
}

/// Aborts that one metric decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecidedBy {
    /// Its name; none when no metric decided (a progress deadline).
    pub metric: Option<String>,
    /// How many.
    pub n: u64,
    /// The probability of it.
    #[serde(default)]
    pub probability: Option<Estimate>,
}

/// Requests per release that failed because of the fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FailedRequests {
    /// Mean of all of them: before the outcome and after a miss.
    pub mean: f64,
    /// Median of all of them.
    pub p50: f64,
    /// 95 % quantile of all of them.
    pub p95: f64,
    /// Mean of those until the outcome.
    pub before_outcome_mean: f64,
    /// Mean of those after a miss, for the scenario's `undetected-for`.
    pub after_miss_mean: f64,
}

/// Unfinished replications by reason; those that are not counted here were under way at the horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The real controller repeats the same passes for ever.
    pub repeating: u64,
}

/// Pages per release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pages {
    /// Their mean.
    pub mean: f64,
}

/// The figures of an arm with their intervals; null where the figure is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// See [`ArmResult::outcomes`].
    #[serde(default)]
    pub outcomes: OutcomeEstimates,
    /// See [`ArmResult::time_to_abort_s`].
    pub time_to_abort_s: QuantileEstimates,
    /// See [`ArmResult::time_to_abort_from_onset_s`].
    pub time_to_abort_from_onset_s: QuantileEstimates,
    /// See [`ArmResult::time_to_safe_s`].
    pub time_to_safe_s: QuantileEstimates,
    /// See [`ArmResult::failed_requests`].
    pub failed_requests: FailedRequestsEstimates,
    /// See [`ArmResult::pages`].
    #[serde(default)]
    pub pages: PagesEstimates,
    /// See [`ArmResult::duration_s`].
    pub duration_s: MedianAndTailEstimates,
}

/// [`Outcomes`] as probabilities with their intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of Outcomes")]
pub struct OutcomeEstimates {
    pub promoted: Option<Estimate>,
    pub aborted_failed: Option<Estimate>,
    pub aborted_error: Option<Estimate>,
    pub aborted_deadline: Option<Estimate>,
    pub aborted_operator: Option<Estimate>,
    pub aborted_other: Option<Estimate>,
    pub paused_inconclusive: Option<Estimate>,
    pub paused: Option<Estimate>,
    pub degraded: Option<Estimate>,
    pub unfinished: Option<Estimate>,
}

impl OutcomeEstimates {
    /// The probability of ending as `outcome`.
    pub const fn of(&self, outcome: Outcome) -> Option<Estimate> {
        match outcome {
            Outcome::Promoted => self.promoted,
            Outcome::AbortedFailed => self.aborted_failed,
            Outcome::AbortedError => self.aborted_error,
            Outcome::AbortedDeadline => self.aborted_deadline,
            Outcome::AbortedOperator => self.aborted_operator,
            Outcome::AbortedOther => self.aborted_other,
            Outcome::PausedInconclusive => self.paused_inconclusive,
            Outcome::Paused => self.paused,
            Outcome::Degraded => self.degraded,
            Outcome::Unfinished => self.unfinished,
        }
    }
}

/// [`Quantiles`] with their intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the percentages")]
pub struct QuantileEstimates {
    pub p50: Option<Estimate>,
    pub p90: Option<Estimate>,
    pub p95: Option<Estimate>,
    pub p99: Option<Estimate>,
}

/// [`MedianAndTail`] with its intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the percentages")]
pub struct MedianAndTailEstimates {
    pub p50: Option<Estimate>,
    pub p95: Option<Estimate>,
}

/// [`Pages`] with its interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the first field is that of Pages")]
pub struct PagesEstimates {
    pub mean: Option<Estimate>,
    /// The probability that anybody is paged at all.
    #[serde(default)]
    pub any: Option<Estimate>,
}

/// [`FailedRequests`] with their intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of FailedRequests")]
pub struct FailedRequestsEstimates {
    pub mean: Option<Estimate>,
    pub p50: Option<Estimate>,
    pub p95: Option<Estimate>,
    pub before_outcome_mean: Option<Estimate>,
    pub after_miss_mean: Option<Estimate>,
}
