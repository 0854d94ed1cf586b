//! What can be said of the measurements before the first replication: which texts the real systems refuse,
//! and which selectors find no series, and why.

mod backends;
pub(super) mod selectors;

use std::collections::BTreeSet;

use crate::condition::{CompileError, Condition, MetricResult, ResultType};
use crate::controller::analysis::MetricSpec;
use crate::diagnostics::Diagnostic;
use crate::manifest::analysis_types::Metric;
use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::Rollout;
use crate::plan::build::{Built, MetricFacts, Place, StanzaRun};
use crate::plan::measure::{Measure, QueryMeasure, Source};
use crate::plan::{RunPlan, UPDATE_SECOND};
use crate::promql::compiled::{Answer, Program};
use crate::promql::head::{Head, TargetSamples};
use crate::promql::parse::parse;
use crate::promql::plain::Value;
use crate::provider::prometheus::PrometheusError;
use crate::report::model::FindingEntry;
use crate::scenario::model::Scenario;

use super::places::Places;
use super::prepare::Recorded;
use backends::Backend;
use selectors::{Series, Unmatched};

/// Everything that findings about measurements are drawn from.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The Rollout.
    pub rollout: &'a Rollout,
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The runs that the plan was built from.
    pub runs: &'a [(StanzaKind, StanzaRun)],
    /// The plan.
    pub built: &'a Built,
    /// Where texts stand.
    pub places: &'a Places<'a>,
    /// The recording that answers the queries, if one does.
    pub recorded: Option<&'a Recorded>,
}

/// What is odd about the measurements.
#[derive(Debug, Default)]
pub struct Oddities {
    /// In words, each once.
    pub findings: Vec<FindingEntry>,
    /// The metrics of which a finding says why no measurement has a usable result.
    pub explained: BTreeSet<String>,
}

/// Looks at all measurements of a plan.
///
/// # Errors
/// Series that real systems have and that the queries read, but rollsim doesn't simulate.
pub fn examine(subject: &Subject<'_>) -> Result<Oddities, Vec<Diagnostic>> {
    let series = match subject.recorded {
        Some(recorded) => Series::recorded(recorded),
        None => Series::new(subject.rollout, subject.scenario, &subject.built.settings),
    };
    let mut oddities = Oddities::default();
    let mut refused: Vec<Diagnostic> = Vec::new();
    for ((_, run), stanza) in subject.runs.iter().zip(&subject.built.plan.stanzas) {
        let (StanzaRun::Resolved(run), RunPlan::Measured { spec, measures, .. }) =
            (run, &stanza.run)
        else {
            continue;
        };
        for (index, (metric, measure)) in run.metrics.iter().zip(measures).enumerate() {
            let Ok(metric) = &metric.measured else {
                continue;
            };
            let one = OneMetric {
                subject,
                metric,
                spec: &spec.metrics[index],
            };
            oddities.add(&metric.name, one.backend().into_iter().collect());
            match one.findings(measure, &series) {
                Ok(found) => oddities.add(&metric.name, found),
                Err(diagnostic) if refused.contains(&diagnostic) => {}
                Err(diagnostic) => refused.push(*diagnostic),
            }
        }
    }
    if refused.is_empty() {
        Ok(oddities)
    } else {
        Err(refused)
    }
}

impl Oddities {
    fn add(&mut self, metric: &str, findings: Vec<FindingEntry>) {
        for finding in findings {
            if [MEASUREMENT_ERROR, READS_NO_SERIES].contains(&finding.code.as_str()) {
                self.explained.insert(metric.to_owned());
            }
            if !self.findings.contains(&finding) {
                self.findings.push(finding);
            }
        }
    }
}

const MEASUREMENT_ERROR: &str = "measurement-error";
const READS_NO_SERIES: &str = "reads-no-series";

/// A metric of one AnalysisRun.
struct OneMetric<'a> {
    subject: &'a Subject<'a>,
    metric: &'a Metric,
    spec: &'a MetricSpec,
}

