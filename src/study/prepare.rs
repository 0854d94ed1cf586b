//! From a Rollout object to a plan, through the controller's two gates.

use std::sync::Arc;

use crate::diagnostics::{Diagnostic, Location, did_you_mean};
use crate::manifest::analysis_types::{AnalysisTemplateRef, AnalysisTemplateSpec, Argument};
use crate::manifest::gates::{
    self, ClusterObjects, Consequence, GateFinding, GateReport, Place, Service,
};
use crate::manifest::references::arguments::PodHashes;
use crate::manifest::references::collect::{CollectProblem, collect};
use crate::manifest::references::merge::{MergeError, merge};
use crate::manifest::references::{StanzaKind, TemplateId, TemplateScope, TemplateSet, stanzas};
use crate::manifest::rollout_types::Rollout;
use crate::manifest::run_gate::{self, Secrets};
use crate::manifest::source::{Manifests, Object};
use crate::manifest::yaml::{Node, Path};
use crate::plan::build::{self, Built, StanzaRun, Telemetry, Unsupported};
use crate::plan::recorded::RecordedSeries;
use crate::plan::series::template_hash;
use crate::report::model::{FindingEntry, InvalidSpec};
use crate::scenario::model::Scenario;
use crate::telemetry::targets::Role;

use super::advice::advice;
use super::derive::{Derived, derive};
use super::failure::Failure;
use super::input::{Inputs, rollout_of};
use super::measurements::{self, Oddities, Subject};
use super::places::Places;

/// What became of a Rollout.
#[derive(Debug)]
pub enum Prepared {
    /// It can be replayed.
    Ready(Box<Ready>),
    /// The controller refuses it and deploys nothing.
    Invalid(InvalidSpec),
}

/// A Rollout that can be replayed.
#[derive(Debug)]
pub struct Ready {
    /// Its plan.
    pub built: Built,
    /// What is odd about its templates.
    pub oddities: Oddities,
    /// The scenario that it was compiled for.
    pub scenario: Scenario,
    /// Where that comes from, if nobody gave it.
    pub derived: Option<Derived>,
}

/// A recording that answers the queries in place of the simulated Prometheus.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its series.
    pub series: Arc<RecordedSeries>,
    /// The file, as given.
    pub file: String,
    /// Values for arguments of the analyses, by name: they go before all others.
    pub arguments: Vec<(String, String)>,
}

/// Puts a Rollout through the gates and compiles it.
pub fn prepare(inputs: &Inputs, object: &Object) -> Result<Prepared, Failure> {
    prepare_with(inputs, object, None)
}

/// As [`prepare`], for queries over a recording.
pub fn prepare_recorded(
    inputs: &Inputs,
    object: &Object,
    recorded: &Recorded,
) -> Result<Prepared, Failure> {
    prepare_with(inputs, object, Some(recorded))
}

/// The findings, and what `lint` says of the same objects.
fn with_lint(inputs: &Inputs, object: &Object, mut found: Vec<FindingEntry>) -> Vec<FindingEntry> {
    found.extend(super::lint::concerning(inputs, object, &found));
    found
}

fn prepare_with(
    inputs: &Inputs,
    object: &Object,
    recorded: Option<&Recorded>,
) -> Result<Prepared, Failure> {
    let mut rollout = rollout_of(object).map_err(|diagnostic| inputs.failure(vec![*diagnostic]))?;
    let has_namespace = !rollout.metadata.namespace.is_empty();
    if !has_namespace {
        let namespace = inputs.scenario.namespace.as_deref();
        namespace
            .unwrap_or("default")
            .clone_into(&mut rollout.metadata.namespace);
    }
    let objects = cluster_objects(inputs)?;
    let hashes = PodHashes {
        stable: template_hash(Role::Stable).to_owned(),
        latest: template_hash(Role::Canary).to_owned(),
    };
    let mut report = gates::check(&rollout, &objects, &hashes);
    let (shown, others) = gate_findings(inputs, object, &report);
    if let Some(message) = report.invalid_spec {
        return Ok(Prepared::Invalid(InvalidSpec {
            message,
            place: shown.as_ref().and_then(|shown| shown.place.clone()),
            help: shown.and_then(|shown| shown.help),
            findings: with_lint(inputs, object, others),
        }));
    }
    refuse_what_never_ends(inputs, object, &report)?;
    if let Some(recorded) = recorded {
        supply(&mut report.runs, &recorded.arguments)?;
    }
    let stand_ins = recorded.map(|recorded| stand_ins(inputs, object, &rollout, recorded));
    let mut ready = compile(
        inputs,
        object,
        rollout,
        has_namespace,
        &report.runs,
        recorded,
    )?;
    let first = others.into_iter().chain(stand_ins.into_iter().flatten());
    ready.oddities.findings.splice(0..0, first);
    if recorded.is_none() {
        let findings = std::mem::take(&mut ready.oddities.findings);
        ready.oddities.findings = with_lint(inputs, object, findings);
    }
    Ok(Prepared::Ready(Box::new(ready)))
}

