//! What answers a query can give: none, NaN, several series. Judged from its text alone, and in the query's favour
//! where only the data could tell.

use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Expr, ExprKind, MatchOp, Span, ValueType,
    VectorSelector,
};

/// Why a query can yield NaN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NanCause {
    /// 0/0: the divisor, which is 0 without requests.
    ZeroByZero(Span),
    /// A quantile or share of a histogram without observations: the call.
    NoObservations(Span),
    /// `scalar(…)` of an answer that isn't exactly one series: the call.
    NotOneSeries(Span),
}

/// Whether the answer can hold no series at all, because some selector matches nothing.
pub fn may_be_empty(expr: &Expr) -> bool {
    if expr.value_type() == ValueType::Scalar {
        return false;
    }
    match &expr.kind {
        ExprKind::VectorSelector(_) | ExprKind::MatrixSelector { .. } => true,
        ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::String(_) => false,
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => may_be_empty(inner),
        ExprKind::Subquery { expr, .. } => may_be_empty(expr),
        ExprKind::Aggregate(aggregate) => may_be_empty(&aggregate.expr),
        ExprKind::Binary(binary) => match binary.op {
            BinaryOp::Or => may_be_empty(&binary.left) && may_be_empty(&binary.right),
            BinaryOp::Unless => true,
            op if op.is_comparison() && !binary.return_bool => true,
            _ => may_be_empty(&binary.left) || may_be_empty(&binary.right),
        },
        ExprKind::Call { function, args } => match *function {
            "absent" | "absent_over_time" => true,
            _ => args.iter().any(may_be_empty),
        },
    }
}

/// A selector of failed requests without which the answer is empty: exporters create such series at the first error,
/// so a release without any error has no answer.
pub fn needs_errors(expr: &Expr) -> Option<&VectorSelector> {
    match &expr.kind {
        ExprKind::VectorSelector(selector) | ExprKind::MatrixSelector { selector, .. } => {
            selects_errors(selector).then_some(selector)
        }
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => needs_errors(inner),
        ExprKind::Subquery { expr, .. } => needs_errors(expr),
        ExprKind::Aggregate(aggregate) => needs_errors(&aggregate.expr),
        ExprKind::Binary(binary) => match binary.op {
            BinaryOp::Or => needs_errors(&binary.left).filter(|_| may_be_empty(&binary.right)),
            BinaryOp::Unless => needs_errors(&binary.left),
            _ => needs_errors(&binary.left).or_else(|| needs_errors(&binary.right)),
        },
        ExprKind::Call { function, args } => match *function {
            "scalar" | "absent" | "absent_over_time" | "vector" => None,
            _ => args.iter().find_map(needs_errors),
        },
        _ => None,
    }
}

/// Whether matchers ask for failed requests: a status of the fives, or a label or value that says so.
fn selects_errors(selector: &VectorSelector) -> bool {
    selector.matchers.iter().any(|matcher| {
        let value = matcher.value.trim_start_matches(['^', '(']);
        let is_status = matcher.name.ends_with("status") || matcher.name.ends_with("code");
        let fails = |status: &str| {
            let status = status.trim_start_matches(['^', '(']);
            ["4", "5", "[4", "[5"]
                .iter()
                .any(|start| status.starts_with(start))
        };
        let server_error = is_status && !value.is_empty() && value.split('|').all(fails);
        let named = ["error", "failure", "failed", "server_error"]
            .contains(&value.to_ascii_lowercase().as_str());
        let positive = matches!(matcher.op, MatchOp::Equal | MatchOp::Regex);
        positive && matcher.name != "__name__" && (server_error || named)
    })
}

