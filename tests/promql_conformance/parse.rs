//! The parser against recorded errors, canonical forms, types and selectors.

use proptest::prelude::*;
use rollsim::promql::ast::{Expr, ExprKind, ValueType, VectorSelector};
use rollsim::promql::parse::{MAX_DEPTH, ParseError, ParseOptions, parse, parse_with};
use serde_json::Value;

use super::recordings::{json_lines, own_folder};

/// What 3.13 and older decide about durations.
const OLDER: ParseOptions = ParseOptions {
    duration_expressions: false,
    range_millis: 0,
    step_millis: 0,
};

fn lines(file: &str) -> Vec<Value> {
    json_lines(&own_folder().join(file))
}

fn text<'a>(case: &'a Value, field: &str) -> Option<&'a str> {
    case.get(field).and_then(Value::as_str)
}

/// The parse error recorded for a case, if any; run-time errors are none.
fn recorded_error(case: &Value) -> Option<&str> {
    if text(case, "stage") == Some("exec") {
        return None;
    }
    text(case, "error")
}

fn outcome(result: &Result<Expr, ParseError>) -> String {
    match result {
        Ok(expr) => expr.to_string(),
        Err(error) => error.to_string(),
    }
}

/// Compares a query's outcome with the recording; refusals by rollsim count as valid.
fn differences(case: &Value) -> Vec<String> {
    let query = text(case, "q").unwrap();
    let canonical = text(case, "canonical").unwrap_or(query);
    let mut found = Vec::new();
    let mut compare = |options, error: Option<&str>| {
        let result = parse_with(query, options);
        if error.is_none() && matches!(result, Err(ParseError::Unsupported { .. })) {
            return;
        }
        let wanted = error.unwrap_or(canonical);
        let got = outcome(&result);
        if got != wanted || result.is_ok() != error.is_none() {
            found.push(format!("{query:?}\n  wanted {wanted}\n  got    {got}"));
        }
    };
    let error = recorded_error(case);
    compare(ParseOptions::default(), error);
    compare(OLDER, text(case, "error_no_duration_expr").or(error));
    found
}

fn assert_none(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} differ:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn recorded_errors_have_the_same_text_and_place() {
    let cases = lines("errors.jsonl");
    assert!(cases.iter().filter_map(recorded_error).count() >= 284);
    assert_none(&cases.iter().flat_map(differences).collect::<Vec<_>>());
}

#[test]
fn odd_queries_are_valid() {
    let cases = lines("tricky-valid.jsonl");
    assert_none(&cases.iter().flat_map(differences).collect::<Vec<_>>());
    let refused: Vec<&str> = cases
        .iter()
        .filter_map(|case| text(case, "q"))
        .filter(|query| matches!(parse(query), Err(ParseError::Unsupported { .. })))
        .collect();
    assert_eq!(
        refused,
        [
            "x >/ 2",
            "x </ 2",
            "histogram_count(x)",
            "histogram_sum(x)",
            "histogram_avg(x)",
            "histogram_stddev(x)",
            "histogram_stdvar(x)"
        ]
    );
}

#[test]
fn recorded_queries_have_the_same_canonical_form() {
    for file in ["random.jsonl.gz", "range.jsonl.gz"] {
        let mut found = Vec::new();
        let mut count = 0;
        for scenario in lines(file) {
            for case in scenario["evals"].as_array().unwrap() {
                found.extend(differences(case));
                count += 1;
            }
        }
        assert!(count > 400);
        assert_none(&found);
    }
}

/// The selectors of a tree from left to right, with their ranges in milliseconds.
fn selectors<'a>(expr: &'a Expr, found: &mut Vec<(&'a VectorSelector, Option<i64>)>) {
    match &expr.kind {
        ExprKind::VectorSelector(selector) => found.push((selector, None)),
        ExprKind::MatrixSelector {
            selector, range, ..
        } => found.push((selector, Some(range.millis))),
        ExprKind::Subquery { expr, .. } | ExprKind::Unary { expr, .. } | ExprKind::Paren(expr) => {
            selectors(expr, found);
        }
        ExprKind::Binary(binary) => {
            selectors(&binary.left, found);
            selectors(&binary.right, found);
        }
        ExprKind::Aggregate(aggregate) => {
            selectors(&aggregate.expr, found);
            if let Some(param) = &aggregate.param {
                selectors(param, found);
            }
        }
        ExprKind::Call { args, .. } => args.iter().for_each(|arg| selectors(arg, found)),
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => {}
    }
}