/// Puts a template by itself through the AnalysisRun controller's gate and compiles it: the plan's only stanza
/// is its run, and its Rollout an empty one of the template's name.
pub fn prepare_template(
    inputs: &mut Inputs,
    template: &TemplateId,
    recorded: &Recorded,
) -> Result<(Box<Built>, Oddities), Failure> {
    let objects = cluster_objects(inputs)?;
    let reference = AnalysisTemplateRef {
        template_name: template.name.clone(),
        cluster_scope: template.scope == TemplateScope::Cluster,
    };
    let at = inputs
        .manifests
        .find(template.scope.kind(), None, &template.name)
        .map(Object::location);
    let refuse = |inputs: &Inputs, text: String, help: Option<String>| {
        let mut diagnostic = Diagnostic::error(text);
        (diagnostic.location, diagnostic.help) = (at, help);
        inputs.failure(vec![diagnostic])
    };
    let collected = collect(std::slice::from_ref(&reference), &objects.templates);
    if let Some(problem) = collected.problems.first() {
        let text = match problem {
            CollectProblem::Missing(missing) => format!("{} not found", missing.id),
            CollectProblem::Cycle(cycle) => cycle.to_string(),
        };
        let help = advice(&text, &inputs.manifests);
        return Err(refuse(inputs, text, help));
    }
    let arguments: Vec<Argument> = recorded
        .arguments
        .iter()
        .map(|(name, value)| Argument {
            name: name.clone(),
            value: Some(value.clone()),
            value_from: None,
        })
        .collect();
    let merged = merge(&collected.templates, &arguments, &[], &[]);
    let kept: Vec<TemplateId> = (collected.templates.iter())
        .map(|template| template.id.clone())
        .collect();
    if let Some(problem) = merged.problems.first() {
        let help = match problem {
            MergeError::UnresolvedArgument(name) => {
                Some(format!("give it a value: --arg {name}=VALUE"))
            }
            _ => None,
        };
        return Err(refuse(inputs, format!("{template}: {problem}"), help));
    }
    let mut runs = vec![gates::StanzaRun {
        stanza: StanzaKind::Step(0),
        spec: merged.spec,
    }];
    supply(&mut runs, &recorded.arguments)?;
    let rollout = nobody(template, inputs)?;
    // Places of metrics are looked for in these alone.
    inputs.manifests.objects.retain(|object| {
        kept.iter()
            .any(|id| object.kind == id.scope.kind() && object.name == id.name)
    });
    let inputs = &*inputs;
    let Some(object) = inputs
        .manifests
        .find(template.scope.kind(), None, &template.name)
    else {
        return Err(Failure::request(Diagnostic::error(format!(
            "{template} not found"
        ))));
    };
    let ready = compile(inputs, object, rollout, true, &runs, Some(recorded))?;
    Ok((Box::new(ready.built), ready.oddities))
}

/// Arguments whose values a cluster makes up: what stands for them isn't in a recording.
fn stand_ins(
    inputs: &Inputs,
    object: &Object,
    rollout: &Rollout,
    recorded: &Recorded,
) -> Vec<FindingEntry> {
    let mut findings: Vec<FindingEntry> = Vec::new();
    for (stanza, analysis) in stanzas(rollout) {
        for (index, argument) in analysis.args().iter().enumerate() {
            let source = argument.value_from.as_ref();
            let hash = source.and_then(|source| source.pod_template_hash_value.as_ref());
            let name = &argument.name;
            let given = |(known, _): &(String, String)| known == name;
            if hash.is_none() || recorded.arguments.iter().any(given) {
                continue;
            }
            let pointer = format!("{}/args/{index}/valueFrom", stanza.pointer());
            let location = object.location_of(&Path::from_pointer(&pointer));
            findings.push(FindingEntry {
                code: "stand-in-hash".to_owned(),
                rollout: Some(object.name.clone()),
                arm: None,
                place: Some(inputs.manifests.sources.describe(location)),
                message: format!(
                    "the argument `{name}` is a hash that the cluster made up; another one stands for it here, which \
                     the recording's series don't have."
                ),
                help: Some(format!("give the one of that time: --arg {name}=HASH")),
            });
        }
    }
    findings
}

