//! One measurement: the query's answer now, and what the conditions say of it.

mod probing;

use crate::condition::{Assessment, MeasurementConditions, MetricResult, Phase};
use crate::controller::analysis::{MeasurementMessage, MessageHandle, Verdict};
use crate::plan::measure::{ConstantMeasure, Measure, QueryMeasure, Shape, Source};
use crate::plan::recorded::RecordedQuery;
use crate::plan::{Plan, RunPlan};
use crate::promql::compiled::{Answer, Program, Scratch};
use crate::promql::head::Head;
use crate::promql::plain::Value;
use crate::provider::StoredValue;
use crate::provider::mapped::{MappedProvider, MappedResult};
use crate::provider::prometheus::PrometheusAnswer;
use crate::units::Instant;

use super::clock::millis;

/// What a measurement came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How it ended.
    pub verdict: Verdict,
    /// What it says.
    pub message: MeasurementMessage,
}

impl Judged {
    const fn silent(verdict: Verdict) -> Self {
        Self {
            verdict,
            message: MeasurementMessage::Empty,
        }
    }
}

/// Who answers the queries of measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// What the plan says.
    Asked,
    /// Nobody: every measurement succeeds. For the plan that is shown, not for results.
    Supposed,
}

/// Takes the measurements of a plan; keeps the buffers of its queries.
#[derive(Debug)]
pub struct Judge<'p> {
    plan: &'p Plan,
    answers: Answers,
    /// Of compiled queries, by [`QueryMeasure::id`].
    scratches: Vec<Option<Scratch>>,
    /// Texts of messages, if anybody will read them.
    texts: Option<Vec<String>>,
    /// The value of the last measurement, if anybody will read it.
    value: String,
}

impl<'p> Judge<'p> {
    /// A judge for all measures of a plan.
    pub fn new(plan: &'p Plan, answers: Answers) -> Self {
        let mut scratches: Vec<Option<Scratch>> = Vec::new();
        for stanza in &plan.stanzas {
            let RunPlan::Measured { measures, .. } = &stanza.run else {
                continue;
            };
            for measure in measures {
                if let Measure::Query(query) = measure {
                    if scratches.len() <= query.id {
                        scratches.resize_with(query.id + 1, || None);
                    }
                    if let Source::Simulated(program) = &query.source {
                        scratches[query.id].get_or_insert_with(|| program.scratch());
                    }
                }
            }
        }
        Self {
            plan,
            answers,
            scratches,
            texts: None,
            value: String::new(),
        }
    }

    /// From now on keeps the texts of messages and values.
    pub fn keep_texts(&mut self) {
        self.texts = Some(Vec::new());
    }

