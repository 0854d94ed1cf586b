//! What holds for every spec, every answer of the providers and every moment of a reconcile.

use proptest::prelude::*;

use super::{
    Counters, ERROR_RETRY_INTERVAL, MeasurementMessage, MetricSpec, Outcome, Phase, ResultSpec,
    RunSpec, RunState, Task, TaskKind, Verdict,
};
use crate::units::{Duration, Instant};

/// One reconcile of a generated run.
#[derive(Clone, Debug)]
struct Step {
    /// Milliseconds since the end of the last one.
    after: i64,
    /// Whether termination is requested before it.
    terminate: bool,
    /// What the calls come to, by metric.
    answers: Vec<Answer>,
}

#[derive(Clone, Debug)]
struct Answer {
    /// `None`: the measurement goes on.
    verdict: Option<Verdict>,
    /// Milliseconds that the call takes.
    latency: i64,
    /// Milliseconds until it wants to be asked again.
    resume_after: Option<i64>,
}

/// A metric as the test knows it: exact times, not those that the machine keeps.
#[derive(Clone, Copy, Debug, Default)]
struct Witness {
    finished: Option<(Instant, Verdict)>,
    in_flight: bool,
    counters: Counters,
    phase: Option<Phase>,
}

fn metric() -> impl Strategy<Value = MetricSpec> {
    let limits = (
        prop::option::of(0..4),
        0..3,
        0..5,
        prop::option::of(1..4),
        any::<bool>(),
    );
    let schedule = prop_oneof![
        Just((None, Some(1))),
        (
            -2_000..20_000_i64,
            prop::option::of(prop_oneof![Just(-1), 1..7])
        )
            .prop_map(|(interval, count)| (Some(interval), count)),
    ];
    let delay = prop::option::of(0..9_000_i64);
    (schedule, delay, limits).prop_map(
        |((interval, effective_count), delay, (failures, inconclusive, errors, successes, dry))| {
            MetricSpec {
                interval: interval.map(Duration::from_millis),
                initial_delay: delay.map(Duration::from_millis),
                effective_count,
                failure_limit: failures,
                inconclusive_limit: inconclusive,
                consecutive_error_limit: errors,
                consecutive_success_limit: successes,
                dry_run: dry,
                looked_up_as: 0,
                stored_as: 0,
            }
        },
    )
}

