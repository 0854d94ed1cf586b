//! Measurements that ask the service themselves: web metrics, and the attempts of Jobs.

use crate::controller::analysis::Verdict;
use crate::engine::clock::millis;
use crate::plan::probe::{JobMeasure, ProbePlan, WebMeasure, WebOutcome};
use crate::provider::web::{WebResult, result_of};
use crate::scenario::probes::Endpoint;
use crate::telemetry::targets::Targets;
use crate::units::{Duration, Instant};
use crate::world::requests::Status;
use crate::world::single::SingleRequest;

use super::{Answers, Judge, Judged};

impl Judge<'_> {
    /// Takes a measurement of a web metric at `now`, and says how long it took. `ordinarily` is how long a
    /// provider call takes.
    pub fn web(
        &mut self,
        web: &WebMeasure,
        targets: &mut Targets<'_>,
        now: Instant,
        ordinarily: Duration,
    ) -> (Judged, Duration) {
        self.value.clear();
        let probe = &web.probe;
        if self.answers == Answers::Supposed {
            let takes = probe.takes.map_or(ordinarily, |takes| takes.median());
            return (Judged::silent(Verdict::Successful), takes);
        }
        let mut chance = targets.probe_chance(probe.number, millis(now));
        let takes = probe
            .takes
            .map_or(ordinarily, |takes| takes.draw(&mut chance));
        let is_flaky = chance.next_unit() < probe.flaky_share;
        if takes > web.timeout {
            return (self.timed_out(web), web.timeout);
        }
        if web.endpoint == Endpoint::Tester {
            let (from, until) = (millis(now), millis(now));
            let passes = !is_flaky && attempt(probe, targets, from, until);
            return (self.answered(web, passes, now), takes);
        }
        let mut streams = targets.probe_streams(probe.number, millis(now));
        let Some(answer) = targets.probe(probe.target, millis(now), &mut streams) else {
            let refused = "dial tcp: connect: connection refused";
            return (self.error(|| format!("{}: {refused}", web.request)), takes);
        };
        let judged = if answer.cell >= web.timely_cells {
            return (self.timed_out(web), web.timeout);
        } else if is_flaky {
            self.error(|| "received non 2xx response code: 503".to_owned())
        } else if answer.status == Status::Failure {
            let code = answer.status.code();
            self.error(|| format!("received non 2xx response code: {code}"))
        } else {
            self.answered(web, passes(probe, answer), now)
        };
        (judged, takes)
    }

    /// How long a measurement of a web metric takes that begins at `now`, if it is answered in time.
    pub fn web_takes(
        &self,
        web: &WebMeasure,
        targets: &Targets<'_>,
        now: Instant,
        ordinarily: Duration,
    ) -> Duration {
        let mut chance = targets.probe_chance(web.probe.number, millis(now));
        let takes = web.probe.takes;
        takes.map_or(ordinarily, |takes| takes.draw(&mut chance).min(web.timeout))
    }

    fn timed_out(&mut self, web: &WebMeasure) -> Judged {
        let text = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        self.error(|| format!("{}: {text}", web.request))
    }

    fn answered(&mut self, web: &WebMeasure, passes: bool, now: Instant) -> Judged {
        match if passes { &web.right } else { &web.wrong } {
            WebOutcome::Supposed { passes } => Judged::silent(if *passes || !web.is_judged {
                Verdict::Successful
            } else {
                Verdict::Failed
            }),
            WebOutcome::Read(WebResult::Value(picked)) => {
                self.judge(&web.conditions, result_of(picked), now)
            }
            WebOutcome::Read(WebResult::Error(text) | WebResult::Unsupported(text)) => {
                self.error(|| text.clone())
            }
            WebOutcome::Read(WebResult::Panic(text)) => self.error(|| (*text).to_owned()),
            WebOutcome::Read(WebResult::Text(body)) => {
                if self.texts.is_some() {
                    self.value = String::from_utf8_lossy(body).into_owned();
                }
                Judged::silent(Verdict::Successful)
            }
        }
    }

    /// How long an attempt of a Job takes that starts at `from`.
    pub fn job_takes(&self, job: &JobMeasure, targets: &Targets<'_>, from: Instant) -> Duration {
        if self.answers == Answers::Supposed {
            return job.takes.median();
        }
        let mut chance = targets.probe_chance(job.probe.number, millis(from));
        job.takes.draw(&mut chance)
    }

    /// Whether an attempt of a Job that made its requests between `from` and `until` succeeded.
    pub fn job_passes(
        &self,
        job: &JobMeasure,
        targets: &mut Targets<'_>,
        from: Instant,
        until: Instant,
    ) -> bool {
        if self.answers == Answers::Supposed {
            return true;
        }
        let mut chance = targets.probe_chance(job.probe.number, millis(until));
        let is_flaky = chance.next_unit() < job.probe.flaky_share;
        !is_flaky && attempt(&job.probe, targets, millis(from), millis(until))
    }
}

/// Makes the requests of a probe, evenly spread between two instants up to now; whether enough of them pass.
fn attempt(probe: &ProbePlan, targets: &mut Targets<'_>, from_ms: i64, until_ms: i64) -> bool {
    let mut streams = targets.probe_streams(probe.number, from_ms);
    let mut passed = 0;
    for request in 1..=probe.requests {
        let elapsed = (until_ms - from_ms) * i64::from(request) / i64::from(probe.requests);
        let answer = targets.probe(probe.target, from_ms + elapsed, &mut streams);
        passed += u32::from(answer.is_some_and(|answer| passes(probe, answer)));
    }
    passed >= probe.needed
}

fn passes(probe: &ProbePlan, answer: SingleRequest) -> bool {
    let status = !probe.sees_status || answer.status == Status::Success;
    let content = !probe.sees_content || !answer.is_broken;
    status && content && answer.cell < probe.passing_cells
}
