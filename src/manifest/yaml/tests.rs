//! One test per trap of reading YAML as Kubernetes does.

use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::json;

use super::{Document, Node, Style, Value, load, resolve, source_offset, source_span};
use crate::diagnostics::{ColourChoice, SourceMap, Span, headline, render};

fn documents(text: &str) -> (SourceMap, Vec<Document>) {
    let mut sources = SourceMap::new();
    let id = sources.add("t.yaml", text);
    let documents = load(&sources, id);
    (sources, documents)
}

fn one(text: &str) -> Node {
    let (sources, mut documents) = documents(text);
    assert_eq!(documents.len(), 1, "{text:?}");
    let document = documents.remove(0);
    let shown = render(&document.errors, &sources, ColourChoice::Plain);
    assert!(document.errors.is_empty(), "{shown}");
    document.root.unwrap()
}

fn errors(text: &str) -> Vec<String> {
    let (sources, documents) = documents(text);
    documents
        .iter()
        .flat_map(|document| &document.errors)
        .map(|error| headline(error, &sources))
        .collect()
}

#[test]
fn quoted_scalars_are_strings_and_plain_ones_are_not() {
    let node = one("a: yes\nb: 'yes'\nc: \"5\"\nd: 0777\ne: |\n  5\nf: !!str 5\ng:\nh: ''\n");
    assert_eq!(
        node.to_json(),
        json!({"a": true, "b": "yes", "c": "5", "d": 511, "e": "5\n", "f": "5", "g": null, "h": ""})
    );
}

#[test]
fn keys_become_the_texts_that_json_has() {
    assert_eq!(
        one("on: 1\n010: 2\n1.5: 3\n'on': 4\n").to_json(),
        json!({"true": 1, "8": 2, "1.5": 3, "on": 4})
    );
    assert_eq!(
        errors("~: 1\n"),
        ["t.yaml:1:1: error: unsupported map key: null"]
    );
    assert_eq!(
        errors("a:\n  ? [1]\n  : 2\n"),
        ["t.yaml:2:5: error: unsupported map key: a sequence"]
    );
}

#[test]
fn infinities_have_a_place() {
    assert_eq!(
        errors("a: 1\nb: .inf\nc: .nan\n"),
        [
            "t.yaml:2:4: error: error converting YAML to JSON: json: unsupported value: +Inf",
            "t.yaml:3:4: error: error converting YAML to JSON: json: unsupported value: NaN",
        ]
    );
}

#[test]
fn merge_keys_work_as_in_go_yaml_v2() {
    let text = "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\n";
    let below = one(&format!("{text}x:\n  <<: *base\n  b: 9\n"));
    assert_eq!(below.get("x").unwrap().to_json(), json!({"a": 1, "b": 9}));
    let above = one(&format!("{text}x:\n  b: 9\n  <<: *base\n"));
    assert_eq!(above.get("x").unwrap().to_json(), json!({"a": 1, "b": 2}));
    let list = one(&format!("{text}x:\n  <<: [*base, *other]\n"));
    assert_eq!(
        list.get("x").unwrap().to_json(),
        json!({"a": 1, "b": 2, "c": 4})
    );
    let quoted = one(&format!("{text}x:\n  '<<': *base\n"));
    assert_eq!(
        quoted.get("x").unwrap().to_json(),
        json!({"<<": {"a": 1, "b": 2}})
    );
    assert_eq!(
        errors("a: 1\n<<: 5\n"),
        ["t.yaml:2:5: error: map merge requires map or sequence of maps as the value"]
    );
}

#[test]
fn duplicate_keys_name_both_places() {
    let (sources, documents) = documents("a: 1\nb:\n  c: 1\n  c: 2\n\"a\": 3\n");
    let shown = render(&documents[0].errors, &sources, ColourChoice::Plain);
    assert!(
        shown.contains("error: key \"c\" already set in map\n --> t.yaml:4:3"),
        "{shown}"
    );
    assert!(shown.contains("first set here"), "{shown}");
    assert!(
        shown.contains("error: key \"a\" already set in map\n --> t.yaml:5:1"),
        "{shown}"
    );
}

#[test]
fn aliases_are_expanded_up_to_a_budget() {
    assert_eq!(
        one("a: &x [1, 2]\nb: *x\n").to_json(),
        json!({"a": [1, 2], "b": [1, 2]})
    );
    let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let below = format!("*a{},", level - 1).repeat(10);
        bomb = format!("{bomb}a{level}: &a{level} [{below}]\n");
    }
    assert!(
        errors(&bomb)[0].contains("aliases blow this document up"),
        "{:?}",
        errors(&bomb)
    );
    assert_eq!(
        errors("a: &x [*x]\n"),
        ["t.yaml:1:8: error: the anchor's value contains itself"]
    );
    assert_eq!(errors("a: *nope\n").len(), 1);
}

