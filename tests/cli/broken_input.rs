//! Bad input of every kind: file, place, reason, hint, exit code 2, and nothing on standard output.

use super::support::Inputs;

/// What the program says, which must be a refusal before anything was simulated.
#[track_caller]
fn refusal(inputs: &Inputs, words: &str) -> String {
    let before = inputs.names();
    let ran = inputs.rollsim(words);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words}");
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
    assert_eq!(inputs.names(), before);
    ran.err
}

/// The same with a hint, as everything but wrong usage must have.
#[track_caller]
fn refusal_with_hint(inputs: &Inputs, words: &str) -> String {
    let shown = refusal(inputs, words);
    assert!(shown.contains("help: "), "{shown}");
    shown
}

#[track_caller]
fn scenario_with(from: &str, to: &str) -> String {
    refusal_with_hint(&Inputs::changed("api.yaml", from, to), "run api.yaml")
}

#[track_caller]
fn template_with(from: &str, to: &str) -> String {
    let inputs = Inputs::changed("corrected/latency-p99.yaml", from, to);
    refusal_with_hint(&inputs, "run api.yaml")
}

#[test]
fn no_rollout() {
    let inputs = Inputs::of_the_article();
    std::fs::remove_file(inputs.path("corrected/rollout.yaml")).unwrap();
    insta::assert_snapshot!(refusal_with_hint(&inputs, "run api.yaml"));
}

#[test]
fn two_rollouts() {
    let inputs = Inputs::of_the_article();
    let second = inputs
        .read("corrected/rollout.yaml")
        .replace("name: api\nspec", "name: web\nspec");
    inputs.write("corrected/second.yaml", second);
    insta::assert_snapshot!(refusal_with_hint(&inputs, "run api.yaml"));
    insta::assert_snapshot!(refusal_with_hint(&inputs, "run api.yaml --rollout wbe"));
    let run = "--replications 5 --arm healthy --format json";
    let one = inputs
        .rollsim(&format!("run api.yaml --rollout web {run}"))
        .json();
    assert_eq!(one["results"][0]["rollout"], "web");
    let both = inputs
        .rollsim(&format!("run api.yaml --all-rollouts {run}"))
        .json();
    assert_eq!(both["results"].as_array().unwrap().len(), 2);
    inputs.replace("api.yaml", "traffic:", "rollout: wbe\ntraffic:");
    insta::assert_snapshot!(refusal_with_hint(&inputs, "run api.yaml"));
}

#[test]
fn a_provider_that_nobody_knows() {
    insta::assert_snapshot!(template_with("prometheus:", "promethus:"));
}

const QUERY: &str = r#"        prometheus:
          address: http://prometheus.monitoring:9090
          query: |
            histogram_quantile(0.99,
              sum(rate(http_request_duration_seconds_bucket{
                service="{{args.service-name}}",
                version=~".*canary.*"
              }[2m])) by (le)
            )
"#;

#[test]
fn providers_that_are_not_simulated() {
    let web = "        web: {url: https://api/health, jsonPath: '{$.ok}'}\n";
    let job = "        job:
          spec:
            template:
              spec:
                restartPolicy: Never
                containers: [{name: check, image: registry.example/check}]
";
    let datadog = "        datadog: {query: 'avg:errors{*}'}\n";
    let shown = [web, job, datadog].map(|provider| template_with(QUERY, provider));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn queries_that_are_not_simulated() {
    let shown = [
        "count_values(\"v\", http_requests_total{service=\"{{args.service-name}}\"})",
        "http_requests_total @ 1700000000",
        "rate(http_request_duration_seconds_sum{service=\"{{args.service-name}}\"}[2m])",
    ]
    .map(|query| {
        let text = QUERY.lines().take(3).collect::<Vec<_>>().join("\n");
        let text = format!("{text}\n            1 +\n              {query}\n");
        let inputs = Inputs::changed("corrected/latency-p99.yaml", QUERY, &text);
        refusal_with_hint(&inputs, "run api.yaml")
    });
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn yaml_that_is_none() {
    let broken = template_with("      count: 5", "      count: [5");
    let twice = template_with("      count: 5", "      count: 5\n      count: 6");
    let scenario = scenario_with("traffic:", "traffic: {");
    let key_twice = scenario_with("  rate: 50/s", "  rate: 50/s\n  rate: 60/s");
    insta::assert_snapshot!([broken, twice, scenario, key_twice].join("\n"));
}

#[test]
fn types_that_the_api_server_refuses() {
    insta::assert_snapshot!(template_with("failureLimit: 3", "failureLimit: [3]"));
    let inputs = Inputs::changed("corrected/rollout.yaml", "replicas: 6", "replicas: six");
    insta::assert_snapshot!(refusal(&inputs, "run api.yaml"));
}

#[test]
fn scenarios_that_are_wrong() {
    let shown = [
        scenario_with("rate: 50/s", "rate: 50"),
        scenario_with("traffic:", "trafic:"),
        scenario_with("errors: 3%", "errors: 0.01%"),
        scenario_with("replications: 10000", "replications: 0"),
        scenario_with("manifests: [corrected/]", "manifests: [corected/]"),
        scenario_with("apiVersion: rollsim/v1", "apiVersion: rollsim/v9"),
    ];
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn arguments_that_are_wrong() {
    let inputs = Inputs::of_the_article();
    inputs.write("second.yaml", inputs.read("api.yaml"));
    let shown = [
        "run api.yaml --arm empty-bod",
        "trace api.yaml --arm nobody",
        "run api.yaml second.yaml",
        "run nowhere.yaml",
        "run api.yaml nowhere/",
    ]
    .map(|words| format!("{words}\n{}", refusal_with_hint(&inputs, words)));
    insta::assert_snapshot!(shown.join("\n"));
    let shown = [
        "run api.yaml --replications 0",
        "run api.yaml --threads 0",
        "run api.yaml --format xml",
        "run",
    ]
    .map(|words| format!("{words}\n{}", refusal(&inputs, words)));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn files_without_a_manifest() {
    let inputs = Inputs::of_the_article();
    inputs.write("binary.yaml", [0_u8, 0xff, 0xfe, 1]);
    inputs.write("empty.yaml", "");
    inputs.write("values.yaml", "replicas: 3\n");
    inputs.write("chart.yaml", "kind: Rollout\nname: {{ .Values.name }}\n");
    std::fs::create_dir(inputs.path("folder")).unwrap();
    inputs.write("folder/README.md", "nothing here\n");
    let files = [
        "binary.yaml",
        "empty.yaml",
        "values.yaml",
        "chart.yaml",
        "folder",
    ];
    let mut shown = files
        .map(|file| refusal_with_hint(&inputs, &format!("run {file}")))
        .to_vec();
    shown.push(refusal_with_hint(
        &inputs,
        &format!("run {}", files.join(" ")),
    ));
    inputs.replace("api.yaml", "[corrected/]", "[binary.yaml, folder]");
    shown.push(refusal_with_hint(&inputs, "run api.yaml"));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn what_was_left_out_is_told_with_the_result() {
    let inputs = Inputs::of_the_article();
    inputs.write(
        "corrected/chart.yaml",
        "kind: Service\nname: {{ .Values.name }}\n",
    );
    let ran = inputs.rollsim("run api.yaml --replications 5 --arm healthy");
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("- corrected/chart.yaml:1:1 was left out: a template"),
        "{}",
        ran.out
    );
}
