//! Jobs of AnalysisRuns: made by a measurement, attempted again and again by the Job controller, and looked
//! after by the AnalysisRun controller when they have ended (Argo Rollouts v1.9.1 job.go, controller.go
//! `enqueueJobIfCompleted`).

use crate::controller::analysis::{
    MeasurementMessage, Outcome as MeasurementOutcome, Task, TaskKind, Verdict,
};
use crate::plan::RunPlan;
use crate::plan::measure::Measure;
use crate::plan::probe::{FIRST_BACKOFF, JobMeasure, LONGEST_BACKOFF};
use crate::units::{Duration, Instant};

use super::Replicator;
use crate::engine::clock::QUEUE_DELAY;

/// A Job that was created.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The metric of the run that it measures.
    metric: usize,
    /// When the attempt under way began, and when it ends.
    attempt: (Instant, Instant),
    /// Attempts that failed.
    failures: u32,
    /// When it fails whatever happens.
    deadline: Instant,
    /// How it ended.
    ended: Option<bool>,
}

impl Job {
    /// When something becomes of it.
    pub fn next(&self) -> Instant {
        match self.ended {
            None => self.attempt.1.min(self.deadline),
            Some(_) => Instant::NEVER,
        }
    }

    /// The wait before another attempt.
    fn backoff(&self) -> Duration {
        let doubled = FIRST_BACKOFF.as_nanos() << (self.failures.saturating_sub(1)).min(8);
        Duration::from_nanos(doubled.min(LONGEST_BACKOFF.as_nanos()))
    }
}

impl Replicator<'_> {
    /// What a provider call for a job metric comes to; `called` is when a call to the API server returns.
    pub(super) fn call_job(
        &mut self,
        index: usize,
        task: Task,
        job: &JobMeasure,
        called: Instant,
    ) -> MeasurementOutcome {
        let in_flight = MeasurementOutcome::InFlight {
            resume_at: None,
            message: MeasurementMessage::Empty,
        };
        let completed = |verdict, at| MeasurementOutcome::Completed {
            verdict,
            at,
            message: MeasurementMessage::Empty,
        };
        let of_metric = |found: &Job| found.metric == task.metric;
        match task.kind {
            TaskKind::Run => {
                let takes = self.judge.job_takes(job, &self.cluster.targets, called);
                let run = &mut self.runs[index];
                run.jobs.retain(|found| !of_metric(found));
                run.jobs.push(Job {
                    metric: task.metric,
                    attempt: (called, called + takes),
                    failures: 0,
                    deadline: job.deadline.map_or(Instant::NEVER, |limit| called + limit),
                    ended: None,
                });
                in_flight
            }
            TaskKind::Resume => {
                let mut jobs = self.runs[index].jobs.iter();
                let ended = jobs
                    .find(|found| of_metric(found))
                    .and_then(|job| job.ended);
                match ended {
                    None => in_flight,
                    Some(true) => completed(Verdict::Successful, self.now),
                    Some(false) => completed(Verdict::Failed, self.now),
                }
            }
            // The Job is deleted, and that is a success (job.go `Terminate`).
            TaskKind::Terminate => {
                self.runs[index].jobs.retain(|found| !of_metric(found));
                completed(Verdict::Successful, called)
            }
        }
    }

    /// An attempt of a Job of run `index` ends now, or its time is up.
    pub(super) fn attempt_ends(&mut self, index: usize) {
        let plan = self.plan;
        let now = self.now;
        let stanza = self.runs[index].stanza;
        let RunPlan::Measured { measures, .. } = &plan.stanzas[stanza].run else {
            return;
        };
        let mut jobs = self.runs[index].jobs.iter();
        let Some(place) = jobs.position(|job| job.next() <= now) else {
            return;
        };
        let mut job = self.runs[index].jobs[place];
        let Measure::Job(measure) = &measures[job.metric] else {
            return;
        };
        let targets = &mut self.cluster.targets;
        let (from, until) = job.attempt;
        if job.deadline <= now && until > now {
            job.ended = Some(false);
        } else if self.held_open.is_some() || self.judge.job_passes(measure, targets, from, until) {
            job.ended = Some(true);
        } else {
            job.failures += 1;
            if job.failures > measure.backoff_limit {
                job.ended = Some(false);
            } else {
                let again = now + job.backoff();
                let takes = self.judge.job_takes(measure, targets, again);
                job.attempt = (again, again + takes);
            }
        }
        let run = &mut self.runs[index];
        run.jobs[place] = job;
        if job.ended.is_some() {
            run.inform(now + QUEUE_DELAY);
        }
    }
}
