//! Runs rules over texts, and writes manifests that are fine apart from what a test is about.

use rollsim::diagnostics::{ColourChoice, render};
use rollsim::lint::finding::Finding;
use rollsim::lint::rule::Selection;
use rollsim::lint::{Options, lint};
use rollsim::manifest::schema::FieldValidation;
use rollsim::manifest::source::Manifests;
use rollsim::units::Duration;

/// Reads one text as `lint` reads files.
pub fn read(yaml: &str) -> Manifests {
    let mut manifests = Manifests::from_texts([("example.yaml", yaml)]);
    manifests.admit(FieldValidation::Strict);
    manifests
}

fn findings(manifests: &Manifests, select: &[&str]) -> Vec<Finding> {
    findings_with(manifests, select, None)
}

fn findings_with(
    manifests: &Manifests,
    select: &[&str],
    scrape_interval: Option<Duration>,
) -> Vec<Finding> {
    let options = Options {
        selection: Selection {
            select: select.iter().map(|code| (*code).to_owned()).collect(),
            ignore: Vec::new(),
        },
        scrape_interval,
    };
    lint(manifests, &options)
}

fn shown(manifests: &Manifests, findings: &[Finding]) -> String {
    let diagnostics: Vec<_> = findings.iter().map(Finding::to_diagnostic).collect();
    render(&diagnostics, &manifests.sources, ColourChoice::Plain)
}

/// What one rule says about a failing example, for a snapshot. It must say something.
#[track_caller]
pub fn failing(code: &str, yaml: &str) -> String {
    let manifests = read(yaml);
    let found = findings(&manifests, &[code]);
    assert!(!found.is_empty(), "{code} finds nothing");
    shown(&manifests, &found)
}

/// What one rule says where a scenario gives the scrape interval; none if nothing.
pub fn failing_with(code: &str, yaml: &str, scrape_interval: Option<Duration>) -> Option<String> {
    let manifests = read(yaml);
    let found = findings_with(&manifests, &[code], scrape_interval);
    (!found.is_empty()).then(|| shown(&manifests, &found))
}

/// Asserts that no rule at all has anything to say about a passing example.
#[track_caller]
pub fn passing(yaml: &str) {
    let manifests = read(yaml);
    let found = findings(&manifests, &[]);
    assert!(found.is_empty(), "{}", shown(&manifests, &found));
}

/// Asserts that one rule is silent, where others may speak.
#[track_caller]
pub fn silent(code: &str, yaml: &str) {
    let manifests = read(yaml);
    let found = findings(&manifests, &[code]);
    assert!(found.is_empty(), "{}", shown(&manifests, &found));
}

/// The text after all fixes of one rule.
#[track_caller]
pub fn fixed(code: &str, yaml: &str) -> String {
    let manifests = read(yaml);
    let mut edits: Vec<_> = findings(&manifests, &[code])
        .into_iter()
        .filter_map(|finding| finding.fix)
        .flat_map(|fix| fix.edits)
        .collect();
    assert!(!edits.is_empty(), "{code} fixes nothing");
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.location));
    let mut text = yaml.to_owned();
    for edit in edits {
        let span = edit.location.span;
        text.replace_range(span.start..span.end, &edit.text);
    }
    text
}

/// An AnalysisTemplate `check` without arguments, with one metric `measured`. `fields` are the metric's lines
/// (`interval: 30s` …) and `query` the Prometheus query in one line.
pub fn template(fields: &str, query: &str) -> String {
    let fields: String = fields
        .lines()
        .fold(String::new(), |text, line| text + "    " + line + "\n");
    format!(
        "\
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata:
  name: check
spec:
  metrics:
  - name: measured
{fields}    provider:
      prometheus:
        address: http://prometheus:9090
        query: |
          {query}
"
    )
}

/// A query that rules have nothing to say about: one series, always there, never NaN.
pub const GOOD_QUERY: &str =
    r#"scalar(sum(rate(http_requests_total{status=~"5..", role="canary"}[5m])))"#;

