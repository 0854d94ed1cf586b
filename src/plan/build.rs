//! From a valid Rollout, the specs of its AnalysisRuns and a scenario to a [`Plan`].

use std::sync::Arc;

use crate::condition::{CompileError, MeasurementConditions};
use crate::controller::rollout::{self, Effects, RunKind, State};
use crate::manifest::analysis_types::Metric;
use crate::manifest::notifications::subscriptions;
use crate::manifest::providers::PrometheusMetric;
use crate::manifest::references::StanzaKind;
use crate::manifest::rollout_types::{CanaryStrategy, Rollout};
use crate::manifest::run_gate::{ResolvedMetric, ResolvedRun};
use crate::promql::ast::Expr;
use crate::promql::compiled::{CompileRefusal, Program};
use crate::promql::head::Universe;
use crate::promql::parse::{ParseError, parse};
use crate::promql::settings::{Profile, Settings};
use crate::provider::OAuth2Settings;
use crate::provider::prometheus::{PrometheusProvider, PrometheusSettings};
use crate::scenario::model::{
    DurationDistribution, Operator, OperatorAction, PrometheusVersion, Scenario, Traffic,
};
use crate::scenario::probes::{Probe, ProbeTarget};
use crate::telemetry::exporter::{ColumnSpec, columns};
use crate::telemetry::targets::Role;
use crate::units::{Duration, Instant};
use crate::world::durations::RandomDuration;
use crate::world::latency::Cells;

use super::evidence::evidence;
use super::mapping;
use super::measure::{ConstantMeasure, Measure, QueryMeasure, Source, reads_totals};
use super::probe::{self, ProbeMeasure};
use super::recorded::{RecordedQuery, RecordedSeries};
use super::rollout::CompiledRollout;
use super::rules;
use super::series::{Everything, PodSlots, Reads, Signals, namespace, universe};
use super::world::{FaultPlan, KnownRates, cells, fault_plan, scrape_plan};
use super::{
    Arm, ArmKind, EvidencePlan, OperatorPlan, Plan, RunPlan, Split, Stanza, Timing, UPDATE_SECOND,
    WorldPlan, analysis,
};

/// Something that the real system accepts and rollsim doesn't simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The metric, if it is about one.
    pub metric: Option<String>,
    /// Which of the metric's texts, and the byte range in it.
    pub place: Place,
    /// What, why and what to do.
    pub message: String,
}

/// A text of a metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The metric itself.
    Metric,
    /// The name of its provider.
    Provider,
    /// The name of its provider, about which the scenario has to say this.
    Unmapped(String),
    /// The address of its Prometheus.
    Address,
    /// Its query.
    Query(Option<std::ops::Range<usize>>),
    /// Its success condition.
    SuccessCondition(Option<std::ops::Range<usize>>),
    /// Its failure condition.
    FailureCondition(Option<std::ops::Range<usize>>),
}

/// A run of one stanza as the gates left it.
#[derive(Clone, Debug)]
pub enum StanzaRun {
    /// Its spec with all arguments in place.
    Resolved(ResolvedRun),
    /// Its controller refuses it with this message.
    Refused(String),
}

/// What a metric can see, for findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricFacts {
    /// Its name.
    pub name: String,
    /// What its query tells of the service.
    pub signals: Signals,
    /// Whether the query can find any series at all.
    pub finds_series: bool,
    /// Whether it looks at the new version.
    pub reads_canary: bool,
    /// Whether it looks at the old version.
    pub reads_stable: bool,
}

/// A plan and what was learnt on the way.
#[derive(Debug)]
pub struct Built {
    /// The plan.
    pub plan: Plan,
    /// One entry per metric of the plan.
    pub facts: Vec<MetricFacts>,
    /// The series that queries read.
    pub universe: Universe,
    /// How queries are evaluated.
    pub settings: Settings,
}

/// Where series come from.
#[derive(Clone, Debug)]
pub enum Telemetry {
    /// The scenario's pods export them and its Prometheus scrapes them.
    Simulated,
    /// They were recorded; no pod is scraped.
    Recorded(Arc<RecordedSeries>),
}