fn spec() -> impl Strategy<Value = RunSpec> {
    prop::collection::vec(metric(), 1..4).prop_map(|metrics| RunSpec {
        results: metrics
            .iter()
            .map(|metric| ResultSpec {
                dry_run: metric.dry_run,
                ..ResultSpec::default()
            })
            .collect(),
        metrics: metrics
            .into_iter()
            .enumerate()
            .map(|(index, metric)| MetricSpec {
                looked_up_as: index,
                stored_as: index,
                ..metric
            })
            .collect(),
        terminate: false,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let verdict = prop_oneof![
        5 => Just(Some(Verdict::Successful)),
        2 => Just(Some(Verdict::Failed)),
        1 => Just(Some(Verdict::Inconclusive)),
        2 => Just(Some(Verdict::Error)),
        1 => Just(None),
    ];
    let answer = (verdict, 0..3_000_i64, prop::option::of(0..20_000_i64)).prop_map(
        |(verdict, latency, resume_after)| Answer {
            verdict,
            latency,
            resume_after,
        },
    );
    let step = (
        prop_oneof![Just(5), 0..12_000_i64],
        prop::bool::weighted(0.03),
        prop::collection::vec(answer, 3),
    )
        .prop_map(|(after, terminate, answers)| Step {
            after,
            terminate,
            answers,
        });
    prop::collection::vec(step, 1..40)
}

/// A run under test.
struct Run {
    spec: RunSpec,
    state: RunState,
    witnesses: Vec<Witness>,
    started_at: Option<Instant>,
    now: Instant,
    tasks: Vec<Task>,
}

impl Run {
    fn new(spec: RunSpec, start_millis: i64) -> Self {
        Self {
            state: RunState::new(&spec),
            witnesses: vec![Witness::default(); spec.metrics.len()],
            spec,
            started_at: None,
            now: Instant::from_millis(start_millis),
            tasks: Vec::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        self.now += Duration::from_millis(step.after);
        if step.terminate {
            self.state.request_termination();
        }
        let ended = self.state.verdict();
        self.state.begin(&self.spec, self.now, &mut self.tasks);
        if ended.is_some() {
            assert!(self.tasks.is_empty(), "a completed run measures nothing");
        }
        let mut end = self.now;
        for task in self.tasks.clone() {
            self.assert_due(task);
            let outcome = self.answer(task, &step.answers[task.metric]);
            if let Outcome::Completed { at, verdict, .. } = outcome {
                end = end.max(at);
                self.witnesses[task.metric].finished = Some((at, verdict));
            }
            self.witnesses[task.metric].in_flight = matches!(outcome, Outcome::InFlight { .. });
            self.state.record(&self.spec, task, self.now, outcome);
        }
        let reconciled = self.state.finish(&self.spec, end);
        if ended.is_some() {
            assert_eq!(
                self.state.verdict(),
                ended,
                "a completed run stays as it is"
            );
            assert!(!reconciled.changed && reconciled.next.is_none());
        }
        self.started_at.get_or_insert(end);
        self.now = end;
        self.assert_results_move_forward();
        let waits_for_event = self.state.results().iter().flatten().any(|result| {
            !result.phase.is_completed()
                && result.last.finished_at.is_none()
                && result.last.resume_at.is_none()
        });
        if self.state.verdict().is_none() && !waits_for_event {
            assert!(reconciled.next.is_some(), "an unfinished run goes on");
        }
    }

    fn answer(&self, task: Task, answer: &Answer) -> Outcome {
        let at = self.now + Duration::from_millis(answer.latency);
        match (task.kind, answer.verdict) {
            (TaskKind::Terminate, _) => Outcome::Completed {
                verdict: Verdict::Successful,
                at: self.now,
                message: MeasurementMessage::Empty,
            },
            (_, Some(verdict)) => Outcome::Completed {
                verdict,
                at,
                message: MeasurementMessage::Empty,
            },
            (_, None) => Outcome::InFlight {
                resume_at: answer
                    .resume_after
                    .map(|after| self.now + Duration::from_millis(after)),
                message: MeasurementMessage::Empty,
            },
        }
    }

    /// Nothing is measured before it is due by times cut to the second.
    fn assert_due(&self, task: Task) {
        let metric = &self.spec.metrics[task.metric];
        let witness = &self.witnesses[task.metric];
        assert!(!witness.phase.is_some_and(Phase::is_completed));
        if task.kind != TaskKind::Run {
            assert!(witness.in_flight, "only what is in flight is resumed");
            return;
        }
        assert!(!witness.in_flight, "one measurement at a time");
        match (witness.finished, metric.initial_delay) {
            (Some((at, verdict)), _) => {
                let wait = match verdict {
                    Verdict::Error => ERROR_RETRY_INTERVAL,
                    _ => metric
                        .interval
                        .expect("a second measurement has an interval"),
                };
                assert!(self.now > at.floor_to_second() + wait, "measured too early");
            }
            (None, Some(delay)) => {
                let start = self
                    .started_at
                    .expect("a delayed metric waits for the start");
                assert!(
                    self.now >= start.floor_to_second() + delay,
                    "started too early"
                );
            }
            (None, None) => {}
        }
    }

    /// Counters never decrease and completed metrics never change their phase.
    fn assert_results_move_forward(&mut self) {
        for (result, witness) in self.state.results().iter().zip(&mut self.witnesses) {
            let Some(result) = result else { continue };
            let (new, old) = (result.counters, witness.counters);
            let pairs = [
                (new.count, old.count),
                (new.successful, old.successful),
                (new.failed, old.failed),
                (new.inconclusive, old.inconclusive),
                (new.error, old.error),
            ];
            assert!(
                pairs.iter().all(|(new, old)| new >= old),
                "{new:?} after {old:?}"
            );
            assert_eq!(new.count, new.successful + new.failed + new.inconclusive);
            if witness.phase.is_some_and(Phase::is_completed) {
                assert_eq!(Some(result.phase), witness.phase);
                assert_eq!(new, old, "a completed metric counts no more");
            }
            witness.counters = new;
            witness.phase = Some(result.phase);
        }
    }
}

proptest! {
    #[test]
    fn runs_only_move_forward_and_never_measure_early(
        spec in spec(),
        start in 0..1_000_i64,
        steps in steps(),
    ) {
        let mut run = Run::new(spec, start);
        for step in &steps {
            run.step(step);
        }
    }

    #[test]
    fn a_reset_run_repeats_itself(spec in spec(), start in 0..1_000_i64, steps in steps()) {
        let mut first = Run::new(spec.clone(), start);
        for step in &steps {
            first.step(step);
        }
        let mut second = Run::new(spec.clone(), start);
        second.state = first.state.clone();
        second.state.reset(&spec);
        for step in &steps {
            second.step(step);
        }
        prop_assert_eq!(first.state, second.state);
    }
}