/// Why the answer can be NaN although data is there, if it can.
pub fn nan_cause(expr: &Expr) -> Option<NanCause> {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => nan_cause(inner),
        ExprKind::Subquery { expr, .. } => nan_cause(expr),
        ExprKind::Aggregate(aggregate) => match aggregate.op {
            AggregateOp::Count | AggregateOp::Group | AggregateOp::CountValues => None,
            _ => nan_cause(&aggregate.expr),
        },
        ExprKind::Binary(binary) => nan_of_binary(binary),
        ExprKind::Call { function, args } => match *function {
            "histogram_quantile" | "histogram_fraction" | "histogram_avg" => {
                Some(NanCause::NoObservations(expr.span.clone()))
            }
            "scalar" => args
                .first()
                .filter(|vector| may_be_empty(vector))
                .map(|_| NanCause::NotOneSeries(expr.span.clone())),
            "absent" | "absent_over_time" | "count_over_time" | "present_over_time" => None,
            _ => args.iter().find_map(nan_cause),
        },
        _ => None,
    }
}

fn nan_of_binary(binary: &Binary) -> Option<NanCause> {
    let (left, right) = (&binary.left, &binary.right);
    let either = || nan_cause(left).or_else(|| nan_cause(right));
    match binary.op {
        // `… and on () (sum(…) > 0)` asks for traffic first.
        BinaryOp::And if is_filter(right) => None,
        BinaryOp::And | BinaryOp::Unless => nan_cause(left),
        // No comparison holds for NaN but `!=`.
        BinaryOp::NotEqual if !binary.return_bool => either(),
        op if op.is_comparison() => None,
        BinaryOp::Div if may_be_zero(left) && may_be_zero(right) => {
            either().or_else(|| Some(NanCause::ZeroByZero(right.span.clone())))
        }
        _ => either(),
    }
}

/// Whether it is a comparison that drops what doesn't hold.
fn is_filter(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) => is_filter(inner),
        ExprKind::Binary(binary) => binary.op.is_comparison() && !binary.return_bool,
        _ => false,
    }
}

/// Whether a value can be 0.
fn may_be_zero(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(number) | ExprKind::Duration(number) => *number == 0.0,
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => may_be_zero(inner),
        ExprKind::Aggregate(aggregate) => match aggregate.op {
            AggregateOp::Count | AggregateOp::Group | AggregateOp::CountValues => false,
            _ => may_be_zero(&aggregate.expr),
        },
        ExprKind::Call { function, args } => match *function {
            "clamp_min" => !args
                .get(1)
                .and_then(number)
                .is_some_and(|least| least > 0.0),
            "vector" | "abs" | "sum_over_time" | "max_over_time" | "sort" => {
                args.first().is_none_or(may_be_zero)
            }
            "time" | "count_over_time" | "present_over_time" | "absent" => false,
            _ => true,
        },
        ExprKind::Binary(binary) => zero_of_binary(binary),
        ExprKind::VectorSelector(selector) => {
            let name = selector.name.as_deref().unwrap_or_default();
            !NEVER_ZERO.contains(&name)
        }
        _ => true,
    }
}

/// Series that show what is set aside or there is: they are absent where nothing is, and never 0.
const NEVER_ZERO: [&str; 6] = [
    "kube_pod_container_resource_limits",
    "kube_pod_container_resource_requests",
    "kube_node_status_allocatable",
    "kube_node_status_capacity",
    "machine_cpu_cores",
    "machine_memory_bytes",
];

fn zero_of_binary(binary: &Binary) -> bool {
    let (left, right) = (&binary.left, &binary.right);
    let limit = number(right);
    match binary.op {
        BinaryOp::And | BinaryOp::Unless | BinaryOp::Div => may_be_zero(left),
        BinaryOp::Greater if !binary.return_bool => limit.is_none_or(|limit| limit < 0.0),
        BinaryOp::GreaterEqual if !binary.return_bool => limit.is_none_or(|limit| limit <= 0.0),
        BinaryOp::NotEqual if !binary.return_bool => limit != Some(0.0),
        // Rates and counts aren't negative.
        BinaryOp::Add => {
            let positive = |expr: &Expr| number(expr).is_some_and(|number| number > 0.0);
            !positive(left) && !positive(right)
        }
        BinaryOp::Or | BinaryOp::Mul => may_be_zero(left) || may_be_zero(right),
        _ => true,
    }
}

