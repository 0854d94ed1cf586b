//! One replication, event by event: what watching the Rollout would have shown, and why.
//!
//! [`Trace`] is filled by the study; [`text()`], [`json()`] and [`csv()`] are its forms. Times are seconds
//! of virtual time from the start of the update.

use std::fmt::{self, Write as _};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableStyle};
use serde::{Deserialize, Serialize};

use super::model::{FindingEntry, InvalidSpec, Window};
use super::number::{percent, seconds};

/// The form's name.
pub const SCHEMA: &str = "rollsim/trace/v1";

/// One replication of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version of the program that wrote it.
    pub rollsim: String,
    /// The addressing scheme of random draws.
    pub rng: String,
    /// The scenario file as given; none when the scenario was derived from the manifests.
    pub scenario: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The Rollout's name.
    pub rollout: String,
    /// `healthy` or the fault's name.
    pub arm: String,
    /// The replication's number, from 0.
    pub replication: u64,
    /// Some when the measurements were answered from a recording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
    /// Some when the controller refuses the Rollout: then there are no events.
    pub invalid_spec: Option<InvalidSpec>,
    /// What a replay's measurements lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingEntry>,
    /// What happened, in order.
    pub events: Vec<TraceEvent>,
}

/// Where the answers to the queries of a replay come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// The file of series, as given.
    pub series: String,
    /// When the update starts, or the AnalysisRun: seconds since 1970, of the recording's time.
    pub at_s: f64,
    /// The template whose run this is; none for a Rollout.
    pub template: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceEvent {
    /// When.
    pub at_s: f64,
    /// What.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The controller starts a step.
    Step {
        /// Index into the Rollout's steps.
        step: u16,
        /// What it does, in the words of the manifest.
        text: String,
    },
    /// The share of requests that the canary gets changes.
    Weight {
        /// The weight asked for, in percent.
        asked: u16,
        /// Requests really served by the canary, from 0 to 1.
        share: f64,
    },
    /// The numbers of pods change.
    Replicas {
        /// Pods of the stable version that the controller wants.
        stable: u32,
        /// Of these, ready.
        stable_ready: u32,
        /// Pods of the canary that the controller wants.
        canary: u32,
        /// Of these, ready.
        canary_ready: u32,
    },
    /// The fault sets in or changes.
    Fault {
        /// How.
        text: String,
    },
    /// A measurement is taken.
    Measurement {
        /// The metric's name.
        metric: String,
        /// What its query reads; none for a metric that reads no window.
        window: Option<Window>,
        /// The value as the AnalysisRun keeps it; none when there is none.
        value: Option<String>,
        /// Successful, Failed, Inconclusive or Error.
        phase: String,
        /// The message, word for word; empty when there is none.
        message: String,
    },
    /// An AnalysisRun changes its phase.
    AnalysisRun {
        /// Which: the step's index or `background`.
        name: String,
        /// The new phase.
        phase: String,
        /// The message, word for word; empty when there is none.
        message: String,
    },
    /// The Rollout changes its phase or message.
    Rollout {
        /// The new phase.
        phase: String,
        /// The message, word for word; empty when there is none.
        message: String,
    },
    /// Somebody does something.
    Operator {
        /// What, as `kubectl argo rollouts` calls it.
        action: String,
        /// Whether it changes anything.
        effect: bool,
    },
    /// Somebody is paged.
    Page {
        /// The notification trigger that pages.
        trigger: String,
    },
    /// A subscriber of the Rollout is told of something.
    Notification {
        /// The trigger.
        trigger: String,
        /// The service: `slack`, `email`, …
        service: String,
        /// The recipient; empty when the service needs none.
        recipient: String,
    },
    /// The replication ends.
    Outcome {
        /// The stable name of the outcome.
        outcome: String,
    },
}

impl Event {
    /// The stable name of the kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Step { .. } => "step",
            Self::Weight { .. } => "weight",
            Self::Replicas { .. } => "replicas",
            Self::Fault { .. } => "fault",
            Self::Measurement { .. } => "measurement",
            Self::AnalysisRun { .. } => "analysis_run",
            Self::Rollout { .. } => "rollout",
            Self::Operator { .. } => "operator",
            Self::Page { .. } => "page",
            Self::Notification { .. } => "notification",
            Self::Outcome { .. } => "outcome",
        }
    }

    const fn label(&self) -> &'static str {
        match self {
            Self::AnalysisRun { .. } => "AnalysisRun",
            Self::Rollout { .. } => "Rollout",
            _ => self.kind(),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { step, text } => write!(f, "{step}: {text}"),
            Self::Weight { asked, share } => {
                write!(f, "{asked} % asked, {} served", percent(*share, 1))
            }
            Self::Replicas {
                stable,
                stable_ready,
                canary,
                canary_ready,
            } => write!(
                f,
                "stable {stable_ready}/{stable} ready, canary {canary_ready}/{canary} ready"
            ),
            Self::Fault { text } => f.write_str(text),
            Self::Measurement {
                metric,
                window,
                value,
                phase,
                message,
            } => {
                write!(f, "{metric} ")?;
                phase_and_message(f, phase, message)?;
                if let Some(value) = value {
                    write!(f, ", value {value}")?;
                }
                match window {
                    Some(window) => {
                        write!(f, " ({}–{})", clock(window.from_s), clock(window.to_s))
                    }
                    None => Ok(()),
                }
            }
            Self::AnalysisRun {
                name,
                phase,
                message,
            } => {
                write!(f, "{name} ")?;
                phase_and_message(f, phase, message)
            }
            Self::Rollout { phase, message } => phase_and_message(f, phase, message),
            Self::Operator { action, effect } => {
                let effect = if *effect { "" } else { " (no effect)" };
                write!(f, "{action}{effect}")
            }
            Self::Page { trigger } => f.write_str(trigger),
            Self::Notification {
                trigger,
                service,
                recipient,
            } => write!(f, "{trigger} to {service} {recipient}"),
            Self::Outcome { outcome } => f.write_str(outcome),
        }
    }
}

