//! One tidy row per arm and statistic, for spreadsheets and data frames.

use super::model::{ArmResult, Report};
use crate::engine::outcome::Outcome;
use crate::stats::Estimate;

const COLUMNS: [&str; 10] = [
    "rollout",
    "arm",
    "statistic",
    "n",
    "estimate",
    "low",
    "high",
    "level",
    "method",
    "unit",
];

/// The report as CSV (RFC 4180 with line feeds). An empty field means null.
///
/// # Errors
/// None in practice: writing to memory doesn't fail.
pub fn render(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for result in &report.results {
        for arm in &result.arms {
            for row in rows(arm) {
                writer.write_record(row.fields(&result.rollout, &arm.name))?;
            }
        }
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// One statistic of an arm.
struct Row {
    statistic: String,
    value: Value,
    unit: &'static str,
}

enum Value {
    Count { n: u64, count: u64 },
    Estimate(Option<Estimate>),
}

impl Row {
    fn fields(&self, rollout: &str, arm: &str) -> [String; COLUMNS.len()] {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let [n, estimate, low, high, level, method] = match &self.value {
            Value::Count { n, count } => [
                n.to_string(),
                count.to_string(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ],
            Value::Estimate(None) => Default::default(),
            Value::Estimate(Some(estimate)) => [
                estimate.n.to_string(),
                estimate.estimate.to_string(),
                number(estimate.low),
                number(estimate.high),
                estimate.level.to_string(),
                estimate.method.name().to_owned(),
            ],
        };
        [
            rollout.to_owned(),
            arm.to_owned(),
            self.statistic.clone(),
            n,
            estimate,
            low,
            high,
            level,
            method,
            self.unit.to_owned(),
        ]
    }
}

fn rows(arm: &ArmResult) -> Vec<Row> {
    let n = arm.replications;
    let count = |statistic: String, count| Row {
        statistic,
        value: Value::Count { n, count },
        unit: "replications",
    };
    let mut rows: Vec<Row> = Outcome::ALL
        .into_iter()
        .map(|outcome| {
            count(
                format!("outcome.{}", outcome.name()),
                arm.outcomes.of(outcome),
            )
        })
        .collect();
    rows.extend(Outcome::ALL.into_iter().map(|outcome| Row {
        statistic: format!("probability.{}", outcome.name()),
        value: Value::Estimate(arm.intervals.outcomes.of(outcome)),
        unit: "probability",
    }));
    rows.extend(estimates(arm).map(|(statistic, value, unit)| Row {
        statistic: statistic.to_owned(),
        value: Value::Estimate(value),
        unit,
    }));
    for incidence in &arm.cumulative_incidence {
        let of = &incidence.quantiles_s;
        for (name, value) in [
            ("p50", of.p50),
            ("p90", of.p90),
            ("p95", of.p95),
            ("p99", of.p99),
        ] {
            rows.push(Row {
                statistic: format!("incidence.{}.{name}", incidence.outcome),
                value: Value::Estimate(value),
                unit: "s",
            });
        }
    }
    rows.extend(bounds(arm));
    for at in &arm.aborted_at {
        let step = at.step.map_or("none".to_owned(), |step| step.to_string());
        let place = format!(
            "aborted_at.step={step}.weight={}.share={}",
            at.weight, at.share
        );
        rows.push(count(place, at.n));
    }
    for decided in &arm.decided_by {
        let metric = decided.metric.as_deref().unwrap_or("none");
        rows.push(count(format!("decided_by.{metric}"), decided.n));
    }
    rows
}

fn bounds(arm: &ArmResult) -> impl Iterator<Item = Row> + '_ {
    arm.bound.iter().flat_map(|bound| {
        let row = |what: &str, value, unit| Row {
            statistic: format!("bound.{}.{what}", bound.scope.name()),
            value: Value::Estimate(value),
            unit,
        };
        [
            row("power", bound.bound, "probability"),
            row("efficiency", bound.efficiency, "share"),
        ]
    })
}

fn estimates(
    arm: &ArmResult,
) -> impl Iterator<Item = (&'static str, Option<Estimate>, &'static str)> {
    let of = &arm.intervals;
    let (abort, onset, safe) = (
        &of.time_to_abort_s,
        &of.time_to_abort_from_onset_s,
        &of.time_to_safe_s,
    );
    let failed = &of.failed_requests;
    [
        ("detected", Some(arm.detected), "probability"),
        (
            "excess_over_healthy",
            arm.excess_over_healthy.map(|excess| excess.difference),
            "probability",
        ),
        ("stopped", Some(arm.stopped), "probability"),
        ("time_to_abort.p50", abort.p50, "s"),
        ("time_to_abort.p90", abort.p90, "s"),
        ("time_to_abort.p95", abort.p95, "s"),
        ("time_to_abort.p99", abort.p99, "s"),
        ("time_to_abort_from_onset.p50", onset.p50, "s"),
        ("time_to_abort_from_onset.p90", onset.p90, "s"),
        ("time_to_abort_from_onset.p95", onset.p95, "s"),
        ("time_to_abort_from_onset.p99", onset.p99, "s"),
        ("time_to_safe.p50", safe.p50, "s"),
        ("time_to_safe.p90", safe.p90, "s"),
        ("time_to_safe.p95", safe.p95, "s"),
        ("time_to_safe.p99", safe.p99, "s"),
        ("failed_requests.mean", failed.mean, "requests"),
        ("failed_requests.p50", failed.p50, "requests"),
        ("failed_requests.p95", failed.p95, "requests"),
        (
            "failed_requests.before_outcome_mean",
            failed.before_outcome_mean,
            "requests",
        ),
        (
            "failed_requests.after_miss_mean",
            failed.after_miss_mean,
            "requests",
        ),
        ("pages.mean", of.pages.mean, "pages"),
        ("duration.p50", of.duration_s.p50, "s"),
        ("duration.p95", of.duration_s.p95, "s"),
    ]
    .into_iter()
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::report::sample;

    #[test]
    fn every_row_has_every_column_and_nulls_are_empty() {
        let bytes = render(&sample::report()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert!(rows.iter().all(|row| row.len() == 10));
        let find = |arm: &str, statistic: &str| {
            let mut found = rows
                .iter()
                .filter(|row| &row[1] == arm && &row[2] == statistic);
            let row = found.next().unwrap().clone();
            assert!(found.next().is_none(), "{statistic} of {arm} is there once");
            row
        };
        assert_eq!(&find("error-spike", "outcome.promoted")[4], "2");
        let detected = find("empty-body", "detected");
        assert_eq!(
            (&detected[4], &detected[5], &detected[8]),
            ("0", "0", "clopper-pearson-upper")
        );
        let never = find("empty-body", "time_to_abort.p50");
        assert!((3..9).all(|column| never[column].is_empty()));
        let excess = find("error-spike", "excess_over_healthy");
        assert_eq!((&excess[4], &excess[8]), ("0.998", "tango"));
        assert_eq!(
            &find("error-spike", "incidence.aborted_failed.p99")[3],
            "1000"
        );
        assert_eq!(&find("empty-body", "incidence.promoted.p50")[4], "1644");
        assert_eq!(&find("error-spike", "decided_by.success-rate")[4], "998");
        assert_eq!(&find("error-spike", "time_to_abort.p50")[9], "s");
        assert_eq!(&find("error-spike", "bound.read.power")[4], "0.999");
        assert!(find("empty-body", "bound.promotion.efficiency")[4].is_empty());
    }
}
