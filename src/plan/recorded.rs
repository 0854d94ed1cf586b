//! Queries over series that were recorded: what answers measurements in place of simulated telemetry when a
//! rollout is replayed over the data of a real one.

use std::borrow::Cow;
use std::sync::Arc;

use crate::promql::ast::{Expr, ValueType};
use crate::promql::plain::{EvalError, Series, Value, evaluate_instant};
use crate::promql::reads::window;
use crate::promql::settings::Settings;
use crate::units::{Duration, Instant};

use super::UPDATE_SECOND;

/// Recorded series, and how the replication's virtual time lies in them.
#[derive(Clone, Debug)]
pub struct RecordedSeries {
    /// In the order in which selectors return them.
    pub series: Vec<Series>,
    /// The update's start, in milliseconds of the recording's own time.
    pub start_ms: i64,
    /// A query sees only samples at least this old.
    pub visibility_lag_ms: i64,
}

impl RecordedSeries {
    /// The fraction of a second in which the update starts.
    pub fn start_fraction(&self) -> Duration {
        Duration::from_millis(self.start_ms.rem_euclid(1_000))
    }

    /// What is added to virtual time.
    fn ahead(&self) -> Duration {
        let second = Instant::from_millis(self.start_ms).floor_to_second();
        second - UPDATE_SECOND
    }
}

/// A query over recorded series.
#[derive(Clone, Debug)]
pub struct RecordedQuery {
    expr: Expr,
    settings: Settings,
    recorded: Arc<RecordedSeries>,
}

impl RecordedQuery {
    /// A query that is answered as by a server with these settings.
    pub fn new(expr: Expr, settings: Settings, recorded: Arc<RecordedSeries>) -> Self {
        Self {
            expr,
            settings,
            recorded,
        }
    }

    /// Whether the answer is a number and not a vector.
    pub fn is_scalar(&self) -> bool {
        self.expr.value_type() == ValueType::Scalar
    }

    /// The instant of virtual time `now` in the recording's own time.
    pub fn recorded_time(&self, now: Instant) -> Instant {
        now + self.recorded.ahead()
    }

    /// The answer at `now` (virtual time).
    ///
    /// # Errors
    /// What Prometheus answers with an error.
    pub fn answer(&self, now: Instant) -> Result<Value, EvalError> {
        let time = self.recorded_time(now).as_millis_floor();
        let series = self.visible(time);
        evaluate_instant(&self.expr, &series, time, &self.settings)
    }

    /// The answer if there were no series at all.
    ///
    /// # Errors
    /// What Prometheus answers with an error.
    pub fn answer_without_series(&self, now: Instant) -> Result<Value, EvalError> {
        let time = self.recorded_time(now).as_millis_floor();
        evaluate_instant(&self.expr, &[], time, &self.settings)
    }

    /// What of the series a query at `time` sees.
    fn visible(&self, time: i64) -> Cow<'_, [Series]> {
        let series = &self.recorded.series;
        let lag = self.recorded.visibility_lag_ms;
        if lag == 0 {
            return Cow::Borrowed(series);
        }
        let until = time.saturating_sub(lag);
        let cut = |series: &Series| {
            let count = series.samples.partition_point(|sample| sample.0 <= until);
            Series {
                labels: series.labels.clone(),
                samples: series.samples[..count].to_vec(),
            }
        };
        Cow::Owned(series.iter().map(cut).collect())
    }

    /// The stretch of virtual time whose samples a measurement at `now_ms` reads: later than the first instant,
    /// up to the second.
    pub fn window_ms(&self, now_ms: i64) -> Option<(i64, i64)> {
        let ahead = self.recorded.ahead().as_millis_floor();
        let (after, until) = window(&self.expr, now_ms.saturating_add(ahead), &self.settings)?;
        Some((after.saturating_sub(ahead), until.saturating_sub(ahead)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{RecordedQuery, RecordedSeries};
    use crate::plan::UPDATE_SECOND;
    use crate::promql::labels::Labels;
    use crate::promql::parse::parse;
    use crate::promql::plain::{Series, Value};
    use crate::promql::settings::Settings;
    use crate::units::Duration;

    fn query(text: &str, start_ms: i64, lag_ms: i64) -> RecordedQuery {
        let series = Series {
            labels: Labels::new([("__name__", "x")]),
            samples: (0..10).map(|n| (n * 10_000, n as f64)).collect(),
        };
        let recorded = RecordedSeries {
            series: vec![series],
            start_ms,
            visibility_lag_ms: lag_ms,
        };
        let recorded = Arc::new(recorded);
        RecordedQuery::new(parse(text).unwrap(), Settings::default(), recorded)
    }

    #[test]
    fn the_update_starts_in_the_middle_of_the_recording() {
        let query = query("scalar(x) + time() / 1000", 35_250, 0);
        assert_eq!(query.recorded.start_fraction(), Duration::from_millis(250));
        let start = UPDATE_SECOND + query.recorded.start_fraction();
        assert_eq!(query.recorded_time(start).as_millis_floor(), 35_250);
        assert_eq!(query.answer(start), Ok(Value::Scalar(3.035_25)));
        let later = start + Duration::from_seconds(20);
        assert_eq!(query.answer(later), Ok(Value::Scalar(5.055_25)));
        let now = start.as_millis_floor();
        assert_eq!(query.window_ms(now), Some((now - 300_000, now)));
    }

    #[test]
    fn samples_are_hidden_while_they_are_new() {
        let at_40_s = |lag| query("scalar(x)", 40_000, lag).answer(UPDATE_SECOND);
        assert_eq!(at_40_s(0), Ok(Value::Scalar(4.0)));
        assert_eq!(at_40_s(1), Ok(Value::Scalar(3.0)));
        assert_eq!(at_40_s(20_000), Ok(Value::Scalar(2.0)));
    }
}
