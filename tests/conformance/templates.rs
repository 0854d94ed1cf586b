//! `vectors/analysis/templates.jsonl.gz`: Rollouts with templates, through the first gate, the creation of their runs
//! and the first reconcile of each.

use std::io::Read;

use flate2::read::GzDecoder;
use rollsim::controller::analysis::{MeasurementMessage, Outcome, Phase, RunState, Verdict};
use rollsim::manifest::analysis_types::{AnalysisRunSpec, Argument, Metric};
use rollsim::manifest::field_ref::FieldRefError;
use rollsim::manifest::gates::{ClusterObjects, Consequence, check, check_references};
use rollsim::manifest::references::arguments::PodHashes;
use rollsim::manifest::references::{
    RunCreationError, TemplateId, TemplateScope, TemplateSet, run_metadata, run_spec, stanzas,
};
use rollsim::manifest::rollout_types::Rollout;
use rollsim::manifest::run_gate::{self, Secrets};
use rollsim::manifest::validate_rollout::validate_rollout;
use rollsim::plan::analysis;
use rollsim::units::Instant;
use serde::Deserialize;
use serde_json::{Value, json};

fn cases() -> Vec<Value> {
    let packed = include_bytes!("../vectors/analysis/templates.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .expect("unpacks");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect()
}

/// The Rollout that the recording wraps around a strategy.
fn rollout(case: &Value) -> Rollout {
    let mut object = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {
            "name": "demo",
            "namespace": "default",
            "labels": {"app": "demo", "env": "prod"},
            "annotations": {"team": "core", "rollout.argoproj.io/revision": "2"},
        },
        "spec": {
            "replicas": 5,
            "selector": {"matchLabels": {"app": "demo"}},
            "template": {
                "metadata": {"labels": {"app": "demo"}},
                "spec": {"containers": [{"name": "demo", "image": "demo:1"}]},
            },
            "strategy": case["strategy"],
        },
        "status": case["rolloutStatus"],
    });
    if let Value::Object(metadata) = &case["rolloutMetadata"] {
        for (key, value) in metadata {
            object["metadata"][key] = value.clone();
        }
    }
    Rollout::from_json(&object).expect("a Rollout")
}

fn templates(case: &Value) -> TemplateSet {
    let mut set = TemplateSet::default();
    for object in case["templates"].as_array().expect("templates") {
        let id = TemplateId {
            scope: match object["kind"].as_str() {
                Some("ClusterAnalysisTemplate") => TemplateScope::Cluster,
                _ => TemplateScope::Namespace,
            },
            name: object["metadata"]["name"]
                .as_str()
                .expect("a name")
                .to_owned(),
        };
        set.insert(
            id,
            Deserialize::deserialize(&object["spec"]).expect("a spec"),
        );
    }
    set
}

fn hashes() -> PodHashes {
    PodHashes {
        stable: "stablehash".to_owned(),
        latest: "canaryhash".to_owned(),
    }
}