/// The Rollout of a run that none made.
fn nobody(template: &TemplateId, inputs: &Inputs) -> Result<Rollout, Failure> {
    let rollout = serde_json::json!({
        "metadata": {"name": template.name},
        "spec": {"replicas": 0, "strategy": {"canary": {}}},
    });
    Rollout::from_json(&rollout)
        .map_err(|error| inputs.failure(vec![Diagnostic::error(error.detail)]))
}

/// Gives arguments their values.
fn supply(runs: &mut [gates::StanzaRun], arguments: &[(String, String)]) -> Result<(), Failure> {
    for (name, value) in arguments {
        let mut known = Vec::new();
        let mut found = false;
        for argument in runs.iter_mut().flat_map(|run| &mut run.spec.args) {
            if argument.name == *name {
                found = true;
                (argument.value, argument.value_from) = (Some(value.clone()), None);
            } else {
                known.push(argument.name.clone());
            }
        }
        if !found {
            let message = format!("no template has an argument `{name}`");
            let diagnostic = Diagnostic::error(message);
            let close = did_you_mean(name, known.iter().map(String::as_str));
            return Err(Failure::request(match close {
                Some(close) => diagnostic.with_help(format!("did you mean `{close}`?")),
                None if known.is_empty() => diagnostic.with_help("leave --arg out"),
                None => diagnostic.with_note(format!("they have {}", known.join(", "))),
            }));
        }
    }
    Ok(())
}

/// What the gates found: what the controller shows, and everything else.
fn gate_findings(
    inputs: &Inputs,
    object: &Object,
    report: &GateReport,
) -> (Option<FindingEntry>, Vec<FindingEntry>) {
    let manifests = &inputs.manifests;
    let entry = |finding: &GateFinding| FindingEntry {
        code: code_of(finding).to_owned(),
        rollout: Some(object.name.clone()),
        arm: None,
        place: locate(manifests, object, &finding.place)
            .map(|location| manifests.sources.describe(location)),
        message: match finding.consequence {
            Consequence::RunError => format!(
                "an AnalysisRun ends as Error before it measures, and the release is aborted: {}",
                finding.text
            ),
            _ => finding.text.clone(),
        },
        help: advice(&finding.text, manifests),
    };
    let (shown, others): (Vec<_>, Vec<_>) = report
        .findings
        .iter()
        .partition(|finding| finding.shown_first);
    (
        shown.first().copied().map(entry),
        others.into_iter().map(entry).collect(),
    )
}

/// Compiles a Rollout that the controller accepts, and says what is odd about its measurements.
fn compile(
    inputs: &Inputs,
    object: &Object,
    mut rollout: Rollout,
    has_namespace: bool,
    runs: &[gates::StanzaRun],
    recorded: Option<&Recorded>,
) -> Result<Ready, Failure> {
    let manifests = &inputs.manifests;
    let arguments = runs.iter().map(|run| run.spec.args.as_slice()).collect();
    let places = Places::new(manifests, arguments);
    let checked = runs.iter().map(|run| {
        let checked = match run_gate::check(&run.spec, &Secrets::new()) {
            Ok(resolved) => StanzaRun::Resolved(resolved),
            Err(error) => StanzaRun::Refused(error.to_string()),
        };
        (run.stanza, checked)
    });
    let checked: Vec<_> = checked.collect();
    let compiled = crate::plan::rollout::compile(&rollout).map_err(|error| {
        let text = error.to_string();
        // Its text starts with the path of what isn't simulated.
        let path = text.split(": ").next().and_then(|path| path.parse().ok());
        let location = path.map_or(object.location(), |path| object.location_of(&path));
        inputs.failure(vec![Diagnostic::error(text).at(location)])
    })?;
    let derived = match (inputs.is_scenario_given(), recorded) {
        (false, None) => Some(
            derive(&rollout, has_namespace, &checked, &places)
                .map_err(|diagnostics| inputs.failure(diagnostics))?,
        ),
        _ => None,
    };
    let given = inputs.scenario.clone();
    let scenario = derived
        .as_ref()
        .map_or(given, |derived| derived.scenario.clone());
    if let (false, Some(namespace)) = (has_namespace, &scenario.namespace) {
        rollout.metadata.namespace.clone_from(namespace);
    }
    let telemetry = match recorded {
        Some(recorded) => Telemetry::Recorded(Arc::clone(&recorded.series)),
        None => Telemetry::Simulated,
    };
    let built = build::build(&rollout, compiled, &checked, &scenario, &telemetry).map_err(
        |mut problems| {
            problems.dedup();
            let diagnostics = problems.iter().map(|problem| explain(&places, problem));
            inputs.failure(diagnostics.collect())
        },
    )?;
    let subject = Subject {
        rollout: &rollout,
        scenario: &scenario,
        runs: &checked,
        built: &built,
        places: &places,
        recorded,
    };
    let oddities =
        measurements::examine(&subject).map_err(|diagnostics| inputs.failure(diagnostics))?;
    Ok(Ready {
        built,
        oddities,
        scenario,
        derived,
    })
}

