use crate::support::{
    GOOD_FIELDS, GOOD_QUERY, RATIO, canary, documents, failing, good_template, passing, silent,
    template,
};

const STEPS: &str = "\
- setWeight: 20
- pause: {duration: 10m}
- analysis:
    templates:
    - templateName: check
    args:
    - name: role
      value: canary";

fn with_role(template: &str) -> String {
    let args = "spec:\n  args:\n  - name: role\n    value: canary\n";
    template
        .replace("spec:\n", args)
        .replace("role=\"canary\"", "role=\"{{args.role}}\"")
}

#[test]
fn tags_that_nothing_answers() {
    let query = r#"scalar(sum(rate(http_requests_total{status=~"5..", role="canary", pod=~".*{{rollout.hash}}.*", app="{{ args.app }}"}[5m])))"#;
    let yaml = with_role(&template(GOOD_FIELDS, query));
    insta::assert_snapshot!(failing("RS308", &yaml));
    // The gates say so where the template is used.
    silent("RS308", &documents(&[&canary(STEPS), &yaml]));
    passing(&documents(&[&canary(STEPS), &with_role(&good_template())]));
}

#[test]
fn what_other_tools_write() {
    let query = r#"scalar(sum(rate(http_requests_total{status=~"5..", role="canary", app="${APP}", job="$job"}[$__rate_interval])))"#;
    let yaml = template(GOOD_FIELDS, query).replace("//prometheus:", "//$(PROMETHEUS):");
    insta::assert_snapshot!(failing("RS308", &yaml));
    silent(
        "RS308",
        &yaml.replace("name: check", "name: check\n  namespace: ${NAMESPACE}"),
    );
    // The end of a text, and a group of a regular expression.
    silent(
        "RS308",
        &template(GOOD_FIELDS, &RATIO.replace("5..", "5..$")),
    );
    let groups = r#"label_replace(up, "a", "$name", "b", "(?P<name>.*)")"#;
    silent("RS308", &template(GOOD_FIELDS, groups));
    let graph = template(GOOD_FIELDS, "").replace(
        "prometheus:\n        address: http://prometheus:9090",
        "skywalking:\n        address: http://skywalking:12800",
    );
    silent(
        "RS308",
        &(graph + "          query q($duration: Duration!)\n"),
    );
    let script = "\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: smoke
spec:
  metrics:
  - name: smoke
    provider:
      job:
        spec:
          template:
            spec:
              restartPolicy: Never
              containers:
              - name: smoke
                image: smoke:1
                command: [sh, -c, 'exit ${CODE:-0} $(date)']
";
    passing(script);
}

#[test]
fn arguments_without_braces() {
    let web = "\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: health
spec:
  args:
  - name: limit
    value: '1'
  metrics:
  - name: health
    successCondition: result.errors < args.limit
    provider:
      web:
        url: http://api/health?limit={{args.limit}}
";
    insta::assert_snapshot!(failing("RS308", web));
    passing(&web.replace("< args.limit", "< {{args.limit}}"));
    let query = GOOD_QUERY.replace("\"canary\"", "\"args.role\"");
    insta::assert_snapshot!(failing("RS308", &template(GOOD_FIELDS, &query)));
}

#[test]
fn braces_where_nothing_is_filled_in() {
    let steps = STEPS.replace("value: canary", "value: '{{args.role}}'");
    let check = with_role(&good_template()) + "  dryRun:\n  - metricName: '{{args.role}}.*'\n";
    insta::assert_snapshot!(failing("RS308", &documents(&[&canary(&steps), &check])));
}