/// A constant.
pub fn number(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(number) => Some(*number),
        ExprKind::Paren(inner) => number(inner),
        ExprKind::Unary { negative, expr } => {
            number(expr).map(|number| if *negative { -number } else { number })
        }
        ExprKind::Call { function, args } if *function == "vector" => number(args.first()?),
        _ => None,
    }
}

/// Whether the answer can hold several series: the part that lets them through.
pub fn several_series(expr: &Expr) -> Option<Span> {
    if expr.value_type() == ValueType::Scalar {
        return None;
    }
    match &expr.kind {
        ExprKind::VectorSelector(_) | ExprKind::MatrixSelector { .. } => Some(expr.span.clone()),
        ExprKind::Paren(inner) | ExprKind::Unary { expr: inner, .. } => several_series(inner),
        ExprKind::Subquery { expr, .. } => several_series(expr),
        ExprKind::Aggregate(aggregate) => several_of_aggregate(aggregate, &expr.span),
        ExprKind::Binary(binary) => several_of_binary(binary),
        ExprKind::Call { function, args } => match *function {
            "vector" | "absent" | "absent_over_time" => None,
            "histogram_quantile" | "histogram_fraction" => several_of_buckets(args.last()?),
            _ => args
                .iter()
                .find(|arg| {
                    matches!(
                        arg.value_type(),
                        ValueType::InstantVector | ValueType::RangeVector
                    )
                })
                .and_then(several_series),
        },
        _ => None,
    }
}

fn several_of_binary(binary: &Binary) -> Option<Span> {
    let (left, right) = (&binary.left, &binary.right);
    let (left_type, right_type) = (left.value_type(), right.value_type());
    match binary.op {
        BinaryOp::Or => several_series(left).or_else(|| several_series(right)),
        BinaryOp::And | BinaryOp::Unless => several_series(left),
        _ if left_type == ValueType::Scalar => several_series(right),
        _ if right_type == ValueType::Scalar => several_series(left),
        _ => several_series(left).filter(|_| several_series(right).is_some()),
    }
}

fn several_of_aggregate(aggregate: &Aggregate, span: &Span) -> Option<Span> {
    match aggregate.op {
        AggregateOp::Topk | AggregateOp::Bottomk => {
            let one = aggregate.param.as_ref().and_then(number) == Some(1.0)
                && aggregate.grouping.is_empty();
            return several_series(&aggregate.expr).filter(|_| !one);
        }
        AggregateOp::CountValues => return Some(span.clone()),
        _ => {}
    }
    if aggregate.without {
        return several_series(&aggregate.expr);
    }
    let free = aggregate
        .grouping
        .iter()
        .any(|label| !is_fixed(&aggregate.expr, label));
    several_series(&aggregate.expr).and(free.then(|| span.clone()))
}

/// As for an aggregation, but the label `le` is used up.
fn several_of_buckets(buckets: &Expr) -> Option<Span> {
    match &buckets.kind {
        ExprKind::Paren(inner) => several_of_buckets(inner),
        ExprKind::Aggregate(aggregate) if !aggregate.without => {
            let mut rest = aggregate.clone();
            rest.grouping.retain(|label| label != "le");
            several_of_aggregate(&rest, &buckets.span)
        }
        _ => several_series(buckets),
    }
}

/// Whether every selector fixes a label to one value.
fn is_fixed(expr: &Expr, label: &str) -> bool {
    selectors(expr).iter().all(|selector| {
        let mut matchers = selector.matchers.iter();
        matchers.any(|matcher| matcher.name == label && matcher.op == MatchOp::Equal)
    })
}

/// All selectors of a query, in order.
pub fn selectors(expr: &Expr) -> Vec<&VectorSelector> {
    let mut found = Vec::new();
    visit(expr, &mut |expr| {
        if let ExprKind::VectorSelector(selector) | ExprKind::MatrixSelector { selector, .. } =
            &expr.kind
        {
            found.push(selector);
        }
    });
    found
}