fn phase_and_message(f: &mut fmt::Formatter<'_>, phase: &str, message: &str) -> fmt::Result {
    f.write_str(phase)?;
    if message.is_empty() {
        return Ok(());
    }
    write!(f, ": {message}")
}

/// `mm:ss.mmm` as a stopwatch shows it; before the update with a minus sign.
pub(super) fn clock(at_s: f64) -> String {
    // Virtual times are milliseconds far below 2^53.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded, and no horizon is that long"
    )]
    let millis = (at_s * 1_000.0).round() as i64;
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!(
        "{sign}{:02}:{:02}.{:03}",
        millis / 60_000,
        millis / 1_000 % 60,
        millis % 1_000
    )
}

/// The trace as a table of at most 100 columns.
pub fn text(trace: &Trace) -> String {
    let mut text = heading(trace);
    text.push_str("\n\n");
    if let Some(invalid) = &trace.invalid_spec {
        super::text::invalid_spec(&mut text, invalid);
        return text;
    }
    let mut table = Table::new();
    table
        .load_style(TableStyle::new())
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(100);
    for event in &trace.events {
        table.add_row(vec![
            Cell::new(clock(event.at_s)).set_alignment(CellAlignment::Right),
            Cell::new(event.event.label()),
            Cell::new(&event.event),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    text.push_str(&table.trim_fmt());
    if let Some(last) = trace.events.last() {
        let start = match &trace.replayed {
            Some(replayed) if replayed.template.is_some() => "start",
            _ => "update",
        };
        let ended = seconds(last.at_s);
        let _ = write!(text, "\n\nEnded {ended} after the {start}");
    }
    text.push('\n');
    if !trace.findings.is_empty() {
        text.push('\n');
        super::text::finding_list(&mut text, &trace.findings, false);
        text.pop();
    }
    text
}

fn heading(trace: &Trace) -> String {
    let Some(replayed) = &trace.replayed else {
        return format!(
            "Rollout {}, arm {}, replication {}, seed {}",
            trace.rollout, trace.arm, trace.replication, trace.seed
        );
    };
    let what = match &replayed.template {
        Some(template) => format!("AnalysisTemplate {template}"),
        None => format!("Rollout {}", trace.rollout),
    };
    format!("{what} over {}, from {} on", replayed.series, replayed.at_s)
}

/// The trace as indented JSON with a newline at the end.
///
/// # Errors
/// A number that JSON can't hold; no time is one.
pub fn json(trace: &Trace) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(trace)?;
    text.push('\n');
    Ok(text)
}

/// The trace as CSV: columns `at_s`, `kind`, `text`.
///
/// # Errors
/// None in practice: writing to memory doesn't fail.
pub fn csv(trace: &Trace) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["at_s", "kind", "text"])?;
    for event in &trace.events {
        writer.write_record([
            event.at_s.to_string(),
            event.event.kind().to_owned(),
            event.event.to_string(),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

#[cfg(test)]
mod tests {
    use super::{Event, clock, csv, json, text};
    use crate::report::sample;

    #[test]
    fn reads_as_a_log() {
        insta::assert_snapshot!(text(&sample::trace()));
    }

    #[test]
    fn the_kind_is_the_same_in_every_form() {
        let trace = sample::trace();
        let value: serde_json::Value = serde_json::from_str(&json(&trace).unwrap()).unwrap();
        let bytes = csv(&trace).unwrap();
        let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
        for (index, row) in reader.records().enumerate() {
            let event = &trace.events[index].event;
            assert_eq!(&row.unwrap()[1], event.kind());
            assert_eq!(value["events"][index]["event"]["kind"], event.kind());
        }
        assert_eq!(trace, serde_json::from_value(value).unwrap());
    }

    #[test]
    fn clocks_show_milliseconds() {
        let shown = [0.0, 315.0205, -119.5, 6_000.0].map(clock);
        assert_eq!(
            shown,
            ["00:00.000", "05:15.021", "-01:59.500", "100:00.000"]
        );
    }

    #[test]
    fn messages_are_kept_word_for_word() {
        let event = Event::Rollout {
            phase: "Degraded".to_owned(),
            message: "RolloutAborted: Rollout aborted update to revision 2".to_owned(),
        };
        assert_eq!(
            event.to_string(),
            "Degraded: RolloutAborted: Rollout aborted update to revision 2"
        );
    }
}