/// A query that yields one series or none, and never NaN.
pub const COUNTED_QUERY: &str = r#"sum(rate(http_requests_total{role="canary"}[5m]))"#;

/// A ratio: NaN without requests, empty without series.
pub const RATIO: &str = r#"sum(rate(http_requests_total{role="canary", status!~"5.."}[5m])) / sum(rate(http_requests_total{role="canary"}[5m]))"#;

/// A template that rules have nothing to say about.
pub fn good_template() -> String {
    template(GOOD_FIELDS, GOOD_QUERY)
}

/// Fields of a metric that rules have nothing to say about.
pub const GOOD_FIELDS: &str = "\
initialDelay: 5m
interval: 5m
count: 12
failureLimit: 2
successCondition: isNaN(result) == false && result < 1
failureCondition: isNaN(result) || result >= 1";

/// A canary of 10 replicas behind a traffic router, with these steps (lines of YAML, `- setWeight: 10` …).
pub fn canary(steps: &str) -> String {
    let steps = steps
        .lines()
        .fold(String::new(), |text, line| text + "      " + line + "\n");
    format!(
        "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: api
spec:
  replicas: 10
  selector:
    matchLabels: {{app: api}}
  template:
    metadata:
      labels: {{app: api}}
    spec:
      containers:
      - name: api
        image: api:1
        ports: [{{containerPort: 8080}}]
  strategy:
    canary:
      canaryService: api-canary
      stableService: api-stable
      canaryMetadata:
        labels: {{role: canary}}
      stableMetadata:
        labels: {{role: stable}}
      trafficRouting:
        nginx:
          stableIngress: api
      steps:
{steps}"
    )
}

/// Several documents in one file.
pub fn documents(parts: &[&str]) -> String {
    parts.join("---\n")
}

/// The same canary without a router, with these replicas and further lines of `canary`.
pub fn basic(replicas: i32, fields: &str, steps: &str) -> String {
    let head = HEAD.replace("{replicas}", &replicas.to_string());
    head + &indented(fields) + "      steps:\n" + &indented(steps) + &indented(CANARY_METADATA)
}

/// The canary behind a router with an analysis beside its steps: template `check`, and further lines of it. Aborted
/// pods go at once, so that a retry measures again.
pub fn background(fields: &str, steps: &str) -> String {
    let fields = prefixed("  ", fields);
    let analysis = format!(
        "abortScaleDownDelaySeconds: 0\nanalysis:\n  templates:\n  - templateName: check\n{fields}"
    );
    canary(steps).replace("      steps:\n", &(indented(&analysis) + "      steps:\n"))
}

/// A blue-green Rollout of 4 replicas with further lines of `blueGreen`.
pub fn blue_green(fields: &str) -> String {
    let head = HEAD.replace("{replicas}", "4").replace(
        "    canary:\n",
        "    blueGreen:\n      activeService: api\n      previewService: api-preview\n",
    );
    head + &indented(fields) + &indented(BLUE_GREEN_METADATA)
}

/// The labels that [`GOOD_QUERY`] and its like ask for.
const CANARY_METADATA: &str = "\
canaryMetadata: {labels: {role: canary}}
stableMetadata: {labels: {role: stable}}";

const BLUE_GREEN_METADATA: &str = "\
previewMetadata: {labels: {role: canary}}
activeMetadata: {labels: {role: stable}}";

const HEAD: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: api
spec:
  replicas: {replicas}
  selector:
    matchLabels: {app: api}
  template:
    metadata:
      labels: {app: api}
    spec:
      containers:
      - name: api
        image: api:1
        ports: [{containerPort: 8080}]
  strategy:
    canary:
";

fn indented(lines: &str) -> String {
    prefixed("      ", lines)
}

fn prefixed(prefix: &str, lines: &str) -> String {
    lines
        .lines()
        .fold(String::new(), |text, line| text + prefix + line + "\n")
}
