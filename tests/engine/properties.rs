//! What holds for any rollout: it ends, pods stay within the surge, counters only grow.

use std::fmt::Write as _;

use proptest::prelude::*;

use rollsim::engine::outcome::Outcome;
use rollsim::engine::replicate::Replicator;
use rollsim::promql::head::is_stale;

use super::support::{plan_of, trace};

/// A Rollout and a scenario for it.
#[derive(Clone, Debug)]
struct Case {
    strategy: String,
    replicas: u32,
    operators: String,
    /// Pods beyond the size that a basic canary may have.
    surge: Option<u32>,
    index: u64,
}

fn step() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (0..=100_u32).prop_map(|weight| format!("        - setWeight: {weight}\n")),
        3 => (1..400_u32).prop_map(|seconds| format!("        - pause: {{duration: {seconds}}}\n")),
        1 => Just("        - pause: {}\n".to_owned()),
        2 => Just(
            "        - analysis: {templates: [{templateName: errors}]}\n".to_owned()
        ),
    ]
}

fn canary() -> impl Strategy<Value = (String, Option<u32>)> {
    let steps = prop::collection::vec(step(), 0..6).prop_map(|steps| steps.concat());
    let routed = (any::<bool>(), any::<bool>(), prop::option::of(0..60_u32));
    (steps, prop::option::of(routed), 0..3_u32, 0..2_u32, any::<bool>()).prop_map(
        |(steps, routed, surge, unavailable, background)| {
            let mut text = "    canary:\n".to_owned();
            if let Some((dynamic, istio, delay)) = routed {
                let router = if istio {
                    "istio: {virtualService: {name: vs}, destinationRule: {name: dr, stableSubsetName: s, canarySubsetName: c}}"
                } else {
                    "nginx: {stableIngress: shop}"
                };
                let _ = write!(
                    text,
                    "      stableService: stable\n      canaryService: canary\n      dynamicStableScale: {dynamic}\n      trafficRouting: {{{router}}}\n"
                );
                if let Some(delay) = delay {
                    let _ = writeln!(text, "      abortScaleDownDelaySeconds: {delay}");
                }
            }
            // Both 0 would never move.
            let surge = surge + u32::from(surge + unavailable == 0);
            let _ = write!(
                text,
                "      maxSurge: {surge}\n      maxUnavailable: {unavailable}\n"
            );
            if background {
                text.push_str("      analysis: {templates: [{templateName: errors}]}\n");
            }
            if !steps.is_empty() {
                let _ = write!(text, "      steps:\n{steps}");
            }
            (text, routed.is_none().then_some(surge))
        },
    )
}

fn blue_green() -> impl Strategy<Value = (String, Option<u32>)> {
    (any::<bool>(), 0..300_u32, any::<bool>(), any::<bool>()).prop_map(
        |(automatic, seconds, before, after)| {
            let mut text = format!(
                "    blueGreen:\n      activeService: active\n      previewService: preview\n      autoPromotionEnabled: {automatic}\n      autoPromotionSeconds: {seconds}\n"
            );
            for (wanted, name) in [(before, "pre"), (after, "post")] {
                if wanted {
                    let _ = writeln!(
                        text,
                        "      {name}PromotionAnalysis: {{templates: [{{templateName: errors}}]}}"
                    );
                }
            }
            (text, None)
        },
    )
}

fn operator() -> impl Strategy<Value = String> {
    let action = prop_oneof![
        Just("promote"),
        Just("promote-full"),
        Just("abort"),
        Just("retry"),
        Just("pause"),
        Just("unpause"),
        Just("image-back"),
    ];
    let when = prop_oneof![
        (1..900_u32).prop_map(|s| format!("after-update: {s}s")),
        (0..200_u32).prop_map(|s| format!("after-page: {s}s, times: 2")),
        (0..900_u32).prop_map(|s| format!("after-pause: {s}s")),
    ];
    (action, when).prop_map(|(action, when)| format!("{{{action}: {{{when}}}}}"))
}

