//! The analysis provider of the recordings: values by metric and time, judged at once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rollsim::condition::{MeasurementConditions, MetricResult, Phase};
use rollsim::controller::analysis::{MeasurementMessage, MessageHandle, Outcome, RunSpec, Verdict};
use rollsim::controller::rollout::RunKind;
use rollsim::manifest::analysis_types::{AnalysisRunSpec, AnalysisTemplateSpec, Metric};
use rollsim::manifest::arguments::resolve_metric;
use rollsim::manifest::gates::{ClusterObjects, check as check_gates};
use rollsim::manifest::references::arguments::PodHashes;
use rollsim::manifest::references::collect::collect;
use rollsim::manifest::references::{
    StanzaKind, TemplateId, TemplateScope, TemplateSet, run_spec, stanzas,
};
use rollsim::manifest::rollout_types::Rollout;
use rollsim::manifest::run_gate::{Secrets, check};
use rollsim::plan::analysis::compile;
use rollsim::units::Instant;
use serde_json::Value;

/// One line of `measured`.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub run: String,
    pub metric: String,
    pub second: i64,
    pub phase: &'static str,
    pub value: String,
    pub message: String,
}

/// An AnalysisRun's spec in the machine's terms.
#[derive(Clone, Debug, Default)]
pub struct CompiledRun {
    pub spec: RunSpec,
    pub metrics: Vec<Metric>,
    /// The run ends in Error at once, with this message.
    pub refusal: Option<String>,
}

/// What a provider call gave.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    Value(String),
    Error(String),
}

/// All that a recording says about analysis.
pub struct Provider {
    rollout: Rollout,
    templates: TemplateSet,
    /// Answers by `<run>/<metric>` or `<metric>`, each from a second on.
    answers: BTreeMap<String, Vec<(i64, Answer)>>,
    /// Messages of measurements, by handle.
    texts: RefCell<Vec<String>>,
}

impl Provider {
    pub fn new(case: &Value, rollout: &Rollout) -> Self {
        let mut templates = read_templates(case);
        leak_placeholders(rollout, &mut templates);
        let mut answers = BTreeMap::new();
        for (key, list) in case["measurements"].as_object().into_iter().flatten() {
            let list = list.as_array().unwrap().iter().map(|entry| {
                let answer = match entry["error"].as_str() {
                    Some(error) => Answer::Error(error.to_owned()),
                    None => Answer::Value(entry["value"].as_str().unwrap().to_owned()),
                };
                (entry["from"].as_i64().unwrap(), answer)
            });
            answers.insert(key.clone(), list.collect());
        }
        Self {
            rollout: rollout.clone(),
            templates,
            answers,
            texts: RefCell::default(),
        }
    }

    pub fn rollout(&self) -> &Rollout {
        &self.rollout
    }

    /// The message of the condition `InvalidSpec`, if the Rollout is refused.
    pub fn invalid_spec(case: &Value, rollout: &Rollout) -> Option<String> {
        let missing = case["env"]["missingServices"] == true;
        let objects = ClusterObjects {
            templates: read_templates(case),
            services: missing.then(Vec::new),
        };
        check_gates(rollout, &objects, &PodHashes::default()).invalid_spec
    }

    pub fn text(&self, handle: MessageHandle) -> String {
        self.texts.borrow()[handle.0 as usize].clone()
    }

    /// The run that the Rollout asks for.
    pub fn compile(&self, kind: RunKind) -> CompiledRun {
        let wanted = match kind {
            RunKind::Step(index) => StanzaKind::Step(usize::from(index)),
            RunKind::Background => StanzaKind::Background,
            RunKind::PrePromotion => StanzaKind::PrePromotion,
            RunKind::PostPromotion => StanzaKind::PostPromotion,
        };
        let stanzas = stanzas(&self.rollout);
        let (_, analysis) = stanzas.iter().find(|(kind, _)| *kind == wanted).unwrap();
        let hashes = PodHashes {
            stable: "stable".to_owned(),
            latest: "latest".to_owned(),
        };
        let spec = run_spec(&self.rollout, analysis, &self.templates, &hashes).unwrap();
        compile_run(&spec)
    }

    fn handle(&self, message: &str) -> MeasurementMessage {
        if message.is_empty() {
            return MeasurementMessage::Empty;
        }
        let mut texts = self.texts.borrow_mut();
        texts.push(message.to_owned());
        MeasurementMessage::Text(MessageHandle(u32::try_from(texts.len() - 1).unwrap()))
    }

