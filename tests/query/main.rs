//! `rollsim query` as it is typed: answers, and errors with their places.

#![allow(clippy::unwrap_used, reason = "what can't be run fails the test")]
#![allow(
    clippy::disallowed_methods,
    reason = "an error that takes long is none"
)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TEST_NOTATION: &str = "load 30s\n  http_requests_total{code=\"200\",pod=\"a\"} 0+300x10\n  \
     http_requests_total{code=\"500\",pod=\"a\"} _x4 3 3 6x3 stale\n  up{pod=\"a\"} 1x10\n";

const OPENMETRICS: &str = "# TYPE requests counter\nrequests_total{code=\"200\"} 10 1700000000\n\
     requests_total{code=\"200\"} 40 1700000015.5\n# EOF\n";

const JSON: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
  {"metric":{"__name__":"up","job":"a"},"values":[[1700000000,"1"],[1700000015,"0"]]}]}}"#;

/// What a command answers: exit code, standard output, standard error.
fn rollsim(series: &str, words: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("series"), series).unwrap();
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .arg("query")
        .args(words)
        .args(["--series", "series"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "{words:?}");
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap()
    )
}

fn failing(query: &str) -> String {
    let shown = rollsim(TEST_NOTATION, &[query, "--at", "2m10s"]);
    assert!(
        shown.starts_with("exit code 2\n--- stdout\n--- stderr\nerror: "),
        "{shown}"
    );
    shown
}

#[test]
fn instant_queries() {
    let error_share = "sum by (pod) (rate(http_requests_total{code=\"500\"}[2m])) / sum by (pod) (rate(http_requests_total[2m]))";
    insta::assert_snapshot!(
        "vector",
        rollsim(TEST_NOTATION, &[error_share, "--at", "4m"])
    );
    insta::assert_snapshot!(
        "scalar",
        rollsim(TEST_NOTATION, &["scalar(up) / 3", "--at", "60"])
    );
    insta::assert_snapshot!("matrix", rollsim(TEST_NOTATION, &["up[90s]", "--at", "4m"]));
    insta::assert_snapshot!("empty", rollsim(TEST_NOTATION, &["down", "--at", "4m"]));
    insta::assert_snapshot!(
        "openmetrics",
        rollsim(
            OPENMETRICS,
            &[
                "increase(requests_total[1m])",
                "--at",
                "2023-11-14T22:13:50Z"
            ]
        )
    );
    insta::assert_snapshot!(
        "json",
        rollsim(JSON, &["up", "--at", "1700000020.25", "--format", "json"])
    );
}

#[test]
fn range_queries() {
    let words = [
        "up",
        "--at",
        "1700000000",
        "--range-end",
        "1700000030",
        "--step",
        "10s",
    ];
    insta::assert_snapshot!("range", rollsim(JSON, &words));
    let words = ["up", "--at", "0", "--range-end", "11001", "--step", "1"];
    insta::assert_snapshot!("range_too_fine", rollsim(JSON, &words));
    let words = ["up", "--at", "10", "--range-end", "0", "--step", "1"];
    assert!(rollsim(JSON, &words).contains("end timestamp must not be before start time"));
    let words = ["up", "--at", "0", "--range-end", "10", "--step", "0"];
    assert!(
        rollsim(JSON, &words)
            .contains("zero or negative query resolution step widths are not accepted")
    );
    let words = ["up[1m]", "--at", "0", "--range-end", "10", "--step", "1"];
    assert!(
        rollsim(JSON, &words).contains("invalid expression type \"range vector\" for range query")
    );
}

#[test]
fn versions_differ_at_the_older_edge_of_a_window() {
    let count = |version: &str| {
        let words = [
            "count_over_time(up[1m])",
            "--at",
            "2m",
            "--prometheus",
            version,
        ];
        rollsim(TEST_NOTATION, &words)
    };
    assert!(count("3").contains("=> 2 @[120]"), "{}", count("3"));
    assert!(count("2.51").contains("=> 3 @[120]"));
    assert!(count("2").contains("=> 3 @[120]"));
}

#[test]
fn a_staleness_marker_ends_a_series() {
    let query = "http_requests_total{code=\"500\"}";
    assert!(rollsim(TEST_NOTATION, &[query, "--at", "4m29s"]).contains("=> 6"));
    assert!(rollsim(TEST_NOTATION, &[query, "--at", "5m"]).contains("the result is empty"));
}

#[test]
fn errors_of_queries_are_prometheus_own() {
    insta::assert_snapshot!("parse_error", failing("sum(rate(up[5m])) by (pod) > > 1"));
    insta::assert_snapshot!("type_error", failing("rate(up)"));
    insta::assert_snapshot!("many_to_many", failing("up / on (pod) http_requests_total"));
    insta::assert_snapshot!("unsupported", failing("1 + histogram_count(up)"));
    insta::assert_snapshot!("no_query", failing(""));
}

#[test]
fn absurd_queries_end_in_an_error() {
    for query in [
        "rate(up[1000y])",
        "rate(up[0s])",
        "up offset 99999999999y",
        "rate(up[5m:0s])",
    ] {
        assert!(
            failing(query).contains("invalid parameter \"query\": 1:"),
            "{query}: {}",
            failing(query)
        );
    }
    let deep = format!("{}up{}", "(".repeat(10_000), ")".repeat(10_000));
    let shown = failing(&deep);
    assert!(shown.contains("nested more than 100 levels deep is not supported"));
    assert!(shown.len() < 5_000, "{} bytes", shown.len());
    assert!(failing(&"(".repeat(10_000)).len() < 5_000);
    failing(&format!("up{}", " + up".repeat(10_000)));
    failing(
        &"-".repeat(50_000)
            .replace("--", "- ")
            .replacen('-', "1-", 1),
    );
    failing("count_over_time(up[200y:1ms])");
    failing("up{pod=~\"(((a{1000}){1000}){1000}){1000}\"}");
}

#[test]
fn errors_of_files_have_a_place() {
    let bad = |series: &str| rollsim(series, &["up", "--at", "0"]);
    insta::assert_snapshot!("bad_test_notation", bad("load 30s\n  up 1 1y 2\n"));
    insta::assert_snapshot!("bad_openmetrics", bad("up{job=\"ä\"} one 5\n# EOF\n"));
    insta::assert_snapshot!("no_timestamp", bad("up 1\n# EOF\n"));
    insta::assert_snapshot!("no_eof", bad("up 1 5\n"));
    insta::assert_snapshot!(
        "bad_json",
        bad(
            "{\"data\":\n  {\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1,2]]}]}}"
        )
    );
    insta::assert_snapshot!("empty_file", bad("\n"));
    insta::assert_snapshot!("two_values", bad("up 1 5\nup 2 5\n# EOF\n"));
}

#[test]
fn wrong_arguments_are_bad_input() {
    for words in [
        &["up"] as &[&str],
        &["up", "--at", "yesterday"],
        &["up", "--at", "0", "--step", "1"],
        &["up", "--at", "0", "--range-end", "1"],
        &["up", "--at", "0", "--prometheus", "1"],
        &["up", "--at", "0", "-o", "series"],
        &["up", "--at", "0", "--format", "csv"],
    ] {
        assert!(
            rollsim(TEST_NOTATION, words).starts_with("exit code 2"),
            "{words:?}"
        );
    }
    let missing = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .args(["query", "up", "--at", "0", "--series", "nowhere.prom"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert!(
        String::from_utf8(missing.stderr)
            .unwrap()
            .contains("can't read `nowhere.prom`")
    );
}