/// Compiles everything.
pub fn build(
    rollout: &Rollout,
    compiled: CompiledRollout,
    runs: &[(StanzaKind, StanzaRun)],
    scenario: &Scenario,
    telemetry: &Telemetry,
) -> Result<Built, Vec<Unsupported>> {
    let scenario = &with_timeouts(scenario, runs);
    let slots = slots(rollout, compiled.replicas, &scenario.operators);
    let pods = PodSlots::new(rollout, slots);
    let all_columns = columns(&scenario.metrics);
    let settings = settings(scenario);
    let mut queries = Queries::default();
    for (_, run) in runs {
        if let StanzaRun::Resolved(run) = run {
            for metric in &run.metrics {
                queries.parse(metric, scenario);
            }
        }
    }
    let rules = rules::parse_all(scenario)?;
    if let Telemetry::Simulated = telemetry {
        let lag_ms = scenario.prometheus.visibility_lag.as_millis_floor();
        let everything = Everything::new(&pods, &all_columns, &rules, &settings, lag_ms)?;
        queries.survey(&everything, &settings);
    }
    queries.refuse_if_unsupported()?;
    let reads = queries.all_reads();
    let columns = reads.select(&all_columns);
    let mut universe = universe(&pods, &columns, &reads.targets(&pods));
    let read = reads.rules.keys().copied();
    let compiled_rules = rules::compile(&rules, read, &mut universe, &settings)?;
    let mut builder = Builder {
        scenario,
        cells: cells(scenario, &columns),
        queries: &queries,
        columns: &all_columns,
        universe: &universe,
        settings: &settings,
        telemetry,
        problems: Vec::new(),
    };
    let mut metrics: Vec<String> = Vec::new();
    let mut stanzas = Vec::new();
    for (kind, run) in runs {
        stanzas.push(Stanza {
            kind: run_kind(*kind),
            run: builder.run(run, &mut metrics),
        });
    }
    let problems = std::mem::take(&mut builder.problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let facts = metrics
        .iter()
        .map(|name| queries.facts(name, &all_columns, scenario))
        .collect();
    let world = world_plan(rollout, &compiled, scenario);
    let mut scrape = scrape_plan(scenario, &columns, reads.lookback_ms, &world.known_rates);
    scrape.rules = rules::plans(&rules, compiled_rules, &reads);
    let plan = Plan {
        rollout: rollout.metadata.name.clone(),
        namespace: namespace(rollout).to_owned(),
        images: images(rollout),
        deployed: deploy(&compiled),
        min_ready: compiled.min_ready,
        step_texts: compiled.step_texts,
        spec: compiled.spec,
        stanzas,
        metrics,
        scrape,
        world,
        slots,
        timing: timing(scenario),
        operators: operators(scenario),
        pages: scenario.pages,
        subscriptions: subscriptions(&rollout.metadata.annotations),
        arms: arms(scenario, &columns, &all_columns),
    };
    Ok(Built {
        plan,
        facts,
        universe,
        settings,
    })
}

/// The scenario with what the manifests say of its probes.
fn with_timeouts(scenario: &Scenario, runs: &[(StanzaKind, StanzaRun)]) -> Scenario {
    let measured = runs.iter().filter_map(|(_, run)| match run {
        StanzaRun::Resolved(run) => Some(&run.metrics),
        StanzaRun::Refused(_) => None,
    });
    let measured = measured.flatten().filter_map(|m| m.measured.as_ref().ok());
    Scenario {
        probes: probe::with_timeouts(scenario, measured),
        ..scenario.clone()
    }
}

/// How many pods of the old and of the new version can be told apart at a time.
fn slots(rollout: &Rollout, replicas: i32, operators: &[Operator]) -> [usize; 2] {
    /// Beyond so many generations of pods the oldest are forgotten earlier than queries would.
    const GENERATIONS: u64 = 3;
    let sizes = operators
        .iter()
        .filter_map(|operator| match operator.action {
            OperatorAction::Scale(replicas) => Some(replicas),
            _ => None,
        });
    let replicas = sizes.fold(replicas.max(1), i32::max);
    let again = operators
        .iter()
        .filter_map(|operator| match operator.action {
            OperatorAction::Retry | OperatorAction::NewImage | OperatorAction::PromoteFull => {
                Some(operator.times.unwrap_or(GENERATIONS))
            }
            _ => None,
        });
    let generations = 1 + again.sum::<u64>().min(GENERATIONS) as usize;
    let mut most = replicas;
    let mut surge = 0;
    if let Some(canary) = &rollout.spec.strategy.canary {
        surge = canary.fenceposts(replicas).max_surge.max(0);
        let scales = canary
            .steps
            .iter()
            .filter_map(|step| step.set_canary_scale.as_ref());
        let asked = scales.filter_map(|scale| scale.replicas);
        most = asked
            .chain(canary.min_pods_per_replica_set)
            .fold(most, i32::max);
    }
    [
        2 * replicas as usize * generations,
        ((most + surge) as usize + 2) * generations,
    ]
}

fn settings(scenario: &Scenario) -> Settings {
    let profile = match scenario.prometheus.version {
        PrometheusVersion::V3 => Profile::V3,
        PrometheusVersion::V2_51 => Profile::V2_51,
        PrometheusVersion::V2 => Profile::V2,
    };
    Settings {
        profile,
        ..Settings::default()
    }
}

fn run_kind(kind: StanzaKind) -> RunKind {
    match kind {
        StanzaKind::Step(index) => RunKind::Step(index as u16),
        StanzaKind::Background => RunKind::Background,
        StanzaKind::PrePromotion => RunKind::PrePromotion,
        StanzaKind::PostPromotion => RunKind::PostPromotion,
    }
}

fn images(rollout: &Rollout) -> Vec<String> {
    let containers = rollout.spec.template.spec.get("containers");
    let containers = containers.and_then(serde_json::Value::as_array);
    let image = |container: &serde_json::Value| Some(container.get("image")?.as_str()?.to_owned());
    containers.into_iter().flatten().filter_map(image).collect()
}

fn operators(scenario: &Scenario) -> Vec<OperatorPlan> {
    let compile = |operator: &Operator| OperatorPlan {
        action: operator.action,
        when: operator.when,
        after: RandomDuration::new(&operator.after),
        times: operator.times.unwrap_or(u64::MAX),
        on: operator.on,
    };
    scenario.operators.iter().map(compile).collect()
}

/// The healthy arm and one per fault.
fn arms(scenario: &Scenario, columns: &[ColumnSpec], exported: &[ColumnSpec]) -> Vec<Arm> {
    let healthy = Arm {
        name: "healthy".to_owned(),
        kind: ArmKind::Healthy,
        fault: FaultPlan::default(),
        evidence: EvidencePlan::Healthy,
    };
    let faults = scenario.faults.iter().map(|fault| Arm {
        name: fault.name.clone(),
        kind: ArmKind::Fault,
        fault: fault_plan(scenario, fault, columns),
        evidence: evidence(scenario, fault, columns, exported),
    });
    std::iter::once(healthy).chain(faults).collect()
}

fn timing(scenario: &Scenario) -> Timing {
    let controller = &scenario.controller;
    Timing {
        start_fraction: controller.start_fraction,
        provider: controller.provider_latency,
        reconcile: controller.reconcile_latency,
        informer: controller.informer_latency,
        horizon: scenario.horizon,
        undetected_for: scenario.undetected_for,
    }
}

fn world_plan(rollout: &Rollout, compiled: &CompiledRollout, scenario: &Scenario) -> WorldPlan {
    let canary = rollout.spec.strategy.canary.as_ref();
    let split = split(canary);
    let rate_per_second = scenario.traffic.rate_per_second;
    let known_rates = match canary {
        Some(canary) if split == Split::ReadyPods => {
            let fenceposts = canary.fenceposts(compiled.replicas);
            let fewest = (compiled.replicas - fenceposts.max_unavailable)
                .max(1)
                .unsigned_abs();
            let most = (compiled.replicas + fenceposts.max_surge)
                .max(1)
                .unsigned_abs();
            KnownRates::even_split(rate_per_second, fewest..=most)
        }
        _ => KnownRates::default(),
    };
    WorldPlan {
        rate_per_second,
        split,
        max_weight: canary.map_or(100, CanaryStrategy::max_traffic_weight),
        propagation_delay: propagation_delay(&scenario.traffic),
        known_rates,
        ready_after: RandomDuration::new(&scenario.service.pod.ready_after),
        discovery: RandomDuration::new(&scenario.prometheus.discovery),
        stable_age_ms: scenario.service.pod.stable_age.as_millis_floor(),
    }
}

fn propagation_delay(traffic: &Traffic) -> Option<RandomDuration> {
    let delay = &traffic.propagation_delay;
    (*delay != DurationDistribution::Fixed(Duration::ZERO)).then(|| RandomDuration::new(delay))
}

/// Istio with a `DestinationRule` and App Mesh choose pods by hash, all other routers choose a Service
/// (Argo Rollouts v1.9.1 rollout/trafficrouting).
fn split(canary: Option<&CanaryStrategy>) -> Split {
    let Some(canary) = canary else {
        return Split::ActiveService;
    };
    let named = |service: &str| !service.is_empty();
    let Some(routing) = &canary.traffic_routing else {
        return Split::ReadyPods;
    };
    if routing.routers().is_empty() {
        return if named(&canary.stable_service) {
            Split::StableService
        } else {
            Split::ReadyPods
        };
    }
    let istio = routing.istio.as_ref();
    let by_hash = istio.is_some_and(|istio| istio.destination_rule.is_some())
        || routing.app_mesh.is_some()
        || !named(&canary.stable_service)
        || !named(&canary.canary_service);
    if by_hash {
        Split::Subsets
    } else {
        Split::Services
    }
}

/// The first revision, fully deployed long before the update: every pod it asks for is there at once.
fn deploy(compiled: &CompiledRollout) -> State {
    /// More passes than any deployment needs.
    const PASSES: usize = 200;
    let mut state = State::new(compiled.replicas);
    state.desired.paused = compiled.paused;
    let mut effects = Effects::default();
    let mut now = Instant::from_nanos(UPDATE_SECOND.as_nanos() / 2);
    for _ in 0..PASSES {
        let inputs = rollout::Inputs {
            now,
            weight_verified: None,
        };
        rollout::reconcile(&compiled.spec, &mut state, &inputs, &mut effects);
        let mut changed = effects.changed;
        for rs in &mut state.replica_sets {
            changed |= rs.counts.created != rs.counts.spec || rs.counts.available != rs.counts.spec;
            rs.counts.created = rs.counts.spec;
            rs.counts.available = rs.counts.spec;
            rs.ready = rs.counts.spec;
        }
        if !changed {
            break;
        }
        now += Duration::from_seconds(1);
    }
    state
}

/// The queries of all metrics, parsed once for each metric's name.
#[derive(Default)]
struct Queries {
    parsed: Vec<ParsedQuery>,
}

struct ParsedQuery {
    metric: String,
    outcome: Parsed,
    reads: Option<Result<Reads, CompileRefusal>>,
}

enum Parsed {
    Expr(Expr),
    /// It asks the service itself.
    Probe,
    /// It always answers the same.
    Constant,
    /// Each measurement ends in this error.
    Error(String),
    Unsupported(Unsupported),
}

impl Queries {
    fn parse(&mut self, metric: &ResolvedMetric, scenario: &Scenario) {
        if self
            .parsed
            .iter()
            .any(|parsed| parsed.metric == metric.scheduled.name)
        {
            return;
        }
        let outcome = match &metric.measured {
            Ok(measured) => parse_metric(measured, scenario),
            Err(error) => Parsed::Error(error.to_string()),
        };
        self.parsed.push(ParsedQuery {
            metric: metric.scheduled.name.clone(),
            outcome,
            reads: None,
        });
    }

    fn survey(&mut self, everything: &Everything<'_>, settings: &Settings) {
        for parsed in &mut self.parsed {
            parsed.reads = parsed.expr().map(|expr| everything.survey(expr, settings));
        }
    }

    fn refuse_if_unsupported(&self) -> Result<(), Vec<Unsupported>> {
        let problems: Vec<Unsupported> = self
            .parsed
            .iter()
            .filter_map(ParsedQuery::problem)
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    fn all_reads(&self) -> Reads {
        let reads = self
            .parsed
            .iter()
            .filter_map(|parsed| parsed.reads.as_ref()?.as_ref().ok());
        reads.fold(Reads::default(), Reads::and)
    }

    fn get(&self, metric: &str) -> Option<&ParsedQuery> {
        self.parsed.iter().find(|parsed| parsed.metric == metric)
    }

    fn facts(&self, metric: &str, columns: &[ColumnSpec], scenario: &Scenario) -> MetricFacts {
        let mut probes = scenario.probes.iter();
        if let Some(probe) = probes.find(|probe| probe.metric == metric) {
            let parsed = self.get(metric);
            if parsed.is_some_and(|parsed| matches!(parsed.outcome, Parsed::Probe)) {
                return facts_of_probe(probe);
            }
        }
        let reads = self
            .get(metric)
            .and_then(|parsed| parsed.reads.as_ref()?.as_ref().ok());
        let reads_role = |role| reads.is_some_and(|reads| reads.reads_role(role));
        MetricFacts {
            name: metric.to_owned(),
            signals: reads
                .map(|reads| reads.signals(columns))
                .unwrap_or_default(),
            finds_series: reads_role(Role::Canary) || reads_role(Role::Stable),
            reads_canary: reads_role(Role::Canary),
            reads_stable: reads_role(Role::Stable),
        }
    }
}

impl ParsedQuery {
    fn expr(&self) -> Option<&Expr> {
        match &self.outcome {
            Parsed::Expr(expr) => Some(expr),
            Parsed::Probe | Parsed::Constant | Parsed::Error(_) | Parsed::Unsupported(_) => None,
        }
    }

    fn problem(&self) -> Option<Unsupported> {
        let about_query = |span, message: String| {
            Some(Unsupported {
                metric: Some(self.metric.clone()),
                place: Place::Query(span),
                message,
            })
        };
        match (&self.outcome, &self.reads) {
            (Parsed::Unsupported(problem), _) => Some(problem.clone()),
            (_, Some(Ok(reads))) if reads.fixed_instant => about_query(
                None,
                format!(
                    "metric `{}`: the query looks at a fixed instant (`@ …`), which no simulated rollout knows; \
                     remove the modifier",
                    self.metric
                ),
            ),
            (_, Some(Err(CompileRefusal::Construct { construct, span }))) => about_query(
                Some(span.clone()),
                format!(
                    "metric `{}`: {construct} isn't simulated yet, though Prometheus knows it; write the query without it",
                    self.metric
                ),
            ),
            _ => None,
        }
    }
}

/// What a probe can see.
fn facts_of_probe(probe: &Probe) -> MetricFacts {
    MetricFacts {
        name: probe.metric.clone(),
        signals: Signals {
            status: probe.sees_status,
            latency: probe.limits().next().is_some(),
            content: probe.sees_content,
            ..Signals::default()
        },
        finds_series: true,
        reads_canary: probe.target != ProbeTarget::Stable,
        reads_stable: probe.target != ProbeTarget::Canary,
    }
}

/// What a metric's provider makes of it.
fn parse_metric(metric: &Metric, scenario: &Scenario) -> Parsed {
    let unsupported = |place, message: String| {
        Parsed::Unsupported(Unsupported {
            metric: Some(metric.name.clone()),
            place,
            message,
        })
    };
    if probe::probes(metric) {
        return Parsed::Probe;
    }
    let Some(provider) = &metric.provider.prometheus else {
        return match mapping::parse(metric, scenario) {
            Ok(Some(expr)) => Parsed::Expr(expr),
            Ok(None) => Parsed::Constant,
            Err(problem) => Parsed::Unsupported(problem),
        };
    };
    if provider.range_query.is_some() {
        return unsupported(
            Place::Provider,
            format!(
                "metric `{}`: rangeQuery isn't simulated yet; ask for an instant",
                metric.name
            ),
        );
    }
    if let Err(error) = check_provider(provider) {
        return Parsed::Error(error);
    }
    match parse(&provider.query) {
        Ok(expr) => Parsed::Expr(expr),
        Err(ParseError::Unsupported {
            construct, span, ..
        }) => unsupported(
            Place::Query(Some(span)),
            format!(
                "metric `{}`: {construct} isn't simulated yet, though Prometheus knows it; write the query without it",
                metric.name
            ),
        ),
        Err(error) => Parsed::Error(format!("bad_data: invalid parameter \"query\": {error}")),
    }
}

/// What the provider says before it asks its server. Without an address the controller's environment counts,
/// which is taken to name a server.
fn check_provider(provider: &PrometheusMetric) -> Result<(), String> {
    let oauth2 = &provider.authentication.oauth2;
    let settings = PrometheusSettings {
        address: provider.address.clone(),
        timeout: provider.timeout,
        range_query: None,
        oauth2: OAuth2Settings {
            token_url: oauth2.token_url.clone(),
            client_id: oauth2.client_id.clone(),
            client_secret: oauth2.client_secret.clone(),
        },
    };
    let provider = PrometheusProvider::new(&settings, Some("http://environment"))
        .map_err(|error| error.to_string())?;
    let query = provider.query(Instant::EPOCH);
    query.map(|_| ()).map_err(|error| error.to_string())
}

struct Builder<'a> {
    scenario: &'a Scenario,
    cells: Cells,
    queries: &'a Queries,
    /// Everything that pods export.
    columns: &'a [ColumnSpec],
    universe: &'a Universe,
    settings: &'a Settings,
    telemetry: &'a Telemetry,
    problems: Vec<Unsupported>,
}

impl Builder<'_> {
    fn run(&mut self, run: &StanzaRun, names: &mut Vec<String>) -> RunPlan {
        let run = match run {
            StanzaRun::Refused(message) => {
                return RunPlan::Refused {
                    message: message.clone(),
                };
            }
            StanzaRun::Resolved(run) => run,
        };
        let spec = match analysis::compile(run) {
            Ok(spec) => spec,
            Err(error) => {
                let problem = Unsupported {
                    metric: None,
                    place: Place::Metric,
                    message: error.to_string(),
                };
                self.problems.push(problem);
                return RunPlan::Refused {
                    message: String::new(),
                };
            }
        };
        let mut measures = Vec::with_capacity(run.metrics.len());
        let mut metrics = Vec::with_capacity(run.metrics.len());
        for metric in &run.metrics {
            let name = &metric.scheduled.name;
            let number = names
                .iter()
                .position(|known| known == name)
                .unwrap_or_else(|| {
                    names.push(name.clone());
                    names.len() - 1
                });
            metrics.push(number as u16);
            measures.push(self.measure(metric, number));
        }
        RunPlan::Measured {
            spec,
            measures,
            metrics,
        }
    }

    fn measure(&mut self, metric: &ResolvedMetric, id: usize) -> Measure {
        let failed = |text: String| Measure::Error { text };
        let Some(parsed) = self.queries.get(&metric.scheduled.name) else {
            return failed(String::new());
        };
        let expr = match &parsed.outcome {
            Parsed::Expr(expr) => expr,
            Parsed::Probe => return self.probe(metric, id),
            Parsed::Constant => return self.constant(metric),
            Parsed::Error(text) => return failed(text.clone()),
            Parsed::Unsupported(_) => return failed(String::new()),
        };
        let source = match self.telemetry {
            Telemetry::Recorded(recorded) => Source::Recorded(RecordedQuery::new(
                expr.clone(),
                *self.settings,
                Arc::clone(recorded),
            )),
            Telemetry::Simulated => match Program::compile(expr, self.universe, self.settings) {
                Ok(program) => Source::Simulated(program),
                Err(CompileRefusal::AlwaysFails(error)) => {
                    return failed(format!("execution: {error}"));
                }
                Err(error @ CompileRefusal::Construct { .. }) => return failed(error.to_string()),
            },
        };
        let Ok(measured) = &metric.measured else {
            return failed(String::new());
        };
        let Some(conditions) = self.conditions(measured) else {
            return failed(String::new());
        };
        let reads = parsed.reads.as_ref().and_then(|reads| reads.as_ref().ok());
        Measure::Query(Box::new(QueryMeasure {
            id,
            text: query_text(measured, self.scenario),
            shape: mapping::shape(measured, self.scenario),
            source,
            conditions,
            reads_totals: reads_totals(expr),
            reads_canary_requests: reads.is_some_and(|reads| {
                reads.reads_role(Role::Canary) && reads.signals(self.columns).requests
            }),
        }))
    }

    /// A metric of another system that always answers the same.
    fn constant(&mut self, metric: &ResolvedMetric) -> Measure {
        let failed = Measure::Error {
            text: String::new(),
        };
        let Ok(measured) = &metric.measured else {
            return failed;
        };
        let answer = mapping::constant(measured, self.scenario);
        match (answer, self.conditions(measured)) {
            (Some((provider, answer)), Some(conditions)) => {
                Measure::Constant(Box::new(ConstantMeasure {
                    provider,
                    answer,
                    conditions,
                }))
            }
            _ => failed,
        }
    }

    /// A web or job metric.
    fn probe(&mut self, metric: &ResolvedMetric, number: usize) -> Measure {
        let failed = |text: String| Measure::Error { text };
        let Ok(measured) = &metric.measured else {
            return failed(String::new());
        };
        let compiled = if let Telemetry::Recorded(_) = self.telemetry {
            let message = format!(
                "metric `{}`: no recording answers a web or job metric; leave it out",
                measured.name
            );
            Err(Unsupported {
                metric: Some(measured.name.clone()),
                place: Place::Provider,
                message,
            })
        } else {
            probe::compile(measured, number, self.scenario, &self.cells)
        };
        match compiled {
            Ok(ProbeMeasure::Web(web)) => Measure::Web(web),
            Ok(ProbeMeasure::Job(job)) => Measure::Job(job),
            Ok(ProbeMeasure::Error(text)) => failed(text),
            Err(problem) => {
                self.problems.push(problem);
                failed(String::new())
            }
        }
    }

    /// Both conditions; what rollsim doesn't evaluate becomes a problem.
    fn conditions(&mut self, metric: &Metric) -> Option<MeasurementConditions> {
        let (success, failure) = (&metric.success_condition, &metric.failure_condition);
        let compiled = MeasurementConditions::compile(success, "")
            .map_err(|error| (Place::SuccessCondition as fn(_) -> _, error))
            .and_then(|_| {
                MeasurementConditions::compile(success, failure)
                    .map_err(|error| (Place::FailureCondition as fn(_) -> _, error))
            });
        match compiled {
            Ok(conditions) => Some(conditions),
            Err((place, error)) => {
                self.problems
                    .push(unsupported_condition(metric, place, &error));
                None
            }
        }
    }
}

fn query_text(metric: &Metric, scenario: &Scenario) -> String {
    let provider = metric.provider.prometheus.as_ref();
    let own = provider.map(|provider| provider.query.clone());
    own.or_else(|| mapping::query(metric, scenario).map(str::to_owned))
        .unwrap_or_default()
}

fn unsupported_condition(
    metric: &Metric,
    place: fn(Option<std::ops::Range<usize>>) -> Place,
    error: &CompileError,
) -> Unsupported {
    Unsupported {
        metric: Some(metric.name.clone()),
        place: place(Some(error.span().range())),
        message: format!(
            "metric `{}`: {error} yet, though the controller accepts them; write the condition without it",
            metric.name
        ),
    }
}
