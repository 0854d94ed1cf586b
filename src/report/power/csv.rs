//! One tidy row per point and figure.

use super::{ArmPower, Point, PowerReport};
use crate::report::bound::Bound;
use crate::stats::Estimate;
use crate::stats::crossing::Crossing;

const COLUMNS: [&str; 12] = [
    "rollout",
    "arm",
    "traffic_per_s",
    "size",
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
pub fn render(report: &PowerReport) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for arm in &report.arms {
        for row in rows(arm) {
            writer.write_record(row.fields(&report.rollout, &arm.name))?;
        }
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

/// One figure.
struct Row {
    traffic: Option<f64>,
    size: Option<f64>,
    statistic: String,
    value: Value,
    unit: &'static str,
}

enum Value {
    Number(f64),
    Estimate(Estimate),
    Crossing(Crossing),
    Missing,
}

impl Row {
    fn fields(&self, rollout: &str, arm: &str) -> [String; COLUMNS.len()] {
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let [n, estimate, low, high, level, method] = match &self.value {
            Value::Number(value) => [
                String::new(),
                value.to_string(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ],
            Value::Estimate(estimate) => [
                estimate.n.to_string(),
                estimate.estimate.to_string(),
                number(estimate.low),
                number(estimate.high),
                estimate.level.to_string(),
                estimate.method.name().to_owned(),
            ],
            Value::Crossing(crossing) => [
                String::new(),
                number(crossing.value),
                number(crossing.low),
                number(crossing.high),
                crate::stats::LEVEL.to_string(),
                crossing.state.name().to_owned(),
            ],
            Value::Missing => Default::default(),
        };
        [
            rollout.to_owned(),
            arm.to_owned(),
            number(self.traffic),
            number(self.size),
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

fn rows(arm: &ArmPower) -> Vec<Row> {
    let mut rows: Vec<Row> = arm.points.iter().flat_map(of_point).collect();
    rows.extend(arm.minimum_traffic.iter().map(|minimum| Row {
        traffic: None,
        size: minimum.size,
        statistic: "minimum_traffic".to_owned(),
        value: Value::Crossing(minimum.traffic_per_s),
        unit: "requests per second",
    }));
    rows.extend(arm.minimum_effect.iter().map(|minimum| Row {
        traffic: Some(minimum.traffic_per_s),
        size: None,
        statistic: "minimum_effect".to_owned(),
        value: Value::Crossing(minimum.size),
        unit: "size",
    }));
    rows
}

fn of_point(point: &Point) -> Vec<Row> {
    let row = |statistic: &str, value: Value, unit: &'static str| Row {
        traffic: Some(point.traffic_per_s),
        size: point.size,
        statistic: statistic.to_owned(),
        value,
        unit,
    };
    let count = |statistic: &str, value: Option<f64>| {
        row(
            statistic,
            value.map_or(Value::Missing, Value::Number),
            "requests",
        )
    };
    let requests = &point.canary_requests;
    let mut rows = vec![
        count("canary_requests.window_least", requests.window_least),
        count("canary_requests.window_most", requests.window_most),
        count("canary_requests.read", Some(requests.read)),
        count("canary_requests.measured", Some(requests.measured)),
        count("canary_requests.promoted", Some(requests.promoted)),
    ];
    for (statistic, estimate) in [
        ("detected", point.detected),
        ("aborted", point.aborted),
        ("false_aborts", point.false_aborts),
    ] {
        rows.push(row(statistic, Value::Estimate(estimate), "probability"));
    }
    for Bound { scope, bound, .. } in &point.bound {
        let value = bound.map_or(Value::Missing, Value::Estimate);
        rows.push(row(
            &format!("bound.{}", scope.name()),
            value,
            "probability",
        ));
    }
    if let Some(losses) = point.losses {
        for (statistic, loss) in [
            ("loss.template", losses.template),
            ("loss.steps", losses.steps),
            ("loss.traffic", losses.traffic),
        ] {
            rows.push(row(statistic, Value::Number(loss), "probability"));
        }
    }
    if let Some(verdict) = point.verdict {
        let statistic = format!("verdict.{}", verdict.name());
        rows.push(row(&statistic, Value::Number(1.0), ""));
    }
    let test = point
        .remedies
        .as_ref()
        .and_then(|remedies| remedies.smoke_test);
    rows.push(count("smoke_test", test.map(|test| test.requests as f64)));
    rows
}