/// Mistakes that keep the real controllers from ever coming to an end, without a word.
fn refuse_what_never_ends(
    inputs: &Inputs,
    object: &Object,
    report: &GateReport,
) -> Result<(), Failure> {
    let what = |consequence| match consequence {
        Consequence::ControllerCrash => Some("the controller's process dies of this"),
        Consequence::NeverReconciled => {
            Some("the controller panics over this in every pass, and deploys nothing")
        }
        Consequence::RunNotCreated => {
            Some("the AnalysisRun is never created: the rollout hangs there")
        }
        Consequence::NeverCompletes => Some("nothing ever completes this: the rollout hangs there"),
        Consequence::InvalidSpec | Consequence::RunError => None,
    };
    let diagnostics: Vec<Diagnostic> = report
        .findings
        .iter()
        .filter_map(|finding| {
            let mut diagnostic =
                Diagnostic::error(finding.text.clone()).with_note(what(finding.consequence)?);
            diagnostic.help = advice(&finding.text, &inputs.manifests);
            Some(match locate(&inputs.manifests, object, &finding.place) {
                Some(location) => diagnostic.at(location),
                None => diagnostic,
            })
        })
        .collect();
    if diagnostics.is_empty() {
        Ok(())
    } else {
        Err(inputs.failure(diagnostics))
    }
}

fn code_of(finding: &GateFinding) -> &'static str {
    match finding.consequence {
        Consequence::InvalidSpec => "invalid-spec",
        Consequence::NeverReconciled => "never-reconciled",
        Consequence::ControllerCrash => "controller-crash",
        Consequence::RunNotCreated => "run-not-created",
        Consequence::NeverCompletes => "never-completes",
        Consequence::RunError => "run-error",
    }
}

/// The templates and Services among the manifests. Services count only if there are any: a folder without
/// them was hardly meant to say that none exist.
fn cluster_objects(inputs: &Inputs) -> Result<ClusterObjects, Failure> {
    let mut templates = TemplateSet::default();
    let mut services = Vec::new();
    let mut diagnostics = Vec::new();
    for object in &inputs.manifests.objects {
        let scope = match object.kind.as_str() {
            "AnalysisTemplate" => TemplateScope::Namespace,
            "ClusterAnalysisTemplate" => TemplateScope::Cluster,
            "Service" => {
                services.extend(serde_json::from_value::<Service>(object.node.to_json()).ok());
                continue;
            }
            _ => continue,
        };
        let spec = object
            .node
            .get("spec")
            .map_or(serde_json::Value::Null, Node::to_json);
        match serde_json::from_value::<AnalysisTemplateSpec>(spec) {
            Ok(spec) => {
                templates.insert(
                    TemplateId {
                        scope,
                        name: object.name.clone(),
                    },
                    spec,
                );
            }
            Err(error) => {
                diagnostics.push(Diagnostic::error(error.to_string()).at(object.location()));
            }
        }
    }
    if !diagnostics.is_empty() {
        return Err(inputs.failure(diagnostics));
    }
    Ok(ClusterObjects {
        templates,
        services: (!services.is_empty()).then_some(services),
    })
}

fn locate(manifests: &Manifests, rollout: &Object, place: &Place) -> Option<Location> {
    let (object, pointer) = match place {
        Place::Rollout { pointer } => (rollout, pointer),
        Place::Template { id, pointer } => {
            (manifests.find(id.scope.kind(), None, &id.name)?, pointer)
        }
        Place::Service { name, pointer } => (manifests.find("Service", None, name)?, pointer),
    };
    Some(object.location_of(&Path::from_pointer(pointer)))
}

/// What rollsim doesn't simulate, at its place in the template.
fn explain(places: &Places<'_>, problem: &Unsupported) -> Diagnostic {
    let diagnostic = Diagnostic::error(problem.message.clone()).with_help(match &problem.place {
        build::Place::Provider => {
            "leave that metric out to see what the others are worth; nothing else stands in for it"
                .to_owned()
        }
        build::Place::Unmapped(example) => format!("write e.g. `{example}` into the scenario"),
        _ => "docs/scenario.md lists what is simulated so far".to_owned(),
    });
    let metric = problem.metric.as_deref();
    match metric.and_then(|metric| places.find(metric, &problem.place)) {
        Some(location) => diagnostic.at(location),
        None => diagnostic,
    }
}
