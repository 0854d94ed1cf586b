//! Metrics of systems that the scenario answers for.

use rollsim::engine::outcome::Outcome;
use rollsim::engine::replicate::Replicator;
use rollsim::engine::trace::What;
use rollsim::plan::Plan;

use super::support::{arm, plan_of, trace};

const ROLLOUT: &str = "\
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
        - pause: {duration: 4m}
        - analysis: {templates: [{templateName: rate}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate}
spec:
  metrics:
    - name: rate
      interval: 1m
      count: 5
";

const QUERY: &str = "sum(rate(http_requests_total{status='500', role='canary'}[2m])) / \
                     sum(rate(http_requests_total{role='canary'}[2m]))";

fn plan(provider: &str, mapping: &str) -> Plan {
    let scenario = format!(
        "apiVersion: rollsim/v1
manifests: [manifests.yaml]
traffic: {{rate: 20/s}}
metrics:
  - use: http-server
    labels: {{role: '{{role}}', status: '{{status}}'}}
faults: {{bad: {{errors: 2%}}}}
{mapping}
"
    );
    plan_of(&scenario, &format!("{ROLLOUT}{provider}"))
}

fn outcomes(plan: &Plan) -> Vec<Outcome> {
    let mut replicator = Replicator::new(plan, arm(plan, "bad"), 3);
    (0..300)
        .map(|index| replicator.run(index).outcome)
        .collect()
}

/// The value and the message of the first measurement.
fn first(plan: &Plan) -> (String, String) {
    let (_, story) = trace(plan, "bad", 0);
    let mut measured = story
        .entries()
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Measurement(measured) => Some(measured),
            _ => None,
        });
    let first = measured.next().unwrap();
    (first.value.clone(), first.message.clone())
}

#[test]
fn a_mapped_query_decides_as_the_same_query_of_prometheus() {
    let prometheus = format!(
        "      successCondition: result[0] < 0.03\n      provider: {{prometheus: {{address: 'http://p', query: \
         \"{QUERY}\"}}}}\n"
    );
    let asked = outcomes(&plan(&prometheus, ""));
    assert!(asked.contains(&Outcome::Promoted) && asked.contains(&Outcome::AbortedFailed));
    for (provider, condition, field) in [
        ("datadog: {query: 'errors'}", "result < 0.03", ""),
        (
            "wavefront: {address: a, query: 'errors'}",
            "result < 0.03",
            "",
        ),
        (
            "newRelic: {query: 'errors'}",
            "result.errors < 0.03",
            ", field: errors",
        ),
        (
            "graphite: {address: a, query: 'errors'}",
            "result[0] < 0.03",
            "",
        ),
        ("influxdb: {query: 'errors'}", "result[0] < 0.03", ""),
        (
            "cloudWatch: {metricDataQueries: [{id: e}]}",
            "result[0].Values[0] < 0.03",
            "",
        ),
    ] {
        let metric =
            format!("      successCondition: {condition}\n      provider: {{{provider}}}\n");
        let mapping = format!("providers: {{rate: {{query: \"{QUERY}\"{field}}}}}");
        assert_eq!(outcomes(&plan(&metric, &mapping)), asked, "{provider}");
    }
}

#[test]
fn no_data_has_the_shape_that_the_provider_gives_it() {
    let datadog = |condition: &str, query: &str| {
        let metric = format!(
            "      successCondition: {condition}\n      provider: {{datadog: {{query: 'errors'}}}}\n"
        );
        first(&plan(
            &metric,
            &format!("providers: {{rate: {{query: \"{query}\"}}}}"),
        ))
    };
    let nothing = "http_requests_total{role='nobody'}";
    assert_eq!(
        datadog("default(result, 0) < 0.03", nothing),
        ("[]".to_owned(), String::new())
    );
    let (value, message) = datadog("result < 0.03", nothing);
    assert_eq!(value, "");
    assert!(
        message.starts_with("invalid operation: < (mismatched types <nil>"),
        "{message}"
    );
    // A ratio of nothing to nothing is no data there, not NaN.
    let (value, _) = datadog("isNil(result)", &format!("{nothing} / 0 or vector(0) / 0"));
    assert_eq!(value, "[]");
}

#[test]
fn an_answer_can_be_the_same_always() {
    let plugin = "      successCondition: result.verdict == 'pass'\n      provider: {plugin: {acme/judge: {}}}\n";
    let passing = plan(plugin, "providers: {rate: {value: {verdict: pass}}}");
    assert!(
        outcomes(&passing)
            .iter()
            .all(|&outcome| outcome == Outcome::Promoted)
    );
    let failing = plan(plugin, "providers: {rate: {value: {verdict: fail}}}");
    assert!(
        outcomes(&failing)
            .iter()
            .all(|&outcome| outcome == Outcome::AbortedFailed)
    );
    assert_eq!(first(&failing).0, r#"{"verdict":"fail"}"#);
}
