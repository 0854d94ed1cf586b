//! The syntax tree of a query. Every node carries its place in the text.

use std::ops::Range;

use super::functions::lookup;

/// Byte range of a node in the query's text.
pub type Span = Range<usize>;

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1e3`, `NaN`, `-5`.
    Number(f64),
    /// `5m` where a number stands: seconds. Differs from [`ExprKind::Number`] only when printed.
    Duration(f64),
    /// `"text"`. Bytes, since escapes may form invalid UTF-8.
    String(Vec<u8>),
    /// `up{job="api"} offset 5m`.
    VectorSelector(VectorSelector),
    /// `up[5m]`: a selector with a range.
    MatrixSelector {
        /// The selector whose samples are taken.
        selector: VectorSelector,
        /// The selector's place, without the range.
        selector_span: Span,
        /// Length of the window.
        range: DurationExpr,
    },
    /// `expr[5m:30s]`.
    Subquery {
        /// Evaluated at each step.
        expr: Box<Expr>,
        /// Length of the window.
        range: DurationExpr,
        /// Distance of the steps; the server's evaluation interval if absent.
        step: Option<DurationExpr>,
        /// `offset` and `@`.
        at: TimeShift,
    },
    /// `(expr)`.
    Paren(Box<Expr>),
    /// `-expr` or `+expr`.
    Unary {
        /// Whether the sign is a minus.
        negative: bool,
        /// The operand.
        expr: Box<Expr>,
    },
    /// `left op right`.
    Binary(Box<Binary>),
    /// `sum by (job) (expr)`.
    Aggregate(Box<Aggregate>),
    /// `rate(expr)`.
    Call {
        /// Which function, from the table of signatures.
        function: Function,
        /// Its arguments, checked against the signature.
        args: Vec<Expr>,
    },
}

/// A function's name as written in the table of signatures; checked by the parser.
pub type Function = &'static str;

/// Label matchers of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSelector {
    /// The name before the braces, if any; `matchers` holds it too.
    pub name: Option<String>,
    /// All matchers; one on `__name__` for the name before the braces comes last.
    pub matchers: Vec<Matcher>,
    /// `offset` and `@`.
    pub at: TimeShift,
}

/// One condition on a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// How it is compared.
    pub op: MatchOp,
    /// With what.
    pub value: String,
}

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
}

/// `offset` and `@`: at which time a selector or subquery looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeShift {
    /// `offset d`; may be negative. `offset 0s` counts as none.
    pub offset: Option<DurationExpr>,
    /// `@ …`.
    pub at: Option<At>,
}

/// The instant of an `@` modifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// `@ 1700000000.5`, in milliseconds.
    Millis(i64),
    /// `@ start()`
    Start,
    /// `@ end()`
    End,
}

/// A length of time in a query. Prometheus 3.14 allows arithmetic there; it is folded when parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    /// The value in milliseconds.
    pub millis: i64,
    /// Whether it was written as arithmetic (a parse error before 3.14).
    pub computed: bool,
    /// As Prometheus prints it: `5m`, or the arithmetic.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// A binary operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// Which one.
    pub op: BinaryOp,
    /// Left operand.
    pub left: Expr,
    /// Right operand.
    pub right: Expr,
    /// `bool` after a comparison.
    pub return_bool: bool,
    /// How vectors are matched; `None` where a scalar takes part.
    pub matching: Option<VectorMatching>,
}

/// Operators, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Atan2,
    Pow,
}

/// How the series of two vectors are paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorMatching {
    /// Which side may have several series for one of the other.
    pub card: Cardinality,
    /// `on(…)`: only these labels; otherwise all but these (`ignoring(…)`).
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// The labels of `group_left(…)` or `group_right(…)`.
    pub include: Vec<String>,
}

/// Cardinality of a vector match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    /// Both sides unique.
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
    /// Set operators.
    ManyToMany,
}

/// An aggregation.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which one.
    pub op: AggregateOp,
    /// What is aggregated.
    pub expr: Expr,
    /// The parameter of `topk`, `bottomk`, `quantile`, `count_values`.
    pub param: Option<Expr>,
    /// `without (…)` instead of `by (…)`.
    pub without: bool,
    /// The labels of `by` or `without`.
    pub grouping: Vec<String>,
}

/// Aggregation operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum AggregateOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Quantile,
    Topk,
    Bottomk,
    CountValues,
}

/// Static type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ValueType {
    Scalar,
    InstantVector,
    RangeVector,
    String,
}

impl Expr {
    /// The static type of the result.
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) => ValueType::Scalar,
            ExprKind::String(_) => ValueType::String,
            ExprKind::VectorSelector(_) | ExprKind::Aggregate(_) => ValueType::InstantVector,
            ExprKind::MatrixSelector { .. } | ExprKind::Subquery { .. } => ValueType::RangeVector,
            ExprKind::Paren(expr) | ExprKind::Unary { expr, .. } => expr.value_type(),
            ExprKind::Binary(binary) => {
                if binary.left.value_type() == ValueType::Scalar
                    && binary.right.value_type() == ValueType::Scalar
                {
                    ValueType::Scalar
                } else {
                    ValueType::InstantVector
                }
            }
            ExprKind::Call { function, .. } => {
                lookup(function).map_or(ValueType::InstantVector, |signature| signature.returns)
            }
        }
    }
}

impl BinaryOp {
    /// As it is written in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Or => "or",
            BinaryOp::And => "and",
            BinaryOp::Unless => "unless",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Atan2 => "atan2",
            BinaryOp::Pow => "^",
        }
    }

    /// Whether it compares.
    pub fn is_comparison(self) -> bool {
        (BinaryOp::Equal..=BinaryOp::GreaterEqual).contains(&self)
    }

    /// Whether it combines sets of series.
    pub fn is_set(self) -> bool {
        matches!(self, BinaryOp::Or | BinaryOp::And | BinaryOp::Unless)
    }
}

impl AggregateOp {
    /// As it is written in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            AggregateOp::Sum => "sum",
            AggregateOp::Avg => "avg",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Count => "count",
            AggregateOp::Group => "group",
            AggregateOp::Stddev => "stddev",
            AggregateOp::Stdvar => "stdvar",
            AggregateOp::Quantile => "quantile",
            AggregateOp::Topk => "topk",
            AggregateOp::Bottomk => "bottomk",
            AggregateOp::CountValues => "count_values",
        }
    }

    /// Whether it takes a parameter before the vector.
    pub fn has_parameter(self) -> bool {
        matches!(
            self,
            AggregateOp::Quantile
                | AggregateOp::Topk
                | AggregateOp::Bottomk
                | AggregateOp::CountValues
        )
    }
}

impl MatchOp {
    /// As it is written in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        }
    }
}

/// The documentation's names of the types, as errors use them.
impl std::fmt::Display for ValueType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ValueType::Scalar => "scalar",
            ValueType::InstantVector => "instant vector",
            ValueType::RangeVector => "range vector",
            ValueType::String => "string",
        })
    }
}