    /// The plan whose measures these are.
    pub fn plan(&self) -> &'p Plan {
        self.plan
    }

    /// Texts of messages, by handle.
    pub fn texts(&self) -> &[String] {
        self.texts.as_deref().unwrap_or_default()
    }

    /// The text of a message.
    pub fn text(&self, handle: MessageHandle) -> String {
        self.texts()
            .get(handle.0 as usize)
            .cloned()
            .unwrap_or_default()
    }

    /// The value of the last measurement.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Takes one measurement at `now`: every call ends in this error.
    pub fn refused(&mut self, text: &str) -> Judged {
        self.value.clear();
        if self.answers == Answers::Supposed {
            return Judged::silent(Verdict::Successful);
        }
        self.error(|| text.to_owned())
    }

    /// Takes one measurement by a query at `now`.
    pub fn ask(&mut self, query: &QueryMeasure, head: &Head, now: Instant) -> Judged {
        self.value.clear();
        if self.answers == Answers::Supposed {
            return Judged::silent(Verdict::Successful);
        }
        self.query(query, head, now)
    }

    fn query(&mut self, query: &QueryMeasure, head: &Head, now: Instant) -> Judged {
        match &query.source {
            Source::Simulated(program) => self.simulated(query, program, head, now),
            Source::Recorded(recorded) => self.recorded(query, recorded, now),
        }
    }

    fn simulated(
        &mut self,
        query: &QueryMeasure,
        program: &Program,
        head: &Head,
        now: Instant,
    ) -> Judged {
        let Some(mut scratch) = self.scratches[query.id].take() else {
            return Judged::silent(Verdict::Error);
        };
        let judged = match program.evaluate(head, millis(now), &mut scratch) {
            Err(error) => self.error(|| format!("execution: {}", program.explain(error))),
            Ok(answer) => {
                let result = match answer {
                    Answer::Scalar(value) => MetricResult::Scalar(value),
                    Answer::Vector { values, .. } => MetricResult::Vector(values),
                };
                match &query.shape {
                    None => self.judge(&query.conditions, result, now),
                    Some(shape) => self.shaped(query, shape, result, now),
                }
            }
        };
        self.scratches[query.id] = Some(scratch);
        judged
    }

    /// The same numbers as another system answers them.
    fn shaped(
        &mut self,
        query: &QueryMeasure,
        shape: &Shape,
        numbers: MetricResult<'_>,
        now: Instant,
    ) -> Judged {
        let provider = shape.provider;
        let answer = match numbers {
            MetricResult::Vector(values) => provider.result(values, &shape.field),
            MetricResult::Scalar(value) => provider.result(&[value], &shape.field),
            _ => MappedResult::Nil,
        };
        self.mapped(provider, &answer, &query.conditions, now)
    }

    /// Takes one measurement at `now` of a metric that always answers the same.
    pub fn constant(&mut self, constant: &ConstantMeasure, now: Instant) -> Judged {
        self.value.clear();
        if self.answers == Answers::Supposed {
            return Judged::silent(Verdict::Successful);
        }
        let answer = &constant.answer;
        self.mapped(constant.provider, answer, &constant.conditions, now)
    }

    fn mapped(
        &mut self,
        provider: MappedProvider,
        answer: &MappedResult,
        conditions: &MeasurementConditions,
        now: Instant,
    ) -> Judged {
        match answer.result() {
            Err(text) => self.error(|| text.to_owned()),
            Ok(result) => {
                let judged = self.judge(conditions, result, now);
                if self.texts.is_some() && judged.verdict != Verdict::Error {
                    self.value = provider.stored(answer);
                }
                judged
            }
        }
    }

    fn recorded(&mut self, query: &QueryMeasure, recorded: &RecordedQuery, now: Instant) -> Judged {
        let samples: Vec<f64>;
        let answer = match recorded.answer(now) {
            Err(error) => return self.error(|| format!("execution: {error}")),
            Ok(Value::Scalar(value)) => PrometheusAnswer::Scalar(value),
            Ok(Value::Vector(vector)) => {
                samples = vector.iter().map(|sample| sample.value).collect();
                PrometheusAnswer::Samples(&samples)
            }
            Ok(Value::Matrix(series)) => {
                let all = series.iter().flat_map(|series| &series.samples);
                samples = all.map(|sample| sample.1).collect();
                PrometheusAnswer::Samples(&samples)
            }
            Ok(Value::String(_)) => PrometheusAnswer::String,
        };
        match answer.result() {
            Ok(result) => self.judge(&query.conditions, result, recorded.recorded_time(now)),
            Err(error) => self.error(|| error.to_string()),
        }
    }

    fn judge(
        &mut self,
        conditions: &MeasurementConditions,
        result: MetricResult<'_>,
        now: Instant,
    ) -> Judged {
        let assessment = conditions.assess(result, now);
        let verdict = match assessment.phase() {
            Phase::Successful => Verdict::Successful,
            Phase::Failed => Verdict::Failed,
            Phase::Inconclusive => Verdict::Inconclusive,
            Phase::Error => return self.error(|| message(&assessment)),
        };
        if self.texts.is_some() {
            self.value = StoredValue(result).to_string();
        }
        Judged::silent(verdict)
    }

    /// An Error; its text is made only if anybody will read it.
    fn error(&mut self, text: impl FnOnce() -> String) -> Judged {
        let handle = match &mut self.texts {
            None => 0,
            Some(texts) => {
                texts.push(text());
                texts.len() - 1
            }
        };
        let message = MeasurementMessage::Text(MessageHandle(handle as u32));
        Judged {
            verdict: Verdict::Error,
            message,
        }
    }
}

fn message(assessment: &Assessment) -> String {
    assessment.message().unwrap_or_default()
}