#[test]
fn published_queries_have_the_same_form_type_and_selectors() {
    let cases = lines("corpus-queries.jsonl");
    assert_eq!(cases.len(), 111);
    for case in &cases {
        let query = text(case, "query").unwrap();
        if case["ok"] == false {
            assert!(parse(query).is_err(), "{query}");
            continue;
        }
        let expr = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        assert_eq!(expr.to_string(), text(case, "canonical").unwrap());
        let value_type = match expr.value_type() {
            ValueType::Scalar => "scalar",
            ValueType::InstantVector => "vector",
            ValueType::RangeVector => "matrix",
            ValueType::String => "string",
        };
        assert_eq!(value_type, text(case, "type").unwrap(), "{query}");
        let mut found = Vec::new();
        selectors(&expr, &mut found);
        let found: Vec<Value> = found.into_iter().map(shown).collect();
        assert_eq!(Value::Array(found), case["selectors"], "{query}");
    }
}

/// A selector in the recording's notation, which doesn't list the name before the braces as a matcher.
fn shown((selector, range): (&VectorSelector, Option<i64>)) -> Value {
    let named = usize::from(selector.name.is_some());
    let inside = &selector.matchers[..selector.matchers.len() - named];
    let matchers: Vec<Value> = inside
        .iter()
        .map(|matcher| {
            serde_json::json!({
                "name": matcher.name, "op": matcher.op.as_str(), "value": matcher.value
            })
        })
        .collect();
    let mut value = serde_json::json!({
        "name": selector.name.as_deref().unwrap_or(""), "matchers": matchers
    });
    if let Some(millis) = range {
        value["range_ms"] = millis.into();
    }
    value
}

/// Queries that parse print a form that parses to itself.
#[test]
fn canonical_form_is_a_fixed_point() {
    for scenario in lines("random.jsonl.gz") {
        for case in scenario["evals"].as_array().unwrap() {
            if let Ok(expr) = parse(text(case, "q").unwrap()) {
                let printed = expr.to_string();
                assert_eq!(parse(&printed).unwrap().to_string(), printed);
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_instead_of_overflowing_the_stack() {
    let deep = [
        format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        "(".repeat(10_000),
        "-".repeat(10_000),
        format!("x{}", " + x".repeat(10_000)),
        format!("x{}", " ^ x".repeat(10_000)),
        format!("x{}", "[5m:]".repeat(10_000)),
        format!("x[{}5m{}]", "(".repeat(10_000), ")".repeat(10_000)),
        format!("x[{}5m]", "-".repeat(10_000)),
        "abs(".repeat(10_000),
        "sum(".repeat(10_000),
    ];
    for query in &deep {
        match parse(query) {
            Err(ParseError::Unsupported { construct, .. }) => {
                assert!(construct.contains(&MAX_DEPTH.to_string()), "{construct}");
            }
            other => panic!("{}…: {}", &query[..20], outcome(&other)),
        }
    }
}

/// Another parser of the same language accepts a query, apart from known gaps.
#[test]
fn agrees_with_an_independent_parser_on_valid_queries() {
    let mut compared = 0;
    for scenario in lines("random.jsonl.gz") {
        for case in scenario["evals"].as_array().unwrap() {
            let query = text(case, "q").unwrap();
            let (Ok(ours), Ok(theirs)) = (parse(query), promql_parser::parser::parse(query)) else {
                continue;
            };
            let ours_type = ours.value_type();
            let theirs_type = match theirs.value_type() {
                promql_parser::parser::value::ValueType::Vector => ValueType::InstantVector,
                promql_parser::parser::value::ValueType::Scalar => ValueType::Scalar,
                promql_parser::parser::value::ValueType::Matrix => ValueType::RangeVector,
                promql_parser::parser::value::ValueType::String => ValueType::String,
            };
            assert_eq!(ours_type, theirs_type, "{query}");
            let reparsed = promql_parser::parser::parse(&ours.to_string());
            assert!(reparsed.is_ok(), "{query} -> {ours}");
            compared += 1;
        }
    }
    assert!(compared > 3500, "{compared}");
}

/// Fragments of the language in any order: most of it nonsense that reaches deep into the parser.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = [
        "x",
        "sum",
        "rate",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        "5m",
        "1e3",
        ":",
        ",",
        "=",
        "=~",
        "!=",
        "\"a\"",
        "'",
        "`b`",
        "a",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "bool",
        "offset",
        "@",
        "start",
        "end",
        "step",
        "range",
        "max_of",
        "+",
        "-",
        "*",
        "/",
        "^",
        "and",
        "or",
        "==",
        ">",
        " ",
        "\n",
        "#",
        "0x1",
        "_",
        ".",
        "\\",
        "\u{e9}",
        "fill",
        "anchored",
        "topk",
        "label_replace",
        "atan2",
        "Inf",
        "__name__",
        "</",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_ends_in_a_tree_or_an_error(query in any::<String>()) {
        let _ = outcome(&parse(&query));
    }

    #[test]
    fn fragments_end_in_a_tree_or_an_error(query in fragments()) {
        let _ = outcome(&parse(&query));
        let _ = outcome(&parse_with(&query, OLDER));
    }
}
