//! One AnalysisRun by itself, as somebody makes it from a template by hand: there is a controller for it, but
//! no Rollout that looks at it.

use crate::controller::rollout::{Run, RunId, RunKind, RunPhase, Template};
use crate::engine::clock::millis;
use crate::engine::trace::Recorder;
use crate::units::{Duration, Instant};

use super::Replicator;

/// What became of an AnalysisRun by itself.
#[derive(Debug)]
pub struct RunAlone {
    /// `status.phase` at the end.
    pub phase: RunPhase,
    /// The end in milliseconds since the start.
    pub ended_ms: i64,
    /// What happened.
    pub recorder: Recorder,
}

impl Replicator<'_> {
    /// Makes the AnalysisRun of the plan's stanza of this kind, which its controller sees at once, and notes what
    /// happens until it has ended, `until` after its creation at the latest.
    pub fn trace_run(&mut self, kind: RunKind, until: Duration) -> RunAlone {
        self.recorder = Some(Recorder::default());
        self.judge.keep_texts();
        self.reset(0);
        self.state.runs.push(Run {
            kind,
            template: Template::FIRST,
            revision: 1,
            collision: 0,
            phase: RunPhase::New,
            terminate: false,
        });
        self.create_run(RunId(0));
        if let Some(run) = self.runs.first_mut() {
            run.inform(self.now);
        }
        let until = self.update_at + until;
        loop {
            // There is no Rollout controller that could be woken.
            (self.woken, self.delayed) = (Instant::NEVER, Instant::NEVER);
            self.resync = Instant::NEVER;
            if self.state.run(RunId(0)).phase.completed() || self.step(until).is_none() {
                break;
            }
        }
        RunAlone {
            phase: self.state.run(RunId(0)).phase,
            ended_ms: millis(self.now) - millis(self.update_at),
            recorder: self.recorder.take().unwrap_or_default(),
        }
    }
}