    /// Answers, judges and reports.
    pub fn measure(
        &self,
        run: &CompiledRun,
        run_name: &str,
        metric: usize,
        second: i64,
        now: Instant,
    ) -> (Outcome, Measured) {
        let metric = &run.metrics[metric];
        let answers = self
            .answers
            .get(&format!("{run_name}/{}", metric.name))
            .or_else(|| self.answers.get(&metric.name));
        let answer = answers
            .and_then(|list| list.iter().rev().find(|(from, _)| *from <= second))
            .map_or(Answer::Value("[1]".to_owned()), |(_, answer)| {
                answer.clone()
            });
        let (verdict, value, message) = match answer {
            Answer::Error(error) => (Verdict::Error, String::new(), error),
            Answer::Value(value) => {
                let (verdict, message) = judge(metric, &value, now);
                let value = if verdict == Verdict::Error {
                    String::new()
                } else {
                    value
                };
                (verdict, value, message)
            }
        };
        let outcome = Outcome::Completed {
            verdict,
            at: now,
            message: self.handle(&message),
        };
        let measured = Measured {
            run: run_name.to_owned(),
            metric: metric.name.clone(),
            second,
            phase: verdict.as_str(),
            value,
            message,
        };
        (outcome, measured)
    }
}

fn read_templates(case: &Value) -> TemplateSet {
    let mut templates = TemplateSet::default();
    for template in case["templates"].as_array().into_iter().flatten() {
        let scope = match template["kind"].as_str() {
            Some("ClusterAnalysisTemplate") => TemplateScope::Cluster,
            _ => TemplateScope::Namespace,
        };
        let name = template["metadata"]["name"].as_str().unwrap().to_owned();
        let spec: AnalysisTemplateSpec = serde_json::from_value(template["spec"].clone()).unwrap();
        templates.insert(TemplateId { scope, name }, spec);
    }
    templates
}

/// The recordings' cache handed out shared objects, so what the controller's own check writes into templates
/// of steps and of blue-green stayed there: metrics with the templates' own argument values, or with
/// `dummy-value`, already filled in. A real cache hands out copies.
fn leak_placeholders(rollout: &Rollout, templates: &mut TemplateSet) {
    let before = templates.clone();
    for (kind, analysis) in stanzas(rollout) {
        if kind == StanzaKind::Background {
            continue;
        }
        for found in collect(&analysis.templates, &before).templates {
            let mut spec = found.spec.clone();
            for arg in &mut spec.args {
                if arg.value.is_none() {
                    arg.value = Some("dummy-value".to_owned());
                }
            }
            for metric in &mut spec.metrics {
                if let Ok(resolved) = resolve_metric(metric, &spec.args) {
                    *metric = resolved;
                }
            }
            templates.insert(found.id.clone(), spec);
        }
    }
}

/// Judges a measured value: a vector in brackets, or a scalar.
fn judge(metric: &Metric, value: &str, now: Instant) -> (Verdict, String) {
    let number = |text: &str| -> f64 { text.trim_end_matches(',').parse().unwrap() };
    let list = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let samples: Vec<f64>;
    let result = match list {
        None => MetricResult::Scalar(number(value)),
        Some(list) => {
            samples = list.split_whitespace().map(number).collect();
            MetricResult::Vector(&samples)
        }
    };
    let conditions =
        MeasurementConditions::compile(&metric.success_condition, &metric.failure_condition);
    let assessment = conditions.unwrap().assess(result, now);
    let verdict = match assessment.phase() {
        Phase::Successful => Verdict::Successful,
        Phase::Failed => Verdict::Failed,
        Phase::Error => Verdict::Error,
        Phase::Inconclusive => Verdict::Inconclusive,
    };
    (verdict, assessment.message().unwrap_or_default())
}

fn compile_run(spec: &AnalysisRunSpec) -> CompiledRun {
    match check(spec, &Secrets::new()) {
        Ok(resolved) => CompiledRun {
            spec: compile(&resolved).unwrap(),
            metrics: resolved
                .metrics
                .into_iter()
                .map(|metric| metric.scheduled)
                .collect(),
            refusal: None,
        },
        Err(error) => CompiledRun {
            refusal: Some(error.to_string()),
            ..CompiledRun::default()
        },
    }
}