/// Calls `see` with every expression of a query, outer ones first.
pub fn visit<'e>(expr: &'e Expr, see: &mut impl FnMut(&'e Expr)) {
    see(expr);
    match &expr.kind {
        ExprKind::Paren(inner)
        | ExprKind::Unary { expr: inner, .. }
        | ExprKind::Subquery { expr: inner, .. } => {
            visit(inner, see);
        }
        ExprKind::Binary(binary) => {
            visit(&binary.left, see);
            visit(&binary.right, see);
        }
        ExprKind::Aggregate(aggregate) => {
            if let Some(param) = &aggregate.param {
                visit(param, see);
            }
            visit(&aggregate.expr, see);
        }
        ExprKind::Call { args, .. } => {
            for arg in args {
                visit(arg, see);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{NanCause, may_be_empty, nan_cause, needs_errors, several_series};
    use crate::promql::ast::Expr;
    use crate::promql::parse::parse;

    fn query(text: &str) -> Expr {
        parse(text).unwrap()
    }

    #[test]
    fn emptiness_follows_the_operators() {
        for empty in [
            "sum(x)",
            "x or y",
            "sum(x) / vector(1)",
            "vector(1) > 2",
            "a unless vector(0)",
        ] {
            assert!(may_be_empty(&query(empty)), "{empty}");
        }
        for full in [
            "sum(x) or vector(0)",
            "scalar(x)",
            "vector(1) + vector(2)",
            "(a / b) or on() vector(1)",
        ] {
            assert!(!may_be_empty(&query(full)), "{full}");
        }
    }

    #[test]
    fn nan_comes_from_zero_by_zero_and_from_empty_buckets() {
        for nan in [
            "sum(rate(a[5m])) / sum(rate(b[5m]))",
            "1 - sum(a) / (sum(b) or vector(0))",
            "(a / b) or vector(0)",
            "histogram_quantile(0.99, sum(rate(x_bucket[5m])) by (le))",
            "scalar(x)",
        ] {
            assert!(nan_cause(&query(nan)).is_some(), "{nan}");
        }
        for number in [
            "sum(a) / clamp_min(sum(b), 0.001)",
            "sum(a) / (sum(b) > 0)",
            "sum(a) / 5",
            "sum(a) / count(b)",
            r#"sum(a) / sum(kube_pod_container_resource_limits{resource="cpu"})"#,
            "sum(a) / (sum(b) + 1)",
            "histogram_quantile(0.9, x_bucket) and on () (sum(b) > 0)",
            "a / b > 0.1",
            "sum(rate(a[5m])) * 100",
        ] {
            assert_eq!(nan_cause(&query(number)), None, "{number}");
        }
        let cause = nan_cause(&query("sum(a) / sum(b)"));
        assert_eq!(cause, Some(NanCause::ZeroByZero(9..15)));
    }

    #[test]
    fn errors_that_never_happened_leave_no_answer() {
        for needs in [
            r#"sum(rate(x{status=~"5.."}[5m])) / sum(rate(x[5m]))"#,
            r#"1 - sum(x{code="500"}) / sum(x)"#,
            r#"sum(x{outcome="SERVER_ERROR"}) or sum(y)"#,
        ] {
            assert!(needs_errors(&query(needs)).is_some(), "{needs}");
        }
        for fine in [
            r#"sum(x{status!~"5.."}) / sum(x)"#,
            r#"(sum(x{status=~"5.."}) or vector(0)) / sum(x)"#,
            r#"sum(x{status=~"2..|5.."})"#,
        ] {
            assert!(needs_errors(&query(fine)).is_none(), "{fine}");
        }
    }

    #[test]
    fn series_are_several_unless_something_makes_one_of_them() {
        for several in [
            "x",
            "rate(x[5m])",
            "sum by (pod) (x)",
            "x / y",
            "topk(3, x)",
            "sum(x) or y",
        ] {
            assert!(several_series(&query(several)).is_some(), "{several}");
        }
        for one in [
            "sum(x)",
            "x / sum(y)",
            r#"sum by (pod) (x{pod="a"})"#,
            "histogram_quantile(0.9, sum by (le) (rate(x[5m])))",
            "topk(1, x)",
            "sum(x) or vector(0)",
            "scalar(x)",
        ] {
            assert_eq!(several_series(&query(one)), None, "{one}");
        }
    }
}
