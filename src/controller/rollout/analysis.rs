//! The part of a pass that makes, follows and ends `AnalysisRuns` (Argo Rollouts v1.9.1 analysis.go).

use super::effects::{Event, Write};
use super::pass::Pass;
use super::spec::{BackgroundAnalysis, BlueGreen, Canary, StepAnalysis, Strategy};
use super::state::{Run, RunId, RunKind, RunPhase};
use super::status::{AbortCause, CurrentRun, CurrentRuns, PauseReason};

impl Pass<'_> {
    /// Looks up the phases of the recorded runs.
    pub fn refresh_runs(&mut self) {
        let state = self.state;
        let refresh = |run: &mut Option<CurrentRun>| {
            if let Some(run) = run {
                run.phase = state.run(run.id).phase;
            }
        };
        refresh(&mut self.current.step);
        refresh(&mut self.current.background);
        refresh(&mut self.current.pre_promotion);
        refresh(&mut self.current.post_promotion);
    }

    /// analysis.go reconcileAnalysisRuns.
    pub fn reconcile_analysis(&mut self) {
        let skip = self.is_aborted()
            || self.old.promote_full
            || self.new_rs().deadline.is_some()
            || self.old.stable.is_none()
            || self.rollback_within_window();
        if skip {
            self.runs = self.current;
            self.terminate_all_but(&CurrentRuns::default());
            return;
        }
        let mut runs = CurrentRuns::default();
        match &self.spec.strategy {
            Strategy::Canary(canary) => {
                runs.step = self.step_run(canary);
                runs.background = self.background_run(canary);
            }
            Strategy::BlueGreen(strategy) => {
                runs.pre_promotion = self.pre_promotion_run(strategy);
                self.act_on(runs.pre_promotion);
                runs.post_promotion = self.post_promotion_run(strategy);
                self.act_on(runs.post_promotion);
            }
        }
        let before = self.current;
        self.current = runs;
        self.runs = runs;
        self.terminate_others(&before, &runs);
        self.emit_run_events(&runs);
    }

    /// analysis.go reconcileStepBasedAnalysisRun.
    fn step_run(&mut self, canary: &Canary) -> Option<CurrentRun> {
        let current = self.current.step;
        if !self.old.pauses.is_empty() || self.old.abort {
            return current;
        }
        let step = canary.current_step(self.old.step_index);
        let index = u16::try_from(self.old.step_index.unwrap_or(0)).unwrap_or(u16::MAX);
        let kind = RunKind::Step(index);
        let analysis = step.and_then(|step| step.analysis);
        let stale = current.is_some_and(|run| self.state.run(run.id).kind != kind);
        if analysis != Some(StepAnalysis::Run) || stale {
            self.terminate(current);
            return None;
        }
        Some(self.follow(current, kind))
    }

    /// analysis.go reconcileBackgroundAnalysisRun.
    fn background_run(&mut self, canary: &Canary) -> Option<CurrentRun> {
        let current = self.current.background;
        let Some(BackgroundAnalysis { starting_step }) = canary.background else {
            self.terminate(current);
            return None;
        };
        let too_early = starting_step.is_some_and(|start| {
            !canary.steps.is_empty() && self.old.step_index.unwrap_or(0) < start
        });
        if self.old.fully_promoted()
            || self.old.stable.is_none()
            || self.old.current.is_none()
            || too_early
        {
            return None;
        }
        if self.old.pauses.has(PauseReason::InconclusiveAnalysisRun) {
            return current;
        }
        Some(self.follow(current, RunKind::Background))
    }

    /// Makes a run if one is needed, else acts on the one there is.
    fn follow(&mut self, current: Option<CurrentRun>, kind: RunKind) -> CurrentRun {
        let Some(run) = current.filter(|run| !self.needs_new_run(run.phase)) else {
            return self.create_run(kind);
        };
        self.act_on(Some(run));
        run
    }

    /// Pauses or aborts as the run's phase asks.
    fn act_on(&mut self, run: Option<CurrentRun>) {
        let Some(run) = run else {
            return;
        };
        match run.phase {
            RunPhase::Inconclusive => self.pause.add_pause(PauseReason::InconclusiveAnalysisRun),
            RunPhase::Error | RunPhase::Failed => {
                self.pause.add_abort = Some(AbortCause::Run(run.id));
            }
            RunPhase::New | RunPhase::Running | RunPhase::Successful => {}
        }
    }

    /// Whether an existing run has to be replaced: it was Inconclusive and the pause for it is over, or the
    /// rollout is tried again after an abort (analysis.go needsNewAnalysisRun).
    fn needs_new_run(&self, phase: RunPhase) -> bool {
        let pauses = &self.old.pauses;
        if self.old.controller_pause
            && !pauses.has(PauseReason::CanaryPauseStep)
            && !pauses.has(PauseReason::BlueGreenPause)
        {
            return phase == RunPhase::Inconclusive;
        }
        self.old.aborted_at.is_some()
    }

    /// Makes a run, or takes over an unfinished one with the same name
    /// (analysis.go createAnalysisRun, helpers.go `CreateWithCollisionCounter`).
    fn create_run(&mut self, kind: RunKind) -> CurrentRun {
        let template = self.new_rs().template;
        let revision = self.state.revision;
        let mut collision = 0;
        for (index, run) in self.state.runs.iter().enumerate() {
            if (run.kind, run.template, run.revision) != (kind, template, revision) {
                continue;
            }
            if !run.phase.completed() {
                return CurrentRun {
                    id: RunId(to_id(index)),
                    phase: run.phase,
                };
            }
            collision += 1;
        }
        let id = RunId(to_id(self.state.runs.len() + self.effects.new_runs.len()));
        self.effects.new_runs.push(Run {
            kind,
            template,
            revision,
            collision,
            phase: RunPhase::New,
            terminate: false,
        });
        self.write(Write::CreateRun(id));
        CurrentRun {
            id,
            phase: RunPhase::New,
        }
    }

    /// analysis.go reconcilePrePromotionAnalysisRun.
    fn pre_promotion_run(&mut self, strategy: &BlueGreen) -> Option<CurrentRun> {
        let current = self.current.pre_promotion;
        if strategy.pre_promotion != Some(StepAnalysis::Run) {
            self.terminate(current);
            return None;
        }
        if self.skips_pre_promotion(strategy) {
            self.terminate(current);
            return current;
        }
        self.blue_green_run(current, RunKind::PrePromotion)
    }

    /// analysis.go reconcilePostPromotionAnalysisRun.
    fn post_promotion_run(&mut self, strategy: &BlueGreen) -> Option<CurrentRun> {
        let current = self.current.post_promotion;
        if strategy.post_promotion != Some(StepAnalysis::Run) {
            self.terminate(current);
            return None;
        }
        if self.skips_post_promotion() {
            self.terminate(current);
            return current;
        }
        self.blue_green_run(current, RunKind::PostPromotion)
    }

    fn blue_green_run(&mut self, current: Option<CurrentRun>, kind: RunKind) -> Option<CurrentRun> {
        if self.old.pauses.has(PauseReason::InconclusiveAnalysisRun) {
            return current;
        }
        match current.filter(|run| !self.needs_new_run(run.phase)) {
            Some(run) => Some(run),
            None => Some(self.create_run(kind)),
        }
    }

    /// analysis.go skipPrePromotionAnalysisRun.
    fn skips_pre_promotion(&self, strategy: &BlueGreen) -> bool {
        let new = self.new_rs();
        let template = Some(new.template);
        let active = self.old.active;
        if self.old.stable == template || active.is_none() || active == template {
            return true;
        }
        if self.current.pre_promotion.is_some() {
            return false;
        }
        match strategy.preview_replicas {
            Some(count) => new.counts.spec != count || new.counts.available != count,
            None => !self.saturated(new),
        }
    }

    /// analysis.go skipPostPromotionAnalysisRun.
    pub fn skips_post_promotion(&self) -> bool {
        let new = self.new_rs();
        let template = Some(new.template);
        if self.old.stable == template || self.old.active != template {
            return true;
        }
        self.current.post_promotion.is_none() && !self.saturated(new)
    }

    /// Ends a run unless it is over or ending (analysis.go cancelAnalysisRuns). This doesn't wake the
    /// controller: only a new phase does.
    fn terminate(&mut self, run: Option<CurrentRun>) {
        if let Some(run) = run {
            self.terminate_id(run.id);
        }
    }

    fn terminate_id(&mut self, id: RunId) {
        let run = self.state.run(id);
        let write = Write::TerminateRun(id);
        if !run.terminate && !run.phase.completed() && !self.effects.writes.contains(&write) {
            self.effects.writes.push(write);
        }
    }

    fn terminate_all_but(&mut self, keep: &CurrentRuns) {
        for index in 0..self.state.runs.len() {
            let id = RunId(to_id(index));
            if !keep.contains(id) {
                self.terminate_id(id);
            }
        }
    }

    /// Ends runs that were current neither before nor after.
    fn terminate_others(&mut self, before: &CurrentRuns, after: &CurrentRuns) {
        for index in 0..self.state.runs.len() {
            let id = RunId(to_id(index));
            if !before.contains(id) && !after.contains(id) {
                self.terminate_id(id);
            }
        }
    }

    /// analysis.go reconcileAnalysisRunStatusChanges.
    fn emit_run_events(&mut self, runs: &CurrentRuns) {
        let old = self.old.runs;
        for (previous, run) in [
            (old.post_promotion, runs.post_promotion),
            (old.pre_promotion, runs.pre_promotion),
            (old.step, runs.step),
            (old.background, runs.background),
        ] {
            let Some(run) = run.filter(|run| run.phase != RunPhase::New) else {
                continue;
            };
            if previous.is_none_or(|old| old.id == run.id && old.phase != run.phase) {
                self.effects.events.push(Event::RunPhase {
                    run: run.id,
                    phase: run.phase,
                    previous: previous.map(|old| old.phase),
                });
            }
        }
    }
}

/// A place in the list of runs; a rollout never makes 65,536 of them.
fn to_id(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}
