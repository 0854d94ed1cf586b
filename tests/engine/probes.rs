//! Web and job metrics measure what the simulated version answers.

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
        - pause: {duration: 1m}
        - analysis: {templates: [{templateName: smoke}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: smoke}
spec:
  metrics:
    - name: smoke
";

const JOB: &str = "      provider: {job: {spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: \
                   [{name: t, image: t}]}}}}}\n";

const WEB: &str = "      successCondition: result.ok
      provider: {web: {url: 'http://api/health', jsonPath: '{$.data}'}}\n";

fn plan(provider: &str, probe: &str, fault: &str) -> Plan {
    let scenario = format!(
        "apiVersion: rollsim/v1\nmanifests: [manifests.yaml]\nprobes: {{smoke: {probe}}}\nfaults: {{bad: {fault}}}\n\
         service: {{errors: 0%}}\n"
    );
    plan_of(&scenario, &format!("{ROLLOUT}{provider}"))
}

/// The share of bad releases that end so, of 2,000.
fn share(plan: &Plan, name: &str, outcome: Outcome) -> f64 {
    let mut replicator = Replicator::new(plan, arm(plan, name), 7);
    let ended = (0..2_000).filter(|&index| replicator.run(index).outcome == outcome);
    ended.count() as f64 / 2_000.0
}

/// Five standard errors of a share of 2,000.
fn assert_share(found: f64, expected: f64) {
    let error = (expected * (1.0 - expected) / 2_000.0).sqrt();
    let far = (found - expected).abs() > 5.0 * error + 1e-9;
    assert!(!far, "{found}, not {expected}");
}

#[test]
fn a_job_fails_as_often_as_its_requests() {
    let failed = |provider: &str, probe: &str| {
        let plan = plan(provider, probe, "{errors: 30%}");
        assert_share(share(&plan, "healthy", Outcome::Promoted), 1.0);
        share(&plan, "bad", Outcome::AbortedFailed)
    };
    assert_share(failed(JOB, "{to: canary}"), 0.3);
    assert_share(failed(JOB, "{to: stable}"), 0.0);
    // One of four pods is new.
    assert_share(failed(JOB, "{to: service}"), 0.3 / 4.0);
    assert_share(failed(JOB, "{requests: 5}"), 1.0 - 0.7_f64.powi(5));
    let four_of_five = 0.7_f64.powi(5) + 5.0 * 0.3 * 0.7_f64.powi(4);
    assert_share(failed(JOB, "{requests: 5, needs: 80%}"), 1.0 - four_of_five);
    let again = JOB.replace("backoffLimit: 0", "backoffLimit: 2");
    assert_share(failed(&again, "{to: canary}"), 0.3_f64.powi(3));
}

#[test]
fn a_flaky_job_fails_healthy_releases_too() {
    let plan = plan(JOB, "{flaky: 10%}", "{errors: 30%}");
    assert_share(share(&plan, "healthy", Outcome::AbortedFailed), 0.1);
    assert_share(share(&plan, "bad", Outcome::AbortedFailed), 1.0 - 0.9 * 0.7);
}

#[test]
fn a_probe_notices_what_it_is_said_to_see() {
    let failed =
        |probe: &str, fault: &str| share(&plan(JOB, probe, fault), "bad", Outcome::AbortedFailed);
    assert_share(failed("{to: canary}", "{content: 40% broken}"), 0.0);
    assert_share(failed("{sees: [content]}", "{content: 40% broken}"), 0.4);
    let slow = "{latency: {tail: {share: 20%, to: 3s}}}";
    assert_share(failed("{to: canary}", slow), 0.0);
    // Healthy response times above 2 s are one in a million.
    assert_share(failed("{within: 2s}", slow), 0.2);
}

#[test]
fn a_job_takes_its_time_and_waits_between_attempts() {
    let again = JOB.replace("backoffLimit: 0", "backoffLimit: 2");
    let plan = plan(&again, "{takes: 30s}", "{errors: 100%}");
    let (replication, story) = trace(&plan, "bad", 0);
    assert_eq!(replication.outcome, Outcome::AbortedFailed);
    let is_running =
        |what: &What| matches!(what, What::AnalysisRun { phase, .. } if phase == "Running");
    let is_failed =
        |what: &What| matches!(what, What::AnalysisRun { phase, .. } if phase == "Failed");
    let took = story.times(is_failed)[0] - story.times(is_running)[0];
    // Three attempts, 10 s and 20 s apart.
    assert!((119_900..121_100).contains(&took), "{took}");
    let deadline = again.replace("backoffLimit: 2", "activeDeadlineSeconds: 45");
    let plan = self::plan(&deadline, "{takes: 30s}", "{errors: 100%}");
    let (replication, story) = trace(&plan, "bad", 0);
    assert_eq!(replication.outcome, Outcome::AbortedFailed);
    let took = story.times(is_failed)[0] - story.times(is_running)[0];
    assert!((44_900..46_100).contains(&took), "{took}");
}

#[test]
fn a_web_metric_reads_its_answer_through_the_template() {
    let answers = "answers: {right: {data: {ok: true}}, wrong: {data: {ok: false}}}";
    let content = format!("{{sees: [content], {answers}}}");
    let plan_of = |probe: &str, fault: &str| plan(WEB, probe, fault);
    let plan = plan_of(&content, "{content: 40% broken}");
    assert_share(share(&plan, "bad", Outcome::AbortedFailed), 0.4);
    assert_share(share(&plan, "healthy", Outcome::Promoted), 1.0);
    // Five errors in a row end the run as Error.
    let plan = plan_of(&format!("{{{answers}}}"), "{errors: 80%}");
    assert_share(share(&plan, "bad", Outcome::AbortedError), 0.8_f64.powi(5));
    // The template's path finds nothing in this answer.
    let plan = plan_of("{answers: {right: {ok: true}, wrong: {}}}", "{errors: 80%}");
    assert_share(share(&plan, "healthy", Outcome::AbortedError), 1.0);
    let (_, story) = trace(&plan, "healthy", 0);
    let message = story.entries().iter().find_map(|entry| match &entry.what {
        What::Measurement(measured) => Some(measured.message.clone()),
        _ => None,
    });
    assert_eq!(
        message.unwrap(),
        "Could not find JSONPath in body: data is not found"
    );
}

#[test]
fn a_late_web_answer_is_an_error() {
    let plan = plan(
        WEB,
        "{to: canary}",
        "{latency: {tail: {share: 50%, to: 15s}}}",
    );
    assert_share(share(&plan, "bad", Outcome::AbortedError), 0.5_f64.powi(5));
}

#[test]
fn a_tester_s_requests_decide_together() {
    let probe = "{requests: 10, needs: 90%}";
    let plan = plan(WEB, probe, "{errors: 20%}");
    let fine = 0.8_f64.powi(10) + 10.0 * 0.2 * 0.8_f64.powi(9);
    assert_share(share(&plan, "bad", Outcome::AbortedFailed), 1.0 - fine);
}
