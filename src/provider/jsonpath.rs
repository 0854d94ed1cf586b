//! `JSONPath` templates as `k8s.io/client-go/util/jsonpath` v0.34.1 reads and evaluates them.
//!
//! A template is text with `{…}` actions; each yields a list of values, and the first value of all is what
//! a web measurement uses. The dialect has its own rules (`range … end`, `['a.b']` is two keys, a number in
//! a filter never equals a JSON number), and an error part-way leaves values that an existence filter counts.

mod evaluate;
mod parse;

pub use evaluate::{JsonPathError, Picked};

use crate::go::json::Json;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
}

/// Part of a template or of an action.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Text outside braces, or a quoted string.
    Text(String),
    /// The parts of an action, each applied to what the one before yields.
    List(Vec<Node>),
    /// `.name`
    Field(String),
    /// A word such as `range` or `end`.
    Identifier(String),
    /// `[start:end:step]`
    Array([Parameter; 3]),
    /// `[?(left operator right)]`; the operator of a lone left side is `exists`.
    Filter {
        left: Vec<Node>,
        right: Vec<Node>,
        operator: String,
    },
    /// `42`
    Int(i64),
    /// `4.2`
    Float(f64),
    /// `true`
    Bool(bool),
    /// `.*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[0,2]`
    Union(Vec<Vec<Node>>),
}

/// One number of `[start:end:step]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parameter {
    value: i64,
    is_known: bool,
    /// The end of `[n]`, which is n + 1.
    is_derived: bool,
}

impl JsonPath {
    /// Reads a template; the error is client-go's text.
    pub fn parse(template: &str) -> Result<Self, String> {
        parse::parse(template).map(|nodes| Self { nodes })
    }

    /// The first value that the template yields for the data.
    pub fn first(&self, data: &Json) -> Result<Option<Picked>, JsonPathError> {
        evaluate::first(&self.nodes, data)
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonPath, JsonPathError, Picked};
    use crate::go::json::{decode, encode};

    fn pick(template: &str, data: &str) -> String {
        let path = match JsonPath::parse(template) {
            Ok(path) => path,
            Err(text) => return format!("parse: {text}"),
        };
        match path.first(&decode(data.as_bytes()).unwrap()) {
            Ok(Some(Picked::Json(json))) => encode(&json),
            Ok(other) => format!("{other:?}"),
            Err(JsonPathError::NotFound(text)) => format!("error: {text}"),
            Err(JsonPathError::Panic(text)) => format!("panic: {text}"),
        }
    }

    const DATA: &str = r#"{"a":1,"a.b":7,"c":{"d":[1,{"e":2},3]},"n":null,"s":"xy","l":[{"v":1,"k":"p"},{"v":2,"k":"q"}]}"#;

    #[test]
    fn picks_what_client_go_picks() {
        let cases = [
            ("{$}", r#"{"a":1}"#, r#"{"a":1}"#),
            ("{.a}", DATA, "1"),
            ("{$.a\\.b}", DATA, "7"),
            ("{['a']}", DATA, "1"),
            ("{$.c.d[1].e}", DATA, "2"),
            ("{$.c.d[-1]}", DATA, "3"),
            ("{$.c.d[0:3:2]}", DATA, "1"),
            ("{$.c.d[2,0]}", DATA, "3"),
            ("{$.c.d[*]}", DATA, "1"),
            ("{..e}", DATA, "2"),
            ("{range .l[*]}{.k}{end}", DATA, "\"p\""),
            ("{.l[?(@.k==\"q\")].v}", DATA, "2"),
            ("{.l[?(@.z)].v}", DATA, "None"),
            ("{.l[?(@.k[9])].v}", DATA, "1"),
            (
                "{.l[?(@.v==1)].v}",
                DATA,
                "error: incompatible types for comparison",
            ),
            ("{.l[?(@.v==1.0)].v}", DATA, "1"),
            ("text {.a}", DATA, "\"text \""),
            ("{5}", DATA, "Some(Int(5))"),
            ("{.s.*}", DATA, "Some(Byte(120))"),
            (
                "{.c.d[5]}",
                DATA,
                "error: array index out of bounds: index 5, length 3",
            ),
            ("{.a[0]}", DATA, "error: float64 is not array or slice"),
            ("{.a.b}", DATA, "error: b is not found"),
            ("{.n}", DATA, "null"),
            ("{.n.x}", DATA, "error: x is not found"),
            ("{end}", DATA, "error: not in range, nothing to end"),
            ("{foo}", DATA, "error: unrecognized identifier foo"),
            (
                "{$}",
                "null",
                "panic: reflect: call of reflect.Value.Interface on zero Value",
            ),
            (
                "{[0]}",
                "null",
                "panic: reflect: call of reflect.Value.Type on zero Value",
            ),
            ("{.a}", "null", "error: a is not found"),
            ("", DATA, "None"),
            ("{.l[*].v", DATA, "parse: unclosed action"),
            ("{.a[x]}", DATA, "parse: invalid array index x"),
            ("{.a[0}", DATA, "parse: unterminated array"),
            ("{'a}", DATA, "parse: unterminated quoted string"),
            ("{....a}", DATA, "parse: invalid multiple recursive descent"),
            (
                "{#}",
                DATA,
                "parse: unrecognized character in action: U+0023 '#'",
            ),
            ("{1.2.3}", DATA, "parse: cannot parse number 1.2.3"),
        ];
        for (template, data, wanted) in cases {
            assert_eq!(pick(template, data), wanted, "{template}");
        }
    }
}
