use crate::support::{
    GOOD_FIELDS, canary, documents, failing, good_template, passing, silent, template,
};

const ANALYSIS: &str = "- analysis: {templates: [{templateName: check}]}";

fn rollout() -> String {
    canary(&format!(
        "- setWeight: 10\n- pause: {{duration: 5m}}\n{ANALYSIS}"
    ))
}

fn unlabelled() -> String {
    let keep = |line: &&str| !line.contains("Metadata:") && !line.contains("{role: ");
    let text = rollout();
    text.lines()
        .filter(keep)
        .fold(String::new(), |text, line| text + line + "\n")
}

fn asking(condition: &str, query: &str) -> String {
    template(
        &format!("interval: 5m\ncount: 3\nfailureLimit: 1\nsuccessCondition: {condition}"),
        query,
    )
}

const FILTERED: &str = r#"sum(rate(http_requests_total{role=~".*canary.*"}[5m]))"#;

#[test]
fn filter_matches_no_pod() {
    let yaml = documents(&[&unlabelled(), &asking("result[0] < 5", FILTERED)]);
    insta::assert_snapshot!(failing("RS206", &yaml));
    let guarded = documents(&[
        &unlabelled(),
        &asking("len(result) == 0 || result[0] < 5", FILTERED),
    ]);
    insta::assert_snapshot!(failing("RS206", &guarded));
    let other = asking(
        "result[0] < 5",
        r#"sum(rate(http_requests_total{role="preview"}[5m])) or vector(0)"#,
    );
    insta::assert_snapshot!(failing("RS206", &documents(&[&rollout(), &other])));
    passing(&documents(&[&rollout(), &good_template()]));
}

#[test]
fn labels_may_come_from_elsewhere() {
    let query = asking("result[0] < 5", FILTERED);
    silent("RS206", &query);
    let service = "apiVersion: v1\nkind: Service\nmetadata:\n  name: api-canary\n  labels: {role: canary}\nspec: {}\n";
    silent("RS206", &documents(&[&unlabelled(), service, &query]));
    for matcher in [
        r#"role="{{args.role}}""#,
        r#"role=~"canary|""#,
        r#"role!="canary""#,
        r#"destination_app="canary""#,
    ] {
        let query = FILTERED.replace(r#"role=~".*canary.*""#, matcher);
        silent(
            "RS206",
            &documents(&[&unlabelled(), &template(GOOD_FIELDS, &query)]),
        );
    }
    let in_mesh = FILTERED.replace("role=~", "destination_version=~");
    insta::assert_snapshot!(failing(
        "RS206",
        &documents(&[&unlabelled(), &asking("result[0] < 5", &in_mesh)])
    ));
}
