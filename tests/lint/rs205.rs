use crate::support::{
    GOOD_FIELDS, background, canary, documents, failing, passing, silent, template,
};

const ANALYSIS: &str = "- analysis: {templates: [{templateName: check}]}";

fn rollout() -> String {
    canary(&format!(
        "- setWeight: 10\n- pause: {{duration: 5m}}\n{ANALYSIS}"
    ))
}

fn asking(matchers: &str) -> String {
    let query = format!("scalar(sum(rate(http_requests_total{{{matchers}}}[5m])))");
    template(GOOD_FIELDS, &query)
}

#[test]
fn no_canary_filter() {
    insta::assert_snapshot!(failing(
        "RS205",
        &documents(&[&rollout(), &asking(r#"app="api""#)])
    ));
    passing(&documents(&[
        &rollout(),
        &asking(r#"app="api", role="canary""#),
    ]));
    insta::assert_snapshot!(failing(
        "RS205",
        &documents(&[&rollout(), &asking(r#"service="api-stable""#)])
    ));
    let steps =
        "- setWeight: 10\n- pause: {duration: 5m}\n- setWeight: 50\n- pause: {duration: 5m}";
    insta::assert_snapshot!(failing(
        "RS205",
        &documents(&[
            &background("startingStep: 1", steps),
            &asking(r#"pod=~"api-.*""#)
        ])
    ));
}

#[test]
fn what_tells_versions_apart() {
    for matchers in [
        r#"service="api-canary""#,
        r#"destination_service="api-canary.default.svc.cluster.local""#,
        r#"version="v2""#,
        r#"job="canary-api""#,
        r#"rollouts_pod_template_hash="x""#,
        r#"instance="10.0.0.1:80""#,
        r#"role!="stable""#,
        r#"app="{{args.app}}""#,
    ] {
        silent("RS205", &documents(&[&rollout(), &asking(matchers)]));
    }
    for query in [
        "sum by (pod) (rate(http_requests_total[5m]))",
        "sum(kube_pod_status_ready)",
        "min(up)",
    ] {
        silent(
            "RS205",
            &documents(&[&rollout(), &template(GOOD_FIELDS, query)]),
        );
    }
}

#[test]
fn where_only_one_version_is_there() {
    let all = rollout().replace("setWeight: 10", "setWeight: 100");
    silent("RS205", &documents(&[&all, &asking("")]));
    let before = canary(&format!("{ANALYSIS}\n- setWeight: 10"));
    silent("RS205", &documents(&[&before, &asking("")]));
    silent("RS205", &asking(""));
}
