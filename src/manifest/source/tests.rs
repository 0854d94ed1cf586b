//! What is read, what is left out, and what is refused.

use std::fs;
use std::path::PathBuf;

use super::{Manifests, SkipReason};
use crate::diagnostics::{ColourChoice, headline, render};
use crate::manifest::schema::FieldValidation;

const TEMPLATE: &str = "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\n";

fn template(name: &str) -> String {
    format!("{TEMPLATE}metadata: {{name: {name}}}\nspec: {{metrics: []}}\n")
}

fn names(manifests: &Manifests) -> Vec<&str> {
    manifests
        .objects
        .iter()
        .map(|object| object.name.as_str())
        .collect()
}

fn errors(manifests: &Manifests) -> Vec<String> {
    manifests
        .diagnostics
        .iter()
        .map(|diagnostic| headline(diagnostic, &manifests.sources))
        .collect()
}

#[test]
fn folders_are_read_recursively_by_name_without_hidden_files_and_loops() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("b/.hidden")).unwrap();
    fs::write(root.join("c.yml"), template("c")).unwrap();
    fs::write(root.join("b/two.yaml"), template("b2")).unwrap();
    fs::write(root.join("b/.hidden/no.yaml"), template("hidden")).unwrap();
    fs::write(root.join(".no.yaml"), template("hidden")).unwrap();
    fs::write(root.join("a.json"), r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"ClusterAnalysisTemplate","metadata":{"name":"a"},"spec":{}}"#).unwrap();
    fs::write(root.join("notes.txt"), template("hidden")).unwrap();
    fs::write(root.join("binary.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
        std::os::unix::fs::symlink(root.join("nowhere"), root.join("dangling.yaml")).unwrap();
    }
    let stdin = template("piped");
    let paths = [
        root.to_owned(),
        root.join("c.yml"),
        PathBuf::from("-"),
        root.join("missing"),
        root.join("notes.txt"),
    ];
    let manifests = Manifests::read(&paths, &mut stdin.as_bytes());
    assert_eq!(names(&manifests), ["piped", "a", "b2", "c", "hidden"]);
    let reasons: Vec<_> = manifests
        .skipped
        .iter()
        .map(|skipped| &skipped.reason)
        .collect();
    assert_eq!(reasons, [&SkipReason::NotText, &SkipReason::GivenBefore]);
    assert_eq!(manifests.diagnostics.len(), 1);
    assert!(
        errors(&manifests)[0].contains("cannot read"),
        "{:?}",
        errors(&manifests)
    );
}

#[test]
fn lists_are_expanded_and_other_kinds_counted() {
    let text = "\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: s}}
- {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: d}}
- {apiVersion: v1, kind: Namespace}
- kind: Service
---
{apiVersion: v1, kind: Namespace}
";
    let manifests = Manifests::from_text("list.yaml", text);
    assert_eq!(names(&manifests), ["s"]);
    let counted: Vec<_> = manifests
        .other_kinds
        .iter()
        .map(|(kind, n)| (kind.as_str(), *n))
        .collect();
    assert_eq!(counted, [("DaemonSet", 1), ("Namespace", 2)]);
    assert_eq!(
        errors(&manifests),
        ["list.yaml:7:3: error: Object 'apiVersion' is missing"]
    );
}

