//! `rollsim lint` from outside.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{COUNTED_QUERY, good_template, template};

fn lint_in(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rollsim"))
        .arg("lint")
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn lint(words: &[&str]) -> (i32, String, String) {
    lint_in(Path::new(env!("CARGO_MANIFEST_DIR")), words)
}

/// A folder with a template that has a bare `result`, a Helm template and a file of another program.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bare = "successCondition: result < 5  # at most five";
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(
        folder.path().join("sub/bare.yaml"),
        template(bare, COUNTED_QUERY),
    )
    .unwrap();
    fs::write(
        folder.path().join("helm.yaml"),
        "kind: {{ .Values.kind }}\n",
    )
    .unwrap();
    fs::write(folder.path().join("other.yaml"), "services: {}\n").unwrap();
    folder
}

#[test]
fn the_article_as_written() {
    let (code, out, err) = lint(&["scenarios/article/as-written", "--select", "RS0,RS1"]);
    insta::assert_snapshot!(format!("{out}{err}exit code {code}\n"));
}

/// What the article's README names beyond what the controller refuses: nothing puts the label `version` on a pod.
#[test]
fn the_article_asks_for_a_label_that_no_pod_has() {
    let (code, out, _) = lint(&["scenarios/article/as-written", "--select", "RS2"]);
    assert_eq!(code, 1);
    for metric in ["success-rate", "latency-p99"] {
        let asks = format!(
            "error[RS206]: {metric} asks for `version=~\".*canary.*\"`, and no pod of api has a label `version`"
        );
        assert!(out.contains(&asks), "{out}");
    }
    let (_, out, _) = lint(&["scenarios/article/corrected", "--select", "RS2"]);
    assert!(!out.contains("RS206") && !out.contains("RS205"), "{out}");
}

#[test]
fn folders_are_read_and_what_is_no_manifest_is_named() {
    let folder = folder();
    let (code, out, err) = lint_in(folder.path(), &["."]);
    insta::assert_snapshot!(format!("{out}{err}exit code {code}\n"));
    let (code, out, _) = lint_in(folder.path(), &[".", "--ignore", "RS"]);
    assert_eq!(code, 0, "{out}");
    let (code, ..) = lint_in(folder.path(), &["nowhere"]);
    assert_eq!(code, 2);
    let (code, out, _) = lint_in(folder.path(), &[".", "--select", "rs101"]);
    assert!(code == 1 && out.contains("error[RS101]"), "{out}");
    let (code, _, err) = lint_in(folder.path(), &[".", "--select", "RS999"]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn json_and_annotations() {
    let folder = folder();
    let (_, out, _) = lint_in(
        folder.path(),
        &[".", "--format", "json", "--select", "RS101"],
    );
    let report: Value = serde_json::from_str(&out).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(report["schema"], "rollsim/lint/v1");
    for (field, value) in [
        ("code", Value::from("RS101")),
        ("severity", Value::from("error")),
        ("file", Value::from("./sub/bare.yaml")),
        ("line", Value::from(8)),
        ("column", Value::from(23)),
        ("end_column", Value::from(29)),
    ] {
        assert_eq!(finding[field], value, "{field}");
    }
    assert!(finding["message"].is_string() && finding["help"].is_string());
    assert_eq!(report["skipped"].as_array().unwrap().len(), 2);
    let (_, out, _) = lint_in(
        folder.path(),
        &[".", "--format", "github", "--select", "RS101"],
    );
    let start = "::error file=./sub/bare.yaml,line=8,col=23,endLine=8,endColumn=29,title=RS101 bare-result-on-vector::";
    assert!(out.starts_with(start), "{out}");
    assert_eq!(out.lines().count(), 1);
}

/// What code scanning reads; tests/sarif/run holds whole logs to the schema.
#[test]
fn sarif() {
    let folder = folder();
    let (_, out, _) = lint_in(folder.path(), &[".", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string());
        for number in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(place["region"][number].as_u64().unwrap() >= 1);
        }
    }
    let bare = results
        .iter()
        .find(|result| result["ruleId"] == "RS101")
        .unwrap();
    let replacement = &bare["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "result[0]");
}

#[test]
fn fixes_are_shown_and_made() {
    let folder = folder();
    let file = folder.path().join("sub/bare.yaml");
    let before = fs::read_to_string(&file).unwrap();
    let (code, out, _) = lint_in(folder.path(), &[".", "--diff"]);
    insta::assert_snapshot!(format!("{out}exit code {code}\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    fs::write(&file, format!("\u{feff}{before}")).unwrap();
    let (_, _, err) = lint_in(folder.path(), &[".", "--fix"]);
    assert_eq!(err, "changed ./sub/bare.yaml\n");
    let after = before.replace("result < 5", "result[0] < 5");
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        format!("\u{feff}{after}")
    );
}

#[test]
fn explain() {
    let (code, out, _) = lint(&["--explain", "rs101"]);
    assert!(
        code == 0 && out.starts_with("# RS101: bare-result-on-vector\n"),
        "{out}"
    );
    let (code, out, _) = lint(&["--explain", "all"]);
    assert!(
        code == 0 && out.contains("RS105 warning nan-unhandled: "),
        "{out}"
    );
    let (code, out, _) = lint(&["--explain", "Bare-Result-on-Vector"]);
    assert!(code == 0 && out.starts_with("# RS101"), "{out}");
    let (code, _, err) = lint(&["--explain", "RS1011"]);
    assert!(code == 2 && err.contains("RS101"), "{err}");
}

#[test]
fn nothing_to_lint_is_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("noise.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    let (code, out, err) = lint_in(folder.path(), &["."]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("./noise.yaml was left out: not a text in UTF-8"),
        "{out}"
    );
    assert_eq!(
        err,
        "there was nothing to lint: no Kubernetes manifest was found\n"
    );
}

#[test]
fn nothing_to_say_is_success() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.yaml"), good_template()).unwrap();
    let (code, out, err) = lint_in(folder.path(), &["good.yaml"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out, "0 errors, 0 warnings, 0 notes in 1 file\n");
}
