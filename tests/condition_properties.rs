//! Whatever the text and the data: conditions and templates are compiled, rejected or refused, and never panic.

use proptest::prelude::*;
use rollsim::condition::{
    CompileError, MeasurementConditions, MetricResult, TimeExpression, parse,
};
use rollsim::go::json::{self, Json};
use rollsim::provider::jsonpath::JsonPath;
use rollsim::units::Instant;

/// Literals, names and pointers.
fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "result",
            "result[0]",
            "result[-1]",
            "result.a",
            "#",
            "#acc",
            "0",
            "1.5",
            "-1",
            "'a'",
            "nil",
            "true",
            "[]",
            "[1,2]",
            "{'a': 1}",
            "1..3",
            "now()",
            "duration('1h')",
            "$env",
            "foo",
            "9223372036854775807",
            "1e300",
        ])
        .prop_map(str::to_owned),
        "[0-9]{1,3}(\\.[0-9]{1,2})?",
    ]
}

fn operator() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec![
        "+", "-", "*", "/", "%", "**", "==", "!=", "<", ">=", "in", "not in", "and", "||", "??",
        "..", "matches", "contains",
    ])
}

fn function() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec![
        "len",
        "sum",
        "mean",
        "median",
        "abs",
        "string",
        "int",
        "float",
        "asInt",
        "asFloat",
        "isNaN",
        "type",
        "sort",
        "keys",
        "toPairs",
        "fromPairs",
        "toJSON",
        "fromJSON",
        "first",
        "last",
        "upper",
        "date",
        "max",
        "repeat",
        "take",
        "split",
        "join",
    ])
}

/// Expressions that are well-formed more often than not.
fn expression() -> impl Strategy<Value = String> {
    let leaf = leaf();
    leaf.prop_recursive(5, 40, 3, |inner| {
        let (operator, function) = (operator(), function());
        let predicate = prop::sample::select(vec![
            "all",
            "any",
            "none",
            "one",
            "filter",
            "map",
            "find",
            "findLast",
            "findIndex",
            "groupBy",
            "reduce",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}:]")),
            (function.clone(), inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (function, inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            (predicate, inner.clone(), inner.clone())
                .prop_map(|(f, a, b)| format!("{f}({a}, {{{b}}})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(let x = {a}; x == {b})")),
            inner.clone().prop_map(|a| format!("({a})?.a.b")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
}

fn data() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<f64>()
            .prop_filter("JSON has no others", |x| x.is_finite())
            .prop_map(Json::Number),
        "[a-z0-9]{0,3}".prop_map(Json::String),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            prop::collection::btree_map("[ab]", inner, 0..3)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn evaluate(condition: &str, samples: &[f64], data: &Json) {
    let Ok(conditions) = MeasurementConditions::compile(condition, condition) else {
        return;
    };
    let results = [
        MetricResult::Nil,
        MetricResult::Scalar(0.5),
        MetricResult::Vector(samples),
        MetricResult::Json(data),
    ];
    for result in results {
        let decided = conditions.assess(result, Instant::from_seconds(1_750_000_000));
        // The same again: nothing of one evaluation is left for the next.
        assert_eq!(
            decided.phase(),
            conditions
                .assess(result, Instant::from_seconds(1_750_000_000))
                .phase()
        );
        let _ = decided.message();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn any_text_is_compiled_or_not(text in ".{0,60}", samples in prop::collection::vec(any::<f64>(), 0..4)) {
        evaluate(&text, &samples, &Json::Null);
        let _ = TimeExpression::compile(&text);
        if let Ok(ast) = parse(&text) {
            for (_, node) in ast.iter() {
                prop_assert!(text.get(node.span.range()).is_some());
            }
        }
    }

    #[test]
    fn any_expression_is_evaluated(
        text in expression(),
        samples in prop::collection::vec(any::<f64>(), 0..4),
        data in data(),
    ) {
        evaluate(&text, &samples, &data);
    }

    #[test]
    fn any_template_is_read(text in "[{}\\[\\]().$@*?'\"=<a-b0-2 ,:\\\\-]{0,24}", data in data()) {
        if let Ok(path) = JsonPath::parse(&text) {
            let _ = path.first(&data);
        }
    }

    #[test]
    fn json_comes_back_as_it_was_written(data in data()) {
        prop_assert_eq!(json::decode(json::encode(&data).as_bytes()), Ok(data));
    }
}

#[test]
fn deep_nesting_is_refused() {
    let deep = [
        "(".repeat(10_000) + &")".repeat(10_000),
        "[".repeat(10_000),
        "not ".repeat(10_000) + "true",
        "true && ".repeat(10_000) + "true",
        "true ? ".repeat(10_000),
        "let x = ".repeat(10_000),
        "result".to_owned() + &"[0]".repeat(10_000),
        "all([], ".repeat(10_000),
    ];
    for text in deep {
        let refused = MeasurementConditions::compile(&text, "").map(drop);
        assert!(
            matches!(refused, Err(CompileError::Unsupported { .. })),
            "{}",
            &text[..10]
        );
    }
    assert!(
        MeasurementConditions::compile(&("(".repeat(100) + "true" + &")".repeat(100)), "").is_ok()
    );
}

#[test]
fn values_that_grow_without_bound_fail_instead() {
    for text in [
        "reduce(1..100000, [#acc], 0) == 1",
        "reduce(1..1000, #acc + #acc, 'a') == 'b'",
        "all(1..999999, {len(0..#) > 0})",
        "repeat('abcdefghij', 1000000) == repeat(repeat('a', 1000000), 1000000)",
    ] {
        let conditions = MeasurementConditions::compile(text, "").expect(text);
        let decided = conditions.assess(MetricResult::Nil, Instant::EPOCH);
        assert!(decided.message().is_some(), "{text}");
    }
}