#[test]
fn templates_and_other_files_are_named_and_not_parsed() {
    let cases = [
        ("a: {{ .Values.x }}\n", "a template (Helm)"),
        (
            "{{- if .Values.on }}\nkind: Rollout\n{{- end }}\n",
            "a template (Helm)",
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: \"{{ .Release.Name }}\"\n",
            "a template (Helm)",
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: {{ include \"x\" . }}\n",
            "a template (Helm)",
        ),
        ("{% if x %}\na: 1\n", "a template (Jinja)"),
        ("a: {{ x }}{{ y }}\n", "a template (`{{ … }}`)"),
        (
            "image: x\nreplicas: 3\n",
            "not a Kubernetes manifest (no apiVersion and no kind)",
        ),
        ("- 1\n", "not a Kubernetes manifest (no fields at the top)"),
    ];
    for (text, wanted) in cases {
        let manifests = Manifests::from_text("t.yaml", text);
        assert!(
            errors(&manifests).is_empty(),
            "{text}: {:?}",
            errors(&manifests)
        );
        assert_eq!(manifests.skipped.len(), 1, "{text}");
        let reason = manifests.skipped[0].reason.to_string();
        assert!(reason.starts_with(wanted), "{text}: {reason}");
    }
}

#[test]
fn argo_arguments_are_no_template_code() {
    let text = format!(
        "{TEMPLATE}metadata: {{name: a}}\nspec:\n  metrics:\n  - name: x\n    count: \"{{{{args.n}}}}\"\n    provider: {{prometheus: {{query: 'x{{a=\"{{{{ args.a }}}}\"}}'}}}}\n"
    );
    let mut manifests = Manifests::from_text("t.yaml", &text);
    manifests.admit(FieldValidation::Strict);
    assert_eq!(names(&manifests), ["a"]);
    assert!(manifests.is_valid(), "{:?}", errors(&manifests));
    let broken = Manifests::from_text("t.yaml", "a: {{args.x}}: b\n");
    assert_eq!(broken.diagnostics.len(), 1);
}

#[test]
fn argo_kinds_in_other_versions_are_refused() {
    let text = "kind: Rollout\n---\napiVersion: argoproj.io/v1\nkind: Rollout\n";
    assert_eq!(
        errors(&Manifests::from_text("t.yaml", text)),
        [
            "t.yaml:1:1: error: error validating data: apiVersion not set",
            "t.yaml:3:13: error: no matches for kind \"Rollout\" in version \"argoproj.io/v1\"",
        ]
    );
}

#[test]
fn two_objects_of_one_name_are_refused_with_both_places() {
    let same = format!("{}---\n{}", template("a"), template("a"));
    let manifests = Manifests::from_text("t.yaml", &same);
    assert_eq!(names(&manifests), ["a"]);
    assert!(manifests.is_valid());
    assert_eq!(manifests.diagnostics.len(), 1);
    let other = format!(
        "{}---\n{}",
        template("a"),
        template("a").replace("[]", "[{}]")
    );
    let manifests = Manifests::from_text("t.yaml", &other);
    let shown = render(
        &manifests.diagnostics,
        &manifests.sources,
        ColourChoice::Plain,
    );
    assert!(
        shown.contains("AnalysisTemplate \"a\" is defined twice\n --> t.yaml:8:18"),
        "{shown}"
    );
    assert!(shown.contains("3 | metadata: {name: a}"), "{shown}");
    let namespaces = format!(
        "{}---\n{}",
        template("a"),
        template("a").replace("name: a", "name: a, namespace: b")
    );
    assert_eq!(
        names(&Manifests::from_text("t.yaml", &namespaces)),
        ["a", "a"]
    );
}

#[test]
fn patches_of_a_kustomization_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join("overlay")).unwrap();
    fs::write(root.join("base.yaml"), template("a")).unwrap();
    fs::write(
        root.join("overlay/patch.yaml"),
        format!("{TEMPLATE}metadata: {{name: a}}\n"),
    )
    .unwrap();
    fs::write(
        root.join("overlay/kustomization.yaml"),
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base.yaml]\npatches:\n- path: ./patch.yaml\n",
    )
    .unwrap();
    let manifests = Manifests::read(&[root.to_owned()], &mut std::io::empty());
    assert_eq!(names(&manifests), ["a"]);
    assert!(manifests.is_valid());
    assert!(matches!(
        manifests.skipped[0].reason,
        SkipReason::KustomizePatch(_)
    ));
    assert!(errors(&manifests)[0].contains("a kustomization is not applied"));
}
