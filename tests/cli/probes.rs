//! Web and job metrics on the command line: derived probes, and what is wrong with written ones.

use super::support::Inputs;

const MANIFESTS: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: api}
spec:
  replicas: 4
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec: {containers: [{name: api, image: api}]}
  strategy:
    canary:
      steps:
        - setWeight: 25
        - analysis: {templates: [{templateName: smoke}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: smoke}
spec:
  metrics:
    - name: smoke
      provider:
        job: {spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: t, image: t}]}}}}
    - name: health
      interval: 10s
      count: 3
      successCondition: result.ok
      provider: {web: {url: 'http://api/health', jsonPath: '{$.data}'}}
";

fn inputs() -> Inputs {
    let inputs = Inputs::of_the_article();
    inputs.write("probed.yaml", MANIFESTS);
    inputs
}

#[test]
fn probes_are_derived_and_written_out() {
    let inputs = inputs();
    let written = inputs.rollsim("init probed.yaml -o drafted.yaml");
    assert_eq!(written.code, 0, "{}", written.err);
    let text = inputs.read("drafted.yaml");
    let (_, probes) = text.split_once("probes:").unwrap();
    let (probes, _) = probes.split_once("faults:").unwrap();
    insta::assert_snapshot!("derived", probes);
    let run = |what: &str| {
        let words = format!("run {what} --replications 60 --format json");
        inputs.rollsim(&words).json()
    };
    let (derived, drafted) = (run("probed.yaml"), run("drafted.yaml"));
    assert_eq!(
        derived["results"].to_string(),
        drafted["results"].to_string()
    );
    let assumed = derived.to_string();
    let sentence = "Each attempt of the Job of `smoke`";
    assert!(assumed.contains(sentence), "no word on {sentence}");
}

#[test]
fn bad_probes_are_refused() {
    let inputs = inputs();
    let shown = [
        "health: {to: blue}",
        "health: {requests: 0}",
        "health: {requests: 3, endpoint: pod}",
        "health: {sees: [latency]}",
        "health: {within: 0s, needs: 120%}",
        "health: {answers: {right: {data: {ok: true}}}}",
        "health: {answers: {right: 'null', wrong: {}}}",
        "health: {takes: 3}",
        "health: {answer: x}",
        "smok: {to: canary}",
    ]
    .map(|probes| {
        inputs.write(
            "probes.yaml",
            format!("apiVersion: rollsim/v1\nmanifests: [probed.yaml]\nprobes:\n  {probes}\n"),
        );
        inputs.rollsim("run probes.yaml --replications 2").shown()
    });
    insta::assert_snapshot!("bad_probes", shown.join("\n"));
}
