//! Compares a replayed run with its recording, field by field.

use std::fmt::Debug;

use rollsim::controller::analysis::{MessageHandle, MetricResult, Phase, Summary};
use rollsim::units::Instant;

use super::case::{Case, ExpectedMeasurement, ExpectedMetric, Persisted, SummaryCounts};
use super::drive::{Call, DAY, Replayed, created, seconds};

struct Differences(Vec<String>);

impl Differences {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers compare temporaries and literals"
    )]
    fn expect<A: Debug + PartialEq<B>, B: Debug>(&mut self, what: &str, got: A, wanted: B) {
        if got != wanted {
            self.0.push(format!("{what} is {got:?}, not {wanted:?}"));
        }
    }
}

/// What differs, or nothing.
pub fn differences(case: &Case, run: &Replayed) -> String {
    let mut differences = Differences(Vec::new());
    let expect = &case.expect;
    let text_of = |handle: MessageHandle| run.texts[handle.0 as usize].clone();
    let refusal = run.refusal.as_ref().map(ToString::to_string);
    let message = run.state.message().render(
        |metric| &run.scheduled_names[metric],
        text_of,
        refusal.as_deref().unwrap_or_default(),
    );
    let phase = run.state.phase().map_or("", Phase::as_str);
    differences.expect("phase", phase, &expect.phase);
    differences.expect("message", &message, &expect.message);
    differences.expect("reconciles", run.reconciles, expect.reconciles);
    differences.expect("capped", run.capped_at_calls, expect.capped_at_calls);
    let after = |at: Option<f64>| at.map(|at| created(case) + seconds(at));
    differences.expect("startedAt", run.started_at, after(expect.started_at));
    differences.expect("completedAt", run.completed_at, after(expect.completed_at));
    let persisted = Persisted {
        started_at: run.started_at.map(rfc3339),
        completed_at: run.completed_at.map(rfc3339),
    };
    differences.expect("status", &persisted, &expect.status);
    let counts = summary(run.state.run_summary());
    differences.expect("runSummary", &counts, &expect.run_summary);
    let counts = run.state.dry_run_summary().map(summary);
    differences.expect(
        "dryRunSummary",
        counts.as_ref(),
        expect.dry_run_summary.as_ref(),
    );
    let measured = run
        .names
        .iter()
        .filter(|(_, slot)| run.state.results()[*slot].is_some())
        .count();
    differences.expect("metrics measured", measured, expect.metrics.len());
    for (name, expected) in &expect.metrics {
        let slot = run.names.iter().find(|(known, _)| known == name);
        match slot.and_then(|(_, slot)| run.state.results()[*slot]) {
            None => differences.0.push(format!("{name} was never measured")),
            Some(result) => {
                let message = result.message.render(text_of);
                differences.expect(&format!("{name} message"), &message, &expected.message);
                compare_result(&mut differences, name, &result, expected);
                let dry_run = run.dry_run[name];
                differences.expect(&format!("{name} dryRun"), dry_run, expected.dry_run);
                let calls = &run.calls[name];
                compare_calls(&mut differences, case, name, calls, &expected.measurements);
            }
        }
    }
    differences.0.join("; ")
}

fn compare_result(
    differences: &mut Differences,
    name: &str,
    result: &MetricResult,
    expected: &ExpectedMetric,
) {
    let counters = result.counters;
    let phase = result.phase.as_str();
    differences.expect(&format!("{name} phase"), phase, &expected.phase);
    differences.expect(
        &format!("{name} retained"),
        result.retained,
        expected.retained,
    );
    differences.expect(
        &format!("{name} counters"),
        [
            counters.count,
            counters.successful,
            counters.failed,
            counters.inconclusive,
            counters.error,
            counters.consecutive_error,
            counters.consecutive_success,
        ],
        [
            expected.count,
            expected.successful,
            expected.failed,
            expected.inconclusive,
            expected.error,
            expected.consecutive_error,
            expected.consecutive_success,
        ],
    );
}

fn compare_calls(
    differences: &mut Differences,
    case: &Case,
    name: &str,
    calls: &[Call],
    expected: &[ExpectedMeasurement],
) {
    differences.expect(&format!("{name} calls"), calls.len(), expected.len());
    for (index, (call, expected)) in calls.iter().zip(expected).enumerate() {
        let what = |field: &str| format!("{name}#{index} {field}");
        let started = created(case) + seconds(expected.t);
        differences.expect(&what("start"), call.started, started);
        let finished =
            (expected.finished >= 0.0).then(|| created(case) + seconds(expected.finished));
        differences.expect(&what("finish"), call.finished, finished);
        differences.expect(&what("phase"), call.phase.as_str(), &expected.phase);
        differences.expect(&what("message"), &call.message, &expected.message);
        differences.expect(&what("value"), &call.value, &expected.value);
    }
}

fn summary(summary: Summary) -> SummaryCounts {
    SummaryCounts {
        count: summary.count,
        successful: summary.successful,
        failed: summary.failed,
        inconclusive: summary.inconclusive,
        error: summary.error,
    }
}

/// A time of the recording's day as the API server prints it.
fn rfc3339(at: Instant) -> String {
    let second = (at - DAY).as_millis_floor().div_euclid(1000);
    format!(
        "2024-01-01T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}
