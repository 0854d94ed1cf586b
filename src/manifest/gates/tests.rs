use serde_json::{Value, json};

use super::{ClusterObjects, Consequence, GateReport, check};
use crate::manifest::references::arguments::PodHashes;
use crate::manifest::references::{TemplateId, TemplateScope, TemplateSet};
use crate::manifest::rollout_types::Rollout;

fn report(strategy: &Value, templates: &[(&str, Value)], services: Option<Value>) -> GateReport {
    let rollout = Rollout::from_json(&json!({
        "metadata": {"name": "demo"},
        "spec": {
            "selector": {"matchLabels": {"app": "demo"}},
            "template": {
                "metadata": {"labels": {"app": "demo"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
            "strategy": strategy,
        },
    }))
    .expect("a Rollout");
    let mut set = TemplateSet::default();
    for (name, spec) in templates {
        let id = TemplateId {
            scope: TemplateScope::Namespace,
            name: (*name).to_owned(),
        };
        set.insert(id, serde_json::from_value(spec.clone()).expect("a spec"));
    }
    let objects = ClusterObjects {
        templates: set,
        services: services.map(|services| serde_json::from_value(services).expect("Services")),
    };
    check(&rollout, &objects, &PodHashes::default())
}

/// Text, place and whether it is found now, of all findings.
fn told(report: &GateReport) -> Vec<(String, String, bool)> {
    (report.findings.iter())
        .map(|finding| {
            (
                finding.text.clone(),
                finding.place.to_string(),
                finding.found_now,
            )
        })
        .collect()
}

#[test]
fn services_must_exist_and_select_the_pods() {
    let strategy = json!({"blueGreen": {"activeService": "a", "previewService": "b"}});
    let missing = report(&strategy, &[], Some(json!([])));
    assert_eq!(
        told(&missing),
        [
            (
                r#"spec.strategy.blueGreen.activeService: Invalid value: "a": service "a" not found"#.to_owned(),
                "Rollout /spec/strategy/blueGreen/activeService".to_owned(),
                true
            ),
            (
                r#"spec.strategy.blueGreen.previewService: Invalid value: "b": service "b" not found"#.to_owned(),
                "Rollout /spec/strategy/blueGreen/previewService".to_owned(),
                false
            ),
        ]
    );
    let managed_by_another = json!({"argo-rollouts.argoproj.io/managed-by-rollouts": "other"});
    let services = json!([
        {"metadata": {"name": "a"}, "spec": {"selector": {"app": "x", "rollouts-pod-template-hash": "h"}}},
        {"metadata": {"name": "b", "annotations": managed_by_another}, "spec": {}},
    ]);
    let texts: Vec<String> = (report(&strategy, &[], Some(services)).findings.into_iter())
        .map(|finding| finding.text)
        .collect();
    assert_eq!(
        texts,
        [
            r#"spec.strategy.blueGreen.activeService: Invalid value: "a": Service "a" has unmatch label "app" in rollout"#,
            r#"spec.strategy.blueGreen.previewService: Invalid value: "b": Service "b" is managed by another Rollout"#,
        ]
    );
    assert_eq!(
        report(&strategy, &[], None).findings,
        [],
        "unknown Services are not checked"
    );
}

#[test]
fn all_that_ends_a_run_is_told_and_what_ends_it_first_is_marked() {
    let template = json!({
        "args": [{"name": "odd", "valueFrom": {"fieldRef": {"fieldPath": "x"}}}],
        "metrics": [
            {"name": "m", "interval": "30", "initialDelay": "1d", "inconclusiveLimit": -1, "provider": {}},
            {"name": "n", "count": 2, "failureLimit": 3, "inconclusiveLimit": 5, "provider": {"job": {}, "web": {}}},
        ],
        "dryRun": [{"metricName": "*"}, {"metricName": "m|n"}],
    });
    let strategy = json!({"canary": {"analysis": {"templates": [{"templateName": "t"}]}}});
    let report = report(&strategy, &[("t", template)], None);
    assert_eq!(report.invalid_spec, None);
    let in_metric = |index: usize, text: &str| {
        (
            format!("Analysis spec invalid: metrics[{index}]: {text}"),
            format!("AnalysisTemplate 't' /spec/metrics/{index}"),
            false,
        )
    };
    assert_eq!(
        told(&report),
        [
            (
                r#"Unable to resolve metric arguments: argument "odd" was not supplied"#.to_owned(),
                "AnalysisTemplate 't' /spec/args/0".to_owned(),
                true
            ),
            in_metric(0, "inconclusiveLimit must be >= 0"),
            in_metric(
                0,
                r#"invalid interval string: time: missing unit in duration "30""#
            ),
            in_metric(
                0,
                r#"invalid startDelay string: time: unknown unit "d" in duration "1d""#
            ),
            in_metric(0, "no provider specified"),
            in_metric(
                1,
                "count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0"
            ),
            in_metric(1, "count must be >= inconclusiveLimit"),
            in_metric(1, "interval must be specified when count > 1"),
            in_metric(1, "multiple providers specified"),
            (
                "Analysis spec invalid: dryRun[0]: Rule didn't match any metric name(s)".to_owned(),
                "AnalysisTemplate 't' /spec/dryRun/0/metricName".to_owned(),
                false
            ),
        ]
    );
}

#[test]
fn circles_and_analyses_without_templates_have_their_own_consequences() {
    let strategy = json!({"canary": {"steps": [
        {"analysis": {"templates": [{"templateName": "t"}]}},
        {"analysis": {"templates": []}},
    ]}});
    let report = report(
        &strategy,
        &[("t", json!({"templates": [{"templateName": "t"}]}))],
        None,
    );
    let consequences: Vec<Consequence> = (report.findings.iter())
        .map(|finding| finding.consequence)
        .collect();
    assert_eq!(
        consequences,
        [Consequence::ControllerCrash, Consequence::NeverCompletes]
    );
    assert_eq!(report.invalid_spec, None);
    assert!(!report.is_deployed());
    assert_eq!(report.runs, []);
}
