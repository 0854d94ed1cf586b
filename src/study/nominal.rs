//! The plan that is shown before the results: the release in which every measurement succeeds, with median
//! times.

use crate::engine::replicate::Replicator;
use crate::engine::trace::{Entry, What};
use crate::plan::Plan;
use crate::report::model::{PlanMeasurement, PlanStep, PlanSummary, Window};

/// Replays the release once.
pub fn summary(plan: &Plan) -> Option<PlanSummary> {
    let arm = plan.arms.first()?;
    let (replication, recorder) = Replicator::nominal(plan, arm).trace(0);
    let seconds = |ms: i64| ms as f64 / 1_000.0;
    let mut summary = PlanSummary {
        duration_s: seconds(replication.ended_ms),
        ..PlanSummary::default()
    };
    let mut share = 0.0;
    let mut steps_done = false;
    for Entry { at_ms, what } in &recorder.entries {
        let at_s = seconds(*at_ms);
        match what {
            What::Replicas { share: now, .. } => {
                share = *now;
                if share > 0.0 && summary.canary_serves_from_s.is_none() {
                    summary.canary_serves_from_s = Some(at_s);
                }
            }
            What::Step {
                index,
                text,
                weight,
                ..
            } => {
                close(&mut summary.steps, at_s, share);
                steps_done = text.is_empty();
                if let (Ok(step), false) = (u16::try_from(*index), text.is_empty()) {
                    let text = text.clone();
                    let step = PlanStep {
                        step,
                        text,
                        weight: *weight,
                        share,
                        start_s: at_s,
                        end_s: at_s,
                    };
                    summary.steps.push(step);
                }
            }
            What::Measurement(measured) => summary.measurements.push(PlanMeasurement {
                metric: measured.metric.clone(),
                step: measured.step,
                at_s,
                window: measured.window_ms.map(|(from, to)| Window {
                    from_s: seconds(from),
                    to_s: seconds(to),
                }),
                canary_requests: measured.canary_requests,
            }),
            _ => {}
        }
    }
    if !steps_done {
        close(&mut summary.steps, summary.duration_s, share);
    }
    Some(summary)
}

/// The current step ends at `at_s`, with the share that the canary has then.
fn close(steps: &mut [PlanStep], at_s: f64, share: f64) {
    if let Some(step) = steps.last_mut() {
        (step.end_s, step.share) = (at_s, share);
    }
}