impl OneMetric<'_> {
    fn findings(
        &self,
        measure: &Measure,
        series: &Series,
    ) -> Result<Vec<FindingEntry>, Box<Diagnostic>> {
        let Some(provider) = &self.metric.provider.prometheus else {
            return self.findings_of_mapped(measure, series);
        };
        let parsed = parse(&provider.query);
        let query = match measure {
            Measure::Error { text } => {
                let span = parsed.err().map(|error| error.span());
                return Ok(vec![self.refused_query(text, span)]);
            }
            Measure::Query(query) => query,
            Measure::Constant(_) | Measure::Web(_) | Measure::Job(_) => return Ok(Vec::new()),
        };
        if let Some(rejected) = self.rejected_condition(query) {
            return Ok(vec![rejected]);
        }
        let Ok(expr) = parsed else {
            return Ok(Vec::new());
        };
        let found = selectors::find(&expr);
        for (selector, span) in &found {
            if let Some(name) = series.not_exported(selector) {
                let place = Place::Query(Some(span.clone()));
                return Err(Box::new(self.not_simulated(&name, &place)));
            }
        }
        let unmatched = found
            .iter()
            .filter_map(|(selector, span)| series.why_unmatched(selector, span, &provider.query));
        let unmatched: Vec<Unmatched> = unmatched.collect();
        if !unmatched.is_empty() {
            return Ok(self.unmatched(query, unmatched, found.len()));
        }
        match &query.source {
            // Which of a recording's series are whose isn't known.
            Source::Recorded(_) => Ok(Vec::new()),
            Source::Simulated(program) => {
                let word = self.which_version(&found, series, program);
                Ok(word.into_iter().collect())
            }
        }
    }

    /// Of a query that stands for another system's: it must read what is simulated.
    fn findings_of_mapped(
        &self,
        measure: &Measure,
        series: &Series,
    ) -> Result<Vec<FindingEntry>, Box<Diagnostic>> {
        let parsed = measure.query().and_then(|query| parse(query).ok());
        let selectors = parsed.iter().flat_map(selectors::find);
        for (selector, _) in selectors {
            if let Some(name) = series.not_exported(selector) {
                return Err(Box::new(self.not_simulated(&name, &Place::Provider)));
            }
        }
        Ok(Vec::new())
    }

    /// A word on a server that isn't a Prometheus.
    fn backend(&self) -> Option<FindingEntry> {
        let provider = self.metric.provider.prometheus.as_ref()?;
        let lag = self.subject.scenario.prometheus.visibility_lag;
        let (message, help) = Backend::of(&provider.address)?.differs(lag)?;
        Some(self.entry("not-prometheus", &Place::Address, message, Some(help)))
    }

    fn entry(
        &self,
        code: &str,
        place: &Place,
        message: String,
        help: Option<String>,
    ) -> FindingEntry {
        FindingEntry {
            code: code.to_owned(),
            rollout: Some(self.subject.rollout.metadata.name.clone()),
            arm: None,
            place: self.subject.places.describe(&self.metric.name, place),
            message,
            help,
        }
    }

    fn always_error(&self) -> String {
        let decides = if self.spec.dry_run {
            " (a dry run: it decides nothing)".to_owned()
        } else {
            format!(
                " (consecutiveErrorLimit is {}: one more in a row ends the AnalysisRun as Error)",
                self.spec.consecutive_error_limit
            )
        };
        format!(
            "every measurement of `{}` ends as Error, whatever the release is like{decides}",
            self.metric.name
        )
    }

    fn refused_query(&self, text: &str, span: Option<std::ops::Range<usize>>) -> FindingEntry {
        let message = format!("{}. Its query is refused: {text}", self.always_error());
        self.entry(MEASUREMENT_ERROR, &Place::Query(span), message, None)
    }

    fn rejected_condition(&self, query: &QueryMeasure) -> Option<FindingEntry> {
        let result = if query.source.is_scalar() {
            ResultType::Float
        } else {
            ResultType::Floats
        };
        let texts = [
            (
                "successCondition",
                &self.metric.success_condition,
                Place::SuccessCondition as fn(_) -> _,
            ),
            (
                "failureCondition",
                &self.metric.failure_condition,
                Place::FailureCondition,
            ),
        ];
        texts.into_iter().find_map(|(field, text, place)| {
            if text.is_empty() {
                return None;
            }
            let error = Condition::compile(text, result).err()?;
            let CompileError::Rejected { message, span } = error else {
                return None;
            };
            let message = format!(
                "{}. The controller rejects {field} `{text}`: {message}",
                self.always_error()
            );
            Some(self.entry(MEASUREMENT_ERROR, &place(Some(span.range())), message, None))
        })
    }

    fn not_simulated(&self, name: &str, place: &Place) -> Diagnostic {
        let diagnostic = Diagnostic::error(format!(
            "metric `{}`: the series `{name}` isn't simulated yet; write the query without it",
            self.metric.name
        ))
        .with_help("docs/scenario.md lists what is simulated so far");
        match self.subject.places.find(&self.metric.name, place) {
            Some(location) => diagnostic.at(location),
            None => diagnostic,
        }
    }

    fn unmatched(
        &self,
        query: &QueryMeasure,
        unmatched: Vec<Unmatched>,
        selectors: usize,
    ) -> Vec<FindingEntry> {
        let finds_series = match &query.source {
            Source::Simulated(_) => self.facts().is_none_or(|facts| facts.finds_series),
            Source::Recorded(_) => unmatched.len() < selectors,
        };
        let name = &self.metric.name;
        let mut told: Vec<String> = Vec::new();
        let mut entries = Vec::new();
        for Unmatched { why, help, span } in unmatched {
            if told.contains(&why) {
                continue;
            }
            let message = if finds_series {
                format!("part of the query of `{name}` never finds a series: {why}.")
            } else {
                let verdict = without_series(self.subject.built, query);
                format!("the query of `{name}` finds no series: {why}. {verdict}.")
            };
            let place = Place::Query(Some(span));
            entries.push(self.entry(READS_NO_SERIES, &place, message, Some(help)));
            told.push(why);
        }
        entries
    }

    fn facts(&self) -> Option<&MetricFacts> {
        let mut facts = self.subject.built.facts.iter();
        facts.find(|facts| facts.name == self.metric.name)
    }

    /// A word if the query doesn't look at the new version, or at both without telling them apart.
    fn which_version(
        &self,
        found: &[selectors::Found<'_>],
        series: &Series,
        program: &Program,
    ) -> Option<FindingEntry> {
        let name = &self.metric.name;
        let versions: Vec<_> = found
            .iter()
            .map(|(selector, _)| series.versions(selector))
            .collect();
        let span = found.first().map(|(_, span)| span.clone())?;
        let place = Place::Query(Some(span));
        let of_rules = found
            .iter()
            .any(|(selector, _)| series.is_recorded(selector));
        let reads_canary = if of_rules {
            self.facts().is_none_or(|facts| facts.reads_canary)
        } else {
            versions.iter().any(|versions| versions.canary)
        };
        if !reads_canary {
            let message = format!(
                "the query of `{name}` reads the old version only: what it says doesn't depend on the release."
            );
            let help = "let its labels match the pods of the new version".to_owned();
            return Some(self.entry("reads-old-version-only", &place, message, Some(help)));
        }
        let mixed = versions
            .iter()
            .all(|versions| versions.canary && versions.stable);
        if mixed && program.labels().len() == 1 {
            let message = format!(
                "the query of `{name}` reads both versions as one: what the new one does wrong is thinned by the \
                 old one's requests."
            );
            let help =
                "filter by a label that only the new version's pods have (canaryMetadata sets one)";
            return Some(self.entry("versions-mixed", &place, message, Some(help.to_owned())));
        }
        None
    }
}