fn case() -> impl Strategy<Value = Case> {
    let strategy = prop_oneof![3 => canary(), 1 => blue_green()];
    let operators = prop::collection::vec(operator(), 0..3).prop_map(|all| all.join(", "));
    (strategy, 1..8_u32, operators, 0..1_000_u64).prop_map(
        |((strategy, surge), replicas, operators, index)| Case {
            strategy,
            replicas,
            operators,
            surge,
            index,
        },
    )
}

impl Case {
    fn plan(&self) -> rollsim::plan::Plan {
        let scenario = format!(
            "
apiVersion: rollsim/v1
manifests: [manifests.yaml]
traffic: {{rate: 20/s}}
metrics: [{{use: http-server, labels: {{status: '{{status}}'}}}}]
faults:
  errors: {{errors: 20%}}
  leak: {{memory: {{leak: 60Mi/min}}, oom: restart}}
horizon: 4h
operators: [{}]
",
            self.operators
        );
        let manifests = format!(
            "
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {{name: shop}}
spec:
  replicas: {}
  selector: {{matchLabels: {{app: shop}}}}
  template:
    metadata: {{labels: {{app: shop}}}}
    spec: {{containers: [{{name: shop, image: shop}}]}}
  strategy:
{}---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {{name: errors}}
spec:
  metrics:
    - name: errors
      interval: 20s
      count: 4
      failureLimit: 1
      successCondition: result[0] < 0.02
      failureCondition: result[0] > 0.1
      provider:
        prometheus:
          address: http://prometheus
          query: sum(rate(http_requests_total{{status='500'}}[1m])) / sum(rate(http_requests_total[1m]))
",
            self.replicas, self.strategy
        );
        plan_of(&scenario, &manifests)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_replication_ends_within_the_rules(case in case()) {
        let plan = case.plan();
        let horizon = plan.timing.horizon.as_millis_floor();
        for arm in &plan.arms {
            let (replication, story) = trace(&plan, &arm.name, case.index);
            prop_assert!((0..=horizon).contains(&replication.ended_ms));
            prop_assert_eq!(replication.abort.is_some(), replication.outcome.is_abort());
            prop_assert!(replication.outcome != Outcome::Unfinished || replication.ended_ms == horizon || replication.repeating);
            prop_assert!(replication.safe_ms.is_none_or(|safe| safe >= replication.ended_ms));
            if let Some(surge) = case.surge {
                let most = i32::try_from(case.replicas + surge).unwrap();
                for pods in story.pods() {
                    prop_assert!(pods.stable.1 + pods.canary.1 <= most, "{:?}", pods);
                }
            }
            for pods in story.pods() {
                prop_assert!((0.0..=1.0).contains(&pods.share), "{:?}", pods);
                prop_assert!(pods.stable.0 <= pods.stable.1 && pods.canary.0 <= pods.canary.1);
            }
            prop_assert!(story.entries().windows(2).all(|pair| pair[0].at_ms <= pair[1].at_ms));
        }
    }

    #[test]
    fn counters_only_grow_and_replays_are_alike(case in case()) {
        let plan = case.plan();
        for arm in &plan.arms {
            let restarts = arm.fault.times(0, 0).killed_ms.is_some();
            let mut replicator = Replicator::new(&plan, arm, 1);
            let first = replicator.run(case.index);
            for target in &replicator.samples().targets {
                let rows = target.times.len();
                for row in 1..rows {
                    prop_assert!(target.times[row - 1] < target.times[row]);
                    for (before, after) in target.row(row - 1).iter().zip(target.row(row)) {
                        let known = !is_stale(*before) && !is_stale(*after) && !restarts;
                        prop_assert!(!known || before <= after, "{before} {after}");
                    }
                }
            }
            replicator.run(case.index + 1);
            prop_assert_eq!(replicator.run(case.index), first);
        }
    }
}
