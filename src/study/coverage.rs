//! Whether a recording covers what a replay asks of it.

use crate::diagnostics::Diagnostic;
use crate::engine::trace::{Entry, Recorder, What};
use crate::plan::Plan;
use crate::promql::series_file::any::Recording;
use crate::report::model::FindingEntry;
use crate::report::number;
use crate::report::query::seconds;

use super::recording::extent;

/// The stretch of time that a recording covers.
#[derive(Debug)]
pub(super) struct Coverage {
    file: String,
    extent: Option<(i64, i64)>,
    /// The usual distance between two samples of a series.
    spacing_ms: i64,
    /// What else is worth a word.
    pub notices: Vec<Diagnostic>,
}

impl Coverage {
    /// What a recording covers.
    pub fn of(recording: &Recording, file: &str) -> Self {
        let mut notices = Vec::new();
        if recording.evals > 0 {
            let message = format!("{} eval commands of the file are left out", recording.evals);
            notices.push(Diagnostic::warning(message).with_note("only what it loads is read"));
        }
        Self {
            file: file.to_owned(),
            extent: extent(recording),
            spacing_ms: spacing(recording),
            notices,
        }
    }

    /// The last sample's time.
    pub fn last(&self) -> Option<i64> {
        self.extent.map(|extent| extent.1)
    }

    /// A start outside of the recording, or measurements that look beyond its ends.
    pub fn of_measurements(
        &self,
        plan: &Plan,
        recorder: &Recorder,
        start_ms: i64,
    ) -> Vec<FindingEntry> {
        let (file, name) = (&self.file, Some(plan.rollout.clone()));
        let Some((first, last)) = self.extent else {
            let message = format!("{file} holds no samples: every query finds nothing.");
            return vec![entry("recording-empty", name, message, None)];
        };
        let measured = recorder.entries.iter().filter_map(|Entry { at_ms, what }| {
            let What::Measurement(measured) = what else {
                return None;
            };
            Some((*at_ms, measured.window_ms?))
        });
        let measured: Vec<(i64, (i64, i64))> = measured.collect();
        let before = |(_, (_, until)): &(i64, (i64, i64))| until + start_ms < first;
        if start_ms > last || (start_ms < first && measured.iter().all(before)) {
            let message = format!(
                "the replay starts at {}, but {file} has samples from {} to {} only.",
                seconds(start_ms),
                seconds(first),
                seconds(last)
            );
            let help = "choose --at inside of the recording".to_owned();
            return vec![entry("start-outside-recording", name, message, Some(help))];
        }
        let mut findings = Vec::new();
        let too_late = |until: i64| until + start_ms > last + self.spacing_ms;
        let late: Vec<i64> = measured
            .iter()
            .filter(|(_, (_, until))| too_late(*until))
            .map(|(at, _)| *at)
            .collect();
        if let Some(at) = late.first() {
            let message = format!(
                "{file} ends {} after the start, before {} of {} measurements (from {} on): there the queries find \
                 old samples or none.",
                since(last - start_ms),
                late.len(),
                measured.len(),
                since(*at)
            );
            let help = "record longer, or start earlier with --at".to_owned();
            let code = "recording-ends-early";
            findings.push(entry(code, name.clone(), message, Some(help)));
        }
        let too_early = |after: i64| after + start_ms + self.spacing_ms < first;
        let early = measured.iter().filter(|(_, (after, _))| too_early(*after));
        let early = early.count();
        if early > 0 {
            let message = format!(
                "{file} begins {} the start: the windows of {early} of {} measurements begin before that.",
                if first > start_ms {
                    format!("{} after", since(first - start_ms))
                } else {
                    format!("{} before", since(start_ms - first))
                },
                measured.len()
            );
            let help = "record from earlier on, or start later with --at".to_owned();
            findings.push(entry("recording-begins-late", name, message, Some(help)));
        }
        findings
    }
}

fn since(ms: i64) -> String {
    number::seconds(ms as f64 / 1_000.0)
}

fn entry(
    code: &str,
    rollout: Option<String>,
    message: String,
    help: Option<String>,
) -> FindingEntry {
    FindingEntry {
        code: code.to_owned(),
        rollout,
        arm: None,
        place: None,
        message,
        help,
    }
}

/// The median distance between neighbouring samples.
fn spacing(recording: &Recording) -> i64 {
    let mut gaps: Vec<i64> = (recording.series.iter())
        .flat_map(|series| series.samples.windows(2).map(|pair| pair[1].0 - pair[0].0))
        .collect();
    let middle = gaps.len() / 2;
    if gaps.is_empty() {
        return 0;
    }
    *gaps.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use super::{Coverage, spacing};
    use crate::promql::series_file::any::parse_any;

    #[test]
    fn spacing_is_that_of_most_samples() {
        let recording = parse_any("load 15s\n  up 1x10\n  x 1 _x8 1\n").unwrap();
        assert_eq!(spacing(&recording), 15_000);
        assert_eq!(Coverage::of(&recording, "x.test").last(), Some(150_000));
        let empty = parse_any("# EOF\n").unwrap();
        assert_eq!(Coverage::of(&empty, "empty").last(), None);
    }
}
