//! The article that the project starts from: what the controller says of its manifests, one mistake uncovered after
//! the other in the controller's order, and what it never says.

use std::fs;
use std::path::Path;

use rollsim::lint::finding::Finding;
use rollsim::lint::{Options, lint};
use rollsim::manifest::schema::FieldValidation;
use rollsim::manifest::source::Manifests;

struct Article {
    rollout: String,
    success_rate: String,
    latency: String,
}

impl Article {
    fn read(folder: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("scenarios/article")
            .join(folder);
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        Self {
            rollout: text("rollout.yaml"),
            success_rate: text("success-rate.yaml"),
            latency: text("latency-p99.yaml"),
        }
    }

    fn findings(&self) -> Vec<Finding> {
        let mut manifests = Manifests::from_texts([
            ("latency-p99.yaml", self.latency.as_str()),
            ("rollout.yaml", self.rollout.as_str()),
            ("success-rate.yaml", self.success_rate.as_str()),
        ]);
        manifests.admit(FieldValidation::Strict);
        lint(&manifests, &Options::default())
    }

    /// The text that the controller shows, without its path.
    #[track_caller]
    fn shown(&self) -> Option<String> {
        let findings = self.findings();
        let mut shown = findings.iter().filter(|finding| finding.shown_first);
        let first = shown.next()?;
        assert!(shown.next().is_none(), "two are shown first");
        assert_eq!(findings[0].message, first.message, "the first of the list");
        Some(first.message.clone())
    }

    fn with_arguments(mut self) -> Self {
        self.rollout = self.rollout.replace(
            "              - templateName: latency-p99\n",
            "              - templateName: latency-p99\n            args:\n              - name: service-name\n                value: api\n",
        );
        self
    }

    fn with_count(mut self, count: u32) -> Self {
        let counted = format!("interval: 30s\n      count: {count}\n");
        self.success_rate = self.success_rate.replace("interval: 30s\n", &counted);
        self
    }

    fn with_latency_count(mut self) -> Self {
        self.latency = self
            .latency
            .replace("interval: 30s\n", "interval: 30s\n      count: 5\n");
        self
    }

    fn with_declared_argument(mut self) -> Self {
        let args = "spec:\n  args:\n    - name: service-name\n";
        self.latency = self.latency.replace("spec:\n", args);
        self
    }

    /// Both templates beside the steps, instead of in them.
    fn in_background(mut self, args: &str) -> Self {
        let analysis = "        - analysis:\n            templates:\n              - templateName: success-rate\n              - templateName: latency-p99\n";
        assert_eq!(self.rollout.matches(analysis).count(), 2);
        let background = format!(
            "      analysis:\n        templates:\n          - templateName: success-rate\n          - templateName: latency-p99\n{args}      steps:\n"
        );
        self.rollout = self
            .rollout
            .replace(analysis, "")
            .replace("      steps:\n", &background);
        self
    }
}

const NOT_RESOLVED: &str = r#"Invalid value: "templateNames: [success-rate latency-p99]": args.service-name was not resolved"#;
const ENDLESS: &str = r#"Invalid value: "success-rate": AnalysisTemplate success-rate has metric success-rate which runs indefinitely. Invalid value for count: <nil>"#;
const UNDECLARED: &str = r#"Invalid value: "latency-p99": AnalysisTemplate latency-p99: failed to resolve {{args.service-name}}"#;
const LATENCY_ENDLESS: &str = r#"Invalid value: "latency-p99": AnalysisTemplate latency-p99 has metric latency-p99 which runs indefinitely. Invalid value for count: <nil>"#;

fn written() -> Article {
    Article::read("as-written")
}

#[test]
fn all_of_the_chain_is_told_at_once_in_the_controllers_order() {
    let findings = written().findings();
    let refused: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.rule.code == "RS002")
        .map(|finding| finding.message.as_str())
        .collect();
    let wanted: Vec<String> = [2, 5]
        .iter()
        .flat_map(|step| {
            [NOT_RESOLVED, ENDLESS, UNDECLARED, LATENCY_ENDLESS].map(|detail| {
                format!("spec.strategy.canary.steps[{step}].analysis.templates: {detail}")
            })
        })
        .collect();
    assert_eq!(refused, wanted);
}

#[test]
fn each_mistake_that_is_mended_uncovers_the_next() {
    let at = |detail: &str| {
        Some(format!(
            "spec.strategy.canary.steps[2].analysis.templates: {detail}"
        ))
    };
    assert_eq!(written().shown(), at(NOT_RESOLVED));
    let supplied = || written().with_arguments();
    assert_eq!(supplied().shown(), at(ENDLESS));
    let counted = || supplied().with_count(5);
    assert_eq!(counted().shown(), at(UNDECLARED));
    let declared = || counted().with_declared_argument();
    assert_eq!(declared().shown(), at(LATENCY_ENDLESS));
    assert_eq!(declared().with_latency_count().shown(), None);
}

#[test]
fn too_small_a_count_passes_the_first_gate_and_not_the_second() {
    let article = written().with_arguments().with_count(2);
    let article = article.with_declared_argument().with_latency_count();
    let findings = article.findings();
    assert!(findings.iter().all(|finding| finding.rule.code != "RS002"));
    let text = "Analysis spec invalid: metrics[0]: count (2) must be >= failureLimit + consecutiveSuccessLimit (3 + 0) if both >= 0";
    assert_eq!(article.shown().as_deref(), Some(text));
}

#[test]
fn beside_the_steps_only_the_arguments_are_missing() {
    let path = "spec.strategy.canary.analysis.templates";
    let shown = written().in_background("").shown();
    assert_eq!(shown, Some(format!("{path}: {NOT_RESOLVED}")));
    let args = "        args:\n          - name: service-name\n            value: api\n";
    let supplied = written().in_background(args).findings();
    let refused = supplied
        .iter()
        .any(|finding| finding.rule.code.starts_with("RS00"));
    assert!(!refused, "{supplied:?}");
    // It measures before there are pods.
    assert!(supplied.iter().any(|finding| finding.rule.code == "RS405"));
}

/// Each with the file in which it is.
#[test]
fn what_the_controller_never_says() {
    let mut article = written();
    let text = "abort if it drops below 99% for 3 consecutive checks";
    article.success_rate = article
        .success_rate
        .replace("failureLimit: 3", &format!("failureLimit: 3 # {text}"));
    let findings = article.findings();
    let files = ["latency-p99.yaml", "rollout.yaml", "success-rate.yaml"];
    let mut manifests = Manifests::from_texts([
        ("latency-p99.yaml", ""),
        ("rollout.yaml", ""),
        ("success-rate.yaml", ""),
    ]);
    manifests.admit(FieldValidation::Strict);
    let said = |code: &str, file: &str| {
        findings.iter().any(|finding| {
            finding.rule.code == code && manifests.sources.name(finding.location.source) == file
        })
    };
    for (code, file) in [
        // No series, no requests: an Error, a failure.
        ("RS103", files[2]),
        ("RS103", files[0]),
        ("RS105", files[2]),
        ("RS105", files[0]),
        // failureLimit 3 is the fourth failure in total.
        ("RS303", files[2]),
        // Half of the requests, then everybody, without a look.
        ("RS403", files[1]),
    ] {
        assert!(said(code, file), "{code} in {file}");
    }
}

#[test]
fn the_corrected_manifests_pass_both_gates() {
    let findings = Article::read("corrected").findings();
    let refused = findings
        .iter()
        .any(|finding| finding.rule.code.starts_with("RS00"));
    assert!(!refused, "{findings:?}");
}