#[test]
fn deep_nesting_is_refused_in_every_style() {
    for text in [
        "[".repeat(5_000),
        "{a: ".repeat(5_000),
        (0..2_000).fold(String::new(), |text, depth| {
            text + &" ".repeat(depth) + "a:\n"
        }),
        (1..2_000).fold("- &a0 []\n".to_owned(), |text, level| {
            format!("{text}- &a{level} [*a{}]\n", level - 1)
        }),
    ] {
        assert_eq!(errors(&text).len(), 1, "{:?}", &text[..20]);
    }
}

#[test]
fn byte_order_mark_and_carriage_returns_are_no_content() {
    let node = one("\u{feff}a: 1\r\nb: |\r\n  x\r\n  y\r\nc: d\r\n");
    assert_eq!(node.to_json(), json!({"a": 1, "b": "x\ny\n", "c": "d"}));
}

#[test]
fn empty_documents_are_dropped_and_broken_ones_hide_no_others() {
    let (sources, documents) = documents(
        "# nothing\n---\na: 1\n--- # next\n---\nb: [1\n---\n# é\nc: 'x\n\n---\nd: 4\n...\n",
    );
    let roots: Vec<_> = documents
        .iter()
        .filter_map(|document| document.root.as_ref().map(Node::to_json))
        .collect();
    assert_eq!(roots, [json!({"a": 1}), json!({"d": 4})]);
    let places: Vec<_> = documents
        .iter()
        .flat_map(|document| &document.errors)
        .map(|error| sources.line_column(error.location.unwrap()).line)
        .collect();
    assert_eq!(places, [6, 9]);
    assert_eq!(documents.len(), 4);
    assert_eq!(one("%YAML 1.1\n---\na: 1\n").to_json(), json!({"a": 1}));
    assert!(self::documents("").1.is_empty());
}

#[test]
fn what_follows_the_end_of_a_document_is_refused() {
    assert_eq!(
        errors("spec:\n...\nstrategy: {}\n"),
        ["t.yaml:3:1: error: the document has ended before: what follows is ignored"]
    );
    assert!(errors("a: 1\n...\n# nothing\n---\nb: 2\n...\n").is_empty());
}

#[test]
fn broken_yaml_has_a_place_and_a_hint() {
    let cases = [
        ("a:\n\tb: 1\n", 2, "indent with spaces"),
        ("a: b: c\n", 1, "must be quoted"),
        ("a: 'x\n", 1, "close the quote"),
        ("a: [1, 2\nb: 3\n", 2, "close the bracket"),
        ("a: @x\n", 1, "quote the value"),
        ("{{- if .Values.a }}\na: 1\n", 1, "helm template"),
    ];
    for (text, line, hint) in cases {
        let (sources, documents) = documents(text);
        let error = &documents.last().unwrap().errors[0];
        let place = sources.line_column(error.location.unwrap());
        assert_eq!(place.line, line, "{text:?}");
        let help = error.help.as_deref().unwrap_or_default();
        assert!(help.contains(hint), "{text:?}: {error:?}");
    }
}

#[test]
fn spans_cover_exactly_what_is_written() {
    let text = "# é\na: \"käse\" # é\nb:\n  c: x\n  d: [1, 2] # no\n\n\ne: f\n";
    let node = one(text);
    let slice = |path: &str| {
        let span = node.lookup(path).unwrap().span;
        &text[span.start..span.end]
    };
    assert_eq!(slice("a"), "\"käse\"");
    assert_eq!(slice("b"), "c: x\n  d: [1, 2]");
    assert_eq!(slice("b.d"), "[1, 2]");
    assert_eq!(slice("b.d[1]"), "2");
    assert_eq!(slice("e"), "f");
    let second = documents("x: 1\n---\n# é\nk: zz\n").1.remove(1);
    let span = second.root.unwrap().get("k").unwrap().span;
    assert_eq!(&"x: 1\n---\n# é\nk: zz\n"[span.start..span.end], "zz");
}