/// Runs `judge` on every case and fails with all differences.
fn for_each_case(judge: impl Fn(&Value) -> Vec<(&'static str, Value, Value)>) {
    let cases = cases();
    assert!(cases.len() >= 341);
    let mut differing = Vec::new();
    for case in &cases {
        for (what, expected, got) in judge(case) {
            if expected != got {
                let (id, description) = (&case["id"], &case["description"]);
                differing.push(format!(
                    "{id} {description} {what}:\n  expected {expected}\n  got      {got}"
                ));
            }
        }
    }
    assert!(
        differing.is_empty(),
        "{} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}

fn objects(case: &Value) -> ClusterObjects {
    ClusterObjects {
        templates: templates(case),
        services: None,
    }
}

#[test]
fn the_first_gate_finds_what_the_controller_finds() {
    for_each_case(|case| {
        let rollout = rollout(case);
        let spec_errors: Vec<String> = (validate_rollout(&rollout).iter())
            .map(ToString::to_string)
            .collect();
        let findings = check_references(&rollout, &objects(case));
        let panic =
            (findings.iter()).find(|finding| finding.consequence == Consequence::NeverReconciled);
        let found: Vec<String> = match panic {
            Some(panic) => vec![format!("PANIC: {}", panic.text)],
            None => (findings.iter())
                .filter(|finding| finding.found_now)
                .map(|finding| finding.text.clone())
                .collect(),
        };
        let recorded_spec_errors = case.get("specErrors").cloned().unwrap_or(json!([]));
        let shown = (recorded_spec_errors.get(0))
            .or(Some(&case["error"]))
            .and_then(Value::as_str)
            .filter(|_| panic.is_none())
            .map(|error| format!("The Rollout \"demo\" is invalid: {error}"));
        let report = check(&rollout, &objects(case), &hashes());
        vec![
            ("spec errors", recorded_spec_errors, json!(spec_errors)),
            ("all errors", case["allErrors"].clone(), json!(found)),
            ("first error", case["error"].clone(), json!(found.first())),
            ("message", json!(shown), json!(report.invalid_spec)),
        ]
    });
}

/// What creating the run of one analysis gives, as recorded: the spec's JSON, or the error.
fn created(rollout: &Rollout, case: &Value, index: usize) -> (Value, Value) {
    let (_, analysis) = stanzas(rollout)[index];
    match run_spec(rollout, analysis, &templates(case), &hashes()) {
        Ok(spec) => (json!(spec), Value::Null),
        Err(error @ RunCreationError::Argument(FieldRefError::Panic(_))) => {
            (Value::Null, json!(format!("PANIC: {error}")))
        }
        Err(error) => (Value::Null, json!(error.to_string())),
    }
}

#[test]
fn runs_are_created_as_recorded() {
    for_each_case(|case| {
        let rollout = rollout(case);
        let recorded = case["merged"].as_array().expect("analyses");
        let kinds: Vec<String> = stanzas(&rollout)
            .iter()
            .map(|(kind, _)| kind.to_string())
            .collect();
        let recorded_kinds: Vec<&Value> = recorded.iter().map(|entry| &entry["stanza"]).collect();
        let mut compared = vec![("analyses", json!(recorded_kinds), json!(kinds))];
        for (index, entry) in recorded.iter().enumerate() {
            let (spec, error) = created(&rollout, case, index);
            let mut recorded_spec = entry["analysisRunSpec"].clone();
            // Go writes a list that was never made as null.
            if recorded_spec.is_object() && recorded_spec["metrics"].is_null() {
                recorded_spec["metrics"] = json!([]);
            }
            compared.push(("spec", recorded_spec, spec));
            compared.push(("creation error", entry["error"].clone(), error));
            if entry["labels"].is_object() {
                let (kind, analysis) = stanzas(&rollout)[index];
                let metadata = run_metadata(&rollout, kind, analysis, &hashes());
                compared.push(("labels", entry["labels"].clone(), json!(metadata.labels)));
                compared.push((
                    "annotations",
                    entry["annotations"].clone(),
                    json!(metadata.annotations),
                ));
            }
        }
        compared
    });
}

/// Phase and message of a run after its first reconcile, all measurements being `[0.99]`.
fn first_reconcile(spec: &AnalysisRunSpec) -> Value {
    let mut secrets = Secrets::new();
    for reference in spec.args.iter().filter_map(Argument::secret_key_ref) {
        let keys = secrets.entry(reference.name.clone()).or_default();
        keys.insert(reference.key.clone(), "5".to_owned());
    }
    let resolved = match run_gate::check(spec, &secrets) {
        Ok(resolved) => resolved,
        Err(error) => return json!({"phase": "Error", "message": error.to_string()}),
    };
    let plan = analysis::compile(&resolved).expect("numbers of 32 bits");
    let mut run = RunState::new(&plan);
    let (start, mut tasks) = (Instant::from_seconds(0), Vec::new());
    run.begin(&plan, start, &mut tasks);
    for task in tasks {
        let metric = &resolved.metrics[task.metric].scheduled;
        let outcome = Outcome::Completed {
            verdict: verdict(metric),
            at: start,
            message: MeasurementMessage::Empty,
        };
        run.record(&plan, task, start, outcome);
    }
    run.finish(&plan, start);
    let names: Vec<&str> = (resolved.metrics.iter())
        .map(|metric| metric.scheduled.name.as_str())
        .collect();
    json!({
        "phase": run.phase().map_or("", Phase::as_str),
        "message": run.message().render(|index| names[index], |_| String::new(), ""),
    })
}

/// What the only conditions of the recording make of 0.99.
fn verdict(metric: &Metric) -> Verdict {
    match metric.success_condition.as_str() {
        "result[0] >= 0.95" | "result[0] >= 0.99" => Verdict::Successful,
        "result[0] < 0.5" => Verdict::Failed,
        other => panic!("a condition that the recording doesn't have: {other}"),
    }
}

#[test]
fn first_reconciles_go_as_recorded() {
    for_each_case(|case| {
        let rollout = rollout(case);
        let recorded = case["merged"]
            .as_array()
            .expect("analyses")
            .iter()
            .enumerate();
        recorded
            .filter(|(_, entry)| entry["arStart"].is_object())
            .map(|(index, entry)| {
                let (_, analysis) = stanzas(&rollout)[index];
                let spec =
                    run_spec(&rollout, analysis, &templates(case), &hashes()).expect("a run");
                let recorded = &entry["arStart"];
                let recorded = json!({"phase": recorded["phase"], "message": recorded["message"]});
                ("first reconcile", recorded, first_reconcile(&spec))
            })
            .collect()
    });
}