/// What the conditions make of an answer without any series.
fn without_series(built: &Built, query: &QueryMeasure) -> String {
    let refused = |text: String| format!("Every measurement ends as Error (execution: {text})");
    match &query.source {
        Source::Simulated(program) => {
            let head = Head {
                targets: vec![TargetSamples::default(); built.universe.widths.len()],
            };
            let now_ms = UPDATE_SECOND.as_nanos() / 1_000_000;
            let mut scratch = program.scratch();
            match program.evaluate(&head, now_ms, &mut scratch) {
                Ok(Answer::Scalar(value)) => always(query, MetricResult::Scalar(value)),
                Ok(Answer::Vector { values, .. }) => always(query, MetricResult::Vector(values)),
                Err(error) => refused(program.explain(error).to_string()),
            }
        }
        Source::Recorded(recorded) => match recorded.answer_without_series(UPDATE_SECOND) {
            Ok(Value::Scalar(value)) => always(query, MetricResult::Scalar(value)),
            Ok(Value::Vector(samples)) => {
                let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
                always(query, MetricResult::Vector(&values))
            }
            Ok(Value::Matrix(_)) => always(query, MetricResult::Vector(&[])),
            Ok(Value::String(_)) => {
                let text = PrometheusError::UnsupportedAnswer;
                format!("Every measurement ends as Error ({text})")
            }
            Err(error) => refused(error.to_string()),
        },
    }
}

fn always(query: &QueryMeasure, result: MetricResult<'_>) -> String {
    let assessment = query.conditions.assess(result, UPDATE_SECOND);
    let phase = assessment.phase();
    match assessment.message() {
        Some(text) => format!("Every measurement ends as Error ({text})"),
        None => format!("Every measurement ends as {phase:?}, whatever the release is like"),
    }
}