#[test]
fn places_inside_strings_map_back_to_the_file() {
    let cases = [
        (
            "q: |\n    é rate(x)\n      / y\n\n    or z\n",
            Style::Literal,
        ),
        ("q: |\n\n\n  rate(x)\n  / y\n", Style::Literal),
        ("q: |2\n     rate\n   or y\n", Style::Literal),
        ("q: |\r\n  rate\r\n  or y\r\n", Style::Literal),
        ("q: >-\n  sum(\n    rate(x)\n  )\n\n  or y\n", Style::Folded),
        ("q: >\n  a and a\n  a and y\n", Style::Folded),
        ("q: rate(x) or y # c\n", Style::Plain),
        ("q: rate(x)\n  or  é\n\n  y\n", Style::Plain),
        ("q: 'it''s\n   a \"test\" y'\n", Style::SingleQuoted),
        (
            "q: \"\\\"a\\\" \\u00e9\\ud83d\\ude00\\\n    b\n    c \\\\ \\x41 y\"\n",
            Style::DoubleQuoted,
        ),
    ];
    for (text, style) in cases {
        let root = one(text);
        let node = root.get("q").unwrap();
        assert_eq!(node.style, style);
        let value = node.as_str().unwrap();
        for (offset, wanted) in value.char_indices() {
            if wanted.is_whitespace() {
                continue;
            }
            let at = source_offset(node, text, offset);
            let found = &text[at..];
            let same = found.starts_with(wanted)
                || (style == Style::DoubleQuoted && found.starts_with('\\'));
            assert!(same, "{text:?}: {wanted:?} at {offset} is {found:?}");
        }
        let last = value.rfind('y').unwrap();
        let span = source_span(node, text, Span::new(last, last + 1));
        assert_eq!(&text[span.start..span.end], "y", "{text:?}");
        assert!(source_offset(node, text, 9_999) <= text.len());
    }
}

#[test]
fn lookups_name_the_nearest_value_when_something_is_missing() {
    let node = one("spec:\n  steps:\n  - setWeight: 10\n  - pause: {}\n");
    assert_eq!(
        node.lookup("spec.steps[0].setWeight").unwrap().as_int(),
        Some(10)
    );
    assert_eq!(
        node.pointer("/spec/steps/0/setWeight").unwrap().as_int(),
        Some(10)
    );
    let missing = "spec.steps[1].pause.duration".parse().unwrap();
    assert!(node.at(&missing).is_none());
    let (key, nearest, depth) = node.nearest(&missing);
    assert_eq!(key.unwrap().text, "pause");
    assert!(nearest.as_mapping().unwrap().is_empty());
    assert_eq!(depth, 4);
}

/// Values that YAML 1.1 as Kubernetes reads it and `serde_yaml` read alike.
fn common() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        "[a-zA-Z0-9 .:#{}'\"\\-\n\té]{0,12}"
            .prop_filter("words and numbers that only YAML 1.1 knows", |text| {
                matches!(resolve::plain(text.trim()), Ok(Value::String(_)))
            })
            .prop_map(|text| json!(text)),
        any::<i32>().prop_map(|number| json!(f64::from(number) + 0.5)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| json!(items)),
            prop::collection::btree_map("k[a-z./-]{0,6}", inner, 0..5)
                .prop_map(|entries| json!(entries)),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        check_all_places(&text);
    }

    #[test]
    fn never_panics_on_almost_yaml(text in "([ \\-:?|>&*!%@'\"#{}\\[\\],\n\r\tab1é~<.]|---\n|<<: |: |\n  |- ){0,60}") {
        check_all_places(&text);
    }

    #[test]
    fn agrees_with_serde_yaml_where_both_speak_the_same_yaml(value in common()) {
        let text = serde_yaml::to_string(&value).unwrap();
        let theirs: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        let ours = documents(&text).1.remove(0);
        prop_assert_eq!(&ours.errors, &vec![]);
        prop_assert_eq!(ours.root.unwrap().to_json(), theirs, "{}", text);
    }
}

/// Loads, renders all errors and maps each place of each string back.
fn check_all_places(text: &str) {
    let (sources, documents) = documents(text);
    let source = sources.iter().next().unwrap().1.text();
    for document in &documents {
        render(&document.errors, &sources, ColourChoice::Plain);
        if let Some(root) = &document.root {
            check_places(root, source);
        }
    }
}

fn check_places(node: &Node, text: &str) {
    assert!(text.get(node.span.start..node.span.end).is_some());
    if let Some(value) = node.as_str() {
        for offset in 0..=value.len() + 1 {
            let at = source_offset(node, text, offset);
            assert!(text.is_char_boundary(at), "{node:?} {text:?} {offset}");
            source_span(node, text, Span::new(offset, offset + 1));
        }
    }
    for child in node.as_sequence().unwrap_or_default() {
        check_places(child, text);
    }
    if let Some(mapping) = node.as_mapping() {
        mapping
            .iter()
            .for_each(|(_, child)| check_places(child, text));
    }
}
