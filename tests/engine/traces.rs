//! What `rollsim trace` shows of a release: the tree, notifications, steps that aren't simulated.

use std::process::{Command, Output};

use super::support::scenario;

fn rollsim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn shown(arguments: &[&str]) -> String {
    let output = rollsim(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_tree_of_an_abort_reads_as_the_plugin_draws_it() {
    let path = scenario("nginx-canary/api.yaml");
    let path = path.to_str().unwrap();
    let tree = shown(&[
        "trace",
        path,
        "--arm",
        "error-spike",
        "--format",
        "tree",
        "--at",
        "3m20s",
    ]);
    let expected = r#"Name:            checkout
Namespace:       default
Status:          ✖ Degraded
Message:         RolloutAborted: Rollout aborted update to revision 2: Background analysis phase error/failed: Metric "error-rate" assessed Failed due to failed (3) > failureLimit (2)
Strategy:        Canary
  Step:          0/6
  SetWeight:     0
  ActualWeight:  0
Images:          registry.example/checkout:2 (canary)
                 registry.example/checkout:<before> (stable)
Replicas:
  Desired:       5
  Current:       6
  Updated:       1
  Ready:         6
  Available:     6

NAME                                KIND         STATUS      AGE    INFO
⟳ checkout                          Rollout      ✖ Degraded  24h
├──# revision:2
│  ├──⧉ checkout-7d4b6f98c5         ReplicaSet   ✔ Healthy   3m20s  canary,delay:13s
│  │  └──□ checkout-7d4b6f98c5-000  Pod          ✔ Running   3m20s  ready:1/1
│  └──α checkout-7d4b6f98c5-2       AnalysisRun  ✖ Failed    3m16s  ✖ 3
└──# revision:1
   └──⧉ checkout-5c8f9d7b64         ReplicaSet   ✔ Healthy   24h    stable
      ├──□ checkout-5c8f9d7b64-000  Pod          ✔ Running   24h    ready:1/1
      ├──□ checkout-5c8f9d7b64-001  Pod          ✔ Running   24h    ready:1/1
      ├──□ checkout-5c8f9d7b64-002  Pod          ✔ Running   24h    ready:1/1
      ├──□ checkout-5c8f9d7b64-003  Pod          ✔ Running   24h    ready:1/1
      └──□ checkout-5c8f9d7b64-004  Pod          ✔ Running   24h    ready:1/1
"#;
    assert_eq!(tree, expected);
    let later = shown(&[
        "trace",
        path,
        "--arm",
        "error-spike",
        "--format",
        "tree",
        "--at",
        "5m",
    ]);
    assert!(later.contains("⧉ checkout-7d4b6f98c5"), "{later}");
    assert!(later.contains("• ScaledDown"), "{later}");
}

#[test]
fn at_every_change_each_tree_differs_from_the_one_before() {
    let path = scenario("blue-green/api.yaml");
    let trees = shown(&["trace", path.to_str().unwrap(), "--format", "tree"]);
    let mut trees: Vec<&str> = trees.split("--- ").skip(1).collect();
    assert!(trees.len() > 10, "{}", trees.len());
    assert!(trees[0].contains("# revision:1") && !trees[0].contains("# revision:2"));
    assert!(trees.iter().any(|tree| tree.contains("(preview)")));
    assert!(trees.last().unwrap().contains("✔ Healthy"));
    let all = trees.len();
    trees.dedup();
    assert_eq!(trees.len(), all);
}

#[test]
fn a_run_has_no_tree_and_a_log_no_moment() {
    let path = scenario("blue-green/api.yaml");
    let path = path.to_str().unwrap();
    for arguments in [
        vec!["run", path, "--format", "tree"],
        vec!["trace", path, "--at", "3m"],
    ] {
        let output = rollsim(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: shop
  annotations:
    notifications.argoproj.io/subscribe.on-rollout-step-completed.slack: releases
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: 'shop:2'}]}
  strategy:
    canary:
      stableService: shop-stable
      canaryService: shop-canary
      trafficRouting:
        managedRoutes: [{name: header}, {name: mirror}]
        istio: {virtualService: {name: shop}}
      steps:
        - setCanaryScale: {replicas: 1}
        - setHeaderRoute: {name: header, match: [{headerName: x, headerValue: {exact: beta}}]}
        - setMirrorRoute: {name: mirror, percentage: 10, match: [{path: {prefix: /}}]}
        - setWeight: 50
";

fn with_rollout(rollout: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scenario.yaml");
    let scenario =
        "apiVersion: rollsim/v1\nmanifests: [rollout.yaml]\nservice: {pod: {ready-after: 10s}}\n";
    std::fs::write(&path, scenario).unwrap();
    std::fs::write(folder.path().join("rollout.yaml"), rollout).unwrap();
    let mut all = arguments.to_vec();
    all.insert(1, path.to_str().unwrap());
    rollsim(&all)
}

#[test]
fn header_and_mirror_routes_complete_at_once_and_subscribers_hear_of_it() {
    let output = with_rollout(ROLLOUT, &["trace", "--format", "csv"]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let log = String::from_utf8(output.stdout).unwrap();
    let at = |text: &str| -> f64 {
        let line = log.lines().find(|line| line.contains(text));
        let line = line.unwrap_or_else(|| panic!("{text}: {log}"));
        line.split(',').next().unwrap().parse().unwrap()
    };
    let (scaled, header) = (at("0: setCanaryScale"), at("1: setHeaderRoute: header"));
    let (mirror, weight) = (at("2: setMirrorRoute: mirror"), at("3: setWeight: 50"));
    assert!(header - scaled > 9.0);
    assert!(mirror - header < 0.2 && weight - mirror < 0.2, "{log}");
    let told = log
        .lines()
        .filter(|line| line.contains("notification,on-rollout-step-completed to slack releases"));
    assert_eq!(told.count(), 4, "{log}");
    assert!(log.contains("outcome,promoted"));
}

#[test]
fn experiments_and_plugins_are_refused_at_their_place() {
    let experiment = "        - experiment: {templates: [{name: a, specRef: canary}]}\n";
    let plugin = "        - plugin: {name: argoproj-labs/step}\n";
    for (step, kind) in [(experiment, "experiment"), (plugin, "plugin")] {
        for command in ["run", "trace"] {
            let output = with_rollout(&format!("{ROLLOUT}{step}"), &[command]);
            assert_eq!(output.status.code(), Some(2));
            let complaint = String::from_utf8(output.stderr).unwrap();
            let what = format!("spec.strategy.canary.steps[4]: {kind} steps are not simulated");
            assert!(complaint.contains(&what), "{complaint}");
            assert!(complaint.contains("rollout.yaml:25:"), "{complaint}");
        }
    }
}
