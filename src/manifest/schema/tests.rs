//! The API server's answers to typical mistakes.

use super::{FieldValidation, Resource, prune_and_default, validate};
use crate::diagnostics::{ColourChoice, Diagnostic, SourceMap, headline, render};
use crate::manifest::yaml::{Node, load};

fn root(text: &str) -> (SourceMap, Node) {
    let mut sources = SourceMap::new();
    let id = sources.add("t.yaml", text);
    let document = load(&sources, id).remove(0);
    assert!(document.errors.is_empty(), "{:?}", document.errors);
    (sources, document.root.unwrap())
}

fn check(resource: Resource, text: &str) -> (SourceMap, Vec<Diagnostic>) {
    let (sources, root) = root(text);
    let id = sources.iter().next().unwrap().0;
    let found = validate(resource, &root, id, FieldValidation::Strict);
    (sources, found)
}

fn lines(resource: Resource, text: &str) -> Vec<String> {
    let (sources, found) = check(resource, text);
    found
        .iter()
        .map(|diagnostic| headline(diagnostic, &sources))
        .collect()
}

fn steps(text: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {{name: a}}\nspec:\n  strategy:\n    canary:\n      steps:\n{text}"
    )
}

#[test]
fn wrong_types_are_told_in_the_api_servers_words() {
    let found = lines(
        Resource::Rollout,
        &steps(
            "      - setWeight: '10'\n      - pause: {duration: 1.5}\n      - setWeight: 10%\n      - analysis:\n      - setWeight: 5000000000\n",
        ),
    );
    let wanted = [
        "t.yaml:8:20: error: spec.strategy.canary.steps[0].setWeight: Invalid value: \"string\": spec.strategy.canary.steps[0].setWeight in body must be of type integer: \"string\"",
        "t.yaml:9:27: error: spec.strategy.canary.steps[1].pause.duration: Invalid value: \"number\": spec.strategy.canary.steps[1].pause.duration in body must be of type integer,string: \"number\"",
        "t.yaml:10:20: error: spec.strategy.canary.steps[2].setWeight: Invalid value: \"string\": spec.strategy.canary.steps[2].setWeight in body must be of type integer: \"string\"",
        "t.yaml:12:20: error: spec.strategy.canary.steps[4].setWeight: Invalid value: 5000000000: must fit into 32 bits",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn nulls_count_as_absent_except_in_lists() {
    assert!(
        lines(
            Resource::Rollout,
            &steps("      - analysis:\n      - pause: ~\n")
        )
        .is_empty()
    );
    let found = lines(Resource::Rollout, &steps("      -\n      - setWeight: 5\n"));
    assert_eq!(
        found,
        [
            "t.yaml:8:8: error: spec.strategy.canary.steps[0]: Invalid value: \"null\": spec.strategy.canary.steps[0] in body must be of type object: \"null\""
        ]
    );
}

#[test]
fn kubernetes_typing_decides_what_is_an_integer() {
    let text = "      - setWeight: 1_0\n      - setWeight: 010\n      - setWeight: 1e1\n      - setWeight: 20.0\n";
    assert!(lines(Resource::Rollout, &steps(text)).is_empty());
    let found = lines(Resource::Rollout, &steps("      - setWeight: yes\n"));
    assert!(
        found[0].contains("must be of type integer: \"boolean\""),
        "{found:?}"
    );
}

#[test]
fn unknown_fields_are_refused_with_a_suggestion() {
    let (sources, found) = check(
        Resource::Rollout,
        &steps(
            "      - setweight: 10\n      - pause: {}\n        weight: 3\n    trafficRouting: {}\n  foo: 1\n",
        ),
    );
    let text = render(&found, &sources, ColourChoice::Plain);
    for wanted in [
        "strict decoding error: unknown field \"spec.strategy.canary.steps[0].setweight\"",
        "= help: did you mean `setWeight`?",
        "unknown field \"spec.strategy.trafficRouting\"",
        "= help: `trafficRouting` belongs under `spec.strategy.canary`; check the indentation",
        "unknown field \"spec.foo\"",
    ] {
        assert!(text.contains(wanted), "{wanted} in\n{text}");
    }
    let (sources, root) = root(&steps("      - setweight: 10\n"));
    let id = sources.iter().next().unwrap().0;
    let found = validate(Resource::Rollout, &root, id, FieldValidation::Warn);
    assert!(found.iter().all(|diagnostic| !diagnostic.is_error()));
}

#[test]
fn templates_need_names_providers_and_texts() {
    let text = "\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: success-rate
spec:
  args:
  - value: 9090
  metrics:
  - name: a
    interval: 30
    count: '{{args.n}}'
    failureLimit: true
  - provider:
      web:
        timeoutSeconds: '5'
        jsonBody: [1]
      datadog: {apiVersion: v3, query: x}
      newRelic: {}
  dryRun:
  - metricName: null
";
    let found = lines(Resource::AnalysisTemplate, text);
    let wanted = [
        "t.yaml:7:5: error: spec.args[0].name: Required value",
        "t.yaml:7:12: error: spec.args[0].value: Invalid value: \"integer\": spec.args[0].value in body must be of type string: \"integer\"",
        "t.yaml:9:5: error: spec.metrics[0].provider: Required value",
        "t.yaml:10:15: error: spec.metrics[0].interval: Invalid value: \"integer\": spec.metrics[0].interval in body must be of type string: \"integer\"",
        "t.yaml:12:19: error: spec.metrics[0].failureLimit: Invalid value: \"boolean\": spec.metrics[0].failureLimit in body must be of type integer,string: \"boolean\"",
        "t.yaml:13:5: error: spec.metrics[1].name: Required value",
        "t.yaml:15:9: error: spec.metrics[1].provider.web.url: Required value",
        "t.yaml:15:25: error: spec.metrics[1].provider.web.timeoutSeconds: Invalid value: \"string\": spec.metrics[1].provider.web.timeoutSeconds in body must be of type integer: \"string\"",
        "t.yaml:16:19: error: spec.metrics[1].provider.web.jsonBody: Invalid value: \"array\": spec.metrics[1].provider.web.jsonBody in body must be of type object: \"array\"",
        "t.yaml:17:29: error: spec.metrics[1].provider.datadog.apiVersion: Unsupported value: \"v3\": supported values: \"v1\", \"v2\"",
        "t.yaml:18:17: error: spec.metrics[1].provider.newRelic.query: Required value",
        "t.yaml:20:5: error: spec.dryRun[0].metricName: Required value",
    ];
    assert_eq!(found, wanted);
    assert_eq!(
        lines(Resource::ClusterAnalysisTemplate, "metadata: {name: a}\n"),
        ["t.yaml:1:1: error: spec: Required value"]
    );
}

#[test]
fn pod_templates_are_checked_too() {
    let text = "\
metadata:
  name: a
spec:
  restartAt: tomorrow
  selector: {matchLabels: {app: 1}}
  template:
    metadata:
      creationTimestamp: null
      labels: {app: a, version: 1.0}
    spec:
      containers:
      - name: a
        ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]
        resources: {limits: {cpu: 0.5, anything: goes}}
      - name: a
      - image: b
";
    let found = lines(Resource::Rollout, text);
    let wanted = [
        "t.yaml:4:14: error: spec.restartAt: Invalid value: \"tomorrow\": spec.restartAt in body must be of type date-time: \"tomorrow\"",
        "t.yaml:5:33: error: spec.selector.matchLabels.app: Invalid value: \"integer\": spec.selector.matchLabels.app in body must be of type string: \"integer\"",
        "t.yaml:8:7: error: Rollout in version \"v1alpha1\" cannot be handled as a Rollout: strict decoding error: unknown field \"spec.template.metadata.creationTimestamp\"",
        "t.yaml:9:33: error: spec.template.metadata.labels.version: Invalid value: \"integer\": spec.template.metadata.labels.version in body must be of type string: \"integer\"",
        "t.yaml:13:38: error: spec.template.spec.containers[0].ports[1]: Duplicate value: {\"containerPort\":80,\"protocol\":\"TCP\"}",
        "t.yaml:15:9: error: spec.template.spec.containers[1]: Duplicate value: {\"name\":\"a\"}",
        "t.yaml:16:9: error: spec.template.spec.containers[2].name: Required value",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn metadata_is_checked_by_the_api_server_itself() {
    let found = lines(
        Resource::AnalysisTemplate,
        "metadata:\n  name: Success_Rate\n  label: {}\n  labels: {a b: x, c: 'é', d: 1, e/f: ok}\nspec: {}\n",
    );
    assert_eq!(found.len(), 5, "{found:#?}");
    assert!(found[0].contains(
        "metadata.name: Invalid value: \"Success_Rate\": a lowercase RFC 1123 subdomain"
    ));
    assert!(found[1].contains("unknown field \"metadata.label\""));
    let missing = lines(
        Resource::AnalysisTemplate,
        "metadata: {labels: }\nspec: {}\n",
    );
    assert_eq!(
        missing,
        ["t.yaml:1:11: error: metadata.name: Required value: name or generateName is required"]
    );
}

#[test]
fn objects_are_stored_pruned_and_with_defaults() {
    let text =
        "spec:\n  metrics:\n  - name: a\n    provider:\n      datadog: {query: x, interval: }\n";
    let (_, mut root) = root(text);
    prune_and_default(Resource::AnalysisTemplate, &mut root);
    let datadog = root.lookup("spec.metrics[0].provider.datadog").unwrap();
    assert_eq!(
        datadog.to_json(),
        serde_json::json!({"apiVersion": "v1", "interval": "5m", "query": "x"})
    );
    let spec = root.get("spec").unwrap().as_mapping().unwrap();
    let kept: Vec<_> = spec.keys().map(|key| key.text.as_str()).collect();
    assert_eq!(kept, ["metrics"]);
}
