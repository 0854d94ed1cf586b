//! The gates' report as a whole: the message that the controller shows, and that mending mistakes one by one uncovers
//! nothing that was not reported at first.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use rollsim::manifest::gates::{
    ClusterObjects, Consequence, GateFinding, GateReport, Place, check,
};
use rollsim::manifest::references::arguments::PodHashes;
use rollsim::manifest::references::{TemplateId, TemplateScope, TemplateSet};
use rollsim::manifest::rollout_types::Rollout;
use serde::Deserialize;
use serde_json::{Value, json};

/// Objects as a user writes them.
#[derive(Clone)]
struct Manifests {
    rollout: Value,
    templates: Vec<Value>,
    services: Option<Vec<Value>>,
}

impl Manifests {
    fn report(&self) -> GateReport {
        let mut templates = TemplateSet::default();
        for object in &self.templates {
            templates.insert(
                id(object),
                Deserialize::deserialize(&object["spec"]).expect("a spec"),
            );
        }
        let services = self.services.as_ref().map(|services| {
            let services = services.iter().map(Deserialize::deserialize);
            services.collect::<Result<_, _>>().expect("Services")
        });
        let rollout = Rollout::from_json(&self.rollout).expect("a Rollout");
        check(
            &rollout,
            &ClusterObjects {
                templates,
                services,
            },
            &PodHashes::default(),
        )
    }
}

fn id(object: &Value) -> TemplateId {
    TemplateId {
        scope: match object["kind"].as_str() {
            Some("ClusterAnalysisTemplate") => TemplateScope::Cluster,
            _ => TemplateScope::Namespace,
        },
        name: object["metadata"]["name"]
            .as_str()
            .expect("a name")
            .to_owned(),
    }
}

fn unpack(packed: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("unpacks");
    (text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line")))
    .collect()
}

#[test]
fn invalid_rollouts_show_the_recorded_message() {
    let lines = unpack(include_bytes!("../vectors/rollout/timelines.jsonl.gz"));
    let invalid = lines.iter().filter(|case| {
        case["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("invalid-"))
    });
    let mut seen = 0;
    for case in invalid {
        let services = (case["env"]["missingServices"] == true).then(Vec::new);
        let manifests = Manifests {
            rollout: case["rollout"].clone(),
            templates: case["templates"].as_array().expect("templates").clone(),
            services,
        };
        let report = manifests.report();
        let shown = format!("InvalidSpec: {}", report.invalid_spec.unwrap_or_default());
        assert_eq!(case["expect"][0]["message"], shown, "{}", case["id"]);
        seen += 1;
    }
    assert!(seen >= 15, "{seen} invalid Rollouts");
}

/// The article's manifests lie outside the repository, in `../shared` or where `ROLLSIM_SHARED` points. Without them
/// the tests that need them pass, unless `ROLLSIM_REQUIRE_SHARED=1`.
fn article(version: &str) -> Option<Manifests> {
    let root = std::env::var_os("ROLLSIM_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let folder = root.join("article").join(version);
    if !folder.exists() {
        let required = std::env::var_os("ROLLSIM_REQUIRE_SHARED").is_some_and(|value| value == "1");
        assert!(!required, "{} is missing", folder.display());
        return None;
    }
    let read = |file: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(file)).expect("a manifest");
        serde_yaml::from_str(&text).expect("YAML")
    };
    Some(Manifests {
        rollout: read("rollout.yaml"),
        templates: vec![read("success-rate.yaml"), read("latency-p99.yaml")],
        services: Some(Vec::new()),
    })
}

#[test]
fn the_article_is_refused_and_all_its_mistakes_are_told_at_once() {
    let Some(manifests) = article("as-written") else {
        return;
    };
    let report = manifests.report();
    let in_step = |step: usize, rest: &str| {
        format!("spec.strategy.canary.steps[{step}].analysis.templates: {rest}")
    };
    let unresolved = r#"Invalid value: "templateNames: [success-rate latency-p99]": args.service-name was not resolved"#;
    let endless = |template: &str| {
        format!(
            "Invalid value: \"{template}\": AnalysisTemplate {template} has metric {template} which runs indefinitely. \
             Invalid value for count: <nil>"
        )
    };
    let undeclared = r#"Invalid value: "latency-p99": AnalysisTemplate latency-p99: failed to resolve {{args.service-name}}"#;
    let expected: Vec<String> = [2, 5]
        .into_iter()
        .flat_map(|step| {
            [
                unresolved.to_owned(),
                endless("success-rate"),
                undeclared.to_owned(),
                endless("latency-p99"),
            ]
            .map(|rest| in_step(step, &rest))
        })
        .collect();
    let found: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.text.as_str())
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        report.invalid_spec,
        Some(format!("The Rollout \"api\" is invalid: {}", expected[0]))
    );
    assert!(!report.is_deployed());
    let places: Vec<String> = (report.findings.iter().take(4))
        .map(|finding| finding.place.to_string())
        .collect();
    assert_eq!(
        places,
        [
            "Rollout /spec/strategy/canary/steps/2/analysis/args",
            "AnalysisTemplate 'success-rate' /spec/metrics/0/count",
            "AnalysisTemplate 'latency-p99' /spec/metrics/0",
            "AnalysisTemplate 'latency-p99' /spec/metrics/0/count",
        ]
    );
}

#[test]
fn the_corrected_article_passes() {
    let Some(manifests) = article("corrected") else {
        return;
    };
    let report = manifests.report();
    assert_eq!(report.findings, []);
    assert_eq!(report.invalid_spec, None);
    assert_eq!(report.runs.len(), 2);
}

#[test]
fn a_count_below_the_limit_aborts_what_the_first_gate_accepts() {
    let Some(mut manifests) = article("corrected") else {
        return;
    };
    manifests.templates[0]["spec"]["metrics"][0]["count"] = json!(2);
    let report = manifests.report();
    assert!(report.is_deployed());
    let texts: Vec<&str> = report
        .findings
        .iter()
        .map(|finding| finding.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "Analysis spec invalid: metrics[0]: count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0"
        ]
    );
    assert_eq!(report.findings[0].consequence, Consequence::RunError);
}

/// The mistake that the controllers would show now: the message of `InvalidSpec`, else of a run that ends in Error.
fn shown(report: &GateReport) -> Option<&GateFinding> {
    let by_first_gate = report.findings.iter().find(|finding| finding.shown_first);
    by_first_gate.or_else(|| {
        let mut ended = report.findings.iter().filter(|finding| finding.found_now);
        ended.find(|finding| finding.consequence == Consequence::RunError)
    })
}

/// Mends a mistake as its text suggests; tells whether it knew how.
fn mend(manifests: &mut Manifests, finding: &GateFinding) -> bool {
    let between = |start: &str, end: &str| {
        let (_, after) = finding.text.split_once(start)?;
        Some(after.split_once(end)?.0.to_owned())
    };
    let Some(object) = object_at(manifests, &finding.place) else {
        return false;
    };
    let (Place::Rollout { pointer }
    | Place::Template { pointer, .. }
    | Place::Service { pointer, .. }) = &finding.place;
    if let Some(name) = between(": args.", " was not resolved") {
        append(object, pointer, json!({"name": name, "value": "v"}));
    } else if finding.text.contains("runs indefinitely") {
        set(object, pointer, json!(1000));
    } else if let Some(tag) = between("failed to resolve {{", "}}") {
        let Some(name) = tag
            .trim()
            .strip_prefix("args.")
            .filter(|name| !name.contains('"'))
            .map(str::to_owned)
        else {
            return false;
        };
        append(object, "/spec/args", json!({"name": name}));
        let rollout = &mut manifests.rollout;
        for pointer in analyses(rollout) {
            append(
                rollout,
                &format!("{pointer}/args"),
                json!({"name": name, "value": "v"}),
            );
        }
    } else if finding.text.contains("two metrics have the same name") {
        let name = format!("renamed-{}", finding.text.len() + pointer.len());
        set(object, pointer, json!(name));
    } else {
        return false;
    }
    true
}

fn object_at<'a>(manifests: &'a mut Manifests, place: &Place) -> Option<&'a mut Value> {
    match place {
        Place::Rollout { .. } => Some(&mut manifests.rollout),
        Place::Template { id: wanted, .. } => manifests
            .templates
            .iter_mut()
            .find(|object| id(object) == *wanted),
        Place::Service { .. } => None,
    }
}

fn analyses(rollout: &Value) -> Vec<String> {
    let canary = "/spec/strategy/canary";
    let steps = rollout
        .pointer(&format!("{canary}/steps"))
        .and_then(Value::as_array);
    let steps =
        (0..steps.map_or(0, Vec::len)).map(|index| format!("{canary}/steps/{index}/analysis"));
    let others = [
        "canary/analysis",
        "blueGreen/prePromotionAnalysis",
        "blueGreen/postPromotionAnalysis",
    ];
    let all = steps.chain(others.map(|other| format!("/spec/strategy/{other}")));
    all.filter(|pointer| rollout.pointer(pointer).is_some_and(Value::is_object))
        .collect()
}

/// Sets the value at `pointer`, whose parent exists.
fn set(object: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    object.pointer_mut(parent).expect("the parent")[key] = value;
}

/// Appends to the list at `pointer`, which may not exist yet, unless it has an element of that name.
fn append(object: &mut Value, pointer: &str, element: Value) {
    if !object.pointer(pointer).is_some_and(Value::is_array) {
        set(object, pointer, json!([]));
    }
    let list = object
        .pointer_mut(pointer)
        .and_then(Value::as_array_mut)
        .expect("a list");
    if list.iter().all(|known| known["name"] != element["name"]) {
        list.push(element);
    }
}

#[test]
fn mending_one_by_one_uncovers_nothing_new() {
    let cases = unpack(include_bytes!("../vectors/analysis/templates.jsonl.gz"));
    let mut mended = 0;
    for case in &cases {
        let mut manifests = Manifests {
            rollout: json!({
                "metadata": {"name": "demo"},
                "spec": {
                    "selector": {"matchLabels": {"app": "demo"}},
                    "template": {
                        "metadata": {"labels": {"app": "demo"}},
                        "spec": {"containers": [{"name": "demo", "image": "demo:1"}]},
                    },
                    "strategy": case["strategy"],
                },
            }),
            templates: case["templates"].as_array().expect("templates").clone(),
            services: None,
        };
        let told: BTreeSet<String> = (manifests.report().findings.into_iter())
            .map(|finding| finding.text)
            .collect();
        for _ in 0..40 {
            let report = manifests.report();
            let Some(finding) = shown(&report) else {
                break;
            };
            assert!(
                told.contains(&finding.text),
                "{} {}: not told at first: {}\n told: {told:#?}",
                case["id"],
                case["description"],
                finding.text
            );
            if !mend(&mut manifests, finding) {
                break;
            }
            mended += 1;
        }
    }
    assert!(mended > 150, "{mended} mistakes mended");
}
